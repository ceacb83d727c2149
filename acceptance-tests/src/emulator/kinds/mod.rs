//! The kinds of network resources, one file each. A kind is data: its names, and functions that fill in what the service
//! computes and refuse what the service refuses. A new kind is a new file and a line in [`KINDS`].

mod azure_firewall;
mod firewall_policy;
mod firewall_rule;
mod gateway;
mod ip_group;
mod nat_gateway;
mod network_security_group;
mod peering;
mod route;
mod route_table;
mod rule_collection_group;
mod security_rule;
mod service_endpoint_policy;
mod subnet;
mod virtual_network;

use serde_json::Value;

pub(super) use gateway::{check_key, keep_key};
pub(super) use virtual_network::subnet_in_use;

use super::azure::Azure;
use super::refusal::Refusal;
use super::resource::{Object, Resource};

/// All kinds.
static KINDS: [&Kind; 11] = [
    &network_security_group::KIND,
    &virtual_network::KIND,
    &route_table::KIND,
    &nat_gateway::KIND,
    &firewall_policy::KIND,
    &gateway::GATEWAY,
    &gateway::LOCAL,
    &gateway::CONNECTION,
    &azure_firewall::KIND,
    &ip_group::KIND,
    &service_endpoint_policy::KIND,
];

/// A kind of top-level resource.
#[derive(Debug)]
pub(super) struct Kind {
    /// As in ids: `networkSecurityGroups`.
    pub(super) segment: &'static str,
    /// As in the names of operations: `NetworkSecurityGroup`.
    pub(super) label: &'static str,
    pub(super) children: &'static [&'static Child],
    /// Properties that a PUT cannot set, besides `provisioningState` and `resourceGuid`.
    pub(super) read_only: &'static [&'static str],
    /// The property of subnets that refers to this kind, and the error for deleting one that is referred to.
    pub(super) used_by_subnets: Option<(&'static str, InUse)>,
    /// Fills in what the service fills in when it stores a PUT. Must cope with anything.
    pub(super) complete: fn(&mut Resource),
    /// Refuses what the service refuses.
    pub(super) check: fn(&Write<'_>) -> Result<(), Refusal>,
    /// Adds what GET shows besides what is stored.
    pub(super) show: fn(&Resource, &mut Object),
    /// The resources this one refers to.
    pub(super) references: fn(&Resource) -> Vec<Reference>,
}

/// A kind of resource that lives inside another one.
#[derive(Debug)]
pub(super) struct Child {
    /// In ids and as the parent's property: `securityRules`.
    pub(super) collection: &'static str,
    /// As in the names of operations: `SecurityRule`.
    pub(super) label: &'static str,
    /// Properties that a PUT cannot set, besides `provisioningState`.
    pub(super) read_only: &'static [&'static str],
    /// Whether it is written on its own only, and what a GET of the parent shows of it then.
    pub(super) apart: Apart,
    /// Adds what GET shows besides what is stored, given the parent and the child's id.
    pub(super) show: ShowChild,
}

/// How a child stands to the writes of its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Apart {
    /// A PUT of the parent replaces it.
    No,
    /// A PUT of the parent leaves it alone; a GET of the parent shows its id.
    Named,
    /// A PUT of the parent leaves it alone; a GET of the parent shows all of it.
    Shown,
}

/// Adds to a child what GET shows besides what is stored.
pub(super) type ShowChild = fn(&Resource, &str, &mut Object);

/// Makes the error for deleting a resource that subnets use.
pub(super) type InUse = fn(&Resource, &[String]) -> Refusal;

/// A write before it is done: what would be stored, what is stored, and everything else there is.
#[derive(Clone, Copy)]
pub(super) struct Write<'a> {
    pub(super) new: &'a Resource,
    pub(super) old: Option<&'a Resource>,
    pub(super) azure: &'a Azure,
}

/// One resource naming another.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) from: String,
    /// The segment of the kind it must be.
    pub(super) kind: &'static str,
    pub(super) to: String,
}

impl Kind {
    /// The kind with this segment, whatever its case.
    pub(super) fn find(segment: &str) -> Option<&'static Self> {
        KINDS
            .into_iter()
            .find(|kind| kind.segment.eq_ignore_ascii_case(segment))
    }

    pub(super) fn child(&self, collection: &str) -> Option<&'static Child> {
        let mut children = self.children.iter().copied();
        children.find(|child| child.collection.eq_ignore_ascii_case(collection))
    }

    /// `Microsoft.Network/networkSecurityGroups`.
    pub(super) fn resource_type(&self) -> String {
        format!("Microsoft.Network/{}", self.segment)
    }
}

fn shows_nothing_more(_: &Resource, _: &mut Object) {}

fn child_shows_nothing_more(_: &Resource, _: &str, _: &mut Object) {}

fn refers_to_nothing(_: &Resource) -> Vec<Reference> {
    Vec::new()
}

/// The names and the JSON of an array of children: every entry an object with a valid name and an object `properties`, no
/// name twice (names ignore case).
fn check_children<'a>(resource: &'a Resource, child: &Child) -> Result<Vec<(&'a str, &'a Object)>, Refusal> {
    let mut found: Vec<(&str, &Object)> = Vec::new();
    let collection = child.collection;
    if let Some(entries) = resource
        .properties
        .get(collection)
        .filter(|entries| !entries.is_array())
    {
        return Err(Refusal::unreadable(format!(
            "Error converting value {entries} to a list. Path 'properties.{collection}'."
        )));
    }
    for (index, entry) in resource.children(child).iter().enumerate() {
        let path = format!("properties.{collection}[{index}]");
        let name = entry.get("name").and_then(Value::as_str).ok_or_else(|| {
            Refusal::bad("InvalidRequestFormat", "Cannot parse the request.").detail(
                "MissingJsonReferenceId",
                format!("Value for reference id is missing. Path {path}."),
            )
        })?;
        let properties = entry.get("properties").and_then(Value::as_object);
        let properties =
            properties.ok_or_else(|| Refusal::unreadable(format!("Properties are not an object. Path '{path}'.")))?;
        if !super::names::is_resource_name(name) {
            return Err(Refusal::name_invalid(name));
        }
        if found.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            return Err(Refusal::duplicate_child(&resource.id, name));
        }
        found.push((name, properties));
    }
    Ok(found)
}

/// A property that must be a text where it is given; `""` and `null` are as good as absent.
fn optional_text<'a>(properties: &'a Object, name: &str) -> Result<Option<&'a str>, Refusal> {
    match properties.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(other) => Err(Refusal::unreadable(format!(
            "Error converting value {other} to type 'System.String'. Path 'properties.{name}'."
        ))),
    }
}

/// A property that must be a list of texts where it is given.
fn texts<'a>(properties: &'a Object, name: &str) -> Result<Vec<&'a str>, Refusal> {
    let wrong = |value: &Value| {
        Refusal::unreadable(format!(
            "Error converting value {value} to a list of type 'System.String'. Path 'properties.{name}'."
        ))
    };
    match properties.get(name) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(values)) => values
            .iter()
            .map(|value| value.as_str().ok_or_else(|| wrong(value)))
            .collect(),
        Some(other) => Err(wrong(other)),
    }
}

/// The member of an enumeration a text means; Azure ignores case here and answers in its own spelling.
fn member(members: &[&'static str], text: &str) -> Option<&'static str> {
    members.iter().copied().find(|member| member.eq_ignore_ascii_case(text))
}
