//! A site behind a gateway: the local network gateway and the connection.

use acceptance_tests::emulator::Fault;
use serde_json::{Value, json};

use crate::{
    place::{Place, all_are_refused, points_at_values},
    unknowns::later,
};

const ADDRESS: &str = "lockeddown_site_to_site_connection.site";
const CONNECTION: &str = "connections/site";
const SITE: &str = "localNetworkGateways/lgw-site";
pub(crate) const KEY: &str = "canary-7d1e the first key";

pub(crate) fn with_gateway() -> Place {
    furnished(Place::with_write_only())
}

pub(crate) fn furnished(place: Place) -> Place {
    place.put(
        "virtualNetworkGateways/vgw",
        json!({ "gatewayType": "Vpn", "vpnType": "RouteBased" }),
    );
    place.put("virtualNetworkGateways/ergw", json!({ "gatewayType": "ExpressRoute" }));
    place.emulator.clear_requests();
    place
}

/// A VPN whose site and connection have more than the least.
fn vpn_with(place: &Place, connection: &str, site: &str, more: &str) -> String {
    format!(
        r#"
        resource "lockeddown_site_to_site_connection" "site" {{
          name     = "site"
          location = "West Europe"
          connection = {{
            type                       = "IPsec"
            virtual_network_gateway_id = {:?}
            {connection}
          }}
          local_network_gateway = {{
            {site}
          }}
          {more}
        }}
        "#,
        place.id("virtualNetworkGateways/vgw")
    )
}

const ADDRESS_AND_SPACE: &str = "gateway_address = \"203.0.113.4\"\naddress_space = [\"192.168.0.0/16\"]";

pub(crate) fn vpn(place: &Place, more: &str) -> String {
    vpn_with(place, "", ADDRESS_AND_SPACE, more)
}

pub(crate) fn key(key: &str, version: i64) -> String {
    format!("shared_key_wo = {key:?}\nshared_key_wo_version = {version}")
}

pub(crate) fn key_in_azure(place: &Place) -> Value {
    place.get(CONNECTION)["properties"]["sharedKey"].clone()
}

#[test]
fn a_site_is_connected_with_its_key_and_goes_without_a_trace() {
    let place = with_gateway();
    let before = place.emulator.ids();
    let configuration = vpn(&place, &format!("{}\ntags = {{ team = \"hpc\" }}", key(KEY, 1)));
    let plan = place.workspace.step(&configuration);
    let planned = plan.change(ADDRESS).after;
    assert_eq!(planned["id"], place.id(CONNECTION), "ids are known at plan");
    assert_eq!(planned["local_network_gateway_id"], place.id(SITE));
    assert_eq!(place.writes(), ["PUT lgw-site", "PUT site", "PUT sharedkey"]);
    assert_eq!(key_in_azure(&place), KEY);
    for object in [CONNECTION, SITE] {
        let tags = place.get(object)["tags"].clone();
        assert_eq!(tags["team"], "hpc");
        assert!(
            tags["lockeddown-owner"]
                .as_str()
                .unwrap()
                .starts_with("lockeddown_site_to_site_connection site ")
        );
    }

    // Another key by another version, and nothing else is written.
    place.workspace.step(&vpn(
        &place,
        &format!("{}\ntags = {{ team = \"hpc\" }}", key("canary-7d1e another", 2)),
    ));
    assert_eq!(key_in_azure(&place), "canary-7d1e another");
    assert_eq!(
        place.writes(),
        ["PUT site", "PUT sharedkey"],
        "the connection's tags tell the version to an import"
    );

    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    place.workspace.import(
        ADDRESS,
        &place
            .id(CONNECTION)
            .to_uppercase()
            .replace("/MICROSOFT.NETWORK/", "/Microsoft.Network/"),
    );
    place.workspace.assert_settled();
    assert_eq!(place.writes(), Vec::<String>::new());
    place.workspace.destroy();
    assert_eq!(place.emulator.ids(), before);
}

