//! Taking away what the resource added, and nothing else.

use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::{
    WorkloadResource, firewall,
    forms::{self, collection},
    group,
    kept::Kept,
    part::Part,
    relied_on::{self, ReliedOn},
    subnet, table,
    targets::{Held, SubnetTarget, Targets},
    work::{Work, report, tags_of},
};
use crate::{
    azure::{ArmError, Call, ResourceId},
    provider::configuration::Session,
};

/// Destroys: the subnet first, then what nothing refers to any more.
pub(super) async fn remove(
    resource: &WorkloadResource,
    session: &Session,
    state: &Value,
    kept: &Kept,
    call: &Call,
    diagnostics: &mut Diagnostics,
) {
    let Some(targets) = Targets::of(state) else {
        diagnostics.error(
            "Unreadable state",
            "An id in the state is no ARM id. This is a defect of the provider.",
        );
        return;
    };
    let work = Work {
        resource,
        session,
        call,
        prior: Some(state),
        object: state,
        targets: &targets,
        owner_tags: std::collections::BTreeMap::new(),
    };
    let removed = match &targets.subnet {
        // A subnet that the state does not say we made is not ours to delete.
        Some(SubnetTarget { born: true, .. }) if state.attribute("subnet_id").is_null() => Ok(()),
        Some(SubnetTarget { id, born: true }) => session.client.subnets().delete(id, call).await,
        Some(SubnetTarget { id, born: false }) => match withdraw(&work, id, state).await {
            Ok(relied_on) => subnet::detach(&work, id, &kept.added_service_endpoints, relied_on, diagnostics).await,
            Err(error) => Err(error),
        },
        None => Ok(()),
    };
    if let Err(error) = removed {
        let born = targets.subnet.as_ref().is_some_and(|subnet| subnet.born);
        let what = if born { "deleted" } else { "given back" };
        report(&format!("Subnet not {what}"), &error, diagnostics);
        return;
    }
    for part in [Part::Group, Part::Table, Part::Firewall] {
        leave(&work, part, &targets, state, diagnostics).await;
    }
    leftovers(&work, state, &mut kept.clone(), diagnostics).await;
}

/// Removes what updates that failed have made and no state speaks of. What comes into the state now is none of it any more; what cannot be removed is
/// tried again.
pub(super) async fn leftovers(work: &Work<'_>, state: &Value, kept: &mut Kept, diagnostics: &mut Diagnostics) {
    let targets = Targets::of(state);
    let is_held = |targets: &Targets, id: &ResourceId| {
        let held = [&targets.group, &targets.table].into_iter().flatten();
        held.into_iter().any(|held| held.id == *id)
    };
    for text in std::mem::take(&mut kept.leftovers) {
        let Ok(id) = text.parse::<ResourceId>() else { continue };
        if targets.as_ref().is_some_and(|targets| is_held(targets, &id)) {
            continue;
        }
        if is_held(work.targets, &id) || !discard(work, &id, diagnostics).await {
            kept.leftovers.insert(text);
        }
    }
}

/// Whether nothing of a leftover is left to remove: somebody may have taken it over since.
async fn discard(work: &Work<'_>, id: &ResourceId, diagnostics: &mut Diagnostics) -> bool {
    let client = &work.session.client;
    let documents = if id.is_kind("Microsoft.Network", &["routeTables"]) {
        client.route_tables()
    } else {
        client.network_security_groups()
    };
    let discarded = match documents.get(id, work.call).await {
        Ok(Some(found)) if work.owns(&tags_of(&found.body), &work.resource.type_name()) => {
            if is_used(&found.body) {
                return false;
            }
            documents.delete(id, work.call).await
        }
        found => found.map(drop),
    };
    discarded
        .inspect_err(|error| report("Leftover not deleted", error, diagnostics))
        .is_ok()
}

fn is_used(document: &serde_json::Value) -> bool {
    let users = ["subnets", "networkInterfaces"].map(|users| document.pointer(&format!("/properties/{users}")));
    users
        .into_iter()
        .flatten()
        .any(|users| users.as_array().is_some_and(|users| !users.is_empty()))
}

