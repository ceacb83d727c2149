//! Whether what a requirement denies stays closed, what other requirements need aside.

use super::{
    atoms::Atom,
    exposure::{Exposure, Opener, opener, witness},
    model::Model,
    nsg,
    order::decide,
    packet::protocols,
    region::{Block, Match, Side, remainder},
};
use crate::network::{Access, AddressSide, Direction, Passage, SecurityRule};

/// A packet that the deny names, that every group lets pass, and that no required flow asks for. A sure one is better than a possible one.
///
/// The rule need not be among the groups' own: it says what must be closed.
pub fn leak(model: &mut Model, rule: &SecurityRule) -> Option<Exposure> {
    let direction = rule.direction;
    let source = end(model, &rule.source, direction == Direction::Outbound);
    let destination = end(model, &rule.destination, direction == Direction::Inbound);
    let denied = Match::all(
        protocols(rule.protocol),
        &source,
        &nsg::port_set(&rule.source_ports),
        &destination,
        &nsg::port_set(&rule.destination_ports),
    );
    let asked = model
        .required
        .iter()
        .filter(|required| required.flow.direction == direction && required.flow.passage != Passage::Closed)
        .flat_map(|required| &required.matches);
    let blocks = denied.iter().map(Match::block).collect();
    let mut passing: Vec<(Opener, Block)> = remainder(blocks, asked, &model.world)
        .into_iter()
        .map(|block| (Opener::NoGroup, block))
        .collect();
    for (position, group) in model.groups.iter().enumerate() {
        let blocks = passing.into_iter().map(|(_, block)| block).collect();
        let (decided, _) = decide(group.lines(direction), blocks, &model.world);
        // No rule that names other tags could close what Azure's platform answers.
        let allowed = decided
            .into_iter()
            .filter(|(line, _)| line.access == Access::Allow && !line.is_platform());
        passing = allowed.map(|(line, block)| (opener(position, line), block)).collect();
    }
    let mut possible = None;
    for (by, block) in passing {
        let Some(found) = witness(model, direction, &[block], by) else {
            continue;
        };
        if found.conditions.is_empty() {
            return Some(found);
        }
        possible.get_or_insert(found);
    }
    possible
}

/// An end of the rule; the subnet's own is the subnet, however wide the rule is.
fn end(model: &mut Model, side: &AddressSide, is_local: bool) -> Side {
    match (side, &model.local) {
        (AddressSide::Any, Some(local)) if is_local => local.clone(),
        (AddressSide::Any, None) if is_local => Side::Atom(model.world.atom(Atom::Subnet)),
        (side, _) => nsg::side(side, &mut model.world),
    }
}
