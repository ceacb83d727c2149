//! The requirement matrix: every requirement that took part, what it became, and whether it is met.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    model::{Evidence, Flow, Form, Rendering, Row, Standing},
    rendering,
    subnet::{About, Part},
};
use crate::{
    network::{Access, PrerequisiteStatus},
    proof::{denied::leak, exposure::Exposure, message, model::Model},
    requirements::{Kind, Requirement, Status, requirement},
    workloads::CHECKS,
};

/// The rows of a subnet, by id.
pub(super) fn rows(about: &About<'_>, model: &Model, flows: &[Flow], leaks: &Leaks) -> Vec<Row> {
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
    ids.into_iter().map(|id| row(id, about, model, flows, leaks)).collect()
}

fn row(id: &str, about: &About<'_>, model: &Model, flows: &[Flow], leaks: &Leaks) -> Row {
    let known = requirement(id);
    let check = CHECKS.iter().find(|check| check.id == id);
    let flows: Vec<&Flow> = flows.iter().filter(|flow| flow.requirement_ids.contains(id)).collect();
    let rendered = rendering::of(id, known, about, model, &flows);
    let (verdict, evidence) = judged(id, known, about, leaks, &flows, &rendered);
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
    leaks: &Leaks,
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
        return denied(leaks.get(id));
    }
    let missing = rendering::missing_route(id, about).or_else(|| rendering::missing_endpoint(known, about));
    if let Some(missing) = missing {
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

/// What passes although a requirement denies it, by requirement; nothing where it stays closed.
pub(super) type Leaks = BTreeMap<String, Option<Exposure>>;

/// Looks behind every deny that the policies demand. One that is waived is in none of their rules.
pub(super) fn leaks(about: &About<'_>, model: &mut Model) -> Leaks {
    let mut leaks = Leaks::new();
    let rules = about.parts.iter().flat_map(|part| part.policy.security_rules.values());
    for rule in rules.filter(|rule| rule.access == Access::Deny) {
        let found = leak(model, rule);
        for id in &rule.requirement_ids {
            let worst = leaks.entry(id.clone()).or_default();
            let is_surer = |found: &Exposure| {
                worst
                    .as_ref()
                    .is_none_or(|worst| !worst.conditions.is_empty() && found.conditions.is_empty())
            };
            if let Some(found) = found.as_ref().filter(|found| is_surer(found)) {
                *worst = Some(found.clone());
            }
        }
    }
    leaks
}

/// Where not even a rule of somebody else's opens what is to be denied: nothing denies it.
pub(super) fn undenied(leaks: &Leaks) -> impl Iterator<Item = &Exposure> {
    leaks.values().flatten().filter(|leak| leak.by.is_azures_own())
}

/// Whether what the requirement denies stays closed.
fn denied(leak: Option<&Option<Exposure>>) -> (Standing, Option<Evidence>) {
    let leak = match leak {
        None => {
            let reason = "no rule says what it denies".to_owned();
            return (Standing::Unknown, Some(said(reason, None)));
        }
        Some(None) => return (Standing::Proven, None),
        Some(Some(leak)) => leak,
    };
    let is_denied_by_nobody = leak.by.is_azures_own();
    let standing = match leak.conditions.as_slice() {
        [] if is_denied_by_nobody => Standing::Refuted,
        // What somebody lets pass on purpose is an exposure, which is said apart.
        [] => Standing::NotSatisfied,
        _ => Standing::DependsOn,
    };
    let remedy = match is_denied_by_nobody {
        true => "Add a rule that denies it.",
        false => "Narrow the rule, or place the deny before it.",
    };
    let evidence = Evidence {
        packet: Some(leak.packet.to_string()),
        reason: format!("{} lets it pass", message::opener(&leak.by)),
        remedy: Some(remedy.to_owned()),
        conditions: leak.conditions.clone(),
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
