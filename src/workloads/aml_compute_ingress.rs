//! Azure Machine Learning's managed compute, clusters and instances: what it must accept, and how its answers get out.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Demands, Workload,
    aml_compute::{self, ComputeTypes},
    argument::{Argument, Default, Kind as Holds},
    egress::Egress,
    inputs::Inputs,
    isolation,
    operators::{is_public, read_operators},
    problem::Stop,
    render::{collect_requirements, render},
    rules::{Band, End, Switches},
    scene::Scene,
    shared::{Isolation, Shared},
    tag_routes,
    template::Values,
};
use crate::{
    network::{DefaultNextHop, DefaultRoute, Direction, Family, Prefix, PrerequisiteStatus},
    requirements::Condition,
};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "aml_compute_ingress",
    title: "Azure Machine Learning's compute ingress",
    description: "What Azure Machine Learning's managed compute (clusters and instances) must accept in a locked down network, and the routes \
                  that bring its answers back past an appliance. It has inbound rules only: an NSG denies the rest by itself (DenyAllInBound). \
                  What compute must reach is `lockeddown_aml_compute_egress`; both fit into one network security group and route table.",
    system: "aml_ingress",
    managed: super::Managed::Subnet,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: &[],
    expand,
};

static ARGUMENTS: &[Argument] = &[
    aml_compute::COMPUTE_TYPES,
    aml_compute::NODE_PUBLIC_IP_ENABLED,
    aml_compute::WORKSPACE_LOCATION,
    Argument::optional(
        "node_communication_mode",
        Holds::Choice(&["classic", "simplified"]),
        "How Azure Batch manages the nodes: `classic`, it connects to them; `simplified`, they connect to it. Defaults to `simplified`, in \
         editions before `2026-08` to `classic`.",
    ),
    Argument::optional(
        "ssh_source_address_prefixes",
        Holds::TextSet,
        "Who may open SSH (22) on compute. Empty: nobody beyond what the virtual network already may.",
    ),
    Argument::optional(
        "vscode_source_address_prefixes",
        Holds::TextSet,
        "Who may reach the Visual Studio Code server on instances (8704-8710). Empty: nobody beyond what the virtual network already may.",
    ),
    Argument::optional(
        "default_route_next_hop_type",
        Holds::Choice(&["Internet", "VirtualAppliance", "VirtualNetworkGateway"]),
        "Where the subnet's default route leads. With an appliance or a gateway, compute with public IP addresses needs routes back to whoever \
         connects to it.",
    )
    .or(Default::Text("Internet")),
    tag_routes::ROUTE_TARGETS,
    tag_routes::ROUTE_TABLE_LIMITS,
    Argument::optional(
        "paired_region_enabled",
        Holds::Flag,
        "With `route_targets = \"address_prefix\"`: whether routes also lead to Azure Machine Learning's secondary region, the pair of \
         `workspace_location`.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "maximum_node_count",
        Holds::Number,
        "Nodes of all clusters at their largest. With `subnet_address_prefixes` the subnet is checked for room.",
    ),
    Argument::optional("instance_count", Holds::Number, "Compute instances, each of which takes an address."),
];

/// 500-699; the IPv6 twin of a rule stands 100 behind.
const BAND: Band = Band {
    start: 500,
    end: 699,
    ipv6_offset: 100,
};

struct Settings {
    compute_types: ComputeTypes,
    node_public_ip: bool,
    workspace_location: String,
    classic: bool,
    ssh: Option<End>,
    vscode: Option<End>,
    next_hop: String,
    route_targets: String,
    paired_region: bool,
    /// Addresses that nodes and instances take; `None` where nobody says.
    addresses: Option<u64>,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs, shared)?;
    check_mode(inputs, shared, &settings)?;
    check_people(inputs, shared, &settings)?;
    check_room(inputs, shared, &settings)?;
    let shared = &with_isolation(shared);
    let no_egress = Egress::service_tags();
    let scene = Scene {
        inputs,
        shared,
        egress: &no_egress,
        switches: settings.switches(shared),
        band: BAND,
        own: &["compute"],
        guest: None,
        kin: None,
        roles: settings.roles(),
        prefixes: settings.prefixes(shared),
        values: settings.values(shared),
        holds: settings.prerequisites(shared),
    };
    let mut policy = render(&scene)?;
    // Strict isolation closes both ways; outbound is the other workload's.
    let extra = |name: &str| shared.extra_rules.contains_key(name);
    policy
        .security_rules
        .retain(|name, rule| rule.direction == Direction::Inbound || extra(name));
    policy.flows.retain(|_, flow| flow.direction == Direction::Inbound);
    // Of the document's default nobody said that it holds here.
    if inputs.is_set("default_route_next_hop_type") {
        policy.default_route = DefaultNextHop::from_word(&settings.next_hop).map(DefaultRoute::of_others);
    }
    let learned_route = settings.next_hop != "Internet";
    policy
        .flows
        .values_mut()
        .for_each(|flow| flow.learned_route = learned_route);
    collect_requirements(&scene, &mut policy);
    warn(&scene, &settings);
    isolation::warn_of_open_inbound(&scene, settings.node_public_ip);
    Ok((policy, BTreeMap::new()))
}

