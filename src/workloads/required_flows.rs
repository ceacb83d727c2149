//! The flows that must pass, from the rows that hold: what the rules, routes and collections of a policy are proven against.
//!
//! This file reads the rows by itself and shares no decision with the files that write rules ([`super::render`], [`super::firewall`]):
//! what one of them forgets, a flow still asks for.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    egress::Way,
    problem::Stop,
    rules::{End, applicable, malformed, protocol_of},
    scene::Scene,
    shared::Isolation,
    tag_routes,
};
use crate::{
    network::{
        AddressSide, Direction, Family, Flow, FlowPeer, Passage, PortRange, Ports, Prefix, Protocol, ServiceTag,
    },
    requirements::{Kind, Peer, Requirement},
};

/// Every flow that must pass, by requirement and what tells its flows apart.
pub(super) fn flows(scene: &Scene<'_>) -> Result<BTreeMap<String, Flow>, Stop> {
    let mut flows = BTreeMap::new();
    for row in scene.rows(&[Kind::Flow]) {
        let Some(peer) = row.peer_in(scene.shared.environment) else {
            continue;
        };
        flows.extend(to_guest(scene, row, peer)?);
        let Some(direction) = direction(scene, row, peer) else {
            continue;
        };
        let callers = callers(scene, row, direction)?;
        for (suffix, other) in others(scene, row, peer, direction)? {
            let passage = match direction {
                Direction::Inbound => Passage::Direct,
                Direction::Outbound => passage_to_addresses(scene, row, &other),
            };
            let Some(local) = on_the_way(scene, local(scene, row, peer), passage) else {
                continue;
            };
            let flow = Flow {
                direction,
                protocol: protocol_of(row, scene.inputs)?,
                local,
                peer: other,
                ports: ports(scene, row)?,
                source_ports: Ports::Any,
                initiator: row.initiator.clone().unwrap_or_default(),
                passage,
                learned_route: scene.egress.learns_default_route(),
                callers: callers.clone(),
                requirement_ids: BTreeSet::from([row.id.clone()]),
            };
            if is_among_kin(scene, row, peer) {
                let called = Flow {
                    direction: Direction::Inbound,
                    passage: Passage::Direct,
                    ..flow.clone()
                };
                flows.insert(format!("{}{suffix}/inbound", row.id), called);
            }
            flows.insert(format!("{}{suffix}", row.id), flow);
        }
    }
    for row in scene.rows(&[Kind::Host]).filter(|row| scene.starts_here(row)) {
        flows.extend(to_hosts(scene, row)?);
    }
    if scene.shared.isolation != Isolation::None {
        close_ports_without_a_tag(scene, &mut flows);
    }
    Ok(flows)
}

/// Documents list hosts on ports that their own table of service tags does not open (edition 2022-10: Azure Monitor on 80). Where only
/// the tag opens the way, such a port stays closed.
fn close_ports_without_a_tag(scene: &Scene<'_>, flows: &mut BTreeMap<String, Flow>) {
    let left_to_the_appliance = match scene.egress.way {
        Way::ForcedTunnel { .. } => scene.egress.filtered_ports.clone(),
        _ => BTreeSet::new(),
    };
    let mut closed = BTreeMap::new();
    let asked = flows.clone();
    for (key, flow) in flows.iter_mut() {
        let FlowPeer::Host {
            covered_by: Some(tag), ..
        } = &flow.peer
        else {
            continue;
        };
        let Ports::Ranges(ports) = &flow.ports else { continue };
        if !matches!(flow.passage, Passage::Direct | Passage::Handover) {
            continue;
        }
        let holds = |all: &PortRange, port: &PortRange| all.first() <= port.first() && port.last() <= all.last();
        let opened = |port: &PortRange| {
            left_to_the_appliance.iter().any(|hole| holds(hole, port))
                || asked.values().any(|other| {
                    other.direction == Direction::Outbound
                        && opens(&other.peer, tag)
                        && (other.protocol == Protocol::Any || other.protocol == flow.protocol)
                        && match &other.ports {
                            Ports::Any => true,
                            Ports::Ranges(ranges) => ranges.iter().any(|range| holds(range, port)),
                        }
                })
        };
        let (open, shut): (BTreeSet<PortRange>, BTreeSet<PortRange>) = ports.iter().partition(|port| opened(port));
        if shut.is_empty() {
            continue;
        }
        let told_apart: String = shut.iter().map(|port| format!(":{port}")).collect();
        if open.is_empty() {
            flow.passage = Passage::Closed;
            continue;
        }
        let rest = Flow {
            ports: Ports::Ranges(shut),
            passage: Passage::Closed,
            ..flow.clone()
        };
        closed.insert(format!("{key}{told_apart}"), rest);
        flow.ports = Ports::Ranges(open);
    }
    flows.extend(closed);
}

