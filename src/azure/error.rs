//! Everything that can go wrong between us and Azure, with what to do about it.

mod service;

use std::{error::Error as StdError, fmt, time::Duration};

use azure_core::error::ErrorKind;

pub use service::ServiceError;

use super::{
    call::Interruption,
    credentials::{CredentialFailure, CredentialKind},
    resource_id::ResourceId,
    sanitize,
    secret::Secret,
    settings::SettingsError,
    tunnel::ProxyRefusal,
};

/// A request as error messages name it: `PUT /subscriptions/…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    verb: &'static str,
    target: String,
}

impl Operation {
    /// The operation `verb` on `target`.
    pub(super) fn new(verb: &'static str, target: &ResourceId) -> Operation {
        Operation {
            verb,
            target: target.to_string(),
        }
    }

    /// The operation `verb` on what is no resource itself, by the parts of its path.
    pub(super) fn at(verb: &'static str, path: &[&str]) -> Operation {
        Operation {
            verb,
            target: format!("/{}", path.join("/")),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.verb, self.target)
    }
}

/// What a connection died of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransportFailure {
    /// The other side is not who it should be. Trying again does not change that.
    Certificate,
    /// The proxy does not let us through. Trying again does not change that.
    Proxy,
    /// The proxy lets us through, but could not connect: the request was not sent.
    BehindProxy,
    /// No connection: the request was not sent.
    Unreachable,
    /// The connection broke: whether the request was carried out is not known.
    Interrupted,
}

/// Why something in Azure was not read or not written.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// The settings do not suffice.
    #[error("Azure cannot be reached with these settings: {0}")]
    Settings(#[from] SettingsError),
    /// No token.
    #[error("no token for Azure Resource Manager: {cause}")]
    Credential {
        /// The whole chain of causes.
        cause: String,
        /// What the connection to the authority died of, where it did.
        failure: Option<TransportFailure>,
        /// Which credential was tried.
        credential: Option<CredentialKind>,
    },
    /// No answer.
    #[error("no answer to `{operation}`: {cause}")]
    Transport {
        /// The request.
        operation: Operation,
        /// The whole chain of causes.
        cause: String,
        /// What the connection died of.
        failure: TransportFailure,
    },
    /// Azure's answer is a refusal, or a long-running operation failed.
    #[error(transparent)]
    Service(Box<ServiceError>),
    /// An answer that is not ARM's.
    #[error("the answer to `{operation}` cannot be understood: {cause}")]
    Unintelligible {
        /// The request.
        operation: Operation,
        /// What is wrong with it.
        cause: String,
    },
    /// What should be changed does not exist.
    #[error("`{id}` does not exist")]
    NotFound {
        /// Its id.
        id: Box<ResourceId>,
    },
    /// What should be created exists.
    #[error("`{id}` exists already")]
    AlreadyExists {
        /// Its id.
        id: Box<ResourceId>,
    },
    /// Somebody's operation on an object that has to rest first goes on and on.
    #[error("`{id}` is still `{state}`")]
    Busy {
        /// Its id.
        id: Box<ResourceId>,
        /// Its provisioning state.
        state: String,
    },
    /// Others changed the object each time between our reading and our writing it.
    #[error(
        "`{operation}` was given up: in {rounds} attempts, somebody else changed the object each time before our write; last: {last}"
    )]
    Contended {
        /// The request.
        operation: Operation,
        /// How often it was tried.
        rounds: u32,
        /// Azure's last word.
        last: Box<ArmError>,
    },
    /// The time is over.
    #[error("`{operation}` did not end within {}{}", minutes(.timeout), last_error(.last))]
    TimedOut {
        /// The request.
        operation: Operation,
        /// How long the work could take.
        timeout: Duration,
        /// The last error after which it was tried again.
        last: Option<Box<ArmError>>,
    },
    /// Somebody stopped the work.
    #[error("`{operation}` was stopped")]
    Cancelled {
        /// The request.
        operation: Operation,
    },
    /// A write was sent and then something went wrong: the object may exist, in whatever state.
    #[error(transparent)]
    Unfinished(Box<ArmError>),
}

