//! Import by the ids of the halves. Everything about a half can be read, so the plan after it is empty.

use tfplugin_rs::{diagnostic::Diagnostics, schema::Schema, value::Value};

use super::{
    half::{self, SIDES},
    read,
};
use crate::{
    azure::{Call, ResourceId},
    provider::{configuration::Session, managed::report},
};

/// Reads an import id: `<node_to_server>|<server_to_node>`, of which one may be left out.
pub(super) fn find(schema: &Schema, id: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let ids: Vec<&str> = id.split('|').collect();
    let parsed: Option<Vec<(&'static str, ResourceId)>> = SIDES
        .into_iter()
        .zip(&ids)
        .filter(|(_, id)| !id.is_empty())
        .map(|(side, id)| {
            let id: Option<ResourceId> = id.parse().ok();
            let id = id.filter(|id| id.is_kind("Microsoft.Network", &["virtualNetworks", "virtualNetworkPeerings"]));
            Some((side, id?))
        })
        .collect();
    let Some(halves) = parsed.filter(|halves| !halves.is_empty() && ids.len() <= SIDES.len()) else {
        let detail = format!(
            "`{id}` is not the ARM id of the half `node_to_server`, followed by `|` and that of `server_to_node`, of which one may be left out: \
             `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/virtualNetworkPeerings/…` is expected."
        );
        diagnostics.error("Invalid import id", detail);
        return None;
    };
    let attributes = schema.block.attributes.keys().map(|name| (name.clone(), Value::Null));
    let mut state = Value::object(attributes);
    let halves = halves.into_iter().map(|(side, id)| (side, imported(&id)));
    state.set_attribute("peerings", Value::object(halves));
    Some(state)
}

/// A half of which only the place is known; where it leads, [`complete`] finds out.
fn imported(id: &ResourceId) -> Value {
    let network = id.parent().map(|network| network.to_string());
    let flags = half::FLAGS.iter().map(|flag| (flag.name, Value::from(flag.default)));
    let half = [
        ("name", Value::from(id.name())),
        ("virtual_network_id", network.into()),
        ("remote_virtual_network_id", Value::Null),
        ("managed", true.into()),
    ];
    Value::object(half.into_iter().chain(flags))
}

/// Whether a state is one of [`find`]: every other has an id.
pub(super) fn is_importing(state: &Value) -> bool {
    state.attribute("id").is_null()
}

/// Completes the state of [`find`].
pub(super) async fn complete(
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let mut halves = state.attribute("peerings").as_map()?.clone();
    for half in halves.values_mut() {
        let network: ResourceId = half.attribute("virtual_network_id").as_str()?.parse().ok()?;
        let id = network.child("virtualNetworkPeerings", half.attribute("name").as_str()?);
        let found = session.client.virtual_network_peerings().get(&id, call).await;
        let found = found
            .inspect_err(|error| report("Peering not read", error, diagnostics))
            .ok()?;
        let Some(found) = found else {
            diagnostics.error("Nothing to import", format!("`{id}` does not exist."));
            return None;
        };
        // Azure's own spelling.
        let actual = found
            .body
            .get("id")
            .and_then(|id| id.as_str()?.parse::<ResourceId>().ok());
        if let Some((actual, network)) = actual.and_then(|actual| Some((actual.clone(), actual.parent()?))) {
            *half = imported(&actual);
            half.set_attribute("virtual_network_id", network.to_string().into());
        }
        half::read(half, &found.body);
    }
    state.set_attribute("peerings", Value::Map(halves));
    let managed = half::managed(&state)?;
    if let [one, other] = managed.as_slice()
        && (one.network().as_ref() != Some(&other.remote) || other.network().as_ref() != Some(&one.remote))
    {
        let detail = format!(
            "`{}` leads to `{}`, and `{}` to `{}`: they are not halves of one peering.",
            one.id, one.remote, other.id, other.remote
        );
        diagnostics.error("Halves of two peerings", detail);
        return None;
    }
    state.set_attribute("id", half::id(&managed).into());
    let found = read::look(session, &managed, call)
        .await
        .inspect_err(|error| report("Peering not read", error, diagnostics))
        .ok()?;
    read::show(&mut state, &managed, &found);
    Some(state)
}
