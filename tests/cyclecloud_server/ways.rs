//! Ways in, out and back: routes of answers, proxies, a site, a firewall.

use lockeddown::network::{Direction, OnPremisesFlow};
use tfplugin_rs::value::Value;

use crate::{expand, firewall, outcome, server, table};

#[test]
fn behind_a_return_proxy_the_server_opens_the_tunnel_and_nobody_comes_in() {
    let expanded = expand(&[
        ("connection_mode", "return_proxy".into()),
        ("return_proxy_address_prefixes", Value::string_set(["10.0.1.4"])),
    ]);
    assert_eq!(table(&expanded, Direction::Inbound), Vec::<String>::new());
    let tunnel = "112 return_proxy_ssh 22 Tcp 10.0.0.0/28 10.0.1.4/32 Allow".to_owned();
    assert!(table(&expanded, Direction::Outbound).contains(&tunnel));
}

#[test]
fn administrators_of_a_private_network_are_answered_the_way_they_came() {
    let outcome = outcome(&Value::object([
        ("role", Value::from("jump_host")),
        ("location", "westeurope".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.3.0/28"])),
        ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
        ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        (
            "ssh_source_address_prefixes",
            Value::string_set(["192.168.10.0/24", "203.0.113.0/24"]),
        ),
        ("egress", firewall("10.0.9.4")),
    ]));
    let policy = outcome.expanded.unwrap().policy;
    let routes: Vec<&str> = policy.routes.keys().map(String::as_str).collect();
    assert_eq!(routes, ["CC-JUMP-RETURN-ROUTE-203.0.113.0_24", "default"]);
}

/// The routes of a subnet behind a firewall.
fn routes(role: &str, changes: &[(&str, Value)]) -> Vec<String> {
    let mut values = Value::object([
        ("role", Value::from(role)),
        ("location", "westeurope".into()),
        ("subnet_address_prefixes", Value::string_set(["10.0.3.0/28"])),
        ("server_address_prefixes", Value::string_set(["10.0.0.0/28"])),
        ("egress", firewall("10.0.9.4")),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    let outcome = outcome(&values);
    let expanded = outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems));
    expanded.policy.routes.into_keys().collect()
}

#[test]
fn whoever_comes_in_over_the_internet_is_answered_past_the_appliance() {
    let ssh = ("ssh_source_address_prefixes", Value::string_set(["203.0.113.0/24"]));
    let web = ("web_source_address_prefixes", Value::string_set(["198.51.100.0/24"]));
    let nodes = ("node_address_prefixes", Value::string_set(["10.0.1.0/24"]));
    let nobody: [(&str, Value); 1] = [("server_address_prefixes", Value::Null)];
    assert_eq!(
        routes("server", &[&nobody[..], &[ssh.clone(), web, nodes]].concat()),
        [
            "CC-SERVER-SSH-RETURN-ROUTE-203.0.113.0_24",
            "CC-SERVER-WEB-RETURN-ROUTE-198.51.100.0_24",
            "default"
        ]
    );
    let node = std::slice::from_ref(&ssh);
    assert_eq!(
        routes("node", node),
        ["CC-NODE-SSH-RETURN-ROUTE-203.0.113.0_24", "default"]
    );
    // Nobody signs in there by this edition's rules.
    let older = [ssh, ("edition", "2022-10".into())];
    assert_eq!(routes("node", &older), ["default"]);
    let on_premises = [
        ("server_address_prefixes", Value::Null),
        ("server_placement", "on_premises".into()),
        ("server_public_ip_prefixes", Value::string_set(["203.0.113.8/32"])),
    ];
    assert_eq!(
        routes("jump_host", &on_premises),
        ["CC-JUMP-SERVER-RETURN-ROUTE-203.0.113.8_32", "default"]
    );
}

#[test]
fn templates_and_proxy_settings_follow_the_mode() {
    let direct = expand(&[]).outputs;
    assert_eq!(direct["cluster_template"], Value::Null);
    assert_eq!(direct["proxy_settings"], Value::Null);

    let tunnel = expand(&[
        ("connection_mode", "return_proxy".into()),
        ("return_proxy_address_prefixes", Value::string_set(["10.0.1.4"])),
    ]);
    let template = tunnel.outputs["cluster_template"].as_str().unwrap();
    assert!(
        template.contains("IsReturnProxy = true") && template.contains("AssociatePublicIpAddress = false"),
        "{template}"
    );
    // A return proxy that is told to have no public address fails (network-security).
    let (proxy, others) = template.split_once("[[node defaults]]").unwrap();
    assert!(!proxy.contains("AssociatePublicIpAddress"), "{proxy}");
    assert!(others.contains("AssociatePublicIpAddress = false"), "{others}");
    let public = expand(&[
        ("connection_mode", "return_proxy".into()),
        ("return_proxy_address_prefixes", Value::string_set(["10.0.1.4"])),
        ("return_proxy_public_ip_enabled", true.into()),
    ]);
    let template = public.outputs["cluster_template"].as_str().unwrap();
    let (proxy, _) = template.split_once("[[node defaults]]").unwrap();
    assert!(proxy.contains("    AssociatePublicIpAddress = true\n"), "{proxy}");

    let egress = Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "10.0.250.4".into()),
        ("proxy_port", 3128_i64.into()),
    ]);
    let settings = &expand(&[("egress", egress)]).outputs["proxy_settings"];
    assert_eq!(
        settings.attribute("jvm_options").as_str(),
        Some("-Dhttps.proxyHost=10.0.250.4 -Dhttps.proxyPort=3128 -Dhttp.nonProxyHosts=*.core.windows.net")
    );
}

