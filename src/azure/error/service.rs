//! Azure's own errors: `{"error": {"code", "message", "details": [{"code", "message"}]}}`.

use std::{fmt, time::Duration};

use serde_json::Value;

use super::{Operation, Secret, sanitize};

/// A refusal by Azure, or the end of a long-running operation that failed.
#[derive(Debug, PartialEq, Eq)]
pub struct ServiceError {
    operation: Operation,
    status: Option<u16>,
    code: String,
    message: String,
    details: Vec<(String, String)>,
    policies: Vec<String>,
    correlation_id: Option<String>,
    retry_after: Option<Duration>,
}

impl ServiceError {
    /// An answer with a status that is not success.
    pub(in crate::azure) fn of_answer(
        operation: &Operation,
        status: u16,
        body: &[u8],
        correlation_id: Option<String>,
        retry_after: Option<Duration>,
    ) -> ServiceError {
        let json: Option<Value> = serde_json::from_slice(body).ok();
        let error = ServiceError {
            operation: operation.clone(),
            status: Some(status),
            code: String::new(),
            message: String::new(),
            details: Vec::new(),
            policies: Vec::new(),
            correlation_id,
            retry_after,
        };
        match json.as_ref().map(envelope) {
            Some(envelope) if envelope.is_object() => error.told_by(envelope),
            // Not ARM's: a proxy's page, for instance. Its beginning says who speaks.
            _ => {
                let text = String::from_utf8_lossy(body);
                let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
                ServiceError {
                    message: sanitize::text(&sanitize::shorten(&text, 300)),
                    ..error
                }
            }
        }
    }

    /// A long-running operation that ended in failure; `result` is what its status was read from.
    pub(in crate::azure) fn of_operation(
        operation: &Operation,
        status: &str,
        result: &Value,
        correlation_id: Option<String>,
    ) -> ServiceError {
        let error = ServiceError {
            operation: operation.clone(),
            status: None,
            code: status.to_owned(),
            message: "Azure gives no reason".to_owned(),
            details: Vec::new(),
            policies: Vec::new(),
            correlation_id,
            retry_after: None,
        };
        match result.get("error").filter(|envelope| envelope.is_object()) {
            Some(envelope) => error.told_by(envelope),
            None => error,
        }
    }

    fn told_by(mut self, envelope: &Value) -> ServiceError {
        if let Some(code) = text(envelope, "code") {
            self.code = code;
        }
        self.message = text(envelope, "message").unwrap_or_default();
        let details = envelope.get("details").and_then(Value::as_array).into_iter().flatten();
        self.details = details
            .map(|detail| {
                (
                    text(detail, "code").unwrap_or_default(),
                    text(detail, "message").unwrap_or_default(),
                )
            })
            .filter(|(code, message)| !code.is_empty() || !message.is_empty())
            .collect();
        self.policies = policies(envelope);
        self
    }

    /// The error without a secret that it may repeat.
    pub(super) fn without(mut self, secret: &Secret) -> ServiceError {
        let own = [&mut self.code, &mut self.message].into_iter();
        let details = self.details.iter_mut().flat_map(|(code, message)| [code, message]);
        for text in own.chain(details).chain(&mut self.policies) {
            *text = sanitize::without(text, secret);
        }
        self
    }

    /// HTTP status; `None` if a long-running operation failed.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// ARM's error code; empty if the answer was not ARM's.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// ARM's message.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The id under which Azure's support finds the request.
    pub fn correlation_id(&self) -> Option<&str> {
        self.correlation_id.as_deref()
    }

