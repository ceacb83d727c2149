//! Routes: which next hop a packet is given.
//!
//! The longest prefix wins; of equal ones the user's, then learned ones, then the system's; of a user's equal ones an explicit prefix
//! beats a service tag, a regional tag its global form, and `AzureCloud` comes last (virtual-networks-udr-overview). A tag stands for the
//! prefixes that Microsoft lists for it, and so does a service endpoint. Where nobody says them, they are taken to be as long as those
//! of every publication are, and where even that decides nothing there are two orders ([`Routes`]).

use super::{
    addresses::{self, AddressSet},
    atoms::World,
    nsg::tag_side,
    order::Decides,
    packet::protocols,
    region::{Block, Match, PortSet, Side},
    verdict::Doubt,
};
use crate::network::{Family, Known, NextHop, Prefix, Protocol, Route, RouteDestination};

/// Where a packet goes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hop {
    /// To its destination inside the virtual network.
    VirtualNetwork,
    /// To private space outside it, by peering or gateway; their routes are more specific than a default route.
    PrivateNetwork,
    /// To the service, over Azure's backbone.
    ServiceEndpoint,
    /// Straight out.
    Internet,
    /// To an appliance.
    Appliance(Option<String>),
    /// To the gateway, and on to a site.
    Gateway,
    /// Nowhere: dropped.
    Nowhere,
}

impl Hop {
    /// In words.
    pub fn in_words(&self) -> String {
        match self {
            Hop::VirtualNetwork => "the virtual network".to_owned(),
            Hop::PrivateNetwork => "private space outside the virtual network".to_owned(),
            Hop::ServiceEndpoint => "the service endpoint".to_owned(),
            Hop::Internet => "the internet".to_owned(),
            Hop::Appliance(Some(address)) => format!("the appliance at {address}"),
            Hop::Appliance(None) => "an appliance".to_owned(),
            Hop::Gateway => "the virtual network gateway".to_owned(),
            Hop::Nowhere => "nowhere".to_owned(),
        }
    }
}

/// A route as the proof sees it.
#[derive(Clone, Debug)]
pub struct RouteLine {
    /// The route's name, or what the system calls it.
    pub name: String,
    /// Its destination.
    pub destination: String,
    /// Where it leads.
    pub hop: Hop,
    /// Whether the user wrote it.
    pub is_own: bool,
    /// Whether it is a default route.
    pub is_default: bool,
    matches: Vec<Match>,
}

impl Decides for RouteLine {
    fn matches(&self) -> &[Match] {
        &self.matches
    }
}

/// What a subnet's routes are made of.
#[derive(Clone, Debug, Default)]
pub struct RouteTable {
    /// The user's routes.
    pub routes: Vec<Route>,
    /// Address spaces of the virtual network, as far as they are known: the system has a route to each.
    pub network: Vec<Prefix>,
    /// The subnet's own prefixes. Each lies in a space of the virtual network, and the system's route is that space's.
    pub subnet: Vec<Prefix>,
    /// Service tags that the subnet's service endpoints reach.
    pub endpoint_tags: Vec<String>,
    /// Where a default route leads that a gateway or a virtual WAN brings, where there is one.
    pub learned_default: Option<Hop>,
}

/// Routes in the order in which they win.
#[derive(Clone, Debug, Default)]
pub struct Routes {
    /// The order, with every explicit prefix that may be the longer one before the tags, and the virtual network's space before every
    /// route that covers the subnet.
    pub lines: Vec<RouteLine>,
    /// The orders that are possible besides, where nobody says which is so.
    pub others: Vec<OtherOrder>,
}

/// An order of the routes that is possible too.
#[derive(Clone, Debug)]
pub struct OtherOrder {
    /// The order.
    pub lines: Vec<RouteLine>,
    /// What it depends on.
    pub doubt: Doubt,
}

/// The shortest prefixes of a service tag in any publication, by family (azure-requirements 7).
const SHORTEST_OF_TAGS: [(Family, u8); 2] = [(Family::V4, 14), (Family::V6, 40)];

