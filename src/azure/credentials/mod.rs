//! Who we are: azurerm's credentials, tried in azurerm's order.
//!
//! The first one that is configured is used, and no other if it fails: a fallback would act as somebody else than was meant.
//!
//! | module | credential |
//! |---|---|
//! | `certificate` | client certificate: assertions signed with its key |
//! | `identity_token` | workload identity federation: HCP Terraform, GitHub Actions, Azure Pipelines, Kubernetes |
//! | `managed_identity` | the machine's own identity |
//! | `selection` | which one it is |
//! | `auxiliary` | tokens of other tenants beside it |
//!
//! Client secret and Azure CLI are `azure_identity`'s own.

mod auxiliary;
mod certificate;
mod identity_token;
mod managed_identity;
mod selection;

use std::{fmt, path::Path, sync::Arc};

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{ClientOptions, Url},
};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
};

pub(super) use auxiliary::AuxiliaryTokens;
pub use managed_identity::AppServiceIdentity;
pub use selection::CredentialKind;

use self::{
    certificate::{Certificate, SignedAssertion},
    identity_token::{IdentityToken, TokenRequest},
    managed_identity::ManagedIdentity,
    selection::{Selected, TokenSource},
};
use super::{
    http::Http,
    settings::{ConnectionSettings, SettingsError},
};

/// What credentials need to ask for tokens.
pub(super) struct Means<'a> {
    /// Who issues them.
    pub(super) authority: &'a Url,
    /// The client to ask through: proxy and certificate authorities of the settings.
    pub(super) http: &'a Http,
    /// The same for `azure_identity`, without retries.
    pub(super) options: ClientOptions,
}

/// The credential of the settings, and those for their auxiliary tenants.
pub(super) struct Credentials {
    pub(super) main: Arc<dyn TokenCredential>,
    pub(super) auxiliary: Vec<Arc<dyn TokenCredential>>,
}

/// Builds the credential that the settings ask for. Reads files, sends nothing.
pub(super) fn credentials(settings: &ConnectionSettings, means: &Means<'_>) -> Result<Credentials, SettingsError> {
    let selected = selection::select(settings)?;
    tracing::debug!(credential = %selected.kind(), "credential selected");
    let builder = Builder::new(settings, means, selected)?;
    let main = builder.build(None)?;
    let auxiliary = settings
        .auxiliary_tenant_ids
        .iter()
        .map(|tenant| builder.build(Some(tenant)))
        .collect::<Result<_, _>>()?;
    Ok(Credentials { main, auxiliary })
}

/// Builds one credential for several tenants.
struct Builder<'a> {
    settings: &'a ConnectionSettings,
    means: &'a Means<'a>,
    selected: Selected<'a>,
    certificate: Option<Arc<Certificate>>,
}

