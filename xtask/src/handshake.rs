//! Starts the provider as Terraform does and measures the time until its handshake line and until its schema.

use std::error::Error;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;

use crate::failure::{Failure, Result};

/// The value that tells a provider it was started by Terraform and not by a person.
const MAGIC_COOKIE: (&str, &str) = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
);
/// A gRPC message without content: not compressed, length 0.
const EMPTY_MESSAGE: [u8; 5] = [0; 5];

/// What one start of the provider took.
pub(crate) struct Start {
    /// From starting the program to its handshake line.
    pub(crate) handshake: Duration,
    /// From starting the program to the last byte of its schema.
    pub(crate) schema: Duration,
    /// Peak resident memory after that, in kilobytes; `None` where the system does not tell.
    pub(crate) peak_memory: Option<u64>,
}

/// Plays Terraform's part: a certificate as go-plugin makes one (self-signed, ECDSA P-521, marked as an authority, for
/// `localhost`), and a runtime for the connection.
pub(crate) struct Host {
    certificate: rcgen::Certificate,
    key: KeyPair,
    runtime: tokio::runtime::Runtime,
}

impl Host {
    pub(crate) fn new() -> Result<Self> {
        let failed = || Failure::while_doing::<rcgen::Error>("No client certificate");
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).map_err(failed())?;
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).map_err(failed())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).map_err(failed())?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::while_doing("The runtime did not start"))?;
        Ok(Self {
            certificate,
            key,
            runtime,
        })
    }

    /// Starts the provider once, shakes hands, asks for its schema, and ends it.
    pub(crate) fn measure(&self, provider: &Path) -> Result<Start> {
        let mut command = Command::new(provider);
        command
            .env(MAGIC_COOKIE.0, MAGIC_COOKIE.1)
            .env("PLUGIN_PROTOCOL_VERSIONS", "5,6")
            .env("PLUGIN_MIN_PORT", "10000")
            .env("PLUGIN_MAX_PORT", "25000")
            .env("PLUGIN_CLIENT_CERT", self.certificate.pem())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());

        let started = Instant::now();
        let mut child = command
            .spawn()
            .map_err(Failure::while_doing("The provider did not start"))?;
        let line = first_line(&mut child)?;
        let handshake = started.elapsed();
        let answered = self.ask_for_schema(&line);
        let schema = started.elapsed();
        let peak_memory = peak_memory(child.id());
        _ = child.kill().and_then(|()| child.wait());
        remove_socket(&line);
        answered?;
        Ok(Start {
            handshake,
            schema,
            peak_memory,
        })
    }

    fn ask_for_schema(&self, line: &str) -> Result<()> {
        let fields: Vec<&str> = line.trim().split('|').collect();
        let ["1", "6", "unix", socket, "grpc", certificate, ..] = fields.as_slice() else {
            return Err(Failure::new(format!(
                "The provider did not shake hands\nIts first line was `{}`.",
                line.trim()
            )));
        };
        (self.runtime)
            .block_on(self.call(socket, certificate, "/tfplugin6.Provider/GetProviderSchema"))
            .map_err(Failure::while_doing("The provider did not give its schema"))
    }

    /// One gRPC call without arguments, written out: the answer's content does not matter here, only that it arrives.
    async fn call(&self, socket: &str, certificate: &str, method: &str) -> std::result::Result<(), Box<dyn Error>> {
        let mut provider = RootCertStore::empty();
        provider.add(CertificateDer::from(STANDARD_NO_PAD.decode(certificate)?))?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut tls = ClientConfig::builder_with_provider(crypto)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(provider)
            .with_client_auth_cert(vec![self.certificate.der().clone()], key)?;
        tls.alpn_protocols = vec![b"h2".to_vec()];

        let stream = UnixStream::connect(socket).await?;
        let stream = TlsConnector::from(Arc::new(tls))
            .connect(ServerName::try_from("localhost")?, stream)
            .await?;
        let (mut sender, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let request = Request::post(format!("https://localhost{method}"))
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(Full::new(Bytes::from_static(&EMPTY_MESSAGE)))?;
        let answer = sender.send_request(request).await?.into_body().collect().await?;
        match answer.trailers().and_then(|trailers| trailers.get("grpc-status")) {
            Some(status) if status == "0" => Ok(()),
            status => Err(format!("gRPC status {status:?}").into()),
        }
    }
}

/// A killed provider cannot remove its own socket.
fn remove_socket(line: &str) {
    if let Some(socket) = line.split('|').nth(3) {
        _ = std::fs::remove_file(socket);
    }
}

/// The first line a program prints.
pub(crate) fn first_line(child: &mut Child) -> Result<String> {
    let stdout = child
        .stdout
        .take()
        .ok_or_else(|| Failure::new("The provider has no standard output"))?;
    let mut line = String::new();
    BufReader::new(stdout)
        .read_line(&mut line)
        .map_err(Failure::while_doing("The provider said nothing"))?;
    Ok(line)
}

/// The most memory a process has had resident so far, in kilobytes, as Linux tells it.
pub(crate) fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
