//! Azure Machine Learning: a Kubernetes cluster (AKS, or any other through Azure Arc) that trains or serves models.
//!
//! AKS depends on host names without fixed addresses, and its page says that an NSG cannot lock its outbound down. So nothing here
//! becomes a security rule, whatever `isolation` says: there are collections for a firewall, or the hosts for a proxy.

mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Demands, Workload,
    argument::{Argument, Default, Kind as Holds},
    egress::{self, Egress, Way},
    inputs::{Inputs, nearest},
    operators::refuse_everybody,
    problem::Stop,
    render::render,
    rules::{Band, Switches},
    scene::Scene,
    shared::{Isolation, Shared, check_place},
    site::is_host_name,
    template::Values,
};
use crate::{network::Prefix, regions, requirements::Condition};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "aml_kubernetes_egress",
    title: "Azure Machine Learning's Kubernetes compute",
    description: "The outbound of a Kubernetes cluster that computes for Azure Machine Learning: rule collections for an Azure Firewall, or the \
                  hosts for an HTTPS proxy. There are no security rules, because AKS depends on host names without fixed addresses and its \
                  documentation rules network security groups out; `isolation` therefore denies nothing here.",
    system: "aml_kubernetes",
    managed: super::Managed::Firewall,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: &[],
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "cluster_type",
        Holds::Choice(&["aks", "arc"]),
        "`aks` (Azure Kubernetes Service), or `arc` for any other cluster that Azure Arc connects.",
    ),
    Argument::optional(
        "workloads",
        Holds::TextSet,
        "What the cluster does: `training`, `inference`. Both when it is not set.",
    ),
    Argument::required(
        "egress",
        Holds::Object(egress::ARGUMENTS),
        "How outbound traffic is let through. `type` must be `firewall` or `proxy`: nothing else can name hosts.",
    ),
    Argument::optional(
        "workspace_location",
        Holds::Text,
        "Region of the workspace. Defaults to `location`, the cluster's.",
    ),
    Argument::optional(
        "workspace_guid",
        Holds::Text,
        "The workspace's immutable id (azurerm's `workspace_id`). Without it a wildcard opens every workspace of the region.",
    ),
    Argument::optional(
        "storage_account_names",
        Holds::TextSet,
        "The workspace's storage accounts. Without them a wildcard opens every account.",
    ),
    Argument::optional(
        "container_registry_name",
        Holds::Text,
        "The workspace's container registry. Without it a wildcard opens every registry.",
    ),
    Argument::optional(
        "cluster_egress_enabled",
        Holds::Flag,
        "Whether what the cluster itself needs is included: AKS's baseline, or the agents of Azure Arc. `false` where other rules give it.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "private_cluster_enabled",
        Holds::Flag,
        "AKS: whether the API server is private, so that nodes reach it inside the network.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "api_server_fqdn",
        Holds::Text,
        "AKS, public cluster: name or address of the API server, for pods that talk to it.",
    ),
    Argument::optional(
        "konnectivity_enabled",
        Holds::Flag,
        "AKS: whether nodes and control plane talk over konnectivity. `false` for old clusters, which need a tunnel of their own.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "network_plugin",
        Holds::Choice(&["azure", "kubenet", "none"]),
        "AKS: the network plug-in. With `kubenet` AKS writes its own routes into the subnet's route table.",
    )
    .or(Default::Text("azure")),
    Argument::optional(
        "arc_features",
        Holds::TextSet,
        "Arc: `cluster_connect`, `custom_locations`, `azure_rbac`, `extensions`. `[\"extensions\"]` when it is not set: Azure Machine Learning is \
         one.",
    ),
    Argument::optional(
        "ntp_servers",
        Holds::TextSet,
        "AKS: time servers of your own, names or addresses, in place of ntp.ubuntu.com.",
    ),
];

const WORKLOADS: &[&str] = &["training", "inference"];
const ARC_FEATURES: &[&str] = &["cluster_connect", "custom_locations", "azure_rbac", "extensions"];

/// The arguments of one type of cluster.
const OF_ONE_TYPE: [(&str, &str); 5] = [
    ("private_cluster_enabled", "aks"),
    ("konnectivity_enabled", "aks"),
    ("network_plugin", "aks"),
    ("ntp_servers", "aks"),
    ("arc_features", "arc"),
];

/// What no argument named.
const ANY: &str = "*";

/// No row has a slot, so no rule ever stands here.
const BAND: Band = Band {
    start: 100,
    end: 100,
    ipv6_offset: 0,
};

struct Settings {
    cluster_type: String,
    workloads: BTreeSet<String>,
    egress: Egress,
    location: String,
    workspace_location: String,
    workspace_guid: Option<String>,
    storage_accounts: BTreeSet<String>,
    container_registry: Option<String>,
    cluster_egress: bool,
    private_cluster: bool,
    api_server: BTreeSet<String>,
    konnectivity: bool,
    network_plugin: String,
    arc_features: BTreeSet<String>,
    ntp_servers: BTreeSet<String>,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs, shared)?;
    check(inputs, shared, &settings)?;
    let shared = &shared.without_denies();
    let scene = Scene {
        inputs,
        shared,
        egress: &settings.egress,
        switches: settings.switches(shared),
        band: BAND,
        own: &["cluster"],
        guest: None,
        kin: None,
        roles: BTreeMap::new(),
        prefixes: settings.prefixes(shared),
        values: settings.values(),
        holds: BTreeMap::new(),
    };
    let policy = render(&scene)?;
    warnings::wildcards(&scene, &settings);
    warnings::what_no_proxy_carries(&scene);
    warnings::the_tables_cloud(&scene);
    Ok((policy, BTreeMap::new()))
}

