//! Network security groups: priority order, first match, Azure's default rules.
//!
//! Stateful: whoever may open a connection gets its answers, so only the direction in which it is opened is looked at.

use std::collections::BTreeSet;

use super::{
    addresses,
    atoms::{Atom, World},
    order::Decides,
    packet::protocols,
    region::{Match, PortSet, Side, group_side},
};
use crate::network::{Access, AddressSide, Direction, Ports, Protocol, SecurityRule};

/// The default rule that lets everything out.
const ALLOW_INTERNET: &str = "AllowInternetOutBound";

/// A rule as the proof sees it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The rule's name.
    pub name: String,
    /// Its priority; 65000 and more are Azure's own.
    pub priority: u32,
    /// Allow or deny.
    pub access: Access,
    /// What it matches.
    pub matches: Vec<Match>,
    /// The requirements behind it.
    pub requirement_ids: BTreeSet<String>,
}

impl Line {
    /// Whether Azure keeps the rule in every NSG.
    pub fn is_default(&self) -> bool {
        self.priority >= 65000
    }

    /// Whether it is the one of them that leaves the internet open.
    pub fn is_default_to_internet(&self) -> bool {
        self.is_default() && self.name == ALLOW_INTERNET
    }
}

impl Decides for Line {
    fn matches(&self) -> &[Match] {
        &self.matches
    }
}

/// One network security group.
#[derive(Clone, Debug, Default)]
pub struct Nsg {
    inbound: Vec<Line>,
    outbound: Vec<Line>,
}

impl Nsg {
    /// The group with these rules and Azure's default ones.
    pub fn new<'r>(rules: impl IntoIterator<Item = &'r SecurityRule>, world: &mut World) -> Nsg {
        let mut nsg = Nsg::default();
        for rule in rules {
            let line = Line {
                name: rule.name.as_str().to_owned(),
                priority: u32::from(rule.priority.get()),
                access: rule.access,
                matches: Match::all(
                    protocols(rule.protocol),
                    &side(&rule.source, world),
                    &port_set(&rule.source_ports),
                    &side(&rule.destination, world),
                    &port_set(&rule.destination_ports),
                ),
                requirement_ids: rule.requirement_ids.clone(),
            };
            nsg.lines_mut(rule.direction).push(line);
        }
        nsg.inbound.extend(defaults(Direction::Inbound, world));
        nsg.outbound.extend(defaults(Direction::Outbound, world));
        nsg.inbound.sort_by_key(|line| line.priority);
        nsg.outbound.sort_by_key(|line| line.priority);
        nsg
    }

    /// The rules of a direction in the order in which Azure looks at them, the default ones last.
    pub fn lines(&self, direction: Direction) -> &[Line] {
        match direction {
            Direction::Inbound => &self.inbound,
            Direction::Outbound => &self.outbound,
        }
    }

    fn lines_mut(&mut self, direction: Direction) -> &mut Vec<Line> {
        match direction {
            Direction::Inbound => &mut self.inbound,
            Direction::Outbound => &mut self.outbound,
        }
    }
}

/// "Default security rules" (network-security-groups-overview).
fn defaults(direction: Direction, world: &mut World) -> Vec<Line> {
    let mut tag = |name: &str| tag_side(name, world);
    let network = tag("VirtualNetwork");
    let second = match direction {
        Direction::Inbound => (
            "AllowAzureLoadBalancerInBound",
            Side::Set(addresses::platform().clone()),
            Side::Any,
        ),
        Direction::Outbound => (ALLOW_INTERNET, Side::Any, tag("Internet")),
    };
    let first = match direction {
        Direction::Inbound => "AllowVnetInBound",
        Direction::Outbound => "AllowVnetOutBound",
    };
    let last = match direction {
        Direction::Inbound => "DenyAllInBound",
        Direction::Outbound => "DenyAllOutBound",
    };
    [
        (65000, first, Access::Allow, network.clone(), network),
        (65001, second.0, Access::Allow, second.1, second.2),
        (65500, last, Access::Deny, Side::Any, Side::Any),
    ]
    .into_iter()
    .map(|(priority, name, access, source, destination)| Line {
        name: name.to_owned(),
        priority,
        access,
        matches: Match::all(
            protocols(Protocol::Any),
            &source,
            &PortSet::all(),
            &destination,
            &PortSet::all(),
        ),
        requirement_ids: BTreeSet::new(),
    })
    .collect()
}

/// One side of a rule. The load balancer's tag is one address.
pub fn side(side: &AddressSide, world: &mut World) -> Side {
    match side {
        AddressSide::Any => Side::Any,
        AddressSide::Tag(tag) => tag_side(tag.as_str(), world),
        AddressSide::Prefixes(prefixes) => Side::Set(addresses::of_prefixes(prefixes)),
        AddressSide::Groups(ids) => group_side(ids, world),
    }
}

/// A service tag as a side: its addresses where they are known, else its name.
pub fn tag_side(tag: &str, world: &mut World) -> Side {
    match world.resolved(tag) {
        Some(set) => Side::Set(set),
        None if tag.eq_ignore_ascii_case("AzureLoadBalancer") => Side::Set(addresses::platform().clone()),
        None => Side::Atom(world.atom(Atom::Tag(tag.to_owned()))),
    }
}

/// The ports of a side.
pub fn port_set(ports: &Ports) -> PortSet {
    match ports {
        Ports::Any => PortSet::all(),
        Ports::Ranges(ranges) => PortSet::of(ranges.iter().map(|range| (range.first(), range.last()))),
    }
}
