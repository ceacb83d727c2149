//! Functions, and the data sources that only look something up: the examples and the refusals, under a real Terraform.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{fs, path::Path};

use acceptance_tests::terraform::{Terraform, Workspace, install};
use serde_json::json;

/// A publication in miniature; `%` is the change number.
const PUBLICATION: &str = r#"{"changeNumber": %, "cloud": "Public", "values": [
    {"name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {"region": "westeurope",
        "networkFeatures": ["API", "NSG", "UDR", "FW"], "addressPrefixes": ["20.38.0.0/25", "20.38.0.128/25", "2603:1000::/48"]}},
    {"name": "Storage", "id": "Storage", "properties": {"region": "", "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"],
        "addressPrefixes": ["20.38.0.0/16"]}},
    {"name": "AzureContainerRegistry", "id": "AzureContainerRegistry", "properties": {"region": "",
        "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"], "addressPrefixes": ["20.61.0.0/16"]}},
    {"name": "AzureContainerRegistry.WestEurope", "id": "AzureContainerRegistry.WestEurope", "properties": {"region": "westeurope",
        "networkFeatures": ["API", "NSG", "UDR", "FW"], "addressPrefixes": ["20.61.97.0/25"]}}
]}"#;

fn workspace(terraform: Terraform) -> Workspace {
    let workspace = Workspace::with(terraform);
    workspace.write_file(
        "providers.tf",
        "terraform {\n  required_providers {\n    lockeddown = { source = \"lockeddown/lockeddown\" }\n  }\n}\n",
    );
    workspace
}

fn example(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(path);
    fs::read_to_string(&path).unwrap()
}

#[test]
fn the_examples_of_functions_say_what_they_give() {
    for line in install::SUPPORTED {
        let workspace = workspace(Terraform::version(line));
        for (name, outputs) in [
            (
                "normalize_location",
                json!({ "location": "westeurope", "location_in_china": "chinaeast2" }),
            ),
            ("region_pair", json!({ "pair": "northeurope", "no_pair": true })),
            ("service_tag_exists", json!({ "needs_host_rules": true })),
            ("cidr_aggregate", json!({ "prefixes": ["10.0.0.0/23"] })),
            ("cidr_contains", json!({})),
        ] {
            workspace.step(&example(&format!("functions/{name}/function.tf")));
            assert_eq!(json!(workspace.outputs()), outputs, "{name} under {line}");
        }
    }
}

#[test]
fn a_function_refuses_already_at_validate_and_names_the_parameter() {
    let workspace = workspace(Terraform::under_test());
    let mut report = String::new();
    for call in [
        r#"normalize_location("West Eruope")"#,
        r#"normalize_location("chinaeast2", "public")"#,
        r#"region_pair("atlantis")"#,
        r#"service_tag_exists("Storage", "mars")"#,
        r#"cidr_aggregate(["10.0.0.0/24", "10.0.0.7/24"])"#,
        r#"cidr_contains("10.0.0.0/8", "localhost")"#,
    ] {
        workspace.write(&format!("output \"result\" {{ value = provider::lockeddown::{call} }}"));
        report.push_str(&workspace.expect_error(&["validate"]));
        report.push_str("\n\n");
    }
    insta::assert_snapshot!(report);
}

#[test]
fn a_function_waits_for_an_argument_that_is_not_known_yet() {
    let workspace = workspace(Terraform::under_test());
    workspace.write(
        r#"
        resource "terraform_data" "other" { input = "10.0.0.0/25" }
        output "prefixes" { value = provider::lockeddown::cidr_aggregate([terraform_data.other.output, "10.0.0.128/25"]) }
        "#,
    );
    workspace.apply();
    assert_eq!(json!(workspace.outputs()), json!({ "prefixes": ["10.0.0.0/24"] }));
    workspace.assert_settled();
}

#[test]
fn the_example_of_the_region_names_the_tags_of_both_regions() {
    let workspace = workspace(Terraform::under_test());
    let example = example("data-sources/lockeddown_region/data-source.tf");
    workspace.step(&example);
    assert_eq!(
        workspace.outputs()["storage_tags"],
        json!(["Storage.WestEurope", "Storage.NorthEurope"])
    );
    workspace.step(&example.replace("West Europe", "Poland Central"));
    assert_eq!(workspace.outputs()["storage_tags"], json!(["Storage.PolandCentral"]));
}

#[test]
fn the_example_of_service_tags_gives_addresses_and_what_is_new() {
    let workspace = workspace(Terraform::under_test());
    workspace.write_file("old.json", &PUBLICATION.replace('%', "7"));
    workspace.write_file(
        "new.json",
        &PUBLICATION.replace('%', "8").replace("20.61.97.0/25", "20.61.97.0/24"),
    );
    workspace.write_file(
        "terraform.tfvars",
        "service_tag_file = \"new.json\"\nprevious_service_tag_file = \"old.json\"\n",
    );
    workspace.step(&example("data-sources/lockeddown_service_tag/data-source.tf"));
    let outputs = workspace.outputs();
    assert_eq!(outputs["allowed_prefixes"], json!(["20.38.0.0/24", "20.61.97.0/24"]));
    assert_eq!(outputs["storage_tag"], "Storage.WestEurope");
    assert_eq!(
        outputs["new_since_last_rollout"],
        json!({ "AzureContainerRegistry": ["20.61.97.0/24"] })
    );
}

#[test]
fn a_wrong_tag_points_at_the_argument() {
    let workspace = workspace(Terraform::under_test());
    workspace.write_file("tags.json", &PUBLICATION.replace('%', "8"));
    workspace.write(
        r#"data "lockeddown_service_tag" "wrong" {
             path = "tags.json"
             tags = ["ContainerRegistry.westeurope"]
           }"#,
    );
    insta::assert_snapshot!(workspace.expect_error(&["plan"]));
}
