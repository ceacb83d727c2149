//! A provider that can do almost nothing, to be started by the tests of the transport.

use std::process::ExitCode;

use tfplugin_rs::{
    panics,
    proto::tfplugin6::{
        FunctionError, Schema, ServerCapabilities, call_function, get_provider_schema, provider_server::Provider,
        read_resource, schema,
    },
    serve::{ServeOptions, run},
};
use tonic::{Request, Response, Status};

struct Probe;

#[tonic::async_trait]
impl Provider for Probe {
    async fn get_provider_schema(
        &self,
        _request: Request<get_provider_schema::Request>,
    ) -> Result<Response<get_provider_schema::Response>, Status> {
        let block = schema::Block {
            description: "probe".to_owned(),
            ..Default::default()
        };
        Ok(Response::new(get_provider_schema::Response {
            provider: Some(Schema {
                version: 0,
                block: Some(block),
            }),
            server_capabilities: Some(ServerCapabilities {
                get_provider_schema_optional: true,
                ..Default::default()
            }),
            ..Default::default()
        }))
    }

    /// Gives back what it is given.
    async fn read_resource(
        &self,
        request: Request<read_resource::Request>,
    ) -> Result<Response<read_resource::Response>, Status> {
        let new_state = request.into_inner().current_state;
        Ok(Response::new(read_resource::Response {
            new_state,
            ..Default::default()
        }))
    }

    /// Functions `log` and `panic`.
    async fn call_function(
        &self,
        request: Request<call_function::Request>,
    ) -> Result<Response<call_function::Response>, Status> {
        let name = request.into_inner().name;
        let called = panics::catch(async {
            tracing::info!(function = name, "called\nby a test");
            #[expect(clippy::panic, reason = "what a defect in a provider does")]
            if name == "panic" {
                panic!("the probe broke\nas it was told to");
            }
        });
        let error = called.await.err().map(|panic| FunctionError {
            text: panic.to_string(),
            function_argument: None,
        });
        Ok(Response::new(call_function::Response { result: None, error }))
    }
}

fn main() -> ExitCode {
    let options = ServeOptions {
        address: "registry.terraform.io/example/probe",
        binary: "terraform-provider-probe",
        version: "1.2.3",
        log_targets: &["tfplugin_rs_probe"],
    };
    run(options, std::env::args(), || Probe)
}
