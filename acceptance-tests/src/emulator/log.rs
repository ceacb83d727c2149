//! The request log: what clients asked, what they were told, and whether it changed anything.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;

use serde::Serialize;
use serde_json::Value;

use super::request::Request;

/// One request as it was received, in the order of arrival.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// Counts from 1 since the emulator started; `clear_requests` does not reset it.
    pub number: u64,
    /// Milliseconds since the emulator started.
    pub at: u64,
    /// `GET`, `PUT`, …
    pub method: String,
    /// As the client spelled it, percent-decoded.
    pub path: String,
    /// The query parameters in their order.
    pub query: Vec<(String, String)>,
    /// Lower-case names. `Authorization` and its auxiliary kind are not recorded.
    pub headers: BTreeMap<String, String>,
    /// The body, if it is JSON. Forms (credentials) are not recorded.
    pub body: Option<Value>,
    /// The status sent; `None` while the request is handled, and when the connection was dropped instead.
    pub status: Option<u16>,
    /// ARM's error code of the answer.
    pub error: Option<String>,
    /// The request changed what exists in Azure.
    pub effect: bool,
}

impl LoggedRequest {
    pub(super) fn new(number: u64, at: u64, request: &Request) -> Self {
        let headers = request.headers.iter();
        let headers = headers
            .filter(|(name, _)| !["authorization", "x-ms-authorization-auxiliary"].contains(&name.as_str()))
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        Self {
            number,
            at,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.query.clone(),
            headers,
            body: request.json(),
            status: None,
            error: None,
            effect: false,
        }
    }

    /// A write to Azure Resource Manager (a token request is none).
    pub fn is_write(&self) -> bool {
        self.method != "GET" && self.method != "HEAD" && self.path.to_ascii_lowercase().starts_with("/subscriptions/")
    }
}

/// Requests in their order, with the questions tests ask about them. Reads like a slice.
#[derive(Debug, Clone, PartialEq)]
pub struct Requests(pub Vec<LoggedRequest>);

impl Requests {
    /// The writes to Azure Resource Manager.
    pub fn writes(&self) -> Self {
        self.only(LoggedRequest::is_write)
    }

    /// The PUTs whose path ends with `path`, such as `networkSecurityGroups/nsg-*`.
    pub fn puts_on(&self, path: &str) -> Self {
        self.on("PUT", path)
    }

    /// The requests with this method (`*` for any) whose path ends with `path`; see [`path_matches`](super::path_matches).
    pub fn on(&self, method: &str, path: &str) -> Self {
        self.only(|request| {
            (method == "*" || request.method.eq_ignore_ascii_case(method))
                && super::faults::path_matches(path, &request.path)
        })
    }

    /// The requests for which `keep` holds.
    pub fn only(&self, keep: impl Fn(&LoggedRequest) -> bool) -> Self {
        Self(self.iter().filter(|request| keep(request)).cloned().collect())
    }

    /// The actions that a role needs for these requests, those on linked scopes included, as ARM spells them in the paths.
    pub fn actions(&self) -> BTreeSet<String> {
        let needs =
            |request: &LoggedRequest| super::roles::needs(&request.method, &request.path, request.body.as_ref());
        self.iter().flat_map(needs).map(|(action, _)| action).collect()
    }

    /// One line each, `METHOD path -> status`, for failure messages and snapshots.
    pub fn lines(&self) -> Vec<String> {
        self.iter()
            .map(|request| {
                let status = request
                    .status
                    .map_or("no answer".to_owned(), |status| status.to_string());
                let error = request
                    .error
                    .as_deref()
                    .map(|code| format!(" {code}"))
                    .unwrap_or_default();
                format!("{} {} -> {status}{error}", request.method, request.path)
            })
            .collect()
    }
}

impl Deref for Requests {
    type Target = [LoggedRequest];

    fn deref(&self) -> &[LoggedRequest] {
        &self.0
    }
}
