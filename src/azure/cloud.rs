//! The addresses of a cloud.
//!
//! `azure_core`'s `CloudConfiguration` knows authorities only; the endpoint of Azure Resource Manager and the audience of its
//! tokens are ours to know.

use azure_core::http::Url;

use super::settings::{ConnectionSettings, SettingsError};
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

impl Endpoints {
    /// The addresses of the settings' cloud, with the settings' own where there are any.
    pub(super) fn of(settings: &ConnectionSettings) -> Result<Endpoints, SettingsError> {
        let (resource_manager, authority) = match settings.environment {
            Cloud::Public => ("https://management.azure.com", "https://login.microsoftonline.com"),
            Cloud::UsGovernment => (
                "https://management.usgovcloudapi.net",
                "https://login.microsoftonline.us",
            ),
            Cloud::China => ("https://management.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
        };
        // An endpoint of its own (a private link, say) does not change what the cloud's tokens are for.
        let audience = settings
            .resource_manager_audience
            .as_deref()
            .unwrap_or(resource_manager);
        Ok(Endpoints {
            resource_manager: https(
                "resource_manager_endpoint",
                settings
                    .resource_manager_endpoint
                    .as_deref()
                    .unwrap_or(resource_manager),
            )?,
            // An audience that ends in a slash keeps it: Entra puts what stands before `/.default` into the token as is.
            scope: format!("{audience}/.default"),
            authority: https(
                "active_directory_authority_host",
                settings.active_directory_authority_host.as_deref().unwrap_or(authority),
            )?,
        })
    }
}

fn https(setting: &'static str, value: &str) -> Result<Url, SettingsError> {
    let refused = || SettingsError::NotHttps {
        setting,
        value: value.to_owned(),
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
