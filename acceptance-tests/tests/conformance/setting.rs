//! The setting of the stories in which Terraform applies: a resource group with a virtual network, and a workspace that knows the way.

use acceptance_tests::emulator::{Emulator, Options};
use acceptance_tests::terraform::Workspace;
use serde_json::json;

fn group(emulator: &Emulator) -> String {
    format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id())
}

fn network(emulator: &Emulator) -> String {
    format!("{}/providers/Microsoft.Network/virtualNetworks/vnet", group(emulator))
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
