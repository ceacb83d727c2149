//! Nothing of a document is lost: whatever stands out in it (table rows, list items, hosts, ports) leads to a requirement of the
//! catalogue, or to the reason why it does not.
//!
//! The anchors in `src/requirements/anchors` say so by document and line. What stands out is found here by reading the documents,
//! independently of the anchors; where the documents are not at hand only the anchors' own form is checked.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use lockeddown::requirements::{Requirement, catalogue, systems};
use serde::Deserialize;

const DOCUMENTS: [&str; 5] = ["000", "001", "002", "003", "004"];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchors {
    anchor: Vec<Anchor>,
}

/// A place in a document and where it leads.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchor {
    line: usize,
    text: String,
    #[serde(default)]
    requirement: Vec<String>,
    why_not: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Row,
    Listed,
    Host(String),
    Port(String),
}

fn anchors_of(document: &str) -> Vec<Anchor> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/requirements/anchors/{document}.toml"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    toml::from_str::<Anchors>(&text)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        .anchor
}

/// The document's lines, numbered from 1, without its front matter.
fn lines_of(document: &str) -> Option<Vec<(usize, String)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/seeds");
    let is_it = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(document))
    };
    let path = fs::read_dir(&folder)
        .ok()?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(is_it)?;
    let text = fs::read_to_string(path).unwrap();
    let front_matter = match text.strip_prefix("---\n") {
        Some(rest) => rest
            .lines()
            .position(|line| line.trim_end() == "---")
            .map_or(0, |end| end + 2),
        None => 0,
    };
    Some(
        text.lines()
            .enumerate()
            .skip(front_matter)
            .map(|(index, line)| (index + 1, line.to_owned()))
            .collect(),
    )
}

fn every_requirement() -> BTreeMap<&'static str, &'static Requirement> {
    let rows = systems().flat_map(|system| catalogue(system).unwrap_or_else(|error| panic!("{error}")).all());
    rows.map(|row| (row.id.as_str(), row)).collect()
}

// --- what stands out in a document -----------------------------------------------------------------------------------------

/// Every table row, list item, host and port with its line.
fn items_of(lines: &[(usize, String)]) -> BTreeSet<(usize, Item)> {
    let mut items = BTreeSet::new();
    let mut port_columns = BTreeSet::new();
    for (index, (number, line)) in lines.iter().enumerate() {
        let next = lines.get(index + 1).map_or("", |(_, next)| next.as_str());
        if let Some(cells) = cells_of(line) {
            if is_separator(next) {
                let names_ports = |cell: &str| words(cell).any(|word| word == "port" || word == "ports");
                port_columns = cells
                    .iter()
                    .enumerate()
                    .filter(|(_, cell)| names_ports(cell))
                    .map(|(at, _)| at)
                    .collect();
            } else if !is_separator(line) {
                items.insert((*number, Item::Row));
                let ports = cells.iter().enumerate().filter(|(at, _)| port_columns.contains(at));
                items.extend(
                    ports
                        .flat_map(|(_, cell)| numbers_in(cell))
                        .map(|port| (*number, Item::Port(port))),
                );
            }
        } else if is_list_item(line) {
            items.insert((*number, Item::Listed));
        }
        items.extend(hosts_in(line).into_iter().map(|host| (*number, Item::Host(host))));
    }
    for paragraph in lines.split(|(_, line)| line.trim().is_empty()) {
        items.extend(
            ports_in(paragraph)
                .into_iter()
                .map(|(number, port)| (number, Item::Port(port))),
        );
    }
    items
}

fn cells_of(line: &str) -> Option<Vec<&str>> {
    let line = line.trim();
    // A row whose first cell was broken off goes on in the next line, without a pipe in front.
    let inner = line
        .strip_suffix('|')
        .filter(|inner| inner.contains('|') || line.starts_with('|'))?;
    Some(
        inner
            .strip_prefix('|')
            .unwrap_or(inner)
            .split('|')
            .map(str::trim)
            .collect(),
    )
}

fn is_separator(line: &str) -> bool {
    line.contains("--") && line.trim().chars().all(|c| matches!(c, '|' | '-' | ':' | ' '))
}

fn is_list_item(line: &str) -> bool {
    let text = line.trim_start_matches([' ', '\t', '>']);
    let numbered = text.split_once(". ").is_some_and(|(number, _)| {
        !number.is_empty() && number.len() <= 2 && number.chars().all(|c| c.is_ascii_digit())
    });
    numbered || ["- ", "* ", "+ ", "• "].iter().any(|bullet| text.starts_with(bullet))
}

fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
}