fn read(inputs: &Inputs<'_>, shared: &Shared) -> Result<Settings, Stop> {
    let cluster_type = inputs.choice("cluster_type");
    let workloads = read_words(inputs, "workloads", WORKLOADS, WORKLOADS);
    let egress = read_egress(inputs);
    let location = inputs.text("location");
    let workspace_location = inputs.text("workspace_location");
    let workspace_guid = inputs
        .text("workspace_guid")
        .and_then(|guid| check_label(inputs, "workspace_guid", guid));
    let storage_accounts = read_labels(inputs, "storage_account_names");
    let container_registry = inputs
        .text("container_registry_name")
        .and_then(|name| check_label(inputs, "container_registry_name", name));
    let cluster_egress = inputs.flag("cluster_egress_enabled");
    let private_cluster = inputs.flag("private_cluster_enabled");
    let api_server = inputs.text("api_server_fqdn");
    let konnectivity = inputs.flag("konnectivity_enabled");
    let network_plugin = inputs.choice("network_plugin");
    let arc_features = read_words(inputs, "arc_features", ARC_FEATURES, &["extensions"]);
    let ntp_servers = inputs.texts("ntp_servers");
    let location = location?.unwrap_or_default();
    let workspace_location = workspace_location?;
    if let Some(place) = &workspace_location {
        check_place(inputs, "workspace_location", place, shared.environment, &shared.waived)?;
    }
    let name = |location: &str| {
        let region = regions::find(location, shared.environment);
        region.map_or_else(
            |_| regions::normalize_location(location),
            |region| region.name.to_owned(),
        )
    };
    Ok(Settings {
        cluster_type: cluster_type?,
        workloads: workloads?,
        egress: egress?,
        workspace_location: name(workspace_location.as_deref().unwrap_or(&location)),
        location: name(&location),
        workspace_guid: workspace_guid?,
        storage_accounts: storage_accounts?,
        container_registry: container_registry?,
        cluster_egress: cluster_egress?,
        private_cluster: private_cluster?,
        api_server: api_server?.into_iter().collect(),
        konnectivity: konnectivity?,
        network_plugin: network_plugin?,
        arc_features: arc_features?,
        ntp_servers: ntp_servers?,
    })
}

fn read_egress(inputs: &Inputs<'_>) -> Result<Egress, Stop> {
    let refused = |path, given: &str| {
        let detail = format!(
            "{given}: a cluster depends on host names without fixed addresses, which only a firewall or a proxy can let \
             through (AML-K8S-AKS-NO-NSG). Set `type` to `firewall` or `proxy`."
        );
        Err(inputs
            .findings()
            .error(path, "Not possible for a Kubernetes cluster", detail))
    };
    match inputs.object("egress", egress::read)? {
        Some(egress) if matches!(egress.way, Way::Firewall { .. } | Way::Proxy { .. }) => Ok(egress),
        Some(egress) => refused(
            inputs.path("egress").child("type"),
            &format!("`egress.type` is `{}`", egress.word()),
        ),
        None => refused(inputs.path("egress"), "`egress` is not set"),
    }
}

/// Words out of a few, or the usual ones.
fn read_words(inputs: &Inputs<'_>, name: &str, words: &[&str], usual: &[&str]) -> Result<BTreeSet<String>, Stop> {
    let given = inputs.texts(name)?;
    if given.is_empty() {
        return Ok(usual.iter().map(|word| (*word).to_owned()).collect());
    }
    let Some(unknown) = given.iter().find(|word| !words.contains(&word.as_str())) else {
        return Ok(given);
    };
    let suggestion = nearest(unknown, words.iter().copied());
    let suggestion = suggestion.map_or_else(String::new, |word| format!(" Did you mean `{word}`?"));
    let detail = format!(
        "`{name}` contains `{unknown}`: it takes `{}`.{suggestion}",
        words.join("`, `")
    );
    Err(inputs.findings().error(inputs.path(name), "Unknown choice", detail))
}

fn read_labels(inputs: &Inputs<'_>, name: &str) -> Result<BTreeSet<String>, Stop> {
    let mut labels = BTreeSet::new();
    for text in inputs.texts(name)? {
        labels.extend(check_label(inputs, name, Some(text))?);
    }
    Ok(labels)
}

/// A name that is to stand before the first dot of a host name.
fn check_label(inputs: &Inputs<'_>, name: &str, text: Option<String>) -> Result<Option<String>, Stop> {
    match text {
        Some(text) if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') => {
            let detail = format!(
                "`{name}` is or contains `{text}`: the first part of a host name is expected, letters, digits and `-` without a domain."
            );
            Err(inputs.findings().error(inputs.path(name), "Invalid name", detail))
        }
        text => Ok(text.map(|text| text.to_ascii_lowercase())),
    }
}

