//! Whether something passes that must not.

use super::{
    model::{Model, Required},
    order::decide,
    packet::Packet,
    region::{Block, Match, Presence},
};
use crate::network::Access;

/// A packet that passes although it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The packet.
    pub packet: Packet,
    /// The rule that lets it pass; the last one on the way where there are several groups.
    pub allowed_by: String,
    /// Its priority.
    pub priority: u32,
    /// What would have to be so for such a packet to exist; empty where one surely does.
    pub conditions: Vec<String>,
}

/// A packet of the flow that every group lets pass, if there is one. A sure one is better than a possible one.
pub fn passes(model: &Model, flow: &Required) -> Option<Breach> {
    let direction = flow.flow.direction;
    let mut passing: Vec<(String, u32, Block)> = flow
        .matches
        .iter()
        .map(|rule| (String::new(), 0, Match::block(rule)))
        .collect();
    for group in &model.groups {
        let blocks = passing.into_iter().map(|(_, _, block)| block).collect();
        let (decided, _) = decide(group.lines(direction), blocks, &model.world);
        let allowed = decided.into_iter().filter(|(line, _)| line.access == Access::Allow);
        passing = allowed
            .map(|(line, block)| (line.name.clone(), line.priority, block))
            .collect();
    }
    let mut possible = None;
    for (allowed_by, priority, block) in passing {
        let conditions = match block.presence(&model.world) {
            Presence::Empty => continue,
            Presence::Real => Vec::new(),
            Presence::If(conditions) => conditions,
        };
        let breach = Breach {
            packet: Packet::of(&block, direction, &model.world),
            allowed_by,
            priority,
            conditions,
        };
        if breach.conditions.is_empty() {
            return Some(breach);
        }
        possible.get_or_insert(breach);
    }
    possible
}
