//! `virtualNetworks/virtualNetworkPeerings`: each side has its own, and together they make a connection.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde_json::{Value, json};

use super::{Apart, Child, Reference, Write, check_children, virtual_network};
use crate::emulator::azure::Azure;
use crate::emulator::prefixes;
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource, Target, reference, text};

pub(super) static CHILD: Child = Child {
    collection: "virtualNetworkPeerings",
    label: "VirtualNetworkPeering",
    read_only: &[
        "peeringState",
        "peeringSyncLevel",
        "remoteAddressSpace",
        "resourceGuid",
        "remoteGateways",
    ],
    apart: Apart::Shown,
    show,
};

const DISCONNECTED: &str = "Disconnected";

/// Refuses peerings that Azure refuses.
pub(super) fn check_all(write: &Write<'_>) -> Result<(), Refusal> {
    let network = write.new;
    let mut remotes: Vec<String> = Vec::new();
    for (name, properties) in check_children(network, &CHILD)? {
        let id = network.child_id(&CHILD, name);
        let whole = Value::Object(properties.clone());
        let remote = reference(&whole, "remoteVirtualNetwork").unwrap_or_default();
        if remote.is_empty() || remote.eq_ignore_ascii_case(&network.id) {
            return Err(Refusal::bad(
                "InvalidRequestFormat",
                format!("Peering {id} needs the id of another virtual network as remoteVirtualNetwork."),
            ));
        }
        if remotes.contains(&remote.to_lowercase()) {
            return Err(Refusal::bad(
                "AnotherPeeringAlreadyReferencesRemoteVnet",
                format!(
                    "Peering {id} cannot be created: another peering of virtual network {} already references {remote}.",
                    network.id
                ),
            ));
        }
        remotes.push(remote.to_lowercase());
        let Some(other) = write.azure.resources.get(&remote.to_lowercase()) else {
            continue;
        };
        check_spaces(&id, network, other)?;
        // Only what is being written can bring a disconnected peering into play: one at rest may stay as it is.
        let at_rest = properties.contains_key("peeringState");
        if let Some(back) = back(other, &network.id).filter(|_| !at_rest) {
            if text(back.1, "peeringState") == Some(DISCONNECTED) {
                return Err(disconnected(&id, &other.child_id(&CHILD, back.0), &other.id));
            }
            let transit = back.1.get("allowGatewayTransit") == Some(&json!(true));
            if properties.get("useRemoteGateways") == Some(&json!(true)) && !transit {
                return Err(Refusal::bad(
                    "PeeringRemoteVnetHasNoGatewayTransit",
                    format!(
                        "Peering {id} cannot use remote gateways: the peering of {} does not allow gateway transit.",
                        other.id
                    ),
                ));
            }
        }
    }
    Ok(())
}

fn check_spaces(id: &str, network: &Resource, other: &Resource) -> Result<(), Refusal> {
    let spaces = |network: &Resource| -> Vec<ipnet::IpNet> {
        let space = virtual_network::address_space(network);
        space.into_iter().filter_map(prefixes::cidr).collect()
    };
    let theirs = spaces(other);
    for own in spaces(network) {
        if let Some(overlap) = theirs.iter().find(|theirs| prefixes::overlap(theirs, &own)) {
            return Err(Refusal::bad(
                "VnetAddressSpacesOverlap",
                format!(
                    "Cannot create or update peering {id}. Virtual networks {} and {} cannot be peered because their address spaces overlap. Overlapping address prefixes: {own}, {overlap}",
                    network.id, other.id
                ),
            ));
        }
    }
    Ok(())
}

fn disconnected(id: &str, remote: &str, parent: &str) -> Refusal {
    Refusal::bad(
        "RemotePeeringIsDisconnected",
        format!(
            "Cannot create or update peering {id} because remote peering {remote} referencing parent virtual network {parent} is in Disconnected state. Update or re-create the remote peering to get it back to Initiated state. Peering gets Disconnected when remote vnet or remote peering is deleted and re-created."
        ),
    )
}

/// The peering of `network` that leads to the virtual network `to`.
fn back<'a>(network: &'a Resource, to: &str) -> Option<(&'a str, &'a Object)> {
    network.children(&CHILD).iter().find_map(|entry| {
        let properties = entry.get("properties")?;
        let leads = reference(properties, "remoteVirtualNetwork")?.eq_ignore_ascii_case(to);
        leads.then_some((entry.get("name")?.as_str()?, properties.as_object()?))
    })
}

/// A peering has a GUID that no write changes.
fn show(_: &Resource, id: &str, shown: &mut Object) {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (id.to_lowercase(), salt).hash(&mut hasher);
        u128::from(hasher.finish())
    };
    let guid = uuid::Uuid::from_u128(half(0) << 64 | half(1));
    if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("resourceGuid".to_owned(), guid.to_string().into());
    }
}

