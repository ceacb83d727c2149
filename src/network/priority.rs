//! Priorities of security rules.

use std::fmt;

/// The priority of a security rule, 100 to 4096, unique per direction in an NSG; the lowest number is evaluated first
/// (network-security-groups-overview).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Priority(u16);

/// A number that is no priority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("priority `{0}` is outside Azure's range of 100 to 4096")]
pub struct PriorityError(i64);

impl Priority {
    /// The number.
    pub fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for Priority {
    type Error = PriorityError;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        match u16::try_from(number) {
            Ok(priority @ 100..=4096) => Ok(Priority(priority)),
            _ => Err(PriorityError(number)),
        }
    }
}

impl fmt::Display for Priority {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_azures() {
        assert!(Priority::try_from(100).is_ok() && Priority::try_from(4096).is_ok());
        for refused in [99, 4097, -1, 65_636, i64::MAX] {
            assert!(Priority::try_from(refused).is_err(), "{refused}");
        }
    }
}
