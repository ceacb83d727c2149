//! What a change of rules opens and closes, said before it happens.

use std::collections::BTreeSet;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    network::NetworkPolicy,
    proof::{
        diff::{Change, newly_allowed, newly_denied},
        model::{Given, Model},
    },
    provider::policy,
};

/// More packets than these say no more.
const MOST: usize = 5;

/// Warns of packets that pass now and will not, or do not and will: between the rules Azure has and those of the plan. Among the rules of others
/// that is what the resource's own say.
pub(super) fn warn(before: &Value, after: &NetworkPolicy, shared: bool, diagnostics: &mut Diagnostics) {
    let Some((before, unreadable)) = policy::security_rules(before) else {
        return;
    };
    if before == after.security_rules && unreadable.is_empty() {
        return;
    }
    let given = Given {
        groups: vec![before.values().collect(), after.security_rules.values().collect()],
        ..Given::default()
    };
    let model = Model::new(&given);
    let [before, after] = model.groups.as_slice() else {
        return;
    };
    let opened = said(newly_allowed(before, after, &model.world));
    let closed = said(newly_denied(before, after, &model.world));
    // Somebody's edits that no type of ours admits.
    let unreadable: Vec<String> = unreadable.iter().map(|name| format!("- `{name}`")).collect();
    let mut detail = told("Lets pass from now on", &opened)
        + &told("Stops from now on", &closed)
        + &told("Rules that cannot be read, but change", &unreadable);
    if shared && !detail.is_empty() {
        detail.push_str(
            "The rules of others in the group are not counted: one of a lower priority number may decide otherwise.",
        );
    }
    say("security_rules", &detail, diagnostics);
}

/// Warns of what the firewall lets through now and will not, or does not and will.
pub(super) fn warn_at_firewall(before: &Value, after: &Value, diagnostics: &mut Diagnostics) {
    let lists = ["network_rule_collections", "application_rule_collections"];
    let known = |object: &Value| lists.iter().all(|list| object.attribute(list).is_wholly_known());
    if !known(before) || !known(after) {
        return;
    }
    let admitted = |object: &Value| -> BTreeSet<String> {
        let collections = lists
            .iter()
            .flat_map(|list| object.attribute(list).as_list().unwrap_or_default());
        let allowing = collections.filter(|collection| collection.attribute("action").as_str() == Some("Allow"));
        let rules = allowing.flat_map(|collection| collection.attribute("rule").as_list().unwrap_or_default());
        rules.flat_map(flows).collect()
    };
    let (before, after) = (admitted(before), admitted(after));
    let only =
        |some: &BTreeSet<String>, others: &BTreeSet<String>| some.difference(others).cloned().collect::<Vec<_>>();
    let detail = told("The firewall lets through from now on", &only(&after, &before))
        + &told("The firewall no longer lets through", &only(&before, &after));
    say("network_rule_collections", &detail, diagnostics);
}

/// What one rule of a firewall lets through, flow by flow.
fn flows(rule: &Value) -> Vec<String> {
    let texts = |names: &[&str]| -> Vec<String> {
        let lists = names.iter().filter_map(|name| rule.attribute(name).as_list());
        lists.flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let sources = texts(&["source_addresses", "source_ip_groups"]);
    let destinations = texts(&[
        "destination_addresses",
        "destination_ip_groups",
        "destination_fqdns",
        "destination_fqdn_tags",
        "destination_urls",
    ]);
    // A network rule has protocols and ports, an application rule protocols with their ports.
    let doors: Vec<(String, String)> = match rule.attribute("protocols").as_list().unwrap_or_default() {
        protocols if protocols.iter().any(|protocol| protocol.as_map().is_some()) => protocols
            .iter()
            .map(|protocol| {
                let kind = protocol.attribute("type").as_str().unwrap_or_default();
                let port = protocol.attribute("port").as_number();
                (kind.to_owned(), port.map(ToString::to_string).unwrap_or_default())
            })
            .collect(),
        protocols => {
            let ports = texts(&["destination_ports"]);
            let protocols = protocols.iter().filter_map(Value::as_str);
            protocols
                .flat_map(|protocol| ports.iter().map(move |port| (protocol.to_owned(), port.clone())))
                .collect()
        }
    };
    let mut flows = Vec::new();
    for source in &sources {
        for destination in &destinations {
            flows.extend(
                doors
                    .iter()
                    .map(|(protocol, port)| format!("- `{protocol} {source} -> {destination}:{port}`")),
            );
        }
    }
    flows
}

fn said(changes: Vec<Change>) -> Vec<String> {
    let sure = changes.into_iter().filter(|change| change.conditions.is_empty());
    sure.map(|change| {
        format!(
            "- `{}` (`{}` allows, `{}` denies)",
            change.packet, change.allowed_by, change.denied_by
        )
    })
    .collect()
}

/// The first of them, under a heading.
fn told(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let mut text = format!("{heading}:\n");
    for line in lines.iter().take(MOST) {
        text.push_str(&format!("{line}\n"));
    }
    if lines.len() > MOST {
        text.push_str(&format!("- and {} more\n", lines.len() - MOST));
    }
    text
}

fn say(attribute: &str, detail: &str, diagnostics: &mut Diagnostics) {
    if !detail.is_empty() {
        let summary = "The change opens or closes traffic";
        diagnostics.warning_at(Path::attribute(attribute), summary, detail.trim_end());
    }
}
