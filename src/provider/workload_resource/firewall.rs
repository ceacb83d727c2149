//! The rule collections at the firewall: a rule collection group of the resource's own, collections among those of others, or a firewall
//! without a policy.

use serde_json::{Value as Json, json};
use tfplugin_rs::value::{Number, Value};

use super::{
    conflicts::{self, Conflict, Setback},
    forms::{
        self, Entries, Form,
        collection::{self, CLASSIC_APPLICATION, CLASSIC_NETWORK, GROUP},
        put,
    },
    targets::{FirewallTarget, Held},
    work::Work,
};
use crate::azure::{ArmError, Document, ResourceId};

impl FirewallTarget {
    /// The object that holds the collections.
    pub(super) fn id(&self) -> &ResourceId {
        match self {
            FirewallTarget::Group(held) => &held.id,
            FirewallTarget::Classic(id) => id,
        }
    }

    /// Whether that object is the resource's own.
    pub(super) fn is_own(&self) -> bool {
        matches!(self, FirewallTarget::Group(Held { own: true, .. }))
    }

    /// The lists that hold the collections, with the kind of rules where there is a list per kind.
    fn lists(&self) -> Vec<(&'static Form, Option<&'static str>)> {
        match self {
            FirewallTarget::Group(_) => vec![(&GROUP, None)],
            FirewallTarget::Classic(_) => vec![
                (&CLASSIC_NETWORK, Some(collection::NETWORK)),
                (&CLASSIC_APPLICATION, Some(collection::APPLICATION)),
            ],
        }
    }
}

/// Reads the object.
pub(super) async fn get(work: &Work<'_>, target: &FirewallTarget) -> Result<Option<Document>, ArmError> {
    match target {
        FirewallTarget::Group(held) => {
            work.session
                .client
                .rule_collection_groups()
                .get(&held.id, work.call)
                .await
        }
        FirewallTarget::Classic(id) => work.session.client.azure_firewalls().get(id, work.call).await,
    }
}

/// Writes the collections.
pub(super) async fn write(work: &Work<'_>, target: &FirewallTarget, exists: Option<bool>) -> Result<(), Setback> {
    let own = target.is_own();
    let before = work.prior.map(collection::of).unwrap_or_default();
    let planned = collection::of(work.object);
    if !own && planned.is_empty() && before.is_empty() {
        return Ok(());
    }
    let priority = work
        .object
        .attribute("rule_collection_group_priority")
        .as_number()
        .and_then(Number::to_i64);
    let mut conflict = None;
    let mut merge = |document: &mut Json| {
        let foreign = |name: &str| !own && !forms::has(&before, name);
        conflict = in_the_way(target, document, &planned, foreign);
        if conflict.is_some() {
            return;
        }
        lay(target, document, &planned, foreign);
        if own && document.pointer("/properties/priority").and_then(Json::as_i64) != priority {
            put(document, "priority", json!(priority));
        }
    };
    let client = &work.session.client;
    let written = match target {
        FirewallTarget::Classic(id) => client.azure_firewalls().update(id, work.call, merge).await,
        FirewallTarget::Group(held) => {
            let groups = client.rule_collection_groups();
            let mut body = json!({});
            merge(&mut body);
            if own && exists == Some(false) {
                groups.create(&held.id, body, work.call).await
            } else {
                match groups.update(&held.id, work.call, merge).await {
                    // Somebody removed it since the last refresh.
                    Err(error) if error.is_not_found() && own => groups.create(&held.id, body, work.call).await,
                    written => written,
                }
            }
        }
    };
    written?;
    conflict.map_or(Ok(()), |conflict| Err(Setback::Conflict(conflict)))
}

/// Takes the resource's collections away: with their group if that is its own, else from among those of others.
pub(super) async fn leave(work: &Work<'_>, target: &FirewallTarget, collections: &Entries) -> Result<(), ArmError> {
    let merge = |document: &mut Json| lay(target, document, &Entries::new(), |name| !forms::has(collections, name));
    let left = match target {
        FirewallTarget::Group(Held { id, own: true }) => {
            return work.session.client.rule_collection_groups().delete(id, work.call).await;
        }
        _ if collections.is_empty() => return Ok(()),
        FirewallTarget::Group(Held { id, .. }) => {
            work.session
                .client
                .rule_collection_groups()
                .update(id, work.call, merge)
                .await
        }
        FirewallTarget::Classic(id) => work.session.client.azure_firewalls().update(id, work.call, merge).await,
    };
    match left {
        Err(error) if error.is_not_found() => Ok(()),
        left => left.map(drop),
    }
}

/// Of every list each priority is there once.
fn in_the_way(
    target: &FirewallTarget,
    document: &Json,
    planned: &Entries,
    foreign: impl Fn(&str) -> bool,
) -> Option<Conflict> {
    target.lists().into_iter().find_map(|(form, kind)| {
        let planned = of_list(planned, kind);
        let (_, others) = form.split(document, &planned, &foreign);
        conflicts::collections(&planned, &others)
    })
}

fn of_list(collections: &Entries, kind: Option<&str>) -> Entries {
    match kind {
        Some(kind) => collection::of_kind(collections, kind),
        None => collections.clone(),
    }
}

fn lay(target: &FirewallTarget, document: &mut Json, planned: &Entries, foreign: impl Fn(&str) -> bool) {
    for (form, kind) in target.lists() {
        form.merge(document, &of_list(planned, kind), &foreign);
    }
}

/// The collections of an object: those known by name, and those of others.
pub(super) fn split(
    target: &FirewallTarget,
    document: &Json,
    known: &Entries,
    foreign: impl Fn(&str) -> bool,
) -> (Entries, Entries) {
    let (mut ours, mut others) = (Entries::new(), Entries::new());
    for (form, _) in target.lists() {
        let (found, rest) = form.split(document, known, &foreign);
        ours.extend(found);
        others.extend(rest);
    }
    (ours, others)
}

/// What Azure has, put into `state`. Says whether something of the resource's is there; `None` where nothing is expected.
pub(super) fn read(state: &mut Value, target: &FirewallTarget, document: Option<&Json>) -> Option<bool> {
    let known = collection::of(state);
    let own = target.is_own();
    // A group without collections is not made.
    let expected = !known.is_empty();
    let Some(document) = document else {
        collection::show(Entries::new(), state);
        if own && expected {
            state.set_attribute("rule_collection_group_id", Value::Null);
        }
        return expected.then_some(false);
    };
    let (ours, _) = split(target, document, &known, |name| !own && !forms::has(&known, name));
    let found = own || !ours.is_empty();
    collection::show(ours, state);
    if own {
        let priority = document.pointer("/properties/priority").and_then(Json::as_i64);
        state.set_attribute("rule_collection_group_priority", priority.into());
    }
    (own || expected).then_some(found)
}
