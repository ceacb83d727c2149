//! Every argument unknown at plan, and every option there and back.

use std::{collections::BTreeMap, fmt::Write as _};

use acceptance_tests::terraform::{Plan, Terraform};
use serde_json::Value;

use crate::{
    stage::{Stage, assert_written_once, assert_written_once_but, difference},
    table::{Arguments, Choice, Place, Subject, is_full_or_says_so, lines, subjects},
};

/// One choice of one subject, tried.
struct Trial<'a> {
    subject: &'a Subject,
    place: Place,
    choice: Choice,
    number: usize,
}

impl Trial<'_> {
    fn without(&self, stage: &Stage) -> String {
        let arguments = self.subject.arguments(self.place, &[&self.choice.always]);
        stage.block(&self.subject.resource, self.number, &arguments)
    }

    fn tried(&self) -> Arguments {
        let Choice {
            always,
            together,
            tried,
            ..
        } = &self.choice;
        self.subject.arguments(self.place, &[always, together, tried])
    }

    fn with(&self, stage: &Stage) -> String {
        let block = stage.block(&self.subject.resource, self.number, &self.tried());
        format!("{block}{}", self.later(stage))
    }

    /// What gives the values during apply only.
    fn later(&self, stage: &Stage) -> String {
        let mut text = String::new();
        for (index, path) in self.unknown().iter().enumerate() {
            let value = stage.placed(&self.tried()[path], self.number);
            let name = format!("later_{}_{index}", self.number);
            let _ = writeln!(text, "resource \"terraform_data\" \"{name}\" {{\n  input = {value}\n}}");
        }
        text
    }

    fn unknown(&self) -> Vec<String> {
        lines(&self.choice.tried).into_iter().map(|(path, _)| path).collect()
    }

    fn with_unknown(&self, stage: &Stage) -> String {
        let mut arguments = self.tried();
        for (index, path) in self.unknown().iter().enumerate() {
            let value = format!("terraform_data.later_{}_{index}.output", self.number);
            arguments.insert(path.clone(), value);
        }
        let block = stage.block(&self.subject.resource, self.number, &arguments);
        format!("{block}{}", self.later(stage))
    }

    fn label(&self) -> String {
        format!("{} {:?}: {}", self.address(), self.place, self.choice.tried.trim())
    }

    fn address(&self) -> String {
        self.subject.address(self.number)
    }

    fn is_another_object(&self) -> bool {
        let mut replaces = vec!["name = ", "virtual_network_id = ", "subnet_id = "];
        if matches!(self.place, Place::Policy | Place::Collections) {
            replaces.extend([
                "rule_collection_group_name = ",
                "firewall_policy_id = ",
                "rule_collection_group_id = ",
                "firewall_id = ",
            ]);
        }
        replaces.iter().any(|argument| self.choice.tried.starts_with(argument))
    }

    /// Another name or network is another object, and so is another group of collections where there is nothing else; everything else is changed in
    /// place.
    fn assert_replaced_only_by_name_or_network(&self, plan: &Plan) {
        let expected: &[&str] = if self.choice.silent {
            &["no-op"]
        } else if self.is_another_object() {
            &["delete", "create"]
        } else {
            &["update"]
        };
        assert_eq!(plan.change(&self.address()).actions, expected, "{}", self.label());
    }

    /// An option changes the rules it is about; nothing moves for its sake.
    fn assert_nothing_moves(&self, plan: &Plan) {
        let moves = ["priority_base", "deny_priority", "edition", "extra_rules"];
        if moves.iter().any(|word| self.choice.tried.contains(word)) {
            return;
        }
        let change = plan.change(&self.address());
        let rules = |side: &Value| side["security_rules"].as_object().cloned().unwrap_or_default();
        let after = rules(&change.after);
        for (name, rule) in rules(&change.before) {
            if let Some(later) = after.get(&name) {
                assert_eq!(later["priority"], rule["priority"], "{}: {name} moves", self.label());
            }
        }
    }
}