#[test]
fn the_site_of_a_server_on_premises_is_told_what_to_let_pass() {
    let flows = |changes: &[(&str, Value)]| {
        let values = server(changes);
        let flows = outcome(&values).expanded.unwrap().policy.on_premises_flows;
        let line = |(id, flow): (String, OnPremisesFlow)| {
            format!(
                "{id} {:?} > {:?} {:?}",
                flow.source.get().unwrap(),
                flow.destination,
                flow.ports
            )
        };
        flows.into_iter().map(line).collect::<Vec<_>>()
    };
    let node = [
        ("role", Value::from("node")),
        ("subnet_address_prefixes", Value::string_set(["10.0.1.0/24"])),
        ("node_address_prefixes", Value::Null),
        ("server_address_prefixes", Value::string_set(["192.168.1.0/28"])),
    ];
    assert!(flows(&node).is_empty(), "the server is in Azure");
    let on_premises = ("server_placement", Value::from("on_premises"));
    assert_eq!(
        flows(&[&node[..], std::slice::from_ref(&on_premises)].concat()),
        [r#"CC-NODE-SERVER-HTTPS {"10.0.1.0/24"} > {"192.168.1.0/28"} {"9443"}"#]
    );
    let proxy = [
        ("role", Value::from("return_proxy")),
        ("connection_mode", "return_proxy".into()),
        on_premises,
        ("return_proxy_public_ip_enabled", true.into()),
        ("server_public_ip_prefixes", Value::string_set(["203.0.113.0/28"])),
        ("return_proxy_public_ip_prefixes", Value::string_set(["198.51.100.7"])),
    ];
    assert_eq!(
        flows(&proxy),
        [r#"CC-SERVER-PROXY-SSH-PUBLIC {"203.0.113.0/28"} > {"198.51.100.7/32"} {"22"}"#]
    );
}

#[test]
fn several_proxies_are_nobodys_one_host() {
    let proxy = |address: &str| {
        let egress = Value::object([
            ("type", Value::from("proxy")),
            ("proxy_address", address.into()),
            ("proxy_port", 3128_i64.into()),
        ]);
        let expanded = expand(&[("egress", egress)]);
        expanded.outputs["proxy_settings"].attribute("host").clone()
    };
    assert_eq!(proxy("10.0.250.4"), Value::from("10.0.250.4"));
    assert_eq!(proxy("10.0.250.0/28"), Value::Null, "which of them is not ours to say");
}

#[test]
fn what_is_left_to_a_firewall_is_ipv4() {
    // 0.0.0.0/0 leads no IPv6 packet to the firewall: a hole for IPv6 would be one past it.
    let expanded = expand(&[
        (
            "subnet_address_prefixes",
            Value::string_set(["10.0.0.0/28", "fd00:db8::/64"]),
        ),
        (
            "node_address_prefixes",
            Value::string_set(["10.0.1.0/24", "fd00:db8:1::/64"]),
        ),
        ("egress", firewall("10.1.0.4")),
    ]);
    let rules = &expanded.policy.security_rules;
    let ipv6: Vec<&str> = rules
        .keys()
        .map(String::as_str)
        .filter(|name| name.ends_with("_ipv6"))
        .collect();
    assert_eq!(ipv6, ["BlockOutbound_ipv6", "https_9443_ipv6"]);
    assert!(rules.contains_key("AllowFilteredInternet") && rules.contains_key("AllowAzureRM"));
    let said = expanded
        .policy
        .warnings
        .iter()
        .any(|warning| warning.contains("leads IPv4 alone"));
    assert!(said, "{:?}", expanded.policy.warnings);
}
