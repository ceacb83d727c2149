//! Which errors are worth another attempt, and when.
//!
//! `azure_core` retries by status alone, never a 409, with no upper limit for `Retry-After`, and spends 80 seconds on a certificate
//! it does not trust. Azure's network provider tells "busy" and "wrong" apart by error code, so the decision is ours.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use azure_core::{
    http::headers::{HeaderName, Headers},
    time::{OffsetDateTime, parse_rfc7231},
};

use super::error::{ArmError, Operation, ServiceError};

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
    /// Wait before the first look at a long-running operation, if Azure asks for less; it doubles from then on, up to `poll_interval`.
    pub shortest_poll: Duration,
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
            shortest_poll: Duration::from_millis(5),
            trouble_attempts: 5,
            lost_looks: 6,
            merge_rounds: 10,
        }
    }
}

impl RetryTuning {
    /// How long to wait before attempt `attempt` (the first new one is 1), given what Azure asks for. Half of our own wait is
    /// chance, and as much comes on top of Azure's, so that those refused together do not come back together.
    pub(super) fn delay(&self, attempt: u32, retry_after: Option<Duration>) -> Duration {
        let doubled = self
            .first_delay
            .saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
        let longest = doubled.min(self.longest_delay);
        // The standard library's hash keys are random; nothing here needs more than that.
        let chance = RandomState::new().hash_one(attempt) % 1024;
        let spread = longest.saturating_mul(u32::try_from(chance).unwrap_or_default()) / 2048;
        let asked = retry_after.unwrap_or_default().min(self.longest_retry_after);
        asked.max(longest / 2) + spread
    }

    /// How long to wait before look `look` (the first is 0) at an operation. `Retry-After: 0` is no leave to ask without end.
    pub(super) fn poll_delay(&self, look: u32, retry_after: Option<Duration>) -> Duration {
        let least = self
            .shortest_poll
            .saturating_mul(2_u32.saturating_pow(look))
            .min(self.poll_interval);
        retry_after.map_or(self.poll_interval, |asked| {
            asked.min(self.longest_retry_after).max(least)
        })
    }
}

/// How long an answer asks to wait, if it does. Azure's services say it in milliseconds; `Retry-After` has seconds or a date (RFC 9110),
/// and one that has passed is no wait.
pub(super) fn asked_wait(headers: &Headers, now: OffsetDateTime) -> Option<Duration> {
    const MILLISECONDS: [HeaderName; 2] = [
        HeaderName::from_static("x-ms-retry-after-ms"),
        HeaderName::from_static("retry-after-ms"),
    ];
    const RETRY_AFTER: HeaderName = HeaderName::from_static("retry-after");
    let number = |name: &HeaderName| headers.get_optional_string(name)?.trim().parse().ok();
    if let Some(milliseconds) = MILLISECONDS.iter().find_map(number) {
        return Some(Duration::from_millis(milliseconds));
    }
    let date = || {
        let date = parse_rfc7231(headers.get_optional_string(&RETRY_AFTER)?.trim()).ok()?;
        Some(Duration::try_from(date - now).unwrap_or_default())
    };
    number(&RETRY_AFTER).map(Duration::from_secs).or_else(date)
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
        } => {
            if failure.is_final() {
                Class::Final
            } else {
                Class::Trouble
            }
        }
        ArmError::Unintelligible { .. } => Class::Trouble,
        _ => Class::Final,
    }
}