/// What differs between two states of Azure, but for what was handed over.
fn unexpected(trials: &[Trial<'_>], before: &BTreeMap<String, Value>, after: &BTreeMap<String, Value>) -> Vec<String> {
    let mut found = difference(before, after);
    for trial in trials {
        let Some(what) = &trial.choice.hands_over else { continue };
        let network = format!("/virtualNetworks/vnet-{}", trial.number);
        let kept = |line: &String| {
            let at = line.split_once(": was null, is [").map(|(at, _)| at);
            at.is_some_and(|at| {
                let object = at.split(' ').next().unwrap_or_default();
                let place = object.split_once(&network).map(|(_, place)| place);
                at.ends_with(&format!(".{what}")) && place.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        found.retain(|line| !kept(line));
    }
    found
}

/// Every choice of one subject.
fn whole_story(label: &str) {
    if is_full_or_says_so() {
        let subject = subjects().iter().find(|subject| subject.label == label).unwrap();
        story(subject.choices().into_iter().map(|choice| (subject, choice)));
    }
}

/// Some choices of every subject, spread over all of them: one story takes hardly longer with all subjects than with one.
#[test]
fn some_of_every_subject() {
    story(subjects().iter().flat_map(|subject| {
        let choices = subject.choices();
        let step = choices.len().div_ceil(3).max(1);
        choices.into_iter().step_by(step).map(move |choice| (subject, choice))
    }));
}

fn story<'a>(choices: impl Iterator<Item = (&'a Subject, (Place, Choice))>) {
    let trials: Vec<Trial<'a>> = choices
        .enumerate()
        .map(|(number, (subject, (place, choice)))| Trial {
            subject,
            place,
            choice,
            number,
        })
        .collect();
    for trial in &trials {
        // Shown where the test fails.
        println!("{}", trial.label());
    }
    let stage = Stage::new(Terraform::under_test(), trials.len());
    let before = stage.azure();
    let all = |of: &dyn Fn(&Trial<'_>) -> String| trials.iter().map(of).collect::<String>();

    // What is replaced among the collections, the rules and in the subnet of others is taken away first.
    let replaced = trials
        .iter()
        .filter(|trial| trial.is_another_object() && !trial.choice.silent)
        .flat_map(|trial| {
            ["/hub-#/", "/shared-# ", "/theirs-# "].map(|object| object.replace('#', &trial.number.to_string()))
        })
        .collect::<Vec<_>>();

    // Made while nobody knows.
    stage.workspace.step(&all(&|trial| trial.with_unknown(&stage)));
    assert_written_once(&stage.emulator, "made");
    let made = stage.azure();
    // What was unknown is what is written down now.
    stage.workspace.write(&all(&|trial| trial.with(&stage)));
    stage.workspace.plan().assert_empty();

    // Back to where nobody asked for it …
    let plan = stage.workspace.step(&all(&|trial| trial.without(&stage)));
    assert_written_once_but(&stage.emulator, "taken back", &replaced);
    let changed = plan.actions();
    for trial in &trials {
        assert_eq!(
            changed.contains_key(trial.address().as_str()),
            !trial.choice.silent,
            "{}",
            trial.label()
        );
        trial.assert_nothing_moves(&plan);
        trial.assert_replaced_only_by_name_or_network(&plan);
    }
    // … and there again.
    stage.workspace.step(&all(&|trial| trial.with(&stage)));
    assert_written_once_but(&stage.emulator, "asked for again", &replaced);
    let again = unexpected(&trials, &made, &stage.azure());
    assert!(
        again.is_empty(),
        "there and back is not the same:\n{}",
        again.join("\n")
    );

    stage.workspace.destroy();
    let left = unexpected(&trials, &before, &stage.azure());
    assert!(left.is_empty(), "destroyed, and yet:\n{}", left.join("\n"));
}

for_each_subject!(whole_story);

/// Every argument of the schema is tried, with some subject of the resource.
#[test]
fn every_argument_is_tried() {
    let stage = Stage::new(Terraform::under_test(), 0);
    let output = stage.workspace.run(&["providers", "schema", "-json"]).expect_success();
    let schemas: Value = serde_json::from_str(&output.stdout).unwrap();
    let schemas = schemas["provider_schemas"]
        .as_object()
        .unwrap()
        .values()
        .next()
        .unwrap();
    let mut untried = Vec::new();
    for resource in subjects().iter().map(|subject| &subject.resource) {
        let tried: Vec<String> = (subjects().iter().filter(|subject| &subject.resource == resource))
            .flat_map(Subject::choices)
            .flat_map(|(_, choice)| lines(&choice.tried))
            .map(|(path, _)| path)
            .collect();
        let schema = &schemas["resource_schemas"][format!("lockeddown_{resource}")]["block"];
        let paths = configurable(&schema["attributes"]);
        let missing = paths
            .iter()
            .filter(|path| !tried.iter().any(|tried| matches(path, tried)));
        untried.extend(missing.map(|path| format!("{resource}: {}", path.join("."))));
    }
    untried.sort();
    untried.dedup();
    untried.retain(|argument| !UNUSABLE.iter().any(|(unusable, _)| argument.starts_with(unusable)));
    assert!(untried.is_empty(), "{untried:#?}");
}

/// What a resource has and nobody can use there, and why.
const UNUSABLE: [(&str, &str); 2] = [
    ("aml_kubernetes_egress: extra_rules", "it has no network security group"),
    (
        "aml_kubernetes_egress: egress.forced_tunnel_source",
        "a cluster leaves by a firewall or a proxy",
    ),
];

/// Paths of what a configuration can set; a map's key is `*`.
fn configurable(attributes: &Value) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for (name, attribute) in attributes.as_object().unwrap() {
        if attribute["optional"] != true && attribute["required"] != true {
            continue;
        }
        let nested = &attribute["nested_type"];
        if nested.is_null() {
            found.push(vec![name.clone()]);
            continue;
        }
        for below in configurable(&nested["attributes"]) {
            let key = (nested["nesting_mode"] == "map").then(|| "*".to_owned());
            found.push([name.clone()].into_iter().chain(key).chain(below).collect());
        }
    }
    found
}

fn matches(path: &[String], tried: &str) -> bool {
    let tried: Vec<&str> = tried.split('.').collect();
    path.len() == tried.len() && path.iter().zip(tried).all(|(word, tried)| word == "*" || word == tried)
}
