//! What it takes to talk to Azure, as plain data.

use std::path::PathBuf;

use super::{credentials::AppServiceIdentity, secret::Secret};
use crate::regions::Cloud;

/// Which Azure, who we are there, and the way to it. Anything may be missing: only the first request to Azure needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// Names of settings whose values are not known yet. Until they are, nobody can tell who we are, and nothing is sent.
    pub unknown: Vec<&'static str>,
    /// Subscription for what does not name its own.
    pub subscription_id: Option<String>,
    /// Microsoft Entra tenant that issues the tokens.
    pub tenant_id: Option<String>,
    /// Other tenants whose resources a request may refer to.
    pub auxiliary_tenant_ids: Vec<String>,
    /// Application (client) id of the service principal, or of a user-assigned managed identity.
    pub client_id: Option<String>,
    /// The file with the client id.
    pub client_id_file_path: Option<PathBuf>,
    /// Secret of the service principal.
    pub client_secret: Option<Secret>,
    /// The file with the secret.
    pub client_secret_file_path: Option<PathBuf>,
    /// Certificate of the service principal with its key: PFX in Base64.
    pub client_certificate: Option<Secret>,
    /// The file with the certificate and its key: PFX or PEM.
    pub client_certificate_path: Option<PathBuf>,
    /// Password of the PFX.
    pub client_certificate_password: Option<Secret>,
    /// Whether a token of another issuer may stand for the service principal.
    pub use_oidc: bool,
    /// The token.
    pub oidc_token: Option<Secret>,
    /// The file with the token; read for every token request.
    pub oidc_token_file_path: Option<PathBuf>,
    /// Where a pipeline gets its tokens; HTTPS.
    pub oidc_request_url: Option<String>,
    /// What authorises the pipeline to get them.
    pub oidc_request_token: Option<Secret>,
    /// Azure Pipelines: the service connection whose token is asked for.
    pub ado_pipeline_service_connection_id: Option<String>,
    /// Whether Kubernetes' token may stand for the service principal.
    pub use_aks_workload_identity: bool,
    /// Whether the machine's managed identity may be used.
    pub use_msi: bool,
    /// Where the machine gives tokens, where it is not the metadata service.
    pub msi_endpoint: Option<String>,
    /// API version of that endpoint.
    pub msi_api_version: Option<String>,
    /// The endpoint of App Service, Functions and Container Apps.
    pub app_service_identity: Option<AppServiceIdentity>,
    /// Whether whoever is signed in with the Azure CLI may be used.
    pub use_cli: bool,
    /// The cloud; the next four replace its addresses.
    pub environment: Cloud,
    /// Host of an Azure Resource Manager that tells the addresses of its cloud.
    pub metadata_host: Option<String>,
    /// Base URL of Azure Resource Manager; HTTPS.
    pub resource_manager_endpoint: Option<String>,
    /// Audience of the tokens; the scope asked for is this and `/.default`.
    pub resource_manager_audience: Option<String>,
    /// Base URL of the authority that issues tokens; HTTPS.
    pub active_directory_authority_host: Option<String>,
    /// PEM file with certificate authorities to trust besides the platform's.
    pub ca_bundle: Option<PathBuf>,
    /// HTTP proxy for all requests; may contain user and password.
    pub proxy_url: Option<Secret>,
    /// Hosts that are not asked through the proxy, as in `NO_PROXY`.
    pub no_proxy: Option<String>,
}

/// Settings that do not suffice to talk to Azure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Parts of the credential are missing: name of the setting and of its environment variable.
    #[error("the credential is incomplete: {} missing", enumerate(.0))]
    Missing(Vec<(&'static str, &'static str)>),
    /// Values that are not known yet.
    #[error("not known before apply: {}", .0.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    Unknown(Vec<&'static str>),
    /// An address that is no HTTPS URL.
    #[error("`{setting}` is `{value}`, which is not an HTTPS address: tokens are only sent over TLS")]
    NotHttps {
        /// Name of the setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// The CA bundle cannot be used.
    #[error("`ca_bundle` is `{}`, which cannot be used: {reason}", .path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        reason: String,
    },
    /// A file cannot be read: which, and why.
    #[error("{0}")]
    File(String),
    /// A value and the file that should hold the same.
    #[error("`{0}` is not what stands in the file of `{1}`")]
    Mismatch(&'static str, &'static str),
    /// The client certificate cannot be used.
    #[error("`{setting}` cannot be used: {reason}")]
    Certificate {
        /// Where it was given.
        setting: &'static str,
        /// Why it cannot be used.
        reason: String,
    },
    /// A managed identity has tokens of its own tenant only.
    #[error("a managed identity has no tokens of other tenants, and `auxiliary_tenant_ids` asks for them")]
    Auxiliary,
    /// The proxy's address is none.
    #[error("`proxy_url` cannot be used: {0}")]
    Proxy(String),
    /// The host that should tell the addresses of its cloud does not.
    #[error("`metadata_host` is `{host}`, which does not tell the addresses of its cloud: {reason}")]
    Metadata {
        /// The host.
        host: String,
        /// Why not.
        reason: String,
    },
    /// A value the credential refuses.
    #[error("the credential cannot be built: {0}")]
    Credential(String),
    /// No HTTP client can be built on this machine.
    #[error("no HTTPS client can be built: {0}")]
    HttpClient(String),
}

