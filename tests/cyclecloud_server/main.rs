//! The CycleCloud server's policy, held against the document it comes from.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod proxy_inside;
mod several_subnets;

use lockeddown::{
    network::{AddressSide, Direction, OnPremisesFlow, Ports},
    workloads::{Defaults, Expanded, Outcome, Severity, Surroundings, Workload},
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
fn no_port_for_the_appliance_is_no_hole_that_nobody_asked_for() {
    let egress = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.0.9.4".into()),
        ("filtered_internet_ports", Value::List(Vec::new())),
    ]);
    let refused = outcome(&server(&[("egress", egress.clone())]));
    let [problem] = &refused.problems[..] else {
        panic!("{:#?}", refused.problems)
    };
    assert_eq!(problem.path.to_string(), "egress.filtered_internet_ports");
    assert!(
        problem.detail.contains("waive ISOLATION-FILTERED-INTERNET"),
        "{}",
        problem.detail
    );
    let waived = Value::object([("ISOLATION-FILTERED-INTERNET", Value::from("hosts are not used"))]);
    let accepted = expand(&[("egress", egress.clone()), ("waived_requirements", waived)]);
    assert!(!accepted.policy.security_rules.contains_key("AllowFilteredInternet"));
    let open = expand(&[("egress", egress), ("isolation", "none".into())]);
    assert!(!open.policy.security_rules.contains_key("AllowFilteredInternet"));
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
fn whom_a_jump_host_or_azure_bastion_is_for_has_to_be_known() {
    let of = |role: &str, changes: &[(&str, Value)]| {
        let mut values = Value::object([("role", Value::from(role)), ("location", "westeurope".into())]);
        for (name, value) in changes {
            values.set_attribute(*name, value.clone());
        }
        let outcome = outcome(&values);
        let errors = outcome
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        errors
            .map(|problem| format!("{}: {}", problem.path, problem.summary))
            .collect::<Vec<_>>()
    };
    assert_eq!(of("jump_host", &[]), ["server_address_prefixes: Missing argument"]);
    assert_eq!(
        of("azure_bastion", &[]),
        ["web_source_address_prefixes: Missing argument"]
    );
    let waive = |ids: &[&str]| {
        let entries = ids.iter().map(|id| ((*id).to_owned(), Value::from("elsewhere")));
        ("waived_requirements", Value::object(entries))
    };
    assert!(of("jump_host", &[waive(&["CC-JUMP-SERVER-SSH", "CC-JUMP-SERVER-WEB"])]).is_empty());
    assert!(of("azure_bastion", &[waive(&["CC-BASTION-HTTPS"])]).is_empty());
    let proxy = Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "10.0.250.4".into()),
        ("proxy_port", 3128_i64.into()),
    ]);
    let server = ("server_address_prefixes", Value::string_set(["10.0.0.0/28"]));
    assert_eq!(
        of("jump_host", &[server, ("egress", proxy)]),
        ["egress: Not possible for a jump host"]
    );
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
fn hosts_without_a_tag_are_one_warning_that_can_be_waived() {
    let warned = outcome(&server(&[]));
    let warnings: Vec<_> = warned
        .problems
        .iter()
        .filter(|problem| problem.severity == Severity::Warning)
        .collect();
    assert_eq!(warnings.len(), 1);
    let detail = &warnings[0].detail;
    assert!(
        detail.contains("ratecard.azure-api.net") && detail.contains("watson.telemetry.microsoft.com"),
        "{detail}"
    );
    assert!(!detail.contains("management.azure.com"), "{detail}");

    let waived = Value::object([
        ("CC-HOST-RATECARD", Value::from("no prices")),
        ("CC-HOST-WATSON", "no telemetry".into()),
    ]);
    assert_eq!(outcome(&server(&[("waived_requirements", waived)])).problems, []);
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
fn a_waived_deny_does_not_come_back_under_another_name() {
    let waived = Value::object([("CC-DENY-INTERNET", Value::from("the hub denies"))]);
    let outbound = table(&expand(&[("waived_requirements", waived)]), Direction::Outbound);
    assert!(outbound.iter().all(|row| !row.ends_with("Deny")), "{outbound:?}");
}

#[test]
fn what_decides_the_rules_must_be_known_and_an_id_need_not() {
    let nodes = outcome(&server(&[("node_address_prefixes", Value::UNKNOWN)]));
    assert!(nodes.expanded.is_none() && !nodes.has_errors());
    assert_eq!(
        nodes.unknown.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["node_address_prefixes"]
    );

    let group = Value::object([("node_id", Value::UNKNOWN)]);
    let leaf = outcome(&server(&[("application_security_groups", group)]));
    assert!(leaf.expanded.unwrap().policy.security_rules.contains_key("https_9443"));
}

#[test]
fn what_users_get_wrong_is_explained_at_its_argument() {
    let cases: &[(&str, Value)] = &[
        ("role", "sever".into()),
        ("location", "westeruope".into()),
        ("location", "chinaeast2".into()),
        ("edition", "2021".into()),
        ("edition", "2011".into()),
        ("priority_base", 4000_i64.into()),
        ("deny_priority", 200_i64.into()),
        ("node_address_prefixes", Value::string_set(["10.0.1.7/24"])),
        ("node_address_prefixes", Value::Null),
        ("subnet_address_prefixes", Value::string_set(["10.0.0.0/30"])),
        ("node_communication_port", 70_000_i64.into()),
        ("cyclecloud_version", 6_i64.into()),
        ("web_source_address_prefixes", Value::string_set(["*"])),
        (
            "web_source_address_prefixes",
            Value::string_set(["0.0.0.0/1", "128.0.0.0/1"]),
        ),
        ("web_source_address_prefixes", Value::string_set(["2000::/3"])),
        ("node_address_prefixes", Value::string_set(["0.0.0.0/0"])),
        ("node_address_prefixes", Value::string_set(["::/1", "8000::/1"])),
        ("egress", firewall("10.0.0.4")),
        ("egress", firewall("fd00::4")),
        (
            "egress",
            Value::object([
                ("type", Value::from("service_tags")),
                ("firewall_private_ip_address", "10.1.0.4".into()),
                ("proxy_port", 3128_i64.into()),
            ]),
        ),
        ("storage_access", "private_endpoint".into()),
        (
            "waived_requirements",
            Value::object([("CC-HOST-RATECRAD", Value::from("x"))]),
        ),
        ("name_prefix", "-x".into()),
        ("isolaton", "none".into()),
        ("subnet_address_prefixes", Value::string_set(["0.0.0.0/0"])),
        (
            "virtual_network_address_spaces",
            Value::string_set(["0.0.0.0/1", "128.0.0.0/1"]),
        ),
        ("dns_server_addresses", Value::string_set(["::/0"])),
        (
            "egress",
            Value::object([
                ("type", Value::from("proxy")),
                ("proxy_address", "0.0.0.0/0".into()),
                ("proxy_port", 3128_i64.into()),
            ]),
        ),
        (
            "egress",
            with_groups(
                "source_ip_group_ids",
                firewall("10.1.0.4"),
                Value::string_set(["group"]),
            ),
        ),
        (
            "package_mirror",
            Value::object([("address_prefixes", Value::string_set(["10.0.9.4"]))]),
        ),
        (
            "storage_private_endpoint_address_prefixes",
            Value::string_set(["10.0.3.4"]),
        ),
        (
            "application_security_groups",
            Value::object([("node_id", Value::from("nodes"))]),
        ),
        ("server_public_ip_prefixes", Value::string_set(["10.0.0.0/28"])),
        (
            "extra_rules",
            extra("destination_address_prefix", "Keyvault.westeurope"),
        ),
        (
            "extra_rules",
            extra("destination_address_prefix", "AzureMachineLearning.WestEurope"),
        ),
        ("extra_rules", extra("description", &"x".repeat(141))),
    ];
    let mut report = String::new();
    for (argument, value) in cases {
        let outcome = outcome(&server(&[(argument, value.clone())]));
        assert!(outcome.has_errors(), "{argument} = {value:?} was accepted");
        for problem in outcome
            .problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
        {
            report.push_str(&format!(
                "{}: {}\n    {}\n",
                problem.path, problem.summary, problem.detail
            ));
        }
    }
    insta::assert_snapshot!(report);
}

fn firewall(address: &str) -> Value {
    Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", address.into()),
    ])
}

