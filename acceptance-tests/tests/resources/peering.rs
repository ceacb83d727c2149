//! Both halves of a peering, or ours alone: made, changed, repaired, handed over and given back.

use acceptance_tests::emulator::{Emulator, Fault, Options};
use serde_json::{Value, json};

use crate::{
    place::{Place, all_are_refused, points_at_values},
    unknowns::later,
};

const ADDRESS: &str = "lockeddown_cyclecloud_peering.cc";
const OURS: &str = "virtualNetworks/vnet/virtualNetworkPeerings/to-hub";
const THEIRS: &str = "virtualNetworks/hub/virtualNetworkPeerings/to-spoke";

/// A place with a hub beside the virtual network.
fn with_hub() -> Place {
    let place = Place::new();
    put_hub(&place);
    place.emulator.clear_requests();
    place
}

fn put_hub(place: &Place) {
    place.put(
        "virtualNetworks/hub",
        json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } }),
    );
}

/// The peering of the two networks, with more in each half.
fn peering(place: &Place, ours: &str, theirs: &str) -> String {
    let (vnet, hub) = (place.id("virtualNetworks/vnet"), place.id("virtualNetworks/hub"));
    format!(
        r#"
        resource "lockeddown_cyclecloud_peering" "cc" {{
          peerings = {{
            node_to_server = {{
              name                      = "to-hub"
              virtual_network_id        = "{vnet}"
              remote_virtual_network_id = "{hub}"
              {ours}
            }}
            server_to_node = {{
              name                      = "to-spoke"
              virtual_network_id        = "{hub}"
              remote_virtual_network_id = "{vnet}"
              {theirs}
            }}
          }}
        }}
        "#
    )
}

/// The same where the hub's team has its half.
fn ours_only(place: &Place) -> String {
    peering(place, "", "managed = false")
}

fn hubs_half(place: &Place) {
    let remote = json!({ "id": place.id("virtualNetworks/vnet") });
    place.emulator.put(
        &place.id(THEIRS),
        json!({ "properties": { "remoteVirtualNetwork": remote, "allowVirtualNetworkAccess": true } }),
    );
}

fn state(place: &Place, half: &str) -> Value {
    place.get(half)["properties"]["peeringState"].clone()
}

fn assert_connected(place: &Place) {
    assert_eq!([state(place, OURS), state(place, THEIRS)], ["Connected", "Connected"]);
}

#[test]
fn both_halves_connect_and_the_state_says_so() {
    let place = with_hub();
    let plan = place.workspace.step(&peering(&place, "", ""));
    let planned = plan.change(ADDRESS).after;
    assert_eq!(
        planned["id"],
        format!("{}|{}", place.id(OURS), place.id(THEIRS)),
        "ids are known at plan"
    );
    assert_eq!(planned["states"]["node_to_server"]["id"], place.id(OURS));
    assert_connected(&place);
    assert_eq!(place.writes(), ["PUT to-hub", "PUT to-spoke"]);
    let shown = place.workspace.state().resource(ADDRESS)["states"].clone();
    for (half, space) in [("node_to_server", "10.1.0.0/16"), ("server_to_node", "10.0.0.0/16")] {
        assert_eq!(shown[half]["peering_state"], "Connected");
        assert_eq!(shown[half]["peering_sync_level"], "FullyInSync");
        assert_eq!(shown[half]["remote_address_spaces"][0], space);
    }
    place.workspace.destroy();
    assert_eq!([place.get(OURS), place.get(THEIRS)], [Value::Null, Value::Null]);
    assert_eq!(place.writes().len(), 2);
}

#[test]
fn the_half_of_another_team_is_neither_written_nor_judged_nor_deleted() {
    let place = with_hub();
    let configuration = ours_only(&place);
    place.workspace.step(&configuration);
    assert_eq!(state(&place, OURS), "Initiated");
    hubs_half(&place);
    let plan = place.workspace.plan();
    assert_eq!(plan.actions().len(), 0, "{plan:?}");
    place
        .workspace
        .run(&["apply", "-auto-approve", "-refresh-only"])
        .expect_success();
    place.workspace.assert_settled();
    let shown = place.workspace.state().resource(ADDRESS)["states"].clone();
    assert_eq!(shown["node_to_server"]["peering_state"], "Connected");
    assert_eq!(shown["server_to_node"], Value::Null);

    // Without a word about the other half the same is meant, and the import has none.
    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    place.workspace.import(ADDRESS, &place.id(OURS));
    place.emulator.clear_requests();
    place.workspace.step(&configuration);
    assert_eq!(place.writes(), Vec::<String>::new());

    place.workspace.destroy();
    assert_eq!(place.get(OURS), Value::Null);
    assert_eq!(state(&place, THEIRS), "Disconnected", "theirs stays");
}

