//! Rules among those of others: each resource owns what it added, and nobody loses anything.

use serde_json::json;

use crate::place::{Place, address};

fn shared(place: &Place, name: &str, more: &str) -> String {
    let group = place.id("networkSecurityGroups/shared");
    place.attached(
        name,
        &format!("network_security_group_id = {group:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n{more}"),
    )
}

fn with_their_group() -> Place {
    let place = Place::new();
    place.put(
        "networkSecurityGroups/shared",
        json!({ "securityRules": [Place::their_rule("theirs", 2000)] }),
    );
    place
}

#[test]
fn rules_stand_beside_those_of_others_under_the_resources_name_and_about_its_subnet() {
    let place = with_their_group();
    place.workspace.step(&shared(&place, "cc", ""));
    let rules = place.rules("shared");
    assert_eq!(
        rules,
        [
            "cc-AllowActiveDirectory",
            "cc-AllowAzureMonitor",
            "cc-AllowAzureRM",
            "cc-AllowAzureStorage",
            "cc-https_9443",
            "theirs"
        ],
        "and nothing is denied unasked"
    );
    let group = place.get("networkSecurityGroups/shared");
    for rule in group["properties"]["securityRules"].as_array().unwrap() {
        let (name, properties) = (rule["name"].as_str().unwrap(), &rule["properties"]);
        let side = if properties["direction"] == "Inbound" {
            "destinationAddressPrefix"
        } else {
            "sourceAddressPrefix"
        };
        let expected = if name == "theirs" { "*" } else { "10.0.7.0/24" };
        assert_eq!(properties[side], expected, "{name}");
    }
    assert!(
        group.get("tags").is_none_or(|tags| tags == &json!({})),
        "somebody else's group is not marked"
    );
    assert_eq!(
        place.their_subnet()["networkSecurityGroup"]["id"],
        place.id("networkSecurityGroups/shared")
    );

    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
    assert_eq!(
        place.their_subnet().get("networkSecurityGroup"),
        None,
        "the subnet had none before"
    );
}

#[test]
fn two_resources_in_one_group_never_lose_each_others_rules() {
    let place = with_their_group();
    let first = |more: &str| shared(&place, "one", more);
    let second = |more: &str| shared(&place, "two", &format!("priority_base = 1500\n{more}"));
    place.workspace.step(&format!("{}{}", first(""), second("")));
    assert_eq!(place.rules("shared").len(), 11, "{:?}", place.rules("shared"));

    let plan = place
        .workspace
        .step(&format!("{}{}", first("cyclecloud_version = 7"), second("")));
    assert_eq!(plan.change(&address("two")).actions, ["no-op"]);
    assert_eq!(place.rules("shared").len(), 12);

    place.workspace.step(&second(""));
    let rules = place.rules("shared");
    assert!(rules.iter().all(|rule| !rule.starts_with("one-")), "{rules:?}");
    assert_eq!(rules.len(), 6);
    assert_eq!(
        place.their_subnet()["networkSecurityGroup"]["id"],
        place.id("networkSecurityGroups/shared"),
        "the other resource's association stays"
    );
}

#[test]
fn each_resource_has_its_own_deny() {
    let place = with_their_group();
    let first = shared(&place, "one", "isolation = \"internet\"");
    let second = shared(
        &place,
        "two",
        "isolation = \"internet\"\npriority_base = 1500\ndeny_priority = 4010",
    );
    place.workspace.step(&format!("{first}{second}"));
    place.workspace.step(&second);
    let denies: Vec<String> = place
        .rules("shared")
        .into_iter()
        .filter(|rule| rule.contains("Block"))
        .collect();
    assert_eq!(denies, ["two-BlockOutbound"], "destroying one does not open the other");
}

