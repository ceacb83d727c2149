//! Bytes to values.

use std::collections::BTreeMap;

use rmp::{
    Marker,
    decode::{
        ValueReadError, read_array_len, read_bin_len, read_bool, read_ext_meta, read_f32, read_f64, read_int,
        read_map_len, read_str_len,
    },
};

use super::{REFINED_UNKNOWN, refinement};
use crate::value::{
    DecodeError, Dynamic, Number, Problem, Type, Value,
    error::{MAX_DEPTH, type_kind},
};

/// Reads a value of `ty`. No bytes at all are null, as the protocol has it for an absent value.
///
/// The bytes may be anything: wrong ones are an error that says where, and are never believed about a length before that many
/// bytes are there.
pub fn decode(bytes: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    if bytes.is_empty() {
        return Ok(Value::Null);
    }
    let mut reader = Reader::new(bytes);
    let value = reader.value(ty, MAX_DEPTH)?;
    if !reader.rest.is_empty() {
        return Err(Problem::TrailingBytes.into());
    }
    Ok(value)
}

/// Room made at once for the elements of a collection; what comes beyond grows with the bytes that are really there.
const INITIAL_CAPACITY: usize = 64;

/// Bytes being read.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Reader { rest: bytes }
    }

    fn value(&mut self, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
        let depth = depth.checked_sub(1).ok_or(Problem::TooDeep)?;
        let marker = self.peek()?;
        if is_extension(marker) {
            return Ok(self.unknown(ty)?);
        }
        if marker == Marker::Null {
            self.take(1)?;
            return Ok(Value::Null);
        }
        match ty {
            Type::String => Ok(Value::String(self.string()?)),
            Type::Number => Ok(Value::Number(self.number()?)),
            Type::Bool => Ok(Value::Bool(self.bool()?)),
            Type::Dynamic => self.dynamic(depth),
            Type::List(element) => {
                let length = self.array_length(type_kind(ty))?;
                let mut elements = Vec::with_capacity(length.min(INITIAL_CAPACITY));
                for index in 0..length {
                    elements.push(self.value(element, depth).map_err(|error| error.under_index(index))?);
                }
                Ok(Value::List(elements))
            }
            Type::Set(element) => {
                let length = self.array_length(type_kind(ty))?;
                let mut elements = Vec::with_capacity(length.min(INITIAL_CAPACITY));
                for _ in 0..length {
                    elements.push(self.value(element, depth).map_err(DecodeError::under_set)?);
                }
                Ok(Value::set(elements))
            }
            Type::Tuple(types) => {
                let length = self.array_length(type_kind(ty))?;
                if length != types.len() {
                    return Err(Problem::TupleLength {
                        expected: types.len(),
                        found: length,
                    }
                    .into());
                }
                let elements = types.iter().enumerate();
                let elements =
                    elements.map(|(index, ty)| self.value(ty, depth).map_err(|error| error.under_index(index)));
                Ok(Value::List(elements.collect::<Result<_, _>>()?))
            }
            Type::Map(element) => {
                let length = self.map_length(type_kind(ty))?;
                let mut entries = BTreeMap::new();
                for _ in 0..length {
                    let key = self.string()?;
                    let value = self.value(element, depth).map_err(|error| error.under_key(&key))?;
                    insert_once(&mut entries, key, value)?;
                }
                Ok(Value::Map(entries))
            }
            Type::Object(attributes) => self.object(attributes, depth),
        }
    }

    fn object(&mut self, attributes: &BTreeMap<String, Type>, depth: usize) -> Result<Value, DecodeError> {
        let length = self.map_length("an object")?;
        let mut entries = BTreeMap::new();
        for _ in 0..length {
            let name = self.string()?;
            let Some(ty) = attributes.get(&name) else {
                return Err(Problem::UnexpectedAttribute(name).into());
            };
            let value = self.value(ty, depth).map_err(|error| error.under_attribute(&name))?;
            insert_once(&mut entries, name, value)?;
        }
        if let Some(name) = attributes.keys().find(|name| !entries.contains_key(*name)) {
            return Err(Problem::MissingAttribute(name.clone()).into());
        }
        Ok(Value::Map(entries))
    }

    fn dynamic(&mut self, depth: usize) -> Result<Value, DecodeError> {
        let length = self.array_length(type_kind(&Type::Dynamic))?;
        if length != 2 {
            return Err(Problem::NotDynamic.into());
        }
        let length = read_bin_len(&mut self.rest).map_err(|_| Problem::NotDynamic)?;
        let json = serde_json::from_slice(self.take(length as usize)?).map_err(|_| Problem::NotDynamic)?;
        let ty = Type::from_json(&json).map_err(|_| Problem::NotDynamic)?;
        let value = self.value(&ty, depth)?;
        Ok(if ty == Type::Dynamic {
            value
        } else {
            Value::Dynamic(Box::new(Dynamic { ty, value }))
        })
    }

    fn unknown(&mut self, ty: &Type) -> Result<Value, Problem> {
        let extension = read_ext_meta(&mut self.rest).map_err(|_| Problem::Truncated)?;
        let body = self.take(extension.size as usize)?;
        let refinement = if extension.typeid == REFINED_UNKNOWN {
            refinement::decode(body, ty).map(Box::new)
        } else {
            None
        };
        Ok(Value::Unknown(refinement))
    }

    pub(super) fn string(&mut self) -> Result<String, Problem> {
        let length = read_str_len(&mut self.rest).map_err(mismatch("a string"))?;
        let bytes = self.take(length as usize)?;
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .map_err(|_| Problem::NotUtf8)
    }

    pub(super) fn bool(&mut self) -> Result<bool, Problem> {
        read_bool(&mut self.rest).map_err(mismatch("a bool"))
    }

    pub(super) fn number(&mut self) -> Result<Number, Problem> {
        match self.peek()? {
            Marker::U64 => read_int::<u64, _>(&mut self.rest)
                .map(Number::from)
                .map_err(|_| Problem::Truncated),
            Marker::F32 => {
                let float = read_f32(&mut self.rest).map_err(mismatch("a number"))?;
                Number::try_from(f64::from(float)).map_err(|_| Problem::NotFinite)
            }
            Marker::F64 => {
                let float = read_f64(&mut self.rest).map_err(mismatch("a number"))?;
                Number::try_from(float).map_err(|_| Problem::NotFinite)
            }
            marker if is_integer(marker) => read_int::<i64, _>(&mut self.rest)
                .map(Number::from)
                .map_err(|_| Problem::Truncated),
            marker if is_text(marker) => self.string()?.parse().map_err(|_| Problem::NotANumber),
            marker => Err(Problem::Shape {
                expected: "a number",
                found: marker_kind(marker),
            }),
        }
    }

    /// An integer in a refinement; anything else ends the reading of the refinement.
    pub(super) fn integer(&mut self) -> Option<i128> {
        is_integer(self.peek().ok()?).then(|| read_int(&mut self.rest).ok())?
    }

    /// Passes over a value of whatever kind. `rmp` has a function for it, which panics at extensions.
    pub(super) fn skip(&mut self) -> Option<()> {
        let mut pending = 1;
        while pending > 0 {
            pending -= 1;
            let marker = self.peek().ok()?;
            let length = match marker {
                marker if is_extension(marker) => read_ext_meta(&mut self.rest).ok()?.size as usize,
                marker if is_text(marker) => read_str_len(&mut self.rest).ok()? as usize,
                marker if is_integer(marker) => self.integer().map(|_| 0)?,
                Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => read_bin_len(&mut self.rest).ok()? as usize,
                Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => {
                    pending += self.array_length("a list").ok()?;
                    0
                }
                Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => {
                    pending += 2 * self.map_length("a map").ok()?;
                    0
                }
                Marker::F32 => 5,
                Marker::F64 => 9,
                _ => 1,
            };
            self.take(length).ok()?;
        }
        Some(())
    }

    /// The length of an array, of which each element takes at least one byte.
    pub(super) fn array_length(&mut self, expected: &'static str) -> Result<usize, Problem> {
        let length = read_array_len(&mut self.rest).map_err(mismatch(expected))? as usize;
        if length > self.rest.len() {
            Err(Problem::Truncated)
        } else {
            Ok(length)
        }
    }

    /// The number of entries of a map, of which each takes at least two bytes.
    pub(super) fn map_length(&mut self, expected: &'static str) -> Result<usize, Problem> {
        let length = read_map_len(&mut self.rest).map_err(mismatch(expected))? as usize;
        if length > self.rest.len() / 2 {
            Err(Problem::Truncated)
        } else {
            Ok(length)
        }
    }

    fn peek(&self) -> Result<Marker, Problem> {
        self.rest
            .first()
            .map(|byte| Marker::from_u8(*byte))
            .ok_or(Problem::Truncated)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Problem::Truncated)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn mismatch(expected: &'static str) -> impl Fn(ValueReadError) -> Problem {
    move |error| match error {
        ValueReadError::TypeMismatch(marker) => Problem::Shape {
            expected,
            found: marker_kind(marker),
        },
        ValueReadError::InvalidMarkerRead(_) | ValueReadError::InvalidDataRead(_) => Problem::Truncated,
    }
}

