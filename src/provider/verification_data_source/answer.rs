//! The answer: verdict, violations, what is open, and what the rules do that their author may not know.

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use super::question::Question;
use crate::{
    network::{AddressSide, Flow},
    proof::{
        exposure::{Exposure, Opener, baseline, exposure},
        forbidden::passes,
        lint::lint,
        message,
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
    service_tags::known,
};

/// Every output by name.
pub(super) fn answer(question: &Question) -> Vec<(&'static str, Value)> {
    let mut model = Model::new(&Given {
        groups: question.groups.iter().map(|rules| rules.iter().collect()).collect(),
        routes: question.routes.iter().collect(),
        firewall: question.firewall.clone(),
        endpoint_tags: question.endpoint_tags.clone(),
        way_out: question.way_out,
        network: network(question),
        flows: question.required.clone(),
        resolved_tags: question.resolved_tags.clone(),
        ..Given::default()
    });
    let (mut violations, mut conditional) = (Vec::new(), Vec::new());
    for finding in allows(&model) {
        let (conditions, obstacle) = match finding.verdict {
            Verdict::Proven => continue,
            Verdict::Refuted(obstacle) => (Vec::new(), obstacle),
            Verdict::DependsOn { conditions, obstacle } => (conditions, obstacle),
        };
        let into = if conditions.is_empty() {
            &mut violations
        } else {
            &mut conditional
        };
        into.push(found(
            &finding.required.key,
            &finding.required.flow,
            obstacle.packet.to_string(),
            format!(
                "{} does not pass: {}",
                message::flow(&finding.required.flow),
                obstacle.cause.in_words()
            ),
            obstacle.cause.remedy(),
            conditions,
        ));
    }
    for (key, flow) in &question.forbidden {
        let required = model.require(key, flow);
        let Some(breach) = passes(&model, &required) else {
            continue;
        };
        let reason = format!(
            "the rule `{}` (priority {}) lets it pass",
            breach.allowed_by, breach.priority
        );
        let remedy = format!("Narrow or remove `{}`, or place a deny before it.", breach.allowed_by);
        let into = if breach.conditions.is_empty() {
            &mut violations
        } else {
            &mut conditional
        };
        into.push(found(
            key,
            flow,
            breach.packet.to_string(),
            reason,
            remedy,
            breach.conditions,
        ));
    }
    let verdict = match (violations.is_empty(), conditional.is_empty()) {
        (false, _) => "refuted",
        (true, false) => "depends_on",
        (true, true) => "proven",
    };
    vec![
        ("verdict", verdict.into()),
        ("violations", Value::List(violations)),
        ("depends_on_conditions", Value::List(conditional)),
        ("exposure", open(&exposure(&model))),
        ("baseline", open(&baseline(&model))),
        ("lint", Value::List(lints(question, &model))),
    ]
}

/// The subnet belongs to its virtual network, whether its spaces were listed or not.
fn network(question: &Question) -> Vec<crate::network::Prefix> {
    let mut network = question.network.clone();
    for flow in question.required.values() {
        if let AddressSide::Prefixes(prefixes) = &flow.local {
            network.extend(prefixes.iter().copied());
        }
    }
    network.sort();
    network.dedup();
    network
}

fn found(key: &str, flow: &Flow, packet: String, reason: String, remedy: String, conditions: Vec<String>) -> Value {
    Value::object([
        ("flow", Value::from(key)),
        (
            "requirement_ids",
            Value::string_set(flow.requirement_ids.iter().cloned()),
        ),
        ("packet", packet.into()),
        ("reason", reason.into()),
        ("remedy", remedy.into()),
        ("conditions", Value::string_list(conditions)),
    ])
}

fn open(exposures: &[Exposure]) -> Value {
    let value = |exposure: &Exposure| {
        let rule = match &exposure.by {
            Opener::Rule { name, .. } | Opener::FirewallRule { name, .. } => name.as_str(),
        };
        Value::object([
            ("rule", Value::from(rule)),
            (
                "packet",
                format!("{} {}", exposure.packet.direction, exposure.packet).into(),
            ),
            ("conditions", Value::string_list(exposure.conditions.iter().cloned())),
        ])
    };
    Value::List(exposures.iter().map(value).collect())
}

fn lints(question: &Question, model: &Model) -> Vec<Value> {
    let value = |kind: &str, rule: &str, message: String| {
        Value::object([
            ("kind", Value::from(kind)),
            ("rule", rule.into()),
            ("message", message.into()),
        ])
    };
    let mut values: Vec<Value> = lint(model)
        .iter()
        .map(|lint| value(lint.kind.as_str(), &lint.rule, lint.in_words()))
        .collect();
    let mut said = BTreeSet::new();
    for rule in question.groups.iter().flatten() {
        for side in [&rule.source, &rule.destination] {
            if let AddressSide::Tag(tag) = side
                && !known::exists(tag.as_str(), question.cloud)
                && said.insert((rule.name.as_str(), tag.as_str()))
            {
                let message = format!(
                    "`{}` names `{tag}`, which is no service tag of the cloud `{}` as far as this release knows: Azure answers \
                     SecurityRuleInvalidAddressPrefix. Correct the spelling.",
                    rule.name, question.cloud
                );
                values.push(value("unknown_service_tag", rule.name.as_str(), message));
            }
        }
    }
    values
}
