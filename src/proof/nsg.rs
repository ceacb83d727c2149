//! Network security groups: priority order, first match, Azure's default rules.
//!
//! What Azure's platform answers (DNS, metadata) leaves past every rule but those of the platform's own tags.
//!
//! Stateful: whoever may open a connection gets its answers, so only the direction in which it is opened is looked at.

use std::collections::BTreeSet;

use super::{
    addresses,
    atoms::{Atom, World, is_platform},
    order::Decides,
    packet::protocols,
    region::{Match, PortSet, Side, group_side},
};
use crate::network::{Access, AddressSide, Direction, Ports, Protocol, SecurityRule};

/// The default rule that lets everything out.
const ALLOW_INTERNET: &str = "AllowInternetOutBound";

/// What no rule is: "basic infrastructure services … provided through 168.63.129.16 and 169.254.169.254 … aren't subject to" security rules
/// "unless targeted by service tags" of the platform (network-security-groups-overview). No rule may have this name.
pub const PLATFORM: &str = "Azure platform traffic";

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
        self.priority >= 65000 || self.is_platform()
    }

    /// Whether it is what passes every NSG.
    pub fn is_platform(&self) -> bool {
        self.name == PLATFORM
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
        let mut of_platform_tags = Vec::new();
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
            match &rule.destination {
                AddressSide::Tag(tag) if rule.direction == Direction::Outbound && is_platform(tag.as_str()) => {
                    of_platform_tags.push(line);
                }
                _ => nsg.lines_mut(rule.direction).push(line),
            }
        }
        nsg.inbound.extend(defaults(Direction::Inbound, world));
        nsg.outbound.extend(defaults(Direction::Outbound, world));
        nsg.inbound.sort_by_key(|line| line.priority);
        nsg.outbound.sort_by_key(|line| line.priority);
        of_platform_tags.sort_by_key(|line| line.priority);
        of_platform_tags.push(platform_traffic());
        nsg.outbound.splice(..0, of_platform_tags);
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

fn platform_traffic() -> Line {
    let addresses = addresses::platform().or(addresses::metadata());
    Line {
        name: PLATFORM.to_owned(),
        priority: 0,
        access: Access::Allow,
        matches: Match::all(
            protocols(Protocol::Any),
            &Side::Any,
            &PortSet::all(),
            &Side::Set(addresses),
            &PortSet::all(),
        ),
        requirement_ids: BTreeSet::new(),
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
        None if ["AzureLoadBalancer", "AzurePlatformDNS"]
            .iter()
            .any(|one| tag.eq_ignore_ascii_case(one)) =>
        {
            Side::Set(addresses::platform().clone())
        }
        None if tag.eq_ignore_ascii_case("AzurePlatformIMDS") => Side::Set(addresses::metadata().clone()),
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
