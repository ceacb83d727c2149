//! The network policy: everything a workload needs of the network around it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    ApplicationRuleCollection, DefaultRoute, Flow, Known, NetworkRuleCollection, Protocol, Route, SecurityRule,
    ServiceEndpoint,
};

/// Security rules by name.
pub type SecurityRules = BTreeMap<String, SecurityRule>;

/// What one workload demands, expanded: the value that is proven, shown and applied.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NetworkPolicy {
    /// What must pass, by requirement id and what tells its flows apart: the policy is proven against them.
    pub flows: BTreeMap<String, Flow>,
    /// Rules of the subnet's NSG.
    pub security_rules: SecurityRules,
    /// Rules that the NSG at the other end needs, by role (`node`, `server`, …).
    pub counterpart_rules: BTreeMap<String, SecurityRules>,
    /// Routes of the subnet's route table, by name.
    pub routes: BTreeMap<String, Route>,
    /// Where the subnet's default route leads, whoever brings it; `None` where nobody said.
    pub default_route: Option<DefaultRoute>,
    /// Whether the route table takes over routes that gateways learn; `None` where it does not matter.
    pub bgp_route_propagation_enabled: Option<bool>,
    /// Network rules of the firewall in front of the subnet.
    pub network_rule_collections: Vec<NetworkRuleCollection>,
    /// Application rules of the firewall in front of the subnet.
    pub application_rule_collections: Vec<ApplicationRuleCollection>,
    /// Service endpoints of the subnet.
    pub service_endpoints: BTreeSet<ServiceEndpoint>,
    /// Hosts that must be reachable, by requirement id and host.
    pub hosts: BTreeMap<String, Host>,
    /// Flows that an on-premises firewall must let pass.
    pub on_premises_flows: BTreeMap<String, OnPremisesFlow>,
    /// What must hold outside the reach of any rule, by requirement id.
    pub prerequisites: BTreeMap<String, Prerequisite>,
    /// What the user should know and may waive, in words.
    pub warnings: Vec<String>,
    /// Every requirement that took part.
    pub requirement_ids: BTreeSet<String>,
    /// Requirements and checks that the user does without, each with the reason, which decides nothing.
    pub waived: BTreeMap<String, Known<String>>,
}

/// A host a workload talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// A name, with `*.` in front for all names below it.
    pub host: String,
    /// The transport.
    pub protocol: Protocol,
    /// Ports and ranges.
    pub ports: BTreeSet<String>,
    /// Who opens the connection: `server`, `node`, `compute`, `client`, ….
    pub initiator: String,
    /// Whether the connection is upgraded to a WebSocket.
    pub websocket: bool,
    /// The service tag that covers the host, if one does.
    pub service_tag: Option<String>,
    /// The requirements that name it.
    pub requirement_ids: BTreeSet<String>,
}

/// Who opens a flow between Azure and a site outside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FlowDirection {
    /// From Azure to the site.
    ToOnPremises,
    /// From the site to Azure.
    FromOnPremises,
}

impl FlowDirection {
    /// The word in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            FlowDirection::ToOnPremises => "to_on_premises",
            FlowDirection::FromOnPremises => "from_on_premises",
        }
    }
}

/// A flow for the team that runs the firewall on premises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnPremisesFlow {
    /// Prefixes that send; empty where the configuration does not say. A device's address decides no rule and may come later.
    pub source: Known<BTreeSet<String>>,
    /// Prefixes that receive.
    pub destination: BTreeSet<String>,
    /// The transport.
    pub protocol: Protocol,
    /// Ports and ranges.
    pub ports: BTreeSet<String>,
    /// Who opens it.
    pub direction: FlowDirection,
    /// The requirements that ask for it.
    pub requirement_ids: BTreeSet<String>,
}

/// Whether a prerequisite holds, as far as the configuration tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrerequisiteStatus {
    /// It holds.
    Satisfied,
    /// It does not hold.
    NotSatisfied,
    /// The configuration does not tell.
    Unknown,
}

impl PrerequisiteStatus {
    /// The word in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            PrerequisiteStatus::Satisfied => "satisfied",
            PrerequisiteStatus::NotSatisfied => "not_satisfied",
            PrerequisiteStatus::Unknown => "unknown",
        }
    }
}

/// Something a document demands that no rule, route or endpoint can give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prerequisite {
    /// What must hold.
    pub summary: String,
    /// Whether it does.
    pub status: PrerequisiteStatus,
    /// What to do.
    pub remedy: String,
    /// Document and section.
    pub citation: String,
}
