//! What the provider applies, as Microsoft's client reads it: everything that was sent, and everything that was planned.

use std::collections::BTreeMap;

use acceptance_tests::emulator::Emulator;
use acceptance_tests::python_client;
use serde_json::{Value, json};

use crate::planned::{children, named, of_a_firewall, of_a_group};
use crate::setting;

/// The types in a path, and the client's operations on them.
const OPERATIONS: [(&str, &str); 8] = [
    ("azureFirewalls", "azure_firewalls"),
    ("connections", "virtual_network_gateway_connections"),
    (
        "firewallPolicies/ruleCollectionGroups",
        "firewall_policy_rule_collection_groups",
    ),
    ("localNetworkGateways", "local_network_gateways"),
    ("networkSecurityGroups", "network_security_groups"),
    ("routeTables", "route_tables"),
    ("virtualNetworks/subnets", "subnets"),
    ("virtualNetworks/virtualNetworkPeerings", "virtual_network_peerings"),
];

/// Everything that the provider wrote, as the client reads it now, by operations and name: `subnets/own`. Whatever the last write of it said
/// is there.
fn read_back(emulator: &Emulator) -> BTreeMap<String, Value> {
    let mut sent = BTreeMap::new();
    for request in emulator.requests().iter() {
        if request.method != "PUT" || !matches!(request.status, Some(200 | 201)) {
            continue;
        }
        let (_, path) = request.path.split_once("/Microsoft.Network/").unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        let types = parts.iter().step_by(2).copied().collect::<Vec<_>>().join("/");
        let names = parts.iter().skip(1).step_by(2).copied().collect::<Vec<_>>();
        let (_, operations) = OPERATIONS.iter().find(|(known, _)| *known == types).unwrap();
        let resource = format!("{operations}/rg/{}", names.join("/"));
        let short = format!("{operations}/{}", names.last().unwrap());
        sent.insert(resource, (short, request.body.clone().unwrap()));
    }
    let mut arguments = vec!["read"];
    arguments.extend(sent.keys().map(String::as_str));
    let printed = python_client::output(emulator, &arguments);
    let mut shown: BTreeMap<String, Value> = serde_json::from_str(&printed).unwrap();
    sent.into_iter()
        .map(|(resource, (short, body))| {
            let shown = shown.remove(&resource).unwrap();
            contains(&shown, &body, &resource);
            assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{resource}");
            (short, shown)
        })
        .collect()
}

/// Everything that was sent is there, and no more entries in any list.
fn contains(shown: &Value, sent: &Value, path: &str) {
    match (shown, sent) {
        (_, Value::Object(sent)) => {
            for (field, value) in sent {
                contains(&shown[field], value, &format!("{path}.{field}"));
            }
        }
        (Value::Array(shown), Value::Array(sent)) => {
            assert_eq!(shown.len(), sent.len(), "{path}: {shown:?}");
            for (shown, sent) in shown.iter().zip(sent) {
                contains(shown, sent, path);
            }
        }
        _ => assert_eq!(shown, sent, "{path}"),
    }
}

/// The services of a subnet's endpoints.
fn services(subnet: &Value) -> Vec<&str> {
    let endpoints = subnet["properties"]["serviceEndpoints"]
        .as_array()
        .into_iter()
        .flatten();
    endpoints
        .map(|endpoint| endpoint["service"].as_str().unwrap())
        .collect()
}

/// Priority, access, protocol, source, destination and port of each rule in one direction.
fn rules(group: &Value, direction: &str) -> Vec<String> {
    let rules = group["properties"]["securityRules"].as_array().unwrap();
    let mut rules: Vec<&Value> = rules.iter().map(|rule| &rule["properties"]).collect();
    rules.retain(|rule| rule["direction"] == direction);
    rules.sort_by_key(|rule| rule["priority"].as_i64());
    let line = |rule: &&Value| {
        let names = [
            "priority",
            "access",
            "protocol",
            "sourceAddressPrefix",
            "destinationAddressPrefix",
            "destinationPortRange",
        ];
        names.map(|name| rule[name].to_string().replace('"', "")).join(" ")
    };
    rules.iter().map(line).collect()
}

#[test]
fn a_cyclecloud_server_is_read_as_it_was_applied() {
    let (emulator, workspace) = setting::landing_zone();
    emulator.clear_requests();
    let plan = workspace.step(&setting::cyclecloud_server(&emulator));
    let planned = plan.change("lockeddown_cyclecloud_subnet.server[0]").after;
    let read = read_back(&emulator);

    let nsg = &read["network_security_groups/nsg-server"];
    assert_eq!(rules(nsg, "Inbound"), ["110 Allow Tcp 10.0.255.0/24 * 9443"]);
    assert_eq!(
        rules(nsg, "Outbound"),
        [
            "100 Allow Tcp * Storage 443",
            "101 Allow Tcp * AzureActiveDirectory 443",
            "102 Allow Tcp * AzureMonitor 443",
            "103 Allow Tcp * AzureResourceManager 443",
            "4000 Deny * * Internet *",
        ]
    );
    assert_eq!(
        named(&nsg["properties"]["securityRules"]),
        children(&planned["security_rules"])
    );
    assert_eq!(nsg["location"], "westeurope");
    assert_eq!(nsg["tags"]["owner"], "hpc");
    let subnet = &read["subnets/server"];
    let properties = &subnet["properties"];
    assert_eq!(properties["addressPrefix"], "10.0.0.0/28");
    assert_eq!(properties["networkSecurityGroup"], json!({ "id": nsg["id"] }));
    assert_eq!(nsg["properties"]["subnets"], json!([{ "id": subnet["id"] }]));
    assert_eq!(properties["defaultOutboundAccess"], false);
    assert_eq!(json!(services(subnet)), planned["service_endpoints"]);
    assert_eq!(read.len(), 2);
}

