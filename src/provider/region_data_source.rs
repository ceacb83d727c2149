//! `lockeddown_region`: a region's names, its pair, and how service tags spell it.

use std::sync::Arc;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    provider::{Call, DataSource},
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use super::{configuration::Settings, expansion};
use crate::regions::{self, Cloud, Region};

/// The data source.
#[derive(Debug)]
pub(super) struct RegionDataSource {
    settings: Arc<Settings>,
}

impl RegionDataSource {
    /// The data source, with the provider's defaults in `settings`.
    pub(super) fn new(settings: Arc<Settings>) -> RegionDataSource {
        RegionDataSource { settings }
    }
}

#[async_trait::async_trait]
impl DataSource for RegionDataSource {
    type State = Value;

    fn name(&self) -> String {
        "lockeddown_region".to_owned()
    }

    fn schema(&self) -> Schema {
        Schema::new(
            "An Azure region: its names, its pair, and how service tags spell it. It comes from a table in the provider: no credentials, \
             no connection.\n\nPairs are not symmetric (`brazilsouth` has `southcentralus`), and many regions have none.",
        )
        .attribute("location", Attribute::required(Type::String, "The region in any spelling: `West Europe`, `westeurope`."))
        .attribute(
            "environment",
            Attribute::optional(
                Type::String,
                "Cloud of the region: `public`, `usgovernment` or `china`. Defaults to the provider's, else `public`.",
            ),
        )
        .attribute("name", Attribute::computed(Type::String, "Azure Resource Manager's name: `westeurope`."))
        .attribute(
            "display_name",
            Attribute::computed(Type::String, "The name people use: `West Europe`; null where Azure has not announced one."),
        )
        .attribute("cloud", Attribute::computed(Type::String, "The cloud it is in, in the words of `environment`."))
        .attribute("has_pair", Attribute::computed(Type::Bool, "Whether Azure pairs it with another region."))
        .attribute("paired_region", Attribute::computed(Type::String, "The name of its pair; null if it has none."))
        .attribute(
            "service_tag_suffix",
            Attribute::computed(
                Type::String,
                "What stands behind the dot of regional service tags: `WestEurope`; null while the region has none.",
            ),
        )
        .attribute(
            "azure_cloud_tag",
            Attribute::computed(
                Type::String,
                "The region's `AzureCloud` tag, which has names of its own: `AzureCloud.norwaye`; null while the region has none.",
            ),
        )
    }

    async fn validate(&self, config: &Value, _call: &Call, diagnostics: &mut Diagnostics) {
        let environment = config.attribute("environment");
        let cloud = environment.as_str().and_then(|word| known_cloud(word, diagnostics));
        let clouds = match cloud {
            Some(cloud) => vec![cloud],
            // The provider may name any cloud.
            None if environment.is_null() => Cloud::ALL.to_vec(),
            None => return,
        };
        if let Some(location) = config.attribute("location").as_str()
            && clouds.iter().all(|cloud| regions::find(location, *cloud).is_err())
            && let Some(cloud) = clouds.first()
        {
            find(location, *cloud, diagnostics);
        }
    }

    async fn read(&self, config: Value, _call: &Call, diagnostics: &mut Diagnostics) -> Option<Value> {
        let cloud = match config.attribute("environment").as_str() {
            Some(word) => known_cloud(word, diagnostics)?,
            None => {
                let session = self.settings.session();
                expansion::refuse_undetermined(&session, &config, &["environment"], diagnostics)?;
                session.environment()
            }
        };
        let region = find(config.attribute("location").as_str()?, cloud, diagnostics)?;
        let mut state = config;
        for (name, value) in [
            ("name", region.name.into()),
            ("display_name", region.display_name.into()),
            ("cloud", region.cloud.as_str().into()),
            ("has_pair", region.pair.is_some().into()),
            ("paired_region", region.pair.into()),
            ("service_tag_suffix", region.tag_suffix.into()),
            (
                "azure_cloud_tag",
                region
                    .azure_cloud_suffix
                    .map(|suffix| format!("AzureCloud.{suffix}"))
                    .into(),
            ),
        ] {
            state.set_attribute(name, value);
        }
        Some(state)
    }
}

/// The cloud of a known `environment`, or an error there.
pub(super) fn known_cloud(word: &str, diagnostics: &mut Diagnostics) -> Option<Cloud> {
    let cloud: Result<Cloud, _> = word.parse();
    if let Err(error) = &cloud {
        diagnostics.error_at(
            Path::attribute("environment"),
            "Unknown environment",
            format!("{error}."),
        );
    }
    cloud.ok()
}

fn find(location: &str, cloud: Cloud, diagnostics: &mut Diagnostics) -> Option<&'static Region> {
    let found = regions::find(location, cloud);
    if let Err(error) = &found {
        let detail = match error {
            regions::UnknownLocation::Elsewhere { home, .. } => format!("{error}. Set `environment = \"{home}\"`."),
            regions::UnknownLocation::Nowhere { .. } => error.to_string(),
        };
        diagnostics.error_at(Path::attribute("location"), "Unknown location", detail);
    }
    found.ok()
}
