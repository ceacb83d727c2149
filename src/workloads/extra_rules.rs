//! `extra_rules`: the user's own security rules beside the required ones.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    argument::{Argument, Default, Kind},
    inputs::{Inputs, parsed},
    problem::Stop,
    shared::{SERVICE_TAG_KNOWN, Shared},
};
use crate::{
    network::{
        AddressSide, Description, Direction, Family, Known, PortRange, Ports, Prefix, Priority, Protocol, SecurityRule,
        ServiceTag, stable_hash,
    },
    service_tags::known,
};

/// azurerm's `security_rule`, with `priority` optional.
pub(super) static ARGUMENTS: &[Argument] = &[
    Argument::optional("description", Kind::Text, "At most 140 characters."),
    Argument::optional(
        "priority",
        Kind::Number,
        "100 to 4096. Without it the rule gets a place of its own between 1500 and 2999 that depends on its name alone.",
    ),
    Argument::required(
        "direction",
        Kind::Choice(&["Inbound", "Outbound"]),
        "`Inbound` or `Outbound`.",
    ),
    Argument::optional("access", Kind::Choice(&["Allow", "Deny"]), "`Allow` or `Deny`.").or(Default::Text("Allow")),
    Argument::required(
        "protocol",
        Kind::Choice(&["Tcp", "Udp", "Icmp", "Esp", "Ah", "*"]),
        "`Tcp`, `Udp`, `Icmp`, `Esp`, `Ah` or `*`.",
    ),
    Argument::optional(
        "source_port_range",
        Kind::Text,
        "Port, range or `*`, which is the default.",
    ),
    Argument::optional("source_port_ranges", Kind::TextSet, "Ports and ranges."),
    Argument::optional(
        "destination_port_range",
        Kind::Text,
        "Port, range or `*`, which is the default.",
    ),
    Argument::optional("destination_port_ranges", Kind::TextSet, "Ports and ranges."),
    Argument::optional(
        "source_address_prefix",
        Kind::Text,
        "Prefix, service tag or `*`, which is the default.",
    ),
    Argument::optional(
        "source_address_prefixes",
        Kind::TextSet,
        "Prefixes of one address family.",
    ),
    Argument::optional(
        "source_application_security_group_ids",
        Kind::TextSet,
        "Application security groups.",
    ),
    Argument::optional(
        "destination_address_prefix",
        Kind::Text,
        "Prefix, service tag or `*`, which is the default.",
    ),
    Argument::optional(
        "destination_address_prefixes",
        Kind::TextSet,
        "Prefixes of one address family.",
    ),
    Argument::optional(
        "destination_application_security_group_ids",
        Kind::TextSet,
        "Application security groups.",
    ),
];

const BAND_START: i64 = 1500;
const BAND_LENGTH: u64 = 1500;

pub(super) fn read(inputs: &Inputs<'_>) -> Result<BTreeMap<String, SecurityRule>, Stop> {
    inputs.objects("extra_rules", |name, rule| {
        let key = name.parse().map_err(|error| {
            rule.findings().error(
                inputs.path("extra_rules").key(name),
                "Invalid rule name",
                format!("{error}."),
            )
        });
        let priority = read_priority(rule, name);
        let direction = rule.choice("direction");
        let access = rule.choice("access");
        let protocol = rule.choice("protocol");
        let description = read_description(rule);
        let source_ports = read_ports(rule, "source_port_range", "source_port_ranges");
        let destination_ports = read_ports(rule, "destination_port_range", "destination_port_ranges");
        let source = read_side(rule, "source");
        let destination = read_side(rule, "destination");
        Ok(SecurityRule {
            name: key?,
            description: description?,
            priority: priority?,
            direction: parsed::<Direction>(rule, "direction", "Unknown direction", &direction?)?,
            access: parsed(rule, "access", "Unknown access", &access?)?,
            protocol: parsed::<Protocol>(rule, "protocol", "Unknown protocol", &protocol?)?,
            source: source?,
            source_ports: source_ports?,
            destination: destination?,
            destination_ports: destination_ports?,
            requirement_ids: BTreeSet::new(),
        })
    })
}

/// Azure refuses a rule with a tag that the cloud does not have (`SecurityRuleInvalidAddressPrefix`), after the plan was agreed to.
pub(super) fn check_tags(inputs: &Inputs<'_>, shared: &Shared) -> Result<(), Stop> {
    if shared.waived.contains_key(SERVICE_TAG_KNOWN) {
        return Ok(());
    }
    let cloud = shared.environment;
    let mut refused = Ok(());
    for (name, rule) in &shared.extra_rules {
        for (argument, side) in [
            ("source_address_prefix", &rule.source),
            ("destination_address_prefix", &rule.destination),
        ] {
            let AddressSide::Tag(tag) = side else { continue };
            let tag = tag.as_str();
            if known::exists_in_any_case(tag, cloud) {
                continue;
            }
            let suggestion =
                known::nearest(tag, cloud).map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
            let homes: Vec<String> = known::clouds(tag).iter().map(|cloud| format!("`{cloud}`")).collect();
            let elsewhere = if homes.is_empty() || homes.contains(&format!("`{cloud}`")) {
                String::new()
            } else {
                format!(" It exists in {} only.", homes.join(" and "))
            };
            let detail = format!(
                "`{tag}` is no service tag that a rule of the cloud `{cloud}` can name, as far as this release knows.{elsewhere}{suggestion} If \
                 Azure has it now, waive the check: waived_requirements = {{ \"{SERVICE_TAG_KNOWN}\" = \"new tag\" }}."
            );
            let path = inputs.path("extra_rules").key(name).child(argument);
            refused = Err(inputs.findings().error(path, "Unknown service tag", detail));
        }
    }
    refused
}

