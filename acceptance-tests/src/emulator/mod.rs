//! An Azure Resource Manager in memory.
//!
//! ```no_run
//! use acceptance_tests::emulator::{Effect, Emulator, Fault, Options};
//! use serde_json::json;
//!
//! let emulator = Emulator::start(Options::default());
//! let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
//! let network = format!("{group}/providers/Microsoft.Network/virtualNetworks/vnet");
//! emulator.put(&group, json!({ "location": "westeurope" }));
//! emulator.put(&network, json!({
//!     "location": "westeurope",
//!     "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } },
//! }));
//! emulator.fault(Fault::refuse(409, "AnotherOperationInProgress", "Busy.").on("PUT", "subnets/*").times(2));
//! emulator.fault(Fault::new("PUT", "subnets/*", Effect::ResetAfter));
//!
//! // A client of emulator.endpoint(), trusting emulator.ca_bundle(), works here …
//!
//! assert_eq!(emulator.requests().puts_on("subnets/*").len(), 4);
//! ```
//!
//! It is an independent witness: it knows nothing of the provider, reads none of its tables, and refuses what Azure refuses in
//! Azure's words. Every write of a network resource is asynchronous; etags move when Azure's do; siblings get into each
//! other's way. `README.md` says what is faithful, what is assumed, and how programs in other languages use it.
//!
//! | module | knows |
//! |---|---|
//! | `server`, `certificates`, `request`, `answer` | HTTPS |
//! | `entra` | tokens, what stands for a secret, cloud discovery |
//! | `metadata_service`, `proxy` | what stands between a machine and Azure |
//! | `arm`, `quota` | who may ask, how often, and who answers |
//! | `groups`, `network`, `operations` | what happens to resources in general |
//! | `kinds` | what is particular to one kind of resource, one file each |
//! | `published` | service tags, and the hosts of machine-learning workspaces |
//! | `roles` | which actions a request needs, and 403 |
//! | `names`, `prefixes`, `regions`, `service_tags`, `versions` | Azure's vocabulary |
//! | `policy`, `locks`, `intent` | what people and services forbid |
//! | `faults`, `log`, `control`, `state_file` | what a test can do and see |

mod answer;
mod arm;
mod azure;
mod certificates;
mod control;
mod entra;
mod faults;
mod groups;
mod intent;
mod kinds;
mod locks;
mod log;
mod metadata_service;
mod names;
mod network;
mod operations;
mod policy;
mod prefixes;
mod proxy;
mod published;
mod quota;
mod refusal;
mod regions;
mod request;
mod resource;
mod resource_id;
mod roles;
mod server;
mod service_tags;
mod state_file;
mod versions;

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub use azure::Azure;
pub use faults::{Effect, Failed, Fault, ForeignCall, ForeignWrite, Refused, path_matches};
pub use locks::LockLevel;
pub use log::{LoggedRequest, Requests};
pub use metadata_service::MetadataService;
pub use proxy::Proxy;
pub use quota::Quota;
pub use refusal::Refusal;

/// The subscription the emulator has. Constant, so that ids survive a restart.
pub const SUBSCRIPTION_ID: &str = "5ab5c81e-0000-4000-8000-00000000a2b1";
/// The tenant the emulator says it belongs to. Tokens are given for every tenant.
pub const TENANT_ID: &str = "7e4a4700-0000-4000-8000-00000000a2b2";
/// The service principal the emulator knows.
pub const CLIENT_ID: &str = "c11e4700-0000-4000-8000-00000000a2b3";

/// How an emulator behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// The port on 127.0.0.1; 0 for a free one.
    pub port: u16,
    /// How long the operation of a write takes.
    pub operation_duration: Duration,
    /// Seconds in the `Retry-After` of accepted writes and of polls; `None` for no such header.
    pub retry_after: Option<u64>,
    /// What a write meets while something it depends on is busy.
    pub conflicts: Conflicts,
    /// Whether `If-Match` counts on subnets. Azure does not document it; `false` ignores it there.
    pub subnets_honour_if_match: bool,
    /// Whether `If-Match` counts on rule collection groups. As undocumented.
    pub collection_groups_honour_if_match: bool,
    /// The Azure Policy of many landing zones: a subnet without a network security group is refused.
    pub deny_subnets_without_nsg: bool,
    /// Subscriptions beside the emulator's own in which the service principal has the same rights.
    pub further_subscriptions: Vec<String>,
    /// Another one of theirs: a subnet without a route table is refused.
    pub deny_subnets_without_route_table: bool,
    /// How many reads of everything new answer 404 at first: Azure's reading side lags. [`Effect::HideAfterCreate`] does it to one.
    pub hide_after_create: u32,
    /// Whether an api-version neither shows nor keeps what only later ones know. `false`: all mean the same.
    pub versions_differ: bool,
    /// The api-versions of Microsoft.Network: those of a cloud that lags behind. `None`: the public cloud's, and whatever is later.
    pub api_versions: Option<Vec<String>>,
    /// How many requests the subscription may send; `None`: as many as it likes, and answers say that the usual number is left.
    pub quota: Option<Quota>,
    /// Where the certificate authority goes, and where resources are kept from one start to the next. `None`: a temporary
    /// directory, and nothing is kept.
    pub state_directory: Option<PathBuf>,
}

