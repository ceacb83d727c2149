//! Firewall rule collections as Terraform values.

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use super::texts;
use crate::network::{
    ApplicationRule, ApplicationRuleCollection, ApplicationRuleDestination, FirewallSource, Known, NetworkRule,
    NetworkRuleCollection, NetworkRuleDestination,
};

pub(super) fn network_rule_collections(collections: &[NetworkRuleCollection]) -> Value {
    let values = collections.iter().map(|collection| {
        self::collection(
            &collection.name,
            collection.priority,
            collection.rules.iter().map(network_rule).collect(),
        )
    });
    Value::List(values.collect())
}

pub(super) fn application_rule_collections(collections: &[ApplicationRuleCollection]) -> Value {
    let values = collections.iter().map(|collection| {
        self::collection(
            &collection.name,
            collection.priority,
            collection.rules.iter().map(application_rule).collect(),
        )
    });
    Value::List(values.collect())
}

fn collection(name: &str, priority: i64, rules: Vec<Value>) -> Value {
    Value::object([
        ("name", Value::from(name)),
        ("priority", priority.into()),
        ("action", "Allow".into()),
        ("rule", Value::List(rules)),
    ])
}

fn network_rule(rule: &NetworkRule) -> Value {
    let (mut addresses, mut hosts_value) = (Value::Null, Value::Null);
    match &rule.destination {
        NetworkRuleDestination::Tag(tag) => addresses = Value::string_set([tag.as_str()]),
        NetworkRuleDestination::Addresses(prefixes) => addresses = texts(prefixes),
        NetworkRuleDestination::Hosts(names) => hosts_value = hosts(names),
    }
    let (source_addresses, source_ip_groups) = source(&rule.source);
    // Azure Firewall has its own spelling: `TCP`, `UDP`, `Any`.
    let protocols = rule.protocols.iter().map(|protocol| match protocol.as_str() {
        "*" => "Any".to_owned(),
        word => word.to_uppercase(),
    });
    Value::object([
        ("name", Value::from(rule.name.as_str())),
        ("description", rule.description.as_str().into()),
        ("protocols", Value::string_set(protocols)),
        ("source_addresses", source_addresses),
        ("source_ip_groups", source_ip_groups),
        ("destination_addresses", addresses),
        ("destination_fqdns", hosts_value),
        ("destination_ip_groups", Value::Null),
        ("destination_ports", texts(&rule.ports)),
        ("requirement_ids", texts(&rule.requirement_ids)),
    ])
}

fn application_rule(rule: &ApplicationRule) -> Value {
    let (mut fqdns, mut tags, mut urls) = (Value::Null, Value::Null, Value::Null);
    match &rule.destination {
        ApplicationRuleDestination::Hosts(names) => fqdns = hosts(names),
        ApplicationRuleDestination::HostTag(tag) => tags = Value::string_set([tag.as_ref()]),
        ApplicationRuleDestination::Urls(addresses) => urls = texts(addresses),
    }
    let (source_addresses, source_ip_groups) = source(&rule.source);
    let protocols = rule.protocols.iter().map(|(protocol, port)| {
        Value::object([
            ("type", Value::from(protocol.as_str())),
            ("port", i64::from(*port).into()),
        ])
    });
    let terminate_tls = matches!(rule.destination, ApplicationRuleDestination::Urls(_));
    Value::object([
        ("name", Value::from(rule.name.as_str())),
        ("description", rule.description.as_str().into()),
        ("protocols", Value::List(protocols.collect())),
        ("source_addresses", source_addresses),
        ("source_ip_groups", source_ip_groups),
        ("destination_addresses", Value::Null),
        ("destination_fqdns", fqdns),
        ("destination_fqdn_tags", tags),
        ("destination_urls", urls),
        ("terminate_tls", if terminate_tls { true.into() } else { Value::Null }),
        ("web_categories", Value::Null),
        ("requirement_ids", texts(&rule.requirement_ids)),
    ])
}

fn source(source: &FirewallSource) -> (Value, Value) {
    match source {
        FirewallSource::Addresses(prefixes) => (texts(prefixes), Value::Null),
        FirewallSource::Groups(Known::Is(ids)) => (Value::Null, texts(ids)),
        FirewallSource::Groups(Known::NotYet) => (Value::Null, Value::unknown_not_null()),
    }
}

fn hosts(names: &BTreeSet<Known<String>>) -> Value {
    if names.contains(&Known::NotYet) {
        return Value::unknown_not_null();
    }
    Value::string_set(names.iter().filter_map(|name| name.get().cloned()))
}
