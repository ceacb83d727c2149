//! How many requests a subscription may send: what is left is told with every answer, and what is too much is refused.

use std::time::{Duration, Instant};

use super::refusal::Refusal;

/// How many requests of each sort a window of time has room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// GET and HEAD.
    pub reads: u32,
    /// PUT, PATCH and POST.
    pub writes: u32,
    /// DELETE.
    pub deletes: u32,
    /// How long a window lasts; with its end everything is free again.
    pub window: Duration,
}

impl Default for Quota {
    /// The numbers of azure-resource-manager/management/request-limits-and-throttling, per hour.
    fn default() -> Self {
        Self {
            reads: 12_000,
            writes: 1_200,
            deletes: 15_000,
            window: Duration::from_secs(3_600),
        }
    }
}

/// What of a quota is used.
#[derive(Debug)]
pub(super) struct Used {
    since: Instant,
    reads: u32,
    writes: u32,
    deletes: u32,
}

impl Used {
    pub(super) fn nothing() -> Self {
        Self {
            since: Instant::now(),
            reads: 0,
            writes: 0,
            deletes: 0,
        }
    }

    /// Counts a request, if there is a quota. Gives the header that tells what is left, and what is left; or the refusal.
    pub(super) fn count(
        &mut self,
        quota: Option<&Quota>,
        method: &str,
        subscription: &str,
    ) -> (&'static str, Result<u32, Refusal>) {
        let Some(quota) = quota else {
            return Self::nothing().count(Some(&Quota::default()), method, subscription);
        };
        if self.since.elapsed() >= quota.window {
            *self = Self::nothing();
        }
        let (header, what, used, limit) = match method {
            "GET" | "HEAD" => (
                "x-ms-ratelimit-remaining-subscription-reads",
                "read",
                &mut self.reads,
                quota.reads,
            ),
            "DELETE" => (
                "x-ms-ratelimit-remaining-subscription-deletes",
                "delete",
                &mut self.deletes,
                quota.deletes,
            ),
            _ => (
                "x-ms-ratelimit-remaining-subscription-writes",
                "write",
                &mut self.writes,
                quota.writes,
            ),
        };
        if *used < limit {
            *used += 1;
            return (header, Ok(limit - *used));
        }
        let wait = quota.window.saturating_sub(self.since.elapsed()).as_secs() + 1;
        let mut refusal = Refusal::gateway(
            429,
            "SubscriptionRequestsThrottled",
            format!(
                "Number of '{what}' requests for subscription '{subscription}' exceeded. Please try again after '{wait}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for additional information."
            ),
        );
        refusal.retry_after = Some(wait);
        (header, Err(refusal))
    }
}
