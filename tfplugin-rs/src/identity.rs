//! Resource identity (Terraform 1.12): the few values that tell one remote object from all others, kept beside its state.
//!
//! An identity never changes while its object lives, and holds nothing that is not needed to find the object: an `import` block
//! with an `identity` is written by people.

use std::collections::BTreeMap;

use crate::value::Type;

/// The shape of the identities of one resource type. Terraform wants it forever once it was released: an identity that is stored in a
/// state must be readable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentitySchema {
    /// Raised when stored identities change shape.
    pub version: i64,
    /// The values, by name.
    pub attributes: BTreeMap<String, IdentityAttribute>,
}

/// One value of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityAttribute {
    /// A string, number or bool, or a list of these; the protocol has no others here.
    pub ty: Type,
    /// Whether an import block must give it; otherwise it may be left out, and is null then.
    pub required_for_import: bool,
    /// What it means, in Markdown.
    pub description: String,
}

impl IdentitySchema {
    /// A schema of version 0 without attributes.
    pub fn new() -> IdentitySchema {
        IdentitySchema {
            version: 0,
            attributes: BTreeMap::new(),
        }
    }

    /// Adds an attribute that an import block must give.
    #[must_use]
    pub fn required(self, name: impl Into<String>, ty: Type, description: impl Into<String>) -> IdentitySchema {
        self.attribute(name.into(), ty, true, description.into())
    }

    /// Adds an attribute that an import block may leave out.
    #[must_use]
    pub fn optional(self, name: impl Into<String>, ty: Type, description: impl Into<String>) -> IdentitySchema {
        self.attribute(name.into(), ty, false, description.into())
    }

    fn attribute(mut self, name: String, ty: Type, required_for_import: bool, description: String) -> IdentitySchema {
        let attribute = IdentityAttribute {
            ty,
            required_for_import,
            description,
        };
        self.attributes.insert(name, attribute);
        self
    }

    /// The type of an identity.
    pub fn ty(&self) -> Type {
        Type::object(
            self.attributes
                .iter()
                .map(|(name, attribute)| (name.clone(), attribute.ty.clone())),
        )
    }
}

impl Default for IdentitySchema {
    fn default() -> Self {
        IdentitySchema::new()
    }
}
