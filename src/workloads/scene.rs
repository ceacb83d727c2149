//! A workload in its surroundings: who stands in its subnet, who the others are, and what its arguments are worth.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    egress::Egress,
    inputs::Inputs,
    problem::Stop,
    rules::{Band, End, Switches, applicable, malformed, requirements},
    shared::Shared,
    template::{Place, Values},
};
use crate::{
    network::{Direction, Prefix, PrerequisiteStatus, ServiceTag},
    requirements::{Kind, Peer, Requirement},
};

/// A workload in its surroundings.
pub(super) struct Scene<'a> {
    pub(super) inputs: &'a Inputs<'a>,
    pub(super) shared: &'a Shared,
    pub(super) egress: &'a Egress,
    pub(super) switches: Switches,
    pub(super) band: Band,
    /// The initiators that stand in the subnet.
    pub(super) own: &'a [&'a str],
    /// Who else stands in the subnet, at some of its addresses.
    pub(super) guest: Option<Guest<'a>>,
    /// Those of the subnet's own role in other subnets, where addresses say who they are.
    pub(super) kin: Option<End>,
    /// The others: who they are, by role. An absent one has no rules.
    pub(super) roles: BTreeMap<&'a str, End>,
    /// Address prefixes by the name of the argument that rows know them by.
    pub(super) prefixes: BTreeMap<&'a str, BTreeSet<Prefix>>,
    /// What stands for the placeholders of rows.
    pub(super) values: Values<'a>,
    /// Whether prerequisites hold, by requirement id.
    pub(super) holds: BTreeMap<&'a str, PrerequisiteStatus>,
}

/// Somebody of another role within the subnet: what it accepts has to reach it there.
pub(super) struct Guest<'a> {
    pub(super) role: &'a str,
    pub(super) at: End,
    /// Those of the subnet's own role who may call it, here and in other subnets.
    pub(super) callers: End,
    /// Whether nobody of its role stands elsewhere.
    pub(super) only_here: bool,
}

