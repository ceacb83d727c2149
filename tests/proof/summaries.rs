//! What a plan says of a proof: summary, place and text of each error and warning.

use std::fmt::Write as _;

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Provider},
    value::Value,
};

async fn told(name: &str, arguments: &[(&str, Value)]) -> String {
    let call = Call {
        cancel: Default::default(),
        write_only_attributes_allowed: true,
        stores_planned_private: false,
    };
    let sources = Lockeddown::new(|_| None).data_sources();
    let source = sources.iter().find(|source| source.name() == name).unwrap();
    let mut config = Value::object(
        source
            .schema()
            .block
            .attributes
            .keys()
            .map(|name| (name.as_str(), Value::Null)),
    );
    let place = [("location", Value::from("westeurope")), ("edition", "2026-08".into())];
    for (name, value) in place.iter().chain(arguments) {
        config.set_attribute(*name, value.clone());
    }
    let mut diagnostics = Diagnostics::default();
    source.read(config, &call, &mut diagnostics).await;
    let mut text = String::new();
    for diagnostic in diagnostics.iter() {
        let path = diagnostic.path.as_ref().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, "{path}: {}\n    {}", diagnostic.summary, diagnostic.detail);
    }
    text
}

fn rule(access: &str, destination: &str, port: &str) -> Value {
    let rule = Value::object([
        ("direction", Value::from("Outbound")),
        ("access", access.into()),
        ("protocol", "Tcp".into()),
        ("priority", 100_i64.into()),
        ("destination_address_prefix", destination.into()),
        ("destination_port_range", port.into()),
    ]);
    Value::object([("by-hand", rule)])
}

/// A CycleCloud server with a rule in front of its own.
async fn server(rule: Value, egress: Value) -> String {
    let without_prices = Value::object([
        ("CC-HOST-RATECARD", Value::from("no prices")),
        ("CC-HOST-WATSON", "no error reports".into()),
    ]);
    let arguments = [
        ("role", Value::from("server")),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("priority_base", 200_i64.into()),
        ("waived_requirements", without_prices),
        ("extra_rules", rule),
        ("egress", egress),
    ];
    told("lockeddown_cyclecloud_subnet", &arguments).await
}

#[tokio::test]
async fn of_rules_by_hand() {
    let of = |access, destination, port| server(rule(access, destination, port), Value::Null);
    let mut said = String::new();
    for (access, destination, port) in [
        ("Deny", "AzureMonitor", "*"),
        ("Deny", "20.42.0.0/25", "443"),
        ("Allow", "Internet", "25"),
    ] {
        said += &of(access, destination, port).await;
    }
    insta::assert_snapshot!(said);
}
