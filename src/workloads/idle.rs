//! Arguments that do nothing beside the others: whoever set one believes that it holds.

use std::collections::BTreeMap;

use tfplugin_rs::value::{Path, Value};

use super::{
    Surroundings, Workload,
    argument::{Argument, Default, Kind},
    inputs::Inputs,
    problem::Findings,
    shared::{ARGUMENT_IN_EDITION, Shared},
};
use crate::network::NetworkPolicy;

/// Of the shared arguments those that a level of `isolation` alone gives a meaning. The others speak to every workload, or to the proof.
const OF_ISOLATION: [&str; 2] = ["intra_subnet_traffic_enabled", "dns_server_addresses"];

/// Warns of switches and prefixes without which the same comes out, to the last warning. That is found by leaving each out, so there is
/// no list of who needs what that could be wrong.
pub(super) fn warn(
    workload: &Workload,
    inputs: &Inputs<'_>,
    surroundings: &Surroundings,
    shared: &Shared,
    (policy, outputs): (&NetworkPolicy, &BTreeMap<String, Value>),
) {
    if shared.waived.contains_key(ARGUMENT_IN_EDITION) {
        return;
    }
    let warnings = inputs.findings().warnings();
    let same_without = |name: &str| {
        let (findings, root, values) = (Findings::default(), Path::root(), inputs.without(name));
        let inputs = inputs.of(&values, &findings, &root);
        let again =
            Shared::read(&inputs, workload, surroundings).and_then(|shared| (workload.expand)(&inputs, &shared));
        again.is_ok_and(|again| (&again.0, &again.1) == (policy, outputs))
            && !findings.has_errors()
            && findings.warnings() == warnings
    };
    let idle: Vec<&Argument> = workload
        .all_arguments()
        .into_iter()
        .filter(|argument| {
            is_of_some(workload, argument) && inputs.is_set(argument.name) && same_without(argument.name)
        })
        .collect();
    for argument in idle {
        let detail = format!(
            "`{}` is set, and what this configuration gives is the same without it. What it is for: {} Leave it out, change what keeps it from \
             having an effect, or waive {ARGUMENT_IN_EDITION} with a reason.",
            argument.name, argument.description
        );
        let path = inputs.path(argument.name);
        inputs.findings().warning(path, "Argument without effect", detail);
    }
}

/// Whether only some configurations use the argument.
fn is_of_some(workload: &Workload, argument: &Argument) -> bool {
    let own = workload.arguments.iter().any(|own| own.name == argument.name);
    match argument.kind {
        _ if !own => OF_ISOLATION.contains(&argument.name),
        // A switch without a default of its own may say what holds anyway.
        Kind::Flag => argument.default != Default::Nothing,
        Kind::TextSet => argument.name.ends_with("_prefixes") && !is_a_roles_place(workload, argument),
        _ => false,
    }
}

/// Where the workload's roles are: modules say all of it to each.
fn is_a_roles_place(workload: &Workload, argument: &Argument) -> bool {
    let roles = workload.arguments.iter().find(|other| other.name == "role");
    let Some(Kind::Choice(roles)) = roles.map(|roles| roles.kind) else {
        return false;
    };
    let role = argument.name.strip_suffix("_address_prefixes");
    role.is_some_and(|role| roles.contains(&role))
}
