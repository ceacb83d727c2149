//! What every resource that writes to Azure has in common.
//!
//! | module | idea |
//! |---|---|
//! | `owner` | the mark on what is ours |
//! | `tags` | the user's tags beside it |
//! | `timeouts` | how long an operation may take |
//! | `id` | arguments that are ARM ids |

pub(super) mod id;
pub(super) mod owner;
pub(super) mod tags;
pub(super) mod timeouts;

use tfplugin_rs::{diagnostic::Diagnostics, schema::Equivalence};

use crate::{azure::ArmError, regions::normalize_location};

/// Two ARM ids, or names, that differ in letter case only.
pub(super) const SAME_BUT_FOR_CASE: Equivalence =
    |one, other| one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase);

/// Two spellings of a location.
pub(super) const SAME_LOCATION: Equivalence =
    |one, other| one.as_str().map(normalize_location) == other.as_str().map(normalize_location);

/// An ARM error as a diagnostic.
pub(super) fn report(summary: &str, error: &ArmError, diagnostics: &mut Diagnostics) {
    diagnostics.error(summary, error.to_diagnostic());
}
