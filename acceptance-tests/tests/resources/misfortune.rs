//! What goes wrong, by accident or by hand: nothing of others is lost, and nothing of ours is left behind.

use acceptance_tests::emulator::Fault;
use serde_json::json;

use crate::place::{Place, address};

const SUBNET: &str = "virtualNetworks/vnet/subnets/cc";

#[test]
fn a_subnet_that_somebody_else_makes_meanwhile_is_never_deleted() {
    let place = Place::new();
    let id = place.id(SUBNET);
    let theirs = json!({ "properties": { "addressPrefix": "10.0.0.0/28" } });
    // Between our look and our write.
    place.emulator.fault(
        Fault::foreign(move |azure| {
            azure.put(&id, theirs.clone());
        })
        .on("PUT", "networkSecurityGroups/nsg-cc"),
    );
    place.workspace.write(&place.born("cc", ""));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("exists already"), "{error}");
    place.workspace.destroy();
    assert!(place.get(SUBNET).is_object(), "the stranger's subnet is still there");
    assert_eq!(
        place.get("networkSecurityGroups/nsg-cc"),
        json!(null),
        "our group is not"
    );
}

#[test]
fn a_destroy_that_fails_halfway_forgets_nothing() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on("DELETE", "networkSecurityGroups/nsg-cc"));
    let error = place.workspace.expect_error(&["destroy"]);
    assert!(error.contains("Network security group not deleted"), "{error}");
    assert_eq!(place.get(SUBNET), json!(null));
    place.workspace.destroy();
    assert_eq!(
        place.get("networkSecurityGroups/nsg-cc"),
        json!(null),
        "the second destroy ends it"
    );
}

#[test]
fn a_replacement_that_makes_the_new_one_first_is_refused_and_loses_nothing() {
    let place = Place::new();
    let configuration = place.born("cc", "lifecycle { create_before_destroy = true }");
    place.workspace.step(&configuration);
    let error = place
        .workspace
        .expect_error(&["apply", &format!("-replace={}", address("cc"))]);
    assert!(error.contains("create_before_destroy"), "{error}");
    place.workspace.assert_settled();
    assert_eq!(place.rules("nsg-cc").len(), 6);

    // Without it the same names work.
    place.workspace.write(&place.born("cc", ""));
    place
        .workspace
        .run(&["apply", "-auto-approve", &format!("-replace={}", address("cc"))])
        .expect_success();
    place.workspace.assert_settled();
}

#[test]
fn two_resources_for_one_subnet_are_an_error() {
    let place = Place::new();
    let second = place.born("cc", "").replace(
        "\"lockeddown_cyclecloud_subnet\" \"cc\"",
        "\"lockeddown_cyclecloud_subnet\" \"twin\"",
    );
    place.workspace.write(&format!("{}{second}", place.born("cc", "")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("exists already"), "{error}");
    place.workspace.destroy();
    place.workspace.step(&place.born("cc", ""));
    place.workspace.write(&format!("{}{second}", place.born("cc", "")));
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("another `lockeddown_cyclecloud_subnet`"), "{error}");
}

#[test]
fn prefixes_that_azure_refuses_come_with_a_way_out() {
    let place = Place::new();
    for (prefix, way_out) in [("10.0.7.0/28", "which are free"), ("10.9.0.0/28", "address space")] {
        place
            .workspace
            .write(&place.born("cc", "").replace("10.0.0.0/28", prefix));
        let error = place.workspace.expect_error(&["apply"]);
        assert!(
            error.contains("Subnet not created") && error.contains("`address_prefixes`") && error.contains(way_out),
            "{error}"
        );
    }
}

#[test]
fn an_import_in_another_case_is_no_replacement() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place.workspace.run(&["state", "rm", &address("cc")]).expect_success();
    let shouted = place
        .id(SUBNET)
        .replace("resourceGroups/rg", "resourcegroups/RG")
        .replace("subnets/cc", "subnets/CC");
    place.workspace.import(&address("cc"), &shouted);
    place.workspace.assert_settled();
}

