//! States that a version of the provider has left behind, each with the Azure that belongs to it.
//!
//! `fixtures/states/VERSION/CASE` holds `main.tf`, `terraform.tfstate` and the emulator's `azure.json`, written by `cargo xtask fixtures`
//! and never changed once the version is released: whatever comes later must plan them empty. A case is an example of a resource, or a
//! configuration in `fixtures/configurations` for a way of using one that no example shows.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;
use tempfile::TempDir;

use crate::emulator::{Emulator, Options, SUBSCRIPTION_ID};
use crate::terraform::{Terraform, Workspace, binaries};

/// The subscription that examples name.
const EXAMPLE_SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000000";
const PROVIDERS: &str =
    "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";
const CONFIGURATION: &str = "main.tf";
const STATE: &str = "terraform.tfstate";
const AZURE: &str = "azure.json";
/// The emulator's own name for it.
const EMULATOR_STATE: &str = "state.json";

/// A configuration whose state is kept.
#[derive(Debug)]
pub struct Case {
    /// The name of its folder.
    pub name: String,
    /// The configuration, with the emulator's subscription.
    pub configuration: String,
}

/// The cases that this version writes, in order.
///
/// # Errors
/// A configuration cannot be read.
pub fn cases() -> io::Result<Vec<Case>> {
    let mut cases = Vec::new();
    for path in entries(&binaries::repository().join("examples").join("resources"))? {
        cases.push(case(file_name(&path), &path.join("resource.tf"))?);
    }
    for path in entries(&home().join("configurations"))? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        cases.push(case(name, &path)?);
    }
    Ok(cases)
}

/// The versions whose states are kept, and the folders of their cases.
///
/// # Errors
/// The folders cannot be read.
pub fn kept() -> io::Result<Vec<(String, Vec<PathBuf>)>> {
    let states = home().join("states");
    if !states.exists() {
        return Ok(Vec::new());
    }
    let versions = entries(&states)?.into_iter();
    versions.map(|path| Ok((file_name(&path), entries(&path)?))).collect()
}

/// Writes the states of `version`, in place of those there are.
///
/// # Errors
/// Files cannot be read or written.
///
/// # Panics
/// A case does not apply, or does not settle.
pub fn write(version: &str, terraform: &Terraform) -> io::Result<Vec<PathBuf>> {
    let folder = home().join("states").join(version);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let mut written = Vec::new();
    for case in cases()? {
        let azure = TempDir::with_prefix("lockeddown-azure-")?;
        let emulator = start(azure.path());
        furnish(&emulator);
        let workspace = workspace(&emulator, terraform);
        workspace.step(&case.configuration);
        let target = folder.join(&case.name);
        fs::create_dir_all(&target)?;
        for name in [CONFIGURATION, STATE] {
            fs::copy(workspace.path().join(name), target.join(name))?;
        }
        fs::copy(azure.path().join(EMULATOR_STATE), target.join(AZURE))?;
        written.push(target);
    }
    Ok(written)
}

/// A kept state brought to life: the emulator with its Azure, and a workspace with its configuration and state.
///
/// # Errors
/// Files cannot be read or written.
pub fn revive(case: &Path, terraform: &Terraform) -> io::Result<(Emulator, Workspace, TempDir)> {
    let azure = TempDir::with_prefix("lockeddown-azure-")?;
    fs::copy(case.join(AZURE), azure.path().join(EMULATOR_STATE))?;
    let emulator = start(azure.path());
    let workspace = workspace(&emulator, terraform);
    for name in [CONFIGURATION, STATE] {
        fs::copy(case.join(name), workspace.path().join(name))?;
    }
    Ok((emulator, workspace, azure))
}

/// What examples of resources find in Azure.
pub fn furnish(emulator: &Emulator) {
    let group = format!("/subscriptions/{SUBSCRIPTION_ID}/resourceGroups/rg-hpc");
    emulator.put(&group, json!({ "location": "westeurope" }));
    let their_rule = json!({ "name": "theirs", "properties": {
        "priority": 3000, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourceAddressPrefix": "*",
        "sourcePortRange": "*", "destinationAddressPrefix": "*", "destinationPortRange": "22"
    } });
    let their_collection = json!({
        "name": "theirs", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 500, "action": { "type": "Allow" },
        "rules": [{ "ruleType": "NetworkRule", "name": "dns", "ipProtocols": ["UDP"], "sourceAddresses": ["10.0.0.0/8"],
            "destinationAddresses": ["10.0.0.10"], "destinationPorts": ["53"] }]
    });
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
            json!({ "securityRules": [their_rule] }),
        ),
        (
            "routeTables/rt-shared",
            json!({ "routes": [{ "name": "theirs", "properties": { "addressPrefix": "10.9.0.0/16", "nextHopType": "None" } }] }),
        ),
        (
            "firewallPolicies/afwp-hub",
            json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } }),
        ),
        (
            "firewallPolicies/afwp-hub/ruleCollectionGroups/rcg-shared",
            json!({ "priority": 400, "ruleCollections": [their_collection] }),
        ),
    ] {
        let id = format!("{group}/providers/Microsoft.Network/{path}");
        emulator.put(&id, json!({ "location": "westeurope", "properties": properties }));
    }
    emulator.put(
        &format!("{group}/providers/Microsoft.Network/natGateways/ng-hpc"),
        json!({ "location": "westeurope", "sku": { "name": "Standard" }, "properties": { "idleTimeoutInMinutes": 4 } }),
    );
    emulator.clear_requests();
}

fn case(name: String, path: &Path) -> io::Result<Case> {
    let text = fs::read_to_string(path)?;
    let configuration = text.replace(EXAMPLE_SUBSCRIPTION, SUBSCRIPTION_ID);
    Ok(Case { name, configuration })
}

fn start(state_directory: &Path) -> Emulator {
    Emulator::start(Options {
        state_directory: Some(state_directory.to_owned()),
        ..Options::default()
    })
}

fn workspace(emulator: &Emulator, terraform: &Terraform) -> Workspace {
    let workspace = Workspace::with(terraform.clone()).env("TF_VAR_shared_key", "an example's key");
    workspace.write_file("providers.tf", PROVIDERS);
    emulator
        .environment()
        .into_iter()
        .fold(workspace, |workspace, (name, value)| workspace.env(name, value))
}

fn home() -> PathBuf {
    binaries::repository().join("acceptance-tests").join("fixtures")
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder)?;
    let mut paths = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}
