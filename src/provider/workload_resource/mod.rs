//! A workload as a managed resource: a subnet born locked down, with a network security group of its own.
//!
//! The group is written first, with all its rules in one request, then the subnet with group, service endpoints, route table and
//! NAT gateway in its first request: landing zones deny a subnet without a group, and there is no moment in which it is open.

mod apply;
mod attach;
mod document;
mod owner;
mod plan;
mod read;
mod rule;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Change, Imported, Plan, Private, Resource},
    schema::Schema,
    value::Value,
};

use super::{configuration::Settings, expansion, schema};
use crate::{
    azure,
    workloads::{Defaults, Workload},
};

/// The resource of one workload.
#[derive(Debug)]
pub(super) struct WorkloadResource {
    workload: &'static Workload,
    settings: Arc<Settings>,
}

impl WorkloadResource {
    /// The resource of `workload`.
    pub(super) fn new(workload: &'static Workload, settings: Arc<Settings>) -> WorkloadResource {
        WorkloadResource { workload, settings }
    }

    fn type_name(&self) -> String {
        format!("lockeddown_{}", self.workload.name)
    }

    fn azure_call(&self, object: &Value, operation: &str, call: &Call) -> azure::Call {
        azure::Call::new(attach::timeout(object, operation), call.cancel.clone())
    }
}

#[async_trait::async_trait]
impl Resource for WorkloadResource {
    type State = Value;

    fn name(&self) -> String {
        self.type_name()
    }

    fn schema(&self) -> Schema {
        let description = format!(
            "{}\n\nThis resource creates the subnet and a network security group of its own that holds all the rules, and keeps both as the \
             documents demand: a rule that is changed, removed or added behind its back shows in the next plan and is put right.",
            self.workload.description
        );
        let location = |(name, attribute): (String, tfplugin_rs::schema::Attribute)| match name.as_str() {
            "location" => (name, attribute.replaces().equivalent_when(attach::SAME_LOCATION)),
            _ => (name, attribute),
        };
        Schema::new(description)
            .attributes(schema::arguments(self.workload).map(location))
            .attributes(schema::outputs(self.workload))
            .attributes(attach::arguments())
            .attributes(attach::outputs())
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        attach::validate(config, diagnostics);
        let surroundings = plan::surroundings(config, Defaults::default());
        expansion::validate(self.workload, config, &surroundings, diagnostics);
    }

    async fn plan(&self, plan: &mut Plan, call: &Call, diagnostics: &mut Diagnostics) {
        plan::plan(self, &self.settings.session(), plan, call, diagnostics);
    }

    async fn create(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = self.azure_call(&change.planned, "create", call);
        apply::create(
            self,
            &self.settings.session(),
            change.planned.clone(),
            &call,
            diagnostics,
        )
        .await
    }

    async fn read(
        &self,
        state: Value,
        _private: &mut Private,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Value> {
        let call = self.azure_call(&state, "read", call);
        read::read(self, &self.settings.session(), state, &call, diagnostics).await
    }

    async fn update(&self, change: &mut Change<Value>, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let call = self.azure_call(&change.planned, "update", call);
        apply::update(
            self,
            &self.settings.session(),
            change.planned.clone(),
            &call,
            diagnostics,
        )
        .await
    }

    async fn delete(&self, state: Value, _private: &Private, call: &Call, diagnostics: &mut Diagnostics) {
        let call = self.azure_call(&state, "delete", call);
        apply::delete(self, &self.settings.session(), &state, &call, diagnostics).await;
    }

    async fn import(&self, id: &str, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Imported<Value>> {
        read::import(self, id, diagnostics).map(|state| Imported {
            state,
            private: Private::new(),
        })
    }
}
