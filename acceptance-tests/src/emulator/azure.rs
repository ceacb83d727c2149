//! Everything there is in the emulated subscription, and what other clients of it can do.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use serde_json::{Value, json};

use super::entra::Authority;
use super::faults::{Faults, ForeignWrite};
use super::groups::Group;
use super::kinds::{Child, Kind, Write};
use super::locks::Lock;
use super::log::LoggedRequest;
use super::operations::Operation;
use super::quota::Used;
use super::refusal::Refusal;
use super::resource::{Object, Resource, Target, references_in};
use super::resource_id::ResourceId;
use super::{Credentials, Options, network};

/// What GET of one kind shows of those that refer to it: the property and the kind of the others.
const BACK_REFERENCES: [(&str, &str, &str); 4] = [
    ("firewallPolicies", "childPolicies", "firewallPolicies"),
    ("firewallPolicies", "firewalls", "azureFirewalls"),
    ("ipGroups", "firewallPolicies", "firewallPolicies"),
    ("ipGroups", "firewalls", "azureFirewalls"),
];

/// The version foreign clients speak.
const FOREIGN_API_VERSION: &str = "2025-01-01";

/// The emulated Azure, as a foreign client of it sees it: no tokens, no waiting, no faults, nothing in the request log.
pub struct Azure {
    pub(super) options: Options,
    pub(super) credentials: Credentials,
    /// `https://localhost:…`, without a `/` at its end.
    pub(super) endpoint: String,
    pub(super) started: Instant,
    /// By lower-case name.
    pub(super) groups: BTreeMap<String, Group>,
    /// Top-level resources by lower-case id.
    pub(super) resources: BTreeMap<String, Resource>,
    pub(super) operations: Vec<Operation>,
    /// IP configurations in subnets, by the subnet's lower-case id.
    pub(super) occupants: BTreeMap<String, Vec<String>>,
    /// Lower-case ids of subnets with an intent policy.
    pub(super) intents: BTreeSet<String>,
    pub(super) locks: Vec<Lock>,
    pub(super) quota: Used,
    pub(super) authority: Authority,
    /// The actions that the service principal may do; `None`: all.
    pub(super) role: Option<BTreeSet<String>>,
    /// How many more reads of a lower-case id answer 404.
    pub(super) hidden: BTreeMap<String, u32>,
    /// Counts every change of what exists, so that the log can tell requests with an effect from those without.
    pub(super) revision: u64,
    pub(super) service_tags: Option<Value>,
    /// By the workspace's lower-case id.
    pub(super) outbound_dependencies: BTreeMap<String, Value>,
    pub(super) faults: Faults,
    pub(super) log: Vec<LoggedRequest>,
    pub(super) received: u64,
}

impl Azure {
    pub(super) fn new(options: Options, credentials: Credentials, endpoint: String) -> Self {
        Self {
            options,
            credentials,
            endpoint,
            started: Instant::now(),
            groups: BTreeMap::new(),
            resources: BTreeMap::new(),
            operations: Vec::new(),
            occupants: BTreeMap::new(),
            intents: BTreeSet::new(),
            locks: Vec::new(),
            quota: Used::nothing(),
            authority: Authority::new(),
            role: None,
            hidden: BTreeMap::new(),
            revision: 0,
            service_tags: None,
            outbound_dependencies: BTreeMap::new(),
            faults: Faults::default(),
            log: Vec::new(),
            received: 0,
        }
    }

    /// A resource group or network resource as GET shows it.
    pub fn get(&mut self, id: &str) -> Option<Value> {
        self.settle();
        match ResourceId::parse(id)? {
            ResourceId::Group { group, .. } => Some(self.groups.get(&group.to_lowercase())?.shown()),
            ResourceId::Network { target, .. } => self.shown(&target),
        }
    }

    /// Creates or replaces a resource group or network resource as another client would, with every check that a request
    /// meets, but at once: its operation has ended when this returns. Gives it as GET shows it.
    ///
    /// # Panics
    /// With the error, if Azure would refuse it.
    #[track_caller]
    pub fn put(&mut self, id: &str, body: Value) -> Value {
        self.try_put(id, body)
            .unwrap_or_else(|refusal| super::fail(format!("PUT {id}: {refusal}")))
    }

