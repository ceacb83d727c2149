//! Network intent policies: what a service such as Azure Databricks put on a subnet so that nobody takes its security group away.

use serde_json::Value;

use super::azure::Azure;
use super::refusal::Refusal;
use super::resource::{Resource, reference};

impl Azure {
    /// Puts an intent policy on a subnet, as Databricks does when it moves in. Its security group cannot be taken away from then on.
    pub fn apply_intent_policy(&mut self, subnet: &str) {
        self.revision += 1;
        self.intents.insert(subnet.to_lowercase());
    }

    /// The service moves out, and takes its policy along.
    pub fn lift_intent_policy(&mut self, subnet: &str) {
        self.revision += 1;
        self.intents.remove(&subnet.to_lowercase());
    }

    /// Refuses a write that takes the security group from a subnet with an intent policy.
    pub(super) fn check_intent_policies(&self, new: &Resource, old: Option<&Resource>) -> Result<(), Refusal> {
        let Some(old) = old.filter(|_| !self.intents.is_empty()) else {
            return Ok(());
        };
        for child in old.kind.children {
            for entry in old.children(child) {
                let name = entry.get("name").and_then(Value::as_str).unwrap_or_default();
                let id = old.child_id(child, name);
                let group = |entry: &Value| {
                    entry
                        .get("properties")
                        .is_some_and(|properties| reference(properties, "networkSecurityGroup").is_some())
                };
                // A subnet that goes takes its policy along.
                let taken = group(entry) && new.child(child, name).is_some_and(|entry| !group(entry));
                if taken && self.intents.contains(&id.to_lowercase()) {
                    return Err(cannot_be_removed(&id));
                }
            }
        }
        Ok(())
    }
}

/// Source: hashicorp/terraform-provider-azurerm#11158.
fn cannot_be_removed(subnet: &str) -> Refusal {
    let group = subnet.split("/providers/").next().unwrap_or_default();
    Refusal::bad(
        "NetworkSecurityGroupCannotBeRemovedDueToNipOnSubnet",
        format!(
            "Network security group cannot be removed from subnet {subnet} because it has network intent policy {group}/providers/Microsoft.Network/networkIntentPolicies/adb-emulator applied."
        ),
    )
}