impl SettingsError {
    /// What to do about it.
    pub fn remedy(&self) -> String {
        match self {
            SettingsError::Missing(missing) => {
                let ways: Vec<String> = missing
                    .iter()
                    .map(|(setting, variable)| format!("`{setting}` (or `{variable}`)"))
                    .collect();
                let pipeline = if missing.contains(&("oidc_token_file_path", "ARM_OIDC_TOKEN_FILE_PATH")) {
                    " Instead of a file, `oidc_token` or a pipeline's token will do: a job of GitHub Actions has one with \
                     `permissions: id-token: write`."
                } else {
                    ""
                };
                format!("Set {}.{pipeline}", ways.join(", "))
            }
            SettingsError::Unknown(_) => {
                "Give the provider values that are known at plan, or apply first what they depend on.".to_owned()
            }
            SettingsError::NotHttps { setting, .. } => format!("Give `{setting}` as `https://host`."),
            SettingsError::CaBundle { .. } => {
                "Set `ca_bundle` (or `ARM_CA_BUNDLE`) to a readable file of PEM certificates, or leave it out."
                    .to_owned()
            }
            SettingsError::File(_) => "Correct the path, or leave the argument out.".to_owned(),
            SettingsError::Mismatch(value, file) => format!("Set one of `{value}` and `{file}`, or make them equal."),
            SettingsError::Certificate { .. } => {
                "Give a PFX (PKCS#12) or PEM file with an RSA private key and its certificate, and a PFX's password as \
                 `client_certificate_password` (or `ARM_CLIENT_CERTIFICATE_PASSWORD`)."
                    .to_owned()
            }
            SettingsError::Auxiliary => {
                "Leave `auxiliary_tenant_ids` (or `ARM_AUXILIARY_TENANT_IDS`) out, or use a service principal.".to_owned()
            }
            SettingsError::Proxy(_) => {
                "Give `proxy_url` (or `ARM_PROXY_URL`, `HTTPS_PROXY`) as `http://host:port`, with user and password before the host \
                 if it wants them, percent-encoded."
                    .to_owned()
            }
            SettingsError::Metadata { .. } => {
                "Give the host of the cloud's Azure Resource Manager, without `https://`, and `ca_bundle` or `proxy_url` if the way \
                 there needs them; or give `resource_manager_endpoint`, `resource_manager_audience` and \
                 `active_directory_authority_host` instead."
                    .to_owned()
            }
            SettingsError::Credential(_) => {
                "Check `tenant_id`, `client_id` and `client_secret` (or `ARM_TENANT_ID`, `ARM_CLIENT_ID` and \
                 `ARM_CLIENT_SECRET`)."
                    .to_owned()
            }
            SettingsError::HttpClient(_) => {
                "Check the machine's certificate store (`SSL_CERT_FILE`, `SSL_CERT_DIR`) and its proxy variables."
                    .to_owned()
            }
        }
    }
}

fn enumerate(missing: &[(&'static str, &'static str)]) -> String {
    let names: Vec<String> = missing.iter().map(|(setting, _)| format!("`{setting}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", names.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_after_apply_only_is_named() {
        let error = SettingsError::Unknown(vec!["client_id", "tenant_id"]);
        assert_eq!(error.to_string(), "not known before apply: `client_id`, `tenant_id`");
    }

    #[test]
    fn settings_do_not_print_their_secret() {
        let settings = ConnectionSettings {
            client_secret: Some(Secret::new("hunter2")),
            client_certificate: Some(Secret::new("hunter2")),
            client_certificate_password: Some(Secret::new("hunter2")),
            oidc_token: Some(Secret::new("hunter2")),
            oidc_request_token: Some(Secret::new("hunter2")),
            proxy_url: Some(Secret::new("http://me:hunter2@proxy")),
            ..ConnectionSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
