//! What a diagram draws: flows with the same ends are one arrow, and hosts reached in the same way are one peer.

use std::collections::BTreeMap;

use super::model::{Flow, PeerType, Report, Standing, Subnet, counted, shortened};

/// Flows of a subnet with one other end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arrow {
    /// Whether the subnet opens the connections.
    pub(super) outbound: bool,
    /// The other end.
    pub(super) peer: String,
    /// Its name, where it is another subnet of the report.
    pub(super) subnet: Option<String>,
    /// Protocols and ports, and by what way: `TCP 443 through the firewall`.
    pub(super) service: String,
    /// Whether they pass.
    pub(super) standing: Standing,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Ends {
    inbound: bool,
    peer_type: PeerType,
    peer: Vec<String>,
    way: &'static str,
    standing: Standing,
}

/// The arrows of a subnet: inbound ones last, by peer. What nothing lets pass has none.
pub(super) fn arrows(report: &Report, subnet: &Subnet) -> Vec<Arrow> {
    let mut services: BTreeMap<Ends, Vec<String>> = BTreeMap::new();
    // Hosts first by how they are reached: a firewall has dozens.
    let mut hosts: BTreeMap<(&'static str, Standing, String), Vec<String>> = BTreeMap::new();
    for flow in subnet.required_flows.iter().filter(|flow| flow.passage != "closed") {
        let inbound = flow.direction == "Inbound";
        if flow.peer_type == PeerType::Host && !inbound {
            let names = hosts.entry((way(flow), flow.verdict, flow.service())).or_default();
            names.extend(flow.peer.iter().cloned());
            continue;
        }
        let ends = Ends {
            inbound,
            peer_type: flow.peer_type,
            peer: flow.peer.clone(),
            way: way(flow),
            standing: flow.verdict,
        };
        services.entry(ends).or_default().push(flow.service());
    }
    for ((way, standing, service), mut names) in hosts {
        names.sort();
        names.dedup();
        let ends = Ends {
            inbound: false,
            peer_type: PeerType::Host,
            peer: names,
            way,
            standing,
        };
        services.entry(ends).or_default().push(service);
    }
    services
        .into_iter()
        .map(|(ends, mut services)| {
            services.sort();
            services.dedup();
            let service = services.join("; ");
            Arrow {
                outbound: !ends.inbound,
                peer: label(&ends),
                subnet: report
                    .subnets
                    .iter()
                    .find(|other| ends.peer_type == PeerType::AddressPrefixes && is(other, &ends.peer))
                    .map(|other| other.name.clone()),
                service: format!("{service}{}", ends.way),
                standing: ends.standing,
            }
        })
        .collect()
}

fn is(subnet: &Subnet, prefixes: &[String]) -> bool {
    !prefixes.is_empty() && subnet.address_prefixes == prefixes
}

fn label(ends: &Ends) -> String {
    match (ends.peer_type, ends.peer.len()) {
        (PeerType::Any, _) => "anybody".to_owned(),
        (PeerType::Host, 2..) => format!("{}: {}", counted(ends.peer.len(), "host"), shortened(&ends.peer)),
        (PeerType::FqdnTag, _) => format!("FQDN tag {}", shortened(&ends.peer)),
        _ => shortened(&ends.peer),
    }
}

fn way(flow: &Flow) -> &'static str {
    match flow.passage.as_str() {
        "firewall" => " through the firewall",
        "handover" => " by way of the appliance or site",
        "proxy" => " by the proxy",
        _ => "",
    }
}
