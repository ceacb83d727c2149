//! Carrying out a plan, part by part. After a failure the state says what was reached, so that the next plan repairs it.

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::Change,
    value::{Path, Value},
};

use super::{
    WorkloadResource, arrival,
    conflicts::Setback,
    firewall, group,
    kept::Kept,
    part::Part,
    remove, subnet, table,
    targets::{self, SubnetTarget, Targets},
    work::{self, Work, report},
};
use crate::{
    azure::{ArmError, Call},
    provider::configuration::Session,
};

/// Creates or changes everything that a plan speaks of.
pub(super) async fn apply(
    resource: &WorkloadResource,
    session: &Session,
    change: &mut Change<Value>,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let targets = targets_of(&change.planned, diagnostics)?;
    let prior = change.prior.clone();
    let mut kept = Kept::read(&change.private);
    if prior.is_none() {
        // What the object that is replaced had added went with it. The plan may not say so: Terraform hands the private data of the plan of the new
        // object to the removal of the old one.
        kept.added_service_endpoints.clear();
    }
    let work = Work {
        resource,
        session,
        call,
        prior: prior.as_ref(),
        object: &change.planned,
        targets: &targets,
        owner_tags: std::collections::BTreeMap::new(),
    };
    let found = arrival::look(&work, &kept, diagnostics).await?;
    let planned = found.settle_previous(&work);
    let added = found.added_endpoints(&planned, &kept);
    let owner_tags = work::owner_tags(resource, &planned, &targets, &added, diagnostics)?;
    let work = Work {
        object: &planned,
        owner_tags,
        ..work
    };
    let mut reached = Reached::new(&work);
    for part in Part::ALL {
        kept.leftovers.extend(made_beside(&work, part));
        let result = write(&work, part, &found, &mut kept, diagnostics).await;
        if let Err(setback) = result {
            match setback {
                Setback::Azure(error) => {
                    let verb = if work.makes(part) { "created" } else { "changed" };
                    report(&format!("{} not {verb}", part.title()), &error, diagnostics);
                    reached.failed(&work, part, &error);
                }
                Setback::Conflict(conflict) => conflict.refuse(diagnostics),
            }
            change.private = kept.write();
            return reached.state();
        }
        reached.part(&work, part);
    }
    let mut state = planned.clone();
    if let Some(prior) = &prior {
        for part in remove::superseded(&work, prior, diagnostics).await {
            // What could not be removed stays in the state, for the next apply to try again.
            part.reach(&mut state, prior);
        }
    }
    remove::leftovers(&work, &state, &mut kept, diagnostics).await;
    change.private = kept.write();
    Some(state)
}

/// What an update makes beside the old object of its kind comes into the state only once the old one is left, and may never. A rule collection group
/// bears no mark by which it could be told from somebody else's later.
fn made_beside(work: &Work<'_>, part: Part) -> Option<String> {
    let held = match part {
        Part::Group => work.targets.group.as_ref(),
        Part::Table => work.targets.table.as_ref(),
        Part::Firewall | Part::Subnet => None,
    };
    let own = held.filter(|held| held.own && work.prior.is_some() && work.is_new(part))?;
    Some(own.id.to_string())
}

async fn write(
    work: &Work<'_>,
    part: Part,
    found: &arrival::Found,
    kept: &mut Kept,
    diagnostics: &mut Diagnostics,
) -> Result<(), Setback> {
    match part {
        Part::Group => match &work.targets.group {
            Some(held) => group::write(work, held, found.exists(Part::Group)).await,
            None => Ok(()),
        },
        Part::Table => match &work.targets.table {
            Some(held) => table::write(work, held, found.exists(Part::Table)).await,
            None => Ok(()),
        },
        Part::Firewall => match &work.targets.firewall {
            Some(target) => firewall::write(work, target, found.exists(Part::Firewall)).await,
            None => Ok(()),
        },
        Part::Subnet => match &work.targets.subnet {
            Some(SubnetTarget { id, born: true }) => {
                Ok(subnet::write_born(work, id, found.exists(Part::Subnet)).await?)
            }
            Some(SubnetTarget { id, born: false }) => {
                Ok(subnet::write_attached(work, id, &mut kept.added_service_endpoints, diagnostics).await?)
            }
            None => Ok(()),
        },
    }
}

/// The state as far as the apply has come.
struct Reached {
    state: Value,
    /// Whether there is anything to keep: something was there before, or something was made.
    exists: bool,
}

impl Reached {
    fn new(work: &Work<'_>) -> Reached {
        match work.prior {
            Some(prior) => Reached {
                state: prior.clone(),
                exists: true,
            },
            None => {
                let mut state = work.object.clone();
                for part in Part::ALL {
                    part.forget(&mut state);
                }
                Reached { state, exists: false }
            }
        }
    }

    fn part(&mut self, work: &Work<'_>, part: Part) {
        // What moves stays in the state where it was until the old place is left: only then can nothing be forgotten there.
        if work.prior.is_none() || !work.is_new(part) {
            part.reach(&mut self.state, work.object);
        }
        self.exists = true;
    }

    /// Where the write may have been carried out all the same, the part is claimed: what exists is seen by the next refresh.
    fn failed(&mut self, work: &Work<'_>, part: Part, error: &ArmError) {
        if error.may_have_written() {
            if work.prior.is_none() || !work.is_new(part) {
                part.claim(&mut self.state, work.object);
            }
            self.exists = true;
        }
    }

    fn state(self) -> Option<Value> {
        self.exists.then_some(self.state)
    }
}

/// The objects a plan is about. Terraform plans again before it applies, with everything known; what is still unknown then is only what
/// Azure alone can tell.
fn targets_of(planned: &Value, diagnostics: &mut Diagnostics) -> Option<Targets> {
    let targets = Targets::of(planned);
    if targets.is_none() {
        let attribute = if targets::is_born(planned) {
            "virtual_network_id"
        } else {
            "subnet_id"
        };
        let detail = format!(
            "`{attribute}` is `{}`: an ARM id is expected there and in every other argument that ends with `_id`.",
            planned.attribute(attribute).as_str().unwrap_or_default()
        );
        diagnostics.error_at(Path::attribute(attribute), "Not an ARM id", detail);
    }
    if planned.attribute("requirement_ids").is_unknown() {
        diagnostics.error(
            "Not expanded",
            "Something that decides which rules there are is still not known.",
        );
        return None;
    }
    targets
}

/// A text in ARM's JSON.
pub(super) fn text<'a>(json: &'a Json, field: &str) -> &'a str {
    json.get(field).and_then(Json::as_str).unwrap_or_default()
}
