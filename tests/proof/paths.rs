//! The engine against the oracle where groups, routes and a firewall stand one behind the other, and in the questions beyond *allows*.

use std::collections::BTreeMap;

use ipnet::IpNet;
use lockeddown::{
    network::{
        Access, AddressSide, ApplicationProtocol, ApplicationRule, ApplicationRuleCollection,
        ApplicationRuleDestination, Direction, FirewallSource, Flow, FlowPeer, Known, NetworkRule,
        NetworkRuleCollection, NetworkRuleDestination, NextHop, Passage, Ports, Prefix, Protocol, Route,
        RouteDestination, SecurityRule,
    },
    proof::{
        diff::{Change, equivalent, implies, newly_allowed, newly_denied},
        explain::why,
        firewall::{Collection, Layer},
        forbidden::passes,
        lint::{Kind, lint},
        model::{Given, Model, WayOut},
        packet::Packet,
        path::prove,
        routes,
        verdict::Verdict,
    },
};
use proptest::prelude::*;

use crate::{
    differential::{
        ADDRESSES, PORTS, PREFIXES, PROTOCOLS, direction, flow, in_tag, ports, resolved, rules, same_family,
    },
    oracle::{
        self, Probe,
        path::{Around, Fate, Hop, STRANGER},
    },
};

/// Every host of the universe, with its address.
const HOSTS: [(&str, &str); 3] = [
    ("a.example.org", "20.60.0.1"),
    ("b.example.org", "40.1.1.1"),
    ("other.net", "52.0.0.9"),
];

/// What a random path is made of.
#[derive(Clone, Debug)]
struct Way {
    groups: Vec<Vec<SecurityRule>>,
    routes: Vec<Route>,
    endpoint_tags: Vec<String>,
    learned: Option<Hop>,
    firewall: Option<Vec<Layer>>,
    way_out: WayOut,
}

impl Way {
    fn network() -> Vec<Prefix> {
        vec!["10.0.0.0/24".parse().unwrap()]
    }

