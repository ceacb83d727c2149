//! A workload as a managed resource: its policy where it belongs, in a network security group, a route table and at the firewall, around
//! a subnet that the resource makes or that exists.
//!
//! | module | idea |
//! |---|---|
//! | `arguments`, `validate` | where the policy goes, as the configuration says it |
//! | `targets` | the ARM objects that follow from it, and whose they are |
//! | `source`, `demand` | the workload expanded, or several composed, for that place |
//! | `plan`, `conflicts`, `neighbours`, `traffic` | everything that can be known is known, and said |
//! | `own_objects` | names and ids of what is the resource's own |
//! | `arrival` | looking before the first write |
//! | `apply`, `remove`, `part`, `work` | part by part, and what the state says in between |
//! | `relied_on` | what stays because others need it |
//! | `group`, `table`, `firewall`, `subnet` | one kind of ARM object each |
//! | `forms` | entries of these objects in Terraform's form and in ARM's |
//! | `kept` | what is remembered beside the state; in Azure it is `managed::owner` |
//! | `read`, `import` | Azure as state |
//! | `names` | what an import takes for its own among the entries of others |
//! | `identity` | what names the resource to an import |
//! | `generated` | the configuration that Terraform writes after one |
//!
//! The group is written first, with all its rules in one request, then the table and the firewall's rules, and the subnet last with both in its first request:
//! landing zones deny a subnet without a group, and there is no moment in which it is open.

mod apply;
mod arguments;
mod arrival;
mod conflicts;
mod demand;
mod firewall;
pub(in crate::provider) mod forms;
mod generated;
mod group;
mod holder;
mod host_subnet;
mod identity;
mod import;
mod kept;
mod names;
mod neighbours;
mod own_objects;
mod part;
mod plan;
mod read;
mod relied_on;
mod remove;
mod source;
mod subnet;
mod table;
mod targets;
mod traffic;
mod validate;
mod work;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    provider::{Call, Change, Imported, Plan, Private, Resource},
    schema::Schema,
    value::Value,
};

pub(super) use self::source::Source;
use self::{arguments::Reach, kept::Kept};
use super::{
    configuration::Settings,
    managed::{owner, timeouts},
};

/// The resource of one workload, or of the policies of several.
#[derive(Debug)]
pub(super) struct WorkloadResource {
    source: Source,
    settings: Arc<Settings>,
}

impl WorkloadResource {
    /// The resource of what `source` demands.
    pub(super) fn new(source: Source, settings: Arc<Settings>) -> WorkloadResource {
        WorkloadResource { source, settings }
    }

    fn type_name(&self) -> String {
        format!("lockeddown_{}", self.source.name())
    }

    fn reach(&self) -> Reach {
        self.source.reach()
    }
}

#[async_trait::async_trait]
impl Resource for WorkloadResource {
    type State = Value;

    fn name(&self) -> String {
        self.type_name()
    }

    fn schema(&self) -> Schema {
        let reach = self.reach();
        let description = format!("{}\n\n{}", self.source.description(), reach.description());
        Schema::new(description)
            .attributes(self.source.arguments())
            .attributes(self.source.outputs())
            .attributes(arguments::arguments(self.reach()))
            .attributes(arguments::outputs(self.reach()))
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        validate::arguments(self.reach(), config, diagnostics);
        demand::validate(self, config, diagnostics);
    }

    async fn plan(&self, plan: &mut Plan, call: &Call, diagnostics: &mut Diagnostics) {
        plan::plan(self, &self.settings.session(), plan, call, diagnostics);
    }

    async fn plan_delete(&self, plan: &mut Plan, _call: &Call, diagnostics: &mut Diagnostics) {
        if let Some(state) = &plan.prior {
            traffic::warn_of_removal(state, diagnostics);
        }
    }

    async fn create(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "create", call);
        apply::apply(self, &self.settings.session(), change, &call, diagnostics).await
    }

    async fn read(
        &self,
        state: Value,
        private: &mut Private,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let call = timeouts::call(&state, "read", call);
        read::read(self, &self.settings.session(), state, private, &call, diagnostics).await
    }

    async fn update(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = timeouts::call(&change.planned, "update", call);
        apply::apply(self, &self.settings.session(), change, &call, diagnostics).await
    }

    async fn delete(&self, state: Value, private: &Private, call: &Call, diagnostics: &mut Diagnostics) {
        let call = timeouts::call(&state, "delete", call);
        let kept = Kept::read(private);
        remove::remove(self, &self.settings.session(), &state, &kept, &call, diagnostics).await;
    }

    async fn import(&self, id: &str, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        import::find(self, id, diagnostics).map(|state| Imported {
            state,
            private: Private::new(),
        })
    }

    fn refine_configuration(&self, state: &Value, config: &mut Value) {
        generated::refine(self, state, config);
    }

    fn identity_schema(&self) -> Option<IdentitySchema> {
        Some(identity::schema(self.reach()))
    }

    fn identity(&self, object: &Value) -> Value {
        identity::of(self.reach(), object)
    }

    async fn import_by_identity(
        &self,
        identity: &Value,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Imported<Value>> {
        let id = identity::import_id(self.reach(), identity, diagnostics)?;
        self.import(&id, call, diagnostics).await
    }
}
