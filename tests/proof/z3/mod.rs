//! Asking Z3: cases as JSON for `check.py`, which shares no code with the proof.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use lockeddown::{
    network::{
        Access, AddressSide, ApplicationRuleDestination, FirewallSource, Flow, FlowPeer, Known, NetworkPolicy,
        NetworkRuleDestination, Ports, RouteDestination, SecurityRule,
    },
    proof::{
        exposure::{Opener, exposure},
        firewall::{Collection, Layer},
        model::{Given, Model},
        required::allows,
    },
};
use serde_json::{Value, json};

/// Newer ones answer the same; one version keeps a disagreement reproducible.
pub(crate) const Z3: &str = "z3-solver==4.15.4.0";

/// The environment that Z3 is installed in.
pub(crate) fn home() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(Z3)
}

/// Starts to check a file of cases.
pub(crate) fn check(cases: &Path) -> Child {
    let mut command = Command::new(home().join("bin/python"));
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proof/z3/check.py"))
        .arg(cases);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap()
}

/// What is written, and what the proof says of it.
pub(crate) fn case(name: &str, policy: &NetworkPolicy, layers: Option<&Vec<Layer>>) -> Value {
    let mut given = Given::of_policy(policy);
    if let Some(layers) = layers {
        given.firewall = Some(layers.clone());
    }
    let model = Model::new(&given);
    let verdicts: BTreeMap<_, _> = allows(&model)
        .into_iter()
        .map(|finding| (finding.required.key.clone(), finding.verdict.as_str()))
        .collect();
    let exposed: Vec<String> = exposure(&model)
        .into_iter()
        .filter_map(|exposure| match exposure.by {
            Opener::Rule { name, .. } => Some(name),
            _ => None,
        })
        .collect();
    let local = match given.subnet.is_empty() {
        true => json!({ "subnet": true }),
        false => json!({ "prefixes": given.subnet.iter().map(ToString::to_string).collect::<Vec<_>>() }),
    };
    json!({
        "name": name,
        "rules": policy.security_rules.values().map(rule).collect::<Vec<_>>(),
        "routes": policy.routes.values().map(|route| json!({
            "destination": match &route.destination {
                RouteDestination::Prefix(prefix) => json!({ "prefix": prefix.to_string() }),
                RouteDestination::Tag(tag) => json!({ "tag": tag.as_str() }),
            },
            "hop": route.next_hop.as_str(),
        })).collect::<Vec<_>>(),
        "learned": policy.default_route.filter(|route| route.learned).map(|route| route.next_hop.as_str()),
        "network": given.subnet.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "local": local,
        "subnet_is_ipv4": policy.flows.values().any(|flow| is_family(&flow.local)),
        "firewall": given.firewall.as_deref().map(firewall),
        "flows": policy.flows.iter().map(|(key, flow)| (key.clone(), self::flow(flow))).collect::<BTreeMap<_, _>>(),
        "verdicts": verdicts,
        "exposed": exposed,
    })
}

/// 0.0.0.0/0: the subnet, whose prefixes nobody says, as far as it is one of IPv4.
fn is_family(local: &AddressSide) -> bool {
    matches!(local, AddressSide::Prefixes(prefixes) if prefixes.iter().all(|prefix| prefix.to_string() == "0.0.0.0/0"))
}

fn side(side: &AddressSide) -> Value {
    match side {
        AddressSide::Any => json!({ "any": true }),
        AddressSide::Tag(tag) => json!({ "tag": tag.as_str() }),
        AddressSide::Prefixes(prefixes) => {
            json!({ "prefixes": prefixes.iter().map(ToString::to_string).collect::<Vec<_>>() })
        }
        AddressSide::Groups(_) => panic!("no option set names application security groups"),
    }
}

fn ports(ports: &Ports) -> Value {
    match ports {
        Ports::Any => Value::Null,
        Ports::Ranges(ranges) => ranges
            .iter()
            .map(|range| json!([range.first(), range.last()]))
            .collect(),
    }
}

fn rule(rule: &SecurityRule) -> Value {
    json!({
        "name": rule.name.as_str(),
        "direction": rule.direction.as_str(),
        "access": if rule.access == Access::Allow { "Allow" } else { "Deny" },
        "priority": rule.priority.get(),
        "protocol": rule.protocol.as_str(),
        "source": side(&rule.source),
        "source_ports": ports(&rule.source_ports),
        "destination": side(&rule.destination),
        "destination_ports": ports(&rule.destination_ports),
    })
}

