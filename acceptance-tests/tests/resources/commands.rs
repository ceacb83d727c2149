//! What people do with Terraform beyond plan, apply and destroy: two providers, single targets, forced replacement, drift that is only looked at or taken into
//! the state, other addresses, imports in numbers, and configurations that Terraform writes.

use std::fs;

use acceptance_tests::{
    emulator::{Emulator, Options},
    terraform::Terraform,
};
use serde_json::{Value, json};

use crate::place::{Place, address};

const TUNNEL: &str = "egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\nvirtual_network_address_spaces = [\"10.0.0.0/16\"]";

/// A resource of each way of standing: in a subnet of its own, among the rules and routes of others, and at a firewall alone.
fn of_each_kind(place: &Place) -> (String, Vec<String>) {
    place.put("networkSecurityGroups/shared", json!({ "securityRules": [] }));
    place.put("routeTables/shared", json!({ "routes": [] }));
    place.put(
        "firewallPolicies/hub",
        json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } }),
    );
    let guest = format!(
        "network_security_group_id = {:?}\nroute_table_id = {:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n{TUNNEL}",
        place.id("networkSecurityGroups/shared"),
        place.id("routeTables/shared"),
    );
    let kubernetes = format!(
        r#"
        resource "lockeddown_aml_kubernetes_egress" "it" {{
          name                    = "training"
          location                = "westeurope"
          subnet_address_prefixes = ["10.4.0.0/22"]
          cluster_type            = "aks"
          workspace_guid          = "11112222-3333-4444-5555-666677778888"
          egress                  = {{ type = "firewall", firewall_private_ip_address = "10.0.9.4", firewall_dns_proxy_enabled = true }}
          firewall_policy_id      = {:?}
        }}
        "#,
        place.id("firewallPolicies/hub")
    );
    let configuration = format!(
        "{}{}{kubernetes}",
        place.born("own", ""),
        place.attached("guest", &guest)
    );
    let addresses = vec![
        address("own"),
        address("guest"),
        "lockeddown_aml_kubernetes_egress.it".to_owned(),
    ];
    (configuration, addresses)
}

#[test]
fn single_targets_and_forced_replacements() {
    let place = Place::new();
    let before = place.their_subnet();
    let (configuration, addresses) = of_each_kind(&place);
    place.workspace.write(&configuration);
    for address in &addresses {
        let target = format!("-target={address}");
        place
            .workspace
            .run(&["apply", "-auto-approve", &target])
            .expect_success();
    }
    place.workspace.assert_settled();

    let all: Vec<String> = addresses.iter().map(|address| format!("-replace={address}")).collect();
    let mut arguments = vec!["apply", "-auto-approve"];
    arguments.extend(all.iter().map(String::as_str));
    place.workspace.run(&arguments).expect_success();
    place.workspace.assert_settled();
    assert_eq!(place.rules("shared").len(), 5);

    let target = format!("-target={}", addresses[1]);
    place
        .workspace
        .run(&["destroy", "-auto-approve", &target])
        .expect_success();
    assert_eq!(place.rules("shared"), Vec::<String>::new());
    assert_eq!(place.routes("shared"), Vec::<String>::new());
    assert_eq!(
        place.their_subnet().get("networkSecurityGroup"),
        before.get("networkSecurityGroup")
    );
    place.workspace.step(&configuration);
}

#[test]
fn drift_is_not_looked_for_or_taken_into_the_state_alone_and_repaired_all_the_same() {
    let place = Place::new();
    let (configuration, addresses) = of_each_kind(&place);
    place.workspace.step(&configuration);
    for group in ["nsg-own", "shared"] {
        place
            .emulator
            .edit(&place.id(&format!("networkSecurityGroups/{group}")), |group| {
                let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
                rules.retain(|rule| !rule["name"].as_str().unwrap().ends_with("AllowAzureRM"));
            });
    }
    place.workspace.plan_with(&["-refresh=false"]).assert_empty();
    place.emulator.clear_requests();
    place
        .workspace
        .run(&["apply", "-refresh-only", "-auto-approve"])
        .expect_success();
    assert_eq!(place.writes(), Vec::<String>::new());
    let plan = place.workspace.plan_with(&["-refresh=false"]);
    for address in &addresses[..2] {
        assert_eq!(plan.change(address).actions, ["update"], "{address}");
    }
    place.workspace.step(&configuration);
    assert!(place.rules("shared").contains(&"guest-AllowAzureRM".to_owned()));
}

