//! `expand(workload, inputs)`.

use tfplugin_rs::{
    provider::{Function, FunctionError, Parameter, Signature},
    value::{Type, Value},
};

use super::{parameter, refused};
use crate::{
    provider::{dynamic_inputs, expansion, policy},
    workloads::{Defaults, Problem, Severity, Surroundings, WORKLOADS},
};

pub(super) struct Expand;

#[async_trait::async_trait]
impl Function for Expand {
    fn name(&self) -> String {
        "expand".to_owned()
    }

    fn signature(&self) -> Signature {
        let names: Vec<String> = WORKLOADS
            .iter()
            .map(|workload| format!("`{}`", workload.name))
            .collect();
        let workload = format!("What to expand: {}.", names.join(", "));
        Signature {
            parameters: vec![
                unknown_too("workload", Type::String, &workload),
                unknown_too(
                    "inputs",
                    Type::Dynamic,
                    "An object with the arguments of the data source of that name. Arguments left out take their defaults.",
                ),
            ],
            variadic: None,
            returns: policy::ty(),
            summary: "The network policy of a workload".to_owned(),
            description: "Expands a workload as the data source of its name does, and gives the data source's `policy`: the security \
                          rules, routes, firewall rule collections, hosts and prerequisites, with `edition` and `environment`. The type \
                          of the result is the same for all workloads.\n\nThe inputs may hold values that are not known before apply. \
                          An id or another value that decides nothing but its own place stays unknown there and everything else is \
                          known; while something that decides which rules there are is unknown, the result is unknown.\n\nA function \
                          does not see the provider's configuration: without `edition` and `environment` in the inputs it takes the \
                          newest edition and the public cloud. Warnings stand in `warnings`."
                .to_owned(),
        }
    }

    async fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError> {
        let [workload, inputs] = arguments.as_slice() else {
            return Err(refused(0, "two arguments are expected"));
        };
        let workload = match workload {
            Value::Unknown(_) => return Ok(Value::UNKNOWN),
            name => name.as_str().ok_or_else(|| refused(0, "a text is required"))?,
        };
        let workload = dynamic_inputs::workload(workload).map_err(|reason| refused(0, reason))?;
        let Some(inputs) = dynamic_inputs::arguments(workload, inputs).map_err(|reason| refused(1, reason))? else {
            return Ok(policy::not_known_yet(workload, &Value::UNKNOWN));
        };
        let location = inputs.attribute("location");
        let (outcome, _) = expansion::expand(workload, &inputs, &Surroundings::none(Defaults::default()));
        if outcome.has_errors() {
            return Err(refused(1, report(&outcome.problems)));
        }
        Ok(match outcome.expanded {
            Some(expanded) => policy::value(workload, location, &expanded),
            None => policy::not_known_yet(workload, location),
        })
    }
}

fn unknown_too(name: &str, ty: Type, description: &str) -> Parameter {
    Parameter {
        allow_unknown: true,
        ..parameter(name, ty, description)
    }
}

/// Every error, each with the input it is about unless it names that itself: a function has no diagnostics to carry them apart.
fn report(problems: &[Problem]) -> String {
    let errors = problems.iter().filter(|problem| problem.severity == Severity::Error);
    let names_it = |problem: &Problem| problem.detail.contains(&format!("`{}`", problem.path));
    let lines: Vec<String> = errors
        .map(|problem| match problem.path.is_root() || names_it(problem) {
            true => ended(&problem.detail),
            false => format!("{}: {}", problem.path, ended(&problem.detail)),
        })
        .collect();
    lines.join("\n")
}

/// Terraform puts a full stop behind the text.
fn ended(text: &str) -> String {
    let text = text.strip_suffix('.').unwrap_or(text);
    match text.rsplit_once(". Did you mean ") {
        Some((reason, suggestion)) if suggestion.ends_with('?') => format!("{reason} (did you mean {suggestion})"),
        _ => text.to_owned(),
    }
}