fn flow(flow: &Flow) -> Value {
    json!({
        "direction": flow.direction.as_str(),
        "protocol": flow.protocol.as_str(),
        "local": match &flow.local {
            AddressSide::Any => json!({ "subnet": true }),
            local if is_family(local) => json!({ "subnet": true }),
            local => side(local),
        },
        "peer": match &flow.peer {
            FlowPeer::Any => json!({ "any": true }),
            FlowPeer::Prefixes(prefixes) => side(&AddressSide::Prefixes(prefixes.clone())),
            FlowPeer::Tag(tag) => json!({ "tag": tag.as_str() }),
            FlowPeer::Host { name, covered_by } => {
                json!({ "host": name, "covered_by": covered_by.as_ref().map(|tag| tag.as_str()) })
            }
            FlowPeer::HostTag(tag) => json!({ "host_tag": tag }),
            FlowPeer::Groups(_) => panic!("no option set names application security groups"),
        },
        "ports": ports(&flow.ports),
        "source_ports": ports(&flow.source_ports),
        "passage": flow.passage.as_str(),
        "learned_route": flow.learned_route,
        "callers": side(&AddressSide::Prefixes(flow.callers.clone())),
    })
}

/// Collections of one layer and one group, which is what a policy has.
fn firewall(layers: &[Layer]) -> Value {
    let collections = layers.iter().flatten();
    let collection = |collection: &Collection| {
        let (kind, access, priority, rules): (_, _, _, Vec<Value>) = match collection {
            Collection::Network(access, all) => {
                let rules = all.rules.iter().map(|rule| {
                    let destinations: Vec<Value> = match &rule.destination {
                        NetworkRuleDestination::Tag(tag) => vec![json!({ "tag": tag.as_str() })],
                        NetworkRuleDestination::Addresses(texts) => texts.iter().map(|text| address(text)).collect(),
                        NetworkRuleDestination::Hosts(names) => hosts(names.iter()),
                    };
                    let protocols: Vec<&str> = rule.protocols.iter().map(|protocol| protocol.as_str()).collect();
                    let ranges: Option<Vec<Value>> = rule.ports.iter().map(|text| port_range(text)).collect();
                    json!({
                        "name": rule.name, "protocols": protocols, "sources": sources(&rule.source), "destinations": destinations, "ports": ranges,
                    })
                });
                ("network", access, all.priority, rules.collect())
            }
            Collection::Application(access, all) => {
                let rules = all.rules.iter().map(|rule| {
                    let destinations: Vec<Value> = match &rule.destination {
                        ApplicationRuleDestination::Hosts(names) => hosts(names.iter()),
                        ApplicationRuleDestination::HostTag(tag) => vec![json!({ "host_tag": tag })],
                        ApplicationRuleDestination::Urls(urls) => urls
                            .iter()
                            .map(|url| json!({ "host": url.split_once("://").map_or(url.as_str(), |(_, rest)| rest) }))
                            .collect(),
                    };
                    let ranges: Vec<Value> = rule.protocols.iter().map(|(_, port)| json!([port, port])).collect();
                    json!({
                        "name": rule.name, "protocols": ["Tcp"], "sources": sources(&rule.source), "destinations": destinations, "ports": ranges,
                    })
                });
                ("application", access, all.priority, rules.collect())
            }
        };
        let action = if *access == Access::Allow { "Allow" } else { "Deny" };
        json!({ "kind": kind, "action": action, "priority": priority, "rules": rules })
    };
    collections.map(collection).collect()
}

fn sources(source: &FirewallSource) -> Vec<Value> {
    match source {
        FirewallSource::Addresses(texts) => texts.iter().map(|text| address(text)).collect(),
        FirewallSource::Groups(_) => vec![json!({ "any": true })],
    }
}

fn address(text: &str) -> Value {
    match text {
        "*" => json!({ "any": true }),
        text if text.starts_with(|first: char| first.is_ascii_alphabetic()) && !text.contains(':') => {
            json!({ "tag": text })
        }
        text => json!({ "prefixes": [text] }),
    }
}

fn hosts<'n>(names: impl Iterator<Item = &'n Known<String>>) -> Vec<Value> {
    names
        .filter_map(Known::get)
        .map(|name| json!({ "host": name }))
        .collect()
}

/// `None` for every port.
fn port_range(text: &str) -> Option<Value> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some(json!([first.parse::<u16>().ok()?, last.parse::<u16>().ok()?]))
}
