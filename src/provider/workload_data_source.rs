//! A workload as a data source: expansion only.

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::Schema,
    value::Value,
};

use super::{configuration::Settings, expansion, outputs, policy, schema};
use crate::workloads::{Surroundings, Workload};

/// The data source of one workload.
#[derive(Debug)]
pub(super) struct WorkloadDataSource {
    workload: &'static Workload,
    settings: Arc<Settings>,
}

impl WorkloadDataSource {
    /// The data source of `workload`.
    pub(super) fn new(workload: &'static Workload, settings: Arc<Settings>) -> WorkloadDataSource {
        WorkloadDataSource { workload, settings }
    }
}

#[async_trait::async_trait]
impl DataSource for WorkloadDataSource {
    type State = Value;

    fn name(&self) -> String {
        format!("lockeddown_{}", self.workload.name)
    }

    fn schema(&self) -> Schema {
        schema::data_source(self.workload)
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        expansion::validate(
            self.workload,
            config,
            &Surroundings::none(Default::default()),
            diagnostics,
        );
    }

    async fn read(&self, mut config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        // What nobody set is unknown here, and set below from the provider's defaults.
        for name in ["edition", "environment"] {
            if config.attribute(name).is_unknown() {
                config.set_attribute(name, Value::Null);
            }
        }
        let session = self.settings.session();
        expansion::refuse_undetermined(&session, &config, &["edition", "environment"], diagnostics)?;
        let surroundings = Surroundings::none(session.defaults);
        let values = expansion::workload_values(self.workload, &config, &surroundings);
        let (outcome, proof) = expansion::expand(self.workload, &values, &surroundings);
        expansion::report(outcome.problems, diagnostics);
        let expanded = outcome.expanded.filter(|_| !diagnostics.has_errors());
        if expanded.is_none() && !diagnostics.has_errors() {
            diagnostics.error(
                "Not expanded",
                "Something that decides which rules there are is not known.",
            );
        }
        let expanded = expanded?;
        config.set_attribute("edition", expanded.edition.as_str().into());
        config.set_attribute("environment", expanded.environment.as_str().into());
        let location = config.attribute("location").clone();
        config.set_attribute("policy", policy::value(self.workload, &location, &expanded));
        config.set_attribute("proof", proof.map_or(Value::Null, |proof| proof.to_value()));
        for (name, value) in outputs::outputs(&expanded) {
            config.set_attribute(name, value);
        }
        Some(config)
    }
}
