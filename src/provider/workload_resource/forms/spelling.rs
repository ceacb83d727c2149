//! When two spellings mean the same to Azure, and keeping the one that Terraform knows, so that only real drift shows.

use std::collections::BTreeMap;

use tfplugin_rs::value::Value;

use crate::network::Prefix;

/// Whether two entries mean the same to Azure. Descriptions are compared to the letter: people read them.
pub(in super::super) fn same(one: &Value, other: &Value) -> bool {
    meaning(one) == meaning(other)
}

/// The entry as Azure has it, in the spelling of the known one wherever both mean the same.
pub(in super::super) fn keep_spelling(known: &Value, actual: Value) -> Value {
    if same(known, &actual) && !matches!(actual, Value::Map(_)) {
        return known.clone();
    }
    match (known, actual) {
        (Value::Map(known), Value::Map(actual)) => Value::Map(
            actual
                .into_iter()
                .map(|(name, actual)| {
                    let value = match known.get(&name) {
                        // No requirement stands in Azure.
                        Some(known) if name == "requirement_ids" => known.clone(),
                        Some(known) => keep_spelling(known, actual),
                        None => actual,
                    };
                    (name, value)
                })
                .collect(),
        ),
        (Value::List(known), Value::List(actual)) => keep_order(known, actual),
        (_, actual) => actual,
    }
}

/// Named elements in the known order, others behind them.
fn keep_order(known: &[Value], mut actual: Vec<Value>) -> Value {
    let mut kept = Vec::new();
    for known in known.iter().filter(|known| name(known).is_some()) {
        if let Some(position) = actual.iter().position(|actual| name(actual) == name(known)) {
            kept.push(keep_spelling(known, actual.remove(position)));
        }
    }
    kept.extend(actual);
    Value::List(kept)
}

fn name(element: &Value) -> Option<&str> {
    element.attribute("name").as_str()
}

/// Letter case, `""`, the empty list, order and the mask of a single address mean nothing to Azure.
pub(in super::super) fn meaning(value: &Value) -> Value {
    match value {
        Value::String(text) if text.is_empty() => Value::Null,
        Value::String(text) => match text.parse::<Prefix>() {
            Ok(prefix) => Value::String(prefix.to_string()),
            Err(_) => Value::String(text.to_lowercase()),
        },
        Value::List(elements) if elements.is_empty() => Value::Null,
        Value::List(elements) => Value::set(elements.iter().map(meaning)),
        Value::Map(entries) => {
            let said: BTreeMap<String, Value> = entries
                .iter()
                .filter(|(name, _)| *name != "requirement_ids")
                .map(|(name, value)| {
                    let to_the_letter = name == "description" && value.as_str() != Some("");
                    let value = if to_the_letter { value.clone() } else { meaning(value) };
                    (name.clone(), value)
                })
                .collect();
            Value::Map(said)
        }
        other => other.clone(),
    }
}