#[test]
fn every_option_goes_there_and_back_in_place() {
    let place = with_hub();
    let nothing = peering(&place, "", "");
    place.workspace.step(&nothing);
    place.emulator.clear_requests();
    for (ours, theirs, order) in [
        ("allow_forwarded_traffic = true", "", &["PUT to-hub"] as &[&str]),
        (
            "",
            "allow_virtual_network_access = false",
            &["PUT to-hub", "PUT to-spoke"],
        ),
        // A gateway is opened before it is used, and closed after.
        (
            "use_remote_gateways = true",
            "allow_gateway_transit = true",
            &["PUT to-spoke", "PUT to-hub"],
        ),
        (
            "allow_gateway_transit = true",
            "use_remote_gateways = true",
            &["PUT to-hub", "PUT to-spoke"],
        ),
        ("", "", &["PUT to-spoke", "PUT to-hub"]),
    ] {
        let plan = place.workspace.step(&peering(&place, ours, theirs));
        assert_eq!(plan.change(ADDRESS).actions, ["update"], "{ours} {theirs}");
        assert_eq!(place.writes(), order, "{ours} {theirs}");
        assert_connected(&place);
    }
    // What others set beside it survives.
    place.emulator.edit(&place.id(OURS), |half| {
        half["properties"]["doNotVerifyRemoteGateways"] = json!(true)
    });
    place
        .workspace
        .step(&peering(&place, "allow_forwarded_traffic = true", ""));
    assert_eq!(place.get(OURS)["properties"]["doNotVerifyRemoteGateways"], true);
    place
        .workspace
        .step(&nothing.replace("peerings =", "timeouts = { create = \"45m\" }\npeerings ="));
}

#[test]
fn what_the_plan_does_not_know_yet_is_applied_all_the_same() {
    let place = with_hub();
    let before = place.emulator.ids();
    let whole = peering(&place, "", "allow_forwarded_traffic = true\nmanaged = true");
    let all = [
        "name",
        "virtual_network_id",
        "remote_virtual_network_id",
        "allow_forwarded_traffic",
        "managed",
    ];
    for arguments in [&all[1..2], &all[4..], &all] {
        place.workspace.step(&later(&whole, arguments));
        assert_connected(&place);
        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{arguments:?}");
    }
    // A data source that waits for an id makes everything unknown.
    let behind = |later: &str| {
        format!(
            r#"
            resource "terraform_data" "later" {{ input = "{later}" }}
            data "lockeddown_cyclecloud_connection" "cc" {{
              type                      = "virtual_network_peering"
              location                  = "westeurope"
              node_virtual_network_id   = {:?}
              node_address_spaces       = ["10.0.0.0/16"]
              server_virtual_network_id = {:?}
              server_address_spaces     = ["10.1.0.0/16"]
              depends_on                = [terraform_data.later]
            }}
            resource "lockeddown_cyclecloud_peering" "cc" {{
              peerings = data.lockeddown_cyclecloud_connection.cc.peerings
            }}
            "#,
            place.id("virtualNetworks/vnet"),
            place.id("virtualNetworks/hub")
        )
    };
    let plan = place.workspace.step(&behind("one"));
    assert!(
        plan.change(ADDRESS).unknown().contains(&"/peerings".to_owned()),
        "{:?}",
        plan.change(ADDRESS).unknown()
    );
    // Nothing is cut for what may turn out to be the same.
    place.emulator.clear_requests();
    let plan = place.workspace.step(&behind("two"));
    assert_eq!(plan.change(ADDRESS).actions, ["update"]);
    assert_eq!(place.writes(), Vec::<String>::new());
}

