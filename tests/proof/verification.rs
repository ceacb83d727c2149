//! `lockeddown_verification` as Terraform meets it.

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

#[tokio::test]
async fn an_expansion_proves_itself() {
    let policies = Value::List(vec![server_policy().await]);
    let state = read("lockeddown_verification", &[("policies", policies)])
        .await
        .unwrap();
    insta::assert_snapshot!("an_expansion", answers(&state));
}

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

#[tokio::test]
async fn rules_written_by_hand_are_held_against_the_requirements() {
    let rules = Value::object([
        ("AllowStorage", rule("Allow", 100, "Storage", "443")),
        (
            "AllowRegistry",
            rule("Allow", 101, "ContainerRegistry.WestEurope", "443"),
        ),
        ("AllowWeb", rule("Allow", 102, "Internet", "80")),
        ("BlockOutbound", rule("Deny", 4000, "Internet", "*")),
    ]);
    let forbidden = Value::object([
        ("mail", flow(&[("peer", "Internet"), ("port", "25")])),
        ("plain web", flow(&[("peer", "Internet"), ("port", "80")])),
    ]);
    let state = read(
        "lockeddown_verification",
        &[
            ("policies", Value::List(vec![server_policy().await])),
            ("security_rules", dynamic(rules)),
            ("forbidden_flows", forbidden),
        ],
    )
    .await
    .unwrap();
    insta::assert_snapshot!("by_hand", answers(&state));
}

#[tokio::test]
async fn without_a_way_out_or_behind_a_tunnel_nothing_leaves() {
    let policies = || async { Value::List(vec![server_policy().await]) };
    let entries = [("policies", policies().await), ("outbound_method", "none".into())];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
    let route = Value::object([
        ("address_prefix", Value::from("0.0.0.0/0")),
        ("next_hop_type", "VirtualNetworkGateway".into()),
    ]);
    let routes = Value::object([("default", route)]);
    let state = read(
        "lockeddown_verification",
        &[("policies", policies().await), ("routes", dynamic(routes))],
    )
    .await
    .unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("depends_on"));
}

#[tokio::test]
async fn a_second_group_must_let_it_pass_too() {
    let at_the_interface = Value::object([("nothing", rule("Deny", 100, "*", "*"))]);
    let entries = [
        ("policies", Value::List(vec![server_policy().await])),
        ("network_interface_security_rules", dynamic(at_the_interface)),
    ];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_where_it_is_written() {
    let entries = [
        (
            "security_rules",
            Value::object([("broken", rule("Allow", 100, "10.0.0.0/33", "443"))]),
        ),
        ("outbound_method", "nat".into()),
        (
            "required_flows",
            Value::object([("web", flow(&[("peer", "Internet"), ("port", "http")]))]),
        ),
    ];
    insta::assert_snapshot!(
        "unreadable",
        read("lockeddown_verification", &entries).await.unwrap_err()
    );
}

/// Rules and routes of which Azure refuses one: whichever stands first in the list would decide.
#[tokio::test]
async fn what_cannot_stand_in_one_table_or_group_is_an_error_in_any_order() {
    let named = |name: &str, mut rule: Value| {
        rule.set_attribute("name", name.into());
        rule
    };
    let route = |name: &str, destination: &str, hop: &str| {
        Value::object([
            ("name", Value::from(name)),
            ("address_prefix", destination.into()),
            ("next_hop_type", hop.into()),
        ])
    };
    let refused = |argument: &'static str, mut entries: Vec<Value>| async move {
        let first = read("lockeddown_verification", &[(argument, Value::List(entries.clone()))]).await;
        entries.reverse();
        let second = read("lockeddown_verification", &[(argument, Value::List(entries))]).await;
        assert!(second.is_err(), "the order decides");
        first.unwrap_err()
    };
    let rules = vec![
        named("allow", rule("Allow", 100, "Storage", "443")),
        named("deny", rule("Deny", 100, "Storage", "*")),
    ];
    for argument in ["security_rules", "network_interface_security_rules"] {
        assert_eq!(
            refused(argument, rules.clone()).await,
            format!(
                "{argument}: the rules `allow` and `deny` both have priority `100` Outbound, and Azure has each priority once per direction: give one \
                 of them another `priority`."
            )
        );
    }
    let routes = vec![
        route("out", "0.0.0.0/0", "Internet"),
        route("nowhere", "0.0.0.0/0", "None"),
    ];
    assert_eq!(
        refused("routes", routes).await,
        "routes: the routes `out` and `nowhere` both lead to `0.0.0.0/0`, and Azure has each destination once in a table: remove one."
    );
    let routes = vec![route("storage", "Storage", "Internet"), route("Storage", "Sql", "None")];
    assert_eq!(
        refused("routes", routes).await,
        "routes: two routes are named `Storage`, and Azure has each name once in a table, without case: rename one."
    );
    for tag in ["Internet", "VirtualNetwork"] {
        assert_eq!(
            refused("routes", vec![route("tag", tag, "None")]).await,
            format!(
                "routes: route `tag`: `address_prefix` is `{tag}`, which Azure takes in security rules only: write the prefixes that are meant."
            )
        );
    }
}

