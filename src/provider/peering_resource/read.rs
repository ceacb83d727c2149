//! Refresh: Azure's halves as state. What others own is neither read nor judged.

use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::{
    half::{self, Half},
    import,
};
use crate::{
    azure::{ArmError, Call, Document},
    provider::{configuration::Session, managed::report},
};

/// Reads the managed halves. The resource is gone when none of them is left; a half that is missing leaves the state, so that the plan
/// shows it as new; and what somebody else made in its place is not ours.
pub(super) async fn read(
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    if import::is_importing(&state) {
        return import::complete(session, state, call, diagnostics).await;
    }
    let Some(managed) = half::managed(&state) else {
        diagnostics.error(
            "Unreadable state",
            "An id in the state is no ARM id. This is a defect of the provider.",
        );
        return None;
    };
    let mut found = look(session, &managed, call)
        .await
        .inspect_err(|error| report("Peering not read", error, diagnostics))
        .ok()?;
    for (half, found) in managed.iter().zip(&mut found) {
        let strange = found.take_if(|found| half::remote_of(&found.body).as_ref() != Some(&half.remote));
        if let Some(strange) = strange {
            let detail = format!(
                "`{}` leads to another network than the one this resource peered: somebody else made it in place of ours, so it is left alone.",
                strange.id
            );
            diagnostics.warning_at(half::path(half.side), "Another peering in our place", detail);
        }
    }
    if found.iter().all(Option::is_none) {
        return None;
    }
    show(&mut state, &managed, &found);
    Some(state)
}

/// Puts what was found into the state.
pub(super) fn show(state: &mut Value, managed: &[Half], found: &[Option<Document>]) {
    let Value::Map(mut peerings) = state.attribute("peerings").clone() else {
        return;
    };
    for (half, found) in managed.iter().zip(found) {
        match (found, peerings.get_mut(half.side)) {
            (Some(found), Some(value)) => half::read(value, &found.body),
            _ => _ = peerings.remove(half.side),
        }
    }
    state.set_attribute("peerings", Value::Map(peerings));
    let there = managed
        .iter()
        .zip(found)
        .filter_map(|(half, found)| Some((half, found.as_ref()?)));
    state.set_attribute("states", half::states(there));
}

/// Each half as Azure has it.
pub(super) async fn look(session: &Session, halves: &[Half], call: &Call) -> Result<Vec<Option<Document>>, ArmError> {
    let mut found = Vec::with_capacity(halves.len());
    for half in halves {
        found.push(session.client.virtual_network_peerings().get(&half.id, call).await?);
    }
    Ok(found)
}
