//! Editions: dated states of the documents.

use std::{fmt, str::FromStr};

/// A dated state of the documents. Requirements move; a released edition never renders differently, and a correction is a new
/// edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition(usize);

/// An edition that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{given}` is no requirements edition; there are {}", Edition::list())]
pub struct EditionError {
    given: String,
}

/// In order of age. What each is made of: the license link of 2011; CycleCloud and Azure ML of 2020; Azure ML of late 2022; the
/// documents current in August 2026.
const NAMES: [&str; 4] = ["2011", "2020-07", "2022-10", "2026-08"];

impl Edition {
    /// Every released edition, oldest first.
    pub fn all() -> impl DoubleEndedIterator<Item = Edition> {
        (0..NAMES.len()).map(Edition)
    }

    /// The newest edition.
    pub fn newest() -> Edition {
        Edition(NAMES.len() - 1)
    }

    /// The name users write.
    pub fn as_str(self) -> &'static str {
        NAMES.get(self.0).copied().unwrap_or_default()
    }

    fn list() -> String {
        let quoted: Vec<String> = NAMES.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(", ")
    }
}

impl FromStr for Edition {
    type Err = EditionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let position = NAMES.iter().position(|name| *name == text);
        position.map(Edition).ok_or_else(|| EditionError {
            given: text.chars().take(40).collect(),
        })
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for Edition {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editions_are_ordered_by_age_and_an_unknown_one_lists_them() {
        assert!("2011".parse::<Edition>().unwrap() < "2020-07".parse().unwrap());
        assert_eq!(Edition::newest().as_str(), "2026-08");
        assert_eq!(
            "2020".parse::<Edition>().unwrap_err().to_string(),
            "`2020` is no requirements edition; there are `2011`, `2020-07`, `2022-10`, `2026-08`"
        );
    }
}
