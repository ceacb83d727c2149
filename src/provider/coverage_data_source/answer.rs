//! What was read, held against the policies.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::Value;

use super::reading::Seen;
use crate::{
    network::{AddressSide, Flow, NetworkPolicy, NextHop, Route, SecurityRule},
    proof::{
        message,
        model::{Model, WayOut, appliances, learned},
        required::{allows, carried},
        verdict::Verdict,
    },
    provider::{
        endpoint_tags, given_collections, given_flow, given_routes, given_rules,
        verification_data_source::{
            answer as verification,
            question::{Question, outbound_method},
        },
        workload_resource::forms::Entries,
    },
    regions::Cloud,
    report::{
        model::{Row, Standing, Subnet},
        subnet::Part,
    },
};

/// Why there is no answer: something in Azure, or in the configuration, that cannot be read. Less would prove something else.
pub(super) struct Refused {
    pub(super) argument: &'static str,
    pub(super) reason: String,
    pub(super) remedy: &'static str,
}

const UNREADABLE: &str = "What cannot be read cannot be proven: write the rule in a form that this release knows.";

/// Every output by name.
pub(super) fn answer(
    config: &Value,
    parts: Vec<Part>,
    seen: &Seen,
    cloud: Cloud,
) -> Result<Vec<(&'static str, Value)>, Refused> {
    let question = question(config, parts, seen, cloud)?;
    let policies: Vec<&NetworkPolicy> = question.parts.iter().map(|part| &part.policy).collect();
    let policies = policies.as_slice();
    let model = question.model();
    let carriers = carried(&model);
    let mut interface = 0;
    let subnet = verification::subnet(&question, &model);
    let requirements = requirements(&subnet, &model);
    let mut outputs = verification::outputs(subnet);
    let mut lint = match outputs.iter().position(|(name, _)| *name == "lint") {
        Some(position) => outputs.swap_remove(position).1,
        None => Value::List(Vec::new()),
    };
    if let Value::List(lint) = &mut lint {
        lint.extend(seen_from_outside(seen, &question));
    }
    outputs.push(("lint", lint));
    let (rules, foreign) = match &seen.rules {
        Some(rules) => {
            interface = 1;
            explained(rules, question.groups.first(), 0, &carriers, policies)
        }
        None => (Value::Null, Value::object::<String>([])),
    };
    let (interface_rules, interface_foreign) = match &seen.interface_rules {
        Some(rules) => explained(rules, question.groups.get(interface), interface, &carriers, policies),
        None => (Value::Null, Value::object::<String>([])),
    };
    let wanted: BTreeSet<&str> = policies
        .iter()
        .flat_map(|policy| &policy.service_endpoints)
        .map(|endpoint| endpoint.as_str())
        .collect();
    let endpoints = seen.service_endpoints();
    let has = |name: &str| endpoints.keys().any(|own| own.eq_ignore_ascii_case(name));
    let asked = |name: &str| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name));
    outputs.extend([
        ("requirements", requirements),
        ("security_rules", rules),
        ("foreign_rules", foreign),
        ("network_interface_security_rules", interface_rules),
        ("network_interface_foreign_rules", interface_foreign),
        ("routes", Value::Map(seen.routes.clone())),
        (
            "foreign_routes",
            Value::Map(foreign_routes(&seen.routes, &question.routes, policies)),
        ),
        (
            "rule_collection_groups",
            seen.groups.clone().map_or(Value::Null, Value::List),
        ),
        ("service_endpoints", Value::string_set(endpoints.keys().cloned())),
        (
            "missing_service_endpoints",
            Value::string_set(wanted.iter().copied().filter(|name| !has(name))),
        ),
        (
            "surplus_service_endpoints",
            Value::string_set(endpoints.keys().filter(|name| !asked(name)).cloned()),
        ),
        (
            "virtual_network_address_spaces",
            Value::string_set(seen.spaces().iter().map(ToString::to_string)),
        ),
    ]);
    Ok(outputs)
}