impl ArmError {
    /// Whether what should be changed does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, ArmError::NotFound { .. })
    }

    /// Whether the work was stopped on request.
    pub fn is_cancelled(&self) -> bool {
        match self {
            ArmError::Unfinished(error) => error.is_cancelled(),
            error => matches!(error, ArmError::Cancelled { .. }),
        }
    }

    /// Whether Azure may hold something of the write that failed.
    pub fn may_have_written(&self) -> bool {
        matches!(self, ArmError::Unfinished(_))
    }

    /// What Azure answered, where it did.
    pub fn service(&self) -> Option<&ServiceError> {
        match self {
            ArmError::Service(error) => Some(error),
            ArmError::Unfinished(error) => error.service(),
            ArmError::TimedOut { last: Some(error), .. } | ArmError::Contended { last: error, .. } => error.service(),
            _ => None,
        }
    }

    /// What to do about it; empty where there is nothing to say.
    pub fn remedy(&self) -> String {
        match self {
            ArmError::Settings(error) => error.remedy(),
            // It is asked on the machine itself, never through a proxy.
            ArmError::Credential { failure: Some(_), credential: Some(CredentialKind::ManagedIdentity), .. } => {
                CredentialKind::ManagedIdentity.remedy().to_owned()
            }
            ArmError::Credential { failure: Some(failure), .. } | ArmError::Transport { failure, .. } => failure.remedy(),
            ArmError::Credential { failure: None, credential, .. } => credential.map(CredentialKind::remedy).unwrap_or_default().to_owned(),
            ArmError::Service(error) => error.remedy(),
            ArmError::Unintelligible { .. } => "Something between here and Azure answers in Azure's place: check proxies and `resource_manager_endpoint`.".to_owned(),
            ArmError::NotFound { .. } | ArmError::AlreadyExists { .. } | ArmError::Busy { .. } | ArmError::Cancelled { .. } => String::new(),
            ArmError::Contended { .. } => "Find out who else writes this object, and let only one of them run at a time.".to_owned(),
            ArmError::TimedOut { last, .. } => {
                let cause = last.as_ref().map(|error| error.remedy()).unwrap_or_default();
                let more = "Give it more time with `timeouts`, or look into the activity log for what holds it up.";
                if cause.is_empty() { more.to_owned() } else { format!("{cause} {more}") }
            }
            ArmError::Unfinished(error) => error.remedy(),
        }
    }

    /// The error as a person reads it: what, why, what to do.
    pub fn to_diagnostic(&self) -> String {
        let mut text = capitalise(&self.to_string());
        if !text.ends_with(['.', '!', '?']) {
            text.push('.');
        }
        let remedy = self.remedy();
        if !remedy.is_empty() {
            text.push_str("\n\n");
            text.push_str(&remedy);
        }
        if let Some(id) = self.service().and_then(ServiceError::correlation_id) {
            text.push_str(&format!("\n\nAzure's correlation id: {id}"));
        }
        text
    }

    pub(super) fn interrupted(
        interruption: Interruption,
        operation: &Operation,
        timeout: Duration,
        last: Option<ArmError>,
    ) -> ArmError {
        let operation = operation.clone();
        match interruption {
            Interruption::Cancelled => ArmError::Cancelled { operation },
            Interruption::TimedOut => ArmError::TimedOut {
                operation,
                timeout,
                last: last.map(Box::new),
            },
        }
    }

    /// An error of the pipeline: the credential's or the connection's. Answers of ARM itself are not errors to the pipeline.
    pub(super) fn of_pipeline(operation: &Operation, error: &azure_core::Error) -> ArmError {
        let cause = chain(error);
        if matches!(error.kind(), ErrorKind::Credential) {
            return ArmError::Credential {
                failure: transport_failure(error, &cause),
                credential: sources(error)
                    .find_map(|error| error.downcast_ref::<CredentialFailure>())
                    .map(|failure| failure.kind),
                cause,
            };
        }
        let failure = transport_failure(error, &cause).unwrap_or(TransportFailure::Interrupted);
        ArmError::Transport {
            operation: operation.clone(),
            cause,
            failure,
        }
    }

    /// The error without a secret that Azure may have repeated.
    pub(super) fn without(self, secret: &Secret) -> ArmError {
        let boxed = |error: Box<ArmError>| Box::new(error.without(secret));
        match self {
            ArmError::Service(error) => ArmError::Service(Box::new(error.without(secret))),
            ArmError::Unfinished(error) => ArmError::Unfinished(boxed(error)),
            ArmError::Contended {
                operation,
                rounds,
                last,
            } => ArmError::Contended {
                operation,
                rounds,
                last: boxed(last),
            },
            ArmError::TimedOut {
                operation,
                timeout,
                last,
            } => ArmError::TimedOut {
                operation,
                timeout,
                last: last.map(boxed),
            },
            error => error,
        }
    }

    pub(super) fn unfinished(self) -> ArmError {
        match self {
            ArmError::Unfinished(_) => self,
            error => ArmError::Unfinished(Box::new(error)),
        }
    }
}

