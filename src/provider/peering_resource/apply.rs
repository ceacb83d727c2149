//! Carrying out a plan, half by half. After a failure the state says which halves exist, so that the next plan repairs the rest.

use tfplugin_rs::{diagnostic::Diagnostics, provider::Change, value::Value};

use super::{
    arrival,
    half::{self, Half},
    read,
};
use crate::{
    azure::{ArmError, Call},
    provider::{configuration::Session, managed::report},
};

/// Creates or changes the managed halves.
pub(super) async fn apply(
    session: &Session,
    change: &mut Change<Value>,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let Some(managed) = half::managed(&change.planned) else {
        diagnostics.error(
            "Not known",
            "A half of the peering is still not known. This is a defect of the provider.",
        );
        return None;
    };
    let known = change.prior.as_ref().and_then(half::halves).unwrap_or_default();
    let found = arrival::look(session, &managed, &known, call, diagnostics).await?;
    let before: Vec<Half> = known.into_iter().filter(|half| half.managed).collect();
    let mut reached = Reached::new(change.prior.as_ref(), &change.planned);

    // A half whose counterpart goes is disconnected by that, and one that is keeps its counterpart from coming back: they go together.
    let (gone, stay): (Vec<Half>, Vec<Half>) = before
        .iter()
        .cloned()
        .partition(|half| is_dropped(half, &change.planned));
    let anew = !gone.is_empty() || found.iter().any(|found| found.disconnected);
    let exists = |half: &Half| found.iter().any(|found| found.side == half.side && found.exists);
    let deleted = gone
        .into_iter()
        .chain(stay.into_iter().filter(|half| anew && exists(half)))
        .collect();
    for half in half::in_order(deleted, &[]).iter().rev() {
        if let Err(error) = session.client.virtual_network_peerings().delete(&half.id, call).await {
            report("Peering not deleted", &error, diagnostics);
            return reached.state(session, call, diagnostics).await;
        }
        reached.without(half);
    }

    for half in half::in_order(managed, &before) {
        let exists = exists(&half) && !anew;
        if let Err(error) = write(session, &half, exists, call).await {
            refuse(&half, &error, diagnostics);
            if error.may_have_written() {
                reached.with(&half);
            }
            return reached.state(session, call, diagnostics).await;
        }
        reached.with(&half);
    }
    reached.state(session, call, diagnostics).await
}

/// Whether the plan has no such half any more. One that is there and not managed is handed over.
fn is_dropped(half: &Half, planned: &Value) -> bool {
    planned.attribute("peerings").attribute(half.side).is_null()
}

async fn write(session: &Session, half: &Half, exists: bool, call: &Call) -> Result<(), ArmError> {
    let peerings = session.client.virtual_network_peerings();
    if exists {
        match peerings.update(&half.id, call, |body| half.merge(body)).await {
            Err(error) if error.is_not_found() => {}
            written => return written.map(drop),
        }
    }
    peerings.create(&half.id, half.body(), call).await.map(drop)
}

fn refuse(half: &Half, error: &ArmError, diagnostics: &mut Diagnostics) {
    let mut detail = error.to_diagnostic();
    if error
        .service()
        .is_some_and(|error| error.has_code("RemotePeeringIsDisconnected"))
    {
        detail.push_str(
            "\n\nThe other half is disconnected and not managed here: have its owner delete it or make it anew, then apply again.",
        );
    }
    diagnostics.error_at(half::path(half.side), "Peering not written", detail);
}

/// Deletes the halves that the state says are ours.
pub(super) async fn remove(session: &Session, state: &Value, call: &Call, diagnostics: &mut Diagnostics) {
    let peerings = session.client.virtual_network_peerings();
    for half in half::in_order(half::managed(state).unwrap_or_default(), &[])
        .iter()
        .rev()
    {
        let deleted = match peerings.get(&half.id, call).await {
            Ok(None) => Ok(()),
            Ok(Some(found)) if half::remote_of(&found.body).as_ref() == Some(&half.remote) => {
                peerings.delete(&half.id, call).await
            }
            Ok(Some(_)) => {
                let detail = format!(
                    "`{}` leads to another network than the one this resource peered: somebody else made it, so it was not deleted.",
                    half.id
                );
                diagnostics.warning("Peering left behind", detail);
                Ok(())
            }
            Err(error) => Err(error),
        };
        if let Err(error) = deleted {
            report("Peering not deleted", &error, diagnostics);
            return;
        }
    }
}

/// The state as far as the apply has come.
struct Reached<'a> {
    planned: &'a Value,
    state: Value,
}

impl<'a> Reached<'a> {
    fn new(prior: Option<&Value>, planned: &'a Value) -> Reached<'a> {
        let mut state = planned.clone();
        let nothing = Value::object::<String>([]);
        let peerings = prior.map_or(&nothing, |prior| prior.attribute("peerings"));
        state.set_attribute("peerings", peerings.clone());
        Reached { planned, state }
    }

    fn with(&mut self, half: &Half) {
        let planned = self.planned.attribute("peerings").attribute(half.side).clone();
        self.put(half, planned);
    }

    fn without(&mut self, half: &Half) {
        self.put(half, Value::Null);
    }

    fn put(&mut self, half: &Half, value: Value) {
        if let Value::Map(mut peerings) = self.state.attribute("peerings").clone() {
            if value.is_null() {
                peerings.remove(half.side);
            } else {
                peerings.insert(half.side.to_owned(), value);
            }
            self.state.set_attribute("peerings", Value::Map(peerings));
        }
    }

    /// The state with what Azure now says of each half; `None` if there is none and something went wrong.
    async fn state(mut self, session: &Session, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let failed = diagnostics.has_errors();
        if !failed {
            self.state
                .set_attribute("peerings", self.planned.attribute("peerings").clone());
        }
        let managed = half::managed(&self.state).unwrap_or_default();
        if failed && managed.is_empty() {
            return None;
        }
        self.state.set_attribute("id", half::id(&managed).into());
        if !failed {
            self.state.set_attribute("id", self.planned.attribute("id").clone());
        }
        if !failed && self.planned.attribute("states").is_wholly_known() {
            return Some(self.state);
        }
        let states = match read::look(session, &managed, call).await {
            Ok(found) => half::states(
                managed
                    .iter()
                    .zip(&found)
                    .filter_map(|(half, found)| Some((half, found.as_ref()?))),
            ),
            // They were written; what they look like the next refresh sees.
            Err(error) => {
                report("Peering not read", &error, diagnostics);
                Value::object::<String>([])
            }
        };
        self.state.set_attribute("states", states);
        Some(self.state)
    }
}