/// What no route leads anywhere else.
const PLATFORM_ADDRESSES: &str = "168.63.129.16, 169.254.169.254";

/// Among routes of one length: who wins.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Explicit,
    /// A user's route to a tag; the global form after the regional ones, `AzureCloud` last.
    Tag(bool, bool, String),
    Endpoint,
    System,
}

#[derive(Clone)]
struct Ranked {
    /// `None` for a tag whose prefixes nobody says.
    length: Option<u8>,
    family: Option<Family>,
    rank: Rank,
    line: RouteLine,
}

impl Ranked {
    /// Whether it may lose against a tag, and whether it may win.
    fn against_tags(&self) -> (bool, bool) {
        let (Some(length), Some(family)) = (self.length, self.family) else {
            return (false, false);
        };
        let shortest = SHORTEST_OF_TAGS.iter().find(|(other, _)| *other == family);
        let single = if family == Family::V4 { 32 } else { 128 };
        (
            length < single,
            shortest.is_some_and(|(_, shortest)| length >= *shortest),
        )
    }
}

impl RouteTable {
    /// What the routes' destinations add to the tag `VirtualNetwork`.
    pub fn routed(&self) -> AddressSet {
        let prefixes = self.routes.iter().filter_map(|route| match &route.destination {
            RouteDestination::Prefix(prefix) => Some(prefix),
            RouteDestination::Tag(_) => None,
        });
        let learned = match &self.learned_default {
            Some(_) => addresses::every_ipv4().clone(),
            None => AddressSet::none(),
        };
        addresses::of_prefixes(prefixes).or(&learned)
    }

    /// The routes in the order in which they win, the system's among them.
    pub fn lines(&self, world: &mut World) -> Routes {
        let mut ranked = Vec::new();
        let mut defaults = Vec::new();
        for route in &self.routes {
            let destination = route.destination.to_string();
            let own = |side: &Side| RouteLine {
                is_own: true,
                ..line(route.name.as_str(), &destination, hop(&route.next_hop), side)
            };
            match &route.destination {
                RouteDestination::Prefix(prefix) if prefix.is_everything() => {
                    let line = own(&Side::Set(addresses::of_prefix(prefix)));
                    defaults.push(RouteLine {
                        is_default: true,
                        ..line
                    });
                }
                RouteDestination::Prefix(prefix) => ranked.push(of_prefix(prefix, Rank::Explicit, &own)),
                RouteDestination::Tag(tag) => {
                    let rank = Rank::Tag(
                        tag.as_str().to_lowercase().starts_with("azurecloud"),
                        !tag.as_str().contains('.'),
                        tag.as_str().to_owned(),
                    );
                    ranked.extend(of_tag(tag.as_str(), &rank, world, &own));
                }
            }
        }
        for tag in &self.endpoint_tags {
            let endpoint = |side: &Side| line("service endpoint", tag, Hop::ServiceEndpoint, side);
            ranked.extend(of_tag(tag, &Rank::Endpoint, world, &endpoint));
        }
        let system = |prefix: &Prefix| {
            let line = |side: &Side| line("system", &prefix.to_string(), Hop::VirtualNetwork, side);
            of_prefix(prefix, Rank::System, &line)
        };
        ranked.extend(self.network.iter().map(system));
        let in_a_space = |own: &Prefix| self.network.iter().any(|space| space.contains(own));
        let spaceless: Vec<&Prefix> = self.subnet.iter().filter(|own| !in_a_space(own)).collect();
        // "168.63.129.16 is a virtual IP of the host node and as such it isn't subject to user defined routes" (what-is-ip-address-168-63-129-16);
        // 169.254.169.254 is not routable at all (instance-metadata-service). Both are the machine's host.
        let platform = addresses::platform().or(addresses::metadata());
        let first = line(
            "Azure platform",
            PLATFORM_ADDRESSES,
            Hop::VirtualNetwork,
            &Side::Set(platform),
        );
        let mut last = defaults;
        let private = addresses::public().complement();
        let to_peers = line("system", "private space", Hop::PrivateNetwork, &Side::Set(private));
        last.insert(0, to_peers);
        if let Some(hop) = &self.learned_default {
            last.push(line(
                "learned",
                "0.0.0.0/0",
                hop.clone(),
                &Side::Set(addresses::every_ipv4().clone()),
            ));
        }
        last.push(line("system", "0.0.0.0/0", Hop::Internet, &Side::Any));
        let with_spaces = |length: &dyn Fn(&Prefix) -> u8| {
            let spaces = spaceless.iter().map(|prefix| Ranked {
                length: Some(length(prefix)),
                ..system(prefix)
            });
            ordered(ranked.iter().cloned().chain(spaces).collect(), &last)
        };
        let mut routes = with_spaces(&Prefix::length);
        if let Some(covering) = self.covering(&spaceless) {
            let wide = with_spaces(&addresses::shortest_space);
            let doubt = space_doubt(covering);
            routes.others.extend(wide.others.into_iter().map(|other| OtherOrder {
                doubt: doubt.with(&other.doubt),
                ..other
            }));
            routes.others.push(OtherOrder {
                lines: wide.lines,
                doubt,
            });
        }
        let all = routes.others.iter_mut().map(|other| &mut other.lines);
        for lines in all.chain([&mut routes.lines]) {
            lines.insert(0, first.clone());
        }
        routes
    }

