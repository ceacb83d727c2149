//! Resource identities: their schemas, and what a call about a resource answers beside its state.
//!
//! Terraform 1.12 demands that an identity is wholly known unless its object is yet to be made, and that it never changes. So the one
//! that Terraform has is given back as it is, and one is made only where there is none yet: on a create, on an import by id, and for a
//! state that an older Terraform wrote.

use std::collections::HashMap;

use super::{Service, wire};
use crate::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    proto::tfplugin6 as proto,
    provider::{ErasedResource, Plan, Provider},
    value::{Type, Value},
};

/// The identities of one resource type; none for a resource without.
pub(super) struct Identities<'a> {
    resource: &'a ErasedResource,
    ty: Option<Type>,
}

impl<'a> Identities<'a> {
    pub(super) fn of(resource: &'a ErasedResource) -> Identities<'a> {
        let ty = resource.identity_schema().map(|schema| schema.ty());
        Identities { resource, ty }
    }

    /// The identity that Terraform sent, if it has one.
    pub(super) fn sent(
        &self,
        data: Option<proto::ResourceIdentityData>,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let ty = self.ty.as_ref()?;
        let identity = wire::decode(data?.identity_data, ty, "identity", diagnostics)?;
        (!identity.is_null()).then_some(identity)
    }

    /// What follows from an object; `None` where that is nothing yet.
    fn made(&self, object: &Value) -> Option<Value> {
        self.ty.as_ref().filter(|_| !object.is_null())?;
        let identity = self.resource.identity(object);
        (!identity.is_null()).then_some(identity)
    }

    /// The one there is, else the one that follows from an object, as long as all of it is known.
    pub(super) fn kept(&self, sent: Option<Value>, object: &Value) -> Option<Value> {
        sent.filter(Value::is_wholly_known)
            .or_else(|| self.made(object).filter(Value::is_wholly_known))
    }

    /// The identity of a planned object, if all of it is known: Terraform cannot show a plan with another.
    pub(super) fn planned(
        &self,
        sent: Option<Value>,
        plan: &Plan,
        replaces: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let planned = self.made(&plan.planned);
        let Some(prior) = plan.prior.as_ref().filter(|_| !replaces) else {
            return planned.filter(Value::is_wholly_known);
        };
        if let (Some(before), Some(after)) = (self.made(prior), planned)
            && after.is_wholly_known()
            && !self.resource.is_identified_by(&before, &plan.planned)
        {
            diagnostics.error(
                "Identity changed in place",
                format!(
                    "The plan changes what identifies the object, from {before:?} to {after:?}, without replacing it. This is a defect of \
                     the provider."
                ),
            );
        }
        self.kept(sent, prior)
    }

    /// As Terraform wants it.
    pub(super) fn answer(
        &self,
        identity: Option<Value>,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::ResourceIdentityData> {
        let identity_data = wire::encode(&identity?, self.ty.as_ref()?, "identity", diagnostics)?;
        Some(proto::ResourceIdentityData {
            identity_data: Some(identity_data),
        })
    }
}

impl<P: Provider> Service<P> {
    pub(super) fn identity_schemas(&self) -> HashMap<String, proto::ResourceIdentitySchema> {
        let schemas = self.resources.iter().filter_map(|(name, resource)| {
            let schema = resource.served.identity_schema()?;
            Some((name.clone(), wire::identity_schema(&schema)))
        });
        schemas.collect()
    }

    pub(super) async fn upgrade_identity(
        &self,
        request: proto::upgrade_resource_identity::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::ResourceIdentityData> {
        let (resource, _, _) = self.resource(&request.type_name, diagnostics)?;
        let Some(IdentitySchema { version, .. }) = resource.served.identity_schema() else {
            let detail = format!("`{}` has no identity.", request.type_name);
            diagnostics.error("Unknown identity", detail);
            return None;
        };
        let raw = request.raw_identity.map(|raw| raw.json).unwrap_or_default();
        let json = if request.version == version {
            raw
        } else {
            let stored = serde_json::from_slice(&raw)
                .inspect_err(|error| {
                    let detail = format!("The stored identity is not JSON: {error}.");
                    diagnostics.error("Unreadable identity", detail);
                })
                .ok()?;
            let upgraded = resource
                .served
                .upgrade_identity(request.version, stored, diagnostics)
                .await?;
            upgraded.to_string().into_bytes().into()
        };
        Some(proto::ResourceIdentityData {
            identity_data: Some(proto::DynamicValue {
                json,
                ..Default::default()
            }),
        })
    }
}
