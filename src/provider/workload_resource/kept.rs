//! What Terraform keeps beside a resource's state for the provider alone.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};
use tfplugin_rs::value::Value;

use super::forms::Entries;

/// It, as far as something was kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kept {
    /// The edition the object was made with: a replacement keeps it.
    pub(super) edition: Option<String>,
    /// The service endpoints that the resource added to a subnet of somebody else, and takes away again.
    pub(super) added_service_endpoints: BTreeSet<String>,
    /// Direction and priority of the rules of others in a shared group, as last read: enough for a plan to see a conflict, and not in
    /// the state, where every change of others would show.
    pub(super) neighbours: BTreeMap<String, (String, i64)>,
}

impl Kept {
    /// Reads it; what cannot be read is nothing kept.
    pub(super) fn read(private: &[u8]) -> Kept {
        let json: Json = serde_json::from_slice(private).unwrap_or_default();
        let endpoints = json.get("added_service_endpoints").and_then(Json::as_array);
        Kept {
            edition: json.get("edition").and_then(Json::as_str).map(str::to_owned),
            added_service_endpoints: endpoints
                .into_iter()
                .flatten()
                .filter_map(|endpoint| endpoint.as_str().map(str::to_owned))
                .collect(),
            neighbours: json
                .get("neighbours")
                .and_then(|neighbours| serde_json::from_value(neighbours.clone()).ok())
                .unwrap_or_default(),
        }
    }

    /// Remembers the rules of others.
    pub(super) fn remember(&mut self, others: &Entries) {
        let place = |rule: &Value| {
            let direction = rule.attribute("direction").as_str()?.to_owned();
            Some((direction, rule.attribute("priority").as_number()?.to_i64()?))
        };
        self.neighbours = others
            .iter()
            .filter_map(|(name, rule)| Some((name.clone(), place(rule)?)))
            .collect();
    }

    /// The rules of others, as far as they are remembered.
    pub(super) fn neighbours(&self) -> Entries {
        let rule = |(name, (direction, priority)): (&String, &(String, i64))| {
            let rule = [
                ("direction", Value::from(direction.as_str())),
                ("priority", (*priority).into()),
            ];
            (name.clone(), Value::object(rule))
        };
        self.neighbours.iter().map(rule).collect()
    }

    /// Terraform's bytes.
    pub(super) fn write(&self) -> Vec<u8> {
        json!({
            "edition": self.edition,
            "added_service_endpoints": self.added_service_endpoints,
            "neighbours": self.neighbours,
        })
        .to_string()
        .into_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_rubbish_is_nothing() {
        let kept = Kept {
            edition: Some("2020-07".to_owned()),
            added_service_endpoints: BTreeSet::from(["Microsoft.Storage".to_owned()]),
            neighbours: BTreeMap::from([("theirs".to_owned(), ("Inbound".to_owned(), 100))]),
        };
        assert_eq!(Kept::read(&kept.write()), kept);
        assert_eq!(Kept::read(b""), Kept::default());
        assert_eq!(Kept::read(br#"{"edition":"2011"}"#).edition.as_deref(), Some("2011"));
    }
}
