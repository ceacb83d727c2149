//! Bytes written out by hand from the wire format document of plugin protocol 6 and from what Terraform 1.15 was seen to send.

use super::*;
use crate::value::{Dynamic, Number, Path, Problem, Refinement, Type, Value};

fn number(text: &str) -> Value {
    Value::Number(text.parse().unwrap())
}

fn refined(refinement: Refinement) -> Value {
    Value::Unknown(Some(Box::new(refinement)))
}

#[track_caller]
fn same_both_ways(value: &Value, ty: &Type, bytes: &[u8]) {
    assert_eq!(encode(value, ty).unwrap(), bytes);
    assert_eq!(decode(bytes, ty).unwrap(), *value);
}

#[test]
fn null_is_nil_and_so_are_no_bytes_at_all() {
    same_both_ways(&Value::Null, &Type::String, b"\xc0");
    same_both_ways(&Value::Null, &Type::Dynamic, b"\xc0");
    assert_eq!(decode(b"", &Type::object([("a", Type::Bool)])), Ok(Value::Null));
}

#[test]
fn an_unknown_value_is_an_extension_of_whatever_kind() {
    same_both_ways(&Value::UNKNOWN, &Type::String, b"\xd4\x00\x00");
    for bytes in [
        &b"\xc7\x00\x00"[..],
        b"\xd4\x07\xff",
        b"\xc7\x02\x55ab",
        b"\xd8\x010123456789abcdef",
    ] {
        assert_eq!(decode(bytes, &Type::Number), Ok(Value::UNKNOWN), "{bytes:x?}");
    }
}

#[test]
fn what_is_known_about_an_unknown_value_survives() {
    same_both_ways(&Value::unknown_not_null(), &Type::Bool, b"\xc7\x03\x0c\x81\x01\xc2");
    same_both_ways(
        &Value::unknown_with_prefix("pre-"),
        &Type::String,
        b"\xc7\x09\x0c\x82\x01\xc2\x02\xa4pre-",
    );
    let length = Refinement {
        not_null: true,
        number_min: Some((Number::from(0_i64), true)),
        ..Refinement::default()
    };
    same_both_ways(
        &refined(length),
        &Type::Number,
        b"\xc7\x07\x0c\x82\x01\xc2\x03\x92\x00\xc3",
    );
    let count = Refinement {
        length_min: Some(1),
        length_max: Some(300),
        ..Refinement::default()
    };
    same_both_ways(
        &refined(count),
        &Type::set(Type::Bool),
        b"\xc7\x07\x0c\x82\x05\x01\x06\xcd\x01\x2c",
    );
}

#[test]
fn a_refinement_that_says_nothing_is_not_sent() {
    assert_eq!(
        encode(&refined(Refinement::default()), &Type::String).unwrap(),
        b"\xd4\x00\x00"
    );
    assert_eq!(
        encode(&Value::unknown_with_prefix(""), &Type::String).unwrap(),
        b"\xc7\x03\x0c\x81\x01\xc2"
    );
    assert_eq!(
        encode(&Value::unknown_not_null(), &Type::Dynamic).unwrap(),
        b"\xd4\x00\x00"
    );
}

#[test]
fn a_refinement_that_core_would_refuse_says_less_instead() {
    let prefix_of_a_number = encode(&Value::unknown_with_prefix("4"), &Type::Number).unwrap();
    assert_eq!(
        decode(&prefix_of_a_number, &Type::Number),
        Ok(Value::unknown_not_null())
    );

    let long = encode(&Value::unknown_with_prefix("é".repeat(200)), &Type::String).unwrap();
    assert_eq!(
        decode(&long, &Type::String),
        Ok(Value::unknown_with_prefix("é".repeat(128)))
    );

    let digits = "7".repeat(2000).parse().unwrap();
    let long = refined(Refinement {
        number_max: Some((digits, false)),
        ..Refinement::default()
    });
    assert_eq!(encode(&long, &Type::Number).unwrap(), b"\xd4\x00\x00");
}

#[test]
fn a_refinement_from_the_future_is_read_past() {
    for future in [
        &b"\xc0"[..],
        b"\x92\x01\xa1x",
        b"\x81\xa1k\x92\xc0\xdc\x00\x01\xc3",
        b"\xce\x00\x00\x00\x01",
        b"\xca\x3f\xc0\0\0",
        b"\xcb\x3f\xf8\0\0\0\0\0\0",
        b"\xc4\x02ab",
        b"\xd9\x02ab",
        b"\xd4\x00\x00",
        b"\xc7\x03\x0c\x81\x01\xc2",
    ] {
        let body = [b"\x82\x2a", future, b"\x01\xc2"].concat();
        let head = [0xc7, u8::try_from(body.len()).unwrap(), 12];
        let bytes = [&head[..], &body].concat();
        assert_eq!(
            decode(&bytes, &Type::String),
            Ok(Value::unknown_not_null()),
            "{future:x?}"
        );
    }
}

