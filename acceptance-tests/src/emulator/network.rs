//! Requests on network resources: GET, PUT, PATCH, DELETE and lists, the same for every kind.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::kinds::{Child, Kind, check_key, keep_key};
use super::operations::{Operation, Outcome};
use super::refusal::Refusal;
use super::request::Request;
use super::resource::{Object, Resource, Target, is_named};
use super::resource_id::{NetworkId, ResourceId, root_key};
use super::{names, new_guid, policy, regions};

/// What a write says besides its body: the version it speaks, and the conditions under which it may happen.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    pub(super) api_version: &'a str,
    pub(super) if_match: Option<&'a str>,
    pub(super) must_not_exist: bool,
}

impl<'a> Terms<'a> {
    pub(super) fn unconditional(api_version: &'a str) -> Self {
        Self {
            api_version,
            if_match: None,
            must_not_exist: false,
        }
    }

    fn of(request: &'a Request, api_version: &'a str) -> Self {
        Self {
            api_version,
            if_match: request.header("if-match"),
            must_not_exist: request.header("if-none-match") == Some("*"),
        }
    }

    fn check(&self, current: Option<(&str, &str)>) -> Result<(), Refusal> {
        match (self.if_match, current) {
            (_, Some((id, etag))) if self.must_not_exist => {
                Err(Refusal::new(412, "PreconditionFailed", "Precondition failed.").detail(
                    "PreconditionFailedEtagMismatch",
                    format!("If-None-Match is '*', but resource {id} exists with etag {etag}."),
                ))
            }
            (Some(wanted), Some((id, etag))) if wanted != "*" && wanted != etag => {
                Err(Refusal::stale(wanted, etag, id))
            }
            (Some(wanted), None) => Err(Refusal::new(412, "PreconditionFailed", "Precondition failed.").detail(
                "PreconditionFailedEtagMismatch",
                format!("Etag provided in if-match header {wanted} matches no resource."),
            )),
            _ => Ok(()),
        }
    }
}

/// What a write has started.
pub(super) struct Started {
    created: bool,
    operation: String,
}

/// A request on one resource or child.
pub(super) fn answer(
    azure: &mut Azure,
    request: &Request,
    id: &NetworkId,
    api_version: &str,
) -> Result<Answer, Refusal> {
    azure.group(&id.group)?;
    let target = id.target();
    match request.method.as_str() {
        "GET" => get(azure, id, &target),
        "PUT" => {
            let started = write(azure, id, &target, request.object()?, &Terms::of(request, api_version))?;
            let shown = azure.shown(&target).unwrap_or_default();
            let mut answer = Answer::json(if started.created { 201 } else { 200 }, shown);
            if notifies(id, started.created) {
                answer = answer.with("azure-asyncnotification", "Enabled");
            }
            Ok(announce(azure, answer, &started.operation))
        }
        "PATCH" if id.child.is_none() => patch_tags(azure, id, &target, &request.object()?),
        "DELETE" => delete(azure, id, &target, &Terms::of(request, api_version)),
        other => Err(Refusal::method_not_allowed(other)),
    }
}

/// All resources of a kind in a group, or in the subscription.
pub(super) fn list(azure: &Azure, kind: &Kind, group: Option<&str>) -> Result<Answer, Refusal> {
    let prefix = match group {
        Some(group) => root_key(&azure.credentials.subscription_id, &azure.group(group)?.name, kind, ""),
        None => String::new(),
    };
    let found = azure.resources.iter();
    let found = found.filter(|(key, resource)| resource.kind.segment == kind.segment && key.starts_with(&prefix));
    let found: Vec<_> = found
        .map(|(_, resource)| Value::Object(azure.shown_resource(resource)))
        .collect();
    Ok(Answer::json(200, json!({ "value": found })))
}

/// All children of a resource.
pub(super) fn list_children(azure: &Azure, parent: &NetworkId, child: &Child) -> Result<Answer, Refusal> {
    azure.group(&parent.group)?;
    let found = azure.resources.get(&parent.target().root);
    let found = found.ok_or_else(|| not_found(parent))?;
    let children = found.children(child).iter();
    let children: Vec<_> = children.map(|entry| azure.shown_child(found, child, entry)).collect();
    Ok(Answer::json(200, json!({ "value": children })))
}

