//! The Azure Policy of many landing zones: no subnet without a network security group, none without a route table.

use serde_json::{Value, json};

use super::azure::Azure;
use super::refusal::Refusal;
use super::resource::{Resource, Target, reference};

/// Subnets that cannot or need not have these; landing zones exempt them.
const EXEMPT: [&str; 4] = [
    "AzureBastionSubnet",
    "AzureFirewallManagementSubnet",
    "AzureFirewallSubnet",
    "GatewaySubnet",
];

/// A policy as it is assigned.
struct Assignment {
    /// The property of a subnet that must be there.
    demands: &'static str,
    name: &'static str,
    display_name: &'static str,
}

const WITHOUT_GROUP: Assignment = Assignment {
    demands: "networkSecurityGroup",
    name: "Deny-Subnet-Without-Nsg",
    display_name: "Subnets should have a Network Security Group",
};
const WITHOUT_TABLE: Assignment = Assignment {
    demands: "routeTable",
    name: "Deny-Subnet-Without-Udr",
    display_name: "Subnets should have a User Defined Route",
};

/// Refuses a write that leaves one of its subnets without what the assigned policies demand.
pub(super) fn check_subnets(azure: &Azure, new: &Resource, target: &Target) -> Result<(), Refusal> {
    if new.kind.segment != "virtualNetworks" {
        return Ok(());
    }
    let assigned = [
        (azure.options.deny_subnets_without_nsg, WITHOUT_GROUP),
        (azure.options.deny_subnets_without_route_table, WITHOUT_TABLE),
    ];
    for (_, assignment) in assigned.iter().filter(|(assigned, _)| *assigned) {
        for child in new.kind.children.iter().filter(|child| child.collection == "subnets") {
            for entry in new.children(child) {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
                let written = target.child.as_ref().is_none_or(|(collection, written)| {
                    collection.collection == child.collection && written.eq_ignore_ascii_case(name)
                });
                let properties = entry.get("properties").unwrap_or(&Value::Null);
                if written && !EXEMPT.contains(&name) && reference(properties, assignment.demands).is_none() {
                    return Err(disallowed(azure, name, assignment));
                }
            }
        }
    }
    Ok(())
}

fn disallowed(azure: &Azure, name: &str, assigned: &Assignment) -> Refusal {
    let scope = format!("/subscriptions/{}/providers", azure.credentials.subscription_id);
    let assignment = format!("{scope}/Microsoft.Authorization/policyAssignments/{}", assigned.name);
    let definition = format!("{scope}/Microsoft.Authorization/policyDefinitions/{}", assigned.name);
    let identifiers = json!([{
        "policyAssignment": { "name": assigned.display_name, "id": assignment },
        "policyDefinition": { "name": assigned.display_name, "id": definition },
    }]);
    let mut refusal = Refusal::gateway(
        403,
        "RequestDisallowedByPolicy",
        format!("Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'."),
    );
    let info = json!([{ "type": "PolicyViolation", "info": {
        "policyAssignmentDisplayName": assigned.display_name,
        "policyAssignmentId": assignment,
        "policyAssignmentName": assigned.name,
        "policyDefinitionDisplayName": assigned.display_name,
        "policyDefinitionEffect": "deny",
        "policyDefinitionId": definition,
        "policyDefinitionName": assigned.name,
    }}]);
    refusal.more = Some(Box::new((name.to_owned(), info)));
    refusal
}
