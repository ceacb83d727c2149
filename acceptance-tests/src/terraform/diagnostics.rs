//! Errors and warnings in one plain form.
//!
//! Terraform wraps its texts at the terminal's width and draws boxes around them, so what it prints for people cannot be
//! compared. `plan`, `apply`, `destroy`, `refresh` and `validate` give the same diagnostics as JSON, unwrapped; for other
//! commands the plain text is unwrapped here.

use std::fmt;

use serde_json::Value;

/// One error or warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub severity: String,
    /// The short text.
    pub summary: String,
    /// The long text; may be empty.
    pub detail: String,
    /// The resource it is about, such as `terraform_data.one`; empty if there is none.
    pub address: String,
    /// File, line and the source text that the diagnostic underlines, such as ``main.tf:3 `"1.5"` ``; empty if there is none.
    pub place: String,
}

impl Diagnostic {
    fn from_json(json: &Value) -> Self {
        let text = |pointer: &str| {
            json.pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            severity: text("/severity"),
            summary: text("/summary"),
            detail: text("/detail"),
            address: text("/address"),
            place: place(json),
        }
    }

    /// The diagnostics of a JSON answer: the one document of `validate -json`, or the lines of `plan -json` and its kin.
    pub fn from_output(stdout: &str) -> Vec<Self> {
        if let Ok(document) = serde_json::from_str::<Value>(stdout)
            && let Some(diagnostics) = document.get("diagnostics").and_then(Value::as_array)
        {
            return diagnostics
                .iter()
                .map(Self::from_json)
                .filter(Self::is_about_the_test)
                .collect();
        }
        stdout
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|message| message.get("diagnostic").map(Self::from_json))
            .filter(Self::is_about_the_test)
            .collect()
    }

    /// Terraform warns about `dev_overrides`, the harness's own way to hand it the provider, in every command.
    fn is_about_the_test(&self) -> bool {
        self.summary != "Provider development overrides are in effect"
    }

    /// Whether it stops the command.
    pub fn is_error(&self) -> bool {
        self.severity == "error"
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_error() { "Error" } else { "Warning" };
        write!(f, "{kind}: {}", self.summary)?;
        if !self.address.is_empty() {
            write!(f, "\n  with {}", self.address)?;
        }
        if !self.place.is_empty() {
            write!(f, "\n  at {}", self.place)?;
        }
        if !self.detail.is_empty() {
            write!(f, "\n{}", self.detail)?;
        }
        Ok(())
    }
}

fn place(json: &Value) -> String {
    let Some(file) = json.pointer("/range/filename").and_then(Value::as_str) else {
        return String::new();
    };
    let line = json
        .pointer("/range/start/line")
        .and_then(Value::as_u64)
        .unwrap_or_default();
    match underlined(json) {
        Some(source) => format!("{file}:{line} `{source}`"),
        None => format!("{file}:{line}"),
    }
}

/// The part of the source that Terraform underlines.
fn underlined(json: &Value) -> Option<&str> {
    let code = json.pointer("/snippet/code")?.as_str()?;
    let offset = |name: &str| {
        json.get("snippet")?
            .get(name)?
            .as_u64()
            .and_then(|offset| usize::try_from(offset).ok())
    };
    code.get(offset("highlight_start_offset")?..offset("highlight_end_offset")?)
}

/// The text of Terraform's human output without colours, boxes and line wrapping: each paragraph is one line; lines that
/// start with a space (source excerpts, lists) stay as they are.
pub fn unwrapped(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in without_colours(text).lines() {
        let line = line
            .strip_prefix("│ ")
            .unwrap_or(line.trim_start_matches(['╷', '│', '╵']))
            .trim_end();
        let continues = !line.is_empty()
            && !line.starts_with(' ')
            && lines
                .last()
                .is_some_and(|last| !last.is_empty() && !last.starts_with(' '));
        match lines.last_mut() {
            Some(last) if continues => {
                last.push(' ');
                last.push_str(line);
            }
            Some(last) if last.is_empty() && line.is_empty() => {}
            _ => lines.push(line.to_owned()),
        }
    }
    lines.join("\n").trim().to_owned()
}

/// Removes ANSI escape sequences.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(character) = rest.next() {
        if character == '\u{1b}' {
            // A sequence ends with its first letter: `ESC [ 31 m`.
            rest.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(character);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_colours_and_wrapping_go_paragraphs_stay() {
        let printed = "\u{1b}[31m╷\u{1b}[0m\u{1b}[0m\n\
                       │ \u{1b}[1mError: \u{1b}[0mNot a number\n\
                       │ \n\
                       │   on main.tf line 3:\n\
                       │    3: value = \"x\"\n\
                       │ \n\
                       │ The value is not\n\
                       │ a number.\n\
                       ╵\n";
        assert_eq!(
            unwrapped(printed),
            "Error: Not a number\n\n  on main.tf line 3:\n   3: value = \"x\"\n\nThe value is not a number."
        );
    }

    #[test]
    fn the_place_shows_the_underlined_source() {
        let json = serde_json::json!({
            "severity": "error", "summary": "Bad", "detail": "Why.",
            "range": { "filename": "main.tf", "start": { "line": 2 } },
            "snippet": { "code": "  port = 0", "highlight_start_offset": 9, "highlight_end_offset": 10 },
        });
        assert_eq!(
            Diagnostic::from_json(&json).to_string(),
            "Error: Bad\n  at main.tf:2 `0`\nWhy."
        );
    }
}
