//! Whether everything that must pass does.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    firewall::FirewallLine,
    model::{Model, Required},
    order::decide,
    packet::Packet,
    path,
    region::{Block, Match, Presence},
    routes::Hop,
    verdict::Verdict,
};
use crate::network::{Access, Direction, Passage};

/// The verdict on one required flow.
#[derive(Clone, Debug)]
pub struct Finding<'m> {
    /// The flow.
    pub required: &'m Required,
    /// Whether it passes.
    pub verdict: Verdict,
}

/// The verdict on every required flow, in the order of their keys.
pub fn allows(model: &Model) -> Vec<Finding<'_>> {
    let finding = |required| Finding {
        required,
        verdict: path::prove(model, required),
    };
    model.required.iter().map(finding).collect()
}

/// The rules of the groups that surely let packets of the flow pass, each with one of them.
pub fn carriers(model: &Model, required: &Required) -> Vec<(String, Packet)> {
    let direction = required.flow.direction;
    let mut carriers: Vec<(String, Packet)> = Vec::new();
    let mut passing: Vec<Block> = required.matches.iter().map(Match::block).collect();
    for group in &model.groups {
        let (decided, _) = decide(group.lines(direction), passing, &model.world);
        passing = Vec::new();
        for (line, block) in decided.into_iter().filter(|(line, _)| line.access == Access::Allow) {
            let known = carriers.iter().any(|(name, _)| *name == line.name);
            if !known && !line.is_platform() && block.presence(&model.world) == Presence::Real {
                carriers.push((line.name.clone(), Packet::of(&block, direction, &model.world)));
            }
            passing.push(block);
        }
    }
    carriers
}

/// The rules of the firewall that surely let packets of the flow pass, each with one of them.
pub fn firewall_carriers<'m>(model: &'m Model, required: &Required) -> Vec<(&'m FirewallLine, Packet)> {
    let mut carriers: Vec<(&FirewallLine, Packet)> = Vec::new();
    let flow = &required.flow;
    if flow.direction == Direction::Inbound || matches!(flow.passage, Passage::Handover | Passage::Proxy) {
        return carriers;
    }
    let mut passing: Vec<Block> = required.matches.iter().map(Match::block).collect();
    for group in &model.groups {
        let (decided, _) = decide(group.lines(flow.direction), passing, &model.world);
        let allowed = decided.into_iter().filter(|(line, _)| line.access == Access::Allow);
        passing = allowed.map(|(_, block)| block).collect();
    }
    for (route, block) in decide(&model.routes.lines, passing, &model.world).0 {
        let learned = flow.learned_route && flow.passage == Passage::Firewall && !route.is_own;
        let lines = match route.hop {
            Hop::Appliance(_) => model.firewall_for_clients_at(&route.hop),
            Hop::Internet | Hop::PrivateNetwork if learned => model.firewall_for_clients.as_deref(),
            _ => None,
        };
        for (line, block) in path::at_firewall(lines.unwrap_or_default(), vec![block], model) {
            let Some(line) = line.filter(|line| line.access == Access::Allow) else {
                continue;
            };
            let known = carriers
                .iter()
                .any(|(other, _)| (&other.collection, &other.name) == (&line.collection, &line.name));
            if !known && block.presence(&model.world) == Presence::Real {
                carriers.push((line, Packet::of(&block, flow.direction, &model.world)));
            }
        }
    }
    carriers
}

/// The rules that surely let packets of required flows pass, by group (the subnet's first) and name, with the requirements behind those
/// flows. Who of several rules lets a packet pass is decided by their order: one that comes too late carries nothing.
pub fn carried(model: &Model) -> BTreeMap<(usize, String), BTreeSet<String>> {
    let mut carried: BTreeMap<(usize, String), BTreeSet<String>> = BTreeMap::new();
    for required in &model.required {
        let mut passing: Vec<Block> = required.matches.iter().map(Match::block).collect();
        for (position, group) in model.groups.iter().enumerate() {
            let (decided, _) = decide(group.lines(required.flow.direction), passing, &model.world);
            passing = Vec::new();
            for (line, block) in decided.into_iter().filter(|(line, _)| line.access == Access::Allow) {
                if !line.is_default() && block.presence(&model.world) == Presence::Real {
                    let ids = carried.entry((position, line.name.clone())).or_default();
                    ids.extend(required.flow.requirement_ids.iter().cloned());
                }
                passing.push(block);
            }
        }
    }
    carried
}
