//! The guides of the documentation: prose from `templates/guides`, with examples and tables where it asks for them.
//!
//! A template's line that is nothing but a directive gives way to what it names, so that no guide repeats by hand what stands elsewhere:
//!
//! | directive | becomes |
//! |---|---|
//! | `{{ tffile "examples/…" }}` | the file as a code block of Terraform's language |
//! | `{{ table "checks" }}` | the checks that can be waived |
//! | `{{ document "000" }}` | where each place of a source document leads, from its anchors and the catalogue |
//! | `{{ section "SPECIFICATION.md#Promises" }}` | what stands under this heading of a page of the repository |

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use lockeddown::network::Direction;
use lockeddown::requirements::{Kind, Peer, Requirement, catalogue, systems};
use lockeddown::workloads::CHECKS;
use serde::Deserialize;

use crate::failure::{Failure, Result};

const TEMPLATES: &str = "templates/guides";
const SUFFIX: &str = ".md.tmpl";

/// Every guide by its path below `docs`.
pub(crate) fn pages(repository: &Path) -> Result<BTreeMap<String, String>> {
    let folder = repository.join(TEMPLATES);
    let entries = fs::read_dir(&folder).map_err(unreadable(&folder))?;
    let mut pages = BTreeMap::new();
    for entry in entries {
        let path = entry.map_err(unreadable(&folder))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy())
            .and_then(|name| name.strip_suffix(SUFFIX).map(str::to_owned));
        let name = name.ok_or_else(|| {
            Failure::new(format!(
                "A stray file among the guides\n`{}` does not end in `{SUFFIX}`.",
                path.display()
            ))
        })?;
        pages.insert(format!("guides/{name}.md"), filled(repository, &path)?);
    }
    Ok(pages)
}

fn filled(repository: &Path, template: &Path) -> Result<String> {
    let text = fs::read_to_string(template).map_err(unreadable(template))?;
    let mut page = String::new();
    for line in text.lines() {
        let directive = line
            .strip_prefix("{{ ")
            .and_then(|rest| rest.strip_suffix("\" }}"))
            .and_then(|inner| inner.split_once(" \""));
        match directive {
            Some(("tffile", path)) => {
                let path = repository.join(path);
                let example = fs::read_to_string(&path).map_err(unreadable(&path))?;
                let _ = writeln!(page, "```terraform\n{}\n```", example.trim_end());
            }
            Some(("table", "checks")) => page.push_str(&checks()),
            Some(("document", number)) => page.push_str(&document(repository, number)?),
            Some(("section", place)) => page.push_str(&section(repository, place)?),
            _ if line.contains("{{ ") => {
                let detail = format!("An unknown directive\n`{line}` in `{}`.", template.display());
                return Err(Failure::new(detail));
            }
            _ => {
                let _ = writeln!(page, "{line}");
            }
        }
    }
    Ok(page)
}

fn checks() -> String {
    let mut table = "| id | what it checks |\n|---|---|\n".to_owned();
    for check in CHECKS {
        let _ = writeln!(table, "| `{}` | {} |", check.id, cell(check.description));
    }
    table
}

