//! Packets as people read them.

use std::fmt;

use super::{
    addresses,
    atoms::World,
    region::{Block, Place},
};
use crate::network::{Direction, Protocol};

/// A set of protocols, one bit each.
pub type Protocols = u8;

const TCP: Protocols = 1;
const UDP: Protocols = 2;
const ICMP: Protocols = 4;
const ESP: Protocols = 8;
const AH: Protocols = 16;
/// What only `*` matches.
const OTHER: Protocols = 32;

/// Protocols whose packets have ports.
pub const WITH_PORTS: Protocols = TCP | UDP;
/// Protocols whose packets have none.
pub const PORTLESS: Protocols = ICMP | ESP | AH | OTHER;

/// The protocols a rule's word stands for.
pub fn protocols(protocol: Protocol) -> Protocols {
    match protocol {
        Protocol::Any => WITH_PORTS | PORTLESS,
        Protocol::Tcp => TCP,
        Protocol::Udp => UDP,
        Protocol::Icmp => ICMP,
        Protocol::Esp => ESP,
        Protocol::Ah => AH,
    }
}

const NAMES: [(Protocols, &str); 5] = [(TCP, "TCP"), (UDP, "UDP"), (ICMP, "ICMP"), (ESP, "ESP"), (AH, "AH")];

/// The protocols of a set.
pub fn protocols_in_words(protocols: Protocols) -> String {
    let names = NAMES.into_iter().filter(|(bit, _)| protocols & bit != 0);
    names.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
}

/// One packet out of a set, with names in place of addresses that nobody listed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Packet {
    /// Seen from the subnet.
    pub direction: Direction,
    /// The transport.
    pub protocol: &'static str,
    /// Who sends.
    pub source: String,
    /// From which port; `None` where it does not matter.
    pub source_port: Option<u16>,
    /// Who receives.
    pub destination: String,
    /// On which port; `None` for a protocol without ports.
    pub port: Option<u16>,
}

impl Packet {
    /// A packet of the block.
    pub fn of(block: &Block, direction: Direction, world: &World) -> Packet {
        let found = NAMES.into_iter().find(|(bit, _)| block.protocols & bit != 0);
        let (bit, protocol) = found.unwrap_or((OTHER, "another protocol"));
        let with_ports = bit & WITH_PORTS != 0;
        let (source, destination) = ends(block, world);
        Packet {
            direction,
            protocol,
            source,
            source_port: block
                .source_ports
                .first()
                .filter(|_| with_ports && !block.source_ports.is_all()),
            destination,
            port: telling_port(block).filter(|_| with_ports),
        }
    }
}

/// Port 0 is a number, and nobody's service.
fn telling_port(block: &Block) -> Option<u16> {
    if block.ports.is_all() {
        return None;
    }
    let above = block.ports.without(&super::region::PortSet::of([(0, 0)]));
    above.first().or_else(|| block.ports.first())
}

/// An address of each end, both of one family.
fn ends(block: &Block, world: &World) -> (String, String) {
    let (source, destination) = (block.source.reach(world), block.destination.reach(world));
    let ipv4 = addresses::every_ipv4();
    let both_in_ipv4 = source.meets(ipv4) && destination.meets(ipv4);
    let family = if both_in_ipv4 { ipv4.clone() } else { ipv4.complement() };
    (
        end(&block.source, &family, world),
        end(&block.destination, &family, world),
    )
}

fn end(place: &Place, family: &addresses::AddressSet, world: &World) -> String {
    if !place.inside.is_empty() {
        return place.in_words(world);
    }
    let reach = place.reach(world);
    if reach.is_all() {
        return "*".to_owned();
    }
    let of_family = reach.and(family);
    // A host, not the network's own number.
    let first = of_family
        .iter()
        .next()
        .map(|(first, last)| if last > first { first + 1 } else { first });
    let first = first.or_else(|| reach.first());
    first.map_or_else(|| "nobody".to_owned(), |number| addresses::address(number).to_string())
}

impl fmt::Display for Packet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |text: &str, port: Option<u16>| match port {
            Some(port) if text.contains(':') => format!("[{text}]:{port}"),
            Some(port) => format!("{text}:{port}"),
            None => text.to_owned(),
        };
        write!(
            formatter,
            "{} {} -> {}",
            self.protocol,
            end(&self.source, self.source_port),
            end(&self.destination, self.port)
        )
    }
}
