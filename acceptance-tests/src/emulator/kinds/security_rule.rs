//! `networkSecurityGroups/securityRules`.

use serde_json::{Value, json};

use super::{Apart, Child, child_shows_nothing_more, member, optional_text, texts};
use crate::emulator::prefixes::{self, Family};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::{Object, text};
use crate::emulator::service_tags;

pub(super) static CHILD: Child = Child {
    collection: "securityRules",
    label: "SecurityRule",
    read_only: &[],
    apart: Apart::No,
    show: child_shows_nothing_more,
};

const PROTOCOLS: [&str; 6] = ["*", "Tcp", "Udp", "Icmp", "Esp", "Ah"];
const ACCESSES: [&str; 2] = ["Allow", "Deny"];
pub(super) const DIRECTIONS: [&str; 2] = ["Inbound", "Outbound"];
/// Source: azure-virtual-network-limits.md and the ARM schema.
const APPLICATION_SECURITY_GROUPS: usize = 10;
const DESCRIPTION: usize = 140;

const PROPERTIES: [&str; 15] = [
    "access",
    "description",
    "destinationAddressPrefix",
    "destinationAddressPrefixes",
    "destinationApplicationSecurityGroups",
    "destinationPortRange",
    "destinationPortRanges",
    "direction",
    "priority",
    "protocol",
    "sourceAddressPrefix",
    "sourceAddressPrefixes",
    "sourceApplicationSecurityGroups",
    "sourcePortRange",
    "sourcePortRanges",
];

/// Which end of the traffic: names of the properties, and how messages spell them.
struct Side {
    prefix: &'static str,
    prefixes: &'static str,
    groups: &'static str,
    port: &'static str,
    ports: &'static str,
    spelling: &'static str,
}

const SIDES: [Side; 2] = [
    Side {
        prefix: "sourceAddressPrefix",
        prefixes: "sourceAddressPrefixes",
        groups: "sourceApplicationSecurityGroups",
        port: "sourcePortRange",
        ports: "sourcePortRanges",
        spelling: "Source",
    },
    Side {
        prefix: "destinationAddressPrefix",
        prefixes: "destinationAddressPrefixes",
        groups: "destinationApplicationSecurityGroups",
        port: "destinationPortRange",
        ports: "destinationPortRanges",
        spelling: "Destination",
    },
];

/// What must be unique in a group.
pub(super) struct Slot {
    pub(super) direction: &'static str,
    pub(super) priority: i64,
}

/// Refuses a rule that Azure refuses. `stored` is the rule as it is, whose properties are known even if this emulator has
/// never heard of them.
pub(super) fn check(id: &str, rule: &Object, stored: Option<&Value>) -> Result<Slot, Refusal> {
    let stored = stored.and_then(|rule| rule.get("properties"));
    let unknown = rule
        .keys()
        .find(|name| !PROPERTIES.contains(&name.as_str()) && stored.is_none_or(|stored| stored.get(name).is_none()));
    if let Some(unknown) = unknown {
        return Err(Refusal::unreadable(format!(
            "Could not find member '{unknown}' on object of type 'SecurityRulePropertiesFormat'. Path 'properties.{unknown}'."
        )));
    }
    let required = |name: &str, members: &[&'static str]| {
        let found = optional_text(rule, name)?;
        let found = found.ok_or_else(|| missing(id, &capitalized(name)))?;
        member(members, found).ok_or_else(|| {
            Refusal::unreadable(format!("Error converting value \"{found}\". Path 'properties.{name}'."))
        })
    };
    required("protocol", &PROTOCOLS)?;
    required("access", &ACCESSES)?;
    let direction = required("direction", &DIRECTIONS)?;
    let priority = priority(rule)?;
    if let Some(description) = optional_text(rule, "description")?
        && description.chars().count() > DESCRIPTION
    {
        return Err(Refusal::bad(
            "SecurityRuleInvalidDescription",
            format!("Security rule {id} has a description of more than {DESCRIPTION} characters."),
        ));
    }
    let mut families = Vec::new();
    for side in &SIDES {
        check_ports(id, rule, side)?;
        check_addresses(id, rule, side, &mut families)?;
    }
    if families.contains(&Family::V4) && families.contains(&Family::V6) {
        return Err(Refusal::bad(
            "ResourceCannotContainAddressPrefixesFromDifferentAddressFamilies",
            format!(
                "Resource {id} contains IP addresses or prefixes that belong to different address families. All IP addresses or prefixes in the resource should belong to the same address family."
            ),
        ));
    }
    Ok(Slot { direction, priority })
}

fn priority(rule: &Object) -> Result<i64, Refusal> {
    let given = rule.get("priority").cloned().unwrap_or_else(|| json!(0));
    let priority = given.as_i64().ok_or_else(|| {
        Refusal::unreadable(format!(
            "Could not convert to integer: {given}. Path 'properties.priority'."
        ))
    })?;
    if (100..=4096).contains(&priority) {
        return Ok(priority);
    }
    Err(Refusal::bad(
        "SecurityRuleInvalidPriority",
        format!("Security rule has invalid Priority. Value provided: {priority} Allowed range 100-4096."),
    ))
}