#[test]
fn another_address_is_no_change_and_what_prevents_a_destroy_prevents_nothing_else() {
    let place = Place::new();
    let (configuration, _) = of_each_kind(&place);
    place.workspace.step(&configuration);
    let renamed = configuration
        .replace("_subnet\" \"own\"", "_subnet\" \"server\"")
        .replace("_subnet\" \"guest\"", "_subnet\" \"servers\"")
        .replace("name = \"guest\"", "for_each = toset([\"guest\"])\nname = each.key")
        .replace("name = \"own\"", "lifecycle { prevent_destroy = true }\nname = \"own\"");
    let moved = format!(
        "moved {{\n  from = {}\n  to = {}\n}}\nmoved {{\n  from = {}\n  to = {}[\"guest\"]\n}}\n",
        address("own"),
        address("server"),
        address("guest"),
        address("servers")
    );
    place.emulator.clear_requests();
    place.workspace.step(&format!("{renamed}{moved}"));
    assert_eq!(place.writes(), Vec::<String>::new());
    place.workspace.step(&renamed.replacen(
        "role                  = \"server\"",
        "role = \"server\"\ncyclecloud_version = 7",
        1,
    ));
    let error = place.workspace.expect_error(&["destroy"]);
    assert!(error.contains("prevent_destroy"), "{error}");
    assert!(place.get("networkSecurityGroups/nsg-own").is_object());
}

#[test]
fn two_providers_each_with_its_subscription_and_a_peering_across() {
    let hubs = "5ca1ab1e-0000-4000-8000-00000000a2b9";
    let place = Place::on(Emulator::start(Options {
        further_subscriptions: vec![hubs.to_owned()],
        ..Options::default()
    }));
    let group = format!("/subscriptions/{hubs}/resourceGroups/rg-hub");
    place.emulator.put(&group, json!({ "location": "westeurope" }));
    let hub = format!("{group}/providers/Microsoft.Network/virtualNetworks/hub");
    place.emulator.put(
        &hub,
        json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } } }),
    );
    let before = place.emulator.ids();
    let spoke = place.id("virtualNetworks/vnet");
    let server = Place::server(
        "server",
        &format!(
            "provider = lockeddown.hub\nname = \"server\"\nvirtual_network_id = {hub:?}\naddress_prefixes = [\"10.1.0.0/28\"]"
        ),
    );
    let half = |name: &str, here: &str, there: &str| {
        format!(
            "{name} = {{\n name = \"{name}\"\n virtual_network_id = \"{here}\"\n remote_virtual_network_id = \"{there}\"\n}}\n"
        )
    };
    let configuration = format!(
        r#"
        provider "lockeddown" {{}}
        provider "lockeddown" {{
          alias           = "hub"
          subscription_id = "{hubs}"
          edition         = "2020-07"
        }}
        {server}
        {}
        resource "lockeddown_cyclecloud_peering" "cc" {{
          peerings = {{
            {}{}
          }}
          depends_on = [lockeddown_cyclecloud_subnet.server]
        }}
        "#,
        place.born("cc", ""),
        half("node_to_server", &spoke, &hub),
        half("server_to_node", &hub, &spoke),
    );
    place.workspace.step(&configuration);
    let state = place.workspace.state();
    assert_eq!(state.resource(&address("server"))["edition"], "2020-07");
    assert_ne!(state.resource(&address("cc"))["edition"], "2020-07");
    let group = place.emulator.get(&format!(
        "/subscriptions/{hubs}/resourceGroups/rg-hub/providers/Microsoft.Network/networkSecurityGroups/nsg-server"
    ));
    assert!(group.is_some());
    assert_eq!(
        state.resource("lockeddown_cyclecloud_peering.cc")["states"]["server_to_node"]["peering_state"],
        "Connected"
    );
    place.workspace.destroy();
    assert_eq!(place.emulator.ids(), before);
}