#[test]
fn own_rules_cannot_be_ignored() {
    let place = Place::new();
    for prefixes in ["[\"Allow\"]", "[\"\"]"] {
        place
            .workspace
            .write(&place.born("cc", &format!("ignored_rule_name_prefixes = {prefixes}")));
        let error = place.workspace.expect_error(&["plan"]);
        assert!(error.contains("ignored_rule_name_prefixes"), "{error}");
    }
}

#[test]
fn what_azure_spells_differently_is_no_drift() {
    let place = Place::new();
    let server = place
        .born("cc", "tags = {}")
        .replace("[\"10.0.0.0/28\"]", "[\"10.0.0.0/28\", \"FD00:DB8:DECA:1::/64\"]")
        .replace("[\"10.0.1.0/24\"]", "[\"10.0.1.0/24\", \"fd00:db8:deca:2::/64\"]");
    place.workspace.step(&server);
    place.emulator.edit(&place.id(SUBNET), |subnet| {
        subnet["properties"]["addressPrefixes"] = json!(["fd00:db8:deca:1::/64", "10.0.0.0/28"]);
    });
    place.workspace.assert_settled();
    place.workspace.step(&server.replace("tags = {}", "tags = null"));
}

#[test]
fn tags_and_the_mark_are_put_back() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", "tags = { team = \"hpc\" }"));
    let group = place.id("networkSecurityGroups/nsg-cc");
    place.emulator.edit(&group, |group| {
        group["tags"] = json!({ "somebody": "else" });
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert_eq!(change.before["tags"], json!({ "somebody": "else" }));
    place.workspace.step(&place.born("cc", "tags = { team = \"hpc\" }"));
    let tags = place.get("networkSecurityGroups/nsg-cc")["tags"].clone();
    assert_eq!(tags["team"], "hpc");
    assert!(
        tags["lockeddown-owner"]
            .as_str()
            .unwrap()
            .starts_with("lockeddown_cyclecloud_subnet cc ")
    );

    // A group that only lost its mark shows, too: a destroy would leave it behind.
    place.emulator.edit(&group, |group| {
        group["tags"].as_object_mut().unwrap().remove("lockeddown-owner");
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert_eq!(change.before["network_security_group_id"], json!(null));
    place.workspace.step(&place.born("cc", "tags = { team = \"hpc\" }"));
    place.workspace.destroy();
    assert_eq!(place.get("networkSecurityGroups/nsg-cc"), json!(null));
}

#[test]
fn another_name_for_the_group_moves_the_rules_and_leaves_no_group_behind() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    let plan = place
        .workspace
        .step(&place.born("cc", "network_security_group_name = \"nsg-other\""));
    assert_eq!(plan.change(&address("cc")).actions, ["update"]);
    assert_eq!(place.get("networkSecurityGroups/nsg-cc"), json!(null));
    assert_eq!(place.rules("nsg-other").len(), 6);
    place.workspace.destroy();
    assert_eq!(place.get("networkSecurityGroups/nsg-other"), json!(null));
}

#[test]
fn a_fault_at_each_request_of_a_create_is_repaired_by_the_next_apply() {
    for (verb, path) in [
        ("GET", "virtualNetworks/vnet"),
        ("GET", "networkSecurityGroups/nsg-cc"),
        ("PUT", "networkSecurityGroups/nsg-cc"),
        ("PUT", "routeTables/rt-cc"),
        ("PUT", "subnets/cc"),
    ] {
        let place = Place::new();
        let configuration = place.born("cc", "route_table_name = \"rt-cc\"");
        place
            .emulator
            .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on(verb, path));
        place.workspace.write(&configuration);
        place.workspace.expect_error(&["apply"]);
        place.workspace.step(&configuration);
        place.workspace.destroy();
        for left in [SUBNET, "networkSecurityGroups/nsg-cc", "routeTables/rt-cc"] {
            assert_eq!(place.get(left), json!(null), "{verb} {path}");
        }
    }
}

#[test]
fn the_first_request_of_a_subnet_carries_all_it_was_asked_for_and_each_option_goes_back() {
    let place = Place::new();
    let options = "delegation = \"Microsoft.Databricks/workspaces\"\nprivate_endpoint_network_policies = \"NetworkSecurityGroupEnabled\"";
    place.workspace.step(&place.born("cc", options));
    let first = place.emulator.requests().puts_on("subnets/cc").0[0]
        .body
        .clone()
        .unwrap();
    assert_eq!(
        first["properties"]["delegations"][0]["properties"]["serviceName"],
        "Microsoft.Databricks/workspaces"
    );
    assert_eq!(
        first["properties"]["privateEndpointNetworkPolicies"],
        "NetworkSecurityGroupEnabled"
    );
    place.emulator.edit(&place.id(SUBNET), |subnet| {
        subnet["properties"]["privateEndpointNetworkPolicies"] = json!("Disabled");
    });
    let change = place.workspace.plan().change(&address("cc"));
    assert_eq!(change.before["private_endpoint_network_policies"], "Disabled");
    place.workspace.step(&place.born("cc", ""));
    assert_eq!(place.get(SUBNET)["properties"]["delegations"], json!([]));
}

#[test]
fn many_subnets_at_once() {
    let place = Place::new();
    let network = place.id("virtualNetworks/vnet");
    place.workspace.step(&Place::server(
        "cc",
        &format!(
            "for_each = toset([for number in range(12) : tostring(number)])\nname = \"cc-${{each.key}}\"\nvirtual_network_id = {network:?}\n\
             address_prefixes = [cidrsubnet(\"10.0.64.0/18\", 10, each.key)]"
        ),
    ));
    place.workspace.destroy();
    assert_eq!(place.emulator.ids().len(), 3, "{:?}", place.emulator.ids());
}

#[test]
fn what_a_change_needs_anew_is_not_taken_from_a_stranger() {
    let place = Place::new();
    let tunnel = "egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\nvirtual_network_address_spaces = [\"10.0.0.0/16\"]";
    place.workspace.step(&place.born("cc", ""));
    place.put(
        "routeTables/rt-cc",
        json!({ "routes": [{ "name": "theirs", "properties": { "addressPrefix": "10.9.0.0/16", "nextHopType": "None" } }] }),
    );
    place.put(
        "networkSecurityGroups/nsg-other",
        json!({ "securityRules": [Place::their_rule("theirs", 2000)] }),
    );
    for more in [tunnel, "network_security_group_name = \"nsg-other\""] {
        place.workspace.write(&place.born("cc", more));
        let error = place.workspace.expect_error(&["apply"]);
        assert!(
            error.contains("exists already and was not made by this resource"),
            "{error}"
        );
    }
    assert_eq!(place.routes("rt-cc"), ["theirs"]);
    assert_eq!(place.rules("nsg-other"), ["theirs"]);
    place.workspace.write(&place.born("cc", ""));
    place.workspace.assert_settled();
}

#[test]
fn a_move_that_fails_halfway_leaves_nothing_behind_once_it_is_repeated() {
    let place = Place::new();
    place.workspace.step(&place.born("cc", ""));
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on("PUT", "subnets/cc"));
    let moved = place.born("cc", "network_security_group_name = \"nsg-other\"");
    place.workspace.write(&moved);
    place.workspace.expect_error(&["apply"]);
    place.workspace.step(&moved);
    assert_eq!(place.get("networkSecurityGroups/nsg-cc"), json!(null));
    place.workspace.destroy();
    assert_eq!(place.get("networkSecurityGroups/nsg-other"), json!(null));
}

