//! Values as JSON: the form of stored state.
//!
//! Directed by the type, as in [`super::msgpack`]. Numbers keep every digit. A value under a dynamic attribute is an object of its
//! `type` and its `value`. JSON has no form for unknown values.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::{
    DecodeError, Dynamic, EncodeError, Number, Problem, Type, Value,
    error::{MAX_DEPTH, type_kind},
};

/// Reads JSON text as a value of `ty`. Attributes that are not there are null, as in the state of an older schema; attributes that
/// the type does not have are an error.
///
/// Strings, numbers and bools are taken for one another where one is written as the other, as Terraform does: `"1"` is a number.
pub fn decode(text: &[u8], ty: &Type) -> Result<Value, DecodeError> {
    let json = serde_json::from_slice(text).map_err(|error| Problem::NotJson {
        line: error.line(),
        column: error.column(),
    })?;
    from_json(&json, ty)
}

/// Writes `value` as JSON text.
pub fn encode(value: &Value, ty: &Type) -> Result<Vec<u8>, EncodeError> {
    Ok(to_json(value, ty)?.to_string().into_bytes())
}

/// Reads parsed JSON as a value of `ty`; see [`decode`].
pub fn from_json(json: &Json, ty: &Type) -> Result<Value, DecodeError> {
    read(json, ty, MAX_DEPTH)
}

/// Writes `value` as JSON. Unknown values, missing attributes and attributes too many are errors.
pub fn to_json(value: &Value, ty: &Type) -> Result<Json, EncodeError> {
    let json = match (ty, value) {
        (_, Value::Null) => Json::Null,
        (_, Value::Unknown(_)) => return Err(Problem::Unknown.into()),
        (Type::String, Value::String(text)) => json!(text),
        (Type::Number, Value::Number(number)) => Json::Number(json_number(number)?),
        (Type::Bool, Value::Bool(truth)) => json!(truth),
        (Type::List(element), Value::List(elements)) => {
            let elements = elements.iter().enumerate();
            let elements =
                elements.map(|(index, value)| to_json(value, element).map_err(|error| error.under_index(index)));
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Type::Set(element), Value::List(elements)) => {
            let elements = elements
                .iter()
                .map(|value| to_json(value, element).map_err(EncodeError::under_set));
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Type::Tuple(types), Value::List(elements)) => {
            check_length(types, elements)?;
            let elements = elements.iter().zip(types).enumerate();
            let elements =
                elements.map(|(index, (value, ty))| to_json(value, ty).map_err(|error| error.under_index(index)));
            Json::Array(elements.collect::<Result<_, _>>()?)
        }
        (Type::Map(element), Value::Map(entries)) => {
            let entries = entries.iter().map(|(key, value)| match to_json(value, element) {
                Ok(json) => Ok((key.clone(), json)),
                Err(error) => Err(error.under_key(key)),
            });
            Json::Object(entries.collect::<Result<_, _>>()?)
        }
        (Type::Object(attributes), Value::Map(entries)) => write_object(entries, attributes)?,
        (Type::Dynamic, Value::Dynamic(dynamic)) if dynamic.ty == Type::Dynamic => to_json(&dynamic.value, ty)?,
        (Type::Dynamic, Value::Dynamic(dynamic)) => {
            json!({ "type": dynamic.ty.to_json(), "value": to_json(&dynamic.value, &dynamic.ty)? })
        }
        _ => return Err(Problem::shape(ty, value).into()),
    };
    Ok(json)
}

fn write_object(entries: &BTreeMap<String, Value>, attributes: &BTreeMap<String, Type>) -> Result<Json, EncodeError> {
    if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(Problem::UnexpectedAttribute(name.clone()).into());
    }
    let mut object = Map::new();
    for (name, ty) in attributes {
        let value = entries
            .get(name)
            .ok_or_else(|| Problem::MissingAttribute(name.clone()))?;
        object.insert(
            name.clone(),
            to_json(value, ty).map_err(|error| error.under_attribute(name))?,
        );
    }
    Ok(Json::Object(object))
}

fn json_number(number: &Number) -> Result<serde_json::Number, Problem> {
    number.to_plain_string().parse().map_err(|_| Problem::NotANumber)
}

fn check_length<T>(types: &[Type], elements: &[T]) -> Result<(), Problem> {
    if types.len() == elements.len() {
        return Ok(());
    }
    Err(Problem::TupleLength {
        expected: types.len(),
        found: elements.len(),
    })
}

