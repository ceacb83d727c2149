//! A tiny universe around an expansion: every service tag and every host is one address of its own, or one inside what covers it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use lockeddown::{
    network::{
        AddressSide, DefaultNextHop, Direction, Flow, FlowPeer, NetworkPolicy, NetworkRuleDestination, Passage, Ports,
        Prefix, Protocol, RouteDestination,
    },
    proof::{
        firewall::Layer,
        model::{Given, WayOut},
    },
};

use crate::{
    mutants::Written,
    oracle::{
        Probe,
        path::{Around, Hop},
    },
};

/// What of it is looked at.
pub(crate) struct Universe {
    tags: Vec<String>,
    /// Hosts by name, each with its address.
    hosts: BTreeMap<String, IpAddr>,
    peers: Vec<IpAddr>,
    ports: Vec<u16>,
    /// The subnet.
    pub(crate) network: Vec<Prefix>,
    /// Where a default route leads that is not the expansion's.
    pub(crate) learned: Option<Hop>,
}

/// A packet, and the host that it is meant for.
pub(crate) type Meant<'u> = (Probe, Option<&'u str>);

impl Universe {
    /// Around an expansion and a change of it.
    pub(crate) fn of(before: &NetworkPolicy, after: &NetworkPolicy) -> Universe {
        let mut tags = BTreeSet::from(["AzureTrafficManager".to_owned()]);
        let mut peers: BTreeSet<IpAddr> = ["10.77.0.9", "198.51.100.7"].map(|text| text.parse().unwrap()).into();
        let mut ports = BTreeSet::from([1, 65000]);
        for policy in [before, after] {
            for rule in policy.security_rules.values() {
                for side in [&rule.source, &rule.destination] {
                    match side {
                        AddressSide::Tag(tag) => _ = tags.insert(tag.to_string()),
                        AddressSide::Prefixes(prefixes) => {
                            peers.extend(prefixes.iter().map(|prefix| IpNet::from(*prefix).broadcast()));
                        }
                        AddressSide::Any | AddressSide::Groups(_) => {}
                    }
                }
                if let Ports::Ranges(ranges) = &rule.destination_ports {
                    ports.extend(ranges.iter().flat_map(|range| [range.first(), range.last()]));
                }
            }
            for route in policy.routes.values() {
                if let RouteDestination::Tag(tag) = &route.destination {
                    tags.insert(tag.to_string());
                }
            }
            for rule in policy.network_rule_collections.iter().flat_map(|all| &all.rules) {
                if let NetworkRuleDestination::Tag(tag) = &rule.destination {
                    tags.insert(tag.to_string());
                }
                ports.extend(
                    rule.ports
                        .iter()
                        .filter_map(|text| text.split('-').next()?.parse::<u16>().ok()),
                );
            }
            for flow in policy.flows.values() {
                match &flow.peer {
                    FlowPeer::Tag(tag)
                    | FlowPeer::Host {
                        covered_by: Some(tag), ..
                    } => _ = tags.insert(tag.to_string()),
                    FlowPeer::Prefixes(prefixes) => {
                        peers.extend(prefixes.iter().map(|prefix| IpNet::from(*prefix).broadcast()));
                    }
                    _ => {}
                }
            }
        }
        for context in ["Internet", "VirtualNetwork", "AzureLoadBalancer"] {
            tags.remove(context);
        }
        let tags: Vec<String> = tags.into_iter().collect();
        let mut hosts = BTreeMap::new();
        for flow in before.flows.values() {
            if let FlowPeer::Host { name, covered_by } = &flow.peer {
                let own = [20, 2, 0, u8::try_from(hosts.len()).unwrap()].into();
                let covering = covered_by
                    .as_ref()
                    .and_then(|tag| tags.iter().position(|other| other == tag.as_str()));
                hosts.insert(name.clone(), covering.map_or(own, address_of));
            }
        }
        for (position, flow) in before.flows.values().enumerate() {
            if let FlowPeer::HostTag(tag) = &flow.peer {
                hosts.insert(
                    format!("FQDN tag {tag}"),
                    [20, 3, u8::try_from(position).unwrap(), 1].into(),
                );
            }
        }
        hosts.insert("nobody.asked.example".to_owned(), [20, 2, 1, 1].into());
        let network = match Given::of_policy(before).subnet {
            network if network.is_empty() => vec!["10.77.1.0/24".parse().unwrap()],
            network => network,
        };
        peers.extend(network.iter().map(|prefix| IpNet::from(*prefix).broadcast()));
        peers.extend((0..tags.len()).map(address_of));
        Universe {
            tags,
            hosts,
            peers: peers.into_iter().collect(),
            ports: ports.into_iter().collect(),
            network,
            // Whoever changes the expansion changes nothing of what others bring.
            learned: before
                .default_route
                .filter(|route| route.learned)
                .and_then(|route| match route.next_hop {
                    DefaultNextHop::Internet => None,
                    DefaultNextHop::VirtualAppliance => Some(Hop::Appliance),
                    DefaultNextHop::VirtualNetworkGateway => Some(Hop::Gateway),
                }),
        }
    }

