//! Entries of ours and of others that cannot stand side by side.

use std::collections::BTreeSet;

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Number, Path, Value},
};

use super::forms::{Entries, Form, has, meaning};
use crate::azure::ArmError;

/// The tail denies stand here; `deny_priority` moves them, `priority_base` the others.
const FIRST_DENY: i64 = 4000;
const LAST: i64 = 4096;

/// What stands in the way of a plan: the argument that moves it away, and the words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Conflict {
    pub(super) path: Path,
    pub(super) summary: &'static str,
    pub(super) detail: String,
}

impl Conflict {
    /// Before a write it is an error.
    pub(super) fn refuse(self, diagnostics: &mut Diagnostics) {
        diagnostics.error_at(self.path, self.summary, self.detail);
    }

    /// In a plan, which knows of others only what the last refresh saw, it is a warning.
    pub(super) fn warn(self, diagnostics: &mut Diagnostics) {
        diagnostics.warning_at(self.path, self.summary, self.detail);
    }
}

/// Why a part was not written.
#[derive(Debug)]
pub(super) enum Setback {
    /// Azure's answer, or none.
    Azure(ArmError),
    /// Something stood in the way that was not there when everything was looked at: nothing was written.
    Conflict(Conflict),
}

impl From<ArmError> for Setback {
    fn from(error: ArmError) -> Setback {
        Setback::Azure(error)
    }
}

/// Lays `planned` among the entries of a document that was read under its lock, unless one of others is in the way: then the document stays as it
/// is. Resources of one apply that share an object cannot see each other before.
pub(super) fn lay(
    form: &Form,
    document: &mut Json,
    planned: &Entries,
    foreign: impl Fn(&str) -> bool,
    conflict: impl Fn(&Entries, &Entries) -> Option<Conflict>,
) -> Option<Conflict> {
    let (_, others) = form.split(document, planned, &foreign);
    let conflict = conflict(planned, &others);
    if conflict.is_none() {
        form.merge(document, planned, foreign);
    }
    conflict
}

/// Azure keeps a priority once per direction (`SecurityRuleConflict`).
pub(super) fn priorities(ours: &Entries, others: &Entries) -> Option<Conflict> {
    let others = &unlike_named(ours, others);
    let taken: BTreeSet<(String, i64)> = others.values().filter_map(place).collect();
    let mine: Vec<(String, i64)> = ours.values().filter_map(place).collect();
    let (name, place) = ours
        .iter()
        .filter_map(|(name, rule)| Some((name, place(rule)?)))
        .find(|(_, place)| taken.contains(place))?;
    let (other, _) = others
        .iter()
        .find(|(_, other)| self::place(other).as_ref() == Some(&place))?;
    let (direction, priority) = place;
    let (argument, free) = if priority >= FIRST_DENY {
        ("deny_priority", free_deny(&mine, &taken))
    } else {
        ("priority_base", free_base(&mine, &taken))
    };
    // A deny has nothing to fear of another one.
    let deny = free
        .filter(|_| priority < FIRST_DENY)
        .and_then(|base| deny_before(ours, others, base));
    let remedy = match (free, deny) {
        // The lowest free base is the one proposed, so there is none in front of the deny.
        (Some(free), Some((deny, at))) => format!(
            "From `{argument} = {free}` on all priorities are free, but `{deny}`, which is not this resource's either, denies before that, at \
             {at}: unless it is about other packets, have it moved behind these rules or narrowed."
        ),
        (Some(free), None) => format!("Set `{argument} = {free}`, where nothing stands in the way."),
        (None, _) => {
            format!("No `{argument}` moves the rules to where all priorities are free: make room in the group.")
        }
    };
    Some(Conflict {
        path: Path::attribute(argument),
        summary: "Priority taken",
        detail: format!(
            "`{name}` and `{other}`, which is not this resource's, both stand at {priority} {}. {remedy}",
            direction.to_lowercase()
        ),
    })
}

