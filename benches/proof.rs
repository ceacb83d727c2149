//! How long a proof takes: 1,000 rules, and ten workloads composed; beside it Z3, asked the same.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench prints and may stop"
)]

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
    workloads::{
        Defaults, Surroundings, Workload,
        composition::{Part, compose},
    },
};
use tfplugin_rs::value::Value;

#[path = "../tests/proof/z3/mod.rs"]
mod z3;

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
            callers: Default::default(),
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
    let policy = NetworkPolicy {
        security_rules: rules.into_iter().map(|rule| (rule.name.to_string(), rule)).collect(),
        flows,
        ..NetworkPolicy::default()
    };
    let given = Given::of_policy(&policy);
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
    by_z3("1,000 rules against 999 flows: required flows, exposure", &policy);
}

/// Ten workloads on one subnet: nodes, Azure Machine Learning, attached machines, and license servers of six vendors.
fn ten_workloads() {
    let expand = |name: &str, more: &[(&str, Value)]| -> NetworkPolicy {
        let mut values = Value::object([
            ("location", Value::from("westeurope")),
            ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
            ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
        ]);
        for (name, value) in more {
            values.set_attribute(*name, value.clone());
        }
        let outcome = Workload::find(name)
            .unwrap()
            .expand(&values, &Surroundings::none(Defaults::default()));
        outcome.expanded.unwrap().policy
    };
    let tags = ("egress", Value::object([("type", Value::from("service_tags"))]));
    let server = ("server_address_prefixes", Value::string_set(["10.0.0.0/28"]));
    let mut named = vec![
        (
            "nodes".to_owned(),
            expand("cyclecloud_subnet", &[("role", "node".into()), server]),
        ),
        ("training".to_owned(), expand("aml_compute_egress", &[tags])),
        (
            "management".to_owned(),
            expand("aml_compute_ingress", &[("node_public_ip_enabled", true.into())]),
        ),
        (
            "attached".to_owned(),
            expand(
                "aml_attached_compute_ingress",
                &[("compute_type", "virtual_machine".into())],
            ),
        ),
    ];
    for number in 0..6_i64 {
        let manager = Value::object([("type", Value::from("explicit")), ("port", (5053 + number).into())]);
        let address = format!("192.168.5.{}", 10 + number);
        let server = Value::object([
            ("address_prefixes", Value::string_set([address.as_str()])),
            ("hostname", "licenses.example.org".into()),
            ("managers", Value::object([("manager", manager)])),
        ]);
        let vendor = format!("vendor{number}");
        let more = [
            ("link_type", Value::from("vpn_site_to_site")),
            ("license_servers", Value::object([(vendor.as_str(), server)])),
            ("priority_base", (1300 + 200 * number).into()),
        ];
        named.push((vendor.clone(), expand("license_server_link", &more)));
    }
    let parts: Vec<Part<'_>> = named
        .iter()
        .map(|(name, policy)| Part {
            name,
            workload: None,
            policy,
        })
        .collect();
    assert_eq!(parts.len(), 10);
    median(
        "ten workloads composed and proven: required flows, exposure, baseline",
        51,
        || {
            let composition = compose(&parts).unwrap();
            let model = Model::new(&Given::of_policy(&composition.policy));
            assert!(allows(&model).iter().all(|finding| finding.verdict == Verdict::Proven));
            assert!(exposure(&model).iter().all(|exposure| !exposure.conditions.is_empty()));
            let _ = baseline(&model);
        },
    );
    by_z3(
        "ten workloads: required flows, exposure",
        &compose(&parts).unwrap().policy,
    );
}

/// The same by Z3, where `cargo xtask test --full` has installed it.
fn by_z3(what: &str, policy: &NetworkPolicy) {
    if !z3::home().join("ready").exists() {
        println!("{what} by Z3: not installed (`cargo xtask test --full` does)");
        return;
    }
    let cases = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(cases.path(), z3::case(what, policy, None).to_string()).unwrap();
    let output = z3::check(cases.path()).wait_with_output().unwrap();
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    println!(
        "{what} by {}: {} s, {} disagreements",
        z3::Z3,
        said["seconds"],
        said["wrong"]
    );
}
