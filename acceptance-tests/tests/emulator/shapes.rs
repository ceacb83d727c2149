//! What GET shows, next to what was sent.

use serde_json::{Value, json};

use crate::client::{Setting, nsg, rule, subnet};

const GROUP: &str = "networkSecurityGroups/nsg";

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn a_network_security_group() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    let group = setting.get(GROUP).body;
    assert_eq!(keys(&group), ["etag", "id", "location", "name", "properties", "type"]);
    assert_eq!(group["type"], "Microsoft.Network/networkSecurityGroups");
    let properties = &group["properties"];
    assert_eq!(
        keys(properties),
        [
            "defaultSecurityRules",
            "provisioningState",
            "resourceGuid",
            "securityRules"
        ]
    );
    let defaults: Vec<String> = (properties["defaultSecurityRules"].as_array().unwrap().iter())
        .map(|rule| {
            let is = &rule["properties"];
            let text = |name: &str| is[name].as_str().unwrap();
            format!(
                "{} {} {} {} {} {}",
                is["priority"],
                text("direction"),
                text("access"),
                text("sourceAddressPrefix"),
                text("destinationAddressPrefix"),
                rule["name"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        defaults,
        [
            "65000 Inbound Allow VirtualNetwork VirtualNetwork AllowVnetInBound",
            "65001 Inbound Allow AzureLoadBalancer * AllowAzureLoadBalancerInBound",
            "65500 Inbound Deny * * DenyAllInBound",
            "65000 Outbound Allow VirtualNetwork VirtualNetwork AllowVnetOutBound",
            "65001 Outbound Allow * Internet AllowInternetOutBound",
            "65500 Outbound Deny * * DenyAllOutBound",
        ]
    );
    setting.done(GROUP, &group);
    assert_eq!(
        setting.get(GROUP).body["properties"]["resourceGuid"],
        properties["resourceGuid"]
    );
}

#[test]
fn rules_with_one_value_and_with_many() {
    let setting = Setting::new();
    let many = json!({
        "priority": 101, "protocol": "TCP", "access": "deny", "description": "why",
        "destinationAddressPrefix": null, "destinationAddressPrefixes": ["10.1.0.0/16", "10.2.0.1"],
        "destinationPortRange": null, "destinationPortRanges": ["80", "8080-8090"],
    });
    setting.done(GROUP, &nsg(&[rule("one", &json!({})), rule("many", &many)]));
    let rules = setting.get(GROUP).body["properties"]["securityRules"].clone();
    assert_eq!(
        rules[0]["properties"],
        json!({
            "provisioningState": "Succeeded", "priority": 100, "direction": "Outbound", "access": "Allow", "protocol": "Tcp",
            "sourceAddressPrefix": "10.0.0.0/28", "sourceAddressPrefixes": [], "sourcePortRange": "*", "sourcePortRanges": [],
            "destinationAddressPrefix": "Storage.WestEurope", "destinationAddressPrefixes": [],
            "destinationPortRange": "443", "destinationPortRanges": [],
        })
    );
    assert_eq!(
        rules[1]["properties"],
        json!({
            "provisioningState": "Succeeded", "priority": 101, "direction": "Outbound", "access": "Deny", "protocol": "Tcp",
            "description": "why",
            "sourceAddressPrefix": "10.0.0.0/28", "sourceAddressPrefixes": [], "sourcePortRange": "*", "sourcePortRanges": [],
            "destinationAddressPrefix": "", "destinationAddressPrefixes": ["10.1.0.0/16", "10.2.0.1"],
            "destinationPortRanges": ["80", "8080-8090"],
        })
    );
    assert_eq!(
        rules[0]["id"],
        setting.id("networkSecurityGroups/nsg/securityRules/one")
    );
    assert_eq!(
        rules[0]["type"],
        "Microsoft.Network/networkSecurityGroups/securityRules"
    );
    assert_eq!(rules[0], setting.get(&format!("{GROUP}/securityRules/one")).body);
    // What GET shows can be sent back as it is.
    assert_eq!(setting.put(GROUP, &setting.get(GROUP).body).status, 200);
}

#[test]
fn a_subnet_with_everything() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    let path = "virtualNetworks/vnet/subnets/one";
    setting.done(
        path,
        &subnet(json!({
            "addressPrefix": "10.0.0.0/28",
            "networkSecurityGroup": { "id": setting.id(GROUP) },
            "serviceEndpoints": [{ "service": "Microsoft.Storage", "locations": ["mars"] }, { "service": "Microsoft.KeyVault" }],
            "defaultOutboundAccess": false,
            "sharingScope": "Tenant",
            "ipConfigurations": [{ "id": "a client cannot set this" }],
            "routeTable": null,
        })),
    );
    let mut shown = setting.get(path).body;
    assert_eq!(shown["id"], setting.id(path));
    let properties = shown["properties"].take();
    assert_eq!(
        properties,
        json!({
            "provisioningState": "Succeeded",
            "addressPrefix": "10.0.0.0/28",
            "networkSecurityGroup": { "id": setting.id(GROUP) },
            "serviceEndpoints": [
                { "provisioningState": "Succeeded", "service": "Microsoft.Storage", "locations": ["westeurope", "northeurope"] },
                { "provisioningState": "Succeeded", "service": "Microsoft.KeyVault", "locations": ["*"] },
            ],
            "delegations": [],
            "privateEndpointNetworkPolicies": "Disabled",
            "privateLinkServiceNetworkPolicies": "Enabled",
            "defaultOutboundAccess": false,
            "sharingScope": "Tenant",
        })
    );
}

#[test]
fn a_virtual_network_with_subnets_inside() {
    let setting = Setting::new();
    let body = json!({ "location": "West Europe", "properties": {
        "addressSpace": { "addressPrefixes": ["10.9.0.0/16", "fd00:9::/48"] },
        "subnets": [
            { "name": "one", "properties": { "addressPrefixes": ["10.9.0.0/24", "fd00:9::/64"] } },
            { "name": "two", "properties": { "addressPrefix": "10.9.1.0/24",
                "delegations": [{ "name": "d", "properties": { "serviceName": "Microsoft.Web/serverFarms" } }] } },
        ],
    }});
    setting.done("virtualNetworks/other", &body);
    let network = setting.get("virtualNetworks/other").body;
    assert_eq!(network["location"], "westeurope");
    let properties = &network["properties"];
    assert_eq!(properties["dhcpOptions"], json!({ "dnsServers": [] }));
    assert_eq!(properties["enableDdosProtection"], false);
    assert_eq!(properties["virtualNetworkPeerings"], json!([]));
    let subnets = &properties["subnets"];
    assert_eq!(subnets[0], setting.get("virtualNetworks/other/subnets/one").body);
    assert_eq!(
        subnets[0]["properties"]["addressPrefixes"],
        json!(["10.9.0.0/24", "fd00:9::/64"])
    );
    let delegation = &subnets[1]["properties"]["delegations"][0];
    assert_eq!(
        delegation["id"],
        setting.id("virtualNetworks/other/subnets/two/delegations/d")
    );
    assert!(delegation["properties"]["actions"].is_array());
    let list = setting.get("virtualNetworks").body;
    assert_eq!(list["value"].as_array().unwrap().len(), 2);
}

#[test]
fn a_route_table() {
    let setting = Setting::new();
    let body = json!({ "location": "westeurope", "properties": { "routes": [
        { "name": "storage", "properties": { "addressPrefix": "Storage.WestEurope", "nextHopType": "internet" } },
        { "name": "all", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.0.0.4" } },
    ]}});
    setting.done("routeTables/rt", &body);
    let properties = setting.get("routeTables/rt").body["properties"].clone();
    assert_eq!(properties["disableBgpRoutePropagation"], false);
    assert_eq!(
        properties["routes"][0]["properties"],
        json!({
            "provisioningState": "Succeeded", "addressPrefix": "Storage.WestEurope", "nextHopType": "Internet",
            "hasBgpOverride": false,
        })
    );
    assert!(properties.get("subnets").is_none());
}
