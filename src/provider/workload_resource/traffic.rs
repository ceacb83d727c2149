//! What a change of rules opens and closes, and what one of routes leads another way, said before it happens.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{demand::Shared, forms};
use crate::{
    network::{
        AddressSide, Direction, Family, Known, NetworkPolicy, NextHop, Prefix, Route, RouteDestination, SecurityRule,
        SecurityRules,
    },
    proof::{
        diff::{Change, newly_allowed, newly_denied},
        model::{Given, Model},
    },
    provider::{managed::SAME_BUT_FOR_CASE, policy},
};

const OPENS_OR_CLOSES: &str = "The change opens or closes traffic";
const LEADS_ELSEWHERE: &str = "The change leads traffic another way";

/// More packets than these say no more.
const MOST: usize = 5;

/// Warns of packets that pass now and will not, or do not and will, and of those that leave another way: between what Azure has and what is planned.
/// Among the entries of others that is what the resource's own say.
pub(super) fn warn(
    prior: &Value,
    planned: &Value,
    policy: &NetworkPolicy,
    shared: Shared,
    diagnostics: &mut Diagnostics,
) {
    // Of what the configuration says no more the state may.
    let local = Some(local(planned)).filter(|local| !local.is_empty());
    let local = local.unwrap_or_else(|| self::local(prior));
    let rules =
        swapped(prior, planned, "network_security_group") + &rules(prior, &policy.security_rules, &local, shared.group);
    say("security_rules", OPENS_OR_CLOSES, &rules, diagnostics);
    let routes = swapped(prior, planned, "route_table") + &detours(prior, &policy.routes, shared.table);
    say("routes", LEADS_ELSEWHERE, &routes, diagnostics);
}

/// Warns of what it means that a resource's entries leave a group, table or firewall that stays.
pub(super) fn warn_of_removal(state: &Value, diagnostics: &mut Diagnostics) {
    let shared = Shared::of(state);
    if shared.group {
        let rules = rules(state, &SecurityRules::new(), &local(state), true);
        say("security_rules", OPENS_OR_CLOSES, &rules, diagnostics);
    }
    if shared.table {
        let routes = detours(state, &BTreeMap::new(), true);
        say("routes", LEADS_ELSEWHERE, &routes, diagnostics);
    }
    if shared.firewall {
        warn_at_firewall(state, &Value::Null, diagnostics);
    }
}

/// The subnet's own prefixes, as far as the configuration says them.
fn local(object: &Value) -> BTreeSet<Prefix> {
    let said = ["address_prefixes", "subnet_address_prefixes"].map(|argument| forms::texts(object.attribute(argument)));
    said.into_iter()
        .flatten()
        .filter_map(|text| text.parse().ok())
        .collect()
}

/// What an exchange of rules opens and closes.
fn rules(prior: &Value, after: &SecurityRules, local: &BTreeSet<Prefix>, shared: bool) -> String {
    let Some((before, unreadable)) = policy::security_rules(prior.attribute("security_rules")) else {
        return String::new();
    };
    if before == *after && unreadable.is_empty() {
        return String::new();
    }
    let (before, after) = (of_the_subnet(&before, local), of_the_subnet(after, local));
    let given = Given {
        groups: vec![before.iter().collect(), after.iter().collect()],
        network: local.iter().copied().collect(),
        ..Given::default()
    };
    let model = Model::new(&given);
    let [before, after] = model.groups.as_slice() else {
        return String::new();
    };
    let opened = said(newly_allowed(before, after, &model.world), |change| {
        format!("`{}` denies now, `{}` will allow", change.denied_by, change.allowed_by)
    });
    let closed = said(newly_denied(before, after, &model.world), |change| {
        format!("`{}` allows now, `{}` will deny", change.allowed_by, change.denied_by)
    });
    // Somebody's edits that no type of ours admits.
    let unreadable: Vec<String> = unreadable.iter().map(|name| format!("- `{name}`")).collect();
    let mut detail = told("Lets pass from now on", &opened)
        + &told("Stops from now on", &closed)
        + &told("Rules that cannot be read, but change", &unreadable);
    if shared && !detail.is_empty() {
        detail.push_str(
            "The rules of others in the group are not counted: one of a lower priority number may decide otherwise.\n",
        );
    }
    detail
}