    /// The prefixes of a service tag: its own, and those of its regional forms.
    pub(crate) fn prefixes(&self, tag: &str) -> Vec<IpNet> {
        let within = |other: &str| other == tag || other.strip_prefix(tag).is_some_and(|rest| rest.starts_with('.'));
        let positions = self.tags.iter().enumerate().filter(|(_, other)| within(other));
        positions
            .map(|(position, _)| IpNet::from(address_of(position)))
            .collect()
    }

    pub(crate) fn in_tag(&self, tag: &str, address: IpAddr) -> bool {
        let network = self
            .network
            .iter()
            .any(|prefix| IpNet::from(*prefix).contains(&address));
        let private = matches!(address, IpAddr::V4(address) if address.is_private());
        match tag {
            "VirtualNetwork" => network || address.to_string() == "10.77.0.9",
            "AzureLoadBalancer" => false,
            "Internet" => !network && !private,
            tag => self.prefixes(tag).iter().any(|net| net.contains(&address)),
        }
    }

    /// Every packet, those to hosts behind those to addresses.
    pub(crate) fn packets(&self) -> impl Iterator<Item = Meant<'_>> {
        let local = move || self.network.iter().map(|prefix| IpNet::from(*prefix).broadcast());
        let kinds = move || {
            let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Icmp].into_iter();
            protocols.flat_map(move |protocol| self.ports.iter().map(move |port| (protocol, *port)))
        };
        let probe =
            |direction: Direction, (protocol, port): (Protocol, u16), source: IpAddr, destination: IpAddr| Probe {
                direction,
                protocol,
                source,
                source_port: 1024,
                destination,
                port,
            };
        let ends = move || local().flat_map(move |here| self.peers.iter().map(move |there| (here, *there)));
        let outbound = ends().flat_map(move |(here, there)| {
            kinds().map(move |kind| (probe(Direction::Outbound, kind, here, there), None))
        });
        let inbound = ends().flat_map(move |(here, there)| {
            kinds().map(move |kind| (probe(Direction::Inbound, kind, there, here), None))
        });
        let to_hosts = local().flat_map(move |here| {
            self.hosts.iter().flat_map(move |(name, there)| {
                kinds().map(move |kind| (probe(Direction::Outbound, kind, here, *there), Some(name.as_str())))
            })
        });
        outbound.chain(inbound).chain(to_hosts)
    }

    /// Whether the flow asks for the packet.
    pub(crate) fn asks(&self, flow: &Flow, (probe, host): &Meant<'_>) -> bool {
        let (here, there) = match probe.direction {
            Direction::Outbound => (probe.source, probe.destination),
            Direction::Inbound => (probe.destination, probe.source),
        };
        let port = if matches!(probe.protocol, Protocol::Tcp | Protocol::Udp) {
            probe.port
        } else {
            0
        };
        flow.direction == probe.direction
            && !matches!(flow.passage, Passage::Closed | Passage::Proxy)
            && (flow.protocol == Protocol::Any || flow.protocol == probe.protocol)
            && match &flow.local {
                AddressSide::Prefixes(prefixes) => prefixes.iter().any(|prefix| IpNet::from(*prefix).contains(&here)),
                _ => true,
            }
            && match &flow.ports {
                Ports::Any => true,
                Ports::Ranges(ranges) => ranges.iter().any(|range| range.first() <= port && port <= range.last()),
            }
            && match &flow.peer {
                FlowPeer::Any => true,
                FlowPeer::Prefixes(prefixes) => prefixes.iter().any(|prefix| IpNet::from(*prefix).contains(&there)),
                FlowPeer::Tag(tag) => self.in_tag(tag.as_str(), there),
                FlowPeer::Host { name, .. } => *host == Some(name.as_str()),
                FlowPeer::HostTag(tag) => *host == Some(format!("FQDN tag {tag}").as_str()),
                FlowPeer::Groups(_) => false,
            }
    }

    /// Whether the flow is about the address, whatever the port: it goes to it, or comes from it.
    pub(crate) fn names(&self, flow: &Flow, address: IpAddr) -> bool {
        match &flow.peer {
            FlowPeer::Any => true,
            FlowPeer::Prefixes(prefixes) => prefixes.iter().any(|prefix| IpNet::from(*prefix).contains(&address)),
            FlowPeer::Tag(tag) => self.in_tag(tag.as_str(), address),
            FlowPeer::Host { name, .. } => self.hosts.get(name) == Some(&address),
            FlowPeer::HostTag(_) | FlowPeer::Groups(_) => false,
        }
    }

    /// Asks the oracle about what is written.
    pub(crate) fn around<T>(&self, written: &Written, ask: impl FnOnce(&Around<'_>) -> T) -> T {
        let groups = [written.policy.security_rules.values().cloned().collect()];
        let routes: Vec<_> = written.policy.routes.values().cloned().collect();
        let layers: Option<Vec<Layer>> = written
            .firewall
            .clone()
            .or_else(|| Given::of_policy(&written.policy).firewall);
        ask(&Around {
            groups: &groups,
            routes: &routes,
            network: &self.network,
            endpoint_tags: &[],
            learned: self.learned,
            firewall: layers.as_deref(),
            way_out: WayOut::NotSaid,
            prefixes: &|tag| self.prefixes(tag),
            in_tag: &|tag, address| self.in_tag(tag, address),
        })
    }
}

fn address_of(position: usize) -> IpAddr {
    [20, 1, u8::try_from(position).unwrap(), 1].into()
}
