//! What Microsoft announces a service tag for. In China many are announced for security rules alone, elsewhere the regional forms of a few, and a
//! route or a rule of a firewall that names one may be refused.

use std::collections::BTreeSet;

use super::{scene::Scene, shared::SERVICE_TAG_FEATURES};
use crate::{
    network::{NetworkPolicy, NetworkRuleDestination, RouteDestination, ServiceTag},
    service_tags::known,
};

/// One warning for all tags that stand where they are not announced.
pub(super) fn warn(scene: &Scene<'_>, policy: &NetworkPolicy) {
    let rules = policy.network_rule_collections.iter().flat_map(|all| &all.rules);
    let of_rules = rules.filter_map(|rule| match &rule.destination {
        NetworkRuleDestination::Tag(tag) => Some(tag),
        NetworkRuleDestination::Addresses(_) | NetworkRuleDestination::Hosts(_) => None,
    });
    let of_routes = policy.routes.values().filter_map(|route| match &route.destination {
        RouteDestination::Tag(tag) => Some(tag),
        RouteDestination::Prefix(_) => None,
    });
    let cloud = scene.shared.environment;
    let waived = scene.shared.waived.contains_key(SERVICE_TAG_FEATURES);
    let unannounced = |tag: &&ServiceTag| known::is_for_security_rules_only(tag.as_str(), cloud);
    let in_rules: BTreeSet<&ServiceTag> = of_rules.filter(unannounced).collect();
    let in_routes: BTreeSet<&ServiceTag> = of_routes.filter(unannounced).collect();
    let (who, otherwise) = match (in_rules.is_empty(), in_routes.is_empty()) {
        _ if waived => return,
        (true, true) => return,
        // Who makes routes to tags can make them to addresses; a firewall's rules have no such choice.
        (true, false) => (
            "routes",
            "Let the routes name addresses (`route_targets = \"address_prefix\"`), or try",
        ),
        (false, true) => ("firewall rules", "Try"),
        (false, false) => ("routes and firewall rules", "Try"),
    };
    let named: Vec<String> = in_rules.union(&in_routes).map(|tag| format!("`{tag}`")).collect();
    let detail = format!(
        "In `{cloud}` Microsoft's list of service tags announces {} for security rules only, and {who} name them here. {otherwise} it before you \
         rely on it, and waive {SERVICE_TAG_FEATURES} with a reason.",
        named.join(", ")
    );
    let path = scene.inputs.path("environment");
    scene
        .inputs
        .findings()
        .warning(path, "Service tags for security rules only", detail);
}
