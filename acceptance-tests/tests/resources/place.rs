//! The place of every story: a virtual network with a subnet of somebody else, and a workspace whose provider knows the way there.

use acceptance_tests::{
    emulator::{Emulator, Options},
    terraform::{Terraform, Workspace},
};
use serde_json::{Value, json};

pub(crate) struct Place {
    pub(crate) emulator: Emulator,
    pub(crate) workspace: Workspace,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place::with(Terraform::under_test())
    }

    pub(crate) fn with(terraform: Terraform) -> Place {
        Place::of(Emulator::start(Options::default()), terraform)
    }

    /// A place whose Terraform keeps write-only values out of its state: that of this run, or the newest where it is too old.
    pub(crate) fn with_write_only() -> Place {
        let terraform = Terraform::under_test();
        let parts = terraform.version_number().split('.');
        let version: Vec<u32> = parts.filter_map(|part| part.parse().ok()).collect();
        if version >= vec![1, 11] {
            Place::with(terraform)
        } else {
            Place::with(Terraform::version("1.15"))
        }
    }

    /// A place in an Azure of its own kind.
    pub(crate) fn on(emulator: Emulator) -> Place {
        Place::of(emulator, Terraform::under_test())
    }

    fn of(emulator: Emulator, terraform: Terraform) -> Place {
        let mut workspace = Workspace::with(terraform);
        workspace.write_file(
            "providers.tf",
            "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
        );
        for (name, value) in emulator.environment() {
            workspace = workspace.env(name, value);
        }
        let place = Place { emulator, workspace };
        place
            .emulator
            .put(&place.resource_group(), json!({ "location": "westeurope" }));
        place.put(
            "virtualNetworks/vnet",
            json!({ "addressSpace": { "addressPrefixes": ["10.0.0.0/16", "fd00:db8:deca::/48"] } }),
        );
        place.emulator.put(
            &place.id("virtualNetworks/vnet/subnets/theirs"),
            json!({ "properties": { "addressPrefix": "10.0.7.0/24" } }),
        );
        place.emulator.clear_requests();
        place
    }

    fn resource_group(&self) -> String {
        format!("/subscriptions/{}/resourceGroups/rg", self.emulator.subscription_id())
    }

    /// The id of something in the resource group: `networkSecurityGroups/nsg`.
    pub(crate) fn id(&self, path: &str) -> String {
        format!("{}/providers/Microsoft.Network/{path}", self.resource_group())
    }

    /// Something that somebody else made.
    pub(crate) fn put(&self, path: &str, properties: Value) -> String {
        let id = self.id(path);
        self.emulator
            .put(&id, json!({ "location": "westeurope", "properties": properties }));
        id
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.emulator.get(&self.id(path)).unwrap_or_default()
    }

    /// The subnet of somebody else.
    pub(crate) fn theirs(&self) -> String {
        self.id("virtualNetworks/vnet/subnets/theirs")
    }

    pub(crate) fn their_subnet(&self) -> Value {
        self.get("virtualNetworks/vnet/subnets/theirs")["properties"].clone()
    }

    /// The names of the rules of a group in Azure, in order.
    pub(crate) fn rules(&self, group: &str) -> Vec<String> {
        names(&self.get(&format!("networkSecurityGroups/{group}"))["properties"]["securityRules"])
    }

    /// The names of the routes of a table in Azure, in order.
    pub(crate) fn routes(&self, table: &str) -> Vec<String> {
        names(&self.get(&format!("routeTables/{table}"))["properties"]["routes"])
    }

    /// The writes since the last look, each by its method and the last part of its path.
    pub(crate) fn writes(&self) -> Vec<String> {
        let writes = self.emulator.requests().writes();
        self.emulator.clear_requests();
        let line = |line: String| {
            let (method, rest) = line.split_once(' ').unwrap();
            let (path, _) = rest.split_once(" -> ").unwrap();
            format!("{method} {}", path.rsplit('/').next().unwrap())
        };
        writes.lines().into_iter().map(line).collect()
    }

    /// A rule of somebody else.
    pub(crate) fn their_rule(name: &str, priority: i64) -> Value {
        json!({ "name": name, "properties": {
            "priority": priority, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
            "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
        } })
    }

    /// A CycleCloud server's resource: where it stands, and more.
    pub(crate) fn server(address: &str, standing: &str) -> String {
        format!(
            r#"
            resource "lockeddown_cyclecloud_subnet" "{address}" {{
              location              = "westeurope"
              role                  = "server"
              node_address_prefixes = ["10.0.1.0/24"]
              waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
              {standing}
            }}
            "#
        )
    }

    /// A CycleCloud server in a subnet of its own.
    pub(crate) fn born(&self, name: &str, more: &str) -> String {
        Place::server(
            name,
            &format!(
                "name = \"{name}\"\nvirtual_network_id = {:?}\naddress_prefixes = [\"10.0.0.0/28\"]\n{more}",
                self.id("virtualNetworks/vnet")
            ),
        )
    }

    /// A CycleCloud server in the subnet of somebody else.
    pub(crate) fn attached(&self, name: &str, more: &str) -> String {
        Place::server(
            name,
            &format!("name = \"{name}\"\nsubnet_id = {:?}\n{more}", self.theirs()),
        )
    }
}

/// Whether this Terraform points at the value that a message is about. Older ones show the block, or the object around the value.
pub(crate) fn points_at_values() -> bool {
    Terraform::under_test().release_line() >= (1, 15)
}

/// What several commands were refused with, one after the other: each with something.
pub(crate) fn all_are_refused(refusals: &str, commands: usize) {
    let refusals: Vec<&str> = refusals
        .split("\n----\n")
        .filter(|refusal| !refusal.is_empty())
        .collect();
    assert_eq!(refusals.len(), commands, "{refusals:#?}");
    assert!(
        refusals.iter().all(|refusal| refusal.contains("Error: ")),
        "{refusals:#?}"
    );
}

pub(crate) fn address(name: &str) -> String {
    format!("lockeddown_cyclecloud_subnet.{name}")
}

fn names(entries: &Value) -> Vec<String> {
    let entries = entries.as_array().cloned().unwrap_or_default();
    let mut names: Vec<String> = entries
        .iter()
        .map(|entry| entry["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}
