//! The route table: all its routes in one write.

use serde_json::{Value as Json, json};
use tfplugin_rs::value::Value;

use super::{
    conflicts::{self, Conflict, Setback},
    forms::{self, Entries, ROUTES, put},
    holder,
    kept::Kept,
    names,
    targets::Held,
    work::{Work, put_tags, show_tags},
};
use crate::azure::{ArmError, Document, ResourceId};

const ROUTES_OUTPUT: &str = "routes";
const IGNORED: &str = "ignored_route_name_prefixes";

/// Reads it.
pub(super) async fn get(work: &Work<'_>, id: &ResourceId) -> Result<Option<Document>, ArmError> {
    work.session.client.route_tables().get(id, work.call).await
}

/// Writes it: whole if it is the resource's own, else its routes among those of others.
pub(super) async fn write(work: &Work<'_>, held: &Held, exists: Option<bool>) -> Result<(), Setback> {
    let tables = work.session.client.route_tables();
    if !held.own && work.entries(ROUTES_OUTPUT).is_empty() && work.entries_before(ROUTES_OUTPUT).is_empty() {
        // Nothing of ours goes into it: the subnet is only associated with it.
        return Ok(());
    }
    holder::write(tables, work, held, exists, |document| merge(work, held, document)).await
}

fn merge(work: &Work<'_>, held: &Held, document: &mut Json) -> Option<Conflict> {
    let foreign = work.is_foreign(held, ROUTES_OUTPUT, IGNORED);
    let planned = work.entries(ROUTES_OUTPUT);
    let conflict = conflicts::lay(&ROUTES, document, &planned, foreign, conflicts::prefixes);
    if held.own && conflict.is_none() {
        let propagates = work.object.attribute("bgp_route_propagation_enabled").as_bool() != Some(false);
        put(document, "disableBgpRoutePropagation", json!(!propagates));
        put_tags(document, &work.tags(false));
    }
    conflict
}

/// Takes the resource's routes out of a table of others.
pub(super) async fn withdraw(work: &Work<'_>, id: &ResourceId, routes: &Entries) -> Result<(), ArmError> {
    if routes.is_empty() {
        return Ok(());
    }
    let tables = work.session.client.route_tables();
    holder::withdraw(tables, work, id, &ROUTES, routes).await.map(drop)
}

/// Whether a table has, beside these, routes that another resource of this provider has put there.
pub(super) fn is_of_another(table: &Json, ours: &Entries) -> bool {
    let (_, others) = ROUTES.split(table, ours, |name| !forms::has(ours, name));
    others.keys().any(|name| names::is_route_of_some_resource(name))
}

/// Deletes a table of the resource's own.
pub(super) async fn delete(work: &Work<'_>, id: &ResourceId) -> Result<(), ArmError> {
    work.session.client.route_tables().delete(id, work.call).await
}

/// What Azure has, put into `state`. Says whether something of the resource's is there; `None` where nothing is expected.
pub(super) fn read(
    state: &mut Value,
    kept: &mut Kept,
    held: &Held,
    table: Option<&Json>,
    marked: bool,
) -> Option<bool> {
    let known = forms::entries_in(state.attribute(ROUTES_OUTPUT));
    let Some(table) = table else {
        state.set_attribute(ROUTES_OUTPUT, Value::object::<String>([]));
        if held.own {
            state.set_attribute("route_table_id", Value::Null);
        }
        return (held.own || !known.is_empty()).then_some(false);
    };
    let prefixes = forms::texts(state.attribute(IGNORED));
    let foreign = |name: &str| {
        if held.own {
            forms::begins(name, &prefixes)
        } else {
            !forms::has(&known, name)
        }
    };
    let (ours, others) = ROUTES.split(table, &known, foreign);
    kept.remember_routes(&others);
    let found = held.own || !ours.is_empty();
    state.set_attribute(ROUTES_OUTPUT, Value::Map(ours));
    if held.own {
        // A table that lost the mark shows as missing, like a group.
        if !marked {
            state.set_attribute("route_table_id", Value::Null);
        }
        read_propagation(state, table);
        show_tags(state, table);
    }
    (held.own || !known.is_empty()).then_some(found)
}

/// Null, where it does not matter, is what Azure does by itself: routes are taken over.
fn read_propagation(state: &mut Value, table: &Json) {
    let disabled = table
        .pointer("/properties/disableBgpRoutePropagation")
        .and_then(Json::as_bool);
    let propagates = disabled != Some(true);
    if state
        .attribute("bgp_route_propagation_enabled")
        .as_bool()
        .unwrap_or(true)
        != propagates
    {
        state.set_attribute("bgp_route_propagation_enabled", propagates.into());
    }
}
