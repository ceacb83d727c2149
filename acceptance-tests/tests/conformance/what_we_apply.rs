//! A real Terraform applies our resources, and Microsoft's client reads what any other tool would read.

use acceptance_tests::emulator::Emulator;
use acceptance_tests::python_client;
use serde_json::{Value, json};

use crate::setting;

fn read(emulator: &Emulator, arguments: &[&str]) -> Value {
    let printed = python_client::output(emulator, &[&["read"], arguments].concat());
    serde_json::from_str(&printed).unwrap()
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
    workspace.step(&setting::cyclecloud_server(&emulator));

    let nsg = read(&emulator, &["network_security_groups", "rg", "nsg-server"]);
    assert_eq!(rules(&nsg, "Inbound"), ["110 Allow Tcp 10.0.255.0/24 * 9443"]);
    assert_eq!(
        rules(&nsg, "Outbound"),
        [
            "100 Allow Tcp * Storage 443",
            "101 Allow Tcp * AzureActiveDirectory 443",
            "102 Allow Tcp * AzureMonitor 443",
            "103 Allow Tcp * AzureResourceManager 443",
            "4000 Deny * * Internet *",
        ]
    );
    assert_eq!(nsg["tags"]["owner"], "hpc");
    let subnet = read(&emulator, &["subnets", "rg", "vnet", "server"]);
    let properties = &subnet["properties"];
    assert_eq!(properties["addressPrefix"], "10.0.0.0/28");
    assert_eq!(properties["networkSecurityGroup"], json!({ "id": nsg["id"] }));
    assert_eq!(nsg["properties"]["subnets"], json!([{ "id": subnet["id"] }]));
    assert_eq!(properties["defaultOutboundAccess"], false);
    assert_eq!(properties["provisioningState"], "Succeeded");
}

/// Source, destination and port of each network rule, host and port of each application rule.
fn flows(rules: &Value) -> Vec<String> {
    let texts = |value: &Value| -> String {
        let texts = value.as_array().into_iter().flatten();
        texts.filter_map(Value::as_str).collect::<Vec<_>>().join(",")
    };
    let line = |rule: &Value| {
        let source = texts(&rule["sourceAddresses"]);
        match rule.get("targetFqdns") {
            Some(hosts) => format!("{source} {} {}", texts(hosts), rule["protocols"][0]["port"]),
            None => {
                let to = texts(&rule["destinationAddresses"]);
                format!("{source} {to} {}", texts(&rule["destinationPorts"]))
            }
        }
    };
    rules.as_array().into_iter().flatten().map(line).collect()
}

#[test]
fn tables_collections_and_policies_are_read_as_they_were_applied() {
    let (emulator, workspace) = setting::landing_zone();
    let plan = workspace.step(&setting::everything(&emulator));

    let subnet = read(&emulator, &["subnets", "rg", "vnet", "own"]);
    let policies = &subnet["properties"]["serviceEndpointPolicies"];
    let policy = setting::id(&emulator, "serviceEndpointPolicies/storage");
    assert_eq!(policies, &json!([{ "id": policy }]));
    let table = read(&emulator, &["route_tables", "rg", "rt-own"]);
    let route = &table["properties"]["routes"][0]["properties"];
    assert_eq!(
        (
            &route["addressPrefix"],
            &route["nextHopType"],
            &route["nextHopIpAddress"]
        ),
        (&json!("0.0.0.0/0"), &json!("VirtualAppliance"), &json!("10.0.254.4"))
    );
    assert_eq!(subnet["properties"]["routeTable"]["id"], table["id"]);

    let groups = "firewall_policy_rule_collection_groups";
    let group = read(&emulator, &[groups, "rg", "hub", "rcg-cyclecloud-subnet-own"]);
    let collections = group["properties"]["ruleCollections"].as_array().unwrap();
    let of_policy: Vec<String> = collections
        .iter()
        .flat_map(|collection| flows(&collection["rules"]))
        .collect();
    let firewall = read(&emulator, &["azure_firewalls", "rg", "hub"]);
    let lists = ["networkRuleCollections", "applicationRuleCollections"].into_iter();
    let of_firewall: Vec<String> = lists
        .flat_map(|list| firewall["properties"][list].as_array().cloned().unwrap_or_default())
        .flat_map(|collection| flows(&collection["properties"]["rules"]))
        .collect();
    assert!(!of_policy.is_empty());
    // The same workload in two subnets: the same flows, but for where they come from.
    let from = |flows: &[String], source: &str| -> std::collections::BTreeSet<String> {
        flows.iter().map(|flow| flow.replace(source, "SUBNET")).collect()
    };
    assert_eq!(from(&of_policy, "10.0.0.0/28"), from(&of_firewall, "10.0.7.0/24"));
    let planned = &plan.change("lockeddown_cyclecloud_subnet.own").after;
    let count = |attribute: &str| -> usize {
        let collections = planned[attribute].as_array().into_iter().flatten();
        collections
            .map(|collection| collection["rule"].as_array().map_or(0, Vec::len))
            .sum()
    };
    assert_eq!(
        of_policy.len(),
        count("network_rule_collections") + count("application_rule_collections")
    );
    let shared = read(&emulator, &["route_tables", "rg", "shared"]);
    assert_eq!(shared["properties"]["routes"].as_array().map(Vec::len), Some(1));
}

#[test]
fn peerings_and_connections_are_read_as_they_were_applied() {
    let (emulator, workspace) = setting::landing_zone();
    workspace.step(&setting::connected(&emulator));
    let id = |path: &str| setting::id(&emulator, path);
    for (network, remote) in [("vnet", "hub"), ("hub", "vnet")] {
        let name = emulator
            .ids()
            .into_iter()
            .find_map(|found| {
                let (_, name) = found.split_once(&format!("/virtualNetworks/{network}/virtualNetworkPeerings/"))?;
                Some(name.to_owned())
            })
            .unwrap();
        let peering = read(&emulator, &["virtual_network_peerings", "rg", network, &name]);
        let properties = &peering["properties"];
        assert_eq!(properties["peeringState"], "Connected");
        assert_eq!(
            properties["remoteVirtualNetwork"]["id"],
            id(&format!("virtualNetworks/{remote}"))
        );
    }
    let site = read(&emulator, &["local_network_gateways", "rg", "lgw-site"]);
    assert_eq!(site["properties"]["gatewayIpAddress"], "203.0.113.4");
    let connection = read(&emulator, &["virtual_network_gateway_connections", "rg", "site"]);
    let properties = &connection["properties"];
    assert_eq!(properties["connectionType"], "IPsec");
    assert_eq!(properties["localNetworkGateway2"]["id"], site["id"]);
    assert_eq!(
        properties["virtualNetworkGateway1"]["id"],
        id("virtualNetworkGateways/gateway")
    );
}