/// Whether a flow to this peer reaches everything the tag stands for.
fn opens(peer: &FlowPeer, tag: &ServiceTag) -> bool {
    let FlowPeer::Tag(opened) = peer else { return false };
    let whole = tag.as_str().split('.').next();
    opened == tag || whole == Some(opened.as_str())
}

/// Which way the flow goes, seen from the subnet; `None` where it is somebody else's.
fn direction(scene: &Scene<'_>, row: &Requirement, peer: &Peer) -> Option<Direction> {
    let accepts = peer.role.as_deref().is_some_and(|role| scene.own.contains(&role));
    match row.direction {
        Direction::Outbound if scene.starts_here(row) => Some(Direction::Outbound),
        _ if accepts => Some(Direction::Inbound),
        Direction::Inbound => Some(Direction::Inbound),
        Direction::Outbound => None,
    }
}

/// Whether those of the subnet's own role stand at both ends: each of them calls and is called.
fn is_among_kin(scene: &Scene<'_>, row: &Requirement, peer: &Peer) -> bool {
    let own = |role: Option<&str>| role.is_some_and(|role| scene.own.contains(&role));
    own(row.initiator.as_deref()) && own(peer.role.as_deref())
}

/// What a guest of the subnet accepts from others and from the subnet's own. The latter leave the subnet's group and enter it again.
fn to_guest(scene: &Scene<'_>, row: &Requirement, peer: &Peer) -> Result<Option<(String, Flow)>, Stop> {
    let Some(guest) = scene
        .guest
        .as_ref()
        .filter(|guest| peer.role.as_deref() == Some(guest.role))
    else {
        return Ok(None);
    };
    let own = scene.starts_here(row);
    let callers = match row.initiator.as_deref() {
        _ if own => Some(&guest.callers),
        initiator => initiator.and_then(|initiator| scene.roles.get(initiator)),
    };
    let Some(callers) = callers else { return Ok(None) };
    let flow = Flow {
        direction: Direction::Inbound,
        protocol: protocol_of(row, scene.inputs)?,
        local: guest.at.to_side(),
        peer: to_end(callers),
        ports: ports(scene, row)?,
        source_ports: Ports::Any,
        initiator: row.initiator.clone().unwrap_or_default(),
        passage: Passage::Direct,
        learned_route: scene.egress.learns_default_route(),
        callers: BTreeSet::new(),
        requirement_ids: BTreeSet::from([row.id.clone()]),
    };
    let told_apart = if own { "/inbound" } else { "" };
    Ok(Some((format!("{}{told_apart}", row.id), flow)))
}

/// The subnet's end.
fn local(scene: &Scene<'_>, row: &Requirement, peer: &Peer) -> AddressSide {
    let near = row.destination.as_ref().and_then(|near| near.role.as_deref());
    if let Some(guest) = scene.guest.as_ref().filter(|guest| near == Some(guest.role)) {
        return guest.at.to_side();
    }
    let group = scene.own.iter().find_map(|role| match scene.roles.get(role) {
        Some(End::Groups(ids)) if peer.role.is_some() => Some(ids.clone()),
        _ => None,
    });
    let shared = scene.shared;
    // A subnet whose prefixes are not known lies within its virtual network all the same.
    let known = [&shared.local, &shared.subnet, &shared.virtual_network]
        .into_iter()
        .find(|prefixes| !prefixes.is_empty());
    match (group, known) {
        (Some(ids), _) => AddressSide::Groups(ids),
        (None, Some(prefixes)) => AddressSide::Prefixes(prefixes.clone()),
        (None, None) => AddressSide::Any,
    }
}

