//! Long-running operations: every write of a network resource starts one, and it ends later.
//!
//! Nothing runs in the background. Operations that are due are settled before each request is looked at, which no client
//! can tell from a service that works on its own, and which keeps a test's order of events the order it wrote them in.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::azure::Azure;
use super::refusal::Refusal;
use super::resource::Target;

/// One asynchronous operation.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) id: String,
    /// As the service names it in its messages, such as `PutSubnetOperation`.
    pub(super) name: String,
    /// `None` for the deletion of a resource group, which has happened when its operation starts.
    pub(super) target: Option<Target>,
    pub(super) deletes: bool,
    /// Lower-case ids of the resources that the written object refers to: they are busy with it.
    pub(super) uses: Vec<String>,
    /// The path of its URL, up to `operations`.
    pub(super) base: String,
    pub(super) api_version: String,
    /// `None`: never.
    pub(super) due: Option<Instant>,
    pub(super) outcome: Outcome,
    /// How it will end instead of succeeding.
    pub(super) failure: Option<Refusal>,
    /// Its URLs answer 404.
    pub(super) lost: bool,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Outcome {
    Running,
    Succeeded,
    Failed(Refusal),
    /// Another write of the same object took its place.
    Superseded {
        by: String,
    },
}

impl Operation {
    pub(super) fn is_running(&self) -> bool {
        self.outcome == Outcome::Running
    }

    /// The URL of `Azure-AsyncOperation`.
    pub(super) fn status_url(&self, endpoint: &str) -> String {
        format!(
            "{endpoint}{}/operations/{}?api-version={}",
            self.base, self.id, self.api_version
        )
    }

    /// The URL of `Location`.
    pub(super) fn result_url(&self, endpoint: &str) -> String {
        format!(
            "{endpoint}{}/operationResults/{}?api-version={}",
            self.base, self.id, self.api_version
        )
    }

    /// The body that its status URL answers with.
    pub(super) fn status(&self) -> Value {
        match &self.outcome {
            Outcome::Running => json!({ "status": "InProgress" }),
            Outcome::Succeeded => json!({ "status": "Succeeded" }),
            Outcome::Failed(refusal) => {
                let mut status = refusal.body();
                if let Some(status) = status.as_object_mut() {
                    status.insert("status".to_owned(), "Failed".into());
                }
                status
            }
            Outcome::Superseded { by } => {
                let (name, id) = (&self.name, &self.id);
                json!({ "status": "Canceled", "error": {
                    "code": "Canceled",
                    "message": "Operation was canceled.",
                    "details": [{
                        "code": "CanceledAndSupersededDueToAnotherOperation",
                        "message": format!("Operation {name} ({id}) was canceled and superseded by operation {by}."),
                    }],
                }})
            }
        }
    }
}

impl Azure {
    /// Forgets the faults. An operation that never ended because of one ends.
    pub(super) fn clear_faults(&mut self) {
        self.faults.0.clear();
        let now = Instant::now();
        for operation in self.operations.iter_mut().filter(|operation| operation.is_running()) {
            operation.due.get_or_insert(now);
        }
    }

    /// Ends the operations that are due.
    pub(super) fn settle(&mut self) {
        let now = Instant::now();
        let mut ended = Vec::new();
        for operation in &mut self.operations {
            if operation.is_running() && operation.due.is_some_and(|due| due <= now) {
                operation.outcome = match operation.failure.take() {
                    Some(failure) => Outcome::Failed(failure),
                    None => Outcome::Succeeded,
                };
                let failed = operation.outcome != Outcome::Succeeded;
                ended.extend(
                    operation
                        .target
                        .clone()
                        .map(|target| (target, operation.deletes, failed)),
                );
            }
        }
        for (target, deletes, failed) in ended {
            self.finish(&target, deletes, failed);
        }
    }

