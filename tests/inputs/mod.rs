//! Inputs of every workload: the option sets that the tests of all workloads run through.

use tfplugin_rs::value::Value;

type Inputs = Vec<(&'static str, Value)>;

fn texts(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

fn object(entries: &[(&str, Value)]) -> Value {
    Value::object(entries.iter().map(|(name, value)| ((*name).to_owned(), value.clone())))
}

fn network(name: &str) -> Value {
    format!("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/{name}").into()
}

fn firewall() -> Value {
    object(&[
        ("type", "firewall".into()),
        ("firewall_private_ip_address", "10.0.255.4".into()),
    ])
}

/// The option sets of a workload, each with a label.
pub(crate) fn inputs_of(workload: &str) -> Inputs {
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
                (
                    "server 7",
                    with(&[
                        ("role", "server".into()),
                        nodes.clone(),
                        ("cyclecloud_version", 7_i64.into()),
                    ]),
                ),
                (
                    "server strict",
                    with(&[("role", "server".into()), nodes.clone(), ("isolation", "strict".into())]),
                ),
                (
                    "server firewall",
                    with(&[("role", "server".into()), nodes.clone(), ("egress", firewall())]),
                ),
                ("node", with(&[("role", "node".into()), server.clone()])),
                (
                    "return proxy",
                    with(&[
                        ("role", "return_proxy".into()),
                        ("connection_mode", "return_proxy".into()),
                        nodes,
                        server.clone(),
                    ]),
                ),
                ("jump host", with(&[("role", "jump_host".into()), server.clone()])),
                (
                    "azure bastion",
                    with(&[
                        ("role", "azure_bastion".into()),
                        ("web_source_address_prefixes", texts(&["203.0.113.0/24"])),
                    ]),
                ),
            ]
        }
        "aml_compute_ingress" => vec![
            ("no public address", with(&[])),
            ("public address", with(&[("node_public_ip_enabled", true.into())])),
        ],
        "aml_compute_egress" => vec![
            (
                "service tags",
                with(&[("egress", object(&[("type", "service_tags".into())]))]),
            ),
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
        "aml_databricks_network" => {
            let subnets = [
                ("public_subnet_address_prefixes", texts(&["10.0.4.0/24"])),
                ("private_subnet_address_prefixes", texts(&["10.0.5.0/24"])),
            ];
            vec![(
                "no public address",
                object(&[location, subnets[0].clone(), subnets[1].clone()]),
            )]
        }
        "cyclecloud_connection" => {
            let spaces = [
                ("server_address_spaces", texts(&["10.0.0.0/16"])),
                ("node_address_spaces", texts(&["10.1.0.0/16"])),
            ];
            let connection = |more: &[(&str, Value)]| {
                let mut entries = vec![location.clone(), spaces[0].clone(), spaces[1].clone()];
                entries.extend(more.iter().cloned());
                object(&entries)
            };
            let vpn = [
                ("type", "vpn_site_to_site".into()),
                ("gateway_address", "203.0.113.4".into()),
            ];
            vec![
                (
                    "peering",
                    connection(&[
                        ("type", "virtual_network_peering".into()),
                        ("server_virtual_network_id", network("hub")),
                        ("node_virtual_network_id", network("spoke")),
                    ]),
                ),
                ("vpn", connection(&vpn)),
                ("express route", connection(&[("type", "express_route".into())])),
            ]
        }
        "license_server_link" => {
            let manager = object(&[
                ("type", "flexnet".into()),
                ("port", 27000_i64.into()),
                ("vendor_port", 27001_i64.into()),
            ]);
            let server = object(&[
                ("address_prefixes", texts(&["192.168.5.10"])),
                ("hostname", "license.example.org".into()),
                ("managers", object(&[("solver", manager)])),
            ]);
            let servers = ("license_servers", object(&[("main", server)]));
            vec![
                ("peered", with(&[("link_type", "peered".into()), servers.clone()])),
                (
                    "vpn",
                    with(&[
                        ("link_type", "vpn_site_to_site".into()),
                        ("gateway_address", "203.0.113.4".into()),
                        servers,
                    ]),
                ),
            ]
        }
        _ => Vec::new(),
    }
}
