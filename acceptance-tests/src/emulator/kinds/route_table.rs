//! `routeTables`.

use serde_json::{Value, json};

use super::{Kind, Write, check_children, refers_to_nothing, route, shows_nothing_more};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::Resource;
use crate::emulator::service_tags;

pub(super) static KIND: Kind = Kind {
    segment: "routeTables",
    label: "RouteTable",
    children: &[&route::CHILD],
    read_only: &["subnets"],
    used_by_subnets: Some(("routeTable", in_use)),
    complete,
    check,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

/// Of the published limits (400, 600, 1,000) the oldest: every subscription has it.
const ROUTES: usize = 400;
/// Source: virtual-networks-udr-overview.md.
const TAG_ROUTES: usize = 25;

fn in_use(table: &Resource, _: &[String]) -> Refusal {
    Refusal::bad(
        "InUseRouteTableCannotBeDeleted",
        format!("Route table {} is in use and cannot be deleted.", table.name),
    )
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let table = write.new;
    let routes = check_children(table, &route::CHILD)?;
    let limit = |what: &str, limit: usize| {
        Refusal::bad(
            "RouteTableLimitReached",
            format!("Route table {} has more than {limit} {what}.", table.id),
        )
    };
    if routes.len() > ROUTES {
        return Err(limit("routes", ROUTES));
    }
    let mut taken: Vec<(&str, &str)> = Vec::new();
    for (name, properties) in routes {
        let prefix = route::check(&table.child_id(&route::CHILD, name), properties)?;
        if let Some((_, other)) = taken.iter().find(|(other, _)| *other == prefix) {
            return Err(Refusal::bad(
                "RouteConflict",
                format!("Route {name} conflicts with route {other}. Routes cannot have the same AddressPrefix."),
            ));
        }
        taken.push((prefix, name));
    }
    if taken
        .iter()
        .filter(|(prefix, _)| service_tags::is_service(prefix))
        .count()
        > TAG_ROUTES
    {
        return Err(limit("routes with service tags", TAG_ROUTES));
    }
    Ok(())
}

fn complete(table: &mut Resource) {
    table
        .properties
        .entry("disableBgpRoutePropagation")
        .or_insert_with(|| json!(false));
    let routes = table.properties.entry("routes").or_insert_with(|| json!([]));
    for entry in routes.as_array_mut().into_iter().flatten() {
        if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
            route::complete(properties);
        }
    }
}
