//! What somebody moved to another resource group by hand is found again by doing what the messages say.

use serde_json::{Value, json};

use crate::place::{Place, address};

const FROM: &str = "/resourceGroups/rg/";
const TO: &str = "/resourceGroups/rg-2/";

/// Moves objects as Azure does: with their tags, and what they refer to of each other goes with them.
fn move_all(place: &Place, paths: &[&str]) {
    let group = place.id("").split_once("/providers").unwrap().0.replace("/rg", "/rg-2");
    place.emulator.put(&group, json!({ "location": "westeurope" }));
    let ids: Vec<String> = paths.iter().map(|path| place.id(path)).collect();
    let moved = ids.iter().map(|id| {
        let body = place.emulator.get(id).unwrap().to_string();
        let text = ids
            .iter()
            .fold(body, |text, id| text.replace(id, &id.replace(FROM, TO)));
        (id.replace(FROM, TO), serde_json::from_str::<Value>(&text).unwrap())
    });
    let moved: Vec<(String, Value)> = moved.collect();
    // A network refers to the others.
    for id in ids.iter().rev() {
        place.emulator.remove(id);
    }
    for (id, body) in moved {
        place.emulator.put(&id, body);
    }
}

/// The command that a message gives, carried out.
fn follow(place: &Place, error: &str) {
    let (_, command) = error.split_once("`terraform import ").unwrap();
    let (command, _) = command.split_once('`').unwrap();
    let (_, id) = command.split_once(' ').unwrap();
    assert!(command.contains("lockeddown_cyclecloud_subnet.<name>"), "{error}");
    place.workspace.import(&address("cc"), id.trim_matches('\''));
}

fn standings(place: &Place) -> [(String, &'static str); 2] {
    [
        (place.born("cc", ""), "networkSecurityGroups/nsg-cc"),
        (place.attached("cc", ""), "networkSecurityGroups/nsg-theirs"),
    ]
}

/// Everything that a destroy has to leave: a network, and the subnet of somebody else in it as it was.
fn assert_given_back(place: &Place, group: &str) {
    place.workspace.destroy();
    for path in [FROM, TO] {
        assert_eq!(place.emulator.get(&place.id(group).replace(FROM, path)), None, "{path}");
    }
    let network = place
        .emulator
        .get(&place.id("virtualNetworks/vnet").replace(FROM, TO))
        .unwrap();
    let subnets = network["properties"]["subnets"].as_array().unwrap();
    assert_eq!(subnets.len(), 1, "{subnets:?}");
    let theirs = &subnets[0]["properties"];
    assert_eq!(theirs.get("networkSecurityGroup"), None);
    assert!(
        theirs
            .get("serviceEndpoints")
            .is_none_or(|endpoints| *endpoints == json!([])),
        "{theirs}"
    );
}

#[test]
fn a_network_and_its_groups() {
    for which in [0, 1] {
        let place = Place::new();
        let (configuration, group) = standings(&place)[which].clone();
        place.workspace.step(&configuration);
        move_all(&place, &[group, "virtualNetworks/vnet"]);
        let moved = configuration.replace(FROM, TO);
        place.workspace.write(&moved);
        let error = place.workspace.expect_error(&["apply"]);
        follow(&place, &error);
        // The mark names another place: the plan shows that it is put right.
        let change = place.workspace.plan().change(&address("cc"));
        assert_eq!(change.actions, ["update"]);
        assert_eq!(change.before["network_security_group_id"], Value::Null);
        place.workspace.step(&moved);
        assert_given_back(&place, group);
    }
}

#[test]
fn a_network_whose_groups_stay_behind() {
    for which in [0, 1] {
        let place = Place::new();
        let (configuration, group) = standings(&place)[which].clone();
        place.workspace.step(&configuration);
        move_all(&place, &["virtualNetworks/vnet"]);
        let moved = configuration.replace(FROM, TO);
        place.workspace.write(&moved);
        let error = place.workspace.expect_error(&["apply"]);
        assert!(
            error.contains("terraform state rm") && error.contains("the subnet's new id"),
            "{error}"
        );
        place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
        let subnet = match which {
            0 => place.id("virtualNetworks/vnet/subnets/cc"),
            _ => format!("{}|cc", place.theirs()),
        };
        place.workspace.import(&address("cc"), &subnet.replace(FROM, TO));
        place.workspace.step(&moved);
        assert_given_back(&place, group);
    }
}

#[test]
fn rules_among_those_of_others_with_their_group_and_network() {
    let place = Place::new();
    let shared = place.put("networkSecurityGroups/shared", json!({ "securityRules": [] }));
    let configuration = place.attached(
        "cc",
        &format!("network_security_group_id = {shared:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]"),
    );
    place.workspace.step(&configuration);
    move_all(&place, &["networkSecurityGroups/shared", "virtualNetworks/vnet"]);
    let moved = configuration.replace(FROM, TO);
    place.workspace.write(&moved);
    let error = place.workspace.expect_error(&["apply"]);
    follow(&place, &error);
    place.workspace.step(&moved);
    place.workspace.destroy();
    let group = place.emulator.get(&shared.replace(FROM, TO)).unwrap();
    assert_eq!(group["properties"]["securityRules"], json!([]));
}
