//! The setting of every story: a virtual network in the emulator, and a workspace whose provider knows the way there.

use acceptance_tests::{
    emulator::{Emulator, Fault, Options},
    terraform::{Terraform, Workspace},
};
use serde_json::{Value, json};

pub(crate) struct Setting {
    pub(crate) emulator: Emulator,
    pub(crate) workspace: Workspace,
    pub(crate) network: String,
}

pub(crate) const ADDRESS: &str = "lockeddown_cyclecloud_subnet.server";

/// A workspace whose configurations use the provider under test.
pub(crate) fn workspace(terraform: Terraform) -> Workspace {
    let workspace = Workspace::with(terraform);
    workspace.write_file(
        "providers.tf",
        "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
    );
    workspace
}

impl Setting {
    pub(crate) fn new() -> Setting {
        Setting::with(Terraform::under_test())
    }

    pub(crate) fn with(terraform: Terraform) -> Setting {
        let emulator = Emulator::start(Options::default());
        let group = format!("/subscriptions/{}/resourceGroups/rg-hpc", emulator.subscription_id());
        let network = format!("{group}/providers/Microsoft.Network/virtualNetworks/vnet-hpc");
        emulator.put(&group, json!({ "location": "westeurope" }));
        let spaces = ["10.0.0.0/16", "fd00:db8:deca::/48"];
        emulator.put(
            &network,
            json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": spaces } } }),
        );
        emulator.clear_requests();
        let mut workspace = workspace(terraform);
        for (name, value) in emulator.environment() {
            workspace = workspace.env(name, value);
        }
        Setting {
            emulator,
            workspace,
            network,
        }
    }

    /// The server's resource with its required arguments, and more.
    pub(crate) fn server(&self, more: &str) -> String {
        format!(
            r#"
            resource "lockeddown_cyclecloud_subnet" "server" {{
              name                  = "server"
              virtual_network_id    = "{}"
              location              = "westeurope"
              address_prefixes      = ["10.0.0.0/28"]
              role                  = "server"
              node_address_prefixes = ["10.0.1.0/24"]
              waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
              {more}
            }}
            "#,
            self.network
        )
    }

    pub(crate) fn subnet_id(&self) -> String {
        format!("{}/subnets/server", self.network)
    }

    pub(crate) fn group_id(&self) -> String {
        self.network
            .replace("virtualNetworks/vnet-hpc", "networkSecurityGroups/nsg-server")
    }

    pub(crate) fn group(&self) -> Value {
        self.emulator.get(&self.group_id()).unwrap_or_default()
    }

    pub(crate) fn subnet(&self) -> Value {
        self.emulator.get(&self.subnet_id()).unwrap_or_default()
    }

    pub(crate) fn fault(&self, fault: Fault) {
        self.emulator.fault(fault);
    }

    /// The rules in Azure of one direction: priority, name, port, protocol, source, destination, access.
    pub(crate) fn rules(&self, direction: &str) -> Vec<String> {
        let group = self.group();
        let mut rules: Vec<&Value> = group["properties"]["securityRules"]
            .as_array()
            .into_iter()
            .flatten()
            .collect();
        rules.retain(|rule| rule["properties"]["direction"] == direction);
        rules.sort_by_key(|rule| rule["properties"]["priority"].as_i64());
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        rules
            .into_iter()
            .map(|rule| {
                let properties = &rule["properties"];
                format!(
                    "{} {} {} {} {} {} {}",
                    properties["priority"],
                    text(&rule["name"]),
                    text(&properties["destinationPortRange"]),
                    text(&properties["protocol"]),
                    text(&properties["sourceAddressPrefix"]),
                    text(&properties["destinationAddressPrefix"]),
                    text(&properties["access"]),
                )
            })
            .collect()
    }

    /// Edits a rule in Azure behind Terraform's back.
    pub(crate) fn edit_rule(&self, name: &str, field: &str, value: Value) {
        self.emulator.edit(&self.group_id(), |group| {
            for rule in group["properties"]["securityRules"].as_array_mut().unwrap() {
                if rule["name"] == name {
                    rule["properties"][field] = value.clone();
                }
            }
        });
    }

    /// Adds a rule in Azure behind Terraform's back.
    pub(crate) fn add_rule(&self, name: &str, priority: i64) {
        self.emulator.put(
            &format!("{}/securityRules/{name}", self.group_id()),
            json!({ "properties": {
                "priority": priority, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
                "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
            } }),
        );
    }

    /// Nothing of ours is left; the network is.
    pub(crate) fn assert_nothing_left(&self) {
        assert!(self.emulator.get(&self.group_id()).is_none(), "the group is left");
        assert!(self.emulator.get(&self.subnet_id()).is_none(), "the subnet is left");
        assert!(self.emulator.get(&self.network).is_some(), "the network is gone");
    }
}
