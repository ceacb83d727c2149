//! Role-based access control: which actions a request needs, and where.
//!
//! A request needs one action on its own path, and a PUT also one on every resource that its body links to: the *linked scopes*. The
//! service principal may do everything until its role is said (`Emulator::restrict_to`).

use std::collections::BTreeSet;

use serde_json::Value;

use super::azure::Azure;
use super::refusal::Refusal;
use super::request::Request;

/// Properties whose ids are linked scopes, with the action there. Source: the permissions of Microsoft.Network as Azure publishes them.
const LINKS: [(&str, &str); 12] = [
    (
        "networkSecurityGroup",
        "Microsoft.Network/networkSecurityGroups/join/action",
    ),
    ("routeTable", "Microsoft.Network/routeTables/join/action"),
    ("natGateway", "Microsoft.Network/natGateways/join/action"),
    (
        "serviceEndpointPolicies",
        "Microsoft.Network/serviceEndpointPolicies/join/action",
    ),
    ("remoteVirtualNetwork", "Microsoft.Network/virtualNetworks/peer/action"),
    ("subnet", "Microsoft.Network/virtualNetworks/subnets/join/action"),
    ("publicIPAddress", "Microsoft.Network/publicIPAddresses/join/action"),
    (
        "sourceApplicationSecurityGroups",
        "Microsoft.Network/applicationSecurityGroups/joinNetworkSecurityRule/action",
    ),
    (
        "destinationApplicationSecurityGroups",
        "Microsoft.Network/applicationSecurityGroups/joinNetworkSecurityRule/action",
    ),
    ("peer", "Microsoft.Network/expressRouteCircuits/join/action"),
    ("sourceIpGroups", "Microsoft.Network/ipGroups/join/action"),
    ("destinationIpGroups", "Microsoft.Network/ipGroups/join/action"),
];

/// The actions that a request needs, each with its scope: its own first, then those on linked scopes.
pub(super) fn needs(method: &str, path: &str, body: Option<&Value>) -> Vec<(String, String)> {
    let Some(action) = action(method, path) else {
        return Vec::new();
    };
    let mut needs = vec![(action, path.trim_end_matches('/').to_owned())];
    if let ("PUT", Some(body)) = (method, body) {
        linked(body, &mut needs);
    }
    needs
}

/// The action of a request: the namespace, the types in the path, and what is done.
fn action(method: &str, path: &str) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let provider = parts.iter().rposition(|part| part.eq_ignore_ascii_case("providers"));
    let (namespace, rest) = match provider
        .and_then(|at| parts.get(at + 1..))
        .and_then(<[&str]>::split_first)
    {
        Some((namespace, rest)) => (*namespace, rest.to_vec()),
        None => match parts.as_slice() {
            [subscriptions, id, rest @ ..] if subscriptions.eq_ignore_ascii_case("subscriptions") => {
                let mut types = vec!["subscriptions", *id];
                types.extend(rest);
                ("Microsoft.Resources", types)
            }
            _ => return None,
        },
    };
    let types: Vec<&str> = rest.iter().step_by(2).copied().collect();
    let verb = match method {
        "GET" | "HEAD" => "read",
        "DELETE" => "delete",
        "POST" => "action",
        _ => "write",
    };
    (!types.is_empty()).then(|| format!("{namespace}/{}/{verb}", types.join("/")))
}

