//! What compute must reach.

mod refusals;

use std::collections::BTreeSet;

use lockeddown::{
    network::{AddressSide, ApplicationRuleDestination, FlowPeer, NetworkRuleDestination, Prefix, PrerequisiteStatus},
    workloads::{Expanded, Outcome},
};
use tfplugin_rs::value::Value;

use crate::table::{self, routes, table, transcribed, warnings, words};

pub(crate) fn outcome(changes: &[(&str, Value)]) -> Outcome {
    let defaults = [
        ("egress", Value::object::<&str>([])),
        ("default_storage_account_name", "lockeddown1".into()),
    ];
    table::outcome("aml_compute_egress", &defaults, changes)
}

pub(crate) fn expand(changes: &[(&str, Value)]) -> Expanded {
    table::expanded(outcome(changes))
}

fn texts(texts: &[&str]) -> Value {
    Value::string_set(texts.iter().copied())
}

fn everything() -> Vec<(&'static str, Value)> {
    let mut changes: Vec<(&str, Value)> = [
        "high_business_impact",
        "custom_images_enabled",
        "studio_enabled",
        "automl_enabled",
        "rstudio_enabled",
        "vscode_enabled",
        "r_packages_enabled",
    ]
    .map(|name| (name, Value::from(true)))
    .to_vec();
    changes.push(("private_endpoint_address_prefixes", texts(&["10.0.2.0/27"])));
    changes.push(("python_packages", texts(&["anaconda", "pypi", "pytorch", "tensorflow"])));
    changes
}

fn firewall() -> Value {
    Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.1.0.4".into()),
    ])
}

