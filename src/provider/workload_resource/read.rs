//! Refresh: Azure's objects as state.

use tfplugin_rs::{diagnostic::Diagnostics, provider::Private, value::Value};

use super::{
    WorkloadResource, firewall, group, import,
    kept::Kept,
    subnet, table,
    targets::Targets,
    work::{Work, report, tags_of},
};
use crate::{
    azure::{ArmError, Call, Document},
    provider::configuration::Session,
};

/// Reads everything the resource is about. It is gone when nothing of it is left; as long as something is, the state stays, so that the
/// next apply completes it or a destroy removes the rest.
pub(super) async fn read(
    resource: &WorkloadResource,
    session: &Session,
    mut state: Value,
    private: &mut Private,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let mut kept = Kept::read(private);
    if import::is_importing(&state) {
        state = import::complete(resource, session, state, &mut kept, call, diagnostics).await?;
    }
    let targets = Targets::of(&state);
    let Some(targets) = targets else {
        diagnostics.error(
            "Unreadable state",
            "An id in the state is no ARM id. This is a defect of the provider.",
        );
        return None;
    };
    let work = Work {
        resource,
        session,
        call,
        prior: None,
        object: &state.clone(),
        targets: &targets,
        owner_tags: std::collections::BTreeMap::new(),
    };
    let (subnet, group, table, firewall) = tokio::join!(
        async {
            match &targets.subnet {
                Some(target) => subnet::get(&work, &target.id).await,
                None => Ok(None),
            }
        },
        async {
            match &targets.group {
                Some(held) => group::get(&work, &held.id).await,
                None => Ok(None),
            }
        },
        async {
            match &targets.table {
                Some(held) => table::get(&work, &held.id).await,
                None => Ok(None),
            }
        },
        async {
            match &targets.firewall {
                Some(target) => firewall::get(&work, target).await,
                None => Ok(None),
            }
        },
    );
    let mut seen = Vec::new();
    let group = taken("Network security group", group, diagnostics)?;
    let table = taken("Route table", table, diagnostics)?;
    let firewall = taken("Firewall rules", firewall, diagnostics)?;
    let subnet = taken("Subnet", subnet, diagnostics)?;
    let marked = |document: &Option<Document>| {
        document
            .as_ref()
            .is_some_and(|document| work.owns(&tags_of(&document.body), &resource.type_name()))
    };
    if let Some(held) = &targets.group {
        let marked = marked(&group);
        seen.push(group::read(&mut state, &mut kept, held, body(&group), marked));
    }
    if let Some(held) = &targets.table {
        let marked = marked(&table);
        seen.push(table::read(&mut state, &mut kept, held, body(&table), marked));
    }
    if let Some(target) = &targets.firewall {
        seen.push(firewall::read(&mut state, target, body(&firewall)));
    }
    if let Some(target) = &targets.subnet {
        seen.push(subnet::read(&mut state, target, body(&subnet)));
        // What was added to a subnet of somebody else has to be taken away again.
        let added = !target.born && subnet::has_any_endpoint(body(&subnet), &kept.added_service_endpoints);
        seen.push(added.then_some(true));
    }
    *private = kept.write();
    let seen: Vec<bool> = seen.into_iter().flatten().collect();
    let gone = !seen.is_empty() && seen.iter().all(|there| !there);
    (!gone).then_some(state)
}

fn body(document: &Option<Document>) -> Option<&serde_json::Value> {
    document.as_ref().map(|document| &document.body)
}

fn taken<T>(what: &str, result: Result<T, ArmError>, diagnostics: &mut Diagnostics) -> Option<T> {
    result
        .inspect_err(|error| report(&format!("{what} not read"), error, diagnostics))
        .ok()
}
