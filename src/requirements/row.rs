//! The shape of a catalogue row.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Edition;
use crate::regions::Cloud;

/// One requirement of one document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Unique in the catalogue; stands in rule descriptions, diagnostics and waivers.
    pub id: String,
    /// What sort of demand it is.
    pub kind: Kind,
    /// Who opens the connection: a role of the system (`server`, `node`, `proxy`), `compute`, or `client` for a user's browser.
    pub initiator: Option<String>,
    /// Who accepts it, where every cloud has the same peer.
    pub peer: Option<Peer>,
    /// Who accepts it, by cloud, where they differ; a cloud that is not listed does not have the requirement.
    #[serde(default)]
    pub peers: BTreeMap<String, Peer>,
    /// `*`, `Tcp`, `Udp`.
    pub protocol: Option<String>,
    /// Ports and ranges; empty for every port.
    #[serde(default)]
    pub ports: Vec<String>,
    /// An argument whose number replaces the port (a configurable listener).
    pub port_argument: Option<String>,
    /// How the rule made from it is called and where it stands.
    pub rule: Option<Rule>,
    /// Under which settings of the workload it holds; every one must hold.
    #[serde(default)]
    pub when: BTreeMap<String, Condition>,
    /// The first edition that has it.
    pub from: Edition,
    /// The first edition that no longer has it.
    pub until: Option<Edition>,
    /// The requirement that took its place.
    pub replaced_by: Option<String>,
    /// Written in a document, or only seen to be needed.
    pub status: Status,
    /// What it is for; begins a rule's description.
    pub purpose: String,
    /// For prerequisites and untagged hosts: what to do about it.
    pub remedy: Option<String>,
    /// Why the row says something else than its document.
    pub note: Option<String>,
    /// Where it is written.
    pub source: Citation,
}

/// What sort of demand a requirement is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Packets that must pass.
    Flow,
    /// Packets that must not pass.
    Deny,
    /// A host that must be reachable.
    Host,
    /// A service endpoint of the subnet.
    ServiceEndpoint,
    /// Something that no rule can give.
    Prerequisite,
}

/// Whether a document says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// A document demands it.
    Documented,
    /// Real deployments need it; no document says so.
    Observed,
}

/// The accepting end of a connection. Exactly one field is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// A service tag in the spelling Azure accepts.
    pub service_tag: Option<String>,
    /// The service tag that covers `host`; absent when none does.
    pub covered_by: Option<String>,
    /// A host name, with `*.` for all names below.
    pub host: Option<String>,
    /// A role of the same system.
    pub role: Option<String>,
    /// An argument that holds address prefixes.
    pub argument: Option<String>,
    /// A service endpoint by ARM's name.
    pub service_endpoint: Option<String>,
}

/// Name and priority of the rule a requirement becomes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The document's name where it gives one.
    pub name: String,
    /// The document's priority where it gives one, else a slot of the workload's band that no other row has.
    pub priority: i64,
}

/// The settings under which a requirement holds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Condition {
    /// A switch.
    Bool(bool),
    /// A number, such as a version.
    Number(i64),
    /// A choice.
    Text(String),
    /// Any of several choices.
    AnyOf(Vec<String>),
}

/// Where a requirement is written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Citation {
    /// The document, by the number it has in the catalogue of sources, or its title and date.
    pub document: String,
    /// The heading it stands under.
    pub section: String,
}

impl Requirement {
    /// Whether the edition has the requirement.
    pub fn holds_in(&self, edition: Edition) -> bool {
        self.from <= edition && self.until.is_none_or(|until| edition < until)
    }

    /// The accepting end in a cloud; `None` where the cloud does not have the requirement.
    pub fn peer_in(&self, cloud: Cloud) -> Option<&Peer> {
        if self.peers.is_empty() { self.peer.as_ref() } else { self.peers.get(cloud.as_str()) }
    }
}

impl Citation {
    /// Document and section in one line.
    pub fn to_line(&self) -> String {
        format!("{}, “{}”", self.document, self.section)
    }
}
