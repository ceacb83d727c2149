//! Carrying out a plan: group first, then the subnet; the other way round on destroy.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value, json},
};

use super::{
    WorkloadResource,
    attach::{self, Targets},
    document::{self, Group, Subnet},
    owner, plan,
};
use crate::{
    azure::{ArmError, Call, Document, ResourceId},
    provider::configuration::Session,
    regions::normalize_location,
};

/// Creates group and subnet, or takes over what an interrupted create of ours left.
pub(super) async fn create(
    resource: &WorkloadResource,
    session: &Session,
    mut planned: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (targets, group) = prepare(resource, session, &mut planned, diagnostics)?;
    let found = look(session, &targets, call, diagnostics).await?;
    check_network(&found, &planned, &targets, diagnostics);
    check_ownership(resource, &found, &targets, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    let groups = session.client.network_security_groups();
    let id = &targets.network_security_group;
    let written = match found.group {
        None => groups.create(id, group.body(), call).await,
        Some(_) => groups.update(id, call, |document| group.write_into(document)).await,
    };
    if let Err(error) = written {
        report("Network security group not created", &error, diagnostics);
        // A failed operation leaves the group behind; with a state the next apply removes or repairs it.
        return error.may_have_written().then_some(planned);
    }
    let subnets = session.client.subnets();
    let subnet = Subnet::planned(&planned, id);
    let written_subnet = match found.subnet {
        None => subnets.create(&targets.subnet, subnet.body(), call).await,
        Some(_) => {
            subnets
                .update(&targets.subnet, call, |document| subnet.write_into(document))
                .await
        }
    };
    if let Err(error) = written_subnet {
        report("Subnet not created", &error, diagnostics);
        return Some(planned);
    }
    Some(planned)
}

/// Changes group and subnet; makes again what somebody removed.
pub(super) async fn update(
    resource: &WorkloadResource,
    session: &Session,
    mut planned: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let (targets, group) = prepare(resource, session, &mut planned, diagnostics)?;
    let groups = session.client.network_security_groups();
    let id = &targets.network_security_group;
    let written = match groups.update(id, call, |document| group.write_into(document)).await {
        Err(error) if error.is_not_found() => groups.create(id, group.body(), call).await,
        other => other,
    };
    if let Err(error) = written {
        report("Network security group not changed", &error, diagnostics);
        return None;
    }
    let subnets = session.client.subnets();
    let subnet = Subnet::planned(&planned, id);
    let written = match subnets
        .update(&targets.subnet, call, |document| subnet.write_into(document))
        .await
    {
        Err(error) if error.is_not_found() => subnets.create(&targets.subnet, subnet.body(), call).await,
        other => other,
    };
    if let Err(error) = written {
        // The group is changed and the subnet is not. The prior state is kept, and the next refresh sees what is.
        report("Subnet not changed", &error, diagnostics);
        return None;
    }
    Some(planned)
}

/// Deletes subnet and group. What is gone already is fine; a group that is not marked as ours any more is left alone.
pub(super) async fn delete(
    resource: &WorkloadResource,
    session: &Session,
    state: &Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) {
    let Some(targets) = targets(state, diagnostics) else {
        return;
    };
    if let Err(error) = session.client.subnets().delete(&targets.subnet, call).await {
        report("Subnet not deleted", &error, diagnostics);
        return;
    }
    let groups = session.client.network_security_groups();
    let id = &targets.network_security_group;
    match groups.get(id, call).await {
        Ok(Some(group)) if !owner::marks(&document::tags_of(&group.body), &resource.type_name(), &targets.subnet) => {
            let detail = format!(
                "`{id}` no longer carries the tag by which the provider marks what it owns, so it was not deleted."
            );
            diagnostics.warning("Network security group left behind", detail);
        }
        Ok(Some(_)) => {
            if let Err(error) = groups.delete(id, call).await {
                report("Network security group not deleted", &error, diagnostics);
            }
        }
        Ok(None) => {}
        Err(error) => report("Network security group not read", &error, diagnostics),
    }
}

/// An ARM error as a diagnostic.
pub(super) fn report(summary: &str, error: &ArmError, diagnostics: &mut Diagnostics) {
    diagnostics.error(summary, error.to_diagnostic());
}

/// The targets of a plan or state, all of whose parts are known by now.
pub(super) fn targets(object: &Value, diagnostics: &mut Diagnostics) -> Option<Targets> {
    let targets = Targets::of(object);
    if targets.is_none() {
        let detail = format!(
            "`virtual_network_id` is `{}`, which is not an ARM id.",
            object.attribute("virtual_network_id").as_str().unwrap_or_default()
        );
        diagnostics.error_at(
            Path::attribute("virtual_network_id"),
            "Not the id of a virtual network",
            detail,
        );
    }
    targets
}

/// Fills in what became known since the plan, and builds the group.
fn prepare(
    resource: &WorkloadResource,
    session: &Session,
    planned: &mut Value,
    diagnostics: &mut Diagnostics,
) -> Option<(Targets, Group)> {
    let targets = targets(planned, diagnostics)?;
    for (name, id) in [
        ("id", &targets.subnet),
        ("subnet_id", &targets.subnet),
        ("network_security_group_id", &targets.network_security_group),
    ] {
        if planned.attribute(name).is_unknown() {
            planned.set_attribute(name, id.to_string().into());
        }
    }
    if !planned.is_wholly_known() {
        let known = plan::expand_into(resource, session.defaults, planned, diagnostics);
        if !known && !diagnostics.has_errors() {
            diagnostics.error(
                "Not expanded",
                "Something that decides which rules there are is still not known.",
            );
        }
        if diagnostics.has_errors() {
            return None;
        }
    }
    let tags = owner::tags(&resource.type_name(), &targets.subnet, &options(resource, planned));
    let tags = tags.map_err(|error| {
        let detail = format!("The options cannot be kept in the group's tags, from which an import reads them: {error}. Shorten `waived_requirements` or `extra_rules`.");
        diagnostics.error("Too many options", detail);
    });
    Some((targets, Group::planned(planned, tags.ok()?)))
}

/// What an import cannot read back from Azure: the workload's own arguments, and those of the resource that Azure knows nothing of.
fn options(resource: &WorkloadResource, planned: &Value) -> Json {
    let workloads = super::super::schema::arguments(resource.workload)
        .filter(|(name, _)| !matches!(name.as_str(), "location" | "environment"));
    let own = attach::arguments()
        .into_iter()
        .filter(|(name, _)| matches!(*name, "ignored_rule_name_prefixes" | "timeouts"))
        .map(|(name, attribute)| (name.to_owned(), attribute));
    let mut options = Map::new();
    for (name, attribute) in workloads.chain(own) {
        let value = planned.attribute(&name);
        if value.is_null() || attribute.default.as_ref() == Some(value) {
            continue;
        }
        if let Ok(json) = json::to_json(value, &attribute.ty()) {
            options.insert(name, json);
        }
    }
    Json::Object(options)
}

/// What is there before a create.
struct Found {
    network: Option<Document>,
    subnet: Option<Document>,
    group: Option<Document>,
}

async fn look(session: &Session, targets: &Targets, call: &Call, diagnostics: &mut Diagnostics) -> Option<Found> {
    let networks = session.client.virtual_networks();
    let (subnets, groups) = (session.client.subnets(), session.client.network_security_groups());
    let (network, subnet, group) = tokio::join!(
        networks.get(&targets.virtual_network, call),
        subnets.get(&targets.subnet, call),
        groups.get(&targets.network_security_group, call),
    );
    let mut read = |what: &str, result: Result<Option<Document>, ArmError>| {
        result
            .inspect_err(|error| report(&format!("{what} not read"), error, diagnostics))
            .ok()
    };
    let network = read("Virtual network", network);
    // One failure is enough to say: the others have the same cause as a rule.
    let network = network?;
    Some(Found {
        network,
        subnet: read("Subnet", subnet)?,
        group: read("Network security group", group)?,
    })
}

/// What could not be checked at plan, because plans do not read Azure.
fn check_network(found: &Found, planned: &Value, targets: &Targets, diagnostics: &mut Diagnostics) {
    let Some(network) = &found.network else {
        let detail = format!("`{}` does not exist.", targets.virtual_network);
        diagnostics.error_at(
            Path::attribute("virtual_network_id"),
            "Virtual network not found",
            detail,
        );
        return;
    };
    let home = network.body.get("location").and_then(Json::as_str).unwrap_or_default();
    let location = planned.attribute("location").as_str().unwrap_or_default();
    if normalize_location(home) != normalize_location(location) {
        let detail = format!(
            "`location` is `{location}`, but `{}` is in `{home}`: a subnet's network security group must be in the region of its virtual \
             network.",
            targets.virtual_network
        );
        diagnostics.error_at(
            Path::attribute("location"),
            "Another region than the virtual network's",
            detail,
        );
    }
}

/// What exists without our mark belongs to somebody else; what exists with it is the leftover of an interrupted create.
fn check_ownership(resource: &WorkloadResource, found: &Found, targets: &Targets, diagnostics: &mut Diagnostics) {
    let tags = found.group.as_ref().map(|group| document::tags_of(&group.body));
    let group_is_ours = tags
        .as_ref()
        .is_some_and(|tags: &BTreeMap<String, String>| owner::marks(tags, &resource.type_name(), &targets.subnet));
    if tags.is_some() && !group_is_ours {
        exists(
            resource,
            "network security group",
            &targets.network_security_group,
            &targets.subnet,
            diagnostics,
        );
    }
    if let Some(subnet) = &found.subnet {
        let associated = document::association(&subnet.body, "networkSecurityGroup");
        let guarded_by_ours = group_is_ours
            && associated.is_some_and(|id| id.eq_ignore_ascii_case(&targets.network_security_group.to_string()));
        if !guarded_by_ours {
            exists(resource, "subnet", &targets.subnet, &targets.subnet, diagnostics);
        }
    }
}

fn exists(
    resource: &WorkloadResource,
    what: &str,
    id: &ResourceId,
    import_id: &ResourceId,
    diagnostics: &mut Diagnostics,
) {
    let detail = format!(
        "The {what} `{id}` exists already and was not made by this resource. If Terraform shall manage it from now on, import it: \
         `terraform import {}.<name> {import_id}`. Otherwise choose another name.",
        resource.type_name()
    );
    let argument = if what == "subnet" {
        "name"
    } else {
        "network_security_group_name"
    };
    diagnostics.error_at(
        Path::attribute(argument),
        format!("A {what} of that name exists"),
        detail,
    );
}

/// The owner's options in a group's tags, by argument.
pub(super) fn options_of(group: &Json) -> Option<Map<String, Json>> {
    match owner::options(&document::tags_of(group))? {
        Json::Object(options) => Some(options),
        _ => None,
    }
}

/// Names that Azure gives when nobody does.
pub(super) fn default_names(targets: &Targets) -> [(&'static str, String); 2] {
    [
        (
            "network_security_group_name",
            attach::default_group_name(targets.subnet.name()),
        ),
        (
            "resource_group_name",
            targets.virtual_network.resource_group().to_owned(),
        ),
    ]
}