/// The subnet's end as far as the appliance sees it: 0.0.0.0/0 leads no IPv6 packet there. `None` where nothing is left.
fn on_the_way(scene: &Scene<'_>, local: AddressSide, passage: Passage) -> Option<AddressSide> {
    if !matches!(passage, Passage::Firewall | Passage::Handover) || !scene.egress.leads_ipv4_only() {
        return Some(local);
    }
    match local {
        AddressSide::Prefixes(prefixes) => {
            let ipv4 = prefixes.into_iter().filter(|prefix| prefix.family() == Family::V4);
            let ipv4: BTreeSet<Prefix> = ipv4.collect();
            (!ipv4.is_empty()).then_some(AddressSide::Prefixes(ipv4))
        }
        // Wherever it stands: the default route itself says which of its packets.
        AddressSide::Any => "0.0.0.0/0"
            .parse()
            .ok()
            .map(|all| AddressSide::Prefixes(BTreeSet::from([all]))),
        local => Some(local),
    }
}

/// The other ends, each with what tells its flow from the row's others.
fn others(
    scene: &Scene<'_>,
    row: &Requirement,
    peer: &Peer,
    direction: Direction,
) -> Result<Vec<(String, FlowPeer)>, Stop> {
    if let Some(template) = &peer.service_tag {
        let tags = scene.values.tags(template, scene.shared, scene.inputs, row)?;
        return Ok(tags
            .into_iter()
            .map(|(place, tag)| (place.suffix, to_tag(scene, peer, tag)))
            .collect());
    }
    if let Some(tag) = &peer.fqdn_tag {
        return Ok(vec![(String::new(), FlowPeer::HostTag(tag.clone()))]);
    }
    if !peer.address_prefixes.is_empty() {
        let prefixes: Result<BTreeSet<Prefix>, _> = peer.address_prefixes.iter().map(|text| text.parse()).collect();
        let prefixes = prefixes.map_err(|_| malformed(row, scene.inputs))?;
        return Ok(vec![(String::new(), FlowPeer::Prefixes(prefixes))]);
    }
    if let Some(argument) = &peer.argument {
        let mut ends = Vec::new();
        if let Some(prefixes) = scene.prefixes.get(argument.as_str()).filter(|all| !all.is_empty()) {
            ends.push((String::new(), FlowPeer::Prefixes(prefixes.clone())));
        }
        for name in scene.values.0.get(argument.as_str()).into_iter().flatten() {
            ends.push((format!("/{name}"), host(name, None)));
        }
        return Ok(ends);
    }
    let role = match direction {
        Direction::Inbound if peer.role.as_deref().is_some_and(|role| scene.own.contains(&role)) => {
            row.initiator.as_deref()
        }
        _ => peer.role.as_deref(),
    };
    let end = role.and_then(|role| scene.roles.get(role));
    let end = end.or(scene.kin.as_ref().filter(|_| is_among_kin(scene, row, peer)));
    Ok(end.map(|end| (String::new(), to_end(end))).into_iter().collect())
}

/// Who of a service tag's addresses calls. Where the answers go back by address, documents name the regions whose addresses those are. Where a
/// region's routes are waived nobody says who is answered, and everybody may call.
fn callers(scene: &Scene<'_>, row: &Requirement, direction: Direction) -> Result<BTreeSet<Prefix>, Stop> {
    let mut callers = BTreeSet::new();
    if direction == Direction::Outbound || !tag_routes::by_address(scene) {
        return Ok(callers);
    }
    let routes = applicable(scene.shared, &scene.switches, &[Kind::Route]);
    for route in routes.filter(|route| scene.answers(route, row)) {
        if scene.shared.waived.contains_key(&route.id) {
            return Ok(BTreeSet::new());
        }
        let peer = route.peer_in(scene.shared.environment);
        let Some(template) = peer.and_then(|peer| peer.service_tag.as_ref()) else {
            continue;
        };
        for (_, tag) in scene.values.tags(template, scene.shared, scene.inputs, route)? {
            callers.extend(tag_routes::prefixes_of(scene, route, &tag)?);
        }
    }
    Ok(callers)
}

