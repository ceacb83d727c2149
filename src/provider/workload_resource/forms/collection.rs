//! Firewall rule collections, in a rule collection group and in a firewall without a policy.
//!
//! The two spell the same differently: a group has one list with a type in every entry, a classic firewall has a list per type with
//! the priority inside `properties`.

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::{Number, Value};

use super::{Entries, Form, array, read_fields, write_fields};

/// The collections of a rule collection group.
pub(in crate::provider) static GROUP: Form = Form {
    field: "ruleCollections",
    to_arm: group_to_arm,
    from_arm: group_from_arm,
};

/// The network rule collections of a firewall without a policy.
pub(in crate::provider) static CLASSIC_NETWORK: Form = Form {
    field: "networkRuleCollections",
    to_arm: |collection| classic_to_arm(collection, network_to_arm),
    from_arm: |collection| classic_from_arm(collection, NETWORK, network_from_arm),
};

/// The application rule collections of a firewall without a policy.
pub(in crate::provider) static CLASSIC_APPLICATION: Form = Form {
    field: "applicationRuleCollections",
    to_arm: |collection| classic_to_arm(collection, application_to_arm),
    from_arm: |collection| classic_from_arm(collection, APPLICATION, application_from_arm),
};

/// The kind of a collection of network rules.
pub(in super::super) const NETWORK: &str = "network";
/// The kind of a collection of application rules.
pub(in super::super) const APPLICATION: &str = "application";

/// Says in an entry which kind of rules it holds; it is in no output.
const KIND: &str = "kind";

const NETWORK_LISTS: [(&str, &str); 6] = [
    ("source_addresses", "sourceAddresses"),
    ("source_ip_groups", "sourceIpGroups"),
    ("destination_addresses", "destinationAddresses"),
    ("destination_fqdns", "destinationFqdns"),
    ("destination_ip_groups", "destinationIpGroups"),
    ("destination_ports", "destinationPorts"),
];
const APPLICATION_LISTS: [(&str, &str); 7] = [
    ("source_addresses", "sourceAddresses"),
    ("source_ip_groups", "sourceIpGroups"),
    ("destination_addresses", "destinationAddresses"),
    ("destination_fqdns", "targetFqdns"),
    ("destination_fqdn_tags", "fqdnTags"),
    ("destination_urls", "targetUrls"),
    ("web_categories", "webCategories"),
];
const DESCRIPTION: [(&str, &str); 1] = [("description", "description")];

/// The collections of an object by name, each with its kind.
pub(in super::super) fn of(object: &Value) -> Entries {
    let mut entries = Entries::new();
    for (attribute, kind) in OUTPUTS {
        for collection in object.attribute(attribute).as_list().into_iter().flatten() {
            let mut collection = collection.clone();
            collection.set_attribute(KIND, kind.into());
            if let Some(name) = collection.attribute("name").as_str().map(str::to_owned) {
                entries.insert(name, collection);
            }
        }
    }
    entries
}

/// Puts collections back into the outputs, in the order that stood there.
pub(in crate::provider) fn show(entries: Entries, object: &mut Value) {
    for (attribute, kind) in OUTPUTS {
        let mut left: Entries = entries
            .iter()
            .filter(|(_, collection)| collection.attribute(KIND).as_str() == Some(kind))
            .map(|(name, collection)| (name.clone(), collection.clone()))
            .collect();
        let known = object.attribute(attribute).as_list().into_iter().flatten();
        let names: Vec<String> = known
            .filter_map(|known| known.attribute("name").as_str().map(str::to_owned))
            .collect();
        let mut shown: Vec<Value> = names.iter().filter_map(|name| left.remove(name)).collect();
        shown.extend(left.into_values());
        for collection in &mut shown {
            if let Value::Map(attributes) = collection {
                attributes.remove(KIND);
            }
        }
        object.set_attribute(attribute, Value::List(shown));
    }
}

const OUTPUTS: [(&str, &str); 2] = [
    ("network_rule_collections", NETWORK),
    ("application_rule_collections", APPLICATION),
];

/// The collections of one kind.
pub(in super::super) fn of_kind(entries: &Entries, kind: &str) -> Entries {
    entries
        .iter()
        .filter(|(_, collection)| collection.attribute(KIND).as_str() == Some(kind))
        .map(|(name, collection)| (name.clone(), collection.clone()))
        .collect()
}

fn group_to_arm(collection: &Value) -> Json {
    let network = collection.attribute(KIND).as_str() == Some(NETWORK);
    let rule = |rule: &Value| {
        let mut json = if network {
            network_to_arm(rule, "ipProtocols")
        } else {
            application_to_arm(rule, "")
        };
        let kind = if network { "NetworkRule" } else { "ApplicationRule" };
        if let Some(json) = json.as_object_mut() {
            json.insert("ruleType".into(), json!(kind));
        }
        json
    };
    json!({
        "name": collection.attribute("name").as_str().unwrap_or_default(),
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
        "priority": priority(collection),
        "action": { "type": action(collection) },
        "rules": rules(collection, rule),
    })
}

