//! What can be said of a configuration before anything exists.

use std::net::{IpAddr, Ipv4Addr};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    network::{Prefix, RuleName},
    provider::managed::{id, tags, timeouts},
};

/// Checks what is known.
pub(super) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    for argument in ["name", "local_network_gateway_name"] {
        if let Some(name) = config.attribute(argument).as_str()
            && let Err(error) = name.parse::<RuleName>()
        {
            diagnostics.error_at(Path::attribute(argument), "Invalid name", format!("{error}."));
        }
    }
    tags::validate(config.attribute("tags"), diagnostics);
    timeouts::validate(config, diagnostics);
    let mut ids = |argument: &str, kinds: &[&str], shape: &str| {
        if let Some(text) = config.attribute("connection").attribute(argument).as_str() {
            let path = Path::attribute("connection").child(argument);
            id::validate(path, argument, text, (kinds, shape), diagnostics);
        }
    };
    ids(
        "virtual_network_gateway_id",
        &["virtualNetworkGateways"],
        "virtualNetworkGateways/…",
    );
    ids(
        "express_route_circuit_id",
        &["expressRouteCircuits"],
        "expressRouteCircuits/…",
    );
    check_type(config, diagnostics);
    check_site(config.attribute("local_network_gateway"), diagnostics);
    check_bgp(config, diagnostics);
    check_key(config, diagnostics);
}

fn check_type(config: &Value, diagnostics: &mut Diagnostics) {
    let connection = config.attribute("connection");
    let path = |argument: &str| Path::attribute("connection").child(argument);
    let Some(kind) = connection.attribute("type").as_str() else {
        return;
    };
    let given = |value: &Value| !value.is_null() && !value.is_unknown();
    let circuit = connection.attribute("express_route_circuit_id");
    let protocol = connection.attribute("connection_protocol");
    let site = config.attribute("local_network_gateway");
    let mut refuse = |path: Path, summary: &str, detail: &str| diagnostics.error_at(path, summary, detail);
    match kind {
        "IPsec" => {
            if site.is_null() {
                let detail =
                    "A VPN needs `local_network_gateway`: the site's device and address spaces (CC-VPN-SITE-TO-SITE).";
                refuse(Path::attribute("local_network_gateway"), "Missing argument", detail);
            }
            if given(circuit) {
                let detail =
                    "`express_route_circuit_id` is set and `type` is `IPsec`: a VPN has no circuit. Leave it out.";
                refuse(path("express_route_circuit_id"), "Argument of another type", detail);
            }
            if let Some(protocol) = protocol.as_str()
                && !["IKEv1", "IKEv2"].contains(&protocol)
            {
                let detail = format!("`connection_protocol` is `{protocol}`: it must be `IKEv2` or `IKEv1`.");
                refuse(path("connection_protocol"), "Unknown choice", &detail);
            }
        }
        "ExpressRoute" => {
            if circuit.is_null() {
                let detail = "A connection of `type` `ExpressRoute` needs `express_route_circuit_id`.";
                refuse(path("express_route_circuit_id"), "Missing argument", detail);
            }
            for (argument, at, value) in [
                ("local_network_gateway", Path::attribute("local_network_gateway"), site),
                (
                    "local_network_gateway_name",
                    Path::attribute("local_network_gateway_name"),
                    config.attribute("local_network_gateway_name"),
                ),
                ("connection_protocol", path("connection_protocol"), protocol),
                (
                    "shared_key_wo_version",
                    Path::attribute("shared_key_wo_version"),
                    config.attribute("shared_key_wo_version"),
                ),
            ] {
                if given(value) {
                    let detail =
                        format!("`{argument}` is set and `type` is `ExpressRoute`: it belongs to a VPN. Leave it out.");
                    refuse(at, "Argument of another type", &detail);
                }
            }
        }
        other => {
            let detail = format!(
                "`type` is `{other}`: it must be `IPsec` or `ExpressRoute`. Two virtual networks are joined by `lockeddown_cyclecloud_peering`."
            );
            refuse(path("type"), "Unknown choice", &detail);
        }
    }
}

