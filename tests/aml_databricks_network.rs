//! Databricks' two subnets: Azure's own rules as the page prints them, and the little that is written beside them.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

#[path = "inputs/refusals.rs"]
mod refusals;

use std::collections::{BTreeMap, BTreeSet};

use lockeddown::{
    network::PrerequisiteStatus,
    requirements::{catalogue, systems},
    workloads::{Defaults, Expanded, Outcome, Surroundings, Workload, rule_value},
};
use proptest::prelude::*;
use tfplugin_rs::value::Value;

use crate::refusals::refused;

const NETWORK: &str = "/subscriptions/1234/resourceGroups/rg-ml/providers/Microsoft.Network/virtualNetworks/vnet-ml";

fn inputs(changes: &[(&str, Value)]) -> Value {
    let mut values = Value::object([
        ("location", Value::from("westeurope")),
        ("public_subnet_address_prefixes", Value::string_set(["10.5.0.0/26"])),
        ("private_subnet_address_prefixes", Value::string_set(["10.5.0.64/26"])),
        ("virtual_network_id", NETWORK.into()),
    ]);
    for (name, value) in changes {
        values.set_attribute(*name, value.clone());
    }
    values
}

fn outcome(changes: &[(&str, Value)]) -> Outcome {
    Workload::find("aml_databricks_network")
        .unwrap()
        .expand(&inputs(changes), &Surroundings::none(Defaults::default()))
}

fn expand(changes: &[(&str, Value)]) -> Expanded {
    let outcome = outcome(changes);
    outcome.expanded.unwrap_or_else(|| panic!("{:#?}", outcome.problems))
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        other => panic!("{other:?} is no text"),
    }
}

/// A rule's attribute that stands in the singular or the plural field.
fn either(rule: &Value, singular: &str, plural: &str) -> String {
    match rule.attribute(plural) {
        Value::List(several) => several.iter().map(text).collect::<Vec<_>>().join(" "),
        _ => text(rule.attribute(singular)),
    }
}

/// Rules as Terraform sees them, in the columns of the tables.
fn table(rules: &Value) -> Vec<String> {
    let mut rows = BTreeMap::new();
    for rule in rules.as_map().unwrap().values() {
        let column = |name: &str| text(rule.attribute(name));
        let row = [
            column("priority"),
            column("name"),
            column("direction"),
            column("access"),
            column("protocol"),
            either(rule, "source_address_prefix", "source_address_prefixes"),
            either(rule, "destination_address_prefix", "destination_address_prefixes"),
            either(rule, "destination_port_range", "destination_port_ranges"),
        ];
        let priority: i64 = column("priority").parse().unwrap();
        rows.insert((priority, column("direction")), row.join(","));
    }
    rows.into_values().collect()
}

fn written(expanded: &Expanded) -> Vec<String> {
    table(&rule_value::security_rules(&expanded.policy.security_rules))
}

fn transcribed(text: &str) -> Vec<String> {
    text.lines().skip(1).map(str::to_owned).collect()
}

#[test]
fn azures_rules_are_the_pages_and_one_deny_is_written_behind_them() {
    let cases = [
        (
            "2020-07",
            "public",
            "westeurope",
            include_str!("tables/aml_databricks_network-2020-07.csv"),
        ),
        (
            "2026-08",
            "public",
            "westeurope",
            include_str!("tables/aml_databricks_network-2026-08.csv"),
        ),
        (
            "2026-08",
            "usgovernment",
            "usgovvirginia",
            include_str!("tables/aml_databricks_network-2026-08-usgovernment.csv"),
        ),
        (
            "2022-10",
            "china",
            "chinaeast2",
            include_str!("tables/aml_databricks_network-2022-10-china.csv"),
        ),
    ];
    for (edition, environment, location, rows) in cases {
        let expanded = expand(&[
            ("edition", edition.into()),
            ("environment", environment.into()),
            ("location", location.into()),
        ]);
        let mut all = table(&expanded.outputs["managed_security_rules"]);
        assert_eq!(all.len(), 6);
        all.extend(written(&expanded));
        assert_eq!(all, transcribed(rows), "{edition} {environment}");
    }
}

#[test]
fn with_private_links_azure_writes_fewer_rules() {
    let names = |required: &str| -> Vec<String> {
        let expanded = expand(&[("network_security_group_rules_required", required.into())]);
        let rules = expanded.outputs["managed_security_rules"].as_map().unwrap();
        rules
            .keys()
            .map(|name| name.rsplit_once("databricks-").unwrap().1.to_owned())
            .collect()
    };
    assert_eq!(names("NoAzureDatabricksRules").len(), 5);
    assert_eq!(
        names("NoAzureServiceRules"),
        ["worker-to-worker-inbound", "worker-to-worker-outbound"]
    );
}

