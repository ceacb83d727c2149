//! A network policy as Terraform values.

mod firewall;

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use crate::{
    network::{Known, NetworkPolicy, NextHop, Route},
    workloads::{Expanded, rule_value::security_rules},
};

/// Every output of an expanded workload, by name.
pub(super) fn outputs(expanded: &Expanded) -> Vec<(String, Value)> {
    let own = &expanded.outputs;
    let own = own.iter().map(|(name, value)| (name.clone(), value.clone()));
    shared(&expanded.policy).into_iter().chain(own).collect()
}

/// The outputs that every workload has, by name.
pub(super) fn shared(policy: &NetworkPolicy) -> Vec<(String, Value)> {
    let hosts = policy.hosts.iter().map(|(name, host)| {
        let value = Value::object([
            ("host", Value::from(host.host.as_str())),
            ("protocol", host.protocol.as_str().into()),
            ("ports", texts(&host.ports)),
            ("initiator", host.initiator.as_str().into()),
            ("websocket", host.websocket.into()),
            ("service_tag", host.service_tag.clone().into()),
            ("requirement_ids", texts(&host.requirement_ids)),
        ]);
        (name.clone(), value)
    });
    let flows = policy.on_premises_flows.iter().map(|(name, flow)| {
        let value = Value::object([
            ("source", flow.source.get().map_or_else(Value::unknown_not_null, texts)),
            ("destination", texts(&flow.destination)),
            ("protocol", flow.protocol.as_str().into()),
            ("ports", texts(&flow.ports)),
            ("direction", flow.direction.as_str().into()),
            ("requirement_ids", texts(&flow.requirement_ids)),
        ]);
        (name.clone(), value)
    });
    let prerequisites = policy.prerequisites.iter().map(|(id, prerequisite)| {
        let value = Value::object([
            ("summary", Value::from(prerequisite.summary.as_str())),
            ("status", prerequisite.status.as_str().into()),
            ("remedy", prerequisite.remedy.as_str().into()),
            ("citation", prerequisite.citation.as_str().into()),
        ]);
        (id.clone(), value)
    });
    let counterparts = policy
        .counterpart_rules
        .iter()
        .map(|(role, rules)| (role.clone(), security_rules(rules)));
    vec![
        ("security_rules".to_owned(), security_rules(&policy.security_rules)),
        ("counterpart_rules".to_owned(), Value::object(counterparts)),
        (
            "routes".to_owned(),
            Value::object(
                policy
                    .routes
                    .iter()
                    .map(|(name, route)| (name.clone(), self::route(route))),
            ),
        ),
        (
            "bgp_route_propagation_enabled".to_owned(),
            policy.bgp_route_propagation_enabled.into(),
        ),
        (
            "network_rule_collections".to_owned(),
            firewall::network_rule_collections(&policy.network_rule_collections),
        ),
        (
            "application_rule_collections".to_owned(),
            firewall::application_rule_collections(&policy.application_rule_collections),
        ),
        (
            "service_endpoints".to_owned(),
            Value::string_set(policy.service_endpoints.iter().map(|endpoint| endpoint.as_str())),
        ),
        ("hosts".to_owned(), Value::object(hosts)),
        ("on_premises_flows".to_owned(), Value::object(flows)),
        ("prerequisites".to_owned(), Value::object(prerequisites)),
        (
            "warnings".to_owned(),
            Value::string_list(policy.warnings.iter().cloned()),
        ),
        ("requirement_ids".to_owned(), texts(&policy.requirement_ids)),
    ]
}

fn route(route: &Route) -> Value {
    let address = match &route.next_hop {
        NextHop::VirtualAppliance(Known::Is(address)) => address.as_str().into(),
        NextHop::VirtualAppliance(Known::NotYet) => Value::unknown_not_null(),
        _ => Value::Null,
    };
    Value::object([
        ("name", Value::from(route.name.as_str())),
        ("address_prefix", route.destination.to_string().into()),
        ("next_hop_type", route.next_hop.as_str().into()),
        ("next_hop_in_ip_address", address),
        ("requirement_ids", texts(&route.requirement_ids)),
    ])
}

fn texts(texts: &BTreeSet<String>) -> Value {
    Value::string_set(texts.iter().cloned())
}