fn group_from_arm(collection: &Json) -> Value {
    let elements = array(collection.get("rules"));
    let network = elements
        .iter()
        .any(|rule| rule.get("ruleType").and_then(Json::as_str) == Some("NetworkRule"));
    let kind = if network { NETWORK } else { APPLICATION };
    let rules = elements.iter().map(|rule| {
        if network {
            network_from_arm(rule, "ipProtocols")
        } else {
            application_from_arm(rule, "")
        }
    });
    entry(collection, collection, kind, rules.collect())
}

fn classic_to_arm(collection: &Value, rule: fn(&Value, &str) -> Json) -> Json {
    json!({
        "name": collection.attribute("name").as_str().unwrap_or_default(),
        "properties": {
            "priority": priority(collection),
            "action": { "type": action(collection) },
            "rules": rules(collection, |value| rule(value, "protocols")),
        },
    })
}

fn classic_from_arm(collection: &Json, kind: &str, rule: fn(&Json, &str) -> Value) -> Value {
    let nothing = Json::Null;
    let properties = collection.get("properties").unwrap_or(&nothing);
    let rules = array(properties.get("rules"))
        .iter()
        .map(|json| rule(json, "protocols"));
    entry(collection, properties, kind, rules.collect())
}

fn entry(named: &Json, properties: &Json, kind: &str, rules: Vec<Value>) -> Value {
    let action = properties
        .get("action")
        .and_then(|action| action.get("type"))
        .and_then(Json::as_str);
    Value::object([
        ("name", Value::from(super::name_of(named))),
        ("priority", properties.get("priority").and_then(Json::as_i64).into()),
        ("action", action.map(str::to_owned).into()),
        ("rule", Value::List(rules)),
        (KIND, kind.into()),
    ])
}

fn network_to_arm(rule: &Value, protocols: &str) -> Json {
    let mut json = named(rule);
    write_fields(rule, &DESCRIPTION, &NETWORK_LISTS, &mut json);
    write_fields(rule, &[], &[("protocols", protocols)], &mut json);
    Json::Object(json)
}

fn network_from_arm(rule: &Json, protocols: &str) -> Value {
    let mut value = unnamed(rule);
    read_fields(Some(rule), &DESCRIPTION, &NETWORK_LISTS, &mut value);
    read_fields(Some(rule), &[], &[("protocols", protocols)], &mut value);
    value
}

fn application_to_arm(rule: &Value, _: &str) -> Json {
    let mut json = named(rule);
    write_fields(rule, &DESCRIPTION, &APPLICATION_LISTS, &mut json);
    let protocols: Vec<Json> = rule
        .attribute("protocols")
        .as_list()
        .into_iter()
        .flatten()
        .map(|protocol| {
            json!({
                "protocolType": protocol.attribute("type").as_str().unwrap_or_default(),
                "port": protocol.attribute("port").as_number().and_then(Number::to_i64),
            })
        })
        .collect();
    json.insert("protocols".into(), Json::Array(protocols));
    if rule.attribute("terminate_tls").as_bool() == Some(true) {
        json.insert("terminateTLS".into(), json!(true));
    }
    Json::Object(json)
}

fn application_from_arm(rule: &Json, _: &str) -> Value {
    let mut value = unnamed(rule);
    read_fields(Some(rule), &DESCRIPTION, &APPLICATION_LISTS, &mut value);
    let protocols = array(rule.get("protocols")).iter().map(|protocol| {
        let word = protocol.get("protocolType").and_then(Json::as_str);
        Value::object([
            ("type", word.map(str::to_owned).into()),
            ("port", protocol.get("port").and_then(Json::as_i64).into()),
        ])
    });
    value.set_attribute("protocols", Value::List(protocols.collect()));
    // Azure echoes `false` where nobody set it.
    let terminates = rule.get("terminateTLS").and_then(Json::as_bool) == Some(true);
    value.set_attribute("terminate_tls", if terminates { true.into() } else { Value::Null });
    value
}

fn named(rule: &Value) -> Map<String, Json> {
    let name = rule.attribute("name").as_str().unwrap_or_default();
    Map::from_iter([("name".to_owned(), json!(name))])
}

fn unnamed(rule: &Json) -> Value {
    Value::object([
        ("name", Value::from(super::name_of(rule))),
        ("requirement_ids", Value::List(Vec::new())),
    ])
}

fn rules(collection: &Value, rule: impl Fn(&Value) -> Json) -> Vec<Json> {
    collection
        .attribute("rule")
        .as_list()
        .into_iter()
        .flatten()
        .map(rule)
        .collect()
}

fn priority(collection: &Value) -> Option<i64> {
    collection.attribute("priority").as_number().and_then(Number::to_i64)
}

fn action(collection: &Value) -> &str {
    collection.attribute("action").as_str().unwrap_or("Allow")
}
