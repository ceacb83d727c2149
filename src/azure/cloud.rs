//! The addresses of a cloud.
//!
//! `azure_core`'s `CloudConfiguration` knows authorities only; the endpoint of Azure Resource Manager and the audience of its
//! tokens are ours to know. A cloud that is none of Microsoft's (Azure Stack Hub, a sovereign one) tells them itself.

use std::time::Duration;

use azure_core::http::Url;
use serde_json::Value;

use super::{
    error::{chain, is_final},
    http::{Http, transport},
    settings::{ConnectionSettings, SettingsError},
};
use crate::regions::Cloud;

/// Where to ask for tokens and where to send them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoints {
    /// Azure Resource Manager. Requests go to this host only.
    pub(super) resource_manager: Url,
    /// What tokens are asked for.
    pub(super) scope: String,
    /// Who issues them.
    pub(super) authority: Url,
}

/// The addresses of a cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Addresses {
    resource_manager: String,
    audience: String,
    authority: String,
}

impl Endpoints {
    /// The addresses of the settings' cloud, with the settings' own where there are any. Connects only where `metadata_host` asks
    /// for it.
    pub(super) async fn discover(settings: &ConnectionSettings, http: &Http) -> Result<Endpoints, SettingsError> {
        match &settings.metadata_host {
            Some(host) => Endpoints::with(settings, ask(host, http).await?),
            None => Endpoints::of(settings),
        }
    }

    /// The addresses of one of Microsoft's clouds, with the settings' own where there are any.
    pub(super) fn of(settings: &ConnectionSettings) -> Result<Endpoints, SettingsError> {
        let (resource_manager, authority) = match settings.environment {
            Cloud::Public => ("https://management.azure.com", "https://login.microsoftonline.com"),
            Cloud::UsGovernment => (
                "https://management.usgovcloudapi.net",
                "https://login.microsoftonline.us",
            ),
            Cloud::China => ("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
        };
        let addresses = Addresses {
            resource_manager: resource_manager.to_owned(),
            // An endpoint of its own (a private link, say) does not change what the cloud's tokens are for.
            audience: resource_manager.to_owned(),
            authority: authority.to_owned(),
        };
        Endpoints::with(settings, addresses)
    }

    fn with(settings: &ConnectionSettings, cloud: Addresses) -> Result<Endpoints, SettingsError> {
        let own = |own: &Option<String>, clouds: String| own.clone().unwrap_or(clouds);
        let audience = own(&settings.resource_manager_audience, cloud.audience);
        let resource_manager = own(&settings.resource_manager_endpoint, cloud.resource_manager);
        let authority = own(&settings.active_directory_authority_host, cloud.authority);
        Ok(Endpoints {
            resource_manager: https("resource_manager_endpoint", &resource_manager)?,
            // An audience that ends in a slash keeps it: Entra puts what stands before `/.default` into the token as is.
            scope: format!("{audience}/.default"),
            authority: https("active_directory_authority_host", &authority)?,
        })
    }
}

/// Asks `host` for the addresses of its cloud, as the Azure CLI and azurerm do.
async fn ask(host: &str, http: &Http) -> Result<Addresses, SettingsError> {
    let refused = |reason: String| SettingsError::Metadata {
        host: host.to_owned(),
        reason: super::sanitize::text(&reason),
    };
    let url = format!("https://{host}/metadata/endpoints?api-version=2022-09-01");
    let url = Url::parse(&url).map_err(|error| refused(error.to_string()))?;
    let mut attempt = 1;
    let response = loop {
        match http.send(http.get(url.clone())).await {
            Ok(response) if response.status().as_u16() < 500 || attempt == ATTEMPTS => break response,
            Err(error) if attempt == ATTEMPTS || is_final(&error) => return Err(refused(chain(&error))),
            _ => {
                tokio::time::sleep(PAUSE).await;
                attempt += 1;
            }
        }
    };
    let status = response.status().as_u16();
    if status != 200 {
        return Err(refused(format!("it answers with status {status}")));
    }
    let body = response.text().await;
    let body = body.map_err(|error| refused(chain(&transport(error))))?;
    let body: Value = serde_json::from_str(&body).map_err(|error| refused(format!("it answers no JSON: {error}")))?;
    let text = |pointer: &str| {
        let value = body
            .pointer(pointer)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty());
        let missing = || {
            refused(format!(
                "its answer lacks `{}`",
                pointer.trim_start_matches('/').replace('/', ".")
            ))
        };
        value.map(str::to_owned).ok_or_else(missing)
    };
    Ok(Addresses {
        resource_manager: text("/resourceManager")?,
        audience: text("/authentication/audiences/0")?,
        authority: text("/authentication/loginEndpoint")?,
    })
}

/// Whatever else is asked is asked by the retries of the request that needs it; this comes before the first one.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// An address to which secrets may go.
pub(super) fn https(setting: &'static str, value: &str) -> Result<Url, SettingsError> {
    let refused = || SettingsError::NotHttps {
        setting,
        value: super::sanitize::text(value),
    };
    let url = Url::parse(value).map_err(|_| refused())?;
    if url.scheme() == "https" && url.has_host() {
        Ok(url)
    } else {
        Err(refused())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sovereign_cloud_has_addresses_of_its_own() {
        let settings = ConnectionSettings {
            environment: Cloud::UsGovernment,
            ..ConnectionSettings::default()
        };
        let endpoints = Endpoints::of(&settings).unwrap();
        assert_eq!(
            endpoints.resource_manager.as_str(),
            "https://management.usgovcloudapi.net/"
        );
        assert_eq!(endpoints.scope, "https://management.usgovcloudapi.net/.default");
        assert_eq!(endpoints.authority.as_str(), "https://login.microsoftonline.us/");
    }

    #[test]
    fn an_endpoint_of_ones_own_keeps_the_audience_of_the_cloud() {
        let settings = ConnectionSettings {
            resource_manager_endpoint: Some("https://arm.corp.example:8443/".into()),
            ..ConnectionSettings::default()
        };
        let endpoints = Endpoints::of(&settings).unwrap();
        assert_eq!(endpoints.resource_manager.as_str(), "https://arm.corp.example:8443/");
        assert_eq!(endpoints.scope, "https://management.azure.com/.default");
    }

    #[test]
    fn tokens_do_not_travel_in_the_clear() {
        for value in ["http://arm.corp.example", "arm.corp.example", "https://"] {
            let settings = ConnectionSettings {
                resource_manager_endpoint: Some(value.into()),
                ..ConnectionSettings::default()
            };
            assert!(
                matches!(Endpoints::of(&settings), Err(SettingsError::NotHttps { .. })),
                "{value}"
            );
        }
    }
}
