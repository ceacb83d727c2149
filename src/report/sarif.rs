//! The report for code scanning: SARIF 2.1.0, as GitHub takes it.
//!
//! A rule is a requirement or a check, with its document as help. A result is what is wrong: a requirement that is refuted, depends or is not
//! satisfied, a flow by hand likewise, an exposure that nobody waived, a remark. What is waived or unknown is none: a scanner has no word for either,
//! and the Markdown report has both.

use std::{collections::BTreeMap, fmt::Write as _};

use serde_json::{Value, json};

use super::model::{Report, Row, Standing, Subnet, shortened};

/// Where findings of a subnet without a file of its own are shown.
pub const DEFAULT_SOURCE: &str = "main.tf";

const REQUIRED: &str = "REQUIRED-FLOW";
const FORBIDDEN: &str = "FORBIDDEN-FLOW";
const EXPOSURE: &str = "EXPOSURE";

/// A log with one run. `source` is the file of the subnets that name none.
pub fn render(report: &Report, source: Option<&str>) -> String {
    let rules = rules(report);
    let positions: BTreeMap<&str, usize> = rules
        .keys()
        .enumerate()
        .map(|(position, id)| (id.as_str(), position))
        .collect();
    let results: Vec<Value> = report
        .subnets
        .iter()
        .flat_map(|subnet| {
            let uri = subnet.source_uri.as_deref().or(source).unwrap_or(DEFAULT_SOURCE);
            findings(subnet).into_iter().map(move |finding| (subnet, uri, finding))
        })
        .map(|(subnet, uri, finding)| {
            let position = positions.get(finding.rule.as_str());
            json!({
                "ruleId": finding.rule,
                "ruleIndex": position,
                "level": finding.level,
                "message": { "text": format!("{}: {}", subnet.name, finding.text) },
                "locations": [{
                    // A scanner shows a finding in a file; which line it was, a plan does not know.
                    "physicalLocation": {
                        "artifactLocation": { "uri": reference(uri), "uriBaseId": "%SRCROOT%" },
                        "region": { "startLine": 1 },
                    },
                    "logicalLocations": [{ "fullyQualifiedName": subnet.name, "kind": "resource" }],
                }],
                // Two findings in the first line of one file are two.
                "partialFingerprints": { "primaryLocationLineHash": format!("{}/{}/{}", subnet.name, finding.rule, finding.about) },
            })
        })
        .collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "terraform-provider-lockeddown",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules.into_values().collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).unwrap_or_default()
}

struct Finding {
    rule: String,
    level: &'static str,
    text: String,
    /// What tells it from others of its rule in the subnet.
    about: String,
}

fn findings(subnet: &Subnet) -> Vec<Finding> {
    let mut found: Vec<Finding> = subnet.requirements.iter().filter_map(of_row).collect();
    for (rule, flows) in [
        (REQUIRED, super::markdown::beyond(subnet)),
        (FORBIDDEN, subnet.forbidden_flows.iter().collect()),
    ] {
        for flow in flows {
            let (Some(level), Some(evidence)) = (level(flow.verdict), &flow.evidence) else {
                continue;
            };
            found.push(Finding {
                rule: rule.to_owned(),
                level,
                text: format!("{}: {}", flow.key, evidence.in_words()),
                about: flow.key.clone(),
            });
        }
    }
    if !subnet.exposure_is_waived() {
        found.extend(subnet.exposure.iter().map(|open| Finding {
            rule: EXPOSURE.to_owned(),
            level: if open.conditions.is_empty() { "warning" } else { "note" },
            text: {
                let direction = open.direction.to_lowercase();
                let said = format!(
                    "`{}` lets pass {direction} `{}`, which no requirement asks for",
                    open.rule, open.packet
                );
                match open.conditions.as_slice() {
                    [] => format!("{said}."),
                    conditions => format!("{said}, if {}.", conditions.join(" and ")),
                }
            },
            about: format!("{}/{}", open.by, open.rule),
        }));
    }
    found.extend(subnet.lint.iter().map(|remark| Finding {
        rule: lint_rule(&remark.kind),
        level: "note",
        text: remark.message.clone(),
        about: remark.rule.clone(),
    }));
    found
}

