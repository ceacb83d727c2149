//! How long the operations of a resource may take.

use std::time::Duration;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::Call,
    schema::{Attribute, Nesting, Shape},
    value::{Path, Type, Value},
};

use crate::azure;

const OPERATIONS: [&str; 4] = ["create", "read", "update", "delete"];

/// The argument.
pub(in crate::provider) fn argument() -> (&'static str, Attribute) {
    let operations = OPERATIONS.map(|operation| {
        let default = if operation == "read" { "5m" } else { "30m" };
        let description = format!("How long {operation} may take, as in `45m` or `1h30m`. Defaults to `{default}`.");
        (operation, Attribute::optional(Type::String, description))
    });
    let shape = Shape::nested(Nesting::Single, operations);
    ("timeouts", Attribute::optional(shape, "How long operations may take."))
}

/// Checks it as far as it is known.
pub(in crate::provider) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    for operation in OPERATIONS {
        let path = Path::attribute("timeouts").child(operation);
        if let Some(text) = config.at(&path).and_then(Value::as_str)
            && duration(text).is_none()
        {
            let detail = format!("`{text}` is not a duration such as `45m` or `1h30m`.");
            diagnostics.error_at(path, "Invalid timeout", detail);
        }
    }
}

/// What an operation on an object may take, until it or Terraform stops.
pub(in crate::provider) fn call(object: &Value, operation: &str, call: &Call) -> azure::Call {
    azure::Call::new(timeout(object, operation), call.cancel.clone())
}

/// The user's timeout of an operation, or the default.
fn timeout(object: &Value, operation: &str) -> Duration {
    let default = if operation == "read" { 5 * 60 } else { 30 * 60 };
    let configured = object
        .attribute("timeouts")
        .attribute(operation)
        .as_str()
        .and_then(duration);
    configured.unwrap_or(Duration::from_secs(default))
}

/// Go's notation, which Terraform users know: `1h30m`, `45m`, `90s`.
fn duration(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && seconds > 0).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        for refused in ["", "5", "m", "1d", "-1m", "0s"] {
            assert_eq!(duration(refused), None, "{refused}");
        }
    }
}