pub(super) fn complete(peering: &mut Object) {
    peering.retain(|_, value| !value.is_null());
    for (name, default) in [
        ("allowVirtualNetworkAccess", json!(true)),
        ("allowForwardedTraffic", json!(false)),
        ("allowGatewayTransit", json!(false)),
        ("useRemoteGateways", json!(false)),
        ("doNotVerifyRemoteGateways", json!(false)),
        ("peerCompleteVnets", json!(true)),
        ("routeServiceVips", json!({})),
    ] {
        peering.entry(name).or_insert(default);
    }
}

pub(super) fn references(network: &Resource) -> Vec<Reference> {
    let found = network.children(&CHILD).iter().filter_map(|entry| {
        let to = reference(entry.get("properties")?, "remoteVirtualNetwork")?;
        Some(Reference {
            from: network.child_id(&CHILD, entry.get("name")?.as_str()?),
            kind: virtual_network::KIND.segment,
            to: to.to_owned(),
        })
    });
    found.collect()
}

impl Azure {
    /// A peering was written: the first side is `Initiated`, with the second both are `Connected`.
    pub(in crate::emulator) fn connect_peering(&mut self, target: &Target) {
        let Some((child, name)) = &target.child else {
            self.put_peerings_out_of_step(&target.root);
            return;
        };
        if child.collection != CHILD.collection {
            return;
        }
        let Some(network) = self.resources.get(&target.root) else {
            return;
        };
        let own_id = network.id.clone();
        let properties = network.child(&CHILD, name).and_then(|entry| entry.get("properties"));
        let remote = properties.and_then(|properties| reference(properties, "remoteVirtualNetwork"));
        let Some(remote) = remote.map(str::to_lowercase) else {
            return;
        };
        let space = |network: &Resource| network.properties.get("addressSpace").cloned().unwrap_or_default();
        let own_space = space(network);
        let other = self.resources.get(&remote);
        let remote_space = other.map(space).unwrap_or_default();
        let other_side = other.and_then(|other| Some(back(other, &own_id)?.0.to_owned()));
        let state = if other_side.is_some() { "Connected" } else { "Initiated" };
        self.set_peering(&target.root, name, state, Some(&remote_space));
        if let Some(other_side) = other_side {
            self.set_peering(&remote, &other_side, state, Some(&own_space));
        }
    }

    /// A virtual network was written: where its address space is another one now, both sides of its peerings wait to be told.
    fn put_peerings_out_of_step(&mut self, root: &str) {
        let Some(network) = self.resources.get(root) else {
            return;
        };
        let space = network.properties.get("addressSpace");
        let mut levels = Vec::new();
        for entry in network.children(&CHILD) {
            let remote = entry
                .get("properties")
                .and_then(|properties| reference(properties, "remoteVirtualNetwork"));
            let Some(other) = remote.and_then(|remote| self.resources.get(&remote.to_lowercase())) else {
                continue;
            };
            let Some((theirs, known)) = back(other, &network.id) else {
                continue;
            };
            if let Some(ours) = entry.get("name").and_then(Value::as_str)
                && known.get("remoteAddressSpace") != space
            {
                levels.push((root.to_owned(), ours.to_owned(), "LocalNotInSync"));
                levels.push((other.id.to_lowercase(), theirs.to_owned(), "RemoteNotInSync"));
            }
        }
        for (root, name, level) in levels {
            if let Some(network) = self.resources.get_mut(&root)
                && let Some(properties) = network.child_properties_mut(&CHILD, &name)
            {
                properties.insert("peeringSyncLevel".to_owned(), level.into());
            }
        }
    }

    /// A peering or its virtual network is going: the other side is left `Disconnected`.
    pub(in crate::emulator) fn disconnect_peerings(&mut self, target: &Target) {
        let Some(network) = self.resources.get(&target.root) else {
            return;
        };
        let own_id = network.id.clone();
        let going = network.children(&CHILD).iter().filter(|entry| match &target.child {
            None => true,
            Some((child, name)) => {
                child.collection == CHILD.collection
                    && entry
                        .get("name")
                        .and_then(Value::as_str)
                        .is_some_and(|found| found.eq_ignore_ascii_case(name))
            }
        });
        let remotes: Vec<String> = going
            .filter_map(|entry| Some(reference(entry.get("properties")?, "remoteVirtualNetwork")?.to_lowercase()))
            .collect();
        for remote in remotes {
            let other = self.resources.get(&remote);
            if let Some(name) = other.and_then(|other| Some(back(other, &own_id)?.0.to_owned())) {
                self.set_peering(&remote, &name, DISCONNECTED, None);
            }
        }
    }

    fn set_peering(&mut self, root: &str, name: &str, state: &str, remote_space: Option<&Value>) {
        let Some(network) = self.resources.get_mut(root) else {
            return;
        };
        network.etag = crate::emulator::new_etag();
        if let Some(properties) = network.child_properties_mut(&CHILD, name) {
            properties.insert("peeringState".to_owned(), state.into());
            if let Some(space) = remote_space {
                properties.insert("remoteAddressSpace".to_owned(), space.clone());
                properties.insert("remoteVirtualNetworkAddressSpace".to_owned(), space.clone());
                properties.insert("peeringSyncLevel".to_owned(), "FullyInSync".into());
            }
        }
    }
}
