//! Rendering: from the rows of the catalogue that hold to a network policy.
//!
//! A workload says who stands in its subnet, who the others are and what its arguments are worth ([`Scene`]); everything else is the
//! same for all of them. A flow to a service tag is a rule of the NSG and, where a firewall stands behind the default route, a
//! network rule there; a host on port 80 or 443 is an application rule; what no rule can express is said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    egress::{Way, check_next_hop},
    firewall, isolation,
    operators::{is_public, refuse_everybody},
    problem::Stop,
    required_flows,
    rules::{Draft, End, RuleSet, malformed, ports_of, protocol_of},
    scene::Scene,
    shared::{ADDRESS_FAMILIES, Isolation},
    tag_features, tag_routes,
    template::Place,
};
use crate::{
    network::{
        Access, Direction, Family, FlowPeer, Host, NetworkPolicy, NextHop, Passage, Ports, Prefix, Prerequisite,
        PrerequisiteStatus, Route, RouteDestination, SecurityRules, ServiceEndpoint, ServiceTag,
    },
    requirements::{Category, Condition, Kind, Requirement},
};

/// An outbound flow to a service tag, for the firewall's network rules.
pub(super) struct TagFlow {
    pub(super) row: &'static Requirement,
    pub(super) name: String,
    pub(super) tag: ServiceTag,
}

/// Everything at once.
pub(super) fn render(scene: &Scene<'_>) -> Result<NetworkPolicy, Stop> {
    let mut flows = Vec::new();
    let mut policy = NetworkPolicy {
        security_rules: security_rules(scene, &mut flows)?,
        flows: required_flows::flows(scene)?,
        counterpart_rules: counterpart_rules(scene)?,
        hosts: hosts(scene)?,
        prerequisites: prerequisites(scene),
        service_endpoints: service_endpoints(scene)?,
        ..NetworkPolicy::default()
    };
    routes(scene, &mut policy)?;
    firewall::collections(scene, &flows, &mut policy)?;
    tag_features::warn(scene, &policy);
    warn_of_ipv6_past_the_appliance(scene);
    warn_of_uncovered_hosts(scene);
    warn_of_ports_without_a_tag(scene, &policy);
    collect_requirements(scene, &mut policy);
    Ok(policy)
}

fn security_rules(scene: &Scene<'_>, flows: &mut Vec<TagFlow>) -> Result<SecurityRules, Stop> {
    isolation::check(scene)?;
    check_egress(scene)?;
    let mut rules = RuleSet::new(scene.shared, scene.inputs, scene.band);
    for row in scene.rows(&[Kind::Flow, Kind::Deny]) {
        if firewall::is_its_own(scene, row) {
            continue;
        }
        let Some(peer) = row.peer_in(scene.shared.environment) else {
            continue;
        };
        let Some(local) = scene.local(row, peer).seen_by(scene.egress, scene.shared, row, peer) else {
            continue;
        };
        let accepts_here = scene.accepts_here(peer);
        let mut ends: Vec<(Direction, Place, End, End)> =
            if scene.starts_here(row) && row.direction == Direction::Outbound && accepts_here {
                // Those of one role among themselves, in several subnets: either end opens connections.
                let both = |other: &End| {
                    [
                        (Direction::Outbound, Place::first(), local.clone(), other.clone()),
                        (Direction::Inbound, Place::inbound(), other.clone(), local.clone()),
                    ]
                };
                scene.kin(peer).iter().flat_map(both).collect()
            } else if scene.starts_here(row) && row.direction == Direction::Outbound {
                let others = scene.peer_ends(row, peer)?;
                others
                    .into_iter()
                    .map(|(place, other)| (Direction::Outbound, place, local.clone(), other))
                    .collect()
            } else if accepts_here {
                let initiator = row
                    .initiator
                    .as_deref()
                    .and_then(|initiator| scene.roles.get(initiator));
                let inbound = |other: &End| (Direction::Inbound, Place::first(), other.clone(), local.clone());
                initiator.map(inbound).into_iter().collect()
            } else if row.direction == Direction::Inbound {
                let others = scene.peer_ends(row, peer)?;
                others
                    .into_iter()
                    .map(|(place, other)| (Direction::Inbound, place, other, local.clone()))
                    .collect()
            } else {
                Vec::new()
            };
        if row.direction == Direction::Outbound
            && let Some(guest) = scene.guest_of(row, peer)
            && let Some(callers) = scene.callers_of(row, guest)
        {
            let place = if ends.is_empty() {
                Place::first()
            } else {
                Place::inbound()
            };
            ends.push((Direction::Inbound, place, callers, guest.at.clone()));
        }
        for (direction, place, source, destination) in ends {
            isolation::check_allowed(scene, row, direction, (&source, &destination))?;
            let rule = row.rule.as_ref().ok_or_else(|| malformed(row, scene.inputs))?;
            let name = format!("{}{}", rule.name, place.suffix);
            if direction == Direction::Outbound
                && row.kind == Kind::Flow
                && let End::Tag(tag) = &destination
            {
                flows.push(TagFlow {
                    row,
                    name: name.clone(),
                    tag: tag.clone(),
                });
                if !passes_beside_proxy(scene, row, tag) {
                    continue;
                }
            }
            rules.add(Draft {
                requirement_id: &row.id,
                purpose: &row.purpose,
                name: &name,
                priority: scene.slot(row, rule.priority) + place.offset,
                direction,
                access: if row.kind == Kind::Deny {
                    Access::Deny
                } else {
                    Access::Allow
                },
                protocol: protocol_of(row, scene.inputs)?,
                source,
                destination,
                ports: flow_ports(scene, row)?,
            })?;
        }
    }
    rules.finish()
}

