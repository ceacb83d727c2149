//! Azure CycleCloud: the subnet of the server.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Demands, Workload,
    argument::{Argument, Default, Kind as Holds},
    inputs::Inputs,
    problem::Stop,
    rules::{Band, Draft, End, RuleSet, Switches, malformed, ports_of, protocol_of, requirements},
    shared::{ADMIN_SOURCE_CLOSED, Isolation, Shared, SubnetSize},
};
use crate::{
    network::{
        Access, Direction, Host, Known, NetworkPolicy, Prefix, Prerequisite, PrerequisiteStatus, SecurityRules,
        ServiceEndpoint,
    },
    requirements::{Condition, Kind, Peer, Requirement},
};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "cyclecloud_subnet",
    title: "Azure CycleCloud",
    description: "The network of an Azure CycleCloud server in a locked down network: what Microsoft's documents demand of the subnet's \
                  network security group, service endpoints and surroundings.",
    system: "cyclecloud",
    arguments: ARGUMENTS,
    outputs: &[],
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required("role", Holds::Choice(&["server"]), "What stands in the subnet: `server`, the CycleCloud VM."),
    Argument::optional(
        "cyclecloud_version",
        Holds::Number,
        "Major version of CycleCloud: 7 or 8. Version 7 also needs AMQP (5672).",
    )
    .or(Default::Number(8)),
    Argument::optional(
        "connection_mode",
        Holds::Choice(&["direct", "return_proxy"]),
        "How nodes reach the server: `direct`, or through a `return_proxy` that the server tunnels to.",
    )
    .or(Default::Text("direct")),
    Argument::optional("node_communication_port", Holds::Number, "Port on which the server listens for nodes.")
        .or(Default::Number(9443)),
    Argument::optional(
        "node_address_prefixes",
        Holds::TextSet,
        "Prefixes of the cluster nodes. Required with `connection_mode = \"direct\"` unless `application_security_groups.node_id` is \
         set.",
    ),
    Argument::optional(
        "return_proxy_address_prefixes",
        Holds::TextSet,
        "Prefixes of the return proxy. Required with `connection_mode = \"return_proxy\"` unless \
         `application_security_groups.return_proxy_id` is set.",
    ),
    Argument::optional(
        "web_source_address_prefixes",
        Holds::TextSet,
        "Who may open the web interface (443). Empty: nobody beyond what the virtual network already may.",
    ),
    Argument::optional(
        "ssh_source_address_prefixes",
        Holds::TextSet,
        "Who may open SSH (22) on the server. Empty: nobody beyond what the virtual network already may.",
    ),
    Argument::optional(
        "storage_access",
        Holds::Choice(&["service_endpoint", "private_endpoint", "service_tag"]),
        "How the subnet reaches Azure Storage: `service_endpoint` (recommended by the documents), `private_endpoint`, or over its public \
         endpoint by `service_tag`.",
    )
    .or(Default::Text("service_endpoint")),
    Argument::optional(
        "storage_private_endpoint_address_prefixes",
        Holds::TextSet,
        "Addresses of the storage account's private endpoints. Required with `storage_access = \"private_endpoint\"`.",
    ),
    Argument::optional(
        "application_security_groups",
        Holds::Object(&[
            Argument::optional("server_id", Holds::Text, "ARM id of the server's application security group."),
            Argument::optional("node_id", Holds::Text, "ARM id of the nodes' application security group."),
            Argument::optional("return_proxy_id", Holds::Text, "ARM id of the return proxy's application security group."),
        ]),
        "Application security groups instead of prefixes for the flows between server, nodes and return proxy. All must be in the \
         subnet's virtual network.",
    ),
    Argument::optional(
        "egress",
        Holds::Object(&[
            Argument::optional(
                "type",
                Holds::Choice(&["service_tags"]),
                "How outbound traffic is let through: `service_tags`, by the NSG alone.",
            )
            .or(Default::Text("service_tags")),
            Argument::optional(
                "outbound_method",
                Holds::Choice(&["nat_gateway", "public_ip", "load_balancer", "default"]),
                "How packets leave the subnet: `nat_gateway`, `public_ip`, `load_balancer`, or Azure's `default` outbound access, which \
                 new subnets no longer have since 2026-03-31.",
            ),
        ]),
        "The way out of the subnet.",
    ),
];

/// 100-399; the IPv6 twin of a rule stands 150 behind it.
const BAND: Band = Band { start: 100, end: 399, ipv6_offset: 150 };

const SERVER: &str = "server";