    pub(super) fn try_put(&mut self, id: &str, body: Value) -> Result<Value, Refusal> {
        self.settle();
        let Value::Object(body) = body else {
            return Err(Refusal::unreadable("The content is not a JSON object."));
        };
        match ResourceId::parse(id) {
            Some(ResourceId::Group { group, .. }) => {
                self.put_group(&group, &body)?;
            }
            Some(ResourceId::Network { id, target }) => {
                network::write(
                    self,
                    &id,
                    &target,
                    body,
                    &network::Terms::unconditional(FOREIGN_API_VERSION),
                )?;
                self.finish_now(&target);
            }
            None => return Err(not_an_id(id)),
        }
        self.get(id).ok_or_else(|| not_an_id(id))
    }

    /// Edits a network resource as GET shows it, behind everybody's back: nothing is checked, nothing is filled in, and
    /// spellings stay as they are written. Its etag moves.
    ///
    /// # Panics
    /// If there is no such resource.
    #[track_caller]
    pub fn edit(&mut self, id: &str, edit: impl FnOnce(&mut Value)) {
        self.try_edit(id, edit)
            .unwrap_or_else(|refusal| super::fail(format!("edit {id}: {refusal}")));
    }

    pub(super) fn try_edit(&mut self, id: &str, edit: impl FnOnce(&mut Value)) -> Result<(), Refusal> {
        self.settle();
        let Some(ResourceId::Network { target, .. }) = ResourceId::parse(id) else {
            return Err(not_an_id(id));
        };
        let mut shown = self.shown(&target).ok_or_else(|| Refusal::child_not_found(id))?;
        edit(&mut shown);
        let body = match shown {
            Value::Object(body) => body,
            _ => return Err(Refusal::unreadable("The edited resource is not a JSON object.")),
        };
        let stored = self
            .resources
            .get_mut(&target.root)
            .ok_or_else(|| Refusal::child_not_found(id))?;
        let state = stored.state().to_owned();
        match &target.child {
            Some((child, name)) => {
                // What a PUT cannot set, this can.
                let set: Vec<_> = (child.read_only.iter())
                    .filter_map(|name| Some(((*name).to_owned(), body.get("properties")?.get(*name)?.clone())))
                    .collect();
                stored.put_child(child, name, body);
                if let Some(properties) = stored.child_properties_mut(child, name) {
                    properties.extend(set);
                }
                stored.set_state("Succeeded", target.child.as_ref());
            }
            None => {
                let guid = stored.properties.get("resourceGuid").cloned();
                let mut edited = Resource::from_body(stored.kind, stored.id.clone(), stored.name.clone(), body);
                edited.keep_apart(Some(stored));
                *stored = edited;
                stored.set_state(&state, None);
                stored
                    .properties
                    .extend(guid.map(|guid| ("resourceGuid".to_owned(), guid)));
            }
        }
        stored.etag = super::new_etag();
        self.revision += 1;
        Ok(())
    }

    /// Removes a resource group or network resource at once, whoever uses it. Without effect if there is none.
    pub fn remove(&mut self, id: &str) {
        self.settle();
        self.revision += 1;
        match ResourceId::parse(id) {
            Some(ResourceId::Group { group, .. }) => self.remove_group(&group),
            Some(ResourceId::Network { target, .. }) => {
                self.disconnect_peerings(&target);
                match &target.child {
                    None => drop(self.resources.remove(&target.root)),
                    Some((child, name)) => {
                        if let Some(parent) = self.resources.get_mut(&target.root) {
                            parent.remove_child(child, name);
                            parent.etag = super::new_etag();
                        }
                    }
                }
            }
            None => {}
        }
    }

    /// The ids of all resource groups, resources and their children, in order.
    pub fn ids(&mut self) -> Vec<String> {
        self.settle();
        let mut ids: Vec<String> = self.groups.values().map(|group| group.id.clone()).collect();
        for resource in self.resources.values() {
            ids.push(resource.id.clone());
            for child in resource.kind.children {
                let names = resource
                    .children(child)
                    .iter()
                    .filter_map(|entry| entry.get("name")?.as_str());
                ids.extend(names.map(|name| resource.child_id(child, name)));
            }
        }
        ids.sort_unstable_by_key(|id| id.to_lowercase());
        ids
    }

    /// Puts something into a subnet: it cannot be deleted or moved until [`vacate_subnet`](Self::vacate_subnet).
    pub fn occupy_subnet(&mut self, subnet: &str, ip_configuration: &str) {
        self.revision += 1;
        let occupants = self.occupants.entry(subnet.to_lowercase()).or_default();
        occupants.push(ip_configuration.to_owned());
    }

    /// Takes everything out of a subnet.
    pub fn vacate_subnet(&mut self, subnet: &str) {
        self.revision += 1;
        self.occupants.remove(&subnet.to_lowercase());
    }

