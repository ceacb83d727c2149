//! What is refused at plan, and why: nothing is asked of Azure for that.

use std::{collections::BTreeMap, path::Path};

use acceptance_tests::terraform::Terraform;
use serde::Deserialize;

use crate::{
    stage::Stage,
    table::{Place, Subject, subjects},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    wrong: String,
    /// The summary of the error.
    says: String,
}

/// Of a subject, or of all that have some shared choices; these are tried with the first of them.
fn subject_of(name: &str) -> &'static Subject {
    let shared = match name {
        "a_subnet" | "every_workload" => "cyclecloud server",
        "a_firewall" => "kubernetes",
        own => own,
    };
    subjects().iter().find(|subject| subject.label == shared).unwrap()
}

#[test]
fn what_is_wrong_is_told_at_plan() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/acceptance/subjects/refusals.toml");
    let refusals: BTreeMap<String, Vec<Refusal>> = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    for (name, refusals) in &refusals {
        let subject = subject_of(name);
        let place = match subject.places()[0] {
            Place::Policy => Place::Policy,
            _ => Place::Born,
        };
        let stage = Stage::new(Terraform::under_test(), 1);
        for refusal in refusals {
            let arguments = subject.arguments(place, &[&refusal.wrong]);
            stage.workspace.write(&stage.block(&subject.resource, 0, &arguments));
            let error = stage.workspace.expect_error(&["plan"]);
            assert!(error.contains(&refusal.says), "{name}, {}: {error}", refusal.wrong);
        }
        let requests = stage.emulator.requests();
        assert!(requests.writes().lines().is_empty(), "{name}: a plan writes nothing");
    }
}
