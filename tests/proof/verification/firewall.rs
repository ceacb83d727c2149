//! What stands at a firewall: a policy's collections, and those of others.

use tfplugin_rs::value::Value;

use super::{answers, dynamic, flow, read, rule};

#[tokio::test]
async fn the_firewall_of_a_policy_is_part_of_what_is_proven() {
    let egress = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.9.0.4".into()),
    ]);
    let entries = [
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("egress", egress),
    ];
    let state = read("lockeddown_cyclecloud_subnet", &entries).await.unwrap();
    let policy = state.attribute("policy").clone();
    let state = read(
        "lockeddown_verification",
        &[("policies", Value::List(vec![policy.clone()]))],
    )
    .await
    .unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );
    let mut without = policy;
    without.set_attribute("application_rule_collections", Value::List(Vec::new()));
    let state = read("lockeddown_verification", &[("policies", Value::List(vec![without]))])
        .await
        .unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
}

pub(super) fn firewall_rule(entries: &[(&'static str, Value)]) -> Value {
    let mut rule = Value::object([("source_addresses", Value::string_list(["10.0.0.0/24".to_owned()]))]);
    for (name, value) in entries {
        rule.set_attribute(*name, value.clone());
    }
    rule
}

pub(super) fn texts(text: &str) -> Value {
    Value::string_list([text.to_owned()])
}

pub(super) fn collection(name: &str, priority: i64, action: &str, rule: Value) -> Value {
    Value::object([
        ("name", Value::from(name)),
        ("priority", priority.into()),
        ("action", action.into()),
        ("rule", Value::List(vec![rule])),
    ])
}

pub(super) fn group(collection: Value) -> Value {
    Value::object([("network_rule_collection", Value::List(vec![collection]))])
}

/// What stands behind a group that lets everything out: a default route to a firewall, and somebody's rules on it.
pub(super) fn behind_a_firewall(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = rule("Allow", 100, "*", "*");
    all.set_attribute("protocol", "*".into());
    let route = Value::object([
        ("address_prefix", Value::from("0.0.0.0/0")),
        ("next_hop_type", "VirtualAppliance".into()),
        ("next_hop_in_ip_address", "10.9.0.4".into()),
    ]);
    let storage = firewall_rule(&[
        ("name", "storage".into()),
        ("protocols", texts("TCP")),
        ("destination_addresses", texts("Storage")),
        ("destination_ports", texts("443")),
    ]);
    let platform = group(collection("platform", 100, "Allow", storage));
    let mut entries = vec![
        ("security_rules", dynamic(Value::object([("everything", all)]))),
        ("routes", dynamic(Value::object([("default", route)]))),
        ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
        ("rule_collection_groups", dynamic(Value::List(vec![platform]))),
        (
            "required_flows",
            Value::object([(
                "storage",
                flow(&[("peer", "Storage"), ("port", "443"), ("local", "10.0.0.0/24")]),
            )]),
        ),
    ];
    for (name, value) in more {
        entries.retain(|(other, _)| other != name);
        entries.push((*name, value.clone()));
    }
    entries
}

#[tokio::test]
async fn a_firewall_of_others_is_judged_by_its_own_order() {
    let entries = behind_a_firewall(&[(
        "forbidden_flows",
        Value::object([(
            "mail",
            flow(&[("peer", "Internet"), ("port", "25"), ("local", "10.0.0.0/24")]),
        )]),
    )]);
    let state = read("lockeddown_verification", &entries).await.unwrap();
    // The group lets mail out, and the firewall does not.
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );

    // An earlier group comes first, whatever the numbers of its collections.
    let deny = firewall_rule(&[
        ("name", "no-storage".into()),
        ("protocols", texts("Any")),
        ("destination_addresses", texts("Storage.WestEurope")),
        ("destination_ports", texts("*")),
    ]);
    let allow = firewall_rule(&[
        ("name", "storage".into()),
        ("protocols", texts("TCP")),
        ("destination_addresses", texts("Storage")),
        ("destination_ports", texts("443")),
    ]);
    let groups = vec![
        group(collection("central", 60_000, "Deny", deny)),
        group(collection("platform", 100, "Allow", allow)),
    ];
    let entries = behind_a_firewall(&[("rule_collection_groups", dynamic(Value::List(groups)))]);
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
    let said = answers(&state);
    assert!(
        said.contains("the firewall's rule `no-storage` of collection `central` denies it"),
        "{said}"
    );

    let forbidden = Value::object([("storage", flow(&[("peer", "Storage"), ("local", "10.0.0.0/24")]))]);
    let entries = behind_a_firewall(&[("forbidden_flows", forbidden)]);
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
    let said = answers(&state);
    assert!(said.contains("the firewall's rule `storage` lets it pass"), "{said}");
}

/// What cannot be read would match nothing, and a deny that matches nothing denies nothing.
#[tokio::test]
async fn what_a_firewall_rule_says_is_read_or_refused() {
    let denying = async |more: &[(&'static str, Value)]| {
        let mut entries = vec![
            ("name", Value::from("no-storage")),
            ("protocols", texts("Any")),
            ("destination_addresses", texts("Storage")),
            ("destination_ports", texts("*")),
        ];
        entries.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
        entries.extend_from_slice(more);
        let allow = firewall_rule(&[
            ("name", "everything".into()),
            ("protocols", texts("TCP")),
            ("destination_addresses", texts("*")),
            ("destination_ports", texts("*")),
        ]);
        let groups = vec![
            group(collection("central", 100, "Deny", firewall_rule(&entries))),
            group(collection("platform", 200, "Allow", allow)),
        ];
        let entries = behind_a_firewall(&[("rule_collection_groups", dynamic(Value::List(groups)))]);
        let state = read("lockeddown_verification", &entries).await?;
        Ok::<String, String>(state.attribute("verdict").as_str().unwrap_or_default().to_owned())
    };
    // Azure drops host bits.
    assert_eq!(
        denying(&[("source_addresses", texts("10.0.0.5/24"))]).await.unwrap(),
        "refuted"
    );
    assert_eq!(
        denying(&[("source_addresses", texts("10.0.9.0/24"))]).await.unwrap(),
        "proven"
    );
    for (attribute, value, reason) in [
        ("destination_ports", texts("443 "), "`443 ` is not a port"),
        (
            "destination_ports",
            Value::List(Vec::new()),
            "`destination_ports` is missing",
        ),
        (
            "source_addresses",
            texts("10.0.0.0/33"),
            "`10.0.0.0/33`, which is neither",
        ),
        ("protocols", Value::List(Vec::new()), "it has no `protocols`"),
    ] {
        let refused = denying(&[(attribute, value)]).await.unwrap_err();
        assert!(
            refused.contains(reason) && refused.contains("rule `no-storage`"),
            "{attribute}: {refused}"
        );
    }
}

pub(super) async fn behind(firewall: &str) -> Value {
    let egress = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", firewall.into()),
    ]);
    let entries = [
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("egress", egress),
    ];
    let state = read("lockeddown_cyclecloud_subnet", &entries).await.unwrap();
    state.attribute("policy").clone()
}

