//! What an attached resource finds at the subnet of somebody else, and may not change unasked; and whether rules are about the subnet at all.

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{forms, subnet, work::Work};
use crate::{
    azure::Document,
    network::{AddressSide, Prefix},
    provider::policy,
};

const NOT_THE_SUBNETS: &str = "Not the subnet's prefix";

/// A group or table that the subnet had before the resource came, and in which the resource is a guest, does not give way unasked either.
pub(super) fn refuse_leaving(prior: &Value, planned: &Value, diagnostics: &mut Diagnostics) {
    let asked = planned.attribute("replace_existing_associations");
    if asked.as_bool() == Some(true) || asked.is_unknown() {
        return;
    }
    for (thing, what) in [
        ("network_security_group", "network security group"),
        ("route_table", "route table"),
    ] {
        let target = format!("{thing}_id");
        let had = prior.attribute(&format!("previous_{target}"));
        let next = planned.attribute(&target);
        let (Some(had), Some(next)) = (had.as_str(), next.as_str()) else {
            continue;
        };
        let there = prior.attribute(&target).as_str().unwrap_or_default();
        if !had.eq_ignore_ascii_case(there) || next.eq_ignore_ascii_case(had) {
            continue;
        }
        let detail = format!(
            "The subnet had the {what} `{had}` before this resource, which is a guest there; now it would get `{next}`, and the entries of others \
             would no longer act on it. Keep `{target} = \"{had}\"`, or let it give way with `replace_existing_associations = true`: it is put back \
             when the resource is destroyed."
        );
        diagnostics.error_at(
            Path::attribute("replace_existing_associations"),
            format!("The subnet has a {what}"),
            detail,
        );
    }
}

/// A group or table that the subnet has already does not give way unasked.
pub(super) fn check_associations(work: &Work<'_>, subnet: Option<&Document>, diagnostics: &mut Diagnostics) {
    if let Some(prior) = work.prior {
        refuse_leaving(prior, work.object, diagnostics);
    }
    if work.object.attribute("replace_existing_associations").as_bool() == Some(true) {
        return;
    }
    let Some(subnet) = subnet else { return };
    for (previous, held, field, what) in [
        (
            "previous_network_security_group_id",
            &work.targets.group,
            "networkSecurityGroup",
            "network security group",
        ),
        (
            "previous_route_table_id",
            &work.targets.table,
            "routeTable",
            "route table",
        ),
    ] {
        let (Some(held), Some(there)) = (held, subnet::association(&subnet.body, field)) else {
            continue;
        };
        if !work.object.attribute(previous).is_unknown() || there.eq_ignore_ascii_case(&held.id.to_string()) {
            continue;
        }
        let argument = if what == "route table" {
            "route_table_id"
        } else {
            "network_security_group_id"
        };
        let detail = format!(
            "`{}` already has the {what} `{there}`, which keeps its place. Put the resource's entries into it with `{argument} = \"{there}\"`, or \
             let it give way with `replace_existing_associations = true`: it is put back when the resource is destroyed.",
            subnet.id
        );
        diagnostics.error_at(
            Path::attribute("replace_existing_associations"),
            format!("The subnet has a {what}"),
            detail,
        );
    }
}

/// Rules about other addresses than those of a subnet that exists would do nothing for it.
pub(super) fn check_prefixes(work: &Work<'_>, subnet: &Json, diagnostics: &mut Diagnostics) {
    let actual = prefixes(&subnet::prefixes_of(subnet));
    for (given, prefix) in given_prefixes(work.object) {
        if !actual.iter().any(|own| own.contains(&prefix)) {
            refuse_prefix(&given, "which is not within", &actual, diagnostics);
        }
    }
    refuse_policies_of_others(work.object, &actual, diagnostics);
}

/// Rules about addresses of which a new subnet has none would leave it open. What is narrower than the subnet, or the space around it, may be meant.
pub(super) fn refuse_rules_about_others(config: &Value, diagnostics: &mut Diagnostics) {
    if !config.attribute("address_prefixes").is_wholly_known() {
        return;
    }
    let own = prefixes(&forms::texts(config.attribute("address_prefixes")));
    if own.is_empty() {
        return;
    }
    for (given, prefix) in given_prefixes(config) {
        if is_foreign(&prefix, &own) {
            refuse_prefix(&given, "which has no address of", &own, diagnostics);
        }
    }
    refuse_policies_of_others(config, &own, diagnostics);
}

/// Policies that were expanded for another subnet.
fn refuse_policies_of_others(object: &Value, own: &[Prefix], diagnostics: &mut Diagnostics) {
    let policies = object.attribute("policies").as_list().into_iter().flatten();
    for (position, value) in policies.enumerate() {
        // What cannot be read is refused where it is composed.
        let Some(policy) = value
            .is_wholly_known()
            .then(|| policy::network_policy(value).ok())
            .flatten()
        else {
            continue;
        };
        let mut local = policy.flows.values().filter_map(|flow| match &flow.local {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        });
        if let Some(stranger) = local.find_map(|local| local.iter().find(|prefix| is_foreign(prefix, own))) {
            let detail = format!(
                "The policy is about `{stranger}`, which has no address of the subnet's {}: its rules would be about somebody else. Expand it with \
                 `subnet_address_prefixes` of this subnet.",
                named(own)
            );
            diagnostics.error_at(Path::attribute("policies").index(position), NOT_THE_SUBNETS, detail);
        }
    }
}

fn refuse_prefix(given: &str, how: &str, own: &[Prefix], diagnostics: &mut Diagnostics) {
    let detail = format!(
        "`subnet_address_prefixes` has `{given}`, {how} the subnet's {}: its rules would be about somebody else. Set prefixes of this subnet.",
        named(own)
    );
    diagnostics.error_at(Path::attribute("subnet_address_prefixes"), NOT_THE_SUBNETS, detail);
}

fn is_foreign(prefix: &Prefix, own: &[Prefix]) -> bool {
    !own.iter().any(|own| own.overlaps(prefix))
}

/// What `subnet_address_prefixes` says, as it is written and as it is meant. What is no prefix is refused when it is expanded.
fn given_prefixes(object: &Value) -> Vec<(String, Prefix)> {
    let given = forms::texts(object.attribute("subnet_address_prefixes")).into_iter();
    given
        .filter_map(|text| Some((text.clone(), text.parse().ok()?)))
        .collect()
}

fn prefixes(texts: &[String]) -> Vec<Prefix> {
    texts.iter().filter_map(|text| text.parse().ok()).collect()
}

fn named(prefixes: &[Prefix]) -> String {
    let names: Vec<String> = prefixes.iter().map(|prefix| format!("`{prefix}`")).collect();
    names.join(", ")
}
