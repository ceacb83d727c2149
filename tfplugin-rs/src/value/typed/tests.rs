use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::*;
use crate::value::{Dynamic, Number, Path, Type};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Subnet {
    id: Attr<String>,
    name: String,
    nat_gateway_id: Option<String>,
    priority_base: u16,
    ports: BTreeSet<String>,
    rules: BTreeMap<RuleName, Rule>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct RuleName(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rule {
    priority: i32,
    access: Access,
    weight: Number,
    pair: (bool, f64),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Access {
    Allow,
    Deny,
}

fn subnet() -> Subnet {
    let rule = Rule {
        priority: -1,
        access: Access::Deny,
        weight: "0.1".parse().unwrap(),
        pair: (true, 1.5),
    };
    Subnet {
        id: Attr::Unknown,
        name: "compute".to_owned(),
        nat_gateway_id: None,
        priority_base: 65_535,
        ports: BTreeSet::from(["22".to_owned(), "443".to_owned()]),
        rules: BTreeMap::from([(RuleName("ssh".to_owned()), rule)]),
    }
}

fn value() -> Value {
    let rule = Value::object([
        ("priority", Value::from(-1)),
        ("access", Value::from("Deny")),
        ("weight", Value::Number("0.1".parse().unwrap())),
        (
            "pair",
            Value::List(vec![Value::Bool(true), Value::Number("1.5".parse().unwrap())]),
        ),
    ]);
    Value::object([
        ("id", Value::UNKNOWN),
        ("name", Value::from("compute")),
        ("nat_gateway_id", Value::Null),
        ("priority_base", Value::from(65_535)),
        ("ports", Value::string_set(["443", "22"])),
        ("rules", Value::object([("ssh", rule)])),
    ])
}

fn with(name: &str, replacement: impl Into<Value>) -> Value {
    let mut value = value();
    value.set_attribute(name, replacement.into());
    value
}

#[track_caller]
fn refusal(value: &Value) -> String {
    from_value::<Subnet>(value).unwrap_err().to_string()
}

#[test]
fn a_structure_and_its_value_are_two_forms_of_one_thing() {
    assert_eq!(to_value(&subnet()), Ok(value()));
    assert_eq!(from_value(&value()), Ok(subnet()));
}

#[test]
fn a_state_may_be_a_structure_or_a_value() {
    assert_eq!(Subnet::from_value(&value()).unwrap().into_value(), Ok(value()));
    assert_eq!(Value::from_value(&value()).unwrap().into_value(), Ok(value()));
}

#[test]
fn three_states_stay_apart() {
    let states = [Value::from("x"), Value::Null, Value::UNKNOWN];
    let read: Vec<Attr<String>> = from_value(&Value::List(states.to_vec())).unwrap();
    assert_eq!(read, [Attr::Known("x".to_owned()), Attr::Null, Attr::Unknown]);
    assert_eq!(to_value(&read), Ok(Value::List(states.to_vec())));
    assert_eq!(
        from_value(&Value::unknown_with_prefix("x")),
        Ok(Attr::<String>::Unknown)
    );
}

#[test]
fn unknown_and_null_have_no_place_in_a_plain_field() {
    assert_eq!(
        refusal(&with("name", Value::UNKNOWN)),
        "`name`: the value is not known yet"
    );
    assert_eq!(
        refusal(&with("name", Value::Null)),
        "`name`: the value must not be null"
    );
    assert_eq!(
        refusal(&with("priority_base", Value::Null)),
        "`priority_base`: the value must not be null"
    );
    assert_eq!(
        refusal(&with("nat_gateway_id", Value::UNKNOWN)),
        "`nat_gateway_id`: the value is not known yet"
    );
    assert_eq!(
        refusal(&with("ports", Value::List(vec![Value::Null]))),
        "`ports[0]`: the value must not be null"
    );
    assert_eq!(refusal(&Value::Null), "the value must not be null");
}

#[test]
fn an_error_says_where() {
    let mut rules = value().attribute("rules").clone();
    let mut rule = rules.attribute("ssh").clone();
    rule.set_attribute("priority", Value::Number("1.5".parse().unwrap()));
    rules.set_attribute("ssh", rule);
    let error = from_value::<Subnet>(&with("rules", rules)).unwrap_err();
    assert_eq!(error.path, Path::attribute("rules").key("ssh").child("priority"));
    assert_eq!(
        error.to_string(),
        r#"`rules["ssh"].priority`: a whole number of at most 64 bits is required"#
    );
}

#[test]
fn a_number_out_of_range_is_quoted_and_a_string_is_not() {
    assert_eq!(
        refusal(&with("priority_base", 65_536)),
        "`priority_base`: u16 is required, not `65536`"
    );
    assert_eq!(
        refusal(&with("ports", "hunter2")),
        "`ports`: a sequence is required, not this string"
    );
    assert_eq!(
        refusal(&with("name", Value::List(vec![]))),
        "`name`: a string is required, not a list, set or tuple"
    );
    assert_eq!(refusal(&Value::from("hunter2")), "an object is required, not a string");
}

#[test]
fn an_enum_names_what_it_accepts() {
    let error = from_value::<Access>(&Value::from("Audit")).unwrap_err();
    assert_eq!(error.to_string(), "unknown variant `Audit`, expected `Allow` or `Deny`");
}

#[test]
fn numbers_are_exact_or_refused() {
    assert_eq!(from_value::<u64>(&to_value(&u64::MAX).unwrap()), Ok(u64::MAX));
    assert_eq!(from_value::<i64>(&to_value(&i64::MIN).unwrap()), Ok(i64::MIN));
    assert_eq!(from_value::<f64>(&Value::from(3)), Ok(3.0));
    let tenth = Value::Number("0.1".parse().unwrap());
    assert!(
        from_value::<f64>(&tenth)
            .unwrap_err()
            .to_string()
            .contains("no exact floating-point form")
    );
    assert!(to_value(&f64::NAN).is_err());
}

#[test]
fn attributes_that_the_structure_does_not_mention_may_be_anything() {
    assert_eq!(from_value(&with("later", Value::UNKNOWN)), Ok(subnet()));
}

#[test]
fn a_dynamic_value_is_read_as_what_it_is() {
    let dynamic = |value| {
        Value::Dynamic(Box::new(Dynamic {
            ty: Type::String,
            value,
        }))
    };
    assert_eq!(
        from_value::<Option<String>>(&dynamic(Value::from("x"))),
        Ok(Some("x".to_owned()))
    );
    assert_eq!(from_value::<Option<String>>(&dynamic(Value::Null)), Ok(None));
    assert_eq!(from_value::<Attr<String>>(&dynamic(Value::UNKNOWN)), Ok(Attr::Unknown));
}

#[test]
fn an_enum_with_data_has_no_value() {
    #[derive(Serialize)]
    enum Source {
        Tag(String),
    }
    let error = to_value(&BTreeMap::from([("source", Source::Tag("Storage".to_owned()))])).unwrap_err();
    assert_eq!(error.path, Path::root().key("source"));
}

#[test]
fn other_formats_take_what_they_can_express() {
    assert_eq!(serde_json::to_string(&Attr::Known(1)).unwrap(), "1");
    assert_eq!(serde_json::to_string(&Attr::<u8>::Null).unwrap(), "null");
    let error = serde_json::to_string(&Attr::<u8>::Unknown).unwrap_err();
    assert!(error.to_string().contains("not known yet"));
    assert_eq!(
        serde_json::from_str::<[Attr<u8>; 2]>("[1,null]").unwrap(),
        [Attr::Known(1), Attr::Null]
    );

    let number: Number = "0.1".parse().unwrap();
    assert_eq!(serde_json::to_string(&number).unwrap(), "\"0.1\"");
    assert_eq!(serde_json::from_str::<Number>("\"0.1\"").unwrap(), number);
}
