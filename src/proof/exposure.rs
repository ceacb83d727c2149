//! What passes although no requirement asks for it, and what only Azure's default rules let pass.

use std::collections::BTreeSet;

use super::{
    firewall::FirewallLine,
    model::Model,
    nsg::Line,
    order::{Decides, effective},
    packet::Packet,
    region::{Block, Match, PortSet, Presence, Side, remainder},
};
use crate::network::{Access, Direction, Passage};

/// Packets that a rule lets pass and nobody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposure {
    /// What lets them pass.
    pub by: Opener,
    /// One of them.
    pub packet: Packet,
    /// What would have to be so for such a packet to exist; empty where one surely does.
    pub conditions: Vec<String>,
}

/// A rule that lets packets pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Opener {
    /// A rule of a network security group.
    Rule {
        /// Which group on the way, the subnet's first.
        group: usize,
        /// The rule's name.
        name: String,
        /// Its priority; 65000 and more are Azure's own.
        priority: u32,
        /// The requirements behind it.
        requirement_ids: BTreeSet<String>,
    },
    /// A rule of the firewall.
    FirewallRule {
        /// Its collection.
        collection: String,
        /// Its name.
        name: String,
    },
}

/// What the rules of the groups and of the firewall let pass beyond the required flows.
pub fn exposure(model: &Model) -> Vec<Exposure> {
    let mut found = Vec::new();
    for (group, nsg) in model.groups.iter().enumerate() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let lines = nsg.lines(direction);
            let own = lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.access == Access::Allow && !line.is_default());
            for (position, line) in own {
                let open = effective(lines, position, seen_from_subnet(model, line, direction), &model.world);
                let asked = model
                    .required
                    .iter()
                    .filter(|required| required.flow.direction == direction && required.flow.passage != Passage::Closed)
                    .flat_map(|required| &required.matches);
                let left = remainder(open, asked, &model.world);
                found.extend(witness(model, direction, &left, opener(group, line)));
            }
        }
    }
    if let Some(lines) = &model.firewall {
        found.extend(through_firewall(model, lines));
    }
    found
}

/// What only the default rules 65000 and 65001 let pass: no mistake, but open.
pub fn baseline(model: &Model) -> Vec<Exposure> {
    let mut found = Vec::new();
    for (group, nsg) in model.groups.iter().enumerate() {
        for direction in [Direction::Inbound, Direction::Outbound] {
            let lines = nsg.lines(direction);
            let defaults = lines
                .iter()
                .enumerate()
                .filter(|(_, line)| line.access == Access::Allow && line.is_default());
            for (position, line) in defaults {
                let open = effective(lines, position, seen_from_subnet(model, line, direction), &model.world);
                found.extend(witness(model, direction, &open, opener(group, line)));
            }
        }
    }
    found
}

pub(super) fn opener(group: usize, line: &Line) -> Opener {
    Opener::Rule {
        group,
        name: line.name.clone(),
        priority: line.priority,
        requirement_ids: line.requirement_ids.clone(),
    }
}

/// What of a line can happen at all: one end of a packet is the subnet.
pub(super) fn seen_from_subnet(model: &Model, line: &Line, direction: Direction) -> Vec<Block> {
    of_subnet(model, line.matches(), direction)
}

/// What of these matches one end in the subnet.
pub(super) fn of_subnet(model: &Model, matches: &[Match], direction: Direction) -> Vec<Block> {
    let blocks = matches.iter().map(Match::block);
    let Some(local) = &model.local else {
        return blocks.collect();
    };
    let (source, destination) = match direction {
        Direction::Outbound => (local.clone(), Side::Any),
        Direction::Inbound => (Side::Any, local.clone()),
    };
    let possible = Match {
        protocols: u8::MAX,
        source,
        source_ports: PortSet::all(),
        destination,
        ports: PortSet::all(),
    };
    blocks.filter_map(|block| block.and(&possible, &model.world)).collect()
}

fn through_firewall(model: &Model, lines: &[FirewallLine]) -> Vec<Exposure> {
    let mut found = Vec::new();
    for (position, line) in lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.access == Access::Allow)
    {
        let start = of_subnet(model, line.matches(), Direction::Outbound);
        let open = effective(lines, position, start, &model.world);
        let asked = model
            .required
            .iter()
            .filter(|required| {
                required.flow.direction == Direction::Outbound && required.flow.passage != Passage::Closed
            })
            .flat_map(|required| &required.matches);
        let left = remainder(open, asked, &model.world);
        let by = Opener::FirewallRule {
            collection: line.collection.clone(),
            name: line.name.clone(),
        };
        found.extend(witness(model, Direction::Outbound, &left, by));
    }
    found
}

/// A packet that surely exists, else one that may.
pub(super) fn witness(model: &Model, direction: Direction, blocks: &[Block], by: Opener) -> Option<Exposure> {
    let mut possible = None;
    for block in blocks {
        let conditions = match block.presence(&model.world) {
            Presence::Empty => continue,
            Presence::Real => Vec::new(),
            Presence::If(conditions) => conditions,
        };
        let exposure = Exposure {
            by: by.clone(),
            packet: Packet::of(block, direction, &model.world),
            conditions,
        };
        if exposure.conditions.is_empty() {
            return Some(exposure);
        }
        possible.get_or_insert(exposure);
    }
    possible
}
