//! What the emulator answers, before it becomes HTTP.

use serde_json::Value;

use super::refusal::Refusal;

/// One answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    /// The operation this request started.
    pub(super) operation: Option<String>,
}

impl Answer {
    pub(super) fn json(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Some(body),
            operation: None,
        }
    }

    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
            operation: None,
        }
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn with_retry_after(self, seconds: Option<u64>) -> Self {
        match seconds {
            Some(seconds) => self.with("retry-after", seconds.to_string()),
            None => self,
        }
    }

    /// ARM's error code, if this is an error.
    pub(super) fn error_code(&self) -> Option<&str> {
        self.body.as_ref()?.pointer("/error/code")?.as_str()
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let mut answer = Self::json(refusal.status, refusal.body()).with_retry_after(refusal.retry_after);
        if refusal.gateway {
            answer = answer.with("x-ms-failure-cause", "gateway");
        }
        answer
    }
}
