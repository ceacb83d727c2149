//! What compute must accept, and how its answers get out.

use lockeddown::{
    network::PrerequisiteStatus,
    workloads::{Expanded, Outcome},
};
use tfplugin_rs::value::Value;

use crate::table::{self, refusals, routes, table, transcribed, warnings};

pub(crate) fn outcome(changes: &[(&str, Value)]) -> Outcome {
    table::outcome("aml_compute_ingress", &[], changes)
}

pub(crate) fn expand(changes: &[(&str, Value)]) -> Expanded {
    table::expanded(outcome(changes))
}

fn texts(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

fn file() -> Value {
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/aml_compute/service_tags.json").into()
}

/// Classic compute with public addresses, whose default route leads to an appliance.
fn routed(changes: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("edition", Value::from("2022-10")),
        ("node_public_ip_enabled", true.into()),
        ("default_route_next_hop_type", "VirtualAppliance".into()),
    ];
    all.extend(changes.iter().cloned());
    all
}

fn by_address(changes: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = routed(&[("route_targets", "address_prefix".into()), ("service_tag_file", file())]);
    all.extend(changes.iter().cloned());
    all
}

#[test]
fn the_rules_are_the_transcribed_tables() {
    let people = [
        ("ssh_source_address_prefixes", texts(&["10.8.0.0/24"])),
        ("vscode_source_address_prefixes", texts(&["10.8.1.0/24"])),
    ];
    let public = [("node_public_ip_enabled", Value::from(true))];
    let classic = [("node_communication_mode", Value::from("classic"))];
    let cases = [
        (
            "2020-07",
            "public",
            "westeurope",
            vec![],
            include_str!("../tables/aml_compute_ingress-2020-07.csv"),
        ),
        (
            "2020-07",
            "china",
            "chinaeast2",
            vec![people[0].clone()],
            include_str!("../tables/aml_compute_ingress-2020-07-china.csv"),
        ),
        (
            "2022-10",
            "public",
            "West Europe",
            vec![],
            include_str!("../tables/aml_compute_ingress-2022-10-preview.csv"),
        ),
        (
            "2022-10",
            "usgovernment",
            "usgovarizona",
            public.to_vec(),
            include_str!("../tables/aml_compute_ingress-2022-10-usgovernment.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            vec![],
            include_str!("../tables/aml_compute_ingress-2026-08.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            [&public[..], &people[..]].concat(),
            include_str!("../tables/aml_compute_ingress-2026-08-public-ip.csv"),
        ),
        (
            "2026-08",
            "usgovernment",
            "usgovvirginia",
            [&public[..], &classic[..]].concat(),
            include_str!("../tables/aml_compute_ingress-2026-08-classic-usgovernment.csv"),
        ),
    ];
    for (edition, environment, location, changes, rows) in cases {
        let mut all = vec![
            ("edition", Value::from(edition)),
            ("environment", environment.into()),
            ("location", location.into()),
        ];
        all.extend(changes);
        assert_eq!(table(&expand(&all)), transcribed(rows), "{edition} {environment}");
    }
}

#[test]
fn strict_isolation_closes_inbound_only() {
    let expanded = expand(&[
        ("isolation", "strict".into()),
        ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
        ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
    ]);
    let expected = [
        "597,AllowIntraSubnetInbound,Inbound,Allow,*,10.0.1.0/24,10.0.1.0/24,*",
        "4001,BlockVirtualNetworkInbound,Inbound,Deny,*,VirtualNetwork,10.0.1.0/24,*",
    ];
    assert_eq!(table(&expanded), expected);
    let ids = &expanded.policy.requirement_ids;
    assert!(
        ids.contains("ISOLATION-STRICT-IN") && !ids.contains("ISOLATION-STRICT"),
        "{ids:?}"
    );
}

#[test]
fn under_an_appliance_the_answers_go_back_by_service_tag() {
    assert_eq!(
        routes(&expand(&routed(&[]))),
        [
            "AML-ROUTE-BATCH-TAG BatchNodeManagement Internet",
            "AML-ROUTE-CONTROL-TAG AzureMachineLearning Internet"
        ]
    );
    let newest = expand(&routed(&[("edition", "2026-08".into())]));
    assert_eq!(routes(&newest), ["AML-ROUTE-CONTROL-TAG AzureMachineLearning Internet"]);
    assert!(
        expand(&routed(&[("default_route_next_hop_type", "Internet".into())]))
            .policy
            .routes
            .is_empty()
    );
    assert!(
        expand(&routed(&[
            ("node_public_ip_enabled", false.into()),
            ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
        ]))
        .policy
        .routes
        .is_empty()
    );
}

#[test]
fn no_answer_goes_back_to_whom_nothing_lets_in() {
    // Of the older documents' rules, that of the control plane is for instances.
    for edition in ["2020-07", "2022-10"] {
        let clusters = expand(&routed(&[
            ("edition", edition.into()),
            ("compute_types", texts(&["cluster"])),
        ]));
        assert!(
            !clusters
                .policy
                .security_rules
                .keys()
                .any(|name| name.contains("MachineLearning"))
        );
        assert_eq!(
            routes(&clusters),
            ["AML-ROUTE-BATCH-TAG BatchNodeManagement Internet"],
            "{edition}"
        );
    }
    let successors = [
        ("edition", "2026-08".into()),
        ("node_communication_mode", "classic".into()),
    ];
    assert_eq!(
        routes(&expand(&routed(&successors))).len(),
        2,
        "the flow has another name there"
    );
}

#[test]
fn or_by_the_addresses_of_primary_and_secondary_region() {
    // 192.0.2.0/28 and 192.0.2.16/28 are one prefix; both regions list 203.0.113.0/30, and a table holds a prefix once.
    assert_eq!(
        routes(&expand(&by_address(&[]))),
        [
            "AML-ROUTE-BATCH-PREFIX-192.0.2.0_27 192.0.2.0/27 Internet",
            "AML-ROUTE-BATCH-PREFIX-198.51.100.7_32 198.51.100.7/32 Internet",
            "AML-ROUTE-CONTROL-PREFIX-203.0.113.0_30 203.0.113.0/30 Internet",
            "AML-ROUTE-CONTROL-PREFIX-203.0.113.64_26 203.0.113.64/26 Internet",
            "AML-ROUTE-CONTROL-PREFIX-PAIR_northeurope-203.0.113.128_26 203.0.113.128/26 Internet",
        ]
    );
    assert_eq!(
        expand(&by_address(&[("paired_region_enabled", false.into())]))
            .policy
            .routes
            .len(),
        4
    );
    let dual_stack = ("subnet_address_prefixes", texts(&["10.0.1.0/24", "fd00:db8::/64"]));
    assert_eq!(expand(&by_address(&[dual_stack])).policy.routes.len(), 6);
}

#[test]
fn a_region_without_a_pair_is_said() {
    let poland = by_address(&[("edition", "2026-08".into()), ("location", "polandcentral".into())]);
    let outcome = outcome(&poland);
    assert_eq!(warnings(&outcome), ["No paired region", "Default rule may be open"]);
    assert_eq!(table::expanded(outcome).policy.routes.len(), 1);
}

#[test]
fn who_comes_over_the_internet_is_answered_there_and_who_does_not_is_not() {
    let people = (
        "ssh_source_address_prefixes",
        texts(&["10.8.0.0/24", "198.51.100.0/24"]),
    );
    let expanded = expand(&routed(&[people]));
    let ssh: Vec<String> = routes(&expanded)
        .into_iter()
        .filter(|route| route.contains("SSH"))
        .collect();
    assert_eq!(ssh, ["AML-ROUTE-SSH-198.51.100.0_24 198.51.100.0/24 Internet"]);
}

#[test]
fn more_routes_than_a_table_holds_are_refused_with_who_needs_them() {
    let limits = |routes: i64| ("route_table_limits", Value::object([("routes", routes.into())]));
    assert_eq!(expand(&by_address(&[limits(5)])).policy.routes.len(), 5);
    let outcome = outcome(&by_address(&[limits(4)]));
    assert!(outcome.expanded.is_none());
    assert_eq!(outcome.problems[0].summary, "Too many routes");
    let detail = &outcome.problems[0].detail;
    let wanted = "A route table holds 4 routes, and these are 5: AML-ROUTE-BATCH-PREFIX needs 2, AML-ROUTE-CONTROL-PREFIX needs 2, \
                  AML-ROUTE-CONTROL-PREFIX-PAIR needs 2.";
    assert!(detail.starts_with(wanted), "{detail}");
}

#[test]
fn classic_communication_is_retired_and_that_can_be_waived() {
    let classic = ("node_communication_mode", Value::from("classic"));
    let warned = outcome(std::slice::from_ref(&classic));
    assert_eq!(warnings(&warned), ["Classic communication is retired"]);
    let status = table::expanded(warned).policy.prerequisites["AML-CLASSIC-RETIRED"].status;
    assert_eq!(status, PrerequisiteStatus::NotSatisfied);
    let waived = Value::object([("AML-CLASSIC-RETIRED", Value::from("moving in May"))]);
    assert_eq!(outcome(&[classic, ("waived_requirements", waived)]).problems, []);
}

#[test]
fn a_subnet_has_room_for_every_node_and_instance_beside_the_reserved_five() {
    let sized = |nodes: i64, instances: i64| {
        outcome(&[
            ("subnet_address_prefixes", texts(&["10.0.1.0/27"])),
            ("maximum_node_count", nodes.into()),
            ("instance_count", instances.into()),
        ])
    };
    let fits = table::expanded(sized(20, 7));
    assert_eq!(
        fits.policy.prerequisites["AML-SUBNET-SIZE"].status,
        PrerequisiteStatus::Satisfied
    );
    assert!(sized(20, 8).has_errors());
}

#[test]
fn what_cannot_work_is_refused_at_its_argument() {
    let waived = Value::object([("CHECK-ADMIN-SOURCE-CLOSED", Value::from("a test"))]);
    let cases: Vec<Vec<(&str, Value)>> = vec![
        vec![("edition", "2011".into())],
        vec![("edition", "2020-07".into()), ("node_public_ip_enabled", false.into())],
        vec![
            ("edition", "2022-10".into()),
            ("node_communication_mode", "simplified".into()),
        ],
        vec![("location", "westindia".into())],
        vec![("workspace_location", "atlantis".into())],
        vec![("compute_types", texts(&["instances"]))],
        vec![
            ("compute_types", texts(&["cluster"])),
            ("vscode_source_address_prefixes", texts(&["10.8.0.0/24"])),
        ],
        vec![("ssh_source_address_prefixes", texts(&["*"]))],
        routed(&[
            ("ssh_source_address_prefixes", texts(&["*"])),
            ("waived_requirements", waived),
        ]),
        vec![("maximum_node_count", (-1_i64).into())],
        vec![
            ("subnet_address_prefixes", texts(&["10.0.1.0/28"])),
            ("maximum_node_count", 12_i64.into()),
        ],
        by_address(&[("service_tag_file", Value::Null)]),
        by_address(&[("service_tag_file", "no/such/file.json".into())]),
        by_address(&[("environment", "china".into()), ("location", "chinaeast2".into())]),
        by_address(&[("location", "polandcentral".into())]),
        by_address(&[("route_table_limits", Value::object([("routes", (-1_i64).into())]))]),
        vec![
            ("edition", "2022-10".into()),
            ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
            ("default_route_next_hop_type", "VirtualAppliance".into()),
        ],
    ];
    let report = refusals(&cases, outcome);
    insta::assert_snapshot!(report.replace(env!("CARGO_MANIFEST_DIR"), "<folder>"));
}

#[test]
fn what_decides_the_rules_must_be_known() {
    for name in [
        "node_public_ip_enabled",
        "workspace_location",
        "ssh_source_address_prefixes",
    ] {
        let outcome = outcome(&[(name, Value::UNKNOWN)]);
        assert!(
            outcome.expanded.is_none() && !outcome.has_errors(),
            "{name}: {:#?}",
            outcome.problems
        );
        assert!(
            outcome.unknown.iter().any(|path| path.to_string() == name),
            "{name}: {:?}",
            outcome.unknown
        );
    }
    let file = outcome(&by_address(&[("service_tag_file", Value::UNKNOWN)]));
    assert!(file.expanded.is_none() && !file.has_errors(), "{:#?}", file.problems);
}
