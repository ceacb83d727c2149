//! What a plan says, in Azure's words: every attribute under the name that Microsoft's documents give it, whatever it is. An attribute that
//! got lost on its way to Azure, or on the way back, is a difference.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// By name: rules, routes, collections.
pub(crate) type Named = BTreeMap<String, Value>;

/// Names that are not ours with capital letters in place of underscores.
const RENAMED: [(&str, &str); 5] = [
    ("nextHopInIpAddress", "nextHopIpAddress"),
    ("destinationFqdnTags", "fqdnTags"),
    ("destinationUrls", "targetUrls"),
    ("terminateTls", "terminateTLS"),
    ("type", "protocolType"),
];
/// What our outputs say beside what Azure knows.
const OURS_ALONE: [&str; 2] = ["name", "requirement_ids"];
/// What the service says beside what it was told.
const SERVICES: [&str; 4] = ["etag", "id", "provisioningState", "type"];
/// Lists of ids, which Azure has as lists of references.
const IDS: &str = "_application_security_group_ids";

/// Security rules or routes, from a map by name.
pub(crate) fn children(planned: &Value) -> Named {
    let entries = planned.as_object().unwrap().iter();
    entries
        .map(|(name, entry)| (name.clone(), json!({ "properties": translated(entry) })))
        .map(|(name, entry)| (name, plain(&entry)))
        .collect()
}

/// The collections of a plan as a rule collection group has them.
pub(crate) fn of_a_group(planned: &Value) -> Named {
    let collections = both(planned).map(|(collection, network)| {
        let rules = rules_of(collection).map(|rule| {
            let mut rule = rule_of(rule, network, "ipProtocols");
            rule["ruleType"] = json!(if network { "NetworkRule" } else { "ApplicationRule" });
            rule
        });
        json!({
            "name": collection["name"],
            "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
            "priority": collection["priority"],
            "action": { "type": collection["action"] },
            "rules": rules.collect::<Vec<_>>(),
        })
    });
    named(&collections.collect())
}

/// The collections of a plan as a firewall without a policy has them.
pub(crate) fn of_a_firewall(planned: &Value) -> Named {
    let collections = both(planned).map(|(collection, network)| {
        let rules = rules_of(collection).map(|rule| rule_of(rule, network, "protocols"));
        json!({ "name": collection["name"], "properties": {
            "priority": collection["priority"],
            "action": { "type": collection["action"] },
            "rules": rules.collect::<Vec<_>>(),
        } })
    });
    named(&collections.collect())
}

/// What was read, by name, without what only the service says.
pub(crate) fn named(read: &Value) -> Named {
    let entries = read.as_array().into_iter().flatten();
    let mut found = Named::new();
    for entry in entries {
        let mut said = entry.as_object().unwrap().clone();
        said.retain(|field, _| field != "name" && !SERVICES.contains(&field.as_str()));
        let name = entry["name"].as_str().unwrap().to_owned();
        assert!(
            found.insert(name.clone(), plain(&Value::Object(said))).is_none(),
            "{name} is there twice"
        );
    }
    found
}

/// Each collection, and whether its rules are network rules.
fn both(planned: &Value) -> impl Iterator<Item = (&Value, bool)> {
    let of = |attribute: &str, network: bool| {
        let collections = planned[attribute].as_array().into_iter().flatten();
        collections.map(move |collection| (collection, network))
    };
    of("network_rule_collections", true).chain(of("application_rule_collections", false))
}

fn rules_of(collection: &Value) -> impl Iterator<Item = &Value> {
    collection["rule"].as_array().into_iter().flatten()
}

fn rule_of(planned: &Value, network: bool, protocols: &str) -> Value {
    let mut rule = translated(planned);
    rule.insert("name".to_owned(), planned["name"].clone());
    if network {
        let said = rule.remove("protocols").unwrap();
        rule.insert(protocols.to_owned(), said);
    } else if let Some(hosts) = rule.remove("destinationFqdns") {
        rule.insert("targetFqdns".to_owned(), hosts);
    }
    Value::Object(rule)
}

/// An object with Azure's names.
fn translated(planned: &Value) -> Map<String, Value> {
    let mut said = Map::new();
    for (attribute, value) in planned.as_object().unwrap() {
        if OURS_ALONE.contains(&attribute.as_str()) {
            continue;
        }
        if let Some(end) = attribute.strip_suffix(IDS) {
            let ids = value.as_array().into_iter().flatten();
            let references: Vec<Value> = ids.map(|id| json!({ "id": id })).collect();
            said.insert(format!("{end}ApplicationSecurityGroups"), references.into());
            continue;
        }
        let name = camel_case(attribute);
        let renamed = RENAMED.iter().find(|(ours, _)| *ours == name);
        let name = renamed.map_or(name, |(_, azures)| (*azures).to_owned());
        let entries = value.as_array().filter(|entries| entries.iter().any(Value::is_object));
        let value = match entries {
            Some(entries) => entries.iter().map(|entry| Value::Object(translated(entry))).collect(),
            None => value.clone(),
        };
        said.insert(name, value);
    }
    said
}

fn camel_case(attribute: &str) -> String {
    let mut words = attribute.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let mut characters = word.chars();
        let initial = characters.next().unwrap_or_default().to_ascii_uppercase();
        format!("{name}{initial}{}", characters.as_str())
    })
}

/// Without what means nothing (`null`, `""`, `[]`) and what the service adds to the properties; lists of texts in order.
fn plain(value: &Value) -> Value {
    let nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(entries) => entries.is_empty(),
        _ => false,
    };
    match value {
        Value::Object(entries) => {
            let added = ["hasBgpOverride", "provisioningState"];
            let entries = entries.iter().filter(|(field, _)| !added.contains(&field.as_str()));
            entries
                .filter(|(_, value)| !nothing(value))
                .map(|(field, value)| (field.clone(), plain(value)))
                .collect()
        }
        Value::Array(entries) => {
            let mut entries: Vec<Value> = entries.iter().map(plain).collect();
            if entries.iter().all(Value::is_string) {
                entries.sort_by_key(Value::to_string);
            }
            Value::Array(entries)
        }
        other => other.clone(),
    }
}
