//! What holds of every workload whatever its options are. The options come from the workloads' own declarations, so that a new argument is
//! tried without anybody thinking of it here.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod inputs;

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use lockeddown::{
    network::{
        Access, AddressSide, Description, Direction, Family, NetworkPolicy, Ports, Prefix, Protocol, RuleName,
        SecurityRule,
    },
    provider::Lockeddown,
    regions::Cloud,
    requirements::{Edition, Requirement, catalogue, systems},
    workloads::{
        Defaults, Expanded, Surroundings, WORKLOADS, Workload,
        argument::{Argument, Kind},
        rule_value::security_rules,
    },
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRunner},
};
use tfplugin_rs::{
    provider::{FunctionError, Provider},
    value::{Dynamic, Type, Value},
};

use crate::inputs::inputs_of;

// --- options -------------------------------------------------------------------------------------------------------------------------

fn some_of(words: &'static [&'static str]) -> BoxedStrategy<Value> {
    prop::sample::subsequence(words.to_vec(), 1..=words.len())
        .prop_map(Value::string_set)
        .boxed()
}

fn one_of(values: Vec<Value>) -> BoxedStrategy<Value> {
    prop::sample::select(values).boxed()
}

const ASG: &str = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes";

/// What an argument may plausibly be; `None` where only its own workload knows, and the option sets of the tests name it.
fn plausible(argument: &Argument) -> Option<BoxedStrategy<Value>> {
    Some(match (argument.name, argument.kind) {
        ("egress", _) => one_of(vec![
            Value::object([("type", Value::from("service_tags"))]),
            Value::object([
                ("type", Value::from("firewall")),
                ("firewall_private_ip_address", "10.0.255.4".into()),
            ]),
            Value::object([
                ("type", Value::from("forced_tunnel")),
                ("forced_tunnel_source", "route".into()),
                ("filtered_internet_ports", Value::string_set(["443"])),
            ]),
            Value::object([
                ("type", Value::from("proxy")),
                ("proxy_address", "10.0.250.4".into()),
                ("proxy_port", 3128_i64.into()),
            ]),
        ]),
        ("application_security_groups", _) => one_of(vec![Value::object([("node_id", Value::from(ASG))])]),
        ("package_mirror", _) => one_of(vec![Value::object([
            ("address_prefixes", Value::string_set(["10.0.9.4"])),
            ("port", 8081_i64.into()),
        ])]),
        (name, Kind::TextSet) if name.ends_with("_locations") => some_of(&["northeurope", "francecentral", "eastus2"]),
        ("compute_types", _) => some_of(&["cluster", "instance"]),
        ("python_packages", _) => some_of(&["anaconda", "pypi", "pytorch", "tensorflow"]),
        ("workloads", _) => some_of(&["training", "inference"]),
        ("arc_features", _) => some_of(&["cluster_connect", "custom_locations", "azure_rbac", "extensions"]),
        ("callback_ports", _) => some_of(&["5000", "6000-6010"]),
        ("extra_hosts", _) => some_of(&["git.example.com", "*.example.org"]),
        ("ntp_servers", _) => some_of(&["10.0.9.5", "time.example.com"]),
        ("additional_storage_account_names" | "storage_account_names", _) => some_of(&["accountone", "accounttwo"]),
        ("dns_server_addresses", _) => some_of(&["10.0.9.6", "fd00:9::6"]),
        ("server_public_ip_prefixes", _) => some_of(&["203.0.113.0/28", "2001:db8:3::/64"]),
        ("subnet_address_prefixes", _) => some_of(&["10.0.0.0/24", "fd00:1::/64"]),
        ("virtual_network_address_spaces", _) => some_of(&["10.0.0.0/16", "fd00:1::/48"]),
        (name, Kind::TextSet) if name.ends_with("_source_address_prefixes") => some_of(&["10.8.0.0/24", "fd00:8::/64"]),
        ("node_address_prefixes", _) => some_of(&["10.0.1.0/24", "fd00:2::/64"]),
        ("server_address_prefixes", _) => some_of(&["10.0.2.0/28", "fd00:3::/64"]),
        ("return_proxy_address_prefixes", _) => some_of(&["10.0.1.4", "fd00:2::4"]),
        (name, Kind::TextSet) if name.contains("private_endpoint_address_prefixes") => {
            some_of(&["10.0.3.0/27", "fd00:4::/64"])
        }
        ("default_storage_account_name", _) => one_of(vec!["accountzero".into()]),
        ("node_communication_port" | "ssh_port", _) => one_of(vec![9000_i64.into(), 2222_i64.into()]),
        ("cyclecloud_version", _) => one_of(vec![7_i64.into(), 8_i64.into()]),
        ("priority_base", _) => one_of(vec![100_i64.into(), 2000_i64.into(), 3000_i64.into()]),
        ("deny_priority", _) => one_of(vec![4000_i64.into(), 4050_i64.into()]),
        ("name_prefix", _) => one_of(vec!["hpc-".into()]),
        // They need what only some configurations have.
        (
            "environment" | "link_type" | "type" | "role" | "cluster_type" | "compute_type" | "gateway_route"
            | "route_targets",
            _,
        ) => {
            return None;
        }
        (_, Kind::Choice(words)) => one_of(words.iter().map(|word| Value::from(*word)).collect()),
        (_, Kind::Flag) => any::<bool>().prop_map(Value::from).boxed(),
        _ => return None,
    })
}

