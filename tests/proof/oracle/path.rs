//! What happens to one packet behind the groups: the route it takes, what the firewall says, and the way of its answer.

use std::net::IpAddr;

use ipnet::IpNet;
use lockeddown::{
    network::{
        Access, ApplicationProtocol, ApplicationRule, ApplicationRuleDestination, Direction, FirewallSource, Flow,
        Known, NetworkRule, NetworkRuleDestination, NextHop, Passage, Prefix, Protocol, Route, RouteDestination,
        SecurityRule,
    },
    proof::{
        firewall::{Collection, Layer},
        model::WayOut,
    },
};

use super::{Probe, allows, is_platform};

/// What stands around the subnet, with every address known.
pub(crate) struct Around<'a> {
    pub(crate) groups: &'a [Vec<SecurityRule>],
    pub(crate) routes: &'a [Route],
    pub(crate) network: &'a [Prefix],
    pub(crate) endpoint_tags: &'a [String],
    /// Where a gateway brings a default route to.
    pub(crate) learned: Option<Hop>,
    pub(crate) firewall: Option<&'a [Layer]>,
    pub(crate) way_out: WayOut,
    /// The prefixes that stand for a service tag.
    pub(crate) prefixes: &'a dyn Fn(&str) -> Vec<IpNet>,
    pub(crate) in_tag: &'a dyn Fn(&str, IpAddr) -> bool,
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Passes,
    Stopped,
    /// Somebody of whom nothing is known decides.
    Others,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hop {
    Delivered,
    /// To private space, by the routes of peerings and gateways.
    Peers,
    Internet,
    Appliance,
    /// An appliance that is not the firewall.
    Stranger,
    Gateway,
    Nowhere,
}

/// Where an appliance stands that is not the firewall.
pub(crate) const STRANGER: &str = "10.0.1.5";

/// The length of a prefix, and whose it is: the highest wins.
type Place = (u8, std::cmp::Reverse<(u8, String)>);

/// How long a user's route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Length {
    Default,
    Longer,
}