#[tokio::test]
async fn a_peer_that_is_nothing_is_an_error_and_a_wrong_tag_of_a_rule_is_named() {
    let policies = || async { Value::List(vec![server_policy().await]) };
    for argument in ["required_flows", "forbidden_flows"] {
        let flows = Value::object([("storage", flow(&[("peer", "Storge"), ("port", "443")]))]);
        let refused = read(
            "lockeddown_verification",
            &[("policies", policies().await), (argument, flows)],
        )
        .await
        .unwrap_err();
        assert_eq!(
            refused,
            format!(
                "{argument}[\"storage\"]: `peer` is `Storge`, which is no service tag of the cloud `public` as far as this release knows (did you mean \
                 `Storage`?), and no host that a policy names: write a tag, such a host, or address prefixes."
            )
        );
    }
    let flows = Value::object([("entra", flow(&[("peer", "login.microsoftonline.com"), ("port", "443")]))]);
    let state = read(
        "lockeddown_verification",
        &[("policies", policies().await), ("required_flows", flows)],
    )
    .await
    .unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );

    let rules = Value::object([
        ("registry", rule("Allow", 100, "ContainerRegistry.WestEurope", "443")),
        ("batch", rule("Allow", 101, "BatchNodeManagement.uswest", "443")),
        ("case", rule("Allow", 102, "storage.westeurope", "443")),
    ]);
    let state = read("lockeddown_verification", &[("security_rules", dynamic(rules))])
        .await
        .unwrap();
    let said = answers(&state);
    for meant in [
        "SecurityRuleInvalidAddressPrefix. Write `AzureContainerRegistry.WestEurope`, if that is meant.",
        "SecurityRuleInvalidAddressPrefix. Write `BatchNodeManagement.WestUS`, if that is meant.",
    ] {
        assert!(said.contains(meant), "{said}");
    }
    assert!(
        !said.contains("names `storage.westeurope`"),
        "Azure compares tags without case: {said}"
    );
}

