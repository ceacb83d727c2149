//! Expanding a workload on behalf of a Terraform object: defaults that may not be known, problems as diagnostics.

pub(super) mod proven;

use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::configuration::Session;
use crate::{
    regions::Cloud,
    requirements::Edition,
    workloads::{Defaults, Outcome, Problem, Severity, Surroundings, Workload},
};

/// The workload's own part of an object: what it is expanded from.
pub(super) fn workload_values(workload: &Workload, object: &Value, surroundings: &Surroundings) -> Value {
    let names = workload.all_arguments().into_iter().chain(surroundings.subnet_argument);
    Value::object(names.map(|argument| (argument.name, object.attribute(argument.name).clone())))
}

/// Expands and proves: what must pass does, or there is an error. The proof is missing where the policy is.
pub(super) fn expand(
    workload: &Workload,
    values: &Value,
    surroundings: &Surroundings,
) -> (Outcome, Option<proven::Proof>) {
    let mut outcome = workload.expand(values, surroundings);
    let proof = outcome.expanded.as_ref().map(|expanded| {
        let (proof, problems) = proven::prove(workload, values, expanded);
        outcome.problems.extend(problems);
        proof
    });
    (outcome, proof)
}

/// Checks a configuration before the provider's defaults are known (`terraform validate`): only what is wrong in every edition and
/// cloud that could apply is an error.
pub(super) fn validate(
    workload: &Workload,
    config: &Value,
    surroundings: &Surroundings,
    diagnostics: &mut Diagnostics,
) {
    let values = workload_values(workload, config, surroundings);
    let mut refused: Option<Outcome> = None;
    for environment in [Cloud::Public, Cloud::UsGovernment, Cloud::China] {
        for edition in Edition::all().rev() {
            let defaults = Defaults {
                edition: Some(edition),
                environment: Some(environment),
            };
            let outcome = workload.expand(
                &values,
                &Surroundings {
                    defaults,
                    ..surroundings.clone()
                },
            );
            if !outcome.has_errors() {
                return;
            }
            refused.get_or_insert(outcome);
        }
    }
    report(refused.map(|outcome| outcome.problems).unwrap_or_default(), diagnostics);
}

/// Refuses to read while a default of the provider is not known yet and the configuration does not say it itself: what is guessed at
/// plan would be another value at apply.
pub(super) fn refuse_undetermined(
    session: &Session,
    values: &Value,
    names: &[&'static str],
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let unset = |name: &&&str| values.attribute(name).is_null() || values.attribute(name).is_unknown();
    let missing = names.iter().filter(unset).find(|name| session.unknown.contains(*name));
    let Some(name) = missing else { return Some(()) };
    let detail = format!(
        "The provider's `{name}` is known only after apply, and what is read here depends on it. Set `{name}` here, or give the \
         provider a value that is known at plan."
    );
    diagnostics.error("Provider's default not known yet", detail);
    None
}

/// Reports what an expansion found.
pub(super) fn report(problems: Vec<Problem>, diagnostics: &mut Diagnostics) {
    for Problem {
        severity,
        path,
        summary,
        detail,
    } in problems
    {
        match severity {
            Severity::Error => diagnostics.error_at(path, summary, detail),
            Severity::Warning => diagnostics.warning_at(path, summary, detail),
        }
    }
}
