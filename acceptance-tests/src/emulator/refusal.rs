//! What Azure Resource Manager says when it refuses: one place for status, code and text.
//!
//! Texts follow recorded or publicly reported Azure errors where there are any. Where only the code or only the rule is
//! known the words are ours; `README.md` lists those, and no client should depend on them.

use serde_json::{Value, json};

/// A request that Azure refuses, or an operation that ends badly.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{status} {code}: {message}")]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// ARM's error code, such as `SecurityRuleConflict`.
    pub code: String,
    /// ARM's text.
    pub message: String,
    /// Codes and texts of `error.details`.
    pub details: Vec<(String, String)>,
    /// Seconds of a `Retry-After` header.
    pub retry_after: Option<u64>,
    /// `error.target` and `error.additionalInfo`, where a refusal has them.
    pub(super) more: Option<Box<(String, Value)>>,
    /// Azure Resource Manager itself refuses, before a resource provider is asked.
    pub(super) gateway: bool,
}

impl Refusal {
    /// A refusal by the network resource provider.
    pub(super) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            details: Vec::new(),
            retry_after: None,
            more: None,
            gateway: false,
        }
    }

    pub(super) fn bad(code: &str, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// A refusal by Azure Resource Manager itself.
    pub(super) fn gateway(status: u16, code: &str, message: impl Into<String>) -> Self {
        Self {
            gateway: true,
            ..Self::new(status, code, message)
        }
    }

    pub(super) fn detail(mut self, code: &str, message: impl Into<String>) -> Self {
        self.details.push((code.to_owned(), message.into()));
        self
    }

    /// A body the network resource provider cannot read: a misspelt property, a wrong type, a value outside an enumeration.
    pub(super) fn unreadable(why: impl Into<String>) -> Self {
        Self::bad("InvalidRequestFormat", "Cannot parse the request.").detail("InvalidJson", why)
    }

    /// `{"error": …}` as it is sent.
    pub(super) fn body(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Value::Object(error) = &mut error {
            // The network resource provider always has `details`, Azure Resource Manager has it when it says something.
            if !self.gateway || !self.details.is_empty() {
                let details = self.details.iter();
                let details = details.map(|(code, message)| json!({ "code": code, "message": message }));
                error.insert("details".to_owned(), details.collect());
            }
            if let Some(more) = &self.more {
                error.insert("target".to_owned(), more.0.clone().into());
                error.insert("additionalInfo".to_owned(), more.1.clone());
            }
        }
        json!({ "error": error })
    }

    pub(super) fn group_not_found(group: &str) -> Self {
        Self::gateway(
            404,
            "ResourceGroupNotFound",
            format!("Resource group '{group}' could not be found."),
        )
    }

    /// `resource_type` is the full one, such as `Microsoft.Network/virtualNetworks`.
    pub(super) fn resource_not_found(resource_type: &str, name: &str, group: &str) -> Self {
        Self::gateway(
            404,
            "ResourceNotFound",
            format!(
                "The Resource '{resource_type}/{name}' under resource group '{group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
            ),
        )
    }

    pub(super) fn child_not_found(id: &str) -> Self {
        Self::new(404, "NotFound", format!("Resource {id} not found."))
    }

    pub(super) fn parent_not_found(parent: &str) -> Self {
        Self::gateway(
            404,
            "ParentResourceNotFound",
            format!("Can not perform requested operation on nested resource. Parent resource '{parent}' not found."),
        )
    }

    pub(super) fn method_not_allowed(method: &str) -> Self {
        Self::gateway(
            405,
            "MethodNotAllowed",
            format!("The request with HTTP method '{method}' is not supported on this resource."),
        )
    }

    pub(super) fn stale(provided: &str, current: &str, id: &str) -> Self {
        Self::new(412, "PreconditionFailed", "Precondition failed.").detail(
            "PreconditionFailedEtagMismatch",
            format!(
                "Etag provided in if-match header {provided} does not match etag {current} of resource {id} in NRP data store."
            ),
        )
    }

    /// `by` refers to something that is not there, or in another region.
    pub(super) fn missing_reference(to: &str, by: &str) -> Self {
        Self::bad(
            "InvalidResourceReference",
            format!(
                "Resource {to} referenced by resource {by} was not found. Please make sure that the referenced resource exists, and that both resources are in the same region."
            ),
        )
    }

    pub(super) fn name_invalid(name: &str) -> Self {
        Self::bad(
            "InvalidResourceName",
            format!(
                "Resource name {name} is invalid. The name can be up to 80 characters long. It must begin with a word character, and it must end with a word character or with '_'. The name may contain word characters or '.', '-', '_'."
            ),
        )
    }

    pub(super) fn duplicate_child(parent: &str, name: &str) -> Self {
        Self::bad("InvalidRequestFormat", "Cannot parse the request.").detail(
            "DuplicateResourceName",
            format!("Resource {parent} has two child resources with the same name ({name})."),
        )
    }
}
