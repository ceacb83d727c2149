//! GET, PUT and DELETE of one resource.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use azure_core::{
    http::{
        Context, Method, PipelineSendOptions, RawResponse, Request, Url,
        headers::{HeaderName, Headers},
    },
    time::OffsetDateTime,
};
use serde_json::Value;
use tokio::sync::Mutex;

use super::{
    call::Call,
    connection::Connection,
    error::{ArmError, Operation, ServiceError, TransportFailure},
    folding::Folding,
    locks::Locks,
    reads::Reads,
    resource_id::ResourceId,
    retry::{Attempts, Class, RetryTuning, asked_wait, classify},
    secret::Secret,
    settings::ConnectionSettings,
};

const CORRELATION_ID: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const ASYNC_OPERATION: HeaderName = HeaderName::from_static("azure-asyncoperation");
const LOCATION: HeaderName = HeaderName::from_static("location");
const ETAG: HeaderName = HeaderName::from_static("etag");

/// The way to Azure Resource Manager. Making one connects to nothing; clones share connection, token and locks.
#[derive(Clone, Debug)]
pub struct ArmClient {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    settings: ConnectionSettings,
    tuning: RetryTuning,
    connection: Mutex<Option<Arc<Connection>>>,
    locks: Locks,
    reads: Reads,
    folding: Folding,
}

/// An answer that is a success.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The object's version, from the header or else from the body.
    pub etag: Option<String>,
    /// The body; null if there is none.
    pub body: Value,
    pub(super) async_operation: Option<String>,
    pub(super) location: Option<String>,
    pub(super) retry_after: Option<Duration>,
    pub(super) correlation_id: Option<String>,
}

/// One request, ready to be sent as often as it takes.
#[derive(Debug)]
pub(super) struct Outgoing<'a> {
    pub(super) method: Method,
    pub(super) address: Address<'a>,
    /// What error messages call it.
    pub(super) operation: &'a Operation,
    pub(super) body: Option<&'a Value>,
    pub(super) condition: Condition<'a>,
    /// What `body` has in it that no error may repeat.
    pub(super) secret: Option<&'a Secret>,
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition<'a> {
    /// Nothing.
    None,
    /// The object is of this version (`If-Match`).
    Version(&'a str),
    /// There is no such object (`If-None-Match: *`): what somebody else made since we looked is not overwritten.
    Absent,
}

/// Where a request goes; always the configured host.
#[derive(Debug)]
pub(super) enum Address<'a> {
    /// A resource.
    Resource(&'a ResourceId, &'a str),
    /// Something below a resource or a subscription that is no resource itself, by the parts of its path.
    Below(&'a [&'a str], &'a str),
    /// Path and query of a long-running operation.
    Operation(&'a str, Option<&'a str>),
}

impl ArmClient {
    /// A client for these settings, whatever they lack: what is missing is reported by the first request.
    pub fn new(settings: ConnectionSettings) -> ArmClient {
        ArmClient::with_tuning(settings, RetryTuning::default())
    }

    /// A client of another patience.
    pub fn with_tuning(settings: ConnectionSettings, tuning: RetryTuning) -> ArmClient {
        ArmClient::connected(settings, tuning, None)
    }

    /// A client whose answers a test provides.
    #[cfg(test)]
    pub(super) fn over(connection: Connection, tuning: RetryTuning) -> ArmClient {
        ArmClient::connected(ConnectionSettings::default(), tuning, Some(Arc::new(connection)))
    }

    fn connected(settings: ConnectionSettings, tuning: RetryTuning, connection: Option<Arc<Connection>>) -> ArmClient {
        let shared = Shared {
            settings,
            tuning,
            connection: Mutex::new(connection),
            locks: Locks::default(),
            reads: Reads::default(),
            folding: Folding::default(),
        };
        ArmClient {
            shared: Arc::new(shared),
        }
    }

    /// The subscription for what does not name its own.
    pub fn subscription_id(&self) -> Option<&str> {
        self.shared.settings.subscription_id.as_deref()
    }

    pub(super) fn tuning(&self) -> &RetryTuning {
        &self.shared.tuning
    }

    pub(super) fn locks(&self) -> &Locks {
        &self.shared.locks
    }

    pub(super) fn folding(&self) -> &Folding {
        &self.shared.folding
    }

    pub(super) fn reads(&self) -> &Reads {
        &self.shared.reads
    }

