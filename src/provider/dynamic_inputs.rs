//! A workload's arguments out of a dynamic value: what Terraform does for the arguments of a data source and nobody does for those of
//! a function.
//!
//! An HCL object has tuples where an argument is a set, and its author may write `"443"` for 443 and 443 for `"443"`, as everywhere
//! in Terraform. Names that do not exist stay in the value: the expansion refuses them with the nearest one.

use tfplugin_rs::value::Value;

use crate::workloads::{
    WORKLOADS, Workload,
    argument::{Argument, Kind},
    inputs::nearest,
};

/// The workload of that name, or the reason why there is none.
pub(super) fn workload(name: &str) -> Result<&'static Workload, String> {
    Workload::find(name).ok_or_else(|| {
        let given: String = name.chars().take(80).collect();
        let short = name.strip_prefix("lockeddown_").unwrap_or(name);
        let suggestion = nearest(short, WORKLOADS.iter().map(|workload| workload.name));
        let suggestion = suggestion.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        let offered: Vec<String> = WORKLOADS
            .iter()
            .map(|workload| format!("`{}`", workload.name))
            .collect();
        format!("`{given}` is no workload{suggestion}: there are {}", offered.join(", "))
    })
}

/// The arguments of `workload` in `inputs`. `None` while not even their names are known.
pub(super) fn arguments(workload: &Workload, inputs: &Value) -> Result<Option<Value>, String> {
    match plain(inputs) {
        Value::Unknown(_) => Ok(None),
        value @ Value::Map(_) => Ok(Some(object(value, &workload.all_arguments()))),
        _ => Err(format!(
            "an object with the arguments of `lockeddown_{}` is expected",
            workload.name
        )),
    }
}

/// The value under its dynamic type.
fn plain(value: &Value) -> &Value {
    match value {
        Value::Dynamic(dynamic) => plain(&dynamic.value),
        value => value,
    }
}

/// The same value without dynamic types at any depth.
pub(super) fn without_types(value: &Value) -> Value {
    match plain(value) {
        Value::Map(entries) => Value::object(entries.iter().map(|(name, value)| (name.clone(), without_types(value)))),
        Value::List(elements) => Value::List(elements.iter().map(without_types).collect()),
        value => value.clone(),
    }
}

fn object(value: &Value, arguments: &[&Argument]) -> Value {
    let entries = value.as_map().into_iter().flatten().map(|(name, value)| {
        let argument = arguments.iter().find(|argument| argument.name == name);
        let value = argument.map_or_else(|| plain(value).clone(), |argument| converted(value, argument.kind));
        (name.clone(), value)
    });
    Value::object(entries)
}

/// The value in the type of the argument, where Terraform would convert it; else as it is, for the expansion to refuse.
fn converted(value: &Value, kind: Kind) -> Value {
    let value = plain(value);
    match (kind, value) {
        (Kind::Text | Kind::Choice(_), Value::Number(number)) => number.to_string().into(),
        (Kind::Text | Kind::Choice(_), Value::Bool(truth)) => truth.to_string().into(),
        (Kind::Number, Value::String(text)) => text.parse().map_or_else(|_| value.clone(), Value::Number),
        (Kind::Flag, Value::String(text)) => text.parse::<bool>().map_or_else(|_| value.clone(), Value::Bool),
        (Kind::TextSet, Value::List(elements)) => {
            Value::set(elements.iter().map(|element| converted(element, Kind::Text)))
        }
        (Kind::TextMap, Value::Map(entries)) => Value::object(
            entries
                .iter()
                .map(|(key, value)| (key.clone(), converted(value, Kind::Text))),
        ),
        (Kind::Object(arguments), Value::Map(_)) => object(value, &arguments.iter().collect::<Vec<_>>()),
        (Kind::ObjectMap(arguments), Value::Map(entries)) => {
            let arguments: Vec<_> = arguments.iter().collect();
            let entries = entries.iter().map(|(key, value)| match plain(value) {
                value @ Value::Map(_) => (key.clone(), object(value, &arguments)),
                value => (key.clone(), value.clone()),
            });
            Value::object(entries)
        }
        (_, value) => value.clone(),
    }
}