#[test]
fn a_broken_refinement_is_a_plain_unknown() {
    for body in [
        &b"\x81\x01\xa1x"[..],
        b"\xdf\xff\xff\xff\xff",
        b"\x82\x01\xc2",
        b"\x81\x03\x93\x00\xc3\xc3",
        b"\xc1\xc1",
    ] {
        let mut bytes = vec![0xc7, u8::try_from(body.len()).unwrap(), 12];
        bytes.extend_from_slice(body);
        assert_eq!(decode(&bytes, &Type::Number), Ok(Value::UNKNOWN), "{body:x?}");
    }
}

#[test]
fn a_number_takes_the_first_form_that_is_exact() {
    for (text, bytes) in [
        ("5", &b"\x05"[..]),
        ("-1", b"\xff"),
        ("443", b"\xcd\x01\xbb"),
        ("-9223372036854775808", b"\xd3\x80\0\0\0\0\0\0\0"),
        ("1.5", b"\xcb\x3f\xf8\0\0\0\0\0\0"),
        ("0.1", b"\xa30.1"),
        ("9223372036854775808", b"\xb39223372036854775808"),
        ("3.14159265358979323846", b"\xb63.14159265358979323846"),
        ("1e40", b"\xd9\x2910000000000000000000000000000000000000000"),
    ] {
        same_both_ways(&number(text), &Type::Number, bytes);
    }
}

