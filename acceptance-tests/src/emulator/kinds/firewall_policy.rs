//! `firewallPolicies`.

use serde_json::{Value, json};

use super::{Kind, Reference, Write, member, rule_collection_group, shows_nothing_more};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Resource, reference};

pub(super) static KIND: Kind = Kind {
    segment: "firewallPolicies",
    label: "FirewallPolicy",
    children: &[&rule_collection_group::CHILD],
    read_only: &["childPolicies", "firewalls", "size"],
    used_by_subnets: None,
    complete,
    check,
    show: shows_nothing_more,
    references,
};

const TIERS: [&str; 3] = ["Basic", "Standard", "Premium"];

/// `Basic`, `Standard` or `Premium`; Azure takes what is not given for `Standard`.
pub(super) fn tier(policy: &Resource) -> &'static str {
    let tier = policy.properties.get("sku").and_then(|sku| sku.get("tier"));
    tier.and_then(Value::as_str)
        .and_then(|tier| member(&TIERS, tier))
        .unwrap_or("Standard")
}

pub(super) fn dns_proxy(policy: &Resource) -> bool {
    let settings = policy.properties.get("dnsSettings");
    settings.and_then(|settings| settings.get("enableProxy")) == Some(&Value::Bool(true))
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let policy = write.new;
    if let Some(sku) = policy.properties.get("sku").filter(|sku| !sku.is_null()) {
        let tier = sku.get("tier").and_then(Value::as_str).unwrap_or_default();
        if member(&TIERS, tier).is_none() {
            return Err(Refusal::unreadable(format!(
                "Error converting value \"{tier}\". Path 'properties.sku.tier'."
            )));
        }
    }
    if dns_proxy(policy) && tier(policy) == "Basic" {
        return Err(Refusal::bad(
            "FirewallPolicyDnsProxyNotSupportedForBasic",
            format!("Firewall policy {} of tier Basic cannot have a DNS proxy.", policy.id),
        ));
    }
    if let Some(old) = write.old
        && tier(old) != tier(policy)
    {
        return Err(Refusal::bad(
            "FirewallPolicySkuCannotBeChanged",
            format!(
                "The tier of firewall policy {} cannot be changed from {} to {}.",
                policy.id,
                tier(old),
                tier(policy)
            ),
        ));
    }
    rule_collection_group::check_all(write)
}

fn complete(policy: &mut Resource) {
    policy
        .properties
        .entry("sku")
        .or_insert_with(|| json!({ "tier": "Standard" }));
    policy
        .properties
        .entry("threatIntelMode")
        .or_insert_with(|| json!("Alert"));
    policy
        .properties
        .entry("ruleCollectionGroups")
        .or_insert_with(|| json!([]));
}

/// The policy inherits from its base, and while one of its groups is written both are busy.
fn references(policy: &Resource) -> Vec<Reference> {
    let mut found = rule_collection_group::references(policy);
    let properties = Value::Object(policy.properties.clone());
    let Some(base) = reference(&properties, "basePolicy") else {
        return found;
    };
    let groups = policy.children(&rule_collection_group::CHILD).iter();
    let groups = groups.filter_map(|entry| entry.get("name")?.as_str());
    let writers = groups.map(|name| policy.child_id(&rule_collection_group::CHILD, name));
    let bases = writers.chain([policy.id.clone()]).map(|from| Reference {
        from,
        kind: KIND.segment,
        to: base.to_owned(),
    });
    found.extend(bases);
    found
}
