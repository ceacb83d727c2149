//! Every small change of every expansion that makes a difference to one packet is noticed.
//!
//! The oracle says what a change does: it stops a packet that a flow asks for, or lets one pass that none asks for, at the group, at the
//! firewall or past it. The proof has to say so too: a flow that is not proven, an exposure, more baseline. A change that the oracle sees
//! no difference in is equivalent, and counted.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use lockeddown::{
    network::{Direction, Flow, NetworkPolicy, Passage, stable_hash},
    proof::{
        diff::{newly_allowed, newly_denied},
        exposure::{Exposure, Opener, baseline, exposure},
        model::{Given, Model},
        required::allows,
        routes,
        verdict::Verdict,
    },
};

use crate::{
    expansions::every_expansion,
    mutants::{Mutant, Written, mutants},
    oracle::{
        self,
        path::{Around, Hop, Length},
    },
    universe::Universe,
};

/// Of so many mutants the short run looks at one: `cargo xtask test --full` looks at all of them. There are a hundred times as many of
/// security rules as of routes and collections.
fn one_of(kind: &str) -> u64 {
    if kind.starts_with("rule") { 150 } else { 15 }
}

/// What a change does to a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// A flow asks for it, and it no longer passes.
    Stopped,
    /// The group denies it now.
    Closed,
    /// The group lets it pass now, by a rule or by one of Azure's own.
    Opened { by_default: bool },
    /// The firewall lets it pass now, and nobody asks for it.
    OpenedAtFirewall,
    /// It goes straight out now, and nobody asks for a direct way to there.
    PastAppliance,
}

#[derive(Default)]
struct Count {
    caught: BTreeMap<&'static str, usize>,
    equivalent: BTreeMap<&'static str, usize>,
    escaped: Vec<String>,
}

#[test]
fn a_change_that_makes_a_difference_to_one_packet_is_noticed() {
    let everything = std::env::var_os("LOCKEDDOWN_FULL").is_some();
    let mut all: Vec<(String, NetworkPolicy)> = Vec::new();
    every_expansion(|name, policy| all.push((name.to_owned(), policy.clone())));
    let (next, count) = (AtomicUsize::new(0), Mutex::new(Count::default()));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((name, policy)) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let chosen = |mutant: &Mutant| {
                        let label = format!("{name} / {} / {}", mutant.kind, mutant.what);
                        everything || stable_hash(&label).is_multiple_of(one_of(mutant.kind))
                    };
                    for mutant in mutants(policy).into_iter().filter(chosen) {
                        judge(name, policy, &mutant, &count);
                    }
                }
            });
        }
    });
    let Count {
        caught,
        equivalent,
        escaped,
    } = count.into_inner().unwrap();
    let sum = |counts: &BTreeMap<&'static str, usize>| counts.values().sum::<usize>();
    println!(
        "of {} expansions: {} mutants caught, {} equivalent",
        all.len(),
        sum(&caught),
        sum(&equivalent)
    );
    println!("caught {caught:#?}\nequivalent {equivalent:#?}");
    assert!(escaped.is_empty(), "{} escaped\n{}", escaped.len(), escaped.join("\n"));
    for kind in [
        "rule removed",
        "rule first",
        "route removed",
        "network rule removed",
        "application rule removed",
        "collection that denies",
    ] {
        assert!(caught.contains_key(kind), "{kind} makes no difference anywhere");
    }
    assert!(sum(&caught) > 300, "{caught:?}");
}

fn judge(name: &str, policy: &NetworkPolicy, mutant: &Mutant, count: &Mutex<Count>) {
    let universe = Universe::of(policy, &mutant.written.policy);
    let before = Written {
        policy: policy.clone(),
        firewall: None,
    };
    let effects = universe.around(&before, |before| {
        universe.around(&mutant.written, |after| effects(&universe, policy, before, after))
    });
    let label = || format!("{name}: {} {}", mutant.kind, mutant.what);
    let mut unnoticed = Vec::new();
    if !effects.is_empty() {
        let told = Told::of(policy, &mutant.written, &universe);
        for (effect, packet) in &effects {
            if !told.of_effect(*effect, packet) {
                unnoticed.push(format!("{}: {effect:?} {packet}", label()));
            }
        }
    }
    let mut count = count.lock().unwrap();
    if effects.is_empty() {
        *count.equivalent.entry(mutant.kind).or_default() += 1;
    } else if unnoticed.is_empty() {
        *count.caught.entry(mutant.kind).or_default() += 1;
    }
    count.escaped.extend(unnoticed);
}

/// A packet of an effect, and the flow that asks for it where one does.
struct Affected {
    direction: Direction,
    flow: Option<String>,
    told: String,
}

impl std::fmt::Display for Affected {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} of {:?}", self.told, self.flow)
    }
}

