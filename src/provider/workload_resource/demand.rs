//! What a resource demands of Azure: its workload expanded for the place where the rules go.
//!
//! In a group, table or firewall of the resource's own the documented names stand. Among the entries of others each name begins with
//! the resource's, by which it knows its own again, and each rule is about the resource's subnet only.

use std::collections::BTreeMap;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{
    WorkloadResource,
    arguments::{ADDRESS_PREFIXES, Reach},
    source::Demanded,
    targets::{self, FirewallTarget, Target},
};
use crate::{
    network::{AddressSide, Direction, Known, NetworkPolicy, PrerequisiteStatus, RuleName, SecurityRule},
    workloads::{Defaults, Surroundings},
};

/// Which of the places are shared with others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shared {
    pub(super) group: bool,
    pub(super) table: bool,
    pub(super) firewall: bool,
}

impl Shared {
    /// What the configuration, or a plan made from it, says. What is given but not known yet counts as given.
    pub(super) fn of(object: &Value) -> Shared {
        let given = |name: &str| !object.attribute(name).is_null();
        Shared {
            group: given("network_security_group_id") && !given("network_security_group_name"),
            table: given("route_table_id") && !given("route_table_name"),
            firewall: given("firewall_id") || given("rule_collection_group_id") && !given("rule_collection_group_name"),
        }
    }
}

/// What came of a demand.
#[derive(Debug)]
pub(super) enum Demand {
    /// All of it.
    Known(Box<Demanded>),
    /// Something that decides which rules there are is not known yet, or an error was reported.
    Unknown,
}

/// Checks a configuration before the provider is configured.
pub(super) fn validate(resource: &WorkloadResource, config: &Value, diagnostics: &mut Diagnostics) {
    let shared = Shared::of(config);
    let surroundings = surroundings(resource, config, shared, Defaults::default());
    resource
        .source
        .validate(&scoped(config, shared), &surroundings, diagnostics);
}

/// Expands an object whose places are settled.
pub(super) fn demand(
    resource: &WorkloadResource,
    defaults: Defaults,
    object: &Value,
    shared: Shared,
    diagnostics: &mut Diagnostics,
) -> Demand {
    let surroundings = surroundings(resource, object, shared, defaults);
    let demanded = resource
        .source
        .demand(&scoped(object, shared), &surroundings, diagnostics);
    let Some(mut demanded) = demanded else {
        return Demand::Unknown;
    };
    if shared.group {
        refuse_rules_about_everybody(&demanded.policy, diagnostics);
    }
    let Value::String(name) = object.attribute("name") else {
        return if shared == Shared::default() {
            Demand::Known(Box::new(demanded))
        } else {
            Demand::Unknown
        };
    };
    if let Err(refused) = name_apart(&mut demanded.policy, shared, name) {
        let detail = format!(
            "Among the rules of others every name begins with `{name}-`, and {refused}. Choose a shorter `name`."
        );
        diagnostics.error_at(Path::attribute("name"), "Name too long", detail);
        return Demand::Unknown;
    }
    Demand::Known(Box::new(demanded))
}

/// In a group of others a rule with `*` on the subnet's side would be about every subnet that has the group.
fn refuse_rules_about_everybody(policy: &NetworkPolicy, diagnostics: &mut Diagnostics) {
    let local = |rule: &SecurityRule| match rule.direction {
        Direction::Inbound => rule.destination == AddressSide::Any,
        Direction::Outbound => rule.source == AddressSide::Any,
    };
    if let Some(rule) = policy.security_rules.values().find(|rule| local(rule)) {
        let detail = format!(
            "The rule `{}` has `*` on the subnet's side, which in a network security group of others is every subnet that has it. Say with \
             `subnet_address_prefixes` (in `extra_rules`: with the rule's own prefixes) what it is about.",
            rule.name
        );
        diagnostics.error_at(
            Path::attribute("network_security_group_id"),
            "A rule about everybody",
            detail,
        );
    }
}

/// Puts what is demanded into the outputs of an object.
pub(super) fn show(demanded: &Demanded, object: &mut Value) {
    for (name, value) in demanded.shown() {
        object.set_attribute(name, value);
    }
}

/// The outputs are not known yet: all of them, never some.
pub(super) fn forget(resource: &WorkloadResource, object: &mut Value) {
    for (name, _) in resource.source.outputs() {
        object.set_attribute(name, Value::UNKNOWN);
    }
}

/// What `isolation` is where nobody says: whoever shares a group closes nothing unasked.
pub(super) fn default_isolation(shared: Shared) -> &'static str {
    if shared.group { "none" } else { "internet" }
}

/// The arguments as the expansion gets them. Where a group is shared, the local side of every rule is the subnet.
fn scoped(object: &Value, shared: Shared) -> Value {
    let mut values = object.clone();
    if values.attribute("isolation").is_null() {
        values.set_attribute("isolation", default_isolation(shared).into());
    }
    if shared.group && targets::is_born(object) && values.attribute("subnet_address_prefixes").is_null() {
        values.set_attribute("subnet_address_prefixes", object.attribute("address_prefixes").clone());
    }
    values
}

