//! What others rely on: groups, tables and peerings that are not the resource's alone do not go, or give way, unasked.

use serde_json::{Value, json};

use crate::place::{Place, address};

const TUNNEL: &str = "egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\nvirtual_network_address_spaces = [\"10.0.0.0/16\"]";

/// A group and a table that others made, for any number of resources.
fn with_shared() -> Place {
    let place = Place::new();
    place.put("networkSecurityGroups/shared", json!({ "securityRules": [] }));
    place.put("routeTables/shared", json!({ "routes": [] }));
    place
}

fn guest(place: &Place, name: &str, more: &str) -> String {
    let group = place.id("networkSecurityGroups/shared");
    place.attached(
        name,
        &format!("network_security_group_id = {group:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n{more}"),
    )
}

/// A resource over policies as a guest of the shared group.
fn composed(place: &Place) -> String {
    format!(
        r#"
        data "lockeddown_cyclecloud_subnet" "node" {{
          role                    = "node"
          location                = "westeurope"
          subnet_address_prefixes = ["10.0.7.0/24"]
          server_address_prefixes = ["10.0.0.0/28"]
          isolation               = "none"
          priority_base           = 1500
        }}

        resource "lockeddown_subnet" "nodes" {{
          name                      = "nodes"
          location                  = "westeurope"
          subnet_id                 = {:?}
          network_security_group_id = {:?}
          policies                  = [data.lockeddown_cyclecloud_subnet.node.policy]
        }}
        "#,
        place.theirs(),
        place.id("networkSecurityGroups/shared")
    )
}

/// A plan as a person reads it, with its warnings.
fn planned(place: &Place) -> String {
    let outcome = place.workspace.run(&["plan", "-no-color"]).expect_success();
    outcome.to_string()
}

fn association(place: &Place, field: &str) -> Value {
    place.their_subnet()[field]["id"].clone()
}

#[test]
fn a_composed_subnet_leaves_the_group_on_which_a_sibling_relies() {
    let place = with_shared();
    place.workspace.step(&composed(&place));
    let sibling = guest(&place, "cc", "");
    place.workspace.step(&format!("{}{sibling}", composed(&place)));
    place.workspace.step(&sibling);
    assert_eq!(
        association(&place, "networkSecurityGroup"),
        place.id("networkSecurityGroups/shared")
    );
    assert_eq!(
        place.their_subnet()["serviceEndpoints"][0]["service"],
        "Microsoft.Storage"
    );
}

#[test]
fn a_table_stays_on_the_subnet_while_a_sibling_has_routes_there() {
    let place = with_shared();
    let table = place.id("routeTables/shared");
    let first = guest(&place, "one", &format!("route_table_id = {table:?}"));
    let second = guest(
        &place,
        "two",
        &format!("priority_base = 1500\nroute_table_id = {table:?}\n{TUNNEL}"),
    );
    place.workspace.step(&first);
    place.workspace.step(&format!("{first}{second}"));
    place.workspace.step(&second);
    assert_eq!(association(&place, "routeTable"), table.as_str());
    place.workspace.destroy();
    assert_eq!(place.routes("shared"), Vec::<String>::new());
}

#[test]
fn a_group_that_the_subnet_had_does_not_give_way_in_an_update_either() {
    let place = with_shared();
    let shared = place.id("networkSecurityGroups/shared");
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["networkSecurityGroup"] = json!({ "id": shared });
    });
    place.workspace.step(&guest(&place, "cc", ""));
    place.workspace.write(&place.attached("cc", ""));
    let error = place.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("replace_existing_associations") && error.contains(&shared),
        "{error}"
    );
    place
        .workspace
        .write(&place.attached("cc", "replace_existing_associations = true"));
    let plan = planned(&place);
    assert!(
        plan.contains("The subnet has the network security group") && plan.contains("entries are not counted here"),
        "{plan}"
    );
    place
        .workspace
        .step(&place.attached("cc", "replace_existing_associations = true"));
    place.workspace.destroy();
    assert_eq!(association(&place, "networkSecurityGroup"), shared.as_str());
}

