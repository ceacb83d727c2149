//! The identity of the machine itself.
//!
//! The metadata service listens on a link-local address, in clear, and gives a token to whoever asks from the machine: asked through
//! a proxy it would give the proxy's, or nothing, so its requests never go through one. `azure_identity`'s own credential sends
//! them to `HTTP_PROXY` and knows no other endpoint.

use std::time::Duration;

use azure_core::{
    credentials::{AccessToken, Secret as CoreSecret, TokenCredential, TokenRequestOptions},
    http::Url,
    time::OffsetDateTime,
};
use serde_json::Value;

use super::{
    super::{http::transport, secret::Secret},
    failure, unavailable,
};

/// Every Azure virtual machine: <https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service>.
const METADATA_SERVICE: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const METADATA_VERSION: &str = "2018-02-01";
/// App Service, Functions, Container Apps: <https://learn.microsoft.com/azure/app-service/overview-managed-identity>.
const APP_SERVICE_VERSION: &str = "2019-08-01";

/// The service is on this machine: it is there at once or not at all.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Asks the machine for a token.
#[derive(Debug)]
pub(super) struct ManagedIdentity {
    http: reqwest::Client,
    endpoint: Url,
    api_version: String,
    /// Of a user-assigned identity.
    client_id: Option<String>,
    /// What App Service wants to see, so that no other process of the machine gets a token.
    header: Option<Secret>,
}

/// Where App Service, Functions and Container Apps answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppServiceIdentity {
    /// `IDENTITY_ENDPOINT`.
    pub endpoint: String,
    /// `IDENTITY_HEADER`.
    pub header: Secret,
}

impl ManagedIdentity {
    pub(super) fn new(
        endpoint: Option<&str>,
        api_version: Option<&str>,
        app_service: Option<&AppServiceIdentity>,
        client_id: Option<String>,
    ) -> Result<ManagedIdentity, String> {
        // Its header opens the identity: it goes to the endpoint it came with and to no other.
        let app_service = app_service.filter(|service| endpoint.is_none_or(|endpoint| endpoint == service.endpoint));
        let (address, version) = match app_service {
            Some(service) => (service.endpoint.as_str(), APP_SERVICE_VERSION),
            None => (endpoint.unwrap_or(METADATA_SERVICE), METADATA_VERSION),
        };
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| error.to_string())?;
        Ok(ManagedIdentity {
            http,
            endpoint: Url::parse(address).map_err(|error| format!("`msi_endpoint` is no address: {error}"))?,
            api_version: api_version.unwrap_or(version).to_owned(),
            client_id,
            header: app_service.map(|service| service.header.clone()),
        })
    }

    async fn ask(&self, resource: &str) -> azure_core::Result<AccessToken> {
        let mut url = self.endpoint.clone();
        url.query_pairs_mut()
            .append_pair("api-version", &self.api_version)
            .append_pair("resource", resource)
            .extend_pairs(self.client_id.iter().map(|id| ("client_id", id)));
        let request = self.http.get(url);
        let request = match &self.header {
            Some(header) => request.header("x-identity-header", header.expose()),
            None => request.header("metadata", "true"),
        };
        let response = request.send().await.map_err(transport)?;
        let status = response.status().as_u16();
        let body: Value = serde_json::from_str(&response.text().await.map_err(transport)?).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        if status != 200 {
            let said = text("error_description")
                .or_else(|| text("message"))
                .or_else(|| body.pointer("/error/message")?.as_str())
                .unwrap_or("it does not say why");
            let message = format!("the endpoint answers with status {status}: {said}");
            // Microsoft lists these as "try again": the identity is being moved or assigned.
            return Err(match status {
                404 | 410 | 429 | 500.. => unavailable(message),
                _ => failure(message),
            });
        }
        let token = text("access_token").ok_or_else(|| failure("the endpoint answers without `access_token`"))?;
        // A number, or a text of digits, depending on who answers.
        let expires_on = body
            .get("expires_on")
            .and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()))
            .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
            .ok_or_else(|| failure("the endpoint answers without `expires_on`"))?;
        Ok(AccessToken::new(CoreSecret::new(token.to_owned()), expires_on))
    }
}

#[async_trait::async_trait]
impl TokenCredential for ManagedIdentity {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        // It wants the resource, not a scope.
        let scope = scopes.first().copied().unwrap_or_default();
        self.ask(scope.strip_suffix("/.default").unwrap_or(scope)).await
    }
}
