//! How long the operations of a resource may take.

use std::time::Duration;

use tfplugin_rs::value::Value;

/// The user's timeout of an operation, or the default.
pub(super) fn timeout(object: &Value, operation: &str) -> Duration {
    let default = if operation == "read" { 5 * 60 } else { 30 * 60 };
    let configured = object
        .attribute("timeouts")
        .attribute(operation)
        .as_str()
        .and_then(duration);
    configured.unwrap_or(Duration::from_secs(default))
}

/// Go's notation, which Terraform users know: `1h30m`, `45m`, `90s`.
pub(super) fn duration(text: &str) -> Option<Duration> {
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
