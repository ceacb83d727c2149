//! Expansions as tables.

use std::collections::BTreeSet;

use lockeddown::{
    network::{AddressSide, Ports, SecurityRule},
    workloads::{Defaults, Expanded, Outcome, Severity, Surroundings, Workload},
};
use tfplugin_rs::value::Value;

use crate::refusal::refused;

pub(crate) fn outcome(workload: &str, defaults: &[(&str, Value)], changes: &[(&str, Value)]) -> Outcome {
    let mut values = Value::object([("location", Value::from("westeurope"))]);
    for (name, value) in defaults.iter().chain(changes) {
        values.set_attribute(*name, value.clone());
    }
    Workload::find(workload)
        .unwrap()
        .expand(&values, &Surroundings::none(Defaults::default()))
}

pub(crate) fn expanded(outcome: Outcome) -> Expanded {
    outcome
        .expanded
        .unwrap_or_else(|| panic!("{:#?} {:?}", outcome.problems, outcome.unknown))
}

/// The rules in the columns of the tables: priority, name, direction, access, protocol, source, destination, ports.
pub(crate) fn table(expanded: &Expanded) -> Vec<String> {
    let side = |side: &AddressSide| match side {
        AddressSide::Any => "*".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        AddressSide::Groups(_) => "group".to_owned(),
    };
    let ports = |ports: &Ports| match ports {
        Ports::Any => "*".to_owned(),
        Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    let row = |rule: &SecurityRule| {
        format!(
            "{},{},{},{},{},{},{},{}",
            rule.priority,
            rule.name,
            rule.direction,
            rule.access,
            rule.protocol,
            side(&rule.source),
            side(&rule.destination),
            ports(&rule.destination_ports)
        )
    };
    let mut rules: Vec<_> = expanded.policy.security_rules.values().collect();
    rules.sort_by_key(|rule| (rule.priority, rule.direction));
    rules.into_iter().map(row).collect()
}

pub(crate) fn transcribed(text: &str) -> Vec<String> {
    text.lines().skip(1).map(str::to_owned).collect()
}

pub(crate) fn routes(expanded: &Expanded) -> Vec<String> {
    let routes = expanded.policy.routes.values();
    routes
        .map(|route| format!("{} {} {}", route.name, route.destination, route.next_hop.as_str()))
        .collect()
}

/// Every error of these changes, one after another; a change that is accepted fails the test.
pub(crate) fn refusals(cases: &[Vec<(&str, Value)>], outcome: impl Fn(&[(&str, Value)]) -> Outcome) -> String {
    let mut report = String::new();
    for changes in cases {
        let outcome = outcome(changes);
        report.push_str(&refused(&changes, &outcome));
    }
    report
}

pub(crate) fn warnings(outcome: &Outcome) -> Vec<&str> {
    let warnings = outcome
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Warning);
    warnings.map(|problem| problem.summary.as_str()).collect()
}

pub(crate) fn words(words: &[&'static str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
