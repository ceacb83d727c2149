//! What happens behind Terraform's back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde_json::json;

use crate::setting::{ADDRESS, Setting};

/// The names of the rules that a plan changes.
fn changed_rules(setting: &Setting) -> Vec<String> {
    let change = setting.workspace.plan().change(ADDRESS);
    let (before, after) = (&change.before["security_rules"], &change.after["security_rules"]);
    let names = before
        .as_object()
        .unwrap()
        .keys()
        .chain(after.as_object().unwrap().keys());
    let mut names: Vec<String> = names.filter(|name| before[*name] != after[*name]).cloned().collect();
    names.sort();
    names.dedup();
    names
}

#[test]
fn a_deleted_rule_shows_as_that_rule_and_is_restored() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting
        .emulator
        .remove(&format!("{}/securityRules/BlockOutbound", setting.group_id()));
    assert_eq!(changed_rules(&setting), ["BlockOutbound"]);
    setting.workspace.step(&setting.server(""));
    assert!(
        setting
            .rules("Outbound")
            .contains(&"4000 BlockOutbound * * * Internet Deny".to_owned())
    );
}

#[test]
fn an_edited_field_shows_as_that_field_and_is_restored() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.edit_rule("AllowAzureRM", "destinationPortRange", json!("*"));
    let change = setting.workspace.plan().change(ADDRESS);
    let rule = |side: &serde_json::Value| side["security_rules"]["AllowAzureRM"].clone();
    assert_eq!(changed_rules(&setting), ["AllowAzureRM"]);
    assert_eq!(rule(&change.before)["destination_port_range"], "*");
    let mut expected = rule(&change.before);
    expected["destination_port_range"] = "443".into();
    assert_eq!(rule(&change.after), expected, "one field differs");
    setting.workspace.step(&setting.server(""));
}

#[test]
fn another_spelling_is_no_drift() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.edit_rule("AllowAzureRM", "protocol", json!("TCP"));
    setting.edit_rule(
        "AllowAzureRM",
        "destinationAddressPrefix",
        json!("azureresourcemanager"),
    );
    setting.workspace.assert_settled();
}

#[test]
fn an_added_rule_shows_as_a_removal_unless_it_is_azures_own() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.add_rule("OpenSesame", 300);
    setting.add_rule("Microsoft.Databricks-workspaces_UseOnly_x", 301);
    assert_eq!(changed_rules(&setting), ["OpenSesame"]);
    setting.workspace.step(&setting.server(""));
    assert_eq!(
        setting.rules("Inbound"),
        [
            "110 https_9443 9443 Tcp 10.0.1.0/24 * Allow",
            "301 Microsoft.Databricks-workspaces_UseOnly_x 22 Tcp * * Allow"
        ]
    );
    let foreign = setting.workspace.state().resource(ADDRESS)["foreign_rules"].clone();
    assert_eq!(foreign["Microsoft.Databricks-workspaces_UseOnly_x"]["priority"], 301);
}

/// Every step of every test relies on this: that nothing is to do is not enough, what the state says must be true.
#[test]
fn what_changes_only_the_state_is_noticed_by_the_harness() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.add_rule("Microsoft.Databricks-workspaces_UseOnly_x", 301);
    let plan = setting.workspace.plan();
    assert!(plan.actions().is_empty());
    assert!(plan.drift().contains_key(ADDRESS));
    let settled = catch_unwind(AssertUnwindSafe(|| setting.workspace.assert_settled()));
    assert!(settled.is_err(), "drift went unnoticed");
    setting.workspace.step(&setting.server(""));
}

#[test]
fn the_subnets_group_endpoint_and_outbound_access_are_watched() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.emulator.edit(&setting.subnet_id(), |subnet| {
        let properties = subnet["properties"].as_object_mut().unwrap();
        properties.remove("networkSecurityGroup");
        properties.remove("serviceEndpoints");
        properties.insert("defaultOutboundAccess".into(), json!(true));
    });
    let change = setting.workspace.plan().change(ADDRESS);
    assert_eq!(change.actions, ["update"]);
    assert_eq!(change.before["associated_network_security_group_id"], json!(null));
    assert_eq!(change.after["associated_network_security_group_id"], setting.group_id());
    assert_eq!(change.before["service_endpoints"], json!([]));
    assert_eq!(change.before["default_outbound_access_enabled"], true);
    setting.workspace.step(&setting.server(""));
    assert_eq!(
        setting.subnet()["properties"]["networkSecurityGroup"]["id"],
        setting.group_id()
    );
}

#[test]
fn what_others_put_on_the_objects_survives_an_update() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    setting.emulator.edit(&setting.subnet_id(), |subnet| {
        subnet["properties"]["sharingScope"] = json!("Tenant");
    });
    setting
        .workspace
        .step(&setting.server("default_outbound_access_enabled = true"));
    assert_eq!(setting.subnet()["properties"]["sharingScope"], "Tenant");
}
