//! `virtualNetworks`.

use ipnet::IpNet;
use serde_json::{Value, json};

use super::{Child, Kind, Reference, Write, check_children, peering, shows_nothing_more, subnet};
use crate::emulator::prefixes;
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Resource, references_in};

pub(super) static KIND: Kind = Kind {
    segment: "virtualNetworks",
    label: "VirtualNetwork",
    children: &[&subnet::CHILD, &peering::CHILD],
    read_only: &[],
    used_by_subnets: None,
    complete,
    check,
    show: shows_nothing_more,
    references,
};

/// Source: azure-virtual-network-limits.md.
static LIMITS: [(&Child, usize); 2] = [(&subnet::CHILD, 3_000), (&peering::CHILD, 500)];

pub(super) fn address_space(network: &Resource) -> Vec<&str> {
    let prefixes = network
        .properties
        .get("addressSpace")
        .and_then(|space| space.get("addressPrefixes"));
    let prefixes = prefixes.and_then(Value::as_array).into_iter().flatten();
    prefixes.filter_map(Value::as_str).collect()
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let network = write.new;
    let mut space: Vec<IpNet> = Vec::new();
    for prefix in address_space(network) {
        let prefix = subnet::parsed(prefix, &network.id)?;
        if space.iter().any(|other| prefixes::overlap(other, &prefix)) {
            return Err(Refusal::bad(
                "VnetAddressSpacesOverlap",
                format!(
                    "Address prefix {prefix} of virtual network {} overlaps with another one.",
                    network.id
                ),
            ));
        }
        space.push(prefix);
    }
    if space.is_empty() {
        return Err(Refusal::bad(
            "VnetAddressSpaceNotSpecified",
            format!("Address space of virtual network {} is not specified.", network.id),
        ));
    }
    for (child, limit) in LIMITS {
        if network.children(child).len() > limit {
            return Err(Refusal::bad(
                "VirtualNetworkLimitReached",
                format!(
                    "Virtual network {} has more than {limit} {}.",
                    network.id, child.collection
                ),
            ));
        }
    }
    let mut taken: Vec<IpNet> = Vec::new();
    for (name, properties) in check_children(network, &subnet::CHILD)? {
        let id = network.child_id(&subnet::CHILD, name);
        for prefix in subnet::check(&id, network, properties)? {
            if !space.iter().any(|space| space.contains(&prefix)) {
                return Err(subnet::invalid(&id, network));
            }
            if taken.iter().any(|other| prefixes::overlap(other, &prefix)) {
                return Err(subnet::overlapping(&id, network));
            }
            taken.push(prefix);
        }
    }
    peering::check_all(write)?;
    check_occupied_subnets(write)
}

/// A subnet with something in it can neither go nor move.
fn check_occupied_subnets(write: &Write<'_>) -> Result<(), Refusal> {
    let Some(old) = write.old else { return Ok(()) };
    for entry in old.children(&subnet::CHILD) {
        let (name, properties) = (entry.get("name").and_then(Value::as_str), entry.get("properties"));
        let (Some(name), Some(properties)) = (name, properties.and_then(Value::as_object)) else {
            continue;
        };
        let Some(occupant) = write.azure.occupants_of(&old.child_id(&subnet::CHILD, name)).first() else {
            continue;
        };
        let new = write
            .new
            .child(&subnet::CHILD, name)
            .and_then(|entry| entry.get("properties"));
        let Some(new) = new.and_then(Value::as_object) else {
            return Err(subnet_in_use(name, occupant));
        };
        let kept = subnet::prefixes_of(new);
        if let Some(prefix) = subnet::prefixes_of(properties)
            .into_iter()
            .find(|prefix| !kept.contains(prefix))
        {
            return Err(Refusal::bad(
                "InUsePrefixCannotBeDeleted",
                format!("IpPrefix {prefix} on Subnet {name} has active allocations and cannot be deleted."),
            ));
        }
    }
    Ok(())
}

/// The error for deleting a subnet that something is connected to.
pub(in crate::emulator) fn subnet_in_use(name: &str, occupant: &str) -> Refusal {
    Refusal::bad(
        "InUseSubnetCannotBeDeleted",
        format!(
            "Subnet {name} is in use by {occupant} and cannot be deleted. In order to delete the subnet, delete all the resources within the subnet. See aka.ms/deletesubnet."
        ),
    )
}

fn complete(network: &mut Resource) {
    for (name, default) in [
        ("dhcpOptions", json!({})),
        ("enableDdosProtection", json!(false)),
        ("subnets", json!([])),
        ("virtualNetworkPeerings", json!([])),
    ] {
        network.properties.entry(name).or_insert(default);
    }
    let options = network.properties.get_mut("dhcpOptions").and_then(Value::as_object_mut);
    if let Some(options) = options {
        options.entry("dnsServers").or_insert_with(|| json!([]));
    }
    let location = network.location().to_owned();
    let subnets = network.properties.get_mut("subnets").and_then(Value::as_array_mut);
    for entry in subnets.into_iter().flatten() {
        if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
            subnet::complete(&location, properties);
        }
    }
    let peerings = network
        .properties
        .get_mut("virtualNetworkPeerings")
        .and_then(Value::as_array_mut);
    for entry in peerings.into_iter().flatten() {
        if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
            peering::complete(properties);
        }
    }
}

fn references(network: &Resource) -> Vec<Reference> {
    let mut found = peering::references(network);
    for entry in network.children(&subnet::CHILD) {
        let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
        let properties = entry.get("properties").unwrap_or(&Value::Null);
        for (property, kind) in [
            ("networkSecurityGroup", "networkSecurityGroups"),
            ("routeTable", "routeTables"),
            ("natGateway", "natGateways"),
            ("serviceEndpointPolicies", "serviceEndpointPolicies"),
        ] {
            found.extend(references_in(properties, property).into_iter().map(|to| Reference {
                from: network.child_id(&subnet::CHILD, name),
                kind,
                to: to.to_owned(),
            }));
        }
    }
    found
}
