//! Entries of ARM objects in two forms: the object in Terraform's state and ARM's JSON; and how the ones of a plan are laid among
//! those that exist.

pub(in crate::provider) mod collection;
mod route;
mod rule;
mod spelling;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::Value;

pub(super) use self::spelling::{keep_spelling, meaning, same};
pub(in crate::provider) use self::{route::ROUTES, rule::RULES};

/// A kind of entry, as `properties.<field>[]` of its object.
#[derive(Debug)]
pub(in crate::provider) struct Form {
    /// ARM's name of the list.
    pub(super) field: &'static str,
    /// ARM's JSON of an entry in state.
    pub(super) to_arm: fn(&Value) -> Json,
    /// An entry in state from ARM's JSON.
    pub(in crate::provider) from_arm: fn(&Json) -> Value,
}

/// Entries by name.
pub(in crate::provider) type Entries = BTreeMap<String, Value>;

impl Form {
    /// Puts `planned` into `document`, beside the entries that are somebody else's. An entry that means the same already keeps Azure's
    /// form.
    pub(super) fn merge(&self, document: &mut Json, planned: &Entries, foreign: impl Fn(&str) -> bool) {
        let existing = self.entries(document);
        let wanted: BTreeSet<String> = planned.keys().map(|name| name.to_lowercase()).collect();
        let ours = planned.iter().map(|(name, planned)| {
            match existing.iter().find(|entry| name_of(entry).eq_ignore_ascii_case(name)) {
                Some(actual) if same(planned, &(self.from_arm)(actual)) => actual.clone(),
                _ => (self.to_arm)(planned),
            }
        });
        let kept = existing
            .iter()
            .filter(|entry| !wanted.contains(&name_of(entry).to_lowercase()) && foreign(name_of(entry)))
            .cloned();
        let merged: Vec<Json> = ours.chain(kept).collect();
        let unchanged = existing.len() == merged.len() && merged.iter().all(|entry| existing.contains(entry));
        if !unchanged {
            put(document, self.field, Json::Array(merged));
        }
    }

    /// What Azure has, split into the resource's own and others', in the spelling of `known` wherever both mean the same.
    pub(in crate::provider) fn split(
        &self,
        document: &Json,
        known: &Entries,
        foreign: impl Fn(&str) -> bool,
    ) -> (Entries, Entries) {
        let (mut ours, mut others) = (Entries::new(), Entries::new());
        for entry in self.entries(document) {
            let (name, actual) = (name_of(&entry), (self.from_arm)(&entry));
            match known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                Some((key, known)) => ours.insert(key.clone(), keep_spelling(known, actual)),
                None if foreign(name) => others.insert(name.to_owned(), actual),
                None => ours.insert(name.to_owned(), actual),
            };
        }
        (ours, others)
    }

    /// The entries of a document.
    pub(in crate::provider) fn entries(&self, document: &Json) -> Vec<Json> {
        let entries = document
            .get("properties")
            .and_then(|properties| properties.get(self.field));
        entries.and_then(Json::as_array).cloned().unwrap_or_default()
    }
}

/// The name of an entry.
pub(super) fn name_of(entry: &Json) -> &str {
    entry.get("name").and_then(Json::as_str).unwrap_or_default()
}

/// Whether a name begins with one of the prefixes, in any case.
pub(super) fn begins(name: &str, prefixes: &[String]) -> bool {
    let name = name.to_lowercase();
    prefixes.iter().any(|prefix| name.starts_with(&prefix.to_lowercase()))
}

/// Whether a map of entries has a name, in any case.
pub(super) fn has(entries: &Entries, name: &str) -> bool {
    entries.keys().any(|known| known.eq_ignore_ascii_case(name))
}

/// The entries of a map in state or plan.
pub(super) fn entries_in(value: &Value) -> Entries {
    value.as_map().cloned().unwrap_or_default()
}

/// Sets a property of a document.
pub(super) fn put(document: &mut Json, field: &str, value: Json) {
    if let Some(properties) = properties(document) {
        properties.insert(field.to_owned(), value);
    }
}

/// Removes a property of a document.
pub(super) fn remove(document: &mut Json, field: &str) {
    if let Some(properties) = properties(document) {
        properties.remove(field);
    }
}

/// Every ARM object is an object with `properties`; a new one gets them here.
fn properties(document: &mut Json) -> Option<&mut Map<String, Json>> {
    document
        .as_object_mut()?
        .entry("properties")
        .or_insert_with(|| json!({}))
        .as_object_mut()
}

/// The texts of a set in state or plan.
pub(super) fn texts(value: &Value) -> Vec<String> {
    let elements = value.as_list().into_iter().flatten();
    elements.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// The elements of a JSON array; none where there is none.
fn array(json: Option<&Json>) -> &[Json] {
    json.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// A text that Azure echoes as `""` where it is not used; here it is null.
fn text_or_null(json: Option<&Json>) -> Value {
    let text = json.and_then(Json::as_str).filter(|text| !text.is_empty());
    text.map(str::to_owned).into()
}

/// A list that Azure echoes as `[]` where it is not used; here it is null.
fn set_or_null(json: Option<&Json>) -> Value {
    let texts: Vec<&str> = array(json).iter().filter_map(Json::as_str).collect();
    if texts.is_empty() {
        Value::Null
    } else {
        Value::string_set(texts)
    }
}

/// Writes texts and sets of an entry in state into ARM's properties, where they are used.
fn write_fields(entry: &Value, texts_: &[(&str, &str)], lists: &[(&str, &str)], properties: &mut Map<String, Json>) {
    for (attribute, field) in texts_ {
        if let Some(text) = entry.attribute(attribute).as_str().filter(|text| !text.is_empty()) {
            properties.insert((*field).into(), json!(text));
        }
    }
    for (attribute, field) in lists {
        let texts = texts(entry.attribute(attribute));
        if !texts.is_empty() {
            properties.insert((*field).into(), json!(texts));
        }
    }
}

/// Reads texts and sets of ARM's properties into an entry in state.
fn read_fields(properties: Option<&Json>, texts_: &[(&str, &str)], lists: &[(&str, &str)], entry: &mut Value) {
    let field = |field: &str| properties.and_then(|properties| properties.get(field));
    for (attribute, arm) in texts_ {
        entry.set_attribute(*attribute, text_or_null(field(arm)));
    }
    for (attribute, arm) in lists {
        entry.set_attribute(*attribute, set_or_null(field(arm)));
    }
}