/// The connections of a gateway. An entry of this list says less than a connection (VirtualNetworkGatewayConnectionListEntity).
pub(super) fn connections_of(azure: &Azure, id: &NetworkId) -> Result<Answer, Refusal> {
    azure.group(&id.group)?;
    let gateway = azure.resources.get(&id.target().root).ok_or_else(|| not_found(id))?;
    let connects = |other: &&Resource| {
        let ends = (other.kind.references)(other);
        ends.iter().any(|end| end.to.eq_ignore_ascii_case(&gateway.id))
    };
    let found = azure.resources.values().filter(connects);
    let found: Vec<_> = found
        .map(|connection| {
            let mut shown = azure.shown_resource(connection);
            if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
                properties.retain(|name, _| !["dpdTimeoutSeconds", "useLocalAzureIpAddress"].contains(&name.as_str()));
            }
            Value::Object(shown)
        })
        .collect();
    Ok(Answer::json(200, json!({ "value": found })))
}

/// The default rules of a security group, or the one that is named. Nobody writes them.
pub(super) fn default_rules(azure: &Azure, id: &NetworkId, name: &[&str]) -> Result<Answer, Refusal> {
    azure.group(&id.group)?;
    let group = azure.resources.get(&id.target().root).ok_or_else(|| not_found(id))?;
    let shown = Value::Object(azure.shown_resource(group));
    let rules = shown.pointer("/properties/defaultSecurityRules");
    let rules = rules.and_then(Value::as_array).cloned().unwrap_or_default();
    let [name, ..] = name else {
        return Ok(Answer::json(200, json!({ "value": rules })));
    };
    let found = rules.into_iter().find(|rule| is_named(rule, name));
    found
        .map(|rule| Answer::json(200, rule))
        .ok_or_else(|| Refusal::child_not_found(&format!("{}/defaultSecurityRules/{name}", group.id)))
}

fn not_found(id: &NetworkId) -> Refusal {
    Refusal::resource_not_found(&id.kind.resource_type(), &id.name, &id.group)
}

fn get(azure: &mut Azure, id: &NetworkId, target: &Target) -> Result<Answer, Refusal> {
    let parent = azure.resources.get(&target.root).ok_or_else(|| not_found(id))?;
    let etag = parent.etag.clone();
    let full_id = match &target.child {
        Some((child, name)) => parent.child_id(child, name),
        None => parent.id.clone(),
    };
    let missing = || match &target.child {
        Some(_) => Refusal::child_not_found(&full_id),
        None => not_found(id),
    };
    if let Some(left) = azure.hidden.get_mut(&full_id.to_lowercase()).filter(|left| **left > 0) {
        *left -= 1;
        return Err(missing());
    }
    let shown = azure.shown(target).ok_or_else(missing)?;
    let answer = Answer::json(200, shown);
    // As recorded: of these only the body has it.
    if ["connections", "virtualNetworkGateways"].contains(&id.kind.segment) {
        return Ok(answer);
    }
    Ok(answer.with("etag", etag))
}

