//! What joins a CycleCloud server to its nodes, held against tables transcribed by hand.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

#[path = "inputs/refusals.rs"]
mod refusals;

use lockeddown::{
    network::{AddressSide, FlowDirection, Known, Ports, PrerequisiteStatus, SecurityRule},
    requirements::{Edition, catalogue},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

use crate::refusals::refused;

const SERVER: &str =
    "/subscriptions/0000/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/server-network";
const NODE: &str = "/subscriptions/0000/resourceGroups/spoke/providers/Microsoft.Network/virtualNetworks/node-network";

fn peering(changes: &[(&str, Value)]) -> Value {
    let mut values = Value::object([
        ("type", Value::from("virtual_network_peering")),
        ("location", "westeurope".into()),
        ("server_address_spaces", Value::string_set(["10.0.0.0/16"])),
        ("node_address_spaces", Value::string_set(["10.1.0.0/16"])),
        ("server_virtual_network_id", SERVER.into()),
        ("node_virtual_network_id", NODE.into()),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

/// A server on premises behind a VPN device.
fn vpn(changes: &[(&str, Value)]) -> Value {
    let mut values = peering(&[
        ("type", "vpn_site_to_site".into()),
        ("server_virtual_network_id", Value::Null),
        ("node_virtual_network_id", Value::Null),
        ("gateway_address", "203.0.113.4".into()),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn outcome(values: &Value) -> Outcome {
    Workload::find("cyclecloud_connection")
        .unwrap()
        .expand(values, &Surroundings::none(Defaults::default()))
}

fn expand(values: &Value) -> Expanded {
    let outcome = outcome(values);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn side(side: &AddressSide) -> String {
    match side {
        AddressSide::Any => "*".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        AddressSide::Groups(_) => "group".to_owned(),
    }
}

fn row(role: &str, rule: &SecurityRule) -> String {
    let ports = match &rule.destination_ports {
        Ports::Any => "*".to_owned(),
        Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    };
    format!(
        "{role},{},{},{},{},{},{},{},{ports}",
        rule.priority,
        rule.name,
        rule.direction,
        rule.access,
        rule.protocol,
        side(&rule.source),
        side(&rule.destination)
    )
}

/// The rules of both ends as a table.
fn table(expanded: &Expanded) -> String {
    let mut rows = vec!["role,priority,name,direction,access,protocol,source,destination,ports".to_owned()];
    for (role, rules) in &expanded.policy.counterpart_rules {
        let mut rules: Vec<_> = rules.values().collect();
        rules.sort_by_key(|rule| rule.priority);
        rows.extend(rules.into_iter().map(|rule| row(role, rule)));
    }
    rows.join("\n") + "\n"
}

#[test]
fn both_ends_get_the_flows_that_cross_the_peering() {
    let expanded = expand(&peering(&[]));
    assert_eq!(
        table(&expanded),
        include_str!("tables/cyclecloud_connection-2026-08.csv")
    );
    assert!(expanded.policy.security_rules.is_empty(), "a connection has no NSG");
    assert!(expanded.policy.on_premises_flows.is_empty());
}

#[test]
fn version_7_brings_its_message_broker() {
    let expanded = expand(&peering(&[
        ("edition", "2020-07".into()),
        ("cyclecloud_version", 7_i64.into()),
    ]));
    let expected = include_str!("tables/cyclecloud_connection-2020-07-version-7.csv");
    assert_eq!(table(&expanded), expected);
}

#[test]
fn through_a_return_proxy_only_the_servers_tunnel_crosses() {
    let expanded = expand(&peering(&[
        ("edition", "2022-10".into()),
        ("connection_mode", "return_proxy".into()),
        ("return_proxy_address_prefixes", Value::string_set(["10.1.0.4"])),
    ]));
    let expected = include_str!("tables/cyclecloud_connection-2022-10-return-proxy.csv");
    assert_eq!(table(&expanded), expected);
}

#[test]
fn both_families_have_rules_of_their_own() {
    let expanded = expand(&peering(&[
        ("environment", "usgovernment".into()),
        ("location", "usgovvirginia".into()),
        ("server_address_spaces", Value::string_set(["10.0.0.0/16", "fd00::/48"])),
        ("node_address_spaces", Value::string_set(["10.1.0.0/16", "fd00:1::/48"])),
    ]));
    let expected = include_str!("tables/cyclecloud_connection-2026-08-usgovernment-ipv6.csv");
    assert_eq!(table(&expanded), expected);
}

#[test]
fn a_server_on_premises_has_a_firewall_team_instead_of_an_nsg() {
    let expanded = expand(&vpn(&[
        ("environment", "china".into()),
        ("location", "chinanorth3".into()),
    ]));
    let expected = include_str!("tables/cyclecloud_connection-2026-08-china-on-premises.csv");
    assert_eq!(table(&expanded), expected);

    let flows = &expanded.policy.on_premises_flows;
    let names: Vec<_> = flows.keys().map(String::as_str).collect();
    assert_eq!(names, ["CC-NODE-SERVER-HTTPS", "CC-VPN-ESP", "CC-VPN-IKE"]);
    assert_eq!(flows["CC-NODE-SERVER-HTTPS"].direction, FlowDirection::ToOnPremises);
    assert_eq!(flows["CC-VPN-IKE"].ports, ["500", "4500"].map(String::from).into());
    assert_eq!(flows["CC-VPN-IKE"].source, Known::Is(["203.0.113.4".to_owned()].into()));

    let back = expanded.outputs["on_premises_routes"].attribute("10.1.0.0_16");
    assert_eq!(back.attribute("address_prefix").as_str(), Some("10.1.0.0/16"));
}

#[test]
fn the_side_with_the_gateway_allows_transit_and_the_other_uses_it() {
    let expanded = expand(&peering(&[
        ("gateway_side", "server".into()),
        ("remote_side_managed", false.into()),
    ]));
    let half = |name: &str, attribute: &str| {
        expanded.outputs["peerings"]
            .attribute(name)
            .attribute(attribute)
            .clone()
    };
    assert_eq!(half("server_to_node", "allow_gateway_transit"), true.into());
    assert_eq!(half("server_to_node", "use_remote_gateways"), false.into());
    assert_eq!(half("node_to_server", "allow_gateway_transit"), false.into());
    assert_eq!(half("node_to_server", "use_remote_gateways"), true.into());
    assert_eq!(half("node_to_server", "virtual_network_name"), "node-network".into());
    assert_eq!(half("node_to_server", "resource_group_name"), "spoke".into());
    assert_eq!(half("server_to_node", "managed"), false.into());
    let both_ways = &expanded.policy.prerequisites["CC-PEERING-BOTH-WAYS"];
    assert_eq!(both_ways.status, PrerequisiteStatus::Unknown);
}

#[test]
fn a_site_is_a_local_network_gateway_and_a_connection() {
    let bgp = Value::object([
        ("asn", Value::from(65_010_i64)),
        ("bgp_peering_address", "10.0.255.1".into()),
    ]);
    let expanded = expand(&vpn(&[
        ("bgp_settings", bgp),
        ("virtual_network_gateway_id", Value::UNKNOWN),
        ("gateway_route", "explicit".into()),
    ]));
    let site = &expanded.outputs["local_network_gateway"];
    assert_eq!(site.attribute("gateway_address").as_str(), Some("203.0.113.4"));
    assert_eq!(site.attribute("address_space"), &Value::string_set(["10.0.0.0/16"]));
    assert_eq!(site.attribute("bgp_settings").attribute("asn"), &65_010_i64.into());
    let connection = &expanded.outputs["connection"];
    assert_eq!(connection.attribute("type").as_str(), Some("IPsec"));
    assert!(connection.attribute("virtual_network_gateway_id").is_unknown());
    assert_eq!(connection.attribute("bgp_enabled"), &true.into());
    let route = expanded.policy.routes.values().next().unwrap();
    assert_eq!(
        (route.destination.to_string().as_str(), route.next_hop.as_str()),
        ("10.0.0.0/16", "VirtualNetworkGateway")
    );
}

#[test]
fn over_a_firewall_both_ways_are_routed() {
    let expanded = expand(&peering(&[
        ("gateway_route", "firewall".into()),
        ("firewall_private_ip_address", Value::UNKNOWN),
        ("allow_forwarded_traffic", true.into()),
    ]));
    let route = expanded.policy.routes.values().next().unwrap();
    assert_eq!(route.destination.to_string(), "10.0.0.0/16");
    assert_eq!(route.next_hop.as_str(), "VirtualAppliance");
    let back = expanded.outputs["server_routes"].as_map().unwrap();
    let back = back.values().next().unwrap();
    assert_eq!(back.attribute("address_prefix").as_str(), Some("10.1.0.0/16"));
    assert!(back.attribute("next_hop_in_ip_address").is_unknown());
}

#[test]
fn the_subnets_prerequisites_are_not_the_connections() {
    let expanded = expand(&peering(&[]));
    let foreign: Vec<_> = expanded
        .policy
        .requirement_ids
        .iter()
        .filter(|id| !id.starts_with("CC-PEERING") && !id.starts_with("CC-CONNECTION"))
        .collect();
    assert_eq!(foreign, ["CC-NODE-SERVER-HTTPS"]);
}

#[test]
fn address_spaces_must_be_known_and_ids_need_not() {
    let spaces = outcome(&peering(&[("node_address_spaces", Value::UNKNOWN)]));
    assert!(spaces.expanded.is_none() && !spaces.has_errors());
    assert_eq!(spaces.unknown[0].to_string(), "node_address_spaces");

    let ids = expand(&peering(&[
        ("server_virtual_network_id", Value::UNKNOWN),
        ("node_virtual_network_id", Value::UNKNOWN),
    ]));
    let half = ids.outputs["peerings"].attribute("node_to_server");
    assert!(half.attribute("remote_virtual_network_id").is_unknown());
    assert!(half.attribute("virtual_network_name").is_unknown());
    assert!(ids.policy.counterpart_rules["node"].contains_key("connection_https_9443"));

    for argument in ["type", "gateway_route", "gateway_side", "connection_mode"] {
        let outcome = outcome(&peering(&[(argument, Value::UNKNOWN)]));
        assert!(outcome.expanded.is_none() && !outcome.has_errors(), "{argument}");
    }
}

fn bgp(address: &str, number: i64, weight: i64) -> Value {
    Value::object([
        ("asn", Value::from(number)),
        ("bgp_peering_address", address.into()),
        ("peer_weight", weight.into()),
    ])
}

fn extra() -> Value {
    let rule = Value::object([("direction", Value::from("Outbound")), ("protocol", "Tcp".into())]);
    Value::object([("mine", rule)])
}

#[test]
fn what_cannot_work_is_explained_at_its_argument() {
    let cases: &[Value] = &[
        peering(&[("node_address_spaces", Value::string_set(["10.0.128.0/24"]))]),
        peering(&[("node_address_spaces", Value::string_set::<&str>([]))]),
        peering(&[("server_virtual_network_id", Value::Null)]),
        peering(&[("node_virtual_network_id", "node-network".into())]),
        peering(&[("gateway_address", "203.0.113.4".into())]),
        peering(&[("gateway_route", "explicit".into())]),
        peering(&[
            ("gateway_route", "firewall".into()),
            ("firewall_private_ip_address", "10.9.0.4".into()),
        ]),
        peering(&[
            ("edition", "2020-07".into()),
            ("gateway_route", "firewall".into()),
            ("allow_forwarded_traffic", true.into()),
            ("firewall_private_ip_address", "10.9.0.4".into()),
        ]),
        peering(&[("cyclecloud_version", 6_i64.into())]),
        peering(&[("edition", "2011".into())]),
        peering(&[("type", "peering".into())]),
        vpn(&[("gateway_address", Value::Null)]),
        vpn(&[("gateway_address", "vpn.example.org".into())]),
        vpn(&[("gateway_fqdn", "vpn.example.org".into())]),
        vpn(&[("gateway_side", "server".into())]),
        vpn(&[("gateway_route", "firewall".into())]),
        vpn(&[
            ("type", "express_route".into()),
            ("gateway_address", Value::Null),
            ("gateway_route", "explicit".into()),
        ]),
        peering(&[("node_virtual_network_id", SERVER.to_uppercase().into())]),
        peering(&[("return_proxy_address_prefixes", Value::string_set(["10.1.0.4"]))]),
        peering(&[
            ("connection_mode", "return_proxy".into()),
            ("return_proxy_address_prefixes", Value::string_set(["172.16.0.4"])),
        ]),
        peering(&[("firewall_private_ip_address", "10.9.0.4".into())]),
        peering(&[("node_address_spaces", Value::string_set(["fd00:1::/48"]))]),
        vpn(&[("extra_rules", extra())]),
        vpn(&[("gateway_address", Value::Null), ("gateway_fqdn", "https://vpn".into())]),
        vpn(&[("virtual_network_gateway_id", "gateway".into())]),
        vpn(&[("bgp_settings", bgp("10.0.0.30", 4_294_967_296, 5))]),
        vpn(&[("bgp_settings", bgp("speaker", 65_010, 101))]),
        vpn(&[("bgp_settings", bgp("speaker", 65_010, 5))]),
    ];
    let mut report = String::new();
    for values in cases {
        let outcome = outcome(values);
        report.push_str(&refused(&values, &outcome));
    }
    insta::assert_snapshot!(report);
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    (
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec![7_i64, 8]),
        prop::sample::select(vec!["direct", "return_proxy"]),
        prop::sample::select(vec!["none", "server", "node"]),
        prop::option::of(100_i64..=3900),
        prop::sample::select(vec!["none", "internet", "strict"]),
    )
        .prop_map(|(edition, version, mode, gateway, base, isolation)| {
            vec![
                ("edition", edition.into()),
                ("cyclecloud_version", version.into()),
                ("connection_mode", mode.into()),
                ("gateway_side", gateway.into()),
                ("priority_base", base.into()),
                ("isolation", isolation.into()),
                (
                    "node_address_spaces",
                    Value::string_set(["10.1.0.0/16", "10.2.0.0/16", "fd00:1::/48"]),
                ),
                ("server_address_spaces", Value::string_set(["10.0.0.0/16", "fd00::/48"])),
            ]
        })
}

proptest! {
    #[test]
    fn every_rule_of_either_end_has_a_requirement_and_its_own_place_in_the_band(options in options()) {
        let expanded = expand(&peering(&options));
        let edition: Edition = options[0].1.as_str().unwrap().parse().unwrap();
        let known = catalogue("cyclecloud").unwrap();
        let base = options[4].1.as_number().and_then(|base| base.to_i64()).unwrap_or(400);
        for rules in expanded.policy.counterpart_rules.values() {
            let mut taken = std::collections::BTreeSet::new();
            for rule in rules.values() {
                prop_assert!(taken.insert((rule.direction, rule.priority)), "{} shares its priority", rule.name);
                let priority = i64::from(rule.priority.get());
                prop_assert!((base..base + 100).contains(&priority), "{} stands at {priority}", rule.name);
                for id in &rule.requirement_ids {
                    prop_assert!(known.of_edition(edition).any(|row| &row.id == id), "{id}");
                }
                for end in [&rule.source, &rule.destination] {
                    let AddressSide::Prefixes(prefixes) = end else { panic!("{} is wider than its ends", rule.name) };
                    let families: std::collections::BTreeSet<_> = prefixes.iter().map(|prefix| prefix.family()).collect();
                    prop_assert_eq!(families.len(), 1);
                }
            }
        }
    }

    #[test]
    fn version_7_never_moves_the_rules_of_version_8(options in options()) {
        let with = |version: i64| {
            let mut options = options.clone();
            options.push(("cyclecloud_version", version.into()));
            expand(&peering(&options)).policy.counterpart_rules
        };
        let (eight, seven) = (with(8), with(7));
        for (role, rules) in &eight {
            for (name, rule) in rules {
                prop_assert_eq!(Some(rule), seven[role].get(name));
            }
        }
    }
}
