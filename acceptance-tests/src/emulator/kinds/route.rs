//! `routeTables/routes`.

use serde_json::json;

use super::{Apart, Child, child_shows_nothing_more, member, optional_text};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, text};
use crate::emulator::{prefixes, service_tags};

pub(super) static CHILD: Child = Child {
    collection: "routes",
    label: "Route",
    read_only: &["hasBgpOverride"],
    apart: Apart::No,
    show: child_shows_nothing_more,
};

const APPLIANCE: &str = "VirtualAppliance";
const NEXT_HOPS: [&str; 5] = ["VirtualNetworkGateway", "VnetLocal", "Internet", APPLIANCE, "None"];

/// Refuses a route that Azure refuses, and gives its prefix.
pub(super) fn check<'a>(id: &str, route: &'a Object) -> Result<&'a str, Refusal> {
    let prefix = optional_text(route, "addressPrefix")?.unwrap_or_default();
    match prefixes::cidr(prefix) {
        Some(network) if !prefixes::is_canonical(&network) => return Err(host_bits(prefix, id, &network)),
        Some(_) => {}
        None if service_tags::is_service(prefix) => {}
        None => {
            return Err(Refusal::bad(
                "InvalidAddressPrefixFormat",
                format!(
                    "Address prefix {prefix} of resource {id} is not formatted correctly. It should follow CIDR notation, for example 10.0.0.0/24."
                ),
            ));
        }
    }
    let next_hop = optional_text(route, "nextHopType")?.unwrap_or_default();
    let next_hop = member(&NEXT_HOPS, next_hop).ok_or_else(|| {
        Refusal::unreadable(format!(
            "Error converting value \"{next_hop}\". Path 'properties.nextHopType'."
        ))
    })?;
    let address = optional_text(route, "nextHopIpAddress")?;
    match (next_hop == APPLIANCE, address) {
        (true, Some(address)) if address.parse::<std::net::IpAddr>().is_ok() => Ok(prefix),
        (true, _) => Err(Refusal::bad(
            "RouteNextHopIpAddressInvalid",
            format!("Route {id} with next hop type {APPLIANCE} needs a valid next hop IP address."),
        )),
        (false, None) => Ok(prefix),
        (false, Some(_)) => Err(Refusal::bad(
            "RouteNextHopIpAddressNotAllowed",
            format!("Route {id} can have a next hop IP address only with next hop type {APPLIANCE}."),
        )),
    }
}

pub(super) fn complete(route: &mut Object) {
    if let Some(spelling) = text(route, "nextHopType").and_then(|value| member(&NEXT_HOPS, value)) {
        route.insert("nextHopType".to_owned(), spelling.into());
    }
    route.retain(|_, value| !value.is_null());
    if text(route, "nextHopIpAddress") == Some("") {
        route.remove("nextHopIpAddress");
    }
    route.insert("hasBgpOverride".to_owned(), json!(false));
}

/// A prefix whose address has bits behind its length.
pub(super) fn host_bits(prefix: &str, id: &str, network: &ipnet::IpNet) -> Refusal {
    Refusal::bad(
        "InvalidCIDRNotation",
        format!(
            "The address prefix {prefix} in resource {id} has an invalid CIDR notation. For the given prefix length, the address prefix should be {}.",
            network.trunc()
        ),
    )
}
