use std::collections::{BTreeMap, BTreeSet};

use proptest::{collection, option, prelude::*};
use serde::{Deserialize, Serialize};
use tfplugin_rs::value::{
    Number, Type, msgpack,
    typed::{Attr, Model, from_value},
};

use crate::generate::{Knowledge, number, typed_value};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct State {
    id: Attr<String>,
    text: String,
    exact: Number,
    signed: i64,
    unsigned: u64,
    float: f64,
    optional: Option<bool>,
    set: BTreeSet<String>,
    rules: BTreeMap<String, Rule>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Rule {
    ports: Vec<(u16, u16)>,
    note: Attr<Vec<String>>,
}

fn schema() -> Type {
    let rule = Type::object([
        ("ports", Type::list(Type::Tuple(vec![Type::Number, Type::Number]))),
        ("note", Type::list(Type::String)),
    ]);
    Type::object([
        ("id", Type::String),
        ("text", Type::String),
        ("exact", Type::Number),
        ("signed", Type::Number),
        ("unsigned", Type::Number),
        ("float", Type::Number),
        ("optional", Type::Bool),
        ("set", Type::set(Type::String)),
        ("rules", Type::map(rule)),
    ])
}

fn attr<T: Clone + std::fmt::Debug>(known: impl Strategy<Value = T>) -> impl Strategy<Value = Attr<T>> {
    prop_oneof![Just(Attr::Null), Just(Attr::Unknown), known.prop_map(Attr::Known)]
}

fn rule() -> impl Strategy<Value = Rule> {
    (
        collection::vec(any::<(u16, u16)>(), 0..3),
        attr(collection::vec(any::<String>(), 0..3)),
    )
        .prop_map(|(ports, note)| Rule { ports, note })
}

fn state() -> impl Strategy<Value = State> {
    let numbers = (number(), any::<i64>(), any::<u64>(), any::<f64>());
    let collections = (
        collection::btree_set(any::<String>(), 0..4),
        collection::btree_map(any::<String>(), rule(), 0..3),
    );
    (
        attr(any::<String>()),
        any::<String>(),
        option::of(any::<bool>()),
        numbers,
        collections,
    )
        .prop_map(
            |(id, text, optional, (exact, signed, unsigned, float), (set, rules))| State {
                id,
                text,
                exact,
                signed,
                unsigned,
                float,
                optional,
                set,
                rules,
            },
        )
}

proptest! {
    #[test]
    fn a_state_survives_the_way_to_terraform_and_back(state in state()) {
        let value = state.clone().into_value().unwrap();
        let bytes = msgpack::encode(&value, &schema()).unwrap();
        let read = msgpack::decode(&bytes, &schema()).unwrap();
        prop_assert_eq!(&read, &value);
        prop_assert_eq!(State::from_value(&read), Ok(state));
    }

    #[test]
    fn any_value_is_a_state_or_an_error((_, value) in typed_value(Knowledge::Planned)) {
        let _ = State::from_value(&value);
        let _ = from_value::<Attr<Vec<Option<f32>>>>(&value);
        let _ = from_value::<BTreeMap<String, Attr<String>>>(&value);
    }

    #[test]
    fn an_unknown_value_is_never_read_as_a_known_one((_, value) in typed_value(Knowledge::Planned)) {
        let read = from_value::<serde_json::Value>(&value);
        prop_assert!(read.is_err() || value.is_wholly_known());
    }
}
