//! The rule that was meant for a flow and misses it by one word: of the documents' mistakes the most common one, such as TCP where a
//! tunnel is UDP, or 443 where a share needs 445 too.

use super::{
    model::{Model, Required},
    packet,
    region::{Match, PortSet},
};
use crate::network::{Access, Direction};

/// An allow rule of the group for the same peer, which lets pass another protocol or other ports only. None where a rule for the flow
/// itself is there: something stands before it.
pub(super) fn nearly(model: &Model, required: &Required, group: usize) -> Option<String> {
    let direction = required.flow.direction;
    let peer = |rule: &Match| match direction {
        Direction::Outbound => rule.destination.clone(),
        Direction::Inbound => rule.source.clone(),
    };
    let mut found = None;
    let allows = model.groups.get(group)?.lines(direction).iter();
    for line in allows.filter(|line| line.access == Access::Allow && !line.is_default()) {
        for rule in &line.matches {
            let same_peer = required.matches.iter().find(|wanted| peer(wanted) == peer(rule));
            let Some(wanted) = same_peer else { continue };
            let lets_pass = match (wanted.protocols & rule.protocols != 0, wanted.ports.meets(&rule.ports)) {
                (false, true) => packet::protocols_in_words(rule.protocols),
                (true, false) => format!("port {}", in_words(&rule.ports)),
                (true, true) => return None,
                (false, false) => continue,
            };
            found.get_or_insert_with(|| {
                let (name, priority) = (&line.name, line.priority);
                format!("`{name}` (priority {priority}) is for the same peer, but lets pass {lets_pass} only")
            });
        }
    }
    found
}

fn in_words(ports: &PortSet) -> String {
    let range = |(first, last): (u16, u16)| match first == last {
        true => first.to_string(),
        false => format!("{first}-{last}"),
    };
    ports.iter().map(range).collect::<Vec<_>>().join(", ")
}
