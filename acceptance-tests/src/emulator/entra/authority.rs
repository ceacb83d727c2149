//! What the authority knows: tokens it gave, and whom it believes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant, SystemTime};

use super::assertion::Trust;

/// Entra's usual lifetime of a token, more or less.
const LIFETIME: Duration = Duration::from_secs(3_599);

/// Tokens and trust.
pub(in super::super) struct Authority {
    tokens: BTreeMap<String, Issued>,
    lifetime: Duration,
    pub(super) trust: Trust,
    /// What authorises the runs of pipelines to ask for identity tokens.
    pub(super) pipelines: Vec<Pipeline>,
    /// What App Service puts into `IDENTITY_HEADER`.
    pub(in super::super) identity_header: String,
    /// Tenants whose tokens came along as auxiliary ones.
    pub(in super::super) auxiliary_tenants: BTreeSet<String>,
}

struct Issued {
    tenant: String,
    expires: Instant,
}

/// A pipeline that may ask for identity tokens.
pub(super) struct Pipeline {
    pub(super) bearer: String,
    /// Of Azure Pipelines; GitHub Actions has none.
    pub(super) service_connection: Option<String>,
}

impl Authority {
    pub(in super::super) fn new() -> Self {
        Self {
            tokens: BTreeMap::new(),
            lifetime: LIFETIME,
            trust: Trust::default(),
            pipelines: Vec::new(),
            identity_header: secret("identity-header"),
            auxiliary_tenants: BTreeSet::new(),
        }
    }

    /// A new token: itself, its lifetime in seconds, and its end in seconds since 1970.
    pub(in super::super) fn issue(&mut self, tenant: &str) -> (String, u64, u64) {
        let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
        let issued = Issued {
            tenant: tenant.to_lowercase(),
            expires: Instant::now() + self.lifetime,
        };
        self.tokens.insert(token.clone(), issued);
        let end = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| (since + self.lifetime).as_secs());
        (token, self.lifetime.as_secs(), end)
    }

    /// The tenant of a token that is still good.
    pub(in super::super) fn tenant_of(&self, token: &str) -> Option<&str> {
        let issued = self.tokens.get(token)?;
        (issued.expires > Instant::now()).then_some(issued.tenant.as_str())
    }

    pub(in super::super) fn revoke_all(&mut self) {
        self.tokens.clear();
    }

    /// Every token ever given, so that a test can look for them where they must not be.
    pub(in super::super) fn all_tokens(&self) -> Vec<String> {
        self.tokens.keys().cloned().collect()
    }

    pub(in super::super) fn set_lifetime(&mut self, lifetime: Duration) {
        self.lifetime = lifetime;
    }

    pub(in super::super) fn add_certificate(&mut self, der: &[u8], public_key: &[u8]) {
        self.trust.add_certificate(der, public_key);
    }

    /// A token of another issuer that the application's federated credential is for.
    pub(in super::super) fn issue_identity_token(&mut self, audience: &str, lifetime: Duration) -> String {
        let token = format!("{}.{}.{}", secret("canary-jwt"), secret("claims"), secret("signature"));
        self.trust
            .add_identity_token(token.clone(), audience.to_owned(), Instant::now() + lifetime);
        token
    }

    pub(in super::super) fn revoke_identity_token(&mut self, token: &str) {
        self.trust.revoke_identity_token(token);
    }

    /// Lets a pipeline ask for identity tokens; gives what authorises it.
    pub(in super::super) fn add_pipeline(&mut self, service_connection: Option<&str>) -> String {
        let bearer = secret("canary-pipeline");
        self.pipelines.push(Pipeline {
            bearer: bearer.clone(),
            service_connection: service_connection.map(str::to_owned),
        });
        bearer
    }
}

/// Found out wherever it shows up.
fn secret(name: &str) -> String {
    format!("{name}-{}", uuid::Uuid::new_v4().simple())
}