fn read(inputs: &Inputs<'_>, shared: &Shared) -> Result<Settings, Stop> {
    let compute_types = aml_compute::read_compute_types(inputs);
    let node_public_ip = aml_compute::read_node_public_ip(inputs, shared);
    let workspace_location = aml_compute::read_workspace_location(inputs, shared);
    let mode = inputs.optional_choice("node_communication_mode");
    let ssh = read_operators(inputs, shared, "ssh_source_address_prefixes", "AML-IN-SSH");
    let vscode = read_operators(inputs, shared, "vscode_source_address_prefixes", "AML-IN-VSCODE");
    let next_hop = inputs.choice("default_route_next_hop_type");
    let route_targets = inputs.choice("route_targets");
    let paired_region = inputs.flag("paired_region_enabled");
    let nodes = read_count(inputs, "maximum_node_count");
    let instances = read_count(inputs, "instance_count");
    let (nodes, instances) = (nodes?, instances?);
    Ok(Settings {
        compute_types: compute_types?,
        node_public_ip: node_public_ip?,
        workspace_location: workspace_location?,
        classic: match mode? {
            Some(mode) => mode == "classic",
            None => !aml_compute::edition_has(shared, aml_compute::SIMPLIFIED_REGIONS),
        },
        ssh: ssh?,
        vscode: vscode?,
        next_hop: next_hop?,
        route_targets: route_targets?,
        paired_region: paired_region?,
        addresses: match (nodes, instances) {
            (None, None) => None,
            (nodes, instances) => Some(nodes.unwrap_or(0) + instances.unwrap_or(0)),
        },
    })
}

fn read_count(inputs: &Inputs<'_>, argument: &str) -> Result<Option<u64>, Stop> {
    let Some(number) = inputs.number(argument)? else {
        return Ok(None);
    };
    // No virtual network has more addresses than IPv4.
    u32::try_from(number).map(|count| Some(u64::from(count))).map_err(|_| {
        let detail = format!("`{argument}` is `{number}`: a count is 0 or more.");
        inputs.findings().error(inputs.path(argument), "Invalid count", detail)
    })
}

fn check_mode(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    if settings.classic {
        return Ok(());
    }
    let requirement = aml_compute::SIMPLIFIED_REGIONS;
    let refused = |detail| {
        Err(inputs
            .findings()
            .error(inputs.path("node_communication_mode"), "Not possible", detail))
    };
    if !aml_compute::edition_has(shared, requirement) {
        return refused(format!(
            "`node_communication_mode` is `simplified`, which edition `{}` does not describe ({requirement} is of `2026-08`): use that edition \
             for both compute workloads, because nodes then also need outbound 443 to BatchNodeManagement.",
            shared.edition
        ));
    }
    let location = settings.workspace_location.as_str();
    if aml_compute::is_classic_only(location, shared) {
        return refused(format!(
            "`{location}` has no simplified communication of Azure Batch ({requirement}). Choose another region, or waive the requirement if it \
             has by now."
        ));
    }
    Ok(())
}

fn check_people(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    if settings.vscode.is_some() && !settings.compute_types.instance {
        let detail = "`vscode_source_address_prefixes` is set, but `compute_types` has no `instance`: the server of AML-IN-VSCODE runs on \
                      instances only.";
        return Err(inputs
            .findings()
            .error(inputs.path("vscode_source_address_prefixes"), "Nobody to reach", detail));
    }
    for (people, argument, requirement) in [
        (&settings.ssh, "ssh_source_address_prefixes", "AML-ROUTE-SSH"),
        (&settings.vscode, "vscode_source_address_prefixes", "AML-ROUTE-VSCODE"),
    ] {
        if matches!(people, Some(End::Any)) && settings.routes_back() && !shared.waived.contains_key(requirement) {
            let detail = format!(
                "`{argument}` is everybody, and `default_route_next_hop_type` is `{}`: the route back ({requirement}) would have to be \
                 0.0.0.0/0, which is the default route itself. Name the prefixes.",
                settings.next_hop
            );
            return Err(inputs.findings().error(inputs.path(argument), "No way back", detail));
        }
    }
    Ok(())
}

fn check_room(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let requirement = "AML-SUBNET-SIZE";
    let (Some(needed), Some(room)) = (settings.addresses, room(shared)) else {
        return Ok(());
    };
    if needed <= room || shared.waived.contains_key(requirement) {
        return Ok(());
    }
    let detail = format!(
        "Nodes and instances take {needed} addresses, and the subnet has {room} beside the five that Azure reserves ({requirement}). Use a \
         larger subnet, or lower `maximum_node_count` or `instance_count`."
    );
    Err(inputs
        .findings()
        .error(inputs.path("subnet_address_prefixes"), "Subnet too small", detail))
}