#[test]
fn every_option_goes_there_and_back_in_place() {
    let place = with_gateway();
    let bgp =
        "gateway_address = \"203.0.113.4\"\nbgp_settings = { asn = 65010, bgp_peering_address = \"192.168.0.1\" }";
    let weight = bgp.replace("\"192.168.0.1\"", "\"192.168.0.1\", peer_weight = 5");
    place.workspace.step(&vpn(&place, ""));
    for configuration in [
        vpn(&place, "tags = { team = \"hpc\" }"),
        vpn(&place, &key(KEY, 1)),
        vpn_with(
            &place,
            "",
            "gateway_fqdn = \"site.example.org\"\naddress_space = [\"192.168.0.0/16\"]",
            &key(KEY, 2),
        ),
        vpn_with(
            &place,
            "",
            "gateway_address = \"203.0.113.5\"\naddress_space = [\"192.168.0.0/17\", \"172.16.0.0/12\"]",
            "",
        ),
        vpn_with(&place, "bgp_enabled = true", bgp, ""),
        vpn_with(&place, "bgp_enabled = true", &weight, ""),
        vpn_with(&place, "connection_protocol = \"IKEv2\"", bgp, ""),
        vpn(&place, "timeouts = { create = \"45m\", update = \"1h\" }"),
        vpn(
            &place,
            "resource_group_name = \"RG\"\nlocal_network_gateway_name = \"LGW-site\"",
        ),
        vpn(&place, ""),
    ] {
        let plan = place.workspace.step(&configuration);
        let change = plan.change(ADDRESS);
        assert!(
            change.actions == ["update"] || change.actions == ["no-op"],
            "{:?} {configuration}",
            change.actions
        );
    }
    assert_eq!(place.get(SITE)["properties"].get("bgpSettings"), None);
    assert_eq!(key_in_azure(&place), KEY);

    // What others set beside it survives.
    place.emulator.edit(&place.id(CONNECTION), |connection| {
        connection["properties"]["dpdTimeoutSeconds"] = json!(45)
    });
    place.workspace.step(&vpn(&place, "tags = { team = \"ml\" }"));
    assert_eq!(place.get(CONNECTION)["properties"]["dpdTimeoutSeconds"], 45);

    for (from, to) in [
        ("name     = \"site\"", "name = \"other\""),
        ("type ", "connection_protocol = \"IKEv1\"\ntype "),
        ("location = \"West Europe\"", "location = \"northeurope\""),
    ] {
        place.workspace.step(&vpn_with(
            &place,
            "connection_protocol = \"IKEv2\"",
            ADDRESS_AND_SPACE,
            "",
        ));
        let changed = vpn(&place, "").replace(from, to);
        place.workspace.write(&changed);
        assert_eq!(
            place.workspace.plan().change(ADDRESS).actions,
            ["delete", "create"],
            "{to}"
        );
    }
    place
        .workspace
        .step(&vpn(&place, "").replace("name     = \"site\"", "name = \"other\""));
    assert_eq!([place.get(SITE), place.get(CONNECTION)], [Value::Null, Value::Null]);
}

