//! What can be wrong with a value as its type, and where in it.
//!
//! No message quotes a value: a provider's state holds secrets, and these errors reach logs.

use std::{error::Error, fmt};

use super::{Path, Step, Type, Value};

/// A problem and the place in the value where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located<P> {
    /// The place; the root path is the whole value. What is inside a set is located at the set, for elements of a set have no
    /// address.
    pub path: Path,
    /// What is wrong there.
    pub problem: P,
}

/// A value that cannot be written as its type.
pub type EncodeError = Located<Problem>;

/// Bytes that are not a value of the expected type.
pub type DecodeError = Located<Problem>;

/// Why a value, or bytes, and a type do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A value of another kind.
    #[error("{expected} is required, not {found}")]
    Shape {
        /// The kind the type wants, with its article.
        expected: &'static str,
        /// The kind that is there, with its article.
        found: &'static str,
    },
    /// An object must have every attribute of its type, if only as null.
    #[error("the attribute `{0}` is missing")]
    MissingAttribute(String),
    /// An attribute the object's type does not have.
    #[error("there is no attribute `{0}` in the schema")]
    UnexpectedAttribute(String),
    /// One key of a map or object stands twice.
    #[error("the key `{0}` stands twice")]
    DuplicateKey(String),
    /// A tuple of another length than its type.
    #[error("a tuple of {expected} elements is required, not of {found}")]
    TupleLength {
        /// The number of element types.
        expected: usize,
        /// The number of elements.
        found: usize,
    },
    /// Text that is not a decimal number.
    #[error("the text is not a decimal number")]
    NotANumber,
    /// Infinity or NaN.
    #[error("an infinite number has no decimal form")]
    NotFinite,
    /// Text that is not UTF-8.
    #[error("the text is not UTF-8")]
    NotUtf8,
    /// The type that goes with a dynamic value is not the JSON form of a type.
    #[error("a dynamic value consists of its type and its value; this has no readable type")]
    NotDynamic,
    /// JSON has no form for unknown values.
    #[error("the value is unknown, which JSON cannot express")]
    Unknown,
    /// More levels of nesting than any schema has.
    #[error("values are nested more than {MAX_DEPTH} deep")]
    TooDeep,
    /// More bytes or elements than the wire format can count (2³²).
    #[error("the value is too long for the wire format")]
    TooLong,
    /// The bytes end inside a value.
    #[error("the bytes end inside a value")]
    Truncated,
    /// There are bytes after the value.
    #[error("there are bytes after the end of the value")]
    TrailingBytes,
    /// Not JSON at all.
    #[error("line {line}, column {column} is not JSON")]
    NotJson {
        /// Counted from 1.
        line: usize,
        /// Counted from 1.
        column: usize,
    },
}

/// Levels of nesting that decoding follows: far more than any schema has, far fewer than the stack of a thread allows.
pub(crate) const MAX_DEPTH: usize = 128;

impl<P> Located<P> {
    /// The same problem as seen from one step further out.
    #[must_use]
    pub(crate) fn under(self, step: Step) -> Self {
        Located {
            path: self.path.under(step),
            problem: self.problem,
        }
    }

    /// The same problem as seen from the set it is in.
    #[must_use]
    pub(crate) fn under_set(self) -> Self {
        Located {
            path: Path::root(),
            problem: self.problem,
        }
    }

    /// The same problem as seen from the attribute it is in.
    #[must_use]
    pub(crate) fn under_attribute(self, name: &str) -> Self {
        self.under(Step::Attribute(name.to_owned()))
    }

    /// The same problem as seen from the map element it is in.
    #[must_use]
    pub(crate) fn under_key(self, key: &str) -> Self {
        self.under(Step::Key(key.to_owned()))
    }

    /// The same problem as seen from the list element it is in.
    #[must_use]
    pub(crate) fn under_index(self, index: usize) -> Self {
        self.under(Step::Index(i64::try_from(index).unwrap_or(i64::MAX)))
    }
}

impl<P> From<P> for Located<P> {
    fn from(problem: P) -> Self {
        Located {
            path: Path::root(),
            problem,
        }
    }
}

impl<P: fmt::Display> fmt::Display for Located<P> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_root() {
            write!(formatter, "`{}`: ", self.path)?;
        }
        self.problem.fmt(formatter)
    }
}

impl<P: Error> Error for Located<P> {}

impl Problem {
    /// A value of another kind than its type.
    pub(crate) fn shape(ty: &Type, value: &Value) -> Problem {
        Problem::Shape {
            expected: type_kind(ty),
            found: value_kind(value),
        }
    }
}

pub(crate) fn type_kind(ty: &Type) -> &'static str {
    match ty {
        Type::String => "a string",
        Type::Number => "a number",
        Type::Bool => "a bool",
        Type::Dynamic => "a value with its type",
        Type::List(_) => "a list",
        Type::Set(_) => "a set",
        Type::Map(_) => "a map",
        Type::Object(_) => "an object",
        Type::Tuple(_) => "a tuple",
    }
}

pub(crate) fn value_kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Unknown(_) => "an unknown value",
        Value::Bool(_) => "a bool",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::List(_) => "a list, set or tuple",
        Value::Map(_) => "a map or object",
        Value::Dynamic(_) => "a value with its type",
    }
}
