//! What holds of every workload, whatever it is.

mod inputs;

use std::{collections::BTreeSet, fmt::Write as _};

use lockeddown::{
    network::{AddressSide, Description, NetworkPolicy, SecurityRule},
    regions::Cloud,
    requirements::{Edition, catalogue, systems},
    workloads::{Defaults, Outcome, Surroundings, WORKLOADS, Workload},
};
use tfplugin_rs::value::Value;

use crate::inputs::inputs_of;

fn expand(workload: &Workload, values: &Value, edition: Edition, cloud: Cloud) -> Outcome {
    let defaults = Defaults {
        edition: Some(edition),
        environment: Some(cloud),
    };
    workload.expand(values, &Surroundings::none(defaults))
}

/// Every workload, option set, edition and cloud that can be expanded.
fn every_expansion(mut visit: impl FnMut(&str, &NetworkPolicy)) {
    for workload in WORKLOADS {
        for (label, values) in inputs_of(workload.name) {
            for edition in Edition::all() {
                for (cloud, location) in [
                    (Cloud::Public, "westeurope"),
                    (Cloud::UsGovernment, "usgovvirginia"),
                    (Cloud::China, "chinaeast2"),
                ] {
                    let mut values = values.clone();
                    values.set_attribute("location", location.into());
                    if !values.attribute("workspace_location").is_null() {
                        values.set_attribute("workspace_location", location.into());
                    }
                    let outcome = expand(workload, &values, edition, cloud);
                    if let Some(expanded) = outcome.expanded {
                        visit(
                            &format!("{} / {label} / {edition} / {cloud}", workload.name),
                            &expanded.policy,
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn every_workload_has_inputs_here_and_expands_in_the_newest_edition() {
    for workload in WORKLOADS {
        let sets = inputs_of(workload.name);
        assert!(!sets.is_empty(), "{} has no inputs in tests/inputs", workload.name);
        for (label, values) in sets {
            let outcome = expand(workload, &values, Edition::newest(), Cloud::Public);
            assert!(
                outcome.expanded.is_some(),
                "{} / {label}: {:#?} {:?}",
                workload.name,
                outcome.problems,
                outcome.unknown
            );
        }
    }
}

#[test]
fn rules_name_requirements_that_exist_and_obey_azure() {
    let known: BTreeSet<&str> = systems()
        .flat_map(|system| catalogue(system).unwrap().all())
        .map(|row| row.id.as_str())
        .collect();
    every_expansion(|name, policy| {
        let mut places = BTreeSet::new();
        let mut names = BTreeSet::new();
        for rule in policy.security_rules.values() {
            assert!(
                !rule.requirement_ids.is_empty(),
                "{name}: {} has no requirement",
                rule.name
            );
            for id in &rule.requirement_ids {
                assert!(known.contains(id.as_str()), "{name}: {id} is not in the catalogue");
                assert!(
                    rule.description.as_str().contains(id),
                    "{name}: {} does not say why it is there",
                    rule.name
                );
            }
            assert!(
                places.insert((rule.direction, rule.priority)),
                "{name}: {} shares its priority",
                rule.name
            );
            assert!(
                names.insert(rule.name.as_str().to_lowercase()),
                "{name}: {} stands twice",
                rule.name
            );
            assert!(rule.description.as_str().chars().count() <= Description::MAX);
            assert!(one_family(rule), "{name}: {} mixes address families", rule.name);
        }
        for id in &policy.requirement_ids {
            assert!(known.contains(id.as_str()), "{name}: {id} is not in the catalogue");
        }
    });
}

fn one_family(rule: &SecurityRule) -> bool {
    let prefixes = [&rule.source, &rule.destination]
        .into_iter()
        .filter_map(|side| match side {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        });
    prefixes
        .flatten()
        .map(|prefix| prefix.family())
        .collect::<BTreeSet<_>>()
        .len()
        <= 1
}

#[test]
fn an_argument_that_is_not_known_yet_is_never_an_error_and_never_less() {
    let mut refused = Vec::new();
    for workload in WORKLOADS {
        for (label, values) in inputs_of(workload.name) {
            let known = expand(workload, &values, Edition::newest(), Cloud::Public)
                .expanded
                .unwrap();
            for argument in workload.all_arguments() {
                let mut values = values.clone();
                values.set_attribute(argument.name, Value::UNKNOWN);
                let outcome = expand(workload, &values, Edition::newest(), Cloud::Public);
                let name = format!("{} / {label} / {}", workload.name, argument.name);
                if outcome.has_errors() {
                    // It may turn out to be null.
                    refused.push(format!(
                        "{name}: {:?}",
                        outcome
                            .problems
                            .iter()
                            .map(|problem| &problem.detail)
                            .collect::<Vec<_>>()
                    ));
                    continue;
                }
                match outcome.expanded {
                    Some(_) if values.attribute(argument.name) == &Value::Null => {}
                    // A leaf: the same rules exist.
                    Some(expanded) => {
                        let names =
                            |policy: &NetworkPolicy| policy.security_rules.keys().cloned().collect::<BTreeSet<_>>();
                        if argument.name != "application_security_groups" {
                            assert!(
                                names(&expanded.policy).is_superset(&names(&known.policy)),
                                "{name}: rules are missing"
                            );
                        }
                    }
                    None => assert!(!outcome.unknown.is_empty(), "{name}: nothing says what is missing"),
                }
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// A released edition never renders differently: a change here is a new edition, not a new snapshot.
#[test]
fn released_editions_are_frozen() {
    let mut frozen = String::new();
    every_expansion(|name, policy| {
        let _ = writeln!(frozen, "{name}");
        for rule in policy.security_rules.values() {
            let _ = writeln!(
                frozen,
                "  {} {} {} {} {} {:?}:{:?} > {:?}:{:?}",
                rule.direction,
                rule.priority,
                rule.name,
                rule.access,
                rule.protocol,
                rule.source,
                rule.source_ports,
                rule.destination,
                rule.destination_ports
            );
        }
        for route in policy.routes.values() {
            let _ = writeln!(
                frozen,
                "  route {} {} {}",
                route.name,
                route.destination,
                route.next_hop.as_str()
            );
        }
        for collection in &policy.network_rule_collections {
            for rule in &collection.rules {
                let _ = writeln!(
                    frozen,
                    "  network rule {} {:?} {:?}",
                    rule.name, rule.destination, rule.ports
                );
            }
        }
        for collection in &policy.application_rule_collections {
            for rule in &collection.rules {
                let _ = writeln!(frozen, "  application rule {} {:?}", rule.name, rule.destination);
            }
        }
        let _ = writeln!(
            frozen,
            "  endpoints {:?}, hosts {:?}",
            policy.service_endpoints,
            policy.hosts.keys()
        );
    });
    assert!(!frozen.is_empty());
    insta::assert_snapshot!(frozen);
}
