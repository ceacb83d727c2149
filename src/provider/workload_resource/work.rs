//! One apply: what there was, what there shall be, and the way to Azure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json};
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Value, json},
};

use super::{
    WorkloadResource, arguments,
    forms::{self, Entries},
    owner::{self, Owner},
    part::Part,
    targets::{self, Held, SubnetTarget, Targets},
};
pub(super) use crate::provider::managed::{
    report,
    tags::{put_tags, tags_of, user_tags},
};
use crate::{azure::Call, provider::configuration::Session, regions::normalize_location};

/// What cannot be read back from Azure, beside the workload's arguments; an import finds it in the owner tags.
const OPTIONS: [&str; 17] = [
    "ignored_rule_name_prefixes",
    "ignored_route_name_prefixes",
    "timeouts",
    "replace_existing_associations",
    "manage_service_endpoints",
    "route_table_id",
    "route_table_name",
    "service_endpoint_policy_ids",
    "delegation",
    "private_endpoint_network_policies",
    "firewall_policy_id",
    "firewall_id",
    "rule_collection_group_id",
    "rule_collection_group_name",
    "rule_collection_group_priority",
    "previous_network_security_group_id",
    "previous_route_table_id",
];

/// The service endpoints that the resource added to a subnet of somebody else, among the options in the owner tags.
const ADDED_ENDPOINTS: &str = "added_service_endpoints";

/// Arguments that Azure tells, that the provider says, or that no tag could hold.
const NOT_KEPT: [&str; 3] = ["location", "environment", "policies"];

/// What a part needs to be written, read or removed.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub(super) resource: &'a WorkloadResource,
    pub(super) session: &'a Session,
    pub(super) call: &'a Call,
    /// The state before; `None` on create.
    pub(super) prior: Option<&'a Value>,
    /// What shall be, or on destroy what is; wholly known but for what only Azure can tell.
    pub(super) object: &'a Value,
    /// The objects it is about.
    pub(super) targets: &'a Targets,
    /// The tags of the owner, with options.
    pub(super) owner_tags: BTreeMap<String, String>,
}

impl Work<'_> {
    /// The subnet, for a resource that has one.
    pub(super) fn subnet(&self) -> Option<&SubnetTarget> {
        self.targets.subnet.as_ref()
    }

    /// Whether a part is another than before, or there was none: then what is there is looked at first, and what was there is left
    /// afterwards.
    pub(super) fn is_new(&self, part: Part) -> bool {
        let Some(prior) = self.prior else { return true };
        match part {
            Part::Subnet => false,
            Part::Group => targets::group(prior).known() != self.targets.group,
            Part::Table => match &self.targets.table {
                // A table of our own that somebody removed, or whose mark, is the same one.
                Some(Held { id, own: true }) => {
                    targets::own_id(prior, "route_table", "routeTables").known().as_ref() != Some(id)
                }
                table => targets::table(prior).known() != *table,
            },
            Part::Firewall => targets::firewall(prior).known() != self.targets.firewall,
        }
    }

    /// Whether the object of a part comes into being: one of others is only changed.
    pub(super) fn makes(&self, part: Part) -> bool {
        let own = |held: &Option<Held>| held.as_ref().is_some_and(|held| held.own);
        self.prior.is_none()
            && match part {
                Part::Group => own(&self.targets.group),
                Part::Table => own(&self.targets.table),
                Part::Firewall => true,
                Part::Subnet => self.targets.subnet.as_ref().is_some_and(|subnet| subnet.born),
            }
    }

    /// Who owns what the resource makes.
    pub(super) fn owns(&self, tags: &BTreeMap<String, String>, kind: &str) -> bool {
        owner_of(kind, self.object, self.targets).is_some_and(|owner| owner::marks(tags, &owner))
    }

    /// Whether the resource made it, perhaps before its place was moved: the state says that it did, and nobody marked it for another since.
    pub(super) fn made(&self, tags: &BTreeMap<String, String>, kind: &str) -> bool {
        owner_of(kind, self.object, self.targets).is_some_and(|owner| owner::names(tags, &owner))
    }

    /// The tags of an object of the resource's own: the user's and the mark.
    pub(super) fn tags(&self, with_options: bool) -> BTreeMap<String, String> {
        let mut tags = user_tags(self.object);
        let mark = self
            .owner_tags
            .iter()
            .filter(|(name, _)| with_options || !owner::is_option(name));
        tags.extend(mark.map(|(name, value)| (name.clone(), value.clone())));
        tags
    }

    /// The location as ARM spells it.
    pub(super) fn location(&self) -> String {
        normalize_location(self.object.attribute("location").as_str().unwrap_or_default())
    }

    /// The entries of an output.
    pub(super) fn entries(&self, output: &str) -> Entries {
        forms::entries_in(self.object.attribute(output))
    }

    /// The entries that the resource had before.
    pub(super) fn entries_before(&self, output: &str) -> Entries {
        self.prior
            .map(|prior| forms::entries_in(prior.attribute(output)))
            .unwrap_or_default()
    }

    /// Whether an entry is somebody else's: in an object of the resource's own only those with an ignored name, among others' all that
    /// are not in its state.
    pub(super) fn is_foreign<'b>(
        &'b self,
        held: &'b Held,
        output: &str,
        ignored: &str,
    ) -> impl Fn(&str) -> bool + use<'b> {
        let (before, own) = (self.entries_before(output), held.own);
        let prefixes = forms::texts(self.object.attribute(ignored));
        move |name: &str| {
            if own {
                forms::begins(name, &prefixes)
            } else {
                !forms::has(&before, name)
            }
        }
    }
}