#[test]
fn azures_rules_do_not_move_and_are_never_written() {
    let azures = expand(&[]).outputs["managed_security_rules"].clone();
    let moved = expand(&[("name_prefix", "ml-".into()), ("priority_base", 2000_i64.into())]);
    assert_eq!(moved.outputs["managed_security_rules"], azures);
    assert_eq!(
        moved.policy.security_rules.keys().collect::<Vec<_>>(),
        ["ml-BlockOutbound"]
    );
    assert!(
        moved.policy.requirement_ids.contains("ADB-OUT-SQL"),
        "they took part all the same"
    );
    let open = expand(&[("isolation", "none".into())]);
    assert!(open.policy.security_rules.is_empty());
    assert_eq!(open.outputs["managed_security_rules"], azures);
}

#[test]
fn each_subnet_has_its_own_side_and_the_delegation() {
    let extra = Value::object([(
        "bastion",
        Value::object([
            ("priority", Value::from(1600_i64)),
            ("direction", "Inbound".into()),
            ("access", "Allow".into()),
            ("protocol", "Tcp".into()),
            ("source_address_prefix", "10.5.9.0/26".into()),
            ("source_port_range", "*".into()),
            ("destination_address_prefix", "*".into()),
            ("destination_port_range", "22".into()),
        ]),
    )]);
    let expanded = expand(&[
        ("extra_rules", extra),
        ("private_subnet_name", "snet-adb-private".into()),
    ]);
    let subnets = &expanded.outputs["subnets"];
    let private = subnets.attribute("private");
    assert_eq!(private.attribute("name"), &Value::from("snet-adb-private"));
    assert_eq!(
        private.attribute("delegation"),
        &Value::from("Microsoft.Databricks/workspaces")
    );
    assert_eq!(
        table(private.attribute("security_rules")),
        [
            "1600,bastion,Inbound,Allow,Tcp,10.5.9.0/26,*,22",
            "4000,BlockOutbound,Outbound,Deny,*,10.5.0.64/26,Internet,*",
        ]
    );
    let public = table(subnets.attribute("public").attribute("security_rules"));
    assert_eq!(public[1], "4000,BlockOutbound,Outbound,Deny,*,10.5.0.0/26,Internet,*");
}

#[test]
fn the_documents_third_subnet_is_asked_for_until_2026() {
    let asked = |edition: &str| expand(&[("edition", edition.into())]).policy.prerequisites;
    assert!(asked("2020-07").contains_key("ADB-DEFAULT-SUBNET"));
    assert!(asked("2022-10").contains_key("ADB-DEFAULT-SUBNET"));
    assert!(!asked("2026-08").contains_key("ADB-DEFAULT-SUBNET"));
}

#[test]
fn what_the_arguments_prove_is_satisfied() {
    let status = |changes: &[(&str, Value)], id: &str| expand(changes).policy.prerequisites[id].status;
    let place = "ADB-SAME-SUBSCRIPTION-AND-REGION";
    let proof = [
        ("workspace_location", Value::from("West Europe")),
        ("workspace_subscription_id", "1234".into()),
        ("storage_virtual_network_id", NETWORK.to_lowercase().into()),
    ];
    assert_eq!(status(&proof[..1], place), PrerequisiteStatus::Unknown, "half a proof");
    assert_eq!(status(&proof, place), PrerequisiteStatus::Satisfied);
    assert_eq!(status(&proof, "ADB-STORAGE-SAME-VNET"), PrerequisiteStatus::Satisfied);
    assert_eq!(status(&[], "ADB-STORAGE-SAME-VNET"), PrerequisiteStatus::Unknown);
}

#[test]
fn workers_with_public_addresses_have_their_way_out() {
    let asked = |none: bool| expand(&[("no_public_ip", none.into())]).policy.prerequisites;
    assert!(asked(true).contains_key("ADB-OUTBOUND-PATH"));
    assert!(!asked(false).contains_key("ADB-OUTBOUND-PATH"));
}

