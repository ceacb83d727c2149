//! What cannot stand together, and what to do about it.

use std::collections::BTreeSet;

use super::Part;
use crate::network::{DefaultNextHop, Prefix, Route, SecurityRule, SecurityRules};

/// Two demands that exclude each other, each with the part it comes from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Conflict {
    /// Two rules on one priority.
    #[error(
        "`{one_rule}` of {one} and `{other_rule}` of {other} both stand at priority {priority} {direction}{at}; an NSG has each priority once per \
         direction. {remedy}"
    )]
    Priority {
        /// A part.
        one: String,
        /// Its rule.
        one_rule: String,
        /// The other part.
        other: String,
        /// Its rule.
        other_rule: String,
        /// Where both stand.
        priority: u16,
        /// In which direction.
        direction: &'static str,
        /// At whose NSG, where it is not the subnet's.
        at: String,
        /// What to do.
        remedy: String,
    },
    /// Two that stand on different subnets.
    #[error(
        "{one} stands on {}, {other} on {}; what is composed stands on one subnet. Give both the same `subnet_address_prefixes`, or compose the \
         policies of each subnet apart",
        listed(.one_prefixes), listed(.other_prefixes)
    )]
    Places {
        /// A part.
        one: String,
        /// Its subnet's prefixes.
        one_prefixes: BTreeSet<Prefix>,
        /// The other part.
        other: String,
        /// Its subnet's prefixes.
        other_prefixes: BTreeSet<Prefix>,
    },
    /// Two rules of one name.
    #[error(
        "{one} and {other} both have a rule `{rule}`{at}, and the two differ; Azure compares names without case. Set `name_prefix` of one of them"
    )]
    Name {
        /// A part.
        one: String,
        /// The other part.
        other: String,
        /// The name.
        rule: String,
        /// At whose NSG, where it is not the subnet's.
        at: String,
    },
    /// Two routes for one destination, or of one name.
    #[error("{}", routes(.one, .other))]
    Routes {
        /// A part and its route.
        one: Box<(String, Route)>,
        /// The other part and its route.
        other: Box<(String, Route)>,
    },
    /// The default route leads to two different places.
    #[error("{}", default_routes(.one, .other))]
    DefaultRoutes {
        /// A part and where it says that the default route leads.
        one: (String, DefaultNextHop),
        /// The other part, likewise.
        other: (String, DefaultNextHop),
    },
    /// One takes over the routes of gateways and the other must not.
    #[error(
        "{one} sets `bgp_route_propagation_enabled = {wanted}` and {other} the opposite; a subnet has one route table. Set \
         `egress.bgp_route_propagation_enabled` of both to the same"
    )]
    RoutePropagation {
        /// A part.
        one: String,
        /// What it wants.
        wanted: bool,
        /// The other part.
        other: String,
    },
    /// Two rule collections of one priority, perhaps of one name too.
    #[error(
        "Rule collection `{}` of {} and `{}` of {} meet at priority {priority}{}; a group has each name and priority once. Set \
         `egress.collection_priority_base = {free}` of one of them",
        .one.1, .one.0, .other.1, .other.0,
        if .one.1.eq_ignore_ascii_case(&.other.1) { " and differ under one name, so `name_prefix` must differ too" } else { "" }
    )]
    Collections {
        /// A part and its collection.
        one: (String, String),
        /// The other part and its collection.
        other: (String, String),
        /// The priority of the second.
        priority: i64,
        /// A base that is free.
        free: i64,
    },
    /// Two rule collections of one name, at different priorities.
    #[error(
        "Rule collections `{collection}` of {one} and of {other} have one name and differ; a group has each name once. Set `name_prefix` of one of \
         them"
    )]
    CollectionName {
        /// A part.
        one: String,
        /// The other part.
        other: String,
        /// The name.
        collection: String,
    },
    /// More than Azure takes.
    #[error("{what} holds at most {limit}, and these are {total}: {contributors}. {remedy}")]
    Limit {
        /// The object.
        what: &'static str,
        /// Azure's limit with its unit.
        limit: String,
        /// What is asked for.
        total: usize,
        /// Who asks for how many.
        contributors: String,
        /// What to do.
        remedy: &'static str,
    },
}

impl Conflict {
    /// A few words.
    pub fn summary(&self) -> &'static str {
        match self {
            Conflict::Places { .. } => "Policies of different places",
            Conflict::Priority { .. } => "Priority taken",
            Conflict::Name { .. } => "Rule name taken",
            Conflict::Routes { .. } => "Conflicting routes",
            Conflict::DefaultRoutes { .. } => "Conflicting default routes",
            Conflict::RoutePropagation { .. } => "Conflicting route propagation",
            Conflict::Collections { .. } | Conflict::CollectionName { .. } => "Conflicting rule collections",
            Conflict::Limit { .. } => "Too many",
        }
    }
}

fn listed(prefixes: &BTreeSet<Prefix>) -> String {
    let quoted: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    quoted.join(", ")
}

