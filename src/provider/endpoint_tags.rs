//! The service tags that a subnet's service endpoints reach past every route.

use std::collections::BTreeSet;

use crate::{
    network::ServiceEndpoint,
    regions::{self, Cloud},
};

/// ARM's name of an endpoint's service and the tag of its addresses (virtual-network-service-endpoints-overview; tags that announce `VSE`).
const TAGS: [(&str, &str); 9] = [
    ("Microsoft.Storage", "Storage"),
    ("Microsoft.Storage.Global", "Storage"),
    ("Microsoft.KeyVault", "AzureKeyVault"),
    ("Microsoft.ContainerRegistry", "AzureContainerRegistry"),
    ("Microsoft.Sql", "Sql"),
    ("Microsoft.AzureCosmosDB", "AzureCosmosDB"),
    ("Microsoft.EventHub", "EventHub"),
    ("Microsoft.ServiceBus", "ServiceBus"),
    ("Microsoft.CognitiveServices", "CognitiveServicesManagement"),
];

/// Of the endpoints that a policy asks for: the services in the subnet's region and in its pair.
pub(super) fn of_policy(endpoints: &BTreeSet<ServiceEndpoint>, location: &str, cloud: Cloud) -> Vec<String> {
    let Ok(own) = regions::find(location, cloud) else {
        return Vec::new();
    };
    let places: Vec<&str> = [Some(own.name), own.pair].into_iter().flatten().collect();
    let tags = endpoints
        .iter()
        .flat_map(|endpoint| of_service(endpoint.as_str(), &places, cloud));
    tags.collect()
}

/// Of an endpoint as Azure has it: the service in these locations, `*` being all of the cloud.
pub(super) fn of_service(service: &str, locations: &[&str], cloud: Cloud) -> Vec<String> {
    let Some((_, tag)) = TAGS.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(service)) else {
        return Vec::new();
    };
    if locations.contains(&"*") || service.ends_with(".Global") {
        return vec![tag.to_owned()];
    }
    let suffixes = locations
        .iter()
        .filter_map(|location| regions::find(location, cloud).ok()?.tag_suffix);
    suffixes.map(|suffix| format!("{tag}.{suffix}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reaches_its_region_and_the_pair_or_everything() {
        let endpoints = BTreeSet::from([ServiceEndpoint::Storage]);
        assert_eq!(
            of_policy(&endpoints, "West Europe", Cloud::Public),
            ["Storage.WestEurope", "Storage.NorthEurope"]
        );
        assert_eq!(
            of_service("microsoft.keyvault", &["*"], Cloud::Public),
            ["AzureKeyVault"]
        );
        assert!(
            of_service("Microsoft.Web", &["*"], Cloud::Public).is_empty(),
            "App Service has no tag of its own"
        );
    }
}
