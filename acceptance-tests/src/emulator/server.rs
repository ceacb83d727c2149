//! HTTPS around the emulator: connections, TLS, the faults that happen to connections, and the log.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::azure::Azure;
use super::faults::Effect;
use super::log::LoggedRequest;
use super::operations::Outcome;
use super::refusal::Refusal;
use super::request::Request;
use super::state_file::StateFile;
use super::{arm, control, entra};

/// The emulated Azure, shared by the connections and the owner of the emulator.
pub(super) struct Shared {
    azure: Mutex<Azure>,
    pub(super) state_file: Option<StateFile>,
}

impl Shared {
    pub(super) fn new(azure: Azure, state_file: Option<StateFile>) -> Self {
        Self {
            azure: Mutex::new(azure),
            state_file,
        }
    }

    /// Nobody waits while holding the lock, and a panic of a test's closure must not spoil the next test.
    pub(super) fn azure(&self) -> MutexGuard<'_, Azure> {
        self.azure.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Accepts connections until the task is dropped.
pub(super) async fn accept(
    listener: std::net::TcpListener,
    tls: TlsAcceptor,
    shared: Arc<Shared>,
) -> std::io::Result<Infallible> {
    let listener = TcpListener::from_std(listener)?;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(serve(stream, tls.clone(), Arc::clone(&shared)))),
            // Out of file descriptors, or a client that left already: the next one may have more luck.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn serve(stream: TcpStream, tls: TlsAcceptor, shared: Arc<Shared>) {
    // A response is small and complete; waiting for more to send with it would cost every request 40 ms.
    _ = stream.set_nodelay(true);
    let Ok(stream) = tls.accept(stream).await else { return };
    let reset = Arc::new(Notify::new());
    let service = service_fn(|request| respond(request, Arc::clone(&shared), Arc::clone(&reset)));
    let server = auto::Builder::new(TokioExecutor::new());
    tokio::select! {
        _ = server.serve_connection(TokioIo::new(stream), service) => {}
        // Leaving drops the stream without a TLS close and without an answer, as a broken connection does.
        () = reset.notified() => {}
    }
}

async fn respond(
    request: http::Request<Incoming>,
    shared: Arc<Shared>,
    reset: Arc<Notify>,
) -> Result<Response<AnswerBody>, Infallible> {
    let (parts, body) = request.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let request = Request::new(&parts, body);
    if request.path.starts_with(control::PREFIX) {
        let answer = control::answer(&mut shared.azure(), &request);
        shared.save();
        return Ok(response(&answer, false));
    }

    let (number, effect) = shared.azure().receive(&request);
    match effect {
        Some(Effect::Delay(milliseconds)) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
        Some(Effect::ResetBefore) => return dropped(&reset).await,
        _ => {}
    }
    let answer = shared.azure().handle(number, &request, effect.as_ref());
    shared.save();
    match effect {
        Some(Effect::ResetAfter) => dropped(&reset).await,
        Some(Effect::Truncate) => Ok(response(&answer, true)),
        _ => Ok(response(&answer, false)),
    }
}

/// Drops the connection. Never returns: its task ends with it.
async fn dropped(reset: &Notify) -> Result<Response<AnswerBody>, Infallible> {
    reset.notify_one();
    std::future::pending().await
}

impl Shared {
    /// Saves what exists, if it is to be saved and has changed.
    pub(super) fn save(&self) {
        if let Some(file) = &self.state_file {
            file.save(&self.azure());
        }
    }
}

impl Azure {
    /// Logs a request and decides what goes wrong with it.
    fn receive(&mut self, request: &Request) -> (u64, Option<Effect>) {
        self.received += 1;
        let at = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.log.push(LoggedRequest::new(self.received, at, request));
        (self.received, self.faults.take(request))
    }

