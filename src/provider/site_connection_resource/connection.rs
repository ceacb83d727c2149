//! The connection between the gateway and the site. Its shared key has an endpoint of its own and is never part of its body.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::Value;

use super::site::{self, Site};
use crate::{
    azure::{ArmError, Call, ResourceId},
    provider::{configuration::Session, managed::tags::put_tags},
};

/// Writes it. Says whether it was made, and so needs its key.
pub(super) async fn write(
    session: &Session,
    site: &Site,
    object: &Value,
    tags: &BTreeMap<String, String>,
    exists: bool,
    call: &Call,
) -> Result<bool, ArmError> {
    let connections = session.client.connections();
    let merge = |body: &mut Json| {
        merge(body, site, object.attribute("connection"));
        put_tags(body, tags);
    };
    if exists {
        match connections.update(&site.connection, call, merge).await {
            Err(error) if error.is_not_found() => {}
            written => return written.map(|_| false),
        }
    }
    let mut body = json!({ "location": site::location(object) });
    merge(&mut body);
    connections.create(&site.connection, body, call).await.map(|_| true)
}

fn merge(body: &mut Json, site: &Site, connection: &Value) {
    let Some(body) = body.as_object_mut() else { return };
    let properties = body.entry("properties").or_insert_with(|| Json::Object(Map::new()));
    let Some(properties) = properties.as_object_mut() else {
        return;
    };
    properties.insert(
        "connectionType".to_owned(),
        json!(connection.attribute("type").as_str()),
    );
    refer(properties, "virtualNetworkGateway1", &site.gateway);
    if let Some(gateway) = &site.local_gateway {
        refer(properties, "localNetworkGateway2", gateway);
    }
    let circuit = connection.attribute("express_route_circuit_id").as_str();
    if let Some(circuit) = circuit.and_then(|circuit| circuit.parse().ok()) {
        refer(properties, "peer", &circuit);
    }
    if let Some(protocol) = connection.attribute("connection_protocol").as_str() {
        properties.insert("connectionProtocol".to_owned(), protocol.into());
    }
    let bgp = connection.attribute("bgp_enabled").as_bool() == Some(true);
    properties.insert("enableBgp".to_owned(), bgp.into());
}

fn refer(properties: &mut Map<String, Json>, property: &str, id: &ResourceId) {
    if reference_in(properties, property).as_ref() != Some(id) {
        properties.insert(property.to_owned(), json!({ "id": id.to_string() }));
    }
}

fn reference_in(properties: &Map<String, Json>, property: &str) -> Option<ResourceId> {
    properties.get(property)?.get("id")?.as_str()?.parse().ok()
}

/// What a connection refers to by this property.
pub(super) fn reference(found: &Json, property: &str) -> Option<ResourceId> {
    reference_in(found.get("properties")?.as_object()?, property)
}

/// What Azure has, in the spelling of `known` where that means the same.
pub(super) fn read(known: &Value, found: &Json) -> Value {
    let text = |property: &str| {
        let text = found
            .get("properties")
            .and_then(|properties| properties.get(property)?.as_str());
        Value::from(text.map(str::to_owned))
    };
    let id = |argument: &str, property: &str| {
        let (kept, actual) = (known.attribute(argument), reference(found, property));
        let same = kept.as_str().and_then(|kept| kept.parse().ok()) == actual;
        if same {
            kept.clone()
        } else {
            Value::from(actual.map(|id| id.to_string()))
        }
    };
    let bgp = found.pointer("/properties/enableBgp").and_then(Json::as_bool);
    // A circuit knows none, whatever Azure answers.
    let protocol = match text("connectionType").as_str() {
        Some("IPsec") => text("connectionProtocol"),
        _ => Value::Null,
    };
    Value::object([
        ("type", text("connectionType")),
        (
            "virtual_network_gateway_id",
            id("virtual_network_gateway_id", "virtualNetworkGateway1"),
        ),
        ("express_route_circuit_id", id("express_route_circuit_id", "peer")),
        ("connection_protocol", protocol),
        ("bgp_enabled", bgp.unwrap_or(false).into()),
    ])
}
