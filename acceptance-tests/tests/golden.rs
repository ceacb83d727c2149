//! Golden plans: tables transcribed by hand from the documents, against what a real Terraform plans.
//!
//! The files in `tests/golden` name their own arguments. Those in `tests/tables` belong to the tests of one workload; `tests/inputs/tables.rs`
//! says in Terraform's language what each is the answer to.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

use std::{collections::BTreeSet, fs, path::PathBuf};

use acceptance_tests::terraform::{Workspace, binaries};
use serde_json::Value;

use tables::{ATTACHED, CONNECTION, DATABRICKS, EGRESS, INGRESS, KUBERNETES, LICENSE, TABLES, View};

struct Golden {
    name: String,
    object: String,
    arguments: String,
    endpoints: Option<BTreeSet<String>>,
    columns: Vec<String>,
    rows: BTreeSet<Vec<BTreeSet<String>>>,
    view: View,
}

#[path = "../../tests/inputs/tables.rs"]
mod tables;

fn goldens() -> Vec<Golden> {
    let root = binaries::repository().join("tests");
    let entries = fs::read_dir(root.join("golden")).unwrap_or_else(|error| panic!("tests/golden: {error}"));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    let own = paths.iter().map(with_its_arguments);
    let tables = TABLES.iter().map(|(name, object, shared, arguments, view)| {
        let text = read(&root.join("tables").join(format!("{name}.csv")));
        golden(name, object, format!("{shared}\n{arguments}"), None, &text, *view)
    });
    own.chain(tables).collect()
}

fn read(path: &PathBuf) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn with_its_arguments(path: &PathBuf) -> Golden {
    let text = read(path);
    let name = path
        .file_stem()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let comments: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let [_title, object, arguments @ .., _endpoints] = comments.as_slice() else {
        panic!("{name}: no head")
    };
    let endpoints = comments.iter().find_map(|line| line.strip_prefix("endpoints:"));
    let endpoints = endpoints
        .unwrap_or_else(|| panic!("{name}: no endpoints"))
        .split_whitespace();
    let table: String = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    let endpoints = Some(endpoints.map(str::to_owned).collect());
    let view = match (object, table.lines().next().unwrap_or_default()) {
        (_, columns) if columns.starts_with("role,") => View::Counterparts,
        (_, columns) if columns.starts_with("collection,") => View::Collections,
        (&DATABRICKS, _) => View::Databricks,
        _ => View::Rules,
    };
    golden(&name, object, arguments.join("\n"), endpoints, &table, view)
}

fn golden(
    name: &str,
    object: &str,
    arguments: String,
    endpoints: Option<BTreeSet<String>>,
    table: &str,
    view: View,
) -> Golden {
    let mut lines = table
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let columns = lines.next().unwrap_or_else(|| panic!("{name}: an empty table"));
    let rows = lines
        .map(|cells| cells.iter().map(String::as_str).map(words).collect())
        .collect();
    Golden {
        name: name.to_owned(),
        object: object.to_owned(),
        arguments,
        endpoints,
        columns,
        rows,
        view,
    }
}

/// Several values of a cell, in no order.
fn words(cell: &str) -> BTreeSet<String> {
    cell.split(['|', ' ']).map(str::to_owned).collect()
}

impl Golden {
    fn configuration(&self) -> String {
        let label = self.name.replace('-', "_");
        let Golden {
            name,
            object,
            arguments,
            ..
        } = self;
        format!(
            "data \"{object}\" \"{label}\" {{\n{arguments}\n}}\noutput \"{name}\" {{ value = data.{object}.{label} }}\n"
        )
    }

    fn planned(&self, output: &Value) -> BTreeSet<Vec<BTreeSet<String>>> {
        let rules = |value: &Value| -> Vec<Value> {
            value
                .as_object()
                .into_iter()
                .flat_map(|rules| rules.values().cloned())
                .collect()
        };
        let rows: Vec<Value> = match self.view {
            View::Rules => rules(&output["security_rules"]),
            View::Counterparts => {
                let roles = output["counterpart_rules"].as_object().into_iter().flatten();
                roles
                    .flat_map(|(role, of_role)| rules(of_role).into_iter().map(|rule| labelled(rule, "role", role)))
                    .collect()
            }
            View::Databricks => [
                rules(&output["managed_security_rules"]),
                rules(&output["security_rules"]),
            ]
            .concat(),
            View::Collections => collections(output),
        };
        rows.iter()
            .map(|row| self.columns.iter().map(|column| cell(row, column)).collect())
            .collect()
    }
}

fn labelled(mut rule: Value, column: &str, text: &str) -> Value {
    rule[column] = text.into();
    rule
}

