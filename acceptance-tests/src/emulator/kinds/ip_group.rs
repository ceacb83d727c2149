//! `ipGroups`: addresses that rules of firewalls refer to.

use serde_json::json;

use super::{Kind, Write, refers_to_nothing, shows_nothing_more, texts};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::Resource;

pub(super) static KIND: Kind = Kind {
    segment: "ipGroups",
    label: "IpGroup",
    children: &[],
    read_only: &["firewallPolicies", "firewalls"],
    used_by_subnets: None,
    complete,
    check,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

/// Source: azure-subscription-service-limits, "Azure Firewall limits".
const ADDRESSES: usize = 5_000;

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let group = write.new;
    let addresses = texts(&group.properties, "ipAddresses")?;
    if addresses.len() > ADDRESSES {
        return Err(Refusal::bad(
            "IpGroupAddressesLimitReached",
            format!("IP group {} has more than {ADDRESSES} addresses.", group.id),
        ));
    }
    let wrong = |address: &&&str| **address == "*" || !super::firewall_rule::is_source(address);
    match addresses.iter().find(wrong) {
        Some(wrong) => Err(Refusal::bad(
            "IpGroupInvalidAddress",
            format!(
                "IP group {}: '{wrong}' is neither an IPv4 address, a prefix nor a range.",
                group.id
            ),
        )),
        None => Ok(()),
    }
}

fn complete(group: &mut Resource) {
    group.properties.entry("ipAddresses").or_insert_with(|| json!([]));
}
