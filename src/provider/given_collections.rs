//! Firewall rule collections as people and Azure have them: in the shape of azurerm's `network_rule_collection` and
//! `application_rule_collection`, inside of rule collection groups in the order in which the firewall looks at them.
//!
//! Unlike a policy's, they may deny, mix tags and addresses, and name IP groups and web categories. What only Azure can open stays a name of
//! which nobody says what it overlaps.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Number, Value};

use super::{
    dynamic_inputs,
    given_rules::{Unreadable, port_ranges, prefix, words},
};
use crate::{
    network::{
        Access, ApplicationProtocol, ApplicationRule, ApplicationRuleCollection, ApplicationRuleDestination,
        FirewallSource, Known, NetworkRule, NetworkRuleCollection, NetworkRuleDestination, Ports, Protocol, ServiceTag,
    },
    proof::{
        addresses,
        firewall::{Collection, Layer},
    },
};

/// Addresses of IP groups by lower-case ARM id, as far as somebody read them.
pub(super) type IpGroups = BTreeMap<String, BTreeSet<String>>;

/// The rule collection groups of a value, each a layer.
pub(super) fn read(value: &Value, ip_groups: &IpGroups) -> Result<Vec<Layer>, Unreadable> {
    match &dynamic_inputs::without_types(value) {
        Value::Null => Ok(Vec::new()),
        Value::Unknown(_) => Err("the rule collection groups are known only after apply".to_owned()),
        Value::List(groups) => groups.iter().map(|group| layer(group, ip_groups)).collect(),
        group @ Value::Map(_) => Ok(vec![layer(group, ip_groups)?]),
        _ => Err("a list of rule collection groups is expected".to_owned()),
    }
}

/// One group. azurerm's blocks are named in the singular.
fn layer(group: &Value, ip_groups: &IpGroups) -> Result<Layer, Unreadable> {
    let mut layer = Layer::new();
    let known = [
        "network_rule_collections",
        "network_rule_collection",
        "application_rule_collections",
        "application_rule_collection",
    ];
    if known.iter().all(|name| group.attribute(name).is_null()) {
        return Err(format!("a rule collection group has none of `{}`", known.join("`, `")));
    }
    for name in known {
        let collections = match group.attribute(name) {
            Value::Null => continue,
            Value::List(collections) => collections,
            _ => return Err(format!("`{name}` is no list, or known only after apply")),
        };
        for collection in collections {
            layer.push(self::collection(collection, name.starts_with("network"), ip_groups)?);
        }
    }
    Ok(layer)
}

fn collection(value: &Value, network: bool, ip_groups: &IpGroups) -> Result<Collection, Unreadable> {
    let name = text(value, "name").ok_or("a rule collection without a `name`")?;
    let wrong = |attribute: &str, reason: &str| format!("rule collection `{name}`: `{attribute}` {reason}");
    let priority = value.attribute("priority").as_number().and_then(Number::to_i64);
    let priority = priority.ok_or_else(|| wrong("priority", "is missing or no whole number"))?;
    let access = match text(value, "action").as_deref() {
        Some("Allow") => Access::Allow,
        Some("Deny") => Access::Deny,
        _ => return Err(wrong("action", "is neither `Allow` nor `Deny`")),
    };
    let Value::List(elements) = value.attribute("rule") else {
        return Err(wrong("rule", "is no list"));
    };
    let in_place = |reason: String| format!("rule collection `{name}`: {reason}");
    if network {
        let mut rules = Vec::new();
        for rule in elements {
            rules.extend(network_rules(rule, ip_groups).map_err(in_place)?);
        }
        return Ok(Collection::Network(
            access,
            NetworkRuleCollection { name, priority, rules },
        ));
    }
    let mut rules = Vec::new();
    for rule in elements {
        rules.extend(application_rules(rule, ip_groups).map_err(in_place)?);
    }
    Ok(Collection::Application(
        access,
        ApplicationRuleCollection { name, priority, rules },
    ))
}

