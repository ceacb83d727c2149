//! Which credential the settings ask for.

use std::{borrow::Cow, fmt, path::Path};

use base64::{Engine, engine::general_purpose};

use super::{
    super::{
        secret::Secret,
        settings::{ConnectionSettings, SettingsError},
    },
    read_text,
};

/// The kinds of credentials, in the order in which they are considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialKind {
    /// A service principal's certificate.
    ClientCertificate,
    /// A service principal's secret.
    ClientSecret,
    /// A token of HCP Terraform or of whoever else issued it.
    OidcToken,
    /// A token of Kubernetes.
    AksWorkloadIdentity,
    /// A token of an Azure DevOps service connection.
    AzurePipelines,
    /// A token of GitHub Actions, or of a pipeline like it.
    OidcRequest,
    /// The machine's own identity.
    ManagedIdentity,
    /// Whoever is signed in with the Azure CLI.
    AzureCli,
}

impl fmt::Display for CredentialKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            CredentialKind::ClientCertificate => "client certificate",
            CredentialKind::ClientSecret => "client secret",
            CredentialKind::OidcToken => "OpenID Connect token",
            CredentialKind::AksWorkloadIdentity => "AKS workload identity",
            CredentialKind::AzurePipelines => "Azure Pipelines service connection",
            CredentialKind::OidcRequest => "OpenID Connect token of the pipeline",
            CredentialKind::ManagedIdentity => "managed identity",
            CredentialKind::AzureCli => "Azure CLI",
        })
    }
}

impl CredentialKind {
    /// What to look at when it was refused.
    pub(in super::super) fn remedy(self) -> &'static str {
        match self {
            CredentialKind::ClientCertificate => {
                "Check `tenant_id` and `client_id`, that exactly this certificate is registered with the application and has not \
                 expired there, and that `environment` is the cloud of the tenant."
            }
            CredentialKind::ClientSecret => {
                "Check tenant, client id and secret, whether the secret has expired, and that `environment` is the cloud of the tenant."
            }
            CredentialKind::OidcToken => {
                "Check `tenant_id` and `client_id`, that the token is still valid where it comes from (`oidc_token_file_path` is \
                 read again for every token, `oidc_token` cannot be), and that the application has a federated credential with \
                 exactly the token's issuer, subject and audience."
            }
            CredentialKind::AksWorkloadIdentity => {
                "Check that the pod has the label `azure.workload.identity/use`, that its service account names the client id, and \
                 that the application has a federated credential for the cluster's issuer and this service account."
            }
            CredentialKind::AzurePipelines => {
                "Check `ado_pipeline_service_connection_id`, that the pipeline may use that service connection, and that the step maps \
                 `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`."
            }
            CredentialKind::OidcRequest => {
                "Check that the workflow has `permissions: id-token: write`, and that the application has a federated credential for \
                 exactly this repository and this branch, environment or event."
            }
            CredentialKind::ManagedIdentity => {
                "Check that this machine has a managed identity, that `client_id` (or `ARM_CLIENT_ID`) is empty or that of an identity \
                 assigned to it, and `msi_endpoint` where the platform is neither a virtual machine nor App Service."
            }
            CredentialKind::AzureCli => {
                "The Azure CLI is tried where nothing else is configured. Install it and sign in with `az login`; or set `tenant_id`, \
                 `client_id` and `client_secret` (or `ARM_TENANT_ID`, `ARM_CLIENT_ID` and `ARM_CLIENT_SECRET`) or another credential \
                 of the provider's documentation. `use_cli = false` turns it off."
            }
        }
    }
}

/// The ids of a service principal.
pub(super) struct Principal {
    pub(super) tenant_id: String,
    pub(super) client_id: String,
}