fn to_end(end: &End) -> FlowPeer {
    match end {
        End::Any => FlowPeer::Any,
        End::Tag(tag) => FlowPeer::Tag(tag.clone()),
        End::Prefixes(prefixes) => FlowPeer::Prefixes(prefixes.clone()),
        End::Groups(ids) => FlowPeer::Groups(ids.clone()),
    }
}

/// The user's explicit address spaces say what `VirtualNetwork` is to mean, except of those in peered networks whom the row asks for by name.
fn to_tag(scene: &Scene<'_>, peer: &Peer, tag: ServiceTag) -> FlowPeer {
    let spaces = &scene.shared.virtual_network;
    if tag.as_str() != "VirtualNetwork" || spaces.is_empty() {
        return FlowPeer::Tag(tag);
    }
    let peered = peer.peered.as_deref().and_then(|argument| scene.prefixes.get(argument));
    let peered = peered
        .into_iter()
        .flatten()
        .filter(|address| !spaces.iter().any(|space| space.contains(address)));
    FlowPeer::Prefixes(spaces.iter().chain(peered).copied().collect())
}

fn host(name: &str, covered_by: Option<ServiceTag>) -> FlowPeer {
    FlowPeer::Host {
        name: name.to_owned(),
        covered_by,
    }
}

/// The ports of whoever accepts; an argument's number replaces the row's.
fn ports(scene: &Scene<'_>, row: &Requirement) -> Result<Ports, Stop> {
    match (row.port_argument.as_deref(), &scene.egress.way) {
        (Some("egress_filtered_internet_ports"), _) => return Ok(Ports::Ranges(scene.egress.filtered_ports.clone())),
        (Some("egress_proxy_port"), Way::Proxy { port, .. }) => return Ok(Ports::single(*port)),
        _ => {}
    }
    super::rules::ports_of(row, scene.inputs)
}

/// What stands between the subnet and addresses it opens connections to.
fn passage_to_addresses(scene: &Scene<'_>, row: &Requirement, peer: &FlowPeer) -> Passage {
    let inside = match peer {
        FlowPeer::Tag(tag) => matches!(tag.as_str(), "VirtualNetwork" | "AzureLoadBalancer"),
        // Addresses that get a rule of the NSG are private ones; where there is no such rule, the firewall has the only one.
        FlowPeer::Prefixes(_) => row.rule.is_some(),
        FlowPeer::Groups(_) => true,
        FlowPeer::Any | FlowPeer::Host { .. } | FlowPeer::HostTag(_) => false,
    };
    let left_to_the_appliance = row.is_left_to_the_appliance();
    match &scene.egress.way {
        Way::ServiceTags => Passage::Direct,
        Way::Proxy { .. } if row.port_argument.as_deref() == Some("egress_proxy_port") => Passage::ToProxy,
        _ if inside => Passage::Direct,
        Way::ForcedTunnel { .. } => Passage::Handover,
        Way::Firewall { .. } if left_to_the_appliance => Passage::Handover,
        Way::Firewall {
            names_in_network_rules, ..
        } => match peer {
            FlowPeer::Host { name, .. } if !is_web(row) && (!names_in_network_rules || name.contains('*')) => {
                Passage::Closed
            }
            _ => Passage::Firewall,
        },
        Way::Proxy { bypass_storage, .. } => {
            let storage =
                matches!(peer, FlowPeer::Tag(tag) if tag.as_str() == "Storage" || tag.as_str().starts_with("Storage."));
            if is_web(row) && !(storage && *bypass_storage) {
                Passage::Proxy
            } else {
                Passage::Direct
            }
        }
    }
}

/// What an HTTPS proxy carries and an application rule takes without saying more.
fn is_web(row: &Requirement) -> bool {
    !row.ports.is_empty() && row.ports.iter().all(|port| matches!(port.as_str(), "80" | "443"))
}

