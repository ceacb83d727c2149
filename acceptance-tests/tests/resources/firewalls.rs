//! Rule collections: in a group of the resource's own, among those of others, and with a subnet behind the firewall.

use serde_json::{Value, json};

use crate::place::{Place, address};

const EGRESS: &str = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                      egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";
const RCG: &str = "firewallPolicies/hub/ruleCollectionGroups";

fn with_policy() -> Place {
    let place = Place::new();
    place.put("firewallPolicies/hub", json!({ "sku": { "tier": "Standard" } }));
    place
}

fn behind(place: &Place, more: &str) -> String {
    let policy = place.id("firewallPolicies/hub");
    place.born("cc", &format!("{EGRESS}\nfirewall_policy_id = {policy:?}\n{more}"))
}

fn collections(place: &Place, group: &str) -> Vec<String> {
    let group = place.get(&format!("{RCG}/{group}"));
    let collections = group["properties"]["ruleCollections"]
        .as_array()
        .cloned()
        .unwrap_or_default();
    collections
        .iter()
        .map(|collection| collection["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_subnet_behind_a_firewall_is_four_objects_each_written_once() {
    let place = with_policy();
    let plan = place.workspace.step(&behind(&place, ""));
    let change = plan.change(&address("cc"));
    assert_eq!(change.unknown(), Vec::<String>::new());
    assert_eq!(
        change.after["rule_collection_group_id"],
        place.id(&format!("{RCG}/rcg-cyclecloud-subnet-cc"))
    );
    let writes = place.emulator.requests().writes().lines();
    assert_eq!(writes.len(), 4, "{writes:?}");
    assert!(
        writes.last().unwrap().contains("/subnets/cc"),
        "the subnet comes last: {writes:?}"
    );
    assert!(!collections(&place, "rcg-cyclecloud-subnet-cc").is_empty());

    // There and back: without the firewall nothing of it is left.
    place.workspace.step(&place.born("cc", ""));
    assert_eq!(place.get(&format!("{RCG}/rcg-cyclecloud-subnet-cc")), Value::Null);
    assert_eq!(place.get("routeTables/rt-cc"), Value::Null);
    place.workspace.step(&behind(&place, ""));
    place.workspace.destroy();
    assert_eq!(place.get(&format!("{RCG}/rcg-cyclecloud-subnet-cc")), Value::Null);
}

#[test]
fn collections_drift_rule_by_rule_and_strangers_are_removed_from_an_own_group() {
    let place = with_policy();
    place.workspace.step(&behind(&place, ""));
    let group = place.id(&format!("{RCG}/rcg-cyclecloud-subnet-cc"));
    let before = place.get(&format!("{RCG}/rcg-cyclecloud-subnet-cc"))["properties"]["ruleCollections"].clone();
    place.emulator.edit(&group, |group| {
        let collections = group["properties"]["ruleCollections"].as_array_mut().unwrap();
        collections[0]["rules"].as_array_mut().unwrap().pop();
        collections.push(json!({
            "name": "open-sesame", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 150,
            "action": { "type": "Allow" }, "rules": [{
                "ruleType": "NetworkRule", "name": "all", "ipProtocols": ["Any"], "sourceAddresses": ["*"],
                "destinationAddresses": ["*"], "destinationPorts": ["*"] }]
        }));
        group["properties"]["priority"] = json!(333);
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert_eq!(change.before["rule_collection_group_priority"], 333);
    assert!(
        change.before["network_rule_collections"]
            .to_string()
            .contains("open-sesame")
    );
    place.workspace.step(&behind(&place, ""));
    let after = place.get(&format!("{RCG}/rcg-cyclecloud-subnet-cc"))["properties"].clone();
    assert_eq!(after["ruleCollections"], before);
    assert_eq!(after["priority"], 1000);

    place.emulator.remove(&group);
    place.workspace.step(&behind(&place, ""));
    assert!(!collections(&place, "rcg-cyclecloud-subnet-cc").is_empty());
}

#[test]
fn collections_among_those_of_others_are_taken_away_again() {
    let place = with_policy();
    let theirs = json!({
        "name": "theirs", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 500, "action": { "type": "Allow" },
        "rules": [{ "ruleType": "NetworkRule", "name": "dns", "ipProtocols": ["UDP"], "sourceAddresses": ["10.0.0.0/8"],
            "destinationAddresses": ["10.0.0.10"], "destinationPorts": ["53"] }]
    });
    let group = place.id(&format!("{RCG}/shared"));
    place.emulator.put(
        &group,
        json!({ "properties": { "priority": 400, "ruleCollections": [theirs] } }),
    );
    let shared = |more: &str| place.born("cc", &format!("{EGRESS}\nrule_collection_group_id = {group:?}\n{more}"));
    place.workspace.step(&shared(""));
    let names = collections(&place, "shared");
    assert!(
        names.contains(&"theirs".to_owned()) && names.iter().any(|name| name.starts_with("cc-")),
        "{names:?}"
    );
    place.workspace.step(&shared("cyclecloud_version = 7"));
    place.workspace.destroy();
    assert_eq!(collections(&place, "shared"), ["theirs"]);
    assert_eq!(place.get(&format!("{RCG}/shared"))["properties"]["priority"], 400);

    // A priority that is taken there.
    let base = shared("").replace(
        "firewall_private_ip_address",
        "collection_priority_base = 500, firewall_private_ip_address",
    );
    place.workspace.write(&base);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("`theirs`") && error.contains("collection_priority_base"),
        "{error}"
    );
}

#[test]
fn two_resources_of_one_apply_at_one_priority_of_a_shared_group_are_told_so() {
    let place = with_policy();
    let group = place.id(&format!("{RCG}/shared"));
    place.emulator.put(
        &group,
        json!({ "properties": { "priority": 400, "ruleCollections": [] } }),
    );
    let more = format!("{EGRESS}\nrule_collection_group_id = {group:?}");
    let two = place.born("two", &more).replace("10.0.0.0/28", "10.0.0.16/28");
    place.workspace.write(&format!("{}{two}", place.born("one", &more)));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("Priority taken")
            && error.contains("`one-nrc-cyclecloud-subnet`")
            && error.contains("`two-nrc-cyclecloud-subnet`")
            && error.contains("`egress.collection_priority_base = "),
        "{error}"
    );
    place.workspace.destroy();
    assert_eq!(collections(&place, "shared"), Vec::<String>::new());
}

/// The names of the collections of a classic firewall, of all lists.
fn classic_collections(place: &Place) -> Vec<String> {
    let firewall = place.get("azureFirewalls/hub");
    let lists = ["networkRuleCollections", "applicationRuleCollections"].into_iter();
    let collections = lists.flat_map(|list| firewall["properties"][list].as_array().cloned().unwrap_or_default());
    collections
        .map(|collection| collection["name"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn collections_of_a_classic_firewall_stand_among_those_of_others() {
    let place = Place::new();
    let dns = json!({ "name": "dns", "protocols": ["UDP"], "sourceAddresses": ["10.0.0.0/8"],
        "destinationAddresses": ["10.0.0.10"], "destinationPorts": ["53"] });
    let theirs = json!({ "name": "theirs", "properties": {
        "priority": 150, "action": { "type": "Allow" }, "rules": [dns] } });
    let firewall = place.put(
        "azureFirewalls/hub",
        json!({ "sku": { "name": "AZFW_VNet", "tier": "Standard" }, "networkRuleCollections": [theirs] }),
    );
    let behind = |more: &str| place.born("cc", &format!("{EGRESS}\nfirewall_id = {firewall:?}\n{more}"));
    place.workspace.step(&behind(""));
    let names = classic_collections(&place);
    let ours = names.iter().filter(|name| name.starts_with("cc-")).count();
    assert!(
        names.contains(&"theirs".to_owned()) && ours >= 1 && ours + 1 == names.len(),
        "{names:?}"
    );

    // Drift of ours is repaired, and what others do stays.
    place.emulator.edit(&firewall, |firewall| {
        let collections = firewall["properties"]["networkRuleCollections"].as_array_mut().unwrap();
        for collection in collections {
            let named = |name: &str| collection["name"].as_str().unwrap().starts_with(name);
            if named("cc-") {
                collection["properties"]["rules"][0]["destinationPorts"] = json!(["1"]);
            } else {
                collection["properties"]["priority"] = json!(160);
            }
        }
    });
    place.workspace.step(&behind(""));
    let shown = place.get("azureFirewalls/hub")["properties"]["networkRuleCollections"].clone();
    let shown = shown.as_array().unwrap().iter();
    let port = |port: &str| -> usize { shown.clone().filter(|entry| entry.to_string().contains(port)).count() };
    assert_eq!((port(r#"["1"]"#), port("160")), (0, 1));

    place.workspace.destroy();
    assert_eq!(classic_collections(&place), ["theirs"]);
}

#[test]
fn a_group_of_that_name_is_somebody_elses() {
    let place = with_policy();
    place.emulator.put(
        &place.id(&format!("{RCG}/rcg-cyclecloud-subnet-cc")),
        json!({ "properties": { "priority": 400, "ruleCollections": [] } }),
    );
    place.workspace.write(&behind(&place, ""));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("rule collection group") && error.contains("exists already"),
        "{error}"
    );
    assert_eq!(
        place.get("networkSecurityGroups/nsg-cc"),
        Value::Null,
        "nothing was written"
    );
}

#[test]
fn without_a_place_the_collections_are_shown_with_a_warning() {
    let place = with_policy();
    let plan = place.workspace.step(&place.born("cc", EGRESS));
    let warnings = format!("{:?}", plan.warnings());
    assert!(warnings.contains("Firewall rules are only shown"), "{warnings}");
    assert_eq!(place.routes("rt-cc").len(), 1);
}

#[test]
fn what_azure_or_an_owner_would_undo_is_refused_before_anything_is_written() {
    let place = with_policy();
    let policy = place.id("firewallPolicies/hub");
    let firewall = place.put(
        "azureFirewalls/hub",
        json!({ "sku": { "name": "AZFW_VNet", "tier": "Standard" }, "firewallPolicy": { "id": policy } }),
    );
    place.emulator.clear_requests();
    place
        .workspace
        .write(&place.born("cc", &format!("{EGRESS}\nfirewall_id = {firewall:?}")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("The firewall has a policy") && error.contains(&format!("firewall_policy_id = \"{policy}\"")),
        "{error}"
    );
    assert_eq!(place.writes(), Vec::<String>::new());
    let nowhere = place.id(&format!("{RCG}/nowhere"));
    place
        .workspace
        .write(&place.born("cc", &format!("{EGRESS}\nrule_collection_group_id = {nowhere:?}")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("No place for the firewall rules") && error.contains(&nowhere),
        "{error}"
    );
    assert_eq!(place.writes(), Vec::<String>::new());

    // A group that another resource of ours keeps exactly as it is.
    let owner = behind(&place, "");
    place.workspace.step(&owner);
    place.emulator.clear_requests();
    let group = place.id(&format!("{RCG}/rcg-cyclecloud-subnet-cc"));
    let guest = place
        .born("other", &format!("{EGRESS}\nrule_collection_group_id = {group:?}"))
        .replace("10.0.0.0/28", "10.0.3.0/28");
    place.workspace.write(&format!("{owner}{guest}"));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("The rule collection group has an owner") && error.contains("lockeddown_firewall_rules"),
        "{error}"
    );
    assert_eq!(place.writes(), Vec::<String>::new());
}

#[test]
fn a_place_for_collections_that_are_not_there_is_said_to_have_no_effect() {
    let place = with_policy();
    let policy = place.id("firewallPolicies/hub");
    place
        .workspace
        .write(&place.born("cc", &format!("firewall_policy_id = {policy:?}")));
    let plan = place.workspace.plan();
    let warnings = format!("{:?}", plan.warnings());
    assert!(
        warnings.contains("Argument without effect") && warnings.contains("`firewall_policy_id`"),
        "{warnings}"
    );
    for output in [
        "rule_collection_group_id",
        "rule_collection_group_name",
        "rule_collection_group_priority",
    ] {
        assert_eq!(plan.change(&address("cc")).after[output], json!(null), "{output}");
    }
    place.workspace.apply();
    place.workspace.assert_settled();

    // Once there are collections, there is a group for them.
    place.workspace.step(&behind(&place, ""));
    assert!(!collections(&place, "rcg-cyclecloud-subnet-cc").is_empty());
}