fn read(json: &Json, ty: &Type, depth: usize) -> Result<Value, DecodeError> {
    let depth = depth.checked_sub(1).ok_or(Problem::TooDeep)?;
    let value = match (ty, json) {
        (_, Json::Null) => Value::Null,
        (Type::String, Json::String(text)) => Value::String(text.clone()),
        (Type::String, Json::Number(number)) => Value::String(number.to_string()),
        (Type::String, Json::Bool(truth)) => Value::String(truth.to_string()),
        (Type::Number, Json::Number(number)) => Value::Number(read_number(&number.to_string())?),
        (Type::Number, Json::String(text)) => Value::Number(read_number(text)?),
        (Type::Bool, Json::Bool(truth)) => Value::Bool(*truth),
        (Type::Bool, Json::String(text)) if text == "true" || text == "1" => Value::Bool(true),
        (Type::Bool, Json::String(text)) if text == "false" || text == "0" => Value::Bool(false),
        (Type::List(element), Json::Array(elements)) => {
            let elements = elements.iter().enumerate();
            let elements =
                elements.map(|(index, json)| read(json, element, depth).map_err(|error| error.under_index(index)));
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        (Type::Set(element), Json::Array(elements)) => {
            let elements = elements
                .iter()
                .map(|json| read(json, element, depth).map_err(DecodeError::under_set));
            Value::set(elements.collect::<Result<Vec<_>, _>>()?)
        }
        (Type::Tuple(types), Json::Array(elements)) => {
            check_length(types, elements)?;
            let elements = elements.iter().zip(types).enumerate();
            let elements =
                elements.map(|(index, (json, ty))| read(json, ty, depth).map_err(|error| error.under_index(index)));
            Value::List(elements.collect::<Result<_, _>>()?)
        }
        (Type::Map(element), Json::Object(entries)) => {
            let entries = entries.iter().map(|(key, json)| match read(json, element, depth) {
                Ok(value) => Ok((key.clone(), value)),
                Err(error) => Err(error.under_key(key)),
            });
            Value::Map(entries.collect::<Result<_, _>>()?)
        }
        (Type::Object(attributes), Json::Object(entries)) => read_object(entries, attributes, depth)?,
        (Type::Dynamic, Json::Object(parts)) => read_dynamic(parts, depth)?,
        _ => {
            return Err(Problem::Shape {
                expected: type_kind(ty),
                found: json_kind(json),
            }
            .into());
        }
    };
    Ok(value)
}

fn read_object(
    entries: &Map<String, Json>,
    attributes: &BTreeMap<String, Type>,
    depth: usize,
) -> Result<Value, DecodeError> {
    if let Some(name) = entries.keys().find(|name| !attributes.contains_key(*name)) {
        return Err(Problem::UnexpectedAttribute(name.clone()).into());
    }
    let attributes = attributes.iter().map(|(name, ty)| {
        let json = entries.get(name).unwrap_or(&Json::Null);
        let value = read(json, ty, depth).map_err(|error| error.under_attribute(name))?;
        Ok((name.clone(), value))
    });
    Ok(Value::Map(attributes.collect::<Result<_, DecodeError>>()?))
}

fn read_dynamic(parts: &Map<String, Json>, depth: usize) -> Result<Value, DecodeError> {
    let (Some(ty), Some(json), 2) = (parts.get("type"), parts.get("value"), parts.len()) else {
        return Err(Problem::NotDynamic.into());
    };
    let ty = Type::from_json(ty).map_err(|_| Problem::NotDynamic)?;
    let value = read(json, &ty, depth)?;
    Ok(if ty == Type::Dynamic {
        value
    } else {
        Value::Dynamic(Box::new(Dynamic { ty, value }))
    })
}

fn read_number(text: &str) -> Result<Number, Problem> {
    text.parse().map_err(|_| Problem::NotANumber)
}

fn json_kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "a bool",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Path;

    fn state() -> Type {
        Type::object([
            ("id", Type::String),
            ("ratio", Type::Number),
            ("ports", Type::set(Type::String)),
            ("anything", Type::Dynamic),
        ])
    }

    #[test]
    fn a_number_keeps_every_digit() {
        let text = "0.1000000000000000055511151231257827021181583404541015625";
        for text in [
            text,
            "9223372036854775808",
            "-1.5",
            "10000000000000000000000000000000000000000",
            "0.1",
        ] {
            let value = decode(text.as_bytes(), &Type::Number).unwrap();
            assert_eq!(String::from_utf8(encode(&value, &Type::Number).unwrap()).unwrap(), text);
        }
        assert_eq!(decode(b"\"12.50\"", &Type::Number), decode(b"1.25e1", &Type::Number));
    }

    #[test]
    fn what_an_older_schema_did_not_have_is_null() {
        let value = decode(br#"{"id":"a","ports":["443","22","443"]}"#, &state()).unwrap();
        let expected = Value::object([
            ("id", Value::from("a")),
            ("ratio", Value::Null),
            ("ports", Value::string_set(["22", "443"])),
            ("anything", Value::Null),
        ]);
        assert_eq!(value, expected);
    }

    #[test]
    fn what_the_schema_does_not_have_is_an_error() {
        let error = decode(br#"{"id":"a","colour":"red"}"#, &state()).unwrap_err();
        assert_eq!(error, Problem::UnexpectedAttribute("colour".to_owned()).into());
    }

    #[test]
    fn a_primitive_is_read_from_another_that_is_written_like_it() {
        assert_eq!(decode(b"12.50", &Type::String), Ok(Value::from("12.50")));
        assert_eq!(decode(b"true", &Type::String), Ok(Value::from("true")));
        assert_eq!(decode(b"\"false\"", &Type::Bool), Ok(Value::Bool(false)));
        assert_eq!(
            decode(b"\"no\"", &Type::Bool),
            Err(Problem::Shape {
                expected: "a bool",
                found: "a string"
            }
            .into())
        );
    }

    #[test]
    fn a_dynamic_value_stands_beside_its_type() {
        let text = br#"{"type":["list","number"],"value":[1,null]}"#;
        let value = decode(text, &Type::Dynamic).unwrap();
        let elements = Value::List(vec![Value::from(1), Value::Null]);
        assert_eq!(
            value,
            Value::Dynamic(Box::new(Dynamic {
                ty: Type::list(Type::Number),
                value: elements
            }))
        );
        assert_eq!(encode(&value, &Type::Dynamic).unwrap(), text);
        for text in [
            "{}",
            r#"{"type":"bool"}"#,
            r#"{"type":"boo","value":1}"#,
            r#"{"type":"bool","value":true,"x":1}"#,
        ] {
            assert_eq!(
                decode(text.as_bytes(), &Type::Dynamic),
                Err(Problem::NotDynamic.into()),
                "{text}"
            );
        }
    }

    #[test]
    fn an_unknown_value_cannot_be_stored() {
        let ty = Type::object([("rules", Type::list(Type::String))]);
        let value = Value::object([("rules", Value::List(vec![Value::from("a"), Value::unknown_not_null()]))]);
        let error = encode(&value, &ty).unwrap_err();
        assert_eq!(
            (error.path, error.problem),
            (Path::attribute("rules").index(1), Problem::Unknown)
        );
    }

    #[test]
    fn an_object_with_a_missing_attribute_cannot_be_stored() {
        let value = Value::object([("id", Value::Null)]);
        assert_eq!(
            encode(&value, &state()),
            Err(Problem::MissingAttribute("anything".to_owned()).into())
        );
    }

    #[test]
    fn an_error_says_where_and_never_what() {
        let ty = Type::object([("tags", Type::map(Type::Number))]);
        let error = decode(br#"{"tags":{"pin":"hunter2"}}"#, &ty).unwrap_err();
        assert_eq!(error.to_string(), r#"`tags["pin"]`: the text is not a decimal number"#);
        assert_eq!(
            decode(b"{\"tags\":\n?}", &ty).unwrap_err().to_string(),
            "line 2, column 1 is not JSON"
        );
    }

    #[test]
    fn endless_nesting_ends() {
        let text = r#"{"type":"dynamic","value":"#.repeat(200) + "null" + &"}".repeat(200);
        assert!(decode(text.as_bytes(), &Type::Dynamic).is_err());
        let mut json = Json::Null;
        for _ in 0..200 {
            json = json!({ "type": "dynamic", "value": json });
        }
        assert_eq!(from_json(&json, &Type::Dynamic), Err(Problem::TooDeep.into()));
    }
}
