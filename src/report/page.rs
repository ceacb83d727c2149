//! The report as one HTML page that needs nothing else: no script, no request, readable without colours, on paper and by a screen reader.

use std::fmt::Write as _;

use super::{
    drawing,
    markdown::{beyond, place, quoting, summary, workloads},
    model::{Evidence, Flow, Open, Rendering, Report, Row, Standing, Subnet},
};

const STYLE: &str = "
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 35%, transparent); --quiet: color-mix(in srgb, currentColor 8%, transparent); }
* { box-sizing: border-box; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; padding: 1rem; }
h1, h2, h3 { line-height: 1.25; margin: 2rem 0 .5rem; }
h2 { border-top: 2px solid var(--line); padding-top: 1rem; }
code { font: .9em ui-monospace, monospace; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; }
caption { font-weight: 600; padding: .5rem 0; text-align: start; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: start; vertical-align: top; }
thead th { background: var(--quiet); }
tbody th { font-weight: 400; }
ul { margin: 0; padding-inline-start: 1.2rem; }
.verdict { border: 1px solid currentColor; border-radius: .25rem; display: inline-block; font-weight: 600; padding: 0 .4rem; white-space: nowrap; }
.refuted, .not_satisfied { border-width: 3px; }
.depends_on, .unknown { border-style: dashed; }
svg { display: block; height: auto; max-width: 100%; }
svg rect { fill: var(--quiet); stroke: currentColor; }
svg text { fill: currentColor; text-anchor: middle; }
svg .own { stroke-width: 2; }
svg .name { font: 600 14px system-ui, sans-serif; }
svg .detail { font: 12px system-ui, sans-serif; }
svg .line, svg .cross { fill: none; stroke: currentColor; stroke-width: 1.5; }
svg .depends { stroke-dasharray: 5 4; }
svg .cross { stroke-width: 3; }
svg .head { fill: currentColor; }
@media print { body { font-size: 9pt; max-width: none; padding: 0; } nav { display: none; } tr, svg g { break-inside: avoid; } .wide { overflow: visible; } }
";

