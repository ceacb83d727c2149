//! Every small change of every expansion that lets one packet more or less pass is noticed.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use lockeddown::{
    network::{
        Access, AddressSide, ApplicationRuleDestination, Direction, FlowPeer, NetworkPolicy, NextHop, Passage,
        PortRange, Ports, Prefix, Priority, Protocol, SecurityRule,
    },
    proof::{
        diff::{newly_allowed, newly_denied},
        exposure::exposure,
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
};

use crate::{
    expansions::every_expansion,
    oracle::{self, Probe},
};

/// A world in which every tag is one address of its own.
struct Addresses {
    tags: Vec<String>,
    probes: Vec<IpAddr>,
    ports: Vec<u16>,
    network: Vec<Prefix>,
}

impl Addresses {
    fn of(policy: &NetworkPolicy, network: &[Prefix]) -> Addresses {
        let mut tags = BTreeSet::from(["Internet".to_owned()]);
        let mut probes: BTreeSet<IpAddr> =
            BTreeSet::from(["10.77.0.9".parse().unwrap(), "198.51.100.7".parse().unwrap()]);
        let mut ports = BTreeSet::from([1, 65000]);
        for rule in policy.security_rules.values() {
            for side in [&rule.source, &rule.destination] {
                match side {
                    AddressSide::Tag(tag) => {
                        tags.insert(tag.to_string());
                    }
                    AddressSide::Prefixes(prefixes) => {
                        probes.extend(prefixes.iter().map(|prefix| ipnet::IpNet::from(*prefix).broadcast()));
                    }
                    AddressSide::Any | AddressSide::Groups(_) => {}
                }
            }
            if let Ports::Ranges(ranges) = &rule.destination_ports {
                ports.extend(ranges.iter().flat_map(|range| [range.first(), range.last()]));
            }
        }
        probes.extend(network.iter().map(|prefix| ipnet::IpNet::from(*prefix).broadcast()));
        let tags: Vec<String> = tags.into_iter().collect();
        for position in 0..tags.len() {
            probes.insert(address_of(position));
        }
        Addresses {
            tags,
            probes: probes.into_iter().collect(),
            ports: ports.into_iter().collect(),
            network: network.to_vec(),
        }
    }

    fn in_tag(&self, tag: &str, address: IpAddr) -> bool {
        let network = self
            .network
            .iter()
            .any(|prefix| ipnet::IpNet::from(*prefix).contains(&address));
        let private = matches!(address, IpAddr::V4(address) if address.is_private());
        match tag {
            "VirtualNetwork" => network || (private && !self.network.is_empty() && address.to_string() == "10.77.0.9"),
            "AzureLoadBalancer" => false,
            "Internet" => !network && !private,
            tag => {
                let own = self.tags.iter().position(|other| other == tag).map(address_of);
                // A regional form lies inside the global one.
                let regional = self.tags.iter().enumerate().any(|(position, other)| {
                    other.strip_prefix(tag).is_some_and(|rest| rest.starts_with('.')) && address_of(position) == address
                });
                own == Some(address) || regional
            }
        }
    }

    /// The first packet about which the two rule sets disagree, and whether the second one lets it pass.
    fn difference(&self, before: &[SecurityRule], after: &[SecurityRule]) -> Option<(Probe, bool)> {
        let in_tag = |tag: &str, address| self.in_tag(tag, address);
        let local: Vec<IpAddr> = self
            .network
            .iter()
            .map(|prefix| ipnet::IpNet::from(*prefix).broadcast())
            .collect();
        for direction in [Direction::Inbound, Direction::Outbound] {
            for protocol in [Protocol::Tcp, Protocol::Udp, Protocol::Icmp] {
                for (here, there) in local
                    .iter()
                    .flat_map(|here| self.probes.iter().map(move |there| (*here, *there)))
                {
                    for port in &self.ports {
                        let (source, destination) = match direction {
                            Direction::Outbound => (here, there),
                            Direction::Inbound => (there, here),
                        };
                        let probe = Probe {
                            direction,
                            protocol,
                            source,
                            source_port: 1024,
                            destination,
                            port: *port,
                        };
                        let passes = oracle::allows(after, &probe, &in_tag);
                        if oracle::allows(before, &probe, &in_tag) != passes {
                            return Some((probe, passes));
                        }
                    }
                }
            }
        }
        None
    }
}

fn address_of(position: usize) -> IpAddr {
    [20, 1, u8::try_from(position).unwrap(), 1].into()
}

