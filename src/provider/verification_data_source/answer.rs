//! The answer: verdict, violations, what is open, and what the rules do that their author may not know. It is a report of one subnet, and
//! every other output is a part of it.

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use super::question::Question;
use crate::{
    network::AddressSide,
    proof::model::Model,
    report::{
        model::{Evidence, Open, Remark, Report, Standing, Subnet},
        subnet::{self, About},
    },
    service_tags::known,
};

/// What is to say of the subnet; `model` is the question's.
pub(in crate::provider) fn subnet(question: &Question, model: &Model) -> Subnet {
    let mut model = model.clone();
    let about = About {
        name: &question.name,
        source_uri: question.source_uri.as_deref(),
        environment: question.cloud.as_str(),
        parts: &question.parts,
        rules_by_hand: question.rules_by_hand,
        firewall_by_hand: question.firewall_by_hand,
        routes: &question.routes,
        service_endpoints: question.service_endpoints.clone(),
        forbidden: &question.forbidden,
        remarks: unknown_tags(question),
    };
    subnet::describe(&about, &mut model)
}

/// Every output by name.
pub(in crate::provider) fn outputs(subnet: Subnet) -> Vec<(&'static str, Value)> {
    let mut outputs = vec![
        ("verdict", subnet.verdict.as_str().into()),
        ("violations", found(&subnet, Standing::Refuted)),
        ("depends_on_conditions", found(&subnet, Standing::DependsOn)),
        ("exposure", open(&subnet.exposure)),
        ("baseline", open(&subnet.baseline)),
        ("lint", Value::List(subnet.lint.iter().map(remark).collect())),
    ];
    let name = subnet.name.clone();
    // One subnet never has two names.
    let report = Report::new(&name, vec![subnet]).ok();
    outputs.push(("report_json", report.map(|report| report.to_json()).into()));
    outputs
}

/// The flows of this standing, and the denies, which are called by their requirement.
fn found(subnet: &Subnet, standing: Standing) -> Value {
    let flows = subnet.required_flows.iter().chain(&subnet.forbidden_flows);
    let flows = flows.filter(|flow| flow.verdict == standing).filter_map(|flow| {
        let evidence = flow.evidence.as_ref()?;
        Some(finding(&flow.key, &flow.requirement_ids, evidence))
    });
    let denies = subnet
        .requirements
        .iter()
        .filter(|row| row.is_deny() && row.verdict == standing);
    let denies = denies.filter_map(|row| {
        let evidence = row.evidence.as_ref()?;
        Some(finding(&row.id, &BTreeSet::from([row.id.clone()]), evidence))
    });
    Value::List(flows.chain(denies).collect())
}

fn finding(flow: &str, requirement_ids: &BTreeSet<String>, evidence: &Evidence) -> Value {
    Value::object([
        ("flow", Value::from(flow)),
        ("requirement_ids", Value::string_set(requirement_ids.iter().cloned())),
        ("packet", evidence.packet.clone().unwrap_or_default().into()),
        ("reason", evidence.reason.as_str().into()),
        ("remedy", evidence.remedy.clone().unwrap_or_default().into()),
        ("conditions", Value::string_list(evidence.conditions.iter().cloned())),
    ])
}

fn open(opened: &[Open]) -> Value {
    let value = |open: &Open| {
        Value::object([
            ("rule", Value::from(open.rule.as_str())),
            ("packet", format!("{} {}", open.direction, open.packet).into()),
            ("conditions", Value::string_list(open.conditions.iter().cloned())),
        ])
    };
    Value::List(opened.iter().map(value).collect())
}

fn remark(remark: &Remark) -> Value {
    Value::object([
        ("kind", Value::from(remark.kind.as_str())),
        ("rule", remark.rule.as_str().into()),
        ("message", remark.message.as_str().into()),
    ])
}

/// Tags that Azure refuses.
fn unknown_tags(question: &Question) -> Vec<Remark> {
    let mut remarks = Vec::new();
    let mut said = BTreeSet::new();
    for rule in question.groups.iter().flatten() {
        for side in [&rule.source, &rule.destination] {
            if let AddressSide::Tag(tag) = side
                && !known::exists_in_any_case(tag.as_str(), question.cloud)
                && said.insert((rule.name.as_str(), tag.as_str()))
            {
                let remedy = match known::nearest(tag.as_str(), question.cloud) {
                    Some(near) => format!("Write `{near}`, if that is meant."),
                    None => "Correct the spelling.".to_owned(),
                };
                let message = format!(
                    "`{}` names `{tag}`, which is no service tag of the cloud `{}` as far as this release knows: Azure answers \
                     SecurityRuleInvalidAddressPrefix. {remedy}",
                    rule.name, question.cloud
                );
                remarks.push(Remark {
                    kind: "unknown_service_tag".to_owned(),
                    rule: rule.name.as_str().to_owned(),
                    message,
                });
            }
        }
    }
    remarks
}