/// A route table holds each prefix once.
pub(super) fn prefixes(ours: &Entries, others: &Entries) -> Option<Conflict> {
    let others = &unlike_named(ours, others);
    let prefix = |route: &Value| meaning(route.attribute("address_prefix"));
    let clash = |route: &Value| others.iter().find(|(_, other)| prefix(other) == prefix(route));
    let (name, route, (other, _)) = ours
        .iter()
        .find_map(|(name, route)| Some((name, route, clash(route)?)))?;
    Some(Conflict {
        path: Path::attribute("route_table_id"),
        summary: "Prefix taken",
        detail: format!(
            "`{name}` and `{other}`, which is not this resource's, are both routes to `{}`: a table holds each prefix once. Remove the other, \
             or give the subnet a table of its own.",
            route.attribute("address_prefix").as_str().unwrap_or_default()
        ),
    })
}

/// A rule collection group holds each priority once.
pub(super) fn collections(ours: &Entries, others: &Entries) -> Option<Conflict> {
    let priority = |collection: &Value| collection.attribute("priority").as_number().and_then(Number::to_i64);
    let taken: BTreeSet<i64> = others.values().filter_map(priority).collect();
    let mine: Vec<i64> = ours.values().filter_map(priority).collect();
    let (name, clash) = ours
        .iter()
        .filter_map(|(name, collection)| Some((name, priority(collection)?)))
        .find(|(_, priority)| taken.contains(priority))?;
    let (other, _) = others.iter().find(|(_, other)| priority(other) == Some(clash))?;
    let start = mine.iter().min()?;
    let is_free = |base: &i64| mine.iter().all(|priority| !taken.contains(&(priority - start + base)));
    let free = (100..=60_000).step_by(100).find(is_free)?;
    Some(Conflict {
        path: Path::attribute("egress"),
        summary: "Priority taken",
        detail: format!(
            "The rule collections `{name}` and `{other}`, which is not this resource's, both stand at {clash}. Set \
             `egress.collection_priority_base = {free}`, where nothing stands in the way."
        ),
    })
}

/// The others but for what an import could not know for ours: a write takes it over by its name.
pub(super) fn unlike_named(ours: &Entries, others: &Entries) -> Entries {
    let mut others = others.clone();
    others.retain(|name, _| !has(ours, name));
    others
}

fn place(rule: &Value) -> Option<(String, i64)> {
    let priority = rule.attribute("priority").as_number().and_then(Number::to_i64)?;
    Some((rule.attribute("direction").as_str()?.to_owned(), priority))
}

/// The first deny of others that stands before a rule of ours in its direction, were the band at `base`.
fn deny_before<'a>(ours: &Entries, others: &'a Entries, base: i64) -> Option<(&'a str, i64)> {
    let band: Vec<(String, i64)> = band(ours.values().filter_map(place));
    let start = start(&band)?;
    let denies = others.iter().filter_map(|(name, rule)| {
        let (direction, priority) = place(rule)?;
        let is_before = |(ours, own): &(String, i64)| *ours == direction && own - start + base > priority;
        let denies = rule.attribute("access").as_str() == Some("Deny");
        (denies && band.iter().any(is_before)).then_some((name.as_str(), priority))
    });
    denies.min_by_key(|(_, priority)| *priority)
}

/// What `priority_base` moves.
fn band(places: impl Iterator<Item = (String, i64)>) -> Vec<(String, i64)> {
    places.filter(|(_, priority)| *priority < FIRST_DENY).collect()
}

/// Bands begin at full hundreds.
fn start(band: &[(String, i64)]) -> Option<i64> {
    band.iter().map(|(_, priority)| priority / 100 * 100).min()
}

/// The lowest base at which the whole band is free.
fn free_base(mine: &[(String, i64)], taken: &BTreeSet<(String, i64)>) -> Option<i64> {
    let band = band(mine.iter().cloned());
    let start = start(&band)?;
    let is_free = |base: &i64| {
        band.iter().all(|(direction, priority)| {
            let moved = priority - start + base;
            moved < FIRST_DENY && !taken.contains(&(direction.clone(), moved))
        })
    };
    (100..FIRST_DENY).step_by(100).find(is_free)
}

