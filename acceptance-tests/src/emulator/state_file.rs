//! What exists, in a file, so that a second run of the program finds what the first one left.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};

use super::StartError;
use super::azure::Azure;
use super::kinds::Apart;
use super::locks::Lock;
use super::resource::{Object, Resource};
use super::resource_id::ResourceId;

/// `state.json` in the state directory.
pub(super) struct StateFile {
    path: PathBuf,
    saved: AtomicU64,
}

impl StateFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            saved: AtomicU64::new(0),
        }
    }

    /// Reads the file into an empty Azure; a file that is not there is an empty Azure too.
    pub(super) fn load(&self, azure: &mut Azure) -> Result<(), StartError> {
        let text = match std::fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StartError::State(self.path.clone(), error.to_string())),
        };
        let invalid = |why: String| StartError::State(self.path.clone(), why);
        let state: Value = serde_json::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        for group in state.get("groups").and_then(Value::as_array).into_iter().flatten() {
            let name = group.get("name").and_then(Value::as_str).unwrap_or_default();
            let body = group.as_object().cloned().unwrap_or_default();
            azure
                .put_group(name, &body)
                .map_err(|refusal| invalid(refusal.to_string()))?;
        }
        for shown in state.get("resources").and_then(Value::as_array).into_iter().flatten() {
            load_resource(azure, shown);
        }
        let locks = state.get("locks").and_then(Value::as_array);
        azure.locks = locks.into_iter().flatten().filter_map(Lock::read).collect();
        let intents = state.get("intents").and_then(Value::as_array);
        let intents = intents.into_iter().flatten().filter_map(Value::as_str);
        azure.intents = intents.map(str::to_owned).collect();
        let occupants = state.get("occupants").cloned().unwrap_or_else(|| json!({}));
        azure.occupants = serde_json::from_value(occupants).map_err(|error| invalid(error.to_string()))?;
        Ok(())
    }

    /// Writes the file if something has changed since it was written last. A failure is not fatal: it costs the next run
    /// its memory, and this run nothing.
    pub(super) fn save(&self, azure: &Azure) {
        if self.saved.swap(azure.revision, Ordering::Relaxed) == azure.revision {
            return;
        }
        let resources: Vec<_> = azure
            .resources
            .values()
            .map(|resource| whole(azure, resource))
            .collect();
        let groups: Vec<_> = azure.groups.values().map(|group| group.shown()).collect();
        let locks: Vec<_> = azure.locks.iter().map(Lock::shown).collect();
        let state = json!({ "groups": groups, "resources": resources, "occupants": azure.occupants,
            "locks": locks, "intents": azure.intents });
        let draft = self.path.with_extension("json.new");
        _ = std::fs::write(&draft, format!("{state:#}\n")).and_then(|()| std::fs::rename(&draft, &self.path));
    }
}

/// A resource with everything in it, also the children of which GET shows ids only.
fn whole(azure: &Azure, resource: &Resource) -> Object {
    let mut shown = azure.shown_resource(resource);
    let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) else {
        return shown;
    };
    for child in resource
        .kind
        .children
        .iter()
        .filter(|child| child.apart == Apart::Named)
    {
        let entries = resource.children(child).iter();
        let entries = entries.map(|entry| azure.shown_child(resource, child, entry));
        properties.insert(child.collection.to_owned(), entries.collect());
    }
    shown
}

/// An operation outlives its client, and also this program: whatever was under way has ended by now.
fn load_resource(azure: &mut Azure, shown: &Value) {
    let id = shown.get("id").and_then(Value::as_str).unwrap_or_default();
    let state = |value: &Value| {
        value
            .pointer("/properties/provisioningState")
            .cloned()
            .unwrap_or_default()
    };
    let Some(ResourceId::Network { id: parts, target }) = ResourceId::parse(id) else {
        return;
    };
    if state(shown) == "Deleting" {
        return;
    }
    let mut shown = shown.clone();
    for child in parts.kind.children {
        let entries = shown
            .get_mut("properties")
            .and_then(|properties| properties.get_mut(child.collection));
        if let Some(entries) = entries.and_then(Value::as_array_mut) {
            entries.retain(|entry| state(entry) != "Deleting");
        }
    }
    let guid = shown.pointer("/properties/resourceGuid").cloned();
    let failed = state(&shown) == "Failed";
    let body = shown.as_object().cloned().unwrap_or_default();
    let mut resource = Resource::from_body(parts.kind, id.to_owned(), parts.name.clone(), body);
    resource
        .properties
        .extend(guid.map(|guid| ("resourceGuid".to_owned(), guid)));
    // What the service made of a child, such as the state of a peering.
    for child in parts.kind.children {
        let path = format!("/properties/{}", child.collection);
        for entry in shown.pointer(&path).and_then(Value::as_array).into_iter().flatten() {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
            let made = (child.read_only.iter())
                .filter_map(|name| Some(((*name).to_owned(), entry.get("properties")?.get(*name)?.clone())));
            if let Some(properties) = resource.child_properties_mut(child, name) {
                properties.extend(made);
            }
        }
    }
    resource.set_state(if failed { "Failed" } else { "Succeeded" }, None);
    resource.etag = super::new_etag();
    azure.resources.insert(target.root, resource);
}