/// The same question as `lockeddown_verification` is asked, about what stands in Azure.
fn question(config: &Value, parts: Vec<Part>, seen: &Seen, cloud: Cloud) -> Result<Question, Refused> {
    let unreadable = |argument| {
        move |reason: String| Refused {
            argument,
            reason,
            remedy: UNREADABLE,
        }
    };
    let read = |rules: &Option<Entries>, argument| match rules {
        Some(rules) => given_rules::read(&Value::Map(rules.clone()))
            .map(Some)
            .map_err(unreadable(argument)),
        None => Ok(None),
    };
    let groups: Vec<Vec<SecurityRule>> = [
        read(&seen.rules, "subnet_id")?,
        read(&seen.interface_rules, "network_interface_security_group_id")?,
    ]
    .into_iter()
    .flatten()
    .collect();
    let routes = given_routes::read(&Value::Map(seen.routes.clone())).map_err(unreadable("subnet_id"))?;
    let firewall = match &seen.groups {
        Some(groups) => {
            let layers = given_collections::read(&Value::List(groups.clone()), &seen.ip_groups);
            Some(layers.map_err(unreadable("firewall_policy_id"))?)
        }
        None => None,
    };
    let endpoints = seen.service_endpoints();
    let endpoint_tags = endpoints.iter().flat_map(|(service, locations)| {
        let locations: Vec<&str> = locations.iter().map(String::as_str).collect();
        endpoint_tags::of_service(service, &locations, cloud)
    });
    let mut question = Question {
        name: seen.name.clone(),
        source_uri: config.attribute("source_uri").as_str().map(str::to_owned),
        rules_by_hand: true,
        firewall_by_hand: true,
        groups,
        routes,
        // What Azure shows is a table: what gateways bring stands in none.
        learned_default: parts
            .iter()
            .filter_map(|part| part.policy.default_route)
            .find_map(learned),
        firewall,
        firewall_addresses: match seen.firewall_addresses.is_empty() {
            false => seen.firewall_addresses.clone(),
            true => appliances(parts.iter().flat_map(|part| part.policy.routes.values())),
        },
        endpoint_tags: endpoint_tags.collect(),
        service_endpoints: Some(endpoints.keys().cloned().collect()),
        required: required(&parts, seen),
        parts,
        forbidden: BTreeMap::new(),
        network: seen.spaces(),
        way_out: way_out(config, seen)?,
        resolved_tags: BTreeMap::new(),
        cloud,
    };
    if let Some(path) = config.attribute("service_tag_file").as_str() {
        question.resolve_tags(path).map_err(|reason| Refused {
            argument: "service_tag_file",
            reason,
            remedy: "Download the file of your cloud from Microsoft's \"Azure IP Ranges and Service Tags\" pages.",
        })?;
    }
    Ok(question)
}

/// The flows of all policies. The subnet's own end is known here, whether a policy says it or not.
fn required(parts: &[Part], seen: &Seen) -> BTreeMap<String, Flow> {
    let subnet: BTreeSet<_> = seen.prefixes().into_iter().collect();
    let mut required = BTreeMap::new();
    for (position, part) in parts.iter().enumerate() {
        for (key, flow) in &part.policy.flows {
            let mut flow = flow.clone();
            given_flow::stand_at(&mut flow, &subnet);
            let key = match parts.len() {
                1 => key.clone(),
                _ => format!("{position}/{key}"),
            };
            required.insert(key, flow);
        }
    }
    required
}

/// What the configuration says; else a NAT gateway is a way out, and a private subnet without one has none of its own.
fn way_out(config: &Value, seen: &Seen) -> Result<WayOut, Refused> {
    if let Some(word) = config.attribute("outbound_method").as_str() {
        return outbound_method(word).map_err(|reason| Refused {
            argument: "outbound_method",
            reason,
            remedy: "Leave it out to have it read from the subnet.",
        });
    }
    let says = |field: &str| seen.subnet.pointer(&format!("/properties/{field}"));
    if says("natGateway/id").is_some() {
        return Ok(WayOut::Given);
    }
    let private = says("defaultOutboundAccess").and_then(serde_json::Value::as_bool) == Some(false);
    Ok(if private { WayOut::Unsure } else { WayOut::NotSaid })
}

/// Every requirement of the policies, as the report judges it.
fn requirements(subnet: &Subnet, model: &Model) -> Value {
    let findings = allows(model);
    let told = |row: &Row| {
        let mut of_row = findings
            .iter()
            .filter(|finding| finding.required.flow.requirement_ids.contains(&row.id));
        of_row.find_map(|finding| match &finding.verdict {
            Verdict::Refuted(obstacle) if row.verdict == Standing::Refuted => {
                Some(message::blocked(finding.required, obstacle))
            }
            Verdict::DependsOn { conditions, obstacle } if row.verdict == Standing::DependsOn => {
                Some(message::unproven(finding.required, conditions, obstacle))
            }
            _ => None,
        })
    };
    let value = |row: &Row| {
        let status = match row.verdict {
            Standing::Proven | Standing::Satisfied => "satisfied",
            Standing::Refuted | Standing::NotSatisfied => "lacking",
            Standing::DependsOn => "depends_on",
            Standing::Waived => "waived",
            Standing::Unknown => "unchecked",
        };
        let reason = match status {
            "satisfied" => None,
            _ => told(row).or_else(|| Some(row.evidence.as_ref()?.in_words())),
        };
        let flows = subnet.required_flows.iter();
        let flows = flows.filter(|flow| flow.requirement_ids.contains(&row.id));
        let value = Value::object([
            ("status", Value::from(status)),
            ("flows", Value::string_list(flows.map(|flow| flow.key.clone()))),
            ("reason", reason.into()),
        ]);
        (row.id.clone(), value)
    };
    Value::object(subnet.requirements.iter().map(value).collect::<Vec<_>>())
}

