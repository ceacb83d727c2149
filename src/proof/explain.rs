//! Why a flow passes or not: who decides about it, station by station.

use super::{
    model::{Model, Required},
    order::decide,
    packet::Packet,
    path,
    region::{Block, Match, Presence},
    routes::{Hop, RouteLine},
    verdict::Verdict,
};
use crate::network::{Access, Direction, Passage};

/// The answer to *why*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// Whether it passes.
    pub verdict: Verdict,
    /// Who decides about which of its packets, in the order of the way.
    pub steps: Vec<Step>,
}

/// One decision on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Where: `network_security_group`, `route`, `firewall`, or `route_of_answers` for an inbound flow.
    pub station: &'static str,
    /// The rule or route.
    pub decided_by: String,
    /// What it says: `allow`, `deny`, or where a route leads.
    pub outcome: String,
    /// One of the packets it decides about.
    pub packet: Packet,
    /// The requirements behind it.
    pub requirement_ids: Vec<String>,
}

/// Who decides about the flow, and what comes of it.
pub fn why(model: &Model, required: &Required) -> Explanation {
    let direction = required.flow.direction;
    let mut steps = Vec::new();
    let mut passing: Vec<Block> = required.matches.iter().map(Match::block).collect();
    for group in &model.groups {
        let (decided, _) = decide(group.lines(direction), passing, &model.world);
        passing = Vec::new();
        for (line, block) in decided {
            let outcome = match line.access {
                Access::Allow => "allow",
                Access::Deny => "deny",
            };
            note(
                model,
                direction,
                &mut steps,
                &block,
                "network_security_group",
                (&line.name, outcome),
                line.requirement_ids.iter(),
            );
            if line.access == Access::Allow {
                passing.push(block);
            }
        }
    }
    // Where two orders of the routes are possible the verdict says so; the steps are those of the first.
    let answers = || passing.iter().map(Block::answered).collect();
    let (asked, station) = match direction {
        Direction::Outbound => (passing.clone(), "route"),
        Direction::Inbound => (answers(), "route_of_answers"),
    };
    let (routed, _) = decide(&model.routes.lines, asked, &model.world);
    let mut at_firewall = Vec::new();
    for (route, block) in routed {
        let name = format!("{} ({})", route.name, route.destination);
        let outcome = route.hop.in_words();
        let seen = if direction == Direction::Inbound {
            block.answered()
        } else {
            block.clone()
        };
        note(
            model,
            direction,
            &mut steps,
            &seen,
            station,
            (&name, &outcome),
            [].iter(),
        );
        let judged = model.firewall_at(&route.hop).is_some();
        if direction == Direction::Outbound && judged && crosses_firewall(required, route) {
            at_firewall.push(block);
        }
    }
    if let Some(lines) = &model.firewall_for_clients {
        for (line, block) in path::at_firewall(lines, at_firewall, model) {
            let (name, outcome, ids) = match line {
                Some(line) if line.access == Access::Allow => {
                    (line.name.as_str(), "allow", Some(&line.requirement_ids))
                }
                Some(line) => (line.name.as_str(), "deny", Some(&line.requirement_ids)),
                None => ("no rule", "deny", None),
            };
            let ids = ids.into_iter().flatten();
            note(model, direction, &mut steps, &block, "firewall", (name, outcome), ids);
        }
    }
    Explanation {
        verdict: path::prove(model, required),
        steps,
    }
}

fn crosses_firewall(required: &Required, route: &RouteLine) -> bool {
    let learned = required.flow.passage == Passage::Firewall && required.flow.learned_route && !route.is_own;
    match route.hop {
        Hop::Appliance(_) => required.flow.passage != Passage::Handover,
        Hop::Internet | Hop::PrivateNetwork => learned,
        _ => false,
    }
}

fn note<'i>(
    model: &Model,
    direction: Direction,
    steps: &mut Vec<Step>,
    block: &Block,
    station: &'static str,
    (decided_by, outcome): (&str, &str),
    requirement_ids: impl Iterator<Item = &'i String>,
) {
    let same = |step: &Step| step.station == station && step.decided_by == decided_by;
    if block.presence(&model.world) == Presence::Empty || steps.iter().any(same) {
        return;
    }
    steps.push(Step {
        station,
        decided_by: decided_by.to_owned(),
        outcome: outcome.to_owned(),
        packet: Packet::of(block, direction, &model.world),
        requirement_ids: requirement_ids.cloned().collect(),
    });
}
