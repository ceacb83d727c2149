//! Azure Machine Learning's managed compute, clusters and instances: what it must reach.

mod settings;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use self::settings::Settings;
use super::{
    Demands, Output, Workload, aml_compute,
    argument::{Argument, Default, Kind as Holds},
    egress::{self, Way},
    inputs::Inputs,
    operators::refuse_everybody,
    problem::Stop,
    render::render,
    rules::Band,
    scene::Scene,
    shared::{Isolation, POLICY_REACHES, STORAGE_ACCOUNT_NAMED, Shared},
};
use crate::{network::Known, regions, requirements::Kind};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "aml_compute_egress",
    title: "Azure Machine Learning's compute egress",
    description: "What Azure Machine Learning's managed compute (clusters and instances) must reach in a locked down network: service tags for \
                  the subnet's network security group and a firewall's network rules, hosts for its application rules, service endpoints \
                  and the policy that keeps data from leaving. What compute must accept is `lockeddown_aml_compute_ingress`.",
    system: "aml_egress",
    managed: super::Managed::Subnet,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: OUTPUTS,
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required("egress", Holds::Object(egress::ARGUMENTS), "How outbound traffic is let through and leaves the subnet."),
    aml_compute::COMPUTE_TYPES,
    aml_compute::NODE_PUBLIC_IP_ENABLED,
    aml_compute::WORKSPACE_LOCATION,
    Argument::optional(
        "workspace_private_endpoint_enabled",
        Holds::Flag,
        "Whether the workspace has a private endpoint. Instances then also need 18881 and, for RStudio, 8787.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "private_endpoint_address_prefixes",
        Holds::TextSet,
        "Addresses of the private endpoints of workspace, storage and registry, in this virtual network or a peered one. Required with \
         `isolation = \"strict\"` and `storage_access = \"private_endpoint\"`. They are reached beside `virtual_network_address_spaces`; a firewall \
         lets them pass if they stand behind it.",
    ),
    Argument::optional(
        "storage_access",
        Holds::Choice(&["private_endpoint", "service_endpoint", "service_tag"]),
        "How compute reaches the workspace's storage: by `private_endpoint`, `service_endpoint`, or over its public endpoint by `service_tag`. \
         None of them removes the rules to `Storage.<region>`, where Microsoft's own storage behind Azure Batch stands.",
    )
    .or(Default::Text("private_endpoint")),
    Argument::optional(
        "storage_smb_enabled",
        Holds::Flag,
        "Whether compute mounts file shares (445). The service refuses to create compute in a subnet whose NSG has no such rule.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "default_storage_account_name",
        Holds::Text,
        "Name of the workspace's default storage account. Without it the hosts have a wildcard in its place.",
    ),
    Argument::optional("additional_storage_account_names", Holds::TextSet, "Names of further storage accounts that compute reads or writes."),
    Argument::optional(
        "storage_account_ids",
        Holds::TextSet,
        "ARM ids of the storage accounts that the service endpoint policy admits. Required with `data_exfiltration_protection_enabled` unless \
         storage is reached by private endpoint, which no policy filters.",
    ),
    Argument::optional("storage_locations", Holds::TextSet, "Regions of the storage accounts. The workspace's own is always among them."),
    Argument::optional(
        "container_registry_locations",
        Holds::TextSet,
        "Regions of the container registries. Defaults to the workspace's.",
    ),
    Argument::optional("key_vault_locations", Holds::TextSet, "Regions of the key vaults. Defaults to the workspace's."),
    Argument::optional(
        "high_business_impact",
        Holds::Flag,
        "Whether the workspace was created with `high_business_impact` (`hbi_workspace`): compute then reads Azure Batch's key vault.",
    )
    .or(Default::Flag(false)),
    Argument::optional("custom_images_enabled", Holds::Flag, "Whether Docker images of your own are used. Since edition `2026-08` the registry is always reached.")
        .or(Default::Flag(false)),
    Argument::optional(
        "microsoft_images_enabled",
        Holds::Flag,
        "Whether Microsoft's Docker images are used. Since edition `2026-08` they are needed in every case.",
    )
    .or(Default::Flag(true)),
    Argument::optional("studio_enabled", Holds::Flag, "Whether compute reaches the studio's entry point (Front Door).").or(Default::Flag(false)),
    Argument::optional("automl_enabled", Holds::Flag, "Whether automated machine learning is used, whose images Front Door serves.").or(Default::Flag(false)),
    Argument::optional("rstudio_enabled", Holds::Flag, "Whether instances run RStudio.").or(Default::Flag(false)),
    Argument::optional("vscode_enabled", Holds::Flag, "Whether users connect to instances with Visual Studio Code.").or(Default::Flag(false)),
    Argument::optional("r_packages_enabled", Holds::Flag, "Whether packages are installed from CRAN.").or(Default::Flag(false)),
    Argument::optional(
        "python_packages",
        Holds::TextSet,
        "Where Python packages are installed from: `anaconda`, `pypi`, `pytorch`, `tensorflow`. An `egress` that knows host names lets them pass.",
    ),
    Argument::optional("pypi_index_overridden", Holds::Flag, "Whether user settings replace pip's default index.").or(Default::Flag(false)),
    Argument::optional(
        "extra_hosts",
        Holds::TextSet,
        "Further hosts that your code reaches by HTTPS: a name, or `*.` and a name for all names below it.",
    ),
    Argument::optional(
        "azure_monitor_private_link_enabled",
        Holds::Flag,
        "Whether Azure Monitor is reached through a private link scope.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "data_exfiltration_protection_enabled",
        Holds::Flag,
        "Whether a service endpoint policy admits only Azure Machine Learning's storage and yours, and two hosts take the place of Front Door's \
         service tag. See `service_endpoint_policy_definitions`.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "client_hosts_enabled",
        Holds::Flag,
        "Whether `hosts` also lists what users' browsers and editors reach. They never become rules of this subnet.",
    )
    .or(Default::Flag(true)),
];

