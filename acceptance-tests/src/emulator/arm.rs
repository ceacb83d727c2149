//! Azure Resource Manager's front door: who may ask, in which version, and who answers.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::kinds::Kind;
use super::operations::Outcome;
use super::refusal::Refusal;
use super::request::Request;
use super::resource::Resource;
use super::resource_id::NetworkId;
use super::{network, new_guid, regions, roles, versions};

/// Answers a request to Azure Resource Manager.
pub(super) fn answer(azure: &mut Azure, request: &Request) -> Answer {
    let subscription = azure.credentials.subscription_id.clone();
    let (limited, left) = azure
        .quota
        .count(azure.options.quota.as_ref(), &request.method, &subscription);
    let remaining = left.as_ref().map_or(0, |left| *left).to_string();
    let answer = match authorized(azure, request) {
        Ok(()) => left
            .and_then(|_| roles::check(azure, request))
            .and_then(|()| route(azure, request))
            .unwrap_or_else(Answer::from),
        Err(refusal) => {
            let authority = format!("{}/{}", azure.endpoint, azure.credentials.tenant_id);
            let challenge = format!(
                r#"Bearer authorization_uri="{authority}", error="invalid_token", error_description="{}""#,
                refusal.message
            );
            Answer::from(refusal).with("www-authenticate", challenge)
        }
    };
    let correlation = request
        .header("x-ms-correlation-request-id")
        .map_or_else(new_guid, str::to_owned);
    let id = new_guid();
    answer
        .with("x-ms-request-id", id.clone())
        .with("x-ms-arm-service-request-id", new_guid())
        .with("x-ms-routing-request-id", format!("EMULATOR:{id}"))
        .with("x-ms-correlation-request-id", correlation)
        .with(limited, remaining)
        .with("cache-control", "no-cache")
        .with("pragma", "no-cache")
        .with("expires", "-1")
}

fn authorized(azure: &mut Azure, request: &Request) -> Result<(), Refusal> {
    let refused = |code: &str, text: &str| Err(Refusal::gateway(401, code, text));
    let Some(authorization) = request.header("authorization") else {
        return refused(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
        );
    };
    let Some(home) = tenant_of(azure, authorization) else {
        return refused("InvalidAuthenticationToken", "The access token is invalid.");
    };
    let auxiliary = request.header("x-ms-authorization-auxiliary").unwrap_or_default();
    for token in auxiliary.split(',').filter(|token| !token.trim().is_empty()) {
        match tenant_of(azure, token) {
            Some(tenant) if tenant != home => _ = azure.authority.auxiliary_tenants.insert(tenant),
            _ => {
                return refused(
                    "InvalidAuxiliaryTokens",
                    "Authentication failed for auxiliary token: it is invalid, or of the tenant of the main token.",
                );
            }
        }
    }
    Ok(())
}

/// The tenant of the token in `Bearer …`.
fn tenant_of(azure: &Azure, authorization: &str) -> Option<String> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let tenant = azure.authority.tenant_of(token.trim())?;
    scheme.eq_ignore_ascii_case("bearer").then(|| tenant.to_owned())
}

