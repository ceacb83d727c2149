//! The function `expand`: the policy of any workload as one value, known as far as it can be.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod inputs;

use lockeddown::{provider::Lockeddown, workloads::WORKLOADS};
use proptest::prelude::*;
use tfplugin_rs::{
    provider::{FunctionError, Provider, Signature},
    value::{Dynamic, Type, Value, msgpack},
};

use crate::inputs::inputs_of;

fn signature() -> Signature {
    let functions = Lockeddown::new(|_| None).functions();
    let function = functions.into_iter().find(|function| function.name() == "expand");
    function.unwrap().signature()
}

/// Calls the function and sends the result over the wire as its type, as Terraform gets it.
async fn call(workload: impl Into<Value>, inputs: Value) -> Result<Value, FunctionError> {
    let functions = Lockeddown::new(|_| None).functions();
    let function = functions
        .into_iter()
        .find(|function| function.name() == "expand")
        .unwrap();
    let inputs = Value::Dynamic(Box::new(Dynamic {
        ty: Type::Dynamic,
        value: inputs,
    }));
    let result = function.call(vec![workload.into(), inputs]).await?;
    let ty = function.signature().returns;
    Ok(msgpack::decode(&msgpack::encode(&result, &ty).unwrap(), &ty).unwrap())
}

fn server(changes: &[(&str, Value)]) -> Value {
    let mut inputs = Value::object([
        ("role", Value::from("server")),
        ("location", "West Europe".into()),
        ("node_address_prefixes", Value::List(vec!["10.0.1.0/24".into()])),
    ]);
    for (name, value) in changes {
        inputs.set_attribute(*name, value.clone());
    }
    inputs
}

async fn expand(changes: &[(&str, Value)]) -> Result<Value, FunctionError> {
    call("cyclecloud_subnet", server(changes)).await
}

#[tokio::test]
async fn it_gives_the_data_sources_policy() {
    let policy = expand(&[]).await.unwrap();
    let schemas = Lockeddown::new(|_| None).data_sources();
    let source = schemas
        .iter()
        .find(|source| source.name() == "lockeddown_cyclecloud_subnet")
        .unwrap();
    let attributes = source.schema().block.attributes;
    assert_eq!(attributes.get("policy").unwrap().ty(), signature().returns);

    assert!(policy.is_wholly_known());
    assert_eq!(policy.attribute("format"), &Value::from(4));
    assert_eq!(policy.attribute("workload").as_str(), Some("cyclecloud_subnet"));
    assert_eq!(policy.attribute("location").as_str(), Some("westeurope"));
    assert_eq!(policy.attribute("environment").as_str(), Some("public"));
    assert_eq!(policy.attribute("edition").as_str(), Some("2026-08"));
    let rules = policy.attribute("security_rules");
    assert_eq!(rules.attribute("AllowAzureRM").attribute("priority"), &Value::from(103));
}

#[tokio::test]
async fn the_type_is_the_same_for_all_workloads_and_holds_what_each_of_them_computes() {
    let Type::Object(policy) = signature().returns else {
        unreachable!("a policy is an object")
    };
    for source in Lockeddown::new(|_| None).data_sources() {
        let Some(workload) = WORKLOADS
            .iter()
            .find(|workload| source.name() == format!("lockeddown_{}", workload.name))
        else {
            continue;
        };
        for (name, attribute) in source.schema().block.attributes {
            let own = workload.outputs.iter().any(|output| output.name == name);
            if attribute.is_configurable() || own || name == "policy" || name == "proof" {
                continue;
            }
            assert_eq!(policy.get(&name), Some(&attribute.ty()), "{} {name}", source.name());
        }
    }
}

#[tokio::test]
async fn values_convert_as_everywhere_in_terraform() {
    let plain = expand(&[("priority_base", 300.into()), ("node_communication_port", 9000.into())]).await;
    let written = expand(&[
        ("priority_base", "300".into()),
        ("node_communication_port", "9000".into()),
    ])
    .await;
    assert_eq!(plain, written);
    let strict = [
        ("isolation", Value::from("strict")),
        ("intra_subnet_traffic_enabled", "false".into()),
    ];
    assert!(expand(&strict).await.is_ok());
    assert!(expand(&[("priority_base", "three hundred".into())]).await.is_err());
}