fn behind_a_firewall(changes: &[(&'static str, Value)]) -> Vec<(&'static str, Value)> {
    let mut all = vec![
        ("egress", firewall()),
        ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
        ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
    ];
    all.extend(changes.iter().cloned());
    all
}

fn in_edition(edition: &str, environment: &str, location: &str, changes: &[(&'static str, Value)]) -> Expanded {
    let mut all = vec![
        ("edition", Value::from(edition)),
        ("environment", environment.into()),
        ("location", location.into()),
    ];
    all.extend(changes.iter().cloned());
    expand(&all)
}

#[test]
fn with_defaults_the_rules_are_the_transcribed_tables() {
    let cases = [
        (
            "2020-07",
            "public",
            "westeurope",
            include_str!("../../tables/aml_compute_egress-2020-07.csv"),
        ),
        (
            "2020-07",
            "china",
            "chinaeast2",
            include_str!("../../tables/aml_compute_egress-2020-07-china.csv"),
        ),
        (
            "2022-10",
            "public",
            "West Europe",
            include_str!("../../tables/aml_compute_egress-2022-10.csv"),
        ),
        (
            "2022-10",
            "usgovernment",
            "usgovvirginia",
            include_str!("../../tables/aml_compute_egress-2022-10-usgovernment.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            include_str!("../../tables/aml_compute_egress-2026-08.csv"),
        ),
        (
            "2026-08",
            "usgovernment",
            "usgovvirginia",
            include_str!("../../tables/aml_compute_egress-2026-08-usgovernment.csv"),
        ),
        (
            "2026-08",
            "china",
            "chinaeast2",
            include_str!("../../tables/aml_compute_egress-2026-08-china.csv"),
        ),
    ];
    for (edition, environment, location, rows) in cases {
        let expanded = in_edition(edition, environment, location, &[]);
        assert_eq!(table(&expanded), transcribed(rows), "{edition} {environment}");
    }
}

#[test]
fn with_everything_asked_for_the_rules_are_the_transcribed_tables() {
    let cases = [
        (
            "2022-10",
            "public",
            "westeurope",
            include_str!("../../tables/aml_compute_egress-2022-10-everything.csv"),
        ),
        (
            "2022-10",
            "china",
            "chinaeast2",
            include_str!("../../tables/aml_compute_egress-2022-10-everything-china.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            include_str!("../../tables/aml_compute_egress-2026-08-everything.csv"),
        ),
    ];
    for (edition, environment, location, rows) in cases {
        let expanded = in_edition(edition, environment, location, &everything());
        assert_eq!(table(&expanded), transcribed(rows), "{edition} {environment}");
    }
}

#[test]
fn clusters_without_any_private_endpoint_need_least() {
    let expanded = expand(&[
        ("compute_types", texts(&["cluster"])),
        ("workspace_private_endpoint_enabled", false.into()),
        ("storage_access", "service_tag".into()),
    ]);
    let rows = include_str!("../../tables/aml_compute_egress-2026-08-cluster.csv");
    assert_eq!(table(&expanded), transcribed(rows));
    let endpoint = &expanded.policy.prerequisites["AML-WORKSPACE-PRIVATE-ENDPOINT"];
    assert_eq!(endpoint.status, PrerequisiteStatus::NotSatisfied);
}

#[test]
fn behind_a_firewall_the_nsg_leaves_the_web_to_it_and_the_tags_become_network_rules() {
    let expanded = expand(&behind_a_firewall(&[]));
    let rows = include_str!("../../tables/aml_compute_egress-2026-08-firewall.csv");
    assert_eq!(table(&expanded), transcribed(rows));
    assert_eq!(routes(&expanded), ["default 0.0.0.0/0 VirtualAppliance"]);
    let rules = &expanded.policy.network_rule_collections[0].rules;
    let rule = |rule: &lockeddown::network::NetworkRule| {
        let protocols: Vec<_> = rule.protocols.iter().map(|protocol| protocol.as_str()).collect();
        let ports: Vec<_> = rule.ports.iter().cloned().collect();
        match &rule.destination {
            NetworkRuleDestination::Tag(tag) => format!("{tag} {} {}", protocols.join(","), ports.join(",")),
            other => panic!("{other:?}"),
        }
    };
    // "Basic configuration", the outbound table of 2026-03-19, transcribed by hand.
    let expected = words(&[
        "AzureActiveDirectory Tcp 443,80",
        "AzureMachineLearning Tcp 443",
        "AzureMachineLearning Tcp 18881",
        "AzureMachineLearning Udp 5831",
        "BatchNodeManagement.WestEurope * 443",
        "AzureResourceManager Tcp 443",
        "Storage.WestEurope Tcp 443",
        "Storage.WestEurope Tcp 445",
        "MicrosoftContainerRegistry Tcp 443",
        "AzureFrontDoor.FirstParty Tcp 443",
        "AzureMonitor Tcp 443",
        "AzureContainerRegistry.WestEurope Tcp 443",
    ]);
    assert_eq!(
        rules.iter().map(rule).collect::<std::collections::BTreeSet<_>>(),
        expected
    );
    assert!(expanded.policy.application_rule_collections.is_empty());
}

/// The hosts of the application rules.
fn application_hosts(expanded: &Expanded) -> std::collections::BTreeSet<String> {
    let rules = expanded
        .policy
        .application_rule_collections
        .iter()
        .flat_map(|collection| &collection.rules);
    let hosts = rules.flat_map(|rule| match &rule.destination {
        ApplicationRuleDestination::Hosts(hosts) => {
            hosts.iter().map(|host| host.get().unwrap().clone()).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    });
    hosts.collect()
}

#[test]
fn packages_and_editors_are_application_rules_and_no_wildcard_lacks_its_dot() {
    let changes = behind_a_firewall(&[
        ("python_packages", texts(&["anaconda", "pypi", "pytorch", "tensorflow"])),
        ("r_packages_enabled", true.into()),
        ("vscode_enabled", true.into()),
        ("extra_hosts", texts(&["*.example.com", "git.example.org"])),
    ]);
    let expected = words(&[
        "anaconda.com",
        "*.anaconda.com",
        "*.anaconda.org",
        "pypi.org",
        "pytorch.org",
        "*.pytorch.org",
        "*.tensorflow.org",
        "cloud.r-project.org",
        "update.code.visualstudio.com",
        "*.vo.msecnd.net",
        "vscode.download.prss.microsoft.com",
        "github.com",
        "*.example.com",
        "git.example.org",
    ]);
    let outcome = outcome(&changes);
    assert_eq!(
        warnings(&outcome),
        [
            "URL paths reduced to their hosts",
            "Service tags for security rules only"
        ]
    );
    assert_eq!(application_hosts(&table::expanded(outcome)), expected);
}

#[test]
fn where_front_door_has_no_tag_for_it_the_registry_is_opened_by_host() {
    for edition in ["2020-07", "2026-08"] {
        for (environment, location) in [("usgovernment", "usgovvirginia"), ("china", "chinaeast2")] {
            let changes = behind_a_firewall(&[
                ("edition", edition.into()),
                ("environment", environment.into()),
                ("location", location.into()),
            ]);
            assert_eq!(
                application_hosts(&expand(&changes)),
                words(&["mcr.microsoft.com", "*.data.mcr.microsoft.com"]),
                "{edition} {environment}"
            );
        }
    }
    let public = expand(&behind_a_firewall(&[("edition", "2020-07".into())]));
    assert_eq!(application_hosts(&public), words(&[]));
}

#[test]
fn private_endpoints_behind_the_firewall_are_opened_by_address() {
    let expanded = expand(&behind_a_firewall(&[(
        "private_endpoint_address_prefixes",
        texts(&["10.9.0.0/27"]),
    )]));
    let rules = &expanded.policy.network_rule_collections[0].rules;
    let to_them = rules
        .iter()
        .filter(|rule| rule.destination == NetworkRuleDestination::Addresses(words(&["10.9.0.0/27"])));
    let ports: Vec<_> = to_them.map(|rule| (rule.name.as_str(), rule.ports.clone())).collect();
    assert_eq!(
        ports,
        [
            ("AllowStorageSmbPrivateEndpointOutbound", words(&["445"])),
            ("AllowVirtualNetworkOutbound", words(&["443"]))
        ]
    );
}

#[test]
fn private_endpoints_in_a_peered_network_are_reached_beside_the_spaces() {
    let peered = |more: &[(&'static str, Value)]| {
        let mut changes = vec![
            ("subnet_address_prefixes", texts(&["10.0.0.0/24"])),
            ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
            (
                "private_endpoint_address_prefixes",
                texts(&["10.0.5.0/28", "10.8.5.0/28"]),
            ),
        ];
        changes.extend(more.iter().cloned());
        expand(&changes)
    };
    let reached: BTreeSet<Prefix> = ["10.0.0.0/16", "10.8.5.0/28"].map(|text| text.parse().unwrap()).into();
    for (requirement, more) in [
        ("AML-OUT-VNET-PRIVATE-ENDPOINTS", vec![("isolation", "strict".into())]),
        (
            "AML-OUT-VNET-PRIVATE-ENDPOINTS",
            vec![("isolation", "strict".into()), ("egress", firewall())],
        ),
        (
            "AML-OUT-VNET",
            vec![("isolation", "strict".into()), ("edition", "2022-10".into())],
        ),
    ] {
        let policy = peered(&more).policy;
        let rule = &policy.security_rules["AllowVirtualNetworkOutbound"];
        assert_eq!(
            rule.destination,
            AddressSide::Prefixes(reached.clone()),
            "{requirement}"
        );
        let flow = &policy.flows[requirement];
        assert_eq!(flow.peer, FlowPeer::Prefixes(reached.clone()), "{requirement}");
    }
}

#[test]
fn what_users_reach_is_listed_and_never_opened() {
    let listed = expand(&[("vscode_enabled", true.into())]);
    assert_eq!(listed.policy.hosts["ml.azure.com"].initiator, "client");
    assert_eq!(listed.policy.hosts["management.azure.com"].initiator, "compute");
    let client = |expanded: &Expanded| {
        expanded
            .policy
            .hosts
            .values()
            .filter(|host| host.initiator == "client")
            .count()
    };
    assert!(client(&listed) > 5);
    assert_eq!(client(&expand(&[("client_hosts_enabled", false.into())])), 0);
    let opened = application_hosts(&expand(&behind_a_firewall(&[("vscode_enabled", true.into())])));
    assert!(!opened.contains("marketplace.visualstudio.com"), "{opened:?}");
}

#[test]
fn behind_a_proxy_the_nsg_opens_the_proxy_storage_and_what_no_proxy_carries() {
    let proxy = Value::object([
        ("type", Value::from("proxy")),
        ("proxy_address", "198.51.100.4".into()),
        ("proxy_port", 3128_i64.into()),
    ]);
    let rows = include_str!("../../tables/aml_compute_egress-2026-08-proxy.csv");
    assert_eq!(table(&expand(&[("egress", proxy)])), transcribed(rows));
}

#[test]
fn data_exfiltration_protection_swaps_front_door_for_hosts_and_defines_a_policy() {
    let account = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/lockeddown1";
    let changes = behind_a_firewall(&[
        ("data_exfiltration_protection_enabled", true.into()),
        ("studio_enabled", true.into()),
        ("storage_account_ids", texts(&[account])),
    ]);
    let expanded = expand(&changes);
    assert!(
        !expanded
            .policy
            .security_rules
            .contains_key("AllowFrontDoorFrontendOutbound")
    );
    let hosts = words(&["ml.azure.com", "automlresources-prod-d0eaehh7g8andvav.b02.azurefd.net"]);
    assert_eq!(application_hosts(&expanded), hosts);
    let endpoints: Vec<_> = expanded
        .policy
        .service_endpoints
        .iter()
        .map(|endpoint| endpoint.as_str())
        .collect();
    assert_eq!(endpoints, ["Microsoft.Storage"]);
    let definitions = &expanded.outputs["service_endpoint_policy_definitions"];
    let alias = definitions.attribute("azure_machine_learning");
    assert_eq!(alias.attribute("service").as_str(), Some("Global"));
    assert_eq!(
        alias.attribute("service_resources"),
        &texts(&["/services/Azure/MachineLearning"])
    );
    let accounts = definitions.attribute("storage_accounts");
    assert_eq!(accounts.attribute("service").as_str(), Some("Microsoft.Storage"));
    assert_eq!(accounts.attribute("service_resources"), &texts(&[account]));
    let none = expand(&[]);
    assert_eq!(
        none.outputs["service_endpoint_policy_definitions"],
        Value::object::<&str>([])
    );
}

#[test]
fn data_exfiltration_protection_opens_hosts_for_those_who_use_them_and_the_tag_where_no_host_takes_its_place() {
    let protected = ("data_exfiltration_protection_enabled", Value::from(true));
    let nobody = expand(&behind_a_firewall(std::slice::from_ref(&protected)));
    assert_eq!(application_hosts(&nobody), words(&[]));
    let automl = expand(&behind_a_firewall(&[
        protected.clone(),
        ("automl_enabled", true.into()),
    ]));
    let hosts = words(&["ml.azure.com", "automlresources-prod-d0eaehh7g8andvav.b02.azurefd.net"]);
    assert!(application_hosts(&automl).is_superset(&hosts));
    let elsewhere = behind_a_firewall(&[
        protected,
        ("automl_enabled", true.into()),
        ("environment", "usgovernment".into()),
        ("location", "usgovvirginia".into()),
    ]);
    let rules = expand(&elsewhere).policy.security_rules;
    assert!(rules.contains_key("AllowFrontDoorFrontendOutbound"));
}
