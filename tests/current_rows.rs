//! Nothing of the current documents is lost either: every row of their tables, where the file with them lies beside the repository, leads to
//! requirements that say the same of ports, protocol and peer in every cloud.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use lockeddown::{
    network::Direction,
    regions::Cloud,
    requirements::{Edition, Peer, Requirement, catalogue, systems},
};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchors {
    row: Vec<Anchor>,
}

/// Where a row of the current documents leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchor {
    id: String,
    requirement: Vec<String>,
    why_not: Option<String>,
}

#[derive(Deserialize)]
struct Document {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    id: String,
    direction: String,
    protocol: String,
    ports: String,
    peer_kind: String,
    public: Option<String>,
    usgov: Option<String>,
    china: Option<String>,
}

fn requirements() -> BTreeMap<&'static str, &'static Requirement> {
    let rows = systems().flat_map(|system| catalogue(system).unwrap().all());
    rows.map(|row| (row.id.as_str(), row)).collect()
}

fn anchors() -> BTreeMap<String, Anchor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/requirements/anchors/current.toml");
    let anchors: Anchors = toml::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let count = anchors.row.len();
    let by_id: BTreeMap<_, _> = anchors.row.into_iter().map(|row| (row.id.clone(), row)).collect();
    assert_eq!(by_id.len(), count, "a row stands twice");
    by_id
}

/// The names of a cell, as the catalogue would write them: `Storage.<region>`, `<storage>.blob.core.windows.net`.
fn names_in(cell: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for part in cell.split("; ").flat_map(|part| part.split(" / ")) {
        let name = part.split(" (").next().unwrap_or(part);
        // A path is not part of a host's name.
        let name = name.split('/').next().unwrap_or(name).trim();
        match name
            .split_once('{')
            .and_then(|(before, rest)| Some((before, rest.split_once('}')?)))
        {
            Some((before, (choices, after))) => {
                names.extend(choices.split(',').map(|choice| format!("{before}{choice}{after}")));
            }
            None => {
                names.insert(name.to_owned());
            }
        }
    }
    names
}

/// A peer's name with the documents' placeholders in place of ours.
fn name_of(peer: &Peer) -> Option<String> {
    let template = peer.service_tag.as_ref().or(peer.host.as_ref())?;
    let Some((before, rest)) = template.split_once('{') else {
        return Some(template.clone());
    };
    let (name, after) = rest.split_once('}')?;
    let placeholder = if name.contains("location") {
        "<region>"
    } else {
        "<storage>"
    };
    Some(format!("{before}{placeholder}{after}"))
}

fn ports_in(text: &str) -> BTreeSet<String> {
    text.split([',', '/']).map(|port| port.trim().to_owned()).collect()
}

fn protocol_of(row: &Row) -> &'static str {
    match row.protocol.split(' ').next() {
        Some("TCP" | "HTTPS") => "Tcp",
        Some("UDP") => "Udp",
        Some("ANY") => "*",
        other => panic!("{}: protocol {other:?}", row.id),
    }
}

fn compare(
    row: &Row,
    anchor: &Anchor,
    known: &BTreeMap<&'static str, &'static Requirement>,
    problems: &mut Vec<String>,
) {
    let id = &row.id;
    let found: Vec<&Requirement> = anchor
        .requirement
        .iter()
        .filter_map(|name| known.get(name.as_str()).copied())
        .collect();
    let inbound = row.direction == "in";
    for requirement in &found {
        // Between two roles the catalogue says who opens the connection.
        let accepts = requirement.peer.as_ref().is_some_and(|peer| peer.role.is_some());
        if !accepts && (requirement.direction == Direction::Inbound) != inbound {
            problems.push(format!("{id}: {} goes the other way", requirement.id));
        }
        let protocol = requirement.protocol.as_deref().unwrap_or("*");
        // An instance's hosts speak TCP on 443, whatever else the page's word ANY allows.
        if protocol != protocol_of(row) && !(protocol == "Tcp" && protocol_of(row) == "*" && row.peer_kind == "fqdn") {
            problems.push(format!("{id}: {} is {protocol}", requirement.id));
        }
    }
    let ports: BTreeSet<String> = found
        .iter()
        .flat_map(|requirement| requirement.ports.iter().cloned())
        .collect();
    if ports != ports_in(&row.ports) && anchor.why_not.is_none() {
        problems.push(format!("{id}: ports {} and {ports:?}", row.ports));
    }
    if !matches!(row.peer_kind.as_str(), "tag" | "fqdn") {
        return;
    }
    for (cloud, cell) in [
        (Cloud::Public, &row.public),
        (Cloud::UsGovernment, &row.usgov),
        (Cloud::China, &row.china),
    ] {
        let wanted = cell.as_deref().map(names_in).unwrap_or_default();
        let peers = found.iter().filter_map(|requirement| requirement.peer_in(cloud));
        let names: BTreeSet<String> = peers.filter_map(name_of).collect();
        if names != wanted {
            problems.push(format!("{id} in {cloud}: {wanted:?} and {names:?}"));
        }
    }
}

#[test]
fn every_row_of_the_current_documents_leads_to_requirements_that_say_the_same() {
    let (known, anchors) = (requirements(), anchors());
    let mut problems = Vec::new();
    for (id, name) in anchors
        .values()
        .flat_map(|anchor| anchor.requirement.iter().map(move |name| (&anchor.id, name)))
    {
        match known.get(name.as_str()) {
            Some(row) if row.holds_in(Edition::newest()) => {}
            Some(_) => problems.push(format!("{id}: `{name}` does not hold in {}", Edition::newest())),
            None => problems.push(format!("{id}: `{name}` is no requirement")),
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/current-requirements.json");
    match fs::read(&path) {
        Err(_) => println!(
            "skipped: the current documents' rows are not beside the repository; only the form of the anchors was checked"
        ),
        Ok(text) => {
            let document: Document = serde_json::from_slice(&text).unwrap();
            assert!(document.rows.len() >= 55, "the file lost rows");
            for row in &document.rows {
                match anchors.get(&row.id) {
                    Some(anchor) => compare(row, anchor, &known, &mut problems),
                    None => problems.push(format!("{} leads nowhere", row.id)),
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
