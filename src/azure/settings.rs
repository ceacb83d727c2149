//! What it takes to talk to Azure, as plain data.

use std::path::PathBuf;

use super::secret::Secret;
use crate::regions::Cloud;

/// Which Azure, and who we are there. Anything may be missing: only the first request to Azure needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionSettings {
    /// Subscription for what does not name its own.
    pub subscription_id: Option<String>,
    /// Microsoft Entra tenant that issues the tokens.
    pub tenant_id: Option<String>,
    /// Application (client) id of the service principal.
    pub client_id: Option<String>,
    /// Its secret.
    pub client_secret: Option<Secret>,
    /// The cloud; the next three replace its addresses.
    pub environment: Cloud,
    /// Base URL of Azure Resource Manager; HTTPS.
    pub resource_manager_endpoint: Option<String>,
    /// Audience of the tokens; the scope asked for is this and `/.default`.
    pub resource_manager_audience: Option<String>,
    /// Base URL of the authority that issues tokens; HTTPS.
    pub active_directory_authority_host: Option<String>,
    /// PEM file with certificate authorities to trust besides the platform's.
    pub ca_bundle: Option<PathBuf>,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        ConnectionSettings {
            subscription_id: None,
            tenant_id: None,
            client_id: None,
            client_secret: None,
            environment: Cloud::Public,
            resource_manager_endpoint: None,
            resource_manager_audience: None,
            active_directory_authority_host: None,
            ca_bundle: None,
        }
    }
}

/// Settings that do not suffice to talk to Azure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// Parts of the credential are missing: name of the setting and of its environment variable.
    #[error("the credential is incomplete: {} missing", enumerate(.0))]
    Missing(Vec<(&'static str, &'static str)>),
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
                format!("Set {}.", ways.join(", "))
            }
            SettingsError::NotHttps { setting, .. } => format!("Give `{setting}` as `https://host`."),
            SettingsError::CaBundle { .. } => {
                "Set `ca_bundle` (or `ARM_CA_BUNDLE`) to a readable file of PEM certificates, or leave it out."
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

/// The service principal, complete.
pub(super) struct ServicePrincipal<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) client_id: &'a str,
    pub(super) client_secret: &'a Secret,
}

impl ConnectionSettings {
    /// The service principal, or everything that is missing for it, at once.
    pub(super) fn service_principal(&self) -> Result<ServicePrincipal<'_>, SettingsError> {
        match (
            self.tenant_id.as_deref(),
            self.client_id.as_deref(),
            self.client_secret.as_ref(),
        ) {
            (Some(tenant_id), Some(client_id), Some(client_secret)) => Ok(ServicePrincipal {
                tenant_id,
                client_id,
                client_secret,
            }),
            (tenant_id, client_id, client_secret) => {
                let parts = [
                    (tenant_id.is_none(), ("tenant_id", "ARM_TENANT_ID")),
                    (client_id.is_none(), ("client_id", "ARM_CLIENT_ID")),
                    (client_secret.is_none(), ("client_secret", "ARM_CLIENT_SECRET")),
                ];
                Err(SettingsError::Missing(
                    parts
                        .into_iter()
                        .filter(|(missing, _)| *missing)
                        .map(|(_, part)| part)
                        .collect(),
                ))
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
    fn everything_that_is_missing_is_named_at_once_with_its_variable() {
        let settings = ConnectionSettings {
            tenant_id: Some("t".into()),
            ..ConnectionSettings::default()
        };
        let error = settings.service_principal().err().expect("incomplete");
        assert_eq!(
            error.to_string(),
            "the credential is incomplete: `client_id`, `client_secret` are missing"
        );
        assert_eq!(
            error.remedy(),
            "Set `client_id` (or `ARM_CLIENT_ID`), `client_secret` (or `ARM_CLIENT_SECRET`)."
        );
    }

    #[test]
    fn settings_do_not_print_their_secret() {
        let settings = ConnectionSettings {
            client_secret: Some(Secret::new("hunter2")),
            ..ConnectionSettings::default()
        };
        assert!(!format!("{settings:?}").contains("hunter2"));
    }
}
