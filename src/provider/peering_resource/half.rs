//! One half of a peering: as the configuration and the state have it, and as ARM does.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::{Path, Type, Value};

use crate::azure::{Document, ResourceId};

/// The halves, in the order in which ids name them.
pub(super) const SIDES: [&str; 2] = ["node_to_server", "server_to_node"];

pub(super) const STATES: &str = "What Azure says of each managed half: its `id`; `peering_state`, which is `Initiated` until the other half is \
     there, then `Connected`, and `Disconnected` once the other half or network was deleted; `peering_sync_level`, `FullyInSync` while both know each \
     other's address spaces; and the `remote_address_spaces` that it knows.";

/// A switch of a half.
#[derive(Debug)]
pub(super) struct Flag {
    /// The argument, as azurerm names it.
    pub(super) name: &'static str,
    /// ARM's property.
    property: &'static str,
    pub(super) default: bool,
    pub(super) description: &'static str,
}

pub(super) const FLAGS: [Flag; 4] = [
    Flag {
        name: "allow_virtual_network_access",
        property: "allowVirtualNetworkAccess",
        default: true,
        description: "Whether the networks reach each other at all.",
    },
    Flag {
        name: "allow_forwarded_traffic",
        property: "allowForwardedTraffic",
        default: false,
        description: "Whether the network accepts what an appliance or gateway in the other one forwards.",
    },
    Flag {
        name: "allow_gateway_transit",
        property: "allowGatewayTransit",
        default: false,
        description: "Whether the other network may use this one's gateway.",
    },
    Flag {
        name: "use_remote_gateways",
        property: "useRemoteGateways",
        default: false,
        description: "Whether the network uses the other one's gateway, whose half must allow it.",
    },
];

/// A half of which everything is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Half {
    pub(super) side: &'static str,
    pub(super) id: ResourceId,
    pub(super) remote: ResourceId,
    pub(super) managed: bool,
    flags: [bool; 4],
}

impl Half {
    /// Reads one; `None` where something is missing, not known yet, or no id.
    fn of(side: &'static str, half: &Value) -> Option<Half> {
        let network: ResourceId = half.attribute("virtual_network_id").as_str()?.parse().ok()?;
        let name = half.attribute("name").as_str()?;
        let mut flags = FLAGS.map(|flag| flag.default);
        for (flag, value) in FLAGS.iter().zip(&mut flags) {
            *value = flag_of(half, flag.name, flag.default)?;
        }
        Some(Half {
            side,
            id: network.child("virtualNetworkPeerings", name),
            remote: half.attribute("remote_virtual_network_id").as_str()?.parse().ok()?,
            managed: is_managed(half)?,
            flags,
        })
    }

    /// The virtual network that the half is in.
    pub(super) fn network(&self) -> Option<ResourceId> {
        self.id.parent()
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        FLAGS
            .iter()
            .zip(self.flags)
            .any(|(flag, value)| value && flag.name == name)
    }

    /// Puts the half into ARM's body, and leaves alone what it does not speak of.
    pub(super) fn merge(&self, body: &mut Json) {
        let Some(body) = body.as_object_mut() else { return };
        let properties = body.entry("properties").or_insert_with(|| Json::Object(Map::new()));
        let Some(properties) = properties.as_object_mut() else {
            return;
        };
        let remote = json!({ "id": self.remote.to_string() });
        if remote_of_properties(properties) != Some(self.remote.clone()) {
            properties.insert("remoteVirtualNetwork".to_owned(), remote);
        }
        for (flag, value) in FLAGS.iter().zip(self.flags) {
            properties.insert(flag.property.to_owned(), value.into());
        }
    }

    /// Whether a half in Azure says all that this one says.
    pub(super) fn is_said_by(&self, found: &Json) -> bool {
        let said = |flag: &Flag| flag_in(found, flag);
        remote_of(found).as_ref() == Some(&self.remote)
            && FLAGS.iter().zip(self.flags).all(|(flag, value)| said(flag) == value)
    }

    /// Everything ARM needs to make the half.
    pub(super) fn body(&self) -> Json {
        let mut body = json!({});
        self.merge(&mut body);
        body
    }
}

/// All halves that an object speaks of; `None` while anything of them is not known.
pub(super) fn halves(object: &Value) -> Option<Vec<Half>> {
    let halves = object.attribute("peerings").as_map()?;
    SIDES
        .into_iter()
        .filter_map(|side| halves.get(side).map(|half| Half::of(side, half)))
        .collect()
}

/// Those that the resource makes.
pub(super) fn managed(object: &Value) -> Option<Vec<Half>> {
    let halves = halves(object)?;
    Some(halves.into_iter().filter(|half| half.managed).collect())
}

/// Where a half stands in the configuration.
pub(super) fn path(side: &str) -> Path {
    Path::attribute("peerings").key(side)
}

/// Whether a half is managed; `None` while that is not known.
pub(super) fn is_managed(half: &Value) -> Option<bool> {
    flag_of(half, "managed", true)
}

fn flag_of(half: &Value, name: &str, default: bool) -> Option<bool> {
    match half.attribute(name) {
        Value::Null => Some(default),
        value => value.as_bool(),
    }
}

