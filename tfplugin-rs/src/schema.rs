//! Schemas: which attributes an object has, what they mean, and how they behave in a plan.
//!
//! The descriptions written here are what `terraform providers schema` shows and what the generated documentation says. A
//! schema also carries what a plan needs to know of an attribute, so that no resource repeats it: its default, whether a change
//! of it replaces the object, and when two spellings mean the same.

use std::collections::BTreeMap;

use crate::value::{Type, Value};

/// The schema of a provider configuration, a resource or a data source.
#[derive(Clone, Debug)]
pub struct Schema {
    /// Raised when the stored state changes shape.
    pub version: i64,
    /// What the object is, in Markdown.
    pub description: String,
    /// The object's attributes and blocks.
    pub block: Block,
}

/// Attributes and nested blocks.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The attributes, by name.
    pub attributes: BTreeMap<String, Attribute>,
    /// The nested blocks, by name.
    pub blocks: BTreeMap<String, NestedBlock>,
}

/// A block inside a block (`name { … }`). Prefer nested attributes in new designs: they can be computed.
#[derive(Clone, Debug)]
pub struct NestedBlock {
    /// How often the block may stand and what that makes of it.
    pub nesting: BlockNesting,
    /// What it holds.
    pub block: Block,
    /// The fewest blocks accepted.
    pub min_items: i64,
    /// The most blocks accepted; 0 is without limit.
    pub max_items: i64,
    /// What the block is, in Markdown.
    pub description: String,
}

/// How a nested block repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// At most one: an object, or null.
    Single,
    /// Any number, in order.
    List,
    /// Any number, without order.
    Set,
}

/// How a nested attribute repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nesting {
    /// One object.
    Single,
    /// A list of objects.
    List,
    /// A set of objects.
    Set,
    /// A map of objects.
    Map,
}

/// What an attribute holds.
#[derive(Clone, Debug)]
pub enum Shape {
    /// A value of a type.
    Plain(Type),
    /// Objects whose attributes have schemas of their own.
    Nested(Nesting, BTreeMap<String, Attribute>),
}

/// Who sets an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// The configuration, always.
    Required,
    /// The configuration, or nobody.
    Optional,
    /// The configuration, else the provider.
    OptionalComputed,
    /// The provider.
    Computed,
}

/// Tells whether two known values mean the same, so that a change of spelling is no change.
pub type Equivalence = fn(&Value, &Value) -> bool;

/// One attribute.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// What it holds.
    pub shape: Shape,
    /// Who sets it.
    pub presence: Presence,
    /// What it means, in Markdown: shape, unit, default, source.
    pub description: String,
    /// Terraform hides the value in its output.
    pub sensitive: bool,
    /// The value is never stored in state (Terraform 1.11).
    pub write_only: bool,
    /// Why it should no longer be used.
    pub deprecation: Option<String>,
    /// The value when the configuration says nothing.
    pub default: Option<Value>,
    /// A change of it replaces the object.
    pub replaces: bool,
    /// When the old spelling may stay.
    pub equivalence: Option<Equivalence>,
}

impl Schema {
    /// A schema of version 0 without attributes.
    pub fn new(description: impl Into<String>) -> Schema {
        Schema {
            version: 0,
            description: description.into(),
            block: Block::default(),
        }
    }

    /// Sets the version.
    #[must_use]
    pub fn version(mut self, version: i64) -> Schema {
        self.version = version;
        self
    }

    /// Adds an attribute.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, attribute: Attribute) -> Schema {
        self.block.attributes.insert(name.into(), attribute);
        self
    }

    /// Adds attributes.
    #[must_use]
    pub fn attributes<K: Into<String>>(mut self, attributes: impl IntoIterator<Item = (K, Attribute)>) -> Schema {
        self.block
            .attributes
            .extend(attributes.into_iter().map(|(name, attribute)| (name.into(), attribute)));
        self
    }

    /// Adds a nested block.
    #[must_use]
    pub fn block(mut self, name: impl Into<String>, block: NestedBlock) -> Schema {
        self.block.blocks.insert(name.into(), block);
        self
    }

    /// The type of the object.
    pub fn ty(&self) -> Type {
        self.block.ty()
    }
}