#[test]
fn what_the_plan_does_not_know_yet_is_applied_all_the_same() {
    let place = with_gateway();
    let before = place.emulator.ids();
    let bgp = "gateway_address = \"203.0.113.4\"\naddress_space = [\"192.168.0.0/16\"]\n\
               bgp_settings = {\nasn = 65010\nbgp_peering_address = \"192.168.0.1\"\n}";
    let more = format!(
        "resource_group_name = \"rg\"\nlocal_network_gateway_name = \"lgw-site\"\ntags = {{ a = \"b\" }}\n{}",
        key(KEY, 1)
    );
    let whole = vpn_with(
        &place,
        "connection_protocol = \"IKEv2\"\nbgp_enabled = true",
        bgp,
        &more,
    );
    let all = [
        "name",
        "type",
        "virtual_network_gateway_id",
        "location",
        "resource_group_name",
        "local_network_gateway_name",
        "connection_protocol",
        "bgp_enabled",
        "gateway_address",
        "address_space",
        "asn",
        "bgp_peering_address",
        "tags",
        "shared_key_wo",
        "shared_key_wo_version",
    ];
    for arguments in [&all[..1], &all[1..2], &all[2..3], &all] {
        place.workspace.step(&later(&whole, arguments));
        assert_eq!(key_in_azure(&place), KEY, "{arguments:?}");
        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{arguments:?}");
    }
    // Behind a data source that waits, both objects are unknown, and nothing is replaced for it.
    let behind = |later: &str| {
        format!(
            r#"
            resource "terraform_data" "later" {{ input = "{later}" }}
            data "lockeddown_cyclecloud_connection" "site" {{
              type                       = "vpn_site_to_site"
              location                   = "westeurope"
              server_address_spaces      = ["192.168.0.0/16"]
              node_address_spaces        = ["10.0.0.0/16"]
              gateway_address            = "203.0.113.4"
              virtual_network_gateway_id = {:?}
              depends_on                 = [terraform_data.later]
            }}
            resource "lockeddown_site_to_site_connection" "site" {{
              name                  = "site"
              location              = "westeurope"
              connection            = data.lockeddown_cyclecloud_connection.site.connection
              local_network_gateway = data.lockeddown_cyclecloud_connection.site.local_network_gateway
            }}
            "#,
            place.id("virtualNetworkGateways/vgw")
        )
    };
    let plan = place.workspace.step(&behind("one"));
    assert!(plan.change(ADDRESS).unknown().contains(&"/connection".to_owned()));
    place.emulator.clear_requests();
    let plan = place.workspace.step(&behind("two"));
    assert_eq!(plan.change(ADDRESS).actions, ["update"]);
    assert_eq!(place.writes(), Vec::<String>::new());
}

#[test]
fn what_disappears_comes_back_with_its_key() {
    let place = with_gateway();
    let configuration = vpn(&place, &key(KEY, 1));
    place.workspace.step(&configuration);
    place.emulator.remove(&place.id(CONNECTION));
    place.emulator.clear_requests();
    let change = place.workspace.step(&configuration).change(ADDRESS);
    assert_eq!(
        (change.actions, &change.before["connection"]),
        (vec!["update".to_owned()], &Value::Null)
    );
    assert_eq!(place.writes(), ["PUT site", "PUT sharedkey"]);
    assert_eq!(key_in_azure(&place), KEY);

    place.emulator.remove(&place.id(SITE));
    let change = place.workspace.step(&configuration).change(ADDRESS);
    assert_eq!(
        (change.actions, &change.before["local_network_gateway"]),
        (vec!["update".to_owned()], &Value::Null)
    );
    assert_eq!(place.writes(), ["PUT lgw-site"]);

    for object in [CONNECTION, SITE] {
        place.emulator.remove(&place.id(object));
    }
    assert_eq!(place.workspace.step(&configuration).change(ADDRESS).actions, ["create"]);
    assert_eq!(key_in_azure(&place), KEY);
    place.workspace.destroy();
}