fn route(azure: &mut Azure, request: &Request) -> Result<Answer, Refusal> {
    let spelled: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    let lower = request.path.to_ascii_lowercase();
    let parts: Vec<&str> = lower.trim_matches('/').split('/').collect();
    let api_version = api_version(request)?;
    versions::check(azure, request, &parts, api_version)?;
    let reads = matches!(request.method.as_str(), "GET" | "HEAD");
    if let ["subscriptions", subscription, ..] = parts.as_slice()
        && *subscription != azure.credentials.subscription_id
        && !azure
            .options
            .further_subscriptions
            .iter()
            .any(|further| further == subscription)
    {
        return Err(Refusal::gateway(
            404,
            "SubscriptionNotFound",
            format!("The subscription '{subscription}' could not be found."),
        ));
    }
    if let Some(answer) = azure.answer_lock(request) {
        return answer;
    }
    azure.check_locks(request)?;
    match parts.as_slice() {
        ["tenants"] if reads => {
            let tenant = &azure.credentials.tenant_id;
            Ok(values(vec![
                json!({ "id": format!("/tenants/{tenant}"), "tenantId": tenant }),
            ]))
        }
        ["subscriptions"] if reads => Ok(values(vec![subscription(azure)])),
        ["subscriptions", _] if reads => Ok(Answer::json(200, subscription(azure))),
        ["subscriptions", id, "locations"] if reads => Ok(values(
            regions::names()
                .map(|name| json!({ "id": format!("/subscriptions/{id}/locations/{name}"), "name": name }))
                .collect(),
        )),
        ["subscriptions", id, "providers", namespace] | ["subscriptions", id, "providers", namespace, "register"] => {
            Ok(Answer::json(200, provider(id, namespace)))
        }
        ["subscriptions", _, "resourcegroups"] if reads => {
            Ok(values(azure.groups.values().map(|group| group.shown()).collect()))
        }
        ["subscriptions", _, "resourcegroups", _] => {
            let name = spelled.last().copied().unwrap_or_default();
            azure.answer_group(request, name, api_version)
        }
        ["subscriptions", _, "resourcegroups", group, "resources"] if reads => {
            let group = format!("{}/", azure.group(group)?.id.to_lowercase());
            let found = azure.resources.iter().filter(|(id, _)| id.starts_with(&group));
            let summary = |resource: &Resource| json!({ "id": resource.id, "name": resource.name, "type": resource.kind.resource_type(), "location": resource.location() });
            Ok(values(found.map(|(_, resource)| summary(resource)).collect()))
        }
        ["subscriptions", _, "operationresults", id] if reads => result(azure, id),
        [
            "subscriptions",
            _,
            "providers",
            "microsoft.network",
            "locations",
            _,
            "operations",
            id,
        ] if reads => status(azure, id),
        [
            "subscriptions",
            _,
            "providers",
            "microsoft.network",
            "locations",
            _,
            "operationresults",
            id,
        ] if reads => result(azure, id),
        [
            "subscriptions",
            _,
            "providers",
            "microsoft.network",
            "locations",
            location,
            "servicetags",
        ] if reads => Ok(azure.service_tags_at(location)),
        [
            "subscriptions",
            _,
            "providers",
            "microsoft.network",
            "locations",
            _,
            "servicetagdetails",
        ] if reads => Ok(azure.service_tag_details(request)),
        [
            "subscriptions",
            _,
            "resourcegroups",
            group,
            "providers",
            "microsoft.machinelearningservices",
            "workspaces",
            name,
            "outboundnetworkdependenciesendpoints",
        ] if reads => azure.outbound_dependencies_of(group, name),
        ["subscriptions", _, "providers", "microsoft.network", kind] if reads => {
            network::list(azure, known(kind, api_version)?, None)
        }
        [
            "subscriptions",
            _,
            "resourcegroups",
            _,
            "providers",
            "microsoft.network",
            kind,
            ..,
        ] => {
            let kind = known(kind, api_version)?;
            let differ = azure.options.versions_differ;
            let request = match request.json().filter(|_| differ && request.method == "PUT") {
                Some(mut body) => {
                    versions::forget(kind, api_version, &mut body);
                    &request.with_body(&body)
                }
                None => request,
            };
            let mut answer = on_network(azure, request, kind, &spelled, api_version)?;
            if let Some(body) = answer.body.as_mut().filter(|_| differ) {
                versions::forget(kind, api_version, body);
            }
            Ok(answer)
        }
        ["subscriptions", _, "resourcegroups", _, "providers", namespace, ..] => Err(Refusal::gateway(
            409,
            "MissingSubscriptionRegistration",
            format!(
                "The subscription is not registered to use namespace '{namespace}'. See https://aka.ms/rps-not-found for how to register subscriptions."
            ),
        )),
        _ => Err(not_there(request)),
    }
}

fn on_network(
    azure: &mut Azure,
    request: &Request,
    kind: &'static Kind,
    spelled: &[&str],
    api_version: &str,
) -> Result<Answer, Refusal> {
    let [_, subscription, _, group, _, _, _, rest @ ..] = spelled else {
        return Err(not_there(request));
    };
    let id = |name: &str, child: Option<(&str, &str)>| {
        let child = match child {
            Some((collection, name)) => {
                let child = kind.child(collection).ok_or_else(|| not_there(request))?;
                Some((child, name.to_owned()))
            }
            None => None,
        };
        Ok(NetworkId {
            subscription: (*subscription).to_owned(),
            group: (*group).to_owned(),
            kind,
            name: name.to_owned(),
            child,
        })
    };
    match (request.method.as_str(), rest) {
        ("GET", []) => network::list(azure, kind, Some(group)),
        (_, [name]) => network::answer(azure, request, &id(name, None)?, api_version),
        (_, [name, part]) if kind.segment == "connections" && part.eq_ignore_ascii_case("sharedkey") => {
            network::answer_shared_key(azure, request, &id(name, None)?, api_version)
        }
        ("GET", [name, part])
            if kind.segment == "virtualNetworkGateways" && part.eq_ignore_ascii_case("connections") =>
        {
            network::connections_of(azure, &id(name, None)?)
        }
        ("GET", [name, part, rule @ ..])
            if kind.segment == "networkSecurityGroups" && part.eq_ignore_ascii_case("defaultSecurityRules") =>
        {
            network::default_rules(azure, &id(name, None)?, rule)
        }
        ("GET", [name, collection]) => {
            let child = kind.child(collection).ok_or_else(|| not_there(request))?;
            network::list_children(azure, &id(name, None)?, child)
        }
        (_, [name, collection, child]) => {
            network::answer(azure, request, &id(name, Some((collection, child)))?, api_version)
        }
        _ => Err(not_there(request)),
    }
}