struct Settings {
    version: i64,
    connection_mode: String,
    nodes: BTreeSet<Prefix>,
    proxies: BTreeSet<Prefix>,
    web: Option<End>,
    ssh: Option<End>,
    storage_access: String,
    groups: BTreeMap<&'static str, Known<String>>,
    outbound_method: Option<String>,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs, shared)?;
    let switches = Switches::from([
        ("cyclecloud_version", Condition::Number(settings.version)),
        ("connection_mode", Condition::Text(settings.connection_mode.clone())),
        ("storage_access", Condition::Text(settings.storage_access.clone())),
        ("isolation", Condition::Text(shared.isolation_word.clone())),
    ]);
    check_subnet_size(inputs, shared)?;

    let mut policy = NetworkPolicy {
        security_rules: server_rules(inputs, shared, &settings, &switches)?,
        counterpart_rules: counterpart_rules(inputs, shared, &settings, &switches)?,
        hosts: hosts(inputs, shared, &switches)?,
        prerequisites: prerequisites(shared, &settings, &switches),
        ..NetworkPolicy::default()
    };
    for row in requirements(shared, &switches, &[Kind::ServiceEndpoint]) {
        let name = row.peer_in(shared.environment).and_then(|peer| peer.service_endpoint.as_deref()).unwrap_or_default();
        policy.service_endpoints.insert(ServiceEndpoint::from_name(name).ok_or_else(|| malformed(row, inputs))?);
        policy.requirement_ids.insert(row.id.clone());
    }
    warn_of_uncovered_hosts(inputs, shared, &switches, &mut policy);
    let ids: Vec<String> = policy.security_rules.values().flat_map(|rule| rule.requirement_ids.clone()).collect();
    policy.requirement_ids.extend(ids);
    policy.requirement_ids.extend(policy.hosts.values().flat_map(|host| host.requirement_ids.clone()));
    policy.requirement_ids.extend(policy.prerequisites.keys().cloned());
    Ok((policy, BTreeMap::new()))
}

fn read(inputs: &Inputs<'_>, shared: &Shared) -> Result<Settings, Stop> {
    let role = inputs.choice("role");
    let version = read_version(inputs);
    let connection_mode = inputs.choice("connection_mode");
    let nodes = inputs.prefixes("node_address_prefixes");
    let proxies = inputs.prefixes("return_proxy_address_prefixes");
    let web = read_administrators(inputs, shared, "web_source_address_prefixes", "CC-SERVER-WEB");
    let ssh = read_administrators(inputs, shared, "ssh_source_address_prefixes", "CC-SERVER-SSH");
    let storage_access = inputs.choice("storage_access");
    let storage = inputs.prefixes("storage_private_endpoint_address_prefixes");
    let groups = inputs.object("application_security_groups", |groups| {
        let mut by_role = BTreeMap::new();
        for (role, argument) in [(SERVER, "server_id"), ("node", "node_id"), ("return_proxy", "return_proxy_id")] {
            if let Some(id) = groups.leaf(argument)? {
                by_role.insert(role, id);
            }
        }
        Ok(by_role)
    });
    let egress = inputs.object("egress", |egress| {
        let kind = egress.choice("type");
        let outbound_method = egress.text("outbound_method")?;
        if outbound_method.is_some() {
            egress.choice("outbound_method")?;
        }
        kind.map(|_| outbound_method)
    });
    role?;
    let (connection_mode, nodes, proxies, groups) = (connection_mode?, nodes?, proxies?, groups?.unwrap_or_default());
    let storage_access = storage_access?;
    let needed = [
        ("direct", "node", "node_address_prefixes", nodes.is_empty(), "CC-NODE-SERVER-HTTPS"),
        (
            "return_proxy",
            "return_proxy",
            "return_proxy_address_prefixes",
            proxies.is_empty(),
            "CC-SERVER-PROXY-SSH",
        ),
    ];
    for (mode, peer, argument, absent, requirement) in needed {
        if connection_mode == mode && absent && !groups.contains_key(peer) && !shared.waived.contains_key(requirement) {
            let detail = format!(
                "With `connection_mode` `{mode}` the rule of {requirement} needs to know the other end: set `{argument}` or \
                 `application_security_groups.{peer}_id`."
            );
            return Err(inputs.findings().error(inputs.path(argument), "Missing argument", detail));
        }
    }
    if storage_access == "private_endpoint" && storage?.is_empty() {
        return Err(inputs.findings().error(
            inputs.path("storage_private_endpoint_address_prefixes"),
            "Missing argument",
            "With `storage_access` `private_endpoint` the rule of CC-SERVER-STORAGE-PRIVATE needs the private endpoints' addresses.",
        ));
    }
    Ok(Settings {
        version: version?,
        connection_mode,
        nodes,
        proxies,
        web: web?,
        ssh: ssh?,
        storage_access,
        groups,
        outbound_method: egress?.flatten(),
    })
}

