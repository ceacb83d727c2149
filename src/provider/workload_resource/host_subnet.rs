//! What an attached resource finds at the subnet of somebody else, and may not change unasked.

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{forms, subnet, work::Work};
use crate::{azure::Document, network::Prefix};

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

/// Rules about other addresses than the subnet's would do nothing for it.
pub(super) fn check_prefixes(work: &Work<'_>, subnet: &Json, diagnostics: &mut Diagnostics) {
    let actual = subnet::prefixes_of(subnet);
    let parsed: Vec<Prefix> = actual.iter().filter_map(|prefix| prefix.parse().ok()).collect();
    for given in forms::texts(work.object.attribute("subnet_address_prefixes")) {
        let inside = given
            .parse::<Prefix>()
            .is_ok_and(|given| parsed.iter().any(|prefix| prefix.contains(&given)));
        if !inside {
            let detail = format!(
                "`subnet_address_prefixes` has `{given}`, which is not within the subnet's `{}`: its rules would be about somebody else.",
                actual.join("`, `")
            );
            diagnostics.error_at(
                Path::attribute("subnet_address_prefixes"),
                "Not the subnet's prefix",
                detail,
            );
        }
    }
}
