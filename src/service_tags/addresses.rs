//! Lists of prefixes: in order, with the fewest elements, and what changed between two of them.

use std::collections::BTreeSet;

use ipnet::IpNet;

/// The fewest prefixes that hold exactly the addresses of `prefixes`: IPv4 before IPv6, each in the order of the addresses.
pub fn aggregate(prefixes: &[IpNet]) -> Vec<IpNet> {
    IpNet::aggregate(&prefixes.to_vec())
}

/// The same prefixes without repetition: IPv4 before IPv6, each in the order of the addresses.
pub fn in_order(prefixes: &[IpNet]) -> Vec<IpNet> {
    prefixes.iter().copied().collect::<BTreeSet<_>>().into_iter().collect()
}

/// What changed between two lists of prefixes: `before` without `removed` and with `added` is `after`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Prefixes that are only in the later list, in order.
    pub added: Vec<IpNet>,
    /// Prefixes that are only in the earlier list, in order.
    pub removed: Vec<IpNet>,
}

/// Compares two lists prefix by prefix: a prefix that was split in two is one removed and two added.
pub fn changes(before: &[IpNet], after: &[IpNet]) -> Changes {
    let before: BTreeSet<IpNet> = before.iter().copied().collect();
    let after: BTreeSet<IpNet> = after.iter().copied().collect();
    Changes {
        added: after.difference(&before).copied().collect(),
        removed: before.difference(&after).copied().collect(),
    }
}
