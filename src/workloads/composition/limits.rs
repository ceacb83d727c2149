//! What one NSG and one route table hold, and who asks for how much of it.

use super::{Conflict, Part};
use crate::network::{AddressSide, NetworkPolicy, RouteDestination, SecurityRule, limits::RouteTableLimits};

/// Rules per NSG, and addresses and ranges per side in all of its rules (azure-virtual-network-limits, 2022-12-05).
const RULES: usize = 1000;
const ADDRESSES: usize = 4000;

/// Every limit that the composition exceeds.
pub(super) fn exceeded(parts: &[Part<'_>], policy: &NetworkPolicy) -> Vec<Conflict> {
    let table = RouteTableLimits::newest();
    let addresses = |policy: &NetworkPolicy, side: fn(&SecurityRule) -> &AddressSide| {
        let counts = policy.security_rules.values().map(|rule| match side(rule) {
            AddressSide::Prefixes(prefixes) => prefixes.len(),
            _ => 0,
        });
        counts.sum()
    };
    let sources = |policy: &NetworkPolicy| addresses(policy, |rule| &rule.source);
    let destinations = |policy: &NetworkPolicy| addresses(policy, |rule| &rule.destination);
    let tags = |policy: &NetworkPolicy| {
        let routes = policy.routes.values();
        routes
            .filter(|route| matches!(route.destination, RouteDestination::Tag(_)))
            .count()
    };
    type Count<'c> = &'c dyn Fn(&NetworkPolicy) -> usize;
    let rules: Count<'_> = &|policy| policy.security_rules.len();
    let routes: Count<'_> = &|policy| policy.routes.len();
    let checks: [(&'static str, &str, usize, Count<'_>, &'static str); 5] = [
        (
            "A network security group",
            "rules",
            RULES,
            rules,
            "Use a subnet for each",
        ),
        (
            "A network security group",
            "source addresses",
            ADDRESSES,
            &sources,
            "Name larger prefixes",
        ),
        (
            "A network security group",
            "destination addresses",
            ADDRESSES,
            &destinations,
            "Name larger prefixes",
        ),
        (
            "A route table",
            "routes",
            table.routes,
            routes,
            "Set `route_targets = \"service_tag\"`",
        ),
        (
            "A route table",
            "routes to service tags",
            table.service_tag_routes,
            &tags,
            "Set `route_targets = \"address_prefix\"`",
        ),
    ];
    checks
        .into_iter()
        .filter(|(_, _, limit, count, _)| count(policy) > *limit)
        .map(|(what, unit, limit, count, remedy)| {
            let asked: Vec<String> = parts
                .iter()
                .filter(|part| count(part.policy) > 0)
                .map(|part| format!("{} needs {}", part.name, count(part.policy)))
                .collect();
            Conflict::Limit {
                what,
                limit: format!("{limit} {unit}"),
                total: count(policy),
                contributors: asked.join(", "),
                remedy,
            }
        })
        .collect()
}
