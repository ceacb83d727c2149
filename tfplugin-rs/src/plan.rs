//! What a schema alone decides of a plan: defaults, write-only values, unknown computed values, kept spellings, replacement.
//!
//! Terraform proposes a new state (configuration where set, prior values for computed attributes). Everything here happens
//! before a resource's own `plan` sees it, and replacement is worked out after it.

use std::collections::BTreeMap;

use crate::{
    schema::{Attribute, Block, BlockNesting, Nesting, Presence, Schema, Shape},
    value::{Path, Step, Value},
};

/// Turns Terraform's proposed state into the planned state that the schema alone implies.
///
/// `prior` is `None` on create. `config` tells a value the user set from one that Terraform carried over.
pub fn planned_from(schema: &Schema, prior: Option<&Value>, config: &Value, proposed: Value) -> Value {
    plan_block(&schema.block, prior, config, proposed)
}

/// The paths whose change the schema answers with replacement. Only an import that could not tell leaves a required attribute null in a
/// state: what the configuration says of it then is no change.
pub fn replacements(schema: &Schema, prior: &Value, planned: &Value) -> Vec<Path> {
    let mut paths = Vec::new();
    for (name, attribute) in &schema.block.attributes {
        let before = prior.attribute(name);
        let told = !before.is_null() || attribute.presence != Presence::Required;
        if attribute.replaces && told && before != planned.attribute(name) {
            paths.push(Path::attribute(name));
        }
    }
    paths
}

/// The configuration from which a state would come, as far as the schema tells: what is computed only, write-only or said by a default is left out.
pub fn configuration_of(schema: &Schema, state: &Value) -> Value {
    let Value::Map(mut entries) = state.clone() else {
        return Value::Null;
    };
    leave_out(&schema.block.attributes, &mut entries);
    Value::Map(entries)
}

fn leave_out(attributes: &BTreeMap<String, Attribute>, entries: &mut BTreeMap<String, Value>) {
    for (name, attribute) in attributes {
        let Some(value) = entries.get_mut(name) else { continue };
        if !attribute.is_configurable() || attribute.write_only || attribute.default.as_ref() == Some(value) {
            *value = Value::Null;
        }
        let Shape::Nested(nesting, inner) = &attribute.shape else {
            continue;
        };
        let elements: Vec<&mut Value> = match (nesting, value) {
            (Nesting::Single, value) => vec![value],
            (_, Value::List(elements)) => elements.iter_mut().collect(),
            (_, Value::Map(elements)) => elements.values_mut().collect(),
            _ => Vec::new(),
        };
        for element in elements {
            if let Value::Map(entries) = element {
                leave_out(inner, entries);
            }
        }
    }
}

fn plan_block(block: &Block, prior: Option<&Value>, config: &Value, proposed: Value) -> Value {
    let Value::Map(mut entries) = proposed else {
        return proposed;
    };
    plan_attributes(&block.attributes, prior, config, &mut entries);
    for (name, nested) in &block.blocks {
        let Some(value) = entries.remove(name) else { continue };
        let prior = prior.map(|prior| prior.attribute(name));
        let planned = match (nested.nesting, value) {
            (BlockNesting::Single, value) => plan_block(&nested.block, prior, config.attribute(name), value),
            (BlockNesting::List | BlockNesting::Set, Value::List(elements)) => plan_elements(
                elements,
                prior,
                config.attribute(name),
                nested.nesting == BlockNesting::Set,
                |p, c, e| plan_block(&nested.block, p, c, e),
            ),
            (_, value) => value,
        };
        entries.insert(name.clone(), planned);
    }
    Value::Map(entries)
}

fn plan_attributes(
    attributes: &BTreeMap<String, Attribute>,
    prior: Option<&Value>,
    config: &Value,
    entries: &mut BTreeMap<String, Value>,
) {
    for (name, attribute) in attributes {
        let Some(value) = entries.remove(name) else { continue };
        let prior = prior.map(|prior| prior.attribute(name));
        let planned = plan_attribute(attribute, prior, config.attribute(name), value);
        entries.insert(name.clone(), planned);
    }
}

