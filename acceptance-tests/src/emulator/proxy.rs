//! The HTTP proxy of a company: lets nobody out without user and password, and remembers who wanted where.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use base64::{Engine, engine::general_purpose::STANDARD};

/// A running proxy. Dropping it stops it.
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

struct State {
    /// What `Proxy-Authorization` must be.
    authorization: String,
    stopped: AtomicBool,
    /// What the next requests are answered with, whoever sends them.
    refusals: Mutex<VecDeque<u16>>,
    requests: Mutex<Vec<String>>,
}

impl Proxy {
    /// Starts a proxy that lets `user` with `password` through.
    ///
    /// # Panics
    /// If there is no port left.
    #[track_caller]
    pub fn start(user: &str, password: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_or_else(|error| super::fail(error));
        let address = listener.local_addr().unwrap_or_else(|error| super::fail(error));
        let state = Arc::new(State {
            authorization: format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
            stopped: AtomicBool::new(false),
            refusals: Mutex::default(),
            requests: Mutex::default(),
        });
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || _ = serve(stream, &shared));
            }
        });
        Self { address, state }
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Answers so many of the next requests with this status.
    pub fn refuse(&self, status: u16, times: usize) {
        let mut refusals = self.state.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        refusals.extend(std::iter::repeat_n(status, times));
    }

    /// Every request so far: `CONNECT host:port -> status`.
    pub fn requests(&self) -> Vec<String> {
        self.state
            .requests
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener.
        _ = TcpStream::connect(self.address);
    }
}

fn serve(mut client: TcpStream, state: &State) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let mut authorization = None;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("proxy-authorization")
        {
            authorization = Some(value.trim().to_owned());
        }
    }
    let mut words = first.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let authorized = authorization.as_deref() == Some(state.authorization.as_str());
    let refusal = state
        .refusals
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .pop_front();
    let server = (authorized && method == "CONNECT" && refusal.is_none())
        .then(|| TcpStream::connect(target).ok())
        .flatten();
    let refused = refusal.map(|status| format!("{status} Refused"));
    let status = match (&server, method, &refused) {
        (_, _, Some(refused)) => refused.as_str(),
        (Some(_), _, _) => "200 Connection established",
        (None, "CONNECT", _) if !authorized => "407 Proxy Authentication Required",
        _ => "502 Bad Gateway",
    };
    let code = status.split(' ').next().unwrap_or_default();
    let mut requests = state.requests.lock().unwrap_or_else(PoisonError::into_inner);
    requests.push(format!("{method} {target} -> {code}"));
    drop(requests);
    write!(client, "HTTP/1.1 {status}\r\n")?;
    if code == "407" {
        write!(client, "proxy-authenticate: Basic realm=\"company\"\r\n")?;
    }
    write!(client, "\r\n")?;
    let Some(server) = server else {
        return client.shutdown(Shutdown::Both);
    };
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    let back = std::thread::spawn(move || {
        _ = std::io::copy(&mut from_server, &mut to_client);
        _ = to_client.shutdown(Shutdown::Write);
    });
    // What the client sent behind its request stands in the reader.
    let mut to_server = server;
    _ = std::io::copy(&mut reader, &mut to_server);
    _ = to_server.shutdown(Shutdown::Write);
    _ = back.join();
    Ok(())
}
