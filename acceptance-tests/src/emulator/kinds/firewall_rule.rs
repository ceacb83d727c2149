//! Network and application rules of a firewall policy.

use std::net::Ipv4Addr;

use serde_json::Value;

use super::{optional_text, texts};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::Object;
use crate::emulator::{prefixes, service_tags};

/// What the policy can do.
pub(super) struct Traits {
    pub(super) premium: bool,
    pub(super) basic: bool,
    pub(super) dns_proxy: bool,
}

const PROTOCOLS: [&str; 4] = ["TCP", "UDP", "ICMP", "Any"];
const APPLICATION_PROTOCOLS: [&str; 3] = ["Http", "Https", "Mssql"];

fn refused(code: &str, place: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::bad(code, format!("{place}: {why}."))
}

/// Refuses what a network rule cannot be.
pub(super) fn check_network(rule: &Object, traits: &Traits, place: &str) -> Result<(), Refusal> {
    let protocols = texts(rule, "ipProtocols")?;
    if protocols.is_empty() || !protocols.iter().all(|protocol| PROTOCOLS.contains(protocol)) {
        return Err(refused(
            "FirewallPolicyRuleInvalidProtocol",
            place,
            "ipProtocols must be some of TCP, UDP, ICMP, Any",
        ));
    }
    check_sources(rule, place)?;
    let (addresses, groups) = (
        texts(rule, "destinationAddresses")?,
        texts(rule, "destinationIpGroups")?,
    );
    let names = texts(rule, "destinationFqdns")?;
    if [addresses.is_empty(), groups.is_empty(), names.is_empty()]
        .iter()
        .filter(|empty| !**empty)
        .count()
        != 1
    {
        return Err(refused(
            "FirewallPolicyRuleInvalidDestination",
            place,
            "exactly one of destinationAddresses, destinationIpGroups and destinationFqdns must be given",
        ));
    }
    if let Some(wrong) = addresses.iter().find(|address| !is_destination(address)) {
        return Err(refused(
            "FirewallPolicyRuleInvalidAddress",
            place,
            format!("'{wrong}' is neither an address, a prefix, a range nor a service tag"),
        ));
    }
    if !names.is_empty() && (traits.basic || !traits.dns_proxy) {
        return Err(refused(
            "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
            place,
            "a destination FQDN in a network rule needs a DNS proxy, which the policy does not have",
        ));
    }
    if let Some(wrong) = names.iter().find(|name| !is_host(name, false)) {
        return Err(refused(
            "FirewallPolicyRuleInvalidFqdn",
            place,
            format!("'{wrong}' is not an FQDN; network rules know no wildcards"),
        ));
    }
    let ports = texts(rule, "destinationPorts")?;
    if ports.is_empty() {
        return Err(refused(
            "FirewallPolicyRuleInvalidPort",
            place,
            "there are no destinationPorts",
        ));
    }
    match ports.iter().find(|port| !is_port(port)) {
        Some(wrong) => Err(refused(
            "FirewallPolicyRuleInvalidPort",
            place,
            format!("'{wrong}' is neither a port, a range nor '*'"),
        )),
        None => Ok(()),
    }
}