/// Host names, recognised by their top-level domain; `a.com*.b.com` are two, as documents run cells together.
fn hosts_in(line: &str) -> BTreeSet<String> {
    let of_a_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '*' | '<' | '>' | '{' | '}');
    let mut hosts = BTreeSet::new();
    for run in line.split(|c: char| !of_a_host(c)) {
        let mut starts: Vec<usize> = run.match_indices('*').map(|(at, _)| at).collect();
        starts.insert(0, 0);
        starts.push(run.len());
        for bounds in starts.windows(2) {
            let &[start, end] = bounds else { continue };
            let candidate = run
                .get(start..end)
                .unwrap_or_default()
                .trim_matches(['.', '-'])
                .to_ascii_lowercase();
            let labels: Vec<&str> = candidate.split('.').collect();
            let top = labels.last().copied().unwrap_or_default();
            let known = ["com", "net", "org", "io", "ms", "us", "cn", "dev", "edu", "gov"].contains(&top);
            if known && labels.len() > 1 && labels.iter().all(|label| !label.is_empty()) {
                hosts.insert(candidate);
            }
        }
    }
    hosts
}

/// `443`, `29876-29877`; not `3.0.8`.
fn numbers_in(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '.')))
        .filter_map(as_port)
        .collect()
}

fn as_port(word: &str) -> Option<String> {
    let word = word.trim_end_matches('.');
    let number = |text: &str| {
        text.chars().all(|c| c.is_ascii_digit()) && text.len() > 1 && text.parse::<u16>().is_ok_and(|port| port > 0)
    };
    word.split('-').all(number).then(|| word.to_owned())
}

/// Numbers that prose calls ports: after "port", "TCP", "UDP", "https:", or after another port.
fn ports_in(paragraph: &[(usize, String)]) -> Vec<(usize, String)> {
    const REACH: usize = 3;
    let split = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | ',' | ':' | '"' | '|' | '`' | '=' | '/');
    let in_prose = paragraph
        .iter()
        .filter(|(_, line)| cells_of(line).is_none() || line.contains("https:") || line.contains("http:"));
    let words: Vec<(usize, &str)> = in_prose
        .flat_map(|(number, line)| {
            line.split(split)
                .filter(|word| !word.is_empty())
                .map(|word| (*number, word))
        })
        .collect();
    let announces = |word: &str| {
        let word = word
            .trim_matches(|c: char| !c.is_ascii_alphanumeric())
            .to_ascii_lowercase();
        ["port", "ports", "tcp", "udp"].contains(&word.as_str())
    };
    let scheme = |word: &str| word == "https" || word == "http";
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut last_port = None;
    for (at, (number, word)) in words.iter().enumerate() {
        let Some(port) = as_port(word.trim_end_matches(['.', ';'])) else {
            continue;
        };
        let before: Vec<&str> = words
            .iter()
            .take(at)
            .skip(at.saturating_sub(REACH))
            .map(|(_, word)| *word)
            .collect();
        let announced = before.iter().any(|word| announces(word)) || before.last().is_some_and(|word| scheme(word));
        let continued = last_port.is_some_and(|last| at - last <= 2);
        let followed = words.get(at + 1).is_some_and(|(_, word)| announces(word));
        if announced || continued || followed {
            last_port = Some(at);
            found.push((*number, port));
        }
    }
    found
}

// --- whether the anchors hold it -------------------------------------------------------------------------------------------

fn has_word(text: &str, wanted: &str) -> bool {
    let of_a_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    text.split(|c: char| !of_a_word(c)).any(|word| word == wanted)
}

fn covers(anchor: &Anchor, item: &Item, in_table: bool) -> bool {
    match item {
        Item::Row | Item::Listed => true,
        Item::Host(host) => anchor.text.to_ascii_lowercase().contains(host.as_str()),
        Item::Port(port) => in_table || has_word(&anchor.text, port),
    }
}

/// Whether a requirement speaks of what the document says: as its host or port, or in its note where it says something else.
fn speaks_of(row: &Requirement, item: &Item) -> bool {
    let peers = || row.peer.iter().chain(row.peers.values());
    let texts = [
        row.note.as_deref(),
        row.remedy.as_deref(),
        Some(row.purpose.as_str()),
        row.url_path.as_deref(),
    ];
    let texts: Vec<&str> = texts
        .into_iter()
        .flatten()
        .chain(peers().filter_map(|peer| peer.spelling.as_deref()))
        .collect();
    match item {
        Item::Row | Item::Listed => true,
        Item::Host(host) => {
            let is_it = |name: &String| comparable(name) == comparable(host);
            peers().any(|peer| peer.host.as_ref().is_some_and(is_it))
                || texts
                    .iter()
                    .any(|text| text.to_ascii_lowercase().contains(host.as_str()))
        }
        Item::Port(port) => {
            let listed = |port: &str| row.ports.iter().any(|listed| listed == port);
            // A range may also be listed end by end, and the other way round.
            let ends: Vec<&str> = port.split('-').collect();
            let within = |range: &String| {
                let bounds: Vec<u16> = range.split('-').filter_map(|bound| bound.parse().ok()).collect();
                let port = port.parse::<u16>().ok();
                bounds.first() <= port.as_ref() && port.as_ref() <= bounds.last() && port.is_some()
            };
            listed(port)
                || ends.iter().all(|end| listed(end))
                || row.ports.iter().any(within)
                || texts.iter().any(|text| has_word(text, port))
        }
    }
}