/// Firewall rules, one row for each protocol of an application rule.
fn collections(output: &Value) -> Vec<Value> {
    let rules = |kind: &str| -> Vec<Value> {
        let collections = output[kind].as_array().into_iter().flatten();
        collections
            .flat_map(|collection| collection["rule"].as_array().cloned().unwrap_or_default())
            .collect()
    };
    let network = rules("network_rule_collections")
        .into_iter()
        .map(|rule| labelled(rule, "collection", "network"));
    let application = rules("application_rule_collections").into_iter().flat_map(|rule| {
        let protocols = rule["protocols"].as_array().cloned().unwrap_or_default();
        protocols.into_iter().map(move |protocol| {
            let mut row = labelled(rule.clone(), "collection", "application");
            row["protocols"] = serde_json::json!([protocol["type"]]);
            row["destination_ports"] = serde_json::json!([protocol["port"].to_string()]);
            row
        })
    });
    network.chain(application).collect()
}

/// A column of a row: the one field of several that is in use.
fn cell(row: &Value, column: &str) -> BTreeSet<String> {
    let fields: &[&str] = match column {
        "protocol" => &["protocol", "protocols"],
        "source" => &["source_address_prefix", "source_address_prefixes"],
        "destination" => &[
            "destination_address_prefix",
            "destination_address_prefixes",
            "destination_addresses",
            "destination_fqdns",
            "destination_fqdn_tags",
            "destination_urls",
        ],
        "ports" => &["destination_port_range", "destination_port_ranges", "destination_ports"],
        column => &[column],
    };
    let used = fields
        .iter()
        .map(|field| &row[*field])
        .find(|value| !value.is_null())
        .unwrap_or(&Value::Null);
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match used {
        Value::Array(values) => values.iter().map(text).map(|text| in_the_tables_words(&text)).collect(),
        value => BTreeSet::from([in_the_tables_words(&text(value))]),
    }
}

/// Azure Firewall writes `TCP`, NSGs write `Tcp`; the tables write the latter.
fn in_the_tables_words(text: &str) -> String {
    match text {
        "TCP" => "Tcp".to_owned(),
        "UDP" => "Udp".to_owned(),
        "Any" => "*".to_owned(),
        text => text.to_owned(),
    }
}

/// The first edition that knows a workload.
const WORKLOADS: [(&str, &str); 8] = [
    ("lockeddown_cyclecloud_subnet", "2020-07"),
    (CONNECTION, "2020-07"),
    (INGRESS, "2020-07"),
    (EGRESS, "2020-07"),
    (KUBERNETES, "2022-10"),
    (ATTACHED, "2020-07"),
    (DATABRICKS, "2020-07"),
    (LICENSE, "2011"),
];

#[test]
fn every_workload_has_a_table_for_every_edition_and_cloud() {
    let said = |golden: &Golden, argument: &str, default: &str| {
        let lines = golden.arguments.lines().filter_map(|line| line.split_once('='));
        let value = lines
            .filter(|(name, _)| name.trim() == argument)
            .map(|(_, value)| value)
            .next();
        value.map_or_else(|| default.to_owned(), |value| value.trim().trim_matches('"').to_owned())
    };
    let there: BTreeSet<(String, String, String)> = goldens()
        .iter()
        .map(|golden| {
            let (edition, cloud) = (
                said(golden, "edition", "2026-08"),
                said(golden, "environment", "public"),
            );
            (golden.object.clone(), edition, cloud)
        })
        .collect();
    let mut missing = Vec::new();
    for (workload, first) in WORKLOADS {
        for edition in ["2011", "2020-07", "2022-10", "2026-08"]
            .into_iter()
            .filter(|edition| *edition >= first)
        {
            for cloud in ["public", "usgovernment", "china"] {
                if !there.contains(&(workload.to_owned(), edition.to_owned(), cloud.to_owned())) {
                    missing.push(format!("{workload} {edition} {cloud}"));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn the_plans_are_the_documents_tables() {
    let goldens = goldens();
    let workspace = Workspace::new();
    let head = "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";
    let all: String = goldens.iter().map(Golden::configuration).collect();
    workspace.write(&format!("{head}{all}"));
    let plan = workspace.plan();
    for golden in &goldens {
        let output = &plan.json()["planned_values"]["outputs"][&golden.name]["value"];
        let planned = golden.planned(output);
        let missing: Vec<_> = golden.rows.difference(&planned).collect();
        let surplus: Vec<_> = planned.difference(&golden.rows).collect();
        assert!(
            missing.is_empty() && surplus.is_empty(),
            "{}: missing {missing:#?}, surplus {surplus:#?}",
            golden.name
        );
        if let Some(expected) = &golden.endpoints {
            let endpoints = output["service_endpoints"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            assert_eq!(
                &endpoints.map(str::to_owned).collect::<BTreeSet<_>>(),
                expected,
                "{}",
                golden.name
            );
        }
    }
}
