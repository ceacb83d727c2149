//! Security rules as people have them: in the shape of azurerm's `security_rule`, in a map or a list, ours or anybody's.
//!
//! What Azure accepts is accepted: words in any case, addresses without a mask, a prefix with host bits (Azure drops them). What
//! cannot be read is an error that names the rule: a rule that is skipped would make a proof of something else.

use std::collections::BTreeSet;

use ipnet::IpNet;
use tfplugin_rs::value::Value;

use super::dynamic_inputs;
use crate::network::{AddressSide, Description, Known, PortRange, Ports, Prefix, Priority, SecurityRule, ServiceTag};

/// A rule that cannot be read, and why.
pub(super) type Unreadable = String;

/// The rules of a value: a policy's `security_rules`, a map by name, or a list.
pub(super) fn read(value: &Value) -> Result<Vec<SecurityRule>, Unreadable> {
    let value = &dynamic_inputs::without_types(value);
    let rules = match value.as_map().map(|object| object.get("security_rules")) {
        Some(Some(rules)) => rules,
        _ => value,
    };
    match rules {
        Value::Map(rules) => rules.iter().map(|(name, rule)| self::rule(Some(name), rule)).collect(),
        Value::List(rules) => rules.iter().map(|rule| self::rule(None, rule)).collect(),
        Value::Null => Ok(Vec::new()),
        Value::Unknown(_) => Err("the rules are known only after apply".to_owned()),
        _ => Err("a policy, or a map or list of security rules is expected".to_owned()),
    }
}

/// One rule; its name is the key where it has none of its own.
fn rule(key: Option<&str>, value: &Value) -> Result<SecurityRule, Unreadable> {
    let name = value.attribute("name").as_str().or(key);
    let Some(name) = name else {
        return Err("a rule without a `name`".to_owned());
    };
    let wrong = |attribute: &str, reason: &str| format!("rule `{name}`: `{attribute}` {reason}");
    let word = |attribute: &'static str| {
        let text = value.attribute(attribute).as_str();
        text.ok_or_else(|| wrong(attribute, "is missing or not known"))
    };
    let priority = value.attribute("priority");
    let priority = priority.as_number().and_then(tfplugin_rs::value::Number::to_i64);
    let priority = priority.or_else(|| value.attribute("priority").as_str()?.parse().ok());
    let priority = priority.ok_or_else(|| wrong("priority", "is missing, not known or not a whole number"))?;
    Ok(SecurityRule {
        name: name
            .parse()
            .map_err(|error| wrong("name", &format!("is refused: {error}")))?,
        description: Description::text(value.attribute("description").as_str().unwrap_or_default()),
        priority: Priority::try_from(priority).map_err(|error| wrong("priority", &error.to_string()))?,
        direction: word("direction")?
            .parse()
            .map_err(|error| wrong("direction", &format!("{error}")))?,
        access: word("access")?
            .parse()
            .map_err(|error| wrong("access", &format!("{error}")))?,
        protocol: match word("protocol")? {
            "Any" | "any" => crate::network::Protocol::Any,
            protocol => protocol
                .parse()
                .map_err(|error| wrong("protocol", &format!("{error}")))?,
        },
        source: side(value, "source").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        source_ports: ports(value, "source").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        destination: side(value, "destination").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        destination_ports: ports(value, "destination").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        requirement_ids: words(value.attribute("requirement_ids"))
            .unwrap_or_default()
            .into_iter()
            .collect(),
    })
}

fn side(rule: &Value, name: &str) -> Result<AddressSide, Unreadable> {
    let groups = rule.attribute(&format!("{name}_application_security_group_ids"));
    match groups {
        Value::Unknown(_) => return Ok(AddressSide::Groups(Known::NotYet)),
        groups => {
            if let Some(ids) = words(groups).filter(|ids| !ids.is_empty()) {
                return Ok(AddressSide::Groups(Known::Is(ids.into_iter().collect())));
            }
        }
    }
    let mut texts = Vec::new();
    for attribute in [format!("{name}_address_prefix"), format!("{name}_address_prefixes")] {
        match rule.attribute(&attribute) {
            Value::Null => {}
            Value::String(text) => texts.push(text.clone()),
            several => texts.extend(words(several).ok_or_else(|| format!("`{attribute}` is not known"))?),
        }
    }
    address_side(&texts).map_err(|reason| format!("`{name}_address_prefix` {reason}"))
}

/// One end from its texts: `*`, one tag, or prefixes.
pub(super) fn address_side(texts: &[String]) -> Result<AddressSide, Unreadable> {
    let any = |text: &String| matches!(text.as_str(), "*" | "Any" | "any");
    match texts {
        [] => Err("is missing".to_owned()),
        texts if texts.iter().any(any) => Ok(AddressSide::Any),
        [tag] if prefix(tag).is_none() => {
            let tag = tag
                .parse::<ServiceTag>()
                .map_err(|error| format!("is refused: {error}"))?;
            Ok(AddressSide::Tag(tag))
        }
        texts => {
            let prefixes: Option<BTreeSet<Prefix>> = texts.iter().map(|text| prefix(text)).collect();
            let prefixes = prefixes
                .ok_or("has several elements, one of which is no address prefix: Azure takes tags only alone")?;
            Ok(AddressSide::Prefixes(prefixes))
        }
    }
}

/// A prefix or address; Azure drops host bits.
pub(super) fn prefix(text: &str) -> Option<Prefix> {
    let net = text.parse::<IpNet>().ok();
    net.map(Prefix::from).or_else(|| text.parse().ok())
}

fn ports(rule: &Value, name: &str) -> Result<Ports, Unreadable> {
    let mut texts = Vec::new();
    for attribute in [format!("{name}_port_range"), format!("{name}_port_ranges")] {
        match rule.attribute(&attribute) {
            Value::Null => {}
            Value::String(text) => texts.push(text.clone()),
            several => texts.extend(words(several).ok_or_else(|| format!("`{attribute}` is not known"))?),
        }
    }
    port_ranges(&texts).map_err(|reason| format!("`{name}_port_range` {reason}"))
}

/// Ports from their texts.
pub(super) fn port_ranges(texts: &[String]) -> Result<Ports, Unreadable> {
    if texts.iter().any(|text| text == "*") {
        return Ok(Ports::Any);
    }
    if texts.is_empty() {
        return Err("is missing".to_owned());
    }
    let ranges: Result<BTreeSet<PortRange>, _> = texts.iter().map(|text| text.parse()).collect();
    ranges
        .map(Ports::Ranges)
        .map_err(|error| format!("is refused: {error}"))
}

/// Texts of a list or set; numbers count as texts, as Terraform converts them.
pub(super) fn words(value: &Value) -> Option<Vec<String>> {
    let word = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_plain_string()),
        _ => None,
    };
    value.as_list()?.iter().map(word).collect()
}
