//! The report in Markdown (GitHub's), for auditors and reviewers.

use std::fmt::Write as _;

use super::{
    mermaid,
    model::{Evidence, Flow, Open, Rendering, Report, Row, Standing, Subnet, counted},
};

/// The whole report.
pub fn render(report: &Report) -> String {
    let mut text = format!("# {}\n\n", plain(&report.title));
    let _ = writeln!(
        text,
        "Verdict: **{}**. {}\n",
        report.verdict.in_words(),
        summary(report)
    );
    let rows = report.subnets.iter().map(|subnet| {
        [
            plain(&subnet.name),
            subnet.address_prefixes.join(", "),
            plain(&workloads(subnet)),
            plain(&place(subnet)),
            format!("**{}**", subnet.verdict.in_words()),
            subnet.exposure.len().to_string(),
            subnet.lint.len().to_string(),
        ]
    });
    table(
        &mut text,
        [
            "subnet",
            "addresses",
            "workloads (edition)",
            "place",
            "verdict",
            "exposures",
            "remarks",
        ],
        rows,
    );
    text.push_str("## Flows\n\nSolid arrows are proven, dotted ones depend on something undeclared, crossed ones are refuted.\n\n");
    let _ = writeln!(text, "```mermaid\n{}```\n", mermaid::render(report));
    text.push_str("## Words\n\n");
    table(
        &mut text,
        ["verdict", "means"],
        Standing::ALL.map(|standing| [format!("**{}**", standing.in_words()), standing.meaning().to_owned()]),
    );
    for subnet in &report.subnets {
        of_subnet(&mut text, subnet);
    }
    format!("{}\n", text.trim_end())
}

/// How many subnets, and how many requirements stand how.
pub(super) fn summary(report: &Report) -> String {
    let rows: usize = report.counts().values().sum();
    let counts: Vec<String> = report
        .counts()
        .iter()
        .map(|(standing, number)| format!("{number} {}", standing.in_words()))
        .collect();
    let exposures = report.subnets.iter().map(|subnet| subnet.exposure.len()).sum();
    format!(
        "{}, {}{}; {}.",
        counted(report.subnets.len(), "subnet"),
        counted(rows, "requirement"),
        match counts.as_slice() {
            [] => String::new(),
            counts => format!(" ({})", counts.join(", ")),
        },
        counted(exposures, "exposure")
    )
}

/// What stands in a subnet, with the editions.
pub(super) fn workloads(subnet: &Subnet) -> String {
    let texts: Vec<String> = subnet.workloads.iter().map(|workload| workload.in_words()).collect();
    texts.join(", ")
}

/// Cloud and region.
pub(super) fn place(subnet: &Subnet) -> String {
    match &subnet.location {
        Some(location) if !location.is_empty() => format!("{}, {location}", subnet.environment),
        _ => subnet.environment.clone(),
    }
}

fn of_subnet(text: &mut String, subnet: &Subnet) {
    let _ = writeln!(text, "## {}\n", plain(&subnet.name));
    let _ = writeln!(text, "### Requirements of {}\n", plain(&subnet.name));
    if subnet.requirements.is_empty() {
        text.push_str("No requirement takes part.\n\n");
    } else {
        table(
            text,
            ["requirement", "demands", "source", "edition", "rendered as", "verdict"],
            subnet.requirements.iter().map(row),
        );
    }
    for (title, flows) in [
        ("Required flows beyond the catalogue", beyond(subnet)),
        ("Forbidden flows", subnet.forbidden_flows.iter().collect()),
    ] {
        if !flows.is_empty() {
            let _ = writeln!(text, "### {title} of {}\n", plain(&subnet.name));
            table(text, ["flow", "packets", "verdict"], flows.into_iter().map(flow));
        }
    }
    let _ = writeln!(text, "### Exposure of {}\n", plain(&subnet.name));
    opened(text, &subnet.exposure, "Nothing is open beyond the requirements.");
    let _ = writeln!(text, "### Baseline of {}\n", plain(&subnet.name));
    opened(
        text,
        &subnet.baseline,
        "Azure's default rules let nothing pass that no rule names.",
    );
    if !subnet.lint.is_empty() {
        let _ = writeln!(text, "### Remarks on rules of {}\n", plain(&subnet.name));
        let remarks = subnet.lint.iter();
        table(
            text,
            ["rule", "remark", "in words"],
            remarks.map(|remark| [code(&remark.rule), plain(&remark.kind), prose(&remark.message)]),
        );
    }
    if !subnet.warnings.is_empty() {
        let _ = writeln!(text, "### Warnings of {}\n", plain(&subnet.name));
        for warning in &subnet.warnings {
            let _ = writeln!(text, "- {}", prose(warning));
        }
        text.push('\n');
    }
}

/// Flows that somebody asks for by hand: no row of the matrix speaks of them.
pub(super) fn beyond(subnet: &Subnet) -> Vec<&Flow> {
    let by_hand = |flow: &&Flow| flow.requirement_ids.is_empty();
    subnet.required_flows.iter().filter(by_hand).collect()
}