impl Default for Options {
    /// For tests: 20 ms per operation, `Retry-After: 0`, nothing kept.
    fn default() -> Self {
        Self {
            port: 0,
            operation_duration: Duration::from_millis(20),
            retry_after: Some(0),
            conflicts: Conflicts::AnotherOperationInProgress,
            subnets_honour_if_match: true,
            collection_groups_honour_if_match: true,
            deny_subnets_without_nsg: false,
            further_subscriptions: Vec::new(),
            deny_subnets_without_route_table: false,
            hide_after_create: 0,
            versions_differ: true,
            api_versions: None,
            quota: None,
            state_directory: None,
        }
    }
}

/// The two ways in which Azure says that it is busy. Which one comes is not predictable there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conflicts {
    /// 409 `AnotherOperationInProgress`.
    AnotherOperationInProgress,
    /// 429 `RetryableError`.
    RetryableError,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificate, or TLS does not take it.
    #[error("The emulator has no certificate: {0}")]
    Certificate(String),
    /// The port is taken, or there is no network.
    #[error("The emulator cannot listen: {0}")]
    Listen(std::io::Error),
    /// The state directory or the file of the authority cannot be written.
    #[error("The emulator cannot write `{0}`: {1}")]
    Write(PathBuf, std::io::Error),
    /// The file with the kept resources cannot be read.
    #[error("The emulator cannot read `{0}`: {1}. Delete it to start without resources.")]
    State(PathBuf, String),
}

/// The ids and the secret of the service principal.
#[derive(Clone)]
pub(crate) struct Credentials {
    tenant_id: String,
    subscription_id: String,
    client_id: String,
    client_secret: String,
}

/// A running emulator. Dropping it stops it.
pub struct Emulator {
    shared: Arc<server::Shared>,
    endpoint: String,
    credentials: Credentials,
    ca_bundle: PathBuf,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _directory: Option<TempDir>,
}

impl Emulator {
    /// Starts an emulator on a thread of its own.
    ///
    /// # Panics
    /// Where [`try_start`](Self::try_start) gives an error.
    #[track_caller]
    pub fn start(options: Options) -> Self {
        Self::try_start(options).unwrap_or_else(|error| fail(error))
    }

