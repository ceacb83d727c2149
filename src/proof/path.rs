//! The way of a flow: every group on it, the route it takes, what stands at the next hop, and the way its answers take.

use super::{
    addresses::{self, AddressSet},
    firewall::FirewallLine,
    model::{Model, Required, WayOut},
    nearly::nearly,
    nsg::Nsg,
    order::decide,
    packet::Packet,
    region::{Block, Match, Place, Presence, Side, remainder},
    routes::{Hop, RouteLine},
    verdict::{Cause, Obstacle, Verdict},
};
use crate::network::{Access, Direction, FlowPeer, Passage, ServiceTag};

/// Something that may stop packets of a flow.
struct Stopped {
    block: Block,
    cause: Cause,
    /// What stands there is not known, so it may let them pass.
    unsure: Option<String>,
}

/// Whether every packet of the flow passes.
pub fn prove(model: &Model, required: &Required) -> Verdict {
    match required.flow.passage {
        // What no egress can express was said when it was expanded.
        Passage::Closed => return Verdict::Proven,
        Passage::Proxy => return by_proxy(model, required),
        _ => {}
    }
    let mut stopped = Vec::new();
    let passing = through_groups(model, required, &mut stopped);
    let along = |routes: &[RouteLine]| {
        let mut beyond = Vec::new();
        match required.flow.direction {
            Direction::Outbound => along_routes(model, routes, required, passing.clone(), &mut beyond),
            // What the appliance itself hands over goes back to it.
            Direction::Inbound if required.flow.passage == Passage::Handover => {}
            Direction::Inbound => way_back(model, routes, required, passing.clone(), &mut beyond),
        }
        judge(model, required, beyond)
    };
    let at_groups = judge(model, required, stopped);
    if matches!(at_groups, Verdict::Refuted(_)) {
        return at_groups;
    }
    let others = model.routes.others.iter();
    let others = others.map(|other| (along(&other.lines), &other.doubt)).collect();
    at_groups.and(Verdict::of_orders(along(&model.routes.lines), others))
}

/// The way to the proxy is a flow of its own, with a verdict of its own; without it nobody carries this one, unless nothing stands in the way of
/// any proxy.
fn by_proxy(model: &Model, required: &Required) -> Verdict {
    let is_open = |group: &Nsg| {
        let mut lines = group.lines(required.flow.direction).iter();
        lines.all(|line| line.access == Access::Allow || line.is_default())
    };
    if model.groups.iter().all(is_open) && !model.routes.lines.iter().any(|route| route.is_own) {
        return Verdict::Proven;
    }
    let from = |rule: &Match| Match {
        source: rule.source.clone(),
        ..Match::to(Side::Any)
    };
    let to_proxy: Vec<Match> = model
        .required
        .iter()
        .filter(|other| other.flow.passage == Passage::ToProxy && other.flow.direction == required.flow.direction)
        .flat_map(|other| other.matches.iter().map(from))
        .collect();
    let all = required.matches.iter().map(Match::block).collect();
    let left = remainder(all, &to_proxy, &model.world);
    let stopped = left.into_iter().map(|block| Stopped {
        block,
        cause: Cause::NoWayToProxy,
        unsure: None,
    });
    judge(model, required, stopped.collect())
}

/// What every group lets pass.
fn through_groups(model: &Model, required: &Required, stopped: &mut Vec<Stopped>) -> Vec<Block> {
    let direction = required.flow.direction;
    let mut passing: Vec<Block> = required.matches.iter().map(Match::block).collect();
    for (position, group) in model.groups.iter().enumerate() {
        let (decided, _) = decide(group.lines(direction), passing.clone(), &model.world);
        let denied: Vec<_> = decided
            .iter()
            .filter(|(line, block)| line.access == Access::Deny && block.presence(&model.world) != Presence::Empty)
            .collect();
        if denied.is_empty() {
            // Who of several rules lets which packet pass does not matter from here on: the set stays whole.
            continue;
        }
        stopped.extend(denied.into_iter().map(|(line, block)| Stopped {
            block: block.clone(),
            unsure: None,
            cause: Cause::Rule {
                group: position,
                name: line.name.clone(),
                priority: line.priority,
                requirement_ids: line.requirement_ids.clone(),
            },
        }));
        let allowed = decided.into_iter().filter(|(line, _)| line.access == Access::Allow);
        passing = allowed.map(|(_, block)| block).collect();
    }
    passing
}

