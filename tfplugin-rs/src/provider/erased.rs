//! Resources and data sources of different state types behind one trait object each.

use std::sync::Arc;

use super::{Call, Change, DataSource, Imported, Plan, Private, Resource};
use crate::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    schema::Schema,
    value::{Value, typed::Model},
};

/// A [`Resource`] whose state is a plain [`Value`]; made by [`resource`].
pub type ErasedResource = dyn Resource<State = Value>;

/// A [`DataSource`] whose result is a plain [`Value`]; made by [`data_source`].
pub type ErasedDataSource = dyn DataSource<State = Value>;

/// Makes a resource of any state type ready for [`super::Provider::resources`].
pub fn resource<R: Resource>(resource: R) -> Arc<ErasedResource> {
    Arc::new(Erased(resource))
}

/// Makes a data source of any result type ready for [`super::Provider::data_sources`].
pub fn data_source<D: DataSource>(data_source: D) -> Arc<ErasedDataSource> {
    Arc::new(Erased(data_source))
}

struct Erased<T>(T);

fn decode<S: Model>(value: &Value, what: &str, diagnostics: &mut Diagnostics) -> Option<S> {
    S::from_value(value)
        .inspect_err(|error| diagnostics.error("Unexpected value", format!("The {what} could not be read: {error}.")))
        .ok()
}

fn encode<S: Model>(state: S, diagnostics: &mut Diagnostics) -> Option<Value> {
    state
        .into_value()
        .inspect_err(|error| diagnostics.error("Unexpected value", format!("The new state is not a value: {error}.")))
        .ok()
}

fn encode_imported<S: Model>(imported: Imported<S>, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
    let Imported { state, private } = imported;
    Some(Imported {
        state: encode(state, diagnostics)?,
        private,
    })
}

fn decode_change<S: Model>(change: &Change<Value>, diagnostics: &mut Diagnostics) -> Option<Change<S>> {
    let prior = match &change.prior {
        Some(prior) => Some(decode(prior, "prior state", diagnostics)?),
        None => None,
    };
    let planned = decode(&change.planned, "planned state", diagnostics)?;
    Some(Change {
        prior,
        planned,
        config: change.config.clone(),
        private: change.private.clone(),
    })
}

#[async_trait::async_trait]
impl<R: Resource> Resource for Erased<R> {
    type State = Value;

    fn name(&self) -> String {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    async fn validate(&self, config: &Value, call: &Call, diagnostics: &mut Diagnostics) {
        self.0.validate(config, call, diagnostics).await;
    }

    async fn plan(&self, plan: &mut Plan, call: &Call, diagnostics: &mut Diagnostics) {
        self.0.plan(plan, call, diagnostics).await;
    }

    async fn plan_delete(&self, plan: &mut Plan, call: &Call, diagnostics: &mut Diagnostics) {
        self.0.plan_delete(plan, call, diagnostics).await;
    }

    async fn create(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let mut typed = decode_change(change, diagnostics)?;
        let state = self.0.create(&mut typed, call, diagnostics).await;
        change.private = typed.private;
        encode(state?, diagnostics)
    }

    async fn read(
        &self,
        state: Value,
        private: &mut Private,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let state = decode(&state, "stored state", diagnostics)?;
        let state = self.0.read(state, private, call, diagnostics).await?;
        encode(state, diagnostics)
    }

    async fn update(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let mut typed = decode_change(change, diagnostics)?;
        let state = self.0.update(&mut typed, call, diagnostics).await;
        change.private = typed.private;
        encode(state?, diagnostics)
    }

    async fn delete(&self, state: Value, private: &Private, call: &Call, diagnostics: &mut Diagnostics) {
        if let Some(state) = decode(&state, "stored state", diagnostics) {
            self.0.delete(state, private, call, diagnostics).await;
        }
    }

    async fn import(&self, id: &str, call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        let imported = self.0.import(id, call, diagnostics).await?;
        encode_imported(imported, diagnostics)
    }

    fn refine_configuration(&self, state: &Value, config: &mut Value) {
        self.0.refine_configuration(state, config);
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        self.0.identity_schema()
    }

    fn identity(&self, object: &Value) -> Value {
        self.0.identity(object)
    }

    fn is_identified_by(&self, identity: &Value, object: &Value) -> bool {
        self.0.is_identified_by(identity, object)
    }

    async fn import_by_identity(
        &self,
        identity: &Value,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Value>> {
        let imported = self.0.import_by_identity(identity, call, diagnostics).await?;
        encode_imported(imported, diagnostics)
    }

    async fn upgrade_identity(
        &self,
        version: i64,
        identity: serde_json::Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        self.0.upgrade_identity(version, identity, diagnostics).await
    }

    async fn upgrade(
        &self,
        version: i64,
        state: serde_json::Value,
        diagnostics: &mut Diagnostics,
    ) -> Option<serde_json::Value> {
        self.0.upgrade(version, state, diagnostics).await
    }
}

#[async_trait::async_trait]
impl<D: DataSource> DataSource for Erased<D> {
    type State = Value;

    fn name(&self) -> String {
        self.0.name()
    }

    fn schema(&self) -> Schema {
        self.0.schema()
    }

    async fn validate(&self, config: &Value, call: &Call, diagnostics: &mut Diagnostics) {
        self.0.validate(config, call, diagnostics).await;
    }

    async fn read(&self, config: Value, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let state = self.0.read(config, call, diagnostics).await?;
        encode(state, diagnostics)
    }
}
