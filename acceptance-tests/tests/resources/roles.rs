//! `lockeddown_custom_role` lists what a resource needs in its whole life, and nothing more: everything else is denied.

use std::collections::BTreeSet;

use acceptance_tests::{fixtures, terraform::Terraform};
use serde_json::json;

use crate::place::Place;

const NETWORK: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network";

/// A resource in one way of using it.
struct Way {
    /// What the data source is told.
    told: &'static str,
    configuration: String,
    /// Text of the configuration, and what a change puts there.
    change: (&'static str, &'static str),
}

const VERSION: (&str, &str) = ("cyclecloud_version = 8", "cyclecloud_version = 7");

fn server(told: &'static str, standing: &str) -> Way {
    let configuration = format!(
        r#"resource "lockeddown_cyclecloud_subnet" "it" {{
             name                  = "it"
             location              = "westeurope"
             role                  = "server"
             node_address_prefixes = ["10.0.1.0/24"]
             cyclecloud_version = 8
             {standing}
           }}"#
    );
    Way {
        told,
        configuration,
        change: VERSION,
    }
}

fn born(told: &'static str, more: &str) -> Way {
    server(
        told,
        &format!(
            "virtual_network_id = \"{NETWORK}/virtualNetworks/vnet-hpc\"\naddress_prefixes = [\"10.0.0.0/28\"]\n{more}"
        ),
    )
}

fn attached(told: &'static str, more: &str) -> Way {
    server(
        told,
        &format!("subnet_id = \"{NETWORK}/virtualNetworks/vnet-hpc/subnets/existing\"\n{more}"),
    )
}

const EGRESS: &str = "virtual_network_address_spaces = [\"10.0.0.0/16\"]\n\
                      egress = { type = \"firewall\", firewall_private_ip_address = \"10.0.255.4\" }";

/// The role's actions, as the data source lists them in a plan, which needs none of them.
fn listed(place: &Place, way: &Way) -> BTreeSet<String> {
    place.emulator.restrict_to::<String>([]);
    place.workspace.write(&configuration(place, way, ""));
    let plan = place.workspace.plan();
    let actions = plan.json().pointer("/planned_values/outputs/actions/value").unwrap();
    serde_json::from_value(actions.clone()).unwrap()
}

fn configuration(place: &Place, way: &Way, resource: &str) -> String {
    let text = format!(
        "{resource}\ndata \"lockeddown_custom_role\" \"role\" {{\n  resources = {{ it = {{ {} }} }}\n}}\n\
         output \"actions\" {{\n  value = data.lockeddown_custom_role.role.actions\n}}\n",
        way.told
    );
    text.replace("00000000-0000-0000-0000-000000000000", place.emulator.subscription_id())
}

fn scene() -> Place {
    let place = Place::new();
    fixtures::furnish(&place.emulator);
    place
}

/// Apply, refresh, change and destroy with exactly the actions that are listed.
fn lives_with_what_is_listed(place: &Place, way: &Way) {
    let actions = listed(place, way);
    place.emulator.restrict_to(actions.clone());
    place.emulator.clear_requests();
    place.workspace.step(&configuration(place, way, &way.configuration));
    let changed = way.configuration.replace(way.change.0, way.change.1);
    assert_ne!(changed, way.configuration);
    place.workspace.write(&configuration(place, way, &changed));
    let plan = place.workspace.apply();
    assert!(
        plan.actions().values().any(|actions| actions == &["update"]),
        "a change that changes nothing tries nothing"
    );
    place.workspace.destroy();
    let needed = place.emulator.requests().actions();
    assert_eq!(
        lower(needed),
        lower(actions),
        "{}: needed is left, listed is right",
        way.told
    );
}

/// Azure ignores the case of actions.
fn lower(actions: BTreeSet<String>) -> BTreeSet<String> {
    actions.into_iter().map(|action| action.to_lowercase()).collect()
}

#[test]
fn a_subnet_of_its_own() {
    lives_with_what_is_listed(&scene(), &born("type = \"lockeddown_cyclecloud_subnet\"", ""));
}

