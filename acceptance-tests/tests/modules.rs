//! The modules and the landing zone of the examples: formatted, valid, and their own tests pass, without Azure and without credentials.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use acceptance_tests::terraform::{Workspace, binaries};

/// The folders below `examples` that have tests of their own.
fn tested() -> Vec<PathBuf> {
    let examples = binaries::repository().join("examples");
    let mut folders = vec![examples.join("landing-zone")];
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
        let target = if to.is_empty() {
            name.to_owned()
        } else {
            format!("{to}/{name}")
        };
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

fn workspace(folder: &Path) -> Workspace {
    let workspace = Workspace::new();
    copy(folder, "", &workspace);
    // A local module has to be installed; the provider is there.
    workspace.run(&["get"]).expect_success();
    workspace
}

#[test]
fn their_own_tests_pass() {
    let folders = tested();
    assert!(folders.len() >= 2, "the modules are gone: {folders:?}");
    for folder in folders {
        let workspace = workspace(&folder);
        let formatted = workspace.run(&["fmt", "-check", "-diff", "-recursive"]);
        assert!(formatted.success, "{}: not formatted\n{formatted}", folder.display());
        let outcome = workspace.run(&["test", "-no-color"]).expect_success();
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
        let workspace = workspace(&binaries::repository().join("examples/modules").join(module));
        let variables = fs::read_to_string(workspace.path().join("variables.tf")).unwrap();
        let opened = variables.replace("default     = \"internet\"", "default     = \"none\"");
        assert_ne!(opened, variables, "{module}");
        workspace.write_file("variables.tf", &opened);
        let outcome = workspace.run(&["test", "-no-color"]);
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
