//! Several policies on one subnet, made one.
//!
//! Nothing is moved or renamed for another's sake: every rule stands where its workload alone would put it, and two that cannot stand
//! together are an error which proposes a free place. Only what is the same is there once. The order of the policies never matters.

mod conflict;
mod limits;

use std::collections::{BTreeMap, BTreeSet};

pub use self::conflict::Conflict;
use super::Workload;
use crate::network::{
    Access, AddressSide, DefaultRoute, Family, Host, Known, NetworkPolicy, Prefix, Prerequisite, PrerequisiteStatus,
    Protocol, Route, RouteDestination, SecurityRule, SecurityRules,
};

/// A policy with what people call it.
#[derive(Clone, Copy, Debug)]
pub struct Part<'p> {
    /// Unique among the parts: the workload's name where there is one of it.
    pub name: &'p str,
    /// The workload, where the policy is one's: its band of priorities is what a remedy moves.
    pub workload: Option<&'static Workload>,
    /// What it demands.
    pub policy: &'p NetworkPolicy,
}

/// What the parts demand together.
#[derive(Clone, Debug, PartialEq)]
pub struct Composition {
    /// The one policy.
    pub policy: NetworkPolicy,
    /// What each part has in it, by its name.
    pub contributors: BTreeMap<String, Contribution>,
}

/// The names of what one part has in a composition. What several share, each of them has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contribution {
    /// Security rules.
    pub security_rules: BTreeSet<String>,
    /// Routes.
    pub routes: BTreeSet<String>,
    /// Rule collections of either kind.
    pub rule_collections: BTreeSet<String>,
    /// Service endpoints.
    pub service_endpoints: BTreeSet<String>,
    /// Requirements.
    pub requirement_ids: BTreeSet<String>,
}

/// Makes one policy of several, or says what cannot stand together.
pub fn compose(parts: &[Part<'_>]) -> Result<Composition, Vec<Conflict>> {
    // What is decided between two is decided by their names, never by their places in the list.
    let mut parts: Vec<Part<'_>> = parts.to_vec();
    parts.sort_by_key(|part| part.name);
    let mut composer = Composer {
        parts: &parts,
        policy: NetworkPolicy::default(),
        contributors: BTreeMap::new(),
        conflicts: Vec::new(),
    };
    composer.places();
    composer.security_rules();
    composer.counterpart_rules();
    composer.routes();
    composer.collections();
    composer.rest();
    composer.conflicts.extend(limits::exceeded(&parts, &composer.policy));
    if composer.conflicts.is_empty() {
        return Ok(Composition {
            policy: composer.policy,
            contributors: composer.contributors,
        });
    }
    Err(composer.conflicts)
}

struct Composer<'p> {
    parts: &'p [Part<'p>],
    policy: NetworkPolicy,
    contributors: BTreeMap<String, Contribution>,
    conflicts: Vec<Conflict>,
}