static OUTPUTS: &[Output] = &[Output {
    name: "service_endpoint_policy_definitions",
    ty: policy_definitions_type,
    description: "Definitions of a service endpoint policy for the subnet, by name, with every attribute of azurerm's `definition` block. Empty \
                  without `data_exfiltration_protection_enabled`.",
}];

fn policy_definitions_type() -> Type {
    Type::map(Type::object([
        ("name", Type::String),
        ("description", Type::String),
        ("service", Type::String),
        ("service_resources", Type::set(Type::String)),
    ]))
}

/// 700-1199; the IPv6 twin of a rule stands 250 behind.
const BAND: Band = Band {
    start: 700,
    end: 1199,
    ipv6_offset: 250,
};

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = Settings::read(inputs, shared)?;
    let endpoints = inputs.path("private_endpoint_address_prefixes");
    refuse_everybody(inputs, shared, endpoints, &settings.private_endpoints)?;
    check_private_endpoints(inputs, shared, &settings)?;
    check_exfiltration(inputs, shared, &settings)?;
    check_instances(inputs, &settings)?;
    check_region(inputs, shared, &settings)?;
    let scene = Scene {
        inputs,
        shared,
        egress: &settings.egress,
        switches: settings.switches(shared),
        band: BAND,
        own: &["compute"],
        guest: None,
        kin: None,
        roles: BTreeMap::new(),
        prefixes: settings.prefixes(shared),
        values: settings.values(),
        holds: settings.prerequisites(),
    };
    let policy = render(&scene)?;
    warn_of_wildcard_storage(&scene);
    warn_of_storage_beyond_the_policy(inputs, shared, &settings);
    let definitions = policy_definitions(&settings);
    let outputs = [("service_endpoint_policy_definitions".to_owned(), definitions)];
    Ok((policy, BTreeMap::from(outputs)))
}