/// Where outbound packets go, and who decides there.
fn along_routes(
    model: &Model,
    routes: &[RouteLine],
    required: &Required,
    passing: Vec<Block>,
    stopped: &mut Vec<Stopped>,
) {
    let passage = required.flow.passage;
    let wants_an_appliance = matches!(passage, Passage::Firewall | Passage::Handover);
    let (routed, _) = decide(routes, passing, &model.world);
    for (route, block) in routed {
        stopped.extend(lost(model, route, &block).map(|(block, cause)| Stopped {
            block,
            unsure: None,
            cause,
        }));
        match &route.hop {
            // No route of the subnet leads to the appliance: where one is learned it is there all the same. A route of one's own to the
            // internet is a way past it that was meant, unless it is the default route.
            Hop::Internet | Hop::PrivateNetwork if wants_an_appliance && (!route.is_own || route.is_default) => {
                if !required.flow.learned_route || route.is_own {
                    stopped.push(Stopped {
                        block,
                        unsure: None,
                        cause: Cause::PastAppliance {
                            hop: route.hop.in_words(),
                        },
                    });
                } else if passage == Passage::Firewall {
                    through_firewall(model, route, required, block, stopped);
                }
            }
            Hop::VirtualNetwork | Hop::PrivateNetwork | Hop::ServiceEndpoint => {}
            Hop::Nowhere => stopped.push(Stopped {
                block,
                unsure: None,
                cause: Cause::Dropped {
                    route: route.name.clone(),
                    destination: route.destination.clone(),
                },
            }),
            Hop::Internet if model.way_out == WayOut::Missing => stopped.push(Stopped {
                block,
                unsure: None,
                cause: Cause::NoWayOut,
            }),
            Hop::Internet if model.way_out == WayOut::Unsure => stopped.push(Stopped {
                block,
                unsure: Some("no machine has a public address or stands behind a load balancer".to_owned()),
                cause: Cause::NoWayOut,
            }),
            Hop::Internet => {}
            Hop::Appliance(_) | Hop::Gateway if passage == Passage::Handover => {}
            Hop::Appliance(_) => through_firewall(model, route, required, block, stopped),
            Hop::Gateway => elsewhere(route, block, stopped),
        }
    }
}

/// What a route sends to where nobody has it.
fn lost<'r>(model: &Model, route: &'r RouteLine, block: &Block) -> impl Iterator<Item = (Block, Cause)> + use<'r> {
    route.lost([block], &model.world).into_iter().map(|block| {
        let cause = Cause::Lost {
            route: route.name.clone(),
            destination: route.destination.clone(),
            inside: route.hop == Hop::VirtualNetwork,
        };
        (block, cause)
    })
}

fn elsewhere(route: &RouteLine, block: Block, stopped: &mut Vec<Stopped>) {
    stopped.push(Stopped {
        block,
        unsure: Some(format!("{} does not let it pass", route.hop.in_words())),
        cause: Cause::LedElsewhere {
            route: route.name.clone(),
            destination: route.destination.clone(),
            hop: route.hop.in_words(),
        },
    });
}

fn through_firewall(model: &Model, route: &RouteLine, required: &Required, block: Block, stopped: &mut Vec<Stopped>) {
    let Some(lines) = model.firewall_for_clients_at(&route.hop) else {
        elsewhere(route, block, stopped);
        return;
    };
    for (line, block) in at_firewall(lines, vec![block], model) {
        let cause = match line {
            Some(line) if line.access == Access::Allow => continue,
            Some(line) => Cause::FirewallRule {
                collection: line.collection.clone(),
                name: line.name.clone(),
            },
            None => Cause::NoFirewallRule,
        };
        let unsure = match (line, &required.flow.peer) {
            (None, FlowPeer::Tag(tag)) if by_its_hosts(model, tag, lines, &block) => {
                Some(format!("`{tag}` is needed beyond the hosts that are required of it"))
            }
            _ => None,
        };
        stopped.push(Stopped { block, unsure, cause });
    }
}

/// Documents give many a destination twice: as a tag, for whoever knows addresses, and as hosts, for whoever knows names. A firewall that lets
/// pass every host of the tag at the packets' ports does what they ask for, as far as they say everything.
fn by_its_hosts(model: &Model, tag: &ServiceTag, lines: &[FirewallLine], block: &Block) -> bool {
    let is_of_tag = |cover: &ServiceTag| {
        let (cover, tag) = (cover.as_str().to_lowercase(), tag.as_str().to_lowercase());
        let regional = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('.'));
        cover == tag || regional(&cover, &tag) || regional(&tag, &cover)
    };
    let is_host = |other: &&Required| {
        let covered = matches!(&other.flow.peer, FlowPeer::Host { covered_by: Some(cover), .. } if is_of_tag(cover));
        covered && other.flow.direction == Direction::Outbound && other.flow.passage == Passage::Firewall
    };
    let hosts: Vec<&Match> = model
        .required
        .iter()
        .filter(is_host)
        .flat_map(|host| &host.matches)
        .collect();
    let to_anybody = Block {
        destination: Place::of(&Side::Any),
        ..block.clone()
    };
    let is_lost = |(line, block): (Option<&FirewallLine>, Block)| {
        line.is_none_or(|line| line.access == Access::Deny) && block.presence(&model.world) != Presence::Empty
    };
    let asked = hosts
        .iter()
        .filter_map(|host| to_anybody.and(host, &model.world))
        .collect();
    if at_firewall(lines, asked, model).into_iter().any(is_lost) {
        return false;
    }
    // At other ports no host is required.
    let at_their_ports: Vec<Match> = hosts
        .iter()
        .map(|host| Match {
            destination: Side::Any,
            ..(*host).clone()
        })
        .collect();
    remainder(vec![to_anybody], &at_their_ports, &model.world).is_empty()
}

