//! A flow as people write it: `{ peer = "AzureMonitor", port = 443 }`.

use tfplugin_rs::value::Value;

use super::{dynamic_inputs, given_peers::Peers, given_rules};
use crate::{
    network::{AddressSide, Direction, Flow, FlowPeer, Passage, Ports, Protocol},
    workloads::inputs::nearest,
};

/// The attributes of a flow.
const ATTRIBUTES: [&str; 6] = ["direction", "protocol", "local", "peer", "port", "source_port"];

/// The flow of an object, whose peer is an address, `*`, or one of `peers`.
pub(super) fn read(value: &Value, peers: &Peers) -> Result<Flow, String> {
    let value = &dynamic_inputs::without_types(value);
    let Some(attributes) = value.as_map() else {
        return Err("an object is expected".to_owned());
    };
    if let Some(unknown) = attributes.keys().find(|name| !ATTRIBUTES.contains(&name.as_str())) {
        let near = nearest(unknown, ATTRIBUTES.into_iter());
        let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        return Err(format!("a flow has no attribute `{unknown}`{near}"));
    }
    let text = |name: &str| match value.attribute(name) {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_plain_string())),
        _ => Err(format!("`{name}` is a text")),
    };
    let side = |name: &str| {
        let text = text(name)?.unwrap_or_else(|| "*".to_owned());
        given_rules::address_side(&[text]).map_err(|reason| format!("`{name}` {reason}"))
    };
    let ports = |name: &str| {
        let text = text(name)?.unwrap_or_else(|| "*".to_owned());
        given_rules::port_ranges(&[text]).map_err(|reason| format!("`{name}` {reason}"))
    };
    let direction = text("direction")?.unwrap_or_else(|| "Outbound".to_owned());
    let protocol = text("protocol")?.unwrap_or_else(|| "Tcp".to_owned());
    let protocol: Protocol = protocol.parse().map_err(|error| format!("`protocol`: {error}"))?;
    Ok(Flow {
        direction: direction
            .parse::<Direction>()
            .map_err(|error| format!("`direction`: {error}"))?,
        protocol,
        local: match side("local")? {
            AddressSide::Tag(tag) => return Err(format!("`local` is `{tag}`: the subnet's end is a prefix or `*`")),
            side => side,
        },
        peer: match text("peer")?.as_deref() {
            None => FlowPeer::Any,
            Some(name) => peer(name, peers).map_err(|reason| format!("`peer` {reason}"))?,
        },
        ports: ports("port")?,
        source_ports: match text("source_port")? {
            None => Ports::Any,
            Some(_) => ports("source_port")?,
        },
        initiator: String::new(),
        passage: Passage::Direct,
        learned_route: false,
        requirement_ids: Default::default(),
    })
}

fn peer(name: &str, peers: &Peers) -> Result<FlowPeer, String> {
    // What has a mask is meant as an address, right or wrong.
    let is_address = matches!(name, "*" | "Any" | "any") || name.contains('/') || given_rules::prefix(name).is_some();
    if !is_address {
        return peers.find(name);
    }
    match given_rules::address_side(&[name.to_owned()])? {
        AddressSide::Any => Ok(FlowPeer::Any),
        AddressSide::Tag(tag) => Ok(FlowPeer::Tag(tag)),
        AddressSide::Prefixes(prefixes) => Ok(FlowPeer::Prefixes(prefixes)),
        AddressSide::Groups(ids) => Ok(FlowPeer::Groups(ids)),
    }
}
