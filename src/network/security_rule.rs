//! Security rules of a network security group.

use std::{collections::BTreeSet, fmt, str::FromStr};

use super::{AddressSide, Description, Ports, Priority, RuleName};

/// A word that Azure does not know in that place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is none of {accepted}")]
pub struct UnknownWord {
    given: String,
    accepted: &'static str,
}

macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $accepted:literal, { $($(#[$variant_meta:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// The word in ARM's spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            /// Azure compares these words without case.
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                $(if text.eq_ignore_ascii_case($word) {
                    return Ok($name::$variant);
                })+
                Err(UnknownWord { given: text.chars().take(40).collect(), accepted: $accepted })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The protocol of a security rule.
    Protocol, "`*`, `Tcp`, `Udp`, `Icmp`, `Esp`, `Ah`", {
        /// Every protocol.
        Any = "*",
        /// TCP.
        Tcp = "Tcp",
        /// UDP.
        Udp = "Udp",
        /// ICMP.
        Icmp = "Icmp",
        /// IPsec's encapsulating security payload.
        Esp = "Esp",
        /// IPsec's authentication header.
        Ah = "Ah",
    }
}

words! {
    /// Which packets a rule looks at, seen from the subnet. NSGs are stateful: replies need no rule.
    Direction, "`Inbound`, `Outbound`", {
        /// Packets that arrive.
        Inbound = "Inbound",
        /// Packets that leave.
        Outbound = "Outbound",
    }
}

words! {
    /// What happens to a packet the rule matches.
    Access, "`Allow`, `Deny`", {
        /// It passes.
        Allow = "Allow",
        /// It is dropped.
        Deny = "Deny",
    }
}

/// A security rule that Azure accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityRule {
    /// Unique in the NSG, without case.
    pub name: RuleName,
    /// Says what it is for and which requirement asks for it.
    pub description: Description,
    /// Unique in the NSG per direction.
    pub priority: Priority,
    /// Seen from the subnet.
    pub direction: Direction,
    /// Allow or deny.
    pub access: Access,
    /// The protocol.
    pub protocol: Protocol,
    /// Who sends.
    pub source: AddressSide,
    /// From which ports.
    pub source_ports: Ports,
    /// Who receives.
    pub destination: AddressSide,
    /// On which ports.
    pub destination_ports: Ports,
    /// The requirements that ask for the rule; at least one for every rule of ours.
    pub requirement_ids: BTreeSet<String>,
}