fn read_version(inputs: &Inputs<'_>) -> Result<i64, Stop> {
    match inputs.number("cyclecloud_version")?.unwrap_or(8) {
        version @ (7 | 8) => Ok(version),
        other => {
            let detail = format!("`cyclecloud_version` is `{other}`: the documents describe 7 and 8.");
            Err(inputs.findings().error(inputs.path("cyclecloud_version"), "Unknown CycleCloud version", detail))
        }
    }
}

/// Prefixes of people. The whole internet is refused unless the user says why.
fn read_administrators(
    inputs: &Inputs<'_>,
    shared: &Shared,
    argument: &str,
    requirement: &str,
) -> Result<Option<End>, Stop> {
    let texts = inputs.texts(argument)?;
    let open = |text: &String| {
        matches!(text.as_str(), "*" | "0.0.0.0/0" | "::/0") || text.eq_ignore_ascii_case("Internet")
    };
    match texts.iter().find(|text| open(text)) {
        None if texts.is_empty() => Ok(None),
        None => Ok(Some(End::Prefixes(inputs.prefixes(argument)?))),
        Some(_) if shared.waived.contains_key(ADMIN_SOURCE_CLOSED) => Ok(Some(End::Any)),
        Some(text) => {
            let detail = format!(
                "`{argument}` contains `{text}`, which opens the port of {requirement} to everybody. Name the administrators' prefixes, or \
                 waive the check: waived_requirements = {{ \"{ADMIN_SOURCE_CLOSED}\" = \"why\" }}."
            );
            Err(inputs.findings().error(inputs.path(argument), "Open to the internet", detail))
        }
    }
}

fn check_subnet_size(inputs: &Inputs<'_>, shared: &Shared) -> Result<(), Stop> {
    shared.check_subnet_size(inputs, SubnetSize { requirement: "CC-SERVER-SUBNET-SIZE", longest_ipv4: 29 })
}

impl Settings {
    /// Who a role is, seen from the server's subnet.
    fn role(&self, role: &str) -> Option<End> {
        if let Some((_, id)) = self.groups.iter().find(|(known, _)| **known == role) {
            return Some(End::Groups(id.clone().map(|id| BTreeSet::from([id]))));
        }
        match role {
            "node" => Some(End::Prefixes(self.nodes.clone())).filter(|_| !self.nodes.is_empty()),
            "return_proxy" => Some(End::Prefixes(self.proxies.clone())).filter(|_| !self.proxies.is_empty()),
            "client" => self.web.clone(),
            "operator" => self.ssh.clone(),
            _ => None,
        }
    }

    fn server(&self, shared: &Shared) -> End {
        self.role(SERVER).unwrap_or_else(|| End::local(shared))
    }
}

/// The other end of an outbound flow.
fn peer_end(peer: &Peer, settings: &Settings, inputs: &Inputs<'_>, row: &Requirement) -> Result<Option<End>, Stop> {
    if let Some(tag) = &peer.service_tag {
        return Ok(Some(End::Tag(tag.parse().map_err(|_| malformed(row, inputs))?)));
    }
    if let Some(argument) = &peer.argument {
        return Ok(Some(End::Prefixes(inputs.prefixes(argument)?)));
    }
    Ok(peer.role.as_deref().and_then(|role| settings.role(role)))
}

fn server_rules(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
    switches: &Switches,
) -> Result<SecurityRules, Stop> {
    let mut rules = RuleSet::new(shared, inputs, BAND);
    for row in requirements(shared, switches, &[Kind::Flow, Kind::Deny]) {
        let Some(peer) = row.peer_in(shared.environment) else { continue };
        let initiator = row.initiator.as_deref().unwrap_or_default();
        let between_roles = peer.role.is_some();
        let local = if between_roles { settings.server(shared) } else { End::local(shared) };
        let ends = if initiator == SERVER {
            peer_end(peer, settings, inputs, row)?.map(|peer| (Direction::Outbound, local, peer))
        } else if peer.role.as_deref() == Some(SERVER) {
            settings.role(initiator).map(|from| (Direction::Inbound, from, local))
        } else {
            None
        };
        let Some((direction, source, destination)) = ends else { continue };
        rules.add(draft(row, inputs, direction, source, destination)?)?;
    }
    rules.finish()
}