    /// Reads a resource.
    ///
    /// # Errors
    /// Also where the resource does not exist: [`ServiceError::code`] tells.
    pub async fn get(&self, id: &ResourceId, api_version: &'static str, call: &Call) -> Result<Response, ArmError> {
        let operation = Operation::new("GET", id);
        let address = Address::Resource(id, api_version);
        self.send(
            &Outgoing {
                method: Method::Get,
                address,
                operation: &operation,
                body: None,
                condition: Condition::None,
                secret: None,
            },
            call,
        )
        .await
    }

    /// Writes a whole resource, if the condition holds. What Azure answers may be the beginning of a long-running
    /// operation.
    ///
    /// # Errors
    /// Whether the resource was written is not known after a broken connection or a status of 500 and above: read it again.
    pub async fn put(
        &self,
        id: &ResourceId,
        api_version: &str,
        body: &Value,
        condition: Condition<'_>,
        call: &Call,
    ) -> Result<Response, ArmError> {
        let operation = Operation::new("PUT", id);
        let address = Address::Resource(id, api_version);
        self.send(
            &Outgoing {
                method: Method::Put,
                address,
                operation: &operation,
                body: Some(body),
                condition,
                secret: None,
            },
            call,
        )
        .await
    }

    /// Deletes a resource. What Azure answers may be the beginning of a long-running operation.
    ///
    /// # Errors
    /// As Azure refuses.
    pub async fn delete(&self, id: &ResourceId, api_version: &'static str, call: &Call) -> Result<Response, ArmError> {
        let operation = Operation::new("DELETE", id);
        let address = Address::Resource(id, api_version);
        self.send(
            &Outgoing {
                method: Method::Delete,
                address,
                operation: &operation,
                body: None,
                condition: Condition::None,
                secret: None,
            },
            call,
        )
        .await
    }

    /// Sends a request, again where that can help. A PUT that may have been carried out is not repeated here: whoever writes has
    /// to look first.
    pub(super) async fn send(&self, outgoing: &Outgoing<'_>, call: &Call) -> Result<Response, ArmError> {
        let operation = outgoing.operation;
        let mut attempts = Attempts::new(self.tuning());
        let mut token_refused = false;
        loop {
            // Connecting may have to ask for the cloud's addresses, and a token for the credential.
            let on_its_way = AtomicBool::new(false);
            let exchanged = call.run(async {
                let connection = self.connection().await?;
                on_its_way.store(true, Ordering::Relaxed);
                let answer = exchange(&connection, outgoing).await;
                Ok((connection, answer))
            });
            let (connection, error) = match exchanged.await {
                Ok(Ok((_, Ok(response)))) => return Ok(response),
                Ok(Ok((connection, Err(error)))) => (connection, error),
                Ok(Err(error)) => return Err(error),
                Err(interruption) => {
                    let last = attempts.take_last();
                    let error = ArmError::interrupted(interruption, operation, call.timeout(), last);
                    // Earlier attempts were refused; of this one nobody knows.
                    let written = outgoing.method == Method::Put && on_its_way.load(Ordering::Relaxed);
                    return Err(if written { error.unfinished() } else { error });
                }
            };
            let status = error.service().and_then(ServiceError::status);
            if status == Some(401) && !token_refused {
                // The credential keeps its token for as long as it believes in it, so it goes with the connection.
                token_refused = true;
                self.forget(&connection).await;
                continue;
            }
            let once_more = match classify(&error) {
                Class::Busy | Class::Trouble => outgoing.method != Method::Put || was_not_carried_out(&error),
                Class::Stale | Class::Final => false,
            };
            if !once_more {
                return Err(error);
            }
            let delay = attempts.next(operation, error)?;
            if let Err(interruption) = call.pause(delay).await {
                return Err(ArmError::interrupted(
                    interruption,
                    operation,
                    call.timeout(),
                    attempts.take_last(),
                ));
            }
        }
    }

    async fn connection(&self) -> Result<Arc<Connection>, ArmError> {
        let mut slot = self.shared.connection.lock().await;
        if let Some(connection) = slot.as_ref() {
            return Ok(Arc::clone(connection));
        }
        let connection = Arc::new(Connection::open(&self.shared.settings).await?);
        *slot = Some(Arc::clone(&connection));
        Ok(connection)
    }

