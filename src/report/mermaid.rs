//! The report's diagram for Mermaid: subnets, who they talk to, and what lets it pass.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{
    arrows::{Arrow, arrows},
    model::{Report, Standing},
};

/// A flowchart. A solid arrow is proven, a dotted one depends, a crossed one is refuted; the latter two say so.
pub fn render(report: &Report) -> String {
    let mut text = "flowchart LR\n".to_owned();
    let mut nodes: BTreeMap<&str, String> = BTreeMap::new();
    for (number, subnet) in report.subnets.iter().enumerate() {
        let prefixes = match subnet.address_prefixes.as_slice() {
            [] => String::new(),
            prefixes => format!("<br/>{}", label(&prefixes.join(", "))),
        };
        let _ = writeln!(text, "  subnet{number}[\"{}{prefixes}\"]", label(&subnet.name));
        nodes.insert(&subnet.name, format!("subnet{number}"));
    }
    let drawn: Vec<(&str, Vec<Arrow>)> = report
        .subnets
        .iter()
        .map(|subnet| (subnet.name.as_str(), arrows(report, subnet)))
        .collect();
    let strangers = drawn
        .iter()
        .flat_map(|(_, arrows)| arrows)
        .filter(|arrow| arrow.subnet.is_none());
    let mut peers: Vec<&str> = strangers.map(|arrow| arrow.peer.as_str()).collect();
    peers.sort_unstable();
    peers.dedup();
    let mut peer_nodes: BTreeMap<&str, String> = BTreeMap::new();
    for (number, peer) in peers.into_iter().enumerate() {
        let _ = writeln!(text, "  peer{number}([\"{}\"])", label(peer));
        peer_nodes.insert(peer, format!("peer{number}"));
    }
    let mut lines: Vec<String> = Vec::new();
    for (name, arrows) in &drawn {
        let Some(own) = nodes.get(name) else { continue };
        for arrow in arrows {
            let other = match &arrow.subnet {
                Some(subnet) => nodes.get(subnet.as_str()),
                None => peer_nodes.get(arrow.peer.as_str()),
            };
            let Some(other) = other else { continue };
            let (from, to) = if arrow.outbound { (own, other) } else { (other, own) };
            lines.push(edge(from, to, arrow));
        }
    }
    // Both subnets of a report ask for what is between them: it is drawn once.
    let mut seen = std::collections::BTreeSet::new();
    for line in lines.into_iter().filter(|line| seen.insert(line.clone())) {
        let _ = writeln!(text, "  {line}");
    }
    text
}

fn edge(from: &str, to: &str, arrow: &Arrow) -> String {
    let (line, word) = match arrow.standing {
        Standing::Refuted | Standing::NotSatisfied => ("--x", " (refuted)"),
        Standing::DependsOn => ("-.->", " (depends)"),
        _ => ("-->", ""),
    };
    format!("{from} {line}|\"{}{word}\"| {to}", label(&arrow.service))
}

/// A text inside of quotes: Mermaid has entity codes that begin with `#`, and reads tags and Markdown.
fn label(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '#' => escaped.push_str("#35;"),
            '"' => escaped.push_str("#quot;"),
            '<' => escaped.push_str("#lt;"),
            '>' => escaped.push_str("#gt;"),
            '&' => escaped.push_str("#amp;"),
            '`' => escaped.push_str("#96;"),
            '*' => escaped.push_str("#42;"),
            '_' => escaped.push_str("#95;"),
            '\\' => escaped.push_str("#92;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_cannot_leave_its_quotes() {
        assert_eq!(
            label("a \"b\"\n--> `c` #1 <br/>"),
            "a #quot;b#quot; --#gt; #96;c#96; #351 #lt;br/#gt;".replace("#351", "#35;1")
        );
    }
}
