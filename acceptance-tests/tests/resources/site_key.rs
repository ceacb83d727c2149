//! The shared key of a connection: a write-only argument that shows nowhere.

use acceptance_tests::{emulator::Fault, terraform::Terraform};
use serde_json::Value;

use crate::{
    place::Place,
    site_connection::{KEY, furnished, key, key_in_azure, vpn, with_gateway},
};

#[test]
fn the_key_is_in_no_state_plan_log_or_diagnostic() {
    let mut place = with_gateway();
    let log = place.workspace.path().join("trace.log").display().to_string();
    place.workspace = place
        .workspace
        .env("TF_LOG", "TRACE")
        .env("TF_LOG_PATH", log)
        .env("TF_VAR_key", KEY);
    let configuration = format!(
        "variable \"key\" {{\n  type = string\n  ephemeral = true\n}}\n{}",
        vpn(&place, &key("KEY", 1).replace("\"KEY\"", "var.key"))
    );
    // Azure refuses the key, for a while and then for good, and repeats it each time.
    let repeated = format!("Error converting value \"{KEY}\". Path 'value'.");
    place
        .emulator
        .fault(Fault::refuse(409, "AnotherOperationInProgress", &repeated).on("PUT", "sharedkey"));
    place
        .emulator
        .fault(Fault::refuse(400, "InvalidSharedKey", &repeated).on("PUT", "sharedkey"));
    place.workspace.write(&configuration);
    let error = place.workspace.expect_error(&["apply"]);
    assert!(error.contains("Shared key not created"), "{error}");
    let plan = place.workspace.plan();
    let shown = format!("{}{}{error}", plan.json(), place.workspace.plan_text());
    place.workspace.step(&configuration);
    place
        .workspace
        .step(&configuration.replace("shared_key_wo_version = 1", "shared_key_wo_version = 2"));
    assert_eq!(key_in_azure(&place), KEY);
    // A key that cannot be one is not quoted either.
    place.workspace.write(&vpn(&place, &key("canary-7d1e \u{e4}", 3)));
    let refused = place.workspace.expect_error(&["plan"]);
    assert!(refused.contains("printable ASCII"), "{refused}");
    let state = std::fs::read_to_string(place.workspace.path().join("terraform.tfstate")).unwrap();
    let log = std::fs::read_to_string(place.workspace.path().join("trace.log")).unwrap();
    assert!(log.contains("tf_rpc"), "the log has our lines");
    assert!(state.contains("shared_key_wo_version"));
    let state_json: Value = serde_json::from_str(&state).unwrap();
    for resource in state_json["resources"].as_array().unwrap() {
        assert_eq!(
            resource["instances"][0]["private"],
            Value::Null,
            "nothing is kept in private"
        );
    }
    for (what, text) in [
        ("state", &state),
        ("log", &log),
        ("plan", &shown),
        ("diagnostic", &refused),
    ] {
        assert!(!text.contains("canary-7d1e"), "the key is in the {what}");
    }
}

#[test]
fn a_terraform_without_write_only_arguments_is_refused_the_key_and_nothing_else() {
    let place = furnished(Place::with(Terraform::version("1.8")));
    place.workspace.write(&vpn(&place, &key(KEY, 1)));
    let error = place.workspace.expect_error(&["plan"]);
    assert!(
        error.contains("Write-only argument not supported") && error.contains("Terraform 1.11"),
        "{error}"
    );
    place.workspace.step(&vpn(&place, ""));
    assert_eq!(key_in_azure(&place), "made-by-the-service");
    place.workspace.destroy();
}
