//! Microsoft's service tags from the Service Tag Discovery API instead of its file.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};
use tokio::sync::OnceCell;

use crate::{
    azure::Call,
    provider::configuration::Session,
    regions::{Cloud, normalize_location},
    service_tags::{ServiceTagFile, TagError},
};

/// One answer by subscription and location: it is 4 MB, and the same for everybody who asks during a run.
type Answers = HashMap<(String, String), Arc<OnceCell<Arc<ServiceTagFile>>>>;

/// What the API has answered to this process.
#[derive(Debug, Default)]
pub(super) struct Discovery {
    answers: Mutex<Answers>,
}

impl Discovery {
    /// Asks, or takes what was answered to the same question before.
    pub(super) async fn ask(
        &self,
        config: &Value,
        session: &Session,
        call: &Call,
        diagnostics: &mut Diagnostics,
    ) -> Option<Arc<ServiceTagFile>> {
        let subscription = config.attribute("subscription_id").as_str();
        let Some(subscription) = subscription.or_else(|| session.client.subscription_id()) else {
            let detail = "The Service Tag Discovery API belongs to a subscription, and none is known. Set `subscription_id` here or in the \
                          provider block, or `ARM_SUBSCRIPTION_ID`.";
            diagnostics.error_at(Path::attribute("subscription_id"), "No subscription", detail);
            return None;
        };
        let location = match config.attribute("location").as_str() {
            Some(location) => normalize_location(location),
            None => anywhere(session.environment()).to_owned(),
        };
        let answer = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            let key = (subscription.to_lowercase(), location.clone());
            Arc::clone(answers.entry(key).or_default())
        };
        let asked = answer.get_or_try_init(|| async {
            let body = session.client.service_tags(subscription, &location, call).await;
            let body = body.map_err(|error| error.to_diagnostic())?;
            ServiceTagFile::parse(body.to_string().as_bytes())
                .map(Arc::new)
                .map_err(|reason| format!("The answer is not what the API is described to give: {reason}"))
        });
        match asked.await {
            Ok(file) => Some(Arc::clone(file)),
            Err(reason) => {
                diagnostics.error_at(Path::attribute("source"), "Service tags not read", reason);
                None
            }
        }
    }
}

/// A region that answers for its whole cloud: the location of the question chooses who answers, and filters nothing.
fn anywhere(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Public => "eastus2",
        Cloud::UsGovernment => "usgovvirginia",
        Cloud::China => "chinaeast2",
    }
}

/// What the API lacks and the file has: regional entries of Azure Machine Learning (azure-cli issue 22190, azure-docs issue 92339).
pub(super) fn only_in_the_file(name: &str, error: &TagError) -> Option<String> {
    const TAG: &str = "AzureMachineLearning";
    let (base, region) = name.split_once('.').unwrap_or((name, ""));
    if !base.eq_ignore_ascii_case(TAG) {
        return None;
    }
    let region = match error {
        TagError::NotInRegion { region, .. } => region,
        TagError::Unknown { .. } if !region.is_empty() => region,
        _ => return None,
    };
    Some(format!(
        "The Service Tag Discovery API has no regional entries of `{TAG}`: `{TAG}.{region}` is in Microsoft's downloaded file only."
    ))
}