/// Does a PUT: checks everything the service checks, stores, and starts the operation.
pub(super) fn write(
    azure: &mut Azure,
    id: &NetworkId,
    target: &Target,
    mut body: Object,
    terms: &Terms<'_>,
) -> Result<Started, Refusal> {
    let group = azure.group(&id.group)?.name.clone();
    let old = azure.resources.get(&target.root);
    let (mut new, created) = match (&target.child, old) {
        (None, old) => {
            names::check_tags(&body)?;
            normalize_location(&mut body, id, old)?;
            if !names::is_resource_name(&id.name) {
                return Err(Refusal::name_invalid(&id.name));
            }
            // ARM answers in the case of the creation, whatever case a later request is spelled in.
            let (full_id, name) = match old {
                Some(old) => (old.id.clone(), old.name.clone()),
                None => (
                    format!(
                        "/subscriptions/{}/resourceGroups/{group}/providers/Microsoft.Network/{}/{}",
                        id.subscription.to_lowercase(),
                        id.kind.segment,
                        id.name
                    ),
                    id.name.clone(),
                ),
            };
            let mut new = Resource::from_body(id.kind, full_id, name, body);
            new.keep_apart(old);
            (new, old.is_none())
        }
        (Some((child, name)), Some(parent)) => {
            let mut new = parent.clone();
            let created = parent.child(child, name).is_none();
            new.put_child(child, name, body);
            (new, created)
        }
        (Some(_), None) => return Err(Refusal::parent_not_found(&id.name)),
    };
    let current = old.filter(|_| !created).map(|old| (old.id.as_str(), old.etag.as_str()));
    check_preconditions(azure, terms, target, current)?;
    policy::check_subnets(azure, &new, target)?;
    azure.check(id.kind, &new, old)?;
    let uses = check_references(azure, &new, target)?;
    let mut operation = new_operation(azure, "Put", id, target, uses.clone(), new.location(), terms);
    azure.contend(target, &uses, false, &format!("{} ({})", operation.name, operation.id))?;

    let guid = azure
        .resources
        .get(&target.root)
        .and_then(|old| old.properties.get("resourceGuid").cloned());
    if has_guid(id) {
        new.properties
            .insert("resourceGuid".to_owned(), guid.unwrap_or_else(|| new_guid().into()));
    }
    (id.kind.complete)(&mut new);
    let state = if created || !updates_at_once(id) {
        "Updating"
    } else {
        operation.outcome = Outcome::Succeeded;
        "Succeeded"
    };
    new.set_state(state, target.child.as_ref());
    new.properties.insert("provisioningState".to_owned(), state.into());
    new.etag = super::new_etag();
    keep_key(&mut new, azure.resources.get(&target.root));
    azure.resources.insert(target.root.clone(), new);
    azure.connect_peering(target);
    let operation = azure.start(operation);
    Ok(Started { created, operation })
}

fn check_preconditions(
    azure: &Azure,
    terms: &Terms<'_>,
    target: &Target,
    current: Option<(&str, &str)>,
) -> Result<(), Refusal> {
    let honoured = match target.child.as_ref().map(|(child, _)| child.collection) {
        Some("subnets") => azure.options.subnets_honour_if_match,
        Some("ruleCollectionGroups") => azure.options.collection_groups_honour_if_match,
        _ => true,
    };
    if honoured { terms.check(current) } else { Ok(()) }
}

fn normalize_location(body: &mut Object, id: &NetworkId, old: Option<&Resource>) -> Result<(), Refusal> {
    let location = body.get("location").and_then(Value::as_str).ok_or_else(|| {
        Refusal::gateway(
            400,
            "LocationRequired",
            "The location property is required for this definition.",
        )
    })?;
    let location = regions::normalized(location);
    regions::check(&location, &id.kind.resource_type())?;
    if let Some(old) = old.filter(|old| old.location() != location) {
        return Err(Refusal::gateway(
            409,
            "InvalidResourceLocation",
            format!(
                "The resource '{}' already exists in location '{}' in resource group '{}'. A resource with the same name cannot be created in location '{location}'. Please select a new resource name.",
                old.name,
                old.location(),
                id.group
            ),
        ));
    }
    body.insert("location".to_owned(), location.into());
    Ok(())
}

/// What the written object refers to must exist in its region, and must not be in the middle of something. Gives the
/// lower-case ids of the resources it refers to.
fn check_references(azure: &Azure, new: &Resource, target: &Target) -> Result<Vec<String>, Refusal> {
    let written = target.child.as_ref().map(|(child, name)| new.child_id(child, name));
    let mut uses = Vec::new();
    for found in (new.kind.references)(new) {
        if written
            .as_ref()
            .is_some_and(|written| !written.eq_ignore_ascii_case(&found.from))
        {
            continue;
        }
        let id = match ResourceId::parse(&found.to) {
            Some(ResourceId::Network { target, .. }) if target.child.is_none() => target.root,
            _ => {
                return Err(Refusal::bad(
                    "LinkedInvalidPropertyId",
                    format!(
                        "Property id '{}' at path 'properties' is invalid. Expect fully qualified resource Id that start with '/subscriptions/{{subscriptionId}}' or '/providers/{{resourceProviderNamespace}}/'.",
                        found.to
                    ),
                ));
            }
        };
        let used = azure.resources.get(&id);
        // Virtual networks of different regions can be peered; everything else refers to its own region only.
        let near = |used: &&Resource| found.kind == "virtualNetworks" || used.location() == new.location();
        let used = used.filter(|used| used.kind.segment == found.kind).filter(near);
        let used = used.ok_or_else(|| Refusal::missing_reference(&found.to, &found.from))?;
        if used.state() != "Succeeded" {
            return Err(Refusal::bad(
                "ReferencedResourceNotProvisioned",
                format!(
                    "Cannot proceed with operation because resource {} used by resource {} is not in Succeeded state. Resource is in {} state and the last operation that updated/is updating the resource is Put{}Operation.",
                    used.id,
                    found.from,
                    used.state(),
                    used.kind.label
                ),
            ));
        }
        uses.push(id);
    }
    Ok(uses)
}

