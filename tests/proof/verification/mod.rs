//! `lockeddown_verification` as Terraform meets it.

mod by_hand;
mod firewall;
mod policies;
mod tags;

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Provider},
    value::{Dynamic, Type, Value, json, msgpack},
};

/// Reads a data source; the result has been over the wire. The text is what went wrong.
async fn read(name: &str, entries: &[(&str, Value)]) -> Result<Value, String> {
    let call = Call {
        cancel: Default::default(),
        write_only_attributes_allowed: true,
        stores_planned_private: false,
    };
    let sources = Lockeddown::new(|_| None).data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    let attributes = source.schema().block.attributes;
    let mut config = Value::object(attributes.keys().map(|name| (name.as_str(), Value::Null)));
    for (name, value) in entries {
        config.set_attribute(*name, value.clone());
    }
    for (name, attribute) in attributes {
        if !attribute.is_configurable() {
            config.set_attribute(name, Value::UNKNOWN);
        }
    }
    let mut diagnostics = Diagnostics::default();
    let state = source.read(config, &call, &mut diagnostics).await;
    let Some(state) = state else {
        let text = |diagnostic: &tfplugin_rs::diagnostic::Diagnostic| {
            let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
            format!("{path}: {}", diagnostic.detail)
        };
        return Err(diagnostics.iter().map(text).collect::<Vec<_>>().join("\n"));
    };
    if name != "lockeddown_verification" {
        // Its own tests send it over the wire.
        return Ok(state);
    }
    let ty = source.schema().ty();
    Ok(msgpack::decode(&msgpack::encode(&state, &ty).unwrap(), &ty).unwrap())
}

fn answers(state: &Value) -> String {
    let sources = Lockeddown::new(|_| None).data_sources();
    let source = sources
        .iter()
        .find(|source| source.name() == "lockeddown_verification")
        .unwrap();
    let mut text = String::new();
    for (name, attribute) in source.schema().block.attributes {
        // The report says all of it once more, in a text that `tests/report` reads.
        if attribute.is_computed() && name != "report_json" {
            let json = json::to_json(state.attribute(&name), &attribute.ty()).unwrap();
            text.push_str(&format!("{name}: {}\n", serde_json::to_string_pretty(&json).unwrap()));
        }
    }
    text
}

async fn server_policy() -> Value {
    let entries = [
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
    ];
    let state = read("lockeddown_cyclecloud_subnet", &entries).await.unwrap();
    state.attribute("policy").clone()
}

/// A value with its type, as Terraform hands it to a dynamic attribute.
fn dynamic(value: Value) -> Value {
    let ty = type_of(&value);
    Value::Dynamic(Box::new(Dynamic { ty, value }))
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Map(entries) => Type::object(entries.iter().map(|(name, value)| (name.clone(), type_of(value)))),
        Value::List(elements) => Type::list(elements.first().map_or(Type::String, type_of)),
        Value::Number(_) => Type::Number,
        _ => Type::String,
    }
}

fn rule(access: &str, priority: i64, destination: &str, port: &str) -> Value {
    Value::object([
        ("direction", Value::from("Outbound")),
        ("access", access.into()),
        ("priority", priority.into()),
        ("protocol", if access == "Allow" { "Tcp" } else { "*" }.into()),
        ("source_port_range", "*".into()),
        ("source_address_prefix", "*".into()),
        ("destination_port_range", port.into()),
        ("destination_address_prefix", destination.into()),
    ])
}

fn flow(entries: &[(&'static str, &'static str)]) -> Value {
    let names = ["direction", "protocol", "local", "peer", "port", "source_port"];
    let mut flow = Value::object(names.map(|name| (name, Value::Null)));
    for (name, text) in entries {
        flow.set_attribute(*name, (*text).into());
    }
    flow
}
