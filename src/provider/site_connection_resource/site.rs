//! The ARM objects of a site, as far as their ids are known. They follow from names alone.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use tfplugin_rs::value::{Value, json as value_json};

use super::NAME;
use crate::{
    azure::ResourceId,
    provider::managed::{
        owner::{self, OptionsTooLong, Owner},
        tags::user_tags,
        timeouts,
    },
    regions::normalize_location,
};

/// They.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Site {
    /// The virtual network gateway, which others made.
    pub(super) gateway: ResourceId,
    pub(super) connection: ResourceId,
    /// A circuit needs none.
    pub(super) local_gateway: Option<ResourceId>,
}

impl Site {
    /// The objects of a plan or state; `None` while something that names them is not known.
    pub(super) fn of(object: &Value) -> Option<Site> {
        let text = |name: &str| object.attribute(name).as_str();
        let gateway = object.attribute("connection").attribute("virtual_network_gateway_id");
        // A state whose connection is gone still has its id.
        let gateway: ResourceId = gateway.as_str().or_else(|| text("id"))?.parse().ok()?;
        let group = text("resource_group_name")?;
        let local_gateway = match object.attribute("local_network_gateway_name") {
            Value::Null => None,
            name => Some(gateway.in_resource_group(group, "localNetworkGateways", name.as_str()?)),
        };
        Some(Site {
            connection: gateway.in_resource_group(group, "connections", text("name")?),
            local_gateway,
            gateway,
        })
    }

    /// Who owns what the resource makes.
    pub(super) fn owns(&self, tags: &BTreeMap<String, String>, name: &str) -> bool {
        owner::marks(tags, &self.owner(name))
    }

    fn owner<'a>(&'a self, name: &'a str) -> Owner<'a> {
        Owner {
            kind: NAME,
            name,
            place: &self.connection,
        }
    }

    /// The tags of the local network gateway: the user's and the mark.
    pub(super) fn tags(&self, object: &Value) -> BTreeMap<String, String> {
        let mut tags = user_tags(object);
        tags.extend([owner::tag(&self.owner(name(object)))]);
        tags
    }

    /// The tags of the connection, which also carry what cannot be read back.
    pub(super) fn tags_with_options(&self, object: &Value) -> Result<BTreeMap<String, String>, OptionsTooLong> {
        let mut tags = user_tags(object);
        tags.extend(owner::tags(&self.owner(name(object)), &options(object))?);
        Ok(tags)
    }
}

/// What an import finds in the tags. Of the key only the version: it says which key was set last, and nothing of the key.
const VERSION: &str = "shared_key_wo_version";
const TIMEOUTS: &str = "timeouts";

fn options(object: &Value) -> Json {
    let mut options = serde_json::Map::new();
    if let Some(version) = object.attribute(VERSION).as_number().and_then(|number| number.to_i64()) {
        options.insert(VERSION.to_owned(), json!(version));
    }
    let timeouts = object.attribute(TIMEOUTS);
    if !timeouts.is_null()
        && let Ok(timeouts) = value_json::to_json(timeouts, &timeouts::argument().1.ty())
    {
        options.insert(TIMEOUTS.to_owned(), timeouts);
    }
    Json::Object(options)
}

/// Puts the options in the tags into a state.
pub(super) fn restore_options(state: &mut Value, tags: &BTreeMap<String, String>) {
    let options = owner::options(tags).unwrap_or_default();
    if let Some(version) = options.get(VERSION).and_then(Json::as_i64) {
        state.set_attribute(VERSION, version.into());
    }
    if let Some(timeouts) = options.get(TIMEOUTS)
        && let Ok(timeouts) = value_json::from_json(timeouts, &timeouts::argument().1.ty())
    {
        state.set_attribute(TIMEOUTS, timeouts);
    }
}

/// The name of the resource.
pub(super) fn name(object: &Value) -> &str {
    object.attribute("name").as_str().unwrap_or_default()
}

/// The location as ARM spells it.
pub(super) fn location(object: &Value) -> String {
    normalize_location(object.attribute("location").as_str().unwrap_or_default())
}
