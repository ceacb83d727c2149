//! Looking before the first write: whether the gateway is there and fits, and whose the objects are that exist already.

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{
    NAME,
    part::Part,
    site::{self, Site},
};
use crate::{
    azure::{Call, Document},
    provider::{
        configuration::Session,
        managed::{report, tags::tags_of},
    },
    regions::normalize_location,
};

/// Which parts exist.
#[derive(Debug, Default)]
pub(super) struct Found {
    parts: Vec<Part>,
}

impl Found {
    pub(super) fn exists(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }
}

/// Looks at what is new; what the state has is ours. `None` after an error.
pub(super) async fn look(
    session: &Session,
    site: &Site,
    object: &Value,
    prior: Option<&Value>,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Found> {
    let mut found = Found::default();
    if prior.is_none() {
        let gateway = session.client.virtual_network_gateways().get(&site.gateway, call).await;
        let gateway = taken("Virtual network gateway", gateway, diagnostics)?;
        check_gateway(site, object, gateway.as_ref(), diagnostics);
    }
    let is_new = |part: Part| prior.is_none_or(|prior| part.is_missing(prior));
    let connection = if is_new(Part::Connection) {
        let connection = session.client.connections().get(&site.connection, call).await;
        let connection = taken("Connection", connection, diagnostics)?;
        if let Some(there) = &connection {
            refuse(site, object, there, "connection", true, diagnostics);
        }
        connection.is_some()
    } else {
        found.parts.push(Part::Connection);
        true
    };
    match &site.local_gateway {
        Some(id) if is_new(Part::LocalGateway) => {
            let gateway = session.client.local_network_gateways().get(id, call).await;
            if let Some(there) = taken("Local network gateway", gateway, diagnostics)? {
                let ours = site.owns(&tags_of(&there.body), site::name(object));
                // Ours without a connection is what an interrupted create has left.
                if !ours || connection && prior.is_none() {
                    refuse(site, object, &there, "local network gateway", connection, diagnostics);
                }
                found.parts.push(Part::LocalGateway);
            }
        }
        Some(_) => found.parts.push(Part::LocalGateway),
        None => {}
    }
    (!diagnostics.has_errors()).then_some(found)
}

fn taken(
    what: &str,
    result: Result<Option<Document>, crate::azure::ArmError>,
    diagnostics: &mut Diagnostics,
) -> Option<Option<Document>> {
    result
        .inspect_err(|error| report(&format!("{what} not read"), error, diagnostics))
        .ok()
}

fn check_gateway(site: &Site, object: &Value, gateway: Option<&Document>, diagnostics: &mut Diagnostics) {
    let path = Path::attribute("connection").child("virtual_network_gateway_id");
    let Some(gateway) = gateway else {
        let detail = format!("`{}` does not exist. It is not made by this resource.", site.gateway);
        diagnostics.error_at(path, "The virtual network gateway does not exist", detail);
        return;
    };
    let location = gateway.body.get("location").and_then(Json::as_str).unwrap_or_default();
    if normalize_location(location) != site::location(object) {
        let detail = format!(
            "`{}` is in `{location}`, and `location` is `{}`: a connection is where its gateway is.",
            site.gateway,
            site::location(object)
        );
        diagnostics.error_at(Path::attribute("location"), "Another region than the gateway", detail);
    }
    let kind = gateway.body.pointer("/properties/gatewayType").and_then(Json::as_str);
    let wanted = match object.attribute("connection").attribute("type").as_str() {
        Some("ExpressRoute") => "ExpressRoute",
        _ => "Vpn",
    };
    if kind.is_some_and(|kind| !kind.eq_ignore_ascii_case(wanted)) {
        let detail = format!(
            "`{}` is a gateway of type `{}`, and this connection needs one of type `{wanted}`.",
            site.gateway,
            kind.unwrap_or_default()
        );
        diagnostics.error_at(path, "A gateway of another type", detail);
    }
}

fn refuse(site: &Site, object: &Value, there: &Document, what: &str, connected: bool, diagnostics: &mut Diagnostics) {
    let argument = if what == "connection" {
        "name"
    } else {
        "local_network_gateway_name"
    };
    let whose = if site.owns(&tags_of(&there.body), site::name(object)) {
        format!(
            "belongs to another `{NAME}` of this name, or was left by an interrupted apply. A replacement with `create_before_destroy` needs \
             another `name`."
        )
    } else {
        "exists already and was not made by this resource.".to_owned()
    };
    let way_out = if connected {
        format!(
            "If Terraform shall manage it here from now on, import the connection: `terraform import {NAME}.<name> '{}'`; a shared key that may \
             not have been set is set with another `shared_key_wo_version`. Otherwise choose another `{argument}`.",
            site.connection
        )
    } else {
        format!("Choose another `{argument}`, or have it deleted.")
    };
    let detail = format!("The {what} `{}` {whose} {way_out}", there.id);
    diagnostics.error_at(
        Path::attribute(argument),
        format!("A {what} of that name exists"),
        detail,
    );
}