/// Small changes of one rule set, each with what was done.
fn mutants(rules: &[SecurityRule]) -> Vec<(String, Vec<SecurityRule>)> {
    let mut mutants = Vec::new();
    for (position, rule) in rules.iter().enumerate() {
        let mut with = |what: &str, change: &dyn Fn(&mut SecurityRule)| {
            let mut changed = rules.to_vec();
            change(&mut changed[position]);
            if changed[position] != *rule {
                mutants.push((format!("{} {what}", rule.name), changed));
            }
        };
        with("turned round", &|rule| {
            rule.access = match rule.access {
                Access::Allow => Access::Deny,
                Access::Deny => Access::Allow,
            };
        });
        with("of another protocol", &|rule| {
            rule.protocol = if rule.protocol == Protocol::Udp {
                Protocol::Tcp
            } else {
                Protocol::Udp
            };
        });
        with("of every protocol", &|rule| rule.protocol = Protocol::Any);
        with("on every port", &|rule| rule.destination_ports = Ports::Any);
        with("on one port", &|rule| rule.destination_ports = Ports::single(1));
        with("one port less", &|rule| {
            if let Ports::Ranges(ranges) = &mut rule.destination_ports
                && ranges.len() > 1
            {
                ranges.pop_first();
            }
        });
        with("from privileged ports", &|rule| {
            rule.source_ports = Ports::Ranges(["0-1023".parse::<PortRange>().unwrap()].into());
        });
        with("to anybody", &|rule| rule.destination = AddressSide::Any);
        with("from anybody", &|rule| rule.source = AddressSide::Any);
        with("to another tag", &|rule| {
            if let AddressSide::Tag(tag) = &mut rule.destination {
                *tag = "AzureTrafficManager".parse().unwrap();
            }
        });
        with("first", &|rule| rule.priority = Priority::try_from(100).unwrap());
        with("last", &|rule| rule.priority = Priority::try_from(4096).unwrap());
        with("the other way", &|rule| {
            rule.direction = match rule.direction {
                Direction::Inbound => Direction::Outbound,
                Direction::Outbound => Direction::Inbound,
            };
        });
        let mut removed = rules.to_vec();
        removed.remove(position);
        mutants.push((format!("{} removed", rule.name), removed));
    }
    // Azure has each priority once.
    mutants.retain(|(_, rules)| {
        let mut places = BTreeSet::new();
        rules.iter().all(|rule| places.insert((rule.direction, rule.priority)))
    });
    mutants
}

fn judged<'a>(policy: &'a NetworkPolicy, rules: &'a [SecurityRule]) -> Model {
    Model::new(&Given {
        groups: vec![rules.iter().collect()],
        ..Given::of_policy(policy)
    })
}

#[test]
fn a_change_that_lets_one_packet_more_or_less_pass_is_noticed() {
    let (mut caught, mut equivalent) = (0, 0);
    let mut escaped = Vec::new();
    // The rest of the editions and clouds takes minutes: `cargo xtask test --full`.
    let everything = std::env::var_os("LOCKEDDOWN_FULL").is_some();
    every_expansion(|name, policy| {
        if !everything && !name.ends_with("2026-08 / public") {
            return;
        }
        let rules: Vec<SecurityRule> = policy.security_rules.values().cloned().collect();
        let network = Given::of_policy(policy).network;
        if rules.is_empty() || network.is_empty() {
            return;
        }
        let addresses = Addresses::of(policy, &network);
        for (what, mutant) in mutants(&rules) {
            let both = Model::new(&Given {
                groups: vec![rules.iter().collect(), mutant.iter().collect()],
                ..Given::of_policy(policy)
            });
            let [before, after] = both.groups.as_slice() else {
                unreachable!()
            };
            let Some((probe, passes)) = addresses.difference(&rules, &mutant) else {
                equivalent += 1;
                continue;
            };
            let model = judged(policy, &mutant);
            let noticed = if passes {
                // Beyond what was asked for, or open to Azure's default rules where it was closed.
                let opened = newly_allowed(before, after, &both.world);
                !opened.is_empty()
                    && (!exposure(&model).is_empty()
                        || opened.iter().any(|change| change.allowed_by.starts_with("Allow"))
                        || allows(&model).iter().any(|finding| finding.verdict != Verdict::Proven))
            } else {
                !newly_denied(before, after, &both.world).is_empty()
            };
            // A required packet that no longer passes is more than a difference: it is refuted.
            let required_stopped = !passes && is_required(policy, &probe, &addresses);
            let refuted = allows(&model).iter().any(|finding| finding.verdict != Verdict::Proven);
            if noticed && (!required_stopped || refuted) {
                caught += 1;
            } else {
                escaped.push(format!("{name}: {what}: {probe:?}"));
            }
        }
    });
    println!("{caught} mutants caught, {equivalent} equivalent");
    assert!(escaped.is_empty(), "{} escaped\n{}", escaped.len(), escaped.join("\n"));
    assert!(caught > 500, "{caught}");
}