/// A credential with everything it needs.
pub(super) enum Selected<'a> {
    ClientCertificate {
        principal: Principal,
        source: CertificateSource<'a>,
    },
    ClientSecret {
        principal: Principal,
        secret: Cow<'a, Secret>,
    },
    IdentityToken {
        principal: Principal,
        source: TokenSource<'a>,
        kind: CredentialKind,
    },
    ManagedIdentity {
        client_id: Option<String>,
    },
    AzureCli,
}

/// Where a certificate is.
pub(super) enum CertificateSource<'a> {
    Base64(&'a Secret),
    File(&'a Path),
}

/// Where the token of another issuer comes from.
pub(super) enum TokenSource<'a> {
    Given(&'a Secret),
    File {
        setting: &'static str,
        path: &'a Path,
    },
    Request {
        url: &'a str,
        bearer: &'a Secret,
        service_connection: Option<&'a str>,
    },
}

impl CertificateSource<'_> {
    pub(super) fn setting(&self) -> &'static str {
        match self {
            CertificateSource::Base64(_) => "client_certificate",
            CertificateSource::File(_) => "client_certificate_path",
        }
    }

    pub(super) fn content(&self) -> Result<Vec<u8>, String> {
        match self {
            CertificateSource::Base64(text) => {
                // Some tools break the lines.
                let text: String = text.expose().split_whitespace().collect();
                general_purpose::STANDARD
                    .decode(text)
                    .map_err(|_| "it is not Base64".to_owned())
            }
            CertificateSource::File(path) => {
                std::fs::read(path).map_err(|error| format!("`{}` cannot be read: {error}", path.display()))
            }
        }
    }
}

impl Selected<'_> {
    pub(super) fn kind(&self) -> CredentialKind {
        match self {
            Selected::ClientCertificate { .. } => CredentialKind::ClientCertificate,
            Selected::ClientSecret { .. } => CredentialKind::ClientSecret,
            Selected::IdentityToken { kind, .. } => *kind,
            Selected::ManagedIdentity { .. } => CredentialKind::ManagedIdentity,
            Selected::AzureCli => CredentialKind::AzureCli,
        }
    }
}

/// The first credential of azurerm's order that is configured. One that is begun and incomplete is an error: azurerm goes on to the
/// next, and then acts as whoever happens to be signed in with the Azure CLI.
pub(super) fn select(settings: &ConnectionSettings) -> Result<Selected<'_>, SettingsError> {
    let certificate = match (&settings.client_certificate, &settings.client_certificate_path) {
        (Some(text), _) => Some(CertificateSource::Base64(text)),
        (None, Some(path)) => Some(CertificateSource::File(path)),
        (None, None) => None,
    };
    if let Some(source) = certificate {
        let principal = principal(settings, None)?;
        return Ok(Selected::ClientCertificate { principal, source });
    }
    if let Some(secret) = client_secret(settings)? {
        let principal = principal(settings, None)?;
        return Ok(Selected::ClientSecret { principal, secret });
    }
    if (settings.use_oidc || settings.use_aks_workload_identity)
        && let Some((kind, source)) = token_source(settings)?
    {
        let principal = principal(settings, None)?;
        return Ok(Selected::IdentityToken {
            principal,
            source,
            kind,
        });
    }
    if settings.use_msi {
        let client_id = client_id(settings)?;
        return Ok(Selected::ManagedIdentity { client_id });
    }
    if settings.use_cli && !settings.use_oidc && !settings.use_aks_workload_identity {
        return Ok(Selected::AzureCli);
    }
    let missing = missing(settings);
    match principal(settings, Some(missing)) {
        Err(error) => Err(error),
        Ok(_) => Err(SettingsError::Missing(vec![missing])),
    }
}

