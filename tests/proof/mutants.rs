//! Small changes of what an expansion writes.

use std::collections::BTreeSet;

use lockeddown::{
    network::{
        Access, AddressSide, ApplicationRuleDestination, Direction, Known, NetworkPolicy, NetworkRuleDestination,
        NextHop, PortRange, Ports, Priority, Protocol, RouteDestination, SecurityRule,
    },
    proof::firewall::{Collection, Layer},
};

/// What is proven of a policy.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) policy: NetworkPolicy,
    /// Collections in place of the policy's, where an action is changed.
    pub(crate) firewall: Option<Vec<Layer>>,
}

/// One change: of what kind, to what, and what came of it.
pub(crate) struct Mutant {
    pub(crate) kind: &'static str,
    pub(crate) what: String,
    pub(crate) written: Written,
}

/// Every small change of a policy, each in what is there for it.
pub(crate) fn mutants(policy: &NetworkPolicy) -> Vec<Mutant> {
    let mut found = Vec::new();
    let mut add = |kind: &'static str, what: String, change: &dyn Fn(&mut NetworkPolicy)| {
        let mut changed = policy.clone();
        change(&mut changed);
        if changed != *policy {
            let written = Written {
                policy: changed,
                firewall: None,
            };
            found.push(Mutant { kind, what, written });
        }
    };
    for name in policy.security_rules.keys() {
        of_rule(name, &mut add);
    }
    for name in policy.routes.keys() {
        of_route(name, &mut add);
    }
    of_collections(policy, &mut add);
    found.retain(|mutant| azure_takes(&mutant.written.policy));
    found.extend(with_a_denying_collection(policy));
    found
}

type Add<'a> = dyn FnMut(&'static str, String, &dyn Fn(&mut NetworkPolicy)) + 'a;

/// Azure has each priority once per direction.
fn azure_takes(policy: &NetworkPolicy) -> bool {
    let mut places = BTreeSet::new();
    policy
        .security_rules
        .values()
        .all(|rule| places.insert((rule.direction, rule.priority)))
}

fn of_rule(name: &str, add: &mut Add<'_>) {
    let mut with = |kind: &'static str, change: &dyn Fn(&mut SecurityRule)| {
        add(kind, name.to_owned(), &|policy| {
            change(policy.security_rules.get_mut(name).unwrap())
        });
    };
    with("rule turned round", &|rule| {
        rule.access = match rule.access {
            Access::Allow => Access::Deny,
            Access::Deny => Access::Allow,
        };
    });
    with("rule of another protocol", &|rule| {
        rule.protocol = if rule.protocol == Protocol::Udp {
            Protocol::Tcp
        } else {
            Protocol::Udp
        };
    });
    with("rule of every protocol", &|rule| rule.protocol = Protocol::Any);
    with("rule on every port", &|rule| rule.destination_ports = Ports::Any);
    with("rule on one port", &|rule| rule.destination_ports = Ports::single(1));
    with("rule with a range less", &|rule| {
        if let Ports::Ranges(ranges) = &mut rule.destination_ports
            && ranges.len() > 1
        {
            ranges.pop_first();
        }
    });
    with("rule from privileged ports", &|rule| {
        rule.source_ports = Ports::Ranges(["0-1023".parse::<PortRange>().unwrap()].into());
    });
    with("rule to anybody", &|rule| rule.destination = AddressSide::Any);
    with("rule from anybody", &|rule| rule.source = AddressSide::Any);
    let sides: [fn(&mut SecurityRule) -> &mut AddressSide; 2] = [|rule| &mut rule.source, |rule| &mut rule.destination];
    for side in sides {
        with("rule of another tag", &|rule| {
            if let AddressSide::Tag(tag) = side(rule) {
                *tag = "AzureTrafficManager".parse().unwrap();
            }
        });
        with("rule of the global tag", &|rule| {
            if let AddressSide::Tag(tag) = side(rule) {
                *tag = tag.as_str().split('.').next().unwrap().parse().unwrap();
            }
        });
        with("rule of half the addresses", &|rule| {
            if let AddressSide::Prefixes(prefixes) = side(rule) {
                *prefixes = prefixes
                    .iter()
                    .map(|prefix| half(ipnet::IpNet::from(*prefix)).into())
                    .collect();
            }
        });
    }
    with("rule first", &|rule| rule.priority = Priority::try_from(100).unwrap());
    with("rule last", &|rule| rule.priority = Priority::try_from(4096).unwrap());
    with("rule the other way", &|rule| {
        rule.direction = match rule.direction {
            Direction::Inbound => Direction::Outbound,
            Direction::Outbound => Direction::Inbound,
        };
    });
    add("rule removed", name.to_owned(), &|policy| {
        policy.security_rules.remove(name);
    });
}

/// The lower half of a prefix.
fn half(net: ipnet::IpNet) -> ipnet::IpNet {
    ipnet::IpNet::new(net.addr(), (net.prefix_len() + 1).min(net.max_prefix_len())).unwrap()
}

