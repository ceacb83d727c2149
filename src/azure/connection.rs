//! HTTP client, credential and pipeline.
//!
//! Built at the first request and not before: Terraform starts a provider three to five times per command, most of them without
//! a word to Azure.

use std::{fs, path::Path, sync::Arc, time::Duration};

use azure_core::{
    cloud::{CloudConfiguration, CustomConfiguration},
    credentials::TokenCredential,
    http::{
        ClientOptions, LoggingOptions, Pipeline, RetryOptions, Transport, Url,
        policies::auth::BearerTokenAuthorizationPolicy,
    },
};
use azure_identity::{ClientSecretCredential, ClientSecretCredentialOptions};

use super::{
    cloud::Endpoints,
    settings::{ConnectionSettings, ServicePrincipal, SettingsError},
};

/// A corporate proxy can take its time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(20);

/// Azure answers a PUT within seconds, and a synchronous one within a minute.
const READ_TIMEOUT: Duration = Duration::from_secs(60);

/// Everything a request needs.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) resource_manager: Url,
    pub(super) pipeline: Pipeline,
}

impl Connection {
    /// Builds a connection; sends nothing.
    pub(super) fn open(settings: &ConnectionSettings) -> Result<Connection, SettingsError> {
        let principal = settings.service_principal()?;
        let endpoints = Endpoints::of(settings)?;
        let transport = Transport::new(Arc::new(http_client(settings.ca_bundle.as_deref())?));
        let credential = credential(&principal, &endpoints.authority, transport.clone())?;
        Ok(Connection::over(endpoints, credential, transport))
    }

    /// The connection that uses `transport`.
    pub(super) fn over(endpoints: Endpoints, credential: Arc<dyn TokenCredential>, transport: Transport) -> Connection {
        let authorization = Arc::new(BearerTokenAuthorizationPolicy::new(credential, [endpoints.scope]));
        let pipeline = Pipeline::new(
            Some("lockeddown"),
            Some(env!("CARGO_PKG_VERSION")),
            client_options(transport),
            Vec::new(),
            vec![authorization],
            None,
        );
        Connection {
            resource_manager: endpoints.resource_manager,
            pipeline,
        }
    }
}

fn credential(
    principal: &ServicePrincipal<'_>,
    authority: &Url,
    transport: Transport,
) -> Result<Arc<dyn TokenCredential>, SettingsError> {
    // Always a custom cloud: with none, the credential would read its authority from `AZURE_AUTHORITY_HOST`, which is not ours.
    let mut cloud = CustomConfiguration::default();
    cloud.authority_host = authority.as_str().to_owned();
    let options = ClientSecretCredentialOptions {
        client_options: ClientOptions {
            cloud: Some(Arc::new(CloudConfiguration::Custom(cloud))),
            ..client_options(transport)
        },
    };
    let secret = principal.client_secret.expose().to_owned();
    let credential = ClientSecretCredential::new(
        principal.tenant_id,
        principal.client_id.to_owned(),
        secret.into(),
        Some(options),
    )
    .map_err(|error| SettingsError::Credential(super::error::chain(&error)))?;
    Ok(credential)
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

/// The platform's certificate authorities and those of the bundle; proxies from the environment.
fn http_client(ca_bundle: Option<&Path>) -> Result<reqwest::Client, SettingsError> {
    let builder = reqwest::Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        // ARM redirects nobody; a redirect that is followed takes the token along.
        .redirect(reqwest::redirect::Policy::none())
        .https_only(true);
    let builder = match ca_bundle {
        Some(path) => builder.tls_certs_merge(certificates(path)?),
        None => builder,
    };
    builder
        .build()
        .map_err(|error| SettingsError::HttpClient(with_causes(&error)))
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, SettingsError> {
    let refuse = |reason: String| SettingsError::CaBundle {
        path: path.to_owned(),
        reason,
    };
    let pem = fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let certificates = reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| refuse(with_causes(&error)))?;
    if certificates.is_empty() {
        return Err(refuse("it holds no PEM certificate".to_owned()));
    }
    Ok(certificates)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
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

    #[test]
    fn a_connection_opens_without_a_network_and_does_not_print_the_secret() {
        let connection = Connection::open(&settings()).unwrap();
        assert!(!format!("{connection:?}").contains("hunter2"));
    }

    #[test]
    fn a_bundle_that_is_none_is_refused_with_its_path() {
        for (path, reason) in [
            ("does/not/exist.pem", "No such file"),
            ("Cargo.toml", "holds no PEM certificate"),
        ] {
            let settings = ConnectionSettings {
                ca_bundle: Some(path.into()),
                ..settings()
            };
            let error = Connection::open(&settings).expect_err(path).to_string();
            assert!(error.contains(path) && error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_tenant_that_cannot_be_one_is_refused_before_anything_is_sent() {
        let settings = ConnectionSettings {
            tenant_id: Some("not a tenant".into()),
            ..settings()
        };
        assert!(matches!(Connection::open(&settings), Err(SettingsError::Credential(_))));
    }
}