    /// How long Azure asks to wait.
    pub(in crate::azure) fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether this is the code, or the code of one of the details: the network provider puts the telling one there.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes().any(|own| own.eq_ignore_ascii_case(code))
    }

    /// The code and those of the details.
    pub(in crate::azure) fn codes(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.code.as_str()).chain(self.details.iter().map(|(code, _)| code.as_str()))
    }

    /// Whether any of the texts contains `part`.
    pub(in crate::azure) fn says(&self, part: &str) -> bool {
        self.message.contains(part) || self.details.iter().any(|(_, message)| message.contains(part))
    }

    /// What to do about it; empty where the message says it all.
    pub(super) fn remedy(&self) -> String {
        if self.status == Some(401) {
            return "Check that the service principal belongs to the tenant of the subscription, and this machine's clock.".to_owned();
        }
        match self.code.as_str() {
            "AuthorizationFailed" | "LinkedAuthorizationFailed" => {
                let action = self.last_quoted_after("action ").unwrap_or("the action named above");
                let scope = self
                    .last_quoted_after("scope(s) ")
                    .or_else(|| self.last_quoted_after("scope "));
                let scope = scope.map(|scope| format!(" on `{scope}`")).unwrap_or_default();
                let role = if action.ends_with("/read") {
                    "Reader"
                } else {
                    "Network Contributor"
                };
                format!(
                    "Assign the service principal a role with `{action}`{scope}, {role} for instance. An assignment takes some minutes to be in \
                     force."
                )
            }
            "RequestDisallowedByPolicy" => {
                let policies: Vec<String> = self.policies.iter().map(|name| format!("`{name}`")).collect();
                let policies = if policies.is_empty() {
                    String::new()
                } else {
                    format!(" {}", policies.join(", "))
                };
                format!(
                    "Azure Policy{policies} denies this. Change the configuration so that it complies, or ask for an exemption."
                )
            }
            "NetworkSecurityGroupCannotBeRemovedDueToNipOnSubnet" => {
                "A service that lives in this subnet, Azure Databricks for instance, keeps the group there: remove the service first, or give \
                 the subnet another group."
                    .to_owned()
            }
            "ScopeLocked" => "Have the management lock removed.".to_owned(),
            "MissingSubscriptionRegistration" => {
                "Register the provider in the subscription: `az provider register --namespace Microsoft.Network`."
                    .to_owned()
            }
            "ResourceGroupNotFound" => "Create the resource group, or correct its name.".to_owned(),
            "SubscriptionNotFound" | "InvalidSubscriptionId" => {
                "Check the subscription in the id, and that the service principal has a role in it.".to_owned()
            }
            "AnotherOperationInProgress" | "RetryableError" => {
                "Somebody else is writing this or a dependent object.".to_owned()
            }
            "NoRegisteredProviderFound" | "InvalidApiVersionParameter" | "InvalidResourceType" => self.version_remedy(),
            "NetcfgSubnetRangesOverlap" => {
                "Another subnet of the virtual network has addresses of these `address_prefixes`: set others, which are \
                 free."
                    .to_owned()
            }
            "NetcfgInvalidSubnet" => {
                "`address_prefixes` must lie within the virtual network's address space, and an IPv4 prefix be a /29 or \
                 larger: set such ones, or have the address space extended."
                    .to_owned()
            }
            code if code.starts_with("InUse") => "Remove what uses it first.".to_owned(),
            _ => String::new(),
        }
    }

    /// The cloud lags behind the version we speak, or has left it behind.
    fn version_remedy(&self) -> String {
        let quoted = |words: [&str; 3]| words.iter().find_map(|word| self.last_quoted_after(word));
        let asked = quoted(["API version ", "api version ", "api-version "]);
        let there = quoted([
            "supported api-versions are ",
            "supported versions are ",
            "supported versions: ",
        ]);
        let newest = there.and_then(|list| {
            list.split(',')
                .map(str::trim)
                .filter(|version| !version.is_empty())
                .max()
        });
        let asked_for = asked.map(|asked| format!(" `{asked}`")).unwrap_or_default();
        match newest {
            // Dates of this form sort as texts.
            Some(newest) if asked.is_some_and(|asked| newest > asked) => {
                format!("This cloud no longer has the api-version{asked_for}: use a newer release of this provider.")
            }
            newest => {
                let newest = newest
                    .map(|newest| format!("; the newest that it has is `{newest}`"))
                    .unwrap_or_default();
                format!(
                    "This cloud does not have the api-version{asked_for} of this kind of resource{newest}. No argument chooses another one: a write \
                     of an older version wipes what that version does not know. The data sources and functions need no api-version: hand \
                     their outputs to what writes here with this cloud's own, `azapi` for instance."
                )
            }
        }
    }

    /// The last text between quotes that follows `word`: of a linked authorization the first action is the one that is allowed.
    fn last_quoted_after(&self, word: &str) -> Option<&str> {
        let (_, tail) = self.message.rsplit_once(&format!("{word}'"))?;
        tail.split('\'').next()
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "`{}` failed:", self.operation)?;
        if let Some(status) = self.status {
            write!(formatter, " {status}")?;
        }
        match (self.code.as_str(), self.message.as_str()) {
            ("", message) => write!(formatter, " {message}")?,
            (code, "") => write!(formatter, " {code}")?,
            (code, message) => write!(formatter, " {code}: {message}")?,
        }
        let details: Vec<String> = self
            .details
            .iter()
            .filter(|(_, message)| message.is_empty() || !self.message.contains(message.as_str()))
            .map(|(code, message)| format!("{code}: {message}"))
            .collect();
        if !details.is_empty() {
            write!(formatter, " ({})", details.join("; "))?;
        }
        Ok(())
    }
}

impl std::error::Error for ServiceError {}

/// Entra and a few old services leave the wrapping object out.
fn envelope(json: &Value) -> &Value {
    json.get("error").filter(|error| error.is_object()).unwrap_or(json)
}

fn text(object: &Value, field: &str) -> Option<String> {
    let text = object.get(field)?.as_str()?;
    Some(sanitize::text(&sanitize::shorten(text, 2000)))
}

/// The names of the policies that deny, as people see them in the portal.
fn policies(envelope: &Value) -> Vec<String> {
    let infos = envelope
        .get("additionalInfo")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    infos
        .filter_map(|entry| {
            let info = entry.get("info")?;
            [
                "policyAssignmentDisplayName",
                "policyDefinitionDisplayName",
                "policyAssignmentName",
                "policyDefinitionName",
            ]
            .iter()
            .find_map(|field| text(info, field).filter(|name| !name.is_empty()))
        })
        .collect()
}
