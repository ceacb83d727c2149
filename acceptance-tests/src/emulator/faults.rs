//! Scripted misfortune: what goes wrong, for which requests, how often.
//!
//! Faults are asked in the order they were added, and the first one that is still active takes the request; so three faults on
//! one path are three consecutive misfortunes. A fault is a JSON object on the control endpoint and a value in Rust.

use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::azure::Azure;
use super::refusal::Refusal;
use super::request::Request;

/// One misfortune and the requests that meet it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The request's method; `*` for any.
    #[serde(default = "any")]
    pub method: String,
    /// The end of the request's path, with `*` for any characters; see [`path_matches`].
    pub path: String,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many requests meet it after that.
    #[serde(default = "once")]
    pub times: u32,
    /// What happens to them.
    pub effect: Effect,
}

/// What happens to a request.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Refused with this error; nothing changes.
    Refuse(Refused),
    /// Answered after this many milliseconds.
    Delay(u64),
    /// The connection is dropped before anything happens.
    ResetBefore,
    /// Everything happens, then the connection is dropped: the answer is lost.
    ResetAfter,
    /// Everything happens, and the connection breaks in the middle of the answer's body.
    Truncate,
    /// Everything happens, but the answer is this error: a front end that lost sight of its service.
    Belie(Refused),
    /// Accepted, but its operation ends as `Failed` and the resource stays in that state.
    FailOperation(Failed),
    /// Accepted, but its operation never ends.
    NeverFinish,
    /// Accepted, but its operation's URL answers 404. The work is done all the same.
    LoseOperation,
    /// If it creates something, the next this many reads of it answer 404: a read after create that comes too early.
    HideAfterCreate(u32),
    /// Somebody else writes just before.
    Foreign(ForeignWrite),
}

/// The error of [`Effect::Refuse`] and [`Effect::Belie`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// The HTTP status.
    pub status: u16,
    /// ARM's error code.
    pub code: String,
    /// ARM's text.
    #[serde(default)]
    pub message: String,
    /// Seconds of a `Retry-After` header.
    #[serde(default)]
    pub retry_after: Option<u64>,
}

impl Refused {
    /// As an answer.
    pub(super) fn refusal(&self) -> Refusal {
        let mut refusal = Refusal::new(self.status, self.code.clone(), self.message.clone());
        refusal.retry_after = self.retry_after;
        refusal
    }
}

/// The error of [`Effect::FailOperation`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Failed {
    /// ARM's error code.
    pub code: String,
    /// ARM's text.
    #[serde(default)]
    pub message: String,
}

/// A write by another client.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ForeignWrite {
    /// A complete PUT that has finished.
    Put {
        /// The resource's ARM id.
        id: String,
        /// The body of the PUT.
        body: Value,
    },
    /// A JSON merge patch (RFC 7396) on the resource as GET shows it.
    Merge {
        /// The resource's ARM id.
        id: String,
        /// The patch.
        patch: Value,
    },
    /// The resource goes.
    Remove {
        /// The resource's ARM id.
        id: String,
    },
    /// Anything, in Rust.
    #[serde(skip)]
    Call(ForeignCall),
}

/// A foreign client written as a closure.
#[derive(Clone)]
pub struct ForeignCall(pub(super) Arc<dyn Fn(&mut Azure) + Send + Sync>);

impl fmt::Debug for ForeignCall {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ForeignCall")
    }
}

impl Fault {
    /// A fault that hits the first matching request, once.
    pub fn new(method: &str, path: &str, effect: Effect) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            skip: 0,
            times: 1,
            effect,
        }
    }

    /// Any request is refused with this error. Narrow it with [`on`](Self::on).
    pub fn refuse(status: u16, code: &str, message: &str) -> Self {
        let refused = Refused {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            retry_after: None,
        };
        Self::new("*", "*", Effect::Refuse(refused))
    }

    /// Any operation ends with this error. Narrow it with [`on`](Self::on).
    pub fn fail_operation(code: &str, message: &str) -> Self {
        let failed = Failed {
            code: code.to_owned(),
            message: message.to_owned(),
        };
        Self::new("*", "*", Effect::FailOperation(failed))
    }

    /// Another client does something just before any request. Narrow it with [`on`](Self::on).
    pub fn foreign(write: impl Fn(&mut Azure) + Send + Sync + 'static) -> Self {
        let call = ForeignCall(Arc::new(write));
        Self::new("*", "*", Effect::Foreign(ForeignWrite::Call(call)))
    }

    /// Hits only requests with this method and a path that ends so.
    pub fn on(self, method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            ..self
        }
    }

    /// Adds `Retry-After` to a refusal; other effects have none.
    pub fn retry_after(mut self, seconds: u64) -> Self {
        if let Effect::Refuse(refused) = &mut self.effect {
            refused.retry_after = Some(seconds);
        }
        self
    }

    /// Hits this many requests.
    pub fn times(self, times: u32) -> Self {
        Self { times, ..self }
    }

    /// Lets this many matching requests pass first.
    pub fn after(self, skip: u32) -> Self {
        Self { skip, ..self }
    }

    /// Whether this request meets the fault. Counts.
    fn takes(&mut self, request: &Request) -> bool {
        let matches = (self.method == "*" || self.method.eq_ignore_ascii_case(&request.method))
            && path_matches(&self.path, &request.path);
        if !matches {
            return false;
        }
        match (self.skip.checked_sub(1), self.times.checked_sub(1)) {
            (Some(skip), _) => {
                self.skip = skip;
                false
            }
            (None, Some(times)) => {
                self.times = times;
                true
            }
            (None, None) => false,
        }
    }
}

/// The faults that were scripted.
#[derive(Debug, Default)]
pub(super) struct Faults(pub(super) Vec<Fault>);

impl Faults {
    /// The effect that this request meets.
    pub(super) fn take(&mut self, request: &Request) -> Option<Effect> {
        let taker = self
            .0
            .iter_mut()
            .find_map(|fault| fault.takes(request).then(|| fault.effect.clone()));
        self.0.retain(|fault| fault.times > 0);
        taker
    }
}

/// Whether a request's path ends with `pattern`, from the start of a segment on, whatever the case; `*` stands for any
/// characters, `/` included.
pub fn path_matches(pattern: &str, path: &str) -> bool {
    let (pattern, path) = (pattern.to_ascii_lowercase(), path.to_ascii_lowercase());
    let pattern = pattern.trim_start_matches('/');
    let mut rest = path.trim_end_matches('/');
    loop {
        if glob(pattern.as_bytes(), rest.trim_start_matches('/').as_bytes()) {
            return true;
        }
        match rest.trim_start_matches('/').split_once('/') {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', pattern)), None) => glob(pattern, text),
        (Some((b'*', after)), Some((_, rest))) => glob(after, text) || glob(pattern, rest),
        (Some((wanted, pattern)), Some((found, text))) => wanted == found && glob(pattern, text),
        _ => false,
    }
}

fn any() -> String {
    "*".to_owned()
}

fn once() -> u32 {
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_the_end_of_a_path() {
        let path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/virtualNetworks/v/subnets/A";
        for pattern in ["subnets/a", "subnets/*", "virtualNetworks/v/*", "*", path, "subnets/A"] {
            assert!(path_matches(pattern, path), "{pattern}");
        }
        for pattern in ["bnets/a", "virtualNetworks/v", "subnets", "subnets/a/*", ""] {
            assert!(!path_matches(pattern, path), "{pattern}");
        }
    }
}
