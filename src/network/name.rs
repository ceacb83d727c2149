//! Names and descriptions of security rules, routes and groups.

use std::{fmt, str::FromStr};

/// The name of a security rule, route, NSG or route table: 1 to 80 letters, digits, `_`, `.` or `-`, the first a letter or digit,
/// the last a letter, digit or `_` (Azure's naming rules, resource-name-rules). Azure compares names without case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RuleName(String);

/// A name that Azure refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name Azure accepts: 1 to 80 letters, digits, `_`, `.` or `-`, starting with a letter or digit and ending with a letter, digit or `_`"
)]
pub struct NameError(String);

impl RuleName {
    /// The most characters.
    pub const MAX: usize = 80;

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RuleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let edge = |c: char| c.is_ascii_alphanumeric();
        let accepted = text.len() <= RuleName::MAX
            && text
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
            && text.starts_with(edge)
            && text.ends_with(|c: char| edge(c) || c == '_');
        if accepted {
            Ok(RuleName(text.to_owned()))
        } else {
            Err(NameError(text.chars().take(100).collect()))
        }
    }
}

impl fmt::Display for RuleName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// The description of a security rule: at most 140 characters (ARM schema). Longer text is cut at a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Description(String);

impl Description {
    /// The most characters.
    pub const MAX: usize = 140;

    /// A description that ends with the requirement's id in brackets; `purpose` gives way if both do not fit.
    pub fn of(purpose: &str, requirement_id: &str) -> Description {
        let tail = format!(" [{requirement_id}]");
        let room = Description::MAX.saturating_sub(tail.chars().count());
        Description(format!("{}{tail}", cut(purpose, room)))
    }

    /// Free text.
    pub fn text(text: &str) -> Description {
        Description(cut(text, Description::MAX))
    }

    /// The description as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(room.saturating_sub(1)).collect();
    if let Some(space) = kept.rfind(' ') {
        kept.truncate(space);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_azures_rules() {
        for accepted in ["AllowAzureStorage", "a", "https_9443", "x.y-z_", "0"] {
            assert!(accepted.parse::<RuleName>().is_ok(), "{accepted}");
        }
        for refused in ["", "-a", "_a", "a-", "a.", "a b", "ä", &"a".repeat(81)] {
            assert!(refused.parse::<RuleName>().is_err(), "{refused}");
        }
    }

    #[test]
    fn a_long_purpose_gives_way_to_the_requirement_id() {
        let description = Description::of(&"word ".repeat(60), "CC-SERVER-STORAGE");
        assert!(description.as_str().chars().count() <= Description::MAX);
        assert!(
            description.as_str().ends_with("… [CC-SERVER-STORAGE]"),
            "{}",
            description.as_str()
        );
    }
}
