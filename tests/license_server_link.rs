//! Nodes and license servers, held against tables transcribed by hand.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where"
)]

use std::{
    collections::BTreeSet,
    io::Write as _,
    process::{Command, Stdio},
};

use lockeddown::{
    network::{AddressSide, FlowDirection, Known, Ports, PrerequisiteStatus, SecurityRules},
    requirements::{Edition, catalogue},
    workloads::{Defaults, Expanded, Outcome, Severity, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

fn with(mut values: Value, changes: &[(&str, Value)]) -> Value {
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn manager(kind: &str, changes: &[(&str, Value)]) -> Value {
    with(Value::object([("type", Value::from(kind))]), changes)
}

fn server(managers: Value) -> Value {
    Value::object([
        ("address_prefixes", Value::string_set(["192.168.5.10"])),
        ("hostname", "license.example.org".into()),
        ("managers", managers),
    ])
}

fn two_managers() -> Value {
    let ansys: &[(&str, Value)] = &[
        ("port", 1055_i64.into()),
        ("vendor_port", 1056_i64.into()),
        ("extra_ports", Value::string_set(["2325"])),
    ];
    Value::object([
        ("ansys", manager("flexnet", ansys)),
        ("abaqus", manager("flexnet", &[("vendor_port", 27_001_i64.into())])),
    ])
}

/// Nodes in Azure, the license server on premises.
fn link(changes: &[(&str, Value)]) -> Value {
    let values = Value::object([
        ("link_type", Value::from("vpn_site_to_site")),
        ("location", "westeurope".into()),
        ("subnet_address_prefixes", Value::string_set(["10.1.0.0/24"])),
        ("license_servers", Value::object([("main", server(two_managers()))])),
    ]);
    with(values, changes)
}

fn point_to_site(changes: &[(&str, Value)]) -> Value {
    let junction_box = Value::object([
        ("vpn_client_address_pool", Value::from("172.30.0.0/28")),
        ("address_prefixes", Value::string_set(["203.0.113.9"])),
    ]);
    with(
        link(&[("link_type", "junction_box".into()), ("junction_box", junction_box)]),
        changes,
    )
}

fn node_dials(changes: &[(&str, Value)]) -> Value {
    let junction_box = Value::object([
        ("connection", Value::from("node_dials")),
        ("address_prefixes", Value::string_set(["203.0.113.9"])),
    ]);
    let script = Value::object([(
        "credential_reference",
        Value::from("https://licenses.vault.azure.net/secrets/tunnel"),
    )]);
    with(
        link(&[
            ("link_type", "junction_box".into()),
            ("junction_box", junction_box),
            ("startup_script", script),
        ]),
        changes,
    )
}

fn outcome(values: &Value) -> Outcome {
    Workload::find("license_server_link")
        .unwrap()
        .expand(values, &Surroundings::none(Defaults::default()))
}

fn expand(values: &Value) -> Expanded {
    let outcome = outcome(values);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn table(rules: &SecurityRules) -> String {
    let side = |side: &AddressSide| match side {
        AddressSide::Any => "*".to_owned(),
        AddressSide::Tag(tag) => tag.to_string(),
        AddressSide::Prefixes(prefixes) => prefixes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        AddressSide::Groups(_) => "group".to_owned(),
    };
    let mut rules: Vec<_> = rules.values().collect();
    rules.sort_by_key(|rule| rule.priority);
    let mut rows = vec!["priority,name,direction,access,protocol,source,destination,ports".to_owned()];
    rows.extend(rules.into_iter().map(|rule| {
        let ports = match &rule.destination_ports {
            Ports::Any => "*".to_owned(),
            Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        };
        let (source, destination) = (side(&rule.source), side(&rule.destination));
        format!(
            "{},{},{},{},{},{source},{destination},{ports}",
            rule.priority, rule.name, rule.direction, rule.access, rule.protocol
        )
    }));
    rows.join("\n") + "\n"
}

#[test]
fn every_manager_has_its_own_rules() {
    let expanded = expand(&link(&[]));
    let expected = include_str!("tables/license_server_link-2026-08.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    assert!(
        expanded.policy.counterpart_rules.is_empty(),
        "there is no NSG on premises"
    );
}

#[test]
fn explicit_managers_and_callbacks_are_what_they_say() {
    let gurobi = manager("explicit", &[("port", 41_954_i64.into()), ("protocol", "Udp".into())]);
    let expanded = expand(&link(&[
        ("edition", "2020-07".into()),
        ("environment", "usgovernment".into()),
        ("location", "usgovvirginia".into()),
        ("isolation", "none".into()),
        ("subnet_address_prefixes", Value::Null),
        (
            "license_servers",
            Value::object([("main", server(Value::object([("gurobi", gurobi)])))]),
        ),
        ("callback_ports", Value::string_set(["5000-5010"])),
    ]));
    let expected = include_str!("tables/license_server_link-2020-07-usgovernment-explicit.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    let linux = expanded.outputs["environment_variables"].attribute("linux");
    assert_eq!(linux, &Value::object::<String>([]), "LM_LICENSE_FILE is FlexNet's");
}

#[test]
fn the_document_of_2011_has_every_node_dial_the_junction_box() {
    let expanded = expand(&node_dials(&[("edition", "2011".into())]));
    let expected = include_str!("tables/license_server_link-2011.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);
    let connect = &expanded.policy.prerequisites["LIC-CONNECT-ENDPOINT"];
    assert_eq!(
        connect.status,
        PrerequisiteStatus::NotSatisfied,
        "Azure Connect is gone"
    );

    let today = expand(&node_dials(&[]));
    assert!(!today.policy.prerequisites.contains_key("LIC-CONNECT-ENDPOINT"));
}

#[test]
fn point_to_site_does_not_reach_behind_the_junction_box() {
    let expanded = expand(&point_to_site(&[
        ("environment", "china".into()),
        ("location", "chinanorth3".into()),
    ]));
    let expected = include_str!("tables/license_server_link-2026-08-china-junction-box.csv");
    assert_eq!(table(&expanded.policy.security_rules), expected);

    let flows = &expanded.policy.on_premises_flows;
    let names: Vec<_> = flows.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "LIC-JUNCTION-FORWARD_main_abaqus",
            "LIC-JUNCTION-FORWARD_main_ansys",
            "LIC-JUNCTION-TUNNEL-ESP",
            "LIC-JUNCTION-TUNNEL-IKEV2",
        ]
    );
    let forward = &flows["LIC-JUNCTION-FORWARD_main_ansys"];
    assert_eq!(forward.source, Known::Is(["203.0.113.9/32".to_owned()].into()));
    assert_eq!(forward.ports, ["1055", "1056", "2325"].map(String::from).into());
    assert_eq!(
        flows["LIC-JUNCTION-TUNNEL-IKEV2"].direction,
        FlowDirection::FromOnPremises
    );
}

#[test]
fn a_license_server_in_azure_is_told_its_rules() {
    let expanded = expand(&link(&[
        ("edition", "2022-10".into()),
        ("link_type", "peered".into()),
        ("callback_ports", Value::string_set(["5000"])),
    ]));
    let expected = include_str!("tables/license_server_link-2022-10-license-server.csv");
    assert_eq!(table(&expanded.policy.counterpart_rules["license_server"]), expected);
    assert!(expanded.policy.on_premises_flows.is_empty());
}

#[test]
fn the_site_is_told_its_flows_and_the_way_back() {
    let expanded = expand(&link(&[
        ("gateway_address", "203.0.113.4".into()),
        ("callback_ports", Value::string_set(["5000"])),
        ("gateway_route", "explicit".into()),
    ]));
    let flows = &expanded.policy.on_premises_flows;
    assert_eq!(
        flows["LIC-MANAGER_main_ansys"].source,
        Known::Is(["10.1.0.0/24".to_owned()].into())
    );
    assert_eq!(flows["LIC-CALLBACK"].direction, FlowDirection::FromOnPremises);
    assert_eq!(
        flows["LIC-VPN-IKE"].source,
        Known::Is(["203.0.113.4".to_owned()].into())
    );
    let back = expanded.outputs["on_premises_routes"].attribute("10.1.0.0_24");
    assert_eq!(back.attribute("next_hop").as_str(), Some("vpn_device"));
    let site = &expanded.outputs["local_network_gateway"];
    assert_eq!(site.attribute("address_space"), &Value::string_set(["192.168.5.10/32"]));
    let route = expanded.policy.routes.values().next().unwrap();
    assert_eq!(
        (route.destination.to_string().as_str(), route.next_hop.as_str()),
        ("192.168.5.10/32", "VirtualNetworkGateway")
    );
}

#[test]
fn a_firewall_gets_a_route_for_each_server() {
    let expanded = expand(&link(&[
        ("gateway_route", "firewall".into()),
        ("firewall_private_ip_address", Value::UNKNOWN),
    ]));
    let routes: Vec<_> = expanded.policy.routes.values().collect();
    assert_eq!(routes.len(), 1);
    assert_eq!(routes[0].next_hop.as_str(), "VirtualAppliance");
    assert!(expanded.policy.requirement_ids.contains("LIC-FIREWALL-ROUTE"));
}

#[test]
fn programs_are_pointed_at_every_flexnet_manager() {
    let variable = |expanded: &Expanded, platform: &str| {
        let value = expanded.outputs["environment_variables"].attribute(platform);
        value.attribute("LM_LICENSE_FILE").clone()
    };
    let expanded = expand(&link(&[]));
    assert_eq!(
        variable(&expanded, "linux"),
        "27000@license.example.org:1055@license.example.org".into()
    );
    assert_eq!(
        variable(&expanded, "windows"),
        "27000@license.example.org;1055@license.example.org".into()
    );
}

#[test]
fn a_name_may_come_later_and_an_address_may_not() {
    let unnamed = with(server(two_managers()), &[("hostname", Value::UNKNOWN)]);
    let expanded = expand(&link(&[("license_servers", Value::object([("main", unnamed)]))]));
    assert!(
        expanded
            .policy
            .security_rules
            .contains_key("license_manager_main_ansys")
    );
    let linux = expanded.outputs["environment_variables"].attribute("linux");
    assert!(linux.attribute("LM_LICENSE_FILE").is_unknown());
    assert!(expanded.outputs["startup_scripts"].attribute("windows").is_unknown());

    let nowhere = with(server(two_managers()), &[("address_prefixes", Value::UNKNOWN)]);
    for (argument, value) in [
        ("license_servers", Value::object([("main", nowhere)])),
        ("license_servers", Value::UNKNOWN),
        ("link_type", Value::UNKNOWN),
        ("callback_ports", Value::UNKNOWN),
        ("gateway_route", Value::UNKNOWN),
    ] {
        let outcome = outcome(&link(&[(argument, value)]));
        assert!(outcome.expanded.is_none() && !outcome.has_errors(), "{argument}");
    }
}

#[test]
fn what_cannot_work_is_explained_at_its_argument() {
    let one = |managers: Value| Value::object([("main", server(managers))]);
    let servers = |changes: &[(&str, Value)]| Value::object([("main", with(server(two_managers()), changes))]);
    let junction = |changes: &[(&str, Value)]| {
        with(
            Value::object([("vpn_client_address_pool", Value::from("172.30.0.0/28"))]),
            changes,
        )
    };
    let twice = Value::object([
        ("main", server(two_managers())),
        (
            "spare",
            with(
                server(two_managers()),
                &[("address_prefixes", Value::string_set(["192.168.5.11"]))],
            ),
        ),
    ]);
    let cases: &[Value] = &[
        link(&[("license_servers", Value::object::<String>([]))]),
        link(&[(
            "license_servers",
            one(Value::object([("ansys", manager("flexnet", &[]))])),
        )]),
        link(&[(
            "license_servers",
            one(Value::object([("gurobi", manager("explicit", &[]))])),
        )]),
        link(&[(
            "license_servers",
            one(Value::object([(
                "an sys",
                manager("explicit", &[("port", 5000_i64.into())]),
            )])),
        )]),
        link(&[(
            "license_servers",
            one(Value::object([(
                "ansys",
                manager("explicit", &[("port", 70_000_i64.into())]),
            )])),
        )]),
        link(&[("license_servers", servers(&[("hostname", "$(reboot)".into())]))]),
        link(&[(
            "license_servers",
            servers(&[
                ("hostname", Value::Null),
                ("address_prefixes", Value::string_set(["192.168.5.0/28"])),
            ]),
        )]),
        link(&[(
            "license_servers",
            servers(&[("address_prefixes", Value::string_set(["10.1.0.9"]))]),
        )]),
        link(&[("edition", "2011".into())]),
        link(&[("junction_box", junction(&[]))]),
        link(&[("link_type", "junction_box".into())]),
        link(&[
            ("link_type", "express_route".into()),
            ("gateway_address", "203.0.113.4".into()),
        ]),
        link(&[
            ("link_type", "express_route".into()),
            ("gateway_route", "explicit".into()),
        ]),
        link(&[("gateway_route", "firewall".into())]),
        link(&[("callback_ports", Value::string_set(["many"]))]),
        link(&[(
            "startup_script",
            Value::object([("credential_reference", Value::from("hunter2"))]),
        )]),
        link(&[(
            "startup_script",
            Value::object([("platforms", Value::string_set(["solaris"]))]),
        )]),
        link(&[(
            "startup_script",
            Value::object([("check_interval_minutes", 0_i64.into())]),
        )]),
        point_to_site(&[("junction_box", Value::object::<String>([]))]),
        point_to_site(&[(
            "junction_box",
            junction(&[("vpn_client_address_pool", "10.1.0.0/28".into())]),
        )]),
        point_to_site(&[(
            "junction_box",
            junction(&[("forwarded_ports", Value::string_set(["1055-1056"]))]),
        )]),
        point_to_site(&[("license_servers", twice)]),
        point_to_site(&[(
            "license_servers",
            servers(&[("address_prefixes", Value::string_set(["fd00:5::10"]))]),
        )]),
        point_to_site(&[(
            "license_servers",
            servers(&[("address_prefixes", Value::string_set(["192.168.5.0/28"]))]),
        )]),
        node_dials(&[("startup_script", Value::Null)]),
        node_dials(&[(
            "junction_box",
            Value::object([("connection", Value::from("node_dials"))]),
        )]),
        node_dials(&[
            ("gateway_route", "firewall".into()),
            ("firewall_private_ip_address", "10.9.0.4".into()),
        ]),
        link(&[(
            "license_servers",
            one(Value::object([(
                "gurobi",
                manager(
                    "explicit",
                    &[("port", 5000_i64.into()), ("vendor_port", 5001_i64.into())],
                ),
            )])),
        )]),
        link(&[("firewall_private_ip_address", "10.9.0.4".into())]),
        link(&[("gateway_fqdn", "vpn/example".into())]),
        link(&[(
            "license_servers",
            servers(&[
                ("address_prefixes", Value::string_set(["fd00:5::10"])),
                ("hostname", Value::Null),
            ]),
        )]),
        link(&[
            ("link_type", "junction_box".into()),
            ("junction_box", junction(&[("vpn_client_address_pool", "::/0".into())])),
        ]),
        link(&[
            ("link_type", "junction_box".into()),
            (
                "junction_box",
                junction(&[("vpn_client_address_pool", "fd00:9::/64".into())]),
            ),
        ]),
        link(&[
            ("link_type", "junction_box".into()),
            (
                "junction_box",
                junction(&[
                    ("connection", "node_dials".into()),
                    ("address_prefixes", Value::string_set(["203.0.113.9"])),
                ]),
            ),
        ]),
    ];
    let mut report = String::new();
    for values in cases {
        let outcome = outcome(values);
        assert!(outcome.has_errors(), "{values:?} was accepted");
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
    assert!(!report.contains("hunter2"), "what may be a secret is not repeated");
    insta::assert_snapshot!(report);
}

#[test]
fn udp_behind_a_junction_box_is_worth_a_word() {
    let udp = manager("explicit", &[("port", 5000_i64.into()), ("protocol", "Udp".into())]);
    let servers = Value::object([("main", server(Value::object([("solver", udp)])))]);
    let outcome = outcome(&point_to_site(&[("license_servers", servers)]));
    assert_eq!(outcome.problems.len(), 1, "{:#?}", outcome.problems);
    let expanded = outcome.expanded.unwrap();
    assert_eq!(expanded.policy.warnings, [outcome.problems[0].detail.clone()]);
    let scripts = expanded.outputs["junction_box_scripts"].clone();
    let forwarding = |platform: &str| {
        scripts
            .attribute(platform)
            .attribute("forwarding")
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert!(forwarding("linux").contains("udp dport 5000 dnat to 192.168.5.10"));
    assert!(!forwarding("windows").contains("5000"));
}

/// Every script of every kind of link, by name.
fn scripts() -> Vec<(String, String)> {
    let over_tls = |values: Value| {
        let mut junction = values.attribute("junction_box").clone();
        junction.set_attribute("tunnel_protocol", "openvpn".into());
        with(values, &[("junction_box", junction)])
    };
    let links = [
        ("vpn", link(&[])),
        ("point_to_site", point_to_site(&[])),
        ("point_to_site_tls", over_tls(point_to_site(&[]))),
        ("node_dials", node_dials(&[])),
        ("node_dials_tls", over_tls(node_dials(&[]))),
    ];
    let mut scripts = Vec::new();
    for (link, values) in links {
        let outputs = expand(&values).outputs;
        for (platform, script) in outputs["startup_scripts"].as_map().unwrap() {
            scripts.push((format!("{link}_{platform}_node"), script.as_str().unwrap().to_owned()));
        }
        for (platform, by_purpose) in outputs["junction_box_scripts"].as_map().unwrap() {
            for (purpose, script) in by_purpose.as_map().unwrap() {
                scripts.push((
                    format!("{link}_{platform}_{purpose}"),
                    script.as_str().unwrap().to_owned(),
                ));
            }
        }
    }
    scripts
}

#[test]
fn scripts_read_as_people_will_read_them() {
    for (name, script) in scripts() {
        assert!(!script.contains("{{"), "{name} has a hole:\n{script}");
    }
    let wanted = [
        "node_dials_linux_node",
        "point_to_site_linux_forwarding",
        "vpn_windows_node",
    ];
    for (name, script) in scripts()
        .into_iter()
        .filter(|(name, _)| wanted.contains(&name.as_str()))
    {
        insta::assert_snapshot!(name, script);
    }
}

/// The scripts of a platform, and those that they write.
fn scripts_of(platform: &str) -> Vec<(String, String)> {
    let mut scripts = scripts();
    scripts.retain(|(name, _)| name.contains(platform));
    for (name, script) in scripts.clone() {
        for (begin, end) in [("<<'CHECK'\n", "\nCHECK\n"), ("\n@'\n", "\n'@ |")] {
            if let Some((_, rest)) = script.split_once(begin) {
                let (inner, _) = rest.split_once(end).unwrap();
                scripts.push((format!("{name}_writes"), inner.to_owned()));
            }
        }
    }
    scripts
}

/// Feeds each script to a checker that reads standard input; where it is not installed, says so.
fn check_with(program: &str, arguments: &[&str], platform: &str) {
    for (name, script) in scripts_of(platform) {
        let started = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let Ok(mut child) = started else {
            println!("skipped: {program} is not installed");
            return;
        };
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{name}: {}{}\n{script}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn bash_parses_every_linux_script() {
    check_with("bash", &["-n"], "_linux_");
}

/// The license servers by name, each with its managers.
fn servers(servers: &[(&str, &[(&str, i64)])]) -> Value {
    Value::object(servers.iter().map(|(name, managers)| {
        let managers = managers
            .iter()
            .map(|(name, port)| (*name, manager("explicit", &[("port", (*port).into())])));
        ((*name).to_owned(), server(Value::object(managers)))
    }))
}

#[test]
fn managers_that_would_meet_are_refused_and_nobody_moves() {
    let refusal = |values: Value| {
        let outcome = outcome(&link(&[("license_servers", values)]));
        let error = outcome
            .problems
            .into_iter()
            .find(|problem| problem.severity == Severity::Error);
        error.map(|problem| format!("{}: {}\n    {}\n", problem.path, problem.summary, problem.detail))
    };
    let one_port = Value::object([(
        "main",
        server(Value::object([(
            "ansys",
            manager(
                "flexnet",
                &[("port", 1055_i64.into()), ("vendor_port", 1055_i64.into())],
            ),
        )])),
    )]);
    let everybody = with(
        server(two_managers()),
        &[("address_prefixes", Value::string_set(["0.0.0.0/0"]))],
    );
    let report: Vec<String> = [
        one_port,
        Value::object([("main", everybody)]),
        servers(&[("main", &[("a", 1000), ("b", 1000)])]),
        servers(&[("a_b", &[("c", 1000)]), ("a", &[("b_c", 2000)])]),
        servers(&[("main", &[("m1", 1001), ("m2", 1002), ("m29", 1029)])]),
    ]
    .into_iter()
    .filter_map(refusal)
    .collect();
    insta::assert_snapshot!(report.concat());
    assert_eq!(report.len(), 5);
    let place = |values: Value, name: &str| {
        let expanded = expand(&link(&[("license_servers", values)]));
        expanded.policy.security_rules.get(name).unwrap().priority
    };
    let name = "license_manager_main_a";
    let (alone, among) = (
        servers(&[("main", &[("a", 1000)])]),
        servers(&[("main", &[("a", 1000), ("b", 1001)])]),
    );
    assert_eq!(place(alone, name), place(among, name));
}

#[test]
fn shellcheck_has_nothing_to_say() {
    check_with("shellcheck", &["--shell=bash", "-"], "_linux_");
}

#[test]
fn powershell_parses_every_windows_script() {
    let parse = "$errors = $null; [void][System.Management.Automation.Language.Parser]::ParseInput([Console]::In.ReadToEnd(), [ref]$null, \
                 [ref]$errors); $errors | ForEach-Object { Write-Error $_.Message }; exit $errors.Count";
    check_with("pwsh", &["-NoProfile", "-Command", parse], "_windows_");
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    (
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec!["virtual_network", "peered", "vpn_site_to_site", "express_route"]),
        prop::sample::select(vec!["none", "internet", "strict"]),
        prop::option::of(100_i64..=3700),
        prop::bool::ANY,
    )
        .prop_map(|(edition, link, isolation, base, callbacks)| {
            let both = with(
                server(two_managers()),
                &[("address_prefixes", Value::string_set(["192.168.5.10", "fd00:5::10"]))],
            );
            let callbacks = if callbacks {
                Value::string_set(["5000"])
            } else {
                Value::Null
            };
            vec![
                ("edition", edition.into()),
                ("link_type", link.into()),
                ("isolation", isolation.into()),
                ("priority_base", base.into()),
                ("callback_ports", callbacks),
                (
                    "subnet_address_prefixes",
                    Value::string_set(["10.1.0.0/24", "fd00:1::/64"]),
                ),
                ("license_servers", Value::object([("main", both)])),
            ]
        })
}

proptest! {
    #[test]
    fn every_rule_has_a_requirement_and_its_own_place_in_the_band_or_the_tail(options in options()) {
        let expanded = expand(&link(&options));
        let edition: Edition = options[0].1.as_str().unwrap().parse().unwrap();
        let base = options[3].1.as_number().and_then(|base| base.to_i64()).unwrap_or(1300);
        let isolated = options[2].1.as_str() != Some("none");
        let mut taken = BTreeSet::new();
        let mut denies = 0;
        for rule in expanded.policy.security_rules.values() {
            prop_assert!(taken.insert((rule.direction, rule.priority)), "{} shares its priority", rule.name);
            let priority = i64::from(rule.priority.get());
            prop_assert!((base..base + 200).contains(&priority) || priority >= 4000, "{} at {priority}", rule.name);
            prop_assert!(rule.description.as_str().chars().count() <= 140);
            denies += usize::from(priority >= 4000);
            for id in &rule.requirement_ids {
                let known = ["license", "shared"].iter().any(|system| {
                    catalogue(system).unwrap().of_edition(edition).any(|row| &row.id == id)
                });
                prop_assert!(known, "{id}");
            }
        }
        prop_assert_eq!(denies > 0, isolated, "an allow list without its deny, or a deny nobody asked for");
    }

    #[test]
    fn an_option_never_moves_the_rules_of_another(options in options()) {
        let base = expand(&link(&options));
        let mut more = options.clone();
        let mut managers = two_managers();
        managers.set_attribute("gurobi", manager("explicit", &[("port", 41_954_i64.into())]));
        let more_servers = with(options[6].1.attribute("main").clone(), &[("managers", managers)]);
        more.push(("license_servers", Value::object([("main", more_servers)])));
        more.push(("callback_ports", Value::string_set(["5000"])));
        let more = expand(&link(&more));
        for (name, rule) in &base.policy.security_rules {
            prop_assert_eq!(Some(rule), more.policy.security_rules.get(name));
        }
    }
}
