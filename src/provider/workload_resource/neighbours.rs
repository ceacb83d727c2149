//! The proof among the entries of others: what must pass does, with their rules and routes between ours.
//!
//! A rule of others that only may be in the way (service tags of which nobody says whether they overlap) is nothing to say: nearly every
//! deny of a tag would be one.

use tfplugin_rs::value::{Path, Value};

use super::{
    conflicts::{self, Conflict},
    forms::{Entries, has},
};
use crate::{
    network::NetworkPolicy,
    proof::{
        message,
        model::{Given, Model},
        required::allows,
        verdict::{Cause, Obstacle, Verdict},
    },
    provider::{endpoint_tags, given_routes, given_rules},
    regions::Cloud,
};

/// What stands beside the resource's own entries, in a group and a table of others or, under ignored names, in its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Neighbours {
    pub(super) rules: Entries,
    pub(super) routes: Entries,
}

/// Where a policy is proven.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// The region, in any spelling.
    pub(super) location: &'a str,
    /// The cloud.
    pub(super) cloud: Cloud,
    /// The resource's own rules.
    pub(super) rules: &'a Entries,
}

/// Required flows that an entry of others stops, one conflict for each such entry.
pub(super) fn conflicts(policy: &NetworkPolicy, neighbours: &Neighbours, place: Place<'_>) -> Vec<Conflict> {
    if neighbours.rules.is_empty() && neighbours.routes.is_empty() {
        return Vec::new();
    }
    let neighbours = &Neighbours {
        rules: conflicts::unlike_named(place.rules, &neighbours.rules),
        routes: neighbours.routes.clone(),
    };
    let rules = match given_rules::read(&Value::Map(neighbours.rules.clone())) {
        Ok(rules) => rules,
        Err(reason) => return vec![not_understood("network_security_group_id", &reason)],
    };
    let routes = match given_routes::read(&Value::Map(neighbours.routes.clone())) {
        Ok(routes) => routes,
        Err(reason) => return vec![not_understood("route_table_id", &reason)],
    };
    let mut given = Given::of_policy(policy);
    for group in &mut given.groups {
        group.extend(&rules);
    }
    given.routes.extend(&routes);
    given.endpoint_tags = endpoint_tags::of_policy(&policy.service_endpoints, place.location, place.cloud);
    let model = Model::new(&given);
    let mut found: Vec<(String, Obstacle, Vec<String>)> = Vec::new();
    for finding in allows(&model) {
        let Verdict::Refuted(obstacle) = finding.verdict else {
            continue;
        };
        if !is_theirs(&obstacle.cause, neighbours) {
            continue;
        }
        let requirements = message::requirements(&finding.required.flow);
        match found.iter_mut().find(|(_, known, _)| known.cause == obstacle.cause) {
            Some((_, _, others)) => others.push(requirements),
            None => found.push((message::blocked(finding.required, &obstacle), obstacle, Vec::new())),
        }
    }
    found
        .into_iter()
        .map(|(text, obstacle, others)| conflict(text, &obstacle.cause, others, neighbours, place))
        .collect()
}

/// Whether what stops a packet is an entry of others. What the resource's own entries stop was said when they were expanded.
fn is_theirs(cause: &Cause, neighbours: &Neighbours) -> bool {
    match cause {
        Cause::Rule { name, .. } => has(&neighbours.rules, name),
        cause => cause.route().is_some_and(|route| has(&neighbours.routes, route)),
    }
}

fn conflict(
    mut text: String,
    cause: &Cause,
    mut others: Vec<String>,
    neighbours: &Neighbours,
    place: Place<'_>,
) -> Conflict {
    others.dedup();
    if !others.is_empty() {
        text.push_str(&format!(" It also stops {}.", others.join(", ")));
    }
    let (argument, summary, name) = match cause {
        Cause::Rule { name, priority, .. } => {
            let base = conflicts::base_before(place.rules, &neighbours.rules, i64::from(*priority));
            if let Some(base) = base {
                text.push_str(&format!(
                    " With `priority_base = {base}` this resource's rules stand before it."
                ));
            }
            (
                "priority_base",
                "A rule of others blocks a required flow",
                name.as_str(),
            )
        }
        cause => (
            "route_table_id",
            "A route of others blocks a required flow",
            cause.route().unwrap_or_default(),
        ),
    };
    text.push_str(&format!(" `{name}` is not this resource's, which never touches it."));
    Conflict {
        path: Path::attribute(argument),
        summary,
        detail: text,
    }
}

/// What cannot be read cannot be proven, and is not passed over.
fn not_understood(argument: &str, reason: &str) -> Conflict {
    Conflict {
        path: Path::attribute(argument),
        summary: "Entries of others not understood",
        detail: format!(
            "Whether the required flows pass beside the entries of others cannot be proven: {reason}. Write it in a form that this release knows, \
             or give the subnet a group and table of its own."
        ),
    }
}
