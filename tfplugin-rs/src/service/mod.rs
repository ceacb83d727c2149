//! The protocol's calls, answered by means of a [`Provider`].
//!
//! Every call is logged with its name and duration, and a panic in it becomes an error diagnostic of that call alone. Calls that
//! are not implemented answer UNIMPLEMENTED, and nothing announces them.

mod functions;
mod identities;
mod objects;
mod rpc;
mod wire;

use std::{collections::BTreeMap, future::Future, sync::Arc, sync::OnceLock, time::Instant};

use tokio_util::sync::CancellationToken;
use tonic::{Response, Status};
use tracing::Instrument;

use crate::{
    diagnostic::{Diagnostic, Diagnostics, Severity},
    panics,
    provider::{Call, ErasedDataSource, ErasedResource, Function, Provider},
    schema::Schema,
    value::Type,
};

/// Serves a [`Provider`]; hand it to [`crate::serve::run`].
pub struct Service<P> {
    provider: P,
    resources: BTreeMap<String, Object<Arc<ErasedResource>>>,
    data_sources: BTreeMap<String, Object<Arc<ErasedDataSource>>>,
    functions: BTreeMap<String, Arc<dyn Function>>,
    stop: CancellationToken,
}

/// A resource or data source with its schema, made when first asked for: most processes serve one or two of them.
struct Object<T> {
    served: T,
    schema: OnceLock<Schema>,
    ty: OnceLock<Type>,
}

impl<T> Object<T> {
    fn new(served: T) -> Self {
        Object {
            served,
            schema: OnceLock::new(),
            ty: OnceLock::new(),
        }
    }

    fn schema(&self, make: impl FnOnce(&T) -> Schema) -> &Schema {
        self.schema.get_or_init(|| make(&self.served))
    }

    fn schema_and_type(&self, make: impl FnOnce(&T) -> Schema) -> (&Schema, &Type) {
        let schema = self.schema(make);
        (schema, self.ty.get_or_init(|| schema.ty()))
    }
}

impl<P: Provider> Service<P> {
    /// Serves `provider`.
    pub fn new(provider: P) -> Self {
        let resources = provider
            .resources()
            .into_iter()
            .map(|resource| (resource.name(), Object::new(resource)));
        let data_sources = provider
            .data_sources()
            .into_iter()
            .map(|source| (source.name(), Object::new(source)));
        let functions = provider
            .functions()
            .into_iter()
            .map(|function| (function.name(), function));
        Service {
            resources: resources.collect(),
            data_sources: data_sources.collect(),
            functions: functions.collect(),
            provider,
            stop: CancellationToken::new(),
        }
    }

    fn call(&self, capabilities: Option<crate::proto::tfplugin6::ClientCapabilities>) -> Call {
        let offered = capabilities.unwrap_or_default();
        Call {
            cancel: self.stop.child_token(),
            write_only_attributes_allowed: offered.write_only_attributes_allowed,
            stores_planned_private: offered.store_planned_private,
        }
    }
}

impl<P> std::fmt::Debug for Service<P> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Service").finish_non_exhaustive()
    }
}

/// A response that can carry diagnostics.
trait Answer: Default {
    /// Puts the diagnostics in.
    fn with(self, diagnostics: Diagnostics) -> Self;
}

/// Runs one call: its log lines, its panic, its diagnostics.
async fn answer<A: Answer>(
    rpc: &'static str,
    object: &str,
    work: impl Future<Output = (A, Diagnostics)>,
) -> Result<Response<A>, Status> {
    let span = tracing::debug_span!("rpc", tf_rpc = rpc, tf_resource_type = object);
    let started = Instant::now();
    let (response, diagnostics) = match panics::catch(work).instrument(span.clone()).await {
        Ok(done) => done,
        Err(panic) => {
            let mut diagnostics = Diagnostics::default();
            let detail = format!(
                "The provider met a defect of its own in {rpc}: {panic}. Please report it with the steps that led here."
            );
            diagnostics.push(Diagnostic {
                severity: Severity::Error,
                summary: "Provider defect".into(),
                detail,
                path: None,
            });
            (A::default(), diagnostics)
        }
    };
    let _entered = span.enter();
    let errors = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .count();
    tracing::debug!(
        tf_req_duration_ms = started.elapsed().as_secs_f64() * 1000.0,
        diagnostic_error_count = errors,
        "answered"
    );
    Ok(Response::new(response.with(diagnostics)))
}
