//! Peerings of virtual networks, and gateways with their connections.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Reply, Setting};

const OURS: &str = "virtualNetworks/vnet/virtualNetworkPeerings/to-spoke";
const THEIRS: &str = "virtualNetworks/spoke/virtualNetworkPeerings/to-hub";

fn with_spoke(prefix: &str) -> Setting {
    let setting = Setting::new();
    setting.emulator.put(
        &setting.id("virtualNetworks/spoke"),
        json!({ "location": "northeurope", "properties": { "addressSpace": { "addressPrefixes": [prefix] } } }),
    );
    setting
}

fn peering(setting: &Setting, remote: &str, more: &Value) -> Value {
    let id = setting.id(&format!("virtualNetworks/{remote}"));
    let mut body = json!({ "properties": { "remoteVirtualNetwork": { "id": id }, "allowVirtualNetworkAccess": true } });
    for (name, value) in more.as_object().unwrap() {
        body["properties"][name] = value.clone();
    }
    body
}

fn done(setting: &Setting, reply: &Reply) {
    assert!(reply.status < 300, "{}", reply.body);
    setting.wait(reply);
}

fn state(setting: &Setting, peering: &str) -> Value {
    setting.get(peering).body["properties"]["peeringState"].clone()
}

fn delete(setting: &Setting, resource: &str) -> Reply {
    setting
        .send(setting.request(Method::DELETE, &setting.id(resource)))
        .unwrap()
}

#[test]
fn the_second_side_connects_both_and_the_loss_of_one_disconnects_the_other() {
    let setting = with_spoke("10.1.0.0/16");
    let created = setting.put(OURS, &peering(&setting, "spoke", &json!({})));
    assert_eq!((created.status, created.state()), (201, "Updating"));
    assert!(created.header("azure-asyncnotification").is_none());
    done(&setting, &created);
    let shown = setting.get(OURS).body;
    assert_eq!(shown["properties"]["peeringState"], "Initiated");
    let remote = &shown["properties"]["remoteAddressSpace"]["addressPrefixes"];
    assert_eq!(*remote, json!(["10.1.0.0/16"]));

    done(&setting, &setting.put(THEIRS, &peering(&setting, "vnet", &json!({}))));
    assert_eq!(
        [state(&setting, OURS), state(&setting, THEIRS)],
        ["Connected", "Connected"]
    );
    let network = setting.get("virtualNetworks/vnet").body;
    assert_eq!(
        network["properties"]["virtualNetworkPeerings"][0]["properties"]["peeringState"],
        "Connected"
    );

    done(&setting, &delete(&setting, THEIRS));
    assert_eq!(state(&setting, OURS), "Disconnected");
    let refused = setting.put(THEIRS, &peering(&setting, "vnet", &json!({})));
    assert_eq!(refused.code(), "RemotePeeringIsDisconnected");

    // Updating the disconnected side brings it back to its beginning, and then the other can come.
    done(&setting, &setting.put(OURS, &peering(&setting, "spoke", &json!({}))));
    assert_eq!(state(&setting, OURS), "Initiated");
    done(&setting, &setting.put(THEIRS, &peering(&setting, "vnet", &json!({}))));
    assert_eq!(
        [state(&setting, OURS), state(&setting, THEIRS)],
        ["Connected", "Connected"]
    );
}

#[test]
fn a_write_of_the_network_leaves_its_peerings_alone() {
    let setting = with_spoke("10.1.0.0/16");
    done(&setting, &setting.put(OURS, &peering(&setting, "spoke", &json!({}))));
    let space = json!({ "addressPrefixes": ["10.0.0.0/16", "fd00:db8:deca::/48", "10.2.0.0/16"] });
    let body = json!({ "location": "westeurope", "properties": { "addressSpace": space } });
    done(&setting, &setting.put("virtualNetworks/vnet", &body));
    assert_eq!(state(&setting, OURS), "Initiated");
    setting.emulator.remove(&setting.id("virtualNetworks/spoke"));
    assert_eq!(setting.get(OURS).status, 200);
}