/// A flow for each host of the row, and one more where the firewall has to treat some of its ports differently.
fn to_hosts(scene: &Scene<'_>, row: &Requirement) -> Result<Vec<(String, Flow)>, Stop> {
    let Some(peer) = row.peer_in(scene.shared.environment) else {
        return Ok(Vec::new());
    };
    let hosts: Vec<(String, FlowPeer)> = match (&peer.host, &peer.fqdn_tag) {
        (Some(template), _) => {
            let covered_by = match &peer.covered_by {
                Some(tag) => scene
                    .values
                    .tags(tag, scene.shared, scene.inputs, row)?
                    .into_iter()
                    .next(),
                None => None,
            };
            let covered_by = covered_by.map(|(_, tag)| tag);
            let path = match &scene.egress.way {
                Way::Firewall { urls: true, .. } => row.url_path.as_deref().unwrap_or_default(),
                _ => "",
            };
            let names = scene.values.texts(template, scene.inputs, row)?;
            let named = |name: String| (format!("/{name}"), host(&format!("{name}{path}"), covered_by.clone()));
            names.into_iter().map(named).collect()
        }
        (None, Some(tag)) => vec![(String::new(), FlowPeer::HostTag(tag.clone()))],
        (None, None) => Vec::new(),
    };
    let parsed: Result<BTreeSet<PortRange>, _> = row.ports.iter().map(|port| port.parse()).collect();
    let parsed = parsed.map_err(|_| malformed(row, scene.inputs))?;
    let protocol = protocol_of(row, scene.inputs)?;
    let (web, other): (BTreeSet<PortRange>, BTreeSet<PortRange>) = parsed
        .into_iter()
        .partition(|port| is_carried_as_web(row, port) && row.protocol.as_deref() != Some("Udp"));
    let mut flows = Vec::new();
    for (suffix, host) in hosts {
        for (ports, is_web) in [(&web, true), (&other, false)] {
            if ports.is_empty() {
                continue;
            }
            let told_apart = if is_web || web.is_empty() {
                String::new()
            } else {
                ports.iter().map(|port| format!(":{port}")).collect()
            };
            let passage = passage_to_host(scene, &host, ports, is_web);
            let Some(local) = on_the_way(scene, local(scene, row, &Peer::default()), passage) else {
                continue;
            };
            let flow = Flow {
                direction: Direction::Outbound,
                protocol,
                local,
                passage,
                peer: host.clone(),
                ports: Ports::Ranges(ports.clone()),
                source_ports: Ports::Any,
                initiator: row.initiator.clone().unwrap_or_default(),
                learned_route: scene.egress.learns_default_route(),
                callers: BTreeSet::new(),
                requirement_ids: BTreeSet::from([row.id.clone()]),
            };
            flows.push((format!("{}{suffix}{told_apart}", row.id), flow));
        }
    }
    Ok(flows)
}

fn is_carried_as_web(row: &Requirement, port: &PortRange) -> bool {
    row.tls || (port.first() == port.last() && matches!(port.first(), 80 | 443))
}

/// What stands between the subnet and a host. An NSG knows no names, so without somebody who does only a covering tag opens the way.
fn passage_to_host(scene: &Scene<'_>, peer: &FlowPeer, ports: &BTreeSet<PortRange>, web: bool) -> Passage {
    let covered = matches!(
        peer,
        FlowPeer::Host {
            covered_by: Some(_),
            ..
        }
    );
    let nothing_is_denied = scene.shared.isolation == Isolation::None;
    match &scene.egress.way {
        Way::ServiceTags if covered || nothing_is_denied => Passage::Direct,
        Way::ServiceTags => Passage::Closed,
        Way::ForcedTunnel { .. } if covered || nothing_is_denied => Passage::Handover,
        Way::ForcedTunnel { .. } => {
            let filtered = |port: &PortRange| {
                let holes = &scene.egress.filtered_ports;
                holes
                    .iter()
                    .any(|hole| hole.first() <= port.first() && port.last() <= hole.last())
            };
            if ports.iter().all(filtered) {
                Passage::Handover
            } else {
                Passage::Closed
            }
        }
        Way::Proxy { .. } if web => Passage::Proxy,
        Way::Proxy { .. } if covered || nothing_is_denied => Passage::Direct,
        Way::Proxy { .. } => Passage::Closed,
        Way::Firewall { .. } if web || covered => Passage::Firewall,
        Way::Firewall {
            names_in_network_rules, ..
        } => match peer {
            FlowPeer::Host { name, .. } if *names_in_network_rules && !name.contains('*') => Passage::Firewall,
            _ => Passage::Closed,
        },
    }
}
