//! The shape of a catalogue row.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error as _};

use super::Edition;
use crate::{network::Direction, regions::Cloud};

/// One requirement of one document.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requirement {
    /// Unique in the catalogue; stands in rule descriptions, diagnostics and waivers.
    pub id: String,
    /// What sort of demand it is.
    pub kind: Kind,
    /// What a prerequisite asks for.
    pub category: Option<Category>,
    /// Who opens the connection: a role of the system (`server`, `node`, `return_proxy`, `compute`, `cluster`, `license_client`),
    /// `client` for a user's browser, `operator` for administrators, `service` for Azure itself.
    pub initiator: Option<String>,
    /// Which way the connection goes when the other end is no role: `Outbound`, to the peer; `Inbound`, from the peer to the
    /// subnet the row is about. Between roles the initiator opens and the peer accepts.
    #[serde(default = "outbound", deserialize_with = "in_azures_words")]
    pub direction: Direction,
    /// The other end, where every cloud has the same peer.
    pub peer: Option<Peer>,
    /// The other end by cloud, where they differ; a cloud that is not listed does not have the requirement.
    #[serde(default)]
    pub peers: BTreeMap<String, Peer>,
    /// The near end where the document names more than the subnet itself.
    pub destination: Option<Peer>,
    /// `*`, `Tcp`, `Udp`, `Esp`.
    pub protocol: Option<String>,
    /// Ports and ranges; empty for every port.
    #[serde(default)]
    pub ports: Vec<String>,
    /// An argument whose number replaces the port (a configurable listener).
    pub port_argument: Option<String>,
    /// How the rule made from it is called and where it stands.
    pub rule: Option<Rule>,
    /// Of a host: whether the connection is a websocket, which a firewall with TLS inspection must not break.
    #[serde(default)]
    pub websocket: bool,
    /// Of a host on a port of its own: whether the connection is TLS, so that an application rule of a firewall can carry it.
    #[serde(default)]
    pub tls: bool,
    /// Of a host: the path below it that the document names. Only a firewall with TLS inspection tells paths apart.
    pub url_path: Option<String>,
    /// Of a route: where it sends the peer's packets, in Azure's words.
    pub next_hop_type: Option<String>,
    /// Of a route: the inbound flow whose answers it brings back past the appliance.
    pub requires: Option<String>,
    /// Of a role-based access prerequisite: the actions that must be granted.
    #[serde(default)]
    pub actions: Vec<String>,
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
    /// A route of the subnet: back past an appliance, or over a gateway.
    Route,
    /// Something that no rule can give.
    Prerequisite,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 6] = [
        Kind::Flow,
        Kind::Deny,
        Kind::Host,
        Kind::ServiceEndpoint,
        Kind::Route,
        Kind::Prerequisite,
    ];

    /// The word of the catalogue's files.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Flow => "flow",
            Kind::Deny => "deny",
            Kind::Host => "host",
            Kind::ServiceEndpoint => "service_endpoint",
            Kind::Route => "route",
            Kind::Prerequisite => "prerequisite",
        }
    }
}

/// What a prerequisite asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Actions that somebody must be allowed.
    Rbac,
    /// Where things stand: subscription, region, virtual network, subnet.
    Placement,
    /// How large a subnet is.
    Sizing,
    /// How something outside the subnet's network is set.
    Setting,
    /// Something that people do.
    Procedure,
    /// How packets leave the subnet.
    WayOut,
}

impl Category {
    /// The word of the catalogue's files.
    pub fn as_str(self) -> &'static str {
        match self {
            Category::Rbac => "rbac",
            Category::Placement => "placement",
            Category::Sizing => "sizing",
            Category::Setting => "setting",
            Category::Procedure => "procedure",
            Category::WayOut => "way_out",
        }
    }
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

/// The other end of a connection. Exactly one field is set, beside `covered_by`, `spelling` and `peered`.
///
/// `service_tag`, `host`, `covered_by` and `service_endpoint` may hold arguments of the workload in braces:
/// `Storage.{storage_locations}` is one tag for each location, `{default_storage_account_name}.blob.core.windows.net` one host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Peer {
    /// A service tag in the spelling Azure accepts.
    pub service_tag: Option<String>,
    /// The document's spelling, where Azure knows the peer by another name.
    pub spelling: Option<String>,
    /// The service tag that covers `host`; absent when none does.
    pub covered_by: Option<String>,
    /// A host name, with `*.` for all names below.
    pub host: Option<String>,
    /// An FQDN tag of Azure Firewall.
    pub fqdn_tag: Option<String>,
    /// A role of the same system.
    pub role: Option<String>,
    /// An argument that holds address prefixes.
    pub argument: Option<String>,
    /// Addresses that the document prints.
    #[serde(default)]
    pub address_prefixes: Vec<String>,
    /// With `VirtualNetwork`: an argument whose addresses may stand in a peered network. The tag holds them; the spaces that a user
    /// lists in its place need not.
    pub peered: Option<String>,
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

fn outbound() -> Direction {
    Direction::Outbound
}

/// The vocabulary of Azure keeps clear of serde; a row spells its words as Azure does.
fn in_azures_words<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Direction, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

impl Requirement {
    /// Whether the edition has the requirement.
    pub fn holds_in(&self, edition: Edition) -> bool {
        self.from <= edition && self.until.is_none_or(|until| edition < until)
    }

    /// Whether it is the hole through which an appliance behind the default route gets what it decides about.
    pub fn is_left_to_the_appliance(&self) -> bool {
        self.port_argument.as_deref() == Some("egress_filtered_internet_ports")
    }

    /// The other end in a cloud; `None` where the cloud does not have the requirement.
    pub fn peer_in(&self, cloud: Cloud) -> Option<&Peer> {
        if self.peers.is_empty() {
            self.peer.as_ref()
        } else {
            self.peers.get(cloud.as_str())
        }
    }
}

impl Citation {
    /// Document and section in one line.
    pub fn to_line(&self) -> String {
        format!("{}, “{}”", self.document, self.section)
    }
}
