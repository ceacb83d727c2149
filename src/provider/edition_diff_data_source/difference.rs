//! Differences between two outputs of the same type.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

/// An output of the data sources that is compared entry by entry.
pub(super) struct Part {
    /// Its name.
    pub(super) output: &'static str,
    /// How its entries are found.
    shape: Shape,
    /// What one entry is called in the summary.
    word: &'static str,
    /// What the difference says, in Markdown.
    pub(super) description: &'static str,
}

enum Shape {
    /// By name.
    Map,
    /// By name, below another name.
    MapOfMaps,
    /// Rules by name, in a list of named collections.
    Collections,
}

/// Everything that is compared so.
pub(super) const COMPARED: [Part; 8] = [
    Part {
        output: "security_rules",
        shape: Shape::Map,
        word: "security rule",
        description: "Difference of the security rules, by name.",
    },
    Part {
        output: "counterpart_rules",
        shape: Shape::MapOfMaps,
        word: "security rule at the other end",
        description: "Difference of the rules that the other ends need, by `role/name`.",
    },
    Part {
        output: "routes",
        shape: Shape::Map,
        word: "route",
        description: "Difference of the routes, by name.",
    },
    Part {
        output: "network_rule_collections",
        shape: Shape::Collections,
        word: "network rule",
        description: "Difference of the firewall's network rules, by `collection/rule`.",
    },
    Part {
        output: "application_rule_collections",
        shape: Shape::Collections,
        word: "application rule",
        description: "Difference of the firewall's application rules, by `collection/rule`.",
    },
    Part {
        output: "hosts",
        shape: Shape::Map,
        word: "host",
        description: "Difference of the hosts that must be reachable.",
    },
    Part {
        output: "on_premises_flows",
        shape: Shape::Map,
        word: "flow on premises",
        description: "Difference of the flows that a firewall on premises must let pass.",
    },
    Part {
        output: "prerequisites",
        shape: Shape::Map,
        word: "prerequisite",
        description: "Difference of what must hold outside the reach of any rule, by requirement id.",
    },
];

impl Part {
    /// The type of the difference, from the type of the output.
    pub(super) fn ty(&self, output: &Type) -> Option<Type> {
        let entry = match (&self.shape, output) {
            (Shape::Map, Type::Map(entry)) => entry.as_ref(),
            (Shape::MapOfMaps, Type::Map(inner)) => match inner.as_ref() {
                Type::Map(entry) => entry.as_ref(),
                _ => return None,
            },
            (Shape::Collections, Type::List(collection)) => match collection.as_ref() {
                Type::Object(attributes) => match attributes.get("rule") {
                    Some(Type::List(entry)) => entry.as_ref(),
                    _ => return None,
                },
                _ => return None,
            },
            _ => return None,
        };
        let changed = Type::object([
            ("before", entry.clone()),
            ("after", entry.clone()),
            ("attributes", Type::set(Type::String)),
        ]);
        Some(Type::object([
            ("added", Type::map(entry.clone())),
            ("removed", Type::map(entry.clone())),
            ("changed", Type::map(changed)),
        ]))
    }

    /// The entries of the output, by the name they are compared under.
    pub(super) fn entries(&self, output: &Value) -> BTreeMap<String, Value> {
        let named = |outer: &str, name: &str, value: &Value| (format!("{outer}/{name}"), value.clone());
        let entries = |value: &Value| value.as_map().cloned().unwrap_or_default();
        match self.shape {
            Shape::Map => entries(output),
            Shape::MapOfMaps => entries(output)
                .iter()
                .flat_map(|(outer, inner)| {
                    entries(inner)
                        .iter()
                        .map(|(name, value)| named(outer, name, value))
                        .collect::<Vec<_>>()
                })
                .collect(),
            Shape::Collections => output
                .as_list()
                .unwrap_or_default()
                .iter()
                .flat_map(|collection| {
                    let outer = collection.attribute("name").as_str().unwrap_or_default();
                    let rules = collection.attribute("rule").as_list().unwrap_or_default();
                    rules
                        .iter()
                        .map(move |rule| named(outer, rule.attribute("name").as_str().unwrap_or_default(), rule))
                })
                .collect(),
        }
    }
}

