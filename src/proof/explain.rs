//! Why a flow passes or not: who decides about it, station by station.

use super::{
    model::{Model, Required},
    order::decide,
    packet::Packet,
    path,
    region::{Block, Match, Presence},
    verdict::Verdict,
};
use crate::network::{Access, Direction};

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
    /// Where: `network_security_group`, `route` or `firewall`.
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
    if direction == Direction::Outbound {
        let (routed, _) = decide(&model.routes, passing.clone(), &model.world);
        for (route, block) in routed {
            let name = format!("{} ({})", route.name, route.destination);
            note(
                model,
                direction,
                &mut steps,
                &block,
                "route",
                (&name, &route.hop.in_words()),
                [].iter(),
            );
        }
        if let Some(lines) = model.firewall.as_ref().filter(|_| crosses_firewall(model, required)) {
            for (line, block) in path::at_firewall(lines, passing, model) {
                match line {
                    Some(line) => {
                        let outcome = if line.access == Access::Allow { "allow" } else { "deny" };
                        let ids = line.requirement_ids.iter();
                        note(
                            model,
                            direction,
                            &mut steps,
                            &block,
                            "firewall",
                            (&line.name, outcome),
                            ids,
                        );
                    }
                    None => note(
                        model,
                        direction,
                        &mut steps,
                        &block,
                        "firewall",
                        ("no rule", "deny"),
                        [].iter(),
                    ),
                }
            }
        }
    }
    Explanation {
        verdict: path::prove(model, required),
        steps,
    }
}

fn crosses_firewall(model: &Model, required: &Required) -> bool {
    required.flow.passage == crate::network::Passage::Firewall
        || model
            .routes
            .iter()
            .any(|route| matches!(route.hop, super::routes::Hop::Appliance(_)))
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
