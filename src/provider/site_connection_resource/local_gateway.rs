//! The local network gateway: the site's VPN device and what is behind it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::Value;

use super::site;
use crate::{
    azure::{ArmError, Call, ResourceId},
    provider::{configuration::Session, managed::tags::put_tags},
};

/// Writes it.
pub(super) async fn write(
    session: &Session,
    id: &ResourceId,
    object: &Value,
    tags: &std::collections::BTreeMap<String, String>,
    exists: bool,
    call: &Call,
) -> Result<(), ArmError> {
    let gateways = session.client.local_network_gateways();
    let merge = |body: &mut Json| {
        merge(body, object.attribute("local_network_gateway"));
        put_tags(body, tags);
    };
    if exists {
        match gateways.update(id, call, merge).await {
            Err(error) if error.is_not_found() => {}
            written => return written.map(drop),
        }
    }
    let mut body = json!({ "location": site::location(object) });
    merge(&mut body);
    gateways.create(id, body, call).await.map(drop)
}

fn merge(body: &mut Json, gateway: &Value) {
    let Some(body) = body.as_object_mut() else { return };
    let properties = body.entry("properties").or_insert_with(|| Json::Object(Map::new()));
    let Some(properties) = properties.as_object_mut() else {
        return;
    };
    for (argument, property) in [("gateway_address", "gatewayIpAddress"), ("gateway_fqdn", "fqdn")] {
        match gateway.attribute(argument).as_str() {
            Some(text) => _ = properties.insert(property.to_owned(), text.into()),
            None => _ = properties.remove(property),
        }
    }
    let spaces = texts(gateway.attribute("address_space"));
    if read_spaces(properties) != spaces {
        let spaces = json!({ "addressPrefixes": spaces });
        properties.insert("localNetworkAddressSpace".to_owned(), spaces);
    }
    let bgp = gateway.attribute("bgp_settings");
    if bgp.is_null() {
        properties.remove("bgpSettings");
        return;
    }
    let settings = properties.entry("bgpSettings").or_insert_with(|| json!({}));
    if let Some(settings) = settings.as_object_mut() {
        settings.insert("asn".to_owned(), json!(number(bgp.attribute("asn"))));
        let address = bgp.attribute("bgp_peering_address").as_str();
        settings.insert("bgpPeeringAddress".to_owned(), json!(address));
        match number(bgp.attribute("peer_weight")) {
            Some(weight) => _ = settings.insert("peerWeight".to_owned(), json!(weight)),
            None => _ = settings.remove("peerWeight"),
        }
    }
}

/// What Azure has, in the spelling of `known` where that means the same.
pub(super) fn read(known: &Value, found: &Json) -> Value {
    let nothing = Map::new();
    let properties = found.get("properties").and_then(Json::as_object).unwrap_or(&nothing);
    let text = |argument: &str, property: &str| {
        let text = properties
            .get(property)
            .and_then(Json::as_str)
            .filter(|text| !text.is_empty());
        let kept = known.attribute(argument);
        match (text, kept.as_str()) {
            (Some(text), Some(known)) if text.eq_ignore_ascii_case(known) => kept.clone(),
            (text, _) => Value::from(text.map(str::to_owned)),
        }
    };
    let spaces = read_spaces(properties);
    let kept = known.attribute("address_space");
    let address_space = if texts(kept) == spaces {
        kept.clone()
    } else {
        Value::string_set(spaces)
    };
    Value::object([
        ("gateway_address", text("gateway_address", "gatewayIpAddress")),
        ("gateway_fqdn", text("gateway_fqdn", "fqdn")),
        ("address_space", address_space),
        ("bgp_settings", read_bgp(known.attribute("bgp_settings"), properties)),
    ])
}

fn read_bgp(known: &Value, properties: &Map<String, Json>) -> Value {
    let Some(settings) = properties.get("bgpSettings").filter(|settings| !settings.is_null()) else {
        return Value::Null;
    };
    let number = |property: &str| settings.get(property).and_then(Json::as_i64);
    let address = settings.get("bgpPeeringAddress").and_then(Json::as_str);
    // Azure answers 0 where nothing was given.
    let weight = match known.attribute("peer_weight") {
        Value::Null => number("peerWeight").filter(|weight| *weight != 0),
        _ => number("peerWeight"),
    };
    Value::object([
        ("asn", Value::from(number("asn"))),
        ("bgp_peering_address", address.map(str::to_owned).into()),
        ("peer_weight", weight.into()),
    ])
}

fn read_spaces(properties: &Map<String, Json>) -> BTreeSet<String> {
    let spaces = properties.get("localNetworkAddressSpace");
    let spaces = spaces.and_then(|space| space.get("addressPrefixes")?.as_array());
    let spaces = spaces.into_iter().flatten().filter_map(Json::as_str);
    spaces.map(str::to_lowercase).collect()
}

fn texts(set: &Value) -> BTreeSet<String> {
    let texts = set.as_list().into_iter().flatten().filter_map(Value::as_str);
    texts.map(str::to_lowercase).collect()
}

fn number(value: &Value) -> Option<i64> {
    value.as_number()?.to_i64()
}
