//! The calls of the service that are implemented. The generated trait answers UNIMPLEMENTED to all others.

use std::collections::HashMap;

use tonic::{Request, Response, Status};

use super::{Answer, Service, answer, wire};
use crate::{
    diagnostic::Diagnostics,
    proto::tfplugin6 as proto,
    provider::{Configuration, FunctionError, Provider},
};

fn function_error(error: FunctionError) -> proto::FunctionError {
    let function_argument = error.argument.and_then(|position| i64::try_from(position).ok());
    proto::FunctionError {
        text: error.text,
        function_argument,
    }
}

fn capabilities() -> proto::ServerCapabilities {
    proto::ServerCapabilities {
        plan_destroy: true,
        get_provider_schema_optional: true,
        generate_resource_config: true,
        ..Default::default()
    }
}

impl<P: Provider> Service<P> {
    fn function_signatures(&self) -> HashMap<String, proto::Function> {
        self.functions
            .iter()
            .map(|(name, function)| (name.clone(), wire::function(&function.signature())))
            .collect()
    }

    fn metadata(&self) -> proto::get_metadata::Response {
        use proto::get_metadata::{DataSourceMetadata, FunctionMetadata, ResourceMetadata};
        let resources = self.resources.keys().map(|name| ResourceMetadata {
            type_name: name.clone(),
        });
        let data_sources = self.data_sources.keys().map(|name| DataSourceMetadata {
            type_name: name.clone(),
        });
        let functions = self
            .functions
            .keys()
            .map(|name| FunctionMetadata { name: name.clone() });
        proto::get_metadata::Response {
            server_capabilities: Some(capabilities()),
            resources: resources.collect(),
            data_sources: data_sources.collect(),
            functions: functions.collect(),
            ..Default::default()
        }
    }

    fn provider_schema(&self) -> proto::get_provider_schema::Response {
        let resources = self.resources.iter().map(|(name, resource)| {
            let schema = resource.schema(|served| served.schema());
            (name.clone(), wire::schema(schema))
        });
        let data_sources = self.data_sources.iter().map(|(name, source)| {
            let schema = source.schema(|served| served.schema());
            (name.clone(), wire::schema(schema))
        });
        proto::get_provider_schema::Response {
            provider: Some(wire::schema(&self.provider.schema())),
            resource_schemas: resources.collect(),
            data_source_schemas: data_sources.collect(),
            functions: self.function_signatures(),
            server_capabilities: Some(capabilities()),
            ..Default::default()
        }
    }
}

#[tonic::async_trait]
impl<P: Provider> proto::provider_server::Provider for Service<P> {
    async fn get_metadata(
        &self,
        _request: Request<proto::get_metadata::Request>,
    ) -> Result<Response<proto::get_metadata::Response>, Status> {
        answer("GetMetadata", "", async { (self.metadata(), Diagnostics::default()) }).await
    }

    async fn get_provider_schema(
        &self,
        _request: Request<proto::get_provider_schema::Request>,
    ) -> Result<Response<proto::get_provider_schema::Response>, Status> {
        answer("GetProviderSchema", "", async {
            (self.provider_schema(), Diagnostics::default())
        })
        .await
    }

    async fn validate_provider_config(
        &self,
        request: Request<proto::validate_provider_config::Request>,
    ) -> Result<Response<proto::validate_provider_config::Response>, Status> {
        answer("ValidateProviderConfig", "", async move {
            let mut diagnostics = Diagnostics::default();
            let schema = self.provider.schema();
            let config = wire::decode(
                request.into_inner().config,
                &schema.ty(),
                "configuration",
                &mut diagnostics,
            );
            if let Some(config) = config {
                self.provider.validate(&config, &mut diagnostics).await;
            }
            (Default::default(), diagnostics)
        })
        .await
    }

    async fn configure_provider(
        &self,
        request: Request<proto::configure_provider::Request>,
    ) -> Result<Response<proto::configure_provider::Response>, Status> {
        answer("ConfigureProvider", "", async move {
            let mut diagnostics = Diagnostics::default();
            let request = request.into_inner();
            let schema = self.provider.schema();
            if let Some(config) = wire::decode(request.config, &schema.ty(), "configuration", &mut diagnostics) {
                let configuration = Configuration {
                    config,
                    terraform_version: request.terraform_version,
                };
                self.provider.configure(configuration, &mut diagnostics).await;
            }
            (Default::default(), diagnostics)
        })
        .await
    }

    async fn stop_provider(
        &self,
        _request: Request<proto::stop_provider::Request>,
    ) -> Result<Response<proto::stop_provider::Response>, Status> {
        tracing::info!("asked to stop: waits are cancelled, calls under way finish");
        self.stop.cancel();
        Ok(Response::new(Default::default()))
    }