    /// Starts an emulator on a thread of its own.
    ///
    /// # Errors
    /// The port is taken, or files cannot be read or written.
    pub fn try_start(options: Options) -> Result<Self, StartError> {
        let (path, directory) = match &options.state_directory {
            Some(path) => {
                std::fs::create_dir_all(path).map_err(|error| StartError::Write(path.clone(), error))?;
                (path.clone(), None)
            }
            None => {
                let directory = TempDir::with_prefix("arm-emulator-");
                let directory = directory.map_err(|error| StartError::Write(std::env::temp_dir(), error))?;
                (directory.path().to_owned(), Some(directory))
            }
        };
        let identity = certificates::issue()?;
        let ca_bundle = path.join("ca.pem");
        std::fs::write(&ca_bundle, &identity.authority_pem)
            .map_err(|error| StartError::Write(ca_bundle.clone(), error))?;

        // Bound here and served there, so that this can be called from within a runtime too.
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(StartError::Listen)?;
        listener.set_nonblocking(true).map_err(StartError::Listen)?;
        let port = listener.local_addr().map_err(StartError::Listen)?.port();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(StartError::Listen)?;
        let endpoint = format!("https://localhost:{port}");
        let credentials = Credentials {
            tenant_id: TENANT_ID.to_owned(),
            subscription_id: SUBSCRIPTION_ID.to_owned(),
            client_id: CLIENT_ID.to_owned(),
            // A secret of its own for every run: a log or a state file that contains it can be found out.
            client_secret: format!("emulator~{}", uuid::Uuid::new_v4().simple()),
        };

        let keeps = options.state_directory.is_some();
        let mut azure = Azure::new(options, credentials.clone(), endpoint.clone());
        let state_file = keeps.then(|| state_file::StateFile::new(path.join("state.json")));
        if let Some(file) = &state_file {
            file.load(&mut azure)?;
        }
        let shared = Arc::new(server::Shared::new(azure, state_file));
        let (stop, stopped) = oneshot::channel();
        let tls = tokio_rustls::TlsAcceptor::from(identity.server);
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            runtime.block_on(async {
                tokio::select! {
                    _ = server::accept(listener, tls, serving) => {}
                    _ = stopped => {}
                }
            });
        });
        Ok(Self {
            shared,
            endpoint,
            credentials,
            ca_bundle,
            stop: Some(stop),
            thread: Some(thread),
            _directory: directory,
        })
    }

    /// Azure Resource Manager and the authority: `https://localhost:PORT`, without a `/` at its end.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The PEM file with the certificate authority to trust.
    pub fn ca_bundle(&self) -> &Path {
        &self.ca_bundle
    }

    /// [`TENANT_ID`].
    pub fn tenant_id(&self) -> &str {
        &self.credentials.tenant_id
    }

    /// [`SUBSCRIPTION_ID`].
    pub fn subscription_id(&self) -> &str {
        &self.credentials.subscription_id
    }

    /// [`CLIENT_ID`].
    pub fn client_id(&self) -> &str {
        &self.credentials.client_id
    }

    /// The only secret that works; another one for every emulator.
    pub fn client_secret(&self) -> &str {
        &self.credentials.client_secret
    }

    /// The environment in which the provider finds the emulator: azurerm's and azapi's `ARM_*` variables.
    pub fn environment(&self) -> [(&'static str, String); 8] {
        [
            ("ARM_RESOURCE_MANAGER_ENDPOINT", self.endpoint.clone()),
            ("ARM_RESOURCE_MANAGER_AUDIENCE", self.endpoint.clone()),
            ("ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST", self.endpoint.clone()),
            ("ARM_CA_BUNDLE", self.ca_bundle.display().to_string()),
            ("ARM_TENANT_ID", self.credentials.tenant_id.clone()),
            ("ARM_SUBSCRIPTION_ID", self.credentials.subscription_id.clone()),
            ("ARM_CLIENT_ID", self.credentials.client_id.clone()),
            ("ARM_CLIENT_SECRET", self.credentials.client_secret.clone()),
        ]
    }

    /// Works on the emulated Azure as a foreign client; see [`Azure`] for what that can do.
    #[track_caller]
    pub fn azure<T>(&self, work: impl FnOnce(&mut Azure) -> T) -> T {
        let done = work(&mut self.shared.azure());
        self.shared.save();
        done
    }

    /// [`Azure::get`].
    pub fn get(&self, id: &str) -> Option<Value> {
        self.azure(|azure| azure.get(id))
    }

    /// [`Azure::put`].
    ///
    /// # Panics
    /// With the error, if Azure would refuse it.
    #[track_caller]
    pub fn put(&self, id: &str, body: Value) -> Value {
        let put = self.azure(|azure| azure.try_put(id, body));
        put.unwrap_or_else(|refusal| fail(format!("PUT {id}: {refusal}")))
    }

    /// [`Azure::edit`].
    ///
    /// # Panics
    /// If there is no such resource.
    #[track_caller]
    pub fn edit(&self, id: &str, edit: impl FnOnce(&mut Value)) {
        let edited = self.azure(|azure| azure.try_edit(id, edit));
        edited.unwrap_or_else(|refusal| fail(format!("edit {id}: {refusal}")));
    }

    /// [`Azure::remove`].
    pub fn remove(&self, id: &str) {
        self.azure(|azure| azure.remove(id));
    }

    /// [`Azure::ids`].
    pub fn ids(&self) -> Vec<String> {
        self.azure(Azure::ids)
    }

    /// [`Azure::occupy_subnet`].
    pub fn occupy_subnet(&self, subnet: &str, ip_configuration: &str) {
        self.azure(|azure| azure.occupy_subnet(subnet, ip_configuration));
    }

    /// [`Azure::vacate_subnet`].
    pub fn vacate_subnet(&self, subnet: &str) {
        self.azure(|azure| azure.vacate_subnet(subnet));
    }

    /// [`Azure::apply_intent_policy`].
    pub fn apply_intent_policy(&self, subnet: &str) {
        self.azure(|azure| azure.apply_intent_policy(subnet));
    }

    /// [`Azure::lock`].
    pub fn lock(&self, scope: &str, level: LockLevel) {
        self.azure(|azure| azure.lock(scope, level));
    }

    /// [`Azure::unlock`].
    pub fn unlock(&self, scope: &str) {
        self.azure(|azure| azure.unlock(scope));
    }

    /// All requests since the start or since [`clear_requests`](Self::clear_requests), token requests included.
    pub fn requests(&self) -> Requests {
        Requests(self.azure(|azure| azure.log.clone()))
    }

    /// Empties the request log.
    pub fn clear_requests(&self) {
        self.azure(|azure| azure.log.clear());
    }

    /// Scripts a fault, after those that are scripted already.
    pub fn fault(&self, fault: Fault) {
        self.azure(|azure| azure.faults.0.push(fault));
    }

    /// Forgets all faults; an operation that never ended because of one ends. A test that ends with faults left has not met them: see [`faults_left`](Self::faults_left).
    pub fn clear_faults(&self) {
        self.azure(Azure::clear_faults);
    }

    /// The faults that nothing has met yet.
    pub fn faults_left(&self) -> Vec<Fault> {
        self.azure(|azure| azure.faults.0.clone())
    }

    /// From now on the service principal may do only these actions, such as `Microsoft.Network/virtualNetworks/subnets/write`; `*` stands for
    /// any characters. What else a request needs is 403: [`Requests::actions`] says what it needs.
    pub fn restrict_to<S: Into<String>>(&self, actions: impl IntoIterator<Item = S>) {
        let role = actions.into_iter().map(Into::into).collect();
        self.azure(|azure| azure.role = Some(role));
    }

    /// The service principal may do everything, as at the start.
    pub fn lift_restrictions(&self) {
        self.azure(|azure| azure.role = None);
    }

    /// Makes every token invalid: the next request of each client is a 401.
    pub fn revoke_tokens(&self) {
        self.azure(|azure| azure.authority.revoke_all());
    }

    /// Every token given so far that was not revoked: none of them may show up anywhere.
    pub fn tokens(&self) -> Vec<String> {
        self.azure(|azure| azure.authority.all_tokens())
    }

    /// Tokens given from now on live this long.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.azure(|azure| azure.authority.set_lifetime(lifetime));
    }

    /// Registers a certificate with the application: its DER, and the `RSAPublicKey` (PKCS#1) in it.
    pub fn register_certificate(&self, der: &[u8], public_key: &[u8]) {
        self.azure(|azure| azure.authority.add_certificate(der, public_key));
    }

    /// A token of another issuer, such as HCP Terraform or Kubernetes, that the application's federated credential is for.
    pub fn identity_token(&self, lifetime: Duration) -> String {
        self.azure(|azure| azure.authority.issue_identity_token(entra::AUDIENCE, lifetime))
    }

    /// Makes a token of another issuer worth nothing.
    pub fn revoke_identity_token(&self, token: &str) {
        self.azure(|azure| azure.authority.revoke_identity_token(token));
    }

    /// A token for Azure Resource Manager, as somebody who signed in by other means has it.
    pub fn token(&self) -> String {
        let tenant = self.credentials.tenant_id.clone();
        self.azure(|azure| azure.authority.issue(&tenant)).0
    }

    /// A run of GitHub Actions: where it asks for identity tokens, and what authorises it.
    pub fn github_run(&self) -> (String, String) {
        let bearer = self.azure(|azure| azure.authority.add_pipeline(None));
        (format!("{}/oidc/github", self.endpoint), bearer)
    }

    /// A job of Azure Pipelines with a service connection: where it asks for identity tokens, and what authorises it.
    pub fn pipelines_job(&self, service_connection: &str) -> (String, String) {
        let bearer = self.azure(|azure| azure.authority.add_pipeline(Some(service_connection)));
        (format!("{}/oidc/pipelines", self.endpoint), bearer)
    }

    /// A machine with a managed identity in the subscription: its metadata service.
    ///
    /// # Panics
    /// If there is no port left.
    #[track_caller]
    pub fn metadata_service(&self) -> MetadataService {
        MetadataService::start(Arc::clone(&self.shared)).unwrap_or_else(|error| fail(error))
    }

    /// The tenants whose tokens came along as auxiliary ones.
    pub fn auxiliary_tenants(&self) -> Vec<String> {
        self.azure(|azure| azure.authority.auxiliary_tenants.iter().cloned().collect())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            _ = thread.join();
        }
    }
}

/// Ends the test: the one place where the emulator panics.
#[track_caller]
#[expect(clippy::panic, reason = "a test that sets its scene wrongly has failed")]
fn fail(message: impl std::fmt::Display) -> ! {
    panic!("{message}")
}

fn new_guid() -> String {
    uuid::Uuid::new_v4().to_string()
}

fn new_etag() -> String {
    format!("W/\"{}\"", new_guid())
}
