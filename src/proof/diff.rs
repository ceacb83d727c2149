//! What one rule set lets pass and another does not.

use super::{
    atoms::World,
    nsg::Nsg,
    order::{Decides, decide, effective},
    packet::Packet,
    region::{Match, Presence},
};
use crate::network::{Access, Direction};

/// Packets whose fate differs between two rule sets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// One of them.
    pub packet: Packet,
    /// The rule that lets them pass, in the set that does.
    pub allowed_by: String,
    /// The rule that denies them, in the set that does.
    pub denied_by: String,
    /// What would have to be so for such a packet to exist; empty where one surely does.
    pub conditions: Vec<String>,
}

/// What `after` lets pass and `before` denied. Both must be of the same world.
pub fn newly_allowed(before: &Nsg, after: &Nsg, world: &World) -> Vec<Change> {
    let mut changes = Vec::new();
    for direction in [Direction::Inbound, Direction::Outbound] {
        let lines = after.lines(direction);
        let allows = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.access == Access::Allow);
        for (position, line) in allows {
            // A rule that stands in both at the same place changes nothing by itself, but what stands before it may.
            let start = line.matches().iter().map(Match::block).collect();
            let open = effective(lines, position, start, world);
            let (decided, _) = decide(before.lines(direction), open, world);
            let denied = decided.into_iter().filter(|(other, _)| other.access == Access::Deny);
            for (other, block) in denied {
                let conditions = match block.presence(world) {
                    Presence::Empty => continue,
                    Presence::Real => Vec::new(),
                    Presence::If(conditions) => conditions,
                };
                add(
                    &mut changes,
                    Change {
                        packet: Packet::of(&block, direction, world),
                        allowed_by: line.name.clone(),
                        denied_by: other.name.clone(),
                        conditions,
                    },
                );
            }
        }
    }
    changes
}

/// What `before` let pass and `after` denies.
pub fn newly_denied(before: &Nsg, after: &Nsg, world: &World) -> Vec<Change> {
    newly_allowed(after, before, world)
}

/// Whether everything that `one` lets pass passes `other` too: no packet, sure or possible, says otherwise.
pub fn implies(one: &Nsg, other: &Nsg, world: &World) -> bool {
    newly_denied(one, other, world).is_empty()
}

/// Whether both let the same packets pass.
pub fn equivalent(one: &Nsg, other: &Nsg, world: &World) -> bool {
    implies(one, other, world) && implies(other, one, world)
}

/// One packet for each pair of rules is enough; a sure one is better than a possible one.
fn add(changes: &mut Vec<Change>, change: Change) {
    let same = |other: &&mut Change| {
        other.allowed_by == change.allowed_by
            && other.denied_by == change.denied_by
            && other.packet.direction == change.packet.direction
    };
    match changes.iter_mut().find(same) {
        Some(other) if !other.conditions.is_empty() && change.conditions.is_empty() => *other = change,
        Some(_) => {}
        None => changes.push(change),
    }
}
