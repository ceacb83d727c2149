//! What has to be there before an example can be played: the group, what the resource lives in, and what it refers to.

use serde_json::{Value, json};

use crate::replay::Player;

/// Makes what a resource at `path` with this body needs, as far as it is not there.
pub(super) fn prepare(player: &Player, path: &str, body: &Value) {
    let location = body["location"].as_str().unwrap_or("westus");
    let mut ids = Vec::new();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.len() > 8 {
        ids.push((format!("/{}", segments[..8].join("/")), "10.0.0.0/16"));
    }
    // Else it is a list of the whole subscription.
    if segments[2].eq_ignore_ascii_case("resourceGroups") {
        make_group(player, &format!("/{}", segments[..4].join("/")), location);
    }
    let mut referred = Vec::new();
    references(body, &mut referred);
    ids.extend(referred.into_iter().map(|id| (id, "10.77.0.0/16")));
    for (id, prefix) in ids {
        if !resource_of(&id).eq_ignore_ascii_case(path) {
            make(player, &id, prefix, location);
        }
    }
}

/// What is refused here shows in the example that it is for; this line says why.
fn put(player: &Player, id: &str, body: &Value) {
    let answer = player.ask("put", id, "", Some(body));
    if answer.status >= 400 {
        println!("PUT {id}: {} {}", answer.status, answer.body);
    }
}

/// A group may hold resources of every region.
fn make_group(player: &Player, group: &str, location: &str) {
    if player.emulator.get(group).is_none() {
        put(player, group, &json!({ "location": location }));
    }
}

/// The id of the resource that `id` is, or is in.
fn resource_of(id: &str) -> String {
    let segments: Vec<&str> = id.trim_start_matches('/').split('/').take(8).collect();
    format!("/{}", segments.join("/"))
}

/// Makes the plainest resource that can have this id.
fn make(player: &Player, id: &str, prefix: &str, location: &str) {
    let segments: Vec<&str> = id.trim_start_matches('/').split('/').collect();
    if segments.len() < 8 || !segments[5].eq_ignore_ascii_case("Microsoft.Network") {
        return;
    }
    let group = format!("/{}", segments[..4].join("/"));
    make_group(player, &group, location);
    let beside = |path: &str| format!("{group}/providers/Microsoft.Network/{path}");
    let properties = match segments[6] {
        "connections" => {
            let (gateway, site) = (
                beside("virtualNetworkGateways/ground"),
                beside("localNetworkGateways/ground"),
            );
            make(player, &gateway, prefix, location);
            make(player, &site, prefix, location);
            json!({ "connectionType": "IPsec", "virtualNetworkGateway1": { "id": gateway }, "localNetworkGateway2": { "id": site } })
        }
        "localNetworkGateways" => json!({ "gatewayIpAddress": "198.51.100.7" }),
        "virtualNetworkGateways" => json!({ "gatewayType": "Vpn" }),
        "virtualNetworks" => json!({ "addressSpace": { "addressPrefixes": [prefix] } }),
        "firewallPolicies"
        | "ipGroups"
        | "natGateways"
        | "networkSecurityGroups"
        | "routeTables"
        | "serviceEndpointPolicies" => json!({}),
        _ => return,
    };
    let resource = resource_of(id);
    if player.emulator.get(&resource).is_some() {
        return;
    }
    let body = json!({ "location": location, "properties": properties });
    put(player, &resource, &body);
    if let ["subnets", subnet] = segments[8..] {
        let body = json!({ "properties": { "addressPrefix": "10.77.1.0/24" } });
        put(player, &format!("{resource}/subnets/{subnet}"), &body);
    }
}

/// The ids in a body, but for its own.
fn references(body: &Value, found: &mut Vec<String>) {
    match body {
        Value::String(text) if text.starts_with("/subscriptions/") => found.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        Value::Object(entries) => entries.values().for_each(|entry| references(entry, found)),
        _ => {}
    }
}