fn read_description(rule: &Inputs<'_>) -> Result<Description, Stop> {
    let text = rule.text("description")?.unwrap_or_default();
    let length = text.chars().count();
    if length <= Description::MAX {
        return Ok(Description::text(&text));
    }
    let detail = format!(
        "`description` has {length} characters: Azure takes {}.",
        Description::MAX
    );
    Err(rule
        .findings()
        .error(rule.path("description"), "Description too long", detail))
}

fn read_priority(rule: &Inputs<'_>, name: &str) -> Result<Priority, Stop> {
    let number = rule.number("priority")?.unwrap_or_else(|| own_place(name));
    Priority::try_from(number).map_err(|_| {
        let detail = format!(
            "`priority` is `{number}`: Azure has 100 to 4096, each once per direction. Choose one of them, or leave it out: the rule then gets a \
             place between 1500 and 2999."
        );
        rule.findings()
            .error(rule.path("priority"), "Priority out of range", detail)
    })
}

/// A place in the band that no other rule's coming or going moves.
fn own_place(name: &str) -> i64 {
    BAND_START + i64::try_from(stable_hash(name) % BAND_LENGTH).unwrap_or(0)
}

fn read_ports(rule: &Inputs<'_>, singular: &str, plural: &str) -> Result<Ports, Stop> {
    let one = rule.text(singular);
    let many = rule.texts(plural);
    match (one?, many?) {
        (Some(_), many) if !many.is_empty() => Err(both(rule, singular, plural)),
        (Some(text), _) if text != "*" => Ok(Ports::Ranges(BTreeSet::from([parsed::<PortRange>(
            rule,
            singular,
            "Invalid port",
            &text,
        )?]))),
        (None, many) if !many.is_empty() => many
            .iter()
            .map(|text| parsed::<PortRange>(rule, plural, "Invalid port", text))
            .collect::<Result<_, _>>()
            .map(Ports::Ranges),
        _ => Ok(Ports::Any),
    }
}

fn read_side(rule: &Inputs<'_>, side: &str) -> Result<AddressSide, Stop> {
    let singular = format!("{side}_address_prefix");
    let plural = format!("{side}_address_prefixes");
    let group_ids = format!("{side}_application_security_group_ids");
    let one = rule.text(&singular);
    let many = rule.prefixes(&plural);
    let groups = rule.texts(&group_ids);
    match (one?, many?, groups?) {
        (Some(_), many, _) if !many.is_empty() => Err(both(rule, &singular, &plural)),
        (Some(_), _, groups) if !groups.is_empty() => Err(both(rule, &singular, &group_ids)),
        (None, many, groups) if !many.is_empty() && !groups.is_empty() => Err(both(rule, &plural, &group_ids)),
        (Some(text), _, _) if text == "*" => Ok(AddressSide::Any),
        (Some(text), _, _) if text.starts_with(|c: char| c.is_ascii_alphabetic()) && !text.contains(':') => Ok(
            AddressSide::Tag(parsed::<ServiceTag>(rule, &singular, "Invalid service tag", &text)?),
        ),
        (Some(text), _, _) => Ok(AddressSide::Prefixes(BTreeSet::from([parsed::<Prefix>(
            rule,
            &singular,
            "Invalid address prefix",
            &text,
        )?]))),
        (None, many, _) if !many.is_empty() => one_family(rule, &plural, many),
        (None, _, groups) if !groups.is_empty() => Ok(AddressSide::Groups(Known::Is(groups))),
        _ => Ok(AddressSide::Any),
    }
}

fn one_family(rule: &Inputs<'_>, name: &str, prefixes: BTreeSet<Prefix>) -> Result<AddressSide, Stop> {
    let families: BTreeSet<Family> = prefixes.iter().map(Prefix::family).collect();
    if families.len() > 1 {
        return Err(rule.findings().error(
            rule.path(name),
            "Mixed address families",
            format!("`{name}` holds IPv4 and IPv6 prefixes; Azure refuses a rule with both. Write one rule for each."),
        ));
    }
    Ok(AddressSide::Prefixes(prefixes))
}

fn both(rule: &Inputs<'_>, one: &str, other: &str) -> Stop {
    let detail = format!("`{one}` and `{other}` exclude each other: Azure accepts one of them per rule.");
    rule.findings().error(rule.path(one), "Conflicting arguments", detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_rule_depends_on_its_name_alone_and_lies_in_the_band() {
        for name in ["a", "AllowLicenseServer", "x.y"] {
            assert!((1500..3000).contains(&own_place(name)), "{name}");
            assert_eq!(own_place(name), own_place(name));
        }
        assert_ne!(own_place("a"), own_place("b"));
    }
}
