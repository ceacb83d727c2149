//! Between the library's types and the generated wire messages.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    identity::IdentitySchema,
    proto::tfplugin6 as proto,
    provider::{Parameter, Signature},
    schema::{Attribute, Block, BlockNesting, NestedBlock, Nesting, Schema, Shape},
    value::{Path, Step, Type, Value, json, msgpack},
};

/// Decodes a value; a message that is absent or empty is null.
pub(super) fn decode(
    value: Option<proto::DynamicValue>,
    ty: &Type,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let Some(value) = value else { return Some(Value::Null) };
    let decoded = if !value.msgpack.is_empty() {
        msgpack::decode(&value.msgpack, ty).map_err(|error| error.to_string())
    } else if !value.json.is_empty() {
        json::decode(&value.json, ty).map_err(|error| error.to_string())
    } else {
        return Some(Value::Null);
    };
    decoded
        .inspect_err(|error| {
            diagnostics.error(
                "Unreadable value",
                format!("Terraform sent a {what} that does not fit its schema: {error}."),
            )
        })
        .ok()
}

/// Encodes a value.
pub(super) fn encode(
    value: &Value,
    ty: &Type,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<proto::DynamicValue> {
    msgpack::encode(value, ty)
        .map(|msgpack| proto::DynamicValue { msgpack: msgpack.into(), ..Default::default() })
        .inspect_err(|error| {
            let detail = format!("The provider made a {what} that does not fit its own schema: {error}. This is a defect of the provider.");
            diagnostics.error("Unusable value", detail);
        })
        .ok()
}

/// An absent value.
pub(super) fn null() -> proto::DynamicValue {
    proto::DynamicValue {
        msgpack: Bytes::from_static(&[0xc0]),
        ..Default::default()
    }
}

/// Diagnostics in the order they were added.
pub(super) fn diagnostics(diagnostics: Diagnostics) -> Vec<proto::Diagnostic> {
    diagnostics.into_iter().map(diagnostic).collect()
}

fn diagnostic(diagnostic: Diagnostic) -> proto::Diagnostic {
    let severity = match diagnostic.severity {
        Severity::Error => proto::diagnostic::Severity::Error,
        Severity::Warning => proto::diagnostic::Severity::Warning,
    };
    proto::Diagnostic {
        severity: severity.into(),
        summary: diagnostic.summary,
        detail: diagnostic.detail,
        attribute: diagnostic.path.as_ref().map(path),
    }
}

/// A path to an attribute.
pub(super) fn path(path: &Path) -> proto::AttributePath {
    use proto::attribute_path::{Step as Wire, step::Selector};
    let steps = path.steps().iter().map(|step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(index) => Selector::ElementKeyInt(*index),
        };
        Wire {
            selector: Some(selector),
        }
    });
    proto::AttributePath { steps: steps.collect() }
}

/// A schema.
pub(super) fn schema(schema: &Schema) -> proto::Schema {
    proto::Schema {
        version: schema.version,
        block: Some(block(&schema.block, &schema.description)),
    }
}

fn block(block: &Block, description: &str) -> proto::schema::Block {
    proto::schema::Block {
        attributes: attributes(&block.attributes),
        block_types: block
            .blocks
            .iter()
            .map(|(name, nested)| nested_block(name, nested))
            .collect(),
        description: description.to_owned(),
        description_kind: proto::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn nested_block(name: &str, nested: &NestedBlock) -> proto::schema::NestedBlock {
    use proto::schema::nested_block::NestingMode;
    let nesting = match nested.nesting {
        BlockNesting::Single => NestingMode::Single,
        BlockNesting::List => NestingMode::List,
        BlockNesting::Set => NestingMode::Set,
    };
    proto::schema::NestedBlock {
        type_name: name.to_owned(),
        block: Some(block(&nested.block, &nested.description)),
        nesting: nesting.into(),
        min_items: nested.min_items,
        max_items: nested.max_items,
    }
}

fn attributes(attributes: &BTreeMap<String, Attribute>) -> Vec<proto::schema::Attribute> {
    attributes.iter().map(|(name, inner)| attribute(name, inner)).collect()
}

fn attribute(name: &str, attribute: &Attribute) -> proto::schema::Attribute {
    use crate::schema::Presence;
    let (ty, nested_type) = match &attribute.shape {
        Shape::Plain(ty) => (type_json(ty), None),
        Shape::Nested(nesting, inner) => (Bytes::new(), Some(object(*nesting, inner))),
    };
    proto::schema::Attribute {
        name: name.to_owned(),
        r#type: ty,
        nested_type,
        description: attribute.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        required: attribute.presence == Presence::Required,
        optional: matches!(attribute.presence, Presence::Optional | Presence::OptionalComputed),
        computed: attribute.is_computed(),
        sensitive: attribute.sensitive,
        deprecated: attribute.deprecation.is_some(),
        deprecation_message: attribute.deprecation.clone().unwrap_or_default(),
        write_only: attribute.write_only,
    }
}

fn object(nesting: Nesting, inner: &BTreeMap<String, Attribute>) -> proto::schema::Object {
    use proto::schema::object::NestingMode;
    let nesting = match nesting {
        Nesting::Single => NestingMode::Single,
        Nesting::List => NestingMode::List,
        Nesting::Set => NestingMode::Set,
        Nesting::Map => NestingMode::Map,
    };
    proto::schema::Object {
        attributes: attributes(inner),
        nesting: nesting.into(),
        ..Default::default()
    }
}

/// The schema of an identity.
pub(super) fn identity_schema(schema: &IdentitySchema) -> proto::ResourceIdentitySchema {
    use proto::resource_identity_schema::IdentityAttribute;
    let attributes = schema.attributes.iter().map(|(name, attribute)| IdentityAttribute {
        name: name.clone(),
        r#type: type_json(&attribute.ty),
        required_for_import: attribute.required_for_import,
        optional_for_import: !attribute.required_for_import,
        description: attribute.description.clone(),
    });
    proto::ResourceIdentitySchema {
        version: schema.version,
        identity_attributes: attributes.collect(),
    }
}

/// A function's signature.
pub(super) fn function(signature: &Signature) -> proto::Function {
    proto::Function {
        parameters: signature.parameters.iter().map(parameter).collect(),
        variadic_parameter: signature.variadic.as_ref().map(parameter),
        r#return: Some(proto::function::Return {
            r#type: type_json(&signature.returns),
        }),
        summary: signature.summary.clone(),
        description: signature.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
        ..Default::default()
    }
}

fn parameter(parameter: &Parameter) -> proto::function::Parameter {
    proto::function::Parameter {
        name: parameter.name.clone(),
        r#type: type_json(&parameter.ty),
        allow_null_value: parameter.allow_null,
        allow_unknown_values: parameter.allow_unknown,
        description: parameter.description.clone(),
        description_kind: proto::StringKind::Markdown.into(),
    }
}

fn type_json(ty: &Type) -> Bytes {
    ty.to_json_text().into_bytes().into()
}
