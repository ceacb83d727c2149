//! Golden plans: the tables in `tests/golden`, transcribed by hand from the documents, against what a real Terraform plans.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

use std::{fs, path::PathBuf};

use acceptance_tests::terraform::{Workspace, binaries};
use serde_json::Value;

struct Golden {
    name: String,
    configuration: String,
    endpoints: Vec<String>,
    rules: Vec<String>,
}

fn goldens() -> Vec<Golden> {
    let folder: PathBuf = binaries::repository().join("tests/golden");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    paths.sort();
    paths.iter().map(read).collect()
}

fn read(path: &PathBuf) -> Golden {
    let text = fs::read_to_string(path).unwrap();
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let comments: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("# ")).collect();
    let [_title, object, arguments @ .., _] = comments.as_slice() else {
        panic!("{name}: no head")
    };
    let endpoints = comments.iter().find_map(|line| line.strip_prefix("endpoints:"));
    let endpoints = endpoints
        .unwrap_or_else(|| panic!("{name}: no endpoints"))
        .split_whitespace()
        .map(str::to_owned);
    let mut rules: Vec<String> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(str::to_owned)
        .collect();
    rules.sort();
    let label = name.replace('-', "_");
    let configuration = format!(
        "data \"{object}\" \"{label}\" {{\n{}\n}}\noutput \"{name}\" {{ value = data.{object}.{label} }}\n",
        arguments.join("\n")
    );
    Golden {
        name,
        configuration,
        endpoints: endpoints.collect(),
        rules,
    }
}

/// A planned rule as a line of the table.
fn line(rule: &Value) -> String {
    let text = |name: &str| rule[name].as_str().unwrap_or("-").to_owned();
    let several = |name: &str| {
        let texts = rule[name].as_array().map(|texts| {
            texts
                .iter()
                .map(|text| text.as_str().unwrap_or("-").to_owned())
                .collect()
        });
        let mut texts: Vec<String> = texts.unwrap_or_default();
        texts.sort_by_key(|text| (text.parse::<i64>().unwrap_or(0), text.clone()));
        texts.join("|")
    };
    let either = |singular: &str, plural: &str| {
        if rule[singular].is_null() {
            several(plural)
        } else {
            text(singular)
        }
    };
    [
        text("direction"),
        rule["priority"].to_string(),
        text("name"),
        text("access"),
        text("protocol"),
        either("source_address_prefix", "source_address_prefixes"),
        either("destination_address_prefix", "destination_address_prefixes"),
        either("destination_port_range", "destination_port_ranges"),
    ]
    .join(",")
}

#[test]
fn the_plans_are_the_documents_tables() {
    let goldens = goldens();
    let workspace = Workspace::new();
    let head = "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n";
    let all: String = goldens.iter().map(|golden| golden.configuration.as_str()).collect();
    workspace.write(&format!("{head}{all}"));
    let plan = workspace.plan();
    for golden in &goldens {
        let planned = &plan.json()["planned_values"]["outputs"][&golden.name]["value"];
        let rules = planned["security_rules"]
            .as_object()
            .unwrap_or_else(|| panic!("{}: nothing planned", golden.name));
        let mut lines: Vec<String> = rules.values().map(line).collect();
        lines.sort();
        assert_eq!(lines.join("\n"), golden.rules.join("\n"), "{}", golden.name);
        let endpoints: Vec<&str> = planned["service_endpoints"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(endpoints, golden.endpoints, "{}", golden.name);
        for rule in rules.values() {
            assert!(
                rule["requirement_ids"].as_array().is_some_and(|ids| !ids.is_empty()),
                "{}: {rule}",
                golden.name
            );
        }
    }
}
