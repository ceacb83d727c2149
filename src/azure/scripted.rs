//! An Azure whose answers a test writes down, in place of the network.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind,
    http::{AsyncRawResponse, Body, HttpClient, Request, StatusCode, Transport, headers::Headers},
    time::OffsetDateTime,
};
use serde_json::{Value, json};

use super::{
    call::Call, client::ArmClient, cloud::Endpoints, connection::Connection, resource_id::ResourceId,
    retry::RetryTuning, settings::ConnectionSettings,
};

/// One answer.
#[derive(Debug)]
pub(super) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
    failure: Option<ErrorKind>,
    after: Duration,
}

impl Answer {
    pub(super) fn json(status: u16, body: Value) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: body.to_string(),
            failure: None,
            after: Duration::ZERO,
        }
    }

    pub(super) fn empty(status: u16) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: String::new(),
            failure: None,
            after: Duration::ZERO,
        }
    }

    pub(super) fn text(status: u16, body: &str) -> Answer {
        Answer {
            status,
            headers: Vec::new(),
            body: body.to_owned(),
            failure: None,
            after: Duration::ZERO,
        }
    }

    pub(super) fn error(status: u16, code: &str, message: &str) -> Answer {
        Answer::json(
            status,
            json!({ "error": { "code": code, "message": message, "details": [] } }),
        )
    }

    /// No answer at all.
    pub(super) fn failure(kind: ErrorKind, cause: &str) -> Answer {
        Answer {
            status: 0,
            headers: Vec::new(),
            body: cause.to_owned(),
            failure: Some(kind),
            after: Duration::ZERO,
        }
    }

    /// The answer takes so long.
    pub(super) fn after(mut self, after: Duration) -> Answer {
        self.after = after;
        self
    }

    pub(super) fn header(mut self, name: &'static str, value: &str) -> Answer {
        self.headers.push((name, value.to_owned()));
        self
    }
}

/// One request as Azure saw it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Seen {
    pub(super) line: String,
    pub(super) if_match: Option<String>,
    pub(super) if_none_match: Option<String>,
    pub(super) body: Value,
}

/// The answers still to give and the requests so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Script {
    pub(super) fn new(answers: impl IntoIterator<Item = Answer>) -> Script {
        Script {
            answers: Arc::new(Mutex::new(answers.into_iter().collect())),
            seen: Arc::default(),
        }
    }

    /// A client that hears these answers, and does not wait long between them.
    pub(super) fn client(&self) -> ArmClient {
        let endpoints = Endpoints::of(&ConnectionSettings {
            resource_manager_endpoint: Some("https://arm.example".into()),
            ..ConnectionSettings::default()
        });
        let transport = Transport::new(Arc::new(self.clone()));
        ArmClient::over(
            Connection::over(endpoints.unwrap(), Arc::new(AnyToken), transport),
            quick(),
        )
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// Method and path of each request; ids without what they have in common.
    pub(super) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    pub(super) fn assert_played_out(&self) {
        let left = self.answers.lock().unwrap();
        assert!(left.is_empty(), "not asked for: {left:?}");
    }
}

/// A tuning for tests: the same decisions, hardly any waiting.
pub(super) fn quick() -> RetryTuning {
    RetryTuning {
        first_delay: Duration::from_millis(1),
        longest_delay: Duration::from_millis(2),
        longest_retry_after: Duration::from_millis(2),
        poll_interval: Duration::from_millis(1),
        shortest_poll: Duration::from_millis(1),
        trouble_attempts: 3,
        lost_looks: 3,
        merge_rounds: 4,
    }
}

pub(super) fn call() -> Call {
    Call::new(Duration::from_secs(20), tokio_util::sync::CancellationToken::new())
}

pub(super) const GROUP: &str = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network";

pub(super) fn id(path: &str) -> ResourceId {
    format!("{GROUP}/{path}").parse().unwrap()
}

#[async_trait::async_trait]
impl HttpClient for Script {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let Body::Bytes(body) = request.body() else {
            panic!("streamed")
        };
        assert_eq!(
            request.url().host_str(),
            Some("arm.example"),
            "a token on its way to a stranger"
        );
        let header = |name: &'static str| {
            request
                .headers()
                .iter()
                .find(|(own, _)| own.as_str() == name)
                .map(|(_, value)| value.as_str().to_owned())
        };
        assert_eq!(header("authorization").as_deref(), Some("Bearer token"));
        let path = request.url().path();
        let path = path.strip_prefix(GROUP).unwrap_or(path);
        self.seen.lock().unwrap().push(Seen {
            line: format!("{} {path}", request.method().as_ref()),
            if_match: header("if-match"),
            if_none_match: header("if-none-match"),
            body: serde_json::from_slice(body).unwrap_or_default(),
        });
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| panic!("no answer left for {} {path}", request.method().as_ref()));
        if !answer.after.is_zero() {
            tokio::time::sleep(answer.after).await;
        }
        if let Some(kind) = answer.failure {
            return Err(azure_core::Error::with_message(kind, answer.body));
        }
        let mut headers = Headers::new();
        for (name, value) in answer.headers {
            headers.insert(name, value);
        }
        Ok(AsyncRawResponse::from_bytes(
            StatusCode::from(answer.status),
            headers,
            answer.body,
        ))
    }
}

#[derive(Debug)]
struct AnyToken;

#[async_trait::async_trait]
impl TokenCredential for AnyToken {
    async fn get_token(&self, _: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        Ok(AccessToken::new(
            "token".to_owned(),
            OffsetDateTime::now_utc() + Duration::from_secs(3600),
        ))
    }
}
