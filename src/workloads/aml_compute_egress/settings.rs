//! The arguments of the workload, read, and what rows of the catalogue know them as.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    network::{Prefix, PrerequisiteStatus},
    regions::Cloud,
    requirements::Condition,
    workloads::{
        aml_compute::{self, ComputeTypes},
        arm_id,
        egress::{Egress, Way},
        inputs::Inputs,
        problem::Stop,
        rules::Switches,
        shared::Shared,
        template::Values,
    },
};

/// The switches that conditions of rows name just as the arguments.
const FLAGS: [&str; 15] = [
    "workspace_private_endpoint_enabled",
    "storage_smb_enabled",
    "high_business_impact",
    "custom_images_enabled",
    "microsoft_images_enabled",
    "studio_enabled",
    "automl_enabled",
    "rstudio_enabled",
    "vscode_enabled",
    "r_packages_enabled",
    "pypi_index_overridden",
    "azure_monitor_private_link_enabled",
    "data_exfiltration_protection_enabled",
    "client_hosts_enabled",
    "node_public_ip_enabled",
];

pub(super) struct Settings {
    pub(super) egress: Egress,
    pub(super) private_endpoints: BTreeSet<Prefix>,
    pub(super) storage_access: String,
    pub(super) storage_account_ids: BTreeSet<String>,
    flags: BTreeMap<&'static str, bool>,
    pub(super) compute_types: ComputeTypes,
    python_packages: BTreeSet<String>,
    pub(super) workspace_location: String,
    pub(super) storage_locations: BTreeSet<String>,
    container_registry_locations: BTreeSet<String>,
    key_vault_locations: BTreeSet<String>,
    default_storage_account: Option<String>,
    additional_storage_accounts: BTreeSet<String>,
    extra_hosts: BTreeSet<String>,
}

impl Settings {
    pub(super) fn read(inputs: &Inputs<'_>, shared: &Shared) -> Result<Settings, Stop> {
        let egress = read_egress(inputs);
        let private_endpoints = inputs.prefixes("private_endpoint_address_prefixes");
        let storage_access = inputs.choice("storage_access");
        let storage_account_ids = read_account_ids(inputs);
        let flags = read_flags(inputs, shared);
        let compute_types = aml_compute::read_compute_types(inputs);
        let words = ["anaconda", "pypi", "pytorch", "tensorflow"];
        let python_packages = aml_compute::read_words(inputs, "python_packages", &words);
        let workspace_location = aml_compute::read_workspace_location(inputs, shared);
        let locations = |argument| aml_compute::read_locations(inputs, shared, argument);
        let storage_locations = locations("storage_locations");
        let container_registry_locations = locations("container_registry_locations");
        let key_vault_locations = locations("key_vault_locations");
        let default_storage_account = read_account(inputs, "default_storage_account_name");
        let additional_storage_accounts = read_accounts(inputs, "additional_storage_account_names");
        let extra_hosts = read_extra_hosts(inputs);
        Ok(Settings {
            egress: egress?,
            private_endpoints: private_endpoints?,
            storage_access: storage_access?,
            storage_account_ids: storage_account_ids?,
            flags: flags?,
            compute_types: compute_types?,
            python_packages: python_packages?,
            workspace_location: workspace_location?,
            storage_locations: storage_locations?,
            container_registry_locations: container_registry_locations?,
            key_vault_locations: key_vault_locations?,
            default_storage_account: default_storage_account?,
            additional_storage_accounts: additional_storage_accounts?,
            extra_hosts: extra_hosts?,
        })
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.flags.get(name).copied().unwrap_or_default()
    }

    pub(super) fn private_endpoint_in_use(&self) -> bool {
        self.flag("workspace_private_endpoint_enabled")
            || self.storage_access == "private_endpoint"
            || !self.private_endpoints.is_empty()
    }

