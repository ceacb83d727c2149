//! The requirement matrix: every requirement that took part, what it became, and whether it is met.

use std::collections::BTreeSet;

use super::{
    model::{Evidence, Flow, Form, Rendering, Row, Standing},
    rendering,
    subnet::{About, Part},
};
use crate::{
    network::{Access, PrerequisiteStatus, SecurityRule},
    proof::{denied::leak, message, model::Model},
    requirements::{Kind, Requirement, Status, requirement},
    workloads::CHECKS,
};

/// The rows of a subnet, by id.
pub(super) fn rows(about: &About<'_>, model: &mut Model, flows: &[Flow]) -> Vec<Row> {
    let mut ids: BTreeSet<&str> = flows
        .iter()
        .flat_map(|flow| &flow.requirement_ids)
        .map(String::as_str)
        .collect();
    for part in about.parts {
        let policy = &part.policy;
        ids.extend(policy.requirement_ids.iter().map(String::as_str));
        ids.extend(policy.prerequisites.keys().map(String::as_str));
        ids.extend(policy.waived.keys().map(String::as_str));
    }
    ids.into_iter().map(|id| row(id, about, model, flows)).collect()
}

fn row(id: &str, about: &About<'_>, model: &mut Model, flows: &[Flow]) -> Row {
    let known = requirement(id);
    let check = CHECKS.iter().find(|check| check.id == id);
    let flows: Vec<&Flow> = flows.iter().filter(|flow| flow.requirement_ids.contains(id)).collect();
    let rendered = rendering::of(id, known, about, model, &flows);
    let (verdict, evidence) = judged(id, known, about, model, &flows, &rendered);
    let summary = known
        .map(|row| row.purpose.as_str())
        .or(check.map(|check| check.description));
    Row {
        id: id.to_owned(),
        summary: summary
            .unwrap_or("This release of the catalogue does not have it.")
            .to_owned(),
        kind: match known {
            Some(row) => row.kind.as_str(),
            None => "check",
        }
        .to_owned(),
        document: known.map(|row| row.source.document.clone()),
        section: known.map(|row| row.source.section.clone()),
        documented: known.is_some_and(|row| row.status == Status::Documented),
        edition: edition(id, about.parts, known),
        rendered,
        verdict,
        evidence,
    }
}

/// The edition in which it was read; none where its parts disagree.
fn edition(id: &str, parts: &[Part], known: Option<&Requirement>) -> Option<String> {
    known?;
    let has = |part: &&Part| {
        let policy = &part.policy;
        policy.requirement_ids.contains(id) || policy.prerequisites.contains_key(id) || policy.waived.contains_key(id)
    };
    let mut editions = parts.iter().filter(has).map(|part| part.edition.as_ref());
    let first = editions.next()??;
    editions.all(|other| other == Some(first)).then(|| first.clone())
}

fn judged(
    id: &str,
    known: Option<&Requirement>,
    about: &About<'_>,
    model: &mut Model,
    flows: &[&Flow],
    rendered: &[Rendering],
) -> (Standing, Option<Evidence>) {
    // What one of several workloads waives another may still need: then its flows decide.
    if let Some(worst) = flows.iter().max_by_key(|flow| flow.verdict) {
        let telling = flows
            .iter()
            .find(|flow| flow.verdict == worst.verdict && flow.evidence.is_some());
        return (worst.verdict, telling.and_then(|flow| flow.evidence.clone()));
    }
    let reasons: BTreeSet<&str> = about
        .parts
        .iter()
        .filter_map(|part| part.policy.waived.get(id))
        .map(|reason| {
            reason
                .get()
                .map_or("for a reason known only after apply", String::as_str)
        })
        .collect();
    if !reasons.is_empty() {
        let reasons: Vec<&str> = reasons.into_iter().collect();
        return (Standing::Waived, Some(said(reasons.join("; "), None)));
    }
    if let Some(prerequisite) = about.parts.iter().find_map(|part| part.policy.prerequisites.get(id)) {
        let standing = match prerequisite.status {
            PrerequisiteStatus::Satisfied => return (Standing::Satisfied, None),
            PrerequisiteStatus::NotSatisfied => Standing::NotSatisfied,
            PrerequisiteStatus::Unknown => Standing::Unknown,
        };
        let remedy = Some(prerequisite.remedy.clone()).filter(|remedy| !remedy.is_empty());
        return (standing, Some(said("no rule can give it".to_owned(), remedy)));
    }
    if known.is_some_and(|row| row.kind == Kind::Deny) {
        return denied(id, about, model);
    }
    if let Some(missing) = rendering::missing_route(id, about) {
        return (Standing::NotSatisfied, Some(missing));
    }
    let elsewhere = [Form::CounterpartRule, Form::OnPremisesFlow, Form::Host];
    if rendered.iter().any(|rendering| !elsewhere.contains(&rendering.form)) {
        return (Standing::Satisfied, None);
    }
    let reason = match rendered {
        [] => "nothing of this configuration stands for it",
        _ => "it is for others to let pass, outside of this subnet",
    };
    (Standing::Unknown, Some(said(reason.to_owned(), None)))
}

/// Whether what the requirement denies stays closed.
fn denied(id: &str, about: &About<'_>, model: &mut Model) -> (Standing, Option<Evidence>) {
    let denies = |rule: &&SecurityRule| rule.access == Access::Deny && rule.requirement_ids.contains(id);
    let rules: Vec<&SecurityRule> = about
        .parts
        .iter()
        .flat_map(|part| part.policy.security_rules.values())
        .filter(denies)
        .collect();
    if rules.is_empty() {
        return (
            Standing::Unknown,
            Some(said("no rule says what it denies".to_owned(), None)),
        );
    }
    let mut leaks: Vec<_> = rules.into_iter().filter_map(|rule| leak(model, rule)).collect();
    leaks.sort_by_key(|leak| !leak.conditions.is_empty());
    let Some(leak) = leaks.into_iter().next() else {
        return (Standing::Proven, None);
    };
    let standing = match leak.conditions.as_slice() {
        [] => Standing::NotSatisfied,
        _ => Standing::DependsOn,
    };
    let evidence = Evidence {
        packet: Some(leak.packet.to_string()),
        reason: format!("{} lets it pass", message::opener(&leak.by)),
        remedy: Some("Narrow the rule, or place the deny before it.".to_owned()),
        conditions: leak.conditions,
    };
    (standing, Some(evidence))
}

fn said(reason: String, remedy: Option<String>) -> Evidence {
    Evidence {
        packet: None,
        reason,
        remedy,
        conditions: Vec::new(),
    }
}