/// A PATCH of a network resource changes its tags and nothing else.
fn patch_tags(azure: &mut Azure, id: &NetworkId, target: &Target, body: &Object) -> Result<Answer, Refusal> {
    names::check_tags(body)?;
    let resource = azure.resources.get_mut(&target.root).ok_or_else(|| not_found(id))?;
    if let Some(tags) = body.get("tags") {
        resource.top.insert("tags".to_owned(), tags.clone());
    }
    resource.etag = super::new_etag();
    azure.revision += 1;
    Ok(Answer::json(200, azure.shown(target).unwrap_or_default()))
}

fn delete(azure: &mut Azure, id: &NetworkId, target: &Target, terms: &Terms<'_>) -> Result<Answer, Refusal> {
    let Some(resource) = azure.resources.get(&target.root) else {
        return match target.child {
            Some(_) => Err(Refusal::parent_not_found(&id.name)),
            None => Ok(Answer::empty(204)),
        };
    };
    if target
        .child
        .as_ref()
        .is_some_and(|(child, name)| resource.child(child, name).is_none())
    {
        return Ok(Answer::empty(204));
    }
    let current = Some((resource.id.as_str(), resource.etag.as_str()));
    check_preconditions(azure, terms, target, current)?;
    check_unused(azure, resource, target)?;
    let same = |operation: &&Operation| {
        operation.deletes && operation.is_running() && operation.target.as_ref().is_some_and(|other| other.is(target))
    };
    let operation = match azure.operations.iter().find(same) {
        Some(running) => running.id.clone(),
        None => {
            let operation = new_operation(azure, "Delete", id, target, Vec::new(), resource.location(), terms);
            azure.contend(target, &[], true, &format!("{} ({})", operation.name, operation.id))?;
            if let Some(resource) = azure.resources.get_mut(&target.root) {
                resource.set_state("Deleting", target.child.as_ref());
                resource.etag = super::new_etag();
            }
            azure.start(operation)
        }
    };
    let mut answer = Answer::empty(202);
    if let Some(operation) = azure.operation(&operation) {
        answer = answer.with("location", operation.result_url(&azure.endpoint));
    }
    if notifies(id, true) {
        answer = answer.with("azure-asyncnotification", "Enabled");
    }
    Ok(announce(azure, answer, &operation))
}

/// Whether a resource of this kind has a `resourceGuid`.
fn has_guid(id: &NetworkId) -> bool {
    !["azureFirewalls", "firewallPolicies", "ipGroups"].contains(&id.kind.segment)
}

/// Whether the operation of an update has ended when it is announced, as recorded of these kinds.
fn updates_at_once(id: &NetworkId) -> bool {
    id.child.is_none() && ["localNetworkGateways", "serviceEndpointPolicies"].contains(&id.kind.segment)
}

/// Whether an accepted write says `Azure-AsyncNotification: Enabled`. As recorded: what lives in another resource never does, nor
/// do some kinds, nor the update of a virtual network.
fn notifies(id: &NetworkId, unless_update: bool) -> bool {
    id.child.is_none()
        && match id.kind.segment {
            "serviceEndpointPolicies" | "connections" => false,
            "virtualNetworks" => unless_update,
            _ => true,
        }
}