fn check_ports(id: &str, rule: &Object, side: &Side) -> Result<(), Refusal> {
    let (one, many) = (optional_text(rule, side.port)?, texts(rule, side.ports)?);
    let parameter = format!("{}PortRange", side.spelling);
    match (one, many.is_empty()) {
        (None, true) => return Err(missing(id, &format!("either {parameter} or {parameter}s"))),
        (Some(_), false) => return Err(conflicting(id, &parameter)),
        _ => {}
    }
    if many.contains(&"*") {
        return Err(Refusal::bad(
            "SecurityRuleParameterContainsInvalidPortRanges",
            format!("Security rule parameter {parameter}s for rule with Id {id} cannot specify '*'."),
        ));
    }
    let invalid = one
        .into_iter()
        .filter(|port| *port != "*")
        .chain(many)
        .find(|range| !is_port_range(range));
    match invalid {
        Some(value) => Err(Refusal::bad(
            "SecurityRuleInvalidPortRange",
            format!(
                "Security rule has invalid Port range. Value provided: {value}. Value should be an integer OR integer range with '-' delimiter. Valid range 0-65535."
            ),
        )),
        None => Ok(()),
    }
}

fn is_port_range(text: &str) -> bool {
    let port = |text: &str| {
        text.bytes()
            .all(|byte| byte.is_ascii_digit())
            .then(|| text.parse::<u16>().ok())
            .flatten()
    };
    match text.split_once('-') {
        Some((first, last)) => matches!((port(first), port(last)), (Some(first), Some(last)) if first <= last),
        None => port(text).is_some(),
    }
}

fn check_addresses(id: &str, rule: &Object, side: &Side, families: &mut Vec<Family>) -> Result<(), Refusal> {
    let (one, many) = (optional_text(rule, side.prefix)?, texts(rule, side.prefixes)?);
    let groups = rule.get(side.groups).and_then(Value::as_array).map_or(0, Vec::len);
    let parameter = format!("{}AddressPrefix", side.spelling);
    match usize::from(one.is_some()) + usize::from(!many.is_empty()) + usize::from(groups > 0) {
        0 => {
            let choices = format!(
                "{parameter}es, {parameter}, or {}ApplicationSecurityGroups",
                side.spelling
            );
            return Err(missing(id, &choices));
        }
        1 => {}
        _ => return Err(conflicting(id, &parameter)),
    }
    if groups > APPLICATION_SECURITY_GROUPS {
        return Err(Refusal::bad(
            "SecurityRuleParameterContainsTooManyApplicationSecurityGroups",
            format!("Security rule {id} names more than {APPLICATION_SECURITY_GROUPS} application security groups."),
        ));
    }
    let invalid = |value: &str| {
        Refusal::bad(
            "SecurityRuleInvalidAddressPrefix",
            format!("Security rule has invalid Address prefix. Value provided: {value}"),
        )
    };
    if let Some(value) = one
        && value != "*"
        && !service_tags::is_known(value)
    {
        families.push(prefixes::address_or_prefix(value).ok_or_else(|| invalid(value))?);
    }
    for value in &many {
        // Tags are for the singular field: azurerm#5617.
        if *value == "*" || service_tags::is_known(value) {
            return Err(Refusal::bad(
                "SecurityRuleParameterContainsUnsupportedValue",
                format!(
                    "Security rule parameter {parameter} for rule with Id {id} cannot specify existing VIRTUALNETWORK, INTERNET, AZURELOADBALANCER, '*' or system tags. Unsupported value used: {value}."
                ),
            ));
        }
        families.push(prefixes::address_or_prefix(value).ok_or_else(|| invalid(value))?);
    }
    // Recorded in kubernetes-sigs/cloud-provider-azure#6775 and alan-turing-institute/data-safe-haven#2077.
    let twice = many.iter().enumerate().find_map(|(place, one)| {
        let mut others = many.iter().skip(place + 1);
        others
            .find(|other| prefixes::share_an_address(one, other))
            .map(|other| (one, other))
    });
    if let Some((one, other)) = twice {
        return Err(Refusal::bad(
            "OverlappingSubnetsNotPermittedInSecurityRule",
            format!(
                "Security rule parameter {parameter}es for rule with Id {id} contains overlapping subnets: {one}, {other}."
            ),
        ));
    }
    Ok(())
}

fn missing(id: &str, what: &str) -> Refusal {
    Refusal::bad(
        "SecurityRuleParametersMissing",
        format!(
            "Required security rule parameters are missing for security rule with Id: {id}. Security rule must specify {what}."
        ),
    )
}

fn conflicting(id: &str, parameter: &str) -> Refusal {
    Refusal::bad(
        "SecurityRuleParametersConflict",
        format!("Security rule with Id {id} specifies {parameter} in more than one way. Only one of them can be set."),
    )
}

fn capitalized(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(letters)
        .collect()
}

/// Brings a rule into the shape the service stores: its spelling of enumerations, all four lists present, and the singular
/// address `""` where the plural or groups are used.
pub(super) fn complete(rule: &mut Object) {
    for (name, members) in [
        ("protocol", &PROTOCOLS[..]),
        ("access", &ACCESSES),
        ("direction", &DIRECTIONS),
    ] {
        if let Some(spelling) = text(rule, name).and_then(|value| member(members, value)) {
            rule.insert(name.to_owned(), spelling.into());
        }
    }
    rule.retain(|_, value| !value.is_null());
    for side in &SIDES {
        for list in [side.ports, side.prefixes] {
            rule.entry(list).or_insert_with(|| json!([]));
        }
        let [prefixes, groups, ports] = [side.prefixes, side.groups, side.ports].map(|list| {
            rule.get(list)
                .and_then(Value::as_array)
                .is_some_and(|list| !list.is_empty())
        });
        if prefixes || groups {
            rule.insert(side.prefix.to_owned(), "".into());
        }
        if ports {
            rule.remove(side.port);
        }
        if !groups {
            rule.remove(side.groups);
        }
    }
}