fn default_routes(one: &(String, DefaultNextHop), other: &(String, DefaultNextHop)) -> String {
    let told = |hop: DefaultNextHop| match hop {
        DefaultNextHop::Internet => "straight out (`Internet`)",
        DefaultNextHop::VirtualAppliance => "to a firewall (`VirtualAppliance`)",
        DefaultNextHop::VirtualNetworkGateway => "to a gateway (`VirtualNetworkGateway`)",
    };
    format!(
        "By the arguments of {} the default route of the subnet leads {}, by those of {} {}; a subnet has one default route. Let both say the same: \
         `egress.type = \"service_tags\"` is `Internet`, `\"firewall\"` is `VirtualAppliance`, `\"forced_tunnel\"` is `VirtualNetworkGateway`, and where \
         there is no `egress`, `default_route_next_hop_type` says it",
        one.0,
        told(one.1),
        other.0,
        told(other.1)
    )
}

fn routes(one: &(String, Route), other: &(String, Route)) -> String {
    let told = |(part, route): &(String, Route)| {
        let hop = match &route.next_hop {
            crate::network::NextHop::VirtualAppliance(address) => match address.get() {
                Some(address) => format!("VirtualAppliance `{address}`"),
                None => "VirtualAppliance".to_owned(),
            },
            hop => hop.as_str().to_owned(),
        };
        format!("{part} routes `{}` to {hop} (`{}`)", route.destination, route.name)
    };
    let reason = if one.1.destination == other.1.destination {
        "a route table has each destination once. Let both have the same next hop, or waive the requirement of one"
    } else {
        "a route table has each name once. Set `name_prefix` of one of them"
    };
    format!("{} and {}; {reason}", told(one), told(other))
}

/// The conflict of two rules that meet.
pub(super) fn of_rules(
    (one, one_rule): (Part<'_>, &SecurityRule),
    (other, other_rule): (Part<'_>, &SecurityRule),
    sets: &[(Part<'_>, &SecurityRules)],
    role: Option<&str>,
) -> Conflict {
    let at = role.map_or_else(String::new, |role| format!(" of `counterpart_rules[\"{role}\"]`"));
    if one_rule.name.as_str().eq_ignore_ascii_case(other_rule.name.as_str()) {
        return Conflict::Name {
            one: one.name.to_owned(),
            other: other.name.to_owned(),
            rule: other_rule.name.to_string(),
            at,
        };
    }
    let remedy = match other_rule.priority.get() {
        4000.. => {
            let free = free_deny(sets);
            format!(
                "Give both the same `subnet_address_prefixes`, so that they are one rule, or set `deny_priority = {free}` of one"
            )
        }
        _ if other_rule.requirement_ids.is_empty() || one_rule.requirement_ids.is_empty() => {
            "Give the extra rule another `priority`".to_owned()
        }
        _ => remedy_by_base(one, other, sets),
    };
    Conflict::Priority {
        one: one.name.to_owned(),
        one_rule: one_rule.name.to_string(),
        other: other.name.to_owned(),
        other_rule: other_rule.name.to_string(),
        priority: other_rule.priority.get(),
        direction: other_rule.direction.as_str(),
        at,
        remedy,
    }
}

/// A base for one of the two from which its whole band is free of the others' rules.
fn remedy_by_base(one: Part<'_>, other: Part<'_>, sets: &[(Part<'_>, &SecurityRules)]) -> String {
    for part in [other, one] {
        let Some(workload) = part.workload else { continue };
        let width = workload.band_width();
        let taken: Vec<i64> = sets
            .iter()
            .filter(|(set, _)| set.name != part.name)
            .flat_map(|(_, rules)| rules.values().map(|rule| i64::from(rule.priority.get())))
            .collect();
        let free = |base: &i64| !taken.iter().any(|place| (*base..*base + width).contains(place));
        if let Some(base) = (100..=4000 - width).step_by(100).find(free) {
            return format!("Set `priority_base = {base}` of {}: its band is free there", part.name);
        }
    }
    "Move one of them with `priority_base`".to_owned()
}

/// A priority whose tail denies (IPv4 at it and behind, IPv6 eight behind) meet nobody's.
fn free_deny(sets: &[(Part<'_>, &SecurityRules)]) -> i64 {
    let taken: Vec<i64> = sets
        .iter()
        .flat_map(|(_, rules)| rules.values().map(|rule| i64::from(rule.priority.get())))
        .collect();
    (4016..=4080)
        .step_by(16)
        .find(|base| !taken.iter().any(|place| (*base..*base + 16).contains(place)))
        .unwrap_or(4080)
}

/// A base from which a workload's two collections meet nobody's.
pub(super) fn free_collection_base(parts: &[Part<'_>]) -> i64 {
    let network = parts.iter().flat_map(|part| &part.policy.network_rule_collections);
    let application = parts.iter().flat_map(|part| &part.policy.application_rule_collections);
    let taken: Vec<i64> = network
        .map(|one| one.priority)
        .chain(application.map(|one| one.priority))
        .collect();
    (1000..64_900)
        .step_by(200)
        .find(|base| !taken.contains(base) && !taken.contains(&(base + 100)))
        .unwrap_or(1000)
}
