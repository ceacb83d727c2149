//! Security rules as people have them: in the shape of azurerm's `security_rule`, in a map or a list, ours or anybody's.
//!
//! What Azure accepts is accepted: words in any case, addresses without a mask, a prefix with host bits (Azure drops them). What
//! cannot be read is an error that names the rule: a rule that is skipped would make a proof of something else. So is what Azure
//! refuses: of rules that cannot stand in one group, the proof would have to choose.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use tfplugin_rs::value::Value;

use super::dynamic_inputs;
use crate::network::{
    AddressSide, Description, Family, Known, PortRange, Ports, Prefix, Priority, SecurityRule, ServiceTag,
};

/// A rule that cannot be read, and why.
pub(super) type Unreadable = String;

/// The rules of a value: a policy's `security_rules`, a map by name, or a list.
pub(super) fn read(value: &Value) -> Result<Vec<SecurityRule>, Unreadable> {
    let value = &dynamic_inputs::without_types(value);
    let rules = match value.as_map().map(|object| object.get("security_rules")) {
        Some(Some(rules)) => rules,
        _ => value,
    };
    let rules: Vec<SecurityRule> = match rules {
        Value::Map(rules) => rules.iter().map(|(name, rule)| self::rule(Some(name), rule)).collect(),
        Value::List(rules) => rules.iter().map(|rule| self::rule(None, rule)).collect(),
        Value::Null => Ok(Vec::new()),
        Value::Unknown(_) => Err("the rules are known only after apply".to_owned()),
        _ => Err("a policy, or a map or list of security rules is expected".to_owned()),
    }?;
    of_one_group(&rules)?;
    Ok(rules)
}

/// A group has each name once, without case, and each priority once per direction. Which of two such rules comes first nobody could say.
fn of_one_group(rules: &[SecurityRule]) -> Result<(), Unreadable> {
    if let Some((_, rule)) = twice(rules, |rule| rule.name.as_str().to_lowercase()) {
        return Err(format!(
            "two rules are named `{}`, and Azure has each name once in a group, without case: rename one, or give the rules of two groups apart",
            rule.name
        ));
    }
    if let Some((earlier, rule)) = twice(rules, |rule| (rule.direction, rule.priority)) {
        return Err(format!(
            "the rules `{}` and `{}` both have priority `{}` {}, and Azure has each priority once per direction: give one of them another \
             `priority`",
            earlier.name,
            rule.name,
            rule.priority.get(),
            rule.direction.as_str()
        ));
    }
    Ok(())
}

/// The first two that have one key, if any have.
pub(super) fn twice<T, K: Ord>(all: &[T], key: impl Fn(&T) -> K) -> Option<(&T, &T)> {
    let mut seen = BTreeMap::new();
    all.iter()
        .find_map(|one| seen.insert(key(one), one).map(|earlier| (earlier, one)))
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
    let (source, destination) = (side(value, "source"), side(value, "destination"));
    let (source, destination) = (
        source.map_err(|reason| format!("rule `{name}`: {reason}"))?,
        destination.map_err(|reason| format!("rule `{name}`: {reason}"))?,
    );
    of_one_family(&source, &destination).map_err(|reason| format!("rule `{name}`: {reason}"))?;
    Ok(SecurityRule {
        name: name
            .parse()
            .map_err(|error| wrong("name", &format!("is refused: {error}")))?,
        description: Description::text(value.attribute("description").as_str().unwrap_or_default()),
        priority: Priority::try_from(priority).map_err(|error| format!("rule `{name}`: {error}"))?,
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
        source,
        source_ports: ports(value, "source").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        destination,
        destination_ports: ports(value, "destination").map_err(|reason| format!("rule `{name}`: {reason}"))?,
        requirement_ids: words(value.attribute("requirement_ids"))
            .unwrap_or_default()
            .into_iter()
            .collect(),
    })
}

/// One end of a rule: a prefix or tag, prefixes, or groups, whichever of the three is used.
fn side(rule: &Value, name: &str) -> Result<AddressSide, Unreadable> {
    let (singular, plural) = (format!("{name}_address_prefix"), format!("{name}_address_prefixes"));
    let by_group = format!("{name}_application_security_group_ids");
    let (one, several) = (texts(rule, &singular)?, texts(rule, &plural)?);
    let groups = rule.attribute(&by_group);
    if !groups.is_wholly_known() {
        return Ok(AddressSide::Groups(Known::NotYet));
    }
    let groups: BTreeSet<String> = words(groups).unwrap_or_default().into_iter().collect();
    only_one(&[
        (&singular, !one.is_empty()),
        (&plural, !several.is_empty()),
        (&by_group, !groups.is_empty()),
    ])?;
    if !groups.is_empty() {
        return Ok(AddressSide::Groups(Known::Is(groups)));
    }
    if let Some(other) = several.iter().find(|text| prefix(text).is_none()) {
        return Err(format!(
            "`{plural}` holds `{other}`, which is no address prefix: Azure takes `*` and service tags in `{singular}` only"
        ));
    }
    let used = if several.is_empty() { one } else { several };
    address_side(&used).map_err(|reason| format!("`{singular}` {reason}"))
}

/// Azure has one address family per rule, on both sides together.
fn of_one_family(source: &AddressSide, destination: &AddressSide) -> Result<(), Unreadable> {
    let prefixes = [source, destination].into_iter().filter_map(|side| match side {
        AddressSide::Prefixes(prefixes) => Some(prefixes),
        _ => None,
    });
    let families: BTreeSet<Family> = prefixes.flatten().map(Prefix::family).collect();
    if families.len() > 1 {
        return Err(
            "it has IPv4 and IPv6 addresses, and Azure takes one family per rule: write a rule for each".to_owned(),
        );
    }
    Ok(())
}

/// Of attributes that exclude each other one is used at most.
fn only_one(attributes: &[(&String, bool)]) -> Result<(), Unreadable> {
    let used: Vec<&String> = attributes
        .iter()
        .filter(|(_, used)| *used)
        .map(|(name, _)| *name)
        .collect();
    match used.as_slice() {
        [one, other, ..] => Err(format!(
            "`{one}` and `{other}` are both set, and Azure takes only one of them: remove the one that is not meant"
        )),
        _ => Ok(()),
    }
}

/// What an attribute holds. Azure writes `""` and `[]` where it is not used, as azurerm's data sources do.
fn texts(rule: &Value, attribute: &str) -> Result<Vec<String>, Unreadable> {
    let mut texts = match rule.attribute(attribute) {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text.clone()],
        Value::Number(number) => vec![number.to_plain_string()],
        several => words(several).ok_or_else(|| format!("`{attribute}` is not known"))?,
    };
    texts.retain(|text| !text.is_empty());
    Ok(texts)
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
    let (singular, plural) = (format!("{name}_port_range"), format!("{name}_port_ranges"));
    let (one, several) = (texts(rule, &singular)?, texts(rule, &plural)?);
    only_one(&[(&singular, !one.is_empty()), (&plural, !several.is_empty())])?;
    if several.iter().any(|text| text == "*") {
        return Err(format!("`{plural}` holds `*`, which Azure takes in `{singular}` only"));
    }
    let used = if several.is_empty() { one } else { several };
    port_ranges(&used).map_err(|reason| format!("`{singular}` {reason}"))
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
