//! The modules and the landing zones of the examples: formatted, valid, and their own tests pass, without Azure and without credentials.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use acceptance_tests::terraform::{Workspace, binaries};
use lockeddown::provider::Lockeddown;
use tfplugin_rs::{provider::Provider, schema::Shape};

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

/// An object type drops what it does not name without a word.
#[test]
fn what_egress_takes_the_modules_pass_on() {
    let schemas = Lockeddown::new(|_| None).data_sources();
    for (module, source) in [
        ("cyclecloud-landing-zone", "lockeddown_cyclecloud_subnet"),
        ("aml-landing-zone", "lockeddown_aml_compute_egress"),
    ] {
        let schema = schemas.iter().find(|one| one.name() == source).unwrap().schema();
        let Shape::Nested(_, egress) = &schema.block.attributes["egress"].shape else {
            panic!("{source} has no attributes of `egress`");
        };
        let folder = binaries::repository().join("examples/modules").join(module);
        let text = fs::read_to_string(folder.join("variables.tf")).unwrap();
        let (_, rest) = text.split_once("variable \"egress\"").unwrap();
        let (declared, _) = rest.split_once("})").unwrap();
        for name in egress.keys() {
            let there = declared
                .lines()
                .any(|line| line.split_whitespace().next() == Some(name.as_str()));
            assert!(there, "{module}: `egress.{name}` is dropped");
        }
    }
}

#[test]
fn the_pages_of_the_modules_list_every_input_and_output() {
    for entry in fs::read_dir(binaries::repository().join("examples/modules")).unwrap() {
        let folder = entry.unwrap().path();
        let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap();
        let page = read("README.md");
        for (file, what) in [("variables.tf", "variable \""), ("outputs.tf", "output \"")] {
            let text = read(file);
            let names = text
                .lines()
                .filter_map(|line| line.strip_prefix(what)?.split('"').next());
            for name in names {
                assert!(
                    page.contains(&format!("\n| `{name}` | ")),
                    "{}: `{name}`",
                    folder.display()
                );
            }
        }
    }
}
