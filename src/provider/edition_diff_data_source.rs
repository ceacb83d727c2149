//! `lockeddown_edition_diff`: what another edition of the documents means for given inputs.

mod difference;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use self::difference::COMPARED;
use super::{configuration::Settings, dynamic_inputs, expansion, outputs, schema};
use crate::{
    regions::Cloud,
    requirements::{self, Edition},
    workloads::{Defaults, Expanded, Outcome, Problem, Severity, Surroundings, Workload},
};

/// The data source.
#[derive(Debug)]
pub(super) struct EditionDiffDataSource {
    settings: Arc<Settings>,
}

impl EditionDiffDataSource {
    /// The data source, with the provider's defaults in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> EditionDiffDataSource {
        EditionDiffDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for EditionDiffDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_edition_diff".to_owned()
    }

    fn schema(&self) -> Schema {
        let shared = schema::shared_outputs();
        let compared = COMPARED.iter().filter_map(|part| {
            let (name, ty, _) = shared.iter().find(|(name, _, _)| *name == part.output)?;
            Some((*name, Attribute::computed(part.ty(ty)?, part.description)))
        });
        let texts = || Type::set(Type::String);
        Schema::new(
            "What moving a workload from one requirements edition to another changes, before anything is moved: both editions are \
             expanded from the same inputs and compared. No credentials, no connection.\n\nOutputs with names are compared entry by \
             entry: each difference has the entries that are `added` and `removed`, and for each `changed` one the values `before` \
             and `after` and the `attributes` that differ.",
        )
        .attribute(
            "workload",
            Attribute::required(Type::String, "What to expand: the name of a workload, such as `cyclecloud_subnet`."),
        )
        .attribute(
            "inputs",
            Attribute::required(
                Type::Dynamic,
                "An object with the arguments of the data source of that name. An `edition` in it is put aside.",
            ),
        )
        .attribute("from_edition", Attribute::required(Type::String, "The edition to move from."))
        .attribute(
            "to_edition",
            Attribute::optional_computed(Type::String, "The edition to move to. Defaults to the newest."),
        )
        .attributes(compared)
        .attribute(
            "requirement_ids",
            Attribute::computed(
                Type::object([("added", texts()), ("removed", texts()), ("replaced", Type::map(Type::String))]),
                "Requirements that took part in one edition alone; `replaced` has the successor of each removed one that has one. They \
                 can be looked up with `lockeddown_requirements`.",
            ),
        )
        .attribute(
            "service_endpoints",
            Attribute::computed(
                Type::object([("added", texts()), ("removed", texts())]),
                "Service endpoints that one edition alone demands.",
            ),
        )
        .attribute(
            "changed_outputs",
            Attribute::computed(
                texts(),
                "The outputs of the workload's data source that differ, those too that are not compared here. Empty: the move changes \
                 nothing.",
            ),
        )
        .attribute(
            "summary",
            Attribute::computed(
                Type::list(Type::String),
                "The differences for people, one a line: `+` added, `-` removed, `~` changed.",
            ),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        let Some(workload) = workload(config, diagnostics) else {
            return;
        };
        let from = edition(config, "from_edition", diagnostics);
        let to = edition(config, "to_edition", diagnostics);
        let Some(inputs) = inputs(workload, config, diagnostics) else {
            return;
        };
        for (argument, edition) in [("from_edition", from), ("to_edition", to)] {
            let Some(edition) = edition else { continue };
            // The provider may name any cloud: only what is wrong in all of them is wrong here.
            let outcomes: Vec<Outcome> = Cloud::ALL
                .into_iter()
                .map(|cloud| expand(workload, &inputs, edition, cloud))
                .collect();
            if outcomes.iter().all(Outcome::has_errors) {
                // The cloud that is probably meant: the one that has the locations, and where least else is wrong.
                let likely = outcomes.into_iter().min_by_key(|outcome| {
                    let errors = || {
                        outcome
                            .problems
                            .iter()
                            .filter(|problem| problem.severity == Severity::Error)
                    };
                    let elsewhere = errors().any(|problem| problem.path.to_string().contains("location"));
                    (elsewhere, errors().count())
                });
                report(
                    likely.map(|outcome| outcome.problems).unwrap_or_default(),
                    argument,
                    edition,
                    diagnostics,
                );
                return;
            }
        }
    }

    async fn read(&self, mut config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        // What nobody set is unknown here.
        if config.attribute("to_edition").is_unknown() {
            config.set_attribute("to_edition", Value::Null);
        }
        let workload = workload(&config, diagnostics)?;
        let inputs = inputs(workload, &config, diagnostics)?;
        let session = self.settings.session();
        expansion::refuse_undetermined(&session, &inputs, &["environment"], diagnostics)?;
        let cloud = session.environment();
        let mut sides = Vec::new();
        for argument in ["from_edition", "to_edition"] {
            let edition = edition(&config, argument, diagnostics)?;
            let outcome = expand(workload, &inputs, edition, cloud);
            report(outcome.problems, argument, edition, diagnostics);
            sides.push(outcome.expanded?);
        }
        let [before, after] = sides.as_slice() else { return None };
        config.set_attribute("to_edition", after.edition.as_str().into());
        for (name, value) in compare(before, after) {
            config.set_attribute(name, value);
        }
        Some(config)
    }
}

