//! Several workloads on one subnet: one group, and each workload comes and goes without touching the others.

use serde_json::json;

use crate::place::Place;

const ADDRESS: &str = "lockeddown_subnet.nodes";

fn node(more: &str) -> String {
    format!(
        r#"
        data "lockeddown_cyclecloud_subnet" "node" {{
          role                    = "node"
          location                = "westeurope"
          server_address_prefixes = ["10.0.0.0/28"]
          {more}
        }}
        "#
    )
}

fn licenses(more: &str) -> String {
    format!(
        r#"
        data "lockeddown_license_server_link" "link" {{
          link_type       = "vpn_site_to_site"
          location        = "westeurope"
          gateway_address = "203.0.113.4"
          license_servers = {{
            main = {{
              address_prefixes = ["192.168.5.10"]
              hostname         = "license.example.org"
              managers         = {{ solver = {{ type = "flexnet", port = 27000, vendor_port = 27001 }} }}
            }}
          }}
          {more}
        }}
        "#
    )
}

fn subnet(place: &Place, policies: &str, more: &str) -> String {
    format!(
        r#"
        resource "lockeddown_subnet" "nodes" {{
          name               = "nodes"
          virtual_network_id = {:?}
          location           = "West Europe"
          address_prefixes   = ["10.0.9.0/24"]
          policies           = [{policies}]
          {more}
        }}
        "#,
        place.id("virtualNetworks/vnet")
    )
}

const NODE: &str = "data.lockeddown_cyclecloud_subnet.node.policy";
const LINK: &str = "data.lockeddown_license_server_link.link.policy";

#[test]
fn a_workload_comes_and_goes_without_touching_the_others() {
    let place = Place::new();
    place
        .workspace
        .step(&format!("{}{}", node(""), subnet(&place, NODE, "")));
    let alone = place.rules("nsg-nodes");
    let writes = place.emulator.requests().writes().lines();
    assert_eq!(writes.len(), 2, "{writes:?}");

    let both = format!(
        "{}{}{}",
        node(""),
        licenses(""),
        subnet(&place, &format!("{NODE}, {LINK}"), "")
    );
    let change = place.workspace.step(&both).change(ADDRESS);
    assert_eq!(change.actions, ["update"]);
    for (name, rule) in change.before["security_rules"].as_object().unwrap() {
        // The tail deny is there once for all; only what it names as its reasons grows.
        if rule["access"] == "Deny" {
            assert_eq!(change.after["security_rules"][name]["priority"], rule["priority"]);
        } else {
            assert_eq!(&change.after["security_rules"][name], rule, "{name} changed");
        }
    }
    assert!(place.rules("nsg-nodes").len() > alone.len());

    // The order of the policies changes nothing.
    let turned = format!(
        "{}{}{}",
        node(""),
        licenses(""),
        subnet(&place, &format!("{LINK}, {NODE}"), "")
    );
    place.workspace.write(&turned);
    place.emulator.clear_requests();
    place.workspace.apply();
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());

    place
        .workspace
        .step(&format!("{}{}", node(""), subnet(&place, NODE, "")));
    assert_eq!(place.rules("nsg-nodes"), alone);
    place.workspace.destroy();
    assert_eq!(place.get("networkSecurityGroups/nsg-nodes"), json!(null));
}

#[test]
fn policies_may_be_unknown_at_plan() {
    let place = Place::new();
    let later = "resource \"terraform_data\" \"server\" { input = [\"10.0.0.0/28\"] }\n";
    let node = node("").replace("[\"10.0.0.0/28\"]", "terraform_data.server.output");
    let configuration = format!("{later}{node}{}", subnet(&place, NODE, ""));
    place.workspace.write(&configuration);
    let plan = place.workspace.plan();
    assert!(plan.change(ADDRESS).unknown().contains(&"/security_rules".to_owned()));
    place.workspace.step(&configuration);
}

#[test]
fn what_does_not_fit_is_refused_at_plan() {
    let place = Place::new();
    let shared = place.put("networkSecurityGroups/shared", json!({}));
    let group = format!("network_security_group_id = {shared:?}");
    for (configuration, said) in [
        (
            format!("{}{}", node(""), subnet(&place, NODE, &group)),
            "`*` on the subnet's side",
        ),
        (
            format!(
                "{}{}",
                node(""),
                subnet(&place, NODE, "").replace("West Europe", "northeurope")
            ),
            "`northeurope`",
        ),
        (subnet(&place, "", ""), "`policies` is empty"),
        (
            format!(
                "{}{}",
                node("subnet_address_prefixes = [\"10.0.8.0/24\"]"),
                subnet(&place, NODE, "")
            ),
            "Not the subnet's prefix",
        ),
    ] {
        place.workspace.write(&configuration);
        let error = place.workspace.expect_error(&["plan"]);
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn policies_of_another_subnet_are_refused_before_anything_is_written() {
    let place = Place::new();
    let attached = |prefix: &str| {
        let subnet = subnet(&place, NODE, "")
            .replace(
                &format!("{:?}", place.id("virtualNetworks/vnet")),
                &format!("{:?}", place.theirs()),
            )
            .replace("virtual_network_id", "subnet_id")
            .replace("address_prefixes   = [\"10.0.9.0/24\"]", "");
        format!("{}{subnet}", node(&format!("subnet_address_prefixes = [{prefix:?}]")))
    };
    place.workspace.write(&attached("10.0.9.0/24"));
    place.emulator.clear_requests();
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("Not the subnet's prefix") && error.contains("10.0.7.0/24"),
        "{error}"
    );
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    place.workspace.step(&attached("10.0.7.0/24"));

    // An update has no better claim.
    place.workspace.write(&attached("10.0.9.0/24"));
    place.emulator.clear_requests();
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("Not the subnet's prefix"), "{error}");
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    place.workspace.step(&attached("10.0.7.0/24"));

    // What is known only after something else was made is refused as soon as it is.
    place.workspace.destroy();
    let later = "resource \"terraform_data\" \"prefixes\" { input = [\"10.0.8.0/24\"] }\n";
    let born = subnet(&place, NODE, "").replace("[\"10.0.9.0/24\"]", "terraform_data.prefixes.output");
    place.workspace.write(&format!(
        "{later}{}{born}",
        node("subnet_address_prefixes = [\"10.0.9.0/24\"]")
    ));
    place.emulator.clear_requests();
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("Not the subnet's prefix"), "{error}");
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
}

#[test]
fn in_a_group_of_others_policies_of_this_subnet_stand_beside_theirs() {
    let place = Place::new();
    let shared = place.put(
        "networkSecurityGroups/shared",
        json!({ "securityRules": [Place::their_rule("theirs", 3000)] }),
    );
    let node = node("subnet_address_prefixes = [\"10.0.9.0/24\"]\nisolation = \"none\"");
    place.workspace.step(&format!(
        "{node}{}",
        subnet(&place, NODE, &format!("network_security_group_id = {shared:?}"))
    ));
    let rules = place.rules("shared");
    assert!(
        rules.len() > 1 && rules.iter().all(|rule| rule == "theirs" || rule.starts_with("nodes-")),
        "{rules:?}"
    );
    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
}
