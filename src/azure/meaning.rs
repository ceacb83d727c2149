//! ARM's JSON compared and merged by meaning.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Fields whose values Azure spells as it likes (`Tcp`, `TCP`).
const ENUMERATIONS: [&str; 4] = ["protocol", "access", "direction", "location"];

/// Whether two bodies mean the same: null, `""` and `[]` are as good as absent, ids and enumerations have no case, and lists of
/// texts or of named objects have no order.
pub(super) fn same(one: &Value, other: &Value) -> bool {
    same_in(None, one, other, Extent::Whole)
}

/// Whether `whole` means all that `part` means, and perhaps more: objects may have fields that the part says nothing of.
pub(super) fn says(whole: &Value, part: &Value) -> bool {
    same_in(None, part, whole, Extent::Part)
}

/// Whether one is compared with the whole of the other or may be a part of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Extent {
    Whole,
    Part,
}

fn same_in(field: Option<&str>, one: &Value, other: &Value, extent: Extent) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => same_objects(one, other, extent),
        (Value::Array(one), Value::Array(other)) => same_lists(field, one, other, extent),
        (Value::String(one), Value::String(other)) => {
            let caseless =
                one.starts_with("/subscriptions/") || field.is_some_and(|field| ENUMERATIONS.contains(&field));
            one == other || caseless && one.to_lowercase() == other.to_lowercase()
        }
        _ => one == other || is_nothing(one) && is_nothing(other),
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

fn same_objects(one: &Map<String, Value>, other: &Map<String, Value>, extent: Extent) -> bool {
    let half = |one: &Map<String, Value>, other: &Map<String, Value>| {
        one.iter().all(|(field, value)| match other.get(field) {
            Some(counterpart) => same_in(Some(field), value, counterpart, extent),
            None => is_nothing(value),
        })
    };
    half(one, other) && (extent == Extent::Part || half(other, one))
}

fn same_lists(field: Option<&str>, one: &[Value], other: &[Value], extent: Extent) -> bool {
    if one.len() != other.len() {
        return false;
    }
    let key = |value: &Value| match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Object(object) => object.get("name")?.as_str().map(str::to_lowercase),
        _ => None,
    };
    let keyed = |list: &[Value]| -> Option<BTreeMap<String, usize>> {
        let keys: Option<BTreeMap<String, usize>> = list
            .iter()
            .enumerate()
            .map(|(position, value)| key(value).map(|key| (key, position)))
            .collect();
        keys.filter(|keys| keys.len() == list.len())
    };
    match (keyed(one), keyed(other)) {
        (Some(positions), Some(counterparts)) => positions.iter().all(|(key, position)| {
            let counterpart = counterparts.get(key).and_then(|position| other.get(*position));
            one.get(*position)
                .zip(counterpart)
                .is_some_and(|(one, other)| same_in(field, one, other, extent))
        }),
        _ => one
            .iter()
            .zip(other)
            .all(|(one, other)| same_in(field, one, other, extent)),
    }
}

/// Takes out what Azure computes: `properties` named in `computed`, and versions and states at any depth. Sending them back is
/// useless at best, and an old etag in a body is a trap.
pub(super) fn strip_read_only(body: &mut Value, computed: &[&str]) {
    strip_states(body);
    let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    properties.remove("resourceGuid");
    for field in computed {
        properties.remove(*field);
    }
}

fn strip_states(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.remove("etag");
            object.remove("provisioningState");
            // Tags are the user's, whatever their names.
            object
                .iter_mut()
                .filter(|(field, _)| *field != "tags")
                .for_each(|(_, value)| strip_states(value));
        }
        Value::Array(items) => items.iter_mut().for_each(strip_states),
        _ => {}
    }
}

/// Lays `wanted` over what exists: objects are merged, everything else is replaced, and what only exists survives.
pub(super) fn overlay(existing: &mut Value, wanted: &Value) {
    match (existing, wanted) {
        (Value::Object(existing), Value::Object(wanted)) => {
            for (field, value) in wanted {
                overlay(existing.entry(field.clone()).or_insert(Value::Null), value);
            }
        }
        (existing, wanted) => *existing = wanted.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_part_is_said_by_what_says_more() {
        let sent = json!({ "properties": { "rules": [{ "name": "a", "protocol": "Tcp" }], "none": [] } });
        let shown = json!({ "etag": "1", "properties": { "state": "Succeeded", "rules": [{ "name": "a", "protocol": "TCP", "etag": "1" }] } });
        assert!(says(&shown, &sent) && !says(&sent, &shown));
        let more = json!({ "properties": { "rules": [{ "name": "a", "protocol": "Tcp" }, { "name": "b" }] } });
        assert!(!says(&more, &sent), "a list with another rule is another list");
    }

    #[test]
    fn spellings_of_one_meaning_are_the_same() {
        for (one, other) in [
            (json!({ "a": null, "b": "", "c": [] }), json!({})),
            (
                json!({ "id": "/subscriptions/S/x" }),
                json!({ "id": "/subscriptions/s/X" }),
            ),
            (json!({ "protocol": "Tcp" }), json!({ "protocol": "TCP" })),
            (json!({ "prefixes": ["b", "a"] }), json!({ "prefixes": ["a", "b"] })),
            (
                json!([{ "name": "a", "x": 1 }, { "name": "b" }]),
                json!([{ "name": "b" }, { "name": "a", "x": 1 }]),
            ),
        ] {
            assert!(same(&one, &other) && same(&other, &one), "{one} {other}");
        }
    }

    #[test]
    fn different_meanings_are_not() {
        for (one, other) in [
            (json!({ "a": false }), json!({})),
            (json!({ "name": "a" }), json!({ "name": "A" })),
            (json!(["a", "a"]), json!(["a", "b"])),
            (json!(["a"]), json!(["a", "b"])),
            (json!([{ "name": "a", "x": 1 }]), json!([{ "name": "a", "x": 2 }])),
            (json!([1, 2]), json!([2, 1])),
            (
                json!({ "id": "/subscriptions/s/x" }),
                json!({ "id": "/subscriptions/s/y" }),
            ),
        ] {
            assert!(!same(&one, &other) && !same(&other, &one), "{one} {other}");
        }
    }

    #[test]
    fn what_azure_computes_is_not_sent_back_and_the_unknown_is() {
        let mut body = json!({ "etag": "W/1", "tags": { "etag": "mine" }, "properties": { "provisioningState": "Succeeded", "resourceGuid": "g", "subnets": [],
            "securityRules": [{ "name": "r", "etag": "W/1", "properties": { "provisioningState": "Succeeded", "priority": 100 } }],
            "somethingNew": { "kept": true } } });
        strip_read_only(&mut body, &["subnets"]);
        assert_eq!(
            body,
            json!({ "tags": { "etag": "mine" }, "properties": {
                "securityRules": [{ "name": "r", "properties": { "priority": 100 } }], "somethingNew": { "kept": true } } })
        );
    }

    #[test]
    fn an_overlay_replaces_lists_and_keeps_strangers() {
        let mut existing = json!({ "tags": { "a": "1" }, "properties": { "rules": [1, 2], "new": true } });
        overlay(
            &mut existing,
            &json!({ "tags": { "b": "2" }, "properties": { "rules": [3] } }),
        );
        assert_eq!(
            existing,
            json!({ "tags": { "a": "1", "b": "2" }, "properties": { "rules": [3], "new": true } })
        );
    }
}
