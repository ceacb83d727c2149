//! What is refused or warned of, and where.

use tfplugin_rs::value::Value;

use super::{behind_a_firewall, expand, firewall, outcome, texts};
use crate::table::{self, refusals, routes, table, warnings};

#[test]
fn where_azure_batch_has_no_simplified_communication_compute_is_refused() {
    for location in ["West India", "francesouth"] {
        let at = |more: &[(&str, Value)]| outcome(&[&[("location", Value::from(location))], more].concat());
        let refused = at(&[]);
        let problem = refused.problems.first().unwrap();
        assert_eq!(problem.path.to_string(), "location", "{location}");
        assert!(
            problem.detail.contains("(AML-SIMPLIFIED-REGIONS)"),
            "{}",
            problem.detail
        );
        let elsewhere = at(&[("workspace_location", "westeurope".into())]);
        assert!(
            elsewhere.expanded.is_some(),
            "compute follows its workspace: {:#?}",
            elsewhere.problems
        );
        let waived = Value::object([("AML-SIMPLIFIED-REGIONS", Value::from("it has by now"))]);
        assert!(at(&[("waived_requirements", waived)]).expanded.is_some(), "{location}");
        assert!(
            at(&[("edition", "2022-10".into())]).expanded.is_some(),
            "classic: {location}"
        );
    }
}

