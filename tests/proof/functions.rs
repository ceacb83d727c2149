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
        "rule `deny`: priority `99` is outside Azure's range of 100 to 4096"
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

/// A rule with these attributes instead.
fn with(mut rule: Value, entries: &[(&'static str, Value)]) -> Value {
    for (name, value) in entries {
        rule.set_attribute(*name, value.clone());
    }
    rule
}

#[tokio::test]
async fn what_azure_refuses_in_one_group_is_refused() {
    let deny = |name: &'static str, priority, more: &[(&'static str, Value)]| {
        let named = with(rule("Outbound", "Deny", priority, "Internet"), &[("name", name.into())]);
        with(named, more)
    };
    let refused = |rules: Vec<Value>| async move {
        let empty = Value::List(Vec::new());
        call("rules_diff", &[empty, Value::List(rules)])
            .await
            .err()
            .unwrap_or_default()
    };
    assert_eq!(
        refused(vec![deny("one", 100, &[]), deny("two", 100, &[])]).await,
        "the rules `one` and `two` both have priority `100` Outbound, and Azure has each priority once per direction: give one of them another \
         `priority`"
    );
    let inbound = with(rule("Inbound", "Deny", 100, "*"), &[("name", "in".into())]);
    assert_eq!(
        refused(vec![deny("out", 100, &[]), inbound]).await,
        "",
        "each direction has its own"
    );
    assert_eq!(
        refused(vec![deny("one", 100, &[]), deny("One", 101, &[])]).await,
        "two rules are named `One`, and Azure has each name once in a group, without case: rename one, or give the rules of two groups apart"
    );
    let none = || ("destination_address_prefix", Value::Null);
    let several = |texts: &[&str]| ("destination_address_prefixes", Value::string_set(texts.iter().copied()));
    assert_eq!(
        refused(vec![deny(
            "mixed",
            100,
            &[none(), several(&["10.0.0.0/8", "fd00::/8"])]
        )])
        .await,
        "rule `mixed`: it has IPv4 and IPv6 addresses, and Azure takes one family per rule: write a rule for each"
    );
    let source = ("source_address_prefix", Value::from("fd00::/8"));
    assert_eq!(
        refused(vec![deny("sides", 100, &[source, none(), several(&["10.0.0.0/8"])])]).await,
        "rule `sides`: it has IPv4 and IPv6 addresses, and Azure takes one family per rule: write a rule for each"
    );
    assert_eq!(
        refused(vec![deny("both", 100, &[several(&["10.0.0.0/8"])])]).await,
        "rule `both`: `destination_address_prefix` and `destination_address_prefixes` are both set, and Azure takes only one of them: remove the \
         one that is not meant"
    );
    assert_eq!(
        refused(vec![deny("tags", 100, &[none(), several(&["Storage"])])]).await,
        "rule `tags`: `destination_address_prefixes` holds `Storage`, which is no address prefix: Azure takes `*` and service tags in \
         `destination_address_prefix` only"
    );
    let ports = ("destination_port_ranges", Value::string_set(["443"]));
    assert_eq!(
        refused(vec![deny("ports", 100, &[ports])]).await,
        "rule `ports`: `destination_port_range` and `destination_port_ranges` are both set, and Azure takes only one of them: remove the one that \
         is not meant"
    );
}

#[tokio::test]
async fn what_azurerm_reads_from_azure_is_read() {
    let empty = || Value::List(Vec::new());
    let read = with(
        rule("Outbound", "Deny", 100, "Internet"),
        &[
            ("name", "tag".into()),
            ("source_port_ranges", empty()),
            ("source_address_prefixes", empty()),
            ("destination_port_ranges", empty()),
            ("destination_address_prefixes", empty()),
            ("source_application_security_group_ids", empty()),
        ],
    );
    let several = with(
        rule("Outbound", "Allow", 101, ""),
        &[
            ("name", "addresses".into()),
            (
                "destination_address_prefixes",
                Value::string_set(["10.0.0.0/8", "192.168.0.0/16"]),
            ),
            ("destination_port_range", "".into()),
            ("destination_port_ranges", Value::string_set(["80", "443"])),
        ],
    );
    let rules = Value::List(vec![read, several]);
    let compared = call("rules_diff", &[rules.clone(), rules]).await.unwrap();
    assert_eq!(compared.attribute("equivalent"), &Value::Bool(true));
}

#[tokio::test]
async fn a_peer_is_a_tag_that_exists_or_a_host_that_the_policy_names() {
    let explained = |policy: Value, peer: &'static str| async move {
        let flow = Value::object([("peer", Value::from(peer)), ("port", 443.into())]);
        call("explain_flow", &[policy, flow]).await
    };
    let policy = call("expand", &["cyclecloud_subnet".into(), server(&[])])
        .await
        .unwrap();
    assert_eq!(
        explained(policy.clone(), "Storge").await.unwrap_err(),
        "`peer` is `Storge`, which is no service tag of the cloud `public` as far as this release knows (did you mean `Storage`?), and no host that \
         a policy names: write a tag, such a host, or address prefixes"
    );
    let refused = explained(Value::List(Vec::new()), "login.microsoftonline.com")
        .await
        .unwrap_err();
    assert_eq!(
        refused,
        "`peer` is `login.microsoftonline.com`, which is no service tag as far as this release knows, and no host that a policy names: write a tag, \
         such a host, or address prefixes"
    );
    for host in ["login.microsoftonline.com", "Login.MicrosoftOnline.com"] {
        let answer = explained(policy.clone(), host).await.unwrap();
        assert_eq!(
            answer.attribute("verdict").as_str(),
            Some("proven"),
            "{}",
            text(&answer, "explain_flow")
        );
    }
    // No tag covers this one, and the default egress opens tags only.
    let answer = explained(policy, "ratecard.azure-api.net").await.unwrap();
    assert_ne!(
        answer.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        text(&answer, "explain_flow")
    );
    let egress = Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "10.0.8.4".into()),
        ("proxy_port", 3128.into()),
    ]);
    let policy = call("expand", &["cyclecloud_subnet".into(), server(&[("egress", egress)])])
        .await
        .unwrap();
    assert_eq!(
        explained(policy, "ratecard.azure-api.net").await.unwrap_err(),
        "`peer` is `ratecard.azure-api.net`, which the policy reaches through its proxy: ask about the proxy's address instead"
    );
}

/// A policy says where the subnet is: a rule about other addresses of the network is not about its flows.
#[tokio::test]
async fn the_whole_subnet_is_that_of_the_policy() {
    let inputs = server(&[("priority_base", 200.into())]);
    let policy = call("expand", &["cyclecloud_subnet".into(), inputs]).await.unwrap();
    let mut deny = rule("Outbound", "Deny", 150, "*");
    deny.set_attribute("name", "NotOurs".into());
    deny.set_attribute("source_address_prefix", "10.0.7.0/24".into());
    let mut rules = policy.attribute("security_rules").as_map().unwrap().clone();
    rules.insert("NotOurs".to_owned(), deny);
    let mut policy = policy;
    policy.set_attribute("security_rules", Value::Map(rules));
    let flow = Value::object([("peer", Value::from("AzureMonitor")), ("port", 443.into())]);
    let explained = call("explain_flow", &[policy, flow]).await.unwrap();
    assert_eq!(explained.attribute("verdict").as_str(), Some("proven"), "{explained:?}");
}
