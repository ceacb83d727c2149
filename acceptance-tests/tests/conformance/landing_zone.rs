//! A provider in a landing zone where policies deny, locks forbid and services hold on to what they need.

use acceptance_tests::emulator::{Emulator, LockLevel, Options};
use serde_json::json;

use crate::setting;

/// CycleCloud's server in a subnet of its own, or in that of others.
fn server(emulator: &Emulator, standing: &str) -> String {
    format!(
        r#"
        terraform {{
          required_providers {{
            lockeddown = {{ source = "lockeddown/lockeddown" }}
          }}
        }}

        resource "lockeddown_cyclecloud_subnet" "server" {{
          location              = "westeurope"
          role                  = "server"
          node_address_prefixes = ["10.0.255.0/24"]
          waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
          {}
        }}
        "#,
        standing.replace("NETWORK", &setting::id(emulator, "virtualNetworks/vnet"))
    )
}

const OWN: &str = r#"
          name               = "own"
          virtual_network_id = "NETWORK"
          address_prefixes   = ["10.0.0.0/28"]"#;
const BEHIND: &str = r#"
          virtual_network_address_spaces = ["10.0.0.0/16"]
          egress                         = { type = "firewall", firewall_private_ip_address = "10.0.254.4" }"#;

#[test]
fn a_subnet_is_born_with_what_the_policies_demand_although_azure_reads_late() {
    let emulator = setting::emulator(Options {
        deny_subnets_without_nsg: true,
        deny_subnets_without_route_table: true,
        hide_after_create: 2,
        ..Options::default()
    });
    let workspace = setting::workspace(&emulator);
    workspace.write(&server(&emulator, OWN));
    let error = workspace.expect_error(&["apply"]);
    assert!(
        error.contains("`Subnets should have a User Defined Route`") && error.contains("exemption"),
        "{error}"
    );
    workspace.step(&server(&emulator, &format!("{OWN}{BEHIND}")));
    let subnet = setting::id(&emulator, "virtualNetworks/vnet/subnets/own");
    let properties = emulator.get(&subnet).unwrap()["properties"].clone();
    assert_eq!(
        properties["routeTable"]["id"],
        setting::id(&emulator, "routeTables/rt-own")
    );
    workspace.destroy();
}

#[test]
fn a_lock_is_named_and_nothing_is_lost_until_it_is_gone() {
    let (emulator, workspace) = setting::landing_zone();
    workspace.step(&server(&emulator, OWN));
    let group = setting::id(&emulator, "networkSecurityGroups/nsg-own");
    emulator.lock(&group, LockLevel::ReadOnly);
    let ssh = format!("{OWN}\nssh_source_address_prefixes = [\"198.51.100.0/24\"]");
    workspace.write(&server(&emulator, &ssh));
    let error = workspace.expect_error(&["apply"]);
    assert!(
        error.contains("ScopeLocked") && error.contains("Have the management lock removed") && error.contains(&group),
        "{error}"
    );
    emulator.unlock(&group);
    workspace.step(&server(&emulator, &ssh));

    emulator.lock(&setting::id(&emulator, "virtualNetworks/vnet"), LockLevel::CanNotDelete);
    let error = workspace.expect_error(&["destroy"]);
    assert!(error.contains("ScopeLocked"), "{error}");
    emulator.unlock(&setting::id(&emulator, "virtualNetworks/vnet"));
    workspace.destroy();
    assert_eq!(emulator.get(&group), None);
}

#[test]
fn a_group_that_a_service_holds_on_to_stays_and_the_remedy_is_told() {
    let (emulator, workspace) = setting::landing_zone();
    let subnet = setting::id(&emulator, "virtualNetworks/vnet/subnets/theirs");
    emulator.put(&subnet, json!({ "properties": { "addressPrefix": "10.0.7.0/24" } }));
    let guest = format!("name = \"guest\"\nsubnet_id = \"{subnet}\"");
    workspace.step(&server(&emulator, &guest));
    emulator.apply_intent_policy(&subnet);
    let error = workspace.expect_error(&["destroy"]);
    assert!(
        error.contains("network intent policy") && error.contains("Azure Databricks for instance"),
        "{error}"
    );
    let group = |emulator: &Emulator| {
        emulator.get(&subnet).unwrap()["properties"]
            .get("networkSecurityGroup")
            .cloned()
    };
    assert!(group(&emulator).is_some());
    emulator.azure(|azure| azure.lift_intent_policy(&subnet));
    workspace.destroy();
    assert_eq!(group(&emulator), None);
}
