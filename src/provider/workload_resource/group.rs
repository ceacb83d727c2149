//! The network security group: all its rules in one write.

use serde_json::Value as Json;
use tfplugin_rs::value::Value;

use super::{
    conflicts::{self, Conflict, Setback},
    forms::{self, Entries, RULES},
    holder,
    kept::Kept,
    targets::Held,
    work::{Work, put_tags, show_tags},
};
use crate::{
    azure::{ArmError, Document, ResourceId},
    network::Prefix,
};

const RULES_OUTPUT: &str = "security_rules";
const IGNORED: &str = "ignored_rule_name_prefixes";

/// Reads it.
pub(super) async fn get(work: &Work<'_>, id: &ResourceId) -> Result<Option<Document>, ArmError> {
    work.session.client.network_security_groups().get(id, work.call).await
}

/// Writes it: whole if it is the resource's own, else its rules among those of others.
pub(super) async fn write(work: &Work<'_>, held: &Held, exists: Option<bool>) -> Result<(), Setback> {
    let groups = work.session.client.network_security_groups();
    holder::write(groups, work, held, exists, |document| merge(work, held, document)).await
}

fn merge(work: &Work<'_>, held: &Held, document: &mut Json) -> Option<Conflict> {
    let foreign = work.is_foreign(held, RULES_OUTPUT, IGNORED);
    let planned = work.entries(RULES_OUTPUT);
    let conflict = conflicts::lay(&RULES, document, &planned, foreign, conflicts::priorities);
    if held.own && conflict.is_none() {
        put_tags(document, &work.tags(true));
    }
    conflict
}

/// Takes the resource's rules out of a group of others. Gives what is left of it.
pub(super) async fn withdraw(work: &Work<'_>, id: &ResourceId, rules: &Entries) -> Result<Option<Document>, ArmError> {
    holder::withdraw(work.session.client.network_security_groups(), work, id, &RULES, rules).await
}

/// Whether a group has, beside these, rules about addresses within `prefixes`: then somebody else relies on it there.
pub(super) fn is_about(group: &Json, prefixes: &[Prefix], ours: &Entries) -> bool {
    let (_, rules) = RULES.split(group, ours, |_| true);
    let named = |rule: &Value| {
        let attributes = ["source_address_prefix", "destination_address_prefix"];
        let single = attributes
            .iter()
            .filter_map(|name| rule.attribute(name).as_str().map(str::to_owned));
        let several = attributes
            .iter()
            .flat_map(|name| forms::texts(rule.attribute(&format!("{name}es"))));
        single.chain(several).collect::<Vec<String>>()
    };
    let within = |text: &String| {
        let prefix = text.parse::<Prefix>();
        prefix.is_ok_and(|inner| prefixes.iter().any(|prefix| prefix.contains(&inner)))
    };
    rules.values().any(|rule| named(rule).iter().any(within))
}

/// Deletes a group of the resource's own.
pub(super) async fn delete(work: &Work<'_>, id: &ResourceId) -> Result<(), ArmError> {
    work.session
        .client
        .network_security_groups()
        .delete(id, work.call)
        .await
}

/// What Azure has, put into `state`. Says whether something of the resource's is there; `None` where nothing is expected.
pub(super) fn read(
    state: &mut Value,
    kept: &mut Kept,
    held: &Held,
    group: Option<&Json>,
    marked: bool,
) -> Option<bool> {
    let known = forms::entries_in(state.attribute(RULES_OUTPUT));
    let Some(group) = group else {
        state.set_attribute(RULES_OUTPUT, Value::object::<String>([]));
        state.set_attribute("foreign_rules", Value::object::<String>([]));
        if held.own {
            state.set_attribute("network_security_group_id", Value::Null);
        }
        return (held.own || !known.is_empty()).then_some(false);
    };
    let prefixes = forms::texts(state.attribute(IGNORED));
    let foreign = |name: &str| {
        if held.own {
            forms::begins(name, &prefixes)
        } else {
            !forms::has(&known, name)
        }
    };
    let (ours, others) = RULES.split(group, &known, foreign);
    let found = held.own || !ours.is_empty();
    state.set_attribute(RULES_OUTPUT, Value::Map(ours));
    kept.remember_rules(&others);
    if held.own {
        state.set_attribute("foreign_rules", Value::Map(others));
        read_own(state, held, group, marked);
    } else {
        state.set_attribute("foreign_rules", Value::object::<String>([]));
    }
    (held.own || !known.is_empty()).then_some(found)
}

/// A group that lost the mark shows as missing: the next apply puts the mark back, and until then a destroy leaves the group alone.
fn read_own(state: &mut Value, held: &Held, group: &Json, marked: bool) {
    let known = state
        .attribute("network_security_group_id")
        .as_str()
        .is_some_and(|known| known.eq_ignore_ascii_case(&held.id.to_string()));
    if !marked {
        state.set_attribute("network_security_group_id", Value::Null);
    } else if !known {
        state.set_attribute("network_security_group_id", held.id.to_string().into());
    }
    show_tags(state, group);
    let location = group.get("location").and_then(Json::as_str).unwrap_or_default();
    let known = state.attribute("location").as_str().unwrap_or_default();
    if crate::regions::normalize_location(known) != crate::regions::normalize_location(location) {
        state.set_attribute("location", location.into());
    }
}