/// Under strict isolation nothing of the virtual network is open by default, so the way to storage has to be known.
fn check_private_endpoints(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let requirement = "AML-OUT-STORAGE-SMB-PRIVATE";
    if shared.isolation != Isolation::Strict
        || settings.storage_access != "private_endpoint"
        || !settings.flag("storage_smb_enabled")
        || !settings.private_endpoints.is_empty()
        || shared.waived.contains_key(requirement)
        || !aml_compute::edition_has(shared, requirement)
    {
        return Ok(());
    }
    let detail = format!(
        "`isolation` is `strict` and `storage_access` is `private_endpoint`: the rule of {requirement} (445) needs the endpoints' addresses, \
         because the virtual network is closed. Set `private_endpoint_address_prefixes`, or `storage_smb_enabled = false`."
    );
    Err(inputs.findings().error(
        inputs.path("private_endpoint_address_prefixes"),
        "Missing argument",
        detail,
    ))
}

fn check_exfiltration(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let name = "data_exfiltration_protection_enabled";
    if !settings.flag(name) {
        if settings.storage_account_ids.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "`storage_account_ids` are what a service endpoint policy admits (AML-POLICY-ACCOUNT), and `{name}` is `false`: there is none. Leave \
             them out, or set `{name} = true`."
        );
        let path = inputs.path("storage_account_ids");
        return Err(inputs.findings().error(path, "Argument without effect", detail));
    }
    if !aml_compute::edition_has(shared, "AML-POLICY-ALIAS") {
        let detail = format!(
            "Edition `{}` does not describe it (AML-POLICY-ALIAS is of `2026-08`). Use that edition, or leave `{name}` out.",
            shared.edition
        );
        return Err(inputs
            .findings()
            .error(inputs.path(name), "Not in this edition", detail));
    }
    if settings.storage_access != "private_endpoint"
        && settings.storage_account_ids.is_empty()
        && !shared.waived.contains_key("AML-POLICY-ACCOUNT")
    {
        let detail = format!(
            "`storage_access` is `{}`: the service endpoint policy would shut out the workspace's own storage account \
             (AML-POLICY-ACCOUNT). List its id here.",
            settings.storage_access
        );
        return Err(inputs
            .findings()
            .error(inputs.path("storage_account_ids"), "Missing argument", detail));
    }
    Ok(())
}

/// What only instances have.
fn check_instances(inputs: &Inputs<'_>, settings: &Settings) -> Result<(), Stop> {
    for (argument, requirement) in [
        ("rstudio_enabled", "AML-OUT-AML-RSTUDIO"),
        ("vscode_enabled", "AML-VSCODE-UPDATE"),
    ] {
        if settings.flag(argument) && !settings.compute_types.instance {
            let detail = format!(
                "`{argument}` is `true`, but `compute_types` has no `instance`: {requirement} is of instances only. Leave it out, or add \
                 `instance`."
            );
            return Err(inputs
                .findings()
                .error(inputs.path(argument), "Nobody to use it", detail));
        }
    }
    Ok(())
}

/// Since simplified communication is all that is left, compute works only where Azure Batch has it.
fn check_region(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let (flow, region) = ("AML-OUT-BATCH", aml_compute::SIMPLIFIED_REGIONS);
    let location = settings.workspace_location.as_str();
    if !aml_compute::edition_has(shared, flow) || !aml_compute::is_classic_only(location, shared) {
        return Ok(());
    }
    let detail = format!(
        "`{location}` has no simplified communication of Azure Batch ({region}), so nobody there answers the nodes that report by {flow}. Choose \
         another region, or waive {region} if it has by now."
    );
    let argument = match inputs.is_set("workspace_location") {
        true => "workspace_location",
        false => "location",
    };
    Err(inputs.findings().error(inputs.path(argument), "Not possible", detail))
}

