//! Import: the options come from the owner's tags, and everything else follows from them as in a plan; then Azure is read as ever.
//!
//! Among the rules of others there is no tag. Then what the resource's documents name, behind its own name, is taken for its own, and the
//! configuration supplies the arguments with the next apply, which writes nothing where nothing differs. An `extra_rules` entry is the user's: the
//! next apply takes it back by its name.

use serde_json::{Map, Value as Json};
use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::Resource,
    value::{Value, json},
};

use super::{
    WorkloadResource,
    arguments::Reach,
    demand::{self, Demand, Shared},
    firewall,
    forms::{self, ROUTES, RULES, collection},
    kept::Kept,
    names::Names,
    own_objects::{self, put},
    owner::{self, Owner},
    source::Source,
    subnet,
    targets::{self, FirewallTarget, Target},
    work::{added_endpoints, option_attributes, report, tags_of},
};
use crate::{
    azure::{ArmError, Call, Document, ResourceId},
    provider::configuration::Session,
    workloads::Defaults,
};

/// Finds the object of an import id: a subnet that the resource made, or a subnet and the name of what is attached to it. Without a
/// subnet, a rule collection group that the resource made, or what holds its collections and its name.
pub(super) fn find(resource: &WorkloadResource, id: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    if resource.reach() == Reach::Firewall {
        return find_collections(resource, id, diagnostics);
    }
    let (target, name) = match id.split_once('|') {
        Some((target, name)) => (target, Some(name)),
        None => (id, None),
    };
    let parsed = target.parse::<ResourceId>().ok();
    let subnet = parsed.filter(|id| id.is_kind("Microsoft.Network", &["virtualNetworks", "subnets"]));
    let (Some(subnet), true) = (subnet, resource.reach() == Reach::Subnet && name != Some("")) else {
        let detail = format!(
            "`{id}` is not the ARM id of a subnet, alone for one that the resource made, or followed by `|` and `name` for one it is attached \
             to: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…/subnets/…` is expected."
        );
        diagnostics.error("Invalid import id", detail);
        return None;
    };
    let mut state = empty(resource);
    state.set_attribute("name", name.unwrap_or(subnet.name()).into());
    state.set_attribute("subnet_id", subnet.to_string().into());
    if let (None, Some(network)) = (name, subnet.parent()) {
        state.set_attribute("virtual_network_id", network.to_string().into());
    }
    Some(state)
}

fn find_collections(resource: &WorkloadResource, id: &str, diagnostics: &mut Diagnostics) -> Option<Value> {
    let (target, name) = match id.split_once('|') {
        Some((target, name)) => (target, Some(name)),
        None => (id, None),
    };
    let parsed = target.parse::<ResourceId>().ok();
    let is = |kinds: &[&str]| parsed.as_ref().is_some_and(|id| id.is_kind("Microsoft.Network", kinds));
    let mut state = empty(resource);
    if is(&["firewallPolicies", "ruleCollectionGroups"]) {
        state.set_attribute("rule_collection_group_id", target.into());
        if let (None, Some(group)) = (name, &parsed) {
            state.set_attribute("rule_collection_group_name", group.name().into());
            state.set_attribute(
                "firewall_policy_id",
                group.parent().map(|policy| policy.to_string()).into(),
            );
        }
    } else if is(&["azureFirewalls"]) && name.is_some() {
        state.set_attribute("firewall_id", target.into());
    } else {
        let detail = format!(
            "`{id}` is neither the ARM id of a rule collection group that the resource made \
             (`…/firewallPolicies/…/ruleCollectionGroups/…`), nor that of a group or firewall of others followed by `|` and `name`."
        );
        diagnostics.error("Invalid import id", detail);
        return None;
    }
    state.set_attribute("name", name.map(str::to_owned).into());
    Some(state)
}

fn empty(resource: &WorkloadResource) -> Value {
    let attributes = resource.schema().block.attributes.into_keys();
    Value::object(attributes.map(|name| (name, Value::Null)))
}