#[test]
fn a_priority_that_is_taken_is_refused_with_a_free_one_before_anything_is_written() {
    let place = with_their_group();
    place.put(
        "networkSecurityGroups/shared",
        json!({ "securityRules": [Place::their_rule("theirs", 101), Place::their_rule("more", 203)] }),
    );
    place.workspace.write(&shared(&place, "cc", ""));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("`theirs`") && error.contains("101 outbound") && error.contains("`priority_base = 300`"),
        "{error}"
    );
    assert_eq!(place.rules("shared"), ["more", "theirs"]);
    place.workspace.step(&shared(&place, "cc", "priority_base = 300"));

    // Once it is known from a refresh, the plan warns already.
    place.workspace.write(&shared(&place, "cc", ""));
    let warnings = format!("{:?}", place.workspace.plan().warnings());
    assert!(warnings.contains("`theirs`"), "{warnings}");
}

#[test]
fn two_resources_of_one_apply_at_one_priority_are_told_so() {
    let place = with_their_group();
    let both = format!("{}{}", shared(&place, "one", ""), shared(&place, "two", ""));
    place.workspace.write(&both);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("Priority taken")
            && error.contains("`one-")
            && error.contains("`two-")
            && error.contains("`priority_base = "),
        "{error}"
    );
    assert!(!error.contains("SecurityRuleConflict"), "{error}");
    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
}

#[test]
fn only_the_resources_own_rules_drift() {
    let place = with_their_group();
    place.workspace.step(&shared(&place, "cc", ""));
    let group = place.id("networkSecurityGroups/shared");
    place.emulator.edit(&group, |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["name"] != "cc-AllowAzureRM");
        rules.push(Place::their_rule("another", 2001));
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert!(change.before["security_rules"].get("cc-AllowAzureRM").is_none());
    assert!(change.after["security_rules"]["cc-AllowAzureRM"].is_object());
    place.workspace.step(&shared(&place, "cc", ""));
    assert!(place.rules("shared").contains(&"another".to_owned()));
}

#[test]
fn a_group_that_vanished_and_rules_that_were_renamed_do_not_stop_a_destroy() {
    let place = with_their_group();
    place.workspace.step(&shared(&place, "cc", ""));
    let group = place.id("networkSecurityGroups/shared");
    place.emulator.edit(&group, |group| {
        for rule in group["properties"]["securityRules"].as_array_mut().unwrap() {
            if rule["name"] == "cc-AllowAzureRM" {
                rule["name"] = json!("renamed");
            }
        }
    });
    place.workspace.destroy();
    assert_eq!(
        place.rules("shared"),
        ["renamed", "theirs"],
        "what somebody renamed is theirs now"
    );
    place.emulator.edit(&group, |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.retain(|rule| rule["name"] != "renamed");
    });

    place.workspace.step(&shared(&place, "cc", ""));
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]
            .as_object_mut()
            .unwrap()
            .remove("networkSecurityGroup");
    });
    place.emulator.remove(&group);
    place.workspace.destroy();
}

