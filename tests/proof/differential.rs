//! The engine against the oracle, on rule sets that nobody would write.

use std::{collections::BTreeMap, net::IpAddr};

use lockeddown::{
    network::{
        Access, AddressSide, Description, Direction, Flow, FlowPeer, Passage, PortRange, Ports, Prefix, Priority,
        Protocol, SecurityRule,
    },
    proof::{
        addresses::{self, AddressSet},
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
};
use proptest::prelude::*;

use crate::oracle::{self, Probe};

/// Addresses that every prefix of the universe either holds or does not.
pub(crate) const ADDRESSES: [&str; 11] = [
    "10.0.0.4",
    "10.0.0.200",
    "10.0.1.4",
    "172.16.0.9",
    "168.63.129.16",
    "169.254.169.254",
    "20.60.0.1",
    "20.60.128.1",
    "40.1.1.1",
    "fd00::5",
    "2603:1000::1",
];
pub(crate) const PREFIXES: [&str; 9] = [
    "10.0.0.0/24",
    "10.0.0.128/25",
    "10.0.0.0/16",
    "172.16.0.0/12",
    "20.60.0.0/16",
    "20.60.128.0/17",
    "40.1.1.1/32",
    "fd00::/8",
    "2603:1000::/24",
];
const TAGS: [&str; 7] = [
    "AzurePlatformDNS",
    "AzurePlatformIMDS",
    "VirtualNetwork",
    "Internet",
    "AzureLoadBalancer",
    "Storage",
    "AzureKeyVault",
];
pub(crate) const PORTS: [u16; 5] = [0, 22, 80, 443, 65535];
const RANGES: [&str; 6] = ["443", "80", "0-79", "80-443", "444-65535", "0-65535"];
pub(crate) const PROTOCOLS: [Protocol; 5] = [
    Protocol::Tcp,
    Protocol::Udp,
    Protocol::Icmp,
    Protocol::Esp,
    Protocol::Any,
];

/// What the tags mean here: the virtual network is 10.0.0.0/24, and a file says what Storage is.
pub(crate) fn in_tag(tag: &str, address: IpAddr) -> bool {
    let within = |prefix: &str| prefix.parse::<ipnet::IpNet>().unwrap().contains(&address);
    let platform = within("168.63.129.16/32");
    let network = within("10.0.0.0/24");
    match tag {
        "VirtualNetwork" => network || platform,
        "AzureLoadBalancer" | "AzurePlatformDNS" => platform,
        "AzurePlatformIMDS" => within("169.254.169.254/32"),
        "Internet" => {
            !network
                && !platform
                && !within("169.254.0.0/16")
                && !within("10.0.0.0/8")
                && !within("172.16.0.0/12")
                && !within("fd00::/8")
        }
        "Storage" => within("20.60.0.0/16"),
        "Storage.WestEurope" => within("20.60.128.0/17"),
        "AzureKeyVault" => within("20.60.128.0/17") || within("40.1.1.1/32"),
        other => panic!("{other}"),
    }
}

fn side() -> impl Strategy<Value = AddressSide> {
    prop_oneof![
        2 => Just(AddressSide::Any),
        3 => proptest::sample::select(TAGS.as_slice()).prop_map(|tag| AddressSide::Tag(tag.parse().unwrap())),
        4 => proptest::collection::btree_set(proptest::sample::select(PREFIXES.as_slice()), 1..3)
            .prop_map(|texts| AddressSide::Prefixes(texts.iter().map(|text| text.parse().unwrap()).collect())),
    ]
}

pub(crate) fn ports() -> impl Strategy<Value = Ports> {
    prop_oneof![
        1 => Just(Ports::Any),
        2 => proptest::collection::btree_set(proptest::sample::select(RANGES.as_slice()), 1..3)
            .prop_map(|texts| Ports::Ranges(texts.iter().map(|text| text.parse::<PortRange>().unwrap()).collect())),
    ]
}

pub(crate) fn direction() -> impl Strategy<Value = Direction> {
    prop_oneof![Just(Direction::Inbound), Just(Direction::Outbound)]
}

prop_compose! {
    fn rule()(
        priority in 100_i64..4097,
        direction in direction(),
        allow in any::<bool>(),
        protocol in proptest::sample::select(PROTOCOLS.as_slice()),
        source in side(),
        source_ports in ports(),
        destination in side(),
        destination_ports in ports(),
    ) -> SecurityRule {
        SecurityRule {
            name: format!("rule{priority}").parse().unwrap(),
            description: Description::text(""),
            priority: Priority::try_from(priority).unwrap(),
            direction,
            access: if allow { Access::Allow } else { Access::Deny },
            protocol,
            source,
            source_ports,
            destination,
            destination_ports,
            requirement_ids: Default::default(),
        }
    }
}

pub(crate) fn rules() -> impl Strategy<Value = Vec<SecurityRule>> {
    proptest::collection::vec(rule(), 0..9).prop_map(|rules| {
        let mut by_priority = BTreeMap::new();
        for rule in rules {
            by_priority.insert(rule.priority, rule);
        }
        by_priority.into_values().collect()
    })
}

fn resolve(texts: &[&str]) -> AddressSet {
    let prefixes: Vec<Prefix> = texts.iter().map(|text| text.parse().unwrap()).collect();
    addresses::of_prefixes(&prefixes)
}

/// What every tag stands for here.
pub(crate) fn resolved() -> BTreeMap<String, AddressSet> {
    let network = resolve(&["10.0.0.0/24", "168.63.129.16/32"]);
    let elsewhere = resolve(&["10.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "fd00::/8"]);
    BTreeMap::from([
        ("Storage".to_owned(), resolve(&["20.60.0.0/16"])),
        ("Storage.WestEurope".to_owned(), resolve(&["20.60.128.0/17"])),
        ("AzureKeyVault".to_owned(), resolve(&["20.60.128.0/17", "40.1.1.1/32"])),
        ("Internet".to_owned(), network.or(&elsewhere).complement()),
        ("VirtualNetwork".to_owned(), network),
    ])
}

/// With every tag's addresses said, nothing depends on anything.
fn model(rules: &[SecurityRule], flow: Flow) -> Model {
    Model::new(&Given {
        groups: vec![rules.iter().collect()],
        network: vec!["10.0.0.0/24".parse().unwrap()],
        flows: BTreeMap::from([("flow".to_owned(), flow)]),
        resolved_tags: resolved(),
        ..Given::default()
    })
}

fn single(address: &str) -> Prefix {
    address.parse().unwrap()
}

/// Both ends of one family: no packet has others.
pub(crate) fn same_family(one: &str, other: &str) -> bool {
    one.contains(':') == other.contains(':')
}

pub(crate) fn flow(
    direction: Direction,
    protocol: Protocol,
    local: &str,
    peer: &str,
    source_port: u16,
    port: u16,
) -> Flow {
    Flow {
        direction,
        protocol,
        local: AddressSide::Prefixes([single(local)].into()),
        peer: FlowPeer::Prefixes([single(peer)].into()),
        ports: if matches!(protocol, Protocol::Tcp | Protocol::Udp) {
            Ports::single(port)
        } else {
            Ports::Any
        },
        source_ports: if matches!(protocol, Protocol::Tcp | Protocol::Udp) {
            Ports::single(source_port)
        } else {
            Ports::Any
        },
        initiator: "test".to_owned(),
        passage: Passage::Handover,
        learned_route: true,
        callers: Default::default(),
        requirement_ids: Default::default(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every packet of the universe, one by one.
    #[test]
    fn the_engine_and_the_oracle_agree_on_every_packet(rules in rules(), direction in direction()) {
        for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp] {
            for (local, peer) in ADDRESSES.iter().flat_map(|local| ADDRESSES.iter().map(move |peer| (*local, *peer))) {
                if !same_family(local, peer) {
                    continue;
                }
                for port in PORTS {
                    let flow = flow(direction, protocol, local, peer, 1024, port);
                    let (source, destination) = match direction {
                        Direction::Outbound => (local, peer),
                        Direction::Inbound => (peer, local),
                    };
                    let probe = Probe {
                        direction,
                        protocol,
                        source: source.parse().unwrap(),
                        source_port: 1024,
                        destination: destination.parse().unwrap(),
                        port,
                    };
                    // One model for each packet: nothing is remembered.
                    let model = model(&rules, flow);
                    let proven = allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven);
                    prop_assert_eq!(oracle::allows(&rules, &probe, &in_tag), proven, "{:?} {:?}", probe, allows(&model));
                }
            }
        }
    }

    /// A set of packets is proven exactly when each of them passes, and a counterexample is one that the oracle stops.
    #[test]
    fn a_set_of_packets_is_proven_when_every_packet_passes(
        rules in rules(), direction in direction(), peer in side(), ports in ports(),
        protocol in proptest::sample::select(PROTOCOLS.as_slice()),
    ) {
        let flow = set_flow(direction, protocol, &peer, &ports);
        let model = model(&rules, flow);
        let verdict = allows(&model).remove(0).verdict;
        let stopped = stopped(&rules, direction, protocol, &peer, &ports);
        if let Some(probe) = stopped {
            prop_assert!(verdict != Verdict::Proven, "{probe:?} is stopped, and the engine proves {peer:?}");
        }
        prop_assert!(!matches!(verdict, Verdict::DependsOn { .. }), "everything is said: {verdict:?}");
        if let Verdict::Refuted(obstacle) = &verdict {
            let packet = &obstacle.packet;
            let words = [("TCP", Protocol::Tcp), ("UDP", Protocol::Udp), ("ICMP", Protocol::Icmp), ("ESP", Protocol::Esp), ("AH", Protocol::Ah)];
            let found = words.into_iter().find(|(word, _)| *word == packet.protocol);
            if let (Ok(source), Ok(destination), Some((_, protocol))) = (packet.source.parse(), packet.destination.parse(), found) {
                let (source_port, port) = (packet.source_port.unwrap_or(0), packet.port.unwrap_or(0));
                let probe = Probe { direction, protocol, source, source_port, destination, port };
                prop_assert!(!oracle::allows(&rules, &probe, &in_tag), "{probe:?} passes, and the engine says {obstacle:?}");
            }
        }
    }

    /// Where nobody says what a tag stands for, what is proven holds all the same, whatever it stands for.
    #[test]
    fn what_is_proven_of_names_holds_for_their_addresses(
        rules in rules(), direction in direction(), peer in side(), ports in ports(),
        protocol in proptest::sample::select(PROTOCOLS.as_slice()),
    ) {
        let model = Model::new(&Given {
            groups: vec![rules.iter().collect()],
            network: vec!["10.0.0.0/24".parse().unwrap()],
            flows: BTreeMap::from([("flow".to_owned(), set_flow(direction, protocol, &peer, &ports))]),
            ..Given::default()
        });
        if allows(&model).remove(0).verdict == Verdict::Proven {
            let stopped = stopped(&rules, direction, protocol, &peer, &ports);
            prop_assert!(stopped.is_none(), "{stopped:?} is stopped, and the engine proves {peer:?}");
        }
    }
}

fn set_flow(direction: Direction, protocol: Protocol, peer: &AddressSide, ports: &Ports) -> Flow {
    let peer = match peer {
        AddressSide::Any => FlowPeer::Any,
        AddressSide::Tag(tag) => FlowPeer::Tag(tag.clone()),
        AddressSide::Prefixes(prefixes) => FlowPeer::Prefixes(prefixes.clone()),
        AddressSide::Groups(_) => unreachable!(),
    };
    Flow {
        peer,
        ports: ports.clone(),
        source_ports: Ports::Any,
        local: AddressSide::Prefixes(["10.0.0.0/24".parse().unwrap()].into()),
        ..flow(direction, protocol, "10.0.0.4", "10.0.0.4", 0, 0)
    }
}

/// A packet of the set that the oracle stops.
fn stopped(
    rules: &[SecurityRule],
    direction: Direction,
    protocol: Protocol,
    peer: &AddressSide,
    ports: &Ports,
) -> Option<Probe> {
    let mut found = None;
    let asked = SecurityRule {
        name: "asked".parse().unwrap(),
        description: Description::text(""),
        priority: Priority::try_from(100).unwrap(),
        // Inbound, where nothing passes by itself.
        direction: Direction::Inbound,
        access: Access::Allow,
        protocol,
        source: peer.clone(),
        source_ports: Ports::Any,
        destination: AddressSide::Any,
        destination_ports: ports.clone(),
        requirement_ids: Default::default(),
    };
    let rest = SecurityRule {
        access: Access::Deny,
        priority: Priority::try_from(101).unwrap(),
        source: AddressSide::Any,
        destination_ports: Ports::Any,
        protocol: Protocol::Any,
        ..asked.clone()
    };
    let only_asked = [asked, rest];
    for (local, other) in ["10.0.0.4", "10.0.0.200"]
        .iter()
        .flat_map(|local| ADDRESSES.iter().map(move |peer| (*local, *peer)))
    {
        if !same_family(local, other) {
            continue;
        }
        for probed in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp, Protocol::Esp] {
            for (port, source_port) in PORTS
                .iter()
                .flat_map(|port| PORTS.iter().map(move |source| (*port, *source)))
            {
                let (local, other) = (local.parse().unwrap(), other.parse().unwrap());
                let opened = Probe {
                    direction: Direction::Inbound,
                    protocol: probed,
                    source: other,
                    source_port,
                    destination: local,
                    port,
                };
                let probe = match direction {
                    Direction::Inbound => opened,
                    Direction::Outbound => Probe {
                        direction,
                        source: local,
                        destination: other,
                        ..opened
                    },
                };
                if oracle::allows(&only_asked, &opened, &in_tag) && !oracle::allows(rules, &probe, &in_tag) {
                    found = Some(probe);
                }
            }
        }
    }
    found
}
