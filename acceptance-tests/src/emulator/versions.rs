//! What an api-version does not know: it does not show it, and a PUT of it wipes it.
//!
//! That a PUT of an old version wipes is what people report and nobody has confirmed; `Options::versions_differ` switches it off.

use serde_json::Value;

use super::kinds::Kind;

/// A property, the kind it is somewhere in, and the first version that has it. All are missing in Microsoft's description of an earlier
/// version that was looked at (2020-05-01 in recordings, 2024-01-01) and present in that of a later one (2024-01-01, 2025-09-01); the date
/// between the two is that of the client libraries.
const NEWER: [(&str, &str, &str); 13] = [
    ("azureFirewalls", "afcConfiguration", "2025-07-01"),
    ("azureFirewalls", "autoscaleConfiguration", "2024-07-01"),
    ("connections", "authenticationType", "2025-01-01"),
    ("connections", "routingConfiguration", "2025-07-01"),
    ("connections", "certificateAuthentication", "2025-01-01"),
    ("connections", "tunnelProperties", "2024-07-01"),
    ("natGateways", "sourceVirtualNetwork", "2024-07-01"),
    ("routeTables", "disablePeeringRoute", "2025-07-01"),
    ("routeTables", "nextHop", "2025-07-01"),
    ("virtualNetworks", "defaultOutboundAccess", "2023-05-01"),
    ("virtualNetworks", "ipamPoolPrefixAllocations", "2024-03-01"),
    ("virtualNetworks", "privateEndpointVNetPolicies", "2024-03-01"),
    ("virtualNetworks", "sharingScope", "2024-01-01"),
];

/// Takes out of a body, wherever it is, what the version does not know.
pub(super) fn forget(kind: &Kind, api_version: &str, body: &mut Value) {
    // Dates of this form sort as texts; `-preview` comes after its date.
    let unknown: Vec<&str> = NEWER
        .iter()
        .filter(|(segment, _, since)| *segment == kind.segment && api_version < *since)
        .map(|(_, property, _)| *property)
        .collect();
    if !unknown.is_empty() {
        remove(body, &unknown);
    }
}

fn remove(value: &mut Value, unknown: &[&str]) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| !unknown.contains(&name.as_str()));
            object
                .iter_mut()
                .filter(|(name, _)| *name != "tags")
                .for_each(|(_, entry)| remove(entry, unknown));
        }
        Value::Array(entries) => entries.iter_mut().for_each(|entry| remove(entry, unknown)),
        _ => {}
    }
}