#[test]
fn names_that_are_taken_and_groups_with_an_owner_are_refused() {
    let place = with_their_group();
    place.workspace.step(&place.born("own", ""));
    let own = place.id("networkSecurityGroups/nsg-own");
    let guest = shared(&place, "guest", "").replace(&place.id("networkSecurityGroups/shared"), &own);
    place.workspace.write(&format!("{}{guest}", place.born("own", "")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("The network security group has an owner") && error.contains("lockeddown_cyclecloud_subnet own"),
        "{error}"
    );

    place.emulator.put(
        &format!(
            "{}/securityRules/cc-AllowAzureRM",
            place.id("networkSecurityGroups/shared")
        ),
        json!({ "properties": Place::their_rule("x", 2002)["properties"] }),
    );
    place
        .workspace
        .write(&format!("{}{}", place.born("own", ""), shared(&place, "cc", "")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("Names taken") && error.contains("cc-AllowAzureRM") && error.contains("terraform import"),
        "{error}"
    );
}

#[test]
fn from_a_group_of_its_own_into_one_of_others_and_back() {
    let place = with_their_group();
    place.workspace.step(&place.attached("cc", ""));
    place.workspace.step(&shared(&place, "cc", ""));
    assert_eq!(
        place.get("networkSecurityGroups/nsg-theirs"),
        json!(null),
        "the own group is gone"
    );
    assert_eq!(place.rules("shared").len(), 6);
    place.workspace.step(&place.attached("cc", ""));
    assert_eq!(place.rules("shared"), ["theirs"]);
    assert_eq!(place.rules("nsg-theirs").len(), 6);
    place.workspace.destroy();
    assert_eq!(place.their_subnet().get("networkSecurityGroup"), None);
}

#[test]
fn an_import_among_others_writes_nothing_and_then_plans_empty() {
    let place = with_their_group();
    let configuration = shared(&place, "cc", "");
    place.workspace.step(&configuration);
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    place
        .workspace
        .import(&address("cc"), &format!("{}|cc", place.theirs()));
    place.emulator.clear_requests();
    place.workspace.step(&configuration);
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
}

#[test]
fn an_import_among_others_takes_nothing_from_a_sibling_whose_name_goes_on_or_from_a_hand() {
    let place = with_their_group();
    let first = shared(&place, "hpc", "");
    let sibling = shared(&place, "hpc-2", "priority_base = 1500");
    let both = format!("{first}{sibling}");
    place.workspace.step(&both);
    let group = place.id("networkSecurityGroups/shared");
    place.emulator.edit(&group, |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.push(Place::their_rule("hpc-foo", 2001));
    });
    let before = place.rules("shared");
    place.workspace.run(&["state", "rm", &address("hpc")]).expect_success();
    place
        .workspace
        .import(&address("hpc"), &format!("{}|hpc", place.theirs()));
    place.emulator.clear_requests();
    place.workspace.step(&both);
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    assert_eq!(place.rules("shared"), before);
    place.workspace.step(&sibling);
    let left = place.rules("shared");
    assert!(
        left.iter()
            .all(|rule| rule == "theirs" || rule == "hpc-foo" || rule.starts_with("hpc-2-")),
        "{left:?}"
    );
    assert_eq!(left.len(), 7, "{left:?}");
}

#[test]
fn an_import_among_others_gets_its_extra_rules_back_with_the_next_apply() {
    let place = with_their_group();
    let extra = "extra_rules = { own = { priority = 1900, direction = \"Outbound\", access = \"Deny\", protocol = \"Tcp\", \
                 destination_address_prefixes = [\"10.0.9.0/24\"], source_address_prefixes = [\"10.0.7.0/24\"], \
                 destination_port_ranges = [\"22\"] } }";
    let configuration = shared(&place, "cc", extra);
    place.workspace.step(&configuration);
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    place
        .workspace
        .import(&address("cc"), &format!("{}|cc", place.theirs()));
    place.workspace.write(&configuration);
    let warnings = format!("{:?}", place.workspace.plan().warnings());
    assert!(!warnings.contains("Priority taken"), "{warnings}");
    place.emulator.clear_requests();
    place.workspace.step(&configuration);
    assert_eq!(place.emulator.requests().writes().lines(), Vec::<String>::new());
    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
}

#[test]
fn a_subnet_born_into_a_group_of_others() {
    let place = with_their_group();
    let group = place.id("networkSecurityGroups/shared");
    place
        .workspace
        .step(&place.born("cc", &format!("network_security_group_id = {group:?}")));
    let subnet = place.get("virtualNetworks/vnet/subnets/cc");
    assert_eq!(subnet["properties"]["networkSecurityGroup"]["id"], group.as_str());
    assert!(place.rules("shared").contains(&"cc-AllowAzureRM".to_owned()));
    place.workspace.destroy();
    assert_eq!(place.rules("shared"), ["theirs"]);
    assert_eq!(place.get("virtualNetworks/vnet/subnets/cc"), json!(null));
}

#[test]
fn rules_outside_the_subnet_are_refused() {
    let place = with_their_group();
    place
        .workspace
        .write(&shared(&place, "cc", "").replace("[\"10.0.7.0/24\"]", "[\"10.0.8.0/24\"]"));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("`10.0.8.0/24`") && error.contains("`10.0.7.0/24`"),
        "{error}"
    );
}
