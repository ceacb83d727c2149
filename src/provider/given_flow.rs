//! A flow as people write it: `{ peer = "AzureMonitor", port = 443 }`.

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use super::{dynamic_inputs, given_peers::Peers, given_rules};
use crate::{
    network::{AddressSide, Direction, Flow, FlowPeer, NetworkPolicy, Passage, Ports, Prefix, Protocol},
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
            None => return Err("`peer` is missing: an address, a service tag or a host; `*` is anybody".to_owned()),
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
        callers: BTreeSet::new(),
        requirement_ids: Default::default(),
    })
}

/// The subnet's prefixes, as far as the policies say them. Of one that knows its virtual network only, another one's subnet is a part.
pub(super) fn own_prefixes<'p>(policies: impl IntoIterator<Item = &'p NetworkPolicy>) -> BTreeSet<Prefix> {
    let places: Vec<BTreeSet<Prefix>> = policies
        .into_iter()
        .map(place)
        .filter(|place| !place.is_empty())
        .collect();
    let lies_in = |one: &BTreeSet<Prefix>, other: &BTreeSet<Prefix>| {
        one.iter()
            .all(|prefix| other.iter().any(|around| around.contains(prefix)))
    };
    let is_wider = |place: &BTreeSet<Prefix>| {
        places
            .iter()
            .any(|other| lies_in(other, place) && !lies_in(place, other))
    };
    let narrowest = places.iter().filter(|place| !is_wider(place));
    narrowest.flatten().copied().collect()
}

/// Where a policy's flows end; nothing where one of them says that nobody knows: the others are then about a guest of the subnet.
fn place(policy: &NetworkPolicy) -> BTreeSet<Prefix> {
    let mut place = BTreeSet::new();
    for flow in policy.flows.values() {
        match &flow.local {
            AddressSide::Prefixes(prefixes) if !prefixes.iter().any(Prefix::is_everything) => place.extend(prefixes),
            AddressSide::Groups(_) => {}
            AddressSide::Prefixes(_) | AddressSide::Any | AddressSide::Tag(_) => return BTreeSet::new(),
        }
    }
    place
}

/// Says where the subnet is in a flow that leaves it open, says its family only, or says a space around it.
pub(super) fn stand_at(flow: &mut Flow, subnet: &BTreeSet<Prefix>) {
    let here: BTreeSet<Prefix> = match &flow.local {
        AddressSide::Any => subnet.clone(),
        AddressSide::Prefixes(all) => {
            let inside = |own: &&Prefix| all.iter().any(|around| around.contains(own));
            subnet.iter().filter(inside).copied().collect()
        }
        AddressSide::Tag(_) | AddressSide::Groups(_) => return,
    };
    if !here.is_empty() {
        flow.local = AddressSide::Prefixes(here);
    }
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
