//! User-defined routes.

use std::{collections::BTreeSet, fmt};

use super::{Known, Prefix, RuleName, ServiceTag};

/// A route of a route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// Unique in the table, without case.
    pub name: RuleName,
    /// Where the packets go to. A table holds each prefix once and at most 25 tags (virtual-networks-udr-overview).
    pub destination: RouteDestination,
    /// Who gets them next.
    pub next_hop: NextHop,
    /// The requirements that ask for the route.
    pub requirement_ids: BTreeSet<String>,
}

/// The destination of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RouteDestination {
    /// An address prefix.
    Prefix(Prefix),
    /// A service tag (generally available since March 2022).
    Tag(ServiceTag),
}

impl fmt::Display for RouteDestination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RouteDestination::Prefix(prefix) => prefix.fmt(formatter),
            RouteDestination::Tag(tag) => tag.fmt(formatter),
        }
    }
}

/// Where a subnet's default route leads, as far as a workload was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultRoute {
    /// Who gets what no longer prefix names.
    pub next_hop: DefaultNextHop,
    /// Whether a gateway or a virtual WAN brings it, so that no table shows it.
    pub learned: bool,
}

impl DefaultRoute {
    /// One that a gateway or a virtual WAN brings, unless it is Azure's own.
    pub fn of_others(next_hop: DefaultNextHop) -> DefaultRoute {
        DefaultRoute {
            next_hop,
            learned: next_hop != DefaultNextHop::Internet,
        }
    }
}

/// The next hop of a default route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultNextHop {
    /// Straight out, which is Azure's own.
    Internet,
    /// A firewall or another appliance.
    VirtualAppliance,
    /// A gateway, and a site behind it.
    VirtualNetworkGateway,
}

impl DefaultNextHop {
    /// Every next hop.
    pub const ALL: [DefaultNextHop; 3] = [
        DefaultNextHop::Internet,
        DefaultNextHop::VirtualAppliance,
        DefaultNextHop::VirtualNetworkGateway,
    ];

    /// ARM's word.
    pub fn as_str(self) -> &'static str {
        match self {
            DefaultNextHop::Internet => "Internet",
            DefaultNextHop::VirtualAppliance => "VirtualAppliance",
            DefaultNextHop::VirtualNetworkGateway => "VirtualNetworkGateway",
        }
    }

    /// The next hop of that word.
    pub fn from_word(word: &str) -> Option<DefaultNextHop> {
        DefaultNextHop::ALL.into_iter().find(|hop| hop.as_str() == word)
    }
}

/// The next hop of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NextHop {
    /// The VPN gateway of the virtual network.
    VirtualNetworkGateway,
    /// The virtual network itself.
    VnetLocal,
    /// Straight out.
    Internet,
    /// A firewall or another appliance, by its private address, which may be known only after apply.
    VirtualAppliance(Known<String>),
    /// Nowhere.
    None,
}

impl NextHop {
    /// ARM's word.
    pub fn as_str(&self) -> &'static str {
        match self {
            NextHop::VirtualNetworkGateway => "VirtualNetworkGateway",
            NextHop::VnetLocal => "VnetLocal",
            NextHop::Internet => "Internet",
            NextHop::VirtualAppliance(_) => "VirtualAppliance",
            NextHop::None => "None",
        }
    }
}
