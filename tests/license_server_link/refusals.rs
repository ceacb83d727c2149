//! What is refused or warned of, and where.

use tfplugin_rs::value::Value;

use crate::{expand, link, manager, node_dials, outcome, point_to_site, refusal::refused, server, two_managers, with};

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
        report.push_str(&refused(&values, &outcome));
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
        refused(&"the servers", &outcome)
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
    .map(refusal)
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