/// Refuses what an application rule cannot be.
pub(super) fn check_application(rule: &Object, traits: &Traits, place: &str) -> Result<(), Refusal> {
    let protocols = rule.get("protocols").and_then(Value::as_array);
    let protocols = protocols.map(Vec::as_slice).unwrap_or_default();
    let known = |protocol: &Value| {
        let kind = protocol.get("protocolType").and_then(Value::as_str).unwrap_or_default();
        let port = protocol.get("port").and_then(Value::as_u64).unwrap_or_default();
        APPLICATION_PROTOCOLS.contains(&kind) && (1..=64000).contains(&port)
    };
    if protocols.is_empty() || !protocols.iter().all(known) {
        return Err(refused(
            "FirewallPolicyRuleInvalidApplicationProtocol",
            place,
            "protocols must be some of Http, Https, Mssql with a port from 1 to 64000",
        ));
    }
    check_sources(rule, place)?;
    let (hosts, tags) = (texts(rule, "targetFqdns")?, texts(rule, "fqdnTags")?);
    let (urls, categories) = (texts(rule, "targetUrls")?, texts(rule, "webCategories")?);
    let kinds = [
        !hosts.is_empty(),
        !tags.is_empty(),
        !urls.is_empty(),
        !categories.is_empty(),
    ];
    if kinds.iter().filter(|given| **given).count() != 1 {
        return Err(refused(
            "FirewallPolicyRuleInvalidTarget",
            place,
            "exactly one of targetFqdns, fqdnTags, targetUrls and webCategories must be given",
        ));
    }
    if let Some(wrong) = hosts.iter().find(|host| !is_host(host, true)) {
        return Err(refused(
            "FirewallPolicyRuleInvalidFqdn",
            place,
            format!("'{wrong}' is not an FQDN, '*' or '*.' before an FQDN"),
        ));
    }
    let inspected = rule.get("terminateTLS") == Some(&Value::Bool(true));
    if (inspected || !urls.is_empty()) && !traits.premium {
        return Err(refused(
            "FirewallPolicyPremiumFeature",
            place,
            "target URLs and TLS inspection need the tier Premium",
        ));
    }
    if !urls.is_empty() && !inspected {
        return Err(refused(
            "FirewallPolicyRuleUrlNeedsTlsInspection",
            place,
            "target URLs need terminateTLS",
        ));
    }
    if !categories.is_empty() && traits.basic {
        return Err(refused(
            "FirewallPolicyRuleInvalidTarget",
            place,
            "web categories need the tier Standard or Premium",
        ));
    }
    Ok(())
}

/// The IP groups that a rule refers to.
pub(super) fn ip_groups(rule: &Object) -> Vec<&str> {
    let named = ["sourceIpGroups", "destinationIpGroups"].into_iter();
    named.flat_map(|name| texts(rule, name).unwrap_or_default()).collect()
}

fn check_sources(rule: &Object, place: &str) -> Result<(), Refusal> {
    optional_text(rule, "description")?;
    let (addresses, groups) = (texts(rule, "sourceAddresses")?, texts(rule, "sourceIpGroups")?);
    if addresses.is_empty() == groups.is_empty() {
        return Err(refused(
            "FirewallPolicyRuleInvalidSource",
            place,
            "exactly one of sourceAddresses and sourceIpGroups must be given",
        ));
    }
    // Service tags stand for destinations only.
    match addresses.iter().find(|address| !is_source(address)) {
        Some(wrong) => Err(refused(
            "FirewallPolicyRuleInvalidAddress",
            place,
            format!("'{wrong}' is neither an address, a prefix nor a range"),
        )),
        None => Ok(()),
    }
}

/// An IPv4 address, prefix or range, or everything.
pub(super) fn is_source(text: &str) -> bool {
    let range = text.split_once('-').is_some_and(|(first, last)| {
        matches!((first.parse::<Ipv4Addr>(), last.parse::<Ipv4Addr>()), (Ok(first), Ok(last)) if first <= last)
    });
    // An Azure Firewall of any tier filters IPv4 only.
    let address = prefixes::address_or_prefix(text) == Some(prefixes::Family::V4);
    text == "*" || range || address
}

fn is_destination(text: &str) -> bool {
    is_source(text) || service_tags::is_service(text)
}

fn is_port(text: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().ok().filter(|port| *port > 0);
    match text.split_once('-') {
        Some((first, last)) => matches!((number(first), number(last)), (Some(first), Some(last)) if first <= last),
        None => text == "*" || number(text).is_some(),
    }
}

/// A wildcard stands for everything, or in front of a dot. Source: firewall-faq, "How do wildcards work in target URLs and FQDNs".
fn is_host(text: &str, wildcards: bool) -> bool {
    let name = match text.strip_prefix('*') {
        Some("") => return wildcards,
        Some(rest) if wildcards => match rest.strip_prefix('.') {
            Some(name) => name,
            None => return false,
        },
        Some(_) => return false,
        None => text,
    };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "-_".contains(character))
    };
    name.len() <= 253 && name.split('.').all(label)
}
