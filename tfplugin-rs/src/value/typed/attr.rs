//! A field in one of Terraform's three states.

use std::{fmt, marker::PhantomData};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Visitor, ser::Error as _};

/// The name by which our own serializer and deserializer recognise an [`Attr`]. Serde has no third state beside "some" and "none".
pub(super) const NAME: &str = "$terraform::Attr";

/// The value of an attribute in one of its three states.
///
/// In formats other than Terraform's own, null is null and an unknown value is an error.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Attr<T> {
    /// Known and not null.
    Known(T),
    /// Not set.
    #[default]
    Null,
    /// Known only after apply. What Terraform may know about it is not kept.
    Unknown,
}

impl<T> Attr<T> {
    /// The known value.
    pub fn known(self) -> Option<T> {
        match self {
            Attr::Known(value) => Some(value),
            Attr::Null | Attr::Unknown => None,
        }
    }

    /// A view of the known value.
    pub fn as_ref(&self) -> Attr<&T> {
        match self {
            Attr::Known(value) => Attr::Known(value),
            Attr::Null => Attr::Null,
            Attr::Unknown => Attr::Unknown,
        }
    }

    /// Whether the value is unknown.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Attr::Unknown)
    }

    /// Whether the value is null.
    pub fn is_null(&self) -> bool {
        matches!(self, Attr::Null)
    }
}

impl<T> From<Option<T>> for Attr<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Attr::Null, Attr::Known)
    }
}

impl<T: Serialize> Serialize for Attr<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Attr::Known(value) => serializer.serialize_some(value),
            Attr::Null => serializer.serialize_none(),
            Attr::Unknown => serializer.serialize_newtype_struct(NAME, &Refusal),
        }
    }
}

/// Stands for an unknown value; our own serializer never looks at it, any other meets the error.
struct Refusal;

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(S::Error::custom(
            "a value that is not known yet can only be given to Terraform",
        ))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Attr<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(NAME, AttrVisitor(PhantomData))
    }
}

struct AttrVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for AttrVisitor<T> {
    type Value = Attr<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value, null or an unknown value")
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Attr<T>, D::Error> {
        T::deserialize(deserializer).map(Attr::Known)
    }

    fn visit_none<E: serde::de::Error>(self) -> Result<Attr<T>, E> {
        Ok(Attr::Null)
    }

    /// How our own deserializer says "unknown".
    fn visit_unit<E: serde::de::Error>(self) -> Result<Attr<T>, E> {
        Ok(Attr::Unknown)
    }

    /// How any other deserializer answers.
    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Attr<T>, D::Error> {
        Option::<T>::deserialize(deserializer).map(Attr::from)
    }
}
