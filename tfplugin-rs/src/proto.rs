//! The generated wire messages of `proto/`.
//!
//! `Foo.Request` is `foo::Request`; each service has a `*_server` module with its trait, whose methods answer UNIMPLEMENTED unless
//! written, and a `*_client` module to call it over a connection of one's own.

/// Terraform's plugin protocol 6.
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
pub mod tfplugin6 {
    tonic::include_proto!("tfplugin6");
}

/// go-plugin's own services: controller, broker and standard streams.
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
pub mod plugin {
    tonic::include_proto!("plugin");
}

/// gRPC health checking.
#[allow(
    clippy::all,
    clippy::allow_attributes_without_reason,
    missing_docs,
    unreachable_pub,
    reason = "generated"
)]
pub mod health {
    tonic::include_proto!("grpc.health.v1");
}