#[test]
fn drift_shows_by_field_and_marks_are_put_back() {
    let place = with_gateway();
    let configuration = vpn(&place, "tags = { team = \"hpc\" }");
    place.workspace.step(&configuration);
    place.emulator.edit(&place.id(SITE), |site| {
        site["properties"]["gatewayIpAddress"] = json!("203.0.113.9")
    });
    place.emulator.edit(&place.id(CONNECTION), |connection| {
        connection["tags"]["team"] = json!("others")
    });
    place.emulator.clear_requests();
    let change = place.workspace.step(&configuration).change(ADDRESS);
    assert_eq!(change.before["local_network_gateway"]["gateway_address"], "203.0.113.9");
    assert_eq!(change.before["tags"]["team"], "others");
    assert_eq!(change.before["connection"], change.after["connection"]);
    assert_eq!(place.writes(), ["PUT lgw-site", "PUT site"]);

    for (object, id) in [(SITE, "local_network_gateway_id"), (CONNECTION, "connection_id")] {
        place.emulator.edit(&place.id(object), |object| {
            object["tags"].as_object_mut().unwrap().remove("lockeddown-owner");
        });
        let change = place.workspace.step(&configuration).change(ADDRESS);
        assert_eq!(
            (change.actions, &change.before[id]),
            (vec!["update".to_owned()], &Value::Null)
        );
    }
    // Without its mark it may be somebody else's by now, and stays.
    place
        .emulator
        .edit(&place.id(CONNECTION), |connection| connection["tags"] = json!({}));
    place.workspace.destroy();
    assert!(place.get(CONNECTION).is_object() && place.get(SITE).is_object());
}

#[test]
fn objects_of_strangers_are_never_taken_and_leftovers_of_our_own_are() {
    let place = with_gateway();
    let configuration = vpn(&place, &key(KEY, 1));
    let site = json!({ "gatewayIpAddress": "198.51.100.7", "localNetworkAddressSpace": { "addressPrefixes": ["172.16.0.0/12"] } });
    place.put(SITE, site.clone());
    place.workspace.write(&configuration);
    let mut refusals = place.workspace.expect_error(&["apply"]);
    let theirs = json!({
        "connectionType": "IPsec",
        "virtualNetworkGateway1": { "id": place.id("virtualNetworkGateways/vgw") },
        "localNetworkGateway2": { "id": place.id(SITE) },
    });
    place.put(CONNECTION, theirs);
    refusals = format!("{refusals}\n----\n{}", place.workspace.expect_error(&["apply"]));
    let elsewhere = vpn(&place, "").replace("West Europe", "North Europe");
    let missing = vpn(&place, "").replace("virtualNetworkGateways/vgw", "virtualNetworkGateways/none");
    let other = vpn(&place, "").replace("virtualNetworkGateways/vgw", "virtualNetworkGateways/ergw");
    for configuration in [elsewhere, missing, other] {
        let configuration = configuration.replace("\"site\"\n", "\"fresh\"\n");
        place.workspace.write(&configuration);
        refusals = format!("{refusals}\n----\n{}", place.workspace.expect_error(&["apply"]));
    }
    let id = place.emulator.subscription_id().to_owned();
    if points_at_values() {
        insta::assert_snapshot!(refusals.replace(&id, "SUBSCRIPTION"));
    } else {
        all_are_refused(&refusals, 5);
    }
    assert_eq!(place.get(SITE)["properties"]["gatewayIpAddress"], "198.51.100.7");

    // An import takes them over, in the open.
    place.workspace.write(&configuration);
    place.workspace.import(ADDRESS, &place.id(CONNECTION));
    let change = place.workspace.step(&configuration).change(ADDRESS);
    assert_eq!(
        (change.actions, &change.before["connection_id"]),
        (vec!["update".to_owned()], &Value::Null)
    );
    assert_eq!(key_in_azure(&place), KEY);
    place.workspace.destroy();
    assert_eq!([place.get(CONNECTION), place.get(SITE)], [Value::Null, Value::Null]);

    // A local network gateway that an interrupted create has left carries our mark.
    place.workspace.step(&configuration);
    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    place.workspace.write(&configuration);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(
        error.contains("belongs to another `lockeddown_site_to_site_connection`"),
        "{error}"
    );
    place.emulator.remove(&place.id(CONNECTION));
    place.workspace.step(&configuration);
    place.workspace.destroy();
}