/// Whether a state is one of [`find`]: every other has an id or, where no collection is needed and so no group, what it was asked for.
pub(super) fn is_importing(state: &Value) -> bool {
    ["id", "location", "policies"]
        .iter()
        .all(|attribute| state.attribute(attribute).is_null())
}

/// Completes the state of [`find`] to what an apply would have left.
pub(super) async fn complete(
    resource: &WorkloadResource,
    session: &Session,
    mut state: Value,
    kept: &mut Kept,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    if resource.reach() == Reach::Firewall {
        return complete_collections(resource, session, state, call, diagnostics).await;
    }
    let id: ResourceId = state.attribute("subnet_id").as_str()?.parse().ok()?;
    let subnet = session.client.subnets().get(&id, call).await;
    let subnet = taken("Subnet", subnet, diagnostics)??;
    let born = targets::is_born(&state);
    // Azure's own spelling of names: another one would look like another subnet.
    if let Some(actual) = subnet
        .body
        .get("id")
        .and_then(Json::as_str)
        .and_then(|id| id.parse::<ResourceId>().ok())
    {
        state.set_attribute("subnet_id", actual.to_string().into());
        if let (true, Some(network)) = (born, actual.parent()) {
            state.set_attribute("name", actual.name().into());
            state.set_attribute("virtual_network_id", network.to_string().into());
        }
    }
    put(&mut state, "environment", session.environment().as_str().into());
    let group = associated(&subnet, "networkSecurityGroup");
    let group = match &group {
        Some(id) => taken(
            "Network security group",
            session.client.network_security_groups().get(id, call).await,
            diagnostics,
        )?,
        None => None,
    };
    let kind = resource.type_name();
    let name = state.attribute("name").as_str().unwrap_or_default().to_owned();
    let owner = Owner {
        kind: &kind,
        name: &name,
        place: &id,
    };
    match group {
        Some(group) if is_owned(&group, &owner) => {
            restore(resource, &mut state, kept, &group);
            if born {
                // The expansion judges by what the subnet was given: its prefixes, and its way out.
                subnet::read_born(&mut state, &subnet.body);
            }
            restore_table(&mut state, &subnet, &owner, session, call, diagnostics).await?;
            expand(resource, session, &mut state, diagnostics)?;
        }
        Some(group) if !born => adopt(resource, session, &mut state, &subnet, &group, call, diagnostics).await?,
        _ => {
            let detail = format!(
                "`{}` has no network security group that carries the tag of this resource, so it was not made by it. Import only what `{kind}` \
                 has made; what is attached to a subnet is imported by `<subnet id>|<name>`.",
                subnet.id
            );
            diagnostics.error("Not made by this resource", detail);
            return None;
        }
    }
    own_objects::settle(&mut state);
    Some(state)
}

/// Whether a group or table is the resource's own: by its mark or, where it was moved with its subnet, which makes a mark of another place of it, by kind
/// and name, while no other subnet has it. The next plan shows that the mark is put right.
fn is_owned(document: &Document, owner: &Owner<'_>) -> bool {
    let tags = tags_of(&document.body);
    let subnets = document.body.pointer("/properties/subnets").and_then(Json::as_array);
    let mut subnets = subnets
        .into_iter()
        .flatten()
        .filter_map(|subnet| subnet.get("id")?.as_str());
    let place = owner.place.to_string();
    owner::marks(&tags, owner)
        || owner::names(&tags, owner) && subnets.all(|subnet| subnet.eq_ignore_ascii_case(&place))
}