/// What stands under a heading of the second level, without the heading.
fn section(repository: &Path, place: &str) -> Result<String> {
    let (page, heading) = place.split_once('#').unwrap_or((place, ""));
    let path = repository.join(page);
    let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
    let mut lines = text
        .lines()
        .skip_while(|line| line.strip_prefix("## ") != Some(heading));
    if lines.next().is_none() {
        let detail = format!("A heading is missing\n`{}` has no `## {heading}`.", path.display());
        return Err(Failure::new(detail));
    }
    let lines: Vec<&str> = lines.take_while(|line| !line.starts_with("## ")).collect();
    Ok(format!("{}\n", lines.join("\n").trim()))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchors {
    anchor: Vec<Anchor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Anchor {
    line: usize,
    text: String,
    #[serde(default)]
    requirement: Vec<String>,
    why_not: Option<String>,
}

const BRACES: &str = "\nA name in braces is filled in from the argument of that name; `{workspace_paired_location}` is the region paired with the \
                      workspace's.\n";

/// Two tables: from the places of a document to requirements, and what each of these requirements becomes.
fn document(repository: &Path, number: &str) -> Result<String> {
    let path = repository.join(format!("src/requirements/anchors/{number}.toml"));
    let text = fs::read_to_string(&path).map_err(unreadable(&path))?;
    let known = requirements()?;
    let mut page = "### Where each place of the document leads\n\nA `line` is one of the page's source text, counted from its first: it gives the \
                    order. The words beside it are the ones to look for on the page.\n"
        .to_owned();
    let mut used = Vec::new();
    for (title, part) in sections(&text) {
        let anchors: Anchors =
            toml::from_str(part).map_err(Failure::while_doing(format!("`{}` cannot be read", path.display())))?;
        if anchors.anchor.is_empty() {
            continue;
        }
        let _ = write!(
            page,
            "\n#### {}\n\n| line | what it says | becomes |\n|---|---|---|\n",
            capital(title)
        );
        for anchor in anchors.anchor {
            let mut becomes: Vec<String> = anchor
                .requirement
                .iter()
                .map(|id| format!("[`{id}`](#{})", id.to_lowercase()))
                .collect();
            becomes.extend(anchor.why_not.map(|reason| format!("nothing; {}", cell(&reason))));
            let _ = writeln!(
                page,
                "| {} | {} | {} |",
                anchor.line,
                cell(&anchor.text),
                becomes.join(", ")
            );
            for id in anchor.requirement {
                if !used.contains(&id) {
                    used.push(id);
                }
            }
        }
    }
    let mut rows = String::new();
    for id in used {
        let row = known.get(id.as_str()).ok_or_else(|| {
            Failure::new(format!(
                "An anchor without a requirement\n`{id}` in `{}`.",
                path.display()
            ))
        })?;
        let _ = writeln!(
            rows,
            "| <a id=\"{}\"></a>`{id}` | {} | {} | {} |",
            id.to_lowercase(),
            cell(&rendering(row)),
            cell(&row.purpose),
            editions(row)
        );
    }
    page.push_str("\n### What each requirement becomes\n");
    if rows.contains('{') {
        page.push_str(BRACES);
    }
    page.push_str("\n| requirement | becomes | for | editions |\n|---|---|---|---|\n");
    page.push_str(&rows);
    Ok(page)
}

/// The parts of an anchors file by the headings that its comments are.
fn sections(text: &str) -> Vec<(&str, &str)> {
    text.split("\n# --- ")
        .skip(1)
        .filter_map(|part| {
            let (heading, rest) = part.split_once('\n')?;
            Some((heading.trim_end_matches(['-', ' ']), rest))
        })
        .collect()
}

fn requirements() -> Result<BTreeMap<&'static str, &'static Requirement>> {
    let mut known = BTreeMap::new();
    for system in systems() {
        let catalogue = catalogue(system).map_err(Failure::while_doing("the catalogue cannot be read"))?;
        known.extend(catalogue.all().map(|row| (row.id.as_str(), row)));
    }
    Ok(known)
}

/// What the provider makes of a requirement, in the words of a firewall request.
fn rendering(row: &Requirement) -> String {
    let ends = match (&row.peer, row.peers.is_empty()) {
        (Some(peer), _) => other_end(peer),
        (None, false) => row
            .peers
            .iter()
            .map(|(cloud, peer)| format!("{} ({cloud})", other_end(peer)))
            .collect::<Vec<_>>()
            .join(", "),
        (None, true) => "any".to_owned(),
    };
    let ports = match (&row.port_argument, row.ports.as_slice()) {
        (Some(argument), _) => format!("port of `{}`", as_written(argument)),
        (None, []) => "every port".to_owned(),
        (None, ports) => ports.join(", "),
    };
    let protocol = match row.protocol.as_deref() {
        None | Some("*") => "any protocol,",
        Some(protocol) => protocol,
    };
    match row.kind {
        Kind::Flow | Kind::Deny => {
            let access = if row.kind == Kind::Deny { "deny" } else { "allow" };
            let rule = row.rule.as_ref().map_or_else(String::new, |rule| {
                format!("; rule `{}` at {}", rule.name, rule.priority)
            });
            format!("{access} {protocol} {ports} {}{rule}", way(row, &ends))
        }
        Kind::Host => format!("host {ends}, {protocol} {ports}"),
        Kind::ServiceEndpoint => format!("service endpoint {ends}"),
        Kind::Route => format!("route {ends} → {}", row.next_hop_type.as_deref().unwrap_or("gateway")),
        Kind::Prerequisite => row
            .remedy
            .as_ref()
            .map_or_else(|| "prerequisite".to_owned(), |remedy| format!("prerequisite: {remedy}")),
    }
}

/// Between roles the initiator opens and the peer accepts; else the row says which way the connection goes.
fn way(row: &Requirement, ends: &str) -> String {
    let between_roles = row.peer.as_ref().is_some_and(|peer| peer.role.is_some());
    match &row.initiator {
        Some(initiator) if between_roles => format!("from the {} to {ends}", initiator.replace('_', " ")),
        _ if row.direction == Direction::Inbound => format!("inbound from {ends}"),
        _ => format!("outbound to {ends}"),
    }
}

fn other_end(peer: &Peer) -> String {
    let quoted = |text: &String| format!("`{text}`");
    let covered = peer
        .covered_by
        .as_ref()
        .map_or_else(String::new, |tag| format!(" (tag `{tag}`)"));
    let named = [&peer.service_tag, &peer.host, &peer.fqdn_tag, &peer.service_endpoint]
        .into_iter()
        .flatten()
        .map(quoted)
        .next();
    let end = named
        .or_else(|| peer.role.as_ref().map(|role| format!("the {}", role.replace('_', " "))))
        .or_else(|| {
            peer.argument
                .as_ref()
                .map(|argument| format!("the prefixes of `{}`", as_written(argument)))
        })
        .unwrap_or_else(|| peer.address_prefixes.join(", "));
    format!("{end}{covered}")
}

/// An argument's name in the catalogue, as it is written in a configuration.
fn as_written(argument: &str) -> String {
    let nested = ["egress", "package_mirror"].into_iter().find_map(|object| {
        let inner = argument.strip_prefix(object)?.strip_prefix('_')?;
        Some(format!("{object}.{inner}"))
    });
    nested.unwrap_or_else(|| argument.to_owned())
}

fn editions(row: &Requirement) -> String {
    match row.until {
        Some(until) => format!("{} to before {until}", row.from),
        None => format!("{} on", row.from),
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A text as a cell of a table: one line, and no bar that would end it.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn unreadable(path: &Path) -> impl FnOnce(std::io::Error) -> Failure {
    Failure::while_doing(format!("`{}` cannot be read", path.display()))
}
