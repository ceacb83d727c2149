//! `explain_flow`, `rules_diff`, and what an expansion says of itself, as Terraform calls them.

use lockeddown::provider::Lockeddown;
use tfplugin_rs::{
    provider::Provider,
    value::{Value, json, msgpack},
};

async fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    let functions = Lockeddown::new(|_| None).functions();
    let function = functions.iter().find(|function| function.name() == name).unwrap();
    let ty = function.signature().returns;
    let result = function.call(arguments.to_vec()).await.map_err(|error| error.text)?;
    // Over the wire: a value of another type than announced does not survive it.
    Ok(msgpack::decode(&msgpack::encode(&result, &ty).unwrap(), &ty).unwrap())
}

fn text(value: &Value, name: &str) -> String {
    let functions = Lockeddown::new(|_| None).functions();
    let function = functions.iter().find(|function| function.name() == name).unwrap();
    let json = json::to_json(value, &function.signature().returns).unwrap();
    serde_json::to_string_pretty(&json).unwrap()
}

fn server(more: &[(&str, Value)]) -> Value {
    let mut inputs = Value::object([
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
    ]);
    for (name, value) in more {
        inputs.set_attribute(*name, value.clone());
    }
    inputs
}

fn rule(direction: &str, access: &str, priority: i64, destination: &str) -> Value {
    Value::object([
        ("direction", Value::from(direction)),
        ("access", access.into()),
        ("priority", priority.into()),
        ("protocol", "*".into()),
        ("source_port_range", "*".into()),
        ("source_address_prefix", "*".into()),
        ("destination_port_range", "*".into()),
        ("destination_address_prefix", destination.into()),
    ])
}

#[tokio::test]
async fn a_flow_is_explained_rule_by_rule() {
    let policy = call("expand", &["cyclecloud_subnet".into(), server(&[])])
        .await
        .unwrap();
    let flow = Value::object([
        ("peer", Value::from("140.82.112.0/20")),
        ("port", 443.into()),
        ("local", "10.0.0.0/28".into()),
    ]);
    let explained = call("explain_flow", &[policy.clone(), flow]).await.unwrap();
    insta::assert_snapshot!("an_address_of_the_internet", text(&explained, "explain_flow"));
    let flow = Value::object([("peer", Value::from("AzureKeyVault")), ("port", 443.into())]);
    let explained = call("explain_flow", &[policy.clone(), flow]).await.unwrap();
    insta::assert_snapshot!("a_tag_that_nobody_opened", text(&explained, "explain_flow"));
    let flow = Value::object([("peer", Value::from("AzureMonitor")), ("port", 443.into())]);
    let explained = call("explain_flow", &[policy, flow]).await.unwrap();
    assert_eq!(explained.attribute("verdict").as_str(), Some("proven"));
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_name() {
    let flow = Value::object([("peer", Value::from("AzureMonitor")), ("prot", 443.into())]);
    let empty = Value::List(Vec::new());
    let refused = call("explain_flow", &[empty.clone(), flow]).await.unwrap_err();
    assert_eq!(refused, "a flow has no attribute `prot` (did you mean `port`?)");
    let mut broken = rule("Outbound", "Deny", 99, "Internet");
    let rules = Value::object([("deny", broken.clone())]);
    let refused = call("rules_diff", &[empty.clone(), rules]).await.unwrap_err();
    assert_eq!(
        refused,
        "rule `deny`: `priority` priority `99` is outside Azure's range of 100 to 4096"
    );
    broken.set_attribute("priority", 100.into());
    broken.set_attribute("destination_address_prefix", Value::UNKNOWN);
    let refused = call("rules_diff", &[empty, Value::object([("deny", broken)])])
        .await
        .unwrap_err();
    assert_eq!(refused, "rule `deny`: `destination_address_prefix` is not known");
}

#[tokio::test]
async fn a_difference_is_a_packet_and_not_a_spelling() {
    let deny = |name: &str, priority| (name.to_owned(), rule("Outbound", "Deny", priority, "Internet"));
    let one = Value::object([deny("deny", 4000)]);
    let same = Value::object([deny("block", 4096), deny("again", 4000)]);
    let compared = call("rules_diff", &[one.clone(), same]).await.unwrap();
    assert_eq!(compared.attribute("equivalent"), &Value::Bool(true), "{compared:?}");
    let open = Value::object([
        deny("deny", 4000),
        ("storage".to_owned(), rule("Outbound", "Allow", 100, "Storage")),
    ]);
    let compared = call("rules_diff", &[one, open]).await.unwrap();
    insta::assert_snapshot!("an_allow_more", text(&compared, "rules_diff"));
}

#[tokio::test]
async fn a_rule_in_the_way_of_a_requirement_is_an_error_at_the_rule() {
    let extra = Value::object([("nothing_leaves", rule("Outbound", "Deny", 100, "*"))]);
    let moved = server(&[("extra_rules", extra), ("priority_base", 300.into())]);
    let refused = call("expand", &["cyclecloud_subnet".into(), moved]).await.unwrap_err();
    insta::assert_snapshot!("blocked", refused);
    let extra = Value::object([("wide", rule("Outbound", "Allow", 1500, "Internet"))]);
    let strict = server(&[("extra_rules", extra), ("strict", true.into())]);
    let refused = call("expand", &["cyclecloud_subnet".into(), strict.clone()])
        .await
        .unwrap_err();
    insta::assert_snapshot!("exposed", refused);
    let mut meant = strict;
    meant.set_attribute(
        "waived_requirements",
        Value::object([("CHECK-EXPOSURE-INTENDED", Value::from("a test"))]),
    );
    assert!(call("expand", &["cyclecloud_subnet".into(), meant]).await.is_ok());
}
