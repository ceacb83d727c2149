//! What is proven: the groups, routes and firewall around one subnet, and the flows that must pass.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    addresses::{self, AddressSet},
    atoms::{Atom, World},
    firewall::{self, FirewallLine, Layer},
    nsg::{self, Nsg},
    packet::protocols,
    region::{Match, Side, group_side},
    routes::{Hop, RouteTable, Routes},
};
use crate::network::{
    AddressSide, DefaultNextHop, DefaultRoute, Direction, Flow, FlowPeer, NetworkPolicy, NextHop, Passage, Prefix,
    Route, RouteDestination, SecurityRule, ServiceTag,
};

/// How packets to the internet leave the subnet where a route leads them straight out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum WayOut {
    /// A NAT gateway, public addresses, a load balancer, or Azure's default outbound access.
    Given,
    /// None: a private subnet reaches nothing (since 2026-03-31 new subnets are private).
    Missing,
    /// None of the subnet's own; whether its machines have public addresses or a load balancer nobody says.
    Unsure,
    /// Nobody says.
    #[default]
    NotSaid,
}

/// Everything a proof is made from.
#[derive(Clone, Debug, Default)]
pub struct Given<'a> {
    /// Rules of each network security group on the way: the subnet's, then the network interface's. None of them denies where there
    /// is no group.
    pub groups: Vec<Vec<&'a SecurityRule>>,
    /// Routes of the subnet's table.
    pub routes: Vec<&'a Route>,
    /// Where a default route leads that a gateway or a virtual WAN brings.
    pub learned_default: Option<Hop>,
    /// Rules of the firewall, the base policy's first; `None` where nobody says what it lets pass.
    pub firewall: Option<Vec<Layer>>,
    /// The firewall's private addresses: its rules say nothing of an appliance elsewhere. None where nobody says them.
    pub firewall_addresses: BTreeSet<String>,
    /// Service tags that the subnet's service endpoints reach.
    pub endpoint_tags: Vec<String>,
    /// How packets leave.
    pub way_out: WayOut,
    /// Address spaces of the virtual network, as far as they are known.
    pub network: Vec<Prefix>,
    /// The subnet's own prefixes, as far as they are known: parts of a space of the virtual network, whether that is known or not.
    pub subnet: Vec<Prefix>,
    /// What must pass.
    pub flows: BTreeMap<String, Flow>,
    /// Addresses of service tags, by tag, where a service tag file says them.
    pub resolved_tags: BTreeMap<String, AddressSet>,
}

/// A flow that must pass.
#[derive(Clone, Debug)]
pub struct Required {
    /// Its key in the policy.
    pub key: String,
    /// The flow.
    pub flow: Flow,
    /// Its packets, seen from the subnet: the source is who opens the connection.
    pub matches: Vec<Match>,
}

/// What is proven, ready for questions.
#[derive(Clone, Debug, Default)]
pub struct Model {
    /// What is known of addresses.
    pub world: World,
    /// The groups on the way.
    pub groups: Vec<Nsg>,
    /// Routes in the order in which they win.
    pub routes: Routes,
    /// The firewall's rules; `None` where nobody says what it lets pass.
    pub firewall: Option<Vec<FirewallLine>>,
    /// The same rules as clients meet them that keep to the ports' protocols.
    pub(super) firewall_for_clients: Option<Vec<FirewallLine>>,
    /// Its private addresses; none where nobody says them.
    pub firewall_addresses: BTreeSet<String>,
    /// How packets leave.
    pub way_out: WayOut,
    /// What must pass.
    pub required: Vec<Required>,
    /// The subnet's own addresses.
    pub local: Option<Side>,
}

