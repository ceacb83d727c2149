//! What a proxy answers to CONNECT.
//!
//! The HTTP client tells 407 from every other refusal and keeps the status of none. But 403 stays, while 503 mostly goes away, and whoever
//! reads the error has to know which it was: so the proxy is asked once more, by hand.

use std::{fmt, io, time::Duration};

use azure_core::http::Url;
use base64::{Engine, engine::general_purpose::STANDARD};
use percent_encoding::percent_decode_str;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

use super::secret::Secret;

/// As long as connecting may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// More than the first line of an answer has.
const LINE: u64 = 8192;

/// A proxy, as its address names it.
#[derive(Debug)]
pub(super) struct Tunnel {
    host: String,
    port: u16,
    /// What `Proxy-Authorization` is, where the address has a user.
    authorization: Option<Secret>,
}

/// A proxy does not connect us.
#[derive(Debug, thiserror::Error)]
pub(super) struct ProxyRefusal {
    /// The status of its answer, where that is known.
    pub(super) status: Option<u16>,
}

impl ProxyRefusal {
    /// Whether it may connect us soon: it is overloaded, or the host behind it did not answer for a moment.
    pub(super) fn passes(&self) -> bool {
        self.status.is_none_or(|status| matches!(status, 429 | 500 | 502..=504))
    }
}

impl fmt::Display for ProxyRefusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(status) = self.status else {
            return formatter.write_str("the proxy did not connect, and gave no status when asked again");
        };
        write!(formatter, "the proxy answers with status {status}")?;
        let reason = reqwest::StatusCode::from_u16(status).ok();
        match reason.and_then(|status| status.canonical_reason()) {
            Some(reason) => write!(formatter, " ({reason})"),
            None => Ok(()),
        }
    }
}

impl Tunnel {
    /// The proxy at an address that the HTTP client accepts; `None` for one that is itself reached over TLS.
    pub(super) fn through(address: &str) -> Option<Tunnel> {
        let url = if address.contains("://") {
            Url::parse(address)
        } else {
            Url::parse(&format!("http://{address}"))
        };
        let url = url.ok().filter(|url| url.scheme() == "http")?;
        let decoded = |text: &str| percent_decode_str(text).collect::<Vec<u8>>();
        let authorization = (!url.username().is_empty()).then(|| {
            let mut user = decoded(url.username());
            user.push(b':');
            user.extend(decoded(url.password().unwrap_or_default()));
            Secret::new(format!("Basic {}", STANDARD.encode(user)))
        });
        Some(Tunnel {
            host: url.host_str()?.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default()?,
            authorization,
        })
    }

    /// The status with which the proxy refuses to connect to `target`; `None` if it connects now, or says nothing.
    pub(super) async fn refusal(&self, target: &Url) -> Option<u16> {
        let line = tokio::time::timeout(PATIENCE, self.ask(target)).await.ok()?.ok()?;
        let status = line.strip_prefix("HTTP/")?.split_whitespace().nth(1)?.parse().ok()?;
        (!(200..300).contains(&status)).then_some(status)
    }

    /// The first line of the answer.
    async fn ask(&self, target: &Url) -> io::Result<String> {
        let host = target.host_str().unwrap_or_default();
        let port = target.port_or_known_default().unwrap_or(443);
        let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
        if let Some(authorization) = &self.authorization {
            request.push_str(&format!("Proxy-Authorization: {}\r\n", authorization.expose()));
        }
        request.push_str("\r\n");
        let mut proxy = TcpStream::connect((self.host.as_str(), self.port)).await?;
        proxy.write_all(request.as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(proxy).take(LINE).read_line(&mut line).await?;
        Ok(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_the_http_client_reads_it() {
        for (address, host, port, authorization) in [
            ("http://proxy.corp.example:3128", "proxy.corp.example", 3128, None),
            ("proxy.corp.example", "proxy.corp.example", 80, None),
            ("proxy.corp.example:8080", "proxy.corp.example", 8080, None),
            (
                "http://me%40corp:a%2Fb@proxy:1",
                "proxy",
                1,
                Some("Basic bWVAY29ycDphL2I="),
            ),
            ("http://[fd00::1]:3128", "fd00::1", 3128, None),
        ] {
            let tunnel = Tunnel::through(address).unwrap();
            let said = tunnel.authorization.as_ref().map(Secret::expose);
            assert_eq!((tunnel.host.as_str(), tunnel.port, said), (host, port, authorization));
            assert!(!format!("{tunnel:?}").contains("bWVA"));
        }
        assert!(Tunnel::through("https://proxy").is_none());
    }

    #[test]
    fn a_gateways_troubles_pass_and_a_prohibition_does_not() {
        for (status, passes) in [
            (502, true),
            (503, true),
            (504, true),
            (403, false),
            (407, false),
            (400, false),
        ] {
            assert_eq!(ProxyRefusal { status: Some(status) }.passes(), passes, "{status}");
        }
        let said = ProxyRefusal { status: Some(503) }.to_string();
        assert_eq!(said, "the proxy answers with status 503 (Service Unavailable)");
    }
}
