//! Tokens of another issuer that Entra takes for ours (workload identity federation): HCP Terraform, GitHub Actions, Azure
//! Pipelines, Kubernetes.
//!
//! They live for minutes and are renewed where they come from, so that they are asked for or read again for every token request.

use std::path::{Path, PathBuf};

use azure_core::http::{ClientMethodOptions, Url};
use azure_identity::ClientAssertion;
use serde_json::Value;

use super::{
    super::{
        http::{Http, transport},
        secret::Secret,
    },
    failure, read_text, unavailable,
};

/// The audience that Entra expects unless the federated credential says otherwise.
const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Where the token comes from.
#[derive(Clone, Debug)]
pub(super) enum IdentityToken {
    /// It was given.
    Given(Secret),
    /// A file that its issuer keeps up to date.
    File {
        /// The setting that names it.
        setting: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The pipeline's issuer answers a request.
    Request(TokenRequest),
}

/// A request to a pipeline's issuer.
#[derive(Clone, Debug)]
pub(super) struct TokenRequest {
    pub(super) http: Http,
    pub(super) url: Url,
    /// What authorises the request.
    pub(super) bearer: Secret,
    /// Azure Pipelines asks for a service connection; GitHub Actions does not.
    pub(super) service_connection: Option<String>,
}

#[async_trait::async_trait]
impl ClientAssertion for IdentityToken {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        match self {
            IdentityToken::Given(token) => Ok(token.expose().to_owned()),
            IdentityToken::File { setting, path } => from_file(setting, path),
            IdentityToken::Request(request) => request.send().await,
        }
    }
}

fn from_file(setting: &'static str, path: &Path) -> azure_core::Result<String> {
    read_text(setting, path).map_err(failure)
}

impl TokenRequest {
    async fn send(&self) -> azure_core::Result<String> {
        let mut url = self.url.clone();
        let (request, field) = match &self.service_connection {
            Some(connection) => {
                url.query_pairs_mut()
                    .append_pair("api-version", "7.1")
                    .append_pair("serviceConnectionId", connection);
                // The answer to somebody who is not signed in would be a redirect to a page.
                let request = self.http.post(url).header("x-tfs-fedauthredirect", "Suppress");
                (request.header("content-length", "0"), "oidcToken")
            }
            None => {
                // Whoever set another audience in the address means it.
                if !url.query_pairs().any(|(name, _)| name == "audience") {
                    url.query_pairs_mut().append_pair("audience", AUDIENCE);
                }
                (self.http.get(url), "value")
            }
        };
        let request = request
            .header("accept", "application/json")
            .bearer_auth(self.bearer.expose());
        let response = self.http.send(request).await?;
        let status = response.status();
        let body = response.text().await.map_err(transport)?;
        if status.as_u16() == 429 || status.is_server_error() {
            return Err(unavailable(format!(
                "`oidc_request_url` answers with status {} for now",
                status.as_u16()
            )));
        }
        if !status.is_success() {
            return Err(failure(format!(
                "`oidc_request_url` answers with status {}, not with a token",
                status.as_u16()
            )));
        }
        serde_json::from_str::<Value>(&body)
            .ok()
            .and_then(|body| Some(body.get(field)?.as_str()?.to_owned()))
            .ok_or_else(|| failure(format!("`oidc_request_url` answers without `{field}`")))
    }
}