impl<'a> Builder<'a> {
    fn new(
        settings: &'a ConnectionSettings,
        means: &'a Means<'a>,
        selected: Selected<'a>,
    ) -> Result<Builder<'a>, SettingsError> {
        let certificate = match &selected {
            Selected::ClientCertificate { source, .. } => {
                let refuse = |reason| SettingsError::Certificate {
                    setting: source.setting(),
                    reason,
                };
                let content = source.content().map_err(refuse)?;
                let password = settings.client_certificate_password.as_ref();
                Some(Arc::new(Certificate::read(&content, password).map_err(refuse)?))
            }
            _ => None,
        };
        Ok(Builder {
            settings,
            means,
            selected,
            certificate,
        })
    }

    fn build(&self, auxiliary: Option<&str>) -> Result<Arc<dyn TokenCredential>, SettingsError> {
        let credential = match &self.selected {
            Selected::ClientCertificate { principal, .. } => {
                let tenant = auxiliary.unwrap_or(&principal.tenant_id);
                let certificate = self.certificate.clone().ok_or_else(|| SettingsError::Certificate {
                    setting: "client_certificate",
                    reason: "it was not read".to_owned(),
                })?;
                let assertion = SignedAssertion {
                    certificate,
                    client_id: principal.client_id.clone(),
                    audience: self.token_endpoint(tenant),
                };
                self.assertion(tenant, &principal.client_id, assertion)
            }
            Selected::ClientSecret { principal, secret } => {
                let options = ClientSecretCredentialOptions {
                    client_options: self.client_options(),
                };
                let tenant = auxiliary.unwrap_or(&principal.tenant_id);
                let secret = secret.expose().to_owned().into();
                ClientSecretCredential::new(tenant, principal.client_id.clone(), secret, Some(options))
                    .map(|credential| credential as Arc<dyn TokenCredential>)
            }
            Selected::IdentityToken { principal, source, .. } => {
                let tenant = auxiliary.unwrap_or(&principal.tenant_id);
                self.assertion(tenant, &principal.client_id, self.identity_token(source)?)
            }
            Selected::ManagedIdentity { client_id } => {
                if auxiliary.is_some() {
                    return Err(SettingsError::Auxiliary);
                }
                let settings = self.settings;
                ManagedIdentity::new(
                    settings.msi_endpoint.as_deref(),
                    settings.msi_api_version.as_deref(),
                    settings.app_service_identity.as_ref(),
                    client_id.clone(),
                )
                .map(|credential| Arc::new(credential) as Arc<dyn TokenCredential>)
                .map_err(failure)
            }
            Selected::AzureCli => {
                let options = AzureCliCredentialOptions {
                    // With a tenant, `az` takes no subscription: the two would contradict each other.
                    tenant_id: auxiliary.map(str::to_owned).or_else(|| self.settings.tenant_id.clone()),
                    ..AzureCliCredentialOptions::default()
                };
                AzureCliCredential::new(Some(options)).map(|credential| credential as Arc<dyn TokenCredential>)
            }
        };
        let credential = credential.map_err(|error| SettingsError::Credential(super::error::chain(&error)))?;
        Ok(Arc::new(Named {
            kind: self.selected.kind(),
            credential,
        }))
    }

    fn assertion<A: ClientAssertion + 'static>(
        &self,
        tenant: &str,
        client_id: &str,
        assertion: A,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let options = ClientAssertionCredentialOptions {
            client_options: self.client_options(),
        };
        ClientAssertionCredential::new(tenant.to_owned(), client_id.to_owned(), assertion, Some(options))
            .map(|credential| credential as Arc<dyn TokenCredential>)
    }

    fn identity_token(&self, source: &TokenSource<'_>) -> Result<IdentityToken, SettingsError> {
        Ok(match source {
            TokenSource::Given(token) => IdentityToken::Given((*token).clone()),
            TokenSource::File { setting, path } => IdentityToken::File {
                setting,
                path: (*path).to_owned(),
            },
            TokenSource::Request {
                url,
                bearer,
                service_connection,
            } => IdentityToken::Request(TokenRequest {
                http: self.means.http.clone(),
                url: super::cloud::https("oidc_request_url", url)?,
                bearer: (*bearer).clone(),
                service_connection: service_connection.map(str::to_owned),
            }),
        })
    }

    /// What an assertion is for; the address `azure_identity` sends it to.
    fn token_endpoint(&self, tenant: &str) -> String {
        let authority = self.means.authority.as_str().trim_end_matches('/');
        format!("{authority}/{tenant}/oauth2/v2.0/token")
    }

    fn client_options(&self) -> ClientOptions {
        // Always a custom cloud: with none, the credential would read its authority from `AZURE_AUTHORITY_HOST`, which is not ours.
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.means.authority.as_str().to_owned();
        ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..self.means.options.clone()
        }
    }
}

/// A credential whose failures say which one it is.
struct Named {
    kind: CredentialKind,
    credential: Arc<dyn TokenCredential>,
}

impl fmt::Debug for Named {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({})", self.kind)
    }
}

#[async_trait::async_trait]
impl TokenCredential for Named {
    async fn get_token(
        &self,
        scopes: &[&str],
        options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let token = self.credential.get_token(scopes, options).await;
        tracing::debug!(credential = %self.kind, obtained = token.is_ok(), "token for Azure Resource Manager");
        token.map_err(|source| {
            let kind = self.kind;
            azure_core::Error::new(ErrorKind::Credential, CredentialFailure { kind, source })
        })
    }
}

/// Why there is no token, and from whom.
#[derive(Debug, thiserror::Error)]
#[error("{kind}")]
pub(super) struct CredentialFailure {
    pub(super) kind: CredentialKind,
    source: azure_core::Error,
}

/// A failure that another attempt would not mend.
fn failure(message: impl Into<String>) -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::Credential, message.into())
}

/// A failure that goes away soon or never.
fn unavailable(message: String) -> azure_core::Error {
    azure_core::Error::with_message(ErrorKind::Io, message)
}

/// What stands in the file that a setting names, without the line end that editors add.
fn read_text(setting: &'static str, path: &Path) -> Result<String, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("`{setting}` is `{}`, which cannot be read: {error}", path.display()))?;
    let text = text.trim();
    if text.is_empty() {
        return Err(format!("`{setting}` is `{}`, which is empty", path.display()));
    }
    Ok(text.to_owned())
}
