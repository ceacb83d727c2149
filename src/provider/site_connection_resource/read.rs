//! Refresh: Azure's objects as state. The shared key is never read.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::{
    connection, import, local_gateway,
    part::Part,
    site::{self, Site},
};
use crate::{
    azure::{Call, Document, ResourceId},
    provider::{
        configuration::Session,
        managed::{
            owner, report,
            tags::{tags_of, user_tags},
        },
    },
    regions::normalize_location,
};

/// Reads the connection and the local network gateway. The resource is gone when both are; one that is missing shows as new in the plan.
pub(super) async fn read(
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    if import::is_importing(&state) {
        state = import::complete(session, state, call, diagnostics).await?;
    }
    let Some(site) = Site::of(&state) else {
        diagnostics.error(
            "Unreadable state",
            "An id in the state is no ARM id. This is a defect of the provider.",
        );
        return None;
    };
    let (connection, gateway) = tokio::join!(session.client.connections().get(&site.connection, call), async {
        match &site.local_gateway {
            Some(id) => session.client.local_network_gateways().get(id, call).await,
            None => Ok(None),
        }
    });
    let connection = connection
        .inspect_err(|error| report("Connection not read", error, diagnostics))
        .ok()?;
    let gateway = gateway
        .inspect_err(|error| report("Local network gateway not read", error, diagnostics))
        .ok()?;
    if connection.is_none() && gateway.is_none() {
        return None;
    }
    show(&mut state, &site, connection.as_ref(), gateway.as_ref());
    Some(state)
}

fn show(state: &mut Value, site: &Site, connection: Option<&Document>, gateway: Option<&Document>) {
    let name = site::name(state).to_owned();
    let marked = |found: &Document, id: &ResourceId| {
        let ours = site.owns(&tags_of(&found.body), &name);
        Value::from(ours.then(|| id.to_string()))
    };
    match connection {
        Some(found) => {
            let value = connection::read(state.attribute("connection"), &found.body);
            state.set_attribute("connection", value);
            keep(state, "connection_id", marked(found, &site.connection));
        }
        None => {
            Part::Connection.forget(state);
            // A connection that is made anew needs its key again.
            Part::Key.forget(state);
        }
    }
    match (gateway, &site.local_gateway) {
        (Some(found), Some(id)) => {
            let value = local_gateway::read(state.attribute("local_network_gateway"), &found.body);
            state.set_attribute("local_network_gateway", value);
            // A connection that was led to another gateway shows it, so that the plan leads it back.
            let led = connection.and_then(|connection| connection::reference(&connection.body, "localNetworkGateway2"));
            match led.filter(|led| led != id) {
                Some(led) => state.set_attribute("local_network_gateway_id", led.to_string().into()),
                None => keep(state, "local_network_gateway_id", marked(found, id)),
            }
        }
        _ => Part::LocalGateway.forget(state),
    }
    let found = [connection, gateway].into_iter().flatten().map(|found| &found.body);
    show_tags(state, found.clone());
    found.for_each(|found| show_location(state, found));
}

/// The old spelling stays.
fn keep(state: &mut Value, name: &str, id: Value) {
    let known = state.attribute(name).as_str().map(str::to_lowercase);
    if known != id.as_str().map(str::to_lowercase) {
        state.set_attribute(name, id);
    }
}

/// Both objects have the same tags: the first that has others shows.
fn show_tags<'a>(state: &mut Value, found: impl Iterator<Item = &'a Json>) {
    let known = user_tags(state);
    let theirs = |found: &Json| -> BTreeMap<String, String> {
        let tags = tags_of(found).into_iter();
        tags.filter(|(name, _)| !owner::is_ours(name)).collect()
    };
    if let Some(tags) = found.map(theirs).find(|tags| *tags != known) {
        let tags = tags.into_iter().map(|(name, value)| (name, Value::from(value)));
        state.set_attribute("tags", Value::object(tags));
    }
}

fn show_location(state: &mut Value, found: &Json) {
    let location = found.get("location").and_then(Json::as_str).unwrap_or_default();
    if normalize_location(location) != site::location(state) {
        state.set_attribute("location", location.into());
    }
}