    async fn validate_resource_config(
        &self,
        request: Request<proto::validate_resource_config::Request>,
    ) -> Result<Response<proto::validate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ValidateResourceConfig", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.validate_resource(request, &mut diagnostics).await;
            (
                {
                    let _: Option<()> = done;
                    Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn upgrade_resource_state(
        &self,
        request: Request<proto::upgrade_resource_state::Request>,
    ) -> Result<Response<proto::upgrade_resource_state::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("UpgradeResourceState", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.upgrade(request, &mut diagnostics).await;
            (
                proto::upgrade_resource_state::Response {
                    upgraded_state: done,
                    ..Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn get_resource_identity_schemas(
        &self,
        _request: Request<proto::get_resource_identity_schemas::Request>,
    ) -> Result<Response<proto::get_resource_identity_schemas::Response>, Status> {
        answer("GetResourceIdentitySchemas", "", async {
            let identity_schemas = self.identity_schemas();
            (
                proto::get_resource_identity_schemas::Response {
                    identity_schemas,
                    ..Default::default()
                },
                Diagnostics::default(),
            )
        })
        .await
    }

    async fn upgrade_resource_identity(
        &self,
        request: Request<proto::upgrade_resource_identity::Request>,
    ) -> Result<Response<proto::upgrade_resource_identity::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("UpgradeResourceIdentity", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let upgraded_identity = self.upgrade_identity(request, &mut diagnostics).await;
            (
                proto::upgrade_resource_identity::Response {
                    upgraded_identity,
                    ..Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn read_resource(
        &self,
        request: Request<proto::read_resource::Request>,
    ) -> Result<Response<proto::read_resource::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ReadResource", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.read(request, &mut diagnostics).await;
            (done.unwrap_or_default(), diagnostics)
        })
        .await
    }

    async fn plan_resource_change(
        &self,
        request: Request<proto::plan_resource_change::Request>,
    ) -> Result<Response<proto::plan_resource_change::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("PlanResourceChange", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.plan(request, &mut diagnostics).await;
            (done.unwrap_or_default(), diagnostics)
        })
        .await
    }

    async fn apply_resource_change(
        &self,
        request: Request<proto::apply_resource_change::Request>,
    ) -> Result<Response<proto::apply_resource_change::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ApplyResourceChange", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.apply(request, &mut diagnostics).await;
            (done.unwrap_or_default(), diagnostics)
        })
        .await
    }

    async fn import_resource_state(
        &self,
        request: Request<proto::import_resource_state::Request>,
    ) -> Result<Response<proto::import_resource_state::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ImportResourceState", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.import(request, &mut diagnostics).await;
            (
                proto::import_resource_state::Response {
                    imported_resources: done.into_iter().collect(),
                    ..Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn generate_resource_config(
        &self,
        request: Request<proto::generate_resource_config::Request>,
    ) -> Result<Response<proto::generate_resource_config::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("GenerateResourceConfig", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.generate_config(request, &mut diagnostics).await;
            (
                proto::generate_resource_config::Response {
                    config: done,
                    ..Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn validate_data_resource_config(
        &self,
        request: Request<proto::validate_data_resource_config::Request>,
    ) -> Result<Response<proto::validate_data_resource_config::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ValidateDataResourceConfig", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.validate_data_source(request, &mut diagnostics).await;
            (
                {
                    let _: Option<()> = done;
                    Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn read_data_source(
        &self,
        request: Request<proto::read_data_source::Request>,
    ) -> Result<Response<proto::read_data_source::Response>, Status> {
        let request = request.into_inner();
        let object = request.type_name.clone();
        answer("ReadDataSource", &object, async move {
            let mut diagnostics = Diagnostics::default();
            let done = self.read_data_source(request, &mut diagnostics).await;
            (
                proto::read_data_source::Response {
                    state: done,
                    ..Default::default()
                },
                diagnostics,
            )
        })
        .await
    }

    async fn get_functions(
        &self,
        _request: Request<proto::get_functions::Request>,
    ) -> Result<Response<proto::get_functions::Response>, Status> {
        answer("GetFunctions", "", async {
            let functions = self.function_signatures();
            (
                proto::get_functions::Response {
                    functions,
                    ..Default::default()
                },
                Diagnostics::default(),
            )
        })
        .await
    }

    async fn call_function(
        &self,
        request: Request<proto::call_function::Request>,
    ) -> Result<Response<proto::call_function::Response>, Status> {
        let request = request.into_inner();
        let name = request.name.clone();
        answer("CallFunction", &name, async move {
            let response = match self.call_function(request).await {
                Ok(result) => proto::call_function::Response {
                    result: Some(result),
                    error: None,
                },
                Err(error) => proto::call_function::Response {
                    result: None,
                    error: Some(function_error(error)),
                },
            };
            (response, Diagnostics::default())
        })
        .await
    }
}

/// Terraform shows the diagnostics of whichever response carries them.
macro_rules! answers {
    ($($message:ident),+ $(,)?) => {
        $(impl Answer for proto::$message::Response {
            fn with(mut self, diagnostics: Diagnostics) -> Self {
                self.diagnostics = wire::diagnostics(diagnostics);
                self
            }
        })+
    };
}

answers! {
    get_metadata,
    get_provider_schema,
    get_functions,
    validate_provider_config,
    configure_provider,
    validate_resource_config,
    validate_data_resource_config,
    upgrade_resource_state,
    get_resource_identity_schemas,
    upgrade_resource_identity,
    read_resource,
    plan_resource_change,
    apply_resource_change,
    import_resource_state,
    generate_resource_config,
    read_data_source,
}

impl Answer for proto::call_function::Response {
    /// A function has no diagnostics; the only one there can be is a defect.
    fn with(mut self, diagnostics: Diagnostics) -> Self {
        if let Some(defect) = diagnostics.into_iter().next() {
            self.error = Some(proto::FunctionError {
                text: defect.detail,
                function_argument: None,
            });
        }
        self
    }
}
