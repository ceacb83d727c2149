//! Whether something passes that must not.

use super::{
    model::{Model, Required, WayOut},
    order::decide,
    packet::Packet,
    path::at_firewall,
    region::{Block, Match, Presence},
    routes::{Hop, RouteLine},
    verdict::Doubt,
};
use crate::network::{Access, Direction};

/// A packet that passes although it must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The packet.
    pub packet: Packet,
    /// The rule that lets it pass; the last one on the way where there are several groups.
    pub allowed_by: String,
    /// Its priority; `None` for a rule of the firewall, which has its collection's.
    pub priority: Option<u32>,
    /// What would have to be so for such a packet to exist and pass; empty where one surely does.
    pub conditions: Vec<String>,
}

/// Packets that got so far.
#[derive(Clone)]
struct Passing {
    block: Block,
    allowed_by: String,
    priority: Option<u32>,
    /// What would have to be so.
    unsure: Option<String>,
}

/// A packet of the flow that every group, the routes and the firewall let pass, if there is one. A sure one is better than a possible
/// one. An inbound packet has passed when it arrives, whatever becomes of the answer.
pub fn passes(model: &Model, flow: &Required) -> Option<Breach> {
    let direction = flow.flow.direction;
    let mut passing: Vec<Passing> = flow
        .matches
        .iter()
        .map(|rule| Passing {
            block: Match::block(rule),
            allowed_by: String::new(),
            priority: None,
            unsure: None,
        })
        .collect();
    for group in &model.groups {
        let blocks = passing.into_iter().map(|passing| passing.block).collect();
        let (decided, _) = decide(group.lines(direction), blocks, &model.world);
        let allowed = decided.into_iter().filter(|(line, _)| line.access == Access::Allow);
        passing = allowed
            .map(|(line, block)| Passing {
                block,
                allowed_by: line.name.clone(),
                priority: Some(line.priority),
                unsure: None,
            })
            .collect();
    }
    if direction == Direction::Inbound {
        return breach(model, direction, passing);
    }
    let along = |lines: &[RouteLine]| {
        let beyond = passing.iter().flat_map(|one| along_routes(model, lines, one));
        breach(model, direction, beyond.collect())
    };
    let first = along(&model.routes.lines);
    let others = model.routes.others.iter();
    of_orders(first, others.map(|other| (along(&other.lines), &other.doubt)).collect())
}

/// The breach where several orders of the routes are possible: a sure one only where there is a sure one in each.
fn of_orders(first: Option<Breach>, others: Vec<(Option<Breach>, &Doubt)>) -> Option<Breach> {
    if let Some(mut breach) = first {
        if let Some((_, doubt)) = others.iter().find(|(other, _)| other.is_none()) {
            breach.conditions.push(doubt.not.clone());
            return Some(breach);
        }
        if !breach.conditions.is_empty() {
            return Some(breach);
        }
        let unsure = others.into_iter().filter_map(|(other, _)| other);
        return Some(
            unsure
                .into_iter()
                .find(|other| !other.conditions.is_empty())
                .unwrap_or(breach),
        );
    }
    others.into_iter().find_map(|(other, doubt)| {
        let mut breach = other?;
        breach.conditions.push(doubt.so.clone());
        Some(breach)
    })
}

/// What of the packets leaves.
fn along_routes(model: &Model, lines: &[RouteLine], passing: &Passing) -> Vec<Passing> {
    let (routed, _) = decide(lines, vec![passing.block.clone()], &model.world);
    // Which of several ways it takes straight out does not matter: the packets stay together.
    let straight = |route: &RouteLine| match route.hop {
        Hop::Internet => matches!(model.way_out, WayOut::Given | WayOut::NotSaid),
        Hop::VirtualNetwork | Hop::PrivateNetwork | Hop::ServiceEndpoint => true,
        Hop::Nowhere | Hop::Gateway | Hop::Appliance(_) => false,
    };
    let loses = |(route, block): &(&RouteLine, Block)| !route.lost([block], &model.world).is_empty();
    if routed.iter().all(|(route, _)| straight(route)) && !routed.iter().any(loses) {
        return vec![passing.clone()];
    }
    let mut leaving = Vec::new();
    let arriving = routed.into_iter().flat_map(|(route, block)| {
        let blocks = match route.unreached(&model.world) {
            None => vec![block],
            Some(unreached) => block.without(&unreached, &model.world),
        };
        blocks.into_iter().map(move |block| (route, block))
    });
    for (route, block) in arriving {
        let on = |unsure| Passing {
            block: block.clone(),
            unsure,
            ..passing.clone()
        };
        let left_to_others = || Some(format!("{} lets it pass", route.hop.in_words()));
        match (&route.hop, model.firewall_at(&route.hop)) {
            (Hop::Nowhere, _) => {}
            (Hop::Internet, _) if model.way_out == WayOut::Unsure => {
                leaving.push(on(Some(
                    "a machine has a public address or stands behind a load balancer".to_owned(),
                )));
            }
            (Hop::Internet, _) if model.way_out == WayOut::Missing => {}
            (Hop::Internet | Hop::VirtualNetwork | Hop::PrivateNetwork | Hop::ServiceEndpoint, _) => {
                leaving.push(on(None))
            }
            (Hop::Gateway, _) | (Hop::Appliance(_), None) => leaving.push(on(left_to_others())),
            (Hop::Appliance(_), Some(rules)) => {
                let judged = at_firewall(rules, vec![block.clone()], model).into_iter();
                leaving.extend(judged.filter_map(|(line, block)| {
                    let line = line.filter(|line| line.access == Access::Allow)?;
                    Some(Passing {
                        block,
                        allowed_by: line.name.clone(),
                        priority: None,
                        unsure: None,
                    })
                }));
            }
        }
    }
    leaving
}

fn breach(model: &Model, direction: Direction, passing: Vec<Passing>) -> Option<Breach> {
    let mut possible = None;
    for Passing {
        block,
        allowed_by,
        priority,
        unsure,
    } in passing
    {
        let mut conditions = match block.presence(&model.world) {
            Presence::Empty => continue,
            Presence::Real => Vec::new(),
            Presence::If(conditions) => conditions,
        };
        conditions.extend(unsure);
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
