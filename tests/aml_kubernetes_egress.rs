//! A Kubernetes cluster's outbound, held against the tables of the pages it comes from.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

#[path = "inputs/refusals.rs"]
mod refusals;

use std::collections::BTreeSet;

use lockeddown::{
    network::{ApplicationRuleDestination, Known, NetworkRuleDestination},
    requirements::{catalogue, systems},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

use crate::refusals::refused;

fn firewall() -> Value {
    Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.0.9.4".into()),
        ("firewall_dns_proxy_enabled", true.into()),
    ])
}

fn proxy() -> Value {
    Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "10.0.9.8".into()),
        ("proxy_port", 3128_i64.into()),
    ])
}

fn inputs(changes: &[(&str, Value)]) -> Value {
    let mut values = Value::object([
        ("cluster_type", Value::from("aks")),
        ("location", "westeurope".into()),
        ("egress", firewall()),
        ("subnet_address_prefixes", Value::string_set(["10.4.0.0/22"])),
        ("workspace_guid", "11112222-3333-4444-5555-666677778888".into()),
        ("storage_account_names", Value::string_set(["stmldefault", "stmldata"])),
        ("container_registry_name", "crML".into()),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn outcome(changes: &[(&str, Value)]) -> Outcome {
    Workload::find("aml_kubernetes_egress")
        .unwrap()
        .expand(&inputs(changes), &Surroundings::none(Defaults::default()))
}

fn expand(changes: &[(&str, Value)]) -> Expanded {
    let outcome = outcome(changes);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn names(hosts: &BTreeSet<Known<String>>) -> String {
    let name = |host: &Known<String>| match host {
        Known::Is(name) => name.clone(),
        Known::NotYet => "?".to_owned(),
    };
    hosts.iter().map(name).collect::<Vec<_>>().join(" ")
}

/// The firewall's rules in the columns of the tables, by collection and name.
fn table(expanded: &Expanded) -> Vec<String> {
    let mut rows = Vec::new();
    for rule in expanded
        .policy
        .application_rule_collections
        .iter()
        .flat_map(|all| &all.rules)
    {
        let destination = match &rule.destination {
            ApplicationRuleDestination::Hosts(hosts) => names(hosts),
            ApplicationRuleDestination::HostTag(tag) => tag.to_string(),
            ApplicationRuleDestination::Urls(urls) => urls.iter().cloned().collect::<Vec<_>>().join(" "),
        };
        for (protocol, port) in &rule.protocols {
            rows.push(format!(
                "application,{},{},{destination},{port}",
                rule.name,
                protocol.as_str()
            ));
        }
    }
    for rule in expanded
        .policy
        .network_rule_collections
        .iter()
        .flat_map(|all| &all.rules)
    {
        let destination = match &rule.destination {
            NetworkRuleDestination::Tag(tag) => tag.to_string(),
            NetworkRuleDestination::Addresses(addresses) => addresses.iter().cloned().collect::<Vec<_>>().join(" "),
            NetworkRuleDestination::Hosts(hosts) => names(hosts),
        };
        let protocols: Vec<_> = rule.protocols.iter().map(|protocol| protocol.as_str()).collect();
        let ports: Vec<_> = rule.ports.iter().cloned().collect();
        rows.push(format!(
            "network,{},{},{destination},{}",
            rule.name,
            protocols.join(" "),
            ports.join(" ")
        ));
    }
    rows.sort();
    rows
}

fn transcribed(text: &str) -> Vec<String> {
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn the_firewalls_rules_are_the_transcribed_tables() {
    let every_feature = Value::string_set(["cluster_connect", "custom_locations", "azure_rbac", "extensions"]);
    let cases: [(&[(&str, Value)], &str); 5] = [
        (
            &[("edition", "2022-10".into())],
            include_str!("tables/aml_kubernetes_egress-2022-10.csv"),
        ),
        (&[], include_str!("tables/aml_kubernetes_egress-2026-08.csv")),
        (
            &[("cluster_type", "arc".into()), ("arc_features", every_feature)],
            include_str!("tables/aml_kubernetes_egress-2026-08-arc.csv"),
        ),
        (
            &[
                ("environment", "china".into()),
                ("location", "China East 2".into()),
                ("private_cluster_enabled", false.into()),
                ("konnectivity_enabled", false.into()),
                (
                    "api_server_fqdn",
                    "ml-1234.hcp.chinaeast2.cx.prod.service.azk8s.cn".into(),
                ),
                ("dns_server_addresses", Value::string_set(["10.9.0.4"])),
                ("ntp_servers", Value::string_set(["10.9.0.5"])),
            ],
            include_str!("tables/aml_kubernetes_egress-2026-08-china.csv"),
        ),
        (
            &[
                ("edition", "2022-10".into()),
                ("environment", "usgovernment".into()),
                ("location", "usgovarizona".into()),
                ("cluster_type", "arc".into()),
                ("workloads", Value::string_set(["inference"])),
            ],
            include_str!("tables/aml_kubernetes_egress-2022-10-usgovernment.csv"),
        ),
    ];
    for (changes, rows) in cases {
        assert_eq!(table(&expand(changes)), transcribed(rows), "{changes:?}");
    }
}

#[test]
fn nothing_becomes_a_security_rule() {
    for isolation in ["none", "internet"] {
        for egress in [firewall(), proxy()] {
            let expanded = expand(&[("isolation", isolation.into()), ("egress", egress)]);
            assert!(expanded.policy.security_rules.is_empty(), "{isolation}");
            assert!(expanded.policy.prerequisites.contains_key("AML-K8S-AKS-NO-NSG"));
        }
    }
}

#[test]
fn a_proxy_is_given_the_hosts_and_no_collections() {
    let outcome = outcome(&[("egress", proxy())]);
    let policy = outcome.expanded.unwrap().policy;
    assert!(policy.network_rule_collections.is_empty() && policy.application_rule_collections.is_empty());
    assert!(policy.routes.is_empty());
    assert_eq!(
        policy.hosts["crml.azurecr.io"].requirement_ids,
        ["AML-K8S-REGISTRY".to_owned()].into()
    );
    // What an HTTPS proxy cannot carry is said: here the time of the nodes.
    assert_eq!(policy.warnings.len(), 1, "{:#?}", policy.warnings);
    assert!(
        policy.warnings[0].contains("AML-K8S-AKS-TIME"),
        "{:#?}",
        policy.warnings
    );
}

#[test]
fn a_name_that_needs_a_network_rule_is_told_of_where_the_firewall_resolves_none() {
    let mut egress = firewall();
    egress.set_attribute("firewall_dns_proxy_enabled", false.into());
    let problems = outcome(&[("egress", egress)]).problems;
    let problem = problems
        .iter()
        .find(|problem| problem.summary == "Hosts that no firewall rule can express");
    let detail = &problem.unwrap_or_else(|| panic!("{problems:#?}")).detail;
    assert!(detail.contains("AML-K8S-AKS-TIME"), "{detail}");
}

#[test]
fn names_that_are_not_given_are_wildcards_with_one_warning() {
    let missing = [
        ("workspace_guid", Value::Null),
        ("storage_account_names", Value::Null),
        ("container_registry_name", Value::Null),
    ];
    let expanded = expand(&missing);
    for host in [
        "*.workspace.westeurope.api.azureml.ms",
        "*.blob.core.windows.net",
        "*.azurecr.io",
        "*.westeurope.data.azurecr.io",
    ] {
        assert!(expanded.policy.hosts.contains_key(host), "{host}");
    }
    assert_eq!(expanded.policy.warnings.len(), 1);
    let waived = Value::object([("CHECK-HOSTS-NAMED", Value::from("names are not decided yet"))]);
    let mut waiving = missing.to_vec();
    waiving.push(("waived_requirements", waived));
    assert_eq!(expand(&waiving).policy.warnings, [] as [String; 0]);
    // The page of 2022 asks for the wildcards itself.
    let mut older = missing.to_vec();
    older.push(("edition", "2022-10".into()));
    assert_eq!(expand(&older).policy.warnings, [] as [String; 0]);
}

#[test]
fn the_workspace_may_stand_in_another_region_than_the_cluster() {
    let hosts = expand(&[("workspace_location", "North Europe".into())]).policy.hosts;
    assert!(hosts.contains_key("northeurope.api.azureml.ms"));
    assert!(hosts.contains_key("westeurope.dp.kubernetesconfiguration.azure.com"));
}

#[test]
fn without_a_dns_proxy_a_time_server_by_name_cannot_be_expressed() {
    let basic = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.0.9.4".into()),
    ]);
    let warnings = |servers: Value| {
        expand(&[("egress", basic.clone()), ("ntp_servers", servers)])
            .policy
            .warnings
    };
    assert!(warnings(Value::Null)[0].contains("AML-K8S-AKS-TIME"));
    assert!(warnings(Value::string_set(["time.example.org"]))[0].contains("AML-K8S-AKS-TIME-OWN"));
    assert_eq!(warnings(Value::string_set(["10.9.0.5"])), [] as [String; 0]);
}

#[test]
fn kubenets_routes_and_the_default_route_are_told_apart() {
    let azure = expand(&[]).policy;
    assert!(azure.routes.contains_key("default"));
    assert!(!azure.prerequisites.contains_key("AML-K8S-AKS-KUBENET-ROUTES"));
    let kubenet = expand(&[("network_plugin", "kubenet".into())]).policy;
    assert!(kubenet.prerequisites.contains_key("AML-K8S-AKS-KUBENET-ROUTES"));
}

#[test]
fn what_decides_the_hosts_must_be_known_and_a_next_hop_need_not() {
    for structural in ["cluster_type", "workspace_guid", "location", "private_cluster_enabled"] {
        let outcome = outcome(&[(structural, Value::UNKNOWN)]);
        assert!(outcome.expanded.is_none() && !outcome.has_errors(), "{structural}");
    }
    let mut leaf = firewall();
    leaf.set_attribute("firewall_private_ip_address", Value::UNKNOWN);
    assert!(expand(&[("egress", leaf)]).policy.routes.contains_key("default"));
}

#[test]
fn what_users_get_wrong_is_explained_at_its_argument() {
    let kind = |word: &str| Value::object([("type", Value::from(word))]);
    let cases: &[(&str, Value)] = &[
        ("cluster_type", "akz".into()),
        ("egress", Value::Null),
        ("egress", kind("service_tags")),
        ("egress", kind("forced_tunnel")),
        ("isolation", "strict".into()),
        ("workloads", Value::string_set(["trainig"])),
        ("arc_features", Value::string_set(["cluster-connect"])),
        ("workspace_location", "northeurop".into()),
        (
            "storage_account_names",
            Value::string_set(["stml.blob.core.windows.net"]),
        ),
        ("container_registry_name", "crml.azurecr.io".into()),
        ("api_server_fqdn", "ml-1234.hcp.westeurope.azmk8s.io".into()),
        ("subnet_address_prefixes", Value::Null),
        ("edition", "2020-07".into()),
        ("arc_features", Value::string_set(["cluster_connect"])),
        ("ntp_servers", Value::string_set(["0.0.0.0/0"])),
        ("ntp_servers", Value::string_set(["*.example.com"])),
        ("subnet_address_prefixes", Value::string_set(["fd00::/64"])),
    ];
    let mut report = String::new();
    for (argument, value) in cases {
        let outcome = outcome(&[(argument, value.clone())]);
        report.push_str(&refused(&(argument, value), &outcome));
    }
    insta::assert_snapshot!(report);
}

fn options() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    (
        prop::sample::select(vec!["2022-10", "2026-08"]),
        prop::sample::select(vec![
            ("public", "norwayeast"),
            ("usgovernment", "usgovvirginia"),
            ("china", "chinanorth3"),
        ]),
        prop::sample::select(vec!["aks", "arc"]),
        prop::sample::subsequence(vec!["training", "inference"], 1..=2),
        any::<bool>(),
        any::<bool>(),
        prop::sample::subsequence(
            vec!["cluster_connect", "custom_locations", "azure_rbac", "extensions"],
            0..=4,
        ),
    )
        .prop_map(
            |(edition, (environment, location), cluster, workloads, baseline, private, features)| {
                let of_its_type = match cluster {
                    "aks" => ("private_cluster_enabled", private.into()),
                    _ => ("arc_features", Value::string_set(features)),
                };
                vec![
                    ("edition", edition.into()),
                    ("environment", environment.into()),
                    ("location", location.into()),
                    ("cluster_type", cluster.into()),
                    ("workloads", Value::string_set(workloads)),
                    ("cluster_egress_enabled", baseline.into()),
                    of_its_type,
                ]
            },
        )
}

proptest! {
    #[test]
    fn rules_are_what_azure_and_the_catalogue_accept(options in options()) {
        let known: BTreeSet<&str> = systems()
            .flat_map(|system| catalogue(system).unwrap().all())
            .map(|requirement| requirement.id.as_str())
            .collect();
        let policy = expand(&options).policy;
        prop_assert!(policy.security_rules.is_empty());
        prop_assert!(policy.requirement_ids.iter().all(|id| known.contains(id.as_str())));
        let mut names = BTreeSet::new();
        for rule in policy.application_rule_collections.iter().flat_map(|all| &all.rules) {
            prop_assert!(names.insert(&rule.name) && rule.name.len() <= 80, "{}", rule.name);
            prop_assert!(rule.requirement_ids.is_subset(&policy.requirement_ids) && !rule.protocols.is_empty());
            if let ApplicationRuleDestination::Hosts(hosts) = &rule.destination {
                for host in hosts {
                    let Known::Is(host) = host else { continue };
                    let plain = host.strip_prefix("*.").unwrap_or(host);
                    prop_assert!(!plain.contains(['*', '{', '/']), "{}", host);
                }
            }
        }
        for rule in policy.network_rule_collections.iter().flat_map(|all| &all.rules) {
            prop_assert!(names.insert(&rule.name) && rule.name.len() <= 80, "{}", rule.name);
            if let NetworkRuleDestination::Hosts(hosts) = &rule.destination {
                prop_assert!(hosts.iter().all(|host| !matches!(host, Known::Is(host) if host.contains('*'))));
            }
        }
    }

    #[test]
    fn an_option_never_takes_away_what_another_asked_for(options in options()) {
        let base = table(&expand(&options));
        let mut more = options.clone();
        more.push(("workloads", Value::string_set(["training", "inference"])));
        more.push(("cluster_egress_enabled", true.into()));
        more.push(("dns_server_addresses", Value::string_set(["10.6.0.4"])));
        if options.contains(&("cluster_type", "aks".into())) {
            more.push(("private_cluster_enabled", false.into()));
            more.push(("konnectivity_enabled", false.into()));
        } else {
            more.push(("arc_features", Value::string_set(["cluster_connect", "custom_locations", "azure_rbac", "extensions"])));
        }
        let more = table(&expand(&more));
        for row in base {
            prop_assert!(more.contains(&row), "{} is gone", row);
        }
    }
}
