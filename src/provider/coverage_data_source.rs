//! `lockeddown_coverage`: what of the requirements of workloads an existing subnet meets, lacks or exceeds.

mod answer;
mod reading;
mod schema;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::Schema,
    value::{Path, Value},
};

use super::{
    azure_readers,
    configuration::Settings,
    policy::{self, Head},
};
use crate::{
    network::{AddressSide, Prefix},
    regions::Cloud,
    report::subnet::Part,
};

/// The data source.
#[derive(Debug)]
pub(super) struct CoverageDataSource {
    settings: Arc<Settings>,
}

impl CoverageDataSource {
    /// The data source, with the way to Azure in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> CoverageDataSource {
        CoverageDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for CoverageDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_coverage".to_owned()
    }

    fn schema(&self) -> Schema {
        schema::schema()
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        reading::ids(config, diagnostics);
        azure_readers::check_timeouts(config, diagnostics);
        if config.attribute("policies").is_wholly_known() {
            policies(config, diagnostics);
        }
    }

    async fn read(&self, config: Value, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let session = self.settings.session();
        let ids = reading::ids(&config, diagnostics)?;
        let (policies, cloud) = policies(&config, diagnostics)?;
        let cloud = cloud.unwrap_or(session.environment());
        let call = azure_readers::azure_call(&config, call);
        let seen = match reading::look(&session, &ids, &call).await {
            Ok(seen) => seen,
            Err(setback) => {
                setback.report(diagnostics);
                return None;
            }
        };
        refuse_other_prefixes(&policies, &seen.prefixes(), diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
        let outputs = match answer::answer(&config, policies, &seen, cloud) {
            Ok(outputs) => outputs,
            Err(refused) => {
                let detail = format!("{}. {}", refused.reason, refused.remedy);
                diagnostics.error_at(Path::attribute(refused.argument), "Cannot be proven", detail);
                return None;
            }
        };
        let mut state = config;
        for (name, value) in outputs {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}

/// The policies, and the cloud they are for.
fn policies(config: &Value, diagnostics: &mut Diagnostics) -> Option<(Vec<Part>, Option<Cloud>)> {
    let values = config.attribute("policies").as_list().unwrap_or_default();
    let (mut policies, mut cloud) = (Vec::new(), None);
    for (position, value) in values.iter().enumerate() {
        match policy::network_policy(value) {
            Ok(policy) => {
                let head = Head::of(value);
                cloud = cloud.or_else(|| head.environment.parse().ok());
                policies.push(Part {
                    workload: value.attribute("workload").as_str().unwrap_or_default().to_owned(),
                    edition: head.edition,
                    environment: head.environment,
                    location: head.location,
                    policy,
                });
            }
            Err(error) => {
                let path = Path::attribute("policies").index(position);
                diagnostics.error_at(path, "Not a policy", format!("{error}."));
                return None;
            }
        }
    }
    if policies.is_empty() && !config.attribute("policies").is_unknown() {
        let detail =
            "`policies` is empty: give the `policy` of at least one workload, whose requirements are looked for.";
        diagnostics.error_at(Path::attribute("policies"), "No policies", detail);
        return None;
    }
    Some((policies, cloud))
}

/// Policies about other addresses than the subnet's would find everything lacking. One that knows no more than the virtual network is about
/// the whole subnet.
fn refuse_other_prefixes(policies: &[Part], subnet: &[Prefix], diagnostics: &mut Diagnostics) {
    for (position, part) in policies.iter().enumerate() {
        let local = part.policy.flows.values().filter_map(|flow| match &flow.local {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        });
        let meets = |prefix: &Prefix| subnet.iter().any(|own| own.contains(prefix) || prefix.contains(own));
        let stranger = local.flatten().find(|prefix| !prefix.is_everything() && !meets(prefix));
        if let Some(stranger) = stranger {
            let own: Vec<String> = subnet.iter().map(ToString::to_string).collect();
            let detail = format!(
                "The policy is about `{stranger}`, which is not within the subnet's `{}`. Expand it with `subnet_address_prefixes` of this \
                 subnet, or without.",
                own.join("`, `")
            );
            diagnostics.error_at(
                Path::attribute("policies").index(position),
                "Not the subnet's prefix",
                detail,
            );
        }
    }
}
