//! `lockeddown_verification`: whether rules, ours or anybody's, let pass what must and nothing that must not.

pub(super) mod answer;
pub(super) mod question;
pub(super) mod schema;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::Schema,
    value::Value,
};

use super::configuration::Settings;

/// The data source.
#[derive(Debug)]
pub(super) struct VerificationDataSource {
    settings: Arc<Settings>,
}

impl VerificationDataSource {
    /// The data source, with the provider's defaults in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> VerificationDataSource {
        VerificationDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for VerificationDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_verification".to_owned()
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn read(&self, config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let question = question::read(&config, &self.settings.session(), diagnostics)?;
        let mut state = config;
        for (name, value) in answer::outputs(answer::subnet(&question, &question.model())) {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}
