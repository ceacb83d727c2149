//! Resource identities, which Terraform keeps beside the state from 1.12 on.

use std::fs;

use acceptance_tests::terraform::{Terraform, Workspace};
use serde_json::{Value, json};

use crate::place::{Place, address};

/// The identity that the state keeps of a resource; null where it keeps none.
fn identity(workspace: &Workspace, name: &str) -> Value {
    let state = fs::read_to_string(workspace.path().join("terraform.tfstate")).unwrap();
    let state: Value = serde_json::from_str(&state).unwrap();
    let resources = state["resources"].as_array().unwrap();
    let resource = resources.iter().find(|resource| resource["name"] == name).unwrap();
    resource["instances"][0]["identity"].clone()
}

#[test]
fn an_identity_is_the_subnet_and_the_name_of_what_is_attached_to_it() {
    let place = Place::with(Terraform::version("1.15"));
    let (born, attached) = (place.born("own", ""), place.attached("guest", ""));
    place.workspace.step(&format!("{born}{attached}"));
    let subnet = place.id("virtualNetworks/vnet/subnets/own");
    assert_eq!(
        identity(&place.workspace, "own"),
        json!({ "subnet_id": subnet, "name": null })
    );
    assert_eq!(
        identity(&place.workspace, "guest"),
        json!({ "subnet_id": place.theirs(), "name": "guest" })
    );
}

#[test]
fn what_a_failed_create_leaves_has_its_identity() {
    use acceptance_tests::emulator::Fault;

    let place = Place::with(Terraform::version("1.15"));
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on("PUT", "subnets/cc"));
    place.workspace.write(&place.born("cc", ""));
    place.workspace.expect_error(&["apply"]);
    let subnet = place.id("virtualNetworks/vnet/subnets/cc");
    assert_eq!(
        identity(&place.workspace, "cc"),
        json!({ "subnet_id": subnet, "name": null })
    );
    place.workspace.step(&place.born("cc", ""));
}

#[test]
fn a_state_of_an_older_terraform_gets_its_identity_with_the_next_apply() {
    let place = Place::with(Terraform::version("1.11"));
    place.workspace.step(&place.born("cc", ""));
    assert_eq!(identity(&place.workspace, "cc"), Value::Null);

    let newer = place.emulator.environment().into_iter().fold(
        Workspace::with(Terraform::version("1.15")),
        |workspace, (name, value)| workspace.env(name, value),
    );
    for file in ["providers.tf", "main.tf", "terraform.tfstate"] {
        fs::copy(place.workspace.path().join(file), newer.path().join(file)).unwrap();
    }
    newer.assert_settled();
    newer.step(&place.born("cc", "cyclecloud_version = 7"));
    assert!(identity(&newer, "cc")["subnet_id"].is_string());
}

#[test]
fn an_identity_that_names_nothing_is_refused_in_its_words() {
    let place = Place::with(Terraform::version("1.15"));
    let import = |identity: &str| {
        place.workspace.write(&format!(
            "{}\nimport {{\n  to = {}\n  identity = {identity}\n}}\n",
            place.born("cc", ""),
            address("cc")
        ));
        place.workspace.expect_error(&["plan"])
    };
    let error = import("{ subnet_id = \"somewhere\" }");
    assert!(
        error.contains("`somewhere`") && error.contains("ARM id of a subnet"),
        "{error}"
    );
    let error = import(&format!("{{ subnet_id = {:?} }}", place.theirs()));
    assert!(error.contains("Not made by this resource"), "{error}");
}

#[test]
fn firewall_rules_that_go_elsewhere_are_another_object() {
    let place = Place::new();
    for policy in ["hub", "other"] {
        place.put(
            &format!("firewallPolicies/{policy}"),
            json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } }),
        );
    }
    let at = |policy: &str| {
        let policy = place.id(&format!("firewallPolicies/{policy}"));
        format!(
            r#"resource "lockeddown_aml_kubernetes_egress" "it" {{
                 name                    = "training"
                 location                = "westeurope"
                 subnet_address_prefixes = ["10.4.0.0/22"]
                 cluster_type            = "aks"
                 workspace_guid          = "11112222-3333-4444-5555-666677778888"
                 egress                  = {{ type = "firewall", firewall_private_ip_address = "10.0.9.4", firewall_dns_proxy_enabled = true }}
                 firewall_policy_id      = "{policy}"
               }}"#
        )
    };
    let group = |policy: &str| {
        place.get(&format!(
            "firewallPolicies/{policy}/ruleCollectionGroups/rcg-aml-kubernetes-egress-training"
        ))
    };
    place.workspace.step(&at("hub"));
    let plan = place.workspace.step(&at("other"));
    let change = plan.change("lockeddown_aml_kubernetes_egress.it");
    assert_eq!(change.actions, ["delete", "create"]);
    assert_eq!(change.replace_paths, json!([["firewall_policy_id"]]));
    assert!(group("hub").is_null() && group("other").is_object());
}
