//! Credential and pipeline.
//!
//! Built at the first request and not before: Terraform starts a provider three to five times per command, most of them without
//! a word to Azure.

use std::sync::Arc;

use azure_core::http::{
    ClientOptions, LoggingOptions, Pipeline, RetryOptions, Transport, Url,
    policies::{Policy, auth::BearerTokenAuthorizationPolicy},
};

use super::{
    cloud::Endpoints,
    credentials::{self, AuxiliaryTokens, Credentials, Means},
    http::Http,
    settings::{ConnectionSettings, SettingsError},
};

/// Everything a request needs.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) resource_manager: Url,
    pub(super) pipeline: Pipeline,
}

impl Connection {
    /// Builds a connection. Sends nothing, unless the cloud has to be asked for its addresses.
    pub(super) async fn open(settings: &ConnectionSettings) -> Result<Connection, SettingsError> {
        if !settings.unknown.is_empty() {
            return Err(SettingsError::Unknown(settings.unknown.clone()));
        }
        let http = Http::of(settings)?;
        let endpoints = Endpoints::discover(settings, &http).await?;
        let transport = Transport::new(Arc::new(http.clone()));
        let means = Means {
            authority: &endpoints.authority,
            http: &http,
            options: client_options(transport.clone()),
        };
        let credentials = credentials::credentials(settings, &means)?;
        Ok(Connection::with(endpoints, credentials, transport))
    }

    /// The connection of one tenant that uses `transport`.
    #[cfg(test)]
    pub(super) fn over(
        endpoints: Endpoints,
        credential: Arc<dyn azure_core::credentials::TokenCredential>,
        transport: Transport,
    ) -> Connection {
        let credentials = Credentials {
            main: credential,
            auxiliary: Vec::new(),
        };
        Connection::with(endpoints, credentials, transport)
    }

    fn with(endpoints: Endpoints, credentials: Credentials, transport: Transport) -> Connection {
        let scope = endpoints.scope;
        let authorization = BearerTokenAuthorizationPolicy::new(credentials.main, [scope.clone()]);
        let mut policies: Vec<Arc<dyn Policy>> = vec![Arc::new(authorization)];
        if !credentials.auxiliary.is_empty() {
            policies.push(Arc::new(AuxiliaryTokens::new(scope, credentials.auxiliary)));
        }
        let pipeline = Pipeline::new(
            Some("lockeddown"),
            Some(env!("CARGO_PKG_VERSION")),
            client_options(transport),
            Vec::new(),
            policies,
            None,
        );
        Connection {
            resource_manager: endpoints.resource_manager,
            pipeline,
        }
    }
}

/// No retries inside the pipeline: our own loop knows deadlines and error codes.
fn client_options(transport: Transport) -> ClientOptions {
    let logged_headers = [
        "x-ms-correlation-request-id",
        "x-ms-arm-service-request-id",
        "x-ms-ratelimit-remaining-subscription-reads",
        "x-ms-ratelimit-remaining-subscription-writes",
        "x-ms-ratelimit-remaining-subscription-deletes",
    ];
    ClientOptions {
        transport: Some(transport),
        retry: RetryOptions::none(),
        logging: LoggingOptions {
            additional_allowed_header_names: logged_headers.into_iter().map(Into::into).collect(),
            ..LoggingOptions::default()
        },
        ..ClientOptions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::azure::secret::Secret;

    fn settings() -> ConnectionSettings {
        ConnectionSettings {
            tenant_id: Some("11111111-1111-1111-1111-111111111111".into()),
            client_id: Some("client".into()),
            client_secret: Some(Secret::new("hunter2")),
            ..ConnectionSettings::default()
        }
    }

    #[tokio::test]
    async fn a_connection_opens_without_a_network_and_does_not_print_the_secret() {
        let connection = Connection::open(&settings()).await.unwrap();
        assert!(!format!("{connection:?}").contains("hunter2"));
    }

    #[tokio::test]
    async fn a_bundle_that_is_none_is_refused_with_its_path() {
        for (path, reason) in [
            ("does/not/exist.pem", "No such file"),
            ("Cargo.toml", "holds no PEM certificate"),
        ] {
            let settings = ConnectionSettings {
                ca_bundle: Some(path.into()),
                ..settings()
            };
            let error = Connection::open(&settings).await.expect_err(path).to_string();
            assert!(error.contains(path) && error.contains(reason), "{error}");
        }
    }

    #[tokio::test]
    async fn a_tenant_that_cannot_be_one_is_refused_before_anything_is_sent() {
        let settings = ConnectionSettings {
            tenant_id: Some("not a tenant".into()),
            ..settings()
        };
        assert!(matches!(
            Connection::open(&settings).await,
            Err(SettingsError::Credential(_))
        ));
    }
}
