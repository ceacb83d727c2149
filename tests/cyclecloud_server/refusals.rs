//! What is refused or warned of, and where.

use lockeddown::workloads::Severity;
use tfplugin_rs::value::Value;

use crate::{expand, firewall, outcome, refusal::refused, server};

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
        ("extra_rules", extra("description", "x".repeat(141))),
        ("extra_rules", extra("priority", 99_i64)),
        ("egress", firewall("10.1.0.4/32")),
        ("node_address_prefixes", Value::List(vec![Value::Null])),
        ("waived_requirements", Value::object([("CC-HOST-WATSON", Value::Null)])),
        (
            "waived_requirements",
            Value::object([("CC-HOST-WATSON", Value::from(" "))]),
        ),
        ("environment", "usgovernment".into()),
    ];
    let mut report = String::new();
    for (argument, value) in cases {
        let outcome = outcome(&server(&[(argument, value.clone())]));
        report.push_str(&refused(&(argument, value), &outcome));
    }
    insta::assert_snapshot!(report);
}

fn with_groups(name: &str, mut egress: Value, ids: Value) -> Value {
    egress.set_attribute(name, ids);
    egress
}

fn extra(attribute: &str, value: impl Into<Value>) -> Value {
    Value::object([(
        "mine",
        Value::object([
            ("direction", Value::from("Outbound")),
            ("protocol", "Tcp".into()),
            (attribute, value.into()),
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
