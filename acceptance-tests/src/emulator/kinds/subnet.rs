//! `virtualNetworks/subnets`.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::route::host_bits;
use super::{Apart, Child, optional_text, texts};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource, text};
use crate::emulator::{prefixes, regions};

pub(super) static CHILD: Child = Child {
    collection: "subnets",
    label: "Subnet",
    read_only: &[
        "ipConfigurationProfiles",
        "ipConfigurations",
        "privateEndpoints",
        "purpose",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
    ],
    apart: Apart::No,
    show,
};

const STORAGE: &str = "Microsoft.Storage";
const STORAGE_GLOBAL: &str = "Microsoft.Storage.Global";

/// Source: the service endpoint names azurerm accepts.
const SERVICES: [&str; 11] = [
    "Microsoft.AzureActiveDirectory",
    "Microsoft.AzureCosmosDB",
    "Microsoft.CognitiveServices",
    "Microsoft.ContainerRegistry",
    "Microsoft.EventHub",
    "Microsoft.KeyVault",
    "Microsoft.ServiceBus",
    "Microsoft.Sql",
    STORAGE,
    STORAGE_GLOBAL,
    "Microsoft.Web",
];

/// The subnet's prefixes, from whichever of the two properties has them.
pub(super) fn prefixes_of(subnet: &Object) -> Vec<&str> {
    let many = texts(subnet, "addressPrefixes").unwrap_or_default();
    match text(subnet, "addressPrefix").filter(|one| !one.is_empty()) {
        Some(one) if many.is_empty() => vec![one],
        _ => many,
    }
}

/// Refuses what is wrong with a subnet on its own, and gives its prefixes.
pub(super) fn check(id: &str, network: &Resource, subnet: &Object) -> Result<Vec<IpNet>, Refusal> {
    let one = optional_text(subnet, "addressPrefix")?;
    let many = texts(subnet, "addressPrefixes")?;
    if let Some(one) = one
        && !many.is_empty()
        && many != [one]
    {
        return Err(Refusal::bad(
            "SubnetAddressPrefixConflict",
            format!("Subnet {id} has different values in addressPrefix and addressPrefixes."),
        ));
    }
    let mut found: Vec<IpNet> = Vec::new();
    for prefix in prefixes_of(subnet) {
        let parsed = parsed(prefix, id)?;
        let sizes = if parsed.addr().is_ipv4() { 2..=29 } else { 64..=64 };
        if !sizes.contains(&parsed.prefix_len()) {
            return Err(invalid(id, network));
        }
        if found.iter().any(|other| prefixes::overlap(other, &parsed)) {
            return Err(overlapping(id, network));
        }
        found.push(parsed);
    }
    if found.is_empty() {
        return Err(Refusal::bad(
            "NoAddressPrefixOrPoolProvided",
            format!("Subnet {id} has neither an address prefix nor an IP address pool."),
        ));
    }
    check_service_endpoints(id, subnet)?;
    Ok(found)
}

/// A prefix in CIDR notation without host bits.
pub(super) fn parsed(prefix: &str, id: &str) -> Result<IpNet, Refusal> {
    let network = prefixes::cidr(prefix).ok_or_else(|| {
        Refusal::bad(
            "InvalidAddressPrefixFormat",
            format!("Address prefix {prefix} of resource {id} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24."),
        )
    })?;
    if prefixes::is_canonical(&network) {
        Ok(network)
    } else {
        Err(host_bits(prefix, id, &network))
    }
}

fn check_service_endpoints(id: &str, subnet: &Object) -> Result<(), Refusal> {
    let refused = |why: String| Refusal::bad("InvalidServiceEndpoints", format!("Subnet {id}: {why}."));
    let endpoints = match subnet.get("serviceEndpoints") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(endpoints)) => endpoints,
        Some(other) => {
            return Err(Refusal::unreadable(format!(
                "Error converting value {other} to a list. Path 'properties.serviceEndpoints'."
            )));
        }
    };
    let mut found: Vec<&str> = Vec::new();
    for endpoint in endpoints {
        let service = endpoint.get("service").and_then(Value::as_str).unwrap_or_default();
        if !SERVICES.contains(&service) {
            return Err(refused(format!("'{service}' is not a service with service endpoints")));
        }
        if found.contains(&service) {
            return Err(refused(format!("'{service}' occurs twice")));
        }
        found.push(service);
    }
    if found.contains(&STORAGE) && found.contains(&STORAGE_GLOBAL) {
        return Err(refused(format!(
            "{STORAGE} and {STORAGE_GLOBAL} cannot both be enabled"
        )));
    }
    Ok(())
}

/// Outside the virtual network's address space, or of a size that no subnet can have.
pub(super) fn invalid(id: &str, network: &Resource) -> Refusal {
    let (name, network) = (last(id), &network.name);
    Refusal::bad(
        "NetcfgInvalidSubnet",
        format!("Subnet '{name}' is not valid in virtual network '{network}'."),
    )
}

pub(super) fn overlapping(id: &str, network: &Resource) -> Refusal {
    let (name, network) = (last(id), &network.name);
    Refusal::bad(
        "NetcfgSubnetRangesOverlap",
        format!(
            "Subnet '{name}' is not valid because its IP address range overlaps with that of an existing subnet in virtual network '{network}'."
        ),
    )
}

fn last(id: &str) -> &str {
    id.rsplit('/').next().unwrap_or(id)
}

/// Fills in the defaults and what the service knows about service endpoints and delegations.
pub(super) fn complete(location: &str, subnet: &mut Object) {
    subnet.retain(|_, value| !value.is_null());
    for (name, default) in [
        ("delegations", json!([])),
        ("privateEndpointNetworkPolicies", json!("Disabled")),
        ("privateLinkServiceNetworkPolicies", json!("Enabled")),
    ] {
        subnet.entry(name).or_insert(default);
    }
    let endpoints = subnet.get_mut("serviceEndpoints").and_then(Value::as_array_mut);
    for endpoint in endpoints.into_iter().flatten().filter_map(Value::as_object_mut) {
        // The region and its pair for Storage, everywhere for the others, whatever the client sent.
        let locations = match text(endpoint, "service") {
            Some(STORAGE) => json!(regions::with_pair(location)),
            _ => json!(["*"]),
        };
        endpoint.insert("locations".to_owned(), locations);
        endpoint.insert("provisioningState".to_owned(), "Succeeded".into());
    }
    let delegations = subnet.get_mut("delegations").and_then(Value::as_array_mut);
    for delegation in delegations.into_iter().flatten().filter_map(Value::as_object_mut) {
        if let Some(properties) = delegation.get_mut("properties").and_then(Value::as_object_mut) {
            properties.insert("provisioningState".to_owned(), "Succeeded".into());
            properties
                .entry("actions")
                .or_insert_with(|| json!(["Microsoft.Network/virtualNetworks/subnets/action"]));
        }
    }
}

fn show(network: &Resource, id: &str, shown: &mut Object) {
    let delegations = shown
        .get_mut("properties")
        .and_then(|properties| properties.get_mut("delegations"));
    let delegations = delegations.and_then(Value::as_array_mut).into_iter().flatten();
    for delegation in delegations.filter_map(Value::as_object_mut) {
        let name = text(delegation, "name").unwrap_or_default();
        delegation.insert("id".to_owned(), format!("{id}/delegations/{name}").into());
        delegation.insert("etag".to_owned(), network.etag.clone().into());
        delegation.insert(
            "type".to_owned(),
            "Microsoft.Network/virtualNetworks/subnets/delegations".into(),
        );
    }
}