/// A document names a destination as a tag and as hosts; a firewall of others that lets all of the hosts pass may do.
#[tokio::test]
async fn a_firewall_of_others_may_know_hosts_where_a_policy_knows_tags() {
    let policy = behind("10.9.0.4").await;
    let hosts: Vec<String> = policy
        .attribute("flows")
        .as_map()
        .unwrap()
        .values()
        .filter_map(|flow| flow.attribute("peer_host").as_str().map(str::to_owned))
        .collect();
    assert!(hosts.len() > 3, "{hosts:?}");
    let protocol = |kind: &str, port: i64| Value::object([("type", Value::from(kind)), ("port", port.into())]);
    let group_of = |hosts: Vec<String>| {
        let rule = Value::object([
            ("name", Value::from("hosts")),
            ("source_addresses", texts("10.0.0.0/24")),
            (
                "protocols",
                Value::List(vec![protocol("Https", 443), protocol("Http", 80)]),
            ),
            ("destination_fqdns", Value::string_list(hosts)),
        ]);
        let collection = collection("central", 100, "Allow", rule);
        let group = Value::object([("application_rule_collection", Value::List(vec![collection]))]);
        dynamic(Value::List(vec![group]))
    };
    let verify = async |hosts: Vec<String>| {
        let entries = [
            ("policies", Value::List(vec![policy.clone()])),
            ("rule_collection_groups", group_of(hosts)),
        ];
        read("lockeddown_verification", &entries).await.unwrap()
    };
    let violations = |state: &Value, output: &str| -> Vec<String> {
        let list = state.attribute(output).as_list().unwrap();
        list.iter()
            .map(|one| one.attribute("flow").as_str().unwrap().to_owned())
            .collect()
    };
    let state = verify(hosts.clone()).await;
    let (refuted, depending) = (
        violations(&state, "violations"),
        violations(&state, "depends_on_conditions"),
    );
    assert!(!refuted.contains(&"CC-SERVER-ARM".to_owned()), "{}", answers(&state));
    assert!(depending.contains(&"CC-SERVER-ARM".to_owned()), "{}", answers(&state));
    let said = answers(&state);
    assert!(
        said.contains("`AzureResourceManager` is needed beyond the hosts that are required of it"),
        "{said}"
    );
    // The report shows the rule that stands there, not the policy's.
    let report: serde_json::Value = serde_json::from_str(state.attribute("report_json").as_str().unwrap()).unwrap();
    let rendered = report.pointer("/subnets/0/requirements").unwrap().to_string();
    assert!(rendered.contains("in central"), "{rendered}");
    assert!(
        !rendered.contains("in lockeddown") && !rendered.contains("network_rule"),
        "{rendered}"
    );
    // One of them less, and it is refuted as before.
    let without = hosts
        .into_iter()
        .filter(|host| host != "management.azure.com")
        .collect();
    let state = verify(without).await;
    assert!(
        violations(&state, "violations").contains(&"CC-SERVER-ARM".to_owned()),
        "{}",
        answers(&state)
    );
}
