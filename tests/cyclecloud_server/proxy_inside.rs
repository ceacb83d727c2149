//! A return proxy among the nodes, in their own subnet.

use lockeddown::{
    network::{AddressSide, Direction, Ports},
    workloads::Outcome,
};
use tfplugin_rs::value::Value;

use crate::{outcome, table};

/// What a return proxy among the nodes changes in their subnet.
fn with_a_proxy_inside(changes: &[(&str, Value)]) -> Outcome {
    let mut values = Value::object([
        ("role", Value::from("node")),
        ("location", "westeurope".into()),
        ("connection_mode", "return_proxy".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("return_proxy_address_prefixes", Value::string_set(["10.0.1.4/32"])),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    outcome(&values)
}

#[test]
fn a_return_proxy_among_the_nodes_is_let_in_as_in_a_subnet_of_its_own() {
    let server = ("server_address_prefixes", Value::string_set(["10.0.0.0/28"]));
    let nodes = (
        "node_address_prefixes",
        Value::string_set(["10.0.1.0/24", "10.0.7.0/24"]),
    );
    let expanded = with_a_proxy_inside(&[server, nodes]).expanded.unwrap();
    assert_eq!(
        table(&expanded, Direction::Inbound),
        [
            "112 return_proxy_ssh 22 Tcp 10.0.0.0/28 10.0.1.4/32 Allow",
            "113 return_proxy_37140_inbound 37140 Tcp 10.0.1.0/24,10.0.7.0/24 10.0.1.4/32 Allow",
        ]
    );
    assert_eq!(
        table(&expanded, Direction::Outbound)[0],
        "113 return_proxy_37140 37140 Tcp 10.0.1.0/24 10.0.1.4/32 Allow"
    );
    let inbound = expanded
        .policy
        .flows
        .iter()
        .filter(|(_, flow)| flow.direction == Direction::Inbound);
    let asked: Vec<_> = inbound
        .map(|(key, flow)| (key.as_str(), flow.local.clone(), flow.ports.clone()))
        .collect();
    let proxy = AddressSide::Prefixes(["10.0.1.4/32".parse().unwrap()].into());
    assert_eq!(
        asked,
        [
            ("CC-NODE-PROXY-HTTPS/inbound", proxy.clone(), Ports::single(37140)),
            ("CC-SERVER-PROXY-SSH", proxy, Ports::single(22)),
        ]
    );
    let others: Vec<_> = expanded.policy.counterpart_rules.keys().map(String::as_str).collect();
    assert_eq!(others, ["server"], "the proxy's group is this one");
}

#[test]
fn a_return_proxy_among_the_nodes_is_reached_over_the_internet_at_its_own_address_only() {
    let expanded = with_a_proxy_inside(&[
        ("server_placement", "on_premises".into()),
        ("return_proxy_public_ip_enabled", true.into()),
        ("server_public_ip_prefixes", Value::string_set(["203.0.113.7/32"])),
    ])
    .expanded
    .unwrap();
    let rule = "115 return_proxy_ssh_public 22 Tcp 203.0.113.7/32 10.0.1.4/32 Allow".to_owned();
    assert!(table(&expanded, Direction::Inbound).contains(&rule));
    let flow = &expanded.policy.flows["CC-SERVER-PROXY-SSH-PUBLIC"];
    assert_eq!(
        flow.local,
        AddressSide::Prefixes(["10.0.1.4/32".parse().unwrap()].into())
    );
}

#[test]
fn the_server_of_a_return_proxy_among_the_nodes_has_to_be_known() {
    let outcome = with_a_proxy_inside(&[]);
    let [problem] = &outcome.problems[..] else {
        panic!("{:#?}", outcome.problems)
    };
    assert_eq!(problem.path.to_string(), "server_address_prefixes");
    assert!(
        problem.detail.contains("`10.0.1.4/32` is in this subnet"),
        "{}",
        problem.detail
    );
    let elsewhere = [("return_proxy_address_prefixes", Value::string_set(["10.0.2.4"]))];
    assert!(with_a_proxy_inside(&elsewhere).expanded.is_some());
}
