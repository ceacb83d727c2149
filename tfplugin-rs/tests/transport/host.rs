//! A plugin host, as Terraform is one, that starts the probe and talks to it.

use std::{
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    task::{Context, Poll},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use hyper::{
    body::Incoming,
    client::conn::http2::{self, SendRequest},
    rt::Executor,
};
use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P521_SHA512,
};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName},
};
use tempfile::TempDir;
use tfplugin_rs::proto::{
    health::health_client::HealthClient,
    plugin::{
        ConnInfo, Empty, StdioData, grpc_broker_client::GrpcBrokerClient, grpc_controller_client::GrpcControllerClient,
        grpc_stdio_client::GrpcStdioClient,
    },
    tfplugin6::provider_client::ProviderClient,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, UnixStream},
    task::JoinSet,
};
use tokio_rustls::TlsConnector;
use tonic::{
    Status, Streaming,
    body::Body,
    codegen::{Service, http},
};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Long enough for any machine. Where a process has to end by itself, it is a hang that is looked for, not slowness.
const PATIENCE: Duration = Duration::from_secs(20);

/// The certificate that Terraform makes for each start of a plugin: P-521, self-signed, an authority by its own account.
pub(crate) struct Identity {
    certificate: Certificate,
    key: KeyPair,
}

impl Identity {
    pub(crate) fn of_terraform() -> Self {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.distinguished_name.push(DnType::OrganizationName, "HashiCorp");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::KeyAgreement,
            KeyUsagePurpose::KeyCertSign,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        Self {
            certificate: params.self_signed(&key).unwrap(),
            key,
        }
    }

    /// TLS as this client, which trusts the one certificate of the provider.
    fn tls(identity: Option<&Self>, server: &[u8]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from(server.to_vec())).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        let mut config = match identity {
            None => config.with_no_client_auth(),
            Some(Self { certificate, key }) => {
                let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
                config
                    .with_client_auth_cert(vec![certificate.der().clone()], key)
                    .unwrap()
            }
        };
        config.alpn_protocols = vec![b"h2".to_vec()];
        config
    }
}

/// How the probe is started.
pub(crate) struct Start {
    command: Command,
    folder: TempDir,
}

impl Start {
    /// By a person: no variable of a host is set.
    pub(crate) fn by_a_person(args: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tfplugin-rs-probe"));
        command.args(args).env_clear().env("TMPDIR", folder.path());
        Self { command, folder }
    }

    /// By Terraform with its TLS disabled.
    pub(crate) fn by_a_host() -> Self {
        Self::by_a_person(&[])
            .with(
                "TF_PLUGIN_MAGIC_COOKIE",
                "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
            )
            .with("PLUGIN_PROTOCOL_VERSIONS", "6,5")
            .with("PLUGIN_MIN_PORT", "10000")
            .with("PLUGIN_MAX_PORT", "25000")
    }

    /// By Terraform as it usually is.
    pub(crate) fn by_terraform(identity: &Identity) -> Self {
        Self::by_a_host().with("PLUGIN_CLIENT_CERT", &identity.certificate.pem())
    }

    pub(crate) fn with(mut self, variable: &str, value: &str) -> Self {
        self.command.env(variable, value);
        self
    }

    /// The folder for sockets.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it and reads the first line.
    pub(crate) fn run(mut self) -> Probe {
        let mut child = self
            .command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            stderr.read_to_string(&mut text).unwrap();
            text
        });
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        Probe {
            child,
            line,
            stdout,
            stderr: Some(stderr),
            _folder: self.folder,
        }
    }
}

/// A probe that runs. It is killed when dropped.
pub(crate) struct Probe {
    child: Child,
    /// The first line on standard output.
    pub(crate) line: String,
    stdout: BufReader<ChildStdout>,
    stderr: Option<JoinHandle<String>>,
    _folder: TempDir,
}

