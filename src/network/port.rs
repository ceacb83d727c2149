//! Ports and port ranges.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// A port, or a range of ports with both ends included: `443`, `8704-8710`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: u16,
    last: u16,
}

/// Text that is not a port or range of ports.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a port (0 to 65535) or a range such as `8704-8710`")]
pub struct PortError(String);

impl PortRange {
    /// One port.
    pub fn single(port: u16) -> PortRange {
        PortRange {
            first: port,
            last: port,
        }
    }

    /// The lowest port.
    pub fn first(&self) -> u16 {
        self.first
    }

    /// The highest port.
    pub fn last(&self) -> u16 {
        self.last
    }
}

impl FromStr for PortRange {
    type Err = PortError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || PortError(text.chars().take(40).collect());
        let port = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            if plain {
                digits.parse::<u16>().map_err(|_| refused())
            } else {
                Err(refused())
            }
        };
        let (first, last) = match text.split_once('-') {
            Some((first, last)) => (port(first)?, port(last)?),
            None => (port(text)?, port(text)?),
        };
        if first <= last {
            Ok(PortRange { first, last })
        } else {
            Err(refused())
        }
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(formatter, "{}", self.first)
        } else {
            write!(formatter, "{}-{}", self.first, self.last)
        }
    }
}

/// The ports of one side of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// `*`.
    Any,
    /// At least one port or range. A single one goes into the singular field, several into the plural.
    Ranges(BTreeSet<PortRange>),
}

impl Ports {
    /// One port.
    pub fn single(port: u16) -> Ports {
        Ports::Ranges(BTreeSet::from([PortRange::single(port)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_read_as_azure_writes_them() {
        assert_eq!("8704-8710".parse::<PortRange>().unwrap().to_string(), "8704-8710");
        assert_eq!("443-443".parse::<PortRange>().unwrap().to_string(), "443");
        for refused in ["", "65536", "10-1", "-1", "+1", "80,443", "*", "1-2-3"] {
            assert!(refused.parse::<PortRange>().is_err(), "{refused}");
        }
    }
}