#[test]
fn a_fault_at_each_request_is_repaired_by_the_next_apply() {
    for (verb, path) in [
        ("GET", "virtualNetworkGateways/vgw"),
        ("PUT", "localNetworkGateways/lgw-site"),
        ("PUT", "connections/site"),
        ("PUT", "connections/site/sharedkey"),
    ] {
        let place = with_gateway();
        let before = place.emulator.ids();
        let configuration = vpn(&place, &key(KEY, 1));
        place
            .emulator
            .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on(verb, path));
        place.workspace.write(&configuration);
        place.workspace.expect_error(&["apply"]);
        place.workspace.step(&configuration);
        assert_eq!(key_in_azure(&place), KEY, "{verb} {path}");

        // An update that fails halfway, too.
        if verb == "PUT" {
            let changed = vpn_with(
                &place,
                "bgp_enabled = true",
                "gateway_address = \"203.0.113.5\"\nbgp_settings = { asn = 65010, bgp_peering_address = \"192.168.0.1\" }",
                &key("canary-7d1e another", 2),
            );
            place
                .emulator
                .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on(verb, path));
            place.workspace.write(&changed);
            place.workspace.expect_error(&["apply"]);
            place.workspace.step(&changed);
            assert_eq!(key_in_azure(&place), "canary-7d1e another", "{verb} {path}");
        }
        place
            .emulator
            .fault(Fault::refuse(403, "AuthorizationFailed", "No.").on("DELETE", "localNetworkGateways/lgw-site"));
        place.workspace.expect_error(&["destroy"]);
        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{verb} {path}");
    }
}

#[test]
fn a_circuit_needs_no_local_network_gateway_and_a_license_servers_site_is_one() {
    let place = with_gateway();
    let circuit = place.id("expressRouteCircuits/circuit");
    let configuration = format!(
        r#"
        data "lockeddown_cyclecloud_connection" "site" {{
          type                       = "express_route"
          location                   = "westeurope"
          server_address_spaces      = ["192.168.0.0/16"]
          node_address_spaces        = ["10.0.0.0/16"]
          virtual_network_gateway_id = {:?}
          express_route_circuit_id   = "{circuit}"
        }}
        resource "lockeddown_site_to_site_connection" "site" {{
          name                  = "site"
          location              = "westeurope"
          connection            = data.lockeddown_cyclecloud_connection.site.connection
          local_network_gateway = data.lockeddown_cyclecloud_connection.site.local_network_gateway
        }}
        "#,
        place.id("virtualNetworkGateways/ergw")
    );
    place.workspace.step(&configuration);
    assert_eq!(place.writes(), ["PUT site"]);
    assert_eq!(place.get(CONNECTION)["properties"]["peer"]["id"], circuit);
    place.workspace.run(&["state", "rm", ADDRESS]).expect_success();
    place.workspace.import(ADDRESS, &place.id(CONNECTION));
    place.workspace.assert_settled();
    place.workspace.destroy();

    let licenses = format!(
        r#"
        data "lockeddown_license_server_link" "licenses" {{
          link_type       = "vpn_site_to_site"
          location        = "westeurope"
          gateway_address = "203.0.113.4"
          license_servers = {{
            main = {{
              address_prefixes = ["192.168.5.10"]
              hostname         = "license.example.org"
              managers         = {{ solver = {{ type = "flexnet", port = 27000, vendor_port = 27001 }} }}
            }}
          }}
        }}
        resource "lockeddown_site_to_site_connection" "site" {{
          name                  = "site"
          location              = "westeurope"
          connection            = {{ type = "IPsec", virtual_network_gateway_id = {:?} }}
          local_network_gateway = data.lockeddown_license_server_link.licenses.local_network_gateway
        }}
        "#,
        place.id("virtualNetworkGateways/vgw")
    );
    place.workspace.step(&licenses);
    let spaces = place.get(SITE)["properties"]["localNetworkAddressSpace"]["addressPrefixes"].clone();
    assert_eq!(spaces, json!(["192.168.5.10/32"]));
    place.workspace.destroy();
}