/// Who carries the traffic on is one machine or a few, stands elsewhere, and has to be reached.
fn check_egress(scene: &Scene<'_>) -> Result<(), Stop> {
    let path = |name: &str| scene.inputs.path("egress").child(name);
    let mut flows = scene.rows(&[Kind::Flow]);
    if let Some(row) = flows.find(|row| row.is_left_to_the_appliance() && scene.egress.filtered_ports.is_empty()) {
        let detail = format!(
            "`filtered_internet_ports` is `[]` and `egress.type` is `{}`: the appliance decides only about what leaves the subnet first, and the rule \
             of {id} would let nothing leave. Name the ports, leave the argument out for 80 and 443, or waive {id} with a reason.",
            scene.egress.word(),
            id = row.id
        );
        let findings = scene.inputs.findings();
        return Err(findings.error(path("filtered_internet_ports"), "Nothing left to the appliance", detail));
    }
    match &scene.egress.way {
        Way::Firewall {
            address: Some(address), ..
        } => check_next_hop(scene.inputs, scene.shared, path("firewall_private_ip_address"), address),
        Way::Proxy { address, .. } => refuse_everybody(
            scene.inputs,
            scene.shared,
            path("proxy_address"),
            &BTreeSet::from([*address]),
        ),
        _ => Ok(()),
    }
}

/// Behind a proxy the NSG opens the proxy, storage where it bypasses the proxy, and what no HTTPS proxy carries.
fn passes_beside_proxy(scene: &Scene<'_>, row: &Requirement, tag: &ServiceTag) -> bool {
    let Way::Proxy { bypass_storage, .. } = scene.egress.way else {
        return true;
    };
    let storage = tag.as_str() == "Storage" || tag.as_str().starts_with("Storage.");
    let web = row.ports.iter().all(|port| matches!(port.as_str(), "80" | "443")) && !row.ports.is_empty();
    matches!(tag.as_str(), "VirtualNetwork" | "AzureLoadBalancer") || (storage && bypass_storage) || !web
}

fn flow_ports(scene: &Scene<'_>, row: &Requirement) -> Result<Ports, Stop> {
    if row.is_left_to_the_appliance() {
        return Ok(Ports::Ranges(scene.egress.filtered_ports.clone()));
    }
    if row.port_argument.as_deref() == Some("egress_proxy_port")
        && let Way::Proxy { port, .. } = scene.egress.way
    {
        return Ok(Ports::single(port));
    }
    ports_of(row, scene.inputs)
}

