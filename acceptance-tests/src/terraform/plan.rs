//! What `terraform show -json` says about a plan.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::diagnostics::Diagnostic;
use super::fail;

/// A plan, as Terraform would apply it.
#[derive(Debug)]
pub struct Plan {
    json: LazyLock<Value, Box<dyn FnOnce() -> Value + Send>>,
    warnings: Vec<Diagnostic>,
}

/// What a plan does with one resource.
#[derive(Debug)]
pub struct Change {
    /// `["create"]`, `["update"]`, `["delete", "create"]`, `["no-op"]`, …
    pub actions: Vec<String>,
    /// The values before; null for a create.
    pub before: Value,
    /// The values after, without what is unknown; null for a destroy.
    pub after: Value,
    /// Mirrors `after`, with `true` where a value is unknown.
    pub after_unknown: Value,
    /// Why a replacement is needed: paths such as `["name"]`.
    pub replace_paths: Value,
}

impl Plan {
    /// A plan that printed such warnings; the rest is asked for when a test wants to know it.
    pub(super) fn new(shown: Box<dyn FnOnce() -> Value + Send>, warnings: Vec<Diagnostic>) -> Self {
        Self {
            json: LazyLock::new(shown),
            warnings,
        }
    }

    /// The whole document of `terraform show -json`.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// The warnings that the plan printed.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// The change of one resource, by address. Fails the test if the plan does not name it.
    #[track_caller]
    pub fn change(&self, address: &str) -> Change {
        match self
            .entries("resource_changes")
            .find(|entry| address_of(entry) == address)
        {
            Some(entry) => Change::of(entry),
            None => {
                let known: Vec<_> = self.entries("resource_changes").map(address_of).collect();
                fail(format!("The plan says nothing about `{address}`. It names: {known:?}"))
            }
        }
    }

    /// What is to be done, by address; what stays as it is (`no-op`) is left out.
    pub fn actions(&self) -> BTreeMap<&str, Vec<String>> {
        self.entries("resource_changes")
            .map(|entry| (address_of(entry), actions(entry.get("change"))))
            .filter(|(_, actions)| actions != &["no-op"])
            .collect()
    }

    /// What a refresh found changed outside Terraform, by address.
    pub fn drift(&self) -> BTreeMap<&str, Change> {
        self.entries("resource_drift")
            .map(|entry| (address_of(entry), Change::of(entry)))
            .collect()
    }

    /// Whether an output's value changes.
    pub fn changes_output(&self, name: &str) -> bool {
        self.changed_outputs().any(|(changed, _)| changed == name)
    }

    /// Demands a plan that does nothing: no action, no changed output, no drift.
    #[track_caller]
    pub fn assert_empty(&self) {
        let outputs: Vec<_> = self.changed_outputs().collect();
        if self.actions().is_empty() && self.drift().is_empty() && outputs.is_empty() {
            return;
        }
        let changes: Vec<_> = (self.actions().into_keys())
            .map(|address| (address, self.change(address)))
            .collect();
        fail(format!(
            "The plan is not empty.\nchanges: {changes:#?}\ndrift: {:#?}\noutputs: {outputs:#?}",
            self.drift()
        ))
    }

    fn entries(&self, list: &str) -> impl Iterator<Item = &Value> {
        self.json().get(list).and_then(Value::as_array).into_iter().flatten()
    }

    fn changed_outputs(&self) -> impl Iterator<Item = (&String, &Value)> {
        (self
            .json()
            .get("output_changes")
            .and_then(Value::as_object)
            .into_iter()
            .flatten())
        .filter(|(_, change)| actions(Some(change)) != ["no-op"])
    }
}

impl Change {
    fn of(entry: &Value) -> Self {
        let change = entry.get("change");
        let part = |name: &str| change.and_then(|change| change.get(name)).cloned().unwrap_or_default();
        Self {
            actions: actions(change),
            before: part("before"),
            after: part("after"),
            after_unknown: part("after_unknown"),
            replace_paths: part("replace_paths"),
        }
    }

    /// JSON pointers (such as `/tags/owner`) of everything that is unknown, in order.
    pub fn unknown(&self) -> Vec<String> {
        let mut found = Vec::new();
        collect_true(&self.after_unknown, "", &mut found);
        found
    }
}

fn collect_true(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Bool(true) => found.push(at.to_owned()),
        Value::Object(members) => members
            .iter()
            .for_each(|(key, member)| collect_true(member, &format!("{at}/{key}"), found)),
        Value::Array(elements) => {
            elements
                .iter()
                .enumerate()
                .for_each(|(index, element)| collect_true(element, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

fn address_of(entry: &Value) -> &str {
    entry.get("address").and_then(Value::as_str).unwrap_or_default()
}

fn actions(change: Option<&Value>) -> Vec<String> {
    let actions = change
        .and_then(|change| change.get("actions"))
        .and_then(Value::as_array);
    actions
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