type Options = Vec<(&'static str, Value)>;

/// A few options of one workload, on one of its option sets.
fn configurations(
    workload: &'static Workload,
) -> impl Strategy<Value = (Value, Options, Option<(&'static str, Value)>)> {
    let sets: Vec<Value> = inputs_of(workload.name).into_iter().map(|(_, values)| values).collect();
    let options: Vec<_> = workload
        .all_arguments()
        .into_iter()
        .filter_map(|argument| Some((argument.name, plausible(argument)?)))
        .collect();
    let count = options.len();
    let chosen = prop::collection::vec(
        (0..count).prop_flat_map(move |index| {
            let (name, strategy) = options[index].clone();
            strategy.prop_map(move |value| (name, value))
        }),
        0..6,
    );
    let edition = prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]);
    let place = prop::sample::select(vec![
        (Cloud::Public, "westeurope"),
        (Cloud::Public, "Sweden Central"),
        (Cloud::UsGovernment, "usgovvirginia"),
        (Cloud::China, "chinaeast2"),
    ]);
    (prop::sample::select(sets), chosen, edition, place).prop_map(
        |(mut set, mut options, edition, (cloud, location))| {
            let more = options.pop();
            set.set_attribute("edition", edition.into());
            set.set_attribute("environment", cloud.as_str().into());
            set.set_attribute("location", location.into());
            (set, options, more)
        },
    )
}