/// What the NSGs of the others need, which can be said once this subnet's addresses are known.
fn counterpart_rules(scene: &Scene<'_>) -> Result<BTreeMap<String, SecurityRules>, Stop> {
    let bare = scene.shared.without_own_rules();
    let own_group = scene.own.iter().find_map(|role| scene.roles.get(role)).cloned();
    let here = match own_group {
        Some(group) => group,
        None if scene.shared.subnet.is_empty() => return Ok(BTreeMap::new()),
        None => End::Prefixes(scene.shared.subnet.clone()),
    };
    let mut by_role = BTreeMap::new();
    let within = |role: &str| {
        let guest = scene.guest.as_ref();
        scene.own.contains(&role) || guest.is_some_and(|guest| guest.only_here && guest.role == role)
    };
    let others = scene
        .roles
        .iter()
        .filter(|(role, _)| !within(role) && !matches!(**role, "client" | "operator"));
    for (role, there) in others {
        let mut rules = RuleSet::new(&bare, scene.inputs, scene.band).of_others();
        for row in scene.rows(&[Kind::Flow]) {
            let peer = row.peer_in(scene.shared.environment);
            let accepting = peer.and_then(|peer| peer.role.as_deref());
            let guest = peer.and_then(|peer| scene.guest_of(row, peer));
            let initiator = row.initiator.as_deref();
            let (direction, source, destination) =
                if initiator == Some(role) && accepting.is_some_and(|role| scene.own.contains(&role)) {
                    (Direction::Outbound, there.clone(), here.clone())
                } else if initiator == Some(role)
                    && let Some(guest) = guest
                {
                    (Direction::Outbound, there.clone(), guest.at.clone())
                } else if scene.starts_here(row) && accepting == Some(role) {
                    (Direction::Inbound, here.clone(), there.clone())
                } else {
                    continue;
                };
            let rule = row.rule.as_ref().ok_or_else(|| malformed(row, scene.inputs))?;
            rules.add(Draft {
                requirement_id: &row.id,
                purpose: &row.purpose,
                name: &rule.name,
                priority: rule.priority,
                direction,
                access: Access::Allow,
                protocol: protocol_of(row, scene.inputs)?,
                source,
                destination,
                ports: ports_of(row, scene.inputs)?,
            })?;
        }
        let rules = rules.finish()?;
        if !rules.is_empty() {
            by_role.insert((*role).to_owned(), rules);
        }
    }
    Ok(by_role)
}

/// Hosts of the subnet, and those that users' browsers talk to.
fn hosts(scene: &Scene<'_>) -> Result<BTreeMap<String, Host>, Stop> {
    let clients = scene.switches.get("client_hosts_enabled") != Some(&Condition::Bool(false));
    let mut hosts: BTreeMap<String, Host> = BTreeMap::new();
    for row in scene
        .rows(&[Kind::Host])
        .filter(|row| scene.starts_here(row) || (clients && row.initiator.as_deref() == Some("client")))
    {
        let Some(peer) = row.peer_in(scene.shared.environment) else {
            continue;
        };
        let Some(template) = &peer.host else { continue };
        let covered_by = match &peer.covered_by {
            Some(template) => scene
                .values
                .tags(template, scene.shared, scene.inputs, row)?
                .into_iter()
                .next()
                .map(|(_, tag)| tag.to_string()),
            None => None,
        };
        for name in scene.values.texts(template, scene.inputs, row)? {
            let entry = hosts.entry(name.clone()).or_insert_with(|| Host {
                host: name,
                protocol: crate::network::Protocol::Tcp,
                ports: BTreeSet::new(),
                initiator: row.initiator.clone().unwrap_or_default(),
                websocket: false,
                service_tag: None,
                requirement_ids: BTreeSet::new(),
            });
            if scene.starts_here(row) {
                // Of those who talk to it, the one whose rules these are.
                entry.initiator = row.initiator.clone().unwrap_or_default();
            }
            entry.protocol = protocol_of(row, scene.inputs)?;
            entry.ports.extend(row.ports.iter().cloned());
            entry.websocket |= row.websocket;
            entry.service_tag = entry.service_tag.take().or_else(|| covered_by.clone());
            entry.requirement_ids.insert(row.id.clone());
        }
    }
    Ok(hosts)
}

fn prerequisites(scene: &Scene<'_>) -> BTreeMap<String, Prerequisite> {
    let status = |row: &Requirement| match row.category {
        _ if scene.holds.contains_key(row.id.as_str()) => scene
            .holds
            .get(row.id.as_str())
            .copied()
            .unwrap_or(PrerequisiteStatus::Unknown),
        // An allow rule that names the tag there is refused.
        _ if row.id == "ISOLATION-EXPLICIT-ADDRESS-SPACES" => PrerequisiteStatus::Satisfied,
        Some(Category::WayOut) if scene.egress.outbound_method.is_some() || scene.egress.has_appliance() => {
            PrerequisiteStatus::Satisfied
        }
        Some(Category::WayOut) => scene.shared.way_out,
        _ => PrerequisiteStatus::Unknown,
    };
    scene
        .rows(&[Kind::Prerequisite])
        .map(|row| {
            let prerequisite = Prerequisite {
                summary: row.purpose.clone(),
                status: status(row),
                remedy: row.remedy.clone().unwrap_or_default(),
                citation: row.source.to_line(),
            };
            (row.id.clone(), prerequisite)
        })
        .collect()
}