    pub(super) fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let package = |word: &str| Condition::Bool(self.python_packages.contains(word));
        let next_hop = match self.egress.way {
            Way::Firewall { .. } => "VirtualAppliance",
            Way::ForcedTunnel { .. } => "VirtualNetworkGateway",
            Way::ServiceTags | Way::Proxy { .. } => "Internet",
        };
        let bypass = matches!(
            self.egress.way,
            Way::Proxy {
                bypass_storage: true,
                ..
            }
        );
        let mut switches = shared.switches();
        switches.extend(self.flags.iter().map(|(name, truth)| (*name, Condition::Bool(*truth))));
        switches.extend([
            ("egress_type", text(self.egress.word())),
            ("egress_proxy_bypass_storage", Condition::Bool(bypass)),
            ("default_route_next_hop_type", text(next_hop)),
            ("storage_access", text(&self.storage_access)),
            (
                "compute_types_include_cluster",
                Condition::Bool(self.compute_types.cluster),
            ),
            (
                "compute_types_include_instance",
                Condition::Bool(self.compute_types.instance),
            ),
            ("python_packages_include_anaconda", package("anaconda")),
            ("python_packages_include_pypi", package("pypi")),
            ("python_packages_include_pytorch", package("pytorch")),
            ("python_packages_include_tensorflow", package("tensorflow")),
            (
                "studio_or_automl_enabled",
                Condition::Bool(self.flag("studio_enabled") || self.flag("automl_enabled")),
            ),
            // The document names the hosts in the place of Front Door's tag for the public cloud alone.
            (
                "front_door_by_host",
                Condition::Bool(
                    self.flag("data_exfiltration_protection_enabled") && shared.environment == Cloud::Public,
                ),
            ),
            (
                "private_endpoint_in_use",
                Condition::Bool(self.private_endpoint_in_use()),
            ),
        ]);
        switches
    }

    pub(super) fn prefixes(&self, shared: &Shared) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        let mut prefixes = shared.prefixes();
        prefixes.insert("private_endpoint_address_prefixes", self.private_endpoints.clone());
        if let Way::Proxy { address, .. } = self.egress.way {
            prefixes.insert("egress_proxy_address", BTreeSet::from([address]));
        }
        prefixes
    }

    pub(super) fn values(&self) -> Values<'static> {
        let own = &self.workspace_location;
        // The workspace's own location first, if it is among them: hosts are shown with the first tag that covers them.
        let own_first = |mut locations: Vec<String>| {
            locations.sort_by_key(|location| location != own);
            locations
        };
        let or_own = |locations: &BTreeSet<String>| match locations.is_empty() {
            true => vec![own.clone()],
            false => own_first(locations.iter().cloned().collect()),
        };
        // Microsoft's storage behind Azure Batch stands in the workspace's region, wherever the accounts are.
        let mut storage_locations = self.storage_locations.clone();
        storage_locations.insert(own.clone());
        let account = self.default_storage_account.clone();
        Values(BTreeMap::from([
            ("workspace_location", vec![own.clone()]),
            ("storage_locations", own_first(storage_locations.into_iter().collect())),
            (
                "container_registry_locations",
                or_own(&self.container_registry_locations),
            ),
            ("key_vault_locations", or_own(&self.key_vault_locations)),
            (
                "default_storage_account_name",
                vec![account.unwrap_or_else(|| "*".to_owned())],
            ),
            (
                "additional_storage_account_names",
                self.additional_storage_accounts.iter().cloned().collect(),
            ),
            ("extra_hosts", self.extra_hosts.iter().cloned().collect()),
        ]))
    }

    pub(super) fn prerequisites(&self) -> BTreeMap<&'static str, PrerequisiteStatus> {
        let endpoint = match self.flag("workspace_private_endpoint_enabled") {
            true => PrerequisiteStatus::Satisfied,
            false => PrerequisiteStatus::NotSatisfied,
        };
        BTreeMap::from([("AML-WORKSPACE-PRIVATE-ENDPOINT", endpoint)])
    }
}

fn read_egress(inputs: &Inputs<'_>) -> Result<Egress, Stop> {
    inputs.object("egress", crate::workloads::egress::read)?.ok_or_else(|| {
        inputs.findings().error(
            inputs.path("egress"),
            "Missing argument",
            "`egress` must be set; `egress = {}` lets service tags through by the NSG alone.",
        )
    })
}

fn read_flags(inputs: &Inputs<'_>, shared: &Shared) -> Result<BTreeMap<&'static str, bool>, Stop> {
    let read: Vec<_> = FLAGS
        .into_iter()
        .map(|name| match name {
            "node_public_ip_enabled" => (name, aml_compute::read_node_public_ip(inputs, shared)),
            _ => (name, inputs.flag(name)),
        })
        .collect();
    read.into_iter().map(|(name, flag)| Ok((name, flag?))).collect()
}

fn read_account_ids(inputs: &Inputs<'_>) -> Result<BTreeSet<String>, Stop> {
    let name = "storage_account_ids";
    let ids = inputs.texts(name)?;
    let kind = "Microsoft.Storage/storageAccounts";
    arm_id::check(inputs, &inputs.path(name), ids.iter().map(String::as_str), kind)?;
    Ok(ids)
}

fn read_account(inputs: &Inputs<'_>, argument: &str) -> Result<Option<String>, Stop> {
    let name = inputs.text(argument)?;
    name.map(|name| check_account(inputs, argument, name)).transpose()
}

fn read_accounts(inputs: &Inputs<'_>, argument: &str) -> Result<BTreeSet<String>, Stop> {
    let names = inputs.texts(argument)?;
    names
        .into_iter()
        .map(|name| check_account(inputs, argument, name))
        .collect()
}

/// Three to 24 lower case letters and digits (resource-name-rules, Microsoft.Storage).
fn check_account(inputs: &Inputs<'_>, argument: &str, name: String) -> Result<String, Stop> {
    let permitted = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if (3..=24).contains(&name.len()) && name.chars().all(permitted) {
        return Ok(name);
    }
    let detail =
        format!("`{name}` is no name of a storage account: 3 to 24 lower case letters and digits, without the domain.");
    Err(inputs
        .findings()
        .error(inputs.path(argument), "Invalid storage account name", detail))
}

fn read_extra_hosts(inputs: &Inputs<'_>) -> Result<BTreeSet<String>, Stop> {
    let hosts = inputs.texts("extra_hosts")?;
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    let accepted = |host: &str| {
        let name = host.strip_prefix("*.").unwrap_or(host);
        name.contains('.') && name.len() <= 253 && name.split('.').all(label)
    };
    let refused = hosts.iter().filter(|host| !accepted(host));
    let refused: Vec<String> = refused.map(|host| format!("`{host}`")).collect();
    if refused.is_empty() {
        return Ok(hosts);
    }
    let detail = format!(
        "`extra_hosts` holds what is no host name, {}: write a name such as `pypi.example.com`, or `*.example.com` for all names below. A wildcard without its dot \
         (`*example.com`) would also match other people's domains, and a URL is not a host.",
        refused.join(", ")
    );
    Err(inputs
        .findings()
        .error(inputs.path("extra_hosts"), "Invalid host", detail))
}
