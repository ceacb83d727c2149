//! Resources and data sources: validate, plan, apply, read, import, upgrade.

use super::{Object, Service, identities::Identities, wire};
use crate::{
    diagnostic::Diagnostics,
    plan,
    proto::tfplugin6 as proto,
    provider::{Call, Change, ErasedDataSource, ErasedResource, Plan, Provider},
    schema::{Attribute, Schema, Shape},
    value::{Path, Step, Type, Value},
};
use std::sync::Arc;

type Resource = Object<Arc<ErasedResource>>;
type DataSource = Object<Arc<ErasedDataSource>>;

impl<P: Provider> Service<P> {
    pub(super) fn resource(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<(&Resource, &Schema, &Type)> {
        let found = self.resources.get(name);
        if found.is_none() {
            diagnostics.error(
                "Unknown resource type",
                format!("This provider has no resource `{name}`."),
            );
        }
        let resource = found?;
        let (schema, ty) = resource.schema_and_type(|served| served.schema());
        Some((resource, schema, ty))
    }

    fn data_source(&self, name: &str, diagnostics: &mut Diagnostics) -> Option<(&DataSource, &Schema, &Type)> {
        let found = self.data_sources.get(name);
        if found.is_none() {
            diagnostics.error(
                "Unknown data source",
                format!("This provider has no data source `{name}`."),
            );
        }
        let source = found?;
        let (schema, ty) = source.schema_and_type(|served| served.schema());
        Some((source, schema, ty))
    }

    pub(super) async fn validate_resource(
        &self,
        request: proto::validate_resource_config::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let call = self.call(request.client_capabilities);
        let (resource, schema, ty) = self.resource(&request.type_name, diagnostics)?;
        let config = wire::decode(request.config, ty, "configuration", diagnostics)?;
        refuse_stored_secrets(schema, &config, &call, diagnostics);
        resource.served.validate(&config, &call, diagnostics).await;
        Some(())
    }

    pub(super) async fn validate_data_source(
        &self,
        request: proto::validate_data_resource_config::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<()> {
        let (source, _, ty) = self.data_source(&request.type_name, diagnostics)?;
        let config = wire::decode(request.config, ty, "configuration", diagnostics)?;
        source.served.validate(&config, &self.call(None), diagnostics).await;
        Some(())
    }

    pub(super) async fn upgrade(
        &self,
        request: proto::upgrade_resource_state::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::DynamicValue> {
        let (resource, schema, _) = self.resource(&request.type_name, diagnostics)?;
        let raw = request.raw_state.map(|raw| raw.json).unwrap_or_default();
        if raw.is_empty() {
            diagnostics.error(
                "Unreadable state",
                "The stored state is older than Terraform 0.12 and cannot be read.",
            );
            return None;
        }
        if request.version == schema.version {
            // Terraform has removed what the schema no longer knows; the JSON it sent is what it wants back.
            return Some(proto::DynamicValue {
                json: raw,
                ..Default::default()
            });
        }
        let state = serde_json::from_slice(&raw)
            .inspect_err(|error| {
                diagnostics.error("Unreadable state", format!("The stored state is not JSON: {error}."))
            })
            .ok()?;
        let upgraded = resource.served.upgrade(request.version, state, diagnostics).await?;
        Some(proto::DynamicValue {
            json: upgraded.to_string().into_bytes().into(),
            ..Default::default()
        })
    }

    pub(super) async fn read(
        &self,
        request: proto::read_resource::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::read_resource::Response> {
        let call = self.call(request.client_capabilities);
        let (resource, _, ty) = self.resource(&request.type_name, diagnostics)?;
        let identities = Identities::of(&*resource.served);
        let (stored, stored_identity) = (request.current_state.clone(), request.current_identity.clone());
        let current = wire::decode(request.current_state, ty, "state", diagnostics)?;
        let identity = identities.sent(request.current_identity, diagnostics);
        let mut private = request.private.to_vec();
        let state = resource.served.read(current, &mut private, &call, diagnostics).await;
        if diagnostics.has_errors() {
            return Some(proto::read_resource::Response {
                new_state: Some(stored.unwrap_or_else(wire::null)),
                private: private.into(),
                new_identity: stored_identity,
                ..Default::default()
            });
        }
        let identity = identities.kept(identity, state.as_ref().unwrap_or(&Value::Null));
        let state = match state {
            Some(state) => wire::encode(&state, ty, "state", diagnostics)?,
            None => wire::null(),
        };
        Some(proto::read_resource::Response {
            new_state: Some(state),
            private: private.into(),
            new_identity: identities.answer(identity, diagnostics),
            ..Default::default()
        })
    }

    pub(super) async fn plan(
        &self,
        request: proto::plan_resource_change::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::plan_resource_change::Response> {
        let call = self.call(request.client_capabilities);
        let (resource, schema, ty) = self.resource(&request.type_name, diagnostics)?;
        let identities = Identities::of(&*resource.served);
        let identity = identities.sent(request.prior_identity, diagnostics);
        let prior = wire::decode(request.prior_state, ty, "prior state", diagnostics)?;
        let proposed = wire::decode(request.proposed_new_state, ty, "proposed state", diagnostics)?;
        let config = wire::decode(request.config, ty, "configuration", diagnostics)?;
        let private = if request.planned_private.is_empty() {
            request.prior_private
        } else {
            request.planned_private
        };
        let prior = Some(prior).filter(|prior| !prior.is_null());
        let deleting = proposed.is_null();
        let planned = if deleting {
            Value::Null
        } else {
            plan::planned_from(schema, prior.as_ref(), &config, proposed)
        };
        let mut plan = Plan {
            prior,
            config,
            planned,
            requires_replace: Vec::new(),
            private: private.to_vec(),
        };
        if deleting {
            resource.served.plan_delete(&mut plan, &call, diagnostics).await;
            return Some(proto::plan_resource_change::Response {
                planned_state: Some(wire::null()),
                planned_private: plan.private.into(),
                ..Default::default()
            });
        }
        resource.served.plan(&mut plan, &call, diagnostics).await;
        let mut replace = std::mem::take(&mut plan.requires_replace);
        if let Some(prior) = &plan.prior {
            replace.extend(plan::replacements(schema, prior, &plan.planned));
        }
        let identity = identities.planned(identity, &plan, !replace.is_empty(), diagnostics);
        Some(proto::plan_resource_change::Response {
            planned_identity: identities.answer(identity, diagnostics),
            planned_state: Some(wire::encode(&plan.planned, ty, "plan", diagnostics)?),
            requires_replace: replace.iter().map(wire::path).collect(),
            planned_private: plan.private.into(),
            ..Default::default()
        })
    }

    pub(super) async fn apply(
        &self,
        request: proto::apply_resource_change::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::apply_resource_change::Response> {
        let call = self.call(None);
        // Whatever goes wrong before the resource is asked, what exists is what existed.
        let stored = request.prior_state.clone().unwrap_or_else(wire::null);
        let private = request.planned_private.to_vec();
        let (type_name, identity) = (request.type_name.clone(), request.planned_identity.clone());
        let applied = self.apply_change(request, &call, diagnostics).await;
        let (new_state, private) = applied.unwrap_or((stored, private));
        Some(proto::apply_resource_change::Response {
            new_identity: self.applied_identity(&type_name, identity, &new_state, diagnostics),
            new_state: Some(new_state),
            private: private.into(),
            ..Default::default()
        })
    }

    /// The identity of what exists after an apply: also of what a failed one has left.
    fn applied_identity(
        &self,
        type_name: &str,
        planned: Option<proto::ResourceIdentityData>,
        state: &proto::DynamicValue,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::ResourceIdentityData> {
        let resource = self.resources.get(type_name)?;
        let identities = Identities::of(&*resource.served);
        let (_, ty) = resource.schema_and_type(|served| served.schema());
        let state = wire::decode(Some(state.clone()), ty, "state", diagnostics)?;
        if state.is_null() {
            return None;
        }
        let planned = identities.sent(planned, diagnostics);
        let identity = identities.kept(planned, &state);
        identities.answer(identity, diagnostics)
    }

    async fn apply_change(
        &self,
        request: proto::apply_resource_change::Request,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<(proto::DynamicValue, Vec<u8>)> {
        let (resource, _, ty) = self.resource(&request.type_name, diagnostics)?;
        let stored = request.prior_state.clone();
        let prior = wire::decode(request.prior_state, ty, "prior state", diagnostics)?;
        let planned = wire::decode(request.planned_state, ty, "planned state", diagnostics)?;
        let config = wire::decode(request.config, ty, "configuration", diagnostics)?;
        let private = request.planned_private.to_vec();
        if planned.is_null() {
            resource.served.delete(prior, &private, call, diagnostics).await;
            let kept = diagnostics.has_errors().then_some(stored).flatten();
            return Some((kept.unwrap_or_else(wire::null), private));
        }
        let creating = prior.is_null();
        let mut change = Change {
            prior: (!creating).then_some(prior),
            planned,
            config,
            private,
        };
        let state = if creating {
            resource.served.create(&mut change, call, diagnostics).await
        } else {
            resource.served.update(&mut change, call, diagnostics).await
        };
        if let Some(unknown) = state.as_ref().and_then(first_unknown) {
            let detail = format!("After apply `{unknown}` is still unknown. This is a defect of the provider.");
            diagnostics.error_at(unknown, "Unknown value after apply", detail);
        }
        match state {
            Some(state) => Some((wire::encode(&known(state), ty, "state", diagnostics)?, change.private)),
            None if diagnostics.has_errors() => Some((stored.unwrap_or_else(wire::null), change.private)),
            None => {
                diagnostics.error(
                    "Missing state",
                    "The provider returned no state after apply. This is a defect of the provider.",
                );
                None
            }
        }
    }

    pub(super) async fn import(
        &self,
        request: proto::import_resource_state::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::import_resource_state::ImportedResource> {
        let call = self.call(request.client_capabilities);
        let (resource, _, ty) = self.resource(&request.type_name, diagnostics)?;
        let given = Identities::of(&*resource.served).sent(request.identity.clone(), diagnostics);
        let imported = match &given {
            Some(identity) => resource.served.import_by_identity(identity, &call, diagnostics).await?,
            None if request.id.is_empty() => {
                let detail = "Terraform gave neither an id nor an identity that the resource knows.";
                diagnostics.error("Nothing to import by", detail);
                return None;
            }
            None => resource.served.import(&request.id, &call, diagnostics).await?,
        };
        Some(proto::import_resource_state::ImportedResource {
            type_name: request.type_name,
            state: Some(wire::encode(&imported.state, ty, "imported state", diagnostics)?),
            private: imported.private.into(),
            // Found by an id, the object gets its identity from the read that follows.
            identity: request.identity.filter(|_| given.is_some()),
        })
    }

    pub(super) async fn generate_config(
        &self,
        request: proto::generate_resource_config::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::DynamicValue> {
        let (resource, schema, ty) = self.resource(&request.type_name, diagnostics)?;
        let state = wire::decode(request.state, ty, "state", diagnostics)?;
        let mut config = plan::configuration_of(schema, &state);
        resource.served.refine_configuration(&state, &mut config);
        wire::encode(&config, ty, "configuration", diagnostics)
    }

    pub(super) async fn read_data_source(
        &self,
        request: proto::read_data_source::Request,
        diagnostics: &mut Diagnostics,
    ) -> Option<proto::DynamicValue> {
        let call = self.call(request.client_capabilities);
        let (source, schema, ty) = self.data_source(&request.type_name, diagnostics)?;
        let config = wire::decode(request.config, ty, "configuration", diagnostics)?;
        let config = plan::planned_from(schema, None, &config, config.clone());
        let state = source.served.read(config, &call, diagnostics).await?;
        wire::encode(&state, ty, "result", diagnostics)
    }
}

/// A write-only value on a Terraform that does not know write-only values would be stored in clear.
fn refuse_stored_secrets(schema: &Schema, config: &Value, call: &Call, diagnostics: &mut Diagnostics) {
    if call.write_only_attributes_allowed {
        return;
    }
    for (name, attribute) in &schema.block.attributes {
        let path = Path::attribute(name);
        if holds_write_only(attribute, config.attribute(name)) {
            let detail = format!(
                "`{name}` is write-only, which needs Terraform 1.11 or newer: an older one would store it in its state. Upgrade Terraform, or leave \
                 the argument out."
            );
            diagnostics.error_at(path, "Write-only argument not supported", detail);
        }
    }
}

fn holds_write_only(attribute: &Attribute, value: &Value) -> bool {
    if value.is_null() {
        return false;
    }
    if attribute.write_only {
        return true;
    }
    let Shape::Nested(_, inner) = &attribute.shape else {
        return false;
    };
    let objects: Vec<&Value> = match value {
        Value::List(elements) => elements.iter().collect(),
        Value::Map(entries) if !inner.keys().eq(entries.keys()) => entries.values().collect(),
        object => vec![object],
    };
    objects.iter().any(|object| {
        inner
            .iter()
            .any(|(name, attribute)| holds_write_only(attribute, object.attribute(name)))
    })
}

fn first_unknown(value: &Value) -> Option<Path> {
    fn search(value: &Value, path: &Path) -> Option<Path> {
        match value {
            Value::Unknown(_) => Some(path.clone()),
            Value::List(elements) => elements
                .iter()
                .enumerate()
                .find_map(|(position, element)| search(element, &path.index(position))),
            Value::Map(entries) => entries
                .iter()
                .find_map(|(key, entry)| search(entry, &path.join(Step::Attribute(key.clone())))),
            Value::Dynamic(dynamic) => search(&dynamic.value, path),
            _ => None,
        }
    }
    search(value, &Path::root())
}

/// A state may not hold unknown values; beside the error that reports them they are stored as null, so that what exists is kept.
fn known(value: Value) -> Value {
    match value {
        Value::Unknown(_) => Value::Null,
        Value::List(elements) => Value::List(elements.into_iter().map(known).collect()),
        Value::Map(entries) => Value::Map(entries.into_iter().map(|(key, entry)| (key, known(entry))).collect()),
        other => other,
    }
}