#[test]
fn a_number_may_come_in_any_form() {
    assert_eq!(
        decode(b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff", &Type::Number),
        Ok(number("18446744073709551615"))
    );
    assert_eq!(decode(b"\xca\x3f\xc0\0\0", &Type::Number), Ok(number("1.5")));
    assert_eq!(decode(b"\xa212", &Type::Number), Ok(number("12")));
    assert_eq!(
        decode(b"\xcb\x7f\xf0\0\0\0\0\0\0", &Type::Number),
        Err(Problem::NotFinite.into())
    );
    assert_eq!(decode(b"\xa3abc", &Type::Number), Err(Problem::NotANumber.into()));
}

#[test]
fn a_set_is_sorted_and_its_known_duplicates_collapse() {
    let ports = Type::set(Type::String);
    assert_eq!(
        decode(b"\x93\xa1b\xa1a\xa1b", &ports),
        Ok(Value::string_set(["a", "b"]))
    );
    // `[aws.a.id, aws.b.id]` has two elements, and the plan must too.
    same_both_ways(
        &Value::List(vec![Value::UNKNOWN, Value::UNKNOWN]),
        &ports,
        b"\x92\xd4\x00\x00\xd4\x00\x00",
    );
}

#[test]
fn an_object_has_every_attribute() {
    let ty = Type::object([("id", Type::String), ("port", Type::Number)]);
    let value = Value::object([("id", Value::Null), ("port", Value::from(22))]);
    same_both_ways(&value, &ty, b"\x82\xa2id\xc0\xa4port\x16");
    assert_eq!(
        decode(b"\x82\xa4port\x16\xa2id\xc0", &ty),
        Ok(value),
        "the order of keys is free"
    );

    let problem = |name: &str| Err(Problem::MissingAttribute(name.to_owned()).into());
    assert_eq!(decode(b"\x81\xa2id\xc0", &ty), problem("port"));
    assert_eq!(
        encode(&Value::object([("port", Value::Null)]), &ty),
        Err(Problem::MissingAttribute("id".into()).into())
    );

    let problem = Problem::UnexpectedAttribute("x".to_owned());
    assert_eq!(
        decode(b"\x83\xa2id\xc0\xa4port\x16\xa1x\xc0", &ty),
        Err(problem.clone().into())
    );
    let value = Value::object([("id", Value::Null), ("port", Value::Null), ("x", Value::Null)]);
    assert_eq!(encode(&value, &ty), Err(problem.into()));

    assert_eq!(
        decode(b"\x82\xa2id\xc0\xa2id\xc0", &ty),
        Err(Problem::DuplicateKey("id".to_owned()).into())
    );
}

#[test]
fn a_dynamic_value_carries_its_type() {
    let ty = Type::object([
        ("a", Type::Tuple(vec![Type::Number, Type::String])),
        ("b", Type::Dynamic),
    ]);
    let value = Value::object([
        ("a", Value::List(vec![Value::from(1), Value::from("two")])),
        ("b", Value::Null),
    ]);
    let mut bytes = b"\x92\xc4\x38".to_vec();
    bytes.extend_from_slice(br#"["object",{"a":["tuple",["number","string"]],"b":"dynamic"}]"#);
    bytes[2] = u8::try_from(bytes.len() - 3).unwrap();
    bytes.extend_from_slice(b"\x82\xa1a\x92\x01\xa3two\xa1b\xc0");
    same_both_ways(&Value::Dynamic(Box::new(Dynamic { ty, value })), &Type::Dynamic, &bytes);

    let typed_unknown = Value::Dynamic(Box::new(Dynamic {
        ty: Type::Bool,
        value: Value::UNKNOWN,
    }));
    same_both_ways(&typed_unknown, &Type::Dynamic, b"\x92\xc4\x06\"bool\"\xd4\x00\x00");
    same_both_ways(&Value::UNKNOWN, &Type::Dynamic, b"\xd4\x00\x00");
}

#[test]
fn a_type_that_is_itself_dynamic_adds_nothing() {
    let bytes = b"\x92\xc4\x09\"dynamic\"\x92\xc4\x06\"bool\"\xc3";
    let value = Value::Dynamic(Box::new(Dynamic {
        ty: Type::Bool,
        value: Value::Bool(true),
    }));
    assert_eq!(decode(bytes, &Type::Dynamic), Ok(value));
}

#[test]
fn a_dynamic_value_without_a_type_is_refused() {
    for bytes in [
        &b"\x91\xc0"[..],
        b"\x92\xa6\"bool\"\xc3",
        b"\x92\xc4\x05\"boo\"\xc3",
        b"\x92\xc0\xc0",
    ] {
        assert_eq!(
            decode(bytes, &Type::Dynamic),
            Err(Problem::NotDynamic.into()),
            "{bytes:x?}"
        );
    }
    let expected = Problem::Shape {
        expected: "a value with its type",
        found: "a bool",
    };
    assert_eq!(encode(&Value::Bool(true), &Type::Dynamic), Err(expected.into()));
}

#[test]
fn an_error_says_where_and_never_what() {
    let rules = Type::object([("rules", Type::map(Type::list(Type::object([("port", Type::Number)]))))]);
    let rule = Value::object([("port", Value::from("hunter2"))]);
    let value = Value::object([("rules", Value::object([("ssh", Value::List(vec![rule]))]))]);
    let error = encode(&value, &rules).unwrap_err();
    assert_eq!(error.path, Path::attribute("rules").key("ssh").index(0).child("port"));
    assert_eq!(
        error.to_string(),
        r#"`rules["ssh"][0].port`: a number is required, not a string"#
    );

    let bytes = b"\x81\xa5rules\x81\xa3ssh\x91\x81\xa4port\xc3";
    assert_eq!(
        decode(bytes, &rules).unwrap_err().to_string(),
        r#"`rules["ssh"][0].port`: a number is required, not a bool"#
    );
}

#[test]
fn what_is_wrong_inside_a_set_is_reported_at_the_set() {
    let ty = Type::object([("rules", Type::set(Type::object([("port", Type::Number)])))]);
    let error = decode(b"\x81\xa5rules\x91\x81\xa4port\xc3", &ty).unwrap_err();
    assert_eq!(error.path, Path::attribute("rules"));
}

#[test]
fn a_claimed_length_is_not_believed() {
    for bytes in [&b"\xdd\xff\xff\xff\xff"[..], b"\xdd\x7f\xff\xff\xff\xc0\xc0"] {
        assert_eq!(decode(bytes, &Type::list(Type::String)), Err(Problem::Truncated.into()));
    }
    assert_eq!(
        decode(b"\xdf\xff\xff\xff\xff\xa0", &Type::map(Type::Bool)),
        Err(Problem::Truncated.into())
    );
    assert_eq!(
        decode(b"\xdb\xff\xff\xff\xffab", &Type::String),
        Err(Problem::Truncated.into())
    );
    assert_eq!(
        decode(b"\xc9\xff\xff\xff\xff\x0cab", &Type::String),
        Err(Problem::Truncated.into())
    );
}

#[test]
fn bytes_too_many_or_too_few_are_refused() {
    assert_eq!(decode(b"\xc3\xc3", &Type::Bool), Err(Problem::TrailingBytes.into()));
    assert_eq!(decode(b"\xcd\x01", &Type::Number), Err(Problem::Truncated.into()));
    assert_eq!(decode(b"\xa1\xff", &Type::String), Err(Problem::NotUtf8.into()));
    let expected = Problem::TupleLength { expected: 2, found: 1 };
    assert_eq!(
        decode(b"\x91\xc0", &Type::Tuple(vec![Type::Bool; 2])),
        Err(expected.into())
    );
}

#[test]
fn endless_nesting_ends() {
    let mut bytes = b"\x92\xc4\x09\"dynamic\"".repeat(100_000);
    bytes.push(0xc0);
    assert_eq!(decode(&bytes, &Type::Dynamic), Err(Problem::TooDeep.into()));
}
