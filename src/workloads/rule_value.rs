//! Security rules as Terraform values: every attribute present, null where unused, so that azurerm and the Azure Verified Modules take
//! them as they are.

use std::collections::BTreeSet;

use tfplugin_rs::value::{Type, Value};

use crate::network::{AddressSide, Known, Ports, SecurityRule, SecurityRules};

/// The type of one security rule in an output: every attribute of azurerm's `security_rule` block and of the Azure Verified
/// Module's input, null where unused, and the requirements behind it.
pub fn security_rule() -> Type {
    let text = |name: &'static str| (name, Type::String);
    let texts = |name: &'static str| (name, Type::set(Type::String));
    Type::object([
        text("name"),
        text("description"),
        ("priority", Type::Number),
        text("direction"),
        text("access"),
        text("protocol"),
        text("source_port_range"),
        texts("source_port_ranges"),
        text("destination_port_range"),
        texts("destination_port_ranges"),
        text("source_address_prefix"),
        texts("source_address_prefixes"),
        text("destination_address_prefix"),
        texts("destination_address_prefixes"),
        texts("source_application_security_group_ids"),
        texts("destination_application_security_group_ids"),
        texts("requirement_ids"),
    ])
}

/// Security rules by name.
pub fn security_rules(rules: &SecurityRules) -> Value {
    Value::object(rules.iter().map(|(name, rule)| (name.clone(), value(rule))))
}

fn value(rule: &SecurityRule) -> Value {
    let mut value = Value::object([
        ("name", Value::from(rule.name.as_str())),
        ("description", rule.description.as_str().into()),
        ("priority", i64::from(rule.priority.get()).into()),
        ("direction", rule.direction.as_str().into()),
        ("access", rule.access.as_str().into()),
        ("protocol", rule.protocol.as_str().into()),
        ("requirement_ids", texts(&rule.requirement_ids)),
    ]);
    put_ports(&mut value, "source", &rule.source_ports);
    put_ports(&mut value, "destination", &rule.destination_ports);
    put_side(&mut value, "source", &rule.source);
    put_side(&mut value, "destination", &rule.destination);
    value
}

fn put_ports(rule: &mut Value, side: &str, ports: &Ports) {
    let (singular, plural) = match ports {
        Ports::Any => (Value::from("*"), Value::Null),
        Ports::Ranges(ranges) => singular_or_plural(ranges.iter().map(ToString::to_string).collect()),
    };
    rule.set_attribute(format!("{side}_port_range"), singular);
    rule.set_attribute(format!("{side}_port_ranges"), plural);
}

fn put_side(rule: &mut Value, name: &str, side: &AddressSide) {
    let mut groups = Value::Null;
    let (singular, plural) = match side {
        AddressSide::Any => (Value::from("*"), Value::Null),
        AddressSide::Tag(tag) => (tag.as_str().into(), Value::Null),
        AddressSide::Prefixes(prefixes) => singular_or_plural(prefixes.iter().map(ToString::to_string).collect()),
        AddressSide::Groups(Known::Is(ids)) => {
            groups = texts(ids);
            (Value::Null, Value::Null)
        }
        AddressSide::Groups(Known::NotYet) => {
            groups = Value::unknown_not_null();
            (Value::Null, Value::Null)
        }
    };
    rule.set_attribute(format!("{name}_address_prefix"), singular);
    rule.set_attribute(format!("{name}_address_prefixes"), plural);
    rule.set_attribute(format!("{name}_application_security_group_ids"), groups);
}

/// One value goes into the singular field, several into the plural: the form in which Azure keeps and returns them.
fn singular_or_plural(mut values: Vec<String>) -> (Value, Value) {
    if values.len() == 1 {
        (values.pop().into(), Value::Null)
    } else {
        (Value::Null, Value::string_set(values))
    }
}

fn texts(texts: &BTreeSet<String>) -> Value {
    Value::string_set(texts.iter().cloned())
}
