//! A network resource as it is stored, with its children inside it, and as GET shows it.

use serde_json::{Map, Value, json};

use super::kinds::{Apart, Child, Kind};

/// A JSON object.
pub(super) type Object = Map<String, Value>;

/// A top-level resource. Children (rules, routes, subnets) are entries `{name, properties}` of arrays in `properties`, as
/// they are in the service: they share their parent's etag, and a write of one is a write of its parent.
#[derive(Debug, Clone)]
pub(super) struct Resource {
    pub(super) kind: &'static Kind,
    /// In the case of its creation.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) etag: String,
    /// `location`, `tags`, `sku`, …: what stands beside `properties`.
    pub(super) top: Object,
    pub(super) properties: Object,
}

/// What a write or an operation is about: a resource, or one child of it.
#[derive(Debug, Clone)]
pub(super) struct Target {
    /// The lower-case id of the top-level resource.
    pub(super) root: String,
    pub(super) child: Option<(&'static Child, String)>,
}

impl Target {
    /// The same object, whatever the case its name is spelled in.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.root == other.root
            && match (&self.child, &other.child) {
                (Some((collection, name)), Some((other_collection, other_name))) => {
                    collection.collection == other_collection.collection && name.eq_ignore_ascii_case(other_name)
                }
                (None, None) => true,
                _ => false,
            }
    }
}

impl Resource {
    /// Takes what is writable out of a body: ids, etags, types, states and what the service computes are ignored on PUT.
    pub(super) fn from_body(kind: &'static Kind, id: String, name: String, mut body: Object) -> Self {
        let properties = match body.remove("properties") {
            Some(Value::Object(properties)) => properties,
            _ => Object::new(),
        };
        for computed in ["id", "name", "type", "etag"] {
            body.remove(computed);
        }
        let mut resource = Self {
            kind,
            id,
            name,
            etag: String::new(),
            top: body,
            properties,
        };
        for computed in ["provisioningState", "resourceGuid"].iter().chain(kind.read_only) {
            resource.properties.remove(*computed);
        }
        for child in kind.children {
            let entries = resource
                .properties
                .get_mut(child.collection)
                .and_then(Value::as_array_mut);
            for entry in entries.into_iter().flatten() {
                writable_entry(child, entry);
            }
        }
        resource
    }

    /// Takes over the children that only their own writes change.
    pub(super) fn keep_apart(&mut self, old: Option<&Self>) {
        for child in self.kind.children.iter().filter(|child| child.apart != Apart::No) {
            let kept = old.map(|old| old.children(child).to_vec()).unwrap_or_default();
            self.properties.insert(child.collection.to_owned(), Value::Array(kept));
        }
    }