impl<'a> Given<'a> {
    /// What a policy says by itself. Regional service endpoints reach their own region and its pair only; which tags those are
    /// depends on the location, so `endpoint_tags` stays empty.
    pub fn of_policy(policy: &'a NetworkPolicy) -> Given<'a> {
        let layer = firewall::of_policy(policy);
        let crosses = |flow: &Flow| flow.passage == Passage::Firewall;
        let has_firewall = !layer.is_empty() || policy.flows.values().any(crosses);
        Given {
            groups: vec![policy.security_rules.values().collect()],
            routes: policy.routes.values().collect(),
            firewall: has_firewall.then(|| vec![layer]),
            firewall_addresses: appliances(policy.routes.values()),
            learned_default: policy.default_route.and_then(learned),
            subnet: local_prefixes(policy.flows.values()),
            flows: policy.flows.clone(),
            ..Given::default()
        }
    }
}

impl Given<'_> {
    /// The service tags that its rules, routes, collections and flows name.
    pub fn tags(&self) -> BTreeSet<String> {
        let mut tags: BTreeSet<String> = self.endpoint_tags.iter().cloned().collect();
        let mut add = |tag: &ServiceTag| {
            tags.insert(tag.as_str().to_owned());
        };
        for rule in self.groups.iter().flatten() {
            for side in [&rule.source, &rule.destination] {
                if let AddressSide::Tag(tag) = side {
                    add(tag);
                }
            }
        }
        for route in &self.routes {
            if let RouteDestination::Tag(tag) = &route.destination {
                add(tag);
            }
        }
        for flow in self.flows.values() {
            match &flow.peer {
                FlowPeer::Tag(tag)
                | FlowPeer::Host {
                    covered_by: Some(tag), ..
                } => add(tag),
                _ => {}
            }
        }
        for tag in firewall::tags(self.firewall.as_deref().unwrap_or_default()) {
            add(&tag);
        }
        tags
    }
}

/// Where a default route leads that no table shows.
pub fn learned(route: DefaultRoute) -> Option<Hop> {
    match route.next_hop {
        _ if !route.learned => None,
        DefaultNextHop::Internet => None,
        DefaultNextHop::VirtualAppliance => Some(Hop::Appliance(None)),
        DefaultNextHop::VirtualNetworkGateway => Some(Hop::Gateway),
    }
}

/// The appliances that routes lead to, as far as their addresses are known.
pub fn appliances<'r>(routes: impl IntoIterator<Item = &'r Route>) -> BTreeSet<String> {
    let hops = routes.into_iter().map(|route| &route.next_hop);
    let addresses = hops.filter_map(|hop| match hop {
        NextHop::VirtualAppliance(address) => address.get().cloned(),
        _ => None,
    });
    addresses.collect()
}

/// The subnet's prefixes, as far as its flows say them.
fn local_prefixes<'f>(flows: impl Iterator<Item = &'f Flow>) -> Vec<Prefix> {
    let mut prefixes: Vec<Prefix> = flows
        .filter_map(|flow| match &flow.local {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        })
        .flatten()
        // A flow of one family only, from a subnet whose prefixes nobody says.
        .filter(|prefix| !prefix.is_everything())
        .copied()
        .collect();
    prefixes.sort();
    prefixes.dedup();
    prefixes
}

/// Whether it says a family, 0.0.0.0/0, of a subnet whose prefixes nobody says: a route for IPv4 leads nothing else to an appliance.
fn is_family(local: &AddressSide) -> bool {
    matches!(local, AddressSide::Prefixes(prefixes) if !prefixes.is_empty() && prefixes.iter().all(Prefix::is_everything))
}

