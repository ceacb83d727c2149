//! What is known about an unknown value: the body of extension 12, a map with small integers as keys.
//!
//! A refinement may always say less than is known, never more. So what cannot be read or written is left out, and no
//! refinement is ever an error.

use rmp::encode::{ByteBuf, write_array_len, write_bool, write_map_len, write_pfix, write_uint};

use super::{
    decode::Reader,
    encode::{write_number, write_text},
};
use crate::value::{Number, Refinement, Type};

const NULLNESS: u8 = 1;
const STRING_PREFIX: u8 = 2;
const NUMBER_MIN: u8 = 3;
const NUMBER_MAX: u8 = 4;
const LENGTH_MIN: u8 = 5;
const LENGTH_MAX: u8 = 6;

/// Core refuses a longer body.
const LONGEST_BODY: usize = 1024;

/// Core sends no longer prefix.
const LONGEST_PREFIX: usize = 256;

/// The body and its length; nothing if there is nothing to say, for core wants no empty map.
pub(super) fn encode(refinement: &Refinement, ty: &Type) -> Option<(u32, Vec<u8>)> {
    let refinement = restricted(refinement.clone(), ty)?;
    let mut entries = 0;
    let mut out = ByteBuf::new();
    let mut key = |out: &mut ByteBuf, key: u8| {
        entries += 1;
        let Ok(()) = write_pfix(out, key);
    };
    if refinement.not_null {
        key(&mut out, NULLNESS);
        let Ok(()) = write_bool(&mut out, false);
    }
    if let Some(prefix) = refinement.string_prefix {
        key(&mut out, STRING_PREFIX);
        write_text(&mut out, &prefix).ok()?;
    }
    for (code, bound) in [(NUMBER_MIN, refinement.number_min), (NUMBER_MAX, refinement.number_max)] {
        if let Some((number, inclusive)) = bound {
            key(&mut out, code);
            let Ok(_) = write_array_len(&mut out, 2);
            write_number(&mut out, &number).ok()?;
            let Ok(()) = write_bool(&mut out, inclusive);
        }
    }
    for (code, bound) in [(LENGTH_MIN, refinement.length_min), (LENGTH_MAX, refinement.length_max)] {
        if let Some(length) = bound {
            key(&mut out, code);
            let Ok(_) = write_uint(&mut out, length);
        }
    }
    let mut body = ByteBuf::new();
    let Ok(_) = write_map_len(&mut body, entries);
    let mut body = body.into_vec();
    body.extend(out.into_vec());
    let length = u32::try_from(body.len()).ok()?;
    (body.len() <= LONGEST_BODY).then_some((length, body))
}

/// Reads a body; nothing if it says nothing about a value of `ty`, or nothing that can be understood.
pub(super) fn decode(body: &[u8], ty: &Type) -> Option<Refinement> {
    if body.len() > LONGEST_BODY {
        return None;
    }
    let mut reader = Reader::new(body);
    let mut refinement = Refinement::default();
    for _ in 0..reader.map_length("a map").ok()? {
        match u8::try_from(reader.integer()?) {
            Ok(NULLNESS) => refinement.not_null = !reader.bool().ok()?,
            Ok(STRING_PREFIX) => refinement.string_prefix = Some(reader.string().ok()?),
            Ok(NUMBER_MIN) => refinement.number_min = Some(bound(&mut reader)?),
            Ok(NUMBER_MAX) => refinement.number_max = Some(bound(&mut reader)?),
            Ok(LENGTH_MIN) => refinement.length_min = Some(u64::try_from(reader.integer()?).ok()?),
            Ok(LENGTH_MAX) => refinement.length_max = Some(u64::try_from(reader.integer()?).ok()?),
            // The format reserves further keys for the future.
            _ => reader.skip()?,
        }
    }
    restricted(refinement, ty)
}

fn bound(reader: &mut Reader<'_>) -> Option<(Number, bool)> {
    if reader.array_length("a bound").ok()? != 2 {
        return None;
    }
    Some((reader.number().ok()?, reader.bool().ok()?))
}

/// What of a refinement may be said about a value of `ty`: core refuses, for one, a string prefix of a number.
fn restricted(refinement: Refinement, ty: &Type) -> Option<Refinement> {
    let is_string = *ty == Type::String;
    let is_number = *ty == Type::Number;
    let is_collection = matches!(ty, Type::List(_) | Type::Set(_) | Type::Map(_));
    let restricted = Refinement {
        not_null: refinement.not_null && *ty != Type::Dynamic,
        string_prefix: refinement
            .string_prefix
            .filter(|prefix| is_string && !prefix.is_empty())
            .map(shortened),
        number_min: refinement.number_min.filter(|_| is_number),
        number_max: refinement.number_max.filter(|_| is_number),
        length_min: refinement.length_min.filter(|_| is_collection),
        length_max: refinement.length_max.filter(|_| is_collection),
    };
    (restricted != Refinement::default()).then_some(restricted)
}

fn shortened(mut prefix: String) -> String {
    while prefix.len() > LONGEST_PREFIX {
        prefix.pop();
    }
    prefix
}