fn policy_definitions(settings: &Settings) -> Value {
    let mut definitions = Vec::new();
    if settings.flag("data_exfiltration_protection_enabled") {
        // An alias needs the service `Global`, an account `Microsoft.Storage`; Azure takes no definition with both.
        let alias = ["/services/Azure/MachineLearning".to_owned()].into();
        let description = "Microsoft's storage behind Azure Machine Learning [AML-POLICY-ALIAS]";
        definitions.push(("azure_machine_learning", "Global", alias, description));
        if !settings.storage_account_ids.is_empty() {
            let accounts = settings.storage_account_ids.clone();
            let description = "The workspace's storage accounts [AML-POLICY-ACCOUNT]";
            definitions.push(("storage_accounts", "Microsoft.Storage", accounts, description));
        }
    }
    Value::object(definitions.into_iter().map(|(name, service, resources, description)| {
        let definition = Value::object([
            ("name", Value::from(name)),
            ("description", description.into()),
            ("service", service.into()),
            ("service_resources", Value::string_set(resources)),
        ]);
        (name.to_owned(), definition)
    }))
}

/// A service endpoint leads to storage of the subnet's region and its pair, and its policy filters nothing else.
fn warn_of_storage_beyond_the_policy(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) {
    let name = "data_exfiltration_protection_enabled";
    if !settings.flag(name) || shared.waived.contains_key(POLICY_REACHES) {
        return;
    }
    let Ok(Some(Known::Is(location))) = inputs.leaf("location") else {
        return;
    };
    let Ok(region) = regions::find(&location, shared.environment) else {
        return;
    };
    let own = [("workspace_location", &settings.workspace_location)];
    let accounts = settings.storage_locations.iter();
    let beyond: Vec<(&str, &String)> = own
        .into_iter()
        .chain(accounts.map(|location| ("storage_locations", location)))
        .filter(|(_, location)| {
            let other = regions::normalize_location(location);
            other != region.name && region.pair != Some(other.as_str())
        })
        .collect();
    let Some((argument, _)) = beyond.first() else { return };
    let places: BTreeSet<String> = beyond.iter().map(|(_, location)| format!("`{location}`")).collect();
    let places: Vec<String> = places.into_iter().collect();
    let reach = match region.pair {
        Some(pair) => format!("`{}` and its pair `{pair}`", region.name),
        None => format!("`{}`, which has no pair", region.name),
    };
    let detail = format!(
        "`{name}` is `true`, and the service endpoint policy filters what goes to storage of the subnet's region alone: {reach}. To {} every account          stays open (AML-OUT-STORAGE). Put the subnet in the storage's region, or waive {POLICY_REACHES} with a reason.",
        places.join(" and ")
    );
    let findings = inputs.findings();
    findings.warning(inputs.path(argument), "Storage beyond the policy's reach", detail);
}

fn warn_of_wildcard_storage(scene: &Scene<'_>) {
    let name = "default_storage_account_name";
    let placeholder = format!("{{{name}}}");
    let named = scene.rows(&[Kind::Host]).any(|row| {
        let peer = row.peer_in(scene.shared.environment);
        let host = peer.and_then(|peer| peer.host.as_deref());
        scene.starts_here(row) && host.is_some_and(|host| host.starts_with(&placeholder))
    });
    let given = scene.inputs.text(name).is_ok_and(|given| given.is_some());
    if given || !named || scene.shared.waived.contains_key(STORAGE_ACCOUNT_NAMED) {
        return;
    }
    let opened = match scene.egress.way {
        Way::Firewall { .. } | Way::Proxy { .. } => {
            "hosts stand for every storage account of Azure, anybody's included"
        }
        _ => "`hosts` lists wildcards in its place",
    };
    let detail = format!(
        "`{name}` is not set, so {opened} (AML-HOST-STORAGE-BLOB). Set it, or waive {STORAGE_ACCOUNT_NAMED} with a reason."
    );
    scene
        .inputs
        .findings()
        .warning(scene.inputs.path(name), "Storage account not named", detail);
}