    /// Answers a request.
    fn handle(&mut self, number: u64, request: &Request, effect: Option<&Effect>) -> Answer {
        let answer = match effect {
            Some(Effect::Refuse(refused)) => refused.refusal().into(),
            Some(Effect::Belie(refused)) => {
                self.answer(number, request);
                refused.refusal().into()
            }
            Some(Effect::Foreign(write)) => match self.perform(write) {
                Ok(()) => self.answer(number, request),
                // A foreign write that Azure refuses is a mistake in the test: say so instead of testing nothing.
                Err(refusal) => Refusal::new(500, "ForeignWriteRefused", refusal.to_string()).into(),
            },
            _ => self.answer(number, request),
        };
        if answer.status == 201 && self.options.hide_after_create > 0 {
            self.hide(&answer, self.options.hide_after_create);
        }
        if let Some(effect) = effect {
            self.mar(&answer, effect);
        }
        let lost = matches!(effect, Some(Effect::ResetAfter));
        if let Some(logged) = self.logged(number) {
            logged.status = (!lost).then_some(answer.status);
            logged.error = answer.error_code().map(str::to_owned);
        }
        answer
    }

    fn answer(&mut self, number: u64, request: &Request) -> Answer {
        self.settle();
        let before = self.revision;
        let answer = entra::answer(self, request).unwrap_or_else(|| arm::answer(self, request));
        let effect = self.revision != before;
        if let Some(logged) = self.logged(number) {
            logged.effect = effect;
        }
        answer
    }

    /// `None` once the log has been cleared.
    fn logged(&mut self, number: u64) -> Option<&mut LoggedRequest> {
        self.log.iter_mut().rev().find(|logged| logged.number == number)
    }

    /// The next reads of what was just created answer 404.
    fn hide(&mut self, created: &Answer, times: u32) {
        let id = created.body.as_ref().and_then(|body| body.get("id"));
        if let Some(id) = id.and_then(serde_json::Value::as_str) {
            self.hidden.insert(id.to_lowercase(), times);
        }
    }

    /// What goes wrong after a request was accepted.
    fn mar(&mut self, answer: &Answer, effect: &Effect) {
        if let (Effect::HideAfterCreate(times), 201) = (effect, answer.status) {
            self.hide(answer, *times);
        }
        let Some(id) = answer.operation.as_deref() else { return };
        let Some(operation) = self.operations.iter_mut().find(|operation| operation.id == id) else {
            return;
        };
        match effect {
            Effect::FailOperation(failed) => {
                // It may have been one of those that end at once.
                operation.outcome = Outcome::Running;
                operation.failure = Some(Refusal::new(400, failed.code.clone(), failed.message.clone()));
            }
            Effect::NeverFinish => {
                operation.outcome = Outcome::Running;
                operation.due = None;
            }
            Effect::LoseOperation => operation.lost = true,
            _ => {}
        }
    }
}

fn response(answer: &Answer, truncated: bool) -> Response<AnswerBody> {
    let bytes = match &answer.body {
        Some(body) => Bytes::from(body.to_string()),
        None => Bytes::new(),
    };
    let mut response = Response::new(AnswerBody {
        length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        sent: Some(if truncated {
            bytes.slice(..bytes.len() / 2)
        } else {
            bytes
        }),
        truncated,
    });
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    for (name, value) in &answer.headers {
        if let Ok(value) = value.parse() {
            headers.append(*name, value);
        }
    }
    if answer.body.is_some() {
        headers.insert(
            http::header::CONTENT_TYPE,
            http::HeaderValue::from_static("application/json; charset=utf-8"),
        );
    }
    response
}

/// A body that announces its length and, if truncated, breaks off before it.
struct AnswerBody {
    length: u64,
    sent: Option<Bytes>,
    truncated: bool,
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match self.sent.take() {
            Some(bytes) => Poll::Ready(Some(Ok(Frame::data(bytes)))),
            None if self.truncated => Poll::Ready(Some(Err(std::io::ErrorKind::ConnectionReset.into()))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.length == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}