#[tokio::test]
async fn no_rule_says_an_address_twice() {
    let twice = || Value::string_set(["10.0.1.0/24", "10.0.1.128/25", "10.0.9.4"]);
    let outermost = &Value::string_set(["10.0.1.0/24", "10.0.9.4/32"]);
    let extra = Value::object([
        ("direction", Value::from("Inbound")),
        ("protocol", "Tcp".into()),
        ("source_address_prefixes", twice()),
        ("destination_address_prefixes", twice()),
    ]);
    let changes = [
        ("node_address_prefixes", twice()),
        (
            "subnet_address_prefixes",
            Value::string_set(["10.0.0.0/27", "10.0.0.0/28"]),
        ),
        ("extra_rules", Value::object([("Mine", extra)])),
    ];
    let policy = expand(&changes).await.unwrap();
    let rules = policy.attribute("security_rules");
    let (nodes, mine) = (rules.attribute("https_9443"), rules.attribute("Mine"));
    assert_eq!(nodes.attribute("source_address_prefixes"), outermost);
    assert_eq!(
        nodes.attribute("destination_address_prefix").as_str(),
        Some("10.0.0.0/27")
    );
    assert_eq!(mine.attribute("source_address_prefixes"), outermost);
    assert_eq!(mine.attribute("destination_address_prefixes"), outermost);
    let counterpart = policy.attribute("counterpart_rules").attribute("node");
    for rule in counterpart.as_map().unwrap().values() {
        assert_eq!(rule.attribute("source_address_prefixes"), outermost);
    }
}

#[tokio::test]
async fn an_unknown_id_leaves_everything_else_known() {
    let groups = Value::object([("node_id", Value::UNKNOWN)]);
    let policy = expand(&[
        ("application_security_groups", groups),
        ("node_address_prefixes", Value::Null),
    ])
    .await;
    let policy = policy.unwrap();
    let rules = policy.attribute("security_rules").as_map().unwrap();
    let unknown: Vec<_> = rules.iter().filter(|(_, rule)| !rule.is_wholly_known()).collect();
    let [(name, rule)] = unknown.as_slice() else {
        unreachable!("one rule names the nodes: {unknown:#?}")
    };
    assert_eq!(name.as_str(), "https_9443");
    assert!(rule.attribute("source_application_security_group_ids").is_unknown());
    assert_eq!(rule.attribute("priority"), &Value::from(110));
}

#[tokio::test]
async fn while_a_deciding_input_is_unknown_every_output_is() {
    for (name, value) in [
        ("role", Value::UNKNOWN),
        ("edition", Value::UNKNOWN),
        ("environment", Value::UNKNOWN),
        ("isolation", Value::UNKNOWN),
        ("node_address_prefixes", Value::List(vec![Value::UNKNOWN])),
        ("egress", Value::UNKNOWN),
        ("extra_rules", Value::UNKNOWN),
    ] {
        let policy = expand(&[(name, value)]).await.unwrap();
        for (output, value) in policy.as_map().unwrap() {
            let said = ["format", "workload", "location"].contains(&output.as_str());
            assert_eq!(value.is_unknown(), !said, "{name} unknown: {output}");
        }
    }
    assert!(call(Value::UNKNOWN, server(&[])).await.unwrap().is_unknown());
    let policy = call("cyclecloud_subnet", Value::UNKNOWN).await.unwrap();
    assert!(policy.attribute("security_rules").is_unknown() && policy.attribute("location").is_unknown());
}

/// Whether everything known in `planned` is so in `later`.
fn is_kept(planned: &Value, later: &Value) -> bool {
    match (planned, later) {
        (Value::Unknown(_), _) => true,
        (Value::Map(planned), Value::Map(later)) => {
            planned.len() == later.len()
                && planned
                    .iter()
                    .all(|(name, value)| later.get(name).is_some_and(|later| is_kept(value, later)))
        }
        (Value::List(planned), Value::List(later)) => {
            planned.len() == later.len()
                && planned
                    .iter()
                    .zip(later)
                    .all(|(planned, later)| is_kept(planned, later))
        }
        (planned, later) => planned == later,
    }
}

/// Every place in a value: attributes, entries and elements, however deep.
fn places_in(value: &Value, path: &[String], places: &mut Vec<Vec<String>>) {
    let mut visit = |step: String, value: &Value| {
        let path = [path, &[step]].concat();
        places_in(value, &path, places);
        places.push(path);
    };
    match value {
        Value::Map(entries) => entries.iter().for_each(|(name, value)| visit(name.clone(), value)),
        Value::List(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| visit(index.to_string(), value)),
        _ => {}
    }
}

fn with_unknown(value: &Value, path: &[String]) -> Value {
    let Some((step, rest)) = path.split_first() else {
        return Value::UNKNOWN;
    };
    match value {
        Value::Map(entries) => {
            let mut entries = entries.clone();
            let inner = entries.get(step).map(|inner| with_unknown(inner, rest));
            entries.extend(inner.map(|inner| (step.clone(), inner)));
            Value::Map(entries)
        }
        Value::List(elements) => Value::List(
            elements
                .iter()
                .enumerate()
                .map(|(index, inner)| match index.to_string() == *step {
                    true => with_unknown(inner, rest),
                    false => inner.clone(),
                })
                .collect(),
        ),
        other => other.clone(),
    }
}