fn expand(workload: &Workload, set: &Value, options: &[(&'static str, Value)]) -> Option<Expanded> {
    let mut values = set.clone();
    for (name, value) in options {
        values.set_attribute(*name, value.clone());
    }
    workload
        .expand(&values, &Surroundings::none(Defaults::default()))
        .expanded
}

// --- what holds ----------------------------------------------------------------------------------------------------------------------

fn known() -> BTreeMap<&'static str, &'static Requirement> {
    let rows = systems().flat_map(|system| catalogue(system).unwrap().all());
    rows.map(|row| (row.id.as_str(), row)).collect()
}

fn own(policy: &NetworkPolicy) -> impl Iterator<Item = &SecurityRule> {
    policy.security_rules.values()
}

/// Names, priorities, descriptions and families as Azure wants them, in the places that are promised.
fn obeys_azure(policy: &NetworkPolicy, band: i64, base: Option<i64>) -> Result<(), TestCaseError> {
    let (mut places, mut names) = (BTreeSet::new(), BTreeSet::new());
    for rule in own(policy) {
        let name = rule.name.as_str();
        prop_assert!(name.parse::<RuleName>().is_ok() && name.len() <= 80, "{}", name);
        prop_assert!(names.insert(name.to_lowercase()), "{} stands twice", name);
        prop_assert!(
            places.insert((rule.direction, rule.priority)),
            "{} shares its priority",
            name
        );
        prop_assert!(rule.description.as_str().chars().count() <= Description::MAX);
        let priority = i64::from(rule.priority.get());
        let tail = (4000..=4096).contains(&priority);
        prop_assert_eq!(tail, rule.access == Access::Deny, "{} at {}", name, priority);
        if let Some(base) = base {
            prop_assert!(
                tail || (base..base + band).contains(&priority),
                "{} at {}",
                name,
                priority
            );
        }
        let families: BTreeSet<Family> = [&rule.source, &rule.destination]
            .into_iter()
            .filter_map(|side| match side {
                AddressSide::Prefixes(prefixes) => Some(prefixes.iter().map(Prefix::family)),
                _ => None,
            })
            .flatten()
            .collect();
        prop_assert!(families.len() <= 1, "{} mixes address families", name);
    }
    Ok(())
}

/// As azurerm gets them: one field for each side, and whatever stands in a plural one is an address.
fn fits_the_fields(policy: &NetworkPolicy) -> Result<(), TestCaseError> {
    let value = security_rules(&policy.security_rules);
    for (name, rule) in value.as_map().into_iter().flatten() {
        for side in ["source", "destination"] {
            let plural = rule.attribute(&format!("{side}_address_prefixes"));
            let fields = [
                rule.attribute(&format!("{side}_address_prefix")),
                plural,
                rule.attribute(&format!("{side}_application_security_group_ids")),
            ];
            prop_assert_eq!(
                fields.iter().filter(|field| !field.is_null()).count(),
                1,
                "{} {}",
                name,
                side
            );
            for prefix in plural.as_list().unwrap_or_default() {
                prop_assert!(
                    prefix.as_str().is_some_and(|text| text.parse::<Prefix>().is_ok()),
                    "{}: {:?}",
                    name,
                    prefix
                );
            }
        }
    }
    Ok(())
}

/// Every rule has requirements that exist, and opens nothing that they do not ask for.
fn is_no_wider(
    policy: &NetworkPolicy,
    values: &Value,
    known: &BTreeMap<&str, &Requirement>,
) -> Result<(), TestCaseError> {
    for rule in own(policy) {
        prop_assert!(!rule.requirement_ids.is_empty(), "{} has no requirement", rule.name);
        for id in &rule.requirement_ids {
            let Some(row) = known.get(id.as_str()) else {
                return Err(TestCaseError::fail(format!("{id} is not in the catalogue")));
            };
            let protocol: Protocol = row.protocol.as_deref().unwrap_or("*").parse().unwrap();
            let chosen = id.starts_with("LIC-") || id == "AML-VM-SSH-ANY";
            prop_assert!(
                protocol == Protocol::Any || protocol == rule.protocol || chosen,
                "{} is {}",
                rule.name,
                rule.protocol
            );
            if row.port_argument.is_none() && !row.ports.is_empty() {
                let wanted = Ports::Ranges(row.ports.iter().map(|port| port.parse().unwrap()).collect());
                prop_assert_eq!(&rule.destination_ports, &wanted, "{}", rule.name);
            } else if row.port_argument.is_some() {
                prop_assert!(rule.destination_ports != Ports::Any, "{} opens every port", rule.name);
            }
            let far = match rule.direction {
                Direction::Outbound => &rule.destination,
                Direction::Inbound => &rule.source,
            };
            let cloud: Cloud = values.attribute("environment").as_str().unwrap().parse().unwrap();
            let peer = row.peer_in(cloud);
            let tag = peer.and_then(|peer| peer.service_tag.as_deref());
            match (tag, far) {
                (_, AddressSide::Any) => {
                    return Err(TestCaseError::fail(format!("{} is open to everybody", rule.name)));
                }
                (Some(tag), AddressSide::Tag(given)) => {
                    let base = tag.split('.').next().unwrap_or(tag);
                    let regional = tag.contains(".{");
                    prop_assert!(given.as_str().starts_with(base), "{}: {} for {}", rule.name, given, tag);
                    prop_assert!(
                        !regional || given.as_str().contains('.'),
                        "{}: {} for {}",
                        rule.name,
                        given,
                        tag
                    );
                }
                (Some(tag), AddressSide::Prefixes(prefixes)) => {
                    prop_assert!(
                        tag == "VirtualNetwork" && rule.access == Access::Allow,
                        "{}: {}",
                        rule.name,
                        tag
                    );
                    let mut given = prefixes_in(values.attribute("virtual_network_address_spaces"));
                    // Private endpoints may stand in a peered network.
                    if let Some(argument) = peer.and_then(|peer| peer.peered.as_deref()) {
                        given.extend(prefixes_in(values.attribute(argument)));
                    }
                    prop_assert!(
                        prefixes.is_subset(&given),
                        "{} goes beyond the address spaces",
                        rule.name
                    );
                }
                (None, AddressSide::Prefixes(prefixes)) => {
                    let given = prefixes_in(values);
                    prop_assert!(prefixes.is_subset(&given), "{} names what nobody gave", rule.name);
                }
                (None, AddressSide::Groups(_)) => {}
                (tag, far) => return Err(TestCaseError::fail(format!("{}: {far:?} for {tag:?}", rule.name))),
            }
        }
    }
    Ok(())
}

/// Every prefix that stands anywhere in a value.
fn prefixes_in(value: &Value) -> BTreeSet<Prefix> {
    match value {
        Value::String(text) => text.parse().into_iter().collect(),
        Value::List(elements) => elements.iter().flat_map(prefixes_in).collect(),
        Value::Map(entries) => entries.values().flat_map(prefixes_in).collect(),
        _ => BTreeSet::new(),
    }
}

/// Allowing some of the internet means nothing while Azure's own rule allows all of it.
fn has_its_deny(workload: &Workload, values: &Value, policy: &NetworkPolicy) -> Result<(), TestCaseError> {
    let leaves = |rule: &&SecurityRule| {
        let inside = |tag: &str| matches!(tag, "VirtualNetwork" | "AzureLoadBalancer");
        rule.access == Access::Allow
            && rule.direction == Direction::Outbound
            && matches!(&rule.destination, AddressSide::Tag(tag) if !inside(tag.as_str()))
    };
    if values.attribute("isolation").as_str() == Some("none") || !own(policy).any(|rule| leaves(&rule)) {
        return Ok(());
    }
    let denies = |rule: &SecurityRule| {
        rule.access == Access::Deny
            && rule.direction == Direction::Outbound
            && matches!(&rule.destination, AddressSide::Tag(tag) if tag.as_str() == "Internet")
    };
    prop_assert!(
        own(policy).any(denies),
        "{}: an allow list without its deny",
        workload.name
    );
    Ok(())
}

/// What tells a rule's flow from every other: while it is asked for, its rule keeps name and place.
fn places(policy: &NetworkPolicy) -> BTreeMap<String, (String, u16)> {
    own(policy)
        .map(|rule| {
            let family = |side: &AddressSide| match side {
                AddressSide::Prefixes(prefixes) => prefixes.first().map(Prefix::family),
                _ => None,
            };
            let tag = match (&rule.source, &rule.destination) {
                (AddressSide::Tag(tag), _) | (_, AddressSide::Tag(tag)) => tag.as_str(),
                _ => "",
            };
            let ipv6 = [family(&rule.source), family(&rule.destination)].contains(&Some(Family::V6));
            let manager = rule
                .name
                .as_str()
                .split_once("_main_")
                .map_or("", |(_, manager)| manager);
            let key = format!("{:?} {} {tag} {ipv6} {manager}", rule.requirement_ids, rule.direction);
            (key, (rule.name.as_str().to_owned(), rule.priority.get()))
        })
        .collect()
}

/// These say where rules stand and what they are called.
const MOVES: [&str; 4] = ["priority_base", "deny_priority", "name_prefix", "workspace_location"];

fn moves_nothing(before: &NetworkPolicy, after: &NetworkPolicy, option: &str) -> Result<(), TestCaseError> {
    if MOVES.contains(&option) {
        return Ok(());
    }
    let after = places(after);
    for (key, place) in places(before) {
        if let Some(now) = after.get(&key) {
            prop_assert_eq!(now, &place, "`{}` moved it", option);
        }
    }
    Ok(())
}

/// What the function `expand` adds is the proof, and no combination of options may fail it: what does is a rule or a route that we forgot.
fn is_proven(runtime: &tokio::runtime::Runtime, workload: &Workload, values: &Value) -> Result<(), TestCaseError> {
    let functions = Lockeddown::new(|_| None).functions();
    let expand = functions.iter().find(|function| function.name() == "expand").unwrap();
    let inputs = Value::Dynamic(Box::new(Dynamic {
        ty: Type::Dynamic,
        value: values.clone(),
    }));
    let answer = runtime.block_on(expand.call(vec![workload.name.into(), inputs]));
    // Who lets people in from the internet under a default route to an appliance has their way back to give; that is said rightly.
    let said_rightly = |error: &FunctionError| error.text.contains("(asymmetric routing)");
    prop_assert!(answer.as_ref().err().is_none_or(said_rightly), "{:?}", answer);
    Ok(())
}

#[test]
fn whatever_the_options_are() {
    let known = known();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for workload in WORKLOADS {
        let (tried, expanded) = (Cell::new(0_u32), Cell::new(0_u32));
        let mut runner = TestRunner::new(Config {
            cases: 80,
            failure_persistence: None,
            ..Config::default()
        });
        let outcome = runner.run(&configurations(workload), |(set, options, more)| {
            tried.set(tried.get() + 1);
            let Some(base) = expand(workload, &set, &options) else {
                return Ok(());
            };
            expanded.set(expanded.get() + 1);
            let mut values = set.clone();
            options
                .iter()
                .for_each(|(name, value)| values.set_attribute(*name, value.clone()));
            let start = values.attribute("priority_base");
            let start = match start {
                Value::Number(number) => number.to_i64(),
                _ => None,
            };
            obeys_azure(&base.policy, workload.band_width(), start)?;
            fits_the_fields(&base.policy)?;
            is_no_wider(&base.policy, &values, &known)?;
            has_its_deny(workload, &values, &base.policy)?;
            is_proven(&runtime, workload, &values)?;
            if let Some((name, value)) = more {
                let mut options = options.clone();
                options.push((name, value));
                if let Some(more) = expand(workload, &set, &options) {
                    moves_nothing(&base.policy, &more.policy, name)?;
                }
            }
            Ok(())
        });
        assert!(outcome.is_ok(), "{}: {}", workload.name, outcome.unwrap_err());
        let (tried, expanded) = (tried.get(), expanded.get());
        assert!(
            expanded * 5 >= tried,
            "{}: only {expanded} of {tried} configurations expand",
            workload.name
        );
    }
    assert_eq!(
        Edition::newest().as_str(),
        "2026-08",
        "a new edition belongs into `configurations`"
    );
}
