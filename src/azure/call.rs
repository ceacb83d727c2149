//! How long a piece of work may take, and who may stop it.

use std::{
    future::Future,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio_util::sync::CancellationToken;

/// A piece of work, such as one create: one budget of time for all its requests, and one token that stops it.
///
/// The clock starts with the first request, and time spent in a queue for a lock does not count: a hundred rules in line for one
/// object would otherwise time out without having done anything.
#[derive(Debug)]
pub struct Call {
    timeout: Duration,
    cancel: CancellationToken,
    started: OnceLock<Instant>,
    queued_milliseconds: AtomicU64,
}

/// Why waiting ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interruption {
    /// Somebody stopped the work.
    Cancelled,
    /// The time is over.
    TimedOut,
}

impl Call {
    /// Work that may take `timeout` and that `cancel` stops.
    pub fn new(timeout: Duration, cancel: CancellationToken) -> Call {
        Call {
            timeout,
            cancel,
            started: OnceLock::new(),
            queued_milliseconds: AtomicU64::new(0),
        }
    }

    /// How long the work may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Runs `future` within the time that is left.
    pub(super) async fn run<F: Future>(&self, future: F) -> Result<F::Output, Interruption> {
        let remaining = self.remaining();
        tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interruption::Cancelled),
            output = tokio::time::timeout(remaining, future) => output.map_err(|_| Interruption::TimedOut),
        }
    }

    /// Waits, but not beyond the time that is left.
    pub(super) async fn pause(&self, duration: Duration) -> Result<(), Interruption> {
        self.run(tokio::time::sleep(duration)).await
    }

    /// Waits in a queue: only the token ends it, and the time does not count.
    pub(super) async fn queue<F: Future>(&self, future: F) -> Result<F::Output, Interruption> {
        let since = Instant::now();
        let result = tokio::select! {
            biased;
            () = self.cancel.cancelled() => Err(Interruption::Cancelled),
            output = future => Ok(output),
        };
        if self.started.get().is_some() {
            let waited = u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.queued_milliseconds.fetch_add(waited, Ordering::Relaxed);
        }
        result
    }

    fn remaining(&self) -> Duration {
        let started = self.started.get_or_init(Instant::now);
        let queued = Duration::from_millis(self.queued_milliseconds.load(Ordering::Relaxed));
        self.timeout.saturating_add(queued).saturating_sub(started.elapsed())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_ends_with_the_token_or_with_the_time() {
        let cancel = CancellationToken::new();
        let call = Call::new(Duration::from_secs(3600), cancel.clone());
        cancel.cancel();
        assert_eq!(call.pause(Duration::from_secs(60)).await, Err(Interruption::Cancelled));

        let call = Call::new(Duration::from_millis(1), CancellationToken::new());
        assert_eq!(call.pause(Duration::from_secs(60)).await, Err(Interruption::TimedOut));
    }

    #[tokio::test]
    async fn time_in_a_queue_does_not_count() {
        let call = Call::new(Duration::from_secs(2), CancellationToken::new());
        call.pause(Duration::from_millis(1)).await.unwrap();
        call.queue(tokio::time::sleep(Duration::from_millis(2100)))
            .await
            .unwrap();
        assert_eq!(call.pause(Duration::from_millis(1)).await, Ok(()));
    }

    #[tokio::test]
    async fn a_stopped_work_leaves_the_queue() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let call = Call::new(Duration::from_secs(1), cancel);
        assert_eq!(
            call.queue(std::future::pending::<()>()).await,
            Err(Interruption::Cancelled)
        );
    }
}
