//! Lists of prefixes: what changed, and the fewest for the same addresses.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::IpNet;
use lockeddown::service_tags::{aggregate, changes, in_order};
use proptest::prelude::*;

use crate::nets;

#[test]
fn a_prefix_that_was_split_is_one_removed_and_two_added() {
    let found = changes(
        &nets(&["10.0.0.0/24", "10.1.0.0/24"]),
        &nets(&["10.0.0.128/25", "10.0.0.0/25", "10.1.0.0/24"]),
    );
    assert_eq!(
        (found.added, found.removed),
        (nets(&["10.0.0.0/25", "10.0.0.128/25"]), nets(&["10.0.0.0/24"]))
    );
}

#[test]
fn the_families_stay_apart_and_everything_is_one_prefix() {
    let halves = nets(&["8000::/1", "128.0.0.0/1", "::/1", "0.0.0.0/1"]);
    assert_eq!(aggregate(&halves), nets(&["0.0.0.0/0", "::/0"]));
    assert_eq!(
        aggregate(&nets(&["255.255.255.255/32", "255.255.255.254/32"])),
        nets(&["255.255.255.254/31"])
    );
    assert_eq!(aggregate(&[]), []);
}

/// A world of 256 addresses, at the beginning, inside and at the very end of the IPv4 space.
fn tiny_world() -> impl Strategy<Value = (u32, Vec<IpNet>)> {
    let base = prop_oneof![Just(0), Just(0x0a00_0100), Just(0xffff_ff00_u32)];
    (base, prop::collection::vec((0_u32..256, 24_u8..=32), 0..24)).prop_map(|(base, prefixes)| {
        let net = |(host, length): (u32, u8)| IpNet::new(Ipv4Addr::from(base + host).into(), length).unwrap().trunc();
        (base, prefixes.into_iter().map(net).collect())
    })
}

fn members(base: u32, prefixes: &[IpNet]) -> BTreeSet<u32> {
    let inside = |address: &u32| {
        prefixes
            .iter()
            .any(|net| net.contains(&IpAddr::from(Ipv4Addr::from(base + address))))
    };
    (0..256).filter(inside).collect()
}

/// The fewest prefixes that hold exactly `members` of the block: one if it is full, else those of its halves.
fn fewest(members: &BTreeSet<u32>, start: u32, size: u32) -> usize {
    match members.range(start..start + size).count() {
        0 => 0,
        count if count == size as usize => 1,
        _ => fewest(members, start, size / 2) + fewest(members, start + size / 2, size / 2),
    }
}

proptest! {
    #[test]
    fn aggregation_keeps_the_addresses_and_is_minimal((base, prefixes) in tiny_world()) {
        let aggregated = aggregate(&prefixes);
        let before = members(base, &prefixes);
        prop_assert_eq!(&members(base, &aggregated), &before);
        prop_assert_eq!(aggregated.len(), fewest(&before, 0, 256));
        prop_assert_eq!(in_order(&aggregated), aggregated.clone());
        prop_assert_eq!(aggregate(&aggregated), aggregated);
    }

    #[test]
    fn changes_lead_from_one_list_to_the_other((_, before) in tiny_world(), (_, after) in tiny_world()) {
        let found = changes(&before, &after);
        let kept = before.iter().filter(|net| !found.removed.contains(net));
        prop_assert_eq!(in_order(&kept.chain(&found.added).copied().collect::<Vec<_>>()), in_order(&after));
        prop_assert!(found.added.iter().all(|net| !before.contains(net)));
        prop_assert!(found.removed.iter().all(|net| before.contains(net)));
    }
}