fn plan_attribute(attribute: &Attribute, prior: Option<&Value>, config: &Value, proposed: Value) -> Value {
    if attribute.write_only {
        return Value::Null;
    }
    if config.is_null() {
        return match (&attribute.default, prior) {
            (Some(default), _) => default.clone(),
            (None, Some(_)) => proposed,
            (None, None) if attribute.is_computed() => Value::UNKNOWN,
            (None, None) => proposed,
        };
    }
    if let (Some(equivalent), Some(prior)) = (attribute.equivalence, prior)
        && !prior.is_null()
        && prior.is_wholly_known()
        && proposed.is_wholly_known()
        && equivalent(prior, &proposed)
    {
        return prior.clone();
    }
    let Shape::Nested(nesting, attributes) = &attribute.shape else {
        return proposed;
    };
    let plan_object = |prior: Option<&Value>, config: &Value, element: Value| match element {
        Value::Map(mut entries) => {
            plan_attributes(attributes, prior.filter(|prior| !prior.is_null()), config, &mut entries);
            Value::Map(entries)
        }
        other => other,
    };
    match (nesting, proposed) {
        (Nesting::Single, value) => plan_object(prior, config, value),
        (Nesting::Map, Value::Map(elements)) => Value::Map(
            elements
                .into_iter()
                .map(|(key, element)| {
                    let prior = prior.map(|prior| prior.attribute(&key));
                    let planned = plan_object(prior, config.attribute(&key), element);
                    (key, planned)
                })
                .collect(),
        ),
        (Nesting::List | Nesting::Set, Value::List(elements)) => {
            plan_elements(elements, prior, config, *nesting == Nesting::Set, plan_object)
        }
        (_, value) => value,
    }
}

/// Plans each element of a list or set. A set has no stable positions, so its elements are planned from the element itself: what
/// is null in the proposed element was null in the configuration too.
fn plan_elements(
    elements: Vec<Value>,
    prior: Option<&Value>,
    config: &Value,
    unordered: bool,
    plan: impl Fn(Option<&Value>, &Value, Value) -> Value,
) -> Value {
    let planned = elements.into_iter().enumerate().map(|(position, element)| {
        if unordered {
            let config = element.clone();
            return plan(None, &config, element);
        }
        let step = Path::root().join(Step::Index(i64::try_from(position).unwrap_or(i64::MAX)));
        let prior = prior.and_then(|prior| prior.at(&step));
        plan(prior, config.at(&step).unwrap_or(&Value::Null), element)
    });
    if unordered {
        Value::set(planned)
    } else {
        Value::List(planned.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Type;

    fn schema() -> Schema {
        let same_ignoring_case: fn(&Value, &Value) -> bool =
            |a, b| a.as_str().map(str::to_lowercase) == b.as_str().map(str::to_lowercase);
        Schema::new("")
            .attribute("name", Attribute::required(Type::String, "").replaces())
            .attribute(
                "location",
                Attribute::required(Type::String, "").equivalent_when(same_ignoring_case),
            )
            .attribute("size", Attribute::optional(Type::Number, "").default_value(3_i64))
            .attribute("secret", Attribute::optional(Type::String, "").write_only())
            .attribute("id", Attribute::computed(Type::String, ""))
            .attribute(
                "rules",
                Attribute::optional(
                    Shape::nested(
                        Nesting::Map,
                        [("port", Attribute::optional(Type::Number, "").default_value(443_i64))],
                    ),
                    "",
                ),
            )
    }

    fn object(entries: &[(&str, Value)]) -> Value {
        let mut object = Value::object(schema().block.attributes.keys().map(|name| (name.clone(), Value::Null)));
        for (name, value) in entries {
            object.set_attribute(*name, value.clone());
        }
        object
    }

    #[test]
    fn on_create_defaults_are_filled_in_and_computed_values_are_unknown() {
        let rules = Value::object([("web", Value::object([("port", Value::Null)]))]);
        let config = object(&[("name", "a".into()), ("secret", "s".into()), ("rules", rules)]);
        let planned = planned_from(&schema(), None, &config, config.clone());
        assert_eq!(planned.attribute("size"), &Value::from(3_i64));
        assert_eq!(planned.attribute("id"), &Value::UNKNOWN);
        assert_eq!(planned.attribute("secret"), &Value::Null);
        assert_eq!(
            planned.attribute("rules").attribute("web").attribute("port"),
            &Value::from(443_i64)
        );
    }

    #[test]
    fn a_change_of_spelling_is_no_change() {
        let prior = object(&[
            ("name", "a".into()),
            ("location", "westeurope".into()),
            ("id", "1".into()),
        ]);
        let config = object(&[("name", "a".into()), ("location", "WestEurope".into())]);
        let mut proposed = config.clone();
        proposed.set_attribute("id", "1".into());
        let planned = planned_from(&schema(), Some(&prior), &config, proposed);
        assert_eq!(planned.attribute("location"), &Value::from("westeurope"));
        assert_eq!(planned.attribute("id"), &Value::from("1"), "computed values are kept");
    }

    #[test]
    fn only_a_changed_attribute_that_says_so_replaces() {
        let prior = object(&[("name", "a".into()), ("location", "x".into())]);
        let planned = object(&[("name", "b".into()), ("location", "y".into())]);
        assert_eq!(replacements(&schema(), &prior, &planned), vec![Path::attribute("name")]);
        let imported = object(&[("location", "x".into())]);
        assert!(
            replacements(&schema(), &imported, &planned).is_empty(),
            "an import could not tell"
        );
    }
}