/// Whether some flow asks for the packet, in the oracle's own words.
fn is_required(policy: &NetworkPolicy, probe: &Probe, addresses: &Addresses) -> bool {
    let there = if probe.direction == Direction::Outbound {
        probe.destination
    } else {
        probe.source
    };
    policy.flows.values().any(|flow| {
        flow.direction == probe.direction
            && !matches!(flow.passage, Passage::Closed | Passage::Proxy)
            && (flow.protocol == Protocol::Any || flow.protocol == probe.protocol)
            && match &flow.ports {
                Ports::Any => true,
                Ports::Ranges(ranges) => ranges
                    .iter()
                    .any(|range| range.first() <= probe.port && probe.port <= range.last()),
            }
            && match &flow.peer {
                FlowPeer::Any => true,
                FlowPeer::Prefixes(prefixes) => prefixes
                    .iter()
                    .any(|prefix| ipnet::IpNet::from(*prefix).contains(&there)),
                FlowPeer::Tag(tag) => addresses.in_tag(tag.as_str(), there),
                FlowPeer::Host { .. } | FlowPeer::HostTag(_) | FlowPeer::Groups(_) => false,
            }
    })
}

#[test]
fn a_route_or_a_rule_of_the_firewall_that_is_missing_is_noticed() {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    let mut escaped = Vec::new();
    every_expansion(|name, policy| {
        let mut check = |what: &'static str, which: String, mutant: &NetworkPolicy| {
            let model = Model::new(&Given::of_policy(mutant));
            let fine = allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven);
            if fine && opens_as_much(policy, mutant) {
                *counted.entry("equivalent").or_default() += 1;
            } else if fine {
                escaped.push(format!("{name}: {what} {which}"));
            }
            *counted.entry(what).or_default() += 1;
        };
        for route in policy.routes.keys() {
            let default = policy.routes[route].destination.to_string() == "0.0.0.0/0";
            if !default {
                continue;
            }
            let mut mutant = policy.clone();
            mutant.routes.remove(route);
            check("route removed", route.clone(), &mutant);
            let mut mutant = policy.clone();
            mutant.routes.get_mut(route).unwrap().next_hop = NextHop::None;
            check("route to nowhere", route.clone(), &mutant);
        }
        for (position, collection) in policy.network_rule_collections.iter().enumerate() {
            for rule in 0..collection.rules.len() {
                let mut mutant = policy.clone();
                let removed = mutant.network_rule_collections[position].rules.remove(rule);
                check("network rule removed", removed.name, &mutant);
            }
        }
        for (position, collection) in policy.application_rule_collections.iter().enumerate() {
            for rule in 0..collection.rules.len() {
                let mut mutant = policy.clone();
                let removed = mutant.application_rule_collections[position].rules.remove(rule);
                check("application rule removed", removed.name, &mutant);
            }
        }
    });
    println!("{counted:?}");
    assert!(escaped.is_empty(), "{}", escaped.join("\n"));
}

/// A host below a wildcard that another application rule opens needs no rule of its own.
fn opens_as_much(before: &NetworkPolicy, after: &NetworkPolicy) -> bool {
    let hosts = |policy: &NetworkPolicy| {
        let rules = policy.application_rule_collections.iter().flat_map(|all| &all.rules);
        let mut hosts = Vec::new();
        for rule in rules {
            if let ApplicationRuleDestination::Hosts(names) = &rule.destination {
                hosts.extend(names.iter().filter_map(|name| name.get().cloned()));
            }
        }
        hosts
    };
    let left = hosts(after);
    let opened = |name: &String| {
        left.iter()
            .any(|pattern| pattern == name || pattern.strip_prefix('*').is_some_and(|tail| name.ends_with(tail)))
    };
    before.routes == after.routes
        && before.network_rule_collections == after.network_rule_collections
        && hosts(before).iter().all(opened)
}
