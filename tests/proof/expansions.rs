//! Every workload, option set, edition and cloud that can be expanded.

use lockeddown::{
    network::NetworkPolicy,
    regions::Cloud,
    requirements::Edition,
    workloads::{Defaults, Surroundings, WORKLOADS, Workload},
};
use tfplugin_rs::value::Value;

use crate::{
    goldens::{arguments_of, goldens},
    inputs::inputs_of,
};

/// Visits each with its name: the option sets of the tests of every workload, and those of the golden tables.
pub(crate) fn every_expansion(mut visit: impl FnMut(&str, &NetworkPolicy)) {
    for workload in WORKLOADS {
        for (label, values) in inputs_of(workload.name) {
            of_option_set(workload, label, &values, &mut visit);
        }
    }
    let further = FURTHER.map(|(workload, label, text)| (workload.to_owned(), label.to_owned(), arguments_of(text)));
    for (workload, label, values) in goldens().into_iter().chain(further) {
        let workload = Workload::find(&workload).unwrap();
        of_option_set(workload, &format!("{ALSO}{label}"), &values, &mut visit);
    }
}

/// How the names of option sets begin that are not those of the tests of every workload.
pub(crate) const ALSO: &str = "also ";

/// Routes that lead answers past an appliance which the subnet's default route leads to.
pub(crate) const ANSWERS: &str = "answers past an appliance";

/// What no table is about: every kind of route, and the other ways out.
const FURTHER: [(&str, &str, &str); 8] = [
    (
        "aml_compute_ingress",
        ANSWERS,
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           node_public_ip_enabled = true
           default_route_next_hop_type = "VirtualAppliance""#,
    ),
    (
        "aml_attached_compute_ingress",
        ANSWERS,
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           compute_type = "hdinsight"
           public_ip_enabled = true
           default_route_next_hop_type = "VirtualAppliance""#,
    ),
    (
        "aml_compute_egress",
        "forced tunnel",
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           virtual_network_address_spaces = ["10.0.0.0/16"]
           egress = { type = "forced_tunnel", forced_tunnel_source = "route" }"#,
    ),
    (
        "aml_compute_egress",
        "firewall behind a virtual WAN",
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           virtual_network_address_spaces = ["10.0.0.0/16"]
           egress = { type = "firewall", default_route_enabled = false }"#,
    ),
    (
        "aml_compute_egress",
        "proxy",
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           egress = { type = "proxy", proxy_address = "10.0.250.4", proxy_port = 3128 }"#,
    ),
    (
        "aml_compute_egress",
        "private endpoints in a peered network, firewall",
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           virtual_network_address_spaces = ["10.0.0.0/16"]
           private_endpoint_address_prefixes = ["10.8.5.0/28"]
           isolation = "strict"
           egress = { type = "firewall", firewall_private_ip_address = "10.8.0.4" }"#,
    ),
    (
        "cyclecloud_subnet",
        "return proxy among the nodes",
        r#"subnet_address_prefixes = ["10.0.1.0/24"]
           role = "node"
           connection_mode = "return_proxy"
           isolation = "strict"
           return_proxy_address_prefixes = ["10.0.1.4/32"]
           server_address_prefixes = ["10.0.0.0/28"]"#,
    ),
    (
        "cyclecloud_subnet",
        "node strict firewall",
        r#"subnet_address_prefixes = ["10.0.0.0/24"]
           virtual_network_address_spaces = ["10.0.0.0/16"]
           role = "node"
           isolation = "strict"
           server_address_prefixes = ["10.0.2.0/28"]
           egress = { type = "firewall", firewall_private_ip_address = "10.0.255.4" }"#,
    ),
];

fn of_option_set(workload: &Workload, label: &str, values: &Value, visit: &mut impl FnMut(&str, &NetworkPolicy)) {
    for edition in Edition::all() {
        for (cloud, location) in [
            (Cloud::Public, "westeurope"),
            (Cloud::UsGovernment, "usgovvirginia"),
            (Cloud::China, "chinaeast2"),
        ] {
            let mut values = values.clone();
            values.set_attribute("location", location.into());
            for name in ["edition", "environment"] {
                values.set_attribute(name, Value::Null);
            }
            if !values.attribute("workspace_location").is_null() {
                values.set_attribute("workspace_location", location.into());
            }
            let defaults = Defaults {
                edition: Some(edition),
                environment: Some(cloud),
            };
            let outcome = workload.expand(&values, &Surroundings::none(defaults));
            if let Some(expanded) = outcome.expanded {
                visit(
                    &format!("{} / {label} / {edition} / {cloud}", workload.name),
                    &expanded.policy,
                );
            }
        }
    }
}