#[test]
fn a_peering_that_is_gone_comes_back_and_half_a_peering_is_repaired() {
    let place = with_hub();
    let configuration = peering(&place, "", "");
    place.workspace.step(&configuration);
    for half in [OURS, THEIRS] {
        place.emulator.remove(&place.id(half));
    }
    assert_eq!(place.workspace.step(&configuration).change(ADDRESS).actions, ["create"]);
    assert_connected(&place);

    for (lost, disconnected, side) in [(OURS, THEIRS, "server_to_node"), (THEIRS, OURS, "node_to_server")] {
        place.emulator.remove(&place.id(lost));
        assert_eq!(state(&place, disconnected), "Disconnected");
        place.emulator.clear_requests();
        let plan = place.workspace.step(&configuration);
        let change = plan.change(ADDRESS);
        assert_eq!(change.actions, ["update"]);
        assert_eq!(change.before["states"][side]["peering_state"], "Disconnected");
        let warnings: Vec<_> = plan.warnings().iter().map(|warning| warning.summary.as_str()).collect();
        assert!(warnings.contains(&"Peering disconnected"), "{warnings:?}");
        assert_connected(&place);
        assert_eq!(
            place.emulator.requests().on("DELETE", "*").len(),
            1,
            "what is disconnected is deleted first"
        );
        assert_eq!(place.emulator.requests().puts_on("*").len(), 2);
    }

    // A whole network that was deleted and made again takes its half along.
    place.emulator.remove(&place.id("virtualNetworks/hub"));
    put_hub(&place);
    place.workspace.step(&configuration);
    assert_connected(&place);
}

#[test]
fn our_disconnected_half_is_made_anew_and_waits_for_the_other_team() {
    let place = with_hub();
    place.workspace.step(&ours_only(&place));
    hubs_half(&place);
    place.emulator.remove(&place.id(THEIRS));
    assert_eq!(state(&place, OURS), "Disconnected");
    place.workspace.step(&ours_only(&place));
    assert_eq!(state(&place, OURS), "Initiated");
    hubs_half(&place);
    assert_eq!(place.workspace.plan().actions().len(), 0);

    // Where the other team's half is the disconnected one, only they can help, and are named.
    place.workspace.destroy();
    assert_eq!(state(&place, THEIRS), "Disconnected");
    place.workspace.write(&ours_only(&place));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("RemotePeeringIsDisconnected") && error.contains("have its owner delete it"),
        "{error}"
    );
    place.emulator.remove(&place.id(THEIRS));
    place.workspace.step(&ours_only(&place));
}

#[test]
fn halves_out_of_step_are_written_again() {
    let place = with_hub();
    let configuration = peering(&place, "", "");
    place.workspace.step(&configuration);
    place.put(
        "virtualNetworks/hub",
        json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16", "10.2.0.0/16"] } }),
    );
    place.emulator.clear_requests();
    let plan = place.workspace.step(&configuration);
    let before = &plan.change(ADDRESS).before["states"];
    assert_eq!(before["server_to_node"]["peering_sync_level"], "LocalNotInSync");
    assert_eq!(before["node_to_server"]["peering_sync_level"], "RemoteNotInSync");
    let requests = place.emulator.requests();
    let puts = requests.puts_on("virtualNetworkPeerings/*");
    assert!(!puts.is_empty());
    for put in puts.iter() {
        let query = ("syncRemoteAddressSpace".to_owned(), "true".to_owned());
        assert!(put.query.contains(&query), "{:?}", put.query);
    }
    let shown = place.workspace.state().resource(ADDRESS)["states"].clone();
    assert_eq!(
        shown["node_to_server"]["remote_address_spaces"],
        json!(["10.1.0.0/16", "10.2.0.0/16"])
    );
}

#[test]
fn drift_shows_by_field_and_is_repaired() {
    let place = with_hub();
    let configuration = peering(&place, "", "");
    place.workspace.step(&configuration);
    place.emulator.edit(&place.id(THEIRS), |half| {
        half["properties"]["allowForwardedTraffic"] = json!(true)
    });
    place.emulator.clear_requests();
    let plan = place.workspace.step(&configuration);
    let change = plan.change(ADDRESS);
    assert_eq!(
        change.before["peerings"]["server_to_node"]["allow_forwarded_traffic"],
        true
    );
    assert_eq!(
        change.after["peerings"]["node_to_server"],
        change.before["peerings"]["node_to_server"]
    );
    assert_eq!(place.writes(), ["PUT to-spoke"]);
}

