//! `azure-mgmt-network` creates, reads, lists, changes, tags and deletes one resource of every kind. It demands that every answer fits
//! its models to the last property and enumeration, that a header and a body agree, that nothing but the change changes, and that
//! what is gone is gone.

use acceptance_tests::emulator::{Emulator, Options};
use acceptance_tests::python_client;
use serde_json::{Value, json};

fn lives_and_dies(kind: &str) {
    let emulator = Emulator::start(Options::default());
    let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
    emulator.put(&group, json!({ "location": "westeurope" }));
    python_client::output(&emulator, &["life-cycle", kind]);
    assert_eq!(emulator.ids(), [group], "the client deleted what it made");
}

#[test]
fn network_security_group() {
    lives_and_dies("network_security_group");
}

#[test]
fn security_rule() {
    lives_and_dies("security_rule");
}

#[test]
fn virtual_network() {
    lives_and_dies("virtual_network");
}

#[test]
fn subnet() {
    lives_and_dies("subnet");
}

#[test]
fn route_table() {
    lives_and_dies("route_table");
}

#[test]
fn route() {
    lives_and_dies("route");
}

#[test]
fn nat_gateway() {
    lives_and_dies("nat_gateway");
}

#[test]
fn virtual_network_peering() {
    lives_and_dies("virtual_network_peering");
}

#[test]
fn service_endpoint_policy() {
    lives_and_dies("service_endpoint_policy");
}

#[test]
fn service_endpoint_policy_definition() {
    lives_and_dies("service_endpoint_policy_definition");
}

#[test]
fn ip_group() {
    lives_and_dies("ip_group");
}

#[test]
fn firewall_policy() {
    lives_and_dies("firewall_policy");
}

#[test]
fn rule_collection_group() {
    lives_and_dies("rule_collection_group");
}

#[test]
fn azure_firewall() {
    lives_and_dies("azure_firewall");
}

#[test]
fn virtual_network_gateway() {
    lives_and_dies("virtual_network_gateway");
}

#[test]
fn local_network_gateway() {
    lives_and_dies("local_network_gateway");
}

#[test]
fn connection() {
    lives_and_dies("connection");
}

#[test]
fn the_shared_key_of_a_connection() {
    let emulator = Emulator::start(Options::default());
    let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
    let id = |path: &str| format!("{group}/providers/Microsoft.Network/{path}");
    let resource = |properties: Value| json!({ "location": "westeurope", "properties": properties });
    emulator.put(&group, json!({ "location": "westeurope" }));
    let gateway = json!({ "gatewayType": "Vpn" });
    emulator.put(&id("virtualNetworkGateways/gateway"), resource(gateway));
    let site = json!({ "gatewayIpAddress": "198.51.100.7" });
    emulator.put(&id("localNetworkGateways/site"), resource(site));
    let connection = json!({ "connectionType": "IPsec",
        "virtualNetworkGateway1": { "id": id("virtualNetworkGateways/gateway") },
        "localNetworkGateway2": { "id": id("localNetworkGateways/site") } });
    emulator.put(&id("connections/connection"), resource(connection));
    python_client::output(&emulator, &["shared-key", "rg", "connection", "of the tunnel"]);
    let shown = emulator.get(&id("connections/connection")).unwrap();
    assert_eq!(shown["properties"]["sharedKey"], "of the tunnel");
}

#[test]
fn the_service_tags() {
    let emulator = Emulator::start(Options::default());
    let tag = json!({ "name": "AzureMonitor", "id": "AzureMonitor", "properties": {
        "changeNumber": "7", "region": "", "systemService": "AzureMonitor", "addressPrefixes": ["198.51.100.0/24"] } });
    let published = json!({ "changeNumber": "42", "cloud": "Public", "values": [tag] });
    emulator.azure(|azure| azure.publish_service_tags(published));
    let printed = python_client::output(&emulator, &["service-tags", "westeurope"]);
    let answer: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(answer["changeNumber"], "42");
    assert_eq!(
        answer["values"][0]["properties"]["addressPrefixes"],
        json!(["198.51.100.0/24"])
    );
}
