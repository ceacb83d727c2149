//! What the host says in the environment, and the line that answers it.

use std::{env, ops::RangeInclusive, path::PathBuf};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use serde_json::json;

use super::{StartError, listener::Endpoint};

/// Tells a start by Terraform from a start by a person. It is no secret.
const COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);

/// Protocol 6 is all there is. The host's `PLUGIN_PROTOCOL_VERSIONS` is not consulted: where it lacks 6, the host words the
/// mismatch better than the provider could.
const PROTOCOL_VERSION: u8 = 6;

/// What the host asks for.
#[derive(Debug)]
pub(crate) struct Host {
    /// The only certificate to be let in; `None` asks for no TLS.
    pub(crate) client_certificate: Option<CertificateDer<'static>>,
    /// Whether the host reads a seventh field in the handshake line.
    pub(crate) asks_for_multiplexing: bool,
    /// Where to listen.
    pub(crate) place: Place,
}

/// Where to listen.
#[derive(Debug)]
pub(crate) struct Place {
    /// The folder of the socket.
    pub(crate) folder: PathBuf,
    /// The group, by name or number, that may use the socket beside the user.
    pub(crate) group: Option<String>,
    /// The ports to choose from where sockets have no file. 0 is any.
    pub(crate) ports: RangeInclusive<u16>,
}

/// Whether a plugin host, not a person, started this process.
pub(crate) fn started_by_host() -> bool {
    env::var(COOKIE.0).is_ok_and(|value| value == COOKIE.1)
}

impl Host {
    /// Reads the environment.
    pub(crate) fn from_environment() -> Result<Self, StartError> {
        Self::from(|name| env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn from(variable: impl Fn(&str) -> Option<String>) -> Result<Self, StartError> {
        let port = |name| variable(name).and_then(|port| port.parse().ok());
        Ok(Self {
            client_certificate: variable("PLUGIN_CLIENT_CERT")
                .map(|pem| CertificateDer::from_pem_slice(pem.as_bytes()))
                .transpose()
                .map_err(StartError::ClientCertificate)?,
            asks_for_multiplexing: variable("PLUGIN_MULTIPLEX_GRPC").is_some(),
            place: Place {
                folder: variable("PLUGIN_UNIX_SOCKET_DIR").map_or_else(env::temp_dir, PathBuf::from),
                group: variable("PLUGIN_UNIX_SOCKET_GROUP"),
                ports: match (port("PLUGIN_MIN_PORT"), port("PLUGIN_MAX_PORT")) {
                    (Some(first), Some(last)) => first..=last,
                    _ => 0..=0,
                },
            },
        })
    }
}

impl Place {
    /// Where to listen when no host is there to say.
    pub(crate) fn anywhere() -> Self {
        Self {
            folder: env::temp_dir(),
            group: None,
            ports: 0..=0,
        }
    }
}

/// The line by which the host finds the provider. `certificate` is the one that the provider shows.
pub(crate) fn line(endpoint: &Endpoint, certificate: Option<&CertificateDer<'_>>, host: &Host) -> String {
    let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
    // Older hosts would take a seventh field for a part of the certificate.
    let multiplexing = if host.asks_for_multiplexing { "|false" } else { "" };
    format!(
        "1|{PROTOCOL_VERSION}|{}|{}|grpc|{certificate}{multiplexing}",
        endpoint.network(),
        endpoint.address()
    )
}

/// The environment variable, as a shell reads it, by which Terraform uses a provider that runs already.
pub(crate) fn reattach(provider_address: &str, endpoint: &Endpoint) -> String {
    let providers = json!({
        provider_address: {
            "Protocol": "grpc",
            // Without it Terraform takes the provider for one of protocol 5.
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": std::process::id(),
            // Terraform must not end the process with its first command.
            "Test": true,
            "Addr": { "Network": endpoint.network(), "String": endpoint.address().to_string() },
        }
    });
    format!(
        "TF_REATTACH_PROVIDERS='{}'",
        providers.to_string().replace('\'', r"'\''")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(variables: &[(&str, &str)]) -> Result<Host, StartError> {
        Host::from(|name| {
            variables
                .iter()
                .find(|(n, _)| *n == name)
                .map(|(_, value)| (*value).to_owned())
        })
    }

    fn endpoint() -> Endpoint {
        Endpoint::Tcp(([127, 0, 0, 1], 10_000).into())
    }

    #[test]
    fn a_host_without_wishes_gets_plain_grpc_in_six_fields() {
        let host = host(&[]).unwrap();
        assert_eq!(line(&endpoint(), None, &host), "1|6|tcp|127.0.0.1:10000|grpc|");
        assert_eq!(host.place.folder, env::temp_dir());
        assert_eq!(host.place.ports, 0..=0);
    }

    #[test]
    fn the_certificate_is_base64_without_padding() {
        let line = line(
            &endpoint(),
            Some(&CertificateDer::from(&[0xfb, 0xff, 0xfe, 0x01][..])),
            &host(&[]).unwrap(),
        );
        assert_eq!(line, "1|6|tcp|127.0.0.1:10000|grpc|+//+AQ");
    }

    #[test]
    fn a_host_that_can_multiplex_learns_that_we_do_not() {
        let host = host(&[("PLUGIN_MULTIPLEX_GRPC", "true")]).unwrap();
        assert_eq!(line(&endpoint(), None, &host), "1|6|tcp|127.0.0.1:10000|grpc||false");
    }

    #[test]
    fn the_host_chooses_folder_group_and_ports() {
        let host = host(&[
            ("PLUGIN_UNIX_SOCKET_DIR", "/run/plugins"),
            ("PLUGIN_UNIX_SOCKET_GROUP", "terraform"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
        ])
        .unwrap();
        assert_eq!(host.place.folder, PathBuf::from("/run/plugins"));
        assert_eq!(host.place.group.as_deref(), Some("terraform"));
        assert_eq!(host.place.ports, 10_000..=25_000);
    }

    #[test]
    fn a_certificate_that_is_none_is_named() {
        let error = host(&[("PLUGIN_CLIENT_CERT", "nonsense")]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the environment variable `PLUGIN_CLIENT_CERT` is not a PEM"),
            "{error}"
        );
    }

    #[test]
    fn reattach_is_safe_to_paste_into_a_shell() {
        let line = reattach("example.com/a/b'c", &endpoint());
        assert!(line.starts_with("TF_REATTACH_PROVIDERS='{"), "{line}");
        assert!(line.contains(r"example.com/a/b'\''c"), "{line}");
        assert!(
            line.contains(r#""ProtocolVersion":6"#) && line.contains(r#""Test":true"#),
            "{line}"
        );
    }
}
