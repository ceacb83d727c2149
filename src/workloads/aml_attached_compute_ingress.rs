//! Azure Machine Learning: virtual machines and HDInsight clusters of your own, attached to a workspace.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Demands, Workload,
    argument::{Argument, Default, Kind as Holds},
    egress::{self, Egress, Way},
    inputs::Inputs,
    isolation,
    problem::Stop,
    render::render,
    rules::{Band, Switches},
    scene::Scene,
    shared::{Isolation, Shared},
    tag_routes,
    template::Values,
};
use crate::{
    network::{DefaultNextHop, DefaultRoute, Direction, NetworkPolicy, Passage, Prefix, Protocol},
    requirements::Condition,
};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "aml_attached_compute_ingress",
    title: "Azure Machine Learning's attached compute",
    description: "The subnet of a virtual machine or an HDInsight cluster that is attached to an Azure Machine Learning workspace: how the \
                  service comes in by SSH, how HDInsight manages its cluster, which routes bring their answers back past an appliance and, \
                  with `egress`, the limited outbound of Microsoft's document. Without `egress` nothing outbound is denied, because the \
                  document then wants the default rules left alone.",
    system: "aml_attached",
    managed: super::Managed::Subnet,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: &[],
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "compute_type",
        Holds::Choice(&["virtual_machine", "hdinsight"]),
        "What is attached: a `virtual_machine` (Ubuntu), or an `hdinsight` cluster.",
    ),
    Argument::optional("ssh_port", Holds::Number, "Port on which the machine's SSH server listens.").or(Default::Number(22)),
    Argument::optional(
        "protocol",
        Holds::Choice(&["Tcp", "*"]),
        "Protocol of the SSH rule. Defaults to `Tcp`, and in edition `2020-07` to `*`, as its document prints.",
    ),
    Argument::optional(
        "public_ip_enabled",
        Holds::Flag,
        "Whether the machine has a public address. Under a default route to an appliance it then needs a route back to Azure Machine \
         Learning.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "default_route_next_hop_type",
        Holds::Choice(&["Internet", "VirtualAppliance", "VirtualNetworkGateway"]),
        "Where the subnet's default route leads. Defaults to what `egress` says: `VirtualAppliance` for `firewall`, `VirtualNetworkGateway` for \
         `forced_tunnel`, else `Internet`.",
    ),
    tag_routes::ROUTE_TARGETS,
    tag_routes::ROUTE_TABLE_LIMITS,
    Argument::optional(
        "hdinsight_management_enabled",
        Holds::Flag,
        "With `compute_type = \"hdinsight\"`: whether HDInsight's management comes in on 443. `false` only where the cluster uses a private \
         link for it.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "microsoft_images_enabled",
        Holds::Flag,
        "With `egress`: whether Microsoft's Docker images are used.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "egress",
        Holds::Object(egress::ARGUMENTS),
        "Limits the outbound to what the document lists. Without it the default outbound rules stay as they are.",
    ),
];

/// 1200-1299; the IPv6 twin of a rule stands 50 behind it.
const BAND: Band = Band {
    start: 1200,
    end: 1299,
    ipv6_offset: 50,
};

/// The requirements of the SSH rule: of the document of 2020, and since.
const SSH: [&str; 2] = ["AML-VM-SSH-ANY", "AML-VM-SSH"];

struct Settings {
    compute_type: String,
    protocol: Option<String>,
    public_ip: bool,
    next_hop: String,
    route_targets: String,
    hdinsight_management: bool,
    microsoft_images: bool,
    egress: Option<Egress>,
    /// Of the service tags; known where `egress` needs it.
    locations: Vec<String>,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs)?;
    if settings.compute_type != "hdinsight" && inputs.is_set("hdinsight_management_enabled") {
        let detail = format!(
            "`hdinsight_management_enabled` is set and `compute_type` is `{}`: only an HDInsight cluster is managed that way \
             (AML-HDI-MANAGEMENT). Leave it out.",
            settings.compute_type
        );
        let path = inputs.path("hdinsight_management_enabled");
        return Err(inputs.findings().error(path, "Argument of another type", detail));
    }
    let shared = &with_isolation(inputs, shared, &settings)?;
    let no_limits = Egress::service_tags();
    let scene = Scene {
        inputs,
        shared,
        egress: settings.egress.as_ref().unwrap_or(&no_limits),
        switches: settings.switches(shared),
        band: BAND,
        own: &["compute"],
        guest: None,
        kin: None,
        roles: BTreeMap::new(),
        prefixes: settings.prefixes(shared),
        values: settings.values(),
        holds: BTreeMap::new(),
    };
    let mut policy = render(&scene)?;
    isolation::warn_of_open_inbound(&scene, settings.public_ip);
    if !settings.public_ip && settings.next_hop != "Internet" {
        // Without a public address whoever connects comes through the appliance and is answered through it.
        let flows = policy.flows.values_mut().filter(|flow| is_ssh(&flow.requirement_ids));
        flows.for_each(|flow| flow.passage = Passage::Handover);
    }
    let inbound = policy
        .flows
        .values_mut()
        .filter(|flow| flow.direction == Direction::Inbound);
    inbound.for_each(|flow| flow.learned_route |= settings.next_hop != "Internet");
    if inputs.is_set("default_route_next_hop_type") {
        let given = DefaultNextHop::from_word(&settings.next_hop).map(DefaultRoute::of_others);
        policy.default_route = policy.default_route.or(given);
    }
    if let Some(protocol) = &settings.protocol {
        set_ssh_protocol(inputs, &mut policy, protocol)?;
    }
    Ok((policy, BTreeMap::new()))
}

