//! Import by the id of the connection: everything else can be read, or stands in its tags.

use serde_json::Value as Json;
use tfplugin_rs::{diagnostic::Diagnostics, value::Value};

use super::{arguments, connection, site};
use crate::{
    azure::{Call, ResourceId},
    provider::{
        configuration::Session,
        managed::{report, tags::tags_of},
    },
};

/// Reads an import id.
pub(super) fn find(id: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let connection = id.parse::<ResourceId>().ok();
    let Some(connection) = connection.filter(|id| id.is_kind("Microsoft.Network", &["connections"])) else {
        let detail = format!(
            "`{id}` is not the ARM id of a connection: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/connections/…` is expected."
        );
        diagnostics.error("Invalid import id", detail);
        return None;
    };
    let attributes = arguments::schema().block.attributes.into_keys();
    let mut state = Value::object(attributes.map(|name| (name, Value::Null)));
    state.set_attribute("connection_id", connection.to_string().into());
    Some(state)
}

/// Whether a state is one of [`find`]: every other has an id.
pub(super) fn is_importing(state: &Value) -> bool {
    state.attribute("id").is_null()
}

/// Completes the state of [`find`] as far as names and tags tell; the rest is read as ever.
pub(super) async fn complete(
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let id: ResourceId = state.attribute("connection_id").as_str()?.parse().ok()?;
    let found = session
        .client
        .connections()
        .get(&id, call)
        .await
        .inspect_err(|error| report("Connection not read", error, diagnostics))
        .ok()?;
    let Some(found) = found else {
        diagnostics.error("Nothing to import", format!("`{id}` does not exist."));
        return None;
    };
    let kind = found.body.pointer("/properties/connectionType").and_then(Json::as_str);
    if !kind.is_some_and(|kind| ["IPsec", "ExpressRoute"].contains(&kind)) {
        let detail = format!(
            "`{id}` is a connection of type `{}`: this resource manages `IPsec` and `ExpressRoute`.",
            kind.unwrap_or_default()
        );
        diagnostics.error("A connection of another type", detail);
        return None;
    }
    // Azure's own spelling.
    let actual = found
        .body
        .get("id")
        .and_then(|id| id.as_str()?.parse::<ResourceId>().ok());
    let id = actual.unwrap_or(id);
    if let Some(gateway) = connection::reference(&found.body, "localNetworkGateway2") {
        if gateway.in_resource_group(id.resource_group(), "connections", id.name()) != id
            || !gateway.resource_group().eq_ignore_ascii_case(id.resource_group())
        {
            let detail = format!(
                "`{id}` refers to `{gateway}` in another resource group; this resource keeps both in one. Manage them with azurerm instead."
            );
            diagnostics.error("Spread over resource groups", detail);
            return None;
        }
        state.set_attribute("local_network_gateway_name", gateway.name().into());
    }
    for name in ["id", "connection_id"] {
        state.set_attribute(name, id.to_string().into());
    }
    state.set_attribute("name", id.name().into());
    state.set_attribute("resource_group_name", id.resource_group().into());
    let location = found.body.get("location").and_then(Json::as_str).map(str::to_owned);
    state.set_attribute("location", location.into());
    site::restore_options(&mut state, &tags_of(&found.body));
    Some(state)
}
