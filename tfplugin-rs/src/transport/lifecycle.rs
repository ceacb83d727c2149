//! When the process ends.

use std::{io, time::Duration};

use tokio::{sync::watch, time::timeout};
use tokio_util::sync::CancellationToken;

use super::StartError;

/// A host connects at once, and gives up on a plugin after a minute itself. One that has not come by then died on the way.
const FIRST_HOST: Duration = Duration::from_secs(60);

/// How long the answer to `Shutdown` may take to leave. The host waits for the process, 3 to 5 times per command of Terraform.
const LAST_WORDS: Duration = Duration::from_millis(5);

/// Who runs the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// A host: it starts and ends the process.
    Plugin,
    /// A person, for any number of hosts that attach to it.
    Debug,
}

/// Knows the hosts that are connected and whether one of them asked for the end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lifecycle {
    hosts: watch::Sender<Hosts>,
    shutdown: CancellationToken,
}

#[derive(Debug, Default)]
struct Hosts {
    present: usize,
    ever: bool,
}

/// A host that is connected, until dropped.
#[derive(Debug)]
pub(crate) struct HostPresent(watch::Sender<Hosts>);

impl Drop for HostPresent {
    fn drop(&mut self) {
        self.0
            .send_modify(|hosts| hosts.present = hosts.present.saturating_sub(1));
    }
}

impl Lifecycle {
    /// Counts a host in.
    pub(crate) fn host_arrives(&self) -> HostPresent {
        self.hosts.send_modify(|hosts| {
            hosts.present = hosts.present.saturating_add(1);
            hosts.ever = true;
        });
        HostPresent(self.hosts.clone())
    }

    /// A host asks for the end.
    pub(crate) fn shutdown(&self) {
        self.shutdown.cancel();
    }

    /// Waits for the end. The server is not asked to finish what it does: the host's standing streams would keep it for ever.
    pub(crate) async fn end(&self, mode: Mode, signals: &mut Signals) {
        tokio::select! {
            () = self.told_to_end() => {}
            () = self.hosts_gone(), if mode == Mode::Plugin => {}
            () = signals.end(mode) => {}
        }
    }

    async fn told_to_end(&self) {
        self.shutdown.cancelled().await;
        let _answered = timeout(LAST_WORDS, self.hosts_gone()).await;
    }

    /// A killed host cannot say goodbye: a provider that did not look for itself would live on for ever.
    async fn hosts_gone(&self) {
        let mut hosts = self.hosts.subscribe();
        if timeout(FIRST_HOST, hosts.wait_for(|hosts| hosts.ever)).await.is_ok() {
            let _none = hosts.wait_for(|hosts| hosts.present == 0).await;
        }
    }
}

/// The signals that the process handles. From the moment this exists an interrupt no longer ends it by itself.
///
/// Ctrl-C reaches the host and all its plugins. The host decides what it means, finishes what runs and calls `StopProvider`; a
/// plugin that ended on its own would lose the state of what it was doing.
#[derive(Debug)]
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    /// Takes the signals over. Needs the context of a runtime.
    pub(crate) fn handle() -> Result<Self, StartError> {
        Self::new().map_err(StartError::Signals)
    }

    #[cfg(unix)]
    fn new() -> io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(windows)]
    fn new() -> io::Result<Self> {
        Ok(Self {
            interrupt: tokio::signal::windows::ctrl_c()?,
        })
    }

    /// Waits for a signal that means the end: being told to terminate, and for a person also Ctrl-C.
    #[cfg(unix)]
    async fn end(&mut self, mode: Mode) {
        tokio::select! {
            _ = self.interrupt.recv(), if mode == Mode::Debug => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for a signal that means the end: Ctrl-C, for a person.
    #[cfg(windows)]
    async fn end(&mut self, mode: Mode) {
        match mode {
            Mode::Debug => drop(self.interrupt.recv().await),
            Mode::Plugin => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the provider still waits for hosts after `time`, on a clock that the test turns.
    async fn waits(lifecycle: &Lifecycle, time: Duration) -> bool {
        timeout(time, lifecycle.hosts_gone()).await.is_err()
    }

    #[tokio::test(start_paused = true)]
    async fn a_host_that_never_comes_is_not_waited_for() {
        let lifecycle = Lifecycle::default();
        assert!(waits(&lifecycle, Duration::from_secs(59)).await);
        assert!(!waits(&lifecycle, Duration::from_secs(61)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_of_several_connections_counts() {
        let lifecycle = Lifecycle::default();
        let (first, second) = (lifecycle.host_arrives(), lifecycle.host_arrives());
        drop(first);
        assert!(waits(&lifecycle, Duration::from_secs(3600)).await);
        drop(second);
        assert!(
            !waits(&lifecycle, Duration::ZERO).await,
            "even a host that came and went unseen"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_nobody_fetches_is_not_waited_for() {
        let lifecycle = Lifecycle::default();
        let _host = lifecycle.host_arrives();
        assert!(
            timeout(Duration::from_secs(3600), lifecycle.told_to_end())
                .await
                .is_err(),
            "nobody asked"
        );
        lifecycle.shutdown();
        assert!(timeout(Duration::from_millis(6), lifecycle.told_to_end()).await.is_ok());
    }
}
