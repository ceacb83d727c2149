//! Where instances stand: each has a network, a group, a table and a firewall policy of others to itself.

use std::collections::BTreeMap;

use acceptance_tests::{
    emulator::{Emulator, Options},
    terraform::{Terraform, Workspace},
};
use serde_json::{Value, json};

use crate::table::{Arguments, body};

/// What stands for the ids of the things of one instance.
const THINGS: [(&str, &str); 13] = [
    ("@subnet", "virtualNetworks/vnet-#/subnets/theirs-#"),
    ("@vnet2", "virtualNetworks/other-#"),
    ("@vnet", "virtualNetworks/vnet-#"),
    ("@nsg", "networkSecurityGroups/shared-#"),
    ("@table", "routeTables/shared-#"),
    ("@policy2", "firewallPolicies/other-#"),
    ("@policy", "firewallPolicies/hub-#"),
    ("@rcg", "firewallPolicies/hub-#/ruleCollectionGroups/shared"),
    ("@nat", "natGateways/nat-#"),
    ("@sep", "serviceEndpointPolicies/storage-#"),
    ("@asg", "applicationSecurityGroups/asg-#"),
    ("@ipgroup", "ipGroups/group-#"),
    ("@classic", "azureFirewalls/classic-#"),
];

pub(crate) struct Stage {
    pub(crate) emulator: Emulator,
    pub(crate) workspace: Workspace,
}

impl Stage {
    /// A place for so many instances.
    pub(crate) fn new(terraform: Terraform, instances: usize) -> Stage {
        let emulator = Emulator::start(Options::default());
        let mut workspace = Workspace::with(terraform);
        workspace.write_file(
            "providers.tf",
            "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
        );
        workspace.write_file("policies.tf", include_str!("subjects/policies.tf"));
        workspace.write_file("service_tags.json", include_str!("subjects/service_tags.json"));
        for (name, value) in emulator.environment() {
            workspace = workspace.env(name, value);
        }
        let stage = Stage { emulator, workspace };
        for group in ["rg", "rg-2"] {
            let id = format!(
                "/subscriptions/{}/resourceGroups/{group}",
                stage.emulator.subscription_id()
            );
            stage.emulator.put(&id, json!({ "location": "westeurope" }));
        }
        for number in 0..instances {
            stage.furnish(number);
        }
        stage.emulator.clear_requests();
        stage
    }

    fn furnish(&self, number: usize) {
        let network = json!({ "addressSpace": { "addressPrefixes": ["10.0.0.0/16", "fd00:db8:deca::/48"] } });
        let rule = json!({ "name": "theirs", "properties": {
            "priority": 3900, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
            "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
        } });
        let route =
            json!({ "name": "theirs", "properties": { "addressPrefix": "10.200.0.0/16", "nextHopType": "None" } });
        let collection = json!({
            "name": "theirs", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 500,
            "action": { "type": "Allow" }, "rules": [{ "ruleType": "NetworkRule", "name": "dns", "ipProtocols": ["UDP"],
                "sourceAddresses": ["10.0.0.0/8"], "destinationAddresses": ["10.0.0.10"], "destinationPorts": ["53"] }]
        });
        let policy = json!({ "sku": { "tier": "Premium" }, "dnsSettings": { "enableProxy": true } });
        for (thing, properties) in [
            ("@vnet", network.clone()),
            ("@vnet2", network),
            ("@nsg", json!({ "securityRules": [rule] })),
            ("@table", json!({ "routes": [route] })),
            ("@policy", policy.clone()),
            ("@policy2", policy),
            ("@nat", json!({})),
            ("@sep", json!({ "serviceEndpointPolicyDefinitions": [] })),
            ("@ipgroup", json!({ "ipAddresses": ["10.0.64.0/24"] })),
            ("@classic", json!({})),
        ] {
            let body = json!({ "location": "westeurope", "properties": properties });
            self.emulator.put(&self.id(thing, number), body);
        }
        for (thing, properties) in [
            ("@subnet", json!({ "addressPrefix": "10.0.7.0/24" })),
            ("@rcg", json!({ "priority": 400, "ruleCollections": [collection] })),
        ] {
            let body = json!({ "properties": properties });
            self.emulator.put(&self.id(thing, number), body);
        }
    }

