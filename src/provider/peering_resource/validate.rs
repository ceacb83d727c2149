//! What can be said of a configuration before anything exists.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::half::{self, Half, SIDES};
use crate::{
    azure::ResourceId,
    network::RuleName,
    provider::managed::{id, timeouts},
};

/// Checks what is known.
pub(super) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    timeouts::validate(config, diagnostics);
    let Some(halves) = config.attribute("peerings").as_map() else {
        return;
    };
    for (side, value) in halves {
        if SIDES.contains(&side.as_str()) {
            check_half(side, value, diagnostics);
        } else {
            let detail = format!(
                "`{side}` is neither `node_to_server` nor `server_to_node`, the halves that the output `peerings` of \
                 `lockeddown_cyclecloud_connection` has."
            );
            diagnostics.error_at(half::path(side), "Unknown half", detail);
        }
    }
    if halves.values().all(|half| half::is_managed(half) == Some(false)) {
        let detail = "No half has `managed = true`: there is nothing to make. The values are there in \
                      `lockeddown_cyclecloud_connection` without this resource.";
        diagnostics.error_at(Path::attribute("peerings"), "Nothing to manage", detail);
    }
    if diagnostics.has_errors() {
        return;
    }
    let [Some(one), Some(other)] = SIDES.map(|side| halves.get(side)) else {
        return;
    };
    check_networks(one, other, diagnostics);
    if let Some(halves) = half::halves(config) {
        check_gateways(&halves, diagnostics);
    }
}

fn check_half(side: &str, value: &Value, diagnostics: &mut Diagnostics) {
    let path = half::path(side);
    for argument in ["virtual_network_id", "remote_virtual_network_id"] {
        if let Some(text) = value.attribute(argument).as_str() {
            let expected = (&["virtualNetworks"] as &[&str], "virtualNetworks/…");
            id::validate(path.child(argument), argument, text, expected, diagnostics);
        }
    }
    if let Some(name) = value.attribute("name").as_str()
        && let Err(error) = name.parse::<RuleName>()
    {
        diagnostics.error_at(path.child("name"), "Invalid name", format!("{error}."));
    }
    let [own, remote] = ["virtual_network_id", "remote_virtual_network_id"].map(|argument| network(value, argument));
    if let (Some(own), Some(remote)) = (own, remote)
        && own == remote
    {
        let detail = format!("`{own}` is at both ends of `{side}`: a virtual network cannot be peered with itself.");
        diagnostics.error_at(path.child("remote_virtual_network_id"), "One network twice", detail);
    }
    let set = |flag: &str| value.attribute(flag).as_bool() == Some(true);
    if set("allow_gateway_transit") && set("use_remote_gateways") {
        let detail = format!(
            "`{side}` has both `allow_gateway_transit` and `use_remote_gateways`: a network either has a gateway to share or uses the other's \
             (CC-PEERING-GATEWAY-TRANSIT). Keep one of them."
        );
        diagnostics.error_at(path.child("use_remote_gateways"), "Gateway of both sides", detail);
    }
}

fn network(half: &Value, argument: &str) -> Option<ResourceId> {
    half.attribute(argument).as_str()?.parse().ok()
}

/// Each half must lead to where the other is.
fn check_networks(one: &Value, other: &Value, diagnostics: &mut Diagnostics) {
    for (own, remote) in [
        ("virtual_network_id", "remote_virtual_network_id"),
        ("remote_virtual_network_id", "virtual_network_id"),
    ] {
        let (Some(here), Some(there)) = (network(one, own), network(other, remote)) else {
            continue;
        };
        if here != there {
            let detail = format!(
                "`{own}` of `node_to_server` is `{here}`, and `{remote}` of `server_to_node` is `{there}`. Both halves of a peering join the same \
                 two networks (CC-PEERING-BOTH-WAYS)."
            );
            diagnostics.error_at(
                half::path("server_to_node").child(remote),
                "Halves of two peerings",
                detail,
            );
        }
    }
}

/// A gateway can be used only where the other half offers it.
fn check_gateways(halves: &[Half], diagnostics: &mut Diagnostics) {
    for half in halves.iter().filter(|half| half.flag("use_remote_gateways")) {
        let Some(other) = halves.iter().find(|other| other.side != half.side) else {
            continue;
        };
        if !other.flag("allow_gateway_transit") {
            let detail = format!(
                "`{}` uses the other network's gateway, and `{}` does not allow it (CC-PEERING-GATEWAY-TRANSIT). Set \
                 `allow_gateway_transit = true` there.",
                half.side, other.side
            );
            let path = half::path(half.side).child("use_remote_gateways");
            diagnostics.error_at(path, "Gateway not offered", detail);
        }
    }
}
