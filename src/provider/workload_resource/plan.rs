//! The plan of a workload resource: everything that can be known is known.
//!
//! Nothing here reads Azure. The policy is a pure function of the configuration, the edition and the cloud, and ids follow from
//! names, so a plan shows every rule with its values before anything exists.

use serde_json::{Value as Json, json};
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, Plan, Private},
    value::{Path, Value},
};

use super::{
    WorkloadResource,
    attach::{self, Targets},
};
use crate::{
    network::{Known, NetworkPolicy, PrerequisiteStatus},
    provider::{configuration::Session, expansion, outputs, schema},
    requirements::Edition,
    workloads::{Defaults, Surroundings},
};

/// Refines the plan of a create or update.
pub(super) fn plan(
    resource: &WorkloadResource,
    session: &Session,
    plan: &mut Plan,
    call: &Call,
    diagnostics: &mut Diagnostics,
) {
    let edition = edition(plan, session);
    if !call.stores_planned_private {
        refuse_forgotten_edition(plan, session, diagnostics);
    }
    let environment = environment(plan, session, diagnostics);
    let (Some(edition), Some(environment)) = (edition, environment) else {
        // The provider's own configuration is not known yet: nothing can be said of the rules.
        forget_outputs(resource, &mut plan.planned);
        return;
    };
    plan.planned.set_attribute("environment", environment.into());
    plan.planned.set_attribute("edition", edition.clone());
    remember_edition(&edition, &mut plan.private);
    plan_targets(plan);
    if plan.prior.is_none() {
        plan.planned.set_attribute("foreign_rules", Value::object::<String>([]));
    }
    expand_into(resource, session.defaults, &mut plan.planned, diagnostics);
}

/// Puts the outputs of the expansion into `object`; unknown where they cannot be known yet. Returns whether they are known.
pub(super) fn expand_into(
    resource: &WorkloadResource,
    defaults: Defaults,
    object: &mut Value,
    diagnostics: &mut Diagnostics,
) -> bool {
    let surroundings = surroundings(object, defaults);
    let values = expansion::workload_values(resource.workload, object, &surroundings);
    let (outcome, _) = expansion::expand(resource.workload, &values, &surroundings);
    expansion::report(outcome.problems, diagnostics);
    match outcome.expanded {
        Some(expanded) => {
            refuse_what_is_not_applied(&expanded.policy, diagnostics);
            for (name, value) in outputs::outputs(&expanded) {
                object.set_attribute(name, value);
            }
            true
        }
        None => {
            forget_outputs(resource, object);
            false
        }
    }
}

/// The resource writes a subnet and its network security group. Routes and firewall rules it would only show, which is worse than
/// nothing.
fn refuse_what_is_not_applied(policy: &NetworkPolicy, diagnostics: &mut Diagnostics) {
    let firewall = !policy.network_rule_collections.is_empty() || !policy.application_rule_collections.is_empty();
    if policy.routes.is_empty() && !firewall {
        return;
    }
    let detail = "This `egress` needs routes or firewall rule collections, which the resource does not apply: it writes the subnet and its \
                  network security group. Expand it with the data source of the same name and hand `routes` and the collections to \
                  `azurerm` or `azapi`.";
    diagnostics.error_at(Path::attribute("egress"), "Not applied by this resource", detail);
}

/// What the resource says of the subnet beyond the workload's arguments.
pub(super) fn surroundings(object: &Value, defaults: Defaults) -> Surroundings {
    let given = |name: &str| !object.attribute(name).is_null();
    let way_out =
        if given("nat_gateway_id") || object.attribute("default_outbound_access_enabled").as_bool() == Some(true) {
            PrerequisiteStatus::Satisfied
        } else if given("route_table_id") {
            PrerequisiteStatus::Unknown
        } else {
            PrerequisiteStatus::NotSatisfied
        };
    // `virtual_network_id` is known, unknown, or (an error reported elsewhere) no id at all.
    let path = attach::subnet_path(object).map_or(Known::NotYet, Known::Is);
    Surroundings {
        subnet_path: Some(path),
        defaults,
        subnet_argument: Some(&attach::ADDRESS_PREFIXES),
        way_out,
    }
}

fn forget_outputs(resource: &WorkloadResource, object: &mut Value) {
    for (name, _) in schema::outputs(resource.workload) {
        object.set_attribute(name, Value::UNKNOWN);
    }
}

