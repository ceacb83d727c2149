//! Values to Rust structures.

use serde::{
    Deserializer,
    de::{DeserializeSeed, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{TypedError, TypedProblem, attr, number};
use crate::value::{Number, Step, Value, error::value_kind};

/// A value being read.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a>(&'a Value);

impl<'a> Reader<'a> {
    /// A value that carries its type is read as what it is.
    pub(super) fn new(value: &'a Value) -> Self {
        match value {
            Value::Dynamic(dynamic) => Reader::new(&dynamic.value),
            plain => Reader(plain),
        }
    }

    fn refuse(self, expected: &str) -> TypedError {
        match self.0 {
            Value::Null => TypedProblem::Null.into(),
            Value::Unknown(_) => TypedProblem::Unknown.into(),
            other => TypedProblem::Refused(format!("{expected} is required, not {}", value_kind(other))).into(),
        }
    }

    fn number(self) -> Result<&'a Number, TypedError> {
        self.0.as_number().ok_or_else(|| self.refuse("a number"))
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        let number = self.number()?;
        if let Some(integer) = number.to_i64() {
            visitor.visit_i64(integer)
        } else if let Some(integer) = number.to_u64() {
            visitor.visit_u64(integer)
        } else {
            Err(TypedError::custom("a whole number of at most 64 bits is required"))
        }
    }

    fn float<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        let float = self.number()?.to_f64_exact();
        visitor.visit_f64(float.ok_or_else(|| TypedError::custom("the number has no exact floating-point form"))?)
    }

    fn map<'de, V: Visitor<'de>>(self, visitor: V, step: fn(String) -> Step) -> Result<V::Value, TypedError> {
        let entries = self.0.as_map().ok_or_else(|| self.refuse("an object"))?;
        visitor.visit_map(Entries {
            rest: entries.iter(),
            current: None,
            step,
        })
    }
}

macro_rules! integers {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
            self.integer(visitor)
        })*
    };
}

impl<'de> Deserializer<'de> for Reader<'_> {
    type Error = TypedError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth) => visitor.visit_bool(*truth),
            Value::Number(number) if number.to_i64().is_some() || number.to_u64().is_some() => self.integer(visitor),
            Value::Number(_) => self.float(visitor),
            Value::String(text) => visitor.visit_str(text),
            Value::List(elements) => visitor.visit_seq(Elements {
                rest: elements.iter(),
                next: 0,
            }),
            Value::Map(_) => self.map(visitor, Step::Key),
            Value::Unknown(_) | Value::Dynamic(_) => Err(self.refuse("a known value")),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_u8 deserialize_u16 deserialize_u32
        deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        self.float(visitor)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        self.float(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        if self.0.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        match (name, self.0) {
            (attr::NAME, Value::Null) => visitor.visit_none(),
            (attr::NAME, Value::Unknown(_)) => visitor.visit_unit(),
            (attr::NAME, _) => visitor.visit_some(self),
            (number::NAME, _) => visitor.visit_string(self.number()?.to_plain_string()),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        self.map(visitor, Step::Attribute)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, TypedError> {
        let text = self.0.as_str().ok_or_else(|| self.refuse("a string"))?;
        visitor.visit_enum(text.into_deserializer())
    }

    /// Whatever it is, also unknown.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, TypedError> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map identifier
    }
}

struct Elements<'a> {
    rest: std::slice::Iter<'a, Value>,
    next: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = TypedError;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, TypedError> {
        let Some(value) = self.rest.next() else {
            return Ok(None);
        };
        let index = self.next;
        self.next += 1;
        seed.deserialize(Reader::new(value))
            .map(Some)
            .map_err(|error| error.under_index(index))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}

struct Entries<'a> {
    rest: std::collections::btree_map::Iter<'a, String, Value>,
    current: Option<(&'a String, &'a Value)>,
    step: fn(String) -> Step,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = TypedError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, TypedError> {
        self.current = self.rest.next();
        let Some((key, _)) = self.current else {
            return Ok(None);
        };
        // A key is read like any string, so that it too may be a newtype or an enum.
        let text = Value::String(key.clone());
        seed.deserialize(Reader(&text))
            .map(Some)
            .map_err(|error| error.under((self.step)(key.clone())))
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, TypedError> {
        let Some((key, value)) = self.current.take() else {
            return Err(TypedError::custom("a value was asked for before its key"));
        };
        seed.deserialize(Reader::new(value))
            .map_err(|error| error.under((self.step)(key.clone())))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.rest.len())
    }
}
