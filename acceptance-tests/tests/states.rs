//! States that versions of the provider have left behind are planned empty by this one.

use std::{
    collections::BTreeSet,
    fs,
    panic::{AssertUnwindSafe, catch_unwind},
};

use acceptance_tests::{fixtures, terraform::Terraform};
use lockeddown::provider::Lockeddown;
use serde_json::Value;
use tfplugin_rs::provider::Provider;

const THIS_VERSION: &str = env!("CARGO_PKG_VERSION");

#[test]
fn states_that_versions_have_left_are_planned_empty_with_and_without_refresh() {
    for (version, cases) in fixtures::kept().unwrap() {
        for case in cases {
            let (_emulator, workspace, _azure) = fixtures::revive(&case, &Terraform::under_test()).unwrap();
            let settled = catch_unwind(AssertUnwindSafe(|| workspace.assert_settled()));
            let Err(failure) = settled else { continue };
            let failure = failure.downcast_ref::<String>().cloned().unwrap_or_default();
            let remedy = if version == THIS_VERSION {
                "As long as this version is not released its states may be written anew: `cargo xtask fixtures`."
            } else {
                "That version is released: its states must stay as they are, and the schema's version and `upgrade` make up for what changed."
            };
            panic!("`{}` is not planned empty.\n{remedy}\n\n{failure}", case.display());
        }
    }
}

#[test]
fn every_resource_has_a_state_of_this_version() {
    let kept = fixtures::kept().unwrap();
    let cases = kept.into_iter().find(|(version, _)| version == THIS_VERSION);
    let cases = cases.map(|(_, cases)| cases).unwrap_or_default();
    let mut seen = BTreeSet::new();
    for case in &cases {
        let state: Value = serde_json::from_str(&fs::read_to_string(case.join("terraform.tfstate")).unwrap()).unwrap();
        let resources = state
            .get("resources")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        let managed = resources
            .iter()
            .filter(|resource| resource.get("mode") == Some(&"managed".into()));
        seen.extend(managed.filter_map(|resource| Some(resource.get("type")?.as_str()?.to_owned())));
    }
    let provider = Lockeddown::new(|_| None);
    let resources: BTreeSet<String> = provider.resources().iter().map(|resource| resource.name()).collect();
    let missing: Vec<_> = resources.difference(&seen).collect();
    assert!(
        missing.is_empty(),
        "{THIS_VERSION} has no state of {missing:?}: `cargo xtask fixtures` writes one of every example of a resource."
    );
}