fn check_site(site: &Value, diagnostics: &mut Diagnostics) {
    if site.is_null() || site.is_unknown() {
        return;
    }
    let path = |argument: &str| Path::attribute("local_network_gateway").child(argument);
    let (address, fqdn) = (site.attribute("gateway_address"), site.attribute("gateway_fqdn"));
    if address.is_null() && fqdn.is_null() {
        let detail = "Set `gateway_address` or `gateway_fqdn` of the site's VPN device (CC-VPN-SITE-TO-SITE).";
        diagnostics.error_at(path("gateway_address"), "Missing argument", detail);
    }
    if address.as_str().is_some() && fqdn.as_str().is_some() {
        let detail = "`gateway_address` and `gateway_fqdn` are both set: a local network gateway has one of them. Keep the address unless it changes.";
        diagnostics.error_at(path("gateway_fqdn"), "Two gateways", detail);
    }
    if let Some(text) = address.as_str()
        && text.parse::<Ipv4Addr>().is_err()
    {
        let detail = format!("`{text}` is not an IPv4 address. A name belongs in `gateway_fqdn`.");
        diagnostics.error_at(path("gateway_address"), "Invalid address", detail);
    }
    let spaces = site.attribute("address_space");
    for text in spaces.as_list().into_iter().flatten().filter_map(Value::as_str) {
        if let Err(error) = text.parse::<Prefix>() {
            diagnostics.error_at(path("address_space"), "Invalid address space", format!("{error}."));
        }
    }
    let none = spaces.is_null() || spaces.as_list().is_some_and(<[Value]>::is_empty);
    if none && site.attribute("bgp_settings").is_null() {
        let detail = "Neither `address_space` nor `bgp_settings` says what is behind the site's device, so nothing would be routed to it.";
        diagnostics.error_at(path("address_space"), "Missing argument", detail);
    }
}

fn check_bgp(config: &Value, diagnostics: &mut Diagnostics) {
    let site = config.attribute("local_network_gateway");
    let enabled = config.attribute("connection").attribute("bgp_enabled").as_bool() == Some(true);
    let vpn = config.attribute("connection").attribute("type").as_str() == Some("IPsec");
    let settings = site.attribute("bgp_settings");
    if enabled && vpn && !site.is_unknown() && settings.is_null() {
        let detail = "`bgp_enabled` is `true`, and `local_network_gateway` has no `bgp_settings` of the site's speaker. Add them.";
        diagnostics.error_at(
            Path::attribute("connection").child("bgp_enabled"),
            "Missing BGP settings",
            detail,
        );
    }
    let path = |argument: &str| {
        Path::attribute("local_network_gateway")
            .child("bgp_settings")
            .child(argument)
    };
    if let Some(asn) = settings.attribute("asn").as_number()
        && !asn.to_i64().is_some_and(|asn| (1..=4_294_967_295).contains(&asn))
    {
        let detail = format!("`asn` is `{asn}`: autonomous system numbers are 1 to 4294967295.");
        diagnostics.error_at(path("asn"), "Number out of range", detail);
    }
    if let Some(text) = settings.attribute("bgp_peering_address").as_str()
        && text.parse::<IpAddr>().is_err()
    {
        let detail = format!("`{text}` is not an IP address.");
        diagnostics.error_at(path("bgp_peering_address"), "Invalid address", detail);
    }
}

/// Nothing here has a path to the key: Terraform quotes the line that a path points to.
fn check_key(config: &Value, diagnostics: &mut Diagnostics) {
    let key = config.attribute("shared_key_wo");
    let version = config.attribute("shared_key_wo_version");
    // What is not known yet may turn out to be null.
    if key.as_str().is_some() && version.is_null() {
        let detail = "`shared_key_wo` is set without `shared_key_wo_version`: the key is in no state, so only another version tells that there is \
                      a new one. Start with `shared_key_wo_version = 1`.";
        diagnostics.error_at(Path::attribute("shared_key_wo_version"), "Missing argument", detail);
    }
    if key.is_null() && !version.is_null() && !version.is_unknown() {
        let detail = "`shared_key_wo_version` is set without `shared_key_wo`: there is no key to set.";
        diagnostics.error_at(Path::attribute("shared_key_wo_version"), "Missing argument", detail);
    }
    // Source: the VPN gateway FAQ, "pre-shared key".
    if let Some(key) = key.as_str() {
        let printable = key.chars().all(|character| (' '..='~').contains(&character));
        if !(1..=128).contains(&key.len()) || !printable {
            let detail = "`shared_key_wo` must have 1 to 128 printable ASCII characters.";
            diagnostics.error("Invalid shared key", detail);
        }
    }
}
