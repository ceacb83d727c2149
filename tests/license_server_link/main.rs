//! Nodes and license servers, held against tables transcribed by hand.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where"
)]

#[path = "../inputs/refusals.rs"]
mod refusal;
mod refusals;
mod scripts;

use std::collections::BTreeSet;

use lockeddown::{
    network::{AddressSide, FlowDirection, Known, Ports, PrerequisiteStatus, SecurityRules},
    requirements::{Edition, catalogue},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

fn with(mut values: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn manager(kind: &str, changes: &[(&str, Value)]) -> Value {
    with(Value::object([("type", Value::from(kind))]), changes)
}

fn server(managers: Value) -> Value {
    Value::object([
        ("address_prefixes", Value::string_set(["192.168.5.10"])),
        ("hostname", "license.example.org".into()),
        ("managers", managers),
    ])
}

fn two_managers() -> Value {
    let ansys: &[(&str, Value)] = &[
        ("port", 1055_i64.into()),
        ("vendor_port", 1056_i64.into()),
        ("extra_ports", Value::string_set(["2325"])),
    ];
    Value::object([
        ("ansys", manager("flexnet", ansys)),
        ("abaqus", manager("flexnet", &[("vendor_port", 27_001_i64.into())])),
    ])
}

/// Nodes in Azure, the license server on premises.
fn link(changes: &[(&str, Value)]) -> Value {
    let values = Value::object([
        ("link_type", Value::from("vpn_site_to_site")),
        ("location", "westeurope".into()),
        ("subnet_address_prefixes", Value::string_set(["10.1.0.0/24"])),
        ("license_servers", Value::object([("main", server(two_managers()))])),
    ]);
    with(values, changes)
}

fn point_to_site(changes: &[(&str, Value)]) -> Value {
    let junction_box = Value::object([
        ("vpn_client_address_pool", Value::from("172.30.0.0/28")),
        ("address_prefixes", Value::string_set(["203.0.113.9"])),
    ]);
    with(
        link(&[("link_type", "junction_box".into()), ("junction_box", junction_box)]),
        changes,
    )
}

fn node_dials(changes: &[(&str, Value)]) -> Value {
    let junction_box = Value::object([
        ("connection", Value::from("node_dials")),
        ("address_prefixes", Value::string_set(["203.0.113.9"])),
    ]);
    let script = Value::object([(
        "credential_reference",
        Value::from("https://licenses.vault.azure.net/secrets/tunnel"),
    )]);
    with(
        link(&[
            ("link_type", "junction_box".into()),
            ("junction_box", junction_box),
            ("startup_script", script),
        ]),
        changes,
    )
}

fn outcome(values: &Value) -> Outcome {
    Workload::find("license_server_link")
        .unwrap()
        .expand(values, &Surroundings::none(Defaults::default()))
}

fn expand(values: &Value) -> Expanded {
    let outcome = outcome(values);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn table(rules: &SecurityRules) -> String {
    let side = |side: &AddressSide| match side {
        AddressSide::Any => "*".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        AddressSide::Groups(_) => "group".to_owned(),
    };
    let mut rules: Vec<_> = rules.values().collect();
    rules.sort_by_key(|rule| rule.priority);
    let mut rows = vec!["priority,name,direction,access,protocol,source,destination,ports".to_owned()];
    rows.extend(rules.into_iter().map(|rule| {
        let ports = match &rule.destination_ports {
            Ports::Any => "*".to_owned(),
            Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        let (source, destination) = (side(&rule.source), side(&rule.destination));
        format!(
            "{},{},{},{},{},{source},{destination},{ports}",
            rule.priority, rule.name, rule.direction, rule.access, rule.protocol
        )
    }));
    rows.join("\n") + "\n"
}

#[test]
fn every_manager_has_its_own_rules() {
    let expanded = expand(&link(&[]));
    let expected = include_str!("../tables/license_server_link-2026-08.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    assert!(
        expanded.policy.counterpart_rules.is_empty(),
        "there is no NSG on premises"
    );
}

#[test]
fn explicit_managers_and_callbacks_are_what_they_say() {
    let gurobi = manager("explicit", &[("port", 41_954_i64.into()), ("protocol", "Udp".into())]);
    let expanded = expand(&link(&[
        ("edition", "2020-07".into()),
        ("environment", "usgovernment".into()),
        ("location", "usgovvirginia".into()),
        ("isolation", "none".into()),
        ("subnet_address_prefixes", Value::Null),
        (
            "license_servers",
            Value::object([("main", server(Value::object([("gurobi", gurobi)])))]),
        ),
        ("callback_ports", Value::string_set(["5000-5010"])),
    ]));
    let expected = include_str!("../tables/license_server_link-2020-07-usgovernment-explicit.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    let linux = expanded.outputs["environment_variables"].attribute("linux");
    assert_eq!(linux, &Value::object::<String>([]), "LM_LICENSE_FILE is FlexNet's");
}

#[test]
fn the_document_of_2011_has_every_node_dial_the_junction_box() {
    let expanded = expand(&node_dials(&[("edition", "2011".into())]));
    let expected = include_str!("../tables/license_server_link-2011.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    let connect = &expanded.policy.prerequisites["LIC-CONNECT-ENDPOINT"];
    assert_eq!(
        connect.status,
        PrerequisiteStatus::NotSatisfied,
        "Azure Connect is gone"
    );

    let today = expand(&node_dials(&[]));
    assert!(!today.policy.prerequisites.contains_key("LIC-CONNECT-ENDPOINT"));
}

#[test]
fn point_to_site_does_not_reach_behind_the_junction_box() {
    let expanded = expand(&point_to_site(&[
        ("environment", "china".into()),
        ("location", "chinanorth3".into()),
    ]));
    let expected = include_str!("../tables/license_server_link-2026-08-china-junction-box.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);

    let flows = &expanded.policy.on_premises_flows;
    let names: Vec<_> = flows.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "LIC-JUNCTION-FORWARD_main_abaqus",
            "LIC-JUNCTION-FORWARD_main_ansys",
            "LIC-JUNCTION-TUNNEL-ESP",
            "LIC-JUNCTION-TUNNEL-IKEV2",
        ]
    );
    let forward = &flows["LIC-JUNCTION-FORWARD_main_ansys"];
    assert_eq!(forward.source, Known::Is(["203.0.113.9/32".to_owned()].into()));
    assert_eq!(forward.ports, ["1055", "1056", "2325"].map(String::from).into());
    assert_eq!(
        flows["LIC-JUNCTION-TUNNEL-IKEV2"].direction,
        FlowDirection::FromOnPremises
    );
}

#[test]
fn a_license_server_in_azure_is_told_its_rules() {
    let expanded = expand(&link(&[
        ("edition", "2022-10".into()),
        ("link_type", "peered".into()),
        ("callback_ports", Value::string_set(["5000"])),
    ]));
    let expected = include_str!("../tables/license_server_link-2022-10-license-server.csv");
    assert_eq!(table(&expanded.policy.counterpart_rules["license_server"]), expected);
    assert!(expanded.policy.on_premises_flows.is_empty());
}

#[test]
fn the_site_is_told_its_flows_and_the_way_back() {
    let expanded = expand(&link(&[
        ("gateway_address", "203.0.113.4".into()),
        ("callback_ports", Value::string_set(["5000"])),
        ("gateway_route", "explicit".into()),
    ]));
    let flows = &expanded.policy.on_premises_flows;
    assert_eq!(
        flows["LIC-MANAGER_main_ansys"].source,
        Known::Is(["10.1.0.0/24".to_owned()].into())
    );
    assert_eq!(flows["LIC-CALLBACK"].direction, FlowDirection::FromOnPremises);
    assert_eq!(
        flows["LIC-VPN-IKE"].source,
        Known::Is(["203.0.113.4".to_owned()].into())
    );
    let back = expanded.outputs["on_premises_routes"].attribute("10.1.0.0_24");
    assert_eq!(back.attribute("next_hop").as_str(), Some("vpn_device"));
    let site = &expanded.outputs["local_network_gateway"];
    assert_eq!(site.attribute("address_space"), &Value::string_set(["192.168.5.10/32"]));
    let route = expanded.policy.routes.values().next().unwrap();
    assert_eq!(
        (route.destination.to_string().as_str(), route.next_hop.as_str()),
        ("192.168.5.10/32", "VirtualNetworkGateway")
    );
}

#[test]
fn a_firewall_gets_a_route_for_each_server() {
    let expanded = expand(&link(&[
        ("gateway_route", "firewall".into()),
        ("firewall_private_ip_address", Value::UNKNOWN),
    ]));
    let routes: Vec<_> = expanded.policy.routes.values().collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].next_hop.as_str(), "VirtualAppliance");
    assert!(expanded.policy.requirement_ids.contains("LIC-FIREWALL-ROUTE"));
}

#[test]
fn programs_are_pointed_at_every_flexnet_manager() {
    let variable = |expanded: &Expanded, platform: &str| {
        let value = expanded.outputs["environment_variables"].attribute(platform);
        value.attribute("LM_LICENSE_FILE").clone()
    };
    let expanded = expand(&link(&[]));
    assert_eq!(
        variable(&expanded, "linux"),
        "27000@license.example.org:1055@license.example.org".into()
    );
    assert_eq!(
        variable(&expanded, "windows"),
        "27000@license.example.org;1055@license.example.org".into()
    );
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    (
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec!["virtual_network", "peered", "vpn_site_to_site", "express_route"]),
        prop::sample::select(vec!["none", "internet", "strict"]),
        prop::option::of(100_i64..=3700),
        prop::bool::ANY,
    )
        .prop_map(|(edition, link, isolation, base, callbacks)| {
            let both = with(
                server(two_managers()),
                &[("address_prefixes", Value::string_set(["192.168.5.10", "fd00:5::10"]))],
            );
            let callbacks = if callbacks {
                Value::string_set(["5000"])
            } else {
                Value::Null
            };
            vec![
                ("edition", edition.into()),
                ("link_type", link.into()),
                ("isolation", isolation.into()),
                ("priority_base", base.into()),
                ("callback_ports", callbacks),
                (
                    "subnet_address_prefixes",
                    Value::string_set(["10.1.0.0/24", "fd00:1::/64"]),
                ),
                ("license_servers", Value::object([("main", both)])),
            ]
        })
}

proptest! {
    #[test]
    fn every_rule_has_a_requirement_and_its_own_place_in_the_band_or_the_tail(options in options()) {
        let expanded = expand(&link(&options));
        let edition: Edition = options[0].1.as_str().unwrap().parse().unwrap();
        let base = options[3].1.as_number().and_then(|base| base.to_i64()).unwrap_or(1300);
        let isolated = options[2].1.as_str() != Some("none");
        let mut taken = BTreeSet::new();
        let mut denies = 0;
        for rule in expanded.policy.security_rules.values() {
            prop_assert!(taken.insert((rule.direction, rule.priority)), "{} shares its priority", rule.name);
            let priority = i64::from(rule.priority.get());
            prop_assert!((base..base + 200).contains(&priority) || priority >= 4000, "{} at {priority}", rule.name);
            prop_assert!(rule.description.as_str().chars().count() <= 140);
            denies += usize::from(priority >= 4000);
            for id in &rule.requirement_ids {
                let known = ["license", "shared"].iter().any(|system| {
                    catalogue(system).unwrap().of_edition(edition).any(|row| &row.id == id)
                });
                prop_assert!(known, "{id}");
            }
        }
        prop_assert_eq!(denies > 0, isolated, "an allow list without its deny, or a deny nobody asked for");
    }

    #[test]
    fn an_option_never_moves_the_rules_of_another(options in options()) {
        let base = expand(&link(&options));
        let mut more = options.clone();
        let mut managers = two_managers();
        managers.set_attribute("gurobi", manager("explicit", &[("port", 41_954_i64.into())]));
        let more_servers = with(options[6].1.attribute("main").clone(), &[("managers", managers)]);
        more.push(("license_servers", Value::object([("main", more_servers)])));
        more.push(("callback_ports", Value::string_set(["5000"])));
        let more = expand(&link(&more));
        for (name, rule) in &base.policy.security_rules {
            prop_assert_eq!(Some(rule), more.policy.security_rules.get(name));
        }
    }
}