/// Sets the shared key of a connection, which has an address of its own, or shows it.
pub(super) fn answer_shared_key(
    azure: &mut Azure,
    request: &Request,
    id: &NetworkId,
    api_version: &str,
) -> Result<Answer, Refusal> {
    let target = id.target();
    let connection = azure.resources.get(&target.root).ok_or_else(|| not_found(id))?;
    match request.method.as_str() {
        "GET" => Ok(Answer::json(
            200,
            json!({ "value": connection.properties.get("sharedKey") }),
        )),
        "PUT" => {
            let body = request.object()?;
            let key = body.get("value").and_then(Value::as_str).unwrap_or_default().to_owned();
            check_key(&key)?;
            let terms = Terms::of(request, api_version);
            let location = connection.location().to_owned();
            let operation = new_operation(azure, "Put", id, &target, Vec::new(), &location, &terms);
            azure.contend(&target, &[], false, &format!("{} ({})", operation.name, operation.id))?;
            if let Some(connection) = azure.resources.get_mut(&target.root) {
                connection.properties.insert("sharedKey".to_owned(), key.clone().into());
                connection.set_state("Updating", None);
                connection.etag = super::new_etag();
            }
            let operation = azure.start(operation);
            Ok(announce(azure, Answer::json(200, json!({ "value": key })), &operation))
        }
        other => Err(Refusal::method_not_allowed(other)),
    }
}

/// Gateways and base policies that something refers to.
fn check_not_referred_to(azure: &Azure, resource: &Resource) -> Result<(), Refusal> {
    let label = resource.kind.label;
    if ![
        "LocalNetworkGateway",
        "VirtualNetworkGateway",
        "FirewallPolicy",
        "IpGroup",
    ]
    .contains(&label)
    {
        return Ok(());
    }
    let references = azure
        .resources
        .values()
        .flat_map(|other| (other.kind.references)(other));
    let mut users = references.filter(|reference| reference.to.eq_ignore_ascii_case(&resource.id));
    match users.next() {
        Some(user) => Err(Refusal::bad(
            &format!("InUse{label}CannotBeDeleted"),
            format!("{} is in use by {} and cannot be deleted.", resource.id, user.from),
        )),
        None => Ok(()),
    }
}

fn check_unused(azure: &Azure, resource: &Resource, target: &Target) -> Result<(), Refusal> {
    if target.child.is_none() {
        check_not_referred_to(azure, resource)?;
    }
    let users = azure.users_of(resource);
    if let (None, Some((_, in_use)), false) = (&target.child, resource.kind.used_by_subnets, users.is_empty()) {
        return Err(in_use(resource, &users));
    }
    for child in resource.kind.children {
        for name in resource
            .children(child)
            .iter()
            .filter_map(|entry| entry.get("name")?.as_str())
        {
            let goes = target
                .child
                .as_ref()
                .is_none_or(|(_, deleted)| deleted.eq_ignore_ascii_case(name));
            if goes && let Some(occupant) = azure.occupants_of(&resource.child_id(child, name)).first() {
                return Err(super::kinds::subnet_in_use(name, occupant));
            }
        }
    }
    Ok(())
}

fn new_operation(
    azure: &Azure,
    verb: &str,
    id: &NetworkId,
    target: &Target,
    uses: Vec<String>,
    location: &str,
    terms: &Terms<'_>,
) -> Operation {
    let label = target.child.as_ref().map_or(id.kind.label, |(child, _)| child.label);
    Operation {
        id: new_guid(),
        name: format!("{verb}{label}Operation"),
        target: Some(target.clone()),
        deletes: verb == "Delete",
        uses,
        base: format!(
            "/subscriptions/{}/providers/Microsoft.Network/locations/{location}",
            azure.credentials.subscription_id
        ),
        api_version: terms.api_version.to_owned(),
        due: azure.due(),
        outcome: Outcome::Running,
        failure: None,
        lost: false,
    }
}

/// Adds the headers by which a client follows an operation.
fn announce(azure: &Azure, answer: Answer, operation: &str) -> Answer {
    let mut answer = answer.with_retry_after(azure.options.retry_after);
    if let Some(operation) = azure.operation(operation) {
        answer = answer.with("azure-asyncoperation", operation.status_url(&azure.endpoint));
    }
    answer.operation = Some(operation.to_owned());
    answer
}
