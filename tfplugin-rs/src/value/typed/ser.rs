//! Rust structures to values.

use std::{collections::BTreeMap, fmt::Display};

use serde::{
    Serialize, Serializer,
    ser::{Error, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple, SerializeTupleStruct},
};

use super::{TypedError, TypedProblem, attr, number};
use crate::value::{Number, Value, error::value_kind};

/// Makes values.
pub(super) struct Writer;

type Result<T> = std::result::Result<T, TypedError>;

fn variant_with_data<T>() -> Result<T> {
    Err(TypedError::custom(
        "an enum variant with data has no form in Terraform's types: use a struct with optional fields",
    ))
}

macro_rules! integers {
    ($($method:ident $from:ty as $to:ty),*) => {
        $(fn $method(self, number: $from) -> Result<Value> {
            Ok(Value::Number(Number::from(<$to>::from(number))))
        })*
    };
}

impl Serializer for Writer {
    type Ok = Value;
    type Error = TypedError;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Impossible<Value, TypedError>;
    type SerializeMap = Entries;
    type SerializeStruct = Entries;
    type SerializeStructVariant = Impossible<Value, TypedError>;

    fn serialize_bool(self, truth: bool) -> Result<Value> {
        Ok(Value::Bool(truth))
    }

    integers! {
        serialize_i8 i8 as i64, serialize_i16 i16 as i64, serialize_i32 i32 as i64, serialize_i64 i64 as i64,
        serialize_u8 u8 as u64, serialize_u16 u16 as u64, serialize_u32 u32 as u64, serialize_u64 u64 as u64
    }

    fn serialize_f32(self, float: f32) -> Result<Value> {
        self.serialize_f64(f64::from(float))
    }

    fn serialize_f64(self, float: f64) -> Result<Value> {
        Number::try_from(float).map(Value::Number).map_err(TypedError::custom)
    }

    fn serialize_char(self, character: char) -> Result<Value> {
        Ok(Value::String(character.to_string()))
    }

    fn serialize_str(self, text: &str) -> Result<Value> {
        Ok(Value::from(text))
    }

    fn serialize_bytes(self, _bytes: &[u8]) -> Result<Value> {
        Err(TypedError::custom(
            "binary data has no form in Terraform's types: encode it as text",
        ))
    }

    fn serialize_none(self) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result<Value> {
        Ok(Value::Null)
    }

    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Result<Value> {
        Ok(Value::from(variant))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Result<Value> {
        if name == attr::NAME {
            return Ok(Value::UNKNOWN);
        }
        let value = value.serialize(self)?;
        match &value {
            Value::String(text) if name == number::NAME => text.parse().map(Value::Number).map_err(TypedError::custom),
            _ => Ok(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<Value> {
        variant_with_data()
    }

    fn serialize_seq(self, _length: Option<usize>) -> Result<Elements> {
        Ok(Elements::default())
    }

    fn serialize_tuple(self, _length: usize) -> Result<Elements> {
        Ok(Elements::default())
    }

    fn serialize_tuple_struct(self, _name: &'static str, _length: usize) -> Result<Elements> {
        Ok(Elements::default())
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        variant_with_data()
    }

    fn serialize_map(self, _length: Option<usize>) -> Result<Entries> {
        Ok(Entries::default())
    }

    fn serialize_struct(self, _name: &'static str, _length: usize) -> Result<Entries> {
        Ok(Entries::default())
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _length: usize,
    ) -> Result<Self::SerializeStructVariant> {
        variant_with_data()
    }

    fn collect_str<T: Display + ?Sized>(self, text: &T) -> Result<Value> {
        Ok(Value::String(text.to_string()))
    }
}

#[derive(Default)]
pub(super) struct Elements(Vec<Value>);

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let index = self.0.len();
        self.0
            .push(value.serialize(Writer).map_err(|error| error.under_index(index))?);
        Ok(())
    }
}

impl SerializeSeq for Elements {
    type Ok = Value;
    type Error = TypedError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTuple for Elements {
    type Ok = Value;
    type Error = TypedError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result<Value> {
        Ok(Value::List(self.0))
    }
}

impl SerializeTupleStruct for Elements {
    type Ok = Value;
    type Error = TypedError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.push(value)
    }

    fn end(self) -> Result<Value> {
        Ok(Value::List(self.0))
    }
}

#[derive(Default)]
pub(super) struct Entries {
    entries: BTreeMap<String, Value>,
    key: Option<String>,
}

impl SerializeMap for Entries {
    type Ok = Value;
    type Error = TypedError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.key = match key.serialize(Writer)? {
            Value::String(text) => Some(text),
            Value::Number(number) => Some(number.to_plain_string()),
            other => {
                let message = format!("the key of a map must be a string, not {}", value_kind(&other));
                return Err(TypedProblem::Refused(message).into());
            }
        };
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        let Some(key) = self.key.take() else {
            return Err(TypedError::custom("a value was given before its key"));
        };
        let value = value.serialize(Writer).map_err(|error| error.under_key(&key))?;
        self.entries.insert(key, value);
        Ok(())
    }

    fn end(self) -> Result<Value> {
        Ok(Value::Map(self.entries))
    }
}

impl SerializeStruct for Entries {
    type Ok = Value;
    type Error = TypedError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<()> {
        let value = value.serialize(Writer).map_err(|error| error.under_attribute(name))?;
        self.entries.insert(name.to_owned(), value);
        Ok(())
    }

    fn end(self) -> Result<Value> {
        Ok(Value::Map(self.entries))
    }
}
