//! The setting of the stories in which Terraform applies: a resource group with a virtual network, and a workspace that knows the way.

use acceptance_tests::emulator::{Emulator, Options};
use acceptance_tests::terraform::Workspace;
use serde_json::{Value, json};

fn group(emulator: &Emulator) -> String {
    format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id())
}

/// The id of something in the resource group.
pub(crate) fn id(emulator: &Emulator, path: &str) -> String {
    format!("{}/providers/Microsoft.Network/{path}", group(emulator))
}

fn network(emulator: &Emulator) -> String {
    id(emulator, "virtualNetworks/vnet")
}

pub(crate) fn landing_zone() -> (Emulator, Workspace) {
    let emulator = emulator(Options::default());
    let workspace = workspace(&emulator);
    (emulator, workspace)
}

pub(crate) fn emulator(options: Options) -> Emulator {
    let emulator = Emulator::start(options);
    emulator.put(&group(&emulator), json!({ "location": "westeurope" }));
    let spaces = json!({ "addressPrefixes": ["10.0.0.0/16"] });
    emulator.put(
        &network(&emulator),
        json!({ "location": "westeurope", "properties": { "addressSpace": spaces } }),
    );
    emulator
}

pub(crate) fn workspace(emulator: &Emulator) -> Workspace {
    let environment = emulator.environment().into_iter();
    environment.fold(Workspace::new(), |workspace, (name, value)| workspace.env(name, value))
}

/// A configuration with CycleCloud's server as subnet `server`, network security group `nsg-server`.
pub(crate) fn cyclecloud_server(emulator: &Emulator) -> String {
    cyclecloud_subnets(emulator, 1, "server", "10.0.0.0/28")
}

/// So many subnets for CycleCloud servers; name and prefix may use `count.index`.
pub(crate) fn cyclecloud_subnets(emulator: &Emulator, count: u32, name: &str, prefix: &str) -> String {
    format!(
        r#"
        terraform {{
          required_providers {{
            lockeddown = {{ source = "lockeddown/lockeddown" }}
          }}
        }}

        resource "lockeddown_cyclecloud_subnet" "server" {{
          count                 = {count}
          name                  = "{name}"
          virtual_network_id    = "{}"
          location              = "westeurope"
          address_prefixes      = ["{prefix}"]
          role                  = "server"
          node_address_prefixes = ["10.0.255.0/24"]
          waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
          tags                  = {{ owner = "hpc" }}
        }}
        "#,
        network(emulator)
    )
}

/// Everything that a workload can bring along: a subnet of its own with a group, a table, collections at a policy and a service endpoint
/// policy; and one in the subnet of others, with rules among theirs, routes in their table and collections at a classic firewall.
pub(crate) fn everything(emulator: &Emulator) -> String {
    let at = |path: &str| id(emulator, path);
    let resource = |properties: Value| json!({ "location": "westeurope", "properties": properties });
    let accounts = json!({ "service": "Microsoft.Storage", "serviceResources": [group(emulator)] });
    for (path, body) in [
        ("networkSecurityGroups/shared", resource(json!({}))),
        ("routeTables/shared", resource(json!({}))),
        (
            "firewallPolicies/hub",
            resource(json!({ "sku": { "tier": "Standard" } })),
        ),
        (
            "azureFirewalls/hub",
            resource(json!({ "sku": { "name": "AZFW_VNet", "tier": "Standard" } })),
        ),
        (
            "serviceEndpointPolicies/storage",
            resource(json!({ "serviceEndpointPolicyDefinitions": [{ "name": "ours", "properties": accounts }] })),
        ),
        (
            "virtualNetworks/vnet/subnets/theirs",
            json!({ "properties": { "addressPrefix": "10.0.7.0/24" } }),
        ),
    ] {
        emulator.put(&at(path), body);
    }
    let common = r#"
              location                       = "westeurope"
              role                           = "server"
              node_address_prefixes          = ["10.0.255.0/24"]
              virtual_network_address_spaces = ["10.0.0.0/16"]
              egress                         = { type = "firewall", firewall_private_ip_address = "10.0.254.4" }"#;
    format!(
        r#"
            terraform {{
              required_providers {{
                lockeddown = {{ source = "lockeddown/lockeddown" }}
              }}
            }}

            resource "lockeddown_cyclecloud_subnet" "own" {{
              name                        = "own"
              virtual_network_id          = "{}"
              address_prefixes            = ["10.0.0.0/28"]
              firewall_policy_id          = "{}"
              service_endpoint_policy_ids = ["{}"]
              tags                        = {{ owner = "hpc" }}
              extra_rules = {{
                lists = {{
                  description                = "Every attribute that is a list has several."
                  direction                  = "Outbound"
                  protocol                   = "Tcp"
                  source_port_ranges         = ["1024-4999", "5001-65535"]
                  destination_port_ranges    = ["111", "2049"]
                  source_address_prefixes    = ["10.0.0.4", "10.0.0.8/30"]
                  destination_address_prefixes = ["10.0.9.4", "10.0.9.8/30"]
                }}
              }}
              {common}
            }}

            resource "lockeddown_cyclecloud_subnet" "guest" {{
              name                      = "guest"
              subnet_id                 = "{}"
              subnet_address_prefixes   = ["10.0.7.0/24"]
              network_security_group_id = "{}"
              route_table_id            = "{}"
              firewall_id               = "{}"
              {common}
            }}
        "#,
        at("virtualNetworks/vnet"),
        at("firewallPolicies/hub"),
        at("serviceEndpointPolicies/storage"),
        at("virtualNetworks/vnet/subnets/theirs"),
        at("networkSecurityGroups/shared"),
        at("routeTables/shared"),
        at("azureFirewalls/hub"),
    )
}

/// CycleCloud's two ways to connect its server with its nodes: a peering of two networks with both its sides, and a site behind a gateway.
pub(crate) fn connected(emulator: &Emulator) -> String {
    let at = |path: &str| id(emulator, path);
    let resource = |properties: Value| json!({ "location": "westeurope", "properties": properties });
    let space = json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } });
    emulator.put(&at("virtualNetworks/hub"), resource(space));
    let gateway = json!({ "gatewayType": "Vpn", "vpnType": "RouteBased" });
    emulator.put(&at("virtualNetworkGateways/gateway"), resource(gateway));
    format!(
        r#"
            terraform {{
              required_providers {{
                lockeddown = {{ source = "lockeddown/lockeddown" }}
              }}
            }}

            data "lockeddown_cyclecloud_connection" "hub" {{
              type                      = "virtual_network_peering"
              location                  = "westeurope"
              node_virtual_network_id   = "{}"
              node_address_spaces       = ["10.0.0.0/16"]
              server_virtual_network_id = "{}"
              server_address_spaces     = ["10.1.0.0/16"]
              remote_side_managed       = true
            }}

            resource "lockeddown_cyclecloud_peering" "hub" {{
              peerings = data.lockeddown_cyclecloud_connection.hub.peerings
            }}

            resource "lockeddown_site_to_site_connection" "site" {{
              name                  = "site"
              location              = "westeurope"
              connection            = {{ type = "IPsec", virtual_network_gateway_id = "{}" }}
              local_network_gateway = {{ gateway_address = "203.0.113.4", address_space = ["192.168.0.0/16"] }}
            }}
        "#,
        at("virtualNetworks/vnet"),
        at("virtualNetworks/hub"),
        at("virtualNetworkGateways/gateway"),
    )
}
