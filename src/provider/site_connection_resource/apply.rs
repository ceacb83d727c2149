//! Carrying out a plan, part by part. After a failure the state says what was reached, so that the next plan repairs it.

use std::collections::BTreeMap;

use tfplugin_rs::{diagnostic::Diagnostics, provider::Change, value::Value};

use super::{arrival, connection, local_gateway, part::Part, site::Site};
use crate::{
    azure::{ArmError, Call, Secret},
    provider::{configuration::Session, managed::report},
};

/// What a part needs to be written.
struct Work<'a> {
    session: &'a Session,
    site: &'a Site,
    change: &'a Change<Value>,
    found: arrival::Found,
    tags_with_options: BTreeMap<String, String>,
    call: &'a Call,
}

/// Creates or changes everything that a plan speaks of.
pub(super) async fn apply(
    session: &Session,
    change: &mut Change<Value>,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (prior, planned) = (change.prior.as_ref(), &change.planned);
    let Some(site) = Site::of(planned) else {
        diagnostics.error(
            "Not known",
            "An id is still not known. This is a defect of the provider.",
        );
        return None;
    };
    let found = arrival::look(session, &site, planned, prior, call, diagnostics).await?;
    let tags_with_options = site
        .tags_with_options(planned)
        .inspect_err(|error| diagnostics.error("Too many options", format!("{error}.")))
        .ok()?;
    let work = Work {
        session,
        site: &site,
        change,
        found,
        tags_with_options,
        call,
    };
    let mut reached = Reached::new(prior, planned);
    let mut connection_is_new = false;
    for part in Part::in_order(prior, planned) {
        let written = match part {
            Part::LocalGateway => write_local_gateway(&work).await,
            Part::Connection => write_connection(&work).await.map(|made| connection_is_new = made),
            Part::Key => set_key(&work, connection_is_new).await,
        };
        if let Err(error) = written {
            let verb = if prior.is_none() { "created" } else { "changed" };
            report(&format!("{} not {verb}", part.title()), &error, diagnostics);
            // Where the write may have been carried out all the same, the next refresh sees what exists.
            if error.may_have_written() && part != Part::Key {
                reached.part(part, planned);
            }
            return reached.state();
        }
        reached.part(part, planned);
        if connection_is_new && part == Part::Connection {
            Part::Key.forget(&mut reached.state);
        }
    }
    Some(planned.clone())
}

async fn write_local_gateway(work: &Work<'_>) -> Result<(), ArmError> {
    let planned = &work.change.planned;
    let Some(id) = &work.site.local_gateway else {
        return Ok(());
    };
    let exists = work.found.exists(Part::LocalGateway);
    local_gateway::write(work.session, id, planned, &work.site.tags(planned), exists, work.call).await
}

async fn write_connection(work: &Work<'_>) -> Result<bool, ArmError> {
    let (planned, tags) = (&work.change.planned, &work.tags_with_options);
    let exists = work.found.exists(Part::Connection);
    connection::write(work.session, work.site, planned, tags, exists, work.call).await
}

/// Sets the key of a connection that is new, or whose key is.
async fn set_key(work: &Work<'_>, connection_is_new: bool) -> Result<(), ArmError> {
    let change = work.change;
    let version = |object: &Value| object.attribute("shared_key_wo_version").clone();
    let prior = change.prior.as_ref().map(version);
    let is_new = connection_is_new || prior != Some(version(&change.planned));
    match change.config.attribute("shared_key_wo").as_str() {
        Some(key) if is_new => {
            let key = Secret::new(key);
            work.session
                .client
                .set_shared_key(&work.site.connection, &key, work.call)
                .await
        }
        _ => Ok(()),
    }
}

/// The state as far as the apply has come.
struct Reached {
    state: Value,
    /// Whether there is anything to keep: something was there before, or something was made.
    exists: bool,
}

impl Reached {
    fn new(prior: Option<&Value>, planned: &Value) -> Reached {
        if let Some(prior) = prior {
            return Reached {
                state: prior.clone(),
                exists: true,
            };
        }
        let mut state = planned.clone();
        for part in Part::in_order(None, planned) {
            part.forget(&mut state);
        }
        Reached { state, exists: false }
    }

    fn part(&mut self, part: Part, planned: &Value) {
        part.reach(&mut self.state, planned);
        self.exists = true;
    }

    fn state(self) -> Option<Value> {
        self.exists.then_some(self.state)
    }
}
