//! Which api-versions there are, and what one does not know: it does not show it, and a PUT of it wipes it.
//!
//! That a PUT of an old version wipes is what people report and nobody has confirmed; `Options::versions_differ` switches it off.

use serde_json::Value;

use super::azure::Azure;
use super::kinds::Kind;
use super::refusal::Refusal;
use super::regions;
use super::request::Request;

/// The versions of Microsoft.Network. Source: what Azure says it has where it refuses one (Azure/azure-cli#28496 and #31868, up to
/// 2024-07-01), and the client libraries and descriptions since. What is later than all of these is accepted.
#[rustfmt::skip]
const PUBLISHED: [&str; 76] = [
    "2014-12-01-preview", "2015-05-01-preview", "2015-06-15", "2016-03-30", "2016-06-01", "2016-07-01", "2016-08-01", "2016-09-01",
    "2016-10-01", "2016-11-01", "2016-12-01", "2017-03-01", "2017-04-01", "2017-06-01", "2017-08-01", "2017-09-01", "2017-10-01",
    "2017-11-01", "2018-01-01", "2018-02-01", "2018-03-01", "2018-04-01", "2018-05-01", "2018-06-01", "2018-07-01", "2018-08-01",
    "2018-10-01", "2018-11-01", "2018-12-01", "2019-02-01", "2019-04-01", "2019-06-01", "2019-07-01", "2019-08-01", "2019-09-01",
    "2019-11-01", "2019-12-01", "2020-01-01", "2020-03-01", "2020-04-01", "2020-05-01", "2020-06-01", "2020-07-01", "2020-08-01",
    "2020-11-01", "2021-01-01", "2021-02-01", "2021-03-01", "2021-04-01", "2021-05-01", "2021-06-01", "2021-08-01", "2021-12-01",
    "2022-01-01", "2022-05-01", "2022-07-01", "2022-09-01", "2022-11-01", "2023-02-01", "2023-04-01", "2023-05-01", "2023-06-01",
    "2023-09-01", "2023-11-01", "2024-01-01", "2024-03-01", "2024-05-01", "2024-07-01", "2024-10-01", "2025-01-01", "2025-03-01",
    "2025-05-01", "2025-07-01", "2025-09-01", "2026-01-01", "2026-03-01",
];

/// Refuses a request to Microsoft.Network of a version that this cloud does not have. `parts` is its path in lower case.
pub(super) fn check(azure: &Azure, request: &Request, parts: &[&str], api_version: &str) -> Result<(), Refusal> {
    let provider = parts.iter().rposition(|part| *part == "providers").map(|at| at + 1);
    let Some(provider) = provider.filter(|at| parts.get(*at) == Some(&"microsoft.network")) else {
        return Ok(());
    };
    let supported: Vec<&str> = match &azure.options.api_versions {
        Some(own) => own.iter().map(String::as_str).collect(),
        None if PUBLISHED.iter().all(|known| *known < api_version) => return Ok(()),
        None => PUBLISHED.to_vec(),
    };
    let rest = parts.get(provider + 1..).unwrap_or_default();
    // An operation is asked after as its own address says.
    let polls = matches!(rest, ["locations", _, "operations" | "operationresults", ..]);
    if polls || supported.contains(&api_version) {
        return Ok(());
    }
    let spelled: Vec<&str> = request.path.trim_matches('/').split('/').skip(provider + 1).collect();
    let types: Vec<&str> = spelled.into_iter().step_by(2).collect();
    let (types, supported) = (types.join("/"), supported.join(", "));
    let resource = parts.get(..provider + 3).map(|parts| format!("/{}", parts.join("/")));
    let resource = resource.and_then(|id| azure.resources.get(&id));
    let location = match resource {
        Some(resource) => Some(resource.location().to_owned()),
        None => request
            .json()
            .and_then(|body| Some(body.get("location")?.as_str()?.to_owned())),
    };
    // Azure words it so where it knows the location, and otherwise so (Azure/azure-powershell#12061).
    Err(match location {
        Some(location) => Refusal::gateway(
            400,
            "NoRegisteredProviderFound",
            format!(
                "No registered resource provider found for location '{location}' and API version '{api_version}' for type '{types}'. The supported api-versions are '{supported}'. The supported locations are '{}'.",
                regions::names().collect::<Vec<_>>().join(", ")
            ),
        ),
        None => Refusal::gateway(
            400,
            "InvalidResourceType",
            format!(
                "The resource type '{types}' could not be found in the namespace 'Microsoft.Network' for api version '{api_version}'. The supported api-versions are '{supported}'."
            ),
        ),
    })
}

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
