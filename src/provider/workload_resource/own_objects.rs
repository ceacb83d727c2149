//! What is the resource's own: names follow from the configuration, and ids from names, so they are known before anything exists.

use tfplugin_rs::{provider::Plan, value::Value};

use super::{
    WorkloadResource,
    arguments::Reach,
    demand::{self, Shared},
    targets::{self, Target},
};
use crate::provider::managed::SAME_BUT_FOR_CASE;

/// Puts into an object what follows from its demands once all is known.
pub(super) fn settle(object: &mut Value) {
    for (thing, kind) in [
        ("network_security_group", "networkSecurityGroups"),
        ("route_table", "routeTables"),
    ] {
        let attribute = format!("{thing}_id");
        if object.attribute(&attribute).is_unknown()
            && let Target::Is(id) = targets::own_id(object, thing, kind)
        {
            object.set_attribute(attribute, id.to_string().into());
        }
    }
    if object.attribute("rule_collection_group_id").is_unknown() {
        match (targets::own_rule_collection_group(object), has_collections(object)) {
            (Target::Is(id), Some(true)) => object.set_attribute("rule_collection_group_id", id.to_string().into()),
            (Target::Is(_), Some(false)) => object.set_attribute("rule_collection_group_id", Value::Null),
            _ => {}
        }
    }
    if let Target::Is(subnet) = targets::subnet(object) {
        if object.attribute("subnet_id").is_unknown() {
            object.set_attribute("subnet_id", subnet.id.to_string().into());
        }
        if object.attribute("id").is_unknown() {
            let id = match object.attribute("name").as_str() {
                _ if subnet.born => subnet.id.to_string().into(),
                Some(name) => format!("{}|{name}", subnet.id).into(),
                None => Value::unknown_not_null(),
            };
            object.set_attribute("id", id);
        }
    }
    for (associated, target) in [
        ("associated_network_security_group_id", "network_security_group_id"),
        ("associated_route_table_id", "route_table_id"),
    ] {
        if object.attribute(associated).is_unknown() {
            object.set_attribute(associated, object.attribute(target).clone());
        }
    }
}

/// Whether there are rule collections; `None` while that is not known.
fn has_collections(object: &Value) -> Option<bool> {
    let collections = ["network_rule_collections", "application_rule_collections"].map(|name| object.attribute(name));
    let needed = collections
        .iter()
        .any(|collections| collections.as_list().is_some_and(|list| !list.is_empty()));
    let undecided = collections.iter().any(|collections| collections.is_unknown());
    (needed || !undecided).then_some(needed)
}

/// A rule collection group beside a subnet is made where there are collections for it; else it has no name, no priority and no id.
fn plan_collection_group(plan: &mut Plan) {
    let absent = match has_collections(&plan.planned) {
        Some(true) => return,
        Some(false) => Value::Null,
        None => Value::UNKNOWN,
    };
    for name in [
        "rule_collection_group_name",
        "rule_collection_group_priority",
        "rule_collection_group_id",
    ] {
        if plan.config.attribute(name).is_null() {
            plan.planned.set_attribute(name, absent.clone());
        }
    }
}

/// Names say which objects are the resource's own; they follow from the configuration alone, whatever the prior state says.
pub(super) fn plan_names(resource: &WorkloadResource, plan: &mut Plan, shared: Shared) {
    let config = plan.config.clone();
    let given = |name: &str| !config.attribute(name).is_null();
    let planned = &mut plan.planned;
    if resource.reach() == Reach::Subnet {
        let born = targets::is_born(&config);
        if born {
            planned.set_attribute("subnet_id", Value::unknown_not_null());
        }
        let subnet = targets::subnet(planned).known().map(|subnet| subnet.id);
        let or_unknown = |value: Option<String>| value.map_or(Value::unknown_not_null(), Value::from);
        if !given("resource_group_name") {
            let group = subnet.as_ref().map(|subnet| subnet.resource_group().to_owned());
            planned.set_attribute("resource_group_name", or_unknown(group));
        }
        if shared.group {
            planned.set_attribute("network_security_group_name", Value::Null);
        } else {
            planned.set_attribute("network_security_group_id", Value::unknown_not_null());
            if !given("network_security_group_name") {
                let name = subnet.as_ref().map(|subnet| format!("nsg-{}", subnet.name()));
                planned.set_attribute("network_security_group_name", or_unknown(name));
            }
        }
        if shared.table {
            planned.set_attribute("route_table_name", Value::Null);
        } else {
            planned.set_attribute("route_table_id", Value::UNKNOWN);
            if !given("route_table_name") {
                planned.set_attribute("route_table_name", Value::UNKNOWN);
            }
        }
        if !given("default_outbound_access_enabled") {
            let outbound = if born { Value::from(false) } else { Value::Null };
            planned.set_attribute("default_outbound_access_enabled", outbound);
        }
    }
    if !given("isolation") {
        put(planned, "isolation", demand::default_isolation(shared).into());
    }
    if !given("rule_collection_group_id") {
        let own = given("firewall_policy_id");
        planned.set_attribute(
            "rule_collection_group_id",
            if own { Value::UNKNOWN } else { Value::Null },
        );
    }
    for (name, default) in [
        (
            "rule_collection_group_name",
            rule_collection_group_name(resource, planned),
        ),
        ("rule_collection_group_priority", 1000.into()),
    ] {
        if !given(name) {
            let value = if given("firewall_policy_id") {
                default
            } else {
                Value::Null
            };
            planned.set_attribute(name, value);
        }
    }
}