fn linked(body: &Value, needs: &mut Vec<(String, String)>) {
    match body {
        Value::Object(members) => {
            for (name, member) in members {
                match LINKS.iter().find(|(property, _)| property == name) {
                    Some((_, action)) => {
                        let ids = ids(member).into_iter();
                        needs.extend(ids.map(|id| ((*action).to_owned(), id.to_owned())));
                    }
                    None => linked(member, needs),
                }
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| linked(element, needs)),
        _ => {}
    }
}

/// `{"id": …}`, an id, or a list of these.
fn ids(value: &Value) -> Vec<&str> {
    match value {
        Value::Array(elements) => elements.iter().flat_map(ids).collect(),
        Value::Object(_) => value.get("id").and_then(Value::as_str).into_iter().collect(),
        other => other.as_str().into_iter().collect(),
    }
}

/// Refuses a request that the role does not allow.
pub(super) fn check(azure: &Azure, request: &Request) -> Result<(), Refusal> {
    let Some(role) = &azure.role else { return Ok(()) };
    let needs = needs(&request.method, &request.path, request.json().as_ref());
    let missing = needs.iter().enumerate().find(|(_, (action, _))| !allows(role, action));
    let Some((position, (action, scope))) = missing else {
        return Ok(());
    };
    let client = &azure.credentials.client_id;
    let who = format!("The client '{client}' with object id '{client}'");
    Err(match needs.first() {
        Some((own, path)) if position > 0 => Refusal::gateway(
            403,
            "LinkedAuthorizationFailed",
            format!(
                "{who} has permission to perform action '{own}' on scope '{path}'; however, it does not have permission to perform action '{action}' on the linked scope(s) '{scope}' or the linked scope(s) are invalid."
            ),
        ),
        _ => Refusal::gateway(
            403,
            "AuthorizationFailed",
            format!(
                "{who} does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
            ),
        ),
    })
}

/// Whether one of the actions of a role, which may hold `*`, is this one. Azure ignores case here.
fn allows(role: &BTreeSet<String>, action: &str) -> bool {
    let action = action.to_lowercase();
    role.iter().any(|pattern| matches(&pattern.to_lowercase(), &action))
}

fn matches(pattern: &str, action: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else {
        return pattern == action;
    };
    let Some(rest) = action.strip_prefix(head) else {
        return false;
    };
    (0..=rest.len()).any(|at| rest.get(at..).is_some_and(|rest| matches(tail, rest)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NETWORK: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

    #[test]
    fn a_path_says_which_action_it_is() {
        for (method, path, expected) in [
            ("GET", "/subscriptions/s", "Microsoft.Resources/subscriptions/read"),
            (
                "PUT",
                "/subscriptions/s/resourceGroups/rg",
                "Microsoft.Resources/subscriptions/resourceGroups/write",
            ),
            (
                "GET",
                "/subscriptions/s/providers/Microsoft.Network/locations/westeurope/operations/o",
                "Microsoft.Network/locations/operations/read",
            ),
            (
                "DELETE",
                "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/x",
                "Microsoft.Network/virtualNetworks/subnets/delete",
            ),
            (
                "GET",
                "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups",
                "Microsoft.Network/networkSecurityGroups/read",
            ),
        ] {
            assert_eq!(action(method, path).as_deref(), Some(expected), "{method} {path}");
        }
    }

    #[test]
    fn a_put_needs_actions_on_what_it_links_to() {
        let subnet = format!("{NETWORK}/virtualNetworks/v/subnets/x");
        let body = json!({ "properties": {
            "networkSecurityGroup": { "id": "nsg" },
            "serviceEndpointPolicies": [{ "id": "one" }, { "id": "two" }],
            "ipConfigurations": [{ "id": "what the service shows is no link" }],
        } });
        let needs = needs("PUT", &subnet, Some(&body));
        let needs: Vec<_> = needs
            .iter()
            .map(|(action, scope)| (action.as_str(), scope.as_str()))
            .collect();
        assert_eq!(
            needs,
            [
                ("Microsoft.Network/virtualNetworks/subnets/write", subnet.as_str()),
                ("Microsoft.Network/networkSecurityGroups/join/action", "nsg"),
                ("Microsoft.Network/serviceEndpointPolicies/join/action", "one"),
                ("Microsoft.Network/serviceEndpointPolicies/join/action", "two"),
            ]
        );
    }

    #[test]
    fn actions_of_a_role_may_hold_stars_and_have_no_case() {
        let role = BTreeSet::from([
            "microsoft.network/*/READ".to_owned(),
            "Microsoft.Network/routeTables/join/action".to_owned(),
        ]);
        assert!(allows(&role, "Microsoft.Network/virtualNetworks/subnets/read"));
        assert!(allows(&role, "Microsoft.Network/routetables/join/action"));
        assert!(!allows(&role, "Microsoft.Network/virtualNetworks/write"));
        assert!(!allows(&role, "Microsoft.Network/routeTables/join/actions"));
    }
}