/// What was added, removed and changed, with a line for each in `summary`.
pub(super) fn of_maps(
    part: &Part,
    old: &BTreeMap<String, Value>,
    new: &BTreeMap<String, Value>,
    summary: &mut Vec<String>,
) -> Value {
    let only = |here: &BTreeMap<String, Value>, there: &BTreeMap<String, Value>| {
        let entries = here.iter().filter(|(name, _)| !there.contains_key(*name));
        entries
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect::<BTreeMap<_, _>>()
    };
    let (added, removed) = (only(new, old), only(old, new));
    let mut changed = BTreeMap::new();
    for (name, after) in new {
        let Some(before) = old.get(name).filter(|before| *before != after) else {
            continue;
        };
        let attributes = after.as_map().into_iter().flat_map(BTreeMap::keys);
        let attributes: Vec<&str> = attributes
            .filter(|attribute| before.attribute(attribute) != after.attribute(attribute))
            .map(String::as_str)
            .collect();
        let said = attributes.iter().map(|attribute| {
            let values = (before.attribute(attribute), after.attribute(attribute));
            match (short(values.0), short(values.1)) {
                (Some(before), Some(after)) => format!("{attribute} `{before}` to `{after}`"),
                _ => (*attribute).to_owned(),
            }
        });
        let said: Vec<String> = said.collect();
        summary.push(format!("~ {} {name}: {}", part.word, said.join(", ")));
        let change = Value::object([
            ("before", before.clone()),
            ("after", after.clone()),
            ("attributes", Value::string_set(attributes)),
        ]);
        changed.insert(name.clone(), change);
    }
    summary.extend(added.keys().map(|name| format!("+ {} {name}", part.word)));
    summary.extend(removed.keys().map(|name| format!("- {} {name}", part.word)));
    Value::object([
        ("added", Value::Map(added)),
        ("removed", Value::Map(removed)),
        ("changed", Value::Map(changed)),
    ])
}

/// A value that fits into a line.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return None,
    };
    (text.chars().count() <= 40).then_some(text)
}

/// What stands only in `new`, and what only in `old`.
pub(super) fn of_sets<'v>(old: &'v Value, new: &'v Value) -> (BTreeSet<&'v str>, BTreeSet<&'v str>) {
    let texts = |value: &'v Value| -> BTreeSet<&'v str> {
        value
            .as_list()
            .unwrap_or_default()
            .iter()
            .filter_map(Value::as_str)
            .collect()
    };
    let (old, new) = (texts(old), texts(new));
    (
        new.difference(&old).copied().collect(),
        old.difference(&new).copied().collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(output: &str) -> &'static Part {
        COMPARED.iter().find(|part| part.output == output).unwrap()
    }

    fn rule(name: &str, port: &str) -> Value {
        Value::object([("name", Value::from(name)), ("port", port.into())])
    }

    #[test]
    fn entries_are_added_removed_or_changed() {
        let old = Value::object([
            ("kept", rule("kept", "1")),
            ("moved", rule("moved", "1")),
            ("gone", rule("gone", "1")),
        ]);
        let new = Value::object([
            ("kept", rule("kept", "1")),
            ("moved", rule("moved", "2")),
            ("new", rule("new", "1")),
        ]);
        let (part, mut summary) = (part("hosts"), Vec::new());
        let difference = of_maps(part, &part.entries(&old), &part.entries(&new), &mut summary);
        assert_eq!(
            difference.attribute("added"),
            &Value::object([("new", rule("new", "1"))])
        );
        assert_eq!(
            difference.attribute("removed"),
            &Value::object([("gone", rule("gone", "1"))])
        );
        let moved = difference.attribute("changed").attribute("moved");
        assert_eq!(moved.attribute("before"), &rule("moved", "1"));
        assert_eq!(moved.attribute("after"), &rule("moved", "2"));
        assert_eq!(moved.attribute("attributes"), &Value::string_set(["port"]));
        assert_eq!(difference.attribute("changed").as_map().unwrap().len(), 1);
        assert_eq!(summary, ["~ host moved: port `1` to `2`", "+ host new", "- host gone"]);
    }

    #[test]
    fn rules_below_roles_and_collections_are_found_by_both_names() {
        let by_role = Value::object([("node", Value::object([("https", rule("https", "1"))]))]);
        let entries = part("counterpart_rules").entries(&by_role);
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["node/https"]);

        let collection = |name: &str| {
            Value::object([
                ("name", Value::from(name)),
                ("rule", Value::List(vec![rule("dns", "53")])),
            ])
        };
        let collections = Value::List(vec![collection("a"), collection("b")]);
        let entries = part("network_rule_collections").entries(&collections);
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["a/dns", "b/dns"]);
    }

    #[test]
    fn every_compared_output_exists_in_its_shape() {
        let shared = crate::provider::schema::shared_outputs();
        for part in &COMPARED {
            let output = shared.iter().find(|(name, _, _)| *name == part.output);
            let (_, ty, _) = output.unwrap_or_else(|| unreachable!("`{}` is no output", part.output));
            assert!(part.ty(ty).is_some(), "{}", part.output);
        }
    }
}
