//! Addresses: prefixes in CIDR notation, and one side of a security rule.

use std::{collections::BTreeSet, fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

use super::{Known, ServiceTag};

/// The version of the Internet Protocol. Azure refuses a rule that mixes them
/// (`ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl fmt::Display for Family {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        })
    }
}

/// An address prefix in CIDR notation without host bits. A bare address is the prefix of itself (`/32` or `/128`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(IpNet);

/// Text that is not an address prefix Azure accepts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Neither an address nor CIDR notation.
    #[error("`{0}` is not an address prefix in CIDR notation, such as `10.1.0.0/24`")]
    NotAPrefix(String),
    /// Bits right of the mask are set.
    #[error("`{given}` has host bits set: the prefix of that length is `{network}`")]
    HostBits {
        /// The text.
        given: String,
        /// The prefix without the host bits.
        network: String,
    },
}

impl Prefix {
    /// IPv4 or IPv6.
    pub fn family(&self) -> Family {
        match self.0 {
            IpNet::V4(_) => Family::V4,
            IpNet::V6(_) => Family::V6,
        }
    }

    /// The length of the mask in bits.
    pub fn length(&self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether every address of `other` is one of this prefix.
    pub fn contains(&self, other: &Prefix) -> bool {
        self.0.contains(&other.0)
    }

    /// Whether the two have an address in common.
    pub fn overlaps(&self, other: &Prefix) -> bool {
        self.contains(other) || other.contains(self)
    }

    /// Whether it holds every address of its family.
    pub fn is_everything(&self) -> bool {
        self.0.prefix_len() == 0
    }
}

impl From<IpNet> for Prefix {
    /// Bits right of the mask are dropped.
    fn from(net: IpNet) -> Prefix {
        Prefix(net.trunc())
    }
}

impl From<Prefix> for IpNet {
    fn from(prefix: Prefix) -> IpNet {
        prefix.0
    }
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = || PrefixError::NotAPrefix(text.chars().take(80).collect());
        let net = if text.contains('/') {
            text.parse::<IpNet>().map_err(|_| refused())?
        } else {
            IpNet::from(text.parse::<IpAddr>().map_err(|_| refused())?)
        };
        if net.trunc() == net {
            Ok(Prefix(net))
        } else {
            Err(PrefixError::HostBits {
                given: text.to_owned(),
                network: net.trunc().to_string(),
            })
        }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// The source or the destination of a security rule. Each variant is one of the mutually exclusive field groups of ARM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressSide {
    /// `*`.
    Any,
    /// One service tag. Azure accepts tags in the singular field only.
    Tag(ServiceTag),
    /// Prefixes of one family, at least one. A single one goes into the singular field, several into the plural.
    Prefixes(BTreeSet<Prefix>),
    /// Application security groups by ARM id, at most ten.
    Groups(Known<BTreeSet<String>>),
}

impl AddressSide {
    /// The same without prefixes that lie within another one: Azure refuses a rule that says an address twice
    /// (`OverlappingSubnetsNotPermittedInSecurityRule`).
    pub fn without_overlap(self) -> AddressSide {
        let AddressSide::Prefixes(all) = self else { return self };
        let outermost = |prefix: &&Prefix| !all.iter().any(|other| other != *prefix && other.contains(prefix));
        AddressSide::Prefixes(all.iter().filter(outermost).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_are_named_with_the_prefix_that_was_meant() {
        let error = "10.1.0.5/24".parse::<Prefix>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "`10.1.0.5/24` has host bits set: the prefix of that length is `10.1.0.0/24`"
        );
    }

    #[test]
    fn a_bare_address_is_a_prefix_of_one() {
        assert_eq!("10.0.0.4".parse::<Prefix>().unwrap().to_string(), "10.0.0.4/32");
        assert_eq!("fd00::1".parse::<Prefix>().unwrap().length(), 128);
    }

    #[test]
    fn prefixes_of_different_families_never_overlap() {
        let everything: Prefix = "0.0.0.0/0".parse().unwrap();
        assert!(!everything.overlaps(&"::/0".parse().unwrap()));
        assert!(everything.overlaps(&"10.0.0.0/8".parse().unwrap()));
    }
}
