//! `firewallPolicies/ruleCollectionGroups`: collections of network, application and NAT rules.

use serde_json::{Value, json};

use super::{
    Apart, Child, Reference, Write, check_children, child_shows_nothing_more, firewall_policy, firewall_rule, ip_group,
};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource};

pub(super) static CHILD: Child = Child {
    collection: "ruleCollectionGroups",
    label: "FirewallPolicyRuleCollectionGroup",
    read_only: &["size"],
    apart: Apart::Named,
    show: child_shows_nothing_more,
};

/// Source: the Swagger's `minimum` and `maximum`.
const PRIORITIES: std::ops::RangeInclusive<u64> = 100..=65000;
/// Source: azure-subscription-service-limits, "Azure Firewall limits".
const GROUPS: usize = 90;
/// The same source: 2 MB.
const SIZE: usize = 2_000_000;

/// Refuses groups that Azure refuses. Those of the stored policy were checked when they were written, but a change of the policy can
/// make them wrong.
pub(super) fn check_all(write: &Write<'_>) -> Result<(), Refusal> {
    let policy = write.new;
    let groups = check_children(policy, &CHILD)?;
    if groups.len() > GROUPS {
        return Err(Refusal::bad(
            "FirewallPolicyRuleCollectionGroupLimitReached",
            format!(
                "Firewall policy {} has more than {GROUPS} rule collection groups.",
                policy.id
            ),
        ));
    }
    for (name, properties) in groups {
        check(policy, &policy.child_id(&CHILD, name), properties)?;
    }
    Ok(())
}

fn check(policy: &Resource, id: &str, group: &Object) -> Result<(), Refusal> {
    priority(group, id)?;
    if Value::Object(group.clone()).to_string().len() > SIZE {
        return Err(Refusal::bad(
            "FirewallPolicyRuleCollectionGroupSizeLimitReached",
            format!("Rule collection group {id} is bigger than {SIZE} bytes."),
        ));
    }
    let collections = match group.get("ruleCollections") {
        None | Some(Value::Null) => return Ok(()),
        Some(Value::Array(collections)) => collections,
        Some(other) => {
            return Err(Refusal::unreadable(format!(
                "Error converting value {other} to a list. Path 'properties.ruleCollections'."
            )));
        }
    };
    let (mut names, mut priorities) = (Vec::new(), Vec::new());
    for collection in collections {
        let collection = collection
            .as_object()
            .ok_or_else(|| Refusal::unreadable("A rule collection is not an object."))?;
        let name = name_of(collection, "rule collection", id)?;
        if names.contains(&name.to_lowercase()) {
            return Err(duplicate("rule collections", name, id));
        }
        names.push(name.to_lowercase());
        let priority = priority(collection, &format!("{id}, rule collection {name}"))?;
        if priorities.contains(&priority) {
            return Err(Refusal::bad(
                "FirewallPolicyRuleCollectionPriorityConflict",
                format!("Rule collection group {id} has two rule collections with the same priority ({priority})."),
            ));
        }
        priorities.push(priority);
        check_collection(policy, id, name, collection)?;
    }
    Ok(())
}

fn check_collection(policy: &Resource, id: &str, name: &str, collection: &Object) -> Result<(), Refusal> {
    let place = format!("{id}, rule collection {name}");
    let wrong = |path: &str, value: &str| {
        Refusal::unreadable(format!("Error converting value \"{value}\". Path '{path}' of {place}."))
    };
    let kind = text(collection, "ruleCollectionType");
    let (actions, nat): (&[&str], bool) = match kind {
        "FirewallPolicyFilterRuleCollection" => (&["Allow", "Deny"], false),
        // Beyond what anything here writes: what is there stays as it is.
        "FirewallPolicyNatRuleCollection" => (&["DNAT"], true),
        _ => return Err(wrong("ruleCollectionType", kind)),
    };
    let action = collection.get("action").and_then(Value::as_object);
    let action = action.map(|action| text(action, "type")).unwrap_or_default();
    if !actions.contains(&action) {
        return Err(wrong("action.type", action));
    }
    let rules = collection.get("rules").and_then(Value::as_array);
    let rules = rules.map(Vec::as_slice).unwrap_or_default();
    let (mut names, mut types) = (Vec::new(), Vec::new());
    for rule in rules {
        let rule = rule
            .as_object()
            .ok_or_else(|| Refusal::unreadable(format!("A rule of {place} is not an object.")))?;
        let name = name_of(rule, "rule", &place)?;
        if names.contains(&name.to_lowercase()) {
            return Err(duplicate("rules", name, &place));
        }
        names.push(name.to_lowercase());
        let traits = firewall_rule::Traits {
            premium: firewall_policy::tier(policy) == "Premium",
            basic: firewall_policy::tier(policy) == "Basic",
            dns_proxy: firewall_policy::dns_proxy(policy),
        };
        let rule_type = text(rule, "ruleType");
        match rule_type {
            "NatRule" if nat => {}
            "NetworkRule" | "ApplicationRule" if nat => return Err(wrong("ruleType", rule_type)),
            "NetworkRule" => firewall_rule::check_network(rule, &traits, &format!("{place}, rule {name}"))?,
            "ApplicationRule" => firewall_rule::check_application(rule, &traits, &format!("{place}, rule {name}"))?,
            other => return Err(wrong("ruleType", other)),
        }
        types.push(rule_type);
    }
    types.dedup();
    if types.len() > 1 {
        return Err(Refusal::bad(
            "FirewallPolicyMixedRuleTypes",
            format!("{place} has rules of several types."),
        ));
    }
    Ok(())
}

/// The IP groups that rules refer to.
pub(super) fn references(policy: &Resource) -> Vec<Reference> {
    let mut found = Vec::new();
    for group in policy.children(&CHILD) {
        let name = group.get("name").and_then(Value::as_str).unwrap_or_default();
        let collections = group.pointer("/properties/ruleCollections").and_then(Value::as_array);
        let rules = (collections.into_iter().flatten())
            .flat_map(|collection| collection.get("rules").and_then(Value::as_array).into_iter().flatten());
        for rule in rules.filter_map(Value::as_object) {
            found.extend(firewall_rule::ip_groups(rule).into_iter().map(|to| Reference {
                from: policy.child_id(&CHILD, name),
                kind: ip_group::KIND.segment,
                to: to.to_owned(),
            }));
        }
    }
    found
}

fn text<'a>(object: &'a Object, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn name_of<'a>(object: &'a Object, what: &str, place: &str) -> Result<&'a str, Refusal> {
    match text(object, "name") {
        "" => Err(Refusal::bad(
            "FirewallPolicyNameMissing",
            format!("A {what} of {place} has no name."),
        )),
        name => Ok(name),
    }
}

fn duplicate(what: &str, name: &str, place: &str) -> Refusal {
    Refusal::bad(
        "FirewallPolicyDuplicateName",
        format!("{place} has two {what} with the same name ({name})."),
    )
}

fn priority(object: &Object, place: &str) -> Result<u64, Refusal> {
    let given = object.get("priority").cloned().unwrap_or(json!(null));
    given
        .as_u64()
        .filter(|priority| PRIORITIES.contains(priority))
        .ok_or_else(|| {
            Refusal::bad(
                "FirewallPolicyPriorityOutOfRange",
                format!("The priority {given} of {place} is not between 100 and 65000."),
            )
        })
}
