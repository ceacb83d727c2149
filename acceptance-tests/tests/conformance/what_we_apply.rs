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
