//! What does no harm and perhaps not what its author believes.

use lockeddown::{
    network::{Known, PrerequisiteStatus},
    workloads::{Defaults, Outcome, Surroundings, Workload},
};
use tfplugin_rs::value::Value;

use crate::{firewall, outcome, server};

/// The arguments that a finding of this name is about.
fn about(outcome: &Outcome, summary: &str) -> Vec<String> {
    let found = outcome.problems.iter().filter(|problem| problem.summary == summary);
    found.map(|problem| problem.path.to_string()).collect()
}

fn waive(id: &str, reason: impl Into<Value>) -> (&'static str, Value) {
    ("waived_requirements", Value::object([(id.to_owned(), reason.into())]))
}

fn prefixes(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

#[test]
fn an_argument_without_effect_is_named() {
    let node = [
        ("role", Value::from("node")),
        ("node_address_prefixes", Value::Null),
        ("server_address_prefixes", prefixes(&["10.0.2.0/28"])),
    ];
    let idle = |base: &[(&str, Value)], more: &[(&str, Value)]| {
        let of = |changes: Vec<(&str, Value)>| about(&outcome(&server(&changes)), "Argument without effect");
        let with = of([base, more].concat());
        assert_eq!(
            of([base, more, &[waive("CHECK-ARGUMENT-IN-EDITION", "a module")]].concat()),
            [""; 0]
        );
        with
    };
    let closed = [("intra_subnet_traffic_enabled", Value::from(false))];
    let names = [("dns_server_addresses", prefixes(&["10.9.0.4"]))];
    let strict = [
        ("isolation", Value::from("strict")),
        ("virtual_network_address_spaces", prefixes(&["10.0.0.0/16"])),
    ];
    assert_eq!(idle(&[], &closed), ["intra_subnet_traffic_enabled"]);
    assert_eq!(idle(&[], &names), ["dns_server_addresses"]);
    assert_eq!(idle(&strict, &[closed, names].concat()), [""; 0]);

    let web = [("web_source_address_prefixes", prefixes(&["10.5.0.0/24"]))];
    assert_eq!(idle(&[], &web), [""; 0]);
    assert_eq!(idle(&node, &web), ["web_source_address_prefixes"]);

    let proxy = [
        ("return_proxy_address_prefixes", prefixes(&["10.0.3.4"])),
        ("return_proxy_public_ip_enabled", true.into()),
        ("server_public_ip_prefixes", prefixes(&["198.51.100.4"])),
    ];
    assert_eq!(
        idle(&[], &proxy),
        ["return_proxy_public_ip_enabled", "server_public_ip_prefixes"]
    );
    let through_it = [("connection_mode", Value::from("return_proxy"))];
    assert_eq!(idle(&through_it, &proxy), ["server_public_ip_prefixes"]);
    // Modules tell every role where each of them is.
    let own = [("server_address_prefixes", prefixes(&["10.0.0.0/28"]))];
    assert_eq!(idle(&[], &own), [""; 0]);
}

#[test]
fn a_waiver_says_why() {
    for blank in ["", "  \n"] {
        let refused = outcome(&server(&[waive("CC-HOST-WATSON", blank)]));
        assert_eq!(
            about(&refused, "Waiver without a reason"),
            ["waived_requirements[\"CC-HOST-WATSON\"]"]
        );
        assert!(refused.has_errors());
    }
    assert!(!outcome(&server(&[waive("CC-HOST-WATSON", Value::UNKNOWN)])).has_errors());
}

#[test]
fn a_next_hop_has_a_private_address_or_one_of_the_network() {
    let hop = |address: &str, more: &[(&str, Value)]| {
        let spaces = ("virtual_network_address_spaces", prefixes(&["10.0.0.0/16"]));
        let found = outcome(&server(&[&[spaces, ("egress", firewall(address))], more].concat()));
        assert!(!found.has_errors(), "{:?}", found.problems);
        about(&found, "Next hop with a public address")
    };
    assert_eq!(hop("10.1.0.4", &[]), [""; 0]);
    assert_eq!(hop("20.1.2.3", &[]), ["egress.firewall_private_ip_address"]);
    let own = (
        "virtual_network_address_spaces",
        prefixes(&["10.0.0.0/16", "20.1.0.0/16"]),
    );
    assert_eq!(hop("20.1.2.3", &[own]), [""; 0]);
    assert_eq!(
        hop(
            "20.1.2.3",
            &[waive("CHECK-NEXT-HOP-PRIVATE", "our own range, in the hub")]
        ),
        [""; 0]
    );
}

#[test]
fn azure_bastion_stands_in_the_subnet_of_its_name() {
    let of = |name: &str, more: &[(&str, Value)]| {
        let mut values = Value::object([
            ("role", Value::from("azure_bastion")),
            ("location", "westeurope".into()),
            ("web_source_address_prefixes", prefixes(&["203.0.113.0/24"])),
        ]);
        for (name, value) in more {
            values.set_attribute(*name, value.clone());
        }
        let surroundings = Surroundings {
            subnet_path: Some(Known::Is(format!("rg/vnet/{name}"))),
            ..Surroundings::none(Defaults::default())
        };
        let found = Workload::find("cyclecloud_subnet")
            .unwrap()
            .expand(&values, &surroundings);
        about(&found, "Not a subnet for Azure Bastion")
    };
    assert_eq!(of("bastion", &[]), ["subnet_id"]);
    assert_eq!(of("AzureBastionSubnet", &[]), [""; 0]);
    assert_eq!(
        of("bastion", &[waive("CC-BASTION-SUBNET", "only the rules are wanted")]),
        [""; 0]
    );
}

#[test]
fn server_and_nodes_that_the_arguments_put_into_one_subnet_are_not_separate() {
    let id = "CC-SUBNETS-SEPARATE";
    let status = |changes: &[(&str, Value)]| {
        let outcome = outcome(&server(changes));
        let warned = about(&outcome, "Server and nodes in one subnet");
        let prerequisites = outcome.expanded.unwrap().policy.prerequisites;
        (prerequisites.get(id).map(|prerequisite| prerequisite.status), warned)
    };
    let subnet = |own: &str| ("subnet_address_prefixes", prefixes(&[own]));
    let (unknown, none) = status(&[]);
    assert_eq!((unknown, none.len()), (Some(PrerequisiteStatus::Unknown), 0));
    for own in ["10.0.1.0/24", "10.0.0.0/16"] {
        let (refuted, warned) = status(&[subnet(own)]);
        assert_eq!(refuted, Some(PrerequisiteStatus::NotSatisfied), "{own}");
        assert_eq!(warned, ["node_address_prefixes"], "{own}");
    }
    let node = [
        ("role", Value::from("node")),
        ("server_address_prefixes", prefixes(&["10.0.0.0/16"])),
        subnet("10.0.1.0/24"),
    ];
    assert_eq!(status(&node).1, ["server_address_prefixes"]);
    let waived = [subnet("10.0.1.0/24"), waive(id, "a small site")];
    assert_eq!(status(&waived), (None, Vec::new()));
}
