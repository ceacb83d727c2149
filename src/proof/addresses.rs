//! Addresses of both families on one line: an IPv4 address stands where IPv6 maps it (`::ffff:a.b.c.d`), which no subnet uses itself.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
    sync::LazyLock,
};

use ipnet::IpNet;

use super::intervals::Intervals;
use crate::network::{Family, Prefix};

/// A set of addresses.
pub type AddressSet = Intervals<u128>;

const MAPPED: u128 = 0xffff_0000_0000;

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => MAPPED | u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of a number on the line.
pub fn address(number: u128) -> IpAddr {
    match u32::try_from(number ^ MAPPED) {
        Ok(low) => IpAddr::V4(low.into()),
        Err(_) => IpAddr::V6(number.into()),
    }
}

/// Every IPv4 address.
pub fn every_ipv4() -> &'static AddressSet {
    static IPV4: LazyLock<AddressSet> = LazyLock::new(|| AddressSet::of([(MAPPED, MAPPED | 0xffff_ffff)]));
    &IPV4
}

/// The addresses of a prefix. `::/0` does not hold those of IPv4.
pub fn of_prefix(prefix: &Prefix) -> AddressSet {
    let net = IpNet::from(*prefix);
    let set = AddressSet::of([(number(net.network()), number(net.broadcast()))]);
    match prefix.family() {
        Family::V4 => set,
        Family::V6 => set.without(every_ipv4()),
    }
}

/// The addresses of several prefixes.
pub fn of_prefixes<'p>(prefixes: impl IntoIterator<Item = &'p Prefix>) -> AddressSet {
    let mut intervals = Vec::new();
    for prefix in prefixes {
        intervals.extend(of_prefix(prefix).iter());
    }
    AddressSet::of(intervals)
}

/// The addresses of a range such as `10.0.0.4-10.0.0.9`.
pub fn of_range(text: &str) -> Option<AddressSet> {
    let (first, last) = text.split_once('-')?;
    let (first, last): (IpAddr, IpAddr) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first.is_ipv4() == last.is_ipv4() && first <= last).then(|| AddressSet::of([(number(first), number(last))]))
}

/// The set in the fewest prefixes, by their family and length.
pub fn by_length(set: &AddressSet) -> BTreeMap<(Family, u8), AddressSet> {
    let mut found: BTreeMap<(Family, u8), Vec<(u128, u128)>> = BTreeMap::new();
    for (family, width, part) in [
        (Family::V4, 32, set.and(every_ipv4())),
        (Family::V6, 128, set.without(every_ipv4())),
    ] {
        for (mut first, last) in part.iter() {
            loop {
                // As large as its place allows, and as what is left.
                let left = last - first;
                let within = 127 - left.saturating_add(1).leading_zeros().min(127);
                let bits = first.trailing_zeros().min(within).min(width);
                let end = first | ((1_u128 << bits.min(127)) - 1);
                let length = u8::try_from(width - bits).unwrap_or_default();
                found.entry((family, length)).or_default().push((first, end));
                match end.checked_add(1) {
                    Some(next) if end < last => first = next,
                    _ => break,
                }
            }
        }
    }
    found
        .into_iter()
        .map(|(length, intervals)| (length, AddressSet::of(intervals)))
        .collect()
}

/// Whether the two hold addresses of a common family. A packet's ends always do.
pub fn have_a_common_family(one: &AddressSet, other: &AddressSet) -> bool {
    let in_ipv4 = |set: &AddressSet| set.meets(every_ipv4());
    let in_ipv6 = |set: &AddressSet| !set.is_within(every_ipv4());
    (in_ipv4(one) && in_ipv4(other)) || (in_ipv6(one) && in_ipv6(other))
}

/// Blocks that the public internet does not route: RFC 1918, 6598, 3927, 4193, 4291, loopback, multicast, and 168.63.129.16, which is Azure's
/// own in every virtual network.
fn not_public() -> &'static [Prefix] {
    static BLOCKS: LazyLock<Vec<Prefix>> = LazyLock::new(|| {
        [
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.168.0.0/16",
            "168.63.129.16/32",
            "224.0.0.0/3",
            "::/128",
            "::1/128",
            "fc00::/7",
            "fe80::/10",
            "ff00::/8",
        ]
        .iter()
        .filter_map(|text| text.parse().ok())
        .collect()
    });
    &BLOCKS
}

/// What the public internet routes: no service tag that Microsoft publishes holds anything else.
pub fn public() -> &'static AddressSet {
    static PUBLIC: LazyLock<AddressSet> = LazyLock::new(|| of_prefixes(not_public()).complement());
    &PUBLIC
}

/// How short the prefix is at least of an address space that holds this one: private space ends with its block.
pub fn shortest_space(prefix: &Prefix) -> u8 {
    let block = not_public().iter().find(|block| block.contains(prefix));
    block.map_or(1, Prefix::length)
}

/// Azure's platform address: health probes, DNS, DHCP.
pub fn platform() -> &'static AddressSet {
    static PLATFORM: LazyLock<AddressSet> = LazyLock::new(|| {
        let address = number(IpAddr::V4(Ipv4Addr::new(168, 63, 129, 16)));
        AddressSet::of([(address, address)])
    });
    &PLATFORM
}

/// Where machines ask for their metadata and identity.
pub fn metadata() -> &'static AddressSet {
    static METADATA: LazyLock<AddressSet> = LazyLock::new(|| {
        let address = number(IpAddr::V4(Ipv4Addr::new(169, 254, 169, 254)));
        AddressSet::of([(address, address)])
    });
    &METADATA
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(texts: &[&str]) -> AddressSet {
        let prefixes: Vec<Prefix> = texts.iter().map(|text| text.parse().unwrap()).collect();
        of_prefixes(&prefixes)
    }

    #[test]
    fn the_families_lie_apart_on_the_line() {
        let (v4, v6) = (set(&["0.0.0.0/0"]), set(&["::/0"]));
        assert!(!v4.meets(&v6) && v4.or(&v6).is_all());
        assert_eq!(address(set(&["10.1.2.3/32"]).first().unwrap()).to_string(), "10.1.2.3");
        assert_eq!(address(set(&["fd00::1/128"]).first().unwrap()).to_string(), "fd00::1");
        assert!(!have_a_common_family(&set(&["10.0.0.0/8"]), &set(&["fd00::/8"])));
    }

    #[test]
    fn a_set_falls_into_the_fewest_prefixes() {
        let lengths = |texts: &[&str]| {
            by_length(&set(texts))
                .into_keys()
                .map(|(_, length)| length)
                .collect::<Vec<_>>()
        };
        assert_eq!(lengths(&["20.60.0.0/17", "20.60.128.0/17", "20.61.0.0/24"]), [16, 24]);
        assert_eq!(lengths(&["0.0.0.0/0"]), [0]);
        assert_eq!(lengths(&["10.0.0.1/32", "10.0.0.2/31", "fd00::/8"]), [31, 32, 8]);
        assert_eq!(by_length(&set(&["10.0.0.0/8", "192.168.0.0/16"])).len(), 2);
    }

    #[test]
    fn private_space_and_the_platform_are_not_public() {
        assert!(!public().meets(&set(&["10.0.0.0/8", "fd00::/8"])) && !public().meets(platform()));
        assert_eq!(*platform(), set(&["168.63.129.16/32"]));
        assert!(set(&["20.60.0.0/16", "2603:1000::/24"]).is_within(public()));
    }
}
