//! Ordered lists in which the first match ends the search: rules of an NSG, routes, rules of a firewall.

use super::{
    atoms::World,
    region::{Block, Match},
};

/// An entry of such a list.
pub trait Decides {
    /// What it matches.
    fn matches(&self) -> &[Match];
}

/// Which entry decides about which packets, and the packets that none decides about.
pub fn decide<'l, D: Decides>(list: &'l [D], blocks: Vec<Block>, world: &World) -> (Vec<(&'l D, Block)>, Vec<Block>) {
    let mut decided = Vec::new();
    let mut open = blocks;
    for entry in list {
        for rule in entry.matches() {
            if open.is_empty() {
                return (decided, open);
            }
            // Most entries are about something else.
            if !open.iter().any(|block| block.may_meet(rule)) {
                continue;
            }
            let mut left = Vec::with_capacity(open.len());
            for block in open {
                match block.and(rule, world) {
                    Some(hit) => {
                        decided.push((entry, hit));
                        left.extend(block.without(rule, world));
                    }
                    None => left.push(block),
                }
            }
            open = left;
        }
    }
    (decided, open)
}

/// What an entry decides about, given those that come before it.
pub fn effective<D: Decides>(list: &[D], position: usize, start: Vec<Block>, world: &World) -> Vec<Block> {
    let earlier = list.iter().take(position).flat_map(Decides::matches);
    super::region::remainder(start, earlier, world)
}