fn with_groups(name: &str, mut egress: Value, ids: Value) -> Value {
    egress.set_attribute(name, ids);
    egress
}

fn extra(attribute: &str, text: &str) -> Value {
    Value::object([(
        "mine",
        Value::object([
            ("direction", Value::from("Outbound")),
            ("protocol", "Tcp".into()),
            (attribute, text.into()),
        ]),
    )])
}

#[test]
fn what_another_cloud_calls_a_tag_is_said_and_a_newer_tag_may_be_waived() {
    let china = [
        ("environment", Value::from("china")),
        ("location", "chinaeast2".into()),
        (
            "extra_rules",
            extra("destination_address_prefix", "AzureFrontDoor.FirstParty"),
        ),
    ];
    let refused = outcome(&server(&china));
    let problem = refused
        .problems
        .iter()
        .find(|problem| problem.severity == Severity::Error);
    assert!(problem.unwrap().detail.contains("It exists in `public` only."));
    let newer = ("extra_rules", extra("destination_address_prefix", "AzureTeleporter"));
    assert!(outcome(&server(std::slice::from_ref(&newer))).has_errors());
    let waived = Value::object([("CHECK-SERVICE-TAG-KNOWN", Value::from("announced last week"))]);
    assert!(!outcome(&server(&[newer, ("waived_requirements", waived)])).has_errors());
    // Azure compares tags without case.
    let lower = extra("destination_address_prefix", "storage.westeurope");
    assert!(!outcome(&server(&[("extra_rules", lower)])).has_errors());
}