    pub(super) fn occupants_of(&self, subnet: &str) -> &[String] {
        let occupants = self.occupants.get(&subnet.to_lowercase());
        occupants.map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn perform(&mut self, write: &ForeignWrite) -> Result<(), Refusal> {
        match write {
            ForeignWrite::Put { id, body } => self.try_put(id, body.clone()).map(drop),
            ForeignWrite::Merge { id, patch } => self.try_edit(id, |resource| merge(resource, patch)),
            ForeignWrite::Remove { id } => {
                self.remove(id);
                Ok(())
            }
            ForeignWrite::Call(call) => {
                (call.0)(self);
                Ok(())
            }
        }
    }

    /// A network resource as GET shows it, with what follows from others: who uses it, what is connected to it.
    pub(super) fn shown(&self, target: &Target) -> Option<Value> {
        let resource = self.resources.get(&target.root)?;
        match &target.child {
            None => Some(Value::Object(self.shown_resource(resource))),
            Some((child, name)) => Some(self.shown_child(resource, child, resource.child(child, name)?)),
        }
    }

    pub(super) fn shown_resource(&self, resource: &Resource) -> Object {
        let mut shown = resource.shown(|child, entry| self.shown_child(resource, child, entry));
        let listed = |ids: Vec<String>| ids.iter().map(|id| json!({ "id": id })).collect::<Value>();
        let users = self.users_of(resource);
        if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
            if !users.is_empty() {
                properties.insert("subnets".to_owned(), listed(users));
            }
            for (_, property, by) in BACK_REFERENCES
                .iter()
                .filter(|(kind, ..)| *kind == resource.kind.segment)
            {
                properties.insert((*property).to_owned(), listed(self.referring_to(resource, by)));
            }
        }
        shown
    }

    /// The ids of the resources of a kind that refer to a resource.
    fn referring_to(&self, resource: &Resource, kind: &str) -> Vec<String> {
        let refers = |other: &&Resource| {
            let found = (other.kind.references)(other);
            found.iter().any(|found| found.to.eq_ignore_ascii_case(&resource.id))
        };
        let others = self.resources.values().filter(|other| other.kind.segment == kind);
        others.filter(refers).map(|other| other.id.clone()).collect()
    }

    pub(super) fn shown_child(&self, parent: &Resource, child: &Child, entry: &Value) -> Value {
        let mut shown = parent.shown_child(child, entry);
        let occupants = shown.get("id").and_then(Value::as_str).map(|id| self.occupants_of(id));
        let occupants: Vec<_> = occupants
            .unwrap_or_default()
            .iter()
            .map(|id| json!({ "id": id }))
            .collect();
        if !occupants.is_empty()
            && let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut)
        {
            properties.insert("ipConfigurations".to_owned(), occupants.into());
        }
        shown
    }

    /// The ids of the subnets that refer to a resource.
    pub(super) fn users_of(&self, resource: &Resource) -> Vec<String> {
        let Some((property, _)) = resource.kind.used_by_subnets else {
            return Vec::new();
        };
        let mut users = Vec::new();
        for network in self.resources.values() {
            for child in network.kind.children {
                for entry in network.children(child) {
                    let properties = entry.get("properties").unwrap_or(&Value::Null);
                    let uses = references_in(properties, property)
                        .iter()
                        .any(|id| id.eq_ignore_ascii_case(&resource.id));
                    let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
                    users.extend(uses.then(|| network.child_id(child, name)));
                }
            }
        }
        users
    }

    /// Runs a kind's checks on a write.
    pub(super) fn check(&self, kind: &Kind, new: &Resource, old: Option<&Resource>) -> Result<(), Refusal> {
        self.check_intent_policies(new, old)?;
        (kind.check)(&Write { new, old, azure: self })
    }

    fn finish_now(&mut self, target: &Target) {
        let now = Instant::now();
        for operation in &mut self.operations {
            let concerned = operation.target.as_ref().is_some_and(|other| other.is(target));
            if concerned && operation.is_running() {
                operation.due = Some(now);
            }
        }
        self.settle();
    }
}

fn not_an_id(id: &str) -> Refusal {
    Refusal::gateway(
        400,
        "InvalidResourceId",
        format!("'{id}' is not the id of anything this emulator has."),
    )
}

/// A JSON merge patch (RFC 7396).
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    let Value::Object(target) = target else { return };
    for (name, value) in patch {
        if value.is_null() {
            target.remove(name);
        } else {
            merge(target.entry(name).or_insert(Value::Null), value);
        }
    }
}
