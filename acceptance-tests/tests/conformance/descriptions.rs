//! Microsoft's description of the API (Swagger 2.0), as strict as it is meant.
//!
//! Taken as a JSON schema it lets nearly everything pass: its objects are open, and what a `discriminator` says is not followed. Here an
//! object has the properties it is described with and no others, the discriminator chooses the variant, a request sends nothing
//! that is read-only, and only enumerations that are marked as open take other values. Not looked at: `pattern`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

/// What a body is on: what is read-only may be answered, not sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Request,
    Response,
}

/// A part of a description: the document it is in, to which its references are relative.
#[derive(Clone, Copy)]
pub(crate) struct Place<'d> {
    document: &'d Path,
    pub(crate) value: &'d Value,
}

pub(crate) struct Descriptions {
    documents: BTreeMap<PathBuf, Value>,
}

/// One operation: a method on a path.
#[derive(Clone, Copy)]
pub(crate) struct Operation<'d> {
    pub(crate) path: &'d str,
    pub(crate) method: &'d str,
    place: Place<'d>,
}

/// The properties of an object, those of its ancestors included.
#[derive(Default)]
struct Object<'d> {
    properties: BTreeMap<&'d str, Place<'d>>,
    required: BTreeSet<&'d str>,
    additional: Option<Place<'d>>,
}