/// `<storage>` and `{default_storage_account_name}` both stand for something to be filled in.
fn comparable(host: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in host.to_ascii_lowercase().chars() {
        match c {
            '<' | '{' => inside = true,
            '>' | '}' => {
                inside = false;
                text.push('?');
            }
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

fn check(document: &str) {
    let anchors = anchors_of(document);
    let requirements = every_requirement();
    let mut problems = Vec::new();
    for anchor in &anchors {
        let place = format!("{document}:{} `{}`", anchor.line, anchor.text);
        if anchor.requirement.is_empty() == anchor.why_not.is_none() {
            problems.push(format!("{place} needs either a requirement or a why_not"));
        }
        for id in anchor
            .requirement
            .iter()
            .filter(|id| !requirements.contains_key(id.as_str()))
        {
            problems.push(format!("{place} names `{id}`, which is no requirement"));
        }
    }
    let Some(lines) = lines_of(document) else {
        println!(
            "skipped: there is no document {document} beside the repository; only the form of its anchors was checked"
        );
        assert!(problems.is_empty(), "{}", problems.join("\n"));
        return;
    };
    for anchor in &anchors {
        let line = lines.iter().find(|(number, _)| *number == anchor.line);
        if anchor.text.is_empty() || !line.is_some_and(|(_, line)| line.contains(&anchor.text)) {
            problems.push(format!("{document}:{} does not contain `{}`", anchor.line, anchor.text));
        }
    }
    for (number, item) in items_of(&lines) {
        let line = lines
            .iter()
            .find(|(other, _)| *other == number)
            .map_or("", |(_, line)| line.as_str());
        let here: Vec<&Anchor> = anchors.iter().filter(|anchor| anchor.line == number).collect();
        let in_table = cells_of(line).is_some();
        let covering: Vec<&&Anchor> = here.iter().filter(|anchor| covers(anchor, &item, in_table)).collect();
        if covering.is_empty() {
            problems.push(format!("{document}:{number} {item:?} has no anchor: {}", line.trim()));
        }
        let rows: Vec<&&Requirement> = covering
            .iter()
            .flat_map(|anchor| &anchor.requirement)
            .filter_map(|id| requirements.get(id.as_str()))
            .collect();
        let explained = covering.iter().any(|anchor| anchor.why_not.is_some());
        if !rows.is_empty() && !explained && !rows.iter().any(|row| speaks_of(row, &item)) {
            let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
            problems.push(format!(
                "{document}:{number} {item:?} is in neither peer, ports nor note of {}",
                ids.join(", ")
            ));
        }
    }
    assert!(
        problems.is_empty(),
        "{} problems\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn nothing_of_operating_in_a_locked_down_network_is_lost() {
    check("000");
}

#[test]
fn nothing_of_cyclecloud_and_cluster_connectivity_is_lost() {
    check("001");
}

#[test]
fn nothing_of_configure_inbound_and_outbound_network_traffic_is_lost() {
    check("002");
}

#[test]
fn nothing_of_license_link_is_lost() {
    check("003");
}

#[test]
fn nothing_of_secure_an_aml_training_environment_is_lost() {
    check("004");
}

// --- the reader itself -----------------------------------------------------------------------------------------------------

fn read(text: &str) -> Vec<(usize, Item)> {
    let lines: Vec<(usize, String)> = text
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line.to_owned()))
        .collect();
    items_of(&lines).into_iter().collect()
}

#[test]
fn a_table_gives_its_rows_and_the_ports_of_its_port_columns() {
    let host = |name: &str| Item::Host(name.to_owned());
    let port = |number: &str| Item::Port(number.to_owned());
    let table = "| Host | Ports | Years |\n|---|---|---|\n| a.com*.b.net | 80, 9443 | 2022 |\nhttps:443 | rest |";
    let found = read(table);
    let row = |line| (line, Item::Row);
    let wanted = [
        row(3),
        (3, host("*.b.net")),
        (3, host("a.com")),
        (3, port("80")),
        (3, port("9443")),
        row(4),
        (4, port("443")),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn prose_gives_list_items_hosts_and_ports_but_no_versions_or_tags() {
    let text = "> * allow TCP ports\n(443 and 5672) to <x>.api.ms, not Storage.westus or 3.0.8\n  12. Slurm 22 of 2022\nSSH on 22/tcp";
    let found = read(text);
    let port = |line, number: &str| (line, Item::Port(number.to_owned()));
    let wanted = [
        (1, Item::Listed),
        (2, Item::Host("<x>.api.ms".to_owned())),
        port(2, "443"),
        port(2, "5672"),
        (3, Item::Listed),
        port(4, "22"),
    ];
    assert_eq!(found, wanted);
}

#[test]
fn a_requirement_speaks_of_its_own_port_and_of_those_in_its_note_alone() {
    let requirements = every_requirement();
    let row = requirements.get("CC-NODE-PROXY-HTTPS").unwrap();
    let spoken_of = |port: &str| speaks_of(row, &Item::Port(port.to_owned()));
    assert!(spoken_of("37140") && spoken_of("9443"));
    assert!(!spoken_of("37141"));
}

#[test]
fn every_document_has_its_anchors() {
    for document in DOCUMENTS {
        assert!(!anchors_of(document).is_empty(), "{document}");
    }
}