#[test]
fn a_subnet_behind_a_firewall_with_everything_of_its_own() {
    let way = born(
        "type = \"lockeddown_cyclecloud_subnet\", route_table = \"own\", firewall = \"policy\", nat_gateway = true",
        &format!(
            "{EGRESS}\nfirewall_policy_id = \"{NETWORK}/firewallPolicies/afwp-hub\"\nnat_gateway_id = \"{NETWORK}/natGateways/nat\""
        ),
    );
    let place = scene();
    give_nat_gateway(&place);
    lives_with_what_is_listed(&place, &way);
}

#[test]
fn an_existing_subnet_whose_table_and_gateway_stay() {
    let place = scene();
    let gateway = give_nat_gateway(&place);
    let at = |path: &str| {
        format!("{NETWORK}/{path}").replace("00000000-0000-0000-0000-000000000000", place.emulator.subscription_id())
    };
    place
        .emulator
        .edit(&at("virtualNetworks/vnet-hpc/subnets/existing"), |subnet| {
            subnet["properties"]["routeTable"] = json!({ "id": at("routeTables/rt-shared") });
            subnet["properties"]["natGateway"] = json!({ "id": gateway });
        });
    let told =
        "type = \"lockeddown_cyclecloud_subnet\", subnet = \"existing\", route_table = \"kept\", nat_gateway = true";
    lives_with_what_is_listed(&place, &attached(told, ""));
}

#[test]
fn rules_routes_and_collections_among_those_of_others() {
    let way = attached(
        "type = \"lockeddown_cyclecloud_subnet\", subnet = \"existing\", network_security_group = \"existing\", \
         route_table = \"existing\", firewall = \"rule_collection_group\"",
        &format!(
            "{EGRESS}\nsubnet_address_prefixes = [\"10.0.32.0/24\"]\n\
             network_security_group_id = \"{NETWORK}/networkSecurityGroups/nsg-shared\"\nroute_table_id = \"{NETWORK}/routeTables/rt-shared\"\n\
             rule_collection_group_id = \"{NETWORK}/firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-shared\""
        ),
    );
    lives_with_what_is_listed(&scene(), &way);
}

#[test]
fn firewall_rules_alone() {
    let example = |name: &str| {
        let path = acceptance_tests::terraform::binaries::repository().join("examples/resources");
        std::fs::read_to_string(path.join(name).join("resource.tf")).unwrap()
    };
    let way = Way {
        told: "type = \"lockeddown_aml_kubernetes_egress\"",
        configuration: example("lockeddown_aml_kubernetes_egress"),
        change: ("  name  ", "  rule_collection_group_priority = 1100\n  name  "),
    };
    lives_with_what_is_listed(&scene(), &way);
}

#[test]
fn collections_in_a_classic_firewall_which_is_written_with_its_addresses() {
    let place = scene();
    let firewall = place.put(
        "azureFirewalls/hub",
        json!({ "sku": { "name": "AZFW_VNet", "tier": "Standard" } }),
    );
    let subnet = place.id("virtualNetworks/vnet/subnets/AzureFirewallSubnet");
    place
        .emulator
        .put(&subnet, json!({ "properties": { "addressPrefix": "10.0.8.0/26" } }));
    place.emulator.edit(&firewall, |firewall| {
        firewall["properties"]["ipConfigurations"] = json!([{ "name": "first", "properties": {
            "subnet": { "id": subnet },
            "publicIPAddress": { "id": place.id("publicIPAddresses/hub") },
        } }]);
    });
    let way = born(
        "type = \"lockeddown_cyclecloud_subnet\", route_table = \"own\", firewall = \"classic\"",
        &format!("{EGRESS}\nfirewall_id = {firewall:?}"),
    );
    lives_with_what_is_listed(&place, &way);
}

#[test]
fn both_halves_of_a_peering() {
    let half = |name: &str, here: &str, there: &str| {
        format!(
            "{name} = {{\n  name = \"{name}\"\n  virtual_network_id = \"{NETWORK}/virtualNetworks/{here}\"\n  \
             remote_virtual_network_id = \"{NETWORK}/virtualNetworks/{there}\"\n}}\n"
        )
    };
    let way = Way {
        told: "type = \"lockeddown_cyclecloud_peering\"",
        configuration: format!(
            "resource \"lockeddown_cyclecloud_peering\" \"it\" {{\n  peerings = {{\n{}{}  }}\n}}\n",
            half("node_to_server", "vnet-hpc", "vnet-hub"),
            half("server_to_node", "vnet-hub", "vnet-hpc")
        ),
        change: (
            "name = \"node_to_server\"",
            "name = \"node_to_server\"\n  allow_forwarded_traffic = true",
        ),
    };
    lives_with_what_is_listed(&scene(), &way);
}