fn row(row: &Row) -> [String; 6] {
    let source = match (&row.document, &row.section) {
        (Some(document), Some(section)) => format!("*{}*, “{}”", plain(document), plain(section)),
        _ => "a check of this provider".to_owned(),
    };
    let observed = if row.documented || row.document.is_none() {
        ""
    } else {
        " (observed)"
    };
    let rendered: Vec<String> = row.rendered.iter().map(rendered).collect();
    [
        code(&row.id),
        prose(&row.summary),
        format!("{source}{observed}"),
        row.edition.clone().unwrap_or_else(|| "–".to_owned()),
        if rendered.is_empty() {
            "–".to_owned()
        } else {
            rendered.join("<br>")
        },
        verdict(row.verdict, row.evidence.as_ref()),
    ]
}

fn rendered(rendering: &Rendering) -> String {
    let head = format!("{} {}", rendering.form.in_words(), code(&rendering.name));
    match rendering.detail.as_str() {
        "" => head,
        detail => format!("{head}: {}", plain(detail)),
    }
}

fn flow(flow: &Flow) -> [String; 3] {
    let word = if flow.direction == "Inbound" { "from" } else { "to" };
    let packets = format!("{} {word} {}", flow.service(), flow.peer_in_words());
    [
        code(&flow.key),
        plain(&packets),
        verdict(flow.verdict, flow.evidence.as_ref()),
    ]
}

fn verdict(standing: Standing, evidence: Option<&Evidence>) -> String {
    let mut text = format!("**{}**", standing.in_words());
    let Some(evidence) = evidence else { return text };
    match (&evidence.packet, standing) {
        (Some(packet), _) => {
            let _ = write!(text, ": {}: {}.", code(packet), prose(&evidence.reason));
        }
        // What a person wrote.
        (None, Standing::Waived) => {
            let _ = write!(text, ": {}", plain(&evidence.reason));
        }
        (None, _) => {
            let _ = write!(text, ": {}.", prose(&evidence.reason));
        }
    }
    if !evidence.conditions.is_empty() {
        let _ = write!(text, " If {}.", prose(&evidence.conditions.join(" and ")));
    }
    if let Some(remedy) = &evidence.remedy {
        let _ = write!(text, " {}", prose(remedy));
    }
    text
}

fn opened(text: &mut String, opened: &[Open], none: &str) {
    if opened.is_empty() {
        let _ = writeln!(text, "{none}\n");
        return;
    }
    table(
        text,
        ["rule", "whose", "lets pass", "if"],
        opened.iter().map(|open| {
            [
                code(&open.rule),
                plain(&open.by.replace('_', " ")),
                format!("{} {}", open.direction, code(&open.packet)),
                match open.conditions.as_slice() {
                    [] => "–".to_owned(),
                    conditions => prose(&conditions.join(" and ")),
                },
            ]
        }),
    );
}

fn table<const N: usize>(text: &mut String, heads: [&str; N], rows: impl IntoIterator<Item = [String; N]>) {
    let _ = writeln!(text, "| {} |\n|{}", heads.join(" | "), "---|".repeat(N));
    for row in rows {
        let _ = writeln!(text, "| {} |", row.join(" | "));
    }
    text.push('\n');
}

/// A text of ours, in which backticks quote.
fn prose(text: &str) -> String {
    quoting(text, plain, code)
}

/// A text in which backticks quote, written by `plain` and `code`; one with a backtick too many quotes nothing.
pub(super) fn quoting(text: &str, plain: fn(&str) -> String, code: fn(&str) -> String) -> String {
    let pieces: Vec<&str> = text.split('`').collect();
    if pieces.len().is_multiple_of(2) {
        return plain(text);
    }
    let mut quoted = false;
    let mut written = String::new();
    for piece in pieces {
        written.push_str(&if quoted { code(piece) } else { plain(piece) });
        quoted = !quoted;
    }
    written
}

/// A text without any meaning for Markdown, inside of a table.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '#' | '~' | '&' => {
                escaped.push('\\');
                escaped.push(character);
            }
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}

/// A word as it is, inside of a table: only `|` means something there.
fn code(text: &str) -> String {
    let text: String = text
        .chars()
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    let text = text.replace('|', "\\|");
    if text.is_empty() {
        return String::new();
    }
    if text.contains('`') {
        return format!("`` {text} ``");
    }
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_stays_one_cell() {
        assert_eq!(plain("a | b\n*c* <d>"), "a \\| b \\*c\\* \\<d\\>");
        assert_eq!(code("a|b"), "`a\\|b`");
        assert_eq!(code("a`b"), "`` a`b ``");
        assert_eq!(
            prose("the rule `a|b_c` denies *it*"),
            "the rule `a\\|b_c` denies \\*it\\*"
        );
        assert_eq!(prose("one ` alone"), "one \\` alone");
    }
}