/// The options in the tags of the resource's own group, and the defaults of what is not among them.
fn restore(resource: &WorkloadResource, state: &mut Value, kept: &mut Kept, group: &Document) {
    let tags = tags_of(&group.body);
    let options = match owner::options(&tags) {
        Some(Json::Object(options)) => options,
        _ => Map::new(),
    };
    kept.added_service_endpoints = added_endpoints(&options);
    for (name, attribute) in option_attributes(resource) {
        let option = options
            .get(&name)
            .and_then(|option| json::from_json(option, &attribute.ty()).ok());
        if let Some(value) = option {
            state.set_attribute(name, value);
        }
    }
    put_defaults(resource, state);
    state.set_attribute("network_security_group_id", group.id.to_string().into());
    state.set_attribute("network_security_group_name", group.id.name().into());
    state.set_attribute("resource_group_name", group.id.resource_group().into());
    let location = group.body.get("location").and_then(Json::as_str).map(str::to_owned);
    state.set_attribute("location", location.into());
    state.set_attribute("foreign_rules", Value::object::<String>([]));
}

/// What nobody says is what the schema says.
fn put_defaults(resource: &WorkloadResource, state: &mut Value) {
    let arguments = super::arguments::arguments(resource.reach()).into_iter();
    let arguments = arguments.map(|(name, attribute)| (name.to_owned(), attribute));
    for (name, attribute) in resource.source.arguments().into_iter().chain(arguments) {
        if state.attribute(&name).is_null()
            && let Some(default) = attribute.default
        {
            state.set_attribute(name, default);
        }
    }
}

/// The route table that the options name is the one the subnet has, if that is the resource's own.
async fn restore_table(
    state: &mut Value,
    subnet: &Document,
    owner: &Owner<'_>,
    session: &Session,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let Some(id) = associated(subnet, "routeTable") else {
        return Some(());
    };
    let table = taken(
        "Route table",
        session.client.route_tables().get(&id, call).await,
        diagnostics,
    )?;
    let ours = table.is_some_and(|table| is_owned(&table, owner));
    if ours {
        state.set_attribute("route_table_name", id.name().into());
        state.set_attribute("route_table_id", id.to_string().into());
    } else if targets::is_born(state) && state.attribute("route_table_name").is_null() {
        state.set_attribute("route_table_id", id.to_string().into());
    }
    Some(())
}

/// Outputs as a plan would show them; what Azure has differently is read over them.
fn expand(
    resource: &WorkloadResource,
    session: &Session,
    state: &mut Value,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    if !matches!(resource.source, Source::Workload(_)) {
        // The policies are in no tag: Azure's rules are all there is, and the next apply, which writes nothing where nothing differs,
        // takes the policies into the state.
        for (name, _) in resource.source.outputs() {
            state.set_attribute(name, Value::Null);
        }
        for name in ["security_rules", "routes"] {
            state.set_attribute(name, Value::object::<String>([]));
        }
        if let Target::Is(id) = targets::own_rule_collection_group(state) {
            state.set_attribute("rule_collection_group_id", id.to_string().into());
        }
        unsettle(state);
        return Some(());
    }
    let edition = state
        .attribute("edition")
        .as_str()
        .and_then(|edition| edition.parse().ok());
    let defaults = Defaults {
        edition: edition.or(session.defaults.edition),
        environment: Some(session.environment()),
    };
    let shared = Shared::of(state);
    let mut found = Diagnostics::default();
    match demand::demand(resource, defaults, state, shared, &mut found) {
        Demand::Known(demanded) => {
            put(state, "edition", demanded.edition.clone().into());
            demand::show(&demanded, state);
            unsettle(state);
            Some(())
        }
        Demand::Unknown => {
            diagnostics.extend(found);
            None
        }
    }
}

/// What follows from the rest is computed again.
fn unsettle(state: &mut Value) {
    for name in [
        "id",
        "associated_network_security_group_id",
        "associated_route_table_id",
    ] {
        state.set_attribute(name, Value::UNKNOWN);
    }
}

