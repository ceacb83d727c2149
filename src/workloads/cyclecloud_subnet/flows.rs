//! What the firewall of a server's site on premises has to let pass: the flows between that server and who stands in this subnet.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{inputs::Inputs, problem::Stop, rules::requirements, shared::Shared, site::on_premises_flow},
    Settings,
};
use crate::{
    network::{FlowDirection, Known, OnPremisesFlow, Prefix},
    requirements::Kind,
};

pub(super) fn on_premises_flows(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
) -> Result<BTreeMap<String, OnPremisesFlow>, Stop> {
    use FlowDirection::{FromOnPremises, ToOnPremises};
    let mut flows = BTreeMap::new();
    if settings.server_placement != "on_premises" {
        return Ok(flows);
    }
    let texts = |prefixes: &BTreeSet<Prefix>| prefixes.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
    let (here, server) = (texts(&shared.subnet), texts(&settings.servers));
    let own = settings.role.as_str();
    let proxies = settings.proxies_here(shared);
    for row in requirements(shared, &settings.switches(shared), &[Kind::Flow]) {
        let Some(peer) = row.peer_in(shared.environment) else {
            continue;
        };
        let over_the_internet = peer.argument.as_deref() == Some("server_public_ip_prefixes");
        let (direction, source, destination) = match (row.initiator.as_deref(), peer.role.as_deref()) {
            (Some("server"), _) if over_the_internet && !settings.server_public_ips.is_empty() => (
                FromOnPremises,
                texts(&settings.server_public_ips),
                texts(&settings.proxy_public_ips),
            ),
            (Some("server"), Some(accepting)) if accepting == own && !server.is_empty() => {
                (FromOnPremises, server.clone(), here.clone())
            }
            (Some("server"), Some("return_proxy")) if !proxies.is_empty() && !server.is_empty() => {
                (FromOnPremises, server.clone(), texts(&proxies))
            }
            (Some(initiator), Some("server")) if initiator == own && !server.is_empty() => {
                (ToOnPremises, here.clone(), server.clone())
            }
            _ => continue,
        };
        let flow = on_premises_flow(row, inputs, direction, Known::Is(source), destination)?;
        flows.insert(row.id.clone(), flow);
    }
    Ok(flows)
}
