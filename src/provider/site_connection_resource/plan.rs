//! The plan: names have defaults, ids follow from names, and only what Azure cannot change replaces.

use tfplugin_rs::{
    provider::Plan,
    value::{Path, Value},
};

use super::site::Site;
use crate::{azure::ResourceId, provider::managed::SAME_BUT_FOR_CASE};

/// What of a connection Azure cannot change.
const FIXED: [&str; 4] = [
    "type",
    "virtual_network_gateway_id",
    "express_route_circuit_id",
    "connection_protocol",
];

/// Refines the plan of a create or update.
pub(super) fn plan(plan: &mut Plan) {
    plan_protocol(plan);
    plan_names(plan);
    plan_ids(plan);
    plan.requires_replace = moved(plan);
}

/// Without a word about it, a VPN keeps the protocol it has.
fn plan_protocol(plan: &mut Plan) {
    const PROTOCOL: &str = "connection_protocol";
    if !plan.config.attribute("connection").attribute(PROTOCOL).is_null() {
        return;
    }
    let mut connection = plan.planned.attribute("connection").clone();
    if connection.as_map().is_none() {
        return;
    }
    let kept = plan
        .prior
        .as_ref()
        .map(|prior| prior.attribute("connection").attribute(PROTOCOL));
    let protocol = match (connection.attribute("type").as_str(), kept) {
        (None, _) => Value::UNKNOWN,
        (Some("IPsec"), Some(kept)) if !kept.is_null() => kept.clone(),
        (Some("IPsec"), _) => "IKEv2".into(),
        (Some(_), _) => Value::Null,
    };
    connection.set_attribute(PROTOCOL, protocol);
    plan.planned.set_attribute("connection", connection);
}

fn plan_names(plan: &mut Plan) {
    let prior = |name: &str| {
        let prior = plan.prior.as_ref().map(|prior| prior.attribute(name).clone());
        prior.filter(|prior| !prior.is_null())
    };
    let group = plan.config.attribute("resource_group_name").is_null().then(|| {
        let gateway = plan
            .planned
            .attribute("connection")
            .attribute("virtual_network_gateway_id");
        let gateway = gateway.as_str().and_then(|id| id.parse::<ResourceId>().ok());
        let group = gateway.map(|gateway| Value::from(gateway.resource_group()));
        let group = same_but_for_case(prior("resource_group_name"), group);
        group.unwrap_or_else(Value::unknown_not_null)
    });
    let local_gateway = plan.config.attribute("local_network_gateway_name").is_null().then(|| {
        let kept = prior("local_network_gateway_name");
        let name = plan.planned.attribute("name").as_str();
        match (plan.planned.attribute("local_network_gateway"), name) {
            (Value::Null, _) => Value::Null,
            (Value::Map(_), Some(name)) => {
                let name = Some(Value::from(format!("lgw-{name}")));
                same_but_for_case(kept, name).unwrap_or(Value::UNKNOWN)
            }
            _ => kept.unwrap_or(Value::UNKNOWN),
        }
    });
    for (argument, value) in [
        ("resource_group_name", group),
        ("local_network_gateway_name", local_gateway),
    ] {
        if let Some(value) = value {
            plan.planned.set_attribute(argument, value);
        }
    }
}

/// The old spelling, or the old value while the new one is not known: nothing is replaced for what may turn out to be the same.
fn same_but_for_case(kept: Option<Value>, new: Option<Value>) -> Option<Value> {
    match (kept, new) {
        (Some(kept), Some(new)) if SAME_BUT_FOR_CASE(&kept, &new) => Some(kept),
        (kept, new) => new.or(kept),
    }
}

fn plan_ids(plan: &mut Plan) {
    let site = Site::of(&plan.planned);
    // Without the gateway, the old id would tell a subscription that may be another one now.
    let named = plan
        .planned
        .attribute("connection")
        .attribute("virtual_network_gateway_id")
        .as_str();
    let site = site.filter(|_| named.is_some());
    let connection = site
        .as_ref()
        .map_or_else(Value::unknown_not_null, |site| site.connection.to_string().into());
    let local_gateway = match &site {
        Some(site) => Value::from(site.local_gateway.as_ref().map(ToString::to_string)),
        None => Value::UNKNOWN,
    };
    for (output, id) in [
        ("id", connection.clone()),
        ("connection_id", connection),
        ("local_network_gateway_id", local_gateway),
    ] {
        let kept = plan.prior.as_ref().map(|prior| prior.attribute(output).clone());
        let id = match kept {
            // Nothing is known to have changed.
            Some(kept) if kept.as_str().is_some() && (id.is_unknown() || SAME_BUT_FOR_CASE(&kept, &id)) => kept,
            _ => id,
        };
        plan.planned.set_attribute(output, id);
    }
}

/// While the whole connection is unknown, as behind a data source that waits for something, nothing is assumed to move: a link would be cut
/// for nothing.
fn moved(plan: &Plan) -> Vec<Path> {
    let Some(prior) = plan.prior.as_ref().map(|prior| prior.attribute("connection")) else {
        return Vec::new();
    };
    let planned = plan.planned.attribute("connection");
    if prior.is_null() || planned.is_unknown() {
        return Vec::new();
    }
    let moved = |name: &&&str| {
        let (was, to_be) = (prior.attribute(name), planned.attribute(name));
        !was.is_null() && !to_be.is_null() && !SAME_BUT_FOR_CASE(was, to_be)
    };
    let connection = Path::attribute("connection");
    FIXED.iter().filter(moved).map(|name| connection.child(*name)).collect()
}