impl Around<'_> {
    /// The fate of a packet that opens a connection. `host` is the name it is meant for.
    pub(crate) fn fate(&self, probe: &Probe, host: Option<&str>) -> Fate {
        if !self.groups.iter().all(|rules| allows(rules, probe, self.in_tag)) {
            return Fate::Stopped;
        }
        if probe.direction == Direction::Inbound {
            let (answers, own) = self.next_hop(probe.source);
            let arrive = match answers {
                Hop::Nowhere => false,
                Hop::Appliance | Hop::Stranger | Hop::Gateway => is_private(probe.source),
                Hop::Internet => own.is_none() || !is_private(probe.source),
                Hop::Delivered => own.is_none() || self.may_be_inside(probe.source),
                Hop::Peers => true,
            };
            return if arrive { Fate::Passes } else { Fate::Stopped };
        }
        let (hop, own) = self.next_hop(probe.destination);
        match (hop, self.firewall) {
            // Nobody on the internet has a private address.
            (Hop::Internet, _) if own.is_some() && is_private(probe.destination) => Fate::Stopped,
            // Nor has anybody a public one inside the virtual network.
            (Hop::Delivered, _) if own.is_some() && !self.may_be_inside(probe.destination) => Fate::Stopped,
            (Hop::Internet, _) if self.way_out == WayOut::Missing => Fate::Stopped,
            (Hop::Delivered | Hop::Peers | Hop::Internet, _) => Fate::Passes,
            (Hop::Nowhere, _) => Fate::Stopped,
            (Hop::Gateway | Hop::Stranger, _) | (Hop::Appliance, None) => Fate::Others,
            (Hop::Appliance, Some(layers)) if self.firewall_allows(layers, probe, host) => Fate::Passes,
            (Hop::Appliance, Some(_)) => Fate::Stopped,
        }
    }

    /// Whether the packet gets what a flow asks for: to its destination, or to the appliance that is to judge it.
    pub(crate) fn serves(&self, flow: &Flow, probe: &Probe, host: Option<&str>) -> bool {
        let by_groups = self.groups.iter().all(|rules| allows(rules, probe, self.in_tag));
        let passage = flow.passage;
        let calls = |callers: &Prefix| IpNet::from(*callers).contains(&probe.source);
        match (probe.direction, passage) {
            // Whoever does not call gets no answers.
            (Direction::Inbound, _) if !flow.callers.is_empty() && !flow.callers.iter().any(calls) => return by_groups,
            // What the appliance itself hands over goes back to it.
            (Direction::Inbound, Passage::Handover) => return by_groups,
            // A default route that somebody else brings takes the answers to whoever is not in private space.
            (Direction::Inbound, _) if flow.learned_route && self.next_hop(probe.source) == (Hop::Internet, None) => {
                return false;
            }
            (Direction::Inbound, _) | (_, Passage::Direct | Passage::ToProxy) => {
                return self.fate(probe, host) == Fate::Passes;
            }
            _ => {}
        }
        let (hop, own) = self.next_hop(probe.destination);
        let past = matches!(hop, Hop::Internet | Hop::Peers) && own != Some(Length::Longer);
        match passage {
            _ if past => false,
            Passage::Handover => {
                let is_lost = match hop {
                    Hop::Nowhere => true,
                    Hop::Internet => is_private(probe.destination),
                    Hop::Delivered => own.is_some() && !self.may_be_inside(probe.destination),
                    _ => false,
                };
                by_groups && !is_lost
            }
            _ => self.fate(probe, host) == Fate::Passes,
        }
    }

    /// Every private range may be one of the virtual network's; of the public ones those that it says.
    fn may_be_inside(&self, address: IpAddr) -> bool {
        let mut spaces = self.network.iter();
        is_private(address) || spaces.any(|prefix| IpNet::from(*prefix).contains(&address))
    }

    /// The longest prefix; of equal ones the user's explicit one, the user's tags, an endpoint's, the system's. With it, whether the
    /// user wrote the route.
    pub(crate) fn next_hop(&self, address: IpAddr) -> (Hop, Option<Length>) {
        // The machine's own host, which no route leads away from.
        if is_platform(address) {
            return (Hop::Delivered, None);
        }
        let mut best: Option<(Place, Hop)> = None;
        let mut offer = |net: IpNet, rank: u8, name: &str, hop: Hop| {
            let key = (net.prefix_len(), std::cmp::Reverse((rank, name.to_owned())));
            if net.contains(&address) && best.as_ref().is_none_or(|(other, _)| key > *other) {
                best = Some((key, hop));
            }
        };
        for route in self.routes {
            let hop = match &route.next_hop {
                NextHop::VirtualNetworkGateway => Hop::Gateway,
                NextHop::VnetLocal => Hop::Delivered,
                NextHop::Internet => Hop::Internet,
                NextHop::VirtualAppliance(Known::Is(address)) if address == STRANGER => Hop::Stranger,
                NextHop::VirtualAppliance(_) => Hop::Appliance,
                NextHop::None => Hop::Nowhere,
            };
            match &route.destination {
                RouteDestination::Prefix(prefix) => offer(IpNet::from(*prefix), 0, "", hop),
                RouteDestination::Tag(tag) => {
                    let rank = if tag.as_str().contains('.') { 1 } else { 2 };
                    for net in (self.prefixes)(tag.as_str()) {
                        offer(net, rank, tag.as_str(), hop);
                    }
                }
            }
        }
        for net in self.endpoint_tags.iter().flat_map(|tag| (self.prefixes)(tag)) {
            offer(net, 3, "", Hop::Delivered);
        }
        for prefix in self.network {
            offer(IpNet::from(*prefix), 4, "", Hop::Delivered);
        }
        match (best, self.learned) {
            // Peerings and gateways bring routes to private space, all of them longer than a default route.
            (Some(((0, _), _)) | None, _) if is_private(address) => (Hop::Peers, None),
            (Some(((0, _), hop)), _) => (hop, Some(Length::Default)),
            (Some(((_, std::cmp::Reverse((rank, _))), hop)), _) => (hop, (rank < 3).then_some(Length::Longer)),
            (None, Some(hop)) if address.is_ipv4() => (hop, None),
            (None, _) => (Hop::Internet, None),
        }
    }

    /// Network rules of every policy, the base one first, then application rules; what none matches is denied.
    pub(crate) fn firewall_allows(&self, layers: &[Layer], probe: &Probe, host: Option<&str>) -> bool {
        let mut rules: Vec<((bool, usize, i64), Access, bool)> = Vec::new();
        for (layer, collections) in layers.iter().enumerate() {
            for collection in collections {
                match collection {
                    Collection::Network(access, all) => rules.extend(all.rules.iter().map(|rule| {
                        let place = (false, layer, all.priority);
                        (place, *access, self.network_rule_matches(rule, probe, host))
                    })),
                    Collection::Application(access, all) => rules.extend(all.rules.iter().map(|rule| {
                        let place = (true, layer, all.priority);
                        (place, *access, self.application_rule_matches(rule, probe, host))
                    })),
                }
            }
        }
        rules.sort_by_key(|(place, ..)| *place);
        let first = rules.iter().find(|(_, _, matches)| *matches);
        first.is_some_and(|(_, access, _)| *access == Access::Allow)
    }

    fn source_matches(&self, source: &FirewallSource, probe: &Probe) -> bool {
        match source {
            FirewallSource::Addresses(texts) => texts.iter().any(|text| self.text_matches(text, probe.source)),
            FirewallSource::Groups(_) => true,
        }
    }

    fn text_matches(&self, text: &str, address: IpAddr) -> bool {
        let net = text
            .parse::<IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
        match net {
            Ok(net) => net.contains(&address),
            Err(_) => text == "*" || (self.in_tag)(text, address),
        }
    }

    fn network_rule_matches(&self, rule: &NetworkRule, probe: &Probe, host: Option<&str>) -> bool {
        let port = if matches!(probe.protocol, Protocol::Tcp | Protocol::Udp) {
            probe.port
        } else {
            0
        };
        let on_port = |text: &String| match text.split_once('-') {
            _ if text == "*" => true,
            Some((first, last)) => (first.parse().unwrap()..=last.parse().unwrap()).contains(&port),
            None => text.parse() == Ok(port),
        };
        (rule.protocols.contains(&Protocol::Any) || rule.protocols.contains(&probe.protocol))
            && self.source_matches(&rule.source, probe)
            && rule.ports.iter().any(on_port)
            && match &rule.destination {
                NetworkRuleDestination::Tag(tag) => (self.in_tag)(tag.as_str(), probe.destination),
                NetworkRuleDestination::Addresses(texts) => {
                    texts.iter().any(|text| self.text_matches(text, probe.destination))
                }
                NetworkRuleDestination::Hosts(names) => host_matches(names, host),
            }
    }

    fn application_rule_matches(&self, rule: &ApplicationRule, probe: &Probe, host: Option<&str>) -> bool {
        probe.protocol == Protocol::Tcp
            && self.source_matches(&rule.source, probe)
            && rule
                .protocols
                .iter()
                .any(|(spoken, port)| *port == probe.port && is_understood(*spoken, *port))
            && match &rule.destination {
                ApplicationRuleDestination::Hosts(names) => host_matches(names, host),
                ApplicationRuleDestination::HostTag(tag) => host == Some(format!("FQDN tag {tag}").as_str()),
                ApplicationRuleDestination::Urls(urls) => {
                    let url = |url: &String| url.rsplit("://").next().unwrap_or_default().to_owned();
                    host.is_some_and(|host| urls.iter().any(|text| glob(&url(text), host)))
                }
            }
    }
}

/// Who sends to 443 speaks TLS, who sends to 80 HTTP.
fn is_understood(spoken: ApplicationProtocol, port: u16) -> bool {
    !matches!(
        (spoken, port),
        (ApplicationProtocol::Http, 443) | (ApplicationProtocol::Https, 80)
    )
}

fn host_matches<'n>(names: impl IntoIterator<Item = &'n Known<String>>, host: Option<&str>) -> bool {
    let name = host.map(|host| host.split('/').next().unwrap_or(host));
    let known = names.into_iter().filter_map(Known::get);
    name.is_some_and(|name| known.into_iter().any(|pattern| glob(pattern, name)))
}

/// An asterisk at the beginning or at the end stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
        (Some(tail), _) => text.ends_with(tail),
        (None, Some(head)) => text.starts_with(head),
        (None, None) => pattern == text,
    }
}

/// RFC 1918 and its like.
fn is_private(address: IpAddr) -> bool {
    [
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "fc00::/7",
    ]
    .iter()
    .any(|text| text.parse::<IpNet>().unwrap().contains(&address))
}