    pub(super) fn location(&self) -> &str {
        self.top.get("location").and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn state(&self) -> &str {
        text(&self.properties, "provisioningState").unwrap_or("Succeeded")
    }

    /// The id of a child with this name.
    pub(super) fn child_id(&self, child: &Child, name: &str) -> String {
        format!("{}/{}/{name}", self.id, child.collection)
    }

    pub(super) fn children(&self, child: &Child) -> &[Value] {
        let entries = self.properties.get(child.collection).and_then(Value::as_array);
        entries.map(Vec::as_slice).unwrap_or_default()
    }

    pub(super) fn child(&self, child: &Child, name: &str) -> Option<&Value> {
        self.children(child).iter().find(|entry| is_named(entry, name))
    }

    fn change_children(&mut self, child: &Child, change: impl FnOnce(&mut Vec<Value>)) {
        let mut entries = match self.properties.remove(child.collection) {
            Some(Value::Array(entries)) => entries,
            _ => Vec::new(),
        };
        change(&mut entries);
        self.properties
            .insert(child.collection.to_owned(), Value::Array(entries));
    }

    /// Replaces or appends a child; `body` is that of its PUT.
    pub(super) fn put_child(&mut self, child: &Child, name: &str, mut body: Object) {
        let old = self.child(child, name).and_then(|entry| entry.get("name").cloned());
        body.insert("name".to_owned(), old.unwrap_or_else(|| name.into()));
        let mut entry = Value::Object(body);
        writable_entry(child, &mut entry);
        self.change_children(child, |entries| {
            match entries.iter_mut().find(|entry| is_named(entry, name)) {
                Some(old) => *old = entry,
                None => entries.push(entry),
            }
        });
    }

    /// The stored properties of a child.
    pub(super) fn child_properties_mut(&mut self, child: &Child, name: &str) -> Option<&mut Object> {
        let entries = self.properties.get_mut(child.collection)?.as_array_mut()?;
        let entry = entries.iter_mut().find(|entry| is_named(entry, name))?;
        entry.get_mut("properties")?.as_object_mut()
    }

    pub(super) fn remove_child(&mut self, child: &Child, name: &str) {
        self.change_children(child, |entries| entries.retain(|entry| !is_named(entry, name)));
    }

    /// Sets the state of the whole resource with its children, or of one child.
    pub(super) fn set_state(&mut self, state: &str, child: Option<&(&'static Child, String)>) {
        if child.is_none() {
            self.properties.insert("provisioningState".to_owned(), state.into());
        }
        for collection in self.kind.children {
            let concerned = |entry: &Value| match child {
                Some((written, name)) => written.collection == collection.collection && is_named(entry, name),
                None => collection.apart == Apart::No,
            };
            self.change_children(collection, |entries| {
                for entry in entries.iter_mut().filter(|entry| concerned(entry)) {
                    if let Some(properties) = entry.get_mut("properties").and_then(Value::as_object_mut) {
                        properties.insert("provisioningState".to_owned(), state.into());
                    }
                }
            });
        }
    }

    /// The resource as GET shows it, apart from what follows from other resources; `show` shows its children.
    pub(super) fn shown(&self, show: impl Fn(&Child, &Value) -> Value) -> Object {
        let mut shown = self.top.clone();
        shown.insert("name".to_owned(), self.name.clone().into());
        shown.insert("id".to_owned(), self.id.clone().into());
        shown.insert("etag".to_owned(), self.etag.clone().into());
        shown.insert("type".to_owned(), self.kind.resource_type().into());
        let mut properties = self.properties.clone();
        for child in self.kind.children {
            let children = self.children(child).iter().map(|entry| match child.apart {
                Apart::Named => json!({ "id": self.child_id(child, text_of(entry, "name")) }),
                Apart::No | Apart::Shown => show(child, entry),
            });
            properties.insert(child.collection.to_owned(), children.collect());
        }
        shown.insert("properties".to_owned(), Value::Object(properties));
        (self.kind.show)(self, &mut shown);
        shown
    }

    /// One child as GET shows it.
    pub(super) fn shown_child(&self, child: &Child, entry: &Value) -> Value {
        let mut shown = entry.as_object().cloned().unwrap_or_default();
        let name = shown.get("name").and_then(Value::as_str).unwrap_or_default();
        let id = self.child_id(child, name);
        (child.show)(self, &id, &mut shown);
        shown.insert("id".to_owned(), id.into());
        shown.insert("etag".to_owned(), self.etag.clone().into());
        let resource_type = format!("{}/{}", self.kind.resource_type(), child.collection);
        shown.insert("type".to_owned(), resource_type.into());
        Value::Object(shown)
    }
}

fn writable_entry(child: &Child, entry: &mut Value) {
    let Some(entry) = entry.as_object_mut() else { return };
    for computed in ["id", "etag", "type"] {
        entry.remove(computed);
    }
    let properties = entry.entry("properties").or_insert_with(|| json!({}));
    if let Some(properties) = properties.as_object_mut() {
        properties.remove("provisioningState");
        for computed in child.read_only {
            properties.remove(*computed);
        }
    }
}

/// Whether a child has this name; names of ARM resources ignore case.
pub(super) fn is_named(entry: &Value, name: &str) -> bool {
    let found = entry.get("name").and_then(Value::as_str);
    found.is_some_and(|found| found.eq_ignore_ascii_case(name))
}

fn text_of<'a>(entry: &'a Value, name: &str) -> &'a str {
    entry.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A property that is a text.
pub(super) fn text<'a>(object: &'a Object, name: &str) -> Option<&'a str> {
    object.get(name).and_then(Value::as_str)
}

/// The ids of a property that refers to other resources, as `{"id": …}` or a list of these.
pub(super) fn references_in<'a>(properties: &'a Value, name: &str) -> Vec<&'a str> {
    let entries = match properties.get(name) {
        Some(Value::Array(entries)) => entries.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    entries.iter().filter_map(|entry| entry.get("id")?.as_str()).collect()
}

/// The `id` of a property that refers to another resource, such as `networkSecurityGroup`.
pub(super) fn reference<'a>(properties: &'a Value, name: &str) -> Option<&'a str> {
    properties.get(name)?.get("id")?.as_str()
}