/// What the option sets of the tests leave out: everything that is an object.
fn objects_of(workload: &str) -> Vec<Value> {
    let id = |kind: &str| format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/{kind}/x");
    let extra = Value::object([(
        "mine",
        Value::object([
            ("direction", Value::from("Outbound")),
            ("protocol", "Tcp".into()),
            ("priority", 1600_i64.into()),
            ("description", "Mine".into()),
            ("destination_address_prefix", "10.9.0.0/24".into()),
            ("destination_port_ranges", Value::string_set(["443", "8000-8010"])),
            (
                "source_application_security_group_ids",
                Value::string_set([id("applicationSecurityGroups")]),
            ),
        ]),
    )]);
    let firewall = Value::object([
        ("type", Value::from("firewall")),
        ("outbound_method", "nat_gateway".into()),
        ("firewall_private_ip_address", "10.0.255.4".into()),
        ("firewall_sku_tier", "Premium".into()),
        ("firewall_dns_proxy_enabled", true.into()),
        ("tls_inspection_enabled", true.into()),
        ("source_ip_group_ids", Value::string_set([id("ipGroups")])),
        ("collection_priority_base", 2000_i64.into()),
        ("bgp_route_propagation_enabled", true.into()),
        ("filtered_internet_ports", Value::string_set(["443"])),
    ]);
    let proxy = Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "10.0.250.4".into()),
        ("proxy_port", 3128_i64.into()),
        ("proxy_bypass_storage", false.into()),
    ]);
    let with = |set: &Value, more: &[(&str, Value)]| {
        let mut set = set.clone();
        for (name, value) in more {
            set.set_attribute(*name, value.clone());
        }
        set
    };
    let sets: Vec<Value> = inputs_of(workload).into_iter().map(|(_, values)| values).collect();
    let set = sets.first().unwrap();
    match workload {
        "cyclecloud_subnet" => {
            let groups = Value::object([("node_id", Value::from(id("applicationSecurityGroups")))]);
            vec![
                with(
                    set,
                    &[
                        ("egress", firewall),
                        ("extra_rules", extra.clone()),
                        ("application_security_groups", groups),
                    ],
                ),
                with(set, &[("egress", proxy), ("extra_rules", extra)]),
            ]
        }
        "aml_compute_egress" | "aml_attached_compute_ingress" => vec![
            with(set, &[("egress", firewall), ("extra_rules", extra)]),
            with(set, &[("egress", proxy)]),
        ],
        "aml_kubernetes_egress" => vec![with(set, &[("egress", firewall)]), with(set, &[("egress", proxy)])],
        "cyclecloud_connection" => {
            let bgp = Value::object([
                ("asn", Value::from(65_010_i64)),
                ("bgp_peering_address", "10.0.0.30".into()),
                ("peer_weight", 5_i64.into()),
            ]);
            vec![with(
                sets.get(1).unwrap(),
                &[
                    ("bgp_settings", bgp),
                    ("virtual_network_gateway_id", id("virtualNetworkGateways").into()),
                ],
            )]
        }
        "license_server_link" => {
            let junction = Value::object([
                ("connection", Value::from("node_dials")),
                ("address_prefixes", Value::string_set(["203.0.113.9"])),
                ("tunnel_protocol", "openvpn".into()),
            ]);
            let script = Value::object([
                ("platforms", Value::string_set(["linux"])),
                ("check_interval_minutes", 7_i64.into()),
                (
                    "credential_reference",
                    "https://licenses.vault.azure.net/secrets/tunnel".into(),
                ),
            ]);
            vec![with(
                set,
                &[
                    ("link_type", "junction_box".into()),
                    ("junction_box", junction),
                    ("startup_script", script),
                    ("extra_rules", extra),
                ],
            )]
        }
        _ => vec![with(set, &[("extra_rules", extra)])],
    }
}

