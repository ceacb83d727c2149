//! What Azure publishes and nobody writes: its service tags, and the hosts a machine-learning workspace talks to.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::refusal::Refusal;
use super::request::Request;

impl Azure {
    /// What the discovery API answers: `changeNumber`, `cloud` and `values` as in Microsoft's file.
    pub fn publish_service_tags(&mut self, publication: Value) {
        self.service_tags = Some(publication);
    }

    /// The answer of `outboundNetworkDependenciesEndpoints` of a workspace, by the workspace's id.
    pub fn publish_outbound_dependencies(&mut self, workspace: &str, categories: Value) {
        self.outbound_dependencies.insert(workspace.to_lowercase(), categories);
    }

    /// `…/locations/LOCATION/serviceTags`. Source: the service-tag discovery API, ServiceTags_List.
    pub(super) fn service_tags_at(&self, location: &str) -> Answer {
        let mut answer = self
            .service_tags
            .clone()
            .unwrap_or_else(|| json!({ "changeNumber": "1", "cloud": "Public", "values": [] }));
        if let Some(answer) = answer.as_object_mut() {
            let subscription = &self.credentials.subscription_id;
            let id = format!("/subscriptions/{subscription}/providers/Microsoft.Network/serviceTags/{location}");
            answer.insert("name".to_owned(), location.into());
            answer.insert("id".to_owned(), id.into());
            answer.insert("type".to_owned(), "Microsoft.Network/serviceTags".into());
        }
        Answer::json(200, answer)
    }

    /// `…/locations/LOCATION/serviceTagDetails`: the tags alone, all or one, with or without prefixes. Source: ServiceTagInformation_List.
    pub(super) fn service_tag_details(&self, request: &Request) -> Answer {
        let tags = self.service_tags.as_ref().and_then(|published| published.get("values"));
        let mut tags = tags.and_then(Value::as_array).cloned().unwrap_or_default();
        if let Some(wanted) = request.parameter("tagName") {
            tags.retain(|tag| tag.get("name").and_then(Value::as_str) == Some(wanted));
        }
        if request.parameter("noAddressPrefixes") == Some("true") {
            for prefixes in tags
                .iter_mut()
                .filter_map(|tag| tag.pointer_mut("/properties/addressPrefixes"))
            {
                *prefixes = json!([]);
            }
        }
        Answer::json(200, json!({ "value": tags }))
    }

    /// `…/workspaces/NAME/outboundNetworkDependenciesEndpoints`.
    pub(super) fn outbound_dependencies_of(&self, group: &str, name: &str) -> Result<Answer, Refusal> {
        let group = self.group(group)?;
        let id = format!(
            "{}/providers/Microsoft.MachineLearningServices/workspaces/{name}",
            group.id
        );
        let categories = self.outbound_dependencies.get(&id.to_lowercase()).ok_or_else(|| {
            Refusal::resource_not_found("Microsoft.MachineLearningServices/workspaces", name, &group.name)
        })?;
        Ok(Answer::json(200, json!({ "value": categories })))
    }
}