/// The IPv4 addresses that Azure leaves of the subnet; `None` while its prefixes are not given.
fn room(shared: &Shared) -> Option<u64> {
    let ipv4 = shared.subnet.iter().filter(|prefix| prefix.family() == Family::V4);
    let rooms: Vec<u64> = ipv4
        .map(|prefix| (1_u64 << (32 - u32::from(prefix.length()).min(32))).saturating_sub(5))
        .collect();
    (!rooms.is_empty()).then(|| rooms.iter().sum())
}

/// Inbound needs no deny of ours: DenyAllInBound (65500) stands in every NSG. Strict isolation still closes the virtual network.
fn with_isolation(shared: &Shared) -> Shared {
    match shared.isolation {
        Isolation::Strict => shared.clone(),
        _ => shared.without_denies(),
    }
}

fn warn(scene: &Scene<'_>, settings: &Settings) {
    let warn = |id: &str, argument: &str, summary: &str, detail: String| {
        if !scene.shared.waived.contains_key(id) {
            let path = scene.inputs.path(argument);
            scene.inputs.findings().warning(path, summary, detail);
        }
    };
    if settings.classic && aml_compute::edition_has(scene.shared, "AML-CLASSIC-RETIRED") {
        let detail = "`node_communication_mode` is `classic`, which Azure Batch retired on 2026-03-31 (AML-CLASSIC-RETIRED): use `simplified`. \
                      The inbound opening goes, outbound 443 to BatchNodeManagement takes its place.";
        warn(
            "AML-CLASSIC-RETIRED",
            "node_communication_mode",
            "Classic communication is retired",
            detail.to_owned(),
        );
    }
    let location = &settings.workspace_location;
    let by_address = settings.route_targets == "address_prefix" && settings.routes_back();
    if by_address && settings.paired_region && aml_compute::pair_of(location, scene.shared).is_none() {
        let id = "AML-ROUTE-CONTROL-PREFIX-PAIR";
        let detail = format!(
            "`{location}` has no paired region, and no document says which one is Azure Machine Learning's secondary region there ({id}): the \
             routes are those of the primary region only. Set `paired_region_enabled = false` to accept it."
        );
        warn(id, "paired_region_enabled", "No paired region", detail);
    }
}

impl Settings {
    /// Whether answers to connections over public addresses need routes of their own.
    fn routes_back(&self) -> bool {
        self.node_public_ip && self.next_hop != "Internet"
    }

    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let mode = if self.classic { "classic" } else { "simplified" };
        let mut switches = shared.switches();
        switches.extend([
            (
                "compute_types_include_cluster",
                Condition::Bool(self.compute_types.cluster),
            ),
            (
                "compute_types_include_instance",
                Condition::Bool(self.compute_types.instance),
            ),
            ("node_public_ip_enabled", Condition::Bool(self.node_public_ip)),
            ("node_communication_mode", text(mode)),
            ("default_route_next_hop_type", text(&self.next_hop)),
            ("route_targets", text(&self.route_targets)),
            ("paired_region_enabled", Condition::Bool(self.paired_region)),
        ]);
        switches
    }

    fn roles(&self) -> BTreeMap<&'static str, End> {
        let people = [("operator", &self.ssh), ("client", &self.vscode)];
        let known = people.into_iter().filter_map(|(role, end)| Some((role, end.clone()?)));
        known.collect()
    }

    /// The prefixes that routes lead back to: who has a private address came over the virtual network and is answered there.
    fn prefixes(&self, shared: &Shared) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        let public = |end: &Option<End>| match end {
            Some(End::Prefixes(prefixes)) => prefixes.iter().filter(|prefix| is_public(prefix)).copied().collect(),
            _ => BTreeSet::new(),
        };
        let mut prefixes = shared.prefixes();
        prefixes.extend([
            ("ssh_source_address_prefixes", public(&self.ssh)),
            ("vscode_source_address_prefixes", public(&self.vscode)),
        ]);
        prefixes
    }

    fn values(&self, shared: &Shared) -> Values<'static> {
        let pair = aml_compute::pair_of(&self.workspace_location, shared);
        Values(BTreeMap::from([
            ("workspace_location", vec![self.workspace_location.clone()]),
            (
                "workspace_paired_location",
                pair.map(str::to_owned).into_iter().collect(),
            ),
        ]))
    }

    fn prerequisites(&self, shared: &Shared) -> BTreeMap<&'static str, PrerequisiteStatus> {
        let mut holds = BTreeMap::from([
            ("AML-CLASSIC-RETIRED", PrerequisiteStatus::NotSatisfied),
            (aml_compute::SIMPLIFIED_REGIONS, PrerequisiteStatus::Satisfied),
            ("AML-NOPIP-NO-INBOUND", PrerequisiteStatus::Satisfied),
        ]);
        if self.addresses.is_some() && room(shared).is_some() {
            holds.insert("AML-SUBNET-SIZE", PrerequisiteStatus::Satisfied);
        }
        holds
    }
}
