//! A security rule in two forms: the object in Terraform's state and ARM's JSON; and when the two mean the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::{Number, Value};

use crate::network::Prefix;

/// The attributes of a rule beside its name and priority, with ARM's names for them.
const TEXTS: [(&str, &str); 9] = [
    ("description", "description"),
    ("direction", "direction"),
    ("access", "access"),
    ("protocol", "protocol"),
    ("source_port_range", "sourcePortRange"),
    ("destination_port_range", "destinationPortRange"),
    ("source_address_prefix", "sourceAddressPrefix"),
    ("destination_address_prefix", "destinationAddressPrefix"),
    ("name", "name"),
];
const LISTS: [(&str, &str); 4] = [
    ("source_port_ranges", "sourcePortRanges"),
    ("destination_port_ranges", "destinationPortRanges"),
    ("source_address_prefixes", "sourceAddressPrefixes"),
    ("destination_address_prefixes", "destinationAddressPrefixes"),
];
const GROUPS: [(&str, &str); 2] = [
    (
        "source_application_security_group_ids",
        "sourceApplicationSecurityGroups",
    ),
    (
        "destination_application_security_group_ids",
        "destinationApplicationSecurityGroups",
    ),
];

/// ARM's JSON of a rule in state.
pub(super) fn to_arm(rule: &Value) -> Json {
    let mut properties = Map::new();
    if let Some(priority) = rule.attribute("priority").as_number().and_then(Number::to_i64) {
        properties.insert("priority".into(), json!(priority));
    }
    for (attribute, field) in TEXTS.iter().filter(|(attribute, _)| *attribute != "name") {
        if let Some(text) = rule.attribute(attribute).as_str().filter(|text| !text.is_empty()) {
            properties.insert((*field).into(), json!(text));
        }
    }
    for (attribute, field) in LISTS {
        let texts = texts(rule.attribute(attribute));
        if !texts.is_empty() {
            properties.insert(field.into(), json!(texts));
        }
    }
    for (attribute, field) in GROUPS {
        let ids: Vec<Json> = texts(rule.attribute(attribute))
            .into_iter()
            .map(|id| json!({ "id": id }))
            .collect();
        if !ids.is_empty() {
            properties.insert(field.into(), Json::Array(ids));
        }
    }
    json!({ "name": rule.attribute("name").as_str().unwrap_or_default(), "properties": properties })
}

/// A rule in state from ARM's JSON. Azure echoes unused fields as `""` or `[]`; here they are null.
pub(super) fn from_arm(rule: &Json) -> Value {
    let name = rule.get("name").and_then(Json::as_str).unwrap_or_default();
    let field = |field: &str| rule.get("properties").and_then(|properties| properties.get(field));
    let mut value = Value::object([
        ("name", Value::from(name)),
        ("priority", field("priority").and_then(Json::as_i64).into()),
        ("requirement_ids", Value::List(Vec::new())),
    ]);
    for (attribute, arm) in TEXTS.iter().filter(|(attribute, _)| *attribute != "name") {
        let text = field(arm).and_then(Json::as_str).filter(|text| !text.is_empty());
        value.set_attribute(*attribute, text.map(str::to_owned).into());
    }
    for (attribute, arm) in LISTS {
        let texts: Vec<&str> = array(field(arm)).iter().filter_map(Json::as_str).collect();
        value.set_attribute(attribute, set_or_null(texts));
    }
    for (attribute, arm) in GROUPS {
        let ids = array(field(arm))
            .iter()
            .filter_map(|group| group.get("id").and_then(Json::as_str))
            .collect();
        value.set_attribute(attribute, set_or_null(ids));
    }
    value
}

/// The rule as Azure has it, in the spelling that state has where both mean the same, so that only real drift shows.
pub(super) fn keep_spelling(known: &Value, actual: Value) -> Value {
    let (Value::Map(known), Value::Map(actual)) = (known, actual.clone()) else {
        return actual;
    };
    let kept = actual.into_iter().map(|(name, actual)| {
        let value = match known.get(&name) {
            Some(known) if name == "requirement_ids" || meaning(known) == meaning(&actual) => known.clone(),
            _ => actual,
        };
        (name, value)
    });
    Value::Map(kept.collect())
}

/// Whether two rules mean the same to Azure.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    let attributes = |rule: &Value| -> BTreeMap<String, Value> {
        let entries = rule
            .as_map()
            .into_iter()
            .flatten()
            .filter(|(name, _)| *name != "requirement_ids");
        entries.map(|(name, value)| (name.clone(), meaning(value))).collect()
    };
    attributes(one) == attributes(other)
}

/// Letter case, `""`, the empty list, order and the mask of a single address mean nothing to Azure.
fn meaning(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => match text.parse::<Prefix>() {
            Ok(prefix) => Value::String(prefix.to_string()),
            Err(_) => Value::String(text.to_lowercase()),
        },
        Value::List(elements) if elements.is_empty() => Value::Null,
        Value::List(elements) => Value::set(elements.iter().map(meaning)),
        other => other.clone(),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    value
        .as_list()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn array(json: Option<&Json>) -> &[Json] {
    json.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

fn set_or_null(texts: Vec<&str>) -> Value {
    if texts.is_empty() {
        Value::Null
    } else {
        Value::string_set(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echoed() -> Json {
        json!({
            "id": "/subscriptions/s/…/securityRules/web", "name": "web", "etag": "W/\"1\"",
            "properties": {
                "provisioningState": "Succeeded", "protocol": "TCP", "sourcePortRange": "*", "destinationPortRange": "443",
                "sourceAddressPrefix": "", "sourceAddressPrefixes": ["10.0.2.0/24", "10.0.1.4/32"],
                "destinationAddressPrefix": "*", "destinationAddressPrefixes": [], "sourcePortRanges": [],
                "destinationPortRanges": [], "access": "Allow", "priority": 100, "direction": "Inbound"
            }
        })
    }

    #[test]
    fn what_azure_echoes_differently_is_no_drift() {
        let mut known = from_arm(&echoed());
        known.set_attribute("protocol", "Tcp".into());
        known.set_attribute("description", "".into());
        known.set_attribute(
            "source_address_prefixes",
            Value::string_set(["10.0.1.4", "10.0.2.0/24"]),
        );
        known.set_attribute("requirement_ids", Value::string_set(["CC-SERVER-WEB"]));
        assert!(same(&known, &from_arm(&echoed())));
        assert_eq!(keep_spelling(&known, from_arm(&echoed())), known);
    }

    #[test]
    fn real_drift_keeps_the_rest_in_its_spelling() {
        let mut known = from_arm(&echoed());
        known.set_attribute("protocol", "Tcp".into());
        known.set_attribute("destination_port_range", "9443".into());
        let read = keep_spelling(&known, from_arm(&echoed()));
        assert_eq!(read.attribute("destination_port_range"), &Value::from("443"));
        assert_eq!(read.attribute("protocol"), &Value::from("Tcp"));
        assert!(!same(&known, &read));
    }

    #[test]
    fn what_is_sent_is_what_is_read_back() {
        let rule = from_arm(&echoed());
        assert_eq!(from_arm(&to_arm(&rule)), rule);
        let sent = to_arm(&rule);
        assert!(
            sent["properties"].get("sourceAddressPrefix").is_none(),
            "singular and plural exclude each other"
        );
    }
}