fn insert_once(entries: &mut BTreeMap<String, Value>, key: String, value: Value) -> Result<(), Problem> {
    if entries.contains_key(&key) {
        return Err(Problem::DuplicateKey(key));
    }
    entries.insert(key, value);
    Ok(())
}

fn is_extension(marker: Marker) -> bool {
    use Marker::{Ext8, Ext16, Ext32, FixExt1, FixExt2, FixExt4, FixExt8, FixExt16};
    matches!(
        marker,
        FixExt1 | FixExt2 | FixExt4 | FixExt8 | FixExt16 | Ext8 | Ext16 | Ext32
    )
}

fn is_integer(marker: Marker) -> bool {
    use Marker::{FixNeg, FixPos, I8, I16, I32, I64, U8, U16, U32, U64};
    matches!(
        marker,
        FixPos(_) | FixNeg(_) | U8 | U16 | U32 | U64 | I8 | I16 | I32 | I64
    )
}

fn is_text(marker: Marker) -> bool {
    matches!(marker, Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32)
}

fn marker_kind(marker: Marker) -> &'static str {
    match marker {
        marker if is_extension(marker) => "an unknown value",
        marker if is_integer(marker) => "a number",
        marker if is_text(marker) => "a string",
        Marker::F32 | Marker::F64 => "a number",
        Marker::Null => "null",
        Marker::True | Marker::False => "a bool",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list, set or tuple",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map or object",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "binary data",
        _ => "a reserved byte",
    }
}
