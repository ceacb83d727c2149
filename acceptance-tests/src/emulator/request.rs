//! A request as the rest of the emulator sees it: read to its end, its path decoded, nothing of HTTP left but headers.

use bytes::Bytes;
use http::HeaderMap;
use serde_json::{Map, Value};

use super::refusal::Refusal;

/// One request, complete.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) method: String,
    /// Percent-decoded, as it was spelled.
    pub(super) path: String,
    pub(super) query: Vec<(String, String)>,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Request {
    pub(super) fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        Self {
            method: parts.method.as_str().to_owned(),
            path: percent_decoded(parts.uri.path()),
            query: form(parts.uri.query().unwrap_or_default()),
            headers: parts.headers.clone(),
            body,
        }
    }

    /// The first value of a query parameter; ARM ignores the case of its name.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.query.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The same request with another body.
    pub(super) fn with_body(&self, body: &Value) -> Self {
        Self {
            body: Bytes::from(body.to_string()),
            ..self.clone()
        }
    }

    /// The body as JSON, if it is JSON.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body of a PUT or PATCH, which ARM wants to be a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        let invalid = |why: String| {
            Refusal::gateway(
                400,
                "InvalidRequestContent",
                format!("The request content was invalid and could not be deserialized: '{why}'."),
            )
        };
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(object)) => Ok(object),
            Ok(_) => Err(invalid("The content is not a JSON object".to_owned())),
            Err(error) => Err(invalid(error.to_string())),
        }
    }
}

/// The fields of an `application/x-www-form-urlencoded` text.
pub(super) fn form(text: &str) -> Vec<(String, String)> {
    text.split('&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (
                percent_decoded(&name.replace('+', " ")),
                percent_decoded(&value.replace('+', " ")),
            )
        })
        .collect()
}

fn percent_decoded(text: &str) -> String {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let rest = bytes.clone();
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (byte, digit(bytes.next()), digit(bytes.next())) {
            (b'%', Some(high), Some(low)) => decoded.extend(u8::try_from(high * 16 + low)),
            _ => {
                decoded.push(byte);
                bytes = rest;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_what_clients_escape_and_nothing_else() {
        assert_eq!(percent_decoded("/a%20b%2Fc%zz%4"), "/a b/c%zz%4");
        let fields = form("grant_type=client_credentials&scope=https%3A%2F%2Fx%2F.default&a=b+c&flag");
        let fields: Vec<_> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            fields,
            [
                ("grant_type", "client_credentials"),
                ("scope", "https://x/.default"),
                ("a", "b c"),
                ("flag", "")
            ]
        );
    }
}