fn service_endpoints(scene: &Scene<'_>) -> Result<BTreeSet<ServiceEndpoint>, Stop> {
    let rows = scene
        .rows(&[Kind::ServiceEndpoint])
        .filter(|row| scene.starts_here(row));
    rows.filter_map(|row| Some((row, row.peer_in(scene.shared.environment)?.service_endpoint.as_deref()?)))
        .map(|(row, name)| ServiceEndpoint::from_name(name).ok_or_else(|| malformed(row, scene.inputs)))
        .collect()
}

/// The default route to the appliance, and the routes that bring answers back past it.
fn routes(scene: &Scene<'_>, policy: &mut NetworkPolicy) -> Result<(), Stop> {
    let default_hop = match &scene.egress.way {
        Way::Firewall {
            address: Some(address), ..
        } if scene.egress.default_route_enabled => Some(NextHop::VirtualAppliance(address.clone())),
        Way::ForcedTunnel { by_route: true } => Some(NextHop::VirtualNetworkGateway),
        _ => None,
    };
    if let Some(next_hop) = default_hop {
        let destination: Prefix = "0.0.0.0/0".parse().map_err(|_| Stop)?;
        add_route(
            scene,
            policy,
            "default",
            RouteDestination::Prefix(destination),
            next_hop,
            "ISOLATION-FILTERED-INTERNET",
        )?;
    }
    policy.default_route = scene.egress.default_route();
    if matches!(scene.egress.way, Way::Firewall { .. } | Way::ForcedTunnel { .. }) {
        let firewall = matches!(scene.egress.way, Way::Firewall { .. });
        policy.bgp_route_propagation_enabled = Some(scene.egress.bgp_route_propagation.unwrap_or(!firewall));
    }
    for row in scene.rows(&[Kind::Route]).filter(|row| scene.brings_answers(row)) {
        let Some(peer) = row.peer_in(scene.shared.environment) else {
            continue;
        };
        let next_hop = match row.next_hop_type.as_deref() {
            Some("VirtualNetworkGateway") => NextHop::VirtualNetworkGateway,
            _ => NextHop::Internet,
        };
        for (place, end) in scene.peer_ends(row, peer)? {
            let name = format!(
                "{}{}",
                row.rule.as_ref().map_or(row.id.as_str(), |rule| rule.name.as_str()),
                place.suffix
            );
            let end = match end {
                End::Tag(tag) if tag_routes::by_address(scene) => {
                    End::Prefixes(tag_routes::prefixes_of(scene, row, &tag)?.into_iter().collect())
                }
                end => end,
            };
            match end {
                End::Tag(tag) => add_route(
                    scene,
                    policy,
                    &name,
                    RouteDestination::Tag(tag),
                    next_hop.clone(),
                    &row.id,
                )?,
                End::Prefixes(prefixes) => {
                    // Nobody on the internet has a private address: such a peer gets its answers the way it came, by peering or gateway.
                    let arrives = |prefix: &Prefix| next_hop != NextHop::Internet || is_public(prefix);
                    for prefix in prefixes.into_iter().filter(arrives) {
                        let name = format!("{name}-{}", prefix.to_string().replace(['/', ':'], "_"));
                        add_route(
                            scene,
                            policy,
                            &name,
                            RouteDestination::Prefix(prefix),
                            next_hop.clone(),
                            &row.id,
                        )?;
                    }
                }
                End::Any | End::Groups(_) => return Err(malformed(row, scene.inputs)),
            }
        }
    }
    tag_routes::check_limits(scene, policy)
}

fn add_route(
    scene: &Scene<'_>,
    policy: &mut NetworkPolicy,
    name: &str,
    destination: RouteDestination,
    next_hop: NextHop,
    requirement: &str,
) -> Result<(), Stop> {
    let name = format!("{}{name}", scene.shared.name_prefix);
    if let Some(same) = policy
        .routes
        .values_mut()
        .find(|route| route.destination == destination)
    {
        // A table holds each prefix once; two requirements may ask for the same.
        same.requirement_ids.insert(requirement.to_owned());
        return Ok(());
    }
    let parsed = name.parse().map_err(|error| {
        scene.inputs.findings().error(
            scene.inputs.path("name_prefix"),
            "Invalid route name",
            format!("{error}."),
        )
    })?;
    let route = Route {
        name: parsed,
        destination,
        next_hop,
        requirement_ids: BTreeSet::from([requirement.to_owned()]),
    };
    policy.routes.insert(name, route);
    Ok(())
}

