//! From a proof and the policies behind it to a subnet of the report.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    matrix,
    model::{Evidence, Flow, Open, PeerType, Remark, Standing, Subnet, Workload},
};
use crate::{
    network::{self, AddressSide, FlowPeer, Known, NetworkPolicy, Passage, Ports, Prefix, Route},
    proof::{
        exposure::{Exposure, Opener, baseline, exposure},
        forbidden::{Breach, passes},
        lint::lint,
        message,
        model::{Model, Required},
        nsg::PLATFORM,
        path::prove,
        verdict::Verdict,
    },
};

/// A policy that takes part, and where it comes from.
#[derive(Clone, Debug)]
pub struct Part {
    /// The workload.
    pub workload: String,
    /// The edition; `None` where several are together.
    pub edition: Option<String>,
    /// The cloud.
    pub environment: String,
    /// The region in Azure Resource Manager's spelling.
    pub location: String,
    /// What it demands.
    pub policy: NetworkPolicy,
}

/// What is reported beside the proof's own model.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// What people call the subnet.
    pub name: &'a str,
    /// The file that configures it.
    pub source_uri: Option<&'a str>,
    /// The cloud.
    pub environment: &'a str,
    /// The policies.
    pub parts: &'a [Part],
    /// Whether the security rules are not those of the policies.
    pub rules_by_hand: bool,
    /// Whether the firewall's rules are not those of the policies.
    pub firewall_by_hand: bool,
    /// The routes that were proven.
    pub routes: &'a [Route],
    /// The service endpoints that the subnet has, where somebody looked; else it is taken to have those of the policies.
    pub service_endpoints: Option<BTreeSet<String>>,
    /// Flows of which no packet may pass, by name.
    pub forbidden: &'a BTreeMap<String, network::Flow>,
    /// What is to say of rules beside what the proof finds.
    pub remarks: Vec<Remark>,
}

/// Asks the model everything that a report says.
pub fn describe(about: &About<'_>, model: &mut Model) -> Subnet {
    let required_flows: Vec<Flow> = model
        .required
        .iter()
        .map(|required| required_flow(model, required))
        .collect();
    let forbidden_flows: Vec<Flow> = about
        .forbidden
        .iter()
        .map(|(key, flow)| {
            let required = model.require(key, flow);
            forbidden_flow(key, flow, passes(model, &required))
        })
        .collect();
    let leaks = matrix::leaks(about, model);
    let requirements = matrix::rows(about, model, &required_flows, &leaks);
    let decisive = [Standing::Refuted, Standing::DependsOn];
    let flows = required_flows.iter().chain(&forbidden_flows);
    let denies = requirements.iter().filter(|row| row.is_deny());
    let verdict = flows
        .map(|flow| flow.verdict)
        .chain(denies.map(|row| row.verdict))
        .filter(|verdict| decisive.contains(verdict))
        .max()
        .unwrap_or(Standing::Proven);
    let mut remarks: Vec<Remark> = lint(model)
        .iter()
        .map(|lint| Remark {
            kind: lint.kind.as_str().to_owned(),
            rule: lint.rule.clone(),
            message: lint.in_words(),
        })
        .collect();
    remarks.extend(about.remarks.iter().cloned());
    let mut workloads: Vec<Workload> = about.parts.iter().map(workload).collect();
    workloads.sort();
    workloads.dedup();
    let mut warnings: Vec<String> = about
        .parts
        .iter()
        .flat_map(|part| part.policy.warnings.clone())
        .collect();
    warnings.sort();
    warnings.dedup();
    Subnet {
        name: about.name.to_owned(),
        source_uri: about.source_uri.map(str::to_owned),
        environment: about.environment.to_owned(),
        location: about.parts.first().map(|part| part.location.clone()),
        address_prefixes: own_prefixes(model),
        workloads,
        verdict,
        exposure: exposure(model)
            .iter()
            .chain(matrix::undenied(&leaks))
            .map(open)
            .collect(),
        baseline: baseline(model).iter().map(open).collect(),
        requirements,
        required_flows,
        forbidden_flows,
        lint: remarks,
        warnings,
    }
}

fn workload(part: &Part) -> Workload {
    Workload {
        name: part.workload.clone(),
        edition: part.edition.clone(),
    }
}