/// Every computed attribute beside `to_edition`.
fn compare(before: &Expanded, after: &Expanded) -> Vec<(&'static str, Value)> {
    let (old, new) = (
        Value::object(outputs::outputs(before)),
        Value::object(outputs::outputs(after)),
    );
    let mut summary = Vec::new();
    let mut all: Vec<(&'static str, Value)> = COMPARED
        .iter()
        .map(|part| {
            let (old, new) = (
                part.entries(old.attribute(part.output)),
                part.entries(new.attribute(part.output)),
            );
            (part.output, difference::of_maps(part, &old, &new, &mut summary))
        })
        .collect();
    let (added, removed) = difference::of_sets(old.attribute("service_endpoints"), new.attribute("service_endpoints"));
    summary.extend(added.iter().map(|name| format!("+ service endpoint {name}")));
    summary.extend(removed.iter().map(|name| format!("- service endpoint {name}")));
    let endpoints = [
        ("added", Value::string_set(added)),
        ("removed", Value::string_set(removed)),
    ];
    all.push(("service_endpoints", Value::object(endpoints)));
    // The summary names what they demand, which says it already.
    let (added, removed) = difference::of_sets(old.attribute("requirement_ids"), new.attribute("requirement_ids"));
    let replaced = Value::object(removed.iter().filter_map(|id| successor(id)));
    let requirements = [
        ("added", Value::string_set(added)),
        ("removed", Value::string_set(removed)),
        ("replaced", replaced),
    ];
    all.push(("requirement_ids", Value::object(requirements)));
    let names = new.as_map().into_iter().flat_map(|outputs| outputs.keys());
    let changed = names.filter(|name| old.attribute(name) != new.attribute(name));
    all.push(("changed_outputs", Value::string_set(changed.cloned())));
    all.push(("summary", Value::string_list(summary)));
    all
}

fn successor(id: &str) -> Option<(String, Value)> {
    let catalogues = requirements::systems().filter_map(|system| requirements::catalogue(system).ok());
    let row = catalogues
        .flat_map(|catalogue| catalogue.all())
        .find(|row| row.id == id)?;
    Some((id.to_owned(), row.replaced_by.as_deref()?.into()))
}

fn expand(workload: &Workload, inputs: &Value, edition: Edition, cloud: Cloud) -> Outcome {
    let mut inputs = inputs.clone();
    inputs.set_attribute("edition", edition.as_str().into());
    let defaults = Defaults {
        edition: None,
        environment: Some(cloud),
    };
    workload.expand(&inputs, &Surroundings::none(defaults))
}

fn workload(config: &Value, diagnostics: &mut Diagnostics) -> Option<&'static Workload> {
    let found = dynamic_inputs::workload(config.attribute("workload").as_str()?);
    let refused =
        |reason: &String| diagnostics.error_at(Path::attribute("workload"), "Unknown workload", format!("{reason}."));
    found.inspect_err(refused).ok()
}

fn inputs(workload: &Workload, config: &Value, diagnostics: &mut Diagnostics) -> Option<Value> {
    let inputs = dynamic_inputs::arguments(workload, config.attribute("inputs"));
    let refused = |reason: &String| {
        diagnostics.error_at(
            Path::attribute("inputs"),
            "Wrong type",
            format!("`inputs` has the wrong type: {reason}."),
        )
    };
    inputs.inspect_err(refused).ok().flatten()
}

/// The edition of an argument; the newest where it is not set, `None` while it is unknown or after an error.
fn edition(config: &Value, argument: &str, diagnostics: &mut Diagnostics) -> Option<Edition> {
    let text = match config.attribute(argument) {
        Value::String(text) => text,
        Value::Null => return Some(Edition::newest()),
        _ => return None,
    };
    let parsed: Result<Edition, _> = text.parse();
    let refused = |error: &requirements::EditionError| {
        diagnostics.error_at(Path::attribute(argument), "Unknown edition", format!("{error}."));
    };
    parsed.inspect_err(refused).ok()
}

/// Problems of one side. Terraform finds no place inside a dynamic argument, so the text names it.
fn report(problems: Vec<Problem>, argument: &str, edition: Edition, diagnostics: &mut Diagnostics) {
    let placed = problems.into_iter().map(|problem| {
        let (path, detail) = match problem.path == Path::attribute("edition") {
            true => (argument, problem.detail),
            false => {
                let place = format!("In edition `{edition}`, at `inputs.{}`", problem.path);
                ("inputs", format!("{place}: {}", problem.detail))
            }
        };
        Problem {
            path: Path::attribute(path),
            detail,
            ..problem
        }
    });
    expansion::report(placed.collect(), diagnostics);
}
