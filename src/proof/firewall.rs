//! Azure Firewall: network rules before application rules, a base policy's before one's own, each by priority; the first match ends
//! the search, and what no rule matches is denied (rule-processing).

use std::collections::BTreeSet;

use super::{
    addresses::{self, AddressSet},
    atoms::{Atom, World},
    nsg::tag_side,
    order::Decides,
    packet::protocols,
    region::{Match, PortSet, Side},
};
use crate::network::{
    Access, ApplicationProtocol, ApplicationRuleCollection, ApplicationRuleDestination, FirewallSource, Known,
    NetworkPolicy, NetworkRuleCollection, NetworkRuleDestination, PortRange, Prefix, Protocol, ServiceTag,
};

/// A firewall rule as the proof sees it.
#[derive(Clone, Debug)]
pub struct FirewallLine {
    /// Its collection.
    pub collection: String,
    /// Its name.
    pub name: String,
    /// Allow or deny: the collection's action.
    pub access: Access,
    /// The requirements behind it.
    pub requirement_ids: BTreeSet<String>,
    /// Whether it is an application rule.
    pub is_application: bool,
    pub(super) matches: Vec<Match>,
    /// Ports at which an application rule waits for a protocol that nobody speaks there.
    mute: PortSet,
}

impl FirewallLine {
    /// The line as whoever keeps to the ports' protocols meets it: an application rule for HTTP matches no TLS, so one for `Http:443` does
    /// nothing for a client that speaks TLS at 443, and `Https:80` nothing for one that speaks HTTP at 80 (azure-requirements 4.4).
    pub(super) fn as_clients_speak(&self) -> FirewallLine {
        let mut line = self.clone();
        if !self.mute.is_empty() {
            for rule in &mut line.matches {
                rule.ports = rule.ports.without(&self.mute);
            }
            line.matches.retain(|rule| !rule.ports.is_empty());
        }
        line
    }
}

/// At which of its ports a rule has only the other protocol than clients speak there.
fn mute(spoken: &[(ApplicationProtocol, u16)]) -> PortSet {
    let others = [
        (ApplicationProtocol::Http, 443, ApplicationProtocol::Https),
        (ApplicationProtocol::Https, 80, ApplicationProtocol::Http),
    ];
    let mute = others
        .iter()
        .filter(|(other, port, usual)| spoken.contains(&(*other, *port)) && !spoken.contains(&(*usual, *port)));
    PortSet::of(mute.map(|(_, port, _)| (*port, *port)))
}

impl Decides for FirewallLine {
    fn matches(&self) -> &[Match] {
        &self.matches
    }
}

/// A collection of either kind with its action.
#[derive(Clone, Debug)]
pub enum Collection {
    /// Of network rules.
    Network(Access, NetworkRuleCollection),
    /// Of application rules.
    Application(Access, ApplicationRuleCollection),
}

/// The collections of one group or policy: the base policy is the first of the layers.
pub type Layer = Vec<Collection>;

/// The collections of a network policy, which allow.
pub fn of_policy(policy: &NetworkPolicy) -> Layer {
    let network = policy.network_rule_collections.iter().cloned();
    let application = policy.application_rule_collections.iter().cloned();
    network
        .map(|collection| Collection::Network(Access::Allow, collection))
        .chain(application.map(|collection| Collection::Application(Access::Allow, collection)))
        .collect()
}

/// The service tags that network rules name.
pub fn tags(layers: &[Layer]) -> Vec<ServiceTag> {
    let network = layers.iter().flatten().filter_map(|collection| match collection {
        Collection::Network(_, collection) => Some(&collection.rules),
        Collection::Application(..) => None,
    });
    let mut tags = Vec::new();
    for rule in network.flatten() {
        match &rule.destination {
            NetworkRuleDestination::Tag(tag) => tags.push(tag.clone()),
            NetworkRuleDestination::Addresses(texts) => tags.extend(texts.iter().filter_map(|text| text.parse().ok())),
            NetworkRuleDestination::Hosts(_) => {}
        }
    }
    tags
}

/// The rules of all layers in the order in which the firewall looks at them.
pub fn lines(layers: &[Layer], world: &mut World) -> Vec<FirewallLine> {
    let ordered: Vec<Vec<&Collection>> = layers.iter().map(in_order).collect();
    let mut lines = Vec::new();
    for collection in ordered.iter().flatten() {
        if let Collection::Network(access, collection) = collection {
            lines.extend(network_lines(*access, collection, world));
        }
    }
    for collection in ordered.iter().flatten() {
        if let Collection::Application(access, collection) = collection {
            lines.extend(application_lines(*access, collection, world));
        }
    }
    lines
}

