//! What a requirement became: rules, routes, collections, endpoints.

use std::collections::BTreeSet;

use super::{
    model::{Evidence, Flow, Form, Rendering},
    subnet::{About, group_names},
};
use crate::{
    network::{
        AddressSide, ApplicationRuleDestination, Direction, Known, NetworkPolicy, NetworkRuleDestination, NextHop,
        Ports, Route, SecurityRule,
    },
    proof::{
        model::{Model, Required},
        required::{carriers, firewall_carriers},
    },
    requirements::{Category, Kind, Requirement},
};

/// Everything that stands for the requirement, sorted.
pub(super) fn of(
    id: &str,
    known: Option<&Requirement>,
    about: &About<'_>,
    model: &Model,
    flows: &[&Flow],
) -> Vec<Rendering> {
    let mut found = BTreeSet::new();
    if about.rules_by_hand {
        found.extend(deciding(model, flows));
    }
    if about.firewall_by_hand {
        found.extend(deciding_at_the_firewall(model, flows));
    }
    for part in about.parts {
        let policy = &part.policy;
        if !about.rules_by_hand {
            let own = policy
                .security_rules
                .values()
                .filter(|rule| rule.requirement_ids.contains(id));
            found.extend(own.map(|rule| rendering(Form::SecurityRule, rule.name.as_str(), security_rule(rule))));
        }
        if !about.firewall_by_hand {
            found.extend(at_the_firewall(id, policy));
        }
        found.extend(elsewhere(id, policy));
        let endpoint = demanded_endpoint(known, policy).filter(|name| has_endpoint(name, about));
        found.extend(endpoint.map(|name| rendering(Form::ServiceEndpoint, name, String::new())));
        if policy.prerequisites.contains_key(id) {
            let category = known.and_then(|row| row.category).map_or("other", Category::as_str);
            found.insert(rendering(Form::Prerequisite, category, String::new()));
        }
    }
    found.extend(demanded_routes(id, about).filter_map(|route| {
        let there = standing_route(route, about)?;
        let detail = format!("{} to {}", there.destination, next_hop(&there.next_hop));
        Some(rendering(Form::Route, there.name.as_str(), detail))
    }));
    found.into_iter().collect()
}

/// The service endpoint that the requirement is about, where the policy demands it.
fn demanded_endpoint<'p>(known: Option<&Requirement>, policy: &'p NetworkPolicy) -> Option<&'p str> {
    let row = known.filter(|row| row.kind == Kind::ServiceEndpoint)?;
    let demanded = row.peer.as_ref()?.service_endpoint.as_deref()?;
    let mut endpoints = policy.service_endpoints.iter().map(|endpoint| endpoint.as_str());
    endpoints.find(|name| *name == demanded)
}

fn has_endpoint(name: &str, about: &About<'_>) -> bool {
    let mut own = about.service_endpoints.iter().flatten();
    about.service_endpoints.is_none() || own.any(|own| own.eq_ignore_ascii_case(name))
}

/// That the subnet lacks the requirement's service endpoint, if it does.
pub(super) fn missing_endpoint(known: Option<&Requirement>, about: &About<'_>) -> Option<Evidence> {
    let mut demanded = about
        .parts
        .iter()
        .filter_map(|part| demanded_endpoint(known, &part.policy));
    let name = demanded.find(|name| !has_endpoint(name, about))?;
    Some(Evidence {
        packet: None,
        reason: format!("the subnet has no service endpoint `{name}`"),
        remedy: Some(format!("Add `{name}` to the subnet's service endpoints.")),
        conditions: Vec::new(),
    })
}

/// What a route of the requirement lacks, if it lacks something.
pub(super) fn missing_route(id: &str, about: &About<'_>) -> Option<Evidence> {
    let missing = demanded_routes(id, about).find(|route| standing_route(route, about).is_none())?;
    let hop = next_hop(&missing.next_hop);
    Some(Evidence {
        packet: None,
        reason: format!("no route leads `{}` to {hop}", missing.destination),
        remedy: Some(format!("Add a route to `{}` with next hop {hop}.", missing.destination)),
        conditions: Vec::new(),
    })
}

fn demanded_routes<'a>(id: &'a str, about: &About<'a>) -> impl Iterator<Item = &'a Route> {
    let routes = about.parts.iter().flat_map(|part| part.policy.routes.values());
    routes.filter(move |route| route.requirement_ids.contains(id))
}

fn standing_route<'a>(demanded: &Route, about: &About<'a>) -> Option<&'a Route> {
    let same = |route: &&Route| route.destination == demanded.destination && route.next_hop == demanded.next_hop;
    about.routes.iter().find(same)
}

/// The rules, whoever wrote them, that let the requirement's flows pass.
fn deciding(model: &Model, flows: &[&Flow]) -> Vec<Rendering> {
    let carriers = asked(model, flows).flat_map(|required| carriers(model, required));
    carriers
        .map(|(rule, packet)| rendering(Form::SecurityRule, &rule, format!("lets {packet} pass")))
        .collect()
}

/// The same of the firewall's rules.
fn deciding_at_the_firewall(model: &Model, flows: &[&Flow]) -> Vec<Rendering> {
    let carriers = asked(model, flows).flat_map(|required| firewall_carriers(model, required));
    carriers
        .map(|(line, packet)| {
            let form = match line.is_application {
                true => Form::ApplicationRule,
                false => Form::NetworkRule,
            };
            rendering(form, &line.name, format!("lets {packet} pass, in {}", line.collection))
        })
        .collect()
}