/// The rules as the subnet meets them: `*` on its side is its own addresses, and no packet of another has to do with it.
fn of_the_subnet(rules: &SecurityRules, local: &BTreeSet<Prefix>) -> Vec<SecurityRule> {
    let mut rules: Vec<SecurityRule> = rules.values().cloned().collect();
    for rule in rules.iter_mut().filter(|_| !local.is_empty()) {
        let side = match rule.direction {
            Direction::Inbound => &mut rule.destination,
            Direction::Outbound => &mut rule.source,
        };
        if *side == AddressSide::Any {
            *side = AddressSide::Prefixes(local.clone());
        }
    }
    rules
}

/// What an exchange of routes leads another way.
fn detours(prior: &Value, after: &BTreeMap<String, Route>, shared: bool) -> String {
    let Some((before, unreadable)) = policy::routes(prior.attribute("routes")) else {
        return String::new();
    };
    let destinations: BTreeSet<&RouteDestination> = before
        .values()
        .chain(after.values())
        .map(|route| &route.destination)
        .collect();
    let lines: Vec<String> = destinations
        .into_iter()
        .filter_map(|destination| {
            let (old, new) = (next_hop(&before, destination), next_hop(after, destination));
            let names: BTreeSet<&str> = before
                .values()
                .chain(after.values())
                .filter(|route| route.destination == *destination)
                .map(|route| route.name.as_str())
                .collect();
            (!may_be_one(old, new)).then(|| {
                format!(
                    "- `{destination}` went {} and goes {} (route `{}`)",
                    way(old, destination),
                    way(new, destination),
                    names.into_iter().collect::<Vec<_>>().join("`, `")
                )
            })
        })
        .collect();
    let unreadable: Vec<String> = unreadable.iter().map(|name| format!("- `{name}`")).collect();
    let mut detail = told("Leaves by another way from now on", &lines)
        + &told("Routes that cannot be read, but change", &unreadable);
    if shared && !detail.is_empty() {
        detail
            .push_str("The routes of others in the table are not counted: one of a longer prefix decides otherwise.\n");
    }
    detail
}

/// Where routes lead a destination: its own route, else that of the longest prefix around it. `None` is where Azure leads it itself.
fn next_hop<'r>(routes: &'r BTreeMap<String, Route>, destination: &RouteDestination) -> Option<&'r NextHop> {
    let around = |route: &&Route| match (&route.destination, destination) {
        (RouteDestination::Prefix(around), RouteDestination::Prefix(inner)) => around.contains(inner),
        // What a tag stands for changes weekly; a default route is around all of it.
        (RouteDestination::Prefix(around), RouteDestination::Tag(_)) => {
            around.is_everything() && around.family() == Family::V4
        }
        (RouteDestination::Tag(_), _) => false,
    };
    let own = routes.values().find(|route| route.destination == *destination);
    let length = |route: &&Route| match &route.destination {
        RouteDestination::Prefix(prefix) => prefix.length(),
        RouteDestination::Tag(_) => 0,
    };
    own.or_else(|| routes.values().filter(around).max_by_key(length))
        .map(|route| &route.next_hop)
}

/// An appliance whose address is not known yet may be the one there is.
fn may_be_one(one: Option<&NextHop>, other: Option<&NextHop>) -> bool {
    use NextHop::VirtualAppliance;
    match (one, other) {
        (Some(VirtualAppliance(one)), Some(VirtualAppliance(other))) => {
            one == other || one.get().is_none() || other.get().is_none()
        }
        (one, other) => one == other,
    }
}

fn way(hop: Option<&NextHop>, destination: &RouteDestination) -> String {
    match hop {
        Some(NextHop::VirtualAppliance(Known::Is(address))) => format!("to the appliance at `{address}`"),
        Some(NextHop::VirtualAppliance(Known::NotYet)) => "to an appliance that is known only after apply".to_owned(),
        Some(NextHop::VirtualNetworkGateway) => "to the virtual network gateway".to_owned(),
        Some(NextHop::VnetLocal) => "into the virtual network".to_owned(),
        Some(NextHop::Internet) => "straight out".to_owned(),
        Some(NextHop::None) => "nowhere".to_owned(),
        None => match destination {
            RouteDestination::Prefix(prefix) if prefix.is_everything() => {
                "straight out (unless a gateway brings a default route)".to_owned()
            }
            _ => "where Azure's own routes lead".to_owned(),
        },
    }
}

