//! The Azure Policy of many landing zones: no subnet without a network security group.

use serde_json::{Value, json};

use super::azure::Azure;
use super::refusal::Refusal;
use super::resource::{Resource, Target, reference};

/// Subnets that cannot or need not have a group; landing zones exempt them.
const EXEMPT: [&str; 4] = [
    "AzureBastionSubnet",
    "AzureFirewallManagementSubnet",
    "AzureFirewallSubnet",
    "GatewaySubnet",
];
const ASSIGNMENT: &str = "Deny-Subnet-Without-Nsg";
const NAME: &str = "Subnets should have a Network Security Group";

/// Refuses a write that leaves one of its subnets without a network security group.
pub(super) fn check_subnets(azure: &Azure, new: &Resource, target: &Target) -> Result<(), Refusal> {
    if new.kind.segment != "virtualNetworks" {
        return Ok(());
    }
    for child in new.kind.children {
        for entry in new.children(child) {
            let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
            let written = target
                .child
                .as_ref()
                .is_none_or(|(_, written)| written.eq_ignore_ascii_case(name));
            let properties = entry.get("properties").unwrap_or(&Value::Null);
            if written && !EXEMPT.contains(&name) && reference(properties, "networkSecurityGroup").is_none() {
                return Err(disallowed(azure, name));
            }
        }
    }
    Ok(())
}

fn disallowed(azure: &Azure, name: &str) -> Refusal {
    let scope = format!("/subscriptions/{}/providers", azure.credentials.subscription_id);
    let assignment = format!("{scope}/Microsoft.Authorization/policyAssignments/{ASSIGNMENT}");
    let definition = format!("{scope}/Microsoft.Authorization/policyDefinitions/{ASSIGNMENT}");
    let identifiers = json!([{
        "policyAssignment": { "name": NAME, "id": assignment },
        "policyDefinition": { "name": NAME, "id": definition },
    }]);
    let mut refusal = Refusal::gateway(
        403,
        "RequestDisallowedByPolicy",
        format!("Resource '{name}' was disallowed by policy. Policy identifiers: '{identifiers}'."),
    );
    let info = json!([{ "type": "PolicyViolation", "info": {
        "policyAssignmentDisplayName": NAME,
        "policyAssignmentId": assignment,
        "policyAssignmentName": ASSIGNMENT,
        "policyDefinitionDisplayName": NAME,
        "policyDefinitionEffect": "deny",
        "policyDefinitionId": definition,
        "policyDefinitionName": ASSIGNMENT,
    }}]);
    refusal.more = Some(Box::new((name.to_owned(), info)));
    refusal
}