#[test]
fn the_network_may_come_later_and_the_prefixes_may_not() {
    let later = expand(&[
        ("virtual_network_id", Value::UNKNOWN),
        ("storage_virtual_network_id", Value::UNKNOWN),
        ("workspace_subscription_id", Value::UNKNOWN),
        ("workspace_location", Value::UNKNOWN),
        ("location", Value::UNKNOWN),
    ]);
    assert!(
        later.outputs["custom_parameters"]
            .attribute("virtual_network_id")
            .is_unknown()
    );
    assert_eq!(later.policy.security_rules.len(), 1);
    let early = outcome(&[("public_subnet_address_prefixes", Value::UNKNOWN)]);
    assert!(early.expanded.is_none() && !early.has_errors());
}

fn extra(name: &str, priority: i64) -> Value {
    Value::object([(
        name,
        Value::object([
            ("direction", Value::from("Outbound")),
            ("protocol", "Tcp".into()),
            ("priority", priority.into()),
        ]),
    )])
}

#[test]
fn what_users_get_wrong_is_explained_at_its_argument() {
    let other = NETWORK.replace("vnet-ml", "vnet-data");
    let cases: &[(&str, Value)] = &[
        ("public_subnet_address_prefixes", Value::Null),
        ("private_subnet_address_prefixes", Value::string_set(["10.5.0.0/25"])),
        ("private_subnet_address_prefixes", Value::string_set(["10.5.1.0/27"])),
        ("subnet_address_prefixes", Value::string_set(["10.5.0.0/24"])),
        ("maximum_node_count", 60_i64.into()),
        ("maximum_node_count", 0_i64.into()),
        ("private_subnet_name", "Databricks-Public".into()),
        ("public_subnet_name", "default".into()),
        ("isolation", "strict".into()),
        ("network_security_group_rules_required", "NoRules".into()),
        ("virtual_network_id", "vnet-ml".into()),
        ("workspace_location", "northeurope".into()),
        ("workspace_subscription_id", "5678".into()),
        ("storage_virtual_network_id", other.into()),
        ("edition", "2011".into()),
        ("private_subnet_address_prefixes", Value::string_set(["fd00::/64"])),
        ("private_subnet_name", "data/bricks".into()),
        ("extra_rules", extra("mine", 101)),
        (
            "extra_rules",
            extra("microsoft.databricks-workspaces_useonly_mine", 1600),
        ),
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
        prop::sample::select(vec!["2020-07", "2022-10", "2026-08"]),
        prop::sample::select(vec!["none", "internet"]),
        prop::sample::select(vec!["AllRules", "NoAzureDatabricksRules", "NoAzureServiceRules"]),
        any::<bool>(),
        any::<bool>(),
        prop::option::of(100_i64..=3900),
        4000_i64..=4080,
    )
        .prop_map(
            |(edition, isolation, required, no_public_ip, both_families, base, deny)| {
                let mut public = vec!["10.5.0.0/26"];
                if both_families {
                    public.push("fd00:5::/64");
                }
                vec![
                    ("edition", edition.into()),
                    ("isolation", isolation.into()),
                    ("network_security_group_rules_required", required.into()),
                    ("no_public_ip", no_public_ip.into()),
                    ("public_subnet_address_prefixes", Value::string_set(public)),
                    ("priority_base", base.into()),
                    ("deny_priority", deny.into()),
                ]
            },
        )
}

proptest! {
    #[test]
    fn only_denies_are_written_and_each_has_its_requirement(options in options()) {
        let known: BTreeSet<&str> = systems()
            .flat_map(|system| catalogue(system).unwrap().all())
            .map(|requirement| requirement.id.as_str())
            .collect();
        let expanded = expand(&options);
        let managed = expanded.outputs["managed_security_rules"].as_map().unwrap();
        let mut taken = BTreeSet::new();
        for rule in expanded.policy.security_rules.values() {
            prop_assert_eq!(rule.access, lockeddown::network::Access::Deny);
            prop_assert!((4000..=4096).contains(&rule.priority.get()));
            prop_assert!(taken.insert(rule.priority), "{} shares its priority", rule.name);
            prop_assert!(rule.requirement_ids.iter().all(|id| known.contains(id.as_str())) && !rule.requirement_ids.is_empty());
            prop_assert!(!managed.contains_key(rule.name.as_str()));
        }
        let open = options.contains(&("isolation", Value::from("none")));
        prop_assert_eq!(expanded.policy.security_rules.is_empty(), open);
        for name in managed.keys() {
            prop_assert!(name.starts_with("Microsoft.Databricks-workspaces_UseOnly_") && name.len() <= 80);
        }
    }
}
