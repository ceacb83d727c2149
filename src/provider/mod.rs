//! Terraform's face: thin. It maps schemas to workloads and Azure calls and knows neither requirements nor ARM's ways.

mod aml_outbound_dependencies_data_source;
mod azure_readers;
mod composition_data_source;
pub mod configuration;
mod coverage_data_source;
mod custom_role_data_source;
mod dynamic_inputs;
mod edition_diff_data_source;
mod endpoint_tags;
pub mod env;
mod expansion;
mod functions;
mod given_collections;
mod given_flow;
mod given_peers;
mod given_routes;
mod given_rules;
mod managed;
mod outputs;
mod peering_resource;
mod policy;
mod project_bundle_data_source;
mod region_data_source;
mod requirements_data_source;
mod resolved_tags;
mod schema;
mod service_tag_data_source;
mod site_connection_resource;
mod verification_data_source;
mod verification_report_data_source;
mod workload_data_source;
mod workload_resource;

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{self as api, Configuration, ErasedDataSource, ErasedResource},
    schema::Schema,
    value::Value,
};

pub use self::azure_readers::AZURE_READERS;
use self::{
    aml_outbound_dependencies_data_source::AmlOutboundDependenciesDataSource,
    composition_data_source::CompositionDataSource,
    configuration::{Environment, Settings},
    coverage_data_source::CoverageDataSource,
    custom_role_data_source::CustomRoleDataSource,
    edition_diff_data_source::EditionDiffDataSource,
    peering_resource::PeeringResource,
    project_bundle_data_source::ProjectBundleDataSource,
    region_data_source::RegionDataSource,
    requirements_data_source::RequirementsDataSource,
    service_tag_data_source::ServiceTagDataSource,
    site_connection_resource::SiteConnectionResource,
    verification_data_source::VerificationDataSource,
    verification_report_data_source::VerificationReportDataSource,
    workload_data_source::WorkloadDataSource,
    workload_resource::{Source, WorkloadResource},
};
use crate::workloads::{Managed, WORKLOADS};

/// The provider.
pub struct Lockeddown {
    settings: Arc<Settings>,
    environment: Box<Environment>,
}

impl Lockeddown {
    /// A provider that reads its environment variables through `environment`.
    pub fn new(environment: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Lockeddown {
        Lockeddown {
            settings: Arc::default(),
            environment: Box::new(environment),
        }
    }
}

impl std::fmt::Debug for Lockeddown {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Lockeddown").finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl api::Provider for Lockeddown {
    fn schema(&self) -> Schema {
        configuration::schema()
    }

    async fn validate(&self, config: &Value, diagnostics: &mut Diagnostics) {
        configuration::validate(config, &*self.environment, diagnostics);
    }

    async fn configure(&self, configuration: Configuration, diagnostics: &mut Diagnostics) {
        if let Some(session) = configuration::session(&configuration.config, &*self.environment, diagnostics) {
            self.settings.replace(session);
        }
    }

    fn resources(&self) -> Vec<Arc<ErasedResource>> {
        let resources = WORKLOADS
            .iter()
            .filter(|workload| workload.managed != Managed::No)
            .map(|workload| Source::Workload(workload));
        let resources = resources
            .chain([Source::Subnet, Source::FirewallRules])
            .map(|source| WorkloadResource::new(source, Arc::clone(&self.settings)));
        let mut resources: Vec<_> = resources.map(api::resource).collect();
        resources.push(api::resource(PeeringResource::new(Arc::clone(&self.settings))));
        resources.push(api::resource(SiteConnectionResource::new(Arc::clone(&self.settings))));
        resources
    }

    fn data_sources(&self) -> Vec<Arc<ErasedDataSource>> {
        let sources = WORKLOADS
            .iter()
            .map(|workload| WorkloadDataSource::new(workload, Arc::clone(&self.settings)));
        let mut sources: Vec<_> = sources.map(api::data_source).collect();
        sources.push(api::data_source(AmlOutboundDependenciesDataSource::new(Arc::clone(
            &self.settings,
        ))));
        sources.push(api::data_source(CompositionDataSource));
        sources.push(api::data_source(CoverageDataSource::new(Arc::clone(&self.settings))));
        sources.push(api::data_source(CustomRoleDataSource));
        sources.push(api::data_source(EditionDiffDataSource::new(Arc::clone(&self.settings))));
        sources.push(api::data_source(ProjectBundleDataSource));
        sources.push(api::data_source(RegionDataSource::new(Arc::clone(&self.settings))));
        sources.push(api::data_source(RequirementsDataSource::new(Arc::clone(
            &self.settings,
        ))));
        sources.push(api::data_source(ServiceTagDataSource::new(Arc::clone(&self.settings))));
        sources.push(api::data_source(VerificationDataSource::new(Arc::clone(
            &self.settings,
        ))));
        sources.push(api::data_source(VerificationReportDataSource));
        sources
    }

    fn functions(&self) -> Vec<Arc<dyn api::Function>> {
        functions::functions()
    }
}