/// What is attached among the rules of others: what the resource can have written.
async fn adopt(
    resource: &WorkloadResource,
    session: &Session,
    state: &mut Value,
    subnet: &Document,
    group: &Document,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<()> {
    let names = Names::of(resource.source, state.attribute("name").as_str().unwrap_or_default());
    let nothing = forms::Entries::new();
    let (_, mut rules) = RULES.split(&group.body, &nothing, |_| true);
    rules.retain(|name, rule| names.has_rule(name, rule));
    let table = match associated(subnet, "routeTable") {
        Some(id) => taken(
            "Route table",
            session.client.route_tables().get(&id, call).await,
            diagnostics,
        )?,
        None => None,
    };
    let routes = table
        .as_ref()
        .map(|table| ROUTES.split(&table.body, &nothing, |name| !names.has_route(name)).0);
    let routes = routes.unwrap_or_default();
    if rules.is_empty() && routes.is_empty() {
        let detail = format!(
            "Neither `{}` nor a route table of `{}` has an entry of this resource: a documented name behind `{}`, and in a rule its requirement. What \
             was written with a `name_prefix` that has a `-` cannot be told from another resource's: remove it and let the resource write it anew.",
            group.id,
            subnet.id,
            names.prefix()
        );
        diagnostics.error("Nothing to import", detail);
        return None;
    }
    let edition = session
        .defaults
        .edition
        .unwrap_or_else(crate::requirements::Edition::newest);
    put(state, "edition", edition.as_str().into());
    let location = group.body.get("location").and_then(Json::as_str).map(str::to_owned);
    state.set_attribute("location", location.into());
    state.set_attribute("network_security_group_id", group.id.to_string().into());
    state.set_attribute("associated_network_security_group_id", group.id.to_string().into());
    state.set_attribute("previous_network_security_group_id", group.id.to_string().into());
    if let Some(table) = table.filter(|_| !routes.is_empty()) {
        for name in ["route_table_id", "associated_route_table_id", "previous_route_table_id"] {
            state.set_attribute(name, table.id.to_string().into());
        }
    }
    for (name, _) in resource.source.outputs() {
        state.set_attribute(name, Value::Null);
    }
    state.set_attribute("security_rules", Value::Map(rules));
    state.set_attribute("routes", Value::Map(routes));
    put_defaults(resource, state);
    put(state, "isolation", demand::default_isolation(Shared::of(state)).into());
    state.set_attribute("id", Value::UNKNOWN);
    Some(())
}

/// Nothing marks collections: the configuration supplies the arguments with the next apply.
async fn complete_collections(
    resource: &WorkloadResource,
    session: &Session,
    mut state: Value,
    call: &Call,
    diagnostics: &mut Diagnostics,
) -> Option<Value> {
    let target = targets::firewall(&state).known()?;
    let document = match &target {
        FirewallTarget::Group(held) => session.client.rule_collection_groups().get(&held.id, call).await,
        FirewallTarget::Classic(id) => session.client.azure_firewalls().get(id, call).await,
    };
    let document = taken("Firewall rules", document, diagnostics)??;
    let names = state.attribute("name").as_str();
    let names = names.map(|name| Names::of(resource.source, name));
    let foreign = |name: &str| !target.is_own() && !names.as_ref().is_some_and(|names| names.has_collection(name));
    let (ours, _) = firewall::split(&target, &document.body, &forms::Entries::new(), foreign);
    if ours.is_empty() {
        let detail = format!("`{}` has no rule collections of this resource.", target.id());
        diagnostics.error("Nothing to import", detail);
        return None;
    }
    for (name, _) in resource.source.outputs() {
        state.set_attribute(name, Value::Null);
    }
    let edition = session
        .defaults
        .edition
        .unwrap_or_else(crate::requirements::Edition::newest);
    put(&mut state, "edition", edition.as_str().into());
    put(&mut state, "environment", session.environment().as_str().into());
    state.set_attribute("id", target.id().to_string().into());
    collection::show(ours, &mut state);
    put_defaults(resource, &mut state);
    Some(state)
}

fn associated(subnet: &Document, field: &str) -> Option<ResourceId> {
    subnet::association(&subnet.body, field)?.parse().ok()
}

fn taken<T>(what: &str, result: Result<T, ArmError>, diagnostics: &mut Diagnostics) -> Option<T> {
    result
        .inspect_err(|error| report(&format!("{what} not read"), error, diagnostics))
        .ok()
}