#[test]
fn imports_in_numbers_by_identity() {
    let place = Place::with(Terraform::version("1.15"));
    let network = place.id("virtualNetworks/vnet");
    let many = Place::server(
        "cc",
        &format!(
            "for_each = local.subnets\nname = each.key\nvirtual_network_id = {network:?}\naddress_prefixes = [each.value]"
        ),
    );
    let locals = "locals {\n  subnets = { one = \"10.0.0.0/28\", two = \"10.0.0.16/28\" }\n}\n";
    let configuration = format!("{locals}{many}");
    place.workspace.step(&configuration);
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    let import = format!(
        "import {{\n  for_each = local.subnets\n  to = {}[each.key]\n  identity = {{ subnet_id = \"{network}/subnets/${{each.key}}\" }}\n}}\n",
        address("cc")
    );
    place.emulator.clear_requests();
    let plan = place.workspace.step(&format!("{configuration}{import}"));
    let actions = plan.actions();
    assert!(actions.values().all(|actions| actions == &["no-op"]), "{actions:?}");
    assert_eq!(place.writes(), Vec::<String>::new());
}

/// What Terraform writes for these imports, and its plan.
fn generated(place: &Place, imports: &[(&str, &str)]) -> String {
    let imports = imports
        .iter()
        .map(|(to, id)| format!("import {{\n  to = {to}\n  id = {id:?}\n}}\n"));
    place.workspace.write(&imports.collect::<String>());
    let file = place.workspace.path().join("generated.tf");
    let _ = fs::remove_file(&file);
    let outcome = place
        .workspace
        .run(&["plan", "-no-color", "-input=false", "-generate-config-out=generated.tf"]);
    let text = fs::read_to_string(&file).unwrap_or_default();
    assert!(!text.is_empty(), "{outcome}");
    text
}

#[test]
fn the_configuration_that_terraform_writes_for_an_import_is_the_shortest_and_changes_nothing() {
    let place = Place::with(Terraform::version("1.15"));
    place.put("firewallPolicies/hub", json!({ "sku": { "tier": "Standard" } }));
    let policy = place.id("firewallPolicies/hub");
    let behind = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                  egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";
    let attached =
        "isolation = \"strict\"\nnetwork_security_group_name = \"nsg-cc\"\nsubnet_address_prefixes = [\"10.0.7.0/24\"]";
    let configuration = format!(
        "{}{}",
        place.born("own", &format!("{behind}\nfirewall_policy_id = {policy:?}")),
        place.attached("guest", attached)
    );
    place.workspace.step(&configuration);
    let state = fs::read(place.workspace.path().join("terraform.tfstate")).unwrap();
    for name in ["own", "guest"] {
        place.workspace.run(&["state", "rm", &address(name)]).expect_success();
    }
    let own = place.id("virtualNetworks/vnet/subnets/own");
    let guest = format!("{}|guest", place.theirs());
    let (to_own, to_guest) = (address("own"), address("guest"));
    let text = generated(&place, &[(&to_own, &own), (&to_guest, &guest)]);
    let said: Vec<&str> = text.lines().filter(|line| !line.ends_with("= null")).collect();
    let said = said
        .join("\n")
        .replace(place.emulator.subscription_id(), "SUBSCRIPTION");
    // Terraform writes what was imported in the order in which it came.
    let mut blocks: Vec<&str> = said.trim_end().split("\n\n").collect();
    blocks.sort_unstable();
    let said = blocks.join("\n\n");
    insta::assert_snapshot!(said);
    place.emulator.clear_requests();
    let outcome = place
        .workspace
        .run(&["plan", "-detailed-exitcode", "-no-color", "-input=false"]);
    assert!(
        outcome
            .to_string()
            .contains("2 to import, 0 to add, 0 to change, 0 to destroy"),
        "{outcome}"
    );

    // What was made by other ways than the import is taken away as ever.
    fs::remove_file(place.workspace.path().join("generated.tf")).unwrap();
    fs::write(place.workspace.path().join("terraform.tfstate"), state).unwrap();
    place.workspace.write(&configuration);
    place.workspace.destroy();
    assert_eq!(place.get("networkSecurityGroups/nsg-cc"), Value::Null);
}
