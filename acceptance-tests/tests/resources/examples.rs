//! Every example of a resource, applied: it settles, writes each object once, is imported by the line beside it, and leaves nothing.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::json;

use crate::place::Place;

const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

/// A resource, its example and its import id.
fn examples() -> Vec<(String, String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/resources");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let read = |file: &str| fs::read_to_string(path.join(file)).unwrap_or_default();
        let (configuration, import) = (read("resource.tf"), read("import.sh"));
        let id = import
            .trim()
            .rsplit(' ')
            .next()
            .unwrap_or_default()
            .trim_matches('\'')
            .to_owned();
        // The others of the folder have tests of their own.
        if configuration.contains("rg-hpc") {
            found.push((name, configuration, id));
        }
    }
    found.sort();
    assert!(found.len() >= 6, "the examples are gone");
    found
}

/// What the examples find there.
fn furnish(place: &Place) -> Vec<String> {
    let subscription = place.emulator.subscription_id().to_owned();
    let group = format!("/subscriptions/{subscription}/resourceGroups/rg-hpc");
    let id = |path: &str| format!("{group}/providers/Microsoft.Network/{path}");
    place.emulator.put(&group, json!({ "location": "westeurope" }));
    for (path, properties) in [
        (
            "virtualNetworks/vnet-hpc",
            json!({ "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } }),
        ),
        (
            "virtualNetworks/vnet-hub",
            json!({ "addressSpace": { "addressPrefixes": ["10.1.0.0/16"] } }),
        ),
        (
            "virtualNetworkGateways/vgw-hpc",
            json!({ "gatewayType": "Vpn", "vpnType": "RouteBased" }),
        ),
        (
            "virtualNetworks/vnet-hpc/subnets/existing",
            json!({ "addressPrefix": "10.0.32.0/24" }),
        ),
        (
            "networkSecurityGroups/nsg-shared",
            json!({ "securityRules": [Place::their_rule("theirs", 3000)] }),
        ),
        (
            "firewallPolicies/afwp-hub",
            json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } }),
        ),
    ] {
        place
            .emulator
            .put(&id(path), json!({ "location": "westeurope", "properties": properties }));
    }
    place.emulator.clear_requests();
    place.emulator.ids()
}

#[test]
fn every_example_settles_writes_each_object_once_is_imported_and_leaves_nothing() {
    for (name, configuration, id) in examples() {
        let mut place = Place::new();
        if configuration.contains("ephemeral") {
            place = Place::with_write_only();
            place.workspace = place.workspace.env("TF_VAR_shared_key", "an example's key");
        }
        let before = furnish(&place);
        let subscription = place.emulator.subscription_id().to_owned();
        let configuration = configuration.replace(NOWHERE, &subscription);
        let plan = place.workspace.step(&configuration);
        let address = plan.actions().keys().next().unwrap().to_string();
        assert!(address.starts_with(&name), "{address}");

        let mut writes: BTreeMap<String, usize> = BTreeMap::new();
        for line in place.emulator.requests().writes().lines() {
            *writes.entry(line).or_default() += 1;
        }
        assert!(
            !writes.is_empty() && writes.values().all(|times| *times == 1),
            "{name}: {writes:?}"
        );

        place.workspace.run(&["state", "rm", &address]).expect_success();
        place.workspace.import(&address, &id.replace(NOWHERE, &subscription));
        place.emulator.clear_requests();
        place.workspace.step(&configuration);
        let writes = place.emulator.requests().writes().lines();
        assert_eq!(writes, Vec::<String>::new(), "{name}: an import changes nothing");

        place.workspace.destroy();
        assert_eq!(place.emulator.ids(), before, "{name}");
    }
}
