//! The proof among the rules of others: a deny of theirs in front of a rule that must let pass is found, and said with a way out.

use serde_json::{Value, json};

use crate::place::{Place, address};

/// A deny of somebody else.
fn deny(name: &str, priority: i64, to: &str) -> Value {
    let mut rule = Place::their_rule(name, priority);
    rule["properties"]["access"] = json!("Deny");
    rule["properties"]["destinationAddressPrefix"] = json!(to);
    rule["properties"]["destinationPortRange"] = json!("*");
    rule["properties"]["description"] = json!("Nothing leaves. Ask the security team.");
    rule
}

fn beside(rules: &[Value]) -> Place {
    let place = Place::new();
    place.put("networkSecurityGroups/shared", json!({ "securityRules": rules }));
    place
}

fn shared(place: &Place, more: &str) -> String {
    let group = place.id("networkSecurityGroups/shared");
    place.attached(
        "cc",
        &format!("network_security_group_id = {group:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n{more}"),
    )
}

fn write(place: &Place, rules: &[Value]) {
    place.put("networkSecurityGroups/shared", json!({ "securityRules": rules }));
}

#[test]
fn a_deny_of_others_in_front_is_refused_before_anything_is_written() {
    let place = beside(&[deny("NothingLeaves", 150, "Internet")]);
    place.workspace.write(&shared(&place, "priority_base = 500"));
    place.emulator.clear_requests();
    let error = place.workspace.expect_error(&["apply"]);
    insta::assert_snapshot!(error);
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    assert_eq!(place.rules("shared"), ["NothingLeaves"]);

    // An allow of theirs before the deny may do what ours cannot; behind ours a deny is none of our business.
    let mut storage = Place::their_rule("TheirStorage", 120);
    storage["properties"]["destinationAddressPrefix"] = json!("Storage");
    storage["properties"]["destinationPortRange"] = json!("443");
    write(&place, &[deny("NoStorage", 150, "Storage"), storage]);
    place.workspace.step(&shared(&place, "priority_base = 500"));
    place.workspace.destroy();
    write(&place, &[deny("NothingLeaves", 2000, "Internet")]);
    place.workspace.step(&shared(&place, ""));
}

#[test]
fn what_a_refresh_saw_warns_and_stops_a_plan_that_changes_the_rules() {
    let place = beside(&[]);
    let before = shared(&place, "priority_base = 500");
    place.workspace.step(&before);
    let ours = place.get("networkSecurityGroups/shared")["properties"]["securityRules"].clone();
    let mut rules = ours.as_array().unwrap().clone();
    rules.push(deny("NothingLeaves", 300, "Internet"));
    write(&place, &rules);

    // Nothing that is planned makes it worse: a warning, every time, and nothing to apply.
    place.workspace.write(&before);
    for _ in 0..2 {
        let plan = place.workspace.plan();
        assert_eq!(plan.change(&address("cc")).actions, ["no-op"]);
        let warnings = format!("{:?}", plan.warnings());
        assert!(
            warnings.contains("NothingLeaves") && warnings.contains("`priority_base = 200`"),
            "{warnings}"
        );
    }

    // A plan that writes rules known not to work is an error, and the way out is one.
    place
        .workspace
        .write(&shared(&place, "priority_base = 500\ncyclecloud_version = 7"));
    let error = place.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("A rule of others blocks a required flow") && error.contains("CC-SERVER-"),
        "{error}"
    );
    place
        .workspace
        .step(&shared(&place, "priority_base = 200\ncyclecloud_version = 7"));
    assert!(place.rules("shared").contains(&"NothingLeaves".to_owned()));
}

#[test]
fn ignored_rules_in_an_own_group_stay_in_the_proof() {
    let place = Place::new();
    let ignoring = place.attached("cc", "ignored_rule_name_prefixes = [\"Policy-\"]");
    place.workspace.step(&ignoring);
    let group = place.id("networkSecurityGroups/nsg-theirs");
    place.emulator.edit(&group, |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.push(deny("Policy-NoMonitor", 100, "AzureMonitor"));
        rules.iter_mut().for_each(|rule| {
            if rule["name"] != "Policy-NoMonitor" && rule["properties"]["priority"] == json!(100) {
                rule["properties"]["priority"] = json!(105);
            }
        });
    });
    // The drift is repaired only by a plan that changes rules, and those would not work.
    place.workspace.write(&ignoring);
    let error = place.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("Policy-NoMonitor") && error.contains("CC-SERVER-MONITOR"),
        "{error}"
    );
    place.emulator.edit(&group, |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.iter_mut().for_each(|rule| {
            if rule["name"] == "Policy-NoMonitor" {
                rule["properties"]["priority"] = json!(3000);
            }
        });
    });
    place.workspace.step(&ignoring);
}

#[test]
fn a_route_of_others_that_leads_nowhere_is_found_too() {
    let place = Place::new();
    let nowhere =
        json!({ "name": "nowhere", "properties": { "addressPrefix": "AzureMonitor", "nextHopType": "None" } });
    let table = place.put("routeTables/shared", json!({ "routes": [nowhere] }));
    place.workspace.write(&place.attached(
        "cc",
        &format!("route_table_id = {table:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]"),
    ));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("A route of others blocks a required flow")
            && error.contains("`nowhere`")
            && error.contains("CC-SERVER-MONITOR"),
        "{error}"
    );
    place.put("routeTables/shared", json!({ "routes": [] }));
    place.workspace.step(&place.attached(
        "cc",
        &format!("route_table_id = {table:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]"),
    ));
}

/// Who connects gets no answers where their route drops them, or sends them to the internet, where nobody has a private address.
#[test]
fn a_route_of_others_that_takes_the_answers_is_found_too() {
    let place = Place::new();
    let configuration = |table: &str| {
        place.attached(
            "cc",
            &format!(
                "route_table_id = {table:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\nweb_source_address_prefixes = \
                 [\"192.168.5.0/24\"]"
            ),
        )
    };
    for (hop, reason) in [("None", "drops them"), ("Internet", "nobody has a private address")] {
        let theirs =
            json!({ "name": "theirs", "properties": { "addressPrefix": "192.168.0.0/16", "nextHopType": hop } });
        let table = place.put("routeTables/shared", json!({ "routes": [theirs] }));
        place.workspace.write(&configuration(&table));
        let error = place.workspace.expect_error(&["apply"]);
        let words = error.split_whitespace().collect::<Vec<_>>().join(" ").replace(" │", "");
        assert!(
            error.contains("A route of others blocks a required flow") && words.contains(reason),
            "{hop}: {error}"
        );
    }
    let table = place.put("routeTables/shared", json!({ "routes": [] }));
    place.workspace.step(&configuration(&table));
}