/// The page.
pub fn render(report: &Report) -> String {
    let title = escape(&report.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n\
         <header>\n<h1>{title}</h1>\n<p>{} {}</p>\n</header>\n",
        badge(report.verdict),
        escape(&summary(report))
    );
    page.push_str("<nav aria-label=\"Subnets\">\n<ul>\n");
    for (number, subnet) in report.subnets.iter().enumerate() {
        let _ = writeln!(
            page,
            "<li><a href=\"#subnet{number}\">{}</a></li>",
            escape(&subnet.name)
        );
    }
    page.push_str("</ul>\n</nav>\n<main>\n");
    table(
        &mut page,
        "Subnets",
        &[
            "Subnet",
            "Addresses",
            "Workloads (edition)",
            "Place",
            "Verdict",
            "Exposures",
            "Remarks",
        ],
        report.subnets.iter().map(|subnet| {
            vec![
                escape(&subnet.name),
                escape(&subnet.address_prefixes.join(", ")),
                escape(&workloads(subnet)),
                escape(&place(subnet)),
                badge(subnet.verdict),
                subnet.exposure.len().to_string(),
                subnet.lint.len().to_string(),
            ]
        }),
    );
    table(
        &mut page,
        "What the verdicts mean",
        &["Verdict", "Means"],
        Standing::ALL.map(|standing| vec![badge(standing), escape(standing.meaning())]),
    );
    for (number, subnet) in report.subnets.iter().enumerate() {
        section(&mut page, report, subnet, number);
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(page: &mut String, report: &Report, subnet: &Subnet, number: usize) {
    let name = escape(&subnet.name);
    let _ = writeln!(
        page,
        "<section aria-labelledby=\"subnet{number}\">\n<h2 id=\"subnet{number}\">{name}</h2>"
    );
    page.push_str("<h3>Flows</h3>\n");
    page.push_str(&drawing::draw(report, subnet, number));
    page.push_str("<h3>Requirements</h3>\n");
    table(
        page,
        &format!("Requirements of {}", subnet.name),
        &["Requirement", "Demands", "Source", "Edition", "Rendered as", "Verdict"],
        subnet.requirements.iter().map(row),
    );
    for (title, flows) in [
        ("Required flows beyond the catalogue", beyond(subnet)),
        ("Forbidden flows", subnet.forbidden_flows.iter().collect()),
    ] {
        if !flows.is_empty() {
            let _ = writeln!(page, "<h3>{title}</h3>");
            let caption = format!("{title} of {}", subnet.name);
            table(
                page,
                &caption,
                &["Flow", "Packets", "Verdict"],
                flows.into_iter().map(flow),
            );
        }
    }
    opened(
        page,
        "Exposure",
        subnet,
        &subnet.exposure,
        "Nothing is open beyond the requirements.",
    );
    let none = "Azure's default rules let nothing pass that no rule names.";
    opened(page, "Baseline", subnet, &subnet.baseline, none);
    if !subnet.lint.is_empty() {
        page.push_str("<h3>Remarks on rules</h3>\n");
        let remarks = subnet.lint.iter();
        table(
            page,
            &format!("Remarks on rules of {}", subnet.name),
            &["Rule", "Remark", "In words"],
            remarks.map(|remark| vec![code(&remark.rule), escape(&remark.kind), prose(&remark.message)]),
        );
    }
    if !subnet.warnings.is_empty() {
        page.push_str("<h3>Warnings</h3>\n<ul>\n");
        for warning in &subnet.warnings {
            let _ = writeln!(page, "<li>{}</li>", prose(warning));
        }
        page.push_str("</ul>\n");
    }
    page.push_str("</section>\n");
}

fn row(row: &Row) -> Vec<String> {
    let source = match (&row.document, &row.section) {
        (Some(document), Some(section)) => format!("<cite>{}</cite>, “{}”", escape(document), escape(section)),
        _ => "a check of this provider".to_owned(),
    };
    let observed = if row.documented || row.document.is_none() {
        ""
    } else {
        " (observed)"
    };
    vec![
        code(&row.id),
        prose(&row.summary),
        format!("{source}{observed}"),
        row.edition.as_deref().map_or_else(|| "–".to_owned(), escape),
        match row.rendered.as_slice() {
            [] => "–".to_owned(),
            renderings => {
                let items: String = renderings.iter().map(rendered).collect();
                format!("<ul>{items}</ul>")
            }
        },
        verdict(row.verdict, row.evidence.as_ref()),
    ]
}

fn rendered(rendering: &Rendering) -> String {
    let head = format!("{} {}", rendering.form.in_words(), code(&rendering.name));
    match rendering.detail.as_str() {
        "" => format!("<li>{head}</li>"),
        detail => format!("<li>{head}: {}</li>", escape(detail)),
    }
}

fn flow(flow: &Flow) -> Vec<String> {
    let word = if flow.direction == "Inbound" { "from" } else { "to" };
    let packets = format!("{} {word} {}", flow.service(), flow.peer_in_words());
    vec![
        code(&flow.key),
        escape(&packets),
        verdict(flow.verdict, flow.evidence.as_ref()),
    ]
}

fn verdict(standing: Standing, evidence: Option<&Evidence>) -> String {
    let mut text = badge(standing);
    let Some(evidence) = evidence else { return text };
    if let Some(packet) = &evidence.packet {
        let _ = write!(text, " {}:", code(packet));
    }
    let _ = match standing {
        Standing::Waived => write!(text, " {}", escape(&evidence.reason)),
        _ => write!(text, " {}.", prose(&evidence.reason)),
    };
    if !evidence.conditions.is_empty() {
        let _ = write!(text, " If {}.", prose(&evidence.conditions.join(" and ")));
    }
    if let Some(remedy) = &evidence.remedy {
        let _ = write!(text, " {}", prose(remedy));
    }
    text
}

fn opened(page: &mut String, title: &str, subnet: &Subnet, opened: &[Open], none: &str) {
    let _ = writeln!(page, "<h3>{title}</h3>");
    if opened.is_empty() {
        let _ = writeln!(page, "<p>{none}</p>");
        return;
    }
    table(
        page,
        &format!("{title} of {}", subnet.name),
        &["Rule", "Whose", "Lets pass", "If"],
        opened.iter().map(|open| {
            vec![
                code(&open.rule),
                escape(&open.by.replace('_', " ")),
                format!("{} {}", escape(&open.direction), code(&open.packet)),
                match open.conditions.as_slice() {
                    [] => "–".to_owned(),
                    conditions => prose(&conditions.join(" and ")),
                },
            ]
        }),
    );
}

/// A table whose first column heads its rows.
fn table(page: &mut String, caption: &str, heads: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let caption = escape(caption);
    let _ = write!(
        page,
        "<div class=\"wide\" role=\"region\" aria-label=\"{caption}\" tabindex=\"0\">\n<table>\n<caption>{caption}</caption>\n<thead><tr>"
    );
    for head in heads {
        let _ = write!(page, "<th scope=\"col\">{head}</th>");
    }
    page.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        let mut cells = row.into_iter();
        let _ = write!(page, "<tr><th scope=\"row\">{}</th>", cells.next().unwrap_or_default());
        for cell in cells {
            let _ = write!(page, "<td>{cell}</td>");
        }
        page.push_str("</tr>\n");
    }
    page.push_str("</tbody>\n</table>\n</div>\n");
}

fn badge(standing: Standing) -> String {
    format!(
        "<span class=\"verdict {}\">{}</span>",
        standing.as_str(),
        standing.in_words()
    )
}

/// A text of ours, in which backticks quote.
fn prose(text: &str) -> String {
    quoting(text, escape, code)
}

fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// A text without any meaning for HTML.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            character if character.is_control() => escaped.push(' '),
            character => escaped.push(character),
        }
    }
    escaped
}