fn own_prefixes(model: &Model) -> Vec<String> {
    let mut prefixes: Vec<Prefix> = model
        .required
        .iter()
        .filter_map(|required| match &required.flow.local {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    prefixes.sort();
    prefixes.dedup();
    prefixes.iter().map(ToString::to_string).collect()
}

fn required_flow(model: &Model, required: &Required) -> Flow {
    let flow = &required.flow;
    let (verdict, evidence) = match flow.passage {
        // The engine leaves it out; a report must not call it proven.
        Passage::Closed => {
            let reason = "the chosen way out has no rule that could carry it";
            let remedy = "Choose another `egress`, or waive the requirement with a reason.";
            (Standing::NotSatisfied, Some(said(reason, Some(remedy))))
        }
        passage => match prove(model, required) {
            Verdict::Proven => {
                let reason = match passage {
                    Passage::Proxy => Some("the proxy carries it; the way to the proxy is a flow of its own"),
                    Passage::Handover => Some("as far as the appliance or site, whose own rules decide"),
                    _ => None,
                };
                (Standing::Proven, reason.map(|reason| said(reason, None)))
            }
            Verdict::Refuted(obstacle) => {
                let reason = format!("{} does not pass: {}", message::flow(flow), obstacle.in_words());
                let evidence = Evidence {
                    packet: Some(obstacle.packet.to_string()),
                    reason,
                    remedy: Some(obstacle.cause.remedy()),
                    conditions: Vec::new(),
                };
                (Standing::Refuted, Some(evidence))
            }
            Verdict::DependsOn { conditions, obstacle } => {
                let reason = format!("{} does not pass: {}", message::flow(flow), obstacle.in_words());
                let evidence = Evidence {
                    packet: Some(obstacle.packet.to_string()),
                    reason,
                    remedy: Some(obstacle.cause.remedy()),
                    conditions,
                };
                (Standing::DependsOn, Some(evidence))
            }
        },
    };
    entry(&required.key, flow, verdict, evidence)
}

fn forbidden_flow(key: &str, flow: &network::Flow, breach: Option<Breach>) -> Flow {
    let Some(breach) = breach else {
        return entry(key, flow, Standing::Proven, None);
    };
    let is_platform = breach.allowed_by == PLATFORM;
    let verdict = match breach.conditions.as_slice() {
        [] => Standing::Refuted,
        _ => Standing::DependsOn,
    };
    let evidence = Evidence {
        packet: Some(breach.packet.to_string()),
        reason: match breach.priority {
            Some(_) if is_platform => {
                "what Azure's platform answers at its own addresses passes every network security group".to_owned()
            }
            Some(priority) => format!("the rule `{}` (priority {priority}) lets it pass", breach.allowed_by),
            None => format!("the firewall's rule `{}` lets it pass", breach.allowed_by),
        },
        remedy: Some(match is_platform {
            true => "Deny the tag `AzurePlatformDNS` (168.63.129.16) or `AzurePlatformIMDS` (169.254.169.254), if machines can do without."
                .to_owned(),
            false => format!(
                "Narrow or remove `{}`, or place a deny before it.",
                breach.allowed_by
            ),
        }),
        conditions: breach.conditions,
    };
    entry(key, flow, verdict, Some(evidence))
}

fn said(reason: &str, remedy: Option<&str>) -> Evidence {
    Evidence {
        packet: None,
        reason: reason.to_owned(),
        remedy: remedy.map(str::to_owned),
        conditions: Vec::new(),
    }
}

fn entry(key: &str, flow: &network::Flow, verdict: Standing, evidence: Option<Evidence>) -> Flow {
    let texts = |prefixes: &BTreeSet<Prefix>| prefixes.iter().map(ToString::to_string).collect();
    let (peer_type, peer) = match &flow.peer {
        FlowPeer::Any => (PeerType::Any, vec!["*".to_owned()]),
        FlowPeer::Prefixes(prefixes) => (PeerType::AddressPrefixes, texts(prefixes)),
        FlowPeer::Tag(tag) => (PeerType::ServiceTag, vec![tag.to_string()]),
        FlowPeer::Host { name, .. } => (PeerType::Host, vec![name.clone()]),
        FlowPeer::HostTag(tag) => (PeerType::FqdnTag, vec![tag.clone()]),
        FlowPeer::Groups(ids) => (PeerType::ApplicationSecurityGroups, group_names(ids)),
    };
    Flow {
        key: key.to_owned(),
        requirement_ids: flow.requirement_ids.clone(),
        direction: flow.direction.to_string(),
        protocol: flow.protocol.as_str().to_uppercase(),
        ports: match &flow.ports {
            Ports::Any => Vec::new(),
            Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect(),
        },
        local: match &flow.local {
            AddressSide::Any => vec!["*".to_owned()],
            AddressSide::Tag(tag) => vec![tag.to_string()],
            AddressSide::Prefixes(prefixes) => texts(prefixes),
            AddressSide::Groups(ids) => group_names(ids),
        },
        peer_type,
        peer,
        passage: match flow.passage {
            // Nothing stands between here and the proxy, which is what a reader of reports is told.
            Passage::ToProxy => Passage::Direct,
            passage => passage,
        }
        .as_str()
        .to_owned(),
        verdict,
        evidence,
    }
}

/// Names of application security groups; an id says more than a person reads.
pub(super) fn group_names(ids: &Known<BTreeSet<String>>) -> Vec<String> {
    match ids {
        Known::Is(ids) => ids
            .iter()
            .map(|id| id.rsplit('/').next().unwrap_or(id).to_owned())
            .collect(),
        Known::NotYet => vec!["a group still to be created".to_owned()],
    }
}

fn open(exposure: &Exposure) -> Open {
    let (rule, by) = match &exposure.by {
        Opener::NoGroup => ("no network security group", "default_rule"),
        Opener::Rule { name, .. } if exposure.by.is_azures_own() => (name.as_str(), "default_rule"),
        Opener::Rule { name, .. } => (name.as_str(), "security_rule"),
        Opener::FirewallRule { name, .. } => (name.as_str(), "firewall_rule"),
        Opener::Route { name, .. } => (name.as_str(), "route"),
    };
    Open {
        rule: rule.to_owned(),
        by: by.to_owned(),
        direction: exposure.packet.direction.to_string(),
        packet: exposure.packet.to_string(),
        conditions: exposure.conditions.clone(),
    }
}