/// The version of a request, if it has the form of one.
fn api_version(request: &Request) -> Result<&str, Refusal> {
    let version = request
        .parameter("api-version")
        .filter(|version| !version.is_empty())
        .ok_or_else(|| {
            Refusal::gateway(
                400,
                "MissingApiVersionParameter",
                "The api-version query parameter (?api-version=) is required for all requests.",
            )
        })?;
    let date = version.strip_suffix("-preview").unwrap_or(version);
    let mut parts = date.split('-');
    let digits = |part: Option<&str>, length: usize| {
        part.is_some_and(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let dated = digits(parts.next(), 4) && digits(parts.next(), 2) && digits(parts.next(), 2) && parts.next().is_none();
    dated.then_some(version).ok_or_else(|| {
        Refusal::gateway(
            400,
            "InvalidApiVersionParameter",
            format!(
                "The api-version '{version}' is not valid. The supported versions are 'all of the form YYYY-MM-DD'."
            ),
        )
    })
}

fn known(segment: &str, api_version: &str) -> Result<&'static Kind, Refusal> {
    Kind::find(segment).ok_or_else(|| {
        Refusal::gateway(
            400,
            "InvalidResourceType",
            format!(
                "The resource type '{segment}' could not be found in the namespace 'Microsoft.Network' for api version '{api_version}'."
            ),
        )
    })
}

/// The URL of `Azure-AsyncOperation`.
fn status(azure: &Azure, id: &str) -> Result<Answer, Refusal> {
    let operation = azure.operation(id).ok_or_else(|| operation_not_found(id))?;
    let answer = Answer::json(200, operation.status());
    Ok(if operation.is_running() {
        answer.with_retry_after(azure.options.retry_after)
    } else {
        answer
    })
}

/// The URL of `Location`.
fn result(azure: &Azure, id: &str) -> Result<Answer, Refusal> {
    let operation = azure.operation(id).ok_or_else(|| operation_not_found(id))?;
    match &operation.outcome {
        Outcome::Running => Ok(Answer::empty(202)
            .with("location", operation.result_url(&azure.endpoint))
            .with_retry_after(azure.options.retry_after)),
        Outcome::Succeeded => Ok(Answer::empty(204)),
        Outcome::Failed(refusal) => Err(refusal.clone()),
        Outcome::Superseded { .. } => Err(Refusal::new(409, "Canceled", "Operation was canceled.")),
    }
}

fn operation_not_found(id: &str) -> Refusal {
    Refusal::new(404, "OperationNotFound", format!("Operation {id} not found."))
}

fn not_there(request: &Request) -> Refusal {
    Refusal::gateway(
        404,
        "InvalidRequestUri",
        format!("No resource answers to {} '{}'.", request.method, request.path),
    )
}

fn values(values: Vec<Value>) -> Answer {
    Answer::json(200, json!({ "value": values }))
}

fn subscription(azure: &Azure) -> Value {
    let id = &azure.credentials.subscription_id;
    json!({
        "id": format!("/subscriptions/{id}"),
        "subscriptionId": id,
        "tenantId": azure.credentials.tenant_id,
        "displayName": "ARM emulator",
        "state": "Enabled",
        "authorizationSource": "RoleBased",
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

fn provider(subscription: &str, namespace: &str) -> Value {
    json!({
        "id": format!("/subscriptions/{subscription}/providers/{namespace}"),
        "namespace": namespace,
        "registrationState": "Registered",
        "registrationPolicy": "RegistrationRequired",
        "resourceTypes": [],
    })
}