/// A rule of ours has one kind of destination; one with several is several.
fn network_rules(value: &Value, ip_groups: &IpGroups) -> Result<Vec<NetworkRule>, Unreadable> {
    let name = text(value, "name").ok_or("a rule without a `name`")?;
    let of_rule = |reason: String| format!("rule `{name}`: {reason}");
    let protocol = |word: String| match word.as_str() {
        "Any" | "any" => Ok(Protocol::Any),
        word => word
            .parse()
            .map_err(|error| format!("rule `{name}`: `protocols`: {error}")),
    };
    let protocols = list(value, "protocols").map_err(of_rule)?;
    let protocols: BTreeSet<Protocol> = protocols.into_iter().map(protocol).collect::<Result<_, _>>()?;
    if protocols.is_empty() {
        return Err(of_rule("it has no `protocols`".to_owned()));
    }
    let mut destinations = Vec::new();
    let addresses = addresses(value, "destination", ip_groups).map_err(of_rule)?;
    if !addresses.is_empty() {
        destinations.push(NetworkRuleDestination::Addresses(addresses));
    }
    let hosts = list(value, "destination_fqdns").map_err(of_rule)?;
    if !hosts.is_empty() {
        destinations.push(NetworkRuleDestination::Hosts(
            hosts.into_iter().map(Known::Is).collect(),
        ));
    }
    let source = FirewallSource::Addresses(addresses_of_source(value, ip_groups).map_err(of_rule)?);
    let ports = ports(value).map_err(of_rule)?;
    let requirement_ids: BTreeSet<String> = list(value, "requirement_ids").map_err(of_rule)?.into_iter().collect();
    let rule = |destination| NetworkRule {
        name: name.clone(),
        description: String::new(),
        protocols: protocols.clone(),
        source: source.clone(),
        destination,
        ports: ports.clone(),
        requirement_ids: requirement_ids.clone(),
    };
    Ok(destinations.into_iter().map(rule).collect())
}

fn application_rules(value: &Value, ip_groups: &IpGroups) -> Result<Vec<ApplicationRule>, Unreadable> {
    let name = text(value, "name").ok_or("a rule without a `name`")?;
    let of_rule = |reason: String| format!("rule `{name}`: {reason}");
    let mut protocols = BTreeSet::new();
    let Some(spoken) = value.attribute("protocols").as_list() else {
        return Err(of_rule("`protocols` is no list, or known only after apply".to_owned()));
    };
    for protocol in spoken {
        let port = protocol.attribute("port").as_number().and_then(Number::to_i64);
        let port = port.and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or_else(|| of_rule("a protocol without a `port`".to_owned()))?;
        match text(protocol, "type").as_deref() {
            Some("Http") => protocols.insert((ApplicationProtocol::Http, port)),
            Some("Https") => protocols.insert((ApplicationProtocol::Https, port)),
            // SQL's hosts on SQL's port: none that a requirement names, and no packet of HTTP's.
            Some("Mssql") => false,
            _ => {
                return Err(of_rule(
                    "a protocol that is none of `Http`, `Https`, `Mssql`".to_owned(),
                ));
            }
        };
    }
    let named = |attribute: &str| list(value, attribute).map_err(of_rule);
    // With `destination_addresses` the rule is about those hosts at those addresses only, which nobody can tell here.
    let at_addresses = named("destination_addresses")?.iter().any(|address| address != "*");
    let mut destinations = Vec::new();
    let hosts = named("destination_fqdns")?;
    if at_addresses {
        destinations.push(ApplicationRuleDestination::HostTag(
            format!("of `{name}` at its addresses").into(),
        ));
    } else if !hosts.is_empty() {
        destinations.push(ApplicationRuleDestination::Hosts(
            hosts.into_iter().map(Known::Is).collect(),
        ));
    }
    let urls: BTreeSet<String> = named("destination_urls")?.into_iter().collect();
    if !urls.is_empty() {
        destinations.push(ApplicationRuleDestination::Urls(urls));
    }
    let tags = named("destination_fqdn_tags")?.into_iter();
    destinations.extend(tags.map(|tag| ApplicationRuleDestination::HostTag(tag.into())));
    let categories = named("web_categories")?.into_iter();
    destinations.extend(
        categories.map(|category| ApplicationRuleDestination::HostTag(format!("web category {category}").into())),
    );
    let source = FirewallSource::Addresses(addresses_of_source(value, ip_groups).map_err(of_rule)?);
    let requirement_ids: BTreeSet<String> = named("requirement_ids")?.into_iter().collect();
    let rule = |destination| ApplicationRule {
        name: name.clone(),
        description: String::new(),
        protocols: protocols.clone(),
        source: source.clone(),
        destination,
        requirement_ids: requirement_ids.clone(),
    };
    Ok(destinations.into_iter().map(rule).collect())
}

