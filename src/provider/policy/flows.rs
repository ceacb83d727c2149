//! The required flows of a policy as Terraform values, and back.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use super::Unreadable;
use crate::network::{AddressSide, Flow, FlowPeer, Known, Passage, PortRange, Ports, Prefix, ServiceTag};

/// The type of `flows`.
pub(super) fn ty() -> Type {
    let text = |name: &'static str| (name, Type::String);
    let texts = |name: &'static str| (name, Type::set(Type::String));
    Type::map(Type::object([
        text("direction"),
        text("protocol"),
        texts("local_address_prefixes"),
        texts("local_application_security_group_ids"),
        texts("peer_address_prefixes"),
        texts("peer_application_security_group_ids"),
        text("peer_service_tag"),
        text("peer_host"),
        text("peer_fqdn_tag"),
        texts("ports"),
        texts("source_ports"),
        text("initiator"),
        text("passage"),
        ("learned_route", Type::Bool),
        texts(CALLERS),
        texts("requirement_ids"),
    ]))
}

/// The flows as a value.
pub(super) fn to_value(flows: &BTreeMap<String, Flow>) -> Value {
    Value::object(flows.iter().map(|(key, flow)| (key.clone(), flow_value(flow))))
}

const ANY: &str = "*";

/// Who of the peer calls, since format 4.
const CALLERS: &str = "caller_address_prefixes";

fn flow_value(flow: &Flow) -> Value {
    let (mut local_prefixes, mut local_groups) = (Value::Null, Value::Null);
    match &flow.local {
        AddressSide::Groups(ids) => local_groups = groups(ids),
        AddressSide::Prefixes(prefixes) => local_prefixes = texts(prefixes),
        // A subnet's own end is never a tag; `*` says no less.
        AddressSide::Any | AddressSide::Tag(_) => local_prefixes = Value::string_set([ANY]),
    }
    let mut value = Value::object([
        ("direction", Value::from(flow.direction.as_str())),
        ("protocol", flow.protocol.as_str().into()),
        ("local_address_prefixes", local_prefixes),
        ("local_application_security_group_ids", local_groups),
        ("peer_address_prefixes", Value::Null),
        ("peer_application_security_group_ids", Value::Null),
        ("peer_service_tag", Value::Null),
        ("peer_host", Value::Null),
        ("peer_fqdn_tag", Value::Null),
        ("ports", ports(&flow.ports)),
        ("source_ports", ports(&flow.source_ports)),
        ("initiator", flow.initiator.as_str().into()),
        ("passage", flow.passage.as_str().into()),
        ("learned_route", flow.learned_route.into()),
        (CALLERS, texts(&flow.callers)),
        (
            "requirement_ids",
            Value::string_set(flow.requirement_ids.iter().cloned()),
        ),
    ]);
    match &flow.peer {
        FlowPeer::Any => value.set_attribute("peer_address_prefixes", Value::string_set([ANY])),
        FlowPeer::Prefixes(prefixes) => value.set_attribute("peer_address_prefixes", texts(prefixes)),
        FlowPeer::Groups(ids) => value.set_attribute("peer_application_security_group_ids", groups(ids)),
        FlowPeer::Tag(tag) => value.set_attribute("peer_service_tag", tag.as_str().into()),
        FlowPeer::HostTag(tag) => value.set_attribute("peer_fqdn_tag", tag.as_str().into()),
        FlowPeer::Host { name, covered_by } => {
            value.set_attribute("peer_host", name.as_str().into());
            value.set_attribute("peer_service_tag", covered_by.as_ref().map(ToString::to_string).into());
        }
    }
    value
}

fn texts(prefixes: &BTreeSet<Prefix>) -> Value {
    Value::string_set(prefixes.iter().map(ToString::to_string))
}

fn groups(ids: &Known<BTreeSet<String>>) -> Value {
    match ids {
        Known::Is(ids) => Value::string_set(ids.iter().cloned()),
        Known::NotYet => Value::unknown_not_null(),
    }
}

fn ports(ports: &Ports) -> Value {
    match ports {
        Ports::Any => Value::string_set([ANY]),
        Ports::Ranges(ranges) => Value::string_set(ranges.iter().map(ToString::to_string)),
    }
}

/// The flows of a value; the reverse of [`to_value`].
pub(super) fn from_value(value: &Value) -> Result<BTreeMap<String, Flow>, Unreadable> {
    let Some(flows) = value.as_map() else {
        return Err(Unreadable::new("flows", "is not a map"));
    };
    flows
        .iter()
        .map(|(key, flow)| Ok((key.clone(), flow_of(key, flow)?)))
        .collect()
}

