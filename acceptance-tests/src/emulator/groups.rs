//! Resource groups. Their writes are synchronous; a deletion takes everything in them along.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::operations::{Operation, Outcome};
use super::refusal::Refusal;
use super::request::Request;
use super::resource::Object;
use super::{names, regions};

/// A resource group.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) location: String,
    pub(super) tags: Option<Value>,
}

impl Group {
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!({
            "id": self.id,
            "name": self.name,
            "type": "Microsoft.Resources/resourceGroups",
            "location": self.location,
            "properties": { "provisioningState": "Succeeded" },
        });
        if let (Some(shown), Some(tags)) = (shown.as_object_mut(), &self.tags) {
            shown.insert("tags".to_owned(), tags.clone());
        }
        shown
    }
}

impl Azure {
    pub(super) fn group(&self, name: &str) -> Result<&Group, Refusal> {
        let found = self.groups.get(&name.to_lowercase());
        found.ok_or_else(|| Refusal::group_not_found(name))
    }

    /// Creates or updates a group; `true` if it is new.
    pub(super) fn put_group(&mut self, name: &str, body: &Object) -> Result<bool, Refusal> {
        if !names::is_group_name(name) {
            return Err(Refusal::gateway(
                400,
                "InvalidResourceGroup",
                format!("The provided resource group name '{name}' has these invalid characters or length."),
            ));
        }
        let location = body.get("location").and_then(Value::as_str).ok_or_else(|| {
            Refusal::gateway(
                400,
                "LocationRequired",
                "The location property is required for this definition.",
            )
        })?;
        let location = regions::normalized(location);
        regions::check(&location, "Microsoft.Resources/resourceGroups")?;
        names::check_tags(body)?;
        let key = name.to_lowercase();
        let old = self.groups.get(&key);
        if let Some(old) = old.filter(|old| old.location != location) {
            return Err(Refusal::gateway(
                409,
                "InvalidResourceGroupLocation",
                format!(
                    "Invalid resource group location '{location}'. The Resource group already exists in location '{}'.",
                    old.location
                ),
            ));
        }
        let created = old.is_none();
        let name = old.map_or(name, |old| &old.name).to_owned();
        let id = format!(
            "/subscriptions/{}/resourceGroups/{name}",
            self.credentials.subscription_id
        );
        let tags = body.get("tags").filter(|tags| !tags.is_null()).cloned();
        self.groups.insert(
            key,
            Group {
                id,
                name,
                location,
                tags,
            },
        );
        self.revision += 1;
        Ok(created)
    }

    pub(super) fn remove_group(&mut self, name: &str) {
        if let Some(group) = self.groups.remove(&name.to_lowercase()) {
            let prefix = format!("{}/", group.id.to_lowercase());
            self.resources.retain(|id, _| !id.starts_with(&prefix));
            self.occupants.retain(|id, _| !id.starts_with(&prefix));
        }
    }

    /// A request on one group.
    pub(super) fn answer_group(&mut self, request: &Request, name: &str, api_version: &str) -> Result<Answer, Refusal> {
        match request.method.as_str() {
            "GET" => Ok(Answer::json(200, self.group(name)?.shown())),
            "HEAD" => Ok(Answer::empty(if self.group(name).is_ok() { 204 } else { 404 })),
            "PUT" => {
                let created = self.put_group(name, &request.object()?)?;
                Ok(Answer::json(if created { 201 } else { 200 }, self.group(name)?.shown()))
            }
            "PATCH" => {
                let body = request.object()?;
                names::check_tags(&body)?;
                let mut group = self.group(name)?.clone();
                if let Some(tags) = body.get("tags") {
                    group.tags = Some(tags.clone());
                }
                let shown = group.shown();
                self.groups.insert(name.to_lowercase(), group);
                self.revision += 1;
                Ok(Answer::json(200, shown))
            }
            "DELETE" => {
                self.group(name)?;
                self.remove_group(name);
                let operation = Operation {
                    id: super::new_guid(),
                    name: "DeleteResourceGroup".to_owned(),
                    target: None,
                    deletes: true,
                    uses: Vec::new(),
                    base: format!("/subscriptions/{}", self.credentials.subscription_id),
                    api_version: api_version.to_owned(),
                    due: self.due(),
                    outcome: Outcome::Running,
                    failure: None,
                    lost: false,
                };
                let location = operation.result_url(&self.endpoint);
                let id = self.start(operation);
                let mut answer = Answer::empty(202).with("location", location);
                answer.operation = Some(id);
                Ok(answer.with_retry_after(self.options.retry_after))
            }
            other => Err(Refusal::method_not_allowed(other)),
        }
    }
}
