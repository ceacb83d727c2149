//! A cluster in several subnets: nodes call and are called.

use lockeddown::{
    network::{AddressSide, Direction, FlowPeer, Known},
    workloads::Expanded,
};
use tfplugin_rs::value::Value;

use crate::{outcome, table};

fn nodes(changes: &[(&str, Value)]) -> Expanded {
    let mut values = Value::object([
        ("role", Value::from("node")),
        ("location", "westeurope".into()),
        ("isolation", "strict".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    outcome(&values).expanded.unwrap()
}

fn asked(expanded: &Expanded) -> Vec<(&str, AddressSide, FlowPeer)> {
    let flows = expanded.policy.flows.iter();
    flows
        .filter(|(key, _)| key.starts_with("CC-NODE-NODE"))
        .map(|(key, flow)| (key.as_str(), flow.local.clone(), flow.peer.clone()))
        .collect()
}

#[test]
fn nodes_of_the_other_subnets_are_let_in_and_reached() {
    let both = Value::string_set(["10.0.1.0/24", "10.0.7.0/24"]);
    let expanded = nodes(&[("node_address_prefixes", both)]);
    let out = "134 cluster_internal Any * 10.0.1.0/24 10.0.7.0/24 Allow".to_owned();
    assert!(table(&expanded, Direction::Outbound).contains(&out));
    let inside = "134 cluster_internal_inbound Any * 10.0.7.0/24 10.0.1.0/24 Allow".to_owned();
    assert!(table(&expanded, Direction::Inbound).contains(&inside));
    let here = AddressSide::Prefixes(["10.0.1.0/24".parse().unwrap()].into());
    let there = FlowPeer::Prefixes(["10.0.7.0/24".parse().unwrap()].into());
    assert_eq!(
        asked(&expanded),
        [
            ("CC-NODE-NODE", here.clone(), there.clone()),
            ("CC-NODE-NODE/inbound", here, there)
        ]
    );
    // The subnet alone has its own rules for that.
    let alone = nodes(&[("node_address_prefixes", Value::string_set(["10.0.1.0/24"]))]);
    assert_eq!(asked(&alone), []);
    assert!(!alone.policy.security_rules.contains_key("cluster_internal"));
}

#[test]
fn nodes_of_one_group_call_and_are_called() {
    let group = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes";
    let groups = Value::object([("node_id", Value::from(group))]);
    let expanded = nodes(&[("application_security_groups", groups)]);
    for (direction, name) in [
        (Direction::Outbound, "cluster_internal"),
        (Direction::Inbound, "cluster_internal_inbound"),
    ] {
        let rule = format!("134 {name} Any * group group Allow");
        assert!(table(&expanded, direction).contains(&rule), "{rule}");
    }
    let ids = Known::Is([group.to_owned()].into());
    let (here, there) = (AddressSide::Groups(ids.clone()), FlowPeer::Groups(ids));
    assert_eq!(
        asked(&expanded),
        [
            ("CC-NODE-NODE", here.clone(), there.clone()),
            ("CC-NODE-NODE/inbound", here, there)
        ]
    );
}
