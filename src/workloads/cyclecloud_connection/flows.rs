//! What passes over the connection: the flows between server, nodes and return proxy whose ends are on different sides of it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        inputs::Inputs,
        problem::Stop,
        rules::{Draft, End, RuleSet, Switches, malformed, ports_of, protocol_of, requirements},
        shared::Shared,
        site::on_premises_flow,
    },
    BAND, Link, Settings,
};
use crate::{
    network::{Access, Direction, FlowDirection, Known, OnPremisesFlow, Prefix, SecurityRules},
    requirements::{Kind, Requirement},
};

/// From a slot of the subnets' band to the connection's.
const SLOT_OFFSET: i64 = 300;

/// The flows that cross the connection, with who opens and who accepts them.
fn crossing_flows<'s>(
    shared: &'s Shared,
    switches: &'s Switches,
) -> impl Iterator<Item = (&'static Requirement, &'static str, &'static str)> + 's {
    requirements(shared, switches, &[Kind::Flow]).filter_map(|row| {
        let accepting = row.peer_in(shared.environment)?.role.as_deref()?;
        let initiator = row.initiator.as_deref()?;
        let crosses = matches!(
            (initiator, accepting),
            ("server", "node" | "return_proxy") | ("node" | "return_proxy", "server")
        );
        crosses.then_some((row, initiator, accepting))
    })
}

/// What the NSGs at both ends need.
pub(super) fn counterpart_rules(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
) -> Result<BTreeMap<String, SecurityRules>, Stop> {
    let bare = shared.without_own_rules();
    let switches = settings.switches(shared);
    let mut by_role = BTreeMap::new();
    for role in ["server", "node", "return_proxy"] {
        if role == "server" && settings.kind != Link::Peering {
            // It stands on premises, where there is no NSG: `on_premises_flows`.
            continue;
        }
        let mut rules = RuleSet::new(&bare, inputs, BAND).about("node_address_spaces");
        for (row, initiator, accepting) in crossing_flows(shared, &switches) {
            let direction = match role {
                _ if role == initiator => Direction::Outbound,
                _ if role == accepting => Direction::Inbound,
                _ => continue,
            };
            let rule = row.rule.as_ref().ok_or_else(|| malformed(row, inputs))?;
            rules.add(Draft {
                requirement_id: &row.id,
                purpose: &row.purpose,
                name: &format!("connection_{}", rule.name),
                priority: rule.priority + SLOT_OFFSET,
                direction,
                access: Access::Allow,
                protocol: protocol_of(row, inputs)?,
                source: End::Prefixes(settings.addresses(initiator).clone()),
                destination: End::Prefixes(settings.addresses(accepting).clone()),
                ports: ports_of(row, inputs)?,
            })?;
        }
        let rules = rules.finish()?;
        if !rules.is_empty() {
            by_role.insert(role.to_owned(), rules);
        }
    }
    Ok(by_role)
}

/// What the firewall of the server's site has to let pass.
pub(super) fn on_premises_flows(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
) -> Result<BTreeMap<String, OnPremisesFlow>, Stop> {
    if settings.kind == Link::Peering {
        return Ok(BTreeMap::new());
    }
    let switches = settings.switches(shared);
    let texts = |prefixes: &BTreeSet<Prefix>| prefixes.iter().map(ToString::to_string).collect();
    let mut flows = BTreeMap::new();
    for (row, initiator, accepting) in crossing_flows(shared, &switches) {
        let direction = if initiator == "server" {
            FlowDirection::FromOnPremises
        } else {
            FlowDirection::ToOnPremises
        };
        let (source, destination) = (settings.addresses(initiator), settings.addresses(accepting));
        let flow = on_premises_flow(row, inputs, direction, Known::Is(texts(source)), texts(destination))?;
        flows.insert(row.id.clone(), flow);
    }
    for row in requirements(shared, &switches, &[Kind::Flow])
        .filter(|row| row.initiator.as_deref() == Some("on_premises_gateway"))
    {
        let device = settings.site.addresses();
        let flow = on_premises_flow(row, inputs, FlowDirection::FromOnPremises, device, BTreeSet::new())?;
        flows.insert(row.id.clone(), flow);
    }
    Ok(flows)
}