#[test]
fn another_name_replaces_and_a_half_is_dropped_or_handed_over() {
    let place = with_hub();
    let configuration = peering(&place, "", "");
    place.workspace.step(&configuration);
    let renamed = configuration.replace("\"to-hub\"", "\"to-the-hub\"");
    let plan = place.workspace.step(&renamed);
    assert_eq!(plan.change(ADDRESS).actions, ["delete", "create"]);
    assert_eq!(place.get(OURS), Value::Null);
    place.workspace.step(&configuration);

    // Another spelling of an id is no change.
    place
        .workspace
        .write(&configuration.replace("resourceGroups/rg/", "resourcegroups/RG/"));
    place.workspace.plan().assert_empty();

    place.emulator.clear_requests();
    let plan = place.workspace.step(&ours_only(&place));
    let warnings: Vec<_> = plan.warnings().iter().map(|warning| warning.summary.as_str()).collect();
    assert!(warnings.contains(&"Half handed over"), "{warnings:?}");
    assert_eq!(place.writes(), Vec::<String>::new());
    assert_connected(&place);

    // It is taken back as it was left.
    place.workspace.step(&configuration);
    assert_eq!(place.writes(), Vec::<String>::new());
    assert_connected(&place);

    // What the other team made of it is not undone unasked.
    place.workspace.step(&ours_only(&place));
    place.emulator.edit(&place.id(THEIRS), |half| {
        half["properties"]["allowForwardedTraffic"] = json!(true)
    });
    place.workspace.write(&configuration);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("to take it back, plan it as it is") && error.contains("terraform import"),
        "{error}"
    );
    assert_eq!(place.writes(), Vec::<String>::new());
    place
        .workspace
        .step(&peering(&place, "", "allow_forwarded_traffic = true"));
    place.workspace.step(&ours_only(&place));
    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    place
        .workspace
        .import(ADDRESS, &format!("{}|{}", place.id(OURS), place.id(THEIRS)));
    place.workspace.step(&configuration);

    // A half that is left out goes, and the other one begins anew.
    let (before, rest) = configuration.split_once("server_to_node").unwrap();
    let (_, after) = rest.split_once('}').unwrap();
    place.workspace.step(&format!("{before}{after}"));
    assert_eq!(place.get(THEIRS), Value::Null);
    assert_eq!(state(&place, OURS), "Initiated");
    place.workspace.step(&configuration);
    assert_connected(&place);
}

#[test]
fn peerings_of_strangers_are_never_taken() {
    let place = with_hub();
    hubs_half(&place);
    place.workspace.write(&peering(&place, "", ""));
    let error = place.workspace.expect_error(&["apply"]);
    let id = place.emulator.subscription_id().to_owned();
    if points_at_values() {
        insta::assert_snapshot!(error.replace(&id, "SUBSCRIPTION"));
    } else {
        all_are_refused(&error, 1);
    }
    assert_eq!(place.get(OURS), Value::Null, "nothing was written");
    let elsewhere = peering(&place, "", "").replace("virtualNetworks/hub", "virtualNetworks/nowhere");
    place.workspace.write(&elsewhere);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("The virtual network does not exist"), "{error}");
    // The import of what there is leads on.
    place.workspace.import(ADDRESS, &format!("|{}", place.id(THEIRS)));
    place.workspace.step(&peering(&place, "", ""));
    assert_connected(&place);

    // Under another name it would be a second peering of the same networks.
    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    let other = peering(&place, "", "")
        .replace("to-hub", "other")
        .replace("to-spoke", "another");
    place.workspace.write(&other);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("The networks are peered already"), "{error}");
    assert_connected(&place);
}

#[test]
fn a_fault_at_each_request_is_repaired_by_the_next_apply() {
    for (verb, path, skip) in [
        ("GET", "virtualNetworks/vnet", 0),
        ("GET", "virtualNetworks/hub", 0),
        ("PUT", "virtualNetworkPeerings/to-hub", 0),
        ("PUT", "virtualNetworkPeerings/to-spoke", 0),
        ("GET", "virtualNetworkPeerings/to-hub", 2),
    ] {
        let place = with_hub();
        let before = place.emulator.ids();
        let fault = Fault::refuse(403, "AuthorizationFailed", "No.")
            .on(verb, path)
            .after(skip);
        place.emulator.fault(fault);
        place.workspace.write(&peering(&place, "", ""));
        place.workspace.expect_error(&["apply"]);
        place.workspace.step(&peering(&place, "", ""));
        assert_connected(&place);
        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{verb} {path}");
    }
    let place = with_hub();
    place.workspace.step(&peering(&place, "", ""));
    // A repair that fails between deleting and making anew is repaired again.
    place.emulator.remove(&place.id(THEIRS));
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on("PUT", "virtualNetworkPeerings/to-hub"));
    place.workspace.expect_error(&["apply"]);
    assert_eq!(place.get(OURS), Value::Null);
    place.workspace.step(&peering(&place, "", ""));
    assert_connected(&place);
}

