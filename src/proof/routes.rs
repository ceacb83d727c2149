//! Routes: which next hop a packet is given.
//!
//! The longest prefix wins; of equal ones the user's, then learned ones, then the system's. A service endpoint's route is the
//! system's and more specific than any prefix people write; an explicit prefix beats a service tag, a regional tag its global form,
//! and `AzureCloud` comes last (virtual-networks-udr-overview).

use super::{
    addresses::{self, AddressSet},
    atoms::World,
    nsg::tag_side,
    order::Decides,
    packet::protocols,
    region::{Match, PortSet, Side},
};
use crate::network::{Known, NextHop, Prefix, Protocol, Route, RouteDestination};

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
    /// Address spaces of the virtual network, as far as they are known.
    pub network: Vec<Prefix>,
    /// Service tags that the subnet's service endpoints reach.
    pub endpoint_tags: Vec<String>,
    /// Where a default route leads that a gateway or a virtual WAN brings, where there is one.
    pub learned_default: Option<Hop>,
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
    pub fn lines(&self, world: &mut World) -> Vec<RouteLine> {
        let mut lines = Vec::new();
        for tag in &self.endpoint_tags {
            let side = tag_side(tag, world);
            lines.push(line("service endpoint", tag, Hop::ServiceEndpoint, &side));
        }
        let mut by_length: Vec<(u8, bool, RouteLine)> = Vec::new();
        let mut defaults = Vec::new();
        let mut tags = Vec::new();
        for route in &self.routes {
            let destination = route.destination.to_string();
            let own = |side: &Side| RouteLine {
                is_own: true,
                ..line(route.name.as_str(), &destination, hop(&route.next_hop), side)
            };
            match &route.destination {
                RouteDestination::Prefix(prefix) if prefix.is_everything() => {
                    defaults.push(own(&Side::Set(addresses::of_prefix(prefix))));
                }
                RouteDestination::Prefix(prefix) => {
                    // Of two families, lengths may be compared: their prefixes never compete.
                    by_length.push((prefix.length(), true, own(&Side::Set(addresses::of_prefix(prefix)))));
                }
                RouteDestination::Tag(tag) => {
                    let rank = (
                        tag.as_str().to_lowercase().starts_with("azurecloud"),
                        !tag.as_str().contains('.'),
                        tag.as_str().to_owned(),
                    );
                    let side = tag_side(tag.as_str(), world);
                    tags.push((rank, own(&side)));
                }
            }
        }
        for prefix in &self.network {
            let side = Side::Set(addresses::of_prefix(prefix));
            let system = line("system", &prefix.to_string(), Hop::VirtualNetwork, &side);
            by_length.push((prefix.length(), false, system));
        }
        // Longest first; the system's route of the same length after the user's.
        by_length.sort_by(|one, other| other.0.cmp(&one.0).then(other.1.cmp(&one.1)));
        let network = world.network();
        lines.extend(by_length.into_iter().map(|(_, _, line)| line));
        if !network.is_empty() {
            lines.push(line(
                "system",
                "virtual network",
                Hop::VirtualNetwork,
                &Side::Set(network),
            ));
        }
        tags.sort_by(|one, other| one.0.cmp(&other.0));
        lines.extend(tags.into_iter().map(|(_, line)| line));
        let private = addresses::public().complement();
        lines.push(line(
            "system",
            "private space",
            Hop::PrivateNetwork,
            &Side::Set(private),
        ));
        lines.extend(defaults);
        if let Some(hop) = &self.learned_default {
            lines.push(line(
                "learned",
                "0.0.0.0/0",
                hop.clone(),
                &Side::Set(addresses::every_ipv4().clone()),
            ));
        }
        lines.push(line("system", "0.0.0.0/0", Hop::Internet, &Side::Any));
        lines
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
        matches: Match::all(
            protocols(Protocol::Any),
            &Side::Any,
            &PortSet::all(),
            side,
            &PortSet::all(),
        ),
    }
}