#[test]
fn a_create_that_never_came_to_the_subnet_takes_nothing_from_it() {
    for ending in ["destroy", "replace"] {
        let place = Place::new();
        let group = place.put(
            "networkSecurityGroups/shared",
            json!({ "securityRules": [Place::their_rule("theirs", 2000)] }),
        );
        let table = place.put("routeTables/shared", json!({}));
        place.emulator.edit(&place.theirs(), |subnet| {
            subnet["properties"]["networkSecurityGroup"] = json!({ "id": group });
            subnet["properties"]["routeTable"] = json!({ "id": table });
        });
        let tunnel = "egress = { type = \"forced_tunnel\", forced_tunnel_source = \"route\" }\n\
                      virtual_network_address_spaces = [\"10.0.0.0/16\"]";
        let configuration = place.attached(
            "cc",
            &format!(
                "network_security_group_id = {group:?}\nroute_table_id = {table:?}\nsubnet_address_prefixes = [\"10.0.7.0/24\"]\n{tunnel}"
            ),
        );
        let has_both = |when: &str| {
            let subnet = place.their_subnet();
            assert_eq!(subnet["networkSecurityGroup"]["id"], group.as_str(), "{ending}: {when}");
            assert_eq!(subnet["routeTable"]["id"], table.as_str(), "{ending}: {when}");
        };
        place
            .emulator
            .fault(Fault::refuse(400, "RouteConflict", "No.").on("PUT", "routeTables/shared"));
        place.workspace.write(&configuration);
        place.workspace.expect_error(&["apply"]);
        has_both("after the create that failed");
        if ending == "replace" {
            place.emulator.clear_requests();
            place.workspace.step(&configuration);
            let bare = |body: &serde_json::Value| {
                let properties = &body["properties"];
                properties.get("networkSecurityGroup").is_none() || properties.get("routeTable").is_none()
            };
            let writes = place.emulator.requests().puts_on("subnets/theirs");
            assert!(
                writes.0.iter().all(|put| !put.body.as_ref().is_some_and(bare)),
                "never bare"
            );
            let state = place.workspace.state();
            let state = state.resource(&address("cc"));
            assert_eq!(state["previous_network_security_group_id"], group.as_str());
            assert_eq!(state["previous_route_table_id"], table.as_str());
        }
        place.workspace.destroy();
        has_both("after the destroy");
        assert_eq!(place.rules("shared"), ["theirs"]);
        assert_eq!(place.routes("shared"), Vec::<String>::new());
    }
}