    /// The narrowest route that covers one of the prefixes, and perhaps its whole space: "10.0.0.0/16" to an appliance takes what a subnet
    /// sends to itself, too, unless the virtual network's own space is narrower (virtual-networks-udr-overview, the example's route 3).
    fn covering(&self, spaceless: &[&Prefix]) -> Option<&Prefix> {
        let prefixes = self.routes.iter().filter_map(|route| match &route.destination {
            RouteDestination::Prefix(prefix) => Some(prefix),
            RouteDestination::Tag(_) => None,
        });
        let covers = |route: &&Prefix| {
            let around = |own: &&Prefix| {
                let lengths = addresses::shortest_space(own)..own.length();
                lengths.contains(&route.length()) && route.contains(own)
            };
            spaceless.iter().any(around)
        };
        prefixes.filter(covers).max_by_key(|prefix| prefix.length())
    }
}

fn space_doubt(covering: &Prefix) -> Doubt {
    Doubt {
        so: format!("the virtual network's address space, which nobody says, is not narrower than `{covering}`"),
        not: format!("the virtual network's address space, which nobody says, is narrower than `{covering}`"),
    }
}

/// About the prefixes that Microsoft lists for a tag.
fn tags_doubt() -> Doubt {
    let listed = "the addresses that Microsoft lists for a service tag are in";
    Doubt {
        so: format!("{listed} longer prefixes than the route that covers them"),
        not: format!("{listed} no longer prefixes than the route that covers them"),
    }
}

/// Longest first, those of a tag whose prefixes nobody says between the prefixes that are surely longer and those surely shorter.
fn ordered(mut ranked: Vec<Ranked>, last: &[RouteLine]) -> Routes {
    // Of two families, lengths may be compared: their prefixes never compete.
    ranked.sort_by(|one, other| other.length.cmp(&one.length).then_with(|| one.rank.cmp(&other.rank)));
    let (mut tags, prefixes): (Vec<Ranked>, Vec<Ranked>) = ranked.into_iter().partition(|entry| entry.length.is_none());
    tags.sort_by_key(turn);
    if tags.is_empty() {
        let lines = prefixes.into_iter().map(|entry| entry.line);
        return Routes {
            lines: lines.chain(last.iter().cloned()).collect(),
            others: Vec::new(),
        };
    }
    let undecided = prefixes
        .iter()
        .any(|entry| entry.against_tags() == (true, true) && entry.line.reaches_the_public_internet());
    let order = |before_tags: &dyn Fn((bool, bool)) -> bool| -> Vec<RouteLine> {
        let (before, after): (Vec<&Ranked>, Vec<&Ranked>) = prefixes
            .iter()
            .partition(|entry| before_tags(entry.against_tags()) || !entry.line.reaches_the_public_internet());
        let lines = before
            .into_iter()
            .chain(&tags)
            .chain(after)
            .map(|entry| entry.line.clone());
        lines.chain(last.iter().cloned()).collect()
    };
    Routes {
        lines: order(&|(_, may_win)| may_win),
        others: Vec::from_iter(undecided.then(|| OtherOrder {
            lines: order(&|(may_lose, _)| !may_lose),
            doubt: tags_doubt(),
        })),
    }
}

