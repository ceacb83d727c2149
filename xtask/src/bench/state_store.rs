//! Where the configurations of the bench keep their states: Terraform's `http` backend, answered from memory.
//!
//! A state in a file is written as a whole after every single resource, which for a thousand of them takes Terraform a quarter of an hour and
//! says nothing about a provider. Teams keep theirs elsewhere anyway.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::failure::{Failure, Result};

type States = Arc<Mutex<HashMap<String, Bytes>>>;

/// Runs until it is dropped.
pub(super) struct StateStore {
    address: SocketAddr,
    _runtime: tokio::runtime::Runtime,
}

impl StateStore {
    pub(super) fn start() -> Result<Self> {
        let failed = || Failure::while_doing("The store for states did not start");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .map_err(failed())?;
        let listener = runtime
            .block_on(TcpListener::bind(("127.0.0.1", 0)))
            .map_err(failed())?;
        let address = listener.local_addr().map_err(failed())?;
        runtime.spawn(serve(listener, States::default()));
        Ok(Self {
            address,
            _runtime: runtime,
        })
    }

    /// Lets the configuration in `directory` keep its state here.
    pub(super) fn keep_state_of(&self, directory: &Path) -> Result<()> {
        let name = directory.file_name().unwrap_or_default().to_string_lossy();
        let backend = format!(
            "terraform {{\n  backend \"http\" {{\n    address = \"http://{}/{name}\"\n  }}\n}}\n",
            self.address
        );
        let path = directory.join("backend.tf");
        std::fs::write(&path, backend).map_err(Failure::while_doing(format!("`{}` cannot be made", path.display())))
    }
}

async fn serve(listener: TcpListener, states: States) {
    while let Ok((stream, _)) = listener.accept().await {
        let states = Arc::clone(&states);
        tokio::spawn(async move {
            let service = service_fn(|request| respond(request, Arc::clone(&states)));
            http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await
        });
    }
}

/// What Terraform asks of the backend: the state, to keep another, to forget it.
async fn respond(request: Request<Incoming>, states: States) -> std::result::Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let name = head.uri.path().to_owned();
    let body = body.collect().await.map(|whole| whole.to_bytes());
    let mut states = states.lock().unwrap_or_else(PoisonError::into_inner);
    let mut status = StatusCode::OK;
    let mut answer = Bytes::new();
    match (head.method, body) {
        (Method::GET, _) => match states.get(&name) {
            Some(state) => answer = state.clone(),
            None => status = StatusCode::NOT_FOUND,
        },
        (Method::DELETE, _) => _ = states.remove(&name),
        (_, Ok(state)) => _ = states.insert(name, state),
        (_, Err(_)) => status = StatusCode::BAD_REQUEST,
    }
    let mut response = Response::new(Full::new(answer));
    *response.status_mut() = status;
    Ok(response)
}
