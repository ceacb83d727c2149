//! The oracle: an NSG in the words of Azure's documentation, packet by packet. It shares nothing with the engine but the rules' types.

pub(crate) mod path;

use lockeddown::network::{Access, AddressSide, Direction, Ports, Protocol, SecurityRule};

/// A packet of the tiny universe: addresses are numbers, and so are tags.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Probe {
    pub(crate) direction: Direction,
    pub(crate) protocol: Protocol,
    pub(crate) source: std::net::IpAddr,
    pub(crate) source_port: u16,
    pub(crate) destination: std::net::IpAddr,
    pub(crate) port: u16,
}

fn address_matches(
    side: &AddressSide,
    address: std::net::IpAddr,
    in_tag: &dyn Fn(&str, std::net::IpAddr) -> bool,
) -> bool {
    match side {
        AddressSide::Any => true,
        AddressSide::Tag(tag) => in_tag(tag.as_str(), address),
        AddressSide::Prefixes(prefixes) => prefixes
            .iter()
            .any(|prefix| ipnet::IpNet::from(*prefix).contains(&address)),
        AddressSide::Groups(_) => false,
    }
}

fn port_matches(ports: &Ports, port: u16) -> bool {
    match ports {
        Ports::Any => true,
        Ports::Ranges(ranges) => ranges.iter().any(|range| range.first() <= port && port <= range.last()),
    }
}

/// DNS, DHCP and health, and the metadata of machines.
pub(crate) fn is_platform(address: std::net::IpAddr) -> bool {
    ["168.63.129.16", "169.254.169.254"].contains(&address.to_string().as_str())
}

/// The first rule that matches the packet.
pub(crate) fn deciding<'r>(
    rules: &'r [SecurityRule],
    probe: &Probe,
    in_tag: &dyn Fn(&str, std::net::IpAddr) -> bool,
) -> Option<&'r SecurityRule> {
    let has_ports = matches!(probe.protocol, Protocol::Tcp | Protocol::Udp);
    let ports = |given: &Ports, port| match (has_ports, given) {
        (true, given) => port_matches(given, port),
        (false, Ports::Any) => true,
        (false, given) => port_matches(given, 0),
    };
    // What Azure's platform answers at its own addresses is subject to rules of its own tags only.
    let by_platform = probe.direction == Direction::Outbound && is_platform(probe.destination);
    let targets = |rule: &&SecurityRule| {
        !by_platform || matches!(&rule.destination, AddressSide::Tag(tag) if tag.as_str().starts_with("AzurePlatform"))
    };
    let matching = rules.iter().filter(targets).filter(|rule| {
        rule.direction == probe.direction
            && (rule.protocol == Protocol::Any || rule.protocol == probe.protocol)
            && address_matches(&rule.source, probe.source, in_tag)
            && address_matches(&rule.destination, probe.destination, in_tag)
            && ports(&rule.source_ports, probe.source_port)
            && ports(&rule.destination_ports, probe.port)
    });
    matching.min_by_key(|rule| rule.priority)
}

/// Whether the group lets the packet open a connection.
pub(crate) fn allows(rules: &[SecurityRule], probe: &Probe, in_tag: &dyn Fn(&str, std::net::IpAddr) -> bool) -> bool {
    if let Some(rule) = deciding(rules, probe, in_tag) {
        return rule.access == Access::Allow;
    }
    let (from_network, to_network) = (
        in_tag("VirtualNetwork", probe.source),
        in_tag("VirtualNetwork", probe.destination),
    );
    match probe.direction {
        Direction::Outbound if is_platform(probe.destination) => true,
        _ if from_network && to_network => true,
        Direction::Inbound => in_tag("AzureLoadBalancer", probe.source),
        Direction::Outbound => in_tag("Internet", probe.destination),
    }
}
