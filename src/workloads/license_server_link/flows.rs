//! License traffic: a rule for each manager and port, here, at the other end and at the site.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{
        inputs::Inputs,
        problem::Stop,
        rules::{Draft, End, RuleSet, Switches, malformed, protocol_of, requirements},
        shared::Shared,
        site::{GatewayRoute, on_premises_flow},
        template::{Place, hashed},
    },
    BAND, FIREWALL_ROUTE, Link, Settings,
    servers::Manager,
};
use crate::{
    network::{
        Access, AddressSide, Direction, Flow, FlowDirection, FlowPeer, Known, OnPremisesFlow, Passage, PortRange,
        Ports, Prefix, Protocol, SecurityRules,
    },
    requirements::{Condition, Kind, Requirement},
};

/// Slots of each sort of port: one for every manager.
const PLACES: i64 = 30;

/// Something that one manager on one server demands.
struct Demand<'s> {
    row: &'static Requirement,
    /// What it is called after; none for callbacks, which are one for all servers.
    manager: Option<&'s Manager>,
    servers: BTreeSet<Prefix>,
    ports: BTreeSet<PortRange>,
    protocol: Protocol,
}

impl Settings {
    /// Who asks whom on which ports. The initiator is `license_client`, `license_server` or `junction_box`.
    fn demands(&self, shared: &Shared, inputs: &Inputs<'_>, initiator: &str) -> Result<Vec<Demand<'_>>, Stop> {
        let mut demands = Vec::new();
        let of_license = |row: &&'static Requirement| {
            let accepting = row.peer_in(shared.environment).and_then(|peer| peer.role.as_deref());
            row.initiator.as_deref() == Some(initiator)
                && (accepting == Some("license_server") || initiator == "license_server")
        };
        let mut switches = self.switches(shared);
        if initiator == "license_server" {
            for row in requirements(shared, &switches, &[Kind::Flow]).filter(of_license) {
                demands.push(Demand {
                    row,
                    manager: None,
                    servers: self
                        .servers
                        .iter()
                        .flat_map(|server| server.addresses.clone())
                        .collect(),
                    ports: self.callback_ports.clone(),
                    protocol: protocol_of(row, inputs)?,
                });
            }
            return Ok(demands);
        }
        for server in &self.servers {
            for manager in &server.managers {
                switches.extend(manager.switches());
                for row in requirements(shared, &switches, &[Kind::Flow]).filter(of_license) {
                    demands.push(Demand {
                        row,
                        manager: Some(manager),
                        servers: server.addresses.clone(),
                        ports: manager.ports_of(row, initiator),
                        protocol: manager.protocol,
                    });
                }
            }
        }
        Ok(demands)
    }

    /// Adds the license traffic to rules that already have their places.
    pub(super) fn add_license_rules(
        &self,
        inputs: &Inputs<'_>,
        shared: &Shared,
        rules: SecurityRules,
    ) -> Result<SecurityRules, Stop> {
        // Nodes that dial hide the license traffic in their tunnel: the NSG sees the tunnel alone.
        if self.nodes_dial() {
            return Ok(rules);
        }
        self.rules(inputs, shared, rules, &End::local(shared), Direction::Outbound)
    }

    /// The license traffic that must pass, for the proof. It is asked for beside [`Settings::rules`], which answers it.
    pub(super) fn required_flows(&self, inputs: &Inputs<'_>, shared: &Shared) -> Result<BTreeMap<String, Flow>, Stop> {
        let mut flows = BTreeMap::new();
        if self.nodes_dial() {
            return Ok(flows);
        }
        let local = match shared.subnet.is_empty() {
            true => AddressSide::Any,
            false => AddressSide::Prefixes(shared.subnet.clone()),
        };
        let passage = match self.route {
            GatewayRoute::Firewall(_) => Passage::Handover,
            GatewayRoute::Propagated | GatewayRoute::Explicit => Passage::Direct,
        };
        for (initiator, direction, passage) in [
            ("license_client", Direction::Outbound, passage),
            ("license_server", Direction::Inbound, Passage::Direct),
        ] {
            for demand in self.demands(shared, inputs, initiator)? {
                let flow = Flow {
                    direction,
                    protocol: demand.protocol,
                    local: local.clone(),
                    peer: FlowPeer::Prefixes(self.seen_by_nodes(&demand.servers)),
                    ports: Ports::Ranges(demand.ports.clone()),
                    source_ports: Ports::Any,
                    initiator: initiator.to_owned(),
                    passage,
                    // Whoever waives our routes has them from elsewhere.
                    learned_route: shared.waived.contains_key(FIREWALL_ROUTE),
                    callers: BTreeSet::new(),
                    requirement_ids: BTreeSet::from([demand.row.id.clone()]),
                };
                flows.insert(demand.key(), flow);
            }
        }
        Ok(flows)
    }

