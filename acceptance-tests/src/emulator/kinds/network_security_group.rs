//! `networkSecurityGroups`.

use serde_json::{Value, json};

use super::{Kind, Write, check_children, refers_to_nothing, security_rule};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, Resource};

pub(super) static KIND: Kind = Kind {
    segment: "networkSecurityGroups",
    label: "NetworkSecurityGroup",
    children: &[&security_rule::CHILD],
    read_only: &["defaultSecurityRules", "flowLogs", "networkInterfaces", "subnets"],
    used_by_subnets: Some(("networkSecurityGroup", in_use)),
    complete,
    check,
    show,
    references: refers_to_nothing,
};

/// Source: azure-virtual-network-limits.md.
const RULES: usize = 1_000;
/// On each side, of all rules together. The same source.
const ADDRESSES: usize = 4_000;

fn in_use(group: &Resource, users: &[String]) -> Refusal {
    let (id, users) = (&group.id, users.join(", "));
    Refusal::bad(
        "InUseNetworkSecurityGroupCannotBeDeleted",
        format!(
            "Network security group {id} cannot be deleted because it is in use by the following resources: {users}. In order to delete the Network security group, remove the association with the resource(s). To learn how to do this, see aka.ms/deletensg."
        ),
    )
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let group = write.new;
    let mut taken: Vec<(security_rule::Slot, &str)> = Vec::new();
    for entry in group.children(&security_rule::CHILD) {
        let known = ["name", "properties"];
        let keys = entry.as_object().into_iter().flat_map(Object::keys);
        if let Some(unknown) = keys.into_iter().find(|key| !known.contains(&key.as_str())) {
            return Err(Refusal::unreadable(format!(
                "Could not find member '{unknown}' on object of type 'SecurityRule'."
            )));
        }
    }
    let rules = check_children(group, &security_rule::CHILD)?;
    if rules.len() > RULES {
        return Err(Refusal::bad(
            "NetworkSecurityGroupRulesLimitReached",
            format!(
                "Network security group {} has {} security rules; {RULES} is the limit.",
                group.id,
                rules.len()
            ),
        ));
    }
    for (one, many) in [
        ("sourceAddressPrefix", "sourceAddressPrefixes"),
        ("destinationAddressPrefix", "destinationAddressPrefixes"),
    ] {
        let addresses = |(_, rule): &(&str, &Object)| {
            let many = rule.get(many).and_then(Value::as_array).map_or(0, Vec::len);
            many.max(usize::from(rule.get(one).is_some_and(Value::is_string)))
        };
        if rules.iter().map(addresses).sum::<usize>() > ADDRESSES {
            return Err(Refusal::bad(
                "NetworkSecurityGroupAddressesLimitReached",
                format!("The rules of {} have more than {ADDRESSES} {many}.", group.id),
            ));
        }
    }
    for (name, rule) in rules {
        let stored = write.old.and_then(|old| old.child(&security_rule::CHILD, name));
        let slot = security_rule::check(&group.child_id(&security_rule::CHILD, name), rule, stored)?;
        let same = |(other, _): &&(security_rule::Slot, &str)| {
            other.direction == slot.direction && other.priority == slot.priority
        };
        if let Some((_, other)) = taken.iter().find(same) {
            return Err(Refusal::bad(
                "SecurityRuleConflict",
                format!(
                    "Security rule {name} conflicts with rule {other}. Rules cannot have the same Priority and Direction. To learn more, see aka.ms/nsgrules."
                ),
            ));
        }
        taken.push((slot, name));
    }
    Ok(())
}

fn complete(group: &mut Resource) {
    let rules = group.properties.entry("securityRules").or_insert_with(|| json!([]));
    for rule in rules.as_array_mut().into_iter().flatten() {
        if let Some(rule) = rule.get_mut("properties").and_then(Value::as_object_mut) {
            security_rule::complete(rule);
        }
    }
}

/// Name, description, source, destination, access, priority, direction. Names, texts and priorities as recorded.
#[rustfmt::skip]
const DEFAULT_RULES: [(&str, &str, &str, &str, &str, u32, &str); 6] = [
    ("AllowVnetInBound", "Allow inbound traffic from all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Inbound"),
    ("AllowAzureLoadBalancerInBound", "Allow inbound traffic from azure load balancer", "AzureLoadBalancer", "*", "Allow", 65001, "Inbound"),
    ("DenyAllInBound", "Deny all inbound traffic", "*", "*", "Deny", 65500, "Inbound"),
    ("AllowVnetOutBound", "Allow outbound traffic from all VMs to all VMs in VNET", "VirtualNetwork", "VirtualNetwork", "Allow", 65000, "Outbound"),
    ("AllowInternetOutBound", "Allow outbound traffic from all VMs to Internet", "*", "Internet", "Allow", 65001, "Outbound"),
    ("DenyAllOutBound", "Deny all outbound traffic", "*", "*", "Deny", 65500, "Outbound"),
];

fn show(group: &Resource, shown: &mut Object) {
    let rules = DEFAULT_RULES.map(
        |(name, description, source, destination, access, priority, direction)| {
            json!({
                "name": name,
                "id": format!("{}/defaultSecurityRules/{name}", group.id),
                "etag": group.etag,
                "type": "Microsoft.Network/networkSecurityGroups/defaultSecurityRules",
                "properties": {
                    "provisioningState": group.state(),
                    "description": description,
                    "protocol": "*",
                    "sourcePortRange": "*",
                    "destinationPortRange": "*",
                    "sourceAddressPrefix": source,
                    "destinationAddressPrefix": destination,
                    "access": access,
                    "priority": priority,
                    "direction": direction,
                    "sourcePortRanges": [],
                    "destinationPortRanges": [],
                    "sourceAddressPrefixes": [],
                    "destinationAddressPrefixes": [],
                },
            })
        },
    );
    if let Some(properties) = shown.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert("defaultSecurityRules".to_owned(), rules.into_iter().collect());
    }
}
