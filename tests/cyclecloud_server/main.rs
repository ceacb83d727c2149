//! The CycleCloud server's policy, held against the document it comes from.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod advice;
mod proxy_inside;
#[path = "../inputs/refusals.rs"]
mod refusal;
mod refusals;
mod several_subnets;
mod ways;

use lockeddown::{
    network::{AddressSide, Direction, Ports},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

fn server(changes: &[(&str, Value)]) -> Value {
    let mut values = Value::object([
        ("role", Value::from("server")),
        ("location", "westeurope".into()),
        ("node_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/28"])),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn outcome(values: &Value) -> Outcome {
    Workload::find("cyclecloud_subnet")
        .unwrap()
        .expand(values, &Surroundings::none(Defaults::default()))
}

fn expand(changes: &[(&str, Value)]) -> Expanded {
    let outcome = outcome(&server(changes));
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

/// The rules as the rows of a table: priority, name, port, protocol, source, destination, access.
fn table(expanded: &Expanded, direction: Direction) -> Vec<String> {
    let mut rows: Vec<_> = expanded
        .policy
        .security_rules
        .values()
        .filter(|rule| rule.direction == direction)
        .collect();
    rows.sort_by_key(|rule| rule.priority);
    let side = |side: &AddressSide| match side {
        AddressSide::Any => "Any".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        AddressSide::Groups(_) => "group".to_owned(),
    };
    let ports = |ports: &Ports| match ports {
        Ports::Any => "Any".to_owned(),
        Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
    };
    rows.into_iter()
        .map(|rule| {
            let (source, destination) = (side(&rule.source), side(&rule.destination));
            let ports = ports(&rule.destination_ports);
            format!(
                "{} {} {ports} {} {source} {destination} {}",
                rule.priority, rule.name, rule.protocol, rule.access
            )
        })
        .collect()
}

#[test]
fn the_outbound_rules_are_the_documents_table() {
    let expanded = expand(&[("subnet_address_prefixes", Value::Null)]);
    // "Configuring an Azure Network Security Group for the CycleCloud VM", transcribed by hand.
    assert_eq!(
        table(&expanded, Direction::Outbound),
        [
            "100 AllowAzureStorage 443 Tcp Any Storage Allow",
            "101 AllowActiveDirectory 443 Tcp Any AzureActiveDirectory Allow",
            "102 AllowAzureMonitor 443 Tcp Any AzureMonitor Allow",
            "103 AllowAzureRM 443 Tcp Any AzureResourceManager Allow",
            "4000 BlockOutbound Any * Any Internet Deny",
        ]
    );
}

#[test]
fn version_7_also_needs_amqp() {
    let inbound = |version: i64| table(&expand(&[("cyclecloud_version", version.into())]), Direction::Inbound);
    assert_eq!(inbound(8), ["110 https_9443 9443 Tcp 10.0.1.0/24 10.0.0.0/28 Allow"]);
    assert_eq!(inbound(7)[1], "111 amqp_5672 5672 Tcp 10.0.1.0/24 10.0.0.0/28 Allow");
}

#[test]
fn azure_bastion_for_everybody_has_the_rule_without_which_azure_refuses_the_group() {
    let outcome = outcome(&Value::object([
        ("role", Value::from("azure_bastion")),
        ("location", "westeurope".into()),
        ("web_source_address_prefixes", Value::string_set(["Internet"])),
        (
            "waived_requirements",
            Value::object([("CHECK-ADMIN-SOURCE-CLOSED", Value::from("it signs in with Entra ID"))]),
        ),
    ]));
    let inbound = table(&outcome.expanded.unwrap(), Direction::Inbound);
    assert!(
        inbound.contains(&"150 AllowHttpsInbound 443 Tcp Any Any Allow".to_owned()),
        "{inbound:?}"
    );
}

#[test]
fn addresses_of_both_families_have_rules_of_their_own() {
    let expanded = expand(&[
        (
            "subnet_address_prefixes",
            Value::string_set(["10.0.0.0/28", "fd00:db8::/64"]),
        ),
        (
            "node_address_prefixes",
            Value::string_set(["10.0.1.0/24", "fd00:db8:1::/64"]),
        ),
    ]);
    assert_eq!(
        table(&expanded, Direction::Inbound),
        [
            "110 https_9443 9443 Tcp 10.0.1.0/24 10.0.0.0/28 Allow",
            "260 https_9443_ipv6 9443 Tcp fd00:db8:1::/64 fd00:db8::/64 Allow",
        ]
    );
}

#[test]
fn strict_isolation_closes_the_virtual_network_after_the_required_flows() {
    let expanded = expand(&[
        ("isolation", "strict".into()),
        ("dns_server_addresses", Value::string_set(["10.9.0.4"])),
        ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
    ]);
    let outbound = table(&expanded, Direction::Outbound);
    assert!(outbound.contains(&"4001 BlockVirtualNetworkOutbound Any * 10.0.0.0/28 VirtualNetwork Deny".to_owned()));
    assert!(outbound.contains(&"248 AllowDnsUdp 53 Udp 10.0.0.0/28 10.9.0.4/32 Allow".to_owned()));
    assert!(outbound.contains(&"247 AllowIntraSubnetOutbound Any * 10.0.0.0/28 10.0.0.0/28 Allow".to_owned()));
}

#[test]
fn the_nodes_side_is_told_what_it_needs() {
    let expanded = expand(&[]);
    let node = expanded.policy.counterpart_rules.get("node").unwrap();
    let rule = node.get("https_9443").unwrap();
    assert_eq!(rule.direction, Direction::Outbound);
    assert_eq!(
        rule.destination,
        AddressSide::Prefixes(["10.0.0.0/28".parse().unwrap()].into())
    );
    assert_eq!(node.len(), 1, "{node:?}");
}

#[test]
fn a_waived_deny_does_not_come_back_under_another_name() {
    let waived = Value::object([("CC-DENY-INTERNET", Value::from("the hub denies"))]);
    let outbound = table(&expand(&[("waived_requirements", waived)]), Direction::Outbound);
    assert!(outbound.iter().all(|row| !row.ends_with("Deny")), "{outbound:?}");
}

fn firewall(address: &str) -> Value {
    Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", address.into()),
    ])
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let prefixes = |texts: &'static [&'static str]| {
        proptest::sample::subsequence(texts.to_vec(), 1..=texts.len()).prop_map(Value::string_set)
    };
    (
        prop::sample::select(vec![7_i64, 8]),
        prop::sample::select(vec!["none", "internet", "strict"]),
        prop::sample::select(vec!["service_endpoint", "service_tag"]),
        prop::option::of(prefixes(&["10.5.0.0/24", "fd00:5::/64"])),
        prefixes(&["10.0.1.0/24", "10.0.2.0/24"]),
        prop::option::of(100_i64..=3700),
    )
        .prop_map(|(version, isolation, storage, web, nodes, base)| {
            vec![
                ("cyclecloud_version", version.into()),
                ("isolation", isolation.into()),
                ("storage_access", storage.into()),
                ("web_source_address_prefixes", web.unwrap_or(Value::Null)),
                ("node_address_prefixes", nodes),
                (
                    "subnet_address_prefixes",
                    Value::string_set(["10.0.0.0/28", "fd00:0::/64"]),
                ),
                ("priority_base", base.into()),
            ]
        })
}

proptest! {
    #[test]
    fn every_rule_has_its_requirement_and_a_priority_of_its_own(options in options()) {
        let expanded = expand(&options);
        let mut taken = std::collections::BTreeSet::new();
        for rule in expanded.policy.security_rules.values() {
            prop_assert!(!rule.requirement_ids.is_empty());
            prop_assert!(taken.insert((rule.direction, rule.priority)), "{} shares its priority", rule.name);
        }
    }

    #[test]
    fn an_option_never_moves_the_rules_of_another(options in options()) {
        let base = expand(&options);
        let mut more = options.clone();
        more.push(("ssh_source_address_prefixes", Value::string_set(["10.6.0.0/24"])));
        more.push(("dns_server_addresses", Value::string_set(["10.6.0.4"])));
        let more = expand(&more);
        for (name, rule) in &base.policy.security_rules {
            prop_assert_eq!(Some(rule), more.policy.security_rules.get(name));
        }
    }
}