    fn given(&self, tags_are_addresses: bool) -> Given<'_> {
        Given {
            groups: self.groups.iter().map(|rules| rules.iter().collect()).collect(),
            routes: self.routes.iter().collect(),
            endpoint_tags: self.endpoint_tags.clone(),
            learned_default: self.learned.map(|hop| match hop {
                Hop::Gateway => routes::Hop::Gateway,
                _ => routes::Hop::Appliance(None),
            }),
            firewall: self.firewall.clone(),
            firewall_addresses: ["10.0.1.4".to_owned()].into(),
            way_out: self.way_out,
            network: Way::network(),
            resolved_tags: if tags_are_addresses {
                resolved()
            } else {
                BTreeMap::new()
            },
            ..Given::default()
        }
    }

    fn fate(&self, probe: &Probe, host: Option<&str>) -> Fate {
        self.around(|around| around.fate(probe, host))
    }

    fn around<T>(&self, ask: impl FnOnce(&Around<'_>) -> T) -> T {
        self.around_in(&Way::network(), ask)
    }

    fn around_in<T>(&self, network: &[Prefix], ask: impl FnOnce(&Around<'_>) -> T) -> T {
        ask(&Around {
            groups: &self.groups,
            routes: &self.routes,
            network,
            endpoint_tags: &self.endpoint_tags,
            learned: self.learned,
            firewall: self.firewall.as_deref(),
            way_out: self.way_out,
            prefixes: &prefixes_of,
            in_tag: &in_tag,
        })
    }
}

/// Without the rules that look at names: whether an address is a host's is nobody's to say.
fn by_addresses(way: Way) -> Way {
    let keep = |collection: &mut Collection| match collection {
        Collection::Network(_, all) => {
            all.rules
                .retain(|rule| !matches!(rule.destination, NetworkRuleDestination::Hosts(_)));
            true
        }
        Collection::Application(..) => false,
    };
    let mut way = way;
    for layer in way.firewall.iter_mut().flatten() {
        layer.retain_mut(keep);
    }
    way
}

fn prefixes_of(tag: &str) -> Vec<IpNet> {
    let texts: &[&str] = match tag {
        "Storage" => &["20.60.0.0/16"],
        "Storage.WestEurope" => &["20.60.128.0/17"],
        "AzureKeyVault" => &["20.60.128.0/17", "40.1.1.1/32"],
        other => panic!("{other}"),
    };
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn route() -> impl Strategy<Value = (RouteDestination, NextHop)> {
    let prefixes: Vec<&str> = PREFIXES
        .into_iter()
        .chain([
            "0.0.0.0/0",
            "0.0.0.0/1",
            "20.0.0.0/8",
            "168.63.0.0/16",
            "169.254.169.254/32",
            "::/0",
        ])
        .collect();
    let destination = prop_oneof![
        3 => proptest::sample::select(prefixes).prop_map(|text| RouteDestination::Prefix(text.parse().unwrap())),
        2 => proptest::sample::select(vec!["Storage", "Storage.WestEurope", "AzureKeyVault"])
            .prop_map(|tag| RouteDestination::Tag(tag.parse().unwrap())),
    ];
    let hop = proptest::sample::select(vec![
        NextHop::Internet,
        NextHop::None,
        NextHop::VirtualNetworkGateway,
        NextHop::VnetLocal,
        NextHop::VirtualAppliance(Known::Is("10.0.1.4".to_owned())),
        NextHop::VirtualAppliance(Known::Is("10.0.1.4".to_owned())),
        NextHop::VirtualAppliance(Known::Is(STRANGER.to_owned())),
    ]);
    (destination, hop)
}

fn a_route_table() -> impl Strategy<Value = Vec<Route>> {
    proptest::collection::vec(route(), 0..5).prop_map(|entries| {
        let once: BTreeMap<RouteDestination, NextHop> = entries.into_iter().collect();
        let routes = once.into_iter().enumerate();
        routes
            .map(|(number, (destination, next_hop))| Route {
                name: format!("route{number}").parse().unwrap(),
                destination,
                next_hop,
                requirement_ids: Default::default(),
            })
            .collect()
    })
}

fn source() -> impl Strategy<Value = FirewallSource> {
    proptest::sample::select(vec!["*", "10.0.0.0/24", "10.0.0.128-10.0.0.255"])
        .prop_map(|text| FirewallSource::Addresses([text.replace("10.0.0.128-10.0.0.255", "10.0.0.128/25")].into()))
}

fn network_rule() -> impl Strategy<Value = NetworkRule> {
    let destination = prop_oneof![
        proptest::sample::select(vec!["Storage", "AzureKeyVault", "Storage.WestEurope"])
            .prop_map(|tag| NetworkRuleDestination::Tag(tag.parse().unwrap())),
        proptest::collection::btree_set(
            proptest::sample::select(vec![
                "20.60.128.0/17",
                "40.1.1.1",
                "*",
                "172.16.0.0/12",
                "AzureKeyVault"
            ]),
            1..3
        )
        .prop_map(|texts| NetworkRuleDestination::Addresses(texts.into_iter().map(str::to_owned).collect())),
        Just(NetworkRuleDestination::Hosts(
            [Known::Is("a.example.org".to_owned())].into()
        )),
    ];
    let protocols = proptest::sample::select(vec![Protocol::Tcp, Protocol::Udp, Protocol::Any]);
    let ports = proptest::sample::select(vec!["*", "443", "1-442", "22"]);
    (source(), destination, protocols, ports).prop_map(|(source, destination, protocol, ports)| NetworkRule {
        name: "network".to_owned(),
        description: String::new(),
        protocols: [protocol].into(),
        source,
        destination,
        ports: [ports.to_owned()].into(),
        requirement_ids: Default::default(),
    })
}

fn application_rule() -> impl Strategy<Value = ApplicationRule> {
    let names = proptest::sample::select(vec!["a.example.org", "*.example.org", "*", "other.net"]);
    let spoken = proptest::collection::btree_set(
        (
            proptest::sample::select(vec![ApplicationProtocol::Http, ApplicationProtocol::Https]),
            proptest::sample::select(vec![80_u16, 443]),
        ),
        1..3,
    );
    (source(), names, spoken).prop_map(|(source, name, protocols)| ApplicationRule {
        name: "application".to_owned(),
        description: String::new(),
        protocols,
        source,
        destination: ApplicationRuleDestination::Hosts([Known::Is(name.to_owned())].into()),
        requirement_ids: Default::default(),
    })
}

fn collection() -> impl Strategy<Value = Collection> {
    let access = || prop_oneof![3 => Just(Access::Allow), 1 => Just(Access::Deny)];
    prop_oneof![
        (access(), 100_i64..105, proptest::collection::vec(network_rule(), 1..3)).prop_map(
            |(access, priority, rules)| {
                let name = format!("network{priority}");
                Collection::Network(access, NetworkRuleCollection { name, priority, rules })
            }
        ),
        (
            access(),
            200_i64..205,
            proptest::collection::vec(application_rule(), 1..3)
        )
            .prop_map(|(access, priority, rules)| {
                let name = format!("application{priority}");
                Collection::Application(access, ApplicationRuleCollection { name, priority, rules })
            }),
    ]
}

/// Azure has each priority once among a group's collections.
fn a_layer() -> impl Strategy<Value = Layer> {
    proptest::collection::vec(collection(), 0..4).prop_map(|mut collections| {
        let place = |collection: &Collection| match collection {
            Collection::Network(_, all) => all.priority,
            Collection::Application(_, all) => all.priority,
        };
        collections.sort_by_key(place);
        collections.dedup_by_key(|collection| place(collection));
        collections.reverse();
        collections
    })
}

prop_compose! {
    fn way()(
        groups in proptest::collection::vec(rules(), 0..3),
        routes in a_route_table(),
        endpoint_tags in proptest::sample::subsequence(vec!["Storage.WestEurope".to_owned(), "AzureKeyVault".to_owned()], 0..3),
        learned in proptest::sample::select(vec![None, None, Some(Hop::Gateway), Some(Hop::Appliance)]),
        firewall in proptest::option::of(proptest::collection::vec(a_layer(), 1..3)),
        way_out in proptest::sample::select(vec![WayOut::Given, WayOut::NotSaid, WayOut::Missing]),
    ) -> Way {
        Way { groups, routes, endpoint_tags, learned, firewall, way_out }
    }
}

/// Every packet of the universe between the subnet and an address.
fn packets(direction: Direction) -> impl Iterator<Item = (Probe, &'static str, &'static str)> {
    let ends = ["10.0.0.4", "10.0.0.200"]
        .into_iter()
        .flat_map(|local| ADDRESSES.map(|peer| (local, peer)));
    let ends = ends.filter(|(local, peer)| same_family(local, peer));
    let kinds = || {
        [Protocol::Tcp, Protocol::Udp, Protocol::Icmp]
            .into_iter()
            .flat_map(|protocol| PORTS.map(|port| (protocol, port)))
    };
    ends.flat_map(move |(local, peer)| {
        kinds().map(move |(protocol, port)| {
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
            (probe, local, peer)
        })
    })
}

fn expected(fate: Fate) -> &'static str {
    match fate {
        Fate::Passes => "proven",
        Fate::Stopped => "refuted",
        Fate::Others => "depends_on",
    }
}

/// The packet of a witness, where both ends are addresses.
fn probe_of(packet: &Packet) -> Option<Probe> {
    let words = [
        ("TCP", Protocol::Tcp),
        ("UDP", Protocol::Udp),
        ("ICMP", Protocol::Icmp),
        ("ESP", Protocol::Esp),
        ("AH", Protocol::Ah),
    ];
    let (_, protocol) = words.into_iter().find(|(word, _)| *word == packet.protocol)?;
    Some(Probe {
        direction: packet.direction,
        protocol,
        source: packet.source.parse().ok()?,
        source_port: packet.source_port.unwrap_or_default(),
        destination: packet.destination.parse().ok()?,
        port: packet.port.unwrap_or_default(),
    })
}

fn asked(direction: Direction, protocol: Protocol, peer: FlowPeer, ports: Ports) -> Flow {
    Flow {
        local: AddressSide::Prefixes(Way::network().into_iter().collect()),
        peer,
        ports,
        source_ports: Ports::Any,
        passage: Passage::Direct,
        learned_route: false,
        ..flow(direction, protocol, "10.0.0.4", "10.0.0.4", 0, 0)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Every packet of the universe, one by one, the whole way and, inbound, its answer's.
    #[test]
    fn the_whole_way_of_every_packet(way in way(), direction in direction()) {
        let way = by_addresses(way);
        let mut model = Model::new(&way.given(true));
        for (probe, local, peer) in packets(direction) {
            let learned = Flow { passage: Passage::Direct, ..flow(direction, probe.protocol, local, peer, 1024, probe.port) };
            let flow = Flow { learned_route: false, ..learned.clone() };
            let required = model.require("packet", &flow);
            let (verdict, fate) = (prove(&model, &required), way.fate(&probe, None));
            prop_assert_eq!(verdict.as_str(), expected(fate), "{:?} {:?}", probe, verdict);
            prop_assert_eq!(why(&model, &required).verdict, verdict);
            if direction == Direction::Inbound {
                let required = model.require("learned", &learned);
                let arrives = way.around(|around| around.serves(&learned, &probe, None));
                prop_assert_eq!(prove(&model, &required) == Verdict::Proven, arrives, "learned {:?}", probe);
            }
            // Somebody else's decision aside, what does not pass is no breach, and what does is one.
            if direction == Direction::Outbound {
                let breach = passes(&model, &required).map(|breach| breach.conditions.is_empty());
                let breached = match fate { Fate::Passes => Some(true), Fate::Stopped => None, Fate::Others => Some(false) };
                prop_assert_eq!(breach, breached, "{:?}", probe);
            }
        }
    }

    /// What a subnet sends to itself, where nobody says how wide the virtual network's space around it is: decided only if it is so in each.
    #[test]
    fn within_the_subnet_whatever_the_space_around_it(way in way(), direction in direction()) {
        let way = by_addresses(way);
        let mut model = Model::new(&Given { network: Vec::new(), subnet: Way::network(), ..way.given(true) });
        let spaces = ["10.0.0.0/24", "10.0.0.0/20", "10.0.0.0/16", "10.0.0.0/8"].map(|space| [space.parse().unwrap()]);
        for (probe, local, peer) in packets(direction).filter(|(_, _, peer)| peer.starts_with("10.0.0.")) {
            let flow = Flow { passage: Passage::Direct, learned_route: false, ..flow(direction, probe.protocol, local, peer, 1024, probe.port) };
            let required = model.require("packet", &flow);
            let verdict = prove(&model, &required);
            let fates = spaces.each_ref().map(|space| way.around_in(space, |around| around.fate(&probe, None)));
            let all = |wanted: Fate| fates.iter().all(|fate| *fate == wanted);
            let expected = if all(Fate::Passes) { "proven" } else if all(Fate::Stopped) { "refuted" } else { "depends_on" };
            prop_assert_eq!(verdict.as_str(), expected, "{:?} {:?} {:?}", probe, verdict, fates);
            if direction == Direction::Outbound {
                let breach = passes(&model, &required).map(|breach| breach.conditions.is_empty());
                let breached = match expected { "proven" => Some(true), "refuted" => None, _ => Some(false) };
                prop_assert_eq!(breach, breached, "{:?} {:?}", probe, fates);
            }
        }
    }

    /// The same by the name of a host, which application rules look at.
    #[test]
    fn the_whole_way_to_every_host(way in way()) {
        // A tag that no file has, so that hosts stand for themselves.
        let way = Way { groups: Vec::new(), endpoint_tags: Vec::new(), ..way };
        let only_addresses = |route: &Route| matches!(&route.destination, RouteDestination::Prefix(prefix) if prefix.is_everything());
        let way = Way { routes: way.routes.iter().filter(|route| only_addresses(route)).cloned().collect(), ..way };
        let names_hosts_only = |layer: &Layer| layer.iter().all(|collection| match collection {
            Collection::Network(_, all) => all.rules.iter().all(|rule| matches!(&rule.destination, NetworkRuleDestination::Hosts(_))
                || matches!(&rule.destination, NetworkRuleDestination::Addresses(texts) if texts.contains("*"))),
            Collection::Application(..) => true,
        });
        prop_assume!(way.firewall.iter().flatten().all(names_hosts_only));
        let mut model = Model::new(&way.given(false));
        for (host, address) in HOSTS {
            for (protocol, port) in [(Protocol::Tcp, 80), (Protocol::Tcp, 443), (Protocol::Tcp, 22), (Protocol::Udp, 443)] {
                for local in ["10.0.0.4", "10.0.0.200"] {
                    let peer = FlowPeer::Host { name: host.to_owned(), covered_by: None };
                    let flow = Flow { peer, local: AddressSide::Prefixes([local.parse().unwrap()].into()), ..asked(Direction::Outbound, protocol, FlowPeer::Any, Ports::single(port)) };
                    let required = model.require("host", &flow);
                    let probe = Probe {
                        direction: Direction::Outbound, protocol, source: local.parse().unwrap(), source_port: 1024,
                        destination: address.parse().unwrap(), port,
                    };
                    let verdict = prove(&model, &required);
                    prop_assert_eq!(verdict.as_str(), expected(way.fate(&probe, Some(host))), "{} {:?} {:?}", host, probe, verdict);
                }
            }
        }
    }

    /// A set of packets is proven only if each of them passes, and a counterexample is one that the oracle stops.
    #[test]
    fn sets_of_packets_on_the_whole_way(way in way(), direction in direction(), ports in ports(), protocol in proptest::sample::select(PROTOCOLS.as_slice()),
        peers in proptest::collection::btree_set(proptest::sample::select(PREFIXES.as_slice()), 1..3)) {
        let way = by_addresses(way);
        let stranger = NextHop::VirtualAppliance(Known::Is(STRANGER.to_owned()));
        let peers: Vec<Prefix> = peers.iter().map(|text| text.parse().unwrap()).collect();
        let flow = asked(direction, protocol, FlowPeer::Prefixes(peers.iter().copied().collect()), ports.clone());
        let within = |probe: &Probe| {
            let peer = if direction == Direction::Outbound { probe.destination } else { probe.source };
            let port = if matches!(probe.protocol, Protocol::Tcp | Protocol::Udp) { probe.port } else { 0 };
            peers.iter().any(|prefix| IpNet::from(*prefix).contains(&peer))
                && (protocol == Protocol::Any || protocol == probe.protocol)
                && match &ports { Ports::Any => true, Ports::Ranges(ranges) => ranges.iter().any(|range| range.first() <= port && port <= range.last()) }
        };
        let fates: Vec<Fate> = packets(direction).filter(|(probe, ..)| within(probe)).map(|(probe, ..)| way.fate(&probe, None)).collect();
        for tags_are_addresses in [true, false] {
            let mut model = Model::new(&way.given(tags_are_addresses));
            let required = model.require("set", &flow);
            match prove(&model, &required) {
                Verdict::Proven => prop_assert!(fates.iter().all(|fate| *fate == Fate::Passes), "proven with {tags_are_addresses}"),
                Verdict::Refuted(obstacle) => {
                    if let Some(probe) = probe_of(&obstacle.packet).filter(|_| tags_are_addresses) {
                        prop_assert_eq!(way.fate(&probe, None), Fate::Stopped, "{:?}", obstacle);
                    }
                }
                Verdict::DependsOn { .. } if tags_are_addresses => prop_assert!(
                    way.firewall.is_none() || way.routes.iter().any(|route| route.next_hop == NextHop::VirtualNetworkGateway || route.next_hop == stranger) || way.learned == Some(Hop::Gateway),
                    "everything is said"
                ),
                Verdict::DependsOn { .. } => {}
            }
            if direction == Direction::Outbound && passes(&model, &required).is_none() {
                prop_assert!(fates.iter().all(|fate| *fate == Fate::Stopped), "no breach with {tags_are_addresses}");
            }
        }
    }

    /// What two groups let pass differently is what the oracle says, and every packet that is shown does.
    #[test]
    fn differences_are_those_of_the_oracle(before in rules(), after in rules()) {
        let both = Way { groups: vec![before.clone(), after.clone()], routes: Vec::new(), endpoint_tags: Vec::new(), learned: None, firewall: None, way_out: WayOut::Given };
        let model = Model::new(&both.given(true));
        let (one, other) = (&model.groups[0], &model.groups[1]);
        let (opened, closed) = (newly_allowed(one, other, &model.world), newly_denied(one, other, &model.world));
        prop_assert_eq!(implies(one, other, &model.world), closed.is_empty());
        prop_assert_eq!(equivalent(one, other, &model.world), opened.is_empty() && closed.is_empty());
        for direction in [Direction::Inbound, Direction::Outbound] {
            for (probe, ..) in packets(direction) {
                let (was, is) = (oracle::allows(&before, &probe, &in_tag), oracle::allows(&after, &probe, &in_tag));
                let shown = |changes: &[Change]| changes.iter().any(|change| change.packet.direction == direction);
                prop_assert!(is <= was || shown(&opened), "{:?} passes now", probe);
                prop_assert!(was <= is || shown(&closed), "{:?} is stopped now", probe);
            }
        }
        for (changes, passes_now) in [(&opened, true), (&closed, false)] {
            for probe in changes.iter().filter_map(|change| probe_of(&change.packet)) {
                prop_assert_eq!(oracle::allows(&after, &probe, &in_tag), passes_now, "{:?}", probe);
                prop_assert_eq!(oracle::allows(&before, &probe, &in_tag), !passes_now, "{:?}", probe);
            }
        }
    }

    /// A rule that is called shadowed, redundant or without effect can go, and nothing changes; the first rule that matches is the one
    /// that an explanation names.
    #[test]
    fn what_is_said_of_rules_is_so(rules in rules()) {
        let way = Way { groups: vec![rules.clone()], routes: Vec::new(), endpoint_tags: Vec::new(), learned: None, firewall: None, way_out: WayOut::Given };
        let mut model = Model::new(&way.given(true));
        for found in lint(&model) {
            let rule = rules.iter().find(|rule| rule.name.as_str() == found.rule).unwrap();
            let without: Vec<SecurityRule> = rules.iter().filter(|other| other.name != rule.name).cloned().collect();
            if found.kind != Kind::Conflicting {
                for (probe, ..) in packets(rule.direction) {
                    prop_assert_eq!(oracle::allows(&rules, &probe, &in_tag), oracle::allows(&without, &probe, &in_tag), "{:?} {:?}", found, probe);
                }
            }
        }
        for direction in [Direction::Inbound, Direction::Outbound] {
            for (probe, local, peer) in packets(direction).step_by(7) {
                let flow = flow(direction, probe.protocol, local, peer, 1024, probe.port);
                let required = model.require("packet", &flow);
                let explained = why(&model, &required);
                let decided_by = &explained.steps[0].decided_by;
                let first = oracle::deciding(&rules, &probe, &in_tag);
                match first {
                    Some(rule) => prop_assert_eq!(decided_by, rule.name.as_str()),
                    None => prop_assert!(["AllowVnet", "Azure platform traffic", "AllowAzureLoadBalancer", "AllowInternet", "DenyAll"].iter().any(|name| decided_by.starts_with(name))),
                }
            }
        }
    }
}
