//! Tokens of other tenants, for requests that touch resources there: a peering names a network of another tenant.
//!
//! <https://learn.microsoft.com/azure/azure-resource-manager/management/authenticate-multi-tenant>

use std::sync::Arc;

use azure_core::{
    credentials::{AccessToken, TokenCredential},
    http::{
        Context, Request,
        headers::HeaderName,
        policies::{Policy, PolicyResult},
    },
    time::{Duration, OffsetDateTime},
};
use tokio::sync::Mutex;

const HEADER: HeaderName = HeaderName::from_static("x-ms-authorization-auxiliary");

/// As early as the main token is renewed.
const EARLY: Duration = Duration::minutes(5);

/// Adds the tokens of other tenants to every request.
#[derive(Debug)]
pub(in super::super) struct AuxiliaryTokens {
    scope: String,
    tenants: Vec<Tenant>,
}

#[derive(Debug)]
struct Tenant {
    credential: Arc<dyn TokenCredential>,
    // Not every credential remembers its token; the Azure CLI takes half a second each time.
    token: Mutex<Option<AccessToken>>,
}

impl AuxiliaryTokens {
    pub(in super::super) fn new(scope: String, credentials: Vec<Arc<dyn TokenCredential>>) -> AuxiliaryTokens {
        let tenants = credentials.into_iter().map(|credential| Tenant {
            credential,
            token: Mutex::new(None),
        });
        AuxiliaryTokens {
            scope,
            tenants: tenants.collect(),
        }
    }
}

impl Tenant {
    async fn token(&self, scope: &str) -> azure_core::Result<String> {
        let mut slot = self.token.lock().await;
        if let Some(token) = slot
            .as_ref()
            .filter(|token| token.expires_on > OffsetDateTime::now_utc() + EARLY)
        {
            return Ok(token.token.secret().to_owned());
        }
        let token = self.credential.get_token(&[scope], None).await?;
        let secret = token.token.secret().to_owned();
        *slot = Some(token);
        Ok(secret)
    }
}

#[expect(
    elided_lifetimes_in_paths,
    reason = "the trait's own spelling: a named lifetime would be another signature"
)]
#[async_trait::async_trait]
impl Policy for AuxiliaryTokens {
    async fn send(&self, context: &Context, request: &mut Request, next: &[Arc<dyn Policy>]) -> PolicyResult {
        let mut tokens = Vec::with_capacity(self.tenants.len());
        for tenant in &self.tenants {
            tokens.push(format!("Bearer {}", tenant.token(&self.scope).await?));
        }
        request.insert_header(HEADER, tokens.join(", "));
        match next {
            [following, rest @ ..] => following.send(context, request, rest).await,
            [] => Err(super::failure("the pipeline ends before its transport")),
        }
    }
}
