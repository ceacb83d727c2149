//! What Terraform keeps beside a resource's state for the provider alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin_rs::value::Value;

use super::{
    forms::{Entries, Form, ROUTES, RULES},
    neighbours::Neighbours,
};

/// It, as far as something was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The edition the object was made with: a replacement keeps it.
    pub(super) edition: Option<String>,
    /// The service endpoints that the resource added to a subnet of somebody else, and takes away again.
    pub(super) added_service_endpoints: BTreeSet<String>,
    /// Groups and tables that updates have made, or may have, without coming to an end: no state speaks of them.
    pub(super) leftovers: BTreeSet<String>,
    /// The rules of others in the resource's group, as last read, in ARM's form without their descriptions: a plan proves what it plans among
    /// them. Not in the state, where every change of others would show.
    pub(super) rules: BTreeMap<String, Json>,
    /// The routes of others in its table, likewise.
    pub(super) routes: BTreeMap<String, Json>,
}

impl Kept {
    /// Reads it; what cannot be read is nothing kept.
    pub(super) fn read(private: &[u8]) -> Kept {
        let json: Json = serde_json::from_slice(private).unwrap_or_default();
        let texts = |name: &str| {
            let texts = json.get(name).and_then(Json::as_array).into_iter().flatten();
            texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
        };
        Kept {
            edition: json.get("edition").and_then(Json::as_str).map(str::to_owned),
            added_service_endpoints: texts("added_service_endpoints"),
            leftovers: texts("leftovers"),
            rules: entries(json.get("rules")),
            routes: entries(json.get("routes")),
        }
    }

    /// Remembers the rules of others.
    pub(super) fn remember_rules(&mut self, others: &Entries) {
        self.rules = compact(&RULES, others);
    }

    /// Remembers the routes of others.
    pub(super) fn remember_routes(&mut self, others: &Entries) {
        self.routes = compact(&ROUTES, others);
    }

    /// What stands beside the resource's entries, as far as it is remembered.
    pub(super) fn neighbours(&self) -> Neighbours {
        Neighbours {
            rules: unfold(&RULES, &self.rules),
            routes: unfold(&ROUTES, &self.routes),
        }
    }

    /// Terraform's bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        json!({
            "edition": self.edition,
            "added_service_endpoints": self.added_service_endpoints,
            "leftovers": self.leftovers,
            "rules": self.rules,
            "routes": self.routes,
        })
        .to_string()
        .into_bytes()
    }
}

/// What is no map of objects is nothing remembered: the next refresh remembers anew.
fn entries(json: Option<&Json>) -> BTreeMap<String, Json> {
    let entries = json.and_then(Json::as_object).into_iter().flatten();
    entries
        .filter(|(_, entry)| entry.is_object())
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

fn compact(form: &Form, entries: &Entries) -> BTreeMap<String, Json> {
    let entry = |(name, value): (&String, &Value)| {
        let mut properties = (form.to_arm)(value).get("properties").cloned().unwrap_or_default();
        if let Some(properties) = properties.as_object_mut() {
            properties.remove("description");
        }
        (name.clone(), properties)
    };
    entries.iter().map(entry).collect()
}

fn unfold(form: &Form, entries: &BTreeMap<String, Json>) -> Entries {
    let entry = |(name, properties): (&String, &Json)| {
        let value = (form.from_arm)(&json!({ "name": name, "properties": properties }));
        (name.clone(), value)
    };
    entries.iter().map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_rubbish_is_nothing() {
        let kept = Kept {
            edition: Some("2020-07".to_owned()),
            added_service_endpoints: BTreeSet::from(["Microsoft.Storage".to_owned()]),
            leftovers: BTreeSet::from(["/subscriptions/s".to_owned()]),
            rules: BTreeMap::from([("theirs".to_owned(), json!({ "direction": "Inbound", "priority": 100 }))]),
            routes: BTreeMap::from([(
                "away".to_owned(),
                json!({ "addressPrefix": "0.0.0.0/0", "nextHopType": "None" }),
            )]),
        };
        assert_eq!(Kept::read(&kept.write()), kept);
        assert_eq!(Kept::read(b""), Kept::default());
        assert_eq!(Kept::read(br#"{"rules":{"theirs":["Inbound",100]}}"#), Kept::default());
        let mut again = Kept {
            edition: kept.edition.clone(),
            added_service_endpoints: kept.added_service_endpoints.clone(),
            leftovers: kept.leftovers.clone(),
            ..Kept::default()
        };
        let beside = kept.neighbours();
        again.remember_rules(&beside.rules);
        again.remember_routes(&beside.routes);
        assert_eq!(again, kept);
        assert_eq!(Kept::read(br#"{"edition":"2011"}"#).edition.as_deref(), Some("2011"));
    }
}
