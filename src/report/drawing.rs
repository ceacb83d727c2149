//! The flows of one subnet as an SVG picture: who comes in on the left, whom it reaches on the right.

use std::fmt::Write as _;

use super::{
    arrows::{Arrow, arrows},
    model::{Report, Standing, Subnet},
    page::escape,
};

const WIDTH: usize = 960;
const BOX: usize = 340;
const CENTRE: usize = 180;
const GAP: usize = 50;
const ROW: usize = 52;
const HEIGHT: usize = 44;
/// What fits into a box: of the name, and of the line below it.
const NAME: usize = 36;
const DETAIL: usize = 50;

/// The picture of a subnet. It takes the colours of the page; what a line means stands in words too.
pub(super) fn draw(report: &Report, subnet: &Subnet, number: usize) -> String {
    let arrows = arrows(report, subnet);
    let (outbound, inbound): (Vec<&Arrow>, Vec<&Arrow>) = arrows.iter().partition(|arrow| arrow.outbound);
    let rows = outbound.len().max(inbound.len()).max(1);
    let height = rows * ROW + 8;
    // Nobody comes in to most subnets: then there is no left side.
    let start = if inbound.is_empty() { BOX + GAP - 4 } else { 0 };
    let width = WIDTH - start;
    let mut svg = format!(
        "<svg viewBox=\"{start} 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-labelledby=\"picture{number} picture{number}-text\">\n\
         <title id=\"picture{number}\">Flows of {name}</title>\n\
         <desc id=\"picture{number}-text\">{inbound} inbound and {outbound} outbound; the table of requirements has each of them.</desc>\n",
        name = escape(&subnet.name),
        inbound = inbound.len(),
        outbound = outbound.len(),
    );
    let left = BOX + GAP;
    let prefixes = subnet.address_prefixes.join(", ");
    let _ = writeln!(
        svg,
        "<rect x=\"{left}\" y=\"4\" width=\"{CENTRE}\" height=\"{}\" rx=\"6\" class=\"own\"/>",
        height - 8
    );
    let (middle, own) = (left + CENTRE / 2, height.min(8 + 2 * ROW) / 2);
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" class=\"name\">{}</text>",
        own - 4,
        fitted(&subnet.name, 22)
    );
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{}\" class=\"detail\">{}</text>",
        own + 14,
        fitted(&prefixes, 28)
    );
    for (row, arrow) in inbound.iter().enumerate() {
        peer(&mut svg, 4, row, arrow);
        line(&mut svg, BOX + 4, left, row, arrow);
    }
    let right = left + CENTRE + GAP;
    for (row, arrow) in outbound.iter().enumerate() {
        peer(&mut svg, right - 4, row, arrow);
        line(&mut svg, left + CENTRE, right - 4, row, arrow);
    }
    svg.push_str("</svg>\n");
    svg
}

fn peer(svg: &mut String, x: usize, row: usize, arrow: &Arrow) {
    let y = 4 + row * ROW + (ROW - HEIGHT) / 2;
    let name = arrow.subnet.as_ref().unwrap_or(&arrow.peer);
    let detail = format!("{}: {}", word(arrow.standing), arrow.service);
    let middle = x + BOX / 2;
    let _ = writeln!(
        svg,
        "<g><title>{}: {}</title>\n<rect x=\"{x}\" y=\"{y}\" width=\"{BOX}\" height=\"{HEIGHT}\" rx=\"6\"/>\n\
         <text x=\"{middle}\" y=\"{}\" class=\"name\">{}</text>\n<text x=\"{middle}\" y=\"{}\" class=\"detail\">{}</text></g>",
        escape(name),
        escape(&detail),
        y + 18,
        fitted(name, NAME),
        y + 36,
        fitted(&detail, DETAIL),
    );
}

/// From left to right always: whoever opens the connection stands on the left.
fn line(svg: &mut String, from: usize, to: usize, row: usize, arrow: &Arrow) {
    let y = 4 + row * ROW + ROW / 2;
    let class = match arrow.standing {
        Standing::Refuted | Standing::NotSatisfied => "line refuted",
        Standing::DependsOn => "line depends",
        _ => "line",
    };
    let _ = writeln!(
        svg,
        "<path d=\"M{from} {y}H{}\" class=\"{class}\"/><path d=\"M{} {}L{} {y}L{} {}Z\" class=\"head\"/>",
        to - 8,
        to - 9,
        y - 5,
        to - 1,
        to - 9,
        y + 5
    );
    if class == "line refuted" {
        let x = usize::midpoint(from, to) - 4;
        let _ = writeln!(
            svg,
            "<path d=\"M{} {}L{} {}M{} {}L{} {}\" class=\"cross\"/>",
            x - 6,
            y - 6,
            x + 6,
            y + 6,
            x - 6,
            y + 6,
            x + 6,
            y - 6
        );
    }
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::NotSatisfied => "refuted",
        other => other.in_words(),
    }
}

/// As much as fits; the whole stands in the title beside it and in the tables.
fn fitted(text: &str, letters: usize) -> String {
    if text.chars().count() <= letters {
        return escape(text);
    }
    let short: String = text.chars().take(letters.saturating_sub(1)).collect();
    format!("{}…", escape(short.trim_end_matches([' ', ','])))
}
