//! What is refused, when, and in which words.

use serde_json::json;

use acceptance_tests::terraform::Terraform;

use crate::setting::{Setting, workspace};

#[test]
fn bad_input_fails_at_validate() {
    let setting = Setting::new();
    let cases = [
        ("priority_base = 4000", ""),
        ("edition = \"2021-01\"", ""),
        ("", r#"location              = "westeruope""#),
        ("", r#"address_prefixes      = ["10.0.0.1/28"]"#),
        ("", r#"address_prefixes      = ["10.0.0.0/30"]"#),
        ("", r#"virtual_network_id    = "vnet-hpc""#),
        ("timeouts = { create = \"soon\" }", ""),
        ("tags = { lockeddown-owner = \"me\" }", ""),
        ("network_security_group_name = \"nsg server\"", ""),
    ];
    let mut report = String::new();
    for (added, replaced) in &cases {
        let mut configuration = setting.server(added);
        if let Some((argument, _)) = replaced.split_once('=') {
            let line = configuration
                .lines()
                .find(|line| line.trim_start().starts_with(argument))
                .unwrap()
                .to_owned();
            configuration = configuration.replace(&line, replaced);
        }
        setting.workspace.write(&configuration);
        report.push_str(&setting.workspace.expect_error(&["validate"]));
        report.push('\n');
    }
    if Terraform::under_test().release_line() >= (1, 15) {
        insta::assert_snapshot!(report);
    } else {
        // Older ones show the object around what is wrong within it.
        assert_eq!(report.matches("Error: ").count(), cases.len(), "{report}");
    }
    assert_eq!(
        setting.emulator.requests().lines(),
        Vec::<String>::new(),
        "validate does not connect"
    );
}

#[test]
fn without_credentials_a_plan_succeeds_and_an_apply_says_what_is_missing() {
    let mut setting = Setting::new();
    // Whoever is signed in with the Azure CLI on this machine has nothing to do with it.
    setting.workspace = workspace(Terraform::under_test()).env("ARM_USE_CLI", "false");
    setting.workspace.write(&setting.server(""));
    setting.workspace.plan();
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(
        error.contains("client_id") && error.contains("ARM_CLIENT_ID"),
        "{error}"
    );
}

#[test]
fn what_somebody_else_made_is_not_taken_over() {
    let setting = Setting::new();
    setting.workspace.write(&setting.server(""));
    setting.emulator.put(
        &setting.group_id(),
        json!({ "location": "westeurope", "properties": {} }),
    );
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(
        error.contains("A network security group of that name exists") && error.contains("terraform import"),
        "{error}"
    );
    setting.emulator.remove(&setting.group_id());
    setting.emulator.put(
        &setting.subnet_id(),
        json!({ "properties": { "addressPrefix": "10.0.0.0/28" } }),
    );
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(
        error.contains("exists already") && error.contains("terraform import"),
        "{error}"
    );
    assert!(
        setting.emulator.get(&setting.group_id()).is_none(),
        "nothing was written"
    );
}

#[test]
fn two_resources_never_share_a_group() {
    let setting = Setting::new();
    setting.workspace.step(&setting.server(""));
    let other = setting.network.replace("vnet-hpc", "vnet-two");
    setting.emulator.put(
        &other,
        json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } }),
    );
    let second = setting
        .server("")
        .replace(&setting.network, &other)
        .replace(r#"_subnet" "server""#, r#"_subnet" "second""#);
    setting.workspace.write(&format!("{}{second}", setting.server("")));
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(error.contains("exists already"), "{error}");
}

#[test]
fn what_only_azure_can_tell_is_checked_before_the_first_write() {
    let setting = Setting::new();
    setting
        .workspace
        .write(&setting.server("").replace("westeurope", "northeurope"));
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(
        error.contains("`northeurope`") && error.contains("`westeurope`"),
        "{error}"
    );
    setting
        .workspace
        .write(&setting.server("").replace("vnet-hpc", "vnet-none"));
    let error = setting.workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(error.contains("Virtual network not found"), "{error}");
    assert_eq!(setting.emulator.requests().writes().lines(), Vec::<String>::new());
}

#[test]
fn a_secret_never_shows() {
    let setting = Setting::new();
    let bare = workspace(Terraform::under_test());
    let secret = "canary-0f4c";
    let mut workspace = bare.env("TF_LOG", "TRACE").env("TF_LOG_PATH", "trace.log");
    for (name, value) in setting.emulator.environment() {
        workspace = workspace.env(
            name,
            if name == "ARM_CLIENT_SECRET" {
                secret.to_owned()
            } else {
                value
            },
        );
    }
    workspace.write(&setting.server(""));
    let error = workspace.expect_error(&["apply", "-auto-approve"]);
    assert!(error.contains("AADSTS"), "{error}");
    let log = std::fs::read_to_string(workspace.path().join("trace.log")).unwrap();
    assert!(!log.contains(secret) && !error.contains(secret));
    assert!(log.contains("tf_rpc"), "the log has our lines");
}