impl TransportFailure {
    /// Whether trying again does not change it.
    pub(super) fn is_final(self) -> bool {
        matches!(self, TransportFailure::Certificate | TransportFailure::Proxy)
    }

    fn remedy(self) -> String {
        match self {
            TransportFailure::Certificate => {
                "If a proxy inspects TLS here, set `ca_bundle` (or `ARM_CA_BUNDLE`) to the PEM file of its certificate authority."
            }
            TransportFailure::Proxy => {
                "Check address, user and password of the proxy (`proxy_url`, `ARM_PROXY_URL` or `HTTPS_PROXY`), that it lets this host \
                 through, and `no_proxy` if this host needs no proxy."
            }
            TransportFailure::BehindProxy => {
                "Try again later. If it stays so, ask those who run the proxy (`proxy_url`, `ARM_PROXY_URL` or `HTTPS_PROXY`) whether it \
                 reaches this host, or set `no_proxy` if this host needs no proxy."
            }
            TransportFailure::Unreachable => {
                "Check name resolution, firewall and proxy (`proxy_url`, `HTTPS_PROXY`, `NO_PROXY`) of the machine Terraform runs on."
            }
            TransportFailure::Interrupted => "Try again; if it happens again, check what lies between this machine and Azure.",
        }
        .to_owned()
    }
}

/// Whether another attempt would end the same.
pub(super) fn is_final(error: &azure_core::Error) -> bool {
    let failure = transport_failure(error, &chain(error));
    failure.is_some_and(|failure| failure.is_final())
}

/// What the connection died of, looked for along the chain: the credential wraps the error of its own connection.
fn transport_failure(error: &azure_core::Error, cause: &str) -> Option<TransportFailure> {
    // rustls words it so; the crates between hide its type.
    if cause.contains("invalid peer certificate") || cause.contains("received fatal alert") {
        return Some(TransportFailure::Certificate);
    }
    if let Some(refusal) = sources(error).find_map(|error| error.downcast_ref::<ProxyRefusal>()) {
        return Some(if refusal.passes() {
            TransportFailure::BehindProxy
        } else {
            TransportFailure::Proxy
        });
    }
    let kinds = sources(error)
        .filter_map(|error| error.downcast_ref::<azure_core::Error>())
        .map(azure_core::Error::kind);
    for kind in kinds {
        match kind {
            ErrorKind::Connection => return Some(TransportFailure::Unreachable),
            ErrorKind::Io => return Some(TransportFailure::Interrupted),
            // The authority is overloaded or ill, which says nothing about the credential.
            ErrorKind::HttpResponse { status, .. } if u16::from(*status) == 429 || u16::from(*status) >= 500 => {
                return Some(TransportFailure::Interrupted);
            }
            _ => {}
        }
    }
    None
}

/// The chain of causes down to the root, each once. The useful text (a certificate that is not trusted, a name that does not
/// resolve) stands four to six levels down.
pub(super) fn chain(error: &azure_core::Error) -> String {
    // What the crates on the way say without saying anything.
    const EMPTY: [&str; 8] = [
        "ClientSecretCredential authentication failed.",
        "ClientAssertionCredential authentication failed.",
        "AzureCliCredential authentication failed.",
        "retry policy expired and the request will no longer be retried",
        "non-transport error occurred which will not be retried",
        "failed to execute `reqwest` request",
        "client error (Connect)",
        "client error (SendRequest)",
    ];
    let mut texts: Vec<String> = Vec::new();
    for error in sources(error) {
        let text = EMPTY
            .iter()
            .fold(error.to_string(), |text, empty| text.replace(empty, ""));
        let text = text.split("To troubleshoot, visit").next().unwrap_or_default();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.is_empty() && !texts.iter().any(|known| known.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        texts.push(error.to_string());
    }
    let clean: Vec<String> = texts
        .iter()
        .map(|text| sanitize::text(text.trim_end_matches('.')))
        .collect();
    sanitize::shorten(&clean.join(": "), 2000)
}

fn sources<'a>(error: &'a azure_core::Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(
        Some(error as &(dyn StdError + 'static)),
        |error: &&'a (dyn StdError + 'static)| (*error).source(),
    )
}

fn minutes(duration: &Duration) -> String {
    match duration.as_secs() {
        seconds if seconds >= 60 && seconds % 60 == 0 => format!("{} min", seconds / 60),
        seconds => format!("{seconds} s"),
    }
}

fn last_error(last: &Option<Box<ArmError>>) -> String {
    last.as_ref()
        .map(|error| format!("; last: {error}"))
        .unwrap_or_default()
}

fn capitalise(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map(|first| first.to_uppercase().chain(characters).collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