#[test]
fn a_connection_to_a_site_with_its_key() {
    let place = Place::with_write_only();
    fixtures::furnish(&place.emulator);
    let example = acceptance_tests::terraform::binaries::repository()
        .join("examples/resources/lockeddown_site_to_site_connection/resource.tf");
    let way = Way {
        told: "type = \"lockeddown_site_to_site_connection\"",
        configuration: std::fs::read_to_string(example)
            .unwrap()
            .replace("var.shared_key", "\"an example's key\"")
            .replace("  ephemeral = true\n", "  ephemeral = true\n  default   = \"\"\n"),
        change: ("shared_key_wo_version = 1", "shared_key_wo_version = 2"),
    };
    lives_with_what_is_listed(&place, &way);
}

#[test]
fn a_connection_to_a_circuit_joins_it_and_has_no_site_and_no_key() {
    let way = Way {
        told: "type = \"lockeddown_site_to_site_connection\", connection = \"express_route\"",
        configuration: format!(
            r#"resource "lockeddown_site_to_site_connection" "it" {{
                 name       = "it"
                 location   = "westeurope"
                 tags       = {{ of = "one" }}
                 connection = {{
                   type                       = "ExpressRoute"
                   virtual_network_gateway_id = "{NETWORK}/virtualNetworkGateways/ergw"
                   express_route_circuit_id   = "{NETWORK}/expressRouteCircuits/circuit"
                 }}
               }}"#
        ),
        change: ("of = \"one\"", "of = \"two\""),
    };
    let place = scene();
    let gateway = format!("{NETWORK}/virtualNetworkGateways/ergw")
        .replace("00000000-0000-0000-0000-000000000000", place.emulator.subscription_id());
    place.emulator.put(
        &gateway,
        json!({ "location": "westeurope", "properties": { "gatewayType": "ExpressRoute" } }),
    );
    lives_with_what_is_listed(&place, &way);
}

#[test]
fn what_only_reads_azure_needs_reading_alone() {
    let place = scene();
    let here = |text: &str| text.replace("00000000-0000-0000-0000-000000000000", place.emulator.subscription_id());
    let at = |path: &str| here(&format!("{NETWORK}/{path}"));
    place
        .emulator
        .edit(&at("virtualNetworks/vnet-hpc/subnets/existing"), |subnet| {
            subnet["properties"]["networkSecurityGroup"] = json!({ "id": at("networkSecurityGroups/nsg-shared") });
            subnet["properties"]["routeTable"] = json!({ "id": at("routeTables/rt-shared") });
        });
    let workspace = at("").replace("Microsoft.Network/", "Microsoft.MachineLearningServices/workspaces/ws");
    place.emulator.azure(|azure| {
        azure.publish_outbound_dependencies(&workspace, json!([]));
        azure.publish_service_tags(json!({ "changeNumber": "1", "cloud": "Public", "values": [
            { "name": "Storage", "id": "Storage", "properties": {
                "region": "", "networkFeatures": ["API", "NSG"], "addressPrefixes": ["20.38.0.0/17"] } },
            { "name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {
                "region": "westeurope", "networkFeatures": ["API", "NSG"], "addressPrefixes": ["20.38.0.0/24"] } },
        ] }));
    });
    let coverage = format!(
        r#"data "lockeddown_cyclecloud_subnet" "server" {{
             role                  = "server"
             location              = "westeurope"
             node_address_prefixes = ["10.0.1.0/24"]
           }}
           data "lockeddown_coverage" "it" {{
             subnet_id          = "{NETWORK}/virtualNetworks/vnet-hpc/subnets/existing"
             firewall_policy_id = "{NETWORK}/firewallPolicies/afwp-hub"
             policies           = [data.lockeddown_cyclecloud_subnet.server.policy]
           }}"#
    );
    let dependencies = format!(
        r#"data "lockeddown_aml_compute_egress" "ours" {{
             location                       = "westeurope"
             subnet_address_prefixes        = ["10.0.1.0/24"]
             virtual_network_address_spaces = ["10.0.0.0/16"]
             default_storage_account_name   = "examplestorage"
             egress                         = {{ type = "firewall", firewall_private_ip_address = "10.1.0.4" }}
           }}
           data "lockeddown_aml_outbound_dependencies" "it" {{
             workspace_id = "{workspace}"
             policies     = [data.lockeddown_aml_compute_egress.ours.policy]
           }}"#
    );
    let tag = r#"data "lockeddown_service_tag" "it" {
                   source   = "api"
                   location = "westeurope"
                   tags     = ["Storage"]
                 }"#;
    for (told, text) in [
        (
            "type = \"lockeddown_coverage\", route_table = \"existing\", firewall = \"policy\"",
            coverage,
        ),
        ("type = \"lockeddown_aml_outbound_dependencies\"", dependencies),
        ("type = \"lockeddown_service_tag\"", tag.to_owned()),
    ] {
        let way = Way {
            told,
            configuration: text,
            change: ("", ""),
        };
        let actions = listed(&place, &way);
        place.emulator.restrict_to(actions.clone());
        place.emulator.clear_requests();
        place.workspace.write(&configuration(&place, &way, &way.configuration));
        place.workspace.plan();
        let needed = place.emulator.requests().actions();
        assert_eq!(lower(needed), lower(actions), "{told}: needed is left, listed is right");
    }
}

