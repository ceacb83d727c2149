//! `lockeddown_composition`: the policies of several workloads on one subnet as one.

use std::collections::BTreeMap;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use super::{
    expansion::{self, proven},
    outputs, policy, schema,
};
use crate::{
    network::NetworkPolicy,
    proof::{
        lint::{Lint, lint},
        model::{Given, Model},
    },
    workloads::{
        Workload,
        composition::{Composition, Conflict, Contribution, Part, compose},
    },
};

const POLICIES: &str = "policies";

/// The data source.
#[derive(Debug)]
pub(super) struct CompositionDataSource;

#[async_trait::async_trait]
impl DataSource for CompositionDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_composition".to_owned()
    }

    fn schema(&self) -> Schema {
        let outputs = schema::shared_outputs()
            .into_iter()
            .map(|(name, ty, description)| (name, Attribute::computed(ty, description)));
        Schema::new(
            "Several workloads on one subnet: their policies become one rule set, route table and firewall group. No credentials, no \
             connection.\n\nEvery rule keeps the name and priority that its workload alone gives it, so another workload changes nothing of \
             the others, and their order does not matter. What is the same is there once: the deny at the end of each direction (by the first of its names), a \
             rule of the subnet's isolation (at the first of its priorities), a route, a service endpoint. What cannot stand together is an error that names both workloads and proposes a free place. Limits of Azure \
             are checked for all together.",
        )
        .attribute(
            POLICIES,
            Attribute::required(
                Type::list(policy::ty()),
                "The output `policy` of each workload's data source, resource or of the function `expand`, all for the same subnet: prefixes that say otherwise are an error.",
            ),
        )
        .attribute(
            "environment",
            Attribute::computed(Type::String, "The cloud of all of them."),
        )
        .attributes(outputs)
        .attribute(
            "contributors",
            Attribute::computed(
                contributors_type(),
                "What each workload has in the composition, by its name (numbered where there are several of it): the names of its \
                 `security_rules`, `routes`, `rule_collections` and `service_endpoints`, and its `requirement_ids`. What several share, each \
                 of them has.",
            ),
        )
        .attribute("policy", Attribute::computed(policy::ty(), policy::DESCRIPTION))
        .attribute("proof", Attribute::computed(proven::ty(), proven::DESCRIPTION))
        .attribute(
            "lint",
            Attribute::computed(
                Type::list(Type::String),
                "Rules that change nothing beside the others, and what makes them so. A composition leaves them where they are.",
            ),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        if config.attribute(POLICIES).is_wholly_known() {
            composed(config, diagnostics);
        }
    }

    async fn read(&self, mut config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let (head, composition) = composed(&config, diagnostics)?;
        let (proof, lints) = prove(&composition.policy, diagnostics);
        if diagnostics.has_errors() {
            return None;
        }
        config.set_attribute("proof", proof.to_value());
        config.set_attribute("lint", Value::string_list(lints));
        for (name, value) in outputs::shared(&composition.policy) {
            config.set_attribute(name, value);
        }
        config.set_attribute("environment", head.environment.as_str().into());
        let contributors = composition.contributors.iter();
        let contributors = contributors.map(|(name, contribution)| (name.clone(), contribution_value(contribution)));
        config.set_attribute("contributors", Value::object(contributors));
        config.set_attribute("policy", policy::composed(&head, &composition.policy));
        Some(config)
    }
}

fn contributors_type() -> Type {
    let texts = |name: &'static str| (name, Type::set(Type::String));
    Type::map(Type::object([
        texts("security_rules"),
        texts("routes"),
        texts("rule_collections"),
        texts("service_endpoints"),
        texts("requirement_ids"),
    ]))
}

fn contribution_value(contribution: &Contribution) -> Value {
    Value::object(
        [
            ("security_rules", &contribution.security_rules),
            ("routes", &contribution.routes),
            ("rule_collections", &contribution.rule_collections),
            ("service_endpoints", &contribution.service_endpoints),
            ("requirement_ids", &contribution.requirement_ids),
        ]
        .map(|(name, texts)| (name, Value::string_set(texts.iter().cloned()))),
    )
}

