//! Values as plain Rust structures, by serde.
//!
//! | Terraform | Rust |
//! |---|---|
//! | object | a struct; a field per attribute |
//! | value that may be null | `Option<T>` |
//! | value that may be null or unknown | [`Attr<T>`] |
//! | list, set | `Vec<T>`, `BTreeSet<T>`; a tuple for a tuple |
//! | map | `BTreeMap<String, T>` |
//! | number | any integer, [`super::Number`], or a float (only numbers a float holds exactly) |
//! | string | `String`, an enum without data, any type that serde reads from a string |
//!
//! A value of unknown type (a dynamic attribute) is read as what it is; a structure cannot give one back. Where that is needed, let
//! the state be a [`Value`].

mod attr;
mod de;
mod number;
mod ser;

use std::fmt;

use serde::{
    Serialize,
    de::{DeserializeOwned, Expected, Unexpected},
};

pub use attr::Attr;

use super::{Located, Value};

/// A value that a Rust structure cannot hold, or the reverse, and where.
pub type TypedError = Located<TypedProblem>;

/// Why a value and a Rust structure do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedProblem {
    /// An unknown value where the structure has no [`Attr`].
    #[error("the value is not known yet")]
    Unknown,
    /// Null where the structure has neither `Option` nor [`Attr`].
    #[error("the value must not be null")]
    Null,
    /// A value of another kind, or one that the Rust type refuses; says which.
    #[error("{0}")]
    Refused(String),
}

/// What can be the state of a resource: any type with serde's traits, or [`Value`] itself.
pub trait Model: Sized {
    /// Reads a value.
    fn from_value(value: &Value) -> Result<Self, TypedError>;

    /// Makes a value of it.
    fn into_value(self) -> Result<Value, TypedError>;
}

impl<T: Serialize + DeserializeOwned> Model for T {
    fn from_value(value: &Value) -> Result<Self, TypedError> {
        from_value(value)
    }

    fn into_value(self) -> Result<Value, TypedError> {
        to_value(&self)
    }
}

impl Model for Value {
    fn from_value(value: &Value) -> Result<Self, TypedError> {
        Ok(value.clone())
    }

    fn into_value(self) -> Result<Value, TypedError> {
        Ok(self)
    }
}

/// Reads a value as a Rust type.
///
/// An unknown value and a null are errors unless the type has a place for them; attributes that the type does not mention are
/// passed over.
pub fn from_value<T: DeserializeOwned>(value: &Value) -> Result<T, TypedError> {
    T::deserialize(de::Reader::new(value))
}

/// Makes a value of a Rust type. Lists and sets come out in the type's own order.
pub fn to_value<T: Serialize>(value: &T) -> Result<Value, TypedError> {
    value.serialize(ser::Writer)
}

impl serde::ser::Error for TypedError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TypedProblem::Refused(message.to_string()).into()
    }
}

impl serde::de::Error for TypedError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        TypedProblem::Refused(message.to_string()).into()
    }

    /// Serde's own text would quote strings, which may be secrets.
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        if found == Unexpected::Unit {
            return TypedProblem::Null.into();
        }
        TypedProblem::Refused(format!("{expected} is required, not {}", kind(found))).into()
    }

    /// Serde's own text would quote strings, which may be secrets.
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        TypedProblem::Refused(format!("{expected} is required, not {}", kind(found))).into()
    }
}

fn kind(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(truth) => format!("`{truth}`"),
        Unexpected::Signed(number) => format!("`{number}`"),
        Unexpected::Unsigned(number) => format!("`{number}`"),
        Unexpected::Float(number) => format!("`{number}`"),
        Unexpected::Str(_) | Unexpected::Char(_) => "this string".to_owned(),
        Unexpected::Seq => "a list, set or tuple".to_owned(),
        Unexpected::Map => "a map or object".to_owned(),
        _ => "this value".to_owned(),
    }
}

#[cfg(test)]
mod tests;
