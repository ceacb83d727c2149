//! Service tags: Azure's names for groups of addresses.

use std::{fmt, str::FromStr};

/// A service tag in the spelling Azure publishes: `Storage`, `Storage.WestEurope`, `AzureFrontDoor.Frontend`.
///
/// The type guarantees a well-formed name, not that the tag exists in a given cloud and region.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ServiceTag(String);

/// Text that cannot be a service tag.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a service tag: letters and digits, with dots between parts, such as `Storage.WestEurope`")]
pub struct ServiceTagError(String);

impl ServiceTag {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ServiceTag {
    type Err = ServiceTagError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let part = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
        let accepted = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('.').all(part);
        if accepted {
            Ok(ServiceTag(text.to_owned()))
        } else {
            Err(ServiceTagError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for ServiceTag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