/// Whatever is not known yet, at any depth of any workload's inputs: never an error, and nothing is planned that apply would not make.
#[tokio::test]
async fn every_place_may_be_unknown() {
    let mut problems = Vec::new();
    let mut partly_known = 0;
    for workload in WORKLOADS {
        let sets = inputs_of(workload.name).into_iter().map(|(_, values)| values);
        for inputs in sets.chain(objects_of(workload.name)) {
            let later = call(workload.name, inputs.clone()).await.unwrap();
            let mut places = Vec::new();
            places_in(&inputs, &[], &mut places);
            for path in places {
                let place = format!("{} {}", workload.name, path.join("."));
                match call(workload.name, with_unknown(&inputs, &path)).await {
                    Ok(planned) if !is_kept(&planned, &later) => {
                        problems.push(format!("{place}: planned is not what is applied"))
                    }
                    Ok(planned) => partly_known += usize::from(!planned.attribute("security_rules").is_unknown()),
                    // It may turn out to be null, or as it is.
                    Err(error) => problems.push(format!("{place}: {}", error.text)),
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    assert!(partly_known > 30, "only {partly_known} places leave anything known");
}

#[tokio::test]
async fn what_is_known_at_plan_is_so_at_apply() {
    let egress = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.9.0.4".into()),
    ]);
    let inputs = server(&[
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        (
            "application_security_groups",
            Value::object([(
                "node_id",
                Value::from(
                    "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes",
                ),
            )]),
        ),
        ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
        (
            "waived_requirements",
            Value::object([("CC-HOST-WATSON", Value::from("no telemetry"))]),
        ),
        ("name_prefix", "hpc-".into()),
        ("edition", "2020-07".into()),
        ("egress", egress),
    ]);
    let later = call("cyclecloud_subnet", inputs.clone()).await.unwrap();
    let mut partly_known = 0;
    let set = inputs.as_map().unwrap().iter();
    let paths = set.flat_map(|(name, value)| {
        let inner = value
            .as_map()
            .into_iter()
            .flatten()
            .map(|(inner, _)| (name, Some(inner)));
        inner.chain([(name, None)]).collect::<Vec<_>>()
    });
    for (name, inner) in paths {
        let mut early = inputs.clone();
        let value = match inner {
            Some(inner) => {
                let mut object = inputs.attribute(name).clone();
                object.set_attribute(inner.as_str(), Value::UNKNOWN);
                object
            }
            None => Value::UNKNOWN,
        };
        early.set_attribute(name.as_str(), value);
        let planned = call("cyclecloud_subnet", early).await.unwrap();
        assert!(is_kept(&planned, &later), "{name} {inner:?}\n{planned:#?}");
        partly_known += usize::from(!planned.attribute("security_rules").is_unknown());
    }
    assert!(
        partly_known >= 3,
        "ids, addresses of appliances and reasons decide nothing"
    );
}

#[tokio::test]
async fn an_error_is_not_put_off_by_an_unknown_input() {
    let refused = expand(&[("role", Value::UNKNOWN), ("isolation", "stricd".into())]).await;
    assert!(refused.unwrap_err().text.contains("did you mean `strict`?"));
}

#[tokio::test]
async fn refusals_name_the_input() {
    let mut report = String::new();
    for (workload, inputs) in [
        ("cyclecloud_subnett", server(&[])),
        ("lockeddown_cyclecloud_subnet", server(&[])),
        ("cyclecloud_subnet", "server".into()),
        ("cyclecloud_subnet", server(&[("locaton", "westeurope".into())])),
        (
            "cyclecloud_subnet",
            server(&[("egress", Value::object([("typ", Value::from("proxy"))]))]),
        ),
        (
            "cyclecloud_subnet",
            server(&[("role", "servers".into()), ("storage_access", "endpoint".into())]),
        ),
        (
            "cyclecloud_subnet",
            server(&[("node_address_prefixes", "10.0.1.0/24".into())]),
        ),
        ("cyclecloud_subnet", server(&[("edition", "1999".into())])),
        ("cyclecloud_subnet", server(&[("rol", "server".into())])),
    ] {
        let error = call(workload, inputs).await.unwrap_err();
        // The list of workloads grows.
        let text = error.text.split(": there are `cyclecloud_subnet`").next().unwrap();
        report.push_str(&format!("argument {}: {text}\n\n", error.argument.unwrap()));
    }
    insta::assert_snapshot!(report);
}

fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        Just(Value::UNKNOWN),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-z0-9./:*]{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::List),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..3).prop_map(Value::Map),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Whatever stands in an argument of any workload: an answer that fits its type, or a refusal with a reason.
    #[test]
    fn every_value_of_every_argument_is_answered(workload in 0..WORKLOADS.len(), argument in any::<prop::sample::Index>(), value in anything()) {
        let workload = WORKLOADS.get(workload).unwrap();
        let arguments = workload.all_arguments();
        let mut inputs = server(&[]);
        if workload.name != "cyclecloud_subnet" {
            inputs = Value::object([("location", Value::from("westeurope"))]);
        }
        inputs.set_attribute(argument.get(&arguments).name, value);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Err(refused) = runtime.block_on(call(workload.name, inputs)) {
            prop_assert!(!refused.text.is_empty() && !refused.text.ends_with(['.', '?']), "{}", refused.text);
        }
    }
}
