//! The subnet: born with everything that locks it down, or an existing one that gets it.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{
    forms::{meaning, put, remove, texts},
    group,
    relied_on::{self, ReliedOn},
    table,
    targets::{self, Held, SubnetTarget},
    work::Work,
};
use crate::azure::{ArmError, Document, ResourceId};

/// Attribute for what a subnet had before, output for what it has, ARM's field.
const ASSOCIATIONS: [(&str, &str, &str); 2] = [
    (
        "previous_network_security_group_id",
        "associated_network_security_group_id",
        "networkSecurityGroup",
    ),
    ("previous_route_table_id", "associated_route_table_id", "routeTable"),
];

/// Reads it.
pub(super) async fn get(work: &Work<'_>, id: &ResourceId) -> Result<Option<Document>, ArmError> {
    work.session.client.subnets().get(id, work.call).await
}

/// Makes a subnet with all that locks it down in its first request, or changes the one that was made.
pub(super) async fn write_born(work: &Work<'_>, id: &ResourceId, exists: Option<bool>) -> Result<(), ArmError> {
    let subnets = work.session.client.subnets();
    let mut body = json!({});
    merge_born(work, &mut body);
    let lost = work.prior.is_some_and(|prior| prior.attribute("subnet_id").is_null());
    if exists == Some(false) || lost {
        return subnets.create(id, body, work.call).await.map(drop);
    }
    match subnets
        .update(id, work.call, |document| merge_born(work, document))
        .await
    {
        Err(error) if error.is_not_found() => subnets.create(id, body, work.call).await.map(drop),
        written => written.map(drop),
    }
}

fn merge_born(work: &Work<'_>, document: &mut Json) {
    let object = work.object;
    let prefixes = texts(object.attribute("address_prefixes"));
    if !same_texts(&prefixes, &prefixes_of(document)) {
        remove(document, "addressPrefix");
        remove(document, "addressPrefixes");
        match prefixes.as_slice() {
            [single] => put(document, "addressPrefix", json!(single)),
            several => put(document, "addressPrefixes", json!(several)),
        }
    }
    let endpoints = texts(object.attribute("service_endpoints")).into_iter().collect();
    put_endpoints(document, &endpoints);
    associate(
        document,
        "networkSecurityGroup",
        work.targets.group.as_ref().map(|held| &held.id),
    );
    associate(document, "routeTable", work.targets.table.as_ref().map(|held| &held.id));
    let gateway = object
        .attribute("nat_gateway_id")
        .as_str()
        .and_then(|id| id.parse().ok());
    associate(document, "natGateway", gateway.as_ref());
    let outbound = object.attribute("default_outbound_access_enabled").as_bool() == Some(true);
    put(document, "defaultOutboundAccess", json!(outbound));
    for (attribute, field) in OPTIONAL {
        let had = work.prior.is_some_and(|prior| !prior.attribute(attribute).is_null());
        match wanted(object, attribute) {
            Some(wanted) if !same_option(document, attribute, &wanted) => {
                put(document, field, to_arm(attribute, &wanted))
            }
            None if had => remove(document, field),
            // Nobody speaks of it: whoever set it keeps it.
            _ => {}
        }
    }
}

/// What a subnet of our own may have, and is left to others where it is not set.
const OPTIONAL: [(&str, &str); 3] = [
    ("service_endpoint_policy_ids", "serviceEndpointPolicies"),
    ("delegation", "delegations"),
    ("private_endpoint_network_policies", "privateEndpointNetworkPolicies"),
];

fn wanted(object: &Value, attribute: &str) -> Option<Vec<String>> {
    match object.attribute(attribute) {
        Value::Null => None,
        Value::String(text) => Some(vec![text.clone()]),
        set => Some(texts(set)),
    }
}

fn same_option(document: &Json, attribute: &str, wanted: &[String]) -> bool {
    same_texts(wanted, &option_of(document, attribute))
}

