//! Terraform values: known, null or unknown, of any type.
//!
//! A [`Value`] does not carry its [`Type`] (a schema does), with one exception: a value under a *dynamic* attribute, whose type is
//! part of the value. Lists, sets and tuples share one shape and so do maps and objects; a set is kept sorted and free of known
//! duplicates, so that two equal sets are equal values.

mod error;
mod number;
mod path;
mod types;

pub mod json;
pub mod msgpack;
pub mod typed;

use std::collections::BTreeMap;

pub use error::{DecodeError, EncodeError, Located, Problem};
pub use number::{Number, NumberError};
pub use path::{Path, Step};
pub use types::{Type, TypeError};

/// A value of Terraform's type system in one of its three states: known, null or unknown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    /// Absent: not set in the configuration, or set to `null`.
    Null,
    /// Not known before apply. What is already known about it may be refined; no refinement says nothing.
    Unknown(Option<Box<Refinement>>),
    /// `true` or `false`.
    Bool(bool),
    /// An arbitrary-precision decimal number.
    Number(Number),
    /// UTF-8 text; Terraform normalises it to NFC.
    String(String),
    /// A list, a set (sorted, without duplicates; see [`Value::set`]) or a tuple.
    List(Vec<Value>),
    /// A map, or an object with every one of its attributes present.
    Map(BTreeMap<String, Value>),
    /// A known value under a dynamic attribute, with the type it has.
    Dynamic(Box<Dynamic>),
}

/// A value and the type it has: what a dynamic attribute holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// The concrete type, which may itself contain [`Type::Dynamic`].
    pub ty: Type,
    /// The value; unknown when only its type is known.
    pub value: Value,
}

/// What is known about a value that is itself unknown (wire format: extension type 12).
///
/// Terraform uses it to decide conditions such as `id != null` at plan. A refinement in a planned value is a promise that is
/// checked at apply.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refinement {
    /// The value will not be null.
    pub not_null: bool,
    /// A string will start so (at most 256 bytes on the wire).
    pub string_prefix: Option<String>,
    /// A number's lower bound, and whether the bound itself is allowed.
    pub number_min: Option<(Number, bool)>,
    /// A number's upper bound, and whether the bound itself is allowed.
    pub number_max: Option<(Number, bool)>,
    /// A collection's smallest possible length.
    pub length_min: Option<u64>,
    /// A collection's largest possible length.
    pub length_max: Option<u64>,
}

impl Value {
    /// An unknown value about which nothing is known.
    pub const UNKNOWN: Value = Value::Unknown(None);

    /// An unknown value that will not be null: what a computed id is at plan.
    pub fn unknown_not_null() -> Value {
        Value::Unknown(Some(Box::new(Refinement {
            not_null: true,
            ..Refinement::default()
        })))
    }

    /// An unknown string that will not be null and will start with `prefix`.
    pub fn unknown_with_prefix(prefix: impl Into<String>) -> Value {
        let refinement = Refinement {
            not_null: true,
            string_prefix: Some(prefix.into()),
            ..Refinement::default()
        };
        Value::Unknown(Some(Box::new(refinement)))
    }

    /// A set: sorted and without duplicates.
    ///
    /// Elements that are not wholly known are all kept: Terraform never takes two unknown values for the same element, and it
    /// compares the number of elements of a planned set with that of the configuration.
    pub fn set(elements: impl IntoIterator<Item = Value>) -> Value {
        let mut elements: Vec<Value> = elements.into_iter().collect();
        elements.sort();
        elements.dedup_by(|later, earlier| later == earlier && earlier.is_wholly_known());
        Value::List(elements)
    }

    /// A set of strings.
    pub fn string_set<S: Into<String>>(elements: impl IntoIterator<Item = S>) -> Value {
        Value::set(elements.into_iter().map(|element| Value::String(element.into())))
    }

    /// A list of strings, in the given order.
    pub fn string_list<S: Into<String>>(elements: impl IntoIterator<Item = S>) -> Value {
        Value::List(
            elements
                .into_iter()
                .map(|element| Value::String(element.into()))
                .collect(),
        )
    }

    /// An object (or map) from its attributes.
    pub fn object<K: Into<String>>(attributes: impl IntoIterator<Item = (K, Value)>) -> Value {
        Value::Map(
            attributes
                .into_iter()
                .map(|(name, value)| (name.into(), value))
                .collect(),
        )
    }

    /// Whether the value is absent.
    pub fn is_null(&self) -> bool {
        match self {
            Value::Null => true,
            Value::Dynamic(dynamic) => dynamic.value.is_null(),
            _ => false,
        }
    }

    /// Whether the value itself (not something inside it) is unknown.
    pub fn is_unknown(&self) -> bool {
        match self {
            Value::Unknown(_) => true,
            Value::Dynamic(dynamic) => dynamic.value.is_unknown(),
            _ => false,
        }
    }

    /// Whether nothing in the value is unknown.
    pub fn is_wholly_known(&self) -> bool {
        match self {
            Value::Unknown(_) => false,
            Value::List(elements) => elements.iter().all(Value::is_wholly_known),
            Value::Map(entries) => entries.values().all(Value::is_wholly_known),
            Value::Dynamic(dynamic) => dynamic.value.is_wholly_known(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
        }
    }

    /// The text of a known string.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A known truth value.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// A known number.
    pub fn as_number(&self) -> Option<&Number> {
        match self {
            Value::Number(number) => Some(number),
            _ => None,
        }
    }

    /// The elements of a known list, set or tuple.
    pub fn as_list(&self) -> Option<&[Value]> {
        match self {
            Value::List(elements) => Some(elements),
            _ => None,
        }
    }

    /// The entries of a known map or object.
    pub fn as_map(&self) -> Option<&BTreeMap<String, Value>> {
        match self {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// An attribute of a known object; `Null` where there is no such attribute or the object itself is null or unknown.
    pub fn attribute(&self, name: &str) -> &Value {
        self.as_map()
            .and_then(|entries| entries.get(name))
            .unwrap_or(&Value::Null)
    }

    /// Replaces (or adds) an attribute of a known object; does nothing to any other value.
    pub fn set_attribute(&mut self, name: impl Into<String>, value: Value) {
        if let Value::Map(entries) = self {
            entries.insert(name.into(), value);
        }
    }

    /// The value at `path`, if every step of it exists and is known.
    pub fn at(&self, path: &Path) -> Option<&Value> {
        path.steps().iter().try_fold(self, |value, step| match (step, value) {
            (Step::Attribute(name) | Step::Key(name), Value::Map(entries)) => entries.get(name),
            (Step::Index(index), Value::List(elements)) => elements.get(usize::try_from(*index).ok()?),
            _ => None,
        })
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Value::Bool(truth)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::String(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::String(text)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Value::Number(Number::from(number))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Null, Into::into)
    }
}
