//! Which errors are worth another attempt, and when.
//!
//! `azure_core` retries by status alone, never a 409, with no upper limit for `Retry-After`, and spends 80 seconds on a certificate
//! it does not trust. Azure's network provider tells "busy" and "wrong" apart by error code, so the decision is ours.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use super::error::{ArmError, Operation, ServiceError, TransportFailure};

/// How patient the client is.
#[derive(Clone, Debug)]
pub struct RetryTuning {
    /// Wait before the first new attempt; it doubles from then on.
    pub first_delay: Duration,
    /// Longest wait of our own choosing.
    pub longest_delay: Duration,
    /// Longest wait that Azure's `Retry-After` may impose.
    pub longest_retry_after: Duration,
    /// Wait between two looks at a long-running operation, where Azure names none.
    pub poll_interval: Duration,
    /// Attempts for troubles that go away soon or never: 5xx, broken connections, references to what was only just made.
    pub trouble_attempts: u32,
    /// Looks at an object or operation that answers 404 although it was just made.
    pub lost_looks: u32,
    /// Attempts to write an object that others write too.
    pub merge_rounds: u32,
}

impl Default for RetryTuning {
    fn default() -> Self {
        RetryTuning {
            first_delay: Duration::from_secs(1),
            longest_delay: Duration::from_secs(30),
            longest_retry_after: Duration::from_secs(60),
            poll_interval: Duration::from_secs(5),
            trouble_attempts: 5,
            lost_looks: 6,
            merge_rounds: 10,
        }
    }
}

impl RetryTuning {
    /// How long to wait before attempt `attempt` (the first new one is 1), given what Azure asks for. Half of our own wait is
    /// chance, so that those refused together do not come back together.
    pub(super) fn delay(&self, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = self
            .first_delay
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let longest = doubled.min(self.longest_delay);
        // The standard library's hash keys are random; nothing here needs more than that.
        let chance = RandomState::new().hash_one(attempt) % 1024;
        let own = longest / 2 + longest.saturating_mul(u32::try_from(chance).unwrap_or_default()) / 2048;
        own.max(retry_after.unwrap_or_default().min(self.longest_retry_after))
    }

    /// How long to wait before the next look at an operation.
    pub(super) fn poll_delay(&self, retry_after: Option<Duration>) -> Duration {
        retry_after.map_or(self.poll_interval, |asked| asked.min(self.longest_retry_after))
    }
}

/// What an error means for the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// Azure is busy with this object or with us: wait as long as the time allows.
    Busy,
    /// It goes away soon or never: a few attempts.
    Trouble,
    /// Somebody else changed the object: read and merge again.
    Stale,
    /// Another attempt would end the same.
    Final,
}

/// What `error` means for the next attempt.
pub(super) fn classify(error: &ArmError) -> Class {
    match error {
        ArmError::Service(error) => classify_service(error),
        ArmError::Transport { failure, .. }
        | ArmError::Credential {
            failure: Some(failure), ..
        } => match failure {
            TransportFailure::Certificate | TransportFailure::Proxy => Class::Final,
            TransportFailure::Unreachable | TransportFailure::Interrupted => Class::Trouble,
        },
        ArmError::Unintelligible { .. } => Class::Trouble,
        _ => Class::Final,
    }
}

fn classify_service(error: &ServiceError) -> Class {
    let code_says = error.codes().find_map(|code| match code {
        "AnotherOperationInProgress"
        | "RetryableError"
        | "RetryableErrorDueToAnotherOperation"
        | "ConflictingConcurrentWriteNotAllowed"
        | "TooManyRequests"
        | "SubscriptionRequestsThrottled"
        | "FirewallPolicyRuleCollectionGroupUpdateNotAllowedWhenUpdatingOrDeleting" => Some(Class::Busy),
        // While the other resource is `Updating` it will be done; `Failed` it stays.
        "ReferencedResourceNotProvisioned" if error.says("is in Failed state") => Some(Class::Final),
        "ReferencedResourceNotProvisioned" => Some(Class::Busy),
        "PreconditionFailed" | "PreconditionFailedEtagMismatch" | "CanceledAndSupersededDueToAnotherOperation" => {
            Some(Class::Stale)
        }
        // The index of who uses what lags some seconds behind a delete; so does that of what exists behind a create.
        "InvalidResourceReference" | "InUseNetworkSecurityGroupCannotBeDeleted" | "InUseRouteTableCannotBeDeleted" => {
            Some(Class::Trouble)
        }
        // A firewall behind the policy was busy: what was written is kept, and writing it again updates the firewall.
        "FirewallPolicyUpdateFailed" | "IpGroupsUpdateFailed" => Some(Class::Trouble),
        "InternalServerError" | "ServerTimeout" => Some(Class::Trouble),
        _ => None,
    });
    code_says.unwrap_or(match error.status() {
        Some(412) => Class::Stale,
        Some(429) => Class::Busy,
        Some(408 | 424 | 500 | 502 | 503 | 504) => Class::Trouble,
        _ => Class::Final,
    })
}

/// Counts attempts and remembers why the last one failed.
#[derive(Debug)]
pub(super) struct Attempts<'a> {
    tuning: &'a RetryTuning,
    all: u32,
    troubles: u32,
    rounds: u32,
    last: Option<ArmError>,
}