/// Regional prefixes are mostly not in the global form's list, and longer than those that hold them: an endpoint's win there. Where the endpoint
/// has the very tag of the route, the prefixes are the same, and the user's win.
fn turn(entry: &Ranked) -> u8 {
    match &entry.rank {
        Rank::Tag(true, ..) => 4,
        Rank::Tag(_, true, _) => 2,
        Rank::Endpoint if entry.line.destination.contains('.') => 1,
        Rank::Endpoint => 3,
        _ => 0,
    }
}

fn of_prefix(prefix: &Prefix, rank: Rank, line: &dyn Fn(&Side) -> RouteLine) -> Ranked {
    Ranked {
        length: Some(prefix.length()),
        family: Some(prefix.family()),
        rank,
        line: line(&Side::Set(addresses::of_prefix(prefix))),
    }
}

/// A line for each length among the tag's prefixes; one where nobody says them.
fn of_tag(tag: &str, rank: &Rank, world: &mut World, line: &dyn Fn(&Side) -> RouteLine) -> Vec<Ranked> {
    let Some(addresses) = world.resolved(tag) else {
        return vec![Ranked {
            length: None,
            family: None,
            rank: rank.clone(),
            line: line(&tag_side(tag, world)),
        }];
    };
    let by_length = addresses::by_length(&addresses).into_iter();
    let ranked = by_length.map(|((family, length), part)| Ranked {
        length: Some(length),
        family: Some(family),
        rank: rank.clone(),
        line: line(&Side::Set(part)),
    });
    ranked.collect()
}

impl RouteLine {
    /// What a user's route leads to where nobody has such addresses: private ones to the internet, public ones into the virtual network. That
    /// hop "routes traffic between address ranges within the address space of a virtual network" (virtual-networks-udr-overview); which private
    /// ranges are in it, the configuration need not say.
    pub fn unreached(&self, world: &World) -> Option<Match> {
        let unreached = match self.hop {
            Hop::Internet if self.is_own => addresses::public().complement(),
            Hop::VirtualNetwork if self.is_own => addresses::public().without(&world.network()),
            _ => return None,
        };
        Some(Match::to(Side::Set(unreached)))
    }

    /// What of the packets gets lost that way.
    pub fn lost<'b>(&self, blocks: impl IntoIterator<Item = &'b Block>, world: &World) -> Vec<Block> {
        let Some(unreached) = self.unreached(world) else {
            return Vec::new();
        };
        blocks
            .into_iter()
            .filter_map(|block| block.and(&unreached, world))
            .collect()
    }

    fn reaches_the_public_internet(&self) -> bool {
        self.matches.iter().any(|rule| match &rule.destination {
            Side::Set(set) => set.meets(addresses::public()),
            Side::Any | Side::Atom(_) => true,
        })
    }
}

fn hop(next: &NextHop) -> Hop {
    match next {
        NextHop::VirtualNetworkGateway => Hop::Gateway,
        NextHop::VnetLocal => Hop::VirtualNetwork,
        NextHop::Internet => Hop::Internet,
        NextHop::VirtualAppliance(Known::Is(address)) => Hop::Appliance(Some(address.clone())),
        NextHop::VirtualAppliance(Known::NotYet) => Hop::Appliance(None),
        NextHop::None => Hop::Nowhere,
    }
}

fn line(name: &str, destination: &str, hop: Hop, side: &Side) -> RouteLine {
    RouteLine {
        name: name.to_owned(),
        destination: destination.to_owned(),
        hop,
        is_own: false,
        is_default: false,
        matches: Match::all(
            protocols(Protocol::Any),
            &Side::Any,
            &PortSet::all(),
            side,
            &PortSet::all(),
        ),
    }
}
