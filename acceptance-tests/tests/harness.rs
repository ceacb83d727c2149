//! The step harness, tried on Terraform's own `terraform_data`, so that a failure elsewhere is never the harness's.

use std::panic::{AssertUnwindSafe, catch_unwind};

use acceptance_tests::terraform::{Terraform, Workspace, install};

const ONE: &str = r#"
    resource "terraform_data" "one" { input = "first" }
    output "input" { value = terraform_data.one.output }
"#;

#[test]
fn a_step_creates_then_updates_and_ends_settled() {
    let workspace = Workspace::new();

    let plan = workspace.step(ONE);
    assert_eq!(plan.change("terraform_data.one").actions, ["create"]);
    assert_eq!(plan.change("terraform_data.one").after["input"], "first");
    assert_eq!(plan.change("terraform_data.one").unknown(), ["/id", "/output"]);
    assert!(plan.changes_output("input"));

    let plan = workspace.step(&ONE.replace("first", "second"));
    let change = plan.change("terraform_data.one");
    assert_eq!(change.actions, ["update"]);
    assert_eq!(
        (&change.before["input"], &change.after["input"]),
        (&"first".into(), &"second".into())
    );

    assert_eq!(workspace.outputs()["input"], "second");
    assert_eq!(workspace.state().resource("terraform_data.one")["output"], "second");
    assert_eq!(workspace.state().output("input"), "second");

    workspace.destroy();
    assert!(workspace.state().addresses().is_empty());
}

#[test]
fn a_replacement_names_the_attribute_that_forces_it() {
    let workspace = Workspace::new();
    let replaced_by = |value: &str| format!(r#"resource "terraform_data" "one" {{ triggers_replace = "{value}" }}"#);
    workspace.step(&replaced_by("a"));
    let change = workspace.step(&replaced_by("b")).change("terraform_data.one");
    assert_eq!(change.actions, ["delete", "create"]);
    assert_eq!(change.replace_paths, serde_json::json!([["triggers_replace"]]));
}

#[test]
fn a_plan_that_never_settles_fails_the_step() {
    let workspace = Workspace::new();
    let failure = panic_of(|| {
        workspace.step(r#"resource "terraform_data" "one" { input = timestamp() }"#);
    });
    assert!(
        failure.contains("The plan is not empty") && failure.contains("terraform_data.one"),
        "{failure}"
    );
}

#[test]
fn a_changed_output_alone_is_not_an_empty_plan() {
    let workspace = Workspace::new();
    workspace.step(ONE);
    workspace.write(&ONE.replace("terraform_data.one.output", r#""something else""#));
    let plan = workspace.plan();
    assert!(plan.actions().is_empty());
    assert!(panic_of(|| plan.assert_empty()).contains("something else"));
    assert!(panic_of(|| workspace.assert_settled()).contains("something else"));
}

#[test]
fn an_unexpected_error_shows_terraforms_complete_output() {
    let workspace = Workspace::new();
    workspace.write(r#"resource "terraform_data" "one" { inptu = 1 }"#);
    let failure = panic_of(|| {
        workspace.plan();
    });
    assert!(
        failure.contains("Unsupported argument") && failure.contains("--- standard output"),
        "{failure}"
    );
}

#[test]
fn an_expected_error_is_one_plain_text() {
    let workspace = Workspace::new();
    workspace.write(r#"resource "terraform_data" "one" { inptu = 1 }"#);
    let expected = "Error: Unsupported argument\n  \
                      at main.tf:1 `inptu`\n\
                    An argument named \"inptu\" is not expected here. Did you mean \"input\"?";
    assert_eq!(workspace.expect_error(&["validate"]), expected);
    assert_eq!(workspace.expect_error(&["plan"]), expected);

    // `import` cannot answer in JSON: its text is unwrapped instead.
    workspace.write(r#"resource "terraform_data" "one" {}"#);
    let error = workspace.expect_error(&["import", "-no-color", "terraform_data.two", "id"]);
    assert!(
        error.contains("resource address \"terraform_data.two\" does not exist in the configuration."),
        "{error}"
    );
    assert!(panic_of(|| _ = workspace.expect_error(&["validate"])).contains("An error was expected"));
}

#[test]
fn an_imported_resource_is_in_the_state() {
    let workspace = Workspace::new();
    workspace.write(r#"resource "terraform_data" "one" {}"#);
    workspace.import("terraform_data.one", "given");
    assert_eq!(workspace.state().resource("terraform_data.one")["id"], "given");
    workspace.assert_settled();
}

#[test]
fn warnings_are_those_of_the_configuration() {
    let workspace = Workspace::new();
    workspace.write(
        r#"check "workspace" {
             assert {
               condition     = terraform.workspace == "other"
               error_message = "This is another workspace."
             }
           }"#,
    );
    assert!(workspace.validate().is_empty());
    let plan = workspace.plan();
    let warnings: Vec<_> = plan.warnings().iter().map(|warning| warning.detail.as_str()).collect();
    assert_eq!(warnings, ["This is another workspace."]);
}

#[test]
fn variables_of_the_caller_do_not_get_through_and_those_of_the_test_do() {
    let workspace = Workspace::new().env("TF_VAR_name", "given by the test");
    workspace.write("variable \"name\" { type = string }\noutput \"name\" { value = var.name }");
    workspace.apply();
    assert_eq!(workspace.outputs()["name"], "given by the test");

    let command = workspace.command(&["plan"]);
    let kept: Vec<_> = std::env::vars_os()
        .map(|(name, _)| name)
        .filter(|name| name.to_str().is_some_and(|name| name.starts_with("ARM_")))
        .filter(|name| {
            !command
                .get_envs()
                .any(|(changed, value)| changed == name && value.is_none())
        })
        .collect();
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn what_outlives_the_destroy_fails_the_test() {
    let left = || Workspace::new().leaves_nothing(|| vec!["a subnet".to_owned()]);
    let failure = panic_of(|| drop(left()));
    assert!(failure.contains("a subnet"), "{failure}");
}

#[test]
fn the_configuration_is_destroyed_before_leftovers_are_counted() {
    let workspace = Workspace::new();
    let marker = workspace.path().join("marker");
    let (report, reported) = std::sync::mpsc::channel();
    let workspace = workspace.leaves_nothing(move || {
        report.send(marker.exists()).unwrap();
        Vec::new()
    });
    workspace.step(
        r#"resource "terraform_data" "one" {
             provisioner "local-exec" { command = "touch marker" }
             provisioner "local-exec" {
               when    = destroy
               command = "rm marker"
             }
           }"#,
    );
    assert!(workspace.path().join("marker").exists());
    drop(workspace);
    assert_eq!(
        reported.recv(),
        Ok(false),
        "the marker was still there when leftovers were counted"
    );
}

#[test]
fn the_oldest_and_the_newest_supported_terraform_both_run_a_step() {
    for line in install::SUPPORTED {
        let terraform = Terraform::version(line);
        let workspace = Workspace::with(terraform.clone());
        workspace.step(ONE);
        let version = workspace.state().json()["terraform_version"].clone();
        assert_eq!(version, terraform.version_number());
        assert!(terraform.version_number().starts_with(&format!("{line}.")));
    }
}

/// What a failing harness call says.
fn panic_of(call: impl FnOnce()) -> String {
    let failure = catch_unwind(AssertUnwindSafe(call))
        .err()
        .and_then(|failure| failure.downcast::<String>().ok());
    failure.map_or_else(|| "nothing was found wrong".to_owned(), |message| *message)
}
