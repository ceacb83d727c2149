//! Random types and random values of them.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*};
use tfplugin_rs::value::{Dynamic, Number, Refinement, Type, Value};

/// What a random value may contain.
#[derive(Clone, Copy)]
pub(crate) enum Knowledge {
    /// Everything is known: a value that can be stored.
    Known,
    /// Anything may be unknown: a value in a plan.
    Planned,
}

/// A type and a value of it.
pub(crate) fn typed_value(knowledge: Knowledge) -> impl Strategy<Value = (Type, Value)> {
    ty().prop_flat_map(move |ty| value(&ty, knowledge, 3).prop_map(move |value| (ty.clone(), value)))
}

/// Any type.
pub(crate) fn ty() -> impl Strategy<Value = Type> {
    let leaf = prop_oneof![
        Just(Type::String),
        Just(Type::Number),
        Just(Type::Bool),
        Just(Type::Dynamic)
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            inner.clone().prop_map(Type::list),
            inner.clone().prop_map(Type::set),
            inner.clone().prop_map(Type::map),
            vec((name(), inner.clone()), 0..4).prop_map(Type::object),
            vec(inner, 0..4).prop_map(Type::Tuple),
        ]
    })
}

/// A value of `ty`. `dynamic` bounds how often a dynamic value holds another.
pub(crate) fn value(ty: &Type, knowledge: Knowledge, dynamic: u32) -> BoxedStrategy<Value> {
    let known = match ty {
        Type::String => any::<String>().prop_map(Value::String).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::Dynamic if dynamic == 0 => Just(Value::Null).boxed(),
        Type::Dynamic => self::ty()
            .prop_filter("a value has a concrete type", |ty| *ty != Type::Dynamic)
            .prop_flat_map(move |ty| {
                value(&ty, knowledge, dynamic - 1)
                    .prop_map(move |value| Value::Dynamic(Box::new(Dynamic { ty: ty.clone(), value })))
            })
            .boxed(),
        Type::List(element) => vec(value(element, knowledge, dynamic), 0..4)
            .prop_map(Value::List)
            .boxed(),
        Type::Set(element) => vec(value(element, knowledge, dynamic), 0..4)
            .prop_map(Value::set)
            .boxed(),
        Type::Map(element) => vec((any::<String>(), value(element, knowledge, dynamic)), 0..4)
            .prop_map(Value::object)
            .boxed(),
        Type::Object(attributes) => attributes
            .iter()
            .fold(Just(BTreeMap::new()).boxed(), |object, (name, ty)| {
                let name = name.clone();
                (object, value(ty, knowledge, dynamic))
                    .prop_map(move |(mut object, value)| {
                        object.insert(name.clone(), value);
                        object
                    })
                    .boxed()
            })
            .prop_map(Value::Map)
            .boxed(),
        Type::Tuple(types) => types
            .iter()
            .map(|ty| value(ty, knowledge, dynamic))
            .collect::<Vec<_>>()
            .prop_map(Value::List)
            .boxed(),
    };
    match knowledge {
        Knowledge::Known => prop_oneof![1 => Just(Value::Null), 7 => known].boxed(),
        Knowledge::Planned => prop_oneof![1 => Just(Value::Null), 2 => unknown(ty), 7 => known].boxed(),
    }
}

/// Numbers of every form the wire has for them.
pub(crate) fn number() -> impl Strategy<Value = Number> {
    prop_oneof![
        any::<i64>().prop_map(Number::from),
        any::<u64>().prop_map(Number::from),
        any::<f64>().prop_filter_map("finite", |float| Number::try_from(float).ok()),
        "-?[0-9]{1,30}(\\.[0-9]{1,30})?(e-?[0-9]{1,2})?".prop_filter_map("decimal", |text| text.parse().ok()),
    ]
}

fn name() -> impl Strategy<Value = String> {
    "[a-z_][a-z0-9_]{0,6}"
}

fn unknown(ty: &Type) -> BoxedStrategy<Value> {
    let small = || {
        option::of(
            (-100_i64..100)
                .prop_map(Number::from)
                .prop_flat_map(|number| (Just(number), any::<bool>())),
        )
    };
    let refinement = match ty {
        Type::Dynamic => return Just(Value::UNKNOWN).boxed(),
        Type::String => option::of("[^\u{0}]{1,60}")
            .prop_map(|string_prefix| Refinement {
                string_prefix,
                ..Refinement::default()
            })
            .boxed(),
        Type::Number => (small(), small())
            .prop_map(|(number_min, number_max)| Refinement {
                number_min,
                number_max,
                ..Refinement::default()
            })
            .boxed(),
        Type::List(_) | Type::Set(_) | Type::Map(_) => (option::of(any::<u64>()), option::of(any::<u64>()))
            .prop_map(|(length_min, length_max)| Refinement {
                length_min,
                length_max,
                ..Refinement::default()
            })
            .boxed(),
        Type::Bool | Type::Object(_) | Type::Tuple(_) => Just(Refinement::default()).boxed(),
    };
    (refinement, any::<bool>())
        .prop_map(|(refinement, not_null)| {
            let refinement = Refinement { not_null, ..refinement };
            Value::Unknown((refinement != Refinement::default()).then(|| Box::new(refinement)))
        })
        .boxed()
}