/// Two values of `peerings` that differ in nothing this resource makes: only in the spelling of ids, or in halves of others.
pub(super) fn same_as_far_as_managed(one: &Value, other: &Value) -> bool {
    let managed = |peerings: &Value| managed(&Value::object([("peerings", peerings.clone())]));
    matches!((managed(one), managed(other)), (Some(one), Some(other)) if one == other)
}

/// The id of the resource: that of each managed half in its place.
pub(super) fn id(halves: &[Half]) -> String {
    let id_of = |side: &str| {
        let half = halves.iter().find(|half| half.managed && half.side == side);
        half.map(|half| half.id.to_string()).unwrap_or_default()
    };
    SIDES.map(id_of).join("|")
}

/// The network that a half in Azure leads to.
pub(super) fn remote_of(half: &Json) -> Option<ResourceId> {
    remote_of_properties(half.get("properties")?.as_object()?)
}

fn remote_of_properties(properties: &Map<String, Json>) -> Option<ResourceId> {
    properties
        .get("remoteVirtualNetwork")?
        .get("id")?
        .as_str()?
        .parse()
        .ok()
}

/// Puts what Azure has into a half of the state; spellings stay where they mean the same.
pub(super) fn read(half: &mut Value, found: &Json) {
    let known = half.attribute("remote_virtual_network_id").as_str();
    let known: Option<ResourceId> = known.and_then(|known| known.parse().ok());
    if let Some(remote) = remote_of(found)
        && known.as_ref() != Some(&remote)
    {
        half.set_attribute("remote_virtual_network_id", remote.to_string().into());
    }
    for flag in FLAGS {
        half.set_attribute(flag.name, flag_in(found, &flag).into());
    }
}

fn flag_in(found: &Json, flag: &Flag) -> bool {
    let value = property(found, flag.property);
    value.and_then(Json::as_bool).unwrap_or(flag.default)
}

/// The type of an element of `states`.
pub(super) fn state_type() -> Type {
    Type::object([
        ("id", Type::String),
        ("peering_state", Type::String),
        ("peering_sync_level", Type::String),
        ("remote_address_spaces", Type::set(Type::String)),
    ])
}

/// What Azure says of a half.
pub(super) fn state(id: &ResourceId, found: &Json) -> Value {
    let text = |field: &str| Value::from(property(found, field).and_then(Json::as_str).map(str::to_owned));
    let spaces = found.pointer("/properties/remoteVirtualNetworkAddressSpace/addressPrefixes");
    let spaces = spaces.or_else(|| found.pointer("/properties/remoteAddressSpace/addressPrefixes"));
    let spaces = spaces.and_then(Json::as_array).into_iter().flatten();
    Value::object([
        ("id", Value::from(id.to_string())),
        ("peering_state", text("peeringState")),
        ("peering_sync_level", text("peeringSyncLevel")),
        (
            "remote_address_spaces",
            Value::string_set(spaces.filter_map(|space| space.as_str().map(str::to_owned))),
        ),
    ])
}

/// What will be known of a half once it was written.
pub(super) fn state_to_be(id: &ResourceId) -> Value {
    Value::object([
        ("id", Value::from(id.to_string())),
        ("peering_state", Value::unknown_not_null()),
        ("peering_sync_level", Value::UNKNOWN),
        ("remote_address_spaces", Value::unknown_not_null()),
    ])
}

/// What keeps a half from doing its work, seen in an element of `states`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The other half or network was deleted since: only a new half connects again.
    Disconnected,
    /// An address space has changed since: another write tells both sides.
    OutOfStep,
}

/// Looks for trouble.
pub(super) fn trouble(state: &Value) -> Option<Trouble> {
    let text = |name: &str| state.attribute(name).as_str().unwrap_or_default();
    match (text("peering_state"), text("peering_sync_level")) {
        ("Disconnected", _) => Some(Trouble::Disconnected),
        // Before the other half is there, nothing can be in step.
        ("Connected", level) if !level.is_empty() && level != "FullyInSync" => Some(Trouble::OutOfStep),
        _ => None,
    }
}

/// `states` of what was found.
pub(super) fn states<'a>(found: impl IntoIterator<Item = (&'a Half, &'a Document)>) -> Value {
    let states = found
        .into_iter()
        .map(|(half, document)| (half.side.to_owned(), state(&half.id, &document.body)));
    Value::Map(states.collect::<BTreeMap<String, Value>>())
}

fn property<'a>(found: &'a Json, field: &str) -> Option<&'a Json> {
    found.get("properties")?.get(field)
}

/// The order in which halves are written: a network stops using the other's gateway before that one closes it, and starts once it is
/// open. Deleting goes the other way round.
pub(super) fn in_order(mut halves: Vec<Half>, before: &[Half]) -> Vec<Half> {
    let uses = |half: &Half| half.flag("use_remote_gateways");
    halves.sort_by_key(|half| {
        let used = before.iter().any(|before| before.side == half.side && uses(before));
        (uses(half), !used)
    });
    halves
}
