//! Inputs of every workload: the option sets that the tests of all workloads run through.

use tfplugin_rs::value::Value;

type Inputs = Vec<(&'static str, Value)>;

fn texts(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

fn object(entries: &[(&str, Value)]) -> Value {
    Value::object(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
}

fn firewall() -> Value {
    object(&[("type", "firewall".into()), ("firewall_private_ip_address", "10.0.255.4".into())])
}

/// The option sets of a workload, each with a label.
pub fn inputs_of(workload: &str) -> Inputs {
    let subnet = ("subnet_address_prefixes", texts(&["10.0.0.0/24"]));
    let location = ("location", Value::from("westeurope"));
    let spaces = ("virtual_network_address_spaces", texts(&["10.0.0.0/16"]));
    let with = |more: &[(&str, Value)]| {
        let mut entries = vec![location.clone(), subnet.clone(), spaces.clone()];
        entries.extend(more.iter().cloned());
        object(&entries)
    };
    match workload {
        "cyclecloud_subnet" => {
            let nodes = ("node_address_prefixes", texts(&["10.0.1.0/24"]));
            let server = ("server_address_prefixes", texts(&["10.0.2.0/28"]));
            vec![
                ("server", with(&[("role", "server".into()), nodes.clone()])),
                ("server 7", with(&[("role", "server".into()), nodes.clone(), ("cyclecloud_version", 7_i64.into())])),
                ("server strict", with(&[("role", "server".into()), nodes.clone(), ("isolation", "strict".into())])),
                ("server firewall", with(&[("role", "server".into()), nodes.clone(), ("egress", firewall())])),
                ("node", with(&[("role", "node".into()), server.clone()])),
                (
                    "return proxy",
                    with(&[("role", "return_proxy".into()), ("connection_mode", "return_proxy".into()), nodes, server]),
                ),
                ("jump host", with(&[("role", "jump_host".into())])),
                ("azure bastion", with(&[("role", "azure_bastion".into())])),
            ]
        }
        "aml_compute_ingress" => vec![
            ("no public address", with(&[])),
            ("public address", with(&[("node_public_ip_enabled", true.into())])),
        ],
        "aml_compute_egress" => vec![
            ("service tags", with(&[("egress", object(&[("type", "service_tags".into())]))])),
            ("firewall", with(&[("egress", firewall())])),
        ],
        "aml_kubernetes_egress" => vec![
            ("aks", with(&[("cluster_type", "aks".into()), ("egress", firewall())])),
            ("arc", with(&[("cluster_type", "arc".into()), ("egress", firewall())])),
        ],
        "aml_attached_compute_ingress" => vec![
            ("virtual machine", with(&[("compute_type", "virtual_machine".into())])),
            ("hdinsight", with(&[("compute_type", "hdinsight".into())])),
        ],
        _ => Vec::new(),
    }
}
