//! The modules and the landing zones of the examples: formatted, valid, and their own tests pass, without Azure and without credentials.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use acceptance_tests::terraform::{Workspace, binaries};

/// The folders below `examples` that have tests of their own.
fn tested() -> Vec<PathBuf> {
    let examples = binaries::repository().join("examples");
    let mut folders = vec![examples.join("landing-zone"), examples.join("landing-zone-attached")];
    let modules = fs::read_dir(examples.join("modules")).unwrap();
    folders.extend(modules.map(|entry| entry.unwrap().path()));
    folders.sort();
    folders.retain(|folder| folder.join("tests").is_dir());
    folders
}

/// Copies what Terraform reads, with the folders below.
fn copy(from: &Path, to: &str, workspace: &Workspace) {
    for entry in fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let name = entry.file_name().unwrap().to_str().unwrap();
        let target = format!("{to}/{name}");
        if entry.is_dir() && !name.starts_with('.') {
            copy(&entry, &target, workspace);
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "tf" || extension == "hcl")
        {
            workspace.write_file(&target, &fs::read_to_string(&entry).unwrap());
        }
    }
}

/// A workspace with a folder of the examples and all modules, where they are to each other as in the repository; and what makes Terraform work
/// in that folder.
fn workspace(folder: &Path) -> (Workspace, String) {
    let examples = binaries::repository().join("examples");
    let place = folder.strip_prefix(&examples).unwrap().to_str().unwrap();
    let workspace = Workspace::new();
    copy(&examples.join("modules"), "modules", &workspace);
    if !place.starts_with("modules") {
        copy(folder, place, &workspace);
    }
    let there = format!("-chdir={place}");
    // A local module has to be installed; the provider is there.
    workspace.run(&[&there, "get"]).expect_success();
    (workspace, there)
}

#[test]
fn their_own_tests_pass() {
    let folders = tested();
    assert!(folders.len() >= 3, "the modules are gone: {folders:?}");
    for folder in folders {
        let (workspace, there) = workspace(&folder);
        let formatted = workspace.run(&[&there, "fmt", "-check", "-diff", "-recursive"]);
        assert!(formatted.success, "{}: not formatted\n{formatted}", folder.display());
        let outcome = workspace.run(&[&there, "test", "-no-color"]).expect_success();
        assert!(
            outcome.stdout.contains("Success!") && outcome.stdout.contains(", 0 failed."),
            "{}\n{outcome}",
            folder.display()
        );
    }
}

#[test]
fn their_tests_notice_a_subnet_that_is_not_locked_down() {
    for module in ["cyclecloud-landing-zone", "aml-landing-zone"] {
        let place = format!("modules/{module}");
        let (workspace, there) = workspace(&binaries::repository().join("examples").join(&place));
        let variables = fs::read_to_string(workspace.path().join(&place).join("variables.tf")).unwrap();
        let opened = variables.replace("default     = \"internet\"", "default     = \"none\"");
        assert_ne!(opened, variables, "{module}");
        workspace.write_file(&format!("{place}/variables.tf"), &opened);
        let outcome = workspace.run(&[&there, "test", "-no-color"]);
        assert!(!outcome.success, "{module}\n{outcome}");
    }
}

#[test]
fn every_input_and_output_is_described() {
    for folder in tested() {
        for file in ["variables.tf", "outputs.tf"] {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            let blocks = text
                .split("\n}")
                .filter(|block| block.contains("variable \"") || block.contains("output \""));
            for block in blocks {
                assert!(block.contains("description ="), "{}/{file}: {block}", folder.display());
            }
        }
    }
}
