//! Values to bytes.

use std::collections::BTreeMap;

use rmp::encode::{
    ByteBuf, write_array_len, write_bin, write_bool, write_ext_meta, write_f64, write_map_len, write_nil, write_sint,
    write_str,
};

use super::{REFINED_UNKNOWN, refinement};
use crate::value::{EncodeError, Number, Problem, Refinement, Type, Value};

/// Writes `value` as a value of `ty`.
///
/// Nothing is guessed: an attribute that the object lacks, an attribute too many and a value of another kind than its type are
/// errors that say where.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    let mut out = ByteBuf::new();
    write_value(&mut out, value, ty)?;
    Ok(out.into_vec())
}

fn write_value(out: &mut ByteBuf, value: &Value, ty: &Type) -> Result<(), EncodeError> {
    match (ty, value) {
        (_, Value::Null) => {
            let Ok(()) = write_nil(out);
        }
        // Core ignores what is said about a value of unknown type.
        (Type::Dynamic, Value::Unknown(_)) => write_unknown(out, None, ty),
        (_, Value::Unknown(refinement)) => write_unknown(out, refinement.as_deref(), ty),
        (Type::String, Value::String(text)) => write_text(out, text)?,
        (Type::Number, Value::Number(number)) => write_number(out, number)?,
        (Type::Bool, Value::Bool(truth)) => {
            let Ok(()) = write_bool(out, *truth);
        }
        (Type::List(element), Value::List(elements)) => {
            let Ok(_) = write_array_len(out, count(elements.len())?);
            for (index, value) in elements.iter().enumerate() {
                write_value(out, value, element).map_err(|error| error.under_index(index))?;
            }
        }
        (Type::Set(element), Value::List(elements)) => {
            let Ok(_) = write_array_len(out, count(elements.len())?);
            for value in elements {
                write_value(out, value, element).map_err(EncodeError::under_set)?;
            }
        }
        (Type::Tuple(types), Value::List(elements)) => {
            if elements.len() != types.len() {
                return Err(Problem::TupleLength {
                    expected: types.len(),
                    found: elements.len(),
                }
                .into());
            }
            let Ok(_) = write_array_len(out, count(elements.len())?);
            for (index, (value, ty)) in elements.iter().zip(types).enumerate() {
                write_value(out, value, ty).map_err(|error| error.under_index(index))?;
            }
        }
        (Type::Map(element), Value::Map(entries)) => {
            let Ok(_) = write_map_len(out, count(entries.len())?);
            for (key, value) in entries {
                write_text(out, key)?;
                write_value(out, value, element).map_err(|error| error.under_key(key))?;
            }
        }
        (Type::Object(attributes), Value::Map(entries)) => write_object(out, entries, attributes)?,
        (Type::Dynamic, Value::Dynamic(dynamic)) if dynamic.ty == Type::Dynamic => {
            write_value(out, &dynamic.value, ty)?;
        }
        (Type::Dynamic, Value::Dynamic(dynamic)) => {
            let Ok(_) = write_array_len(out, 2);
            let ty = dynamic.ty.to_json().to_string();
            count(ty.len())?;
            let Ok(()) = write_bin(out, ty.as_bytes());
            write_value(out, &dynamic.value, &dynamic.ty)?;
        }
        _ => return Err(Problem::shape(ty, value).into()),
    }
    Ok(())
}

fn write_object(
    out: &mut ByteBuf,
    entries: &BTreeMap<String, Value>,
    attributes: &BTreeMap<String, Type>,
) -> Result<(), EncodeError> {
    if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(Problem::UnexpectedAttribute(name.clone()).into());
    }
    let Ok(_) = write_map_len(out, count(attributes.len())?);
    for (name, ty) in attributes {
        let value = entries
            .get(name)
            .ok_or_else(|| Problem::MissingAttribute(name.clone()))?;
        write_text(out, name)?;
        write_value(out, value, ty).map_err(|error| error.under_attribute(name))?;
    }
    Ok(())
}

fn write_unknown(out: &mut ByteBuf, refinement: Option<&Refinement>, ty: &Type) {
    match refinement.and_then(|refinement| refinement::encode(refinement, ty)) {
        Some((length, body)) => {
            let Ok(_) = write_ext_meta(out, length, REFINED_UNKNOWN);
            out.as_mut_vec().extend(body);
        }
        None => out.as_mut_vec().extend([0xd4, 0, 0]),
    }
}

pub(super) fn write_text(out: &mut ByteBuf, text: &str) -> Result<(), EncodeError> {
    count(text.len())?;
    let Ok(()) = write_str(out, text);
    Ok(())
}

/// Core compares numbers exactly, so a fraction that binary cannot hold (0.1) travels as text.
pub(super) fn write_number(out: &mut ByteBuf, number: &Number) -> Result<(), EncodeError> {
    if let Some(integer) = number.to_i64() {
        let Ok(_) = write_sint(out, integer);
    } else if let Some(float) = number.to_f64_exact().filter(|float| float.fract() != 0.0) {
        let Ok(()) = write_f64(out, float);
    } else {
        write_text(out, &number.to_plain_string())?;
    }
    Ok(())
}

fn count(length: usize) -> Result<u32, Problem> {
    u32::try_from(length).map_err(|_| Problem::TooLong)
}