/// The composition and what all policies have in common, or errors.
pub(super) fn composed(config: &Value, diagnostics: &mut Diagnostics) -> Option<(policy::Head, Composition)> {
    let path = Path::attribute(POLICIES);
    let values = config.attribute(POLICIES).as_list().unwrap_or_default();
    let mut policies: Vec<(String, NetworkPolicy)> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        let workload = value.attribute("workload").as_str().unwrap_or_default().to_owned();
        match policy::network_policy(value) {
            Ok(policy) => policies.push((workload, policy)),
            Err(error) => {
                diagnostics.error_at(
                    path.clone(),
                    "Unreadable policy",
                    format!("Policy {index} (`{workload}`): {error}."),
                );
                return None;
            }
        }
    }
    let head = head(values, &path, diagnostics)?;
    match compose_named(policies) {
        Ok(composition) => Some((head, composition)),
        Err(conflicts) => {
            for conflict in conflicts {
                diagnostics.error_at(path.clone(), conflict.summary(), format!("{conflict}."));
            }
            None
        }
    }
}

/// The composition of policies, each with its workload's name.
pub(super) fn compose_named(policies: Vec<(String, NetworkPolicy)>) -> Result<Composition, Vec<Conflict>> {
    let named = named(policies);
    let parts: Vec<Part<'_>> = named
        .iter()
        .map(|(name, (workload, policy))| Part {
            name,
            workload: Workload::find(workload),
            policy,
        })
        .collect();
    compose(&parts)
}

/// Each policy was proven alone; together one may close what another needs. Also what rules do not do beside the others.
pub(super) fn prove(policy: &NetworkPolicy, diagnostics: &mut Diagnostics) -> (proven::Proof, Vec<String>) {
    let model = Model::new(&Given::of_policy(policy));
    let (proof, problems) = proven::judge(&model, &|_| Path::attribute(POLICIES));
    expansion::report(problems, diagnostics);
    let lints = lint(&model).iter().map(Lint::in_words).collect();
    (proof, lints)
}

/// A subnet is in one region of one cloud; the edition of a composition is that of all, or none.
fn head(values: &[Value], path: &Path, diagnostics: &mut Diagnostics) -> Option<policy::Head> {
    let Some(first) = values.first() else {
        diagnostics.error_at(
            path.clone(),
            "Nothing to compose",
            "`policies` is empty: list the `policy` of each workload.",
        );
        return None;
    };
    let mut head = policy::Head::of(first);
    for other in values.iter().map(policy::Head::of) {
        for (what, one, two) in [
            ("environment", &head.environment, &other.environment),
            ("location", &head.location, &other.location),
        ] {
            if one != two {
                let detail = format!("One policy has `{what}` `{one}`, another `{two}`: a subnet is in one place.");
                diagnostics.error_at(path.clone(), "Policies of different places", detail);
                return None;
            }
        }
        if head.edition != other.edition {
            head.edition = None;
        }
    }
    Some(head)
}

/// Names for the policies: the workload's, numbered by what is in them where there are several, so that their order does not matter.
fn named(mut policies: Vec<(String, NetworkPolicy)>) -> BTreeMap<String, (String, NetworkPolicy)> {
    policies.sort_by_cached_key(|(workload, policy)| (workload.clone(), format!("{policy:?}")));
    policies.dedup();
    let mut numbers: BTreeMap<String, usize> = BTreeMap::new();
    let count = |workload: &String| policies.iter().filter(|(other, _)| other == workload).count();
    let counts: Vec<usize> = policies.iter().map(|(workload, _)| count(workload)).collect();
    policies
        .into_iter()
        .zip(counts)
        .map(|((workload, policy), count)| {
            let number = numbers.entry(workload.clone()).or_default();
            *number += 1;
            let name = match count {
                1 => workload.clone(),
                _ => format!("{workload} {number}"),
            };
            (name, (workload, policy))
        })
        .collect()
}
