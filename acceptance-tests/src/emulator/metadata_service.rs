//! The metadata service of a virtual machine, and the endpoint of App Service: plain HTTP, for this machine only.
//!
//! It refuses what a proxy has touched, as Azure's does: a token must not leave the machine it was given to.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use serde_json::{Value, json};

use super::request::form;
use super::server::Shared;

/// A running metadata service. Dropping it stops it.
pub struct MetadataService {
    address: SocketAddr,
    header: String,
    state: Arc<State>,
}

struct State {
    stopped: AtomicBool,
    granted: AtomicUsize,
}

impl MetadataService {
    pub(super) fn start(azure: Arc<Shared>) -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            stopped: AtomicBool::new(false),
            granted: AtomicUsize::new(0),
        });
        let header = azure.azure().authority.identity_header.clone();
        let (shared, azure) = (Arc::clone(&state), Arc::downgrade(&azure));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if shared.stopped.load(Ordering::Relaxed) {
                    return;
                }
                _ = serve(&stream, &azure, &shared);
            }
        });
        Ok(Self { address, header, state })
    }

    /// The endpoint of a virtual machine.
    pub fn virtual_machine(&self) -> String {
        format!("http://{}/metadata/identity/oauth2/token", self.address)
    }

    /// The endpoint of App Service, and the header it wants.
    pub fn app_service(&self) -> (String, String) {
        (format!("http://{}/msi/token", self.address), self.header.clone())
    }

    /// How many tokens it gave.
    pub fn granted(&self) -> usize {
        self.state.granted.load(Ordering::Relaxed)
    }
}

impl Drop for MetadataService {
    fn drop(&mut self) {
        self.state.stopped.store(true, Ordering::Relaxed);
        // Wakes the listener.
        _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, azure: &Weak<Shared>, state: &State) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let first = lines.next().unwrap_or_default();
    let headers: Vec<(String, String)> = lines
        .take_while(|line| !line.is_empty())
        .filter_map(|line| {
            let (name, value) = line.split_once(':')?;
            Some((name.to_ascii_lowercase(), value.trim().to_owned()))
        })
        .collect();
    let header = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let mut words = first.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = form(query);
    let parameter = |name: &str| {
        query
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let azure = azure.upgrade();
    let expected = azure
        .as_ref()
        .map(|azure| azure.azure().authority.identity_header.clone());

    let (status, body) = match (path, &azure) {
        _ if method != "GET" || header("x-forwarded-for").is_some() || header("via").is_some() => {
            (400, refusal("The request was forwarded."))
        }
        ("/metadata/identity/oauth2/token", _) if header("metadata") != Some("true") => {
            (400, refusal("Required metadata header not specified"))
        }
        ("/metadata/identity/oauth2/token", _) if parameter("api-version") != Some("2018-02-01") => {
            (400, refusal("Required query variable 'api-version' is missing"))
        }
        ("/msi/token", _) if header("x-identity-header") != expected.as_deref() => {
            (401, refusal("Required identity header not specified"))
        }
        ("/msi/token", _) if parameter("api-version") != Some("2019-08-01") => {
            (400, refusal("Unsupported 'api-version'"))
        }
        ("/metadata/identity/oauth2/token" | "/msi/token", Some(azure)) => {
            let mut azure = azure.azure();
            if parameter("resource").is_none_or(|resource| resource.ends_with("/.default")) {
                (400, refusal("AADSTS500011: The resource principal was not found."))
            } else if parameter("client_id").is_some_and(|id| id != azure.credentials.client_id) {
                (400, refusal("Identity not found"))
            } else {
                let tenant = azure.credentials.tenant_id.clone();
                let (token, _, expires_on) = azure.authority.issue(&tenant);
                state.granted.fetch_add(1, Ordering::Relaxed);
                let body = json!({
                    "access_token": token,
                    "expires_on": expires_on.to_string(),
                    "resource": parameter("resource"),
                    "token_type": "Bearer",
                });
                (200, body)
            }
        }
        _ => (404, refusal("Not found")),
    };
    let body = body.to_string();
    let mut stream = stream;
    write!(
        stream,
        "HTTP/1.1 {status} Answer\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )?;
    stream.flush()
}

fn refusal(text: &str) -> Value {
    json!({ "error": "invalid_request", "error_description": text })
}