impl<'a> Attempts<'a> {
    pub(super) fn new(tuning: &'a RetryTuning) -> Attempts<'a> {
        Attempts {
            tuning,
            all: 0,
            troubles: 0,
            rounds: 0,
            last: None,
        }
    }

    /// How long to wait before the next attempt after `error`; gives the error back if there is none.
    pub(super) fn next(&mut self, operation: &Operation, error: ArmError) -> Result<Duration, ArmError> {
        self.all += 1;
        match classify(&error) {
            Class::Busy => {}
            Class::Trouble => {
                self.troubles += 1;
                if self.troubles >= self.tuning.trouble_attempts {
                    return Err(error);
                }
            }
            Class::Stale => {
                self.rounds += 1;
                if self.rounds >= self.tuning.merge_rounds {
                    return Err(ArmError::Contended {
                        operation: operation.clone(),
                        rounds: self.rounds,
                        last: Box::new(error),
                    });
                }
            }
            Class::Final => return Err(error),
        }
        let asked = error.service().and_then(ServiceError::retry_after);
        let delay = self.tuning.delay(self.all, asked);
        tracing::debug!(%operation, attempt = self.all, delay_ms = delay.as_millis(), %error, "trying again");
        self.last = Some(error);
        Ok(delay)
    }

    /// Why the last attempt failed, for the message of a time-out.
    pub(super) fn into_last(self) -> Option<ArmError> {
        self.last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation() -> Operation {
        let id = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg";
        Operation::new("PUT", &id.parse().unwrap())
    }

    fn answer(status: u16, code: &str, message: &str) -> ArmError {
        let body = format!(r#"{{"error":{{"code":"{code}","message":"{message}","details":[]}}}}"#);
        let error = ServiceError::of_answer(&operation(), status, body.as_bytes(), None, None);
        ArmError::Service(Box::new(error))
    }

    #[test]
    fn busy_and_wrong_are_told_apart_by_code_and_not_by_status() {
        for (status, code, message, class) in [
            (409, "AnotherOperationInProgress", "", Class::Busy),
            (429, "RetryableError", "A retryable error occurred.", Class::Busy),
            (429, "", "", Class::Busy),
            (409, "ConflictingConcurrentWriteNotAllowed", "", Class::Busy),
            (
                400,
                "ReferencedResourceNotProvisioned",
                "Resource is in Updating state",
                Class::Busy,
            ),
            (
                400,
                "ReferencedResourceNotProvisioned",
                "Resource is in Failed state",
                Class::Final,
            ),
            (412, "PreconditionFailed", "", Class::Stale),
            (503, "ServerTimeout", "", Class::Trouble),
            (400, "InUseNetworkSecurityGroupCannotBeDeleted", "", Class::Trouble),
            (400, "InUseSubnetCannotBeDeleted", "", Class::Final),
            (409, "ScopeLocked", "", Class::Final),
            (409, "MissingSubscriptionRegistration", "", Class::Final),
            (400, "SecurityRuleConflict", "", Class::Final),
            (403, "AuthorizationFailed", "", Class::Final),
        ] {
            assert_eq!(
                classify(&answer(status, code, message)),
                class,
                "{status} {code} {message}"
            );
        }
    }

    #[test]
    fn a_superseded_operation_is_stale_although_it_was_only_canceled() {
        let result = serde_json::json!({ "status": "Canceled", "error": { "code": "Canceled", "message": "Operation was canceled.",
            "details": [{ "code": "CanceledAndSupersededDueToAnotherOperation", "message": "…" }] } });
        let error = ServiceError::of_operation(&operation(), "Canceled", &result, None);
        assert_eq!(classify(&ArmError::Service(Box::new(error))), Class::Stale);
    }

    #[test]
    fn trouble_ends_after_some_attempts_and_busy_does_not() {
        let tuning = RetryTuning {
            trouble_attempts: 3,
            ..RetryTuning::default()
        };
        let mut attempts = Attempts::new(&tuning);
        for _ in 0..20 {
            attempts.next(&operation(), answer(429, "TooManyRequests", "")).unwrap();
        }
        attempts.next(&operation(), answer(503, "ServerTimeout", "")).unwrap();
        attempts.next(&operation(), answer(503, "ServerTimeout", "")).unwrap();
        assert!(attempts.next(&operation(), answer(503, "ServerTimeout", "")).is_err());
    }

    #[test]
    fn azures_wish_is_a_lower_bound_and_has_a_limit() {
        let tuning = RetryTuning {
            longest_retry_after: Duration::from_secs(60),
            ..RetryTuning::default()
        };
        assert_eq!(tuning.delay(1, Some(Duration::from_secs(10))), Duration::from_secs(10));
        assert_eq!(
            tuning.delay(1, Some(Duration::from_secs(86_400))),
            Duration::from_secs(60)
        );
        for attempt in 1..64 {
            let delay = tuning.delay(attempt, None);
            assert!(
                delay >= tuning.first_delay / 2 && delay <= tuning.longest_delay,
                "{attempt}: {delay:?}"
            );
        }
    }
}