    fn finish(&mut self, target: &Target, deletes: bool, failed: bool) {
        self.revision += 1;
        if deletes && !failed {
            self.disconnect_peerings(target);
        }
        if deletes && !failed && target.child.is_none() {
            self.resources.remove(&target.root);
            return;
        }
        let Some(resource) = self.resources.get_mut(&target.root) else {
            return;
        };
        // The etag moves when an operation ends: 53 of 55 recorded GETs after a PUT show another etag than the PUT did.
        resource.etag = super::new_etag();
        let Some((child, name)) = &target.child else {
            resource.set_state(if failed { "Failed" } else { "Succeeded" }, None);
            return;
        };
        resource
            .properties
            .insert("provisioningState".to_owned(), "Succeeded".into());
        if deletes && !failed {
            resource.remove_child(child, name);
        } else {
            let state = if failed { "Failed" } else { "Succeeded" };
            resource.set_state(state, target.child.as_ref());
        }
    }

    /// Refuses a write that meets a running operation on something it depends on, and lets it take the place of one on
    /// the same object.
    pub(super) fn contend(&mut self, target: &Target, uses: &[String], deletes: bool, by: &str) -> Result<(), Refusal> {
        let mut replaced = Vec::new();
        for (index, operation) in self.operations.iter().enumerate() {
            let Some(running) = operation.target.as_ref().filter(|_| operation.is_running()) else {
                continue;
            };
            // A deletion is not taken back by a PUT, which has to wait for it.
            if running.is(target) && (deletes || !operation.deletes) {
                replaced.push(index);
            } else if running.root == target.root
                || operation.uses.contains(&target.root)
                || uses.iter().any(|used| operation.uses.contains(used))
            {
                return Err(self.busy(operation, running));
            }
        }
        for index in replaced {
            if let Some(operation) = self.operations.get_mut(index) {
                operation.outcome = Outcome::Superseded { by: by.to_owned() };
            }
        }
        Ok(())
    }

    /// The two ways in which the service says that it is busy; clients meet both.
    fn busy(&self, operation: &Operation, target: &Target) -> Refusal {
        let wait = self.options.retry_after.map_or(1, |wait| wait.max(1));
        if let Some((child, _)) = &target.child
            && child.collection == "ruleCollectionGroups"
        {
            // Azure's code; many pipelines report it, none its words.
            return Refusal::new(
                409,
                "FirewallPolicyRuleCollectionGroupUpdateNotAllowedWhenUpdatingOrDeleting",
                format!(
                    "A rule collection group of this firewall policy is being changed by operation {} ({}).",
                    operation.name, operation.id
                ),
            );
        }
        match self.options.conflicts {
            super::Conflicts::AnotherOperationInProgress => Refusal::new(
                409,
                "AnotherOperationInProgress",
                format!(
                    "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: {}.",
                    operation.status_url(&self.endpoint)
                ),
            ),
            super::Conflicts::RetryableError => {
                let id = self.resources.get(&target.root).map(|resource| resource.id.as_str());
                let mut refusal = Refusal::new(429, "RetryableError", "A retryable error occurred.").detail(
                    "RetryableErrorDueToAnotherOperation",
                    format!(
                        "Operation {} is updating resource {}. The call can be retried in {wait} seconds.",
                        operation.name,
                        id.unwrap_or(&target.root)
                    ),
                );
                refusal.retry_after = self.options.retry_after;
                refusal
            }
        }
    }

    /// Starts an operation and gives its id.
    pub(super) fn start(&mut self, operation: Operation) -> String {
        let id = operation.id.clone();
        self.revision += 1;
        self.operations.push(operation);
        id
    }

    pub(super) fn operation(&self, id: &str) -> Option<&Operation> {
        let found = self
            .operations
            .iter()
            .find(|operation| operation.id.eq_ignore_ascii_case(id));
        found.filter(|operation| !operation.lost)
    }

    pub(super) fn due(&self) -> Option<Instant> {
        Instant::now().checked_add(self.options.operation_duration.min(Duration::from_secs(86_400)))
    }
}
