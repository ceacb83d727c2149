//! `azureFirewalls`. Without a policy they carry collections of rules themselves (classic); nothing but a PUT of the whole firewall
//! changes those.

use serde_json::{Value, json};

use super::{Kind, Reference, Write, firewall_rule, ip_group, member, virtual_network};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource, reference};
use crate::emulator::resource_id::ResourceId;

pub(super) static KIND: Kind = Kind {
    segment: "azureFirewalls",
    label: "AzureFirewall",
    children: &[],
    read_only: &["ipGroups"],
    used_by_subnets: None,
    complete,
    check,
    show,
    references,
};

const SUBNET: &str = "AzureFirewallSubnet";
const APPLICATION: &str = "applicationRuleCollections";
const NAT: &str = "natRuleCollections";
const NETWORK: &str = "networkRuleCollections";
/// The lists of collections, with the actions that their collections can have.
const LISTS: [(&str, &[&str]); 3] = [
    (APPLICATION, &["Allow", "Deny"]),
    (NAT, &["Dnat", "Snat"]),
    (NETWORK, &["Allow", "Deny"]),
];

fn refused(code: &str, place: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::bad(code, format!("{place}: {why}."))
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let firewall = write.new;
    let sku = |name: &str| {
        let sku = firewall.properties.get("sku").and_then(|sku| sku.get(name));
        sku.and_then(Value::as_str).unwrap_or_default()
    };
    for (name, members) in [
        ("name", ["AZFW_VNet", "AZFW_Hub"].as_slice()),
        ("tier", ["Basic", "Standard", "Premium"].as_slice()),
    ] {
        if !sku(name).is_empty() && member(members, sku(name)).is_none() {
            return Err(Refusal::unreadable(format!(
                "Error converting value \"{}\". Path 'properties.sku.{name}'.",
                sku(name)
            )));
        }
    }
    check_place(write)?;
    let whole = Value::Object(firewall.properties.clone());
    let has_policy = reference(&whole, "firewallPolicy").is_some();
    for (list, actions) in LISTS {
        let collections = entries(&firewall.properties, list)?;
        if has_policy && !collections.is_empty() {
            return Err(refused(
                "AzureFirewallPolicyAndRuleCollectionsConflict",
                &firewall.id,
                format!("a firewall with a firewall policy has no {list}"),
            ));
        }
        check_collections(firewall, list, collections, actions)?;
    }
    Ok(())
}

/// A firewall in a virtual network lives in a subnet of one name only.
fn check_place(write: &Write<'_>) -> Result<(), Refusal> {
    let firewall = write.new;
    for configuration in entries(&firewall.properties, "ipConfigurations")? {
        let properties = configuration.get("properties").unwrap_or(&Value::Null);
        let Some(subnet) = reference(properties, "subnet") else {
            continue;
        };
        if !subnet.ends_with(&format!("/subnets/{SUBNET}")) {
            return Err(refused(
                "AzureFirewallInvalidSubnet",
                &firewall.id,
                format!("the subnet of a firewall must be called {SUBNET}, not {subnet}"),
            ));
        }
        let there = match ResourceId::parse(subnet) {
            Some(ResourceId::Network { id, target }) => {
                id.kind.segment == virtual_network::KIND.segment && write.azure.shown(&target).is_some()
            }
            _ => false,
        };
        if !there {
            return Err(Refusal::missing_reference(subnet, &firewall.id));
        }
    }
    Ok(())
}

fn check_collections(firewall: &Resource, list: &str, collections: &[Value], actions: &[&str]) -> Result<(), Refusal> {
    let (mut names, mut priorities) = (Vec::new(), Vec::new());
    for collection in collections {
        let name = text(collection, "name");
        let place = format!("{}, {list} {name}", firewall.id);
        let properties = collection.get("properties").unwrap_or(&Value::Null);
        if name.is_empty() || names.contains(&name.to_lowercase()) {
            let why = "the name is missing or occurs twice";
            return Err(refused("AzureFirewallRuleCollectionInvalidName", &place, why));
        }
        names.push(name.to_lowercase());
        let priority = properties.get("priority").and_then(Value::as_u64).unwrap_or_default();
        if !(100..=65000).contains(&priority) {
            let why = "the priority is not between 100 and 65000";
            return Err(refused("AzureFirewallRuleCollectionInvalidPriority", &place, why));
        }
        if priorities.contains(&priority) {
            let why = format!("another collection has the same priority ({priority})");
            return Err(refused("AzureFirewallRuleCollectionPriorityConflict", &place, why));
        }
        priorities.push(priority);
        let action = text(properties.get("action").unwrap_or(&Value::Null), "type");
        if !actions.contains(&action) {
            return Err(Refusal::unreadable(format!(
                "Error converting value \"{action}\". Path 'action.type' of {place}."
            )));
        }
        check_rules(firewall, list, properties, &place)?;
    }
    Ok(())
}