/// The owner of what belongs to an object; `None` for a resource without a subnet, which can mark nothing.
pub(super) fn owner_of<'a>(kind: &'a str, object: &'a Value, targets: &'a Targets) -> Option<Owner<'a>> {
    Some(Owner {
        kind,
        name: object.attribute("name").as_str()?,
        place: &targets.subnet.as_ref()?.id,
    })
}

/// The tags that mark an object's owner, with its options.
pub(super) fn owner_tags(
    resource: &WorkloadResource,
    object: &Value,
    targets: &Targets,
    added_endpoints: &BTreeSet<String>,
    diagnostics: &mut Diagnostics,
) -> Option<BTreeMap<String, String>> {
    let kind = resource.type_name();
    let Some(owner) = owner_of(&kind, object, targets) else {
        return Some(BTreeMap::new());
    };
    match owner::tags(&owner, &options(resource, object, added_endpoints)) {
        Ok(tags) => Some(tags),
        // Only a group of the resource's own carries them.
        Err(_) if !targets.group.as_ref().is_some_and(|group| group.own) => Some(BTreeMap::from([owner::tag(&owner)])),
        Err(error) => {
            let detail = format!(
                "The options cannot be kept in the group's tags, from which an import reads them: {error}. Shorten `waived_requirements` or \
                 `extra_rules`."
            );
            diagnostics.error("Too many options", detail);
            None
        }
    }
}

fn options(resource: &WorkloadResource, object: &Value, added_endpoints: &BTreeSet<String>) -> Json {
    let mut options = Map::new();
    for (name, attribute) in option_attributes(resource) {
        let value = object.attribute(&name);
        if value.is_null() || !value.is_wholly_known() || attribute.default.as_ref() == Some(value) {
            continue;
        }
        if let Ok(json) = json::to_json(value, &attribute.ty()) {
            options.insert(name, json);
        }
    }
    if !added_endpoints.is_empty() {
        options.insert(ADDED_ENDPOINTS.to_owned(), added_endpoints.iter().cloned().collect());
    }
    Json::Object(options)
}

/// The service endpoints that options say the resource has added.
pub(super) fn added_endpoints(options: &Map<String, Json>) -> BTreeSet<String> {
    let endpoints = options
        .get(ADDED_ENDPOINTS)
        .and_then(Json::as_array)
        .into_iter()
        .flatten();
    endpoints.filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The attributes that are kept as options.
pub(super) fn option_attributes(
    resource: &WorkloadResource,
) -> impl Iterator<Item = (String, tfplugin_rs::schema::Attribute)> {
    let workloads = resource
        .source
        .arguments()
        .into_iter()
        .filter(|(name, _)| !NOT_KEPT.contains(&name.as_str()));
    let reach = resource.reach();
    let own = arguments::arguments(reach).into_iter().chain(arguments::outputs(reach));
    let own = own.filter(|(name, _)| OPTIONS.contains(name));
    workloads.chain(own.map(|(name, attribute)| (name.to_owned(), attribute)))
}

/// Puts the tags that an object of the resource's own has into `state`, but for the mark.
pub(super) fn show_tags(state: &mut Value, document: &serde_json::Value) {
    let tags = tags_of(document)
        .into_iter()
        .filter(|(name, _)| !owner::is_ours(name))
        .collect();
    if user_tags(state) != tags {
        let tags = tags.into_iter().map(|(name, value)| (name, Value::from(value)));
        state.set_attribute("tags", Value::object(tags));
    }
}