fn flow_of(key: &str, value: &Value) -> Result<Flow, Unreadable> {
    let refused = |what: &str| Unreadable::new(&format!("flows[\"{key}\"].{what}"), "cannot be read");
    let text = |name: &str| value.attribute(name).as_str().ok_or_else(|| refused(name));
    let local = match groups_of(value.attribute("local_application_security_group_ids")) {
        Some(ids) => AddressSide::Groups(ids),
        None => match prefixes_of(value.attribute("local_address_prefixes")) {
            Some(Some(prefixes)) => AddressSide::Prefixes(prefixes),
            Some(None) => AddressSide::Any,
            None => return Err(refused("local_address_prefixes")),
        },
    };
    Ok(Flow {
        direction: text("direction")?.parse().map_err(|_| refused("direction"))?,
        protocol: text("protocol")?.parse().map_err(|_| refused("protocol"))?,
        local,
        peer: peer_of(value).ok_or_else(|| refused("peer_address_prefixes"))?,
        ports: ports_of(value.attribute("ports")).ok_or_else(|| refused("ports"))?,
        source_ports: ports_of(value.attribute("source_ports")).ok_or_else(|| refused("source_ports"))?,
        initiator: text("initiator")?.to_owned(),
        passage: Passage::from_word(text("passage")?).ok_or_else(|| refused("passage"))?,
        learned_route: value.attribute("learned_route").as_bool().unwrap_or(false),
        callers: match value.attribute(CALLERS) {
            Value::Null => BTreeSet::new(),
            callers => {
                let callers = words(callers).ok_or_else(|| refused(CALLERS))?;
                let callers: Option<BTreeSet<Prefix>> = callers.iter().map(|word| word.parse().ok()).collect();
                callers.ok_or_else(|| refused(CALLERS))?
            }
        },
        requirement_ids: words(value.attribute("requirement_ids")).ok_or_else(|| refused("requirement_ids"))?,
    })
}

fn peer_of(value: &Value) -> Option<FlowPeer> {
    let tag = value.attribute("peer_service_tag").as_str();
    if let Some(name) = value.attribute("peer_host").as_str() {
        let covered_by = tag.map(str::parse::<ServiceTag>).transpose().ok()?;
        return Some(FlowPeer::Host {
            name: name.to_owned(),
            covered_by,
        });
    }
    if let Some(tag) = tag {
        return tag.parse().ok().map(FlowPeer::Tag);
    }
    if let Some(tag) = value.attribute("peer_fqdn_tag").as_str() {
        return Some(FlowPeer::HostTag(tag.to_owned()));
    }
    if let Some(ids) = groups_of(value.attribute("peer_application_security_group_ids")) {
        return Some(FlowPeer::Groups(ids));
    }
    Some(match prefixes_of(value.attribute("peer_address_prefixes"))? {
        Some(prefixes) => FlowPeer::Prefixes(prefixes),
        None => FlowPeer::Any,
    })
}

/// `None` inside is `*`.
fn prefixes_of(value: &Value) -> Option<Option<BTreeSet<Prefix>>> {
    let words = words(value)?;
    if words.contains(ANY) {
        return Some(None);
    }
    let prefixes: Option<BTreeSet<Prefix>> = words.iter().map(|word| word.parse().ok()).collect();
    prefixes.filter(|prefixes| !prefixes.is_empty()).map(Some)
}

fn groups_of(value: &Value) -> Option<Known<BTreeSet<String>>> {
    match value {
        Value::Unknown(_) => Some(Known::NotYet),
        value => words(value).map(Known::Is),
    }
}

fn ports_of(value: &Value) -> Option<Ports> {
    let words = words(value)?;
    if words.contains(ANY) {
        return Some(Ports::Any);
    }
    let ranges: Option<BTreeSet<PortRange>> = words.iter().map(|word| word.parse().ok()).collect();
    ranges.filter(|ranges| !ranges.is_empty()).map(Ports::Ranges)
}

fn words(value: &Value) -> Option<BTreeSet<String>> {
    let words = value.as_list()?.iter().map(|word| word.as_str().map(str::to_owned));
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::{Defaults, Surroundings, Workload};

    #[test]
    fn what_is_written_is_read_back() {
        let subnets = Value::string_set(["10.0.1.0/24"]);
        let inputs = Value::object([
            ("location", Value::from("westeurope")),
            ("role", "server".into()),
            ("subnet_address_prefixes", subnets),
            ("node_address_prefixes", Value::string_set(["10.0.2.0/24"])),
        ]);
        let workload = Workload::find("cyclecloud_subnet").unwrap();
        let outcome = workload.expand(&inputs, &Surroundings::none(Defaults::default()));
        let mut flows = outcome.expanded.unwrap().policy.flows;
        assert!(flows.len() > 4, "{flows:?}");
        flows.first_entry().unwrap().get_mut().callers = ["203.0.113.0/24".parse().unwrap()].into();
        assert_eq!(from_value(&to_value(&flows)).unwrap(), flows);
    }
}