/// One packet for each effect and direction that there is.
fn effects(
    universe: &Universe,
    policy: &NetworkPolicy,
    before: &Around<'_>,
    after: &Around<'_>,
) -> Vec<(Effect, Affected)> {
    let mut found: BTreeMap<(Effect, bool), (Effect, Affected)> = BTreeMap::new();
    let judged = policy
        .flows
        .values()
        .any(|flow| matches!(flow.passage, Passage::Firewall | Passage::Handover));
    let same_routes = before.routes == after.routes;
    for meant in universe.packets() {
        let (probe, host) = meant;
        let asking = || policy.flows.iter().filter(|(_, flow)| universe.asks(flow, &meant));
        let mut add = |effect: Effect, flow: Option<&String>| {
            let affected = || Affected {
                direction: probe.direction,
                flow: flow.cloned(),
                told: format!("{probe:?} {host:?}"),
            };
            let key = (effect, probe.direction == Direction::Inbound);
            found.entry(key).or_insert_with(|| (effect, affected()));
        };
        let passes = |around: &Around<'_>| oracle::allows(&around.groups[0], &probe, around.in_tag);
        let (was, is) = (passes(before), passes(after));
        for (key, flow) in asking() {
            if before.serves(flow, &probe, host) && !after.serves(flow, &probe, host) {
                add(Effect::Stopped, Some(key));
            }
        }
        if was && !is {
            add(Effect::Closed, None);
        }
        if !was && is && host.is_none() && asking().next().is_none() {
            let by_default = oracle::deciding(&after.groups[0], &probe, after.in_tag).is_none();
            add(Effect::Opened { by_default }, None);
        }
        if probe.direction == Direction::Inbound {
            continue;
        }
        let nobody = asking().next().is_none();
        if nobody && let (Some(one), Some(other)) = (before.firewall, after.firewall) {
            let opened = !before.firewall_allows(one, &probe, host) && after.firewall_allows(other, &probe, host);
            if opened {
                add(Effect::OpenedAtFirewall, None);
            }
        }
        if judged && !same_routes && is && host.is_none() {
            let straight =
                |around: &Around<'_>| around.next_hop(probe.destination) == (Hop::Internet, Some(Length::Longer));
            let meant_to_go = |flow: &Flow| {
                matches!(flow.passage, Passage::Direct | Passage::ToProxy) && universe.names(flow, probe.destination)
            };
            if straight(after) && !straight(before) && !policy.flows.values().any(meant_to_go) {
                add(Effect::PastAppliance, None);
            }
        }
    }
    found.into_values().collect()
}

/// Everything that the proof says of a mutant.
struct Told {
    not_proven: Vec<String>,
    exposure: Vec<Exposure>,
    baseline: Vec<Exposure>,
    opened: Vec<Direction>,
    closed: Vec<Direction>,
}

impl Told {
    fn of(policy: &NetworkPolicy, written: &Written, universe: &Universe) -> Told {
        let mut given = Given {
            network: universe.network.clone(),
            learned_default: universe.learned.map(|_| routes::Hop::Appliance(None)),
            ..Given::of_policy(&written.policy)
        };
        if let Some(firewall) = &written.firewall {
            given.firewall = Some(firewall.clone());
        }
        let model = Model::new(&given);
        let both = Model::new(&Given {
            groups: vec![
                policy.security_rules.values().collect(),
                written.policy.security_rules.values().collect(),
            ],
            ..given
        });
        let (one, other) = (&both.groups[0], &both.groups[1]);
        let not_proven = allows(&model)
            .into_iter()
            .filter(|finding| finding.verdict != Verdict::Proven);
        let directions = |changes: Vec<lockeddown::proof::diff::Change>| {
            changes.iter().map(|change| change.packet.direction).collect()
        };
        Told {
            not_proven: not_proven.map(|finding| finding.required.key.clone()).collect(),
            exposure: exposure(&model),
            baseline: baseline(&model),
            opened: directions(newly_allowed(one, other, &both.world)),
            closed: directions(newly_denied(one, other, &both.world)),
        }
    }

    fn of_effect(&self, effect: Effect, affected: &Affected) -> bool {
        let openers = |wanted: &dyn Fn(&Opener) -> bool| self.exposure.iter().any(|exposure| wanted(&exposure.by));
        match effect {
            Effect::Stopped => affected.flow.as_ref().is_some_and(|key| self.not_proven.contains(key)),
            Effect::Closed => self.closed.contains(&affected.direction),
            Effect::Opened { by_default } => {
                let seen = |exposure: &Exposure| exposure.packet.direction == affected.direction;
                let said = if by_default { &self.baseline } else { &self.exposure };
                self.opened.contains(&affected.direction) && said.iter().any(seen)
            }
            Effect::OpenedAtFirewall => openers(&|by| matches!(by, Opener::FirewallRule { .. })),
            // The default route led past it, which the flows that it judges say.
            Effect::PastAppliance => openers(&|by| matches!(by, Opener::Route { .. })) || !self.not_proven.is_empty(),
        }
    }
}

/// The names are used by one rule at least: a misspelt kind would count nothing.
#[test]
fn a_route_table_and_a_firewall_have_mutants() {
    let mut kinds = std::collections::BTreeSet::new();
    every_expansion(|name, policy| {
        if name.ends_with("2026-08 / public") {
            kinds.extend(mutants(policy).iter().map(|mutant| mutant.kind));
        }
    });
    assert_eq!(kinds.len(), 38, "{kinds:#?}");
}
