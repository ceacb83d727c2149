//! Microsoft's *Service Tags* files: which addresses stand behind a tag, and what changed between two publications.
//!
//! A file has 3,000 tags and 4 MB, and a configuration wants a few of them. So a file is read once per process ([`file()`]) and only
//! the prefixes of the tags that are asked for are ever decoded ([`Tag::prefixes`]).
//!
//! Where no file is at hand, [`known`] tells which tags exist in which cloud and region.
//!
//! Nothing here opens a socket. Microsoft publishes new files weekly and does not use new addresses for at least one week
//! (service-tags-overview).

mod addresses;
mod cache;
mod error;
mod file;
pub mod known;

pub use addresses::{Changes, aggregate, changes, in_order};
pub use cache::file;
pub use error::{FileError, TagError};
pub use file::{ServiceTagFile, Tag};