#[test]
fn networks_of_two_subscriptions_and_tenants_are_peered() {
    let hubs = "5ca1ab1e-0000-4000-8000-00000000a2b9";
    let tenant = "7e4a4700-0000-4000-8000-00000000beef";
    let place = Place::on(Emulator::start(Options {
        further_subscriptions: vec![hubs.to_owned()],
        ..Options::default()
    }));
    let group = format!("/subscriptions/{hubs}/resourceGroups/rg-hub");
    place.emulator.put(&group, json!({ "location": "westeurope" }));
    let hub = format!("{group}/providers/Microsoft.Network/virtualNetworks/hub");
    let space = json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } });
    place
        .emulator
        .put(&hub, json!({ "location": "westeurope", "properties": space }));
    let configuration = peering(&place, "", "").replace(&place.id("virtualNetworks/hub"), &hub);
    let provider = format!("provider \"lockeddown\" {{ auxiliary_tenant_ids = [\"{tenant}\"] }}\n");
    place.workspace.step(&format!("{provider}{configuration}"));
    let theirs = place
        .emulator
        .get(&format!("{hub}/virtualNetworkPeerings/to-spoke"))
        .unwrap();
    assert_eq!(theirs["properties"]["peeringState"], "Connected");
    assert_eq!(place.emulator.auxiliary_tenants(), [tenant]);
    place.workspace.destroy();
}

#[test]
fn configurations_that_cannot_work_are_refused_at_plan() {
    let place = with_hub();
    let hub = place.id("virtualNetworks/hub");
    let mut refusals = String::new();
    for configuration in [
        peering(&place, "use_remote_gateways = true", ""),
        peering(&place, "use_remote_gateways = true\nallow_gateway_transit = true", ""),
        peering(&place, "managed = false", "managed = false"),
        peering(&place, "", "").replace("server_to_node", "server_to_nodes"),
        peering(&place, "", "").replace("\"to-hub\"", "\"to hub\""),
        peering(&place, "", "").replace(
            &format!("virtual_network_id        = \"{hub}\""),
            "virtual_network_id = \"hub\"",
        ),
        peering(&place, "", "").replacen(&hub, &place.id("virtualNetworks/elsewhere"), 1),
        peering(&place, "", "").replacen(&hub, &place.id("virtualNetworks/vnet"), 1),
        format!("{}\n", peering(&place, "", "")).replace("peerings =", "timeouts = { create = \"soon\" }\npeerings ="),
    ] {
        place.workspace.write(&configuration);
        refusals += &place.workspace.expect_error(&["plan"]);
        refusals += "\n----\n";
    }
    for id in ["hub", &place.id("virtualNetworks/hub"), "|"] {
        place.workspace.write(&peering(&place, "", ""));
        refusals += &place.workspace.expect_error(&["import", "-no-color", ADDRESS, id]);
        refusals += "\n----\n";
    }
    let id = place.emulator.subscription_id().to_owned();
    if points_at_values() {
        insta::assert_snapshot!(refusals.replace(&id, "SUBSCRIPTION"));
    } else {
        all_are_refused(&refusals, 12);
    }
}

#[test]
fn a_peering_that_somebody_made_in_our_place_is_left_alone() {
    let place = with_hub();
    hubs_half(&place);
    place.workspace.step(&ours_only(&place));
    place.put(
        "virtualNetworks/other",
        json!({ "addressSpace": { "addressPrefixes": ["10.2.0.0/16"] } }),
    );
    place.emulator.edit(&place.id(OURS), |half| {
        half["properties"]["remoteVirtualNetwork"]["id"] = json!(place.id("virtualNetworks/other"));
    });
    let plan = place.workspace.run(&["plan", "-no-color"]).expect_success().to_string();
    assert!(plan.contains("Another peering in our place"), "{plan}");
    place.workspace.destroy();
    assert!(place.get(OURS).is_object(), "it is theirs");
}