#[test]
fn a_server_elsewhere_is_in_no_group_of_this_network() {
    let groups = Value::object([(
        "node_id",
        Value::from("/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/applicationSecurityGroups/nodes"),
    )]);
    let changes = [
        ("application_security_groups", groups),
        ("server_placement", "peered".into()),
    ];
    let refused = outcome(&server(&changes));
    assert!(
        refused
            .problems
            .iter()
            .any(|problem| problem.summary == "Group of another network")
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
fn an_attribute_of_egress_that_says_its_default_is_no_attribute_of_another_type() {
    // Modules pass all of their variables on.
    let egress = Value::object([
        ("type", Value::from("service_tags")),
        ("firewall_sku_tier", "Standard".into()),
        ("firewall_dns_proxy_enabled", false.into()),
        ("source_ip_group_ids", Value::string_set(Vec::<String>::new())),
    ]);
    assert!(!outcome(&server(&[("egress", egress)])).has_errors());
}

#[test]
fn a_server_elsewhere_has_no_addresses_of_this_network() {
    let peered = |nodes: &str, more: &[(&str, Value)]| {
        let mut changes = vec![
            ("server_placement", "peered".into()),
            ("node_address_prefixes", Value::string_set([nodes])),
            ("virtual_network_address_spaces", Value::string_set(["10.0.0.0/16"])),
        ];
        changes.extend(more.iter().cloned());
        outcome(&server(&changes))
    };
    assert!(!peered("10.1.1.0/24", &[]).has_errors());
    let refused = peered("10.0.1.0/24", &[]);
    let problem = refused
        .problems
        .iter()
        .find(|problem| problem.severity == Severity::Error)
        .unwrap();
    assert_eq!(problem.path.to_string(), "node_address_prefixes");
    assert!(
        problem.detail.contains("`10.0.1.0/24` overlaps `10.0.0.0/16`"),
        "{}",
        problem.detail
    );
    let waived = Value::object([("CHECK-SERVER-PLACEMENT", Value::from("spaces list the hub too"))]);
    assert!(!peered("10.0.1.0/24", &[("waived_requirements", waived)]).has_errors());
}

#[test]
fn an_address_family_that_one_end_lacks_is_not_dropped_in_silence() {
    let dual = (
        "subnet_address_prefixes",
        Value::string_set(["10.0.0.0/28", "fd00:db8::/64"]),
    );
    let warned = outcome(&server(std::slice::from_ref(&dual)));
    let found = warned
        .problems
        .iter()
        .find(|problem| problem.summary == "Address family of one end only");
    let detail = &found.expect("a warning").detail;
    assert!(
        detail.contains("IPv6") && detail.contains("`https_9443` (CC-NODE-SERVER-HTTPS)"),
        "{detail}"
    );
    assert!(warned.expanded.unwrap().policy.warnings.contains(detail));
    let waived = Value::object([("CHECK-ADDRESS-FAMILIES", Value::from("nodes are IPv4"))]);
    let waived = outcome(&server(&[dual, ("waived_requirements", waived)]));
    assert!(
        waived
            .problems
            .iter()
            .all(|problem| problem.summary != "Address family of one end only")
    );
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