#[test]
fn another_address_space_puts_both_halves_out_of_step_until_one_is_written() {
    let setting = with_spoke("10.1.0.0/16");
    done(&setting, &setting.put(OURS, &peering(&setting, "spoke", &json!({}))));
    done(&setting, &setting.put(THEIRS, &peering(&setting, "vnet", &json!({}))));
    let levels = || {
        let level = |half| setting.get(half).body["properties"]["peeringSyncLevel"].clone();
        [level(OURS), level(THEIRS)]
    };
    assert_eq!(levels(), ["FullyInSync", "FullyInSync"]);
    let space = json!({ "addressPrefixes": ["10.0.0.0/16", "fd00:db8:deca::/48", "10.2.0.0/16"] });
    let body = json!({ "location": "westeurope", "properties": { "addressSpace": space } });
    done(&setting, &setting.put("virtualNetworks/vnet", &body));
    assert_eq!(levels(), ["LocalNotInSync", "RemoteNotInSync"]);
    done(&setting, &setting.put(THEIRS, &peering(&setting, "vnet", &json!({}))));
    assert_eq!(levels(), ["FullyInSync", "FullyInSync"]);
    let known = &setting.get(THEIRS).body["properties"]["remoteAddressSpace"]["addressPrefixes"];
    assert_eq!(*known, json!(["10.0.0.0/16", "fd00:db8:deca::/48", "10.2.0.0/16"]));
}

#[test]
fn peerings_that_azure_refuses() {
    let setting = with_spoke("10.0.128.0/17");
    let to_spoke = peering(&setting, "spoke", &json!({}));
    assert_eq!(setting.put(OURS, &to_spoke).code(), "VnetAddressSpacesOverlap");
    let setting = with_spoke("10.1.0.0/16");
    let to = |remote: &str| {
        setting
            .put(OURS, &peering(&setting, remote, &json!({})))
            .code()
            .to_owned()
    };
    assert_eq!(to("nowhere"), "InvalidResourceReference");
    assert_eq!(to("vnet"), "InvalidRequestFormat");
    done(&setting, &setting.put(THEIRS, &peering(&setting, "vnet", &json!({}))));
    let uses = peering(&setting, "spoke", &json!({ "useRemoteGateways": true }));
    assert_eq!(setting.put(OURS, &uses).code(), "PeeringRemoteVnetHasNoGatewayTransit");
    done(&setting, &setting.put(OURS, &peering(&setting, "spoke", &json!({}))));
    let again = peering(&setting, "spoke", &json!({}));
    let second = setting.put("virtualNetworks/vnet/virtualNetworkPeerings/second", &again);
    assert_eq!(second.code(), "AnotherPeeringAlreadyReferencesRemoteVnet");
}

fn local(more: &Value) -> Value {
    let mut properties = json!({
        "gatewayIpAddress": "198.51.100.7", "localNetworkAddressSpace": { "addressPrefixes": ["192.168.0.0/16"] },
    });
    for (name, value) in more.as_object().unwrap() {
        properties[name] = value.clone();
    }
    json!({ "location": "westeurope", "properties": properties })
}

fn with_gateways() -> (Setting, Value) {
    let setting = Setting::new();
    let gateway = json!({ "location": "westeurope", "properties": { "gatewayType": "Vpn", "vpnType": "RouteBased" } });
    setting.emulator.put(&setting.id("virtualNetworkGateways/gw"), gateway);
    setting
        .emulator
        .put(&setting.id("localNetworkGateways/site"), local(&json!({})));
    let connection = json!({ "location": "westeurope", "properties": {
        "connectionType": "IPsec",
        "virtualNetworkGateway1": { "id": setting.id("virtualNetworkGateways/gw") },
        "localNetworkGateway2": { "id": setting.id("localNetworkGateways/site") },
    } });
    (setting, connection)
}