    /// The id that a word such as `@vnet` stands for in an instance.
    pub(crate) fn id(&self, thing: &str, number: usize) -> String {
        let (_, path) = THINGS.iter().find(|(name, _)| *name == thing).unwrap();
        format!(
            "/subscriptions/{}/resourceGroups/rg/providers/Microsoft.Network/{}",
            self.emulator.subscription_id(),
            path.replace('#', &number.to_string())
        )
    }

    /// A resource's block.
    pub(crate) fn block(&self, resource: &str, number: usize, arguments: &Arguments) -> String {
        let text = format!(
            "resource \"lockeddown_{resource}\" \"it_{number}\" {{\n{}}}\n",
            body(arguments)
        );
        self.placed(&text, number)
    }

    /// An expression or a block with the ids of an instance.
    pub(crate) fn placed(&self, text: &str, number: usize) -> String {
        // Longer words first: `@vnet2` begins with `@vnet`.
        let mut text = text.to_owned();
        let mut things = THINGS;
        things.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        for (name, _) in things {
            text = text.replace(name, &format!("{:?}", self.id(name, number)));
        }
        text.replace("#", &number.to_string())
    }

    /// Everything in Azure.
    pub(crate) fn azure(&self) -> BTreeMap<String, Value> {
        everything(&self.emulator)
    }
}

/// Everything in Azure, without what moves with every write.
pub(crate) fn everything(emulator: &Emulator) -> BTreeMap<String, Value> {
    let ids = emulator.ids();
    ids.into_iter()
        .map(|id| {
            let mut body = emulator.get(&id).unwrap_or_default();
            settle(&mut body);
            (id, body)
        })
        .collect()
}

/// Demands that nothing in Azure was written twice since the log was emptied, and empties it.
#[track_caller]
pub(crate) fn assert_written_once(emulator: &Emulator, what: &str) {
    assert_written_once_but(emulator, what, &[]);
}

/// The same, but for ids with one of these in them.
#[track_caller]
pub(crate) fn assert_written_once_but(emulator: &Emulator, what: &str, twice: &[String]) {
    let mut writes: BTreeMap<String, usize> = BTreeMap::new();
    for line in emulator.requests().writes().lines() {
        *writes.entry(line).or_default() += 1;
    }
    writes.retain(|line, times| *times > 1 && !twice.iter().any(|part| line.contains(part)));
    assert!(writes.is_empty(), "{what}: {writes:#?}");
    emulator.clear_requests();
}

fn settle(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for moving in ["etag", "resourceGuid"] {
                members.remove(moving);
            }
            // None, and an empty list of them, are the same.
            members.retain(|name, value| name != "serviceEndpoints" || value != &json!([]));
            members.values_mut().for_each(settle);
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(settle);
            elements.sort_by_key(ToString::to_string);
        }
        _ => {}
    }
}

/// What differs between two states of Azure: the id, and where and how.
pub(crate) fn difference(before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let mut found = Vec::new();
    for id in before.keys().chain(after.keys().filter(|id| !before.contains_key(*id))) {
        let value = |azure: &BTreeMap<String, Value>| azure.get(id).cloned().unwrap_or_default();
        compare(id, &value(before), &value(after), &mut found);
    }
    found
}

fn compare(at: &str, before: &Value, after: &Value, found: &mut Vec<String>) {
    match (before, after) {
        (Value::Object(one), Value::Object(other)) => {
            for name in one.keys().chain(other.keys().filter(|name| !one.contains_key(*name))) {
                let value = |members: &serde_json::Map<String, Value>| members.get(name).cloned().unwrap_or_default();
                compare(&format!("{at} .{name}"), &value(one), &value(other), found);
            }
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            for (one, other) in one.iter().zip(other) {
                compare(&format!("{at} []"), one, other, found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => found.push(format!("{at}: was {before}, is {after}")),
    }
}
