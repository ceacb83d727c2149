//! Routes as people have them: in the shape of azurerm's `route`, in a map or a list. What Azure refuses in one table is an error: which
//! of two routes for one destination wins, nobody could say.

use std::collections::BTreeSet;

use tfplugin_rs::value::Value;

use super::{
    dynamic_inputs,
    given_rules::{Unreadable, prefix, twice},
};
use crate::{
    network::{Known, NextHop, Route, RouteDestination},
    service_tags::known,
};

/// The routes of a value.
pub(super) fn read(value: &Value) -> Result<Vec<Route>, Unreadable> {
    let routes: Vec<Route> = match &dynamic_inputs::without_types(value) {
        Value::Map(routes) => routes
            .iter()
            .map(|(name, route)| self::route(Some(name), route))
            .collect(),
        Value::List(routes) => routes.iter().map(|route| self::route(None, route)).collect(),
        Value::Null => Ok(Vec::new()),
        Value::Unknown(_) => Err("the routes are known only after apply".to_owned()),
        _ => Err("a map or list of routes is expected".to_owned()),
    }?;
    of_one_table(&routes)?;
    Ok(routes)
}

/// A table has each name and each destination once, without case.
fn of_one_table(routes: &[Route]) -> Result<(), Unreadable> {
    if let Some((_, route)) = twice(routes, |route| route.name.as_str().to_lowercase()) {
        return Err(format!(
            "two routes are named `{}`, and Azure has each name once in a table, without case: rename one",
            route.name
        ));
    }
    if let Some((earlier, route)) = twice(routes, |route| route.destination.to_string().to_lowercase()) {
        return Err(format!(
            "the routes `{}` and `{}` both lead to `{}`, and Azure has each destination once in a table: remove one",
            earlier.name, route.name, route.destination
        ));
    }
    Ok(())
}

fn route(key: Option<&str>, value: &Value) -> Result<Route, Unreadable> {
    let Some(name) = value.attribute("name").as_str().or(key) else {
        return Err("a route without a `name`".to_owned());
    };
    let wrong = |attribute: &str, reason: &str| format!("route `{name}`: `{attribute}` {reason}");
    let Some(destination) = value.attribute("address_prefix").as_str() else {
        return Err(wrong("address_prefix", "is missing or not known"));
    };
    if let Some(tag) = known::without_addresses(destination) {
        let reason = format!("is `{tag}`, which Azure takes in security rules only: write the prefixes that are meant");
        return Err(wrong("address_prefix", &reason));
    }
    let destination = match prefix(destination) {
        Some(prefix) => RouteDestination::Prefix(prefix),
        None => RouteDestination::Tag(
            destination
                .parse()
                .map_err(|error| wrong("address_prefix", &format!("is refused: {error}")))?,
        ),
    };
    let address = match value.attribute("next_hop_in_ip_address") {
        Value::String(address) => Known::Is(address.clone()),
        _ => Known::NotYet,
    };
    let next_hop = match value.attribute("next_hop_type").as_str() {
        Some("VirtualNetworkGateway") => NextHop::VirtualNetworkGateway,
        Some("VnetLocal") => NextHop::VnetLocal,
        Some("Internet") => NextHop::Internet,
        Some("VirtualAppliance") => NextHop::VirtualAppliance(address),
        Some("None") => NextHop::None,
        _ => {
            let reason = "is none of `VirtualNetworkGateway`, `VnetLocal`, `Internet`, `VirtualAppliance`, `None`";
            return Err(wrong("next_hop_type", reason));
        }
    };
    Ok(Route {
        name: name
            .parse()
            .map_err(|error| wrong("name", &format!("is refused: {error}")))?,
        destination,
        next_hop,
        requirement_ids: BTreeSet::new(),
    })
}