fn firewall_rule(entries: &[(&'static str, Value)]) -> Value {
    let mut rule = Value::object([("source_addresses", Value::string_list(["10.0.0.0/24".to_owned()]))]);
    for (name, value) in entries {
        rule.set_attribute(*name, value.clone());
    }
    rule
}

fn texts(text: &str) -> Value {
    Value::string_list([text.to_owned()])
}

fn collection(name: &str, priority: i64, action: &str, rule: Value) -> Value {
    Value::object([
        ("name", Value::from(name)),
        ("priority", priority.into()),
        ("action", action.into()),
        ("rule", Value::List(vec![rule])),
    ])
}

fn group(collection: Value) -> Value {
    Value::object([("network_rule_collection", Value::List(vec![collection]))])
}

/// What stands behind a group that lets everything out: a default route to a firewall, and somebody's rules on it.
fn behind_a_firewall(more: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
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

/// A file in which two of the server's tags have addresses in common.
fn service_tag_file() -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    let tag = |name: &str, prefixes: &[&str]| serde_json::json!({ "name": name, "id": name, "properties": { "region": "", "networkFeatures": ["NSG"], "addressPrefixes": prefixes } });
    let content = serde_json::json!({
        "changeNumber": 1,
        "cloud": "Public",
        "values": [
            tag("Storage", &["20.60.0.0/16", "20.150.0.0/17"]),
            tag("AzureActiveDirectory", &["20.190.128.0/18", "2603:1006::/40"]),
            tag("AzureMonitor", &["20.42.0.0/24"]),
            tag("AzureResourceManager", &["20.42.0.128/25", "40.79.0.0/24"]),
            tag("AzureKeyVault", &["20.60.0.0/24"]),
        ],
    });
    std::fs::write(file.path(), content.to_string()).unwrap();
    file
}

#[tokio::test]
async fn with_a_service_tag_file_nothing_depends_on_whether_tags_overlap() {
    let rules = |destination: &str| {
        Value::object([
            ("no-vault", rule("Deny", 100, destination, "*")),
            ("AllowStorage", rule("Allow", 110, "Storage", "443")),
            ("BlockOutbound", rule("Deny", 4000, "Internet", "*")),
        ])
    };
    let required = Value::object([(
        "storage",
        flow(&[("peer", "Storage"), ("port", "443"), ("local", "10.0.0.0/24")]),
    )]);
    let entries = |destination: &str| {
        vec![
            ("security_rules", dynamic(rules(destination))),
            ("required_flows", required.clone()),
        ]
    };
    let by_name = read("lockeddown_verification", &entries("AzureKeyVault"))
        .await
        .unwrap();
    assert_eq!(by_name.attribute("verdict").as_str(), Some("depends_on"));
    let file = service_tag_file();
    let path = file.path().to_str().unwrap();
    for (destination, verdict) in [("AzureKeyVault", "refuted"), ("AzureMonitor", "proven")] {
        let mut entries = entries(destination);
        entries.push(("service_tag_file", path.into()));
        let state = read("lockeddown_verification", &entries).await.unwrap();
        assert_eq!(
            state.attribute("verdict").as_str(),
            Some(verdict),
            "{}",
            answers(&state)
        );
    }
    // Hosts have the addresses of the tag that covers them.
    let policies = Value::List(vec![server_policy().await]);
    let entries = [("policies", policies), ("service_tag_file", path.into())];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );
}

#[tokio::test]
async fn a_workload_proves_itself_with_the_addresses_of_its_file() {
    let deny = Value::object([
        ("direction", Value::from("Outbound")),
        ("access", "Deny".into()),
        ("protocol", "*".into()),
        ("priority", 100_i64.into()),
        ("destination_address_prefix", "20.42.0.0/25".into()),
    ]);
    let entries = |file: Option<&str>| {
        vec![
            ("role", Value::from("server")),
            ("location", "westeurope".into()),
            ("edition", "2026-08".into()),
            ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
            ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
            ("priority_base", 200_i64.into()),
            ("extra_rules", Value::object([("no-monitor", deny.clone())])),
            ("service_tag_file", file.map(str::to_owned).into()),
        ]
    };
    let by_name = read("lockeddown_cyclecloud_subnet", &entries(None)).await.unwrap();
    assert_eq!(
        by_name.attribute("proof").attribute("verdict").as_str(),
        Some("depends_on")
    );
    let file = service_tag_file();
    let refused = read("lockeddown_cyclecloud_subnet", &entries(file.path().to_str()))
        .await
        .unwrap_err();
    assert!(
        refused.contains("CC-SERVER-MONITOR needs TCP 443 to `AzureMonitor`"),
        "{refused}"
    );
    assert!(!refused.contains("AzureResourceManager"), "{refused}");
    let refused = read("lockeddown_cyclecloud_subnet", &entries(Some("/nowhere.json")))
        .await
        .unwrap_err();
    assert!(
        refused.contains("service_tag_file: `/nowhere.json` cannot be read"),
        "{refused}"
    );
}

async fn behind(firewall: &str) -> Value {
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

/// A policy whose allow of the storage is a deny under another name.
fn denying(policy: &Value) -> Value {
    let Some(rules) = policy.attribute("security_rules").as_map() else {
        panic!("a policy has rules")
    };
    let mut deny = rules["AllowAzureStorage"].clone();
    deny.set_attribute("name", "DenyStorage".into());
    deny.set_attribute("access", "Deny".into());
    let mut policy = policy.clone();
    policy.set_attribute("security_rules", Value::object([("DenyStorage", deny)]));
    policy
}

/// What cannot be in one group or table has no verdict, whichever of the policies comes first.
#[tokio::test]
async fn policies_that_cannot_stand_together_are_an_error_in_any_order() {
    let server = server_policy().await;
    let conflicts = [
        (server.clone(), denying(&server), "priority"),
        (behind("10.9.0.4").await, behind("10.66.6.6").await, "10.66.6.6"),
    ];
    for (one, other, word) in &conflicts {
        for pair in [vec![one.clone(), other.clone()], vec![other.clone(), one.clone()]] {
            let refused = read("lockeddown_verification", &[("policies", Value::List(pair))])
                .await
                .unwrap_err();
            assert!(refused.starts_with("policies: ") && refused.contains(word), "{refused}");
        }
    }
    let mut elsewhere = server.clone();
    elsewhere.set_attribute("location", "northeurope".into());
    let pair = Value::List(vec![server.clone(), elsewhere]);
    let refused = read("lockeddown_verification", &[("policies", pair)])
        .await
        .unwrap_err();
    assert!(refused.contains("a subnet is in one place"), "{refused}");
    // Their rules do not matter where others are given.
    let [(one, other, _), _] = conflicts;
    let entries = [
        ("policies", Value::List(vec![one, other])),
        (
            "security_rules",
            dynamic(Value::object([("AllowAll", rule("Allow", 100, "*", "*"))])),
        ),
    ];
    read("lockeddown_verification", &entries).await.unwrap();
    // The same twice is there once.
    let twice = Value::List(vec![server.clone(), server]);
    let state = read("lockeddown_verification", &[("policies", twice)]).await.unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );
}

#[tokio::test]
async fn a_flow_of_ones_own_takes_no_name_of_a_policys() {
    let required = Value::object([("CC-SERVER-ARM", flow(&[("peer", "AzureMonitor"), ("port", "443")]))]);
    let entries = [
        ("policies", Value::List(vec![server_policy().await])),
        ("required_flows", required),
    ];
    let refused = read("lockeddown_verification", &entries).await.unwrap_err();
    assert!(
        refused.starts_with("required_flows[\"CC-SERVER-ARM\"]: ") && refused.contains("another name"),
        "{refused}"
    );
}

/// `*` is the subnet of the policies, however much of the network is known around it.
#[tokio::test]
async fn the_whole_subnet_is_that_of_the_policies() {
    for spaces in [None, Some(["10.0.0.0/16"])] {
        for (peer, port, verdict) in [("Internet", "25", "proven"), ("AzureMonitor", "443", "refuted")] {
            let forbidden = Value::object([("mail", flow(&[("peer", peer), ("port", port)]))]);
            let entries = [
                ("policies", Value::List(vec![server_policy().await])),
                ("forbidden_flows", forbidden),
                (
                    "virtual_network_address_spaces",
                    spaces.map_or(Value::Null, Value::string_set),
                ),
            ];
            let state = read("lockeddown_verification", &entries).await.unwrap();
            assert_eq!(
                state.attribute("verdict").as_str(),
                Some(verdict),
                "{spaces:?} {}",
                answers(&state)
            );
        }
    }
}

#[tokio::test]
async fn a_service_tag_file_is_of_the_cloud_and_for_every_tag() {
    let file = service_tag_file();
    let path = file.path().to_str().unwrap();
    let entries = [
        ("role", Value::from("server")),
        ("location", "chinaeast2".into()),
        ("environment", "china".into()),
        ("edition", "2026-08".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
    ];
    let state = read("lockeddown_cyclecloud_subnet", &entries).await.unwrap();
    let entries = [
        ("policies", Value::List(vec![state.attribute("policy").clone()])),
        ("service_tag_file", path.into()),
    ];
    let refused = read("lockeddown_verification", &entries).await.unwrap_err();
    assert!(
        refused.starts_with("service_tag_file: ") && refused.contains("the file of the cloud `public`"),
        "{refused}"
    );
    // A firewall rule of a tag, asked for by an address; and a route.
    let required = |peer: &str| {
        let names = [("peer", peer), ("port", "443"), ("local", "10.0.0.0/24")];
        let mut one = flow(&[]);
        for (name, text) in names {
            one.set_attribute(name, text.into());
        }
        ("required_flows", Value::object([("storage", one)]))
    };
    let verdict = async |more: &[(&'static str, Value)], file: Option<&str>| {
        let mut entries = behind_a_firewall(more);
        entries.push(("service_tag_file", file.map(str::to_owned).into()));
        let state = read("lockeddown_verification", &entries).await.unwrap();
        state.attribute("verdict").as_str().unwrap().to_owned()
    };
    let of_storage = required("20.60.1.0/24");
    assert_eq!(verdict(std::slice::from_ref(&of_storage), None).await, "depends_on");
    assert_eq!(verdict(std::slice::from_ref(&of_storage), Some(path)).await, "proven");
    let routes = Value::object([
        (
            "default",
            Value::object([
                ("address_prefix", Value::from("0.0.0.0/0")),
                ("next_hop_type", "None".into()),
            ]),
        ),
        (
            "storage",
            Value::object([
                ("address_prefix", Value::from("Storage")),
                ("next_hop_type", "Internet".into()),
            ]),
        ),
    ]);
    let by_route = [of_storage, ("routes", dynamic(routes))];
    assert_eq!(verdict(&by_route, None).await, "depends_on");
    assert_eq!(verdict(&by_route, Some(path)).await, "proven");
}

type Rules<'r> = &'r [(&'static str, Value)];

/// A group that denies everything stops neither DNS nor the metadata of machines; the platform's own tags do.
#[tokio::test]
async fn what_the_platform_answers_passes_but_for_its_own_tags() {
    let everything = |more: &[(&'static str, Value)]| {
        let mut rules = vec![
            ("DenyAll", rule("Deny", 4096, "*", "*")),
            ("DenyAddress", rule("Deny", 4095, "168.63.129.16", "*")),
        ];
        rules.extend(more.iter().cloned());
        Value::object(rules)
    };
    let dns = [("no-dns", rule("Deny", 4000, "AzurePlatformDNS", "*"))];
    let metadata = [("no-metadata", rule("Deny", 4000, "azureplatformimds", "*"))];
    let allowed_first = [
        ("no-dns", rule("Deny", 4000, "AzurePlatformDNS", "*")),
        ("dns", rule("Allow", 3999, "AzurePlatformDNS", "53")),
    ];
    let cases: [(Rules<'_>, &str, &str, bool); 6] = [
        (&[], "168.63.129.16", "53", true),
        (&[], "169.254.169.254", "80", true),
        (&dns, "168.63.129.16", "53", false),
        (&dns, "169.254.169.254", "80", true),
        (&metadata, "169.254.169.254", "80", false),
        (&allowed_first, "168.63.129.16", "53", true),
    ];
    for (rules, peer, port, passes) in cases {
        for (attribute, verdict) in [
            ("required_flows", if passes { "proven" } else { "refuted" }),
            ("forbidden_flows", if passes { "refuted" } else { "proven" }),
        ] {
            let mut asked = flow(&[("local", "10.0.0.0/24")]);
            asked.set_attribute("peer", peer.into());
            asked.set_attribute("port", port.into());
            let entries = [
                ("security_rules", dynamic(everything(rules))),
                (attribute, Value::object([("platform", asked)])),
            ];
            let state = read("lockeddown_verification", &entries).await.unwrap();
            let said = answers(&state);
            assert_eq!(state.attribute("verdict").as_str(), Some(verdict), "{said}");
            if attribute == "forbidden_flows" && passes && rules.len() < 2 {
                assert!(said.contains("Deny the tag `AzurePlatformDNS`"), "{said}");
            }
            // Nobody's exposure, and told of the deny that does nothing.
            assert!(
                state.attribute("exposure").as_list().unwrap().is_empty() || rules.len() > 1,
                "{said}"
            );
            let told = said.contains("`DenyAddress` never decides about 168.63.129.16");
            assert!(told || rules.iter().any(|(name, _)| *name == "no-dns"), "{said}");
        }
    }
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

/// Whether a group's machines are in the subnet nobody says; so no rule can be said to repeat another.
#[tokio::test]
async fn a_rule_of_groups_is_not_called_superfluous_for_nothing() {
    let id = |name: &str| {
        Value::string_list([format!(
            "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/{name}"
        )])
    };
    let mut between = rule("Allow", 100, "*", "443");
    between.set_attribute("direction", "Inbound".into());
    for name in ["source_address_prefix", "destination_address_prefix"] {
        between.set_attribute(name, Value::Null);
    }
    between.set_attribute("source_application_security_group_ids", id("web"));
    between.set_attribute("destination_application_security_group_ids", id("data"));
    let entries = [
        ("security_rules", dynamic(Value::object([("asg", between)]))),
        (
            "required_flows",
            Value::object([(
                "monitor",
                flow(&[("peer", "AzureMonitor"), ("port", "443"), ("local", "10.0.0.0/24")]),
            )]),
        ),
    ];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert!(
        state.attribute("lint").as_list().unwrap().is_empty(),
        "{}",
        answers(&state)
    );
}
