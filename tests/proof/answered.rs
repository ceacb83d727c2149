//! Answers that go back to a service by its addresses: to those regions that call, which documents name, out of all whom a rule lets in.

use std::collections::BTreeMap;

use lockeddown::{
    network::NetworkPolicy,
    proof::{
        addresses::AddressSet,
        exposure::exposure,
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
    workloads::{Defaults, Surroundings, Workload},
};
use tfplugin_rs::value::Value;

use crate::published::{PUBLIC, path_of, resolved};

const MADE_UP: &str = "tests/aml_compute/service_tags.json";
/// Something with a public address whose default route leads to an appliance.
fn policy(workload: &str, file: &str, more: &[(&str, Value)]) -> NetworkPolicy {
    let mut values = Value::object([
        ("location", Value::from("westeurope")),
        ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("default_route_next_hop_type", "VirtualAppliance".into()),
        ("route_targets", "address_prefix".into()),
        ("service_tag_file", file.into()),
    ]);
    for (name, value) in more {
        values.set_attribute(*name, value.clone());
    }
    let workload = Workload::find(workload).unwrap();
    let outcome = workload.expand(&values, &Surroundings::none(Defaults::default()));
    outcome
        .expanded
        .unwrap_or_else(|| panic!("{:#?}", outcome.problems))
        .policy
}

fn verdicts(policy: &NetworkPolicy, tags: BTreeMap<String, AddressSet>) -> Vec<&'static str> {
    let mut given = Given::of_policy(policy);
    given.resolved_tags = tags;
    let model = Model::new(&given);
    // The rule is the documents', whoever calls.
    assert_eq!(exposure(&model), [], "nothing passes that no flow is about");
    allows(&model)
        .into_iter()
        .map(|finding| finding.verdict.as_str())
        .collect()
}

/// Every way to ask for such answers.
fn cases() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let mut cases = Vec::new();
    for edition in ["2020-07", "2022-10", "2026-08"] {
        // Edition 2026-08 knows both ways to talk to nodes.
        for mode in ["classic", "simplified"]
            .iter()
            .take(if edition == "2026-08" { 2 } else { 1 })
        {
            for pair in [true, false] {
                let choice = [
                    ("edition", Value::from(edition)),
                    ("node_public_ip_enabled", true.into()),
                    ("node_communication_mode", (*mode).into()),
                    ("paired_region_enabled", pair.into()),
                ];
                cases.push(("aml_compute_ingress", choice.to_vec()));
            }
        }
        let machine = [
            ("edition", Value::from(edition)),
            ("compute_type", "virtual_machine".into()),
            ("public_ip_enabled", true.into()),
        ];
        cases.push(("aml_attached_compute_ingress", machine.to_vec()));
    }
    cases
}

fn whoever_calls_is_answered(file: &str) {
    for (workload, choice) in cases() {
        let policy = policy(workload, file, &choice);
        // Without the file, as where policies are composed, tags are names.
        for tags in [resolved(&policy, file), BTreeMap::new()] {
            let verdicts = verdicts(&policy, tags);
            assert!(!verdicts.is_empty(), "{workload} {choice:?}: nobody calls");
            assert!(
                verdicts.iter().all(|word| *word == "proven"),
                "{workload} {choice:?}: {verdicts:?}"
            );
        }
        // Each route back is needed; of hundreds some are tried.
        for name in policy.routes.keys().step_by(policy.routes.len() / 6 + 1) {
            let mut without = policy.clone();
            without.routes.remove(name);
            let known = verdicts(&without, resolved(&policy, file));
            assert!(
                known.contains(&"refuted"),
                "{workload} {choice:?}: without {name} {known:?}"
            );
            let unknown = verdicts(&without, BTreeMap::new());
            assert!(
                unknown.iter().any(|word| *word != "proven"),
                "{workload} {choice:?}: without {name} {unknown:?}"
            );
        }
    }
}

#[test]
fn whoever_calls_is_answered_by_address() {
    whoever_calls_is_answered(&path_of(MADE_UP).unwrap());
}

#[test]
fn and_so_with_the_published_addresses() {
    if let Some(file) = path_of(PUBLIC) {
        whoever_calls_is_answered(&file);
    }
}

/// Whoever does without the routes to one region has not shown that its calls are answered.
#[test]
fn a_region_whose_routes_are_waived_is_still_owed_answers() {
    let file = path_of(MADE_UP).unwrap();
    for waived in ["AML-ROUTE-CONTROL-PREFIX", "AML-ROUTE-CONTROL-PREFIX-PAIR"] {
        let choice = [
            ("node_public_ip_enabled", Value::from(true)),
            (
                "waived_requirements",
                Value::object([(waived, Value::from("elsewhere"))]),
            ),
        ];
        let policy = policy("aml_compute_ingress", &file, &choice);
        assert!(!policy.routes.is_empty(), "the other region's stay");
        assert_eq!(
            verdicts(&policy, resolved(&policy, &file)),
            ["refuted"],
            "without {waived}"
        );
    }
}

/// Only those are callers; by tag there is nothing to tell apart.
#[test]
fn by_tag_everybody_of_the_tag_is_answered() {
    let by_tag = [
        ("node_public_ip_enabled", Value::from(true)),
        ("route_targets", "service_tag".into()),
    ];
    let policy = policy("aml_compute_ingress", &path_of(MADE_UP).unwrap(), &by_tag);
    assert!(policy.flows.values().all(|flow| flow.callers.is_empty()));
    let model = Model::new(&Given::of_policy(&policy));
    assert!(allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven));
}
