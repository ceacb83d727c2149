//! Looking before the first write: whether the networks are there, whose their peerings are, and which of ours are disconnected.
//!
//! A virtual network shows its peerings, so one request tells all of its side.

use serde_json::Value as Json;
use tfplugin_rs::diagnostic::Diagnostics;

use super::{
    NAME,
    half::{self, Half, Trouble},
};
use crate::{
    azure::{Call, Document},
    provider::{configuration::Session, managed::report},
};

/// What was found of a half.
#[derive(Debug)]
pub(super) struct Found {
    /// Which half.
    pub(super) side: &'static str,
    /// Whether the half exists.
    pub(super) exists: bool,
    /// Whether it exists and is disconnected.
    pub(super) disconnected: bool,
}

/// Looks at every half that is managed; `known` are those that the state has, managed or not. `None` after an error.
pub(super) async fn look(
    session: &Session,
    managed: &[Half],
    known: &[Half],
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Found>> {
    let networks = managed.iter().filter_map(|half| Some((half, half.network()?)));
    let mut found = Vec::new();
    for (half, network) in networks {
        match session.client.virtual_networks().get(&network, call).await {
            Err(error) => report("Virtual network not read", &error, diagnostics),
            Ok(None) => {
                let detail = format!("`{network}` does not exist, so it cannot be peered.");
                let path = half::path(half.side).child("virtual_network_id");
                diagnostics.error_at(path, "The virtual network does not exist", detail);
            }
            Ok(Some(network)) => found.push(look_at(half, &network, managed, known, diagnostics)),
        }
    }
    (!diagnostics.has_errors()).then_some(found)
}

fn look_at(half: &Half, network: &Document, managed: &[Half], known: &[Half], diagnostics: &mut Diagnostics) -> Found {
    let peerings = network.body.pointer("/properties/virtualNetworkPeerings");
    let peerings = peerings.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let is_ours = |name: &str| name.eq_ignore_ascii_case(half.id.name());
    let there = peerings.iter().find(|peering| is_ours(name(peering)));
    let known_as = |managed: bool| {
        known
            .iter()
            .any(|known| known.id == half.id && known.managed == managed)
    };
    let ours = known_as(true);
    match there {
        // One that was handed over is taken back as it is planned.
        Some(there) if known_as(false) && half.is_said_by(there) => {}
        Some(_) if !ours => refuse_existing(half, managed, known, diagnostics),
        None if !ours => {
            let other = peerings
                .iter()
                .find(|peering| half::remote_of(peering).as_ref() == Some(&half.remote));
            if let Some(other) = other {
                let detail = format!(
                    "`{}` has the peering `{}` to `{}` already, and two networks have one peering only. Import that one under its name, or have it \
                     deleted.",
                    network.id,
                    name(other),
                    half.remote
                );
                diagnostics.error_at(
                    half::path(half.side).child("name"),
                    "The networks are peered already",
                    detail,
                );
            }
        }
        _ => {}
    }
    let trouble = there.and_then(|there| half::trouble(&half::state(&half.id, there)));
    Found {
        side: half.side,
        exists: there.is_some(),
        disconnected: trouble == Some(Trouble::Disconnected),
    }
}

/// Nothing marks a half as ours, so one that the state does not know is somebody else's.
fn refuse_existing(half: &Half, managed: &[Half], known: &[Half], diagnostics: &mut Diagnostics) {
    let is_in_state = known.iter().any(|known| known.managed);
    let first = if is_in_state { " after `terraform state rm`" } else { "" };
    let otherwise = if known.iter().any(|known| known.id == half.id) {
        "While it was not managed here it became another one than is planned: to take it back, plan it as it is. "
    } else {
        ""
    };
    let detail = format!(
        "`{}` exists already. {otherwise}If it is left from an interrupted apply, or Terraform shall manage it from now on, import what there is{first}: \
         `terraform import {NAME}.<name> '{}'` (leave out the half that is missing). Otherwise choose another `name`.",
        half.id,
        half::id(managed)
    );
    diagnostics.error_at(
        half::path(half.side).child("name"),
        "A peering of that name exists",
        detail,
    );
}

fn name(peering: &Json) -> &str {
    peering.get("name").and_then(Json::as_str).unwrap_or_default()
}
