//! A route.

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::Value;

use super::{Form, read_fields, write_fields};

/// The routes of a route table.
pub(in crate::provider) static ROUTES: Form = Form {
    field: "routes",
    to_arm,
    from_arm,
};

const TEXTS: [(&str, &str); 3] = [
    ("address_prefix", "addressPrefix"),
    ("next_hop_type", "nextHopType"),
    ("next_hop_in_ip_address", "nextHopIpAddress"),
];

fn to_arm(route: &Value) -> Json {
    let mut properties = Map::new();
    write_fields(route, &TEXTS, &[], &mut properties);
    json!({ "name": route.attribute("name").as_str().unwrap_or_default(), "properties": properties })
}

fn from_arm(route: &Json) -> Value {
    let mut value = Value::object([
        ("name", Value::from(super::name_of(route))),
        ("requirement_ids", Value::List(Vec::new())),
    ]);
    read_fields(route.get("properties"), &TEXTS, &[], &mut value);
    value
}