/// A subnet that somebody gave another group or table gets its own back: what the other one says is not known here.
fn swapped(prior: &Value, planned: &Value, thing: &str) -> String {
    let (associated, target) = (format!("associated_{thing}_id"), format!("{thing}_id"));
    let (found, ours) = (prior.attribute(&associated), prior.attribute(&target));
    let Some(next) = planned.attribute(&associated).as_str() else {
        return String::new();
    };
    // A subnet that is still to be made has nothing.
    if prior.attribute("subnet_id").is_null() || ours.is_null() {
        return String::new();
    }
    // The resource's own gives way to another of its own, but what it shared has entries of others.
    let shared = Shared::of(prior);
    let guest = if thing == "route_table" {
        shared.table
    } else {
        shared.group
    };
    let stays = !guest || SAME_BUT_FOR_CASE(ours, planned.attribute(&associated));
    if SAME_BUT_FOR_CASE(found, ours) && stays {
        return String::new();
    }
    let name = thing.replace('_', " ");
    let found = match found.as_str() {
        Some(id) => format!("the {name} `{id}`, whose entries are not counted here"),
        None => format!("no {name}"),
    };
    format!("The subnet has {found}. It gets `{next}`.\n")
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
    say("network_rule_collections", OPENS_OR_CLOSES, &detail, diagnostics);
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

fn said(changes: Vec<Change>, why: impl Fn(&Change) -> String) -> Vec<String> {
    let sure = changes.iter().filter(|change| change.conditions.is_empty());
    sure.map(|change| format!("- `{}` ({})", change.packet, why(change)))
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

fn say(attribute: &str, summary: &str, detail: &str, diagnostics: &mut Diagnostics) {
    if !detail.is_empty() {
        diagnostics.warning_at(Path::attribute(attribute), summary, detail.trim_end());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(name: &str, prefix: &str, kind: &str, address: Value) -> (String, Value) {
        let route = Value::object([
            ("name", name.into()),
            ("address_prefix", prefix.into()),
            ("next_hop_type", kind.into()),
            ("next_hop_in_ip_address", address),
            ("requirement_ids", Value::Null),
        ]);
        (name.to_owned(), route)
    }

    fn change(before: Vec<(String, Value)>, after: Vec<(String, Value)>) -> String {
        let (after, unreadable) = policy::routes(&Value::object(after)).unwrap();
        assert_eq!(unreadable, Vec::<String>::new());
        detours(&Value::object([("routes", Value::object(before))]), &after, false)
    }

    fn firewall() -> (String, Value) {
        route("Default", "0.0.0.0/0", "VirtualAppliance", "10.0.9.4".into())
    }

    #[test]
    fn what_leaves_by_another_hop_is_told_by_destination() {
        assert_eq!(
            change(vec![firewall()], Vec::new()),
            "Leaves by another way from now on:\n- `0.0.0.0/0` went to the appliance at `10.0.9.4` and goes straight out (unless a gateway brings a \
             default route) (route `Default`)\n"
        );
        assert_eq!(
            change(
                vec![firewall()],
                vec![
                    firewall(),
                    route("Batch", "BatchNodeManagement", "Internet", Value::Null)
                ]
            ),
            "Leaves by another way from now on:\n- `BatchNodeManagement` went to the appliance at `10.0.9.4` and goes straight out (route `Batch`)\n"
        );
        assert_eq!(
            change(Vec::new(), vec![route("Hole", "10.1.0.0/16", "None", Value::Null)]),
            "Leaves by another way from now on:\n- `10.1.0.0/16` went where Azure's own routes lead and goes nowhere (route `Hole`)\n"
        );
    }

    #[test]
    fn what_leaves_as_before_is_not_told() {
        let nearer = route("Nearer", "10.1.0.0/16", "VirtualAppliance", "10.0.9.4".into());
        assert_eq!(
            change(vec![firewall(), nearer], vec![firewall()]),
            "",
            "the default route leads there too"
        );
        let renamed = route("Renamed", "0.0.0.0/0", "VirtualAppliance", "10.0.9.4".into());
        assert_eq!(change(vec![firewall()], vec![renamed]), "");
        let later = route("Default", "0.0.0.0/0", "VirtualAppliance", Value::UNKNOWN);
        assert_eq!(change(vec![firewall()], vec![later]), "", "it may be the same");
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let riddle = || Value::object([("riddle", Value::object([("name", Value::from("riddle"))]))]);
        let prior = Value::object([("security_rules", riddle()), ("routes", riddle())]);
        assert_eq!(
            rules(&prior, &SecurityRules::new(), &BTreeSet::new(), false),
            "Rules that cannot be read, but change:\n- `riddle`\n"
        );
        assert_eq!(
            detours(&prior, &BTreeMap::new(), false),
            "Routes that cannot be read, but change:\n- `riddle`\n"
        );
    }
}