/// The default route is one of IPv4: a subnet with both families has a way, or a need, that the appliance never sees.
fn warn_of_ipv6_past_the_appliance(scene: &Scene<'_>) {
    let shared = scene.shared;
    let ipv6 = shared.subnet.iter().find(|prefix| prefix.family() == Family::V6);
    let Some(prefix) = ipv6.filter(|_| scene.egress.leads_ipv4_only() && !shared.waived.contains_key(ADDRESS_FAMILIES))
    else {
        return;
    };
    let consequence = match shared.isolation {
        Isolation::None => "goes past it, straight to the internet: set `isolation = \"internet\"` to close that",
        _ => "is closed; clients fall back to IPv4",
    };
    let detail = format!(
        "`egress.type` is `{}`, whose default route 0.0.0.0/0 leads IPv4 alone to the appliance: what leaves `{prefix}` for Azure's services and the \
         internet {consequence}. Or waive {ADDRESS_FAMILIES} with a reason.",
        scene.egress.word()
    );
    let findings = scene.inputs.findings();
    findings.warning(scene.inputs.path("egress"), "IPv6 does not reach the appliance", detail);
}

/// An NSG knows no host names: what no tag covers is lost once the internet is denied. One warning for all of them.
fn warn_of_uncovered_hosts(scene: &Scene<'_>) {
    if scene.shared.isolation == Isolation::None || !matches!(scene.egress.way, Way::ServiceTags) {
        return;
    }
    let rows = scene.rows(&[Kind::Host]).filter(|row| scene.starts_here(row));
    let uncovered: Vec<String> = rows
        .filter_map(|row| {
            let peer = row.peer_in(scene.shared.environment)?;
            let host = peer.host.as_deref().filter(|_| peer.covered_by.is_none())?;
            let hosts = scene.values.texts(host, scene.inputs, row).ok()?;
            let quoted: Vec<String> = hosts.iter().map(|host| format!("`{host}`")).collect();
            let consequence = row.remedy.as_deref().unwrap_or("unreachable");
            let text = format!("{} ({}: {}; {consequence})", quoted.join(", "), row.id, row.purpose);
            Some(text).filter(|_| !quoted.is_empty())
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
    scene
        .inputs
        .findings()
        .warning(scene.inputs.path("egress"), "Hosts that no service tag covers", detail);
}

/// A tag may cover a host and still not open every port that the document lists for it.
fn warn_of_ports_without_a_tag(scene: &Scene<'_>, policy: &NetworkPolicy) {
    let closed = policy.flows.values().filter(|flow| flow.passage == Passage::Closed);
    let listed: Vec<String> = closed
        .filter_map(|flow| {
            let FlowPeer::Host {
                name,
                covered_by: Some(tag),
            } = &flow.peer
            else {
                return None;
            };
            let Ports::Ranges(ports) = &flow.ports else { return None };
            let ports: Vec<String> = ports.iter().map(ToString::to_string).collect();
            let ids: Vec<&str> = flow.requirement_ids.iter().map(String::as_str).collect();
            Some(format!(
                "`{name}` on {} ({}; `{tag}` is opened on other ports)",
                ports.join(" and "),
                ids.join(", ")
            ))
        })
        .collect();
    if listed.is_empty() {
        return;
    }
    let detail = format!(
        "The document asks for {}, which its own list of service tags does not open, so these rules leave it closed. Open it by \
         `extra_rules`, or accept it by naming the requirements in `waived_requirements` with a reason.",
        listed.join(" and ")
    );
    scene
        .inputs
        .findings()
        .warning(scene.inputs.path("egress"), "Ports that no service tag opens", detail);
}

pub(super) fn collect_requirements(scene: &Scene<'_>, policy: &mut NetworkPolicy) {
    let mut ids: BTreeSet<String> = policy.prerequisites.keys().cloned().collect();
    ids.extend(
        policy
            .security_rules
            .values()
            .flat_map(|rule| rule.requirement_ids.clone()),
    );
    ids.extend(policy.routes.values().flat_map(|route| route.requirement_ids.clone()));
    ids.extend(policy.hosts.values().flat_map(|host| host.requirement_ids.clone()));
    let network = policy.network_rule_collections.iter().flat_map(|all| &all.rules);
    ids.extend(network.flat_map(|rule| rule.requirement_ids.clone()));
    let application = policy.application_rule_collections.iter().flat_map(|all| &all.rules);
    ids.extend(application.flat_map(|rule| rule.requirement_ids.clone()));
    let endpoints = scene
        .rows(&[Kind::ServiceEndpoint])
        .filter(|row| scene.starts_here(row));
    ids.extend(endpoints.map(|row| row.id.clone()));
    policy.requirement_ids = ids;
}