fn in_order(layer: &Layer) -> Vec<&Collection> {
    let mut ordered: Vec<&Collection> = layer.iter().collect();
    ordered.sort_by_key(|collection| match collection {
        Collection::Network(_, collection) => collection.priority,
        Collection::Application(_, collection) => collection.priority,
    });
    ordered
}

fn network_lines(access: Access, collection: &NetworkRuleCollection, world: &mut World) -> Vec<FirewallLine> {
    let mut lines = Vec::new();
    for rule in &collection.rules {
        let sources = sources(&rule.source, world);
        let destinations = match &rule.destination {
            NetworkRuleDestination::Tag(tag) => vec![tag_side(tag.as_str(), world)],
            NetworkRuleDestination::Addresses(texts) => texts_to_sides(texts, world),
            NetworkRuleDestination::Hosts(names) => names.iter().map(|name| host(name, world)).collect(),
        };
        let ports = ports(&rule.ports);
        let all = rule
            .protocols
            .iter()
            .fold(0, |all, protocol| all | protocols(*protocol));
        let mut matches = Vec::new();
        for source in &sources {
            for destination in &destinations {
                matches.extend(Match::all(all, source, &PortSet::all(), destination, &ports));
            }
        }
        lines.push(FirewallLine {
            collection: collection.name.clone(),
            name: rule.name.clone(),
            access,
            requirement_ids: rule.requirement_ids.clone(),
            is_application: false,
            matches,
            mute: PortSet::none(),
        });
    }
    lines
}

fn application_lines(access: Access, collection: &ApplicationRuleCollection, world: &mut World) -> Vec<FirewallLine> {
    let mut lines = Vec::new();
    for rule in &collection.rules {
        let sources = sources(&rule.source, world);
        let destinations: Vec<Side> = match &rule.destination {
            ApplicationRuleDestination::Hosts(names) => names.iter().map(|name| host(name, world)).collect(),
            ApplicationRuleDestination::HostTag(tag) => {
                vec![Side::Atom(world.atom(Atom::HostTag(tag.clone().into_owned())))]
            }
            ApplicationRuleDestination::Urls(urls) => urls
                .iter()
                .map(|url| Side::Atom(world.atom(Atom::Host(without_scheme(url).to_owned()))))
                .collect(),
        };
        let ports = PortSet::of(rule.protocols.iter().map(|(_, port)| (*port, *port)));
        let mut matches = Vec::new();
        for source in &sources {
            for destination in &destinations {
                matches.extend(Match::all(
                    protocols(Protocol::Tcp),
                    source,
                    &PortSet::all(),
                    destination,
                    &ports,
                ));
            }
        }
        lines.push(FirewallLine {
            collection: collection.name.clone(),
            name: rule.name.clone(),
            access,
            requirement_ids: rule.requirement_ids.clone(),
            is_application: true,
            matches,
            mute: mute(&rule.protocols.iter().copied().collect::<Vec<_>>()),
        });
    }
    lines
}

fn without_scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, rest)| rest)
}

/// IP groups stand for whoever is asked about: only Azure knows what is in them.
fn sources(source: &FirewallSource, world: &mut World) -> Vec<Side> {
    match source {
        FirewallSource::Addresses(texts) => texts_to_sides(texts, world),
        FirewallSource::Groups(_) => vec![Side::Any],
    }
}

/// Prefixes, addresses, ranges, tags and IP groups by ARM id, of which nobody said what is in them; the addresses together are one side.
fn texts_to_sides(texts: &BTreeSet<String>, world: &mut World) -> Vec<Side> {
    let mut set = AddressSet::none();
    let mut sides = Vec::new();
    for text in texts {
        if text == "*" {
            return vec![Side::Any];
        }
        if let Ok(prefix) = text.parse::<Prefix>() {
            set = set.or(&addresses::of_prefix(&prefix));
        } else if let Some(range) = addresses::of_range(text) {
            set = set.or(&range);
        } else if text.starts_with('/') {
            sides.push(Side::Atom(world.atom(Atom::IpGroup(text.to_lowercase()))));
        } else {
            sides.push(tag_side(text, world));
        }
    }
    if !set.is_empty() {
        sides.push(Side::Set(set));
    }
    sides
}

fn host(name: &Known<String>, world: &mut World) -> Side {
    let atom = match name {
        Known::Is(name) => Atom::Host(name.clone()),
        Known::NotYet => Atom::Hosts("hosts that are not known".to_owned()),
    };
    Side::Atom(world.atom(atom))
}

fn ports(texts: &BTreeSet<String>) -> PortSet {
    if texts.contains("*") {
        return PortSet::all();
    }
    let ranges = texts.iter().filter_map(|text| text.parse::<PortRange>().ok());
    PortSet::of(ranges.map(|range| (range.first(), range.last())))
}