#[test]
fn without_any_one_of_the_actions_something_fails() {
    let place = scene();
    let way = born("type = \"lockeddown_cyclecloud_subnet\"", "");
    let actions = listed(&place, &way);
    let without = |action: &String| {
        let rest = actions.iter().filter(|other| *other != action);
        place.emulator.restrict_to(rest.cloned().collect::<Vec<_>>());
    };
    place.workspace.write(&configuration(&place, &way, &way.configuration));
    for action in actions.iter().filter(|action| !action.ends_with("/delete")) {
        without(action);
        let error = place.workspace.expect_error(&["apply"]);
        assert!(error.contains(action), "{action}: {error}");
        place.emulator.restrict_to(actions.clone());
        place.workspace.destroy();
    }
    for action in actions.iter().filter(|action| action.ends_with("/delete")) {
        place.emulator.restrict_to(actions.clone());
        place.workspace.apply();
        without(action);
        let error = place.workspace.expect_error(&["destroy"]);
        assert!(error.contains(action), "{action}: {error}");
    }
    place.emulator.restrict_to(actions.clone());
    place.workspace.destroy();
}

fn give_nat_gateway(place: &Place) -> String {
    let id = format!("{NETWORK}/natGateways/nat")
        .replace("00000000-0000-0000-0000-000000000000", place.emulator.subscription_id());
    place.emulator.put(
        &id,
        json!({ "location": "westeurope", "sku": { "name": "Standard" }, "properties": { "idleTimeoutInMinutes": 4 } }),
    );
    id
}

#[test]
fn what_is_told_wrongly_is_refused_where_it_stands() {
    // Older ones point at the block.
    let place = Place::with(Terraform::version("1.15"));
    let refused = |more: &str, told: &str| {
        place.workspace.write(&format!(
            "data \"lockeddown_custom_role\" \"role\" {{\n{more}  resources = {{\n    it = {{ type = \"lockeddown_{told} }}\n  }}\n}}\n"
        ));
        place.workspace.expect_error(&["validate"])
    };
    let errors = [
        refused("", "cyclecloud_subnets\""),
        refused("", "cyclecloud_subnet\", subnet = \"born\""),
        refused("", "firewall_rules\", subnet = \"new\""),
        refused("", "firewall_rules\", firewall = \"none\", nat_gateway = true"),
        refused("", "subnet\", route_table = \"kept\""),
        refused(
            "  scope = \"rg-hpc\"\n  assignable_scopes = [\"/subscriptions/\"]\n",
            "subnet\"",
        ),
    ];
    insta::assert_snapshot!(errors.join("\n\n"));
}