fn classify_service(error: &ServiceError) -> Class {
    let class_of = |code: &str| match code {
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
    };
    let mut said: Vec<Class> = error.codes().filter_map(class_of).collect();
    // What is wrong for good stays so, whatever envelope it comes in.
    said.sort_by_key(|class| *class != Class::Final);
    said.first().copied().unwrap_or(match error.status() {
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
            Class::Final => return Err(self.explained(error)),
        }
        let asked = error.service().and_then(ServiceError::retry_after);
        let delay = self.tuning.delay(self.all, asked);
        tracing::debug!(%operation, attempt = self.all, delay_ms = delay.as_millis(), %error, "trying again");
        self.last = Some(error);
        Ok(delay)
    }

    /// A time-out that knows no reason gets the last one.
    pub(super) fn explained(&mut self, error: ArmError) -> ArmError {
        match error {
            ArmError::TimedOut {
                operation,
                timeout,
                last: None,
            } => ArmError::TimedOut {
                operation,
                timeout,
                last: self.last.take().map(Box::new),
            },
            ArmError::Unfinished(error) => self.explained(*error).unfinished(),
            error => error,
        }
    }

    /// Why the last attempt failed, for the message of a time-out.
    pub(super) fn take_last(&mut self) -> Option<ArmError> {
        self.last.take()
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
    fn what_is_wrong_for_good_is_not_retried_because_of_the_envelope_it_comes_in() {
        let body = r#"{"error":{"code":"RetryableError","message":"A retryable error occurred.","details":[
            {"code":"ReferencedResourceNotProvisioned","message":"Resource is in Failed state"}]}}"#;
        let error = ServiceError::of_answer(&operation(), 429, body.as_bytes(), None, None);
        assert_eq!(classify(&ArmError::Service(Box::new(error))), Class::Final);
    }

    #[test]
    fn those_refused_together_do_not_come_back_together() {
        let tuning = RetryTuning::default();
        for asked in [None, Some(Duration::from_secs(3))] {
            let delays: std::collections::BTreeSet<Duration> = (0..32).map(|_| tuning.delay(4, asked)).collect();
            assert!(delays.len() > 8, "{asked:?}: {delays:?}");
        }
    }

    #[test]
    fn an_operation_is_not_asked_after_without_end() {
        let tuning = RetryTuning::default();
        let looks: Duration = (0..12).map(|look| tuning.poll_delay(look, Some(Duration::ZERO))).sum();
        assert!(looks > Duration::from_secs(10), "{looks:?}");
        assert_eq!(
            tuning.poll_delay(0, Some(Duration::from_secs(3))),
            Duration::from_secs(3)
        );
        assert_eq!(tuning.poll_delay(0, None), tuning.poll_interval);
    }

    #[test]
    fn a_wait_is_asked_for_in_several_ways() {
        let now = parse_rfc7231("Fri, 20 Nov 2026 10:00:00 GMT").unwrap();
        let asked = |headers: &[(&'static str, &'static str)]| {
            let mut all = Headers::new();
            for (name, value) in headers {
                all.insert(*name, *value);
            }
            asked_wait(&all, now)
        };
        let milliseconds = |number| Some(Duration::from_millis(number));
        for (headers, wait) in [
            (&[("retry-after", "7")][..], milliseconds(7_000)),
            (
                &[("retry-after", "Fri, 20 Nov 2026 10:01:30 GMT")][..],
                milliseconds(90_000),
            ),
            (&[("retry-after", "Fri, 20 Nov 2026 09:00:00 GMT")][..], milliseconds(0)),
            (&[("retry-after", "soon")][..], None),
            (&[("retry-after-ms", "250")][..], milliseconds(250)),
            (
                &[("retry-after", "7"), ("x-ms-retry-after-ms", "1250")][..],
                milliseconds(1_250),
            ),
            (
                &[("retry-after", "7"), ("retry-after-ms", "soon")][..],
                milliseconds(7_000),
            ),
            (&[][..], None),
        ] {
            assert_eq!(asked(headers), wait, "{headers:?}");
        }
    }

    #[test]
    fn azures_wish_is_a_lower_bound_and_has_a_limit() {
        let tuning = RetryTuning {
            longest_retry_after: Duration::from_secs(60),
            ..RetryTuning::default()
        };
        for (asked, least) in [(10, 10), (86_400, 60)] {
            let delay = tuning.delay(1, Some(Duration::from_secs(asked)));
            let least = Duration::from_secs(least);
            assert!(
                delay >= least && delay <= least + tuning.first_delay / 2,
                "{asked} s: {delay:?}"
            );
        }
        for attempt in 1..64 {
            let delay = tuning.delay(attempt, None);
            assert!(
                delay >= tuning.first_delay / 2 && delay <= tuning.longest_delay,
                "{attempt}: {delay:?}"
            );
        }
    }
}