#[test]
fn a_connection_answers_its_key_in_clear_and_keeps_it_when_a_write_is_silent_about_it() {
    let (setting, connection) = with_gateways();
    let mut with_key = connection.clone();
    with_key["properties"]["sharedKey"] = json!("a first key");
    let created = setting.put("connections/vpn", &with_key);
    assert_eq!(created.body["properties"]["sharedKey"], "a first key");
    done(&setting, &created);
    done(&setting, &setting.put("connections/vpn", &connection));
    assert_eq!(setting.get("connections/vpn/sharedkey").body["value"], "a first key");

    let changed = setting.put("connections/vpn/sharedkey", &json!({ "value": "another key" }));
    assert_eq!(changed.body, json!({ "value": "another key" }));
    done(&setting, &changed);
    let shown = setting.get("connections/vpn").body;
    assert_eq!(shown["properties"]["sharedKey"], "another key");
    assert_eq!(shown["properties"]["connectionStatus"], "Unknown");
    let refused = setting.put("connections/vpn/sharedkey", &json!({ "value": "" }));
    assert_eq!(refused.code(), "InvalidSharedKey");
}

#[test]
fn gateways_in_use_stay() {
    let (setting, connection) = with_gateways();
    done(&setting, &setting.put("connections/vpn", &connection));
    assert_eq!(
        delete(&setting, "localNetworkGateways/site").code(),
        "InUseLocalNetworkGatewayCannotBeDeleted"
    );
    assert_eq!(
        delete(&setting, "virtualNetworkGateways/gw").code(),
        "InUseVirtualNetworkGatewayCannotBeDeleted"
    );
    done(&setting, &delete(&setting, "connections/vpn"));
    done(&setting, &delete(&setting, "localNetworkGateways/site"));
}

#[test]
fn gateways_and_connections_that_azure_refuses() {
    let (setting, connection) = with_gateways();
    let both = local(&json!({ "fqdn": "site.example.com" }));
    assert_eq!(
        setting.put("localNetworkGateways/x", &both).code(),
        "LocalNetworkGatewayFqdnAndIpAddress"
    );
    let address = local(&json!({ "gatewayIpAddress": "here" }));
    assert_eq!(
        setting.put("localNetworkGateways/x", &address).code(),
        "InvalidIPAddress"
    );
    let host_bits = local(&json!({ "localNetworkAddressSpace": { "addressPrefixes": ["10.0.0.1/8"] } }));
    assert_eq!(
        setting.put("localNetworkGateways/x", &host_bits).code(),
        "InvalidCIDRNotation"
    );
    let mut bgp = connection.clone();
    bgp["properties"]["enableBgp"] = json!(true);
    assert_eq!(setting.put("connections/x", &bgp).code(), "BgpSettingsMissing");
    let mut no_site = connection.clone();
    no_site["properties"]["localNetworkGateway2"] = Value::Null;
    assert_eq!(setting.put("connections/x", &no_site).code(), "InvalidRequestFormat");
    let mut elsewhere = connection;
    elsewhere["location"] = json!("northeurope");
    assert_eq!(
        setting.put("connections/x", &elsewhere).code(),
        "InvalidResourceReference"
    );
}

#[test]
fn what_azure_publishes_can_be_put_there() {
    let setting = Setting::new();
    let workspace = format!(
        "{}/providers/Microsoft.MachineLearningServices/workspaces/ws",
        setting.group
    );
    let path = format!("{workspace}/outboundNetworkDependenciesEndpoints");
    let look = || setting.send(setting.request(Method::GET, &path)).unwrap();
    assert_eq!(look().code(), "ResourceNotFound");
    let categories = json!([{ "properties": { "category": "Azure Active Directory", "endpoints": [
        { "domainName": "login.microsoftonline.com", "endpointDetails": [{ "port": 443 }] }] } }]);
    setting.emulator.azure(|azure| {
        azure.publish_outbound_dependencies(&workspace, categories.clone());
        azure.publish_service_tags(json!({ "changeNumber": "7", "cloud": "Public", "values": [] }));
    });
    assert_eq!(look().body, json!({ "value": categories }));
    let tags = format!(
        "/subscriptions/{}/providers/Microsoft.Network/locations/westeurope/serviceTags",
        setting.emulator.subscription_id()
    );
    let tags = setting.send(setting.request(Method::GET, &tags)).unwrap();
    assert_eq!(
        (&tags.body["changeNumber"], &tags.body["name"]),
        (&json!("7"), &json!("westeurope"))
    );
}
