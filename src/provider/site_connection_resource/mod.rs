//! A site behind a gateway of a virtual network: the local network gateway that describes it, and the connection to it.
//!
//! | module | idea |
//! |---|---|
//! | `arguments`, `validate`, `plan` | what a configuration may say, and what it will do |
//! | `site` | the ARM objects that follow from it |
//! | `local_gateway`, `connection` | one ARM object each: in Terraform's form and in ARM's |
//! | `arrival` | looking before the first write |
//! | `apply`, `part`, `remove` | part by part, and what the state says in between |
//! | `read`, `import` | Azure as state |
//!
//! The shared key travels from the configuration to an endpoint of its own and nowhere else: it is in no body that is read, merged and
//! written back.

mod apply;
mod arguments;
mod arrival;
mod connection;
mod import;
mod local_gateway;
mod part;
mod plan;
mod read;
mod remove;
mod site;
mod validate;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    provider::{Call, Change, Imported, Plan, Private, Resource},
    schema::Schema,
    value::{Type, Value},
};

use super::{configuration::Settings, managed::timeouts};

pub(super) const NAME: &str = "lockeddown_site_to_site_connection";

/// The resource.
#[derive(Debug)]
pub(super) struct SiteConnectionResource {
    settings: Arc<Settings>,
}

impl SiteConnectionResource {
    pub(super) fn new(settings: Arc<Settings>) -> SiteConnectionResource {
        SiteConnectionResource { settings }
    }
}

#[async_trait::async_trait]
impl Resource for SiteConnectionResource {
    type State = Value;

    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn schema(&self) -> Schema {
        arguments::schema()
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        validate::validate(config, diagnostics);
    }

    async fn plan(&self, plan: &mut Plan, _call: &Call, _diagnostics: &mut Diagnostics) {
        plan::plan(plan);
    }

    async fn create(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "create", call);
        apply::apply(&self.settings.session(), change, &call, diagnostics).await
    }

    async fn read(&self, state: Value, _: &mut Private, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&state, "read", call);
        read::read(&self.settings.session(), state, &call, diagnostics).await
    }

    async fn update(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "update", call);
        apply::apply(&self.settings.session(), change, &call, diagnostics).await
    }

    async fn delete(&self, state: Value, _: &Private, call: &Call, diagnostics: &mut Diagnostics) {
        let call = timeouts::call(&state, "delete", call);
        remove::remove(&self.settings.session(), &state, &call, diagnostics).await;
    }

    async fn import(&self, id: &str, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        import::find(id, diagnostics).map(|state| Imported {
            state,
            private: Private::new(),
        })
    }
    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(IdentitySchema::new().required("connection_id", Type::String, "ARM id of the connection."))
    }

    fn identity(&self, object: &Value) -> Value {
        // `connection_id` is null where the connection is gone; `id` never is.
        match object.attribute("id") {
            Value::Null => Value::Null,
            id => Value::object([("connection_id", id.clone())]),
        }
    }

    async fn import_by_identity(
        &self,
        identity: &Value,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Value>> {
        let id = identity.attribute("connection_id").as_str().unwrap_or_default();
        self.import(id, call, diagnostics).await
    }
}