/// The largest base at which the whole band is free and stands before `priority`: the rules move no further than they must.
pub(super) fn base_before(ours: &Entries, others: &Entries, priority: i64) -> Option<i64> {
    let taken: BTreeSet<(String, i64)> = others.values().filter_map(place).collect();
    let band = band(ours.values().filter_map(place));
    let start = start(&band)?;
    let fits = |base: &i64| {
        band.iter().all(|(direction, own)| {
            let moved = own - start + base;
            moved < priority && !taken.contains(&(direction.clone(), moved))
        })
    };
    (100..priority).step_by(100).filter(fits).max()
}

fn free_deny(mine: &[(String, i64)], taken: &BTreeSet<(String, i64)>) -> Option<i64> {
    let denies: Vec<&(String, i64)> = mine.iter().filter(|(_, priority)| *priority >= FIRST_DENY).collect();
    let start = denies.iter().map(|(_, priority)| *priority).min()?;
    let is_free = |base: &i64| {
        denies.iter().all(|(direction, priority)| {
            let moved = priority - start + base;
            moved <= LAST && !taken.contains(&(direction.clone(), moved))
        })
    };
    (FIRST_DENY..=LAST).find(is_free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(places: &[(&str, &str, i64)]) -> Entries {
        places
            .iter()
            .map(|(name, direction, priority)| {
                let rule = Value::object([("direction", Value::from(*direction)), ("priority", (*priority).into())]);
                ((*name).to_owned(), rule)
            })
            .collect()
    }

    fn said(ours: &[(&str, &str, i64)], others: &[(&str, &str, i64)]) -> String {
        let conflict = priorities(&rules(ours), &rules(others));
        conflict.map(|conflict| conflict.detail).unwrap_or_default()
    }

    #[test]
    fn one_priority_in_two_directions_is_no_conflict() {
        assert_eq!(said(&[("a", "Inbound", 100)], &[("b", "Outbound", 100)]), "");
    }

    #[test]
    fn a_conflict_names_both_rules_and_a_base_where_the_whole_band_is_free() {
        let ours = [("a", "Inbound", 710), ("b", "Inbound", 720)];
        let said = said(
            &ours,
            &[("x", "Inbound", 710), ("y", "Inbound", 120), ("z", "Inbound", 210)],
        );
        assert!(
            said.contains("`a` and `x`") && said.contains("`priority_base = 300`"),
            "{said}"
        );
    }

    #[test]
    fn a_free_base_behind_a_deny_of_others_is_no_way_out() {
        let deny = |name: &str, priority: i64| {
            let mut deny = rules(&[(name, "Inbound", priority)]);
            deny.values_mut()
                .for_each(|rule| rule.set_attribute("access", "Deny".into()));
            deny
        };
        let ours = rules(&[("a", "Inbound", 510)]);
        let said = |others: [Entries; 2]| {
            let conflict = priorities(&ours, &others.into_iter().flatten().collect());
            conflict.unwrap().detail
        };
        let free = said([rules(&[("x", "Inbound", 510)]), deny("no", 300)]);
        assert!(free.contains("Set `priority_base = 100`"), "{free}");
        let stopped = said([rules(&[("x", "Inbound", 510), ("y", "Inbound", 110)]), deny("no", 105)]);
        assert!(
            stopped.contains("`priority_base = 200`") && stopped.contains("`no`") && stopped.contains("at 105"),
            "{stopped}"
        );
    }

    #[test]
    fn what_has_the_name_of_ours_is_ours() {
        let place = [("a", "Inbound", 100)];
        assert_eq!(said(&place, &[("A", "Inbound", 100)]), "");
    }

    #[test]
    fn a_deny_moves_by_its_own_argument() {
        let said = said(&[("deny", "Outbound", 4000)], &[("other", "Outbound", 4000)]);
        assert!(said.contains("`deny_priority = 4001`"), "{said}");
    }
}