/// What the resource says of the subnet beyond the workload's arguments.
fn surroundings(resource: &WorkloadResource, object: &Value, shared: Shared, defaults: Defaults) -> Surroundings {
    if resource.reach() == Reach::Firewall {
        return Surroundings::none(defaults);
    }
    let given = |name: &str| !object.attribute(name).is_null();
    // What is not known yet is given the benefit of the doubt; see `without_way_out`.
    let outbound = object.attribute("default_outbound_access_enabled");
    let outbound = outbound.is_unknown() || outbound.as_bool() == Some(true);
    let way_out = if given("nat_gateway_id") || outbound {
        PrerequisiteStatus::Satisfied
    } else if shared.table || !targets::is_born(object) {
        PrerequisiteStatus::Unknown
    } else {
        PrerequisiteStatus::NotSatisfied
    };
    // The subnet is known, unknown, or (an error reported elsewhere) no id at all.
    let path = targets::subnet_path(object).map_or(Known::NotYet, Known::Is);
    Surroundings {
        subnet_path: Some(path),
        defaults,
        subnet_argument: Some(&ADDRESS_PREFIXES),
        way_out,
    }
}

/// An object whose way out is not known yet, as it is should there be none.
pub(super) fn without_way_out(object: &Value) -> Option<Value> {
    let mut closed = object.clone();
    for (name, none) in [
        ("nat_gateway_id", Value::Null),
        ("default_outbound_access_enabled", Value::from(false)),
    ] {
        if object.attribute(name).is_unknown() {
            closed.set_attribute(name, none);
        }
    }
    (&closed != object).then_some(closed)
}

/// Where collections can go.
const PLACES: [&str; 3] = ["firewall_policy_id", "rule_collection_group_id", "firewall_id"];

/// The collections of a policy without a place for them: worth a warning, since the firewall stays closed until somebody opens it.
pub(super) fn warn_of_homeless_collections(policy: &NetworkPolicy, object: &Value, diagnostics: &mut Diagnostics) {
    let needed = !policy.network_rule_collections.is_empty() || !policy.application_rule_collections.is_empty();
    if needed && PLACES.iter().all(|place| object.attribute(place).is_null()) {
        let detail = "The firewall must let through what `network_rule_collections` and `application_rule_collections` say. Nobody applies them \
                      here: set `firewall_policy_id`, `rule_collection_group_id` or `firewall_id`, or hand them to whoever runs the firewall.";
        diagnostics.warning_at(
            Path::attribute("firewall_policy_id"),
            "Firewall rules are only shown",
            detail,
        );
    }
}

/// A place for collections where there are none: whoever names it believes that the firewall opens.
pub(super) fn warn_of_idle_places(policy: &NetworkPolicy, object: &Value, diagnostics: &mut Diagnostics) {
    if !policy.network_rule_collections.is_empty() || !policy.application_rule_collections.is_empty() {
        return;
    }
    for place in PLACES.into_iter().filter(|place| !object.attribute(place).is_null()) {
        let detail = format!(
            "`{place}` is set, but there is no rule collection to write there: only what is expanded with `egress.type = \"firewall\"` has any. Leave \
             it out, or let `egress` go through the firewall."
        );
        diagnostics.warning_at(Path::attribute(place), "Argument without effect", detail);
    }
}

/// What a classic firewall cannot express (azureFirewalls: application rules have no URLs).
pub(super) fn refuse_urls_on_a_classic_firewall(demanded: &Demanded, object: &Value, diagnostics: &mut Diagnostics) {
    let urls = demanded
        .policy
        .application_rule_collections
        .iter()
        .flat_map(|collection| &collection.rules)
        .find(|rule| matches!(rule.destination, crate::network::ApplicationRuleDestination::Urls(_)));
    if let (Some(rule), Target::Is(FirewallTarget::Classic(id))) = (urls, targets::firewall(object)) {
        let detail = format!(
            "The rule `{}` matches URLs, which only a firewall policy can express, but `firewall_id` is `{id}`. Leave \
             `egress.tls_inspection_enabled` out.",
            rule.name
        );
        diagnostics.error_at(
            Path::attribute("firewall_id"),
            "Not on a firewall without a policy",
            detail,
        );
    }
}

/// Puts the resource's name before the names of everything that stands among others'.
fn name_apart(policy: &mut NetworkPolicy, shared: Shared, name: &str) -> Result<(), crate::network::NameError> {
    let apart = |old: &str| format!("{name}-{old}");
    if shared.group {
        let mut renamed = BTreeMap::new();
        for (key, mut rule) in std::mem::take(&mut policy.security_rules) {
            rule.name = apart(rule.name.as_str()).parse::<RuleName>()?;
            renamed.insert(apart(&key), rule);
        }
        policy.security_rules = renamed;
    }
    if shared.table {
        let mut renamed = BTreeMap::new();
        for (key, mut route) in std::mem::take(&mut policy.routes) {
            route.name = apart(route.name.as_str()).parse::<RuleName>()?;
            renamed.insert(apart(&key), route);
        }
        policy.routes = renamed;
    }
    if shared.firewall {
        let network = policy
            .network_rule_collections
            .iter_mut()
            .map(|collection| &mut collection.name);
        let application = policy
            .application_rule_collections
            .iter_mut()
            .map(|collection| &mut collection.name);
        for old in network.chain(application) {
            let new = apart(old);
            new.parse::<RuleName>()?;
            *old = new;
        }
    }
    Ok(())
}