impl Model {
    /// Makes it ready for questions.
    pub fn new(given: &Given<'_>) -> Model {
        let table = RouteTable {
            routes: given.routes.iter().map(|route| (*route).clone()).collect(),
            network: given.network.clone(),
            subnet: given.subnet.clone(),
            endpoint_tags: given.endpoint_tags.clone(),
            learned_default: given.learned_default.clone(),
        };
        let mut world = World::new(
            addresses::of_prefixes(given.network.iter().chain(&given.subnet)),
            table.routed(),
        );
        if given.flows.values().any(|flow| is_family(&flow.local)) {
            world.leave_ipv6_aside();
        }
        for (tag, set) in &given.resolved_tags {
            world.resolve(tag, set.clone());
        }
        let groups = given
            .groups
            .iter()
            .map(|rules| Nsg::new(rules.iter().copied(), &mut world))
            .collect();
        let routes = table.lines(&mut world);
        let firewall = given
            .firewall
            .as_ref()
            .map(|layers| firewall::lines(layers, &mut world));
        let firewall_for_clients = firewall
            .as_ref()
            .map(|lines| lines.iter().map(FirewallLine::as_clients_speak).collect());
        let mut model = Model {
            world,
            groups,
            routes,
            firewall,
            firewall_for_clients,
            firewall_addresses: given.firewall_addresses.clone(),
            way_out: given.way_out,
            required: Vec::with_capacity(given.flows.len()),
            local: None,
        };
        for (key, flow) in &given.flows {
            let required = model.require(key, flow);
            model.required.push(required);
        }
        let prefixes = local_prefixes(given.flows.values());
        model.local = match prefixes.is_empty() {
            false => Some(Side::Set(addresses::of_prefixes(&prefixes))),
            true if given
                .flows
                .values()
                .any(|flow| flow.local == AddressSide::Any || is_family(&flow.local)) =>
            {
                Some(Side::Atom(model.world.atom(Atom::Subnet)))
            }
            true => None,
        };
        model
    }

    /// Whether an appliance at the hop is the firewall, as far as anybody says where that is.
    fn is_firewall(&self, hop: &Hop) -> bool {
        match hop {
            Hop::Appliance(Some(address)) => {
                self.firewall_addresses.is_empty() || self.firewall_addresses.contains(address)
            }
            _ => true,
        }
    }

    /// The rules of the firewall, if it is what stands at the hop.
    pub fn firewall_at(&self, hop: &Hop) -> Option<&[FirewallLine]> {
        self.firewall.as_deref().filter(|_| self.is_firewall(hop))
    }

    /// The same for what must pass: a client keeps to the ports' protocols.
    pub(super) fn firewall_for_clients_at(&self, hop: &Hop) -> Option<&[FirewallLine]> {
        self.firewall_for_clients.as_deref().filter(|_| self.is_firewall(hop))
    }

    /// A flow in the terms of this model.
    pub fn require(&mut self, key: &str, flow: &Flow) -> Required {
        let world = &mut self.world;
        let local = match &flow.local {
            // Packets of a subnet come from it, whatever its addresses.
            AddressSide::Any => Side::Atom(world.atom(Atom::Subnet)),
            side if is_family(side) => Side::Atom(world.atom(Atom::Subnet)),
            side => nsg::side(side, world),
        };
        let peer = peer(&flow.peer, world);
        let (source, destination) = match flow.direction {
            Direction::Outbound => (&local, &peer),
            Direction::Inbound => (&peer, &local),
        };
        let matches = Match::all(
            protocols(flow.protocol),
            source,
            &nsg::port_set(&flow.source_ports),
            destination,
            &nsg::port_set(&flow.ports),
        );
        Required {
            key: key.to_owned(),
            flow: flow.clone(),
            matches,
        }
    }
}

fn peer(peer: &FlowPeer, world: &mut World) -> Side {
    match peer {
        FlowPeer::Any => Side::Any,
        FlowPeer::Prefixes(prefixes) => Side::Set(addresses::of_prefixes(prefixes)),
        FlowPeer::Tag(tag) => nsg::tag_side(tag.as_str(), world),
        FlowPeer::Groups(ids) => group_side(ids, world),
        FlowPeer::HostTag(tag) => Side::Atom(world.atom(Atom::HostTag(tag.clone()))),
        FlowPeer::Host { name, covered_by } => {
            let host = world.atom(Atom::Host(name.clone()));
            if let Some(tag) = covered_by {
                let tag = world.atom(Atom::Tag(tag.as_str().to_owned()));
                world.cover(host, tag);
            }
            Side::Atom(host)
        }
    }
}
