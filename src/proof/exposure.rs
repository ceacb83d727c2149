//! What passes although no requirement asks for it, and what only Azure's default rules let pass.

use std::collections::BTreeSet;

use super::{
    firewall::FirewallLine,
    model::{Model, Required},
    nsg::Line,
    order::{Decides, decide, effective},
    packet::Packet,
    region::{Block, Match, Presence, Side, remainder},
    routes::Hop,
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
    /// No group stands on the way, which denies nothing.
    NoGroup,
    /// A rule of the firewall.
    FirewallRule {
        /// Its collection.
        collection: String,
        /// Its name.
        name: String,
    },
    /// A route that leads packets straight out, past the appliance that is to judge them.
    Route {
        /// Its name.
        name: String,
        /// Its destination.
        destination: String,
    },
}

impl Opener {
    /// Whether it is what Azure lets pass where nobody says anything.
    pub fn is_azures_own(&self) -> bool {
        match self {
            Opener::NoGroup => true,
            Opener::Rule { priority, .. } => *priority >= 65000,
            Opener::FirewallRule { .. } | Opener::Route { .. } => false,
        }
    }
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
                    .filter(|required| required.flow.direction == direction && is_asked_for(required))
                    .flat_map(|required| &required.matches);
                let left = remainder(open, asked, &model.world);
                let left = through_groups(model, Some(group), direction, left);
                found.extend(witness(model, direction, &left, opener(group, line)));
            }
        }
    }
    if let Some(lines) = &model.firewall {
        found.extend(through_firewall(model, lines));
    }
    found.extend(past_the_appliance(model));
    found
}

/// Whether its own packets must pass: what goes by way of a proxy goes to the proxy, and past it is past its judgement.
fn is_asked_for(required: &Required) -> bool {
    !matches!(required.flow.passage, Passage::Closed | Passage::Proxy)
}

/// Where the rest of the internet is an appliance's to judge: what routes of the user lead straight out though no requirement asks for
/// a direct way to there. Ports do not matter, because a route has none.
fn past_the_appliance(model: &Model) -> Vec<Exposure> {
    let is_judged = |required: &Required| matches!(required.flow.passage, Passage::Firewall | Passage::Handover);
    if !model.required.iter().any(is_judged) {
        return Vec::new();
    }
    let meant: Vec<Match> = model
        .required
        .iter()
        .filter(|required| matches!(required.flow.passage, Passage::Direct | Passage::ToProxy))
        .flat_map(|required| required.matches.iter().map(move |rule| (required.flow.direction, rule)))
        .map(|(direction, rule)| Match {
            destination: match direction {
                Direction::Outbound => rule.destination.clone(),
                Direction::Inbound => rule.source.clone(),
            },
            ..Match::to(Side::Any)
        })
        .collect();
    let lines = &model.routes.lines;
    let mut found = Vec::new();
    for (position, route) in lines
        .iter()
        .enumerate()
        .filter(|(_, route)| route.is_own && route.hop == Hop::Internet)
    {
        let start = of_subnet(model, route.matches(), Direction::Outbound);
        let taken = effective(lines, position, start, &model.world);
        let left = remainder(taken, &meant, &model.world);
        let left = through_groups(model, None, Direction::Outbound, left);
        let by = Opener::Route {
            name: route.name.clone(),
            destination: route.destination.clone(),
        };
        found.extend(witness(model, Direction::Outbound, &left, by));
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
                .filter(|(_, line)| line.access == Access::Allow && line.is_default() && !line.is_platform());
            for (position, line) in defaults {
                let open = effective(lines, position, seen_from_subnet(model, line, direction), &model.world);
                let open = through_groups(model, Some(group), direction, open);
                found.extend(witness(model, direction, &open, opener(group, line)));
            }
        }
    }
    found
}

/// What the groups on the way, but for one, let pass of it: open is only what all of them do.
fn through_groups(model: &Model, but: Option<usize>, direction: Direction, blocks: Vec<Block>) -> Vec<Block> {
    let others = model
        .groups
        .iter()
        .enumerate()
        .filter(|(position, _)| Some(*position) != but);
    others.fold(blocks, |blocks, (_, nsg)| {
        let (decided, _) = decide(nsg.lines(direction), blocks, &model.world);
        let allowed = decided.into_iter().filter(|(line, _)| line.access == Access::Allow);
        allowed.map(|(_, block)| block).collect()
    })
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
    let possible = match direction {
        Direction::Outbound => Match {
            source: local.clone(),
            ..Match::to(Side::Any)
        },
        Direction::Inbound => Match {
            destination: local.clone(),
            ..Match::to(Side::Any)
        },
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
            .filter(|required| required.flow.direction == Direction::Outbound && is_asked_for(required))
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
