//! Connections: accepted, decrypted, counted.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::mpsc,
};
use tokio_rustls::TlsAcceptor;
use tonic::transport::server::Connected;

use super::{
    lifecycle::{HostPresent, Lifecycle},
    listener::{Listener, Socket},
};

/// Accepts until the server is gone. Each TLS handshake runs on its own: one that stalls keeps nobody waiting.
pub(super) async fn accept(
    listener: Listener,
    tls: Option<TlsAcceptor>,
    lifecycle: Lifecycle,
    sender: mpsc::Sender<io::Result<Connection>>,
) {
    while !sender.is_closed() {
        let socket = match listener.accept().await {
            Ok(socket) => socket,
            Err(error) => {
                // Typically too many open files: it passes, a busy loop would not help it.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (tls, lifecycle, sender) = (tls.clone(), lifecycle.clone(), sender.clone());
        tokio::spawn(async move {
            let socket: Box<dyn Socket> = match tls {
                None => socket,
                Some(tls) => match tls.accept(socket).await {
                    Ok(encrypted) => Box::new(encrypted),
                    // The host reports every such failure as a plugin that does not respond; the reason is only here.
                    Err(error) => return tracing::error!(%error, "refused a connection: TLS failed"),
                },
            };
            let _closed = sender
                .send(Ok(Connection {
                    socket,
                    _host: lifecycle.host_arrives(),
                }))
                .await;
        });
    }
}

/// A connection of a host, plain or decrypted. The host counts as present until it is dropped.
pub(super) struct Connection {
    socket: Box<dyn Socket>,
    _host: HostPresent,
}

impl Connected for Connection {
    type ConnectInfo = ();

    fn connect_info(&self) -> Self::ConnectInfo {}
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}
