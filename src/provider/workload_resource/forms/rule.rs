//! A security rule.

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::{Number, Value};

use super::{Form, array, read_fields, texts, write_fields};

/// The rules of a network security group.
pub(in crate::provider) static RULES: Form = Form {
    field: "securityRules",
    to_arm,
    from_arm,
};

const TEXTS: [(&str, &str); 8] = [
    ("description", "description"),
    ("direction", "direction"),
    ("access", "access"),
    ("protocol", "protocol"),
    ("source_port_range", "sourcePortRange"),
    ("destination_port_range", "destinationPortRange"),
    ("source_address_prefix", "sourceAddressPrefix"),
    ("destination_address_prefix", "destinationAddressPrefix"),
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

fn to_arm(rule: &Value) -> Json {
    let mut properties = Map::new();
    if let Some(priority) = rule.attribute("priority").as_number().and_then(Number::to_i64) {
        properties.insert("priority".into(), json!(priority));
    }
    write_fields(rule, &TEXTS, &LISTS, &mut properties);
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

fn from_arm(rule: &Json) -> Value {
    let properties = rule.get("properties");
    let field = |field: &str| properties.and_then(|properties| properties.get(field));
    let mut value = Value::object([
        ("name", Value::from(super::name_of(rule))),
        ("priority", field("priority").and_then(Json::as_i64).into()),
        ("requirement_ids", Value::List(Vec::new())),
    ]);
    read_fields(properties, &TEXTS, &LISTS, &mut value);
    for (attribute, arm) in GROUPS {
        let ids: Vec<&str> = array(field(arm))
            .iter()
            .filter_map(|group| group.get("id").and_then(Json::as_str))
            .collect();
        let ids = if ids.is_empty() {
            Value::Null
        } else {
            Value::string_set(ids)
        };
        value.set_attribute(attribute, ids);
    }
    value
}

#[cfg(test)]
mod tests {
    use super::{
        super::{keep_spelling, same},
        *,
    };

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
