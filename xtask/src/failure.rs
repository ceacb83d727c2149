//! Why a command stopped: a text for the person who ran it.

use std::fmt;

use acceptance_tests::terraform::binaries::BinaryError;
use acceptance_tests::terraform::install::InstallError;

/// A short summary, and below it the reason and the remedy.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// What a command or one of its steps gives.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure with this text.
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// For `map_err`: puts what was attempted before the reason.
    pub(crate) fn while_doing<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |reason| Self(format!("{what}\n{reason}"))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<BinaryError> for Failure {
    fn from(error: BinaryError) -> Self {
        Self(error.to_string())
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        Self(error.to_string())
    }
}