    /// What the NSG of a license server in Azure needs, once the nodes' addresses are known.
    pub(super) fn counterpart_rules(
        &self,
        inputs: &Inputs<'_>,
        shared: &Shared,
    ) -> Result<BTreeMap<String, SecurityRules>, Stop> {
        if !matches!(self.link, Link::VirtualNetwork | Link::Peered) || shared.subnet.is_empty() {
            return Ok(BTreeMap::new());
        }
        let nodes = End::Prefixes(shared.subnet.clone());
        let rules = self.rules(inputs, shared, SecurityRules::new(), &nodes, Direction::Inbound)?;
        Ok(BTreeMap::from([("license_server".to_owned(), rules)]))
    }

    /// `asking` is the direction in which nodes ask, seen from the NSG.
    fn rules(
        &self,
        inputs: &Inputs<'_>,
        shared: &Shared,
        rules: SecurityRules,
        nodes: &End,
        asking: Direction,
    ) -> Result<SecurityRules, Stop> {
        let bare = shared.without_own_rules();
        let mut rules = RuleSet::new(&bare, inputs, BAND).with(rules);
        if asking == Direction::Inbound {
            rules = rules.of_others();
        }
        let answering = match asking {
            Direction::Outbound => Direction::Inbound,
            Direction::Inbound => Direction::Outbound,
        };
        let places = self.places(inputs)?;
        for demand in self.demands(shared, inputs, "license_client")? {
            let manager = demand.manager.map_or("", |manager| manager.name.as_str());
            let place = places.get(manager).ok_or(Stop)?;
            let servers = End::Prefixes(self.seen_by_nodes(&demand.servers));
            add(&mut rules, inputs, &demand, place, asking, (nodes.clone(), servers))?;
        }
        for demand in self.demands(shared, inputs, "license_server")? {
            let servers = End::Prefixes(self.seen_by_nodes(&demand.servers));
            add(
                &mut rules,
                inputs,
                &demand,
                &Place::first(),
                answering,
                (servers, nodes.clone()),
            )?;
        }
        rules.finish()
    }

    /// Every manager has a suffix and a slot from its own name, whichever others there are; two on one slot are an error, because
    /// neither may move for the other.
    fn places(&self, inputs: &Inputs<'_>) -> Result<BTreeMap<&str, Place>, Stop> {
        let mut taken: BTreeMap<i64, &str> = BTreeMap::new();
        let mut places = BTreeMap::new();
        for server in &self.servers {
            for manager in &server.managers {
                let name = manager.name.as_str();
                let offset = hashed(name, PLACES);
                if let Some(other) = taken.insert(offset, name) {
                    let free = (2..100)
                        .map(|number| format!("{}_{number}", manager.key))
                        .find(|key| !taken.contains_key(&hashed(&format!("{}_{key}", server.name), PLACES)));
                    let free = free.map_or_else(String::new, |key| format!("; `{key}` would be free"));
                    let detail = format!(
                        "Managers `{other}` and `{name}` have the same place among the priorities of LIC-MANAGER, and no rule moves for \
                         another's sake. Call manager `{}` of `{}` something else{free}. Or use a second link with another \
                         `priority_base` and `name_prefix`.",
                        manager.key, server.name
                    );
                    let path = inputs
                        .path("license_servers")
                        .key(&server.name)
                        .child("managers")
                        .key(&manager.key);
                    return Err(inputs.findings().error(path, "Priority taken", detail));
                }
                places.insert(name, Place::of(name, offset));
            }
        }
        Ok(places)
    }