/// What of the model's flows these are, as far as something is to carry them.
fn asked<'m>(model: &'m Model, flows: &[&Flow]) -> impl Iterator<Item = &'m Required> {
    let asked = flows.iter().filter(|flow| flow.passage != "closed");
    let keys: BTreeSet<String> = asked.map(|flow| flow.key.clone()).collect();
    model
        .required
        .iter()
        .filter(move |required| keys.contains(required.key.as_str()))
}

fn at_the_firewall(id: &str, policy: &NetworkPolicy) -> Vec<Rendering> {
    let mut found = Vec::new();
    for collection in &policy.network_rule_collections {
        for rule in collection.rules.iter().filter(|rule| rule.requirement_ids.contains(id)) {
            let to = match &rule.destination {
                NetworkRuleDestination::Tag(tag) => tag.to_string(),
                NetworkRuleDestination::Addresses(addresses) => joined(addresses),
                NetworkRuleDestination::Hosts(hosts) => host_names(hosts),
            };
            let protocols: BTreeSet<&str> = rule.protocols.iter().map(|protocol| protocol.as_str()).collect();
            let detail = format!(
                "{} {} to {to}, in {}",
                joined(&protocols),
                joined(&rule.ports),
                collection.name
            );
            found.push(rendering(Form::NetworkRule, &rule.name, detail));
        }
    }
    for collection in &policy.application_rule_collections {
        for rule in collection.rules.iter().filter(|rule| rule.requirement_ids.contains(id)) {
            let to = match &rule.destination {
                ApplicationRuleDestination::Hosts(hosts) => host_names(hosts),
                ApplicationRuleDestination::HostTag(tag) => format!("FQDN tag {tag}"),
                ApplicationRuleDestination::Urls(urls) => joined(urls),
            };
            let protocols: BTreeSet<String> = rule
                .protocols
                .iter()
                .map(|(protocol, port)| format!("{} {port}", protocol.as_str()))
                .collect();
            let detail = format!("{} to {to}, in {}", joined(&protocols), collection.name);
            found.push(rendering(Form::ApplicationRule, &rule.name, detail));
        }
    }
    found
}

/// What others have to let pass.
fn elsewhere(id: &str, policy: &NetworkPolicy) -> Vec<Rendering> {
    let mut found = Vec::new();
    for (role, rules) in &policy.counterpart_rules {
        let own = rules.values().filter(|rule| rule.requirement_ids.contains(id));
        found.extend(own.map(|rule| {
            let detail = format!("{}, in the group of {role}", security_rule(rule));
            rendering(Form::CounterpartRule, rule.name.as_str(), detail)
        }));
    }
    for host in policy.hosts.values().filter(|host| host.requirement_ids.contains(id)) {
        let detail = format!(
            "{} {}, opened by {}",
            host.protocol,
            joined(&host.ports),
            host.initiator
        );
        found.push(rendering(Form::Host, &host.host, detail));
    }
    for (key, flow) in &policy.on_premises_flows {
        if flow.requirement_ids.contains(id) {
            let detail = format!(
                "{} {} to {}",
                flow.protocol,
                joined(&flow.ports),
                joined(&flow.destination)
            );
            found.push(rendering(Form::OnPremisesFlow, key, detail));
        }
    }
    found
}

fn rendering(form: Form, name: &str, detail: String) -> Rendering {
    Rendering {
        form,
        name: name.to_owned(),
        detail,
    }
}

/// A rule in a line: `Outbound 103 Allow Tcp 443 to AzureResourceManager`.
fn security_rule(rule: &SecurityRule) -> String {
    let ports = match &rule.destination_ports {
        Ports::Any => "every port".to_owned(),
        Ports::Ranges(ranges) => joined(&ranges.iter().map(ToString::to_string).collect::<BTreeSet<_>>()),
    };
    let protocol = match rule.protocol.as_str() {
        "*" => "any protocol",
        protocol => protocol,
    };
    let (word, peer) = match rule.direction {
        Direction::Outbound => ("to", &rule.destination),
        Direction::Inbound => ("from", &rule.source),
    };
    format!(
        "{} {} {} {protocol} {ports} {word} {}",
        rule.direction,
        rule.priority,
        rule.access,
        side(peer)
    )
}

fn side(side: &AddressSide) -> String {
    match side {
        AddressSide::Any => "anybody".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => joined(&prefixes.iter().map(ToString::to_string).collect::<BTreeSet<_>>()),
        AddressSide::Groups(ids) => group_names(ids).join(", "),
    }
}

fn next_hop(hop: &NextHop) -> String {
    match hop {
        NextHop::VirtualAppliance(Known::Is(address)) => format!("VirtualAppliance {address}"),
        hop => hop.as_str().to_owned(),
    }
}

fn host_names(hosts: &BTreeSet<Known<String>>) -> String {
    let names: BTreeSet<&str> = hosts
        .iter()
        .map(|host| match host {
            Known::Is(name) => name.as_str(),
            Known::NotYet => "a host not known yet",
        })
        .collect();
    joined(&names)
}

fn joined<T: AsRef<str> + Ord>(texts: &BTreeSet<T>) -> String {
    super::model::shortened(&texts.iter().collect::<Vec<_>>())
}
