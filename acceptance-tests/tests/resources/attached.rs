//! A subnet of somebody else is locked down, and given back as it was.

use acceptance_tests::emulator::{Effect, Fault};
use serde_json::json;

use crate::place::{Place, address};

#[test]
fn an_existing_subnet_gets_group_and_endpoints_and_loses_only_them() {
    let place = Place::new();
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["serviceEndpoints"] = json!([{ "service": "Microsoft.KeyVault" }]);
        subnet["properties"]["sharingScope"] = json!("Tenant");
    });
    place.workspace.step(&place.attached("cc", ""));

    let subnet = place.their_subnet();
    assert_eq!(
        subnet["networkSecurityGroup"]["id"],
        place.id("networkSecurityGroups/nsg-theirs")
    );
    let services: Vec<&str> = subnet["serviceEndpoints"]
        .as_array()
        .unwrap()
        .iter()
        .map(|endpoint| endpoint["service"].as_str().unwrap())
        .collect();
    assert_eq!(services, ["Microsoft.KeyVault", "Microsoft.Storage"]);
    assert_eq!(subnet["sharingScope"], "Tenant");
    assert_eq!(subnet["addressPrefix"], "10.0.7.0/24");
    assert!(
        place.rules("nsg-theirs").contains(&"AllowAzureStorage".to_owned()),
        "documented names stand"
    );
    let writes = place.emulator.requests().writes().lines();
    assert_eq!(writes.len(), 2, "one write per object: {writes:?}");

    place.workspace.destroy();
    let subnet = place.their_subnet();
    assert_eq!(subnet.get("networkSecurityGroup"), None);
    assert_eq!(
        subnet["serviceEndpoints"].as_array().unwrap().len(),
        1,
        "given back as it was"
    );
    assert_eq!(subnet["serviceEndpoints"][0]["service"], "Microsoft.KeyVault");
    assert_eq!(subnet["sharingScope"], "Tenant");
    assert_eq!(place.get("networkSecurityGroups/nsg-theirs"), json!(null));
}

/// A write that is repeated, or whose answer is lost, meets what it has added itself.
#[test]
fn what_was_added_is_taken_away_whatever_befell_the_write() {
    let place = Place::new();
    for fault in [
        Fault::new("PUT", "subnets/theirs", Effect::ResetAfter),
        Fault::fail_operation("AnotherOperationInProgress", "Another operation is in progress.")
            .on("PUT", "subnets/theirs"),
    ] {
        place.emulator.fault(fault);
        place.workspace.step(&place.attached("cc", ""));
        place.workspace.destroy();
        let left = place.their_subnet()["serviceEndpoints"].clone();
        assert!(left.is_null() || left == json!([]), "{left}");
    }
}

#[test]
fn endpoints_of_others_are_left_to_them_where_they_are_managed_elsewhere() {
    let place = Place::new();
    place
        .workspace
        .step(&place.attached("cc", "manage_service_endpoints = false"));
    assert!(
        place
            .their_subnet()
            .get("serviceEndpoints")
            .is_none_or(|endpoints| endpoints == &json!([]))
    );
    place.workspace.step(&place.attached("cc", ""));
    assert_eq!(
        place.their_subnet()["serviceEndpoints"][0]["service"],
        "Microsoft.Storage"
    );
    place
        .workspace
        .step(&place.attached("cc", "manage_service_endpoints = false"));
    assert_eq!(
        place.their_subnet()["serviceEndpoints"][0]["service"],
        "Microsoft.Storage",
        "what is handed over stays"
    );
    place.workspace.destroy();
    assert_eq!(
        place.their_subnet()["serviceEndpoints"][0]["service"],
        "Microsoft.Storage"
    );
}

#[test]
fn a_group_that_is_there_keeps_its_place_unless_it_may_be_replaced() {
    let place = Place::new();
    let old = place.put("networkSecurityGroups/old", json!({}));
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["networkSecurityGroup"] = json!({ "id": old });
    });
    place.workspace.write(&place.attached("cc", ""));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("The subnet has a network security group")
            && error.contains("replace_existing_associations")
            && error.contains(&format!("network_security_group_id = \"{old}\"")),
        "{error}"
    );
    assert_eq!(
        place.get("networkSecurityGroups/nsg-theirs"),
        json!(null),
        "nothing was written"
    );

    place
        .workspace
        .step(&place.attached("cc", "replace_existing_associations = true"));
    assert_eq!(
        place.workspace.state().resource(&address("cc"))["previous_network_security_group_id"],
        old.as_str()
    );
    place.workspace.destroy();
    assert_eq!(
        place.their_subnet()["networkSecurityGroup"]["id"],
        old.as_str(),
        "the old one is back"
    );
    assert!(place.get("networkSecurityGroups/old").is_object());
}