    /// What the firewall of the license server's site has to let pass.
    pub(super) fn on_premises_flows(
        &self,
        inputs: &Inputs<'_>,
        shared: &Shared,
    ) -> Result<BTreeMap<String, OnPremisesFlow>, Stop> {
        use FlowDirection::{FromOnPremises, ToOnPremises};
        let mut flows = BTreeMap::new();
        if matches!(self.link, Link::VirtualNetwork | Link::Peered) {
            return Ok(flows);
        }
        let nodes = texts(&shared.subnet);
        let junction = self.junction.as_ref();
        let at_site = junction.map_or_else(BTreeSet::new, |junction| texts(&junction.addresses));
        if junction.is_none() {
            for demand in self.demands(shared, inputs, "license_client")? {
                flows.insert(
                    demand.key(),
                    demand.flow(ToOnPremises, nodes.clone(), texts(&demand.servers)),
                );
            }
            for demand in self.demands(shared, inputs, "license_server")? {
                flows.insert(
                    demand.key(),
                    demand.flow(FromOnPremises, texts(&demand.servers), nodes.clone()),
                );
            }
        }
        for demand in self.demands(shared, inputs, "junction_box")? {
            flows.insert(
                demand.key(),
                demand.flow(ToOnPremises, at_site.clone(), texts(&demand.servers)),
            );
        }
        // The tunnel itself, whoever opens it. Where Azure's gateway is, only Azure knows.
        let switches = self.switches(shared);
        for row in requirements(shared, &switches, &[Kind::Flow]) {
            let accepting = row.peer_in(shared.environment).and_then(|peer| peer.role.as_deref());
            let (direction, source, destination) = match (row.initiator.as_deref(), accepting) {
                (Some("on_premises_gateway"), Some("gateway")) => {
                    (FromOnPremises, self.site.addresses(), BTreeSet::new())
                }
                (Some("junction_box"), Some("gateway")) => {
                    (FromOnPremises, Known::Is(at_site.clone()), BTreeSet::new())
                }
                (Some("license_client"), Some("junction_box")) => {
                    (ToOnPremises, Known::Is(nodes.clone()), at_site.clone())
                }
                _ => continue,
            };
            let flow = on_premises_flow(row, inputs, direction, source, destination)?;
            flows.insert(row.id.clone(), flow);
        }
        Ok(flows)
    }
}

impl Manager {
    fn switches(&self) -> Switches {
        let kind = if self.flexnet { "flexnet" } else { "explicit" };
        Switches::from([
            ("manager_type", Condition::Text(kind.to_owned())),
            ("extra_ports_given", Condition::Bool(!self.extra_ports.is_empty())),
        ])
    }

    /// The junction box passes everything on in one go; nodes have a row for each sort of port.
    fn ports_of(&self, row: &Requirement, initiator: &str) -> BTreeSet<PortRange> {
        match row.port_argument.as_deref() {
            _ if initiator == "junction_box" => self.ports(),
            Some("vendor_port") => self.vendor_port.map(PortRange::single).into_iter().collect(),
            Some("extra_ports") => self.extra_ports.clone(),
            _ => BTreeSet::from([PortRange::single(self.port)]),
        }
    }
}

impl Demand<'_> {
    fn key(&self) -> String {
        match self.manager {
            Some(manager) => format!("{}_{}", self.row.id, manager.name),
            None => self.row.id.clone(),
        }
    }

    fn flow(
        &self,
        direction: FlowDirection,
        source: BTreeSet<String>,
        destination: BTreeSet<String>,
    ) -> OnPremisesFlow {
        OnPremisesFlow {
            source: Known::Is(source),
            destination,
            protocol: self.protocol,
            ports: self.ports.iter().map(ToString::to_string).collect(),
            direction,
            requirement_ids: BTreeSet::from([self.row.id.clone()]),
        }
    }
}

fn add(
    rules: &mut RuleSet<'_>,
    inputs: &Inputs<'_>,
    demand: &Demand<'_>,
    place: &Place,
    direction: Direction,
    (source, destination): (End, End),
) -> Result<(), Stop> {
    let rule = demand.row.rule.as_ref().ok_or_else(|| malformed(demand.row, inputs))?;
    rules.add(Draft {
        requirement_id: &demand.row.id,
        purpose: &demand.row.purpose,
        name: &format!("{}{}", rule.name, place.suffix),
        priority: rule.priority + place.offset,
        direction,
        access: Access::Allow,
        protocol: demand.protocol,
        source,
        destination,
        ports: Ports::Ranges(demand.ports.clone()),
    })
}

fn texts(prefixes: &BTreeSet<Prefix>) -> BTreeSet<String> {
    prefixes.iter().map(ToString::to_string).collect()
}
