//! Refresh and import: Azure's objects as state.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Value, json},
};

use super::{
    WorkloadResource,
    apply::{default_names, options_of, report, targets},
    attach::Targets,
    document, owner, plan,
};
use crate::{
    azure::{Call, Document, ResourceId},
    provider::{configuration::Session, schema},
    workloads::Defaults,
};

/// Reads group and subnet. The resource is gone when its subnet is: a group left alone is a leftover that the next create adopts.
pub(super) async fn read(
    resource: &WorkloadResource,
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let targets = targets(&state, diagnostics)?;
    let importing = state.attribute("security_rules").is_null();
    let (subnets, groups) = (session.client.subnets(), session.client.network_security_groups());
    let subnet = subnets.get(&targets.subnet, call).await;
    let subnet = subnet
        .inspect_err(|error| report("Subnet not read", error, diagnostics))
        .ok()??;
    // An import knows the subnet only; its group is the one Azure has on it.
    let group_id = match document::association(&subnet.body, "networkSecurityGroup").map(str::parse::<ResourceId>) {
        Some(Ok(id)) if importing => id,
        _ => targets.network_security_group.clone(),
    };
    let group = groups.get(&group_id, call).await;
    let group = group
        .inspect_err(|error| report("Network security group not read", error, diagnostics))
        .ok()?;
    if importing {
        restore(resource, session, &mut state, &targets, group.as_ref(), diagnostics)?;
    }
    document::read_group(&mut state, group.as_ref().map(|group| &group.body));
    document::read_subnet(&mut state, &subnet.body);
    if importing {
        let prefixes = state.attribute("address_prefixes").clone();
        expand_for_import(resource, session, &mut state, group.as_ref(), diagnostics);
        state.set_attribute("address_prefixes", prefixes);
    }
    Some(state)
}

/// Finds the object of an import id: the subnet's.
pub(super) fn import(resource: &WorkloadResource, id: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let parsed = id
        .parse::<ResourceId>()
        .ok()
        .filter(|id| id.is_kind("Microsoft.Network", &["virtualNetworks", "subnets"]));
    let Some(subnet) = parsed else {
        let detail = format!(
            "`{id}` is not the ARM id of a subnet: \
             `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…` is expected."
        );
        diagnostics.error("Invalid import id", detail);
        return None;
    };
    let mut state = empty(resource);
    state.set_attribute("name", subnet.name().into());
    if let Some(network) = subnet.parent() {
        state.set_attribute("virtual_network_id", network.to_string().into());
    }
    state.set_attribute("id", subnet.to_string().into());
    state.set_attribute("subnet_id", subnet.to_string().into());
    Some(state)
}

/// Restores the options from the group's tags and everything that follows from names.
fn restore(
    resource: &WorkloadResource,
    session: &Session,
    state: &mut Value,
    targets: &Targets,
    group: Option<&Document>,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let Some(group) =
        group.filter(|group| owner::marks(&document::tags_of(&group.body), &resource.type_name(), &targets.subnet))
    else {
        let detail = format!(
            "`{}` has no network security group that carries the tag of this resource, so it was not made by it. Import only what \
             `{}` has made.",
            targets.subnet,
            resource.type_name()
        );
        diagnostics.error("Not made by this resource", detail);
        return None;
    };
    for (name, value) in default_names(targets) {
        state.set_attribute(name, value.into());
    }
    state.set_attribute("network_security_group_name", group.id.name().into());
    state.set_attribute("resource_group_name", group.id.resource_group().into());
    state.set_attribute("network_security_group_id", group.id.to_string().into());
    state.set_attribute("environment", session.environment().as_str().into());
    let options = options_of(&group.body).unwrap_or_default();
    for (name, attribute) in schema::arguments(resource.workload).chain(own_arguments()) {
        if let Some(value) = options
            .get(&name)
            .and_then(|option| json::from_json(option, &attribute.ty()).ok())
        {
            state.set_attribute(name, value);
        } else if state.attribute(&name).is_null()
            && let Some(default) = attribute.default
        {
            state.set_attribute(name, default);
        }
    }
    Some(())
}

/// The outputs follow from the options; what Azure has differently stays as it is read, for the plan to show.
fn expand_for_import(
    resource: &WorkloadResource,
    session: &Session,
    state: &mut Value,
    group: Option<&Document>,
    diagnostics: &mut Diagnostics,
) {
    let edition = state
        .attribute("edition")
        .as_str()
        .and_then(|edition| edition.parse().ok());
    let defaults = Defaults {
        edition: edition.or(session.defaults.edition),
        environment: Some(session.environment()),
    };
    let (endpoints, group_id) = (
        state.attribute("service_endpoints").clone(),
        state.attribute("network_security_group_id").clone(),
    );
    let mut ignored = Diagnostics::default();
    if !plan::expand_into(resource, defaults, state, &mut ignored) {
        diagnostics.extend(ignored);
        return;
    }
    document::read_group(state, group.map(|group| &group.body));
    state.set_attribute("service_endpoints", endpoints);
    state.set_attribute("network_security_group_id", group_id);
}

fn own_arguments() -> impl Iterator<Item = (String, tfplugin_rs::schema::Attribute)> {
    super::attach::arguments()
        .into_iter()
        .map(|(name, attribute)| (name.to_owned(), attribute))
}

fn empty(resource: &WorkloadResource) -> Value {
    use tfplugin_rs::provider::Resource;
    Value::object(
        resource
            .schema()
            .block
            .attributes
            .into_keys()
            .map(|name| (name, Value::Null)),
    )
}