#[test]
fn what_is_not_ignored_any_more_shows_before_it_goes() {
    let place = Place::new();
    let ignoring = |prefixes: &str| {
        place.born(
            "cc",
            &format!("{TUNNEL}\nignored_rule_name_prefixes = {prefixes}\nignored_route_name_prefixes = {prefixes}"),
        )
    };
    place.workspace.step(&ignoring("[\"aks-\"]"));
    place.emulator.edit(&place.id("networkSecurityGroups/nsg-cc"), |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.push(Place::their_rule("aks-lb", 500));
    });
    place.emulator.edit(&place.id("routeTables/rt-cc"), |table| {
        let routes = table["properties"]["routes"].as_array_mut().unwrap();
        routes.push(
            json!({ "name": "aks-pod", "properties": { "addressPrefix": "10.9.0.0/16", "nextHopType": "Internet" } }),
        );
    });
    place.workspace.step(&ignoring("[\"aks-\"]"));

    place.workspace.write(&ignoring("[]"));
    let plan = planned(&place);
    assert!(plan.contains("- \"aks-lb\""), "{plan}");
    assert!(
        plan.contains("Stops from now on") && plan.contains("`aks-lb` allows"),
        "{plan}"
    );
    assert!(plan.contains("(route `aks-pod`)"), "{plan}");

    // And back before it is applied: what stays is not told to go.
    place.workspace.step(&ignoring("[\"other-\", \"aks-\"]"));
    assert!(place.rules("nsg-cc").contains(&"aks-lb".to_owned()));
    place.workspace.step(&ignoring("[]"));
    assert!(!place.rules("nsg-cc").contains(&"aks-lb".to_owned()));
    assert!(!place.routes("rt-cc").contains(&"aks-pod".to_owned()));
    assert_eq!(
        place.workspace.state().resource(&address("cc"))["foreign_rules"],
        json!({})
    );
}

#[test]
fn what_is_ignored_from_now_on_is_not_told_to_stop() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.emulator.edit(&place.id("networkSecurityGroups/nsg-cc"), |group| {
        let rules = group["properties"]["securityRules"].as_array_mut().unwrap();
        rules.push(Place::their_rule("aks-lb", 500));
    });
    place
        .workspace
        .write(&place.born("cc", "ignored_rule_name_prefixes = [\"aks-\"]"));
    let plan = planned(&place);
    assert!(!plan.contains("Stops from now on"), "{plan}");
    place
        .workspace
        .step(&place.born("cc", "ignored_rule_name_prefixes = [\"aks-\"]"));
    assert!(place.rules("nsg-cc").contains(&"aks-lb".to_owned()));
}

#[test]
fn what_azure_will_not_associate_is_refused_before_anything_is_written() {
    let place = with_shared();
    for path in ["networkSecurityGroups/shared", "routeTables/shared"] {
        place
            .emulator
            .edit(&place.id(path), |object| object["location"] = json!("northeurope"));
        place.emulator.clear_requests();
        let more = if path.starts_with("route") {
            let group = place.id("networkSecurityGroups/shared");
            place
                .emulator
                .edit(&group, |group| group["location"] = json!("westeurope"));
            format!("route_table_id = {:?}\n{TUNNEL}", place.id(path))
        } else {
            String::new()
        };
        place.workspace.write(&guest(&place, "cc", &more));
        let error = place.workspace.expect_error(&["apply"]);
        assert!(
            error.contains("of another region") && error.contains("northeurope"),
            "{error}"
        );
        assert_eq!(place.writes(), Vec::<String>::new());
    }
}

#[test]
fn a_table_that_takes_over_routes_of_gateways_is_told() {
    let place = with_shared();
    let firewall = "egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.9.4\" }\nvirtual_network_address_spaces = [\"10.0.0.0/16\"]";
    let table = place.id("routeTables/shared");
    place
        .workspace
        .write(&guest(&place, "cc", &format!("route_table_id = {table:?}\n{firewall}")));
    let outcome = place.workspace.run(&["apply", "-auto-approve"]).expect_success();
    let told = outcome.to_string();
    assert!(told.contains("Routes of gateways can lead past the firewall"), "{told}");
}

/// A resource that asks the subnet for the Storage endpoint, or does not.
fn with_storage(place: &Place, name: &str, access: &str, more: &str) -> String {
    guest(place, name, &format!("storage_access = \"{access}\"\n{more}"))
}

fn endpoints(place: &Place) -> Vec<String> {
    let endpoints = place.their_subnet()["serviceEndpoints"].as_array().cloned();
    let services = endpoints.into_iter().flatten();
    services
        .map(|endpoint| endpoint["service"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn an_endpoint_stays_while_a_sibling_relies_on_it_and_goes_with_who_added_it() {
    let place = with_shared();
    let one = |access: &str| with_storage(&place, "one", access, "");
    let two = with_storage(&place, "two", "service_endpoint", "priority_base = 1500");
    place.workspace.step(&one("service_endpoint"));
    place.workspace.step(&format!("{}{two}", one("service_endpoint")));

    // Who added it needs it no more; its sibling does.
    place.workspace.step(&format!("{}{two}", one("service_tag")));
    assert_eq!(endpoints(&place), ["Microsoft.Storage"]);
    let state = place.workspace.state();
    assert_eq!(
        state.resource(&address("two"))["service_endpoints"],
        json!(["Microsoft.Storage"])
    );

    // The sibling goes first: then nobody relies on it, and who added it takes it away.
    place.workspace.step(&one("service_tag"));
    assert_eq!(endpoints(&place), ["Microsoft.Storage"]);
    place.workspace.destroy();
    assert_eq!(endpoints(&place), Vec::<String>::new());

    // Without a sibling it goes at once.
    place.workspace.step(&one("service_endpoint"));
    place.workspace.step(&one("service_tag"));
    assert_eq!(endpoints(&place), Vec::<String>::new());
}
