//! How a host such as Terraform reaches the provider: go-plugin's protocol, version 1.
//!
//! The host starts the process with a few environment variables ([`handshake`]) and reads one line of its standard output. The
//! line names a socket ([`listener`]) and the certificate to expect there ([`tls`]). On its connections ([`connection`]) follows
//! gRPC: the provider itself and go-plugin's own services ([`services`]). The process ends when the host says so or is gone ([`lifecycle`]).
//!
//! tonic's own TLS is not used: it verifies client certificates as an authority would, and the host's certificate, an
//! authority posing as an end entity, never passes. So connections are accepted and decrypted here and handed to tonic.

mod connection;
pub(crate) mod handshake;
pub(crate) mod lifecycle;
pub(crate) mod listener;
mod services;
pub(crate) mod tls;

use std::io;

use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;

use crate::proto::{
    health::health_server::HealthServer,
    plugin::{
        grpc_broker_server::GrpcBrokerServer, grpc_controller_server::GrpcControllerServer,
        grpc_stdio_server::GrpcStdioServer,
    },
    tfplugin6::provider_server::{Provider, ProviderServer},
};
use lifecycle::Lifecycle;
use listener::Listener;

/// What providers written in Go accept and send; tonic's default of 4 MiB fails on large values.
const MESSAGE_LIMIT: usize = 256 << 20;

/// Why the process cannot start to serve. The host shows the text to the user, so each ends with a remedy where there is one.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("the environment variable `PLUGIN_CLIENT_CERT` is not a PEM certificate: {0}")]
    ClientCertificate(rustls::pki_types::pem::Error),
    #[error("cannot make a certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    #[error("cannot set up TLS: {0}")]
    Tls(#[from] rustls::Error),
    #[error("cannot make a socket in `{folder}`: {source}; point TMPDIR to a folder that can be written")]
    Socket { folder: String, source: io::Error },
    #[error("cannot give the socket to the group `{group}` of `PLUGIN_UNIX_SOCKET_GROUP`: {source}")]
    SocketGroup { group: String, source: io::Error },
    #[error("cannot listen on a port of 127.0.0.1 from {first} to {last}: {source}")]
    Port { first: u16, last: u16, source: io::Error },
    #[error("cannot start threads: {0}")]
    Runtime(io::Error),
    #[error("cannot handle signals: {0}")]
    Signals(io::Error),
    #[error("cannot write to standard output: {0}")]
    Announce(io::Error),
}

/// Serves the provider and go-plugin's services on every connection that `listener` accepts, until the process ends.
pub(crate) async fn serve<P: Provider>(
    provider: P,
    listener: Listener,
    tls: Option<TlsAcceptor>,
    lifecycle: Lifecycle,
) -> Result<(), tonic::transport::Error> {
    let (sender, connections) = mpsc::channel(8);
    tokio::spawn(connection::accept(listener, tls, lifecycle.clone(), sender));

    let provider = ProviderServer::new(provider)
        .max_decoding_message_size(MESSAGE_LIMIT)
        .max_encoding_message_size(MESSAGE_LIMIT);
    Server::builder()
        .add_service(provider)
        .add_service(GrpcControllerServer::new(services::Controller(lifecycle)))
        .add_service(GrpcBrokerServer::new(services::Broker))
        .add_service(GrpcStdioServer::new(services::Stdio))
        .add_service(HealthServer::new(services::Health))
        .serve_with_incoming(ReceiverStream::new(connections))
        .await
}
