//! Security rules as a table for people, with the requirement behind each.

use serde_json::Value;

const HEADINGS: [&str; 8] = [
    "PRIORITY",
    "NAME",
    "ACCESS",
    "PROTOCOL",
    "SOURCE",
    "DESTINATION",
    "PORTS",
    "REQUIREMENT",
];

type Row = [String; HEADINGS.len()];

/// The `security_rules` of a `lockeddown_*` object: inbound, then outbound, each in the order Azure evaluates them.
pub(crate) fn render(security_rules: &Value) -> String {
    let rules: Vec<&Value> = security_rules
        .as_object()
        .into_iter()
        .flat_map(|rules| rules.values())
        .collect();
    let mut text = String::new();
    for direction in ["Inbound", "Outbound"] {
        let mut rules: Vec<&Value> = rules
            .iter()
            .copied()
            .filter(|rule| text_of(rule, "direction") == direction)
            .collect();
        rules.sort_by_key(|rule| priority(rule));
        if !rules.is_empty() {
            let rows: Vec<_> = rules.into_iter().map(row).collect();
            text.push_str(&format!("\n  {direction}\n{}", table(&rows)));
        }
    }
    text
}

fn row(rule: &Value) -> Row {
    [
        priority(rule).to_string(),
        text_of(rule, "name").to_owned(),
        text_of(rule, "access").to_owned(),
        one_or_many(rule, "protocol", ""),
        one_or_many(rule, "source_address_prefix", "source_address_prefixes"),
        one_or_many(rule, "destination_address_prefix", "destination_address_prefixes"),
        one_or_many(rule, "destination_port_range", "destination_port_ranges"),
        one_or_many(rule, "", "requirement_ids"),
    ]
}

/// Azure has a singular and a plural field for the same thing; `*` is anything.
fn one_or_many(rule: &Value, singular: &str, plural: &str) -> String {
    match text_of(rule, singular) {
        "*" => "Any".to_owned(),
        "" => {
            let many = rule.get(plural).and_then(Value::as_array);
            let many: Vec<_> = many.into_iter().flatten().filter_map(Value::as_str).collect();
            many.join(", ")
        }
        one => one.to_owned(),
    }
}

fn text_of<'a>(rule: &'a Value, name: &str) -> &'a str {
    rule.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn priority(rule: &Value) -> u64 {
    rule.get("priority").and_then(Value::as_u64).unwrap_or_default()
}

fn table(rows: &[Row]) -> String {
    let headings = HEADINGS.map(str::to_owned);
    let lines: Vec<&Row> = std::iter::once(&headings).chain(rows).collect();
    let mut widths = [0; HEADINGS.len()];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(*line) {
            *width = cell.chars().count().max(*width);
        }
    }
    let aligned = |line: &&Row| {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("  {cell:width$}"));
        format!("{}\n", cells.collect::<String>().trim_end())
    };
    lines.iter().map(aligned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_stand_in_the_order_azure_evaluates_them() {
        let rules = serde_json::json!({
            "BlockOutbound": {
                "name": "BlockOutbound", "priority": 4000, "direction": "Outbound", "access": "Deny", "protocol": "*",
                "source_address_prefix": "*", "destination_address_prefix": "Internet", "destination_port_range": "*",
                "requirement_ids": ["cc-deny"],
            },
            "AllowAzureStorage": {
                "name": "AllowAzureStorage", "priority": 100, "direction": "Outbound", "access": "Allow",
                "protocol": "Tcp", "source_address_prefixes": ["10.0.1.0/24", "10.0.2.0/24"],
                "destination_address_prefix": "Storage", "destination_port_range": "443",
                "requirement_ids": ["cc-storage", "cc-blob"],
            },
        });
        assert_eq!(
            render(&rules),
            "
  Outbound
  PRIORITY  NAME               ACCESS  PROTOCOL  SOURCE                    DESTINATION  PORTS  REQUIREMENT
  100       AllowAzureStorage  Allow   Tcp       10.0.1.0/24, 10.0.2.0/24  Storage      443    cc-storage, cc-blob
  4000      BlockOutbound      Deny    Any       Any                       Internet     Any    cc-deny
"
        );
    }

    #[test]
    fn no_rules_no_table() {
        assert_eq!(render(&Value::Null), "");
    }
}