fn of_route(name: &str, add: &mut Add<'_>) {
    add("route removed", name.to_owned(), &|policy| {
        policy.routes.remove(name);
    });
    for (kind, hop) in [
        ("route to nowhere", NextHop::None),
        ("route to the internet", NextHop::Internet),
        ("route to the gateway", NextHop::VirtualNetworkGateway),
        ("route into the virtual network", NextHop::VnetLocal),
        (
            "route to an appliance",
            NextHop::VirtualAppliance(Known::Is("10.0.255.4".to_owned())),
        ),
    ] {
        add(kind, name.to_owned(), &|policy| {
            policy.routes.get_mut(name).unwrap().next_hop = hop.clone()
        });
    }
    add("route narrowed", name.to_owned(), &|policy| {
        let destination = &mut policy.routes.get_mut(name).unwrap().destination;
        match destination {
            RouteDestination::Prefix(prefix) => *prefix = half(ipnet::IpNet::from(*prefix)).into(),
            RouteDestination::Tag(tag) if !tag.as_str().contains('.') => {
                *tag = format!("{tag}.WestEurope").parse().unwrap();
            }
            RouteDestination::Tag(_) => {}
        }
    });
    add("route widened", name.to_owned(), &|policy| {
        let destination = &mut policy.routes.get_mut(name).unwrap().destination;
        match destination {
            RouteDestination::Prefix(_) => {}
            RouteDestination::Tag(tag) if tag.as_str().contains('.') => {
                *tag = tag.as_str().split('.').next().unwrap().parse().unwrap();
            }
            RouteDestination::Tag(_) => *destination = RouteDestination::Prefix("0.0.0.0/1".parse().unwrap()),
        }
    });
}

fn of_collections(policy: &NetworkPolicy, add: &mut Add<'_>) {
    for (position, collection) in policy.network_rule_collections.iter().enumerate() {
        for (place, rule) in collection.rules.iter().enumerate() {
            add("network rule removed", rule.name.clone(), &|policy| {
                policy.network_rule_collections[position].rules.remove(place);
            });
            let mut with = |kind: &'static str, change: &dyn Fn(&mut lockeddown::network::NetworkRule)| {
                add(kind, rule.name.clone(), &|policy| {
                    change(&mut policy.network_rule_collections[position].rules[place]);
                });
            };
            with("network rule of another protocol", &|rule| {
                let udp = rule.protocols.contains(&Protocol::Udp);
                rule.protocols = [if udp { Protocol::Tcp } else { Protocol::Udp }].into();
            });
            with("network rule of every protocol", &|rule| {
                rule.protocols = [Protocol::Any].into()
            });
            with("network rule on one port", &|rule| rule.ports = ["1".to_owned()].into());
            with("network rule on every port", &|rule| {
                rule.ports = ["*".to_owned()].into()
            });
            with("network rule to another tag", &|rule| {
                rule.destination = NetworkRuleDestination::Tag("AzureTrafficManager".parse().unwrap());
            });
            with("network rule to anybody", &|rule| {
                rule.destination = NetworkRuleDestination::Addresses(["*".to_owned()].into());
            });
        }
    }
    for (position, collection) in policy.application_rule_collections.iter().enumerate() {
        for (place, rule) in collection.rules.iter().enumerate() {
            add("application rule removed", rule.name.clone(), &|policy| {
                policy.application_rule_collections[position].rules.remove(place);
            });
            let mut with = |kind: &'static str, change: &dyn Fn(&mut lockeddown::network::ApplicationRule)| {
                add(kind, rule.name.clone(), &|policy| {
                    change(&mut policy.application_rule_collections[position].rules[place]);
                });
            };
            with("application rule on another port", &|rule| {
                rule.protocols = rule.protocols.iter().map(|(protocol, _)| (*protocol, 8080)).collect();
            });
            with("application rule to another host", &|rule| {
                rule.destination = ApplicationRuleDestination::Hosts([Known::Is("other.example".to_owned())].into());
            });
            with("application rule to every host", &|rule| {
                rule.destination = ApplicationRuleDestination::Hosts([Known::Is("*".to_owned())].into());
            });
            with("application rule without a host", &|rule| {
                if let ApplicationRuleDestination::Hosts(names) = &mut rule.destination
                    && names.len() > 1
                {
                    names.pop_first();
                }
            });
        }
    }
}

/// Each collection with the action `Deny`, and each of them behind all others.
fn with_a_denying_collection(policy: &NetworkPolicy) -> Vec<Mutant> {
    let group = lockeddown::proof::firewall::of_policy(policy);
    let mut found = Vec::new();
    for position in 0..group.len() {
        let mut denying = group.clone();
        let mut last = group.clone();
        let name = match &mut denying[position] {
            Collection::Network(access, all) => {
                *access = Access::Deny;
                all.name.clone()
            }
            Collection::Application(access, all) => {
                *access = Access::Deny;
                all.name.clone()
            }
        };
        match &mut last[position] {
            Collection::Network(_, all) => all.priority = 60_000,
            Collection::Application(_, all) => all.priority = 60_000,
        }
        for (kind, group) in [("collection that denies", denying), ("collection reordered", last)] {
            let written = Written {
                policy: policy.clone(),
                firewall: Some(vec![group]),
            };
            found.push(Mutant {
                kind,
                what: name.clone(),
                written,
            });
        }
    }
    found
}
