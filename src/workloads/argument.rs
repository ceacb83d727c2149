//! Arguments as data: what a workload can be told. Schema, documentation, the function `expand` and the reader of inputs all
//! follow this one declaration.

/// One argument of a workload.
#[derive(Clone, Copy, Debug)]
pub struct Argument {
    /// azurerm's name for it where azurerm has one.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// Whether it must be set.
    pub required: bool,
    /// The value when it is not set.
    pub default: Default,
    /// What it means, in Markdown.
    pub description: &'static str,
}

/// What an argument holds.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// Text.
    Text,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A switch.
    Flag,
    /// A whole number.
    Number,
    /// A set of text.
    TextSet,
    /// Text by name.
    TextMap,
    /// An object.
    Object(&'static [Argument]),
    /// Objects by name.
    ObjectMap(&'static [Argument]),
}

/// The value of an argument that is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    /// None: null, or the empty set or map.
    Nothing,
    /// A word.
    Text(&'static str),
    /// A switch.
    Flag(bool),
    /// A number.
    Number(i64),
}

impl Argument {
    /// An argument that must be set.
    pub const fn required(name: &'static str, kind: Kind, description: &'static str) -> Argument {
        Argument {
            name,
            kind,
            required: true,
            default: Default::Nothing,
            description,
        }
    }

    /// An argument that may be left out.
    pub const fn optional(name: &'static str, kind: Kind, description: &'static str) -> Argument {
        Argument {
            name,
            kind,
            required: false,
            default: Default::Nothing,
            description,
        }
    }

    /// The same with a value for when it is left out.
    pub const fn or(mut self, default: Default) -> Argument {
        self.default = default;
        self
    }
}
