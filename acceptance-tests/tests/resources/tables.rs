//! Routes: in a table of the resource's own, among those of others, and not at all.

use acceptance_tests::emulator::Fault;
use serde_json::json;

use crate::place::{Place, address};

/// A forced tunnel whose default route is among `routes`.
const TUNNEL: &str = "egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\nvirtual_network_address_spaces = [\"10.0.0.0/16\"]";

#[test]
fn a_table_comes_with_the_routes_and_goes_with_them() {
    let place = Place::new();
    let plan = place.workspace.step(&place.born("cc", TUNNEL));
    let change = plan.change(&address("cc"));
    assert_eq!(change.after["route_table_id"], place.id("routeTables/rt-cc"));
    assert_eq!(change.unknown(), Vec::<String>::new());
    let subnet = place.get("virtualNetworks/vnet/subnets/cc");
    assert_eq!(subnet["properties"]["routeTable"]["id"], place.id("routeTables/rt-cc"));
    assert!(!place.routes("rt-cc").is_empty());
    let writes = place.emulator.requests().writes().lines();
    assert_eq!(writes.len(), 3, "one write per object: {writes:?}");
    let born = place.emulator.requests().puts_on("subnets/cc").0[0]
        .body
        .clone()
        .unwrap();
    assert!(born["properties"]["routeTable"].is_object(), "in its first request");

    place.workspace.step(&place.born("cc", ""));
    assert_eq!(place.get("routeTables/rt-cc"), json!(null));
    assert_eq!(
        place.get("virtualNetworks/vnet/subnets/cc")["properties"].get("routeTable"),
        None
    );
    place.workspace.step(&place.born("cc", TUNNEL));
    place.workspace.destroy();
    assert_eq!(place.get("routeTables/rt-cc"), json!(null));
}

#[test]
fn routes_drift_by_name_and_a_removed_table_is_made_again() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", TUNNEL));
    let table = place.id("routeTables/rt-cc");
    let ours = place.routes("rt-cc");
    place.emulator.edit(&table, |table| {
        table["properties"]["routes"] =
            json!([{ "name": "theirs", "properties": { "addressPrefix": "10.9.0.0/16", "nextHopType": "None" } }]);
        table["properties"]["disableBgpRoutePropagation"] = json!(true);
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert!(change.before["routes"]["theirs"].is_object());
    assert_eq!(change.before["bgp_route_propagation_enabled"], false);
    place.workspace.step(&place.born("cc", TUNNEL));
    assert_eq!(place.routes("rt-cc"), ours);

    place
        .emulator
        .edit(&place.id("virtualNetworks/vnet/subnets/cc"), |subnet| {
            subnet["properties"].as_object_mut().unwrap().remove("routeTable");
        });
    place.emulator.remove(&table);
    place.workspace.step(&place.born("cc", TUNNEL));
    assert_eq!(place.routes("rt-cc"), ours);
}

#[test]
fn an_import_recovers_the_table() {
    let place = Place::new();
    let configuration = place.born("cc", TUNNEL);
    place.workspace.step(&configuration);
    forget_and_import(&place);
}

/// What an import finds is what was forgotten.
fn forget_and_import(place: &Place) {
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    place
        .workspace
        .import(&address("cc"), &place.id("virtualNetworks/vnet/subnets/cc"));
    place.workspace.assert_settled();
}

/// Whether what needs a way out has one is judged by the subnet, not by the tags.
#[test]
fn an_import_sees_the_way_out() {
    let place = Place::new();
    let gateway = place.id("natGateways/out");
    place.emulator.put(
        &gateway,
        json!({ "location": "westeurope", "sku": { "name": "Standard" } }),
    );
    for way_out in [
        format!("nat_gateway_id = {gateway:?}"),
        "default_outbound_access_enabled = true".to_owned(),
    ] {
        let configuration = place.born("cc", &way_out);
        place.workspace.step(&configuration);
        forget_and_import(&place);
        place.workspace.destroy();
    }
}

#[test]
fn routes_among_those_of_others_are_taken_away_again() {
    let place = Place::new();
    let table = place.put(
        "routeTables/shared",
        json!({ "routes": [{ "name": "theirs", "properties": { "addressPrefix": "10.9.0.0/16", "nextHopType": "None" } }] }),
    );
    place
        .workspace
        .step(&place.attached("cc", &format!("route_table_id = {table:?}\n{TUNNEL}")));
    let routes = place.routes("shared");
    assert!(
        routes.contains(&"theirs".to_owned()) && routes.iter().any(|route| route.starts_with("cc-")),
        "{routes:?}"
    );
    assert!(
        place.rules("nsg-theirs").contains(&"AllowAzureStorage".to_owned()),
        "the own group keeps the documented names"
    );
    assert_eq!(place.their_subnet()["routeTable"]["id"], table.as_str());
    place.workspace.destroy();
    assert_eq!(place.routes("shared"), ["theirs"]);
    assert_eq!(place.their_subnet().get("routeTable"), None);
}

#[test]
fn a_prefix_that_is_routed_already_is_refused() {
    let place = Place::new();
    let table = place.put(
        "routeTables/shared",
        json!({ "routes": [{ "name": "theirs", "properties": { "addressPrefix": "0.0.0.0/0", "nextHopType": "None" } }] }),
    );
    place
        .workspace
        .write(&place.attached("cc", &format!("route_table_id = {table:?}\n{TUNNEL}")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("`theirs`") && error.contains("`0.0.0.0/0`"), "{error}");
    assert_eq!(
        place.get("networkSecurityGroups/nsg-theirs"),
        json!(null),
        "nothing was written"
    );
}

#[test]
fn two_resources_of_one_apply_that_route_one_prefix_in_one_table_are_told_so() {
    let place = Place::new();
    let table = place.put("routeTables/shared", json!({}));
    let group = place.put("networkSecurityGroups/shared", json!({}));
    let one = |name: &str, base: u32| {
        let more = format!(
            "network_security_group_id = {group:?}\nroute_table_id = {table:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n\
             priority_base = {base}\n{TUNNEL}"
        );
        place.attached(name, &more)
    };
    place
        .workspace
        .write(&format!("{}{}", one("one", 100), one("two", 1500)));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("Prefix taken")
            && error.contains("`one-default`")
            && error.contains("`two-default`")
            && error.contains("`0.0.0.0/0`"),
        "{error}"
    );
    assert!(!error.contains("RouteConflict"), "{error}");
    let ours = place.routes("shared");
    assert_eq!(ours.len(), 1, "whoever came first keeps its route: {ours:?}");
    place.workspace.destroy();
    assert_eq!(place.routes("shared"), Vec::<String>::new());
    assert_eq!(place.rules("shared"), Vec::<String>::new());
}

#[test]
fn a_table_of_others_that_azure_refuses_to_change_is_not_said_to_be_created() {
    let place = Place::new();
    let table = place.put("routeTables/shared", json!({}));
    place
        .emulator
        .fault(Fault::refuse(400, "RouteConflict", "No.").on("PUT", "routeTables/shared"));
    place
        .workspace
        .write(&place.attached("cc", &format!("route_table_id = {table:?}\n{TUNNEL}")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("Route table not changed"), "{error}");
    place.workspace.destroy();
}