/// The argument, else what the resource was made with (in state, or left by the first plan of a replacement), else the provider's,
/// else the newest. `None` while the provider's is not known.
fn edition(plan: &Plan, session: &Session) -> Option<Value> {
    let configured = plan.config.attribute("edition");
    if !configured.is_null() {
        return Some(configured.clone());
    }
    let kept = plan
        .prior
        .as_ref()
        .and_then(|prior| prior.attribute("edition").as_str().map(str::to_owned));
    if let Some(kept) = kept.or_else(|| remembered_edition(&plan.private)) {
        return Some(kept.into());
    }
    if session.undetermined {
        return None;
    }
    Some(session.defaults.edition.unwrap_or_else(Edition::newest).as_str().into())
}

/// When Terraform before 1.16 replaces an object, the plan that it makes during apply knows nothing of the old object. Better an
/// error now than a plan that cannot be carried out.
fn refuse_forgotten_edition(plan: &Plan, session: &Session, diagnostics: &mut Diagnostics) {
    if plan.prior.is_some() || !plan.config.attribute("edition").is_null() {
        return;
    }
    let default = session.defaults.edition.unwrap_or_else(Edition::newest);
    let Some(kept) = remembered_edition(&plan.private).filter(|kept| kept != default.as_str()) else {
        return;
    };
    let detail = format!(
        "The object is replaced and keeps its edition `{kept}`, but this Terraform (before 1.16) cannot hand that on to the new one, which \
         would get `{default}`. Set `edition = \"{kept}\"` to keep it, or `edition = \"{default}\"` to move on."
    );
    diagnostics.error_at(Path::attribute("edition"), "Edition lost in replacement", detail);
}

/// The cloud is the provider's: an object cannot be in another one. `None` while the provider's is not known.
fn environment(plan: &Plan, session: &Session, diagnostics: &mut Diagnostics) -> Option<&'static str> {
    if session.undetermined {
        return None;
    }
    let environment = session.environment().as_str();
    let configured = plan.config.attribute("environment").as_str();
    if let Some(other) = configured.filter(|configured| *configured != environment) {
        let detail = format!(
            "`environment` is `{other}`, but the provider is configured for `{environment}`, where the objects would be made. Leave the \
             argument out, or use a provider configured for `{other}`."
        );
        diagnostics.error_at(
            Path::attribute("environment"),
            "Another cloud than the provider's",
            detail,
        );
    }
    Some(environment)
}

/// Ids follow from names, so they are known before anything exists. On an update the old spelling stays.
fn plan_targets(plan: &mut Plan) {
    let name = plan.planned.attribute("name").as_str().map(str::to_owned);
    for (argument, from_name) in [("network_security_group_name", true), ("resource_group_name", false)] {
        if !plan.config.attribute(argument).is_null() || !plan.planned.attribute(argument).is_unknown() {
            continue;
        }
        let value = if from_name {
            name.as_deref().map(attach::default_group_name)
        } else {
            let network = plan.planned.attribute("virtual_network_id").as_str();
            network
                .and_then(|id| id.parse::<crate::azure::ResourceId>().ok())
                .map(|id| id.resource_group().to_owned())
        };
        if let Some(value) = value {
            plan.planned.set_attribute(argument, value.into());
        }
    }
    let prior = |name: &str| {
        plan.prior
            .as_ref()
            .and_then(|prior| prior.attribute(name).as_str().map(str::to_owned))
    };
    let targets = Targets::of(&plan.planned);
    let ids = [
        ("id", targets.as_ref().map(|targets| targets.subnet.to_string())),
        ("subnet_id", targets.as_ref().map(|targets| targets.subnet.to_string())),
        (
            "network_security_group_id",
            targets
                .as_ref()
                .map(|targets| targets.network_security_group.to_string()),
        ),
    ];
    let planned: Vec<(&str, Value)> = ids
        .into_iter()
        .map(|(name, id)| match (id, prior(name)) {
            (Some(id), Some(prior)) if prior.eq_ignore_ascii_case(&id) => (name, prior.into()),
            (Some(id), _) => (name, id.into()),
            (None, _) => (name, Value::unknown_not_null()),
        })
        .collect();
    for (name, id) in planned {
        plan.planned.set_attribute(name, id);
    }
}

fn remember_edition(edition: &Value, private: &mut Private) {
    if let Some(edition) = edition.as_str() {
        *private = json!({ "edition": edition }).to_string().into_bytes();
    }
}

fn remembered_edition(private: &[u8]) -> Option<String> {
    let remembered: Json = serde_json::from_slice(private).ok()?;
    remembered.get("edition")?.as_str().map(str::to_owned)
}