/// A group and a table under new names are made before the subnet changes over to them; when it does not, nothing but the provider knows of them.
#[test]
fn what_a_failed_update_made_is_not_forgotten() {
    let place = Place::new();
    let routed = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                  egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";
    let before = place.born("cc", routed);
    let renamed = place.born(
        "cc",
        &format!("{routed}\nnetwork_security_group_name = \"nsg-new\"\nroute_table_name = \"rt-new\""),
    );
    let there = || {
        let groups = ["networkSecurityGroups/nsg-cc", "networkSecurityGroups/nsg-new"];
        let tables = ["routeTables/rt-cc", "routeTables/rt-new"];
        [groups, tables]
            .concat()
            .into_iter()
            .filter(|path| !place.get(path).is_null())
            .count()
    };
    let fail = || {
        place
            .emulator
            .fault(Fault::refuse(403, "AuthorizationFailed", "no").on("PUT", "subnets/cc"));
        place.workspace.write(&renamed);
        place.workspace.expect_error(&["apply"]);
        assert_eq!(there(), 4, "both stand beside the old ones");
    };
    place.workspace.step(&before);

    // The next apply finds them, whatever it is about.
    fail();
    place
        .workspace
        .step(&place.born("cc", &format!("{routed}\ntags = {{ a = \"b\" }}")));
    assert_eq!(there(), 2);
    assert_ne!(place.get("networkSecurityGroups/nsg-cc"), json!(null));

    // One that goes on where the last one stopped keeps them.
    fail();
    place.workspace.step(&renamed);
    assert_eq!(there(), 2);
    assert_ne!(place.get("networkSecurityGroups/nsg-new"), json!(null));
    place.workspace.step(&before);

    // A destroy finds them, too.
    fail();
    place.workspace.write(&before);
    place.workspace.destroy();
    assert_eq!(there(), 0);
}
