//! `lockeddown_aml_outbound_dependencies`: the hosts that Azure says a workspace's computes talk to, beside those that policies name.

mod comparison;

use std::{collections::BTreeMap, sync::Arc};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use self::comparison::{Expected, Stated};
use super::{azure_readers, configuration::Settings, policy};
use crate::azure::ResourceId;

const WORKSPACE: (&str, &[&str]) = ("Microsoft.MachineLearningServices", &["workspaces"]);

/// The data source.
#[derive(Debug)]
pub(super) struct AmlOutboundDependenciesDataSource {
    settings: Arc<Settings>,
}

impl AmlOutboundDependenciesDataSource {
    /// The data source, with the way to Azure in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> AmlOutboundDependenciesDataSource {
        AmlOutboundDependenciesDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for AmlOutboundDependenciesDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_aml_outbound_dependencies".to_owned()
    }

    fn schema(&self) -> Schema {
        schema()
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        azure_readers::id(config, "workspace_id", WORKSPACE, diagnostics);
        azure_readers::check_timeouts(config, diagnostics);
        let policies = config.attribute("policies");
        if policies.is_wholly_known() {
            expected(policies, diagnostics);
        }
    }

    async fn read(&self, config: Value, call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let workspace = azure_readers::id(&config, "workspace_id", WORKSPACE, diagnostics)?;
        let expected = expected(config.attribute("policies"), diagnostics)?;
        let stated = self.stated(&workspace, &config, call, diagnostics).await?;
        let missing = comparison::missing(&stated, &expected);
        let surplus = comparison::surplus(&stated, &expected);
        let mut state = config;
        state.set_attribute("complete", missing.is_empty().into());
        state.set_attribute("missing", Value::List(missing.iter().map(stated_value).collect()));
        state.set_attribute("surplus", Value::List(surplus.iter().map(expected_value).collect()));
        state.set_attribute("endpoints", Value::List(stated.iter().map(stated_value).collect()));
        Some(state)
    }
}

impl AmlOutboundDependenciesDataSource {
    async fn stated(
        &self,
        workspace: &ResourceId,
        config: &Value,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Vec<Stated>> {
        let session = self.settings.session();
        let call = azure_readers::azure_call(config, call);
        let answer = match session.client.outbound_network_dependencies(workspace, &call).await {
            Ok(answer) => answer,
            Err(error) => {
                azure_readers::not_read("Outbound dependencies", "workspace_id", &error, diagnostics);
                return None;
            }
        };
        match comparison::stated(&answer) {
            Ok(stated) => Some(stated),
            Err(reason) => {
                let detail =
                    format!("The answer of Azure Machine Learning is not what its API is described to give: {reason}.");
                diagnostics.error_at(
                    Path::attribute("workspace_id"),
                    "Outbound dependencies not understood",
                    detail,
                );
                None
            }
        }
    }
}

/// The hosts of the policies, each once; an error where they are no policies of one place.
fn expected(policies: &Value, diagnostics: &mut Diagnostics) -> Option<Vec<Expected>> {
    let mut hosts: BTreeMap<String, Expected> = BTreeMap::new();
    for (position, value) in policies.as_list().into_iter().flatten().enumerate() {
        let policy = match policy::network_policy(value) {
            Ok(policy) => policy,
            Err(error) => {
                let path = Path::attribute("policies").index(position);
                diagnostics.error_at(path, "Not a policy", format!("{error}."));
                return None;
            }
        };
        for host in policy.hosts.into_values() {
            let entry = hosts.entry(host.host.to_lowercase()).or_insert_with(|| Expected {
                host: host.host.clone(),
                ports: Default::default(),
                requirement_ids: Default::default(),
            });
            entry.ports.extend(host.ports);
            entry.requirement_ids.extend(host.requirement_ids);
        }
    }
    Some(hosts.into_values().collect())
}

fn stated_value(stated: &Stated) -> Value {
    Value::object([
        ("category", Value::from(stated.category.as_str())),
        ("host", stated.host.as_str().into()),
        (
            "ports",
            Value::List(stated.ports.iter().map(|port| i64::from(*port).into()).collect()),
        ),
    ])
}

fn expected_value(expected: &Expected) -> Value {
    Value::object([
        ("host", Value::from(expected.host.as_str())),
        ("ports", Value::string_set(expected.ports.iter().cloned())),
        (
            "requirement_ids",
            Value::string_set(expected.requirement_ids.iter().cloned()),
        ),
    ])
}

fn schema() -> Schema {
    let stated = || {
        Type::list(Type::object([
            ("category", Type::String),
            ("host", Type::String),
            ("ports", Type::list(Type::Number)),
        ]))
    };
    let expected = Type::object([
        ("host", Type::String),
        ("ports", Type::set(Type::String)),
        ("requirement_ids", Type::set(Type::String)),
    ]);
    Schema::new(
        "Compares the hosts that an Azure Machine Learning workspace says its computes talk to (`outboundNetworkDependenciesEndpoints`, which \
         Microsoft's page names as the current list) with the hosts of policies, so of a requirements edition with the chosen options. It reads \
         Azure: it needs credentials and the action \
         `Microsoft.MachineLearningServices/workspaces/outboundNetworkDependenciesEndpoints/read`.\n\nA host with an asterisk stands for every name \
         below it. The API names what every workspace of the region talks to, and nothing that only a script of yours installs: a surplus host is \
         no mistake by itself.",
    )
    .attribute(
        "workspace_id",
        Attribute::required(Type::String, "ARM id of the workspace."),
    )
    .attribute(
        "policies",
        Attribute::required(
            Type::list(policy::ty()),
            "What the network lets pass: the output `policy` of `lockeddown_aml_compute_egress`, or of `lockeddown_aml_kubernetes_egress`, with the \
             options in use. Only their `hosts` are compared; with `egress.type = \"firewall\"` they are what the firewall is opened for.",
        ),
    )
    .attribute("timeouts", azure_readers::timeouts())
    .attribute("complete", Attribute::computed(Type::Bool, "Whether nothing is missing: made for `check` blocks."))
    .attribute(
        "missing",
        Attribute::computed(
            stated(),
            "Hosts that Azure names and no policy covers, by category, with the ports that are not covered. A workspace without them loses what \
             the category says.",
        ),
    )
    .attribute(
        "surplus",
        Attribute::computed(
            Type::list(expected),
            "Hosts of the policies that Azure does not name, with the ports that it does not name, and the requirements that ask for them.",
        ),
    )
    .attribute(
        "endpoints",
        Attribute::computed(stated(), "Everything Azure names, by category."),
    )
}
