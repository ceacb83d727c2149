//! Addresses and prefixes as Azure reads them.

use std::net::IpAddr;

use ipnet::IpNet;

/// The address families of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

/// A prefix in CIDR notation with its length, host bits or not.
pub(super) fn cidr(text: &str) -> Option<IpNet> {
    text.contains('/').then(|| text.parse().ok()).flatten()
}

/// No bit is set behind the prefix length.
pub(super) fn is_canonical(prefix: &IpNet) -> bool {
    prefix.trunc() == *prefix
}

/// The family of an address or of a canonical prefix, the only address forms a security rule accepts. A bare number is an IPv4
/// address too, in its oldest notation: `789` as a rule's source is recorded as accepted.
pub(super) fn address_or_prefix(text: &str) -> Option<Family> {
    if text.parse::<u32>().is_ok() {
        return Some(Family::V4);
    }
    let address = text.parse::<IpAddr>().ok();
    let address = address.or_else(|| cidr(text).filter(is_canonical).map(|prefix| prefix.addr()));
    address.map(|address| if address.is_ipv4() { Family::V4 } else { Family::V6 })
}

/// An address or prefix as the addresses that it stands for; a bare number stands for none here.
pub(super) fn span(text: &str) -> Option<IpNet> {
    cidr(text).or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

/// Two prefixes share an address.
pub(super) fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(one)
}
