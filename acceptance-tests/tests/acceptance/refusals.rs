//! What is refused at plan, in the words of the user's terminal.

use std::{collections::BTreeMap, fmt::Write as _, path::Path};

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
    let mut told = String::new();
    for (name, refusals) in &refusals {
        let subject = subject_of(name);
        let place = match subject.places()[0] {
            Place::Policy => Place::Policy,
            _ => Place::Born,
        };
        let stage = Stage::new(Terraform::under_test(), 1);
        let _ = writeln!(told, "# {name}\n");
        for refusal in refusals {
            let arguments = subject.arguments(place, &[&refusal.wrong]);
            stage.workspace.write(&stage.block(&subject.resource, 0, &arguments));
            let error = stage.workspace.expect_error(&["plan"]);
            let error = error.replace(stage.emulator.subscription_id(), "00000000-0000-0000-0000-000000000000");
            let _ = writeln!(told, "{}\n{error}\n", refusal.wrong.trim());
        }
        let requests = stage.emulator.requests();
        assert!(requests.writes().lines().is_empty(), "{name}: a plan writes nothing");
    }
    insta::assert_snapshot!(told);
}