#[test]
fn configurations_that_cannot_work_are_refused_at_plan() {
    let place = with_gateway();
    let circuit = format!(
        "express_route_circuit_id = {:?}",
        place.id("expressRouteCircuits/circuit")
    );
    let both = format!("{ADDRESS_AND_SPACE}\ngateway_fqdn = \"site.example.org\"");
    let mut refusals = String::new();
    for configuration in [
        vpn(&place, "").replace("\"IPsec\"", "\"Vnet2Vnet\""),
        vpn(&place, "").replace("\"IPsec\"", "\"ExpressRoute\""),
        vpn_with(&place, &circuit, ADDRESS_AND_SPACE, ""),
        vpn(&place, "").replace("local_network_gateway = {", "local_network_gateway = true ? null : {"),
        vpn_with(&place, "", &both, ""),
        vpn_with(&place, "", "address_space = [\"192.168.0.0/16\"]", ""),
        vpn_with(&place, "", "gateway_address = \"site.example.org\"", ""),
        vpn_with(&place, "", &ADDRESS_AND_SPACE.replace("0.0/16", "0.1/33"), ""),
        vpn_with(&place, "bgp_enabled = true", ADDRESS_AND_SPACE, ""),
        vpn_with(&place, "connection_protocol = \"IKEv3\"", ADDRESS_AND_SPACE, ""),
        vpn_with(
            &place,
            "",
            "gateway_address = \"203.0.113.4\"\nbgp_settings = { asn = 0, bgp_peering_address = \"speaker\" }",
            "",
        ),
        vpn(&place, "").replace("virtualNetworkGateways/vgw", "virtualNetworks/vgw"),
        vpn(&place, "shared_key_wo = \"a key\""),
        vpn(&place, "shared_key_wo_version = 1"),
        vpn(&place, &key("", 1)),
        vpn(&place, "tags = { lockeddown-owner = \"me\" }"),
        vpn(&place, "timeouts = { create = \"soon\" }"),
        vpn(&place, "").replace("name     = \"site\"", "name = \"my site\""),
    ] {
        place.workspace.write(&configuration);
        refusals += &place.workspace.expect_error(&["plan"]);
        refusals += "\n----\n";
    }
    place.workspace.write(&vpn(&place, ""));
    for id in [
        "site".to_owned(),
        place.id("virtualNetworks/vnet"),
        place.id("connections/none"),
    ] {
        refusals += &place.workspace.expect_error(&["import", "-no-color", ADDRESS, &id]);
        refusals += "\n----\n";
    }
    let id = place.emulator.subscription_id().to_owned();
    if points_at_values() {
        insta::assert_snapshot!(refusals.replace(&id, "SUBSCRIPTION"));
    } else {
        all_are_refused(&refusals, 21);
    }
}

#[test]
fn a_connection_that_was_led_to_another_site_is_led_back() {
    let place = with_gateway();
    let configuration = vpn(&place, &key(KEY, 1));
    place.workspace.step(&configuration);
    let other = place.put(
        "localNetworkGateways/other",
        json!({ "gatewayIpAddress": "203.0.113.9", "localNetworkAddressSpace": { "addressPrefixes": ["192.168.0.0/16"] } }),
    );
    place.emulator.edit(&place.id(CONNECTION), |connection| {
        connection["properties"]["localNetworkGateway2"]["id"] = json!(other);
    });
    let change = place.workspace.plan().change(ADDRESS);
    assert_eq!(change.before["local_network_gateway_id"], other.as_str());
    assert_eq!(change.after["local_network_gateway_id"], place.id(SITE));
    place.workspace.step(&configuration);
    assert_eq!(
        place.get(CONNECTION)["properties"]["localNetworkGateway2"]["id"],
        place.id(SITE)
    );
    place.workspace.destroy();
    assert!(place.get("localNetworkGateways/other").is_object());
}
