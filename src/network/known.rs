//! Leaves of a policy that may not be known before apply.

/// A value that is known now, or only after apply (the id of an object still to be created).
///
/// Whatever decides *which* rules a policy has must be known; a leaf such as an id need not be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Known<T> {
    /// The value.
    Is(T),
    /// Not known before apply.
    NotYet,
}

impl<T> Known<T> {
    /// The value, if it is known.
    pub fn get(&self) -> Option<&T> {
        match self {
            Known::Is(value) => Some(value),
            Known::NotYet => None,
        }
    }

    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Known<U> {
        match self {
            Known::Is(value) => Known::Is(change(value)),
            Known::NotYet => Known::NotYet,
        }
    }
}

impl<T> From<T> for Known<T> {
    fn from(value: T) -> Self {
        Known::Is(value)
    }
}