/// Takes our rules out of a group of others, and says on what others rely there: their rules and routes would do nothing any more if the subnet lost
/// the group or the table.
async fn withdraw(work: &Work<'_>, subnet: &ResourceId, state: &Value) -> Result<ReliedOn, ArmError> {
    let left = match &work.targets.group {
        Some(Held { id, own: false }) => {
            group::withdraw(work, id, &forms::entries_in(state.attribute("security_rules"))).await?
        }
        _ => None,
    };
    relied_on::look(work, subnet, left.as_ref()).await
}

/// After an update: what the resource was about before and is not any more. Gives the parts that are still there.
pub(super) async fn superseded(work: &Work<'_>, prior: &Value, diagnostics: &mut Diagnostics) -> Vec<Part> {
    let Some(was) = Targets::of(prior) else {
        return Vec::new();
    };
    let old = Targets {
        group: was.group.filter(|group| Some(group) != work.targets.group.as_ref()),
        table: was.table.filter(|table| Some(table) != work.targets.table.as_ref()),
        firewall: was
            .firewall
            .filter(|firewall| Some(firewall) != work.targets.firewall.as_ref()),
        ..was
    };
    let mut left = Vec::new();
    for part in [Part::Group, Part::Table, Part::Firewall] {
        if !leave(work, part, &old, prior, diagnostics).await {
            left.push(part);
        }
    }
    left
}

/// Whether it went well.
async fn leave(work: &Work<'_>, part: Part, targets: &Targets, state: &Value, diagnostics: &mut Diagnostics) -> bool {
    let left = match part {
        Part::Group => match &targets.group {
            Some(Held { id, own: false }) => {
                let rules = forms::entries_in(state.attribute("security_rules"));
                group::withdraw(work, id, &rules).await.map(drop)
            }
            Some(Held { id, own: true }) => match group::get(work, id).await {
                Ok(Some(found)) if owned(work, &found.body, part, diagnostics) => group::delete(work, id).await,
                found => found.map(drop),
            },
            None => Ok(()),
        },
        Part::Table => match &targets.table {
            Some(Held { id, own: false }) => {
                table::withdraw(work, id, &forms::entries_in(state.attribute("routes"))).await
            }
            Some(Held { id, own: true }) => match table::get(work, id).await {
                Ok(Some(found)) if owned(work, &found.body, part, diagnostics) => table::delete(work, id).await,
                found => found.map(drop),
            },
            None => Ok(()),
        },
        Part::Firewall => match &targets.firewall {
            Some(target) => firewall::leave(work, target, &collection::of(state)).await,
            None => Ok(()),
        },
        Part::Subnet => Ok(()),
    };
    if let Err(error) = left {
        let mut detail = error.to_diagnostic();
        if is_in_use(&error) {
            detail.push_str(
                "\n\nA subnet has it that is not this resource's. Where the virtual network was moved to another resource group or subscription, the \
                 resource is found again at its new place: `terraform state rm` it, give the configuration the new ids, and `terraform import` it by \
                 the subnet's new id (followed by `|` and `name` where it is attached to the subnet).",
            );
        }
        diagnostics.error(format!("{} not deleted", part.title()), detail);
        return false;
    }
    true
}

fn is_in_use(error: &ArmError) -> bool {
    let codes = [
        "InUseNetworkSecurityGroupCannotBeDeleted",
        "InUseRouteTableCannotBeDeleted",
    ];
    error
        .service()
        .is_some_and(|error| codes.iter().any(|code| error.has_code(code)))
}

/// Whether an object still carries the mark; somebody may have taken it over by hand.
fn owned(work: &Work<'_>, document: &serde_json::Value, part: Part, diagnostics: &mut Diagnostics) -> bool {
    let owned = work.made(&tags_of(document), &work.resource.type_name());
    if !owned {
        let id = document
            .get("id")
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default();
        let detail = format!(
            "`{id}` no longer carries the tag by which the provider marks what it owns, so it was not deleted."
        );
        diagnostics.warning(format!("{} left behind", part.title()), detail);
    }
    owned
}