impl Block {
    /// The type of the block's object.
    pub fn ty(&self) -> Type {
        let attributes = self
            .attributes
            .iter()
            .map(|(name, attribute)| (name.clone(), attribute.ty()));
        let blocks = self.blocks.iter().map(|(name, block)| (name.clone(), block.ty()));
        Type::object(attributes.chain(blocks))
    }
}

impl NestedBlock {
    /// The type of all blocks of this name together.
    pub fn ty(&self) -> Type {
        match self.nesting {
            BlockNesting::Single => self.block.ty(),
            BlockNesting::List => Type::list(self.block.ty()),
            BlockNesting::Set => Type::set(self.block.ty()),
        }
    }
}

impl From<Type> for Shape {
    fn from(ty: Type) -> Self {
        Shape::Plain(ty)
    }
}

impl Shape {
    /// Objects with attributes of their own.
    pub fn nested<K: Into<String>>(nesting: Nesting, attributes: impl IntoIterator<Item = (K, Attribute)>) -> Shape {
        Shape::Nested(
            nesting,
            attributes
                .into_iter()
                .map(|(name, attribute)| (name.into(), attribute))
                .collect(),
        )
    }
}

impl Attribute {
    /// An attribute the configuration must set.
    pub fn required(shape: impl Into<Shape>, description: impl Into<String>) -> Attribute {
        Attribute::new(shape.into(), Presence::Required, description.into())
    }

    /// An attribute the configuration may set.
    pub fn optional(shape: impl Into<Shape>, description: impl Into<String>) -> Attribute {
        Attribute::new(shape.into(), Presence::Optional, description.into())
    }

    /// An attribute the provider fills in where the configuration does not.
    pub fn optional_computed(shape: impl Into<Shape>, description: impl Into<String>) -> Attribute {
        Attribute::new(shape.into(), Presence::OptionalComputed, description.into())
    }

    /// An attribute only the provider sets.
    pub fn computed(shape: impl Into<Shape>, description: impl Into<String>) -> Attribute {
        Attribute::new(shape.into(), Presence::Computed, description.into())
    }

    fn new(shape: Shape, presence: Presence, description: String) -> Attribute {
        Attribute {
            shape,
            presence,
            description,
            sensitive: false,
            write_only: false,
            deprecation: None,
            default: None,
            replaces: false,
            equivalence: None,
        }
    }

    /// The value when the configuration says nothing. An optional attribute becomes computed too, as the protocol wants it.
    #[must_use]
    pub fn default_value(mut self, value: impl Into<Value>) -> Attribute {
        self.default = Some(value.into());
        if self.presence == Presence::Optional {
            self.presence = Presence::OptionalComputed;
        }
        self
    }

    /// A change of this attribute replaces the object.
    #[must_use]
    pub fn replaces(mut self) -> Attribute {
        self.replaces = true;
        self
    }

    /// Values that are `equivalence` keep the spelling they had: no change is planned.
    #[must_use]
    pub fn equivalent_when(mut self, equivalence: Equivalence) -> Attribute {
        self.equivalence = Some(equivalence);
        self
    }

    /// Terraform hides the value.
    #[must_use]
    pub fn sensitive(mut self) -> Attribute {
        self.sensitive = true;
        self
    }

    /// The value never enters plan or state.
    #[must_use]
    pub fn write_only(mut self) -> Attribute {
        self.write_only = true;
        self
    }

    /// The attribute should no longer be used.
    #[must_use]
    pub fn deprecated(mut self, message: impl Into<String>) -> Attribute {
        self.deprecation = Some(message.into());
        self
    }

    /// The type of the attribute's value.
    pub fn ty(&self) -> Type {
        match &self.shape {
            Shape::Plain(ty) => ty.clone(),
            Shape::Nested(nesting, attributes) => {
                let object = Type::object(attributes.iter().map(|(name, inner)| (name.clone(), inner.ty())));
                match nesting {
                    Nesting::Single => object,
                    Nesting::List => Type::list(object),
                    Nesting::Set => Type::set(object),
                    Nesting::Map => Type::map(object),
                }
            }
        }
    }

    /// Whether the configuration may set it.
    pub fn is_configurable(&self) -> bool {
        self.presence != Presence::Computed
    }

    /// Whether the provider may set it.
    pub fn is_computed(&self) -> bool {
        matches!(self.presence, Presence::Computed | Presence::OptionalComputed)
    }
}