/// What a credential without anything to show for itself lacks first.
fn missing(settings: &ConnectionSettings) -> (&'static str, &'static str) {
    if settings.use_aks_workload_identity {
        ("oidc_token_file_path", "AZURE_FEDERATED_TOKEN_FILE")
    } else if !settings.use_oidc {
        ("client_secret", "ARM_CLIENT_SECRET")
    } else if settings.ado_pipeline_service_connection_id.is_some() {
        match settings.oidc_request_token {
            None => ("oidc_request_token", "SYSTEM_ACCESSTOKEN"),
            Some(_) => ("oidc_request_url", "SYSTEM_OIDCREQUESTURI"),
        }
    } else {
        ("oidc_token_file_path", "ARM_OIDC_TOKEN_FILE_PATH")
    }
}

/// Tenant and client id, or everything that is missing, with what else is, at once.
fn principal(
    settings: &ConnectionSettings,
    also_missing: Option<(&'static str, &'static str)>,
) -> Result<Principal, SettingsError> {
    match (settings.tenant_id.clone(), client_id(settings)?) {
        (Some(tenant_id), Some(client_id)) => Ok(Principal { tenant_id, client_id }),
        (tenant_id, client_id) => {
            let mut missing = Vec::new();
            missing.extend(tenant_id.is_none().then_some(("tenant_id", "ARM_TENANT_ID")));
            missing.extend(client_id.is_none().then_some(("client_id", "ARM_CLIENT_ID")));
            missing.extend(also_missing);
            Err(SettingsError::Missing(missing))
        }
    }
}

fn client_id(settings: &ConnectionSettings) -> Result<Option<String>, SettingsError> {
    let file = contents("client_id_file_path", settings.client_id_file_path.as_deref())?;
    agree(settings.client_id.clone(), file, ("client_id", "client_id_file_path"))
}

fn client_secret(settings: &ConnectionSettings) -> Result<Option<Cow<'_, Secret>>, SettingsError> {
    let file = contents("client_secret_file_path", settings.client_secret_file_path.as_deref())?.map(Secret::new);
    let given = settings.client_secret.as_ref().map(Cow::Borrowed);
    agree(
        given,
        file.map(Cow::Owned),
        ("client_secret", "client_secret_file_path"),
    )
}

fn token_source(settings: &ConnectionSettings) -> Result<Option<(CredentialKind, TokenSource<'_>)>, SettingsError> {
    let kind = if settings.use_aks_workload_identity {
        CredentialKind::AksWorkloadIdentity
    } else {
        CredentialKind::OidcToken
    };
    if let Some(path) = settings.oidc_token_file_path.as_deref() {
        let setting = "oidc_token_file_path";
        if let Some(token) = &settings.oidc_token {
            let file = contents(setting, Some(path))?.map(Secret::new);
            agree(Some(token.clone()), file, ("oidc_token", setting))?;
        }
        return Ok(Some((kind, TokenSource::File { setting, path })));
    }
    if let Some(token) = &settings.oidc_token {
        return Ok(Some((kind, TokenSource::Given(token))));
    }
    let (Some(url), Some(bearer)) = (&settings.oidc_request_url, &settings.oidc_request_token) else {
        return Ok(None);
    };
    let service_connection = settings.ado_pipeline_service_connection_id.as_deref();
    let kind = match service_connection {
        Some(_) => CredentialKind::AzurePipelines,
        None => CredentialKind::OidcRequest,
    };
    let source = TokenSource::Request {
        url,
        bearer,
        service_connection,
    };
    Ok(Some((kind, source)))
}

fn contents(setting: &'static str, path: Option<&Path>) -> Result<Option<String>, SettingsError> {
    let text = path.map(|path| read_text(setting, path)).transpose();
    text.map_err(SettingsError::File)
}

/// A value and the file with the same value: azurerm allows both and demands that they agree.
fn agree<T: PartialEq>(
    given: Option<T>,
    file: Option<T>,
    names: (&'static str, &'static str),
) -> Result<Option<T>, SettingsError> {
    match (given, file) {
        (Some(given), Some(file)) if given != file => Err(SettingsError::Mismatch(names.0, names.1)),
        (given, file) => Ok(given.or(file)),
    }
}

#[cfg(test)]
mod tests;
