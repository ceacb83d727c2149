//! Flows that must pass: what a policy is proven against.
//!
//! A flow says what a workload needs, not how it is let through. It is made from the requirement and the inputs alone, never from the
//! rules, routes and collections that are written for it; so it can show that one of them is missing.

use std::{collections::BTreeSet, fmt};

use super::{AddressSide, Direction, Known, Ports, Prefix, Protocol, ServiceTag};

/// A connection that must be possible.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// Who opens it, seen from the subnet: `Outbound` by the subnet, `Inbound` by the peer.
    pub direction: Direction,
    /// The transport; `*` for every protocol.
    pub protocol: Protocol,
    /// The subnet's end: its prefixes, an application security group, or `*` where its addresses are not known. Never a service tag.
    pub local: AddressSide,
    /// The other end.
    pub peer: FlowPeer,
    /// Ports of whoever accepts.
    pub ports: Ports,
    /// Ports of whoever opens; nearly always `*`.
    pub source_ports: Ports,
    /// The role that opens it: `server`, `node`, `compute`, `service`, ….
    pub initiator: String,
    /// What stands between the subnet's NSG and the peer.
    pub passage: Passage,
    /// Whether the default route that takes it there is not the subnet's own but learned: from a gateway or a virtual WAN.
    pub learned_route: bool,
    /// Who of the peer calls, for an inbound flow whose answers go back by routes to addresses: a rule lets a whole service tag in, and documents
    /// name the regions that call. Answers to others reach nobody, and need not. Empty where everybody may call.
    pub callers: BTreeSet<Prefix>,
    /// The requirements that ask for it; at least one.
    pub requirement_ids: BTreeSet<String>,
}

/// The other end of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowPeer {
    /// Every address.
    Any,
    /// Addresses.
    Prefixes(BTreeSet<Prefix>),
    /// Whatever the service tag stands for.
    Tag(ServiceTag),
    /// A host, with `*.` in front for every host below; with a path where a URL is meant.
    Host {
        /// Its name.
        name: String,
        /// The service tag that covers its addresses, if one does.
        covered_by: Option<ServiceTag>,
    },
    /// A set of hosts that Azure Firewall knows by an FQDN tag.
    HostTag(String),
    /// Application security groups by ARM id.
    Groups(Known<BTreeSet<String>>),
}

/// What stands between the subnet's NSG and the peer of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Passage {
    /// Nothing: the packets take the subnet's routes.
    Direct,
    /// An Azure Firewall, whose rules must let the flow pass too.
    Firewall,
    /// An appliance or a site whose own rules decide; the packets only have to get there. Inbound: they come from there.
    Handover,
    /// An HTTPS proxy: it opens the connection, and the subnet's packets go to the proxy, which is a flow of its own ([`Passage::ToProxy`]).
    Proxy,
    /// Nothing, as for a direct one: what stands at the other end is the proxy that carries others' flows.
    ToProxy,
    /// No way: the chosen egress cannot express the flow. The expansion says so in a warning.
    Closed,
}

impl Passage {
    /// Every passage.
    pub const ALL: [Passage; 6] = [
        Passage::Direct,
        Passage::Firewall,
        Passage::Handover,
        Passage::Proxy,
        Passage::ToProxy,
        Passage::Closed,
    ];

    /// The word in the output.
    pub fn as_str(self) -> &'static str {
        match self {
            Passage::Direct => "direct",
            Passage::Firewall => "firewall",
            Passage::Handover => "handover",
            Passage::Proxy => "proxy",
            Passage::ToProxy => "to_proxy",
            Passage::Closed => "closed",
        }
    }

    /// The passage of that word.
    pub fn from_word(word: &str) -> Option<Passage> {
        Passage::ALL.into_iter().find(|passage| passage.as_str() == word)
    }
}

impl fmt::Display for FlowPeer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let listed = |formatter: &mut fmt::Formatter<'_>, mut texts: Vec<String>| {
            let more = texts.len().saturating_sub(3);
            texts.truncate(3);
            formatter.write_str(&texts.join(", "))?;
            if more > 0 {
                write!(formatter, " and {more} more")?;
            }
            Ok(())
        };
        match self {
            FlowPeer::Any => formatter.write_str("*"),
            FlowPeer::Prefixes(prefixes) => listed(formatter, prefixes.iter().map(ToString::to_string).collect()),
            FlowPeer::Tag(tag) => tag.fmt(formatter),
            FlowPeer::Host { name, .. } => formatter.write_str(name),
            FlowPeer::HostTag(tag) => write!(formatter, "FQDN tag {tag}"),
            FlowPeer::Groups(Known::Is(ids)) => {
                let name = |id: &String| id.rsplit('/').next().unwrap_or(id).to_owned();
                listed(formatter, ids.iter().map(name).collect())
            }
            FlowPeer::Groups(Known::NotYet) => formatter.write_str("an application security group still to be created"),
        }
    }
}
