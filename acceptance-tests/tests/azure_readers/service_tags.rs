//! `lockeddown_service_tag` with `source = "api"`.

use acceptance_tests::emulator::Fault;
use serde_json::{Value, json};

use crate::{place::Place, stable};

pub(crate) fn publication() -> Value {
    let tag = |name: &str, region: &str, prefixes: &[&str]| json!({ "name": name, "id": name, "properties": { "region": region, "networkFeatures": ["API", "NSG"], "addressPrefixes": prefixes } });
    json!({ "changeNumber": "93", "cloud": "Public", "values": [
        tag("Storage", "", &["20.38.0.0/17", "20.38.128.0/17", "2603:1000::/40"]),
        tag("Storage.WestEurope", "westeurope", &["20.38.0.0/24"]),
        tag("AzureContainerRegistry", "", &["20.61.0.0/16"]),
        tag("AzureContainerRegistry.WestEurope", "westeurope", &["20.61.97.0/25"]),
        tag("AzureMachineLearning", "", &["20.70.0.0/24"]),
    ] })
}

fn with_publication() -> Place {
    let place = Place::new();
    place.emulator.azure(|azure| azure.publish_service_tags(publication()));
    place
}

fn asked(more: &str) -> String {
    format!(
        r#"
        data "lockeddown_service_tag" "asked" {{
          source = "api"
          {more}
        }}
        output "asked" {{ value = data.lockeddown_service_tag.asked }}
        "#
    )
}

#[test]
fn the_api_answers_as_the_file_does_and_is_asked_once_for_everybody() {
    let place = with_publication();
    let other = asked("tags = [\"AzureContainerRegistry\"]\nlocation = \"West Europe\"").replace("asked", "other");
    let one = asked("tags = [\"storage\"]\nlocation = \"westeurope\"");
    place.workspace.write(&format!("{one}{other}"));
    place.workspace.plan();
    let asked_for: Vec<String> = place
        .emulator
        .requests()
        .lines()
        .into_iter()
        .filter(|line| line.contains("serviceTags"))
        .collect();
    assert_eq!(asked_for.len(), 1, "{asked_for:?}");
    assert!(
        asked_for[0].contains("locations/westeurope/serviceTags"),
        "{asked_for:?}"
    );

    place.workspace.step(&format!("{one}{other}"));
    let outputs = place.workspace.outputs();
    let read = &outputs["asked"];
    assert_eq!(read["change_number"], json!(93));
    assert_eq!(read["cloud"], json!("public"));
    assert_eq!(read["ipv4_prefixes"], json!(["20.38.0.0/24"]));
    assert_eq!(read["by_tag"]["storage"]["name"], json!("Storage.WestEurope"));
    assert_eq!(outputs["other"]["ipv4_prefixes"], json!(["20.61.97.0/25"]));

    // Without a location, and beside an earlier file.
    place.workspace.write_file(
        "before.json",
        &publication()
            .to_string()
            .replace("20.38.128.0/17", "20.37.0.0/16")
            .replace("\"93\"", "92"),
    );
    place
        .workspace
        .step(&asked("tags = [\"Storage\"]\nprevious_file = \"before.json\""));
    let read = place.workspace.outputs()["asked"].clone();
    assert_eq!(read["ipv4_prefixes"], json!(["20.38.0.0/16"]));
    assert_eq!(read["ipv6_prefixes"], json!(["2603:1000::/40"]));
    assert_eq!(read["previous_change_number"], json!(92));
    assert_eq!(read["removed"], json!({ "Storage": ["20.37.0.0/16", "20.38.0.0/17"] }));
}

#[test]
fn an_unknown_tag_waits_for_apply_and_the_default_opens_no_connection() {
    let place = with_publication();
    let plan = place.workspace.step(&format!(
        "resource \"terraform_data\" \"tag\" {{ input = \"Storage\" }}\n{}",
        asked("tags = [terraform_data.tag.output]")
    ));
    assert_eq!(
        plan.json()["output_changes"]["asked"]["after_unknown"]["by_tag"],
        json!(true)
    );
    assert_eq!(
        place.workspace.outputs()["asked"]["ipv4_prefixes"],
        json!(["20.38.0.0/16"])
    );

    place.workspace.write_file("tags.json", &publication().to_string());
    place.emulator.clear_requests();
    place.workspace.step(
        "data \"lockeddown_service_tag\" \"file\" {\n  path = \"tags.json\"\n  tags = [\"AzureMachineLearning\"]\n}\n",
    );
    assert_eq!(place.emulator.requests().lines(), Vec::<String>::new());
}

#[test]
fn refusals_say_what_would_be_right() {
    let place = with_publication();
    let mut report = String::new();
    for more in [
        "tags = [\"AzureMachineLearning\"]\nlocation = \"westeurope\"",
        "tags = [\"AzureMachineLearning.WestEurope\"]",
        "tags = [\"Strage\"]",
        "tags = [\"Storage\"]\nlocation = \"westeurop\"",
        "tags = [\"Storage\"]\npath = \"tags.json\"",
        "tags = [\"Storage\"]\nenvironment = \"china\"",
        "tags = [\"Storage\"]\ntimeouts = { read = \"soon\" }",
    ] {
        place.workspace.write(&asked(more));
        report.push_str(&format!("{more}\n{}\n", place.workspace.expect_error(&["plan"])));
    }
    place
        .workspace
        .write(&asked("tags = [\"Storage\"]").replace("\"api\"", "\"web\""));
    report.push_str(&format!("{}\n", place.workspace.expect_error(&["validate"])));
    place
        .workspace
        .write(&asked("tags = [\"Storage\"]").replace("\"api\"", "\"file\""));
    report.push_str(&format!("{}\n", place.workspace.expect_error(&["validate"])));
    let message = "The client 'terraform' does not have authorization to perform action 'Microsoft.Network/locations/serviceTags/read' over \
                   scope '/subscriptions/s' or the scope is invalid.";
    place
        .emulator
        .fault(Fault::refuse(403, "AuthorizationFailed", message).on("GET", "serviceTags"));
    place.workspace.write(&asked("tags = [\"Storage\"]"));
    report.push_str(&place.workspace.expect_error(&["plan"]));
    insta::assert_snapshot!(stable(&place, &report));

    let lenient = asked("tags = [\"AzureMachineLearning\"]\nlocation = \"westeurope\"\nstrict = false");
    place.emulator.clear_faults();
    place.workspace.write(&lenient);
    let warned = format!("{:?}", place.workspace.plan().warnings());
    assert!(warned.contains("is in Microsoft's downloaded file only"), "{warned}");
    place.workspace.step(&lenient);
    assert_eq!(
        place.workspace.outputs()["asked"]["ipv4_prefixes"],
        json!(["20.70.0.0/24"])
    );
}

#[test]
fn without_a_subscription_the_error_says_where_to_name_one() {
    let mut place = with_publication();
    let subscription = place.emulator.subscription_id().to_owned();
    place.workspace = place.workspace.env("ARM_SUBSCRIPTION_ID", "");
    place.workspace.write(&asked("tags = [\"Storage\"]"));
    let error = place.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("No subscription") && error.contains("ARM_SUBSCRIPTION_ID"),
        "{error}"
    );
    place.workspace.step(&asked(&format!(
        "tags = [\"Storage\"]\nsubscription_id = {subscription:?}"
    )));
}
