//! A plan as ARM's JSON, and ARM's JSON as state.
//!
//! Writing changes only the fields this resource speaks of: whatever else Azure or others put into an object survives.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};
use tfplugin_rs::value::Value;

use super::{attach, owner, rule};
use crate::azure::ResourceId;

/// What the plan demands of the network security group.
#[derive(Clone, Debug)]
pub(super) struct Group {
    location: String,
    rules: BTreeMap<String, Value>,
    tags: BTreeMap<String, String>,
    ignored: Vec<String>,
}

impl Group {
    /// The group of a wholly known plan, with the tags that mark its owner.
    pub(super) fn planned(planned: &Value, owner_tags: BTreeMap<String, String>) -> Group {
        let mut tags = attach::user_tags(planned);
        tags.extend(owner_tags);
        Group {
            location: crate::regions::normalize_location(planned.attribute("location").as_str().unwrap_or_default()),
            rules: planned
                .attribute("security_rules")
                .as_map()
                .cloned()
                .unwrap_or_default(),
            tags,
            ignored: ignored_prefixes(planned),
        }
    }

    /// The body of a new group: all rules in the one request.
    pub(super) fn body(&self) -> Json {
        let mut body = json!({ "location": self.location });
        self.write_into(&mut body);
        body
    }

    /// Puts the plan into an existing group. A rule that means the same already keeps Azure's form, and Azure's own rules stay.
    pub(super) fn write_into(&self, document: &mut Json) {
        let existing = rules_of(document);
        let find = |name: &str| existing.iter().find(|rule| name_of(rule).eq_ignore_ascii_case(name));
        let kept = existing
            .iter()
            .filter(|rule| is_ignored(name_of(rule), &self.ignored))
            .cloned();
        let ours = self.rules.values().map(|planned| {
            let name = planned.attribute("name").as_str().unwrap_or_default();
            match find(name) {
                Some(actual) if rule::same(planned, &rule::from_arm(actual)) => actual.clone(),
                _ => rule::to_arm(planned),
            }
        });
        let rules: Vec<Json> = ours.chain(kept).collect();
        if !same_rules(&existing, &rules) {
            put(document, "securityRules", Json::Array(rules));
        }
        if tags_of(document) != self.tags
            && let Some(document) = document.as_object_mut()
        {
            document.insert("tags".into(), json!(self.tags));
        }
    }
}

/// What the plan demands of the subnet.
#[derive(Clone, Debug)]
pub(super) struct Subnet<'a> {
    planned: &'a Value,
    group: &'a ResourceId,
}

impl<'a> Subnet<'a> {
    /// The subnet of a wholly known plan.
    pub(super) fn planned(planned: &'a Value, group: &'a ResourceId) -> Subnet<'a> {
        Subnet { planned, group }
    }

    /// The body of a new subnet: born with everything that locks it down.
    pub(super) fn body(&self) -> Json {
        let mut body = json!({});
        self.write_into(&mut body);
        body
    }

    /// Puts the plan into an existing subnet.
    pub(super) fn write_into(&self, document: &mut Json) {
        let text = |name: &str| self.planned.attribute(name).as_str().map(str::to_owned);
        let prefixes = strings(self.planned.attribute("address_prefixes"));
        let endpoints = strings(self.planned.attribute("service_endpoints"));
        let outbound = self.planned.attribute("default_outbound_access_enabled").as_bool() == Some(true);
        if prefixes_of(document) != prefixes.iter().cloned().collect() {
            remove(document, "addressPrefix");
            remove(document, "addressPrefixes");
            match prefixes.as_slice() {
                [single] => put(document, "addressPrefix", json!(single)),
                several => put(document, "addressPrefixes", json!(several)),
            }
        }
        if endpoints_of(document) != endpoints.iter().cloned().collect() {
            let endpoints: Vec<Json> = endpoints.iter().map(|service| json!({ "service": service })).collect();
            put(document, "serviceEndpoints", Json::Array(endpoints));
        }
        associate(document, "networkSecurityGroup", Some(self.group.to_string()));
        associate(document, "routeTable", text("route_table_id"));
        associate(document, "natGateway", text("nat_gateway_id"));
        put(document, "defaultOutboundAccess", json!(outbound));
    }
}

