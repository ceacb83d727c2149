//! Whatever an argument says of the place may be known only after apply.

use serde_json::json;

use crate::place::Place;

/// The last line of each argument becomes one whose value another resource of the same apply gives.
pub(crate) fn later(configuration: &str, arguments: &[&str]) -> String {
    arguments
        .iter()
        .fold(configuration.to_owned(), |configuration, argument| {
            let is_given = |line: &&str| {
                let rest = line.trim_start().strip_prefix(argument);
                rest.is_some_and(|rest| rest.trim_start().starts_with('='))
            };
            let line = configuration.lines().rfind(is_given).unwrap().to_owned();
            let (_, value) = line.split_once('=').unwrap();
            let unknown = configuration.replace(&line, &format!("{argument} = terraform_data.{argument}.output"));
            format!("resource \"terraform_data\" \"{argument}\" {{ input = {value} }}\n{unknown}")
        })
}

fn each(place: &Place, configuration: &str, arguments: &[&str]) {
    let before = place.emulator.ids();
    for argument in arguments {
        place.workspace.step(&later(configuration, &[argument]));
        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{argument}");
    }
}

fn furnished() -> Place {
    let place = Place::new();
    place.put("firewallPolicies/hub", json!({ "sku": { "tier": "Standard" } }));
    place.put(
        "networkSecurityGroups/shared",
        json!({ "securityRules": [Place::their_rule("theirs", 2000)] }),
    );
    place.put("routeTables/shared", json!({ "routes": [] }));
    place.emulator.put(
        &place.id("firewallPolicies/hub/ruleCollectionGroups/shared"),
        json!({ "properties": { "priority": 400, "ruleCollections": [] } }),
    );
    place
}

const BEHIND: &str = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                      egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";

#[test]
fn of_a_subnet_that_is_made() {
    let place = furnished();
    let configuration = place.born(
        "cc",
        &format!(
            "{BEHIND}\nresource_group_name = \"rg\"\nnetwork_security_group_name = \"nsg-cc\"\nroute_table_name = \"rt-cc\"\n\
             firewall_policy_id = {:?}\nrule_collection_group_name = \"rcg-cc\"\nrule_collection_group_priority = 1100",
            place.id("firewallPolicies/hub")
        ),
    );
    let arguments = [
        "name",
        "virtual_network_id",
        "address_prefixes",
        "location",
        "resource_group_name",
        "network_security_group_name",
        "route_table_name",
        "firewall_policy_id",
        "rule_collection_group_name",
        "rule_collection_group_priority",
    ];
    each(&place, &configuration, &arguments);
}

#[test]
fn of_a_subnet_that_exists_among_the_entries_of_others() {
    let place = furnished();
    let configuration = place.attached(
        "cc",
        &format!(
            "{BEHIND}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\nnetwork_security_group_id = {:?}\nroute_table_id = {:?}\n\
             rule_collection_group_id = {:?}",
            place.id("networkSecurityGroups/shared"),
            place.id("routeTables/shared"),
            place.id("firewallPolicies/hub/ruleCollectionGroups/shared"),
        ),
    );
    let arguments = [
        "name",
        "subnet_id",
        "subnet_address_prefixes",
        "network_security_group_id",
        "route_table_id",
        "rule_collection_group_id",
    ];
    each(&place, &configuration, &arguments);
    assert_eq!(place.rules("shared"), ["theirs"]);
    assert_eq!(place.routes("shared"), Vec::<String>::new());
}

/// The arguments of the place that a module hands on, with their types.
const OPTIONAL: [(&str, &str); 13] = [
    ("virtual_network_id", "string"),
    ("subnet_id", "string"),
    ("address_prefixes", "set(string)"),
    ("network_security_group_name", "string"),
    ("network_security_group_id", "string"),
    ("route_table_name", "string"),
    ("route_table_id", "string"),
    ("nat_gateway_id", "string"),
    ("firewall_policy_id", "string"),
    ("firewall_id", "string"),
    ("rule_collection_group_name", "string"),
    ("rule_collection_group_priority", "number"),
    ("rule_collection_group_id", "string"),
];

/// A configuration in which all of them are variables, null unless given.
fn module(given: &[(&str, &str)]) -> String {
    let variables = OPTIONAL.map(|(name, ty)| {
        let value = given.iter().find(|(argument, _)| *argument == name);
        let default = value.map_or("null", |(_, value)| value);
        format!("variable {name:?} {{\n  type    = {ty}\n  default = {default}\n}}\n")
    });
    let arguments = OPTIONAL.map(|(name, _)| format!("{name} = var.{name}\n"));
    let server = Place::server("cc", &format!("name = \"cc\"\n{}", arguments.concat()));
    variables.concat() + &server
}

#[test]
fn a_module_hands_on_what_nobody_sets() {
    let place = furnished();
    let quoted = |text: String| format!("{text:?}");
    let network = quoted(place.id("virtualNetworks/vnet"));
    let group = quoted(place.id("networkSecurityGroups/shared"));
    let born = [
        ("virtual_network_id", network.as_str()),
        ("address_prefixes", "[\"10.0.0.0/28\"]"),
    ];
    for given in [born.as_slice(), &[("subnet_id", &quoted(place.theirs()))]] {
        // `terraform validate` knows no variable.
        place.workspace.write(&module(given));
        place.workspace.validate();
        place.workspace.step(&module(given));
        place.workspace.destroy();
    }
    let named = [
        ("network_security_group_name", "\"nsg\""),
        ("network_security_group_id", group.as_str()),
    ];
    place.workspace.write(&module(&[born.as_slice(), &named].concat()));
    place.workspace.validate();
    let error = place.workspace.expect_error(&["plan"]);
    assert!(error.contains("Conflicting arguments"), "{error}");
}

#[test]
fn what_only_an_apply_knows_is_refused_there() {
    let place = furnished();
    let both = place.born(
        "cc",
        &format!(
            "network_security_group_name = \"nsg\"\nnetwork_security_group_id = {:?}",
            place.id("networkSecurityGroups/shared")
        ),
    );
    let undecided = later(&both, &["network_security_group_name", "network_security_group_id"]);
    place.workspace.write(&undecided);
    place.workspace.validate();
    place.workspace.plan();
    place.emulator.clear_requests();
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("Conflicting arguments"), "{error}");
    assert_eq!(place.writes(), Vec::<String>::new());
}