fn option_of(document: &Json, attribute: &str) -> Vec<String> {
    let list = |field: &str, pointer: &str| -> Vec<String> {
        let elements = document
            .pointer(&format!("/properties/{field}"))
            .and_then(Json::as_array);
        let texts = elements
            .into_iter()
            .flatten()
            .filter_map(|element| element.pointer(pointer)?.as_str());
        texts.map(str::to_owned).collect()
    };
    match attribute {
        "service_endpoint_policy_ids" => list("serviceEndpointPolicies", "/id"),
        "delegation" => list("delegations", "/properties/serviceName"),
        _ => {
            let word = document
                .pointer("/properties/privateEndpointNetworkPolicies")
                .and_then(Json::as_str);
            word.map(str::to_owned).into_iter().collect()
        }
    }
}

fn to_arm(attribute: &str, wanted: &[String]) -> Json {
    match attribute {
        "service_endpoint_policy_ids" => wanted.iter().map(|id| json!({ "id": id })).collect(),
        "delegation" => wanted
            .iter()
            .map(|service| json!({ "name": "delegation", "properties": { "serviceName": service } }))
            .collect(),
        _ => json!(wanted.first()),
    }
}

/// Gives an existing subnet its group, table and endpoints, and nothing else. Of the endpoints, `added` are those that the resource put
/// there; afterwards it holds those that it may have put there, also where the write failed.
pub(super) async fn write_attached(
    work: &Work<'_>,
    id: &ResourceId,
    added: &mut BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Result<(), ArmError> {
    let wanted = wanted_endpoints(work.object);
    let manages = manages_endpoints(work.object);
    // What the resource needs no more goes with its last user.
    let stay = manages && !added.is_subset(&wanted) && who_relies(work, id).await?.endpoints();
    let back = match work.prior {
        // The resource has no table any more: the subnet gets back what it had.
        Some(prior) if work.targets.table.is_none() => {
            let old = targets::table(prior).known();
            given_back(work, prior, [None, old.as_ref()], diagnostics).await
        }
        _ => Vec::new(),
    };
    // A write that is repeated finds its own endpoints there: only the first look tells whose they are.
    let mut found: Option<BTreeSet<String>> = None;
    let subnets = work.session.client.subnets();
    let written = subnets
        .update(id, work.call, |document| {
            if let Some(group) = &work.targets.group {
                associate(document, "networkSecurityGroup", Some(&group.id));
            }
            if let Some(table) = &work.targets.table {
                associate(document, "routeTable", Some(&table.id));
            }
            back.iter().for_each(|back| back.put(document));
            let existing = endpoints_of(document);
            found.get_or_insert_with(|| existing.clone());
            // What is handed over to others stays.
            if manages {
                let kept = existing
                    .iter()
                    .filter(|endpoint| stay || !added.contains(*endpoint) || wanted.contains(*endpoint));
                put_endpoints(document, &kept.chain(&wanted).cloned().collect());
            }
        })
        .await;
    let found = found.unwrap_or_default();
    let mut ours = added_endpoints(work.object, added, &found);
    if stay {
        ours.extend(added.intersection(&found).cloned());
    }
    match &written {
        Ok(_) => *added = ours,
        Err(error) if error.may_have_written() => added.extend(ours),
        Err(_) => {}
    }
    written.map(drop)
}

/// The endpoints that the resource will have added to a subnet of somebody else: `added` before, or not `found` there.
pub(super) fn added_endpoints(object: &Value, added: &BTreeSet<String>, found: &BTreeSet<String>) -> BTreeSet<String> {
    if !manages_endpoints(object) {
        return BTreeSet::new();
    }
    let mut ours = wanted_endpoints(object);
    ours.retain(|endpoint| added.contains(endpoint) || !found.contains(endpoint));
    ours
}

/// The endpoints that a plan or state says the resource needs.
pub(super) fn wanted_endpoints(object: &Value) -> BTreeSet<String> {
    texts(object.attribute("service_endpoints")).into_iter().collect()
}

fn manages_endpoints(object: &Value) -> bool {
    object.attribute("manage_service_endpoints").as_bool() != Some(false)
}

async fn who_relies(work: &Work<'_>, id: &ResourceId) -> Result<ReliedOn, ArmError> {
    let group = match &work.targets.group {
        Some(Held { id, own: false }) => group::get(work, id).await?,
        _ => None,
    };
    relied_on::look(work, id, group.as_ref()).await
}

/// Gives a subnet of somebody else back what it had before. What others rely on stays, and so do the endpoints beside it.
pub(super) async fn detach(
    work: &Work<'_>,
    id: &ResourceId,
    added: &BTreeSet<String>,
    relied_on: ReliedOn,
    diagnostics: &mut Diagnostics,
) -> Result<(), ArmError> {
    let group = work.targets.group.as_ref().filter(|_| !relied_on.group);
    let table = work.targets.table.as_ref().filter(|_| !relied_on.table);
    let back = given_back(work, work.object, [group, table], diagnostics).await;
    let subnets = work.session.client.subnets();
    let detached = subnets
        .update(id, work.call, |document| {
            back.iter().for_each(|back| back.put(document));
            let kept = endpoints_of(document)
                .into_iter()
                .filter(|endpoint| relied_on.endpoints() || !added.contains(endpoint))
                .collect();
            put_endpoints(document, &kept);
        })
        .await;
    match detached {
        Err(error) if error.is_not_found() => Ok(()),
        detached => detached.map(drop),
    }
}

/// What a subnet gets back in the place of a group or table that the resource gave it.
struct GivenBack {
    field: &'static str,
    ours: ResourceId,
    previous: Option<ResourceId>,
}

impl GivenBack {
    /// Only what is still ours gives way.
    fn put(&self, document: &mut Json) {
        if association(document, self.field).is_some_and(|id| id.eq_ignore_ascii_case(&self.ours.to_string())) {
            associate(document, self.field, self.previous.as_ref());
        }
    }
}

/// What the subnet had before the resource gave it a group and a table. What somebody removed since cannot be put back, and must not keep the
/// resource from leaving.
async fn given_back(
    work: &Work<'_>,
    state: &Value,
    held: [Option<&Held>; 2],
    diagnostics: &mut Diagnostics,
) -> Vec<GivenBack> {
    let mut back = Vec::new();
    for ((attribute, associated, field), held) in ASSOCIATIONS.into_iter().zip(held) {
        let Some(held) = held.filter(|held| is_ours(state, associated, held)) else {
            continue;
        };
        let mut previous: Option<ResourceId> = state.attribute(attribute).as_str().and_then(|id| id.parse().ok());
        if let Some(id) = previous.as_ref().filter(|id| **id != held.id)
            && is_gone(work, field, id).await
        {
            let detail = format!(
                "The subnet had `{id}` before, which does not exist any more and cannot be put back: the subnet is left without. Give it \
                 another one if it shall have one."
            );
            diagnostics.warning_at(Path::attribute(attribute), "Not given back", detail);
            previous = None;
        }
        back.push(GivenBack {
            field,
            ours: held.id.clone(),
            previous,
        });
    }
    back
}

/// Who may not read it may still put it back: only Azure's word counts.
async fn is_gone(work: &Work<'_>, field: &str, id: &ResourceId) -> bool {
    let found = match field {
        "routeTable" => table::get(work, id).await,
        _ => group::get(work, id).await,
    };
    matches!(found, Ok(None))
}

/// Whether it is the resource that associated the subnet with a group or table. One of others may have been there before a create that never
/// came to the subnet; one of the resource's own never was.
fn is_ours(state: &Value, associated: &str, held: &Held) -> bool {
    held.own || !state.attribute(associated).is_null()
}

/// What Azure has, put into `state`. Says whether the subnet of the resource's own is there; `None` for one of somebody else.
pub(super) fn read(state: &mut Value, target: &SubnetTarget, subnet: Option<&Json>) -> Option<bool> {
    // A subnet that the resource has not made, or not again, is a stranger's, whatever its name.
    let subnet = subnet.filter(|_| !target.born || !state.attribute("subnet_id").is_null());
    for (_, attribute, field) in ASSOCIATIONS {
        // Where an existing subnet's table is none of ours, it is none of our business.
        let watched = target.born || !state.attribute(attribute).is_null();
        let actual = subnet.and_then(|subnet| association(subnet, field));
        if watched {
            keep_or_set(state, attribute, actual);
        }
    }
    let nothing = json!({});
    let document = subnet.unwrap_or(&nothing);
    let known: BTreeSet<String> = texts(state.attribute("service_endpoints")).into_iter().collect();
    let actual = endpoints_of(document);
    let seen: BTreeSet<String> = if target.born {
        actual
    } else if state.attribute("manage_service_endpoints").as_bool() == Some(false) {
        known.clone()
    } else {
        known.intersection(&actual).cloned().collect()
    };
    if seen != known {
        state.set_attribute("service_endpoints", Value::string_set(seen));
    }
    if !target.born {
        return None;
    }
    let Some(subnet) = subnet else {
        state.set_attribute("subnet_id", Value::Null);
        return Some(false);
    };
    read_born(state, subnet);
    Some(true)
}

/// What a subnet of the resource's own was given, as Azure has it.
pub(super) fn read_born(state: &mut Value, subnet: &Json) {
    let prefixes = prefixes_of(subnet);
    if !same_texts(&prefixes, &texts(state.attribute("address_prefixes"))) {
        state.set_attribute("address_prefixes", Value::string_set(prefixes));
    }
    keep_or_set(state, "nat_gateway_id", association(subnet, "natGateway"));
    let outbound = subnet
        .pointer("/properties/defaultOutboundAccess")
        .and_then(Json::as_bool);
    // Absent is what Azure calls the default of subnets made before the property existed: open.
    state.set_attribute("default_outbound_access_enabled", outbound.unwrap_or(true).into());
    for (attribute, _) in OPTIONAL {
        let Some(known) = wanted(state, attribute) else {
            continue;
        };
        let actual = option_of(subnet, attribute);
        if same_texts(&known, &actual) {
            continue;
        }
        let shown = match attribute {
            "service_endpoint_policy_ids" => Value::string_set(actual),
            _ => actual.into_iter().next().into(),
        };
        state.set_attribute(attribute, shown);
    }
}

/// The id of what a subnet is associated with.
pub(super) fn association<'a>(subnet: &'a Json, field: &str) -> Option<&'a str> {
    subnet.get("properties")?.get(field)?.get("id")?.as_str()
}