fn read(inputs: &Inputs<'_>) -> Result<Settings, Stop> {
    let compute_type = inputs.choice("compute_type");
    let protocol = inputs.optional_choice("protocol");
    let public_ip = inputs.flag("public_ip_enabled");
    let next_hop = inputs.optional_choice("default_route_next_hop_type");
    let route_targets = inputs.choice("route_targets");
    let hdinsight_management = inputs.flag("hdinsight_management_enabled");
    let microsoft_images = inputs.flag("microsoft_images_enabled");
    let egress = inputs.object("egress", egress::read);
    // Only the tags of the limited outbound are regional.
    let location = match &egress {
        Ok(Some(_)) => inputs.text("location"),
        _ => Ok(None),
    };
    let egress = egress?;
    Ok(Settings {
        compute_type: compute_type?,
        protocol: protocol?,
        public_ip: public_ip?,
        next_hop: check_next_hop(inputs, next_hop?, egress.as_ref())?,
        route_targets: route_targets?,
        hdinsight_management: hdinsight_management?,
        microsoft_images: microsoft_images?,
        egress,
        locations: location?.into_iter().collect(),
    })
}

/// An appliance takes the answers to connections from the internet, which it never saw open; so where it stands decides the routes.
fn check_next_hop(inputs: &Inputs<'_>, given: Option<String>, egress: Option<&Egress>) -> Result<String, Stop> {
    let implied = match egress.map(|egress| &egress.way) {
        Some(Way::Firewall { .. }) => Some("VirtualAppliance"),
        Some(Way::ForcedTunnel { .. }) => Some("VirtualNetworkGateway"),
        _ => None,
    };
    match (given, implied) {
        (Some(given), Some(_)) if given == "Internet" => {
            let detail = "`default_route_next_hop_type` is `Internet`, but `egress.type` leads the default route elsewhere: without return routes \
                          the answers of AML-VM-SSH would be lost. Leave `default_route_next_hop_type` out.";
            Err(inputs
                .findings()
                .error(inputs.path("default_route_next_hop_type"), "Contradicts egress", detail))
        }
        (Some(given), _) => Ok(given),
        (None, implied) => Ok(implied.unwrap_or("Internet").to_owned()),
    }
}

/// Without `egress` the document wants the default outbound rules as they are, so there is nothing to isolate.
fn with_isolation(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<Shared, Stop> {
    if settings.egress.is_some() {
        return Ok(shared.clone());
    }
    if shared.isolation == Isolation::Strict {
        let detail = "`isolation` is `strict`, but without `egress` the default outbound rules stay as they are (AML-VM-DEFAULT-OUTBOUND), and \
                      the machine's own requirements would be closed with the rest. Set `egress`, for example `egress = {}`.";
        return Err(inputs
            .findings()
            .error(inputs.path("isolation"), "Nothing to isolate", detail));
    }
    Ok(shared.without_denies())
}

fn is_ssh(ids: &BTreeSet<String>) -> bool {
    ids.iter().any(|id| SSH.contains(&id.as_str()))
}

fn set_ssh_protocol(inputs: &Inputs<'_>, policy: &mut NetworkPolicy, protocol: &str) -> Result<(), Stop> {
    let asked: Protocol = protocol.parse().map_err(|_| Stop)?;
    let rules = policy.security_rules.values_mut();
    for rule in rules.filter(|rule| is_ssh(&rule.requirement_ids)) {
        if asked == Protocol::Any && rule.protocol != Protocol::Any {
            let detail = "`protocol` is `*`, wider than AML-VM-SSH demands: SSH is TCP. Only edition `2020-07` opens every protocol.";
            return Err(inputs
                .findings()
                .error(inputs.path("protocol"), "Wider than the requirement", detail));
        }
        rule.protocol = asked;
    }
    for flow in policy.flows.values_mut().filter(|flow| is_ssh(&flow.requirement_ids)) {
        flow.protocol = asked;
    }
    Ok(())
}

impl Settings {
    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let mut switches = shared.switches();
        switches.extend([
            ("compute_type", text(&self.compute_type)),
            ("public_ip_enabled", Condition::Bool(self.public_ip)),
            ("default_route_next_hop_type", text(&self.next_hop)),
            ("route_targets", text(&self.route_targets)),
            (
                "hdinsight_management_enabled",
                Condition::Bool(self.hdinsight_management),
            ),
            ("microsoft_images_enabled", Condition::Bool(self.microsoft_images)),
            ("egress_given", Condition::Bool(self.egress.is_some())),
        ]);
        switches.extend(self.egress.as_ref().map(|egress| ("egress_type", text(egress.word()))));
        switches
    }

    fn prefixes(&self, shared: &Shared) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        let mut prefixes = shared.prefixes();
        if let Some(Egress {
            way: Way::Proxy { address, .. },
            ..
        }) = &self.egress
        {
            prefixes.insert("egress_proxy_address", BTreeSet::from([*address]));
        }
        prefixes
    }

    fn values(&self) -> Values<'static> {
        Values(BTreeMap::from([
            ("storage_locations", self.locations.clone()),
            ("container_registry_locations", self.locations.clone()),
        ]))
    }
}