impl Descriptions {
    /// Those beside the repository, if they are there.
    pub(crate) fn at_hand() -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/openapi/specification");
        if !root.exists() {
            println!("skipped: there is no openapi/specification beside the repository");
            return None;
        }
        let mut documents = BTreeMap::new();
        let mut folders = vec![root];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.extend((!path.ends_with("examples")).then_some(path));
                } else {
                    documents.insert(plain(&path), parsed(&path));
                }
            }
        }
        Some(Self { documents })
    }

    pub(crate) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        self.documents.iter().flat_map(|(document, description)| {
            let paths = description["paths"].as_object().into_iter().flatten();
            paths.flat_map(move |(path, methods)| {
                methods
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(move |(method, value)| Operation {
                        path,
                        method,
                        place: Place { document, value },
                    })
            })
        })
    }

    /// The operation that a request asks for.
    pub(crate) fn operation(&self, method: &str, path: &str) -> Option<Operation<'_>> {
        let fits = |operation: &Operation<'_>| {
            let (wanted, found) = (operation.path.split('/'), path.split('/'));
            operation.method.eq_ignore_ascii_case(method)
                && wanted.clone().count() == found.clone().count()
                && (wanted.zip(found))
                    .all(|(wanted, found)| wanted.starts_with('{') || wanted.eq_ignore_ascii_case(found))
        };
        self.operations().find(fits)
    }

    /// The examples of an operation that are at hand: file name and content.
    pub(crate) fn examples(&self, operation: &Operation<'_>) -> Vec<(String, Value)> {
        let examples = operation.place.value["x-ms-examples"].as_object().into_iter().flatten();
        let paths = examples.map(|(_, example)| beside(operation.place.document, example["$ref"].as_str().unwrap()).0);
        paths
            .filter(|path| path.exists())
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), parsed(&path)))
            .collect()
    }

    /// The name and the schema of an operation's body.
    pub(crate) fn body<'d>(&self, operation: &Operation<'d>) -> Option<(&'d str, Place<'d>)> {
        let parameters = operation.place.value["parameters"].as_array()?;
        let body = parameters.iter().find(|parameter| parameter["in"] == "body")?;
        let schema = Place {
            value: &body["schema"],
            ..operation.place
        };
        Some((body["name"].as_str()?, schema))
    }

    pub(crate) fn answer<'d>(&self, operation: &Operation<'d>, status: &str) -> Option<Place<'d>> {
        let value = operation.place.value["responses"].get(status)?.get("schema")?;
        Some(Place {
            value,
            ..operation.place
        })
    }

    /// What is wrong with a body, one line each.
    pub(crate) fn problems(&self, schema: Place<'_>, way: Way, body: &Value) -> Vec<String> {
        let mut found = Vec::new();
        self.check(schema, way, body, "", &mut found);
        found
    }

    fn check(&self, schema: Place<'_>, way: Way, value: &Value, path: &str, found: &mut Vec<String>) {
        let schema = self.variant(self.resolved(schema), value, path, found);
        let described = schema.value;
        let fits = match described["type"].as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.as_f64().is_some_and(|number| number.fract() == 0.0),
            Some("number") => value.is_number(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.is_array(),
            Some("object") => value.is_object(),
            _ => described.get("properties").is_none() || value.is_object(),
        };
        if !fits {
            found.push(format!("{path}: {value} is no {}", described["type"]));
            return;
        }
        let open = described["x-ms-enum"]["modelAsString"] == true;
        if let (Some(members), false) = (described["enum"].as_array(), open)
            && !members.contains(value)
        {
            found.push(format!("{path}: {value} is none of {members:?}"));
        }
        self.check_size(described, value, path, found);
        for (index, entry) in value.as_array().into_iter().flatten().enumerate() {
            if let Some(items) = described.get("items") {
                let items = Place { value: items, ..schema };
                self.check(items, way, entry, &format!("{path}[{index}]"), found);
            }
        }
        let closed = described.get("properties").is_some() || described.get("allOf").is_some();
        if let Value::Object(entries) = value {
            let mut object = Object::default();
            self.collect(schema, &mut object);
            for (name, entry) in entries {
                let path = format!("{path}.{name}");
                match (object.properties.get(name.as_str()), object.additional) {
                    (Some(property), _) if way == Way::Request && self.is_read_only(*property) => {
                        found.push(format!("{path} is read-only"));
                    }
                    (Some(property), _) => self.check(*property, way, entry, &path, found),
                    (None, Some(additional)) if additional.value.is_object() => {
                        self.check(additional, way, entry, &path, found);
                    }
                    (None, None) if closed => found.push(format!("{path}: there is no such property")),
                    (None, _) => {}
                }
            }
            for name in object.required.into_iter().filter(|name| !entries.contains_key(*name)) {
                let sent = way == Way::Response
                    || !object
                        .properties
                        .get(name)
                        .is_some_and(|place| self.is_read_only(*place));
                found.extend(sent.then(|| format!("{path}.{name} is required")));
            }
        }
    }

    fn check_size(&self, described: &Value, value: &Value, path: &str, found: &mut Vec<String>) {
        let text = value.as_str().map(|text| text.chars().count() as f64);
        let list = value.as_array().map(|list| list.len() as f64);
        for (size, least, most) in [
            (value.as_f64(), "minimum", "maximum"),
            (text, "minLength", "maxLength"),
            (list, "minItems", "maxItems"),
        ] {
            let Some(size) = size else { continue };
            let outside = described[least].as_f64().is_some_and(|least| size < least)
                || described[most].as_f64().is_some_and(|most| size > most);
            found.extend(outside.then(|| format!("{path}: {value} is outside of {least} and {most}")));
        }
    }

    fn is_read_only(&self, property: Place<'_>) -> bool {
        property.value["readOnly"] == true
    }

    fn collect<'d>(&'d self, schema: Place<'d>, object: &mut Object<'d>) {
        let schema = self.resolved(schema);
        for ancestor in schema.value["allOf"].as_array().into_iter().flatten() {
            self.collect(
                Place {
                    value: ancestor,
                    ..schema
                },
                object,
            );
        }
        for (name, value) in schema.value["properties"].as_object().into_iter().flatten() {
            object.properties.insert(name, Place { value, ..schema });
        }
        let required = schema.value["required"].as_array().into_iter().flatten();
        object.required.extend(required.filter_map(Value::as_str));
        if let Some(value) = schema.value.get("additionalProperties") {
            object.additional = Some(Place { value, ..schema });
        }
    }

    /// The variant that a body's discriminator names.
    fn variant<'d>(&'d self, schema: Place<'d>, value: &Value, path: &str, found: &mut Vec<String>) -> Place<'d> {
        let Some(discriminator) = schema.value["discriminator"].as_str() else {
            return schema;
        };
        let named = value[discriminator].as_str().unwrap_or_default();
        let variant = self.documents.iter().find_map(|(document, description)| {
            let definitions = description["definitions"].as_object()?;
            definitions.iter().find_map(|(name, definition)| {
                let descends = definition["allOf"].as_array().into_iter().flatten().any(|ancestor| {
                    let ancestor = Place {
                        document,
                        value: ancestor,
                    };
                    std::ptr::eq(self.resolved(ancestor).value, schema.value)
                });
                let called = definition["x-ms-discriminator-value"].as_str().unwrap_or(name);
                (descends && called == named).then_some(Place {
                    document,
                    value: definition,
                })
            })
        });
        variant.unwrap_or_else(|| {
            found.push(format!("{path}.{discriminator}: there is no variant `{named}`"));
            schema
        })
    }

    fn resolved<'d>(&'d self, mut place: Place<'d>) -> Place<'d> {
        while let Some(reference) = place.value["$ref"].as_str() {
            let (document, pointer) = beside(place.document, reference);
            let (document, description) = self.documents.get_key_value(&document).unwrap();
            let value = description.pointer(&pointer).unwrap();
            place = Place { document, value };
        }
        place
    }
}

/// The document and the pointer of a reference.
fn beside(document: &Path, reference: &str) -> (PathBuf, String) {
    let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
    let document = if file.is_empty() {
        document.to_owned()
    } else {
        plain(&document.parent().unwrap().join(file))
    };
    (document, pointer.to_owned())
}

/// Without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir if plain.file_name().is_some() => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}