/// What Azure has, put into `state` in the state's own spelling wherever both mean the same.
pub(super) fn read_group(state: &mut Value, group: Option<&Json>) {
    let Some(group) = group else {
        state.set_attribute("security_rules", Value::object::<String>([]));
        state.set_attribute("foreign_rules", Value::object::<String>([]));
        return;
    };
    let ignored = ignored_prefixes(state);
    let (mut ours, mut foreign) = (BTreeMap::new(), BTreeMap::new());
    for actual in rules_of(group) {
        let name = name_of(&actual).to_owned();
        let known = state.attribute("security_rules").as_map().and_then(|rules| {
            rules
                .iter()
                .find(|(known, _)| known.eq_ignore_ascii_case(&name))
                .map(|(key, rule)| (key.clone(), rule.clone()))
        });
        match known {
            Some((key, known)) => ours.insert(key, rule::keep_spelling(&known, rule::from_arm(&actual))),
            None if is_ignored(&name, &ignored) => foreign.insert(name, rule::from_arm(&actual)),
            None => ours.insert(name, rule::from_arm(&actual)),
        };
    }
    state.set_attribute("security_rules", Value::Map(ours));
    state.set_attribute("foreign_rules", Value::Map(foreign));
    let tags: BTreeMap<String, String> = tags_of(group)
        .into_iter()
        .filter(|(name, _)| !owner::is_ours(name))
        .collect();
    if tags != attach::user_tags(state) {
        state.set_attribute(
            "tags",
            Value::object(tags.into_iter().map(|(name, value)| (name, Value::from(value)))),
        );
    }
    if let Some(location) = group.get("location").and_then(Json::as_str) {
        keep_or_set(state, "location", Some(location), |one, other| {
            crate::regions::normalize_location(one) == crate::regions::normalize_location(other)
        });
    }
}

/// The same for the subnet.
pub(super) fn read_subnet(state: &mut Value, subnet: &Json) {
    let prefixes = prefixes_of(subnet);
    if prefixes != strings(state.attribute("address_prefixes")).into_iter().collect() {
        state.set_attribute("address_prefixes", Value::string_set(prefixes));
    }
    let endpoints = endpoints_of(subnet);
    if endpoints != strings(state.attribute("service_endpoints")).into_iter().collect() {
        state.set_attribute("service_endpoints", Value::string_set(endpoints));
    }
    for (attribute, field) in [
        ("network_security_group_id", "networkSecurityGroup"),
        ("route_table_id", "routeTable"),
        ("nat_gateway_id", "natGateway"),
    ] {
        keep_or_set(state, attribute, association(subnet, field), str::eq_ignore_ascii_case);
    }
    let outbound = subnet
        .pointer("/properties/defaultOutboundAccess")
        .and_then(Json::as_bool);
    // Absent is what Azure calls the default of subnets made before the property existed: open.
    state.set_attribute("default_outbound_access_enabled", outbound.unwrap_or(true).into());
}

/// The id of what a subnet is associated with.
pub(super) fn association<'a>(subnet: &'a Json, field: &str) -> Option<&'a str> {
    subnet.get("properties")?.get(field)?.get("id")?.as_str()
}

/// The tags of an object.
pub(super) fn tags_of(document: &Json) -> BTreeMap<String, String> {
    let tags = document.get("tags").and_then(Json::as_object).into_iter().flatten();
    tags.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn associate(document: &mut Json, field: &str, id: Option<String>) {
    let current = association(document, field).map(str::to_owned);
    match (current, id) {
        (Some(current), Some(id)) if current.eq_ignore_ascii_case(&id) => {}
        (_, Some(id)) => put(document, field, json!({ "id": id })),
        (_, None) => remove(document, field),
    }
}

fn keep_or_set(state: &mut Value, attribute: &str, actual: Option<&str>, same: impl Fn(&str, &str) -> bool) {
    let kept = match (state.attribute(attribute).as_str(), actual) {
        (Some(known), Some(actual)) => same(known, actual),
        (None, None) => true,
        _ => false,
    };
    if !kept {
        state.set_attribute(attribute, actual.map(str::to_owned).into());
    }
}

fn put(document: &mut Json, field: &str, value: Json) {
    if let Some(properties) = properties(document) {
        properties.insert(field.to_owned(), value);
    }
}

fn remove(document: &mut Json, field: &str) {
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

fn rules_of(group: &Json) -> Vec<Json> {
    group
        .pointer("/properties/securityRules")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default()
}

fn name_of(rule: &Json) -> &str {
    rule.get("name").and_then(Json::as_str).unwrap_or_default()
}

fn same_rules(existing: &[Json], wanted: &[Json]) -> bool {
    existing.len() == wanted.len() && wanted.iter().all(|rule| existing.contains(rule))
}

fn prefixes_of(subnet: &Json) -> BTreeSet<String> {
    let several = subnet
        .pointer("/properties/addressPrefixes")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    let several: BTreeSet<String> = several.filter_map(Json::as_str).map(str::to_owned).collect();
    if several.is_empty() {
        subnet
            .pointer("/properties/addressPrefix")
            .and_then(Json::as_str)
            .map(str::to_owned)
            .into_iter()
            .collect()
    } else {
        several
    }
}

fn endpoints_of(subnet: &Json) -> BTreeSet<String> {
    let endpoints = subnet
        .pointer("/properties/serviceEndpoints")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    endpoints
        .filter_map(|endpoint| endpoint.get("service")?.as_str())
        .map(str::to_owned)
        .collect()
}

fn ignored_prefixes(object: &Value) -> Vec<String> {
    strings(object.attribute("ignored_rule_name_prefixes"))
        .iter()
        .map(|prefix| prefix.to_lowercase())
        .collect()
}

fn is_ignored(name: &str, ignored: &[String]) -> bool {
    let name = name.to_lowercase();
    ignored.iter().any(|prefix| name.starts_with(prefix))
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_list()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}