#[test]
fn storage_that_the_service_endpoint_policy_does_not_filter_is_named() {
    let warned = |changes: &[(&'static str, Value)]| {
        let mut all = vec![("data_exfiltration_protection_enabled", Value::from(true))];
        all.extend(changes.iter().cloned());
        let problems = outcome(&all).problems.into_iter();
        let beyond = problems.filter(|problem| problem.summary == "Storage beyond the policy's reach");
        beyond
            .map(|problem| (problem.path.to_string(), problem.detail))
            .collect::<Vec<_>>()
    };
    let far = [("storage_locations", texts(&["westeurope", "northeurope", "eastus"]))];
    let found = warned(&far);
    assert_eq!(found.len(), 1, "{found:?}");
    let (path, detail) = &found[0];
    assert_eq!(path, "storage_locations");
    assert!(
        detail.contains("`westeurope` and its pair `northeurope`. To `eastus` every"),
        "{detail}"
    );
    let workspace = warned(&[("workspace_location", "Sweden Central".into())]);
    assert_eq!(workspace[0].0, "workspace_location");
    assert_eq!(warned(&[("storage_locations", texts(&["northeurope"]))]), []);
    let waived = Value::object([("CHECK-POLICY-REACHES-STORAGE", Value::from("read only there"))]);
    assert_eq!(warned(&[far[0].clone(), ("waived_requirements", waived)]), []);
    assert!(
        outcome(&far)
            .problems
            .iter()
            .all(|problem| problem.path.to_string() != "storage_locations"),
        "without the policy nobody relies on it"
    );
}

#[test]
fn an_unnamed_storage_account_is_a_wildcard_and_a_warning_that_can_be_waived() {
    let unnamed = outcome(&[("default_storage_account_name", Value::Null)]);
    assert_eq!(warnings(&unnamed), ["Storage account not named"]);
    let hosts = table::expanded(unnamed).policy.hosts;
    assert!(hosts.contains_key("*.file.core.windows.net"));
    let waived = Value::object([("CHECK-STORAGE-ACCOUNT-NAMED", Value::from("not made yet"))]);
    let waived = outcome(&[
        ("default_storage_account_name", Value::Null),
        ("waived_requirements", waived),
    ]);
    assert_eq!(waived.problems, []);
    let named = outcome(&[("additional_storage_account_names", texts(&["lockeddown2"]))]);
    assert_eq!(named.problems, []);
    let hosts = table::expanded(named).policy.hosts;
    assert!(
        hosts.contains_key("lockeddown1.file.core.windows.net")
            && hosts.contains_key("lockeddown2.blob.core.windows.net")
    );
}

#[test]
fn a_tag_that_this_release_does_not_know_can_be_waived() {
    let waived = Value::object([("CHECK-SERVICE-TAG-KNOWN", Value::from("seen in change 400"))]);
    let expanded = expand(&[
        ("location", "australiacentral2".into()),
        ("waived_requirements", waived),
    ]);
    let batch = "706,AllowBatchNodeManagementOutbound,Outbound,Allow,*,*,BatchNodeManagement.AustraliaCentral2,443";
    assert!(table(&expanded).contains(&batch.to_owned()));
}

#[test]
fn hosts_without_a_tag_are_told_of_where_only_tags_open() {
    let outcome = outcome(&[
        ("extra_hosts", texts(&["git.example.org"])),
        ("python_packages", texts(&["pypi"])),
    ]);
    assert_eq!(warnings(&outcome), ["Hosts that no service tag covers"]);
    let detail = &outcome.problems[0].detail;
    assert!(
        detail.contains("`git.example.org` (AML-HOST-EXTRA") && detail.contains("`pypi.org`"),
        "{detail}"
    );
}

#[test]
fn a_switch_that_the_edition_does_not_know_is_named() {
    let early = [
        ("edition", Value::from("2020-07")),
        ("vscode_enabled", true.into()),
        ("storage_smb_enabled", true.into()),
    ];
    let outcome = outcome(&early);
    let said: Vec<String> = outcome
        .problems
        .iter()
        .filter(|problem| problem.summary == "Argument of another edition")
        .map(|problem| problem.path.to_string())
        .collect();
    assert_eq!(said, ["vscode_enabled"], "the other one says its default");
}

#[test]
fn what_an_edition_refuses_is_not_warned_of_as_well() {
    let early = [
        ("edition", Value::from("2020-07")),
        ("data_exfiltration_protection_enabled", true.into()),
    ];
    let problems = outcome(&early).problems.into_iter();
    let said = problems.filter(|problem| problem.path.to_string() == "data_exfiltration_protection_enabled");
    let said: Vec<String> = said.map(|problem| problem.summary).collect();
    assert_eq!(said, ["Not in this edition"]);
}

#[test]
fn what_cannot_work_is_refused_at_its_argument() {
    let cases: Vec<Vec<(&str, Value)>> = vec![
        vec![("egress", Value::Null)],
        vec![("egress", Value::object([("type", Value::from("firewal"))]))],
        vec![("egress", firewall())],
        vec![
            ("egress", firewall()),
            ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
        ],
        vec![("compute_types", texts(&["clusters"]))],
        vec![("python_packages", texts(&["pipy"]))],
        vec![("workspace_location", "westeruope".into())],
        vec![("storage_locations", texts(&["usgovvirginia"]))],
        vec![("location", "australiacentral2".into())],
        vec![(
            "default_storage_account_name",
            "lockeddown1.blob.core.windows.net".into(),
        )],
        vec![("extra_hosts", texts(&["*pytorch.org"]))],
        vec![(
            "extra_hosts",
            texts(&["https://example.com/x", "*", "a.*.com", "git.example.com"]),
        )],
        vec![("edition", "2020-07".into()), ("node_public_ip_enabled", false.into())],
        vec![
            ("edition", "2022-10".into()),
            ("data_exfiltration_protection_enabled", true.into()),
        ],
        vec![
            ("data_exfiltration_protection_enabled", true.into()),
            ("storage_access", "service_endpoint".into()),
        ],
        vec![
            ("isolation", "strict".into()),
            ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
        ],
        vec![("python_package", texts(&["pypi"]))],
        vec![("private_endpoint_address_prefixes", texts(&["0.0.0.0/0"]))],
        vec![("storage_account_ids", texts(&["account"]))],
        vec![(
            "storage_account_ids",
            texts(&["/subscriptions/0/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/data"]),
        )],
        vec![("compute_types", texts(&["cluster"])), ("rstudio_enabled", true.into())],
    ];
    insta::assert_snapshot!(refusals(&cases, outcome));
}

#[test]
fn tags_that_are_announced_for_security_rules_alone_are_named_once() {
    let china = |more: &[(&str, Value)]| {
        let mut changes = vec![
            ("environment", "china".into()),
            ("location", "chinaeast2".into()),
            ("default_storage_account_name", "mlstorage".into()),
            ("subnet_address_prefixes", texts(&["10.0.1.0/24"])),
            ("virtual_network_address_spaces", texts(&["10.0.0.0/16"])),
        ];
        changes.extend(more.iter().cloned());
        outcome(&changes)
    };
    let firewall = Value::object([
        ("type", Value::from("firewall")),
        ("firewall_private_ip_address", "10.0.255.4".into()),
    ]);
    let found = |outcome: &lockeddown::workloads::Outcome| {
        let problems = outcome.problems.iter();
        let of_tags = problems.filter(|problem| problem.summary == "Service tags for security rules only");
        of_tags.map(|problem| problem.detail.clone()).collect::<Vec<_>>()
    };
    let warned = found(&china(&[("egress", firewall.clone())]));
    assert_eq!(warned.len(), 1, "{warned:?}");
    assert!(
        warned[0].contains("`Storage.ChinaEast2`") && !warned[0].contains("AzureActiveDirectory"),
        "{warned:?}"
    );
    assert_eq!(
        found(&china(&[(
            "egress",
            Value::object([("type", Value::from("service_tags"))])
        )])),
        [""; 0]
    );
    // Elsewhere only the regional form of Batch's tag is announced for less.
    let public = found(&outcome(&behind_a_firewall(&[])));
    assert_eq!(public.len(), 1, "{public:?}");
    assert!(
        public[0].contains("announces `BatchNodeManagement.WestEurope` for")
            && public[0].contains("and firewall rules name"),
        "{public:?}"
    );
    assert!(
        !public[0].contains("route_targets") && !public[0].contains("extra_hosts"),
        "{public:?}"
    );
    let waived = Value::object([("CHECK-SERVICE-TAG-FEATURES", Value::from("tried"))]);
    assert_eq!(
        found(&china(&[("egress", firewall), ("waived_requirements", waived)])),
        [""; 0]
    );
}

#[test]
fn what_decides_the_rules_must_be_known_and_the_firewalls_address_need_not() {
    for name in [
        "storage_locations",
        "workspace_location",
        "egress",
        "storage_access",
        "python_packages",
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
    let mut egress = firewall();
    egress.set_attribute("firewall_private_ip_address", Value::UNKNOWN);
    let known = expand(&behind_a_firewall(&[]));
    let unknown = expand(&behind_a_firewall(&[("egress", egress)]));
    assert_eq!(table(&unknown), table(&known));
    assert_eq!(routes(&unknown), routes(&known));
}