fn of_row(row: &Row) -> Option<Finding> {
    let (level, evidence) = (level(row.verdict)?, row.evidence.as_ref()?);
    Some(Finding {
        rule: row.id.clone(),
        level,
        text: format!("{} {}: {}", row.id, stands(row.verdict), evidence.in_words()),
        about: String::new(),
    })
}

fn stands(standing: Standing) -> &'static str {
    match standing {
        Standing::DependsOn => "depends on something undeclared",
        Standing::Refuted => "is refuted",
        _ => "is not satisfied",
    }
}

fn level(standing: Standing) -> Option<&'static str> {
    match standing {
        Standing::Refuted => Some("error"),
        Standing::DependsOn | Standing::NotSatisfied => Some("warning"),
        Standing::Proven | Standing::Satisfied | Standing::Waived | Standing::Unknown => None,
    }
}

fn lint_rule(kind: &str) -> String {
    format!("LINT-{}", kind.to_uppercase().replace('_', "-"))
}

/// Every rule by id: all requirements, so that a scanner knows what was looked at, and what else has results.
fn rules(report: &Report) -> BTreeMap<String, Value> {
    let mut rules = BTreeMap::new();
    for subnet in &report.subnets {
        for row in &subnet.requirements {
            rules.entry(row.id.clone()).or_insert_with(|| of_requirement(row));
        }
        for finding in findings(subnet) {
            let rule = || of_check(&finding.rule, finding.level);
            rules.entry(finding.rule.clone()).or_insert_with(rule);
        }
    }
    rules
}

fn of_requirement(row: &Row) -> Value {
    let source = match (&row.document, &row.section) {
        (Some(document), Some(section)) => format!("{document}, “{section}”"),
        _ => "A check of this provider.".to_owned(),
    };
    let rendered: Vec<&str> = row.rendered.iter().map(|rendering| rendering.name.as_str()).collect();
    let rendered = match rendered.as_slice() {
        [] => "nothing".to_owned(),
        names => shortened(names),
    };
    rule(
        &row.id,
        &row.summary,
        &format!("{} Source: {source}. Rendered as: {rendered}.", sentence(&row.summary)),
        "warning",
        &["network", "requirement"],
    )
}

fn of_check(id: &str, level: &str) -> Value {
    let (short, help) = match id {
        REQUIRED => (
            "A flow that must pass does not",
            "The configuration names the flow in `required_flows`. Let the packet that is shown pass, or remove the flow.",
        ),
        FORBIDDEN => (
            "A flow that must not pass does",
            "The configuration names the flow in `forbidden_flows`. Narrow the rule that is named, or place a deny before it.",
        ),
        EXPOSURE => (
            "A rule lets pass what no requirement asks for",
            "Narrow the rule. If it is meant, say so with a reason: waived_requirements = { \"CHECK-EXPOSURE-INTENDED\" = \"why\" }.",
        ),
        _ => (
            "A rule does not do what it seems to",
            "The message says which rules make it so, and what to do. It changes nothing of what passes.",
        ),
    };
    rule(id, short, help, level, &["network", "security"])
}

fn rule(id: &str, short: &str, help: &str, level: &str, tags: &[&str]) -> Value {
    json!({
        "id": id,
        "shortDescription": { "text": sentence(short) },
        "fullDescription": { "text": help },
        "help": { "text": help, "markdown": help },
        "defaultConfiguration": { "level": level },
        "properties": { "tags": tags, "precision": "very-high" },
    })
}

/// A path as a relative URI.
fn reference(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'\\' => uri.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' | b'+' | b'=' | b'@' => {
                uri.push(char::from(byte));
            }
            byte => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

fn sentence(text: &str) -> String {
    format!("{}.", text.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_becomes_a_reference() {
        assert_eq!(reference("network\\my zone/ä#1.tf"), "network/my%20zone/%C3%A4%231.tf");
    }
}