/// How the probe ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// Standard output after the first line.
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Probe {
    /// The fields of the handshake line.
    pub(crate) fn handshake(&self) -> Vec<&str> {
        self.line.strip_suffix('\n').unwrap().split('|').collect()
    }

    pub(crate) fn socket(&self) -> PathBuf {
        PathBuf::from(self.handshake()[3])
    }

    /// Connects as the handshake line says.
    pub(crate) async fn connect(&self, identity: Option<&Identity>) -> Result<Host, Failure> {
        let [_, _, network, address, _, certificate, ..] = self.handshake()[..] else {
            panic!("{}", self.line)
        };
        let socket = dial(network, address).await?;
        if certificate.is_empty() {
            return Host::meet(socket).await;
        }
        let config = Identity::tls(identity, &STANDARD_NO_PAD.decode(certificate)?);
        let socket = TlsConnector::from(Arc::new(config))
            .connect(ServerName::try_from("localhost")?, socket)
            .await?;
        assert_eq!(
            socket.get_ref().1.alpn_protocol(),
            Some(&b"h2"[..]),
            "grpc-go would refuse"
        );
        Host::meet(socket).await
    }

    pub(crate) fn signal(&self, signal: &str) {
        let kill = format!("kill -{signal} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Waits for it to end by itself.
    pub(crate) async fn end(mut self) -> Ended {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(start.elapsed() < PATIENCE, "the provider does not end");
            tokio::time::sleep(Duration::from_millis(2)).await;
        };
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout).unwrap();
        Ended {
            status,
            stdout,
            stderr: self.stderr.take().unwrap().join().unwrap(),
        }
    }
}

impl Drop for Probe {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

pub(crate) trait Socket: AsyncRead + AsyncWrite + Send + Unpin + 'static {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin + 'static> Socket for T {}

pub(crate) async fn dial(network: &str, address: &str) -> Result<Box<dyn Socket>, Failure> {
    Ok(match network {
        "unix" => Box::new(UnixStream::connect(address).await?),
        "tcp" => Box::new(TcpStream::connect(address.parse::<SocketAddr>()?).await?),
        other => return Err(format!("network {other}").into()),
    })
}

/// A connection with the two streams that a host keeps open. Dropping it closes the connection.
pub(crate) struct Host {
    pub(crate) provider: ProviderClient<Connection>,
    pub(crate) controller: GrpcControllerClient<Connection>,
    pub(crate) health: HealthClient<Connection>,
    pub(crate) broker: Streaming<ConnInfo>,
    pub(crate) stdio: Streaming<StdioData>,
    tasks: Tasks,
}

/// Everything that keeps the connection. hyper would finish open streams before it closes; a process that dies does not.
#[derive(Clone, Default)]
struct Tasks(Arc<Mutex<JoinSet<()>>>);

impl<F: Future<Output: Send> + Send + 'static> Executor<F> for Tasks {
    fn execute(&self, future: F) {
        self.0.lock().unwrap().spawn(async {
            future.await;
        });
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.tasks.0.lock().unwrap().abort_all();
    }
}

impl Host {
    /// Does what go-plugin does on a new connection.
    pub(crate) async fn meet(socket: impl Socket) -> Result<Self, Failure> {
        let tasks = Tasks::default();
        let (requests, connection) = http2::handshake(tasks.clone(), TokioIo::new(socket)).await?;
        tasks.execute(connection);
        let connection = Connection(requests);
        let stdio = GrpcStdioClient::new(connection.clone())
            .stream_stdio(())
            .await?
            .into_inner();
        let broker = GrpcBrokerClient::new(connection.clone())
            .start_stream(tokio_stream::pending())
            .await?
            .into_inner();
        Ok(Self {
            provider: ProviderClient::new(connection.clone())
                .max_decoding_message_size(usize::MAX)
                .max_encoding_message_size(usize::MAX),
            controller: GrpcControllerClient::new(connection.clone()),
            health: HealthClient::new(connection),
            broker,
            stdio,
            tasks,
        })
    }

    /// Asks for the end. Like go-plugin, it does not care for the answer.
    pub(crate) async fn shutdown(&mut self) -> Result<(), Status> {
        self.controller.shutdown(Empty {}).await.map(drop)
    }
}

/// Requests over one connection of HTTP/2.
#[derive(Clone)]
pub(crate) struct Connection(SendRequest<Body>);

impl Service<http::Request<Body>> for Connection {
    type Response = http::Response<Incoming>;
    type Error = hyper::Error;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let uri = format!("http://localhost{}", request.uri().path())
            .parse()
            .unwrap_or_default();
        *request.uri_mut() = uri;
        Box::pin(self.0.send_request(request))
    }
}