#[test]
fn tables_collections_and_policies_are_read_as_they_were_applied() {
    let (emulator, workspace) = setting::landing_zone();
    let configuration = setting::everything(&emulator);
    emulator.clear_requests();
    let plan = workspace.step(&configuration);
    let own = plan.change("lockeddown_cyclecloud_subnet.own").after;
    let guest = plan.change("lockeddown_cyclecloud_subnet.guest").after;
    let read = read_back(&emulator);

    for (group, table, planned) in [("nsg-own", "rt-own", &own), ("shared", "shared", &guest)] {
        let group = &read[&format!("network_security_groups/{group}")]["properties"]["securityRules"];
        assert_eq!(named(group), children(&planned["security_rules"]));
        let table = &read[&format!("route_tables/{table}")]["properties"]["routes"];
        assert_eq!(named(table), children(&planned["routes"]));
        assert!(!named(table).is_empty());
    }
    // Plural fields are the ones that get lost.
    let lists = &children(&own["security_rules"])["lists"]["properties"];
    for field in [
        "sourcePortRanges",
        "destinationPortRanges",
        "sourceAddressPrefixes",
        "destinationAddressPrefixes",
    ] {
        assert_eq!(lists[field].as_array().map(Vec::len), Some(2), "{field}: {lists}");
    }

    let group = &read["firewall_policy_rule_collection_groups/rcg-cyclecloud-subnet-own"]["properties"];
    assert_eq!(named(&group["ruleCollections"]), of_a_group(&own));
    assert_eq!(group["priority"], own["rule_collection_group_priority"]);
    let firewall = &read["azure_firewalls/hub"]["properties"];
    let mut collections = named(&firewall["networkRuleCollections"]);
    collections.extend(named(&firewall["applicationRuleCollections"]));
    assert_eq!(collections, of_a_firewall(&guest));
    assert!(collections.len() > 1, "{collections:?}");

    let subnet = &read["subnets/own"]["properties"];
    let policy = setting::id(&emulator, "serviceEndpointPolicies/storage");
    assert_eq!(subnet["serviceEndpointPolicies"], json!([{ "id": policy }]));
    assert_eq!(subnet["routeTable"]["id"], read["route_tables/rt-own"]["id"]);
    assert_eq!(
        subnet["networkSecurityGroup"]["id"],
        read["network_security_groups/nsg-own"]["id"]
    );
    assert_eq!(json!(services(&read["subnets/own"])), own["service_endpoints"]);
    let theirs = &read["subnets/theirs"]["properties"];
    assert_eq!(theirs["addressPrefix"], "10.0.7.0/24");
    assert_eq!(theirs["routeTable"]["id"], read["route_tables/shared"]["id"]);
    assert_eq!(
        theirs["networkSecurityGroup"]["id"],
        read["network_security_groups/shared"]["id"]
    );
    for owned in ["network_security_groups/nsg-own", "route_tables/rt-own"] {
        assert_eq!(read[owned]["tags"]["owner"], "hpc");
    }
    assert_eq!(read.len(), 8);
}

#[test]
fn peerings_and_connections_are_read_as_they_were_applied() {
    let (emulator, workspace) = setting::landing_zone();
    let configuration = setting::connected(&emulator);
    emulator.clear_requests();
    let plan = workspace.step(&configuration);
    let read = read_back(&emulator);

    let halves = plan.change("lockeddown_cyclecloud_peering.hub").after["peerings"].clone();
    for half in halves.as_object().unwrap().values() {
        let name = half["name"].as_str().unwrap();
        let properties = &read[&format!("virtual_network_peerings/{name}")]["properties"];
        assert_eq!(properties["peeringState"], "Connected");
        assert_eq!(
            properties["remoteVirtualNetwork"]["id"],
            half["remote_virtual_network_id"]
        );
        for (planned, azures) in [
            ("allow_virtual_network_access", "allowVirtualNetworkAccess"),
            ("allow_forwarded_traffic", "allowForwardedTraffic"),
            ("allow_gateway_transit", "allowGatewayTransit"),
            ("use_remote_gateways", "useRemoteGateways"),
        ] {
            assert_eq!(properties[azures], half[planned], "{name}: {planned}");
        }
    }
    let site = &read["local_network_gateways/lgw-site"];
    assert_eq!(site["properties"]["gatewayIpAddress"], "203.0.113.4");
    assert_eq!(
        site["properties"]["localNetworkAddressSpace"]["addressPrefixes"],
        json!(["192.168.0.0/16"])
    );
    let properties = &read["virtual_network_gateway_connections/site"]["properties"];
    assert_eq!(properties["connectionType"], "IPsec");
    assert_eq!(properties["localNetworkGateway2"]["id"], site["id"]);
    let gateway = setting::id(&emulator, "virtualNetworkGateways/gateway");
    assert_eq!(properties["virtualNetworkGateway1"]["id"], gateway);
    assert_eq!(read.len(), 4);
}