/// What the NSGs of nodes and return proxy need, which can be said once the server's addresses are known.
fn counterpart_rules(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
    switches: &Switches,
) -> Result<BTreeMap<String, SecurityRules>, Stop> {
    let bare = shared.without_own_rules();
    let server = match settings.role(SERVER) {
        Some(group) => group,
        None if shared.subnet.is_empty() => return Ok(BTreeMap::new()),
        None => End::Prefixes(shared.subnet.clone()),
    };
    let mut by_role = BTreeMap::new();
    for role in ["node", "return_proxy"] {
        let Some(own) = settings.role(role) else { continue };
        let mut rules = RuleSet::new(&bare, inputs, BAND);
        for row in requirements(shared, switches, &[Kind::Flow]) {
            let initiator = row.initiator.as_deref().unwrap_or_default();
            let accepting = row.peer_in(shared.environment).and_then(|peer| peer.role.as_deref());
            if initiator == role && accepting == Some(SERVER) {
                rules.add(draft(row, inputs, Direction::Outbound, own.clone(), server.clone())?)?;
            } else if initiator == SERVER && accepting == Some(role) {
                rules.add(draft(row, inputs, Direction::Inbound, server.clone(), own.clone())?)?;
            }
        }
        let rules = rules.finish()?;
        if !rules.is_empty() {
            by_role.insert(role.to_owned(), rules);
        }
    }
    Ok(by_role)
}

fn draft<'r>(
    row: &'r Requirement,
    inputs: &Inputs<'_>,
    direction: Direction,
    source: End,
    destination: End,
) -> Result<Draft<'r>, Stop> {
    let rule = row.rule.as_ref().ok_or_else(|| malformed(row, inputs))?;
    Ok(Draft {
        requirement_id: &row.id,
        purpose: &row.purpose,
        name: &rule.name,
        priority: rule.priority,
        direction,
        access: if row.kind == Kind::Deny { Access::Deny } else { Access::Allow },
        protocol: protocol_of(row, inputs)?,
        source,
        destination,
        ports: ports_of(row, inputs)?,
    })
}

fn hosts(inputs: &Inputs<'_>, shared: &Shared, switches: &Switches) -> Result<BTreeMap<String, Host>, Stop> {
    let mut hosts = BTreeMap::new();
    for row in requirements(shared, switches, &[Kind::Host]) {
        let Some(peer) = row.peer_in(shared.environment) else { continue };
        let host = peer.host.clone().ok_or_else(|| malformed(row, inputs))?;
        let entry = Host {
            host: host.clone(),
            protocol: protocol_of(row, inputs)?,
            ports: row.ports.iter().cloned().collect(),
            initiator: row.initiator.clone().unwrap_or_default(),
            websocket: false,
            service_tag: peer.covered_by.clone(),
            requirement_ids: BTreeSet::from([row.id.clone()]),
        };
        hosts.insert(host, entry);
    }
    Ok(hosts)
}

fn prerequisites(shared: &Shared, settings: &Settings, switches: &Switches) -> BTreeMap<String, Prerequisite> {
    let status = |id: &str| match id {
        "CC-OUTBOUND-PATH" if settings.outbound_method.is_some() => PrerequisiteStatus::Satisfied,
        "CC-OUTBOUND-PATH" => shared.way_out,
        "CC-SERVER-SUBNET-SIZE" if !shared.subnet.is_empty() => PrerequisiteStatus::Satisfied,
        _ => PrerequisiteStatus::Unknown,
    };
    requirements(shared, switches, &[Kind::Prerequisite])
        .map(|row| {
            let prerequisite = Prerequisite {
                summary: row.purpose.clone(),
                status: status(&row.id),
                remedy: row.remedy.clone().unwrap_or_default(),
                citation: row.source.to_line(),
            };
            (row.id.clone(), prerequisite)
        })
        .collect()
}

/// An NSG knows no host names: what no tag covers is lost once the internet is denied. One warning for all of them.
fn warn_of_uncovered_hosts(inputs: &Inputs<'_>, shared: &Shared, switches: &Switches, policy: &mut NetworkPolicy) {
    if shared.isolation == Isolation::None {
        return;
    }
    let uncovered: Vec<String> = requirements(shared, switches, &[Kind::Host])
        .filter_map(|row| {
            let peer = row.peer_in(shared.environment)?;
            let host = peer.host.as_deref().filter(|_| peer.covered_by.is_none())?;
            let consequence = row.remedy.as_deref().unwrap_or("unreachable");
            Some(format!("`{host}` ({}: {}; {consequence})", row.id, row.purpose))
        })
        .collect();
    if uncovered.is_empty() {
        return;
    }
    let detail = format!(
        "No service tag covers {}, and an NSG cannot name hosts, so these rules leave them closed. Let them pass through a firewall or an \
         HTTPS proxy, or accept it by naming the requirements in `waived_requirements` with a reason.",
        uncovered.join(" and ")
    );
    inputs.findings().warning(inputs.path("egress"), "Hosts that no service tag covers", detail.clone());
    policy.warnings.push(detail);
}
