//! The recordings' format (vcrpy's).

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

#[derive(Deserialize)]
pub(crate) struct Cassette {
    pub(crate) interactions: Vec<Interaction>,
}

#[derive(Deserialize)]
pub(crate) struct Interaction {
    pub(crate) request: Request,
    pub(crate) response: Response,
}

#[derive(Deserialize)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) body: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Response {
    pub(crate) status: Status,
    pub(crate) headers: BTreeMap<String, Vec<String>>,
    pub(crate) body: Body,
}

#[derive(Deserialize)]
pub(crate) struct Status {
    pub(crate) code: u16,
}

#[derive(Deserialize)]
pub(crate) struct Body {
    pub(crate) string: String,
}

impl Request {
    /// The body that was sent. The recorder kept some as Python prints bytes: `b'…'`.
    pub(crate) fn json(&self) -> Option<String> {
        let body = self.body.as_deref()?;
        let printed = body.strip_prefix("b'").and_then(|body| body.strip_suffix('\''));
        Some(printed.unwrap_or(body).to_owned())
    }
}

pub(crate) fn read(path: &Path) -> Cassette {
    let text = std::fs::read_to_string(path).unwrap();
    serde_yaml_ng::from_str(&text).unwrap()
}
