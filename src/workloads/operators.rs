//! Who is at the other end: administrators and users by the prefixes they come from, and machines by theirs. Nobody of them is the whole
//! internet.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;

use super::{
    inputs::Inputs,
    problem::Stop,
    rules::End,
    shared::{ADMIN_SOURCE_CLOSED, PEERS_CLOSED, Shared},
};
use crate::{network::Prefix, service_tags};

/// Prefixes of people. The whole internet is refused unless the user says why.
pub(super) fn read_operators(
    inputs: &Inputs<'_>,
    shared: &Shared,
    argument: &str,
    requirement: &str,
) -> Result<Option<End>, Stop> {
    let texts = inputs.texts(argument)?;
    let everybody = |text: &String| text == "*" || text.eq_ignore_ascii_case("Internet");
    let waived = shared.waived.contains_key(ADMIN_SOURCE_CLOSED);
    if texts.is_empty() {
        return Ok(None);
    }
    let refused = |what: &str| {
        let detail = format!(
            "`{argument}` contains {what}, which opens the port of {requirement} to everybody. Name the administrators' prefixes, or waive \
             the check: waived_requirements = {{ \"{ADMIN_SOURCE_CLOSED}\" = \"why\" }}."
        );
        Err(inputs
            .findings()
            .error(inputs.path(argument), "Open to the internet", detail))
    };
    if let Some(text) = texts.iter().find(|text| everybody(text)) {
        return if waived {
            Ok(Some(End::Any))
        } else {
            refused(&format!("`{text}`"))
        };
    }
    let prefixes = inputs.prefixes(argument)?;
    match too_wide(&prefixes) {
        None => Ok(Some(End::Prefixes(prefixes))),
        Some(_) if waived && prefixes.iter().any(Prefix::is_everything) => Ok(Some(End::Any)),
        Some(_) if waived => Ok(Some(End::Prefixes(prefixes))),
        Some(wide) => refused(&wide),
    }
}

/// Refuses machines at the other end that are the whole internet: the rule would be wider than its requirement.
pub(super) fn refuse_everybody(
    inputs: &Inputs<'_>,
    shared: &Shared,
    path: tfplugin_rs::value::Path,
    prefixes: &BTreeSet<Prefix>,
) -> Result<(), Stop> {
    let Some(wide) = too_wide(prefixes).filter(|_| !shared.waived.contains_key(PEERS_CLOSED)) else {
        return Ok(());
    };
    let detail = format!(
        "`{path}` contains {wide}, which is no network of anybody: the rules would be open to the internet. Name the prefixes of those who \
         are there, or waive the check: waived_requirements = {{ \"{PEERS_CLOSED}\" = \"why\" }}."
    );
    Err(inputs.findings().error(path, "Open to the internet", detail))
}

/// What of the prefixes, taken together, is more than any network: shorter than /8, in IPv6 than /16 (2000::/3 is all of the internet)
/// unless it is private (fc00::/7). Two halves are a whole, so they are joined first.
fn too_wide(prefixes: &BTreeSet<Prefix>) -> Option<String> {
    let nets: Vec<IpNet> = prefixes.iter().copied().map(IpNet::from).collect();
    let wide = service_tags::aggregate(&nets).into_iter().find(|net| match net {
        IpNet::V4(net) => net.prefix_len() < 8,
        IpNet::V6(net) => net.prefix_len() < 16 && !(net.prefix_len() >= 7 && net.network().is_unique_local()),
    })?;
    let whole = Prefix::from(wide);
    if prefixes.contains(&whole) {
        return Some(format!("`{whole}`"));
    }
    let parts: Vec<String> = prefixes
        .iter()
        .filter(|prefix| whole.contains(prefix))
        .map(|prefix| format!("`{prefix}`"))
        .collect();
    Some(format!("{}, together `{whole}`", parts.join(" and ")))
}

/// Whether packets from there come over the internet and not over the virtual network.
pub(super) fn is_public(prefix: &Prefix) -> bool {
    match IpNet::from(*prefix).network() {
        // 100.64.0.0/10 has a system route to None, as the other private ranges do (virtual-networks-udr-overview).
        IpAddr::V4(address) => !address.is_private() && address.to_bits() >> 22 != 0b01_1001_0001,
        IpAddr::V6(address) => !address.is_unique_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(texts: &[&str]) -> Option<String> {
        too_wide(&texts.iter().map(|text| text.parse().unwrap()).collect())
    }

    #[test]
    fn halves_are_a_whole_and_private_networks_are_not_the_internet() {
        assert_eq!(
            of(&["10.0.0.0/8", "11.0.0.0/9", "fd00::/8", "fc00::/7", "2001:db8::/32"]),
            None
        );
        assert_eq!(of(&["0.0.0.0/0"]).unwrap(), "`0.0.0.0/0`");
        assert_eq!(
            of(&["0.0.0.0/1", "128.0.0.0/1"]).unwrap(),
            "`0.0.0.0/1` and `128.0.0.0/1`, together `0.0.0.0/0`"
        );
        for wide in [
            ["0.0.0.0/2", "64.0.0.0/2"],
            ["2000::/4", "3000::/4"],
            ["::/0", "10.0.0.0/8"],
        ] {
            assert!(of(&wide).is_some(), "{wide:?}");
        }
    }
}