/// `rcg-<workload>-<subnet>`, or the resource's name where there is no subnet.
fn rule_collection_group_name(resource: &WorkloadResource, planned: &Value) -> Value {
    let workload = resource.source.name().replace('_', "-");
    let stem = match (resource.reach(), targets::subnet(planned)) {
        (Reach::Subnet, Target::Is(subnet)) => Some(subnet.id.name().to_owned()),
        (Reach::Subnet, _) => None,
        (Reach::Firewall, _) => planned.attribute("name").as_str().map(str::to_owned),
    };
    stem.map_or(Value::unknown_not_null(), |stem| {
        format!("rcg-{workload}-{stem}").into()
    })
}

/// Without a name there is a table where there are routes.
pub(super) fn plan_table_name(planned: &mut Value) {
    if !planned.attribute("route_table_name").is_unknown() {
        return;
    }
    let routes = planned.attribute("routes");
    let (undecided, none) = (
        routes.is_unknown(),
        routes.as_map().is_none_or(std::collections::BTreeMap::is_empty),
    );
    let subnet = targets::subnet(planned).known();
    let name = match subnet {
        _ if undecided => return,
        _ if none => Value::Null,
        Some(subnet) => format!("rt-{}", subnet.id.name()).into(),
        None => return,
    };
    if name.is_null() {
        planned.set_attribute("route_table_id", Value::Null);
    }
    planned.set_attribute("route_table_name", name);
}

/// Ids follow from names, so they are known before anything exists. The old spelling stays.
pub(super) fn plan_ids(resource: &WorkloadResource, plan: &mut Plan) {
    let ids = [
        "id",
        "subnet_id",
        "network_security_group_id",
        "route_table_id",
        "rule_collection_group_id",
        "associated_network_security_group_id",
        "associated_route_table_id",
    ];
    for name in [
        "id",
        "associated_network_security_group_id",
        "associated_route_table_id",
    ] {
        let known = plan
            .planned
            .as_map()
            .is_some_and(|attributes| attributes.contains_key(name));
        if known {
            plan.planned.set_attribute(name, Value::UNKNOWN);
        }
    }
    if resource.reach() == Reach::Subnet {
        if plan.config.attribute("route_table_name").is_null() {
            plan_table_name(&mut plan.planned);
        }
        if !plan.config.attribute("firewall_policy_id").is_null() {
            plan_collection_group(plan);
        }
    }
    settle(&mut plan.planned);
    if resource.reach() == Reach::Firewall {
        let place = ["firewall_id", "rule_collection_group_id"].map(|place| plan.planned.attribute(place).clone());
        let id = place.into_iter().find(|place| !place.is_null()).unwrap_or(Value::Null);
        plan.planned.set_attribute("id", id);
    }
    let Some(prior) = &plan.prior else { return };
    for name in ids {
        let (old, new) = (prior.attribute(name), plan.planned.attribute(name));
        if old.as_str().is_some() && new.as_str().is_some() && SAME_BUT_FOR_CASE(old, new) {
            plan.planned.set_attribute(name, old.clone());
        }
    }
}

/// Sets an attribute that not every resource has.
pub(super) fn put(planned: &mut Value, name: &str, value: Value) {
    if planned.as_map().is_some_and(|attributes| attributes.contains_key(name)) {
        planned.set_attribute(name, value);
    }
}