/// Rules with the requirements that they carry, and those among them behind which no requirement stands.
fn explained(
    entries: &Entries,
    rules: Option<&Vec<SecurityRule>>,
    group: usize,
    carriers: &BTreeMap<(usize, String), BTreeSet<String>>,
    policies: &[&NetworkPolicy],
) -> (Value, Value) {
    let (mut explained, mut foreign) = (Entries::new(), Entries::new());
    for rule in rules.into_iter().flatten() {
        let name = rule.name.as_str();
        let Some(entry) = entries.get(name) else { continue };
        let mut ids = carriers.get(&(group, name.to_owned())).cloned().unwrap_or_default();
        let demanded = policies
            .iter()
            .flat_map(|policy| policy.security_rules.values())
            .filter(|own| means_the_same(own, rule));
        ids.extend(demanded.flat_map(|own| own.requirement_ids.iter().cloned()));
        let mut entry = entry.clone();
        entry.set_attribute("requirement_ids", Value::string_set(ids.iter().cloned()));
        if ids.is_empty() {
            foreign.insert(name.to_owned(), entry.clone());
        }
        explained.insert(name.to_owned(), entry);
    }
    (Value::Map(explained), Value::Map(foreign))
}

/// Whether two rules say the same of the subnet: its own end may be its prefixes or `*`, names and priorities may differ.
fn means_the_same(own: &SecurityRule, other: &SecurityRule) -> bool {
    let outbound = own.direction == crate::network::Direction::Outbound;
    let (own_local, own_peer) = if outbound {
        (&own.source, &own.destination)
    } else {
        (&own.destination, &own.source)
    };
    let (local, peer) = if outbound {
        (&other.source, &other.destination)
    } else {
        (&other.destination, &other.source)
    };
    let is_subnet = |side: &AddressSide| matches!(side, AddressSide::Any | AddressSide::Prefixes(_));
    let same_peer = match (own_peer, peer) {
        (AddressSide::Tag(one), AddressSide::Tag(two)) => one.as_str().eq_ignore_ascii_case(two.as_str()),
        (one, two) => one == two,
    };
    (own.direction, own.access, own.protocol) == (other.direction, other.access, other.protocol)
        && (own_local == local || is_subnet(own_local) && is_subnet(local))
        && same_peer
        && (&own.source_ports, &own.destination_ports) == (&other.source_ports, &other.destination_ports)
}

/// Routes that no policy has.
fn foreign_routes(entries: &Entries, routes: &[Route], policies: &[&NetworkPolicy]) -> Entries {
    let asked = |route: &Route| {
        let same = |own: &Route| {
            let (own_end, end) = (own.destination.to_string(), route.destination.to_string());
            own_end.eq_ignore_ascii_case(&end) && own.next_hop == route.next_hop
        };
        policies.iter().flat_map(|policy| policy.routes.values()).any(same)
    };
    let foreign = routes.iter().filter(|route| !asked(route));
    foreign
        .filter_map(|route| {
            Some((
                route.name.as_str().to_owned(),
                entries.get(route.name.as_str())?.clone(),
            ))
        })
        .collect()
}

/// What the rules cannot say of themselves: that there are none, and that another appliance stands at the next hop.
fn seen_from_outside(seen: &Seen, question: &Question) -> Vec<Value> {
    let value = |kind: &str, rule: &str, message: String| {
        Value::object([
            ("kind", Value::from(kind)),
            ("rule", rule.into()),
            ("message", message.into()),
        ])
    };
    let mut said = Vec::new();
    if question.groups.is_empty() {
        let message =
            "No network security group stands on the way: the subnet's packets are denied by nobody. Give it one.";
        said.push(value("no_network_security_group", "", message.to_owned()));
    }
    for route in &question.routes {
        if let NextHop::VirtualAppliance(address) = &route.next_hop
            && let Some(address) = address.get()
            && !seen.firewall_addresses.is_empty()
            && !seen.firewall_addresses.contains(address)
        {
            let message = format!(
                "`{}` leads to {address}, which is not the firewall that was read: its rules do not judge these packets. Name the firewall that \
                 stands there, or correct the route.",
                route.name
            );
            said.push(value("another_appliance", route.name.as_str(), message));
        }
    }
    said
}