fn check_rules(firewall: &Resource, list: &str, collection: &Value, place: &str) -> Result<(), Refusal> {
    let rules = collection.get("rules").and_then(Value::as_array);
    let rules = rules.filter(|rules| !rules.is_empty()).ok_or_else(|| {
        let why = "a collection has at least one rule";
        refused("AzureFirewallRuleCollectionWithoutRules", place, why)
    })?;
    let mut names = Vec::new();
    for rule in rules {
        let name = text(rule, "name");
        let place = format!("{place}, rule {name}");
        if name.is_empty() || names.contains(&name.to_lowercase()) {
            let why = "the name is missing or occurs twice";
            return Err(refused("AzureFirewallRuleInvalidName", &place, why));
        }
        names.push(name.to_lowercase());
        let mut rule = rule.as_object().cloned().unwrap_or_default();
        match list {
            NETWORK => {
                // The same rule as in a policy, but for this name.
                rule.extend(
                    rule.get("protocols")
                        .cloned()
                        .map(|protocols| ("ipProtocols".to_owned(), protocols)),
                );
                firewall_rule::check_network(&rule, &traits(firewall), &place)?;
            }
            APPLICATION => {
                if let Some(unknown) = ["targetUrls", "webCategories", "terminateTLS"]
                    .iter()
                    .find(|name| rule.contains_key(**name))
                {
                    return Err(Refusal::unreadable(format!(
                        "Could not find member '{unknown}' on object of type 'AzureFirewallApplicationRule'."
                    )));
                }
                firewall_rule::check_application(&rule, &traits(firewall), &place)?;
            }
            // DNAT is beyond what anything here writes; what is there stays as it is.
            _ => {}
        }
    }
    Ok(())
}

fn traits(firewall: &Resource) -> firewall_rule::Traits {
    let tier = firewall.properties.get("sku").and_then(|sku| sku.get("tier"));
    let more = firewall.properties.get("additionalProperties");
    let proxy = more.and_then(|more| more.get("Network.DNS.EnableProxy"));
    firewall_rule::Traits {
        premium: false,
        basic: tier == Some(&json!("Basic")),
        dns_proxy: proxy
            .and_then(Value::as_str)
            .is_some_and(|text| text.eq_ignore_ascii_case("true")),
    }
}

fn complete(firewall: &mut Resource) {
    let properties = &mut firewall.properties;
    properties.retain(|_, value| !value.is_null());
    for (name, default) in [
        ("sku", json!({ "name": "AZFW_VNet", "tier": "Standard" })),
        ("threatIntelMode", json!("Alert")),
        ("additionalProperties", json!({})),
        ("ipConfigurations", json!([])),
        (APPLICATION, json!([])),
        (NAT, json!([])),
        (NETWORK, json!([])),
    ] {
        properties.entry(name).or_insert(default);
    }
}

/// What has a name inside of a firewall has an id, an etag and a state, but no address of its own.
fn show(firewall: &Resource, shown: &mut Object) {
    let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    let lists = LISTS.iter().map(|(list, _)| *list).chain(["ipConfigurations"]);
    for list in lists {
        let entries = properties.get_mut(list).and_then(Value::as_array_mut);
        for entry in entries.into_iter().flatten().filter_map(Value::as_object_mut) {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
            let id = format!("{}/{list}/{name}", firewall.id);
            entry.insert("id".to_owned(), id.into());
            entry.insert("etag".to_owned(), firewall.etag.clone().into());
            if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
                properties.insert("provisioningState".to_owned(), firewall.state().into());
            }
        }
    }
    let groups: std::collections::BTreeSet<String> = references(firewall)
        .into_iter()
        .filter(|reference| reference.kind == ip_group::KIND.segment)
        .map(|reference| reference.to)
        .collect();
    let groups = groups.into_iter().map(|id| json!({ "id": id })).collect();
    properties.insert("ipGroups".to_owned(), Value::Array(groups));
}

fn references(firewall: &Resource) -> Vec<Reference> {
    let whole = Value::Object(firewall.properties.clone());
    let refers = |kind: &'static str, to: &str| Reference {
        from: firewall.id.clone(),
        kind,
        to: to.to_owned(),
    };
    let policy = reference(&whole, "firewallPolicy").map(|to| refers("firewallPolicies", to));
    let mut found: Vec<Reference> = policy.into_iter().collect();
    for (list, _) in LISTS {
        for collection in whole.get(list).and_then(Value::as_array).into_iter().flatten() {
            let rules = collection.pointer("/properties/rules").and_then(Value::as_array);
            for rule in rules.into_iter().flatten().filter_map(Value::as_object) {
                let groups = firewall_rule::ip_groups(rule);
                found.extend(groups.into_iter().map(|to| refers(ip_group::KIND.segment, to)));
            }
        }
    }
    found
}

fn entries<'a>(properties: &'a Object, list: &str) -> Result<&'a [Value], Refusal> {
    match properties.get(list) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(entries)) => Ok(entries),
        Some(other) => Err(Refusal::unreadable(format!(
            "Error converting value {other} to a list. Path 'properties.{list}'."
        ))),
    }
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.get(name).and_then(Value::as_str).unwrap_or_default()
}