#[test]
fn what_the_subnet_had_before_and_somebody_deleted_since_is_said_and_keeps_nothing_from_being_removed() {
    let place = Place::new();
    let group = place.put("networkSecurityGroups/old", json!({}));
    let table = place.put("routeTables/old", json!({}));
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["networkSecurityGroup"] = json!({ "id": group });
        subnet["properties"]["routeTable"] = json!({ "id": table });
    });
    let more = "replace_existing_associations = true\nroute_table_name = \"rt-cc\"\n\
                egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\n\
                virtual_network_address_spaces = [\"10.0.0.0/16\"]";
    place.workspace.step(&place.attached("cc", more));
    place.emulator.remove(&group);
    place.emulator.remove(&table);
    let said = place
        .workspace
        .run(&["destroy", "-json", "-auto-approve", "-input=false"])
        .expect_success()
        .diagnostics();
    let said = format!("{said:?}");
    assert!(
        said.contains("Not given back") && said.contains(&format!("`{group}`")) && said.contains(&format!("`{table}`")),
        "{said}"
    );
    for left in ["networkSecurityGroups/nsg-theirs", "routeTables/rt-cc"] {
        assert_eq!(place.get(left), json!(null));
    }
    let subnet = place.their_subnet();
    assert_eq!(subnet.get("networkSecurityGroup"), None);
    assert_eq!(subnet.get("routeTable"), None);
}

#[test]
fn a_group_that_somebody_else_put_there_later_is_not_taken_away_on_destroy() {
    let place = Place::new();
    place.workspace.step(&place.attached("cc", ""));
    let other = place.put("networkSecurityGroups/other", json!({}));
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["networkSecurityGroup"] = json!({ "id": other });
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert_eq!(change.before["associated_network_security_group_id"], other.as_str());
    place.workspace.destroy();
    assert_eq!(place.their_subnet()["networkSecurityGroup"]["id"], other.as_str());
    assert_eq!(place.get("networkSecurityGroups/nsg-theirs"), json!(null));
}

#[test]
fn an_import_of_what_is_attached_plans_empty() {
    let place = Place::new();
    let configuration = place.attached(
        "cc",
        "isolation = \"strict\"\ncyclecloud_version = 7\nsubnet_address_prefixes = [\"10.0.7.0/24\"]",
    );
    place.workspace.step(&configuration);
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    place
        .workspace
        .import(&address("cc"), &format!("{}|cc", place.theirs()));
    place.workspace.assert_settled();
}

#[test]
fn an_import_knows_the_endpoints_that_were_added() {
    let place = Place::new();
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["serviceEndpoints"] = json!([{ "service": "Microsoft.KeyVault" }]);
    });
    let imported = |more: &str| {
        place.workspace.step(&place.attached("cc", more));
        place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
        place
            .workspace
            .import(&address("cc"), &format!("{}|cc", place.theirs()));
        place.workspace.assert_settled();
    };
    let endpoints = || -> Vec<String> {
        let endpoints = place.their_subnet()["serviceEndpoints"].as_array().cloned();
        let services = endpoints.into_iter().flatten();
        services.map(|endpoint| endpoint["service"].to_string()).collect()
    };
    let before = endpoints();
    imported("");
    place.workspace.destroy();
    assert_eq!(endpoints(), before);

    // Also one that came with a later change.
    place
        .workspace
        .step(&place.attached("cc", "storage_access = \"service_tag\""));
    assert_eq!(endpoints(), before);
    imported("");
    assert_ne!(endpoints(), before);
    place.workspace.destroy();
    assert_eq!(endpoints(), before);

    // And none that was there.
    place.emulator.edit(&place.theirs(), |subnet| {
        subnet["properties"]["serviceEndpoints"] = json!([{ "service": "Microsoft.Storage" }]);
    });
    let before = endpoints();
    imported("");
    place.workspace.destroy();
    assert_eq!(endpoints(), before);
}

#[test]
fn the_subnet_may_be_unknown_at_plan() {
    let place = Place::new();
    let later = format!(
        "resource \"terraform_data\" \"subnet\" {{ input = {:?} }}\n",
        place.theirs()
    );
    let server = place
        .attached("cc", "")
        .replace(&format!("{:?}", place.theirs()), "terraform_data.subnet.output");
    place.workspace.write(&format!("{later}{server}"));
    let plan = place.workspace.plan();
    let unknown = plan.change(&address("cc")).unknown();
    assert!(
        unknown.contains(&"/network_security_group_id".to_owned()),
        "{unknown:?}"
    );
    assert!(
        !unknown.contains(&"/security_rules".to_owned()),
        "the rules do not depend on the id: {unknown:?}"
    );
    place.workspace.step(&format!("{later}{server}"));
}

#[test]
fn what_only_a_new_subnet_can_be_given_is_refused_for_an_existing_one() {
    let place = Place::new();
    for (argument, value) in [
        ("address_prefixes", "[\"10.0.7.0/24\"]"),
        ("delegation", "\"Microsoft.Databricks/workspaces\""),
        ("default_outbound_access_enabled", "true"),
        (
            "virtual_network_id",
            "\"/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v\"",
        ),
    ] {
        place
            .workspace
            .write(&place.attached("cc", &format!("{argument} = {value}")));
        let error = place.workspace.expect_error(&["validate"]);
        assert!(error.contains(argument), "{argument}: {error}");
    }
    place.workspace.write(&Place::server("cc", "name = \"cc\""));
    let error = place.workspace.expect_error(&["validate"]);
    assert!(
        error.contains("`virtual_network_id`") && error.contains("`subnet_id`"),
        "{error}"
    );
}
