//! How long a proof takes: 1,000 rules, and ten workloads.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints and may stop")]

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use lockeddown::{
    network::{
        Access, AddressSide, Description, Direction, Flow, FlowPeer, NetworkPolicy, Passage, Ports, Prefix, Priority,
        Protocol, SecurityRule,
    },
    proof::{
        exposure::{baseline, exposure},
        model::{Given, Model},
        required::allows,
        verdict::Verdict,
    },
    workloads::{Defaults, Surroundings, Workload},
};
use tfplugin_rs::value::Value;

fn main() {
    thousand_rules();
    ten_workloads();
}

fn median(what: &str, times: usize, mut once: impl FnMut()) {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let started = Instant::now();
            once();
            started.elapsed()
        })
        .collect();
    taken.sort();
    println!("{what}: median {:?}", taken.get(times / 2).unwrap());
}

/// 999 flows to as many private prefixes, a rule for each, and a deny.
fn thousand_rules() {
    let mut rules = Vec::new();
    let mut flows = BTreeMap::new();
    let local: Prefix = "10.0.0.0/24".parse().unwrap();
    for number in 0..999_u16 {
        let peer: Prefix = format!("10.{}.{}.0/24", 1 + number / 250, number % 250)
            .parse()
            .unwrap();
        let ports = Ports::single(1000 + number % 7);
        rules.push(SecurityRule {
            name: format!("rule{number}").parse().unwrap(),
            description: Description::text(""),
            priority: Priority::try_from(100 + i64::from(number)).unwrap(),
            direction: Direction::Outbound,
            access: Access::Allow,
            protocol: Protocol::Tcp,
            source: AddressSide::Prefixes([local].into()),
            source_ports: Ports::Any,
            destination: AddressSide::Prefixes([peer].into()),
            destination_ports: ports.clone(),
            requirement_ids: Default::default(),
        });
        let flow = Flow {
            direction: Direction::Outbound,
            protocol: Protocol::Tcp,
            local: AddressSide::Prefixes([local].into()),
            peer: FlowPeer::Prefixes([peer].into()),
            ports,
            source_ports: Ports::Any,
            initiator: "bench".to_owned(),
            passage: Passage::Direct,
            learned_route: false,
            requirement_ids: Default::default(),
        };
        flows.insert(format!("flow{number:04}"), flow);
    }
    let deny = SecurityRule {
        name: "deny".parse().unwrap(),
        priority: Priority::try_from(4000).unwrap(),
        access: Access::Deny,
        protocol: Protocol::Any,
        source: AddressSide::Any,
        destination: AddressSide::Any,
        destination_ports: Ports::Any,
        ..rules.first().unwrap().clone()
    };
    rules.push(deny);
    let given = Given {
        groups: vec![rules.iter().collect()],
        network: vec![local],
        flows,
        ..Given::default()
    };
    median("1,000 rules against 999 flows: required flows", 21, || {
        let model = Model::new(&given);
        assert!(allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven));
    });
    median(
        "1,000 rules against 999 flows: required flows, exposure, baseline",
        21,
        || {
            let model = Model::new(&given);
            assert!(allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven));
            assert!(exposure(&model).is_empty());
            let _ = baseline(&model);
        },
    );
}

fn ten_workloads() {
    let expand = |name: &str, more: &[(&str, Value)]| -> NetworkPolicy {
        let mut values = Value::object([
            ("location", Value::from("westeurope")),
            ("subnet_address_prefixes", Value::string_set(["10.0.0.0/24"])),
        ]);
        for (name, value) in more {
            values.set_attribute(*name, value.clone());
        }
        let workload = Workload::find(name).unwrap();
        workload
            .expand(&values, &Surroundings::none(Defaults::default()))
            .expanded
            .unwrap()
            .policy
    };
    let nodes = ("node_address_prefixes", Value::string_set(["10.0.1.0/24"]));
    let firewall = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.9.0.4".into()),
    ]);
    let spaces = ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"]));
    let tags = ("egress", Value::object([("type", Value::from("service_tags"))]));
    let policies: Vec<NetworkPolicy> = (0..5)
        .flat_map(|number| match number % 2 {
            0 => [
                expand("cyclecloud_subnet", &[("role", "server".into()), nodes.clone()]),
                expand("aml_compute_egress", std::slice::from_ref(&tags)),
            ],
            _ => [
                expand(
                    "cyclecloud_subnet",
                    &[("role", "server".into()), nodes.clone(), ("egress", firewall.clone())],
                ),
                expand("aml_compute_egress", &[("egress", firewall.clone()), spaces.clone()]),
            ],
        })
        .collect();
    median("ten workloads: required flows, exposure, baseline", 51, || {
        for policy in &policies {
            let model = Model::new(&Given::of_policy(policy));
            assert!(allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven));
            assert!(exposure(&model).is_empty());
            let _ = baseline(&model);
        }
    });
}
