//! The structure of a JSON body: which properties there are, and of what type.

use std::collections::BTreeSet;

use serde_json::Value;

/// The paths in a body, each with its type. The entries of a list are one path, so that their number does not matter.
pub(crate) fn of(body: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    collect(body, "", &mut found);
    found
}

fn collect(value: &Value, path: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => {
            for (name, entry) in entries {
                // Tags and the like: their names are data.
                if name == "tags" {
                    found.insert(format!("{path}.tags: object"));
                } else {
                    collect(entry, &format!("{path}.{name}"), found);
                }
            }
        }
        Value::Array(entries) => {
            found.insert(format!("{path}: list"));
            for entry in entries {
                collect(entry, &format!("{path}[]"), found);
            }
        }
        Value::String(_) => drop(found.insert(format!("{path}: text"))),
        Value::Number(_) => drop(found.insert(format!("{path}: number"))),
        Value::Bool(_) => drop(found.insert(format!("{path}: bool"))),
        Value::Null => drop(found.insert(format!("{path}: null"))),
    }
}