/// What would have to become a security rule cannot be had here, nor what another kind of cluster has.
fn check(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let refused = |argument: &str, summary: &str, detail: &str| {
        Err(inputs.findings().error(inputs.path(argument), summary, detail))
    };
    if shared.isolation == Isolation::Strict {
        return refused(
            "isolation",
            "No network security group",
            "`isolation` is `strict`, but no network security group may close a cluster's outbound or the traffic within its subnet \
             (AML-K8S-AKS-NO-NSG). The firewall or proxy isolates it; between pods use network policies. Leave `isolation` out.",
        );
    }
    if !shared.extra_rules.is_empty() {
        return refused(
            "extra_rules",
            "No network security group",
            "`extra_rules` are rules of a network security group, and this workload has none (AML-K8S-AKS-NO-NSG). Put them into the \
             firewall's own rules.",
        );
    }
    if !settings.api_server.is_empty() && (settings.private_cluster || settings.cluster_type != "aks") {
        return refused(
            "api_server_fqdn",
            "Not of this cluster",
            "`api_server_fqdn` is for public AKS clusters, whose API server stands outside the network (AML-K8S-AKS-API-SERVER). Set \
             `private_cluster_enabled = false`, or leave it out.",
        );
    }
    for (argument, cluster_type) in OF_ONE_TYPE {
        if cluster_type != settings.cluster_type && inputs.is_set(argument) {
            let detail = format!(
                "`{argument}` is for clusters of the type `{cluster_type}`, and `cluster_type` is `{}`, which does not use it. Leave it out.",
                settings.cluster_type
            );
            return refused(argument, "Not of this cluster", &detail);
        }
    }
    for (argument, given) in [
        ("api_server_fqdn", &settings.api_server),
        ("ntp_servers", &settings.ntp_servers),
    ] {
        let (addresses, names) = apart(given);
        refuse_everybody(inputs, shared, inputs.path(argument), &addresses)?;
        if let Some(name) = names.iter().find(|name| !is_host_name(name)) {
            let detail = format!(
                "`{name}` of `{argument}` is neither an address nor a host name: a firewall's network rule takes no wildcard, scheme or path."
            );
            return refused(argument, "Invalid host", &detail);
        }
    }
    Ok(())
}

/// Addresses and names apart: a firewall takes each in a field of its own.
fn apart(texts: &BTreeSet<String>) -> (BTreeSet<Prefix>, Vec<String>) {
    let addresses = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let names = texts.iter().filter(|text| text.parse::<Prefix>().is_err());
    (addresses, names.cloned().collect())
}

impl Settings {
    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let given = |words: &BTreeSet<String>, word: &str| Condition::Bool(words.contains(word));
        let features = &self.arc_features;
        let connected = features.contains("cluster_connect") || features.contains("custom_locations");
        let mut switches = shared.switches();
        switches.extend([
            ("cluster_type", text(&self.cluster_type)),
            ("cluster_egress_enabled", Condition::Bool(self.cluster_egress)),
            ("private_cluster_enabled", Condition::Bool(self.private_cluster)),
            ("konnectivity_enabled", Condition::Bool(self.konnectivity)),
            ("network_plugin", text(&self.network_plugin)),
            ("workloads_include_training", given(&self.workloads, "training")),
            ("workloads_include_inference", given(&self.workloads, "inference")),
            (
                "arc_features_include_cluster_connect",
                given(features, "cluster_connect"),
            ),
            ("arc_features_include_azure_rbac", given(features, "azure_rbac")),
            ("arc_features_include_extensions", given(features, "extensions")),
            (
                "arc_features_include_cluster_connect_or_custom_locations",
                Condition::Bool(connected),
            ),
            ("ntp_servers_given", Condition::Bool(!self.ntp_servers.is_empty())),
            ("egress_type", text(self.egress.word())),
        ]);
        switches
    }

    fn prefixes(&self, shared: &Shared) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        let mut prefixes = shared.prefixes();
        prefixes.extend([
            ("api_server_fqdn", apart(&self.api_server).0),
            ("ntp_servers", apart(&self.ntp_servers).0),
        ]);
        prefixes
    }

    fn values(&self) -> Values<'static> {
        let one = |text: Option<&String>| vec![text.map_or_else(|| ANY.to_owned(), String::clone)];
        let accounts = match self.storage_accounts.is_empty() {
            true => vec![ANY.to_owned()],
            false => self.storage_accounts.iter().cloned().collect(),
        };
        Values(BTreeMap::from([
            ("location", vec![self.location.clone()]),
            ("workspace_location", vec![self.workspace_location.clone()]),
            ("workspace_guid", one(self.workspace_guid.as_ref())),
            ("container_registry_name", one(self.container_registry.as_ref())),
            ("storage_account_names", accounts),
            ("api_server_fqdn", apart(&self.api_server).1),
            ("ntp_servers", apart(&self.ntp_servers).1),
        ]))
    }
}