impl Scene<'_> {
    /// The rows of these kinds that hold.
    pub(super) fn rows<'s>(&'s self, kinds: &'s [Kind]) -> impl Iterator<Item = &'static Requirement> + 's {
        let own_deny = self.has_own_deny();
        requirements(self.shared, &self.switches, kinds)
            .filter(move |row| !(own_deny && row.id == "ISOLATION-INTERNET"))
    }

    /// Whether the row's connections start in this subnet.
    pub(super) fn starts_here(&self, row: &Requirement) -> bool {
        row.initiator
            .as_deref()
            .is_some_and(|initiator| initiator == "subnet" || self.own.contains(&initiator))
    }

    /// Whether the row's connections end in this subnet, at one of its own role.
    pub(super) fn accepts_here(&self, peer: &Peer) -> bool {
        peer.role.as_deref().is_some_and(|role| self.own.contains(&role))
    }

    /// Those of the subnet's own role at the other end: its group, or their addresses in other subnets.
    pub(super) fn kin(&self, peer: &Peer) -> Option<End> {
        let group = peer.role.as_deref().and_then(|role| self.roles.get(role));
        group.or(self.kin.as_ref()).cloned()
    }

    /// The guest, if the row's connections end at it.
    pub(super) fn guest_of(&self, row: &Requirement, peer: &Peer) -> Option<&Guest<'_>> {
        let near = row.destination.as_ref().and_then(|near| near.role.as_deref());
        let accepting = near.or(peer.role.as_deref());
        self.guest.as_ref().filter(|guest| accepting == Some(guest.role))
    }

    /// Who calls the guest by this row.
    pub(super) fn callers_of(&self, row: &Requirement, guest: &Guest<'_>) -> Option<End> {
        if self.starts_here(row) {
            return Some(guest.callers.clone());
        }
        self.roles.get(row.initiator.as_deref()?).cloned()
    }

    /// Whether anybody waits at the end of a return route: without its inbound flow it is only a way past the appliance.
    pub(super) fn brings_answers(&self, route: &Requirement) -> bool {
        route.requires.is_none() || self.rows(&[Kind::Flow]).any(|flow| self.answers(route, flow))
    }

    /// Whether the return route is that of this flow. Editions have the flow under names of their own, and under conditions of their own.
    pub(super) fn answers(&self, route: &Requirement, flow: &Requirement) -> bool {
        let Some(asked) = &route.requires else { return false };
        let mut all = self.shared.catalogue.all();
        let successor = all
            .find(|row| row.id == *asked)
            .and_then(|row| row.replaced_by.as_ref());
        flow.id == *asked || flow.replaced_by.as_ref() == Some(asked) || successor == Some(&flow.id)
    }

    /// Some documents print their own deny of the internet; then ours would say it again.
    pub(super) fn has_own_deny(&self) -> bool {
        let own = |row: &'static Requirement| {
            row.kind == Kind::Deny && self.own.iter().any(|role| row.initiator.as_deref() == Some(role))
        };
        // Also one that the user waived: ours must not take its place.
        applicable(self.shared, &self.switches, &[Kind::Deny]).any(own)
    }

    pub(super) fn local(&self, row: &Requirement, peer: &Peer) -> End {
        if row.direction == Direction::Inbound
            && let Some(guest) = self.guest_of(row, peer)
        {
            return guest.at.clone();
        }
        let group = self.own.iter().find_map(|role| self.roles.get(role));
        match group {
            Some(group) if peer.role.is_some() => group.clone(),
            _ if row.id.starts_with("ISOLATION-INTRA") => End::Prefixes(self.shared.subnet.clone()),
            // The near end as the document writes it, unless the subnet's prefixes say it more exactly.
            _ if self.shared.local.is_empty() => {
                match row.destination.as_ref().and_then(|near| near.service_tag.as_ref()) {
                    Some(tag) => tag.parse().map_or(End::Any, |tag| End::tag(tag, self.shared)),
                    None => End::Any,
                }
            }
            _ => End::local(self.shared),
        }
    }

    /// What a tag stands for. A deny closes what Azure's default rules 65000 admit, and those mean the tag: peered and on-premises space
    /// and IPv6 too, whichever spaces the user lists for what is allowed.
    pub(super) fn end_of(&self, row: &Requirement, peer: &Peer, tag: ServiceTag) -> End {
        match row.kind {
            Kind::Deny => End::Tag(tag),
            _ => match End::tag(tag, self.shared) {
                End::Prefixes(spaces) => End::Prefixes(self.with_peered(spaces, peer)),
                end => end,
            },
        }
    }

    /// The user's spaces, and whom else the requirement speaks of: those are in the tag, and perhaps in no space of this network.
    pub(super) fn with_peered(&self, mut spaces: BTreeSet<Prefix>, peer: &Peer) -> BTreeSet<Prefix> {
        let named = peer
            .peered
            .as_ref()
            .and_then(|argument| self.prefixes.get(argument.as_str()));
        spaces.extend(named.into_iter().flatten());
        spaces
    }

    pub(super) fn slot(&self, row: &Requirement, priority: i64) -> i64 {
        if row.id.starts_with("ISOLATION-") && priority < 4000 {
            // The last four slots of the IPv4 part of the workload's own band.
            return self.band.start + self.band.ipv6_offset - (243 - priority);
        }
        priority
    }

    /// The other ends of a row, each with what it adds to name and slot. Nobody is nobody to have a rule for.
    pub(super) fn peer_ends(&self, row: &'static Requirement, peer: &Peer) -> Result<Vec<(Place, End)>, Stop> {
        if let Some(template) = &peer.service_tag {
            let tags = self.values.tags(template, self.shared, self.inputs, row)?;
            return Ok(tags
                .into_iter()
                .map(|(place, tag)| (place, self.end_of(row, peer, tag)))
                .collect());
        }
        let end = if let Some(argument) = &peer.argument {
            self.prefixes
                .get(argument.as_str())
                .filter(|prefixes| !prefixes.is_empty())
                .cloned()
                .map(End::Prefixes)
        } else if !peer.address_prefixes.is_empty() {
            let prefixes: Result<BTreeSet<Prefix>, _> = peer.address_prefixes.iter().map(|text| text.parse()).collect();
            Some(End::Prefixes(prefixes.map_err(|_| malformed(row, self.inputs))?))
        } else {
            peer.role.as_deref().and_then(|role| self.roles.get(role)).cloned()
        };
        Ok(end.into_iter().map(|end| (Place::first(), end)).collect())
    }
}
