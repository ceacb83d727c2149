//! The plan: ids follow from names, and what Azure was last seen to say decides whether there is something to repair.

use std::collections::BTreeMap;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::Plan,
    value::{Path, Value},
};

use super::half::{self, Half, Trouble};
use crate::provider::managed::SAME_BUT_FOR_CASE;

/// Refines the plan of a create or update.
pub(super) fn plan(plan: &mut Plan, diagnostics: &mut Diagnostics) {
    keep_what_means_the_same(plan);
    let managed = half::managed(&plan.planned);
    let before = plan.prior.as_ref().and_then(half::managed).unwrap_or_default();
    plan_id(plan, managed.as_deref());
    plan.planned
        .set_attribute("states", states(plan, managed.as_deref(), &before, diagnostics));
    plan.requires_replace = moved(plan, &before);
    if managed.is_some() {
        warn_of_handover(&plan.planned, &before, diagnostics);
    }
}

/// Another spelling of an id is no change, nor is a half of others.
fn keep_what_means_the_same(plan: &mut Plan) {
    if let Some(prior) = plan.prior.as_ref().map(|prior| prior.attribute("peerings"))
        && half::same_as_far_as_managed(prior, plan.planned.attribute("peerings"))
    {
        plan.planned.set_attribute("peerings", prior.clone());
    }
}

fn plan_id(plan: &mut Plan, managed: Option<&[Half]>) {
    let id = managed.map_or_else(Value::unknown_not_null, |halves| half::id(halves).into());
    let kept = plan.prior.as_ref().map(|prior| prior.attribute("id").clone());
    let id = match kept {
        Some(kept) if kept.as_str().is_some() && SAME_BUT_FOR_CASE(&kept, &id) => kept,
        _ => id,
    };
    plan.planned.set_attribute("id", id);
}

/// What is written comes out otherwise than it was, and so does its counterpart.
fn states(plan: &Plan, managed: Option<&[Half]>, before: &[Half], diagnostics: &mut Diagnostics) -> Value {
    let Some(managed) = managed else {
        return Value::UNKNOWN;
    };
    let prior = plan.prior.as_ref().map(|prior| prior.attribute("states"));
    let mut well = managed == before;
    for half in managed {
        let trouble = prior.and_then(|states| half::trouble(states.attribute(half.side)));
        well &= trouble.is_none();
        if trouble == Some(Trouble::Disconnected) {
            let detail = format!(
                "`{}` is in state `Disconnected`: the other half or its network was deleted since. It carries nothing; this apply deletes it and \
                 makes it anew, with every other half that is managed here.",
                half.id
            );
            diagnostics.warning_at(half::path(half.side), "Peering disconnected", detail);
        }
    }
    match prior {
        Some(prior) if well => prior.clone(),
        _ => {
            let states = managed
                .iter()
                .map(|half| (half.side.to_owned(), half::state_to_be(&half.id)));
            Value::Map(states.collect::<BTreeMap<String, Value>>())
        }
    }
}

/// A half cannot be renamed or led elsewhere. While all halves are unknown together, as behind a data source that waits for something,
/// nothing is assumed to move: a peering would be cut for nothing.
fn moved(plan: &Plan, before: &[Half]) -> Vec<Path> {
    let (Some(planned), Some(prior)) = (plan.planned.attribute("peerings").as_map(), &plan.prior) else {
        return Vec::new();
    };
    let mut moved = Vec::new();
    for half in before {
        let Some(to_be) = planned
            .get(half.side)
            .filter(|half| half::is_managed(half) != Some(false))
        else {
            continue;
        };
        let was = prior.attribute("peerings").attribute(half.side);
        for argument in ["name", "virtual_network_id", "remote_virtual_network_id"] {
            if !to_be.is_unknown() && !SAME_BUT_FOR_CASE(was.attribute(argument), to_be.attribute(argument)) {
                moved.push(half::path(half.side).child(argument));
            }
        }
    }
    moved
}

/// A half that is no longer managed is somebody else's from now on.
fn warn_of_handover(planned: &Value, before: &[Half], diagnostics: &mut Diagnostics) {
    for half in before {
        let to_be = planned.attribute("peerings").attribute(half.side);
        if !to_be.is_null() && half::is_managed(to_be) == Some(false) {
            let detail = format!(
                "`{}` is no longer managed: it stays in Azure as it is, for the other network's team. To delete it, leave `{}` out instead.",
                half.id, half.side
            );
            diagnostics.warning_at(half::path(half.side).child("managed"), "Half handed over", detail);
        }
    }
}