/// The address prefixes of a subnet.
pub(super) fn prefixes_of(subnet: &Json) -> Vec<String> {
    let several = subnet
        .pointer("/properties/addressPrefixes")
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    let several: Vec<String> = several.filter_map(Json::as_str).map(str::to_owned).collect();
    if several.is_empty() {
        let single = subnet.pointer("/properties/addressPrefix").and_then(Json::as_str);
        return single.map(str::to_owned).into_iter().collect();
    }
    several
}

fn associate(document: &mut Json, field: &str, id: Option<&ResourceId>) {
    let current = association(document, field).map(str::to_owned);
    match (current, id.map(ToString::to_string)) {
        (Some(current), Some(id)) if current.eq_ignore_ascii_case(&id) => {}
        (_, Some(id)) => put(document, field, json!({ "id": id })),
        (_, None) => remove(document, field),
    }
}

/// Whether the subnet has one of these service endpoints.
pub(super) fn has_any_endpoint(subnet: Option<&Json>, endpoints: &BTreeSet<String>) -> bool {
    subnet.is_some_and(|subnet| !endpoints_of(subnet).is_disjoint(endpoints))
}

/// The service endpoints of a subnet.
pub(super) fn endpoints_of(subnet: &Json) -> BTreeSet<String> {
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

/// Endpoints that stay keep what Azure and others have put into them; locations are never sent for new ones.
fn put_endpoints(document: &mut Json, wanted: &BTreeSet<String>) {
    if endpoints_of(document) == *wanted {
        return;
    }
    let existing = document
        .pointer("/properties/serviceEndpoints")
        .and_then(Json::as_array)
        .cloned()
        .unwrap_or_default();
    let entry = |service: &String| {
        let found = existing
            .iter()
            .find(|entry| entry.get("service").and_then(Json::as_str) == Some(service));
        found.cloned().unwrap_or_else(|| json!({ "service": service }))
    };
    put(document, "serviceEndpoints", wanted.iter().map(entry).collect());
}

/// Whether two lists hold the same, in whatever order and spelling.
fn same_texts(one: &[String], other: &[String]) -> bool {
    let set = |texts: &[String]| meaning(&Value::string_set(texts.iter().cloned()));
    set(one) == set(other)
}

fn keep_or_set(state: &mut Value, attribute: &str, actual: Option<&str>) {
    let kept = match (state.attribute(attribute).as_str(), actual) {
        (Some(known), Some(actual)) => known.eq_ignore_ascii_case(actual),
        (None, None) => true,
        _ => false,
    };
    if !kept {
        state.set_attribute(attribute, actual.map(str::to_owned).into());
    }
}
