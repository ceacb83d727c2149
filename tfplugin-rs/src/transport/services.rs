//! go-plugin's own services.

use tokio_stream::pending;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

use super::lifecycle::Lifecycle;
use crate::proto::{
    health::{self, HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus},
    plugin::{
        ConnInfo, Empty, StdioData, grpc_broker_server::GrpcBroker, grpc_controller_server::GrpcController,
        grpc_stdio_server::GrpcStdio,
    },
};

/// Ends the process when the host says so.
pub(super) struct Controller(pub(super) Lifecycle);

#[tonic::async_trait]
impl GrpcController for Controller {
    async fn shutdown(&self, _request: Request<Empty>) -> Result<Response<Empty>, Status> {
        self.0.shutdown();
        Ok(Response::new(Empty {}))
    }
}

/// Has no further connections to offer. The stream stays open: to the host its end would be the plugin's.
pub(super) struct Broker;

#[tonic::async_trait]
impl GrpcBroker for Broker {
    async fn start_stream(
        &self,
        _request: Request<Streaming<ConnInfo>>,
    ) -> Result<Response<BoxStream<ConnInfo>>, Status> {
        Ok(Response::new(Box::pin(pending())))
    }
}

/// Never has any output: all of it goes through the log.
pub(super) struct Stdio;

#[tonic::async_trait]
impl GrpcStdio for Stdio {
    async fn stream_stdio(&self, _request: Request<()>) -> Result<Response<BoxStream<StdioData>>, Status> {
        Ok(Response::new(Box::pin(pending())))
    }
}

/// Says that the plugin is well, by the name under which go-plugin asks; an empty name stands for the whole server.
pub(super) struct Health;

#[tonic::async_trait]
impl health::health_server::Health for Health {
    async fn check(&self, request: Request<HealthCheckRequest>) -> Result<Response<HealthCheckResponse>, Status> {
        match request.into_inner().service.as_str() {
            "" | "plugin" => Ok(Response::new(HealthCheckResponse {
                status: ServingStatus::Serving.into(),
            })),
            other => Err(Status::not_found(format!("no service `{other}`"))),
        }
    }
}
