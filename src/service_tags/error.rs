//! Why a file or a tag of it cannot be used.

use std::path::PathBuf;

use crate::regions::Cloud;

/// A service tag file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// The file system refuses.
    #[error("`{}` cannot be read: {reason}", .path.display())]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// It is something else than a service tag file.
    #[error("`{}` is not a service tag file as Microsoft publishes it: {reason}", .path.display())]
    Malformed {
        /// The path as it was given.
        path: PathBuf,
        /// Where and why.
        reason: String,
    },
}

/// A tag that a file does not answer for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TagError {
    /// The file does not have it.
    #[error("`{tag}` is not a service tag of the cloud `{cloud}` (change {change_number}){}", suggested(.suggestion))]
    Unknown {
        /// The tag as it was given.
        tag: String,
        /// The file's cloud.
        cloud: Cloud,
        /// The file's change number.
        change_number: u64,
        /// The tag of the file that is nearest.
        suggestion: Option<String>,
    },
    /// Other clouds have it.
    #[error("`{tag}` does not exist in the cloud `{cloud}`, only in {}", listed(.homes))]
    OtherCloud {
        /// The tag as it was given.
        tag: String,
        /// The file's cloud.
        cloud: Cloud,
        /// The clouds that have it.
        homes: Vec<Cloud>,
    },
    /// What it stands for depends on the virtual network.
    #[error("`{0}` stands for other addresses in each virtual network: no file lists them")]
    WithoutAddresses(&'static str),
    /// It exists, but not for this region.
    #[error("`{tag}` has no regional form for `{region}`{}", if *.regional { "" } else { ": it exists for the whole cloud only" })]
    NotInRegion {
        /// The tag, in the file's spelling.
        tag: String,
        /// The region.
        region: String,
        /// Whether the file has it for other regions.
        regional: bool,
    },
    /// The file lists something that is no prefix.
    #[error("`{tag}` lists `{text}`, which is not an address prefix")]
    NotAPrefix {
        /// The tag, in the file's spelling.
        tag: String,
        /// What it lists.
        text: String,
    },
}

fn suggested(suggestion: &Option<String>) -> String {
    suggestion
        .as_ref()
        .map_or_else(String::new, |name| format!("; did you mean `{name}`?"))
}

fn listed(clouds: &[Cloud]) -> String {
    clouds
        .iter()
        .map(|cloud| format!("`{cloud}`"))
        .collect::<Vec<_>>()
        .join(" and ")
}