    async fn forget(&self, refused: &Arc<Connection>) {
        let mut slot = self.shared.connection.lock().await;
        // Somebody else may have connected anew already.
        if slot.as_ref().is_some_and(|current| Arc::ptr_eq(current, refused)) {
            *slot = None;
        }
    }
}

/// Whether Azure certainly did nothing.
pub(super) fn was_not_carried_out(error: &ArmError) -> bool {
    match error {
        ArmError::Service(error) => error.status().is_some_and(|status| status < 500),
        ArmError::Transport { failure, .. } => *failure != TransportFailure::Interrupted,
        ArmError::Credential { .. } | ArmError::Settings(_) => true,
        ArmError::TimedOut { last: Some(last), .. } => was_not_carried_out(last),
        _ => false,
    }
}

/// One request, one answer.
async fn exchange(connection: &Connection, outgoing: &Outgoing<'_>) -> Result<Response, ArmError> {
    let url = address(&connection.resource_manager, &outgoing.address);
    let path = url.path().to_owned();
    let mut request = Request::new(url, outgoing.method);
    request.insert_header("accept", "application/json");
    if let Some(body) = outgoing.body {
        request.insert_header("content-type", "application/json");
        request.set_body(body.to_string());
    }
    match outgoing.condition {
        Condition::None => {}
        Condition::Version(etag) => request.insert_header("if-match", etag.to_owned()),
        Condition::Absent => request.insert_header("if-none-match", "*"),
    }
    let since = Instant::now();
    // Any status is an answer: the pipeline's own errors keep neither details nor headers.
    let options = PipelineSendOptions {
        skip_checks: true,
        ..PipelineSendOptions::default()
    };
    let result = connection
        .pipeline
        .send(&Context::new(), &mut request, Some(options))
        .await;
    let duration_ms = since.elapsed().as_millis();
    let method = outgoing.method.as_ref();
    let told = |error: ArmError| match outgoing.secret {
        Some(secret) => error.without(secret),
        None => error,
    };
    match result {
        Ok(raw) => {
            let status = u16::from(raw.status());
            let correlation_id = header(raw.headers(), &CORRELATION_ID);
            tracing::debug!(
                method,
                path,
                status,
                correlation_id,
                duration_ms,
                "Azure Resource Manager"
            );
            understand(outgoing.operation, raw, correlation_id).map_err(told)
        }
        Err(error) => {
            let error = ArmError::of_pipeline(outgoing.operation, &error);
            tracing::debug!(method, path, %error, duration_ms, "Azure Resource Manager");
            Err(error)
        }
    }
}

fn understand(operation: &Operation, raw: RawResponse, correlation_id: Option<String>) -> Result<Response, ArmError> {
    let status = u16::from(raw.status());
    let (_, headers, body) = raw.deconstruct();
    let retry_after = asked_wait(&headers, OffsetDateTime::now_utc());
    if !(200..300).contains(&status) {
        let error = ServiceError::of_answer(operation, status, &body, correlation_id, retry_after);
        return Err(ArmError::Service(Box::new(error)));
    }
    let mut body = if body.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&body).map_err(|error| ArmError::Unintelligible {
            operation: operation.clone(),
            cause: format!("status {status}, but no JSON: {error}"),
        })?
    };
    // A VPN connection's answers may echo its key in clear. Nobody needs it, so it ends here and reaches no document, log or state.
    if let Some(properties) = body.get_mut("properties").and_then(Value::as_object_mut) {
        properties.remove("sharedKey");
    }
    let etag = header(&headers, &ETAG).or_else(|| body.get("etag").and_then(Value::as_str).map(str::to_owned));
    Ok(Response {
        status,
        etag,
        async_operation: header(&headers, &ASYNC_OPERATION),
        location: header(&headers, &LOCATION),
        body,
        retry_after,
        correlation_id,
    })
}

fn header(headers: &Headers, name: &HeaderName) -> Option<String> {
    headers.get_optional_string(name)
}

fn set_path(url: &mut Url, path: &[&str], query: &str) {
    // Cannot fail: an HTTPS address has a path.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path);
    }
    url.set_query(Some(&format!("api-version={query}")));
}

fn address(base: &Url, address: &Address<'_>) -> Url {
    let mut url = base.clone();
    match address {
        Address::Resource(id, query) => set_path(&mut url, &id.path(), query),
        Address::Below(path, query) => set_path(&mut url, path, query),
        Address::Operation(path, query) => {
            url.set_path(path);
            url.set_query(*query);
        }
    }
    url
}
