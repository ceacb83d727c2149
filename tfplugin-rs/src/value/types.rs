//! Terraform's types and their JSON form.

use std::{collections::BTreeMap, sync::Arc};

use serde_json::{Value as Json, json};

/// A type of Terraform's type system. Copies share what is inside: schemas repeat large types.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Type {
    /// Text.
    String,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Any type; the value carries it.
    Dynamic,
    /// A list of one element type.
    List(Arc<Type>),
    /// A set of one element type.
    Set(Arc<Type>),
    /// A map from strings to one element type.
    Map(Arc<Type>),
    /// An object with exactly these attributes.
    Object(Arc<BTreeMap<String, Type>>),
    /// A sequence in which each position has its own type.
    Tuple(Vec<Type>),
}

/// JSON that is not a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the JSON form of a Terraform type")]
pub struct TypeError(String);

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Type {
        Type::List(Arc::new(element))
    }

    /// A set of `element`.
    pub fn set(element: Type) -> Type {
        Type::Set(Arc::new(element))
    }

    /// A map to `element`.
    pub fn map(element: Type) -> Type {
        Type::Map(Arc::new(element))
    }

    /// An object with these attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Type)>) -> Type {
        Type::Object(Arc::new(
            attributes.into_iter().map(|(name, ty)| (name.into(), ty)).collect(),
        ))
    }

    /// The JSON form used in schemas and in dynamic values: `"string"`, `["list","string"]`, `["object",{"a":"bool"}]`.
    pub fn to_json(&self) -> Json {
        match self {
            Type::String => json!("string"),
            Type::Number => json!("number"),
            Type::Bool => json!("bool"),
            Type::Dynamic => json!("dynamic"),
            Type::List(element) => json!(["list", element.to_json()]),
            Type::Set(element) => json!(["set", element.to_json()]),
            Type::Map(element) => json!(["map", element.to_json()]),
            Type::Object(attributes) => {
                let attributes: serde_json::Map<String, Json> = attributes
                    .iter()
                    .map(|(name, ty)| (name.clone(), ty.to_json()))
                    .collect();
                json!(["object", attributes])
            }
            Type::Tuple(elements) => json!(["tuple", elements.iter().map(Type::to_json).collect::<Vec<_>>()]),
        }
    }

    /// [`Type::to_json`] as text. Schemas repeat large types, and every command of Terraform begins with the schema: this writes
    /// without building a tree first.
    pub fn to_json_text(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, text: &mut String) {
        let of_one = |text: &mut String, kind: &str, element: &Type| {
            text.push_str("[\"");
            text.push_str(kind);
            text.push_str("\",");
            element.write_json(text);
            text.push(']');
        };
        match self {
            Type::String => text.push_str("\"string\""),
            Type::Number => text.push_str("\"number\""),
            Type::Bool => text.push_str("\"bool\""),
            Type::Dynamic => text.push_str("\"dynamic\""),
            Type::List(element) => of_one(text, "list", element),
            Type::Set(element) => of_one(text, "set", element),
            Type::Map(element) => of_one(text, "map", element),
            Type::Object(attributes) => {
                text.push_str("[\"object\",{");
                for (position, (name, ty)) in attributes.iter().enumerate() {
                    if position > 0 {
                        text.push(',');
                    }
                    write_name(name, text);
                    text.push(':');
                    ty.write_json(text);
                }
                text.push_str("}]");
            }
            Type::Tuple(elements) => {
                text.push_str("[\"tuple\",[");
                for (position, ty) in elements.iter().enumerate() {
                    if position > 0 {
                        text.push(',');
                    }
                    ty.write_json(text);
                }
                text.push_str("]]");
            }
        }
    }

    /// Reads the JSON form. The third element that an object may have (its optional attributes) is read past.
    pub fn from_json(json: &Json) -> Result<Type, TypeError> {
        let refused = || TypeError(json.to_string().chars().take(120).collect());
        match json {
            Json::String(name) => match name.as_str() {
                "string" => Ok(Type::String),
                "number" => Ok(Type::Number),
                "bool" => Ok(Type::Bool),
                "dynamic" => Ok(Type::Dynamic),
                _ => Err(refused()),
            },
            Json::Array(parts) => match parts.as_slice() {
                [Json::String(kind), element] if kind == "list" => Ok(Type::list(Type::from_json(element)?)),
                [Json::String(kind), element] if kind == "set" => Ok(Type::set(Type::from_json(element)?)),
                [Json::String(kind), element] if kind == "map" => Ok(Type::map(Type::from_json(element)?)),
                [Json::String(kind), Json::Array(elements)] if kind == "tuple" => Ok(Type::Tuple(
                    elements.iter().map(Type::from_json).collect::<Result<_, _>>()?,
                )),
                [Json::String(kind), Json::Object(attributes), ..] if kind == "object" && parts.len() <= 3 => {
                    let attributes = attributes
                        .iter()
                        .map(|(name, ty)| Ok((name.clone(), Type::from_json(ty)?)));
                    Ok(Type::Object(Arc::new(attributes.collect::<Result<_, TypeError>>()?)))
                }
                _ => Err(refused()),
            },
            _ => Err(refused()),
        }
    }
}

/// A JSON string. Names of attributes are identifiers, in which nothing needs an escape; Terraform can name others in dynamic values.
fn write_name(name: &str, text: &mut String) {
    if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        text.push('"');
        text.push_str(name);
        text.push('"');
    } else {
        text.push_str(&Json::from(name).to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_json_form_round_trips() {
        let ty = Type::object([
            ("ports", Type::set(Type::String)),
            ("anything", Type::Dynamic),
            ("pair", Type::Tuple(vec![Type::Number, Type::map(Type::Bool)])),
        ]);
        assert_eq!(Type::from_json(&ty.to_json()), Ok(ty.clone()));
        assert_eq!(ty.to_json_text(), ty.to_json().to_string());
    }

    #[test]
    fn what_is_not_a_type_is_refused() {
        for text in [
            r#""text""#,
            r#"["list"]"#,
            r#"["object",["a"]]"#,
            "1",
            r#"["tuple","string"]"#,
        ] {
            let json = serde_json::from_str(text).unwrap();
            assert!(Type::from_json(&json).is_err(), "{text}");
        }
    }
}