impl Composer<'_> {
    fn of(&mut self, part: &str) -> &mut Contribution {
        self.contributors.entry(part.to_owned()).or_default()
    }

    /// The parts stand on one subnet, as far as they say on which. A part whose subnet is not known says its virtual network's spaces, which
    /// hold the subnet of another; so only two of which neither holds the other stand in different places.
    fn places(&mut self) {
        let held = |ones: &BTreeSet<Prefix>, others: &BTreeSet<Prefix>| {
            ones.iter().all(|one| others.iter().any(|other| other.contains(one)))
        };
        for family in [Family::V4, Family::V6] {
            let places: Vec<(&str, BTreeSet<Prefix>)> = self
                .parts
                .iter()
                .map(|part| (part.name, place(part.policy, family)))
                .filter(|(_, prefixes)| !prefixes.is_empty())
                .collect();
            for (position, (one, one_prefixes)) in places.iter().enumerate() {
                for (other, other_prefixes) in places.iter().skip(position + 1) {
                    if held(one_prefixes, other_prefixes) || held(other_prefixes, one_prefixes) {
                        continue;
                    }
                    self.conflicts.push(Conflict::Places {
                        one: (*one).to_owned(),
                        one_prefixes: one_prefixes.clone(),
                        other: (*other).to_owned(),
                        other_prefixes: other_prefixes.clone(),
                    });
                }
            }
        }
    }

    fn security_rules(&mut self) {
        let sets: Vec<_> = self
            .parts
            .iter()
            .map(|part| (*part, &part.policy.security_rules))
            .collect();
        let (rules, owners) = self.united(&sets, None);
        for (part, name) in owners {
            self.of(&part).security_rules.insert(name);
        }
        self.policy.security_rules = rules;
    }

    fn counterpart_rules(&mut self) {
        let roles: BTreeSet<&String> = self
            .parts
            .iter()
            .flat_map(|part| part.policy.counterpart_rules.keys())
            .collect();
        for role in roles {
            let sets: Vec<_> = self
                .parts
                .iter()
                .filter_map(|part| Some((*part, part.policy.counterpart_rules.get(role)?)))
                .collect();
            let (rules, _) = self.united(&sets, Some(role));
            self.policy.counterpart_rules.insert(role.clone(), rules);
        }
    }

    /// The rules of one NSG: the subnet's, or that of a role at the other end; and which part has which rule.
    fn united(
        &mut self,
        sets: &[(Part<'_>, &SecurityRules)],
        role: Option<&str>,
    ) -> (SecurityRules, Vec<(String, String)>) {
        let mut kept: Vec<(SecurityRule, Part<'_>)> = Vec::new();
        let mut places: Vec<(String, usize)> = Vec::new();
        for (part, rules) in sets {
            for rule in rules.values() {
                let Some(place) = kept.iter().position(|(other, _)| says_the_same(other, rule)) else {
                    places.push((part.name.to_owned(), kept.len()));
                    kept.push((rule.clone(), *part));
                    continue;
                };
                places.push((part.name.to_owned(), place));
                let Some((other, _)) = kept.get_mut(place) else {
                    continue;
                };
                // Behind the first of them the others never decide.
                other.priority = other.priority.min(rule.priority);
                if rule.name < other.name {
                    other.name = rule.name.clone();
                }
                if rule.description < other.description {
                    other.description = rule.description.clone();
                }
                other.requirement_ids.extend(rule.requirement_ids.iter().cloned());
            }
        }
        for (index, one) in kept.iter().enumerate() {
            for other in kept.iter().skip(index + 1).filter(|other| meet(&one.0, &other.0)) {
                self.conflicts
                    .push(conflict::of_rules((one.1, &one.0), (other.1, &other.0), sets, role));
            }
        }
        let owners = places
            .into_iter()
            .filter_map(|(part, place)| Some((part, kept.get(place)?.0.name.as_str().to_owned())))
            .collect();
        let rules = kept
            .into_iter()
            .map(|(rule, _)| (rule.name.as_str().to_owned(), rule))
            .collect();
        (rules, owners)
    }

    fn routes(&mut self) {
        let mut kept: Vec<(Route, &str)> = Vec::new();
        let mut places: Vec<(&str, usize)> = Vec::new();
        for part in self.parts {
            for route in part.policy.routes.values() {
                let meets = kept.iter().position(|(other, _)| {
                    other.destination == route.destination
                        || other.name.as_str().eq_ignore_ascii_case(route.name.as_str())
                });
                let Some(place) = meets else {
                    places.push((part.name, kept.len()));
                    kept.push((route.clone(), part.name));
                    continue;
                };
                let Some((other, owner)) = kept.get_mut(place) else {
                    continue;
                };
                if other.destination != route.destination || other.next_hop != route.next_hop {
                    let conflict = Conflict::Routes {
                        one: Box::new(((*owner).to_owned(), other.clone())),
                        other: Box::new((part.name.to_owned(), route.clone())),
                    };
                    self.conflicts.push(conflict);
                    continue;
                }
                if route.name < other.name {
                    other.name = route.name.clone();
                }
                other.requirement_ids.extend(route.requirement_ids.iter().cloned());
                places.push((part.name, place));
            }
        }
        for (part, place) in places {
            if let Some((route, _)) = kept.get(place) {
                let name = route.name.as_str().to_owned();
                self.of(part).routes.insert(name);
            }
        }
        self.policy.routes = kept
            .into_iter()
            .map(|(route, _)| (route.name.as_str().to_owned(), route))
            .collect();
        self.default_route();
        self.route_propagation();
    }

    /// A subnet has one default route. Where both write it down, their routes say whether they agree.
    fn default_route(&mut self) {
        let says: Vec<(&Part<'_>, DefaultRoute)> = self
            .parts
            .iter()
            .filter_map(|part| Some((part, part.policy.default_route?)))
            .collect();
        let Some((one, said)) = says.first().copied() else {
            return;
        };
        let differs = says.iter().find(|(_, other)| other.next_hop != said.next_hop);
        if let Some((other, elsewhere)) = differs.filter(|(other, _)| !(has_default(one) && has_default(other))) {
            self.conflicts.push(Conflict::DefaultRoutes {
                one: (one.name.to_owned(), said.next_hop),
                other: (other.name.to_owned(), elsewhere.next_hop),
            });
        }
        self.policy.default_route = Some(DefaultRoute {
            learned: says.iter().all(|(_, route)| route.learned),
            ..said
        });
    }

    fn route_propagation(&mut self) {
        let mut says = self
            .parts
            .iter()
            .filter_map(|part| Some((part.name, part.policy.bgp_route_propagation_enabled?)));
        let Some((one, wanted)) = says.next() else { return };
        if let Some((other, _)) = says.find(|(_, other)| *other != wanted) {
            self.conflicts.push(Conflict::RoutePropagation {
                one: one.to_owned(),
                wanted,
                other: other.to_owned(),
            });
        }
        self.policy.bgp_route_propagation_enabled = Some(wanted);
    }

    /// Collections of both kinds stand in one group, in which each priority is there once.
    fn collections(&mut self) {
        let mut taken: Vec<(&str, &str, i64)> = Vec::new();
        for part in self.parts {
            let network = &part.policy.network_rule_collections;
            let application = &part.policy.application_rule_collections;
            let all = network.iter().map(|one| (one.name.as_str(), one.priority));
            for (name, priority) in all.chain(application.iter().map(|one| (one.name.as_str(), one.priority))) {
                let known = self
                    .policy
                    .network_rule_collections
                    .iter()
                    .any(|one| network.contains(one) && one.name == name)
                    || self
                        .policy
                        .application_rule_collections
                        .iter()
                        .any(|one| application.contains(one) && one.name == name);
                self.contributors
                    .entry(part.name.to_owned())
                    .or_default()
                    .rule_collections
                    .insert(name.to_owned());
                let meets = taken
                    .iter()
                    .find(|(_, other, place)| other.eq_ignore_ascii_case(name) || *place == priority);
                match meets {
                    Some(_) if known => {}
                    Some((owner, _, place)) if *place != priority => self.conflicts.push(Conflict::CollectionName {
                        one: (*owner).to_owned(),
                        other: part.name.to_owned(),
                        collection: name.to_owned(),
                    }),
                    Some((owner, other, _)) => self.conflicts.push(Conflict::Collections {
                        one: ((*owner).to_owned(), (*other).to_owned()),
                        other: (part.name.to_owned(), name.to_owned()),
                        priority,
                        free: conflict::free_collection_base(self.parts),
                    }),
                    None => taken.push((part.name, name, priority)),
                }
            }
            for one in network.iter().filter(|one| {
                taken
                    .iter()
                    .any(|(owner, name, _)| *owner == part.name && *name == one.name)
            }) {
                self.policy.network_rule_collections.push(one.clone());
            }
            for one in application.iter().filter(|one| {
                taken
                    .iter()
                    .any(|(owner, name, _)| *owner == part.name && *name == one.name)
            }) {
                self.policy.application_rule_collections.push(one.clone());
            }
        }
        self.policy.network_rule_collections.sort_by_key(|one| one.priority);
        self.policy.application_rule_collections.sort_by_key(|one| one.priority);
    }

    /// What is only told, and so can always be told of all.
    fn rest(&mut self) {
        let mut warnings = BTreeSet::new();
        for part in self.parts {
            let policy = part.policy;
            self.policy
                .service_endpoints
                .extend(policy.service_endpoints.iter().copied());
            self.policy
                .requirement_ids
                .extend(policy.requirement_ids.iter().cloned());
            warnings.extend(policy.warnings.iter().cloned());
            let contribution = self.of(part.name);
            let endpoints = policy
                .service_endpoints
                .iter()
                .map(|endpoint| endpoint.as_str().to_owned());
            contribution.service_endpoints.extend(endpoints);
            contribution
                .requirement_ids
                .extend(policy.requirement_ids.iter().cloned());
            for (name, host) in &policy.hosts {
                let merged = match self.policy.hosts.remove(name) {
                    Some(other) => merged_host(other, host),
                    None => host.clone(),
                };
                self.policy.hosts.insert(name.clone(), merged);
            }
            for (id, reason) in &policy.waived {
                let merged = match self.policy.waived.remove(id) {
                    Some(other) => merged_reasons(other, reason),
                    None => reason.clone(),
                };
                self.policy.waived.insert(id.clone(), merged);
            }
            for (id, prerequisite) in &policy.prerequisites {
                let merged = match self.policy.prerequisites.remove(id) {
                    Some(other) => merged_prerequisite(other, prerequisite),
                    None => prerequisite.clone(),
                };
                self.policy.prerequisites.insert(id.clone(), merged);
            }
            for (key, flow) in &policy.flows {
                let key = told_apart(&self.policy.flows, key, flow, part.name);
                self.policy.flows.insert(key, flow.clone());
            }
            for (key, flow) in &policy.on_premises_flows {
                let key = told_apart(&self.policy.on_premises_flows, key, flow, part.name);
                self.policy.on_premises_flows.insert(key, flow.clone());
            }
        }
        self.policy.warnings = warnings.into_iter().collect();
    }
}

/// Whether a default route is among its routes.
fn has_default(part: &Part<'_>) -> bool {
    let mut routes = part.policy.routes.values();
    routes.any(|route| matches!(&route.destination, RouteDestination::Prefix(prefix) if prefix.is_everything()))
}

/// The subnet's prefixes of one family, as far as the flows of a policy say them.
fn place(policy: &NetworkPolicy, family: Family) -> BTreeSet<Prefix> {
    let prefixes = policy.flows.values().filter_map(|flow| match &flow.local {
        AddressSide::Prefixes(prefixes) => Some(prefixes),
        _ => None,
    });
    // A flow of one family, from a subnet whose prefixes nobody says, comes from 0.0.0.0/0.
    let said = |prefix: &&Prefix| prefix.family() == family && !prefix.is_everything();
    prefixes.flatten().filter(said).copied().collect()
}

/// Two workloads may ask for different things by one requirement.
fn told_apart<T: PartialEq>(entries: &BTreeMap<String, T>, key: &str, entry: &T, part: &str) -> String {
    match entries.get(key) {
        Some(other) if other != entry => format!("{key} ({part})"),
        _ => key.to_owned(),
    }
}

/// Whether the rules say the same about the same packets, so that one is enough. Workloads on one subnet share the rules of its
/// isolation, by one name and each in its own band; and documents give one tail deny several names.
fn says_the_same(one: &SecurityRule, other: &SecurityRule) -> bool {
    let tail = one.access == Access::Deny && one.priority == other.priority;
    (same_name(one, other) || tail)
        && (one.direction, one.access, one.protocol) == (other.direction, other.access, other.protocol)
        && one.source == other.source
        && one.destination == other.destination
        && one.source_ports == other.source_ports
        && one.destination_ports == other.destination_ports
}

fn same_name(one: &SecurityRule, other: &SecurityRule) -> bool {
    one.name.as_str().eq_ignore_ascii_case(other.name.as_str())
}

/// An NSG has each name once, and each priority once per direction.
fn meet(one: &SecurityRule, other: &SecurityRule) -> bool {
    same_name(one, other) || (one.direction, one.priority) == (other.direction, other.priority)
}

fn merged_reasons(one: Known<String>, other: &Known<String>) -> Known<String> {
    match (one, other) {
        (Known::Is(one), Known::Is(other)) if one.split("; ").any(|known| known == other) => Known::Is(one),
        (Known::Is(one), Known::Is(other)) => Known::Is(format!("{one}; {other}")),
        _ => Known::NotYet,
    }
}

fn merged_host(one: Host, other: &Host) -> Host {
    // Who talks to it from the subnet comes before the users' browsers.
    let initiator = [&one.initiator, &other.initiator]
        .into_iter()
        .min_by_key(|initiator| (initiator.as_str() == "client", initiator.as_str()))
        .cloned();
    Host {
        protocol: if one.protocol == other.protocol {
            one.protocol
        } else {
            Protocol::Any
        },
        ports: one.ports.union(&other.ports).cloned().collect(),
        initiator: initiator.unwrap_or_default(),
        websocket: one.websocket || other.websocket,
        service_tag: one.service_tag.into_iter().chain(other.service_tag.clone()).min(),
        requirement_ids: one.requirement_ids.union(&other.requirement_ids).cloned().collect(),
        host: one.host,
    }
}

/// What does not hold for one does not hold.
fn merged_prerequisite(one: Prerequisite, other: &Prerequisite) -> Prerequisite {
    let weight = |status: PrerequisiteStatus| match status {
        PrerequisiteStatus::NotSatisfied => 2,
        PrerequisiteStatus::Unknown => 1,
        PrerequisiteStatus::Satisfied => 0,
    };
    if weight(other.status) > weight(one.status) {
        return other.clone();
    }
    one
}