/// Who sends. IP groups with nobody in them are a source all the same: the rule is about nobody.
fn addresses_of_source(rule: &Value, ip_groups: &IpGroups) -> Result<BTreeSet<String>, Unreadable> {
    let addresses = addresses(rule, "source", ip_groups)?;
    if addresses.is_empty() && list(rule, "source_ip_groups")?.is_empty() {
        return Err("it has no source".to_owned());
    }
    Ok(addresses)
}

/// Addresses, tags and IP groups together: a group that was read is its addresses, another one its id, which the proof takes for a name.
fn addresses(rule: &Value, side: &str, ip_groups: &IpGroups) -> Result<BTreeSet<String>, Unreadable> {
    let attribute = format!("{side}_addresses");
    let given = list(rule, &attribute)?;
    let mut all: BTreeSet<String> = given
        .iter()
        .map(|text| address(text).map_err(|reason| format!("`{attribute}` holds {reason}")))
        .collect::<Result<_, _>>()?;
    for id in list(rule, &format!("{side}_ip_groups"))? {
        match ip_groups.get(&id.to_lowercase()) {
            Some(addresses) => {
                for text in addresses {
                    all.insert(address(text).map_err(|reason| format!("the IP group `{id}` holds {reason}"))?);
                }
            }
            None => {
                all.insert(id);
            }
        }
    }
    Ok(all)
}

/// What the proof understands: everything, a prefix without host bits, a range, or a service tag. What it took for a tag that is none would
/// be public addresses, and a deny of it would deny nothing.
fn address(text: &str) -> Result<String, Unreadable> {
    if text == "*" || addresses::of_range(text).is_some() || text.parse::<ServiceTag>().is_ok() {
        return Ok(text.to_owned());
    }
    prefix(text)
        .map(|prefix| prefix.to_string())
        .ok_or_else(|| format!("`{text}`, which is neither `*`, an address, a prefix, a range nor a service tag"))
}

/// Ports that can be read: a rule of which some were left out would match less.
fn ports(rule: &Value) -> Result<BTreeSet<String>, Unreadable> {
    let given = list(rule, "destination_ports")?;
    match port_ranges(&given).map_err(|reason| format!("`destination_ports` {reason}"))? {
        Ports::Any => Ok(BTreeSet::from(["*".to_owned()])),
        Ports::Ranges(ranges) => Ok(ranges.iter().map(ToString::to_string).collect()),
    }
}

fn list(value: &Value, attribute: &str) -> Result<Vec<String>, Unreadable> {
    match value.attribute(attribute) {
        Value::Null => Ok(Vec::new()),
        texts => words(texts).ok_or_else(|| format!("`{attribute}` is not a list of texts, or known only after apply")),
    }
}

fn text(value: &Value, attribute: &str) -> Option<String> {
    value.attribute(attribute).as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ip_group_with_nobody_in_it_is_a_source_that_nobody_is() {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/ipGroups/empty";
        let rule = Value::object([
            ("name", Value::from("nobody")),
            ("protocols", Value::string_list(["TCP".to_owned()])),
            ("source_ip_groups", Value::string_list([id.to_owned()])),
            ("destination_addresses", Value::string_list(["Sql".to_owned()])),
            ("destination_ports", Value::string_list(["1433".to_owned()])),
        ]);
        let opened = IpGroups::from([(id.to_lowercase(), BTreeSet::new())]);
        let rules = network_rules(&rule, &opened).unwrap();
        assert_eq!(rules[0].source, FirewallSource::Addresses(BTreeSet::new()));
        let mut without = rule;
        without.set_attribute("source_ip_groups", Value::Null);
        assert!(
            network_rules(&without, &opened)
                .unwrap_err()
                .contains("it has no source")
        );
    }
}