/// Which rule of the firewall decides; none is a denial.
pub(super) fn at_firewall<'l>(
    lines: &'l [FirewallLine],
    blocks: Vec<Block>,
    model: &Model,
) -> Vec<(Option<&'l FirewallLine>, Block)> {
    let (decided, open) = decide(lines, blocks, &model.world);
    let mut all: Vec<_> = decided.into_iter().map(|(line, block)| (Some(line), block)).collect();
    all.extend(open.into_iter().map(|block| (None, block)));
    all
}

/// "0.0.0.0/0 … inbound from internet breaks for VMs with a public address": whoever connects from a public address gets the answers
/// back only straight. Answers that a route drops reach nobody. A learned default route takes them as one of the subnet's own does.
fn way_back(model: &Model, routes: &[RouteLine], required: &Required, passing: Vec<Block>, stopped: &mut Vec<Stopped>) {
    let mut answers: Vec<Block> = passing.iter().map(Block::answered).collect();
    if !required.flow.callers.is_empty() {
        let callers = Match::to(Side::Set(addresses::of_prefixes(&required.flow.callers)));
        answers = answers
            .iter()
            .filter_map(|block| block.and(&callers, &model.world))
            .collect();
    }
    let (routed, _) = decide(routes, answers, &model.world);
    for (route, block) in routed {
        stopped.extend(lost(model, route, &block).map(|(block, cause)| Stopped {
            block: block.answered(),
            unsure: None,
            cause,
        }));
        if required.flow.learned_route && !route.is_own && route.hop == Hop::Internet {
            stopped.extend(back_by_a_learned_route(model, &block));
            continue;
        }
        let is_public = block.destination.reach(&model.world).meets(addresses::public());
        let cause = match route.hop {
            Hop::Nowhere => Cause::Unanswered {
                route: route.name.clone(),
                destination: route.destination.clone(),
            },
            Hop::Appliance(_) | Hop::Gateway if is_public => Cause::Asymmetric {
                route: route.name.clone(),
                destination: route.destination.clone(),
                hop: route.hop.in_words(),
            },
            _ => continue,
        };
        stopped.push(Stopped {
            block: block.answered(),
            unsure: None,
            cause,
        });
    }
}

/// Where the default route is learned the system's own never decides. That what is learned is 0.0.0.0/0 is sure, of ::/0 nobody says it.
fn back_by_a_learned_route(model: &Model, answers: &Block) -> Vec<Stopped> {
    let families = [
        (addresses::every_ipv4().clone(), None),
        (
            addresses::every_ipv4().complement(),
            Some("the learned default route is one for IPv6 too".to_owned()),
        ),
    ];
    let of_family = |(family, unsure): (AddressSet, Option<String>)| {
        let public = Match::to(Side::Set(addresses::public().and(&family)));
        let block = answers.and(&public, &model.world)?;
        Some(Stopped {
            block: block.answered(),
            unsure,
            cause: Cause::Asymmetric {
                route: "learned".to_owned(),
                destination: "the default route".to_owned(),
                hop: "a gateway or an appliance".to_owned(),
            },
        })
    };
    families.into_iter().filter_map(of_family).collect()
}

fn judge(model: &Model, required: &Required, stopped: Vec<Stopped>) -> Verdict {
    let mut verdict = Verdict::Proven;
    for Stopped { block, cause, unsure } in stopped {
        let mut conditions = match block.presence(&model.world) {
            Presence::Empty => continue,
            Presence::Real => Vec::new(),
            Presence::If(conditions) => conditions,
        };
        conditions.extend(unsure);
        let obstacle = Obstacle {
            packet: Packet::of(&block, required.flow.direction, &model.world),
            nearly: match &cause {
                Cause::Rule { group, .. } => nearly(model, required, *group),
                _ => None,
            },
            cause,
        };
        let found = if conditions.is_empty() {
            Verdict::Refuted(obstacle)
        } else {
            Verdict::DependsOn { conditions, obstacle }
        };
        verdict = verdict.and(found);
        if matches!(verdict, Verdict::Refuted(_)) {
            break;
        }
    }
    verdict
}
