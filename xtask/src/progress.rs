//! Steps and their time, on standard error.
//!
//! In a terminal the running step's line is redrawn with a clock; elsewhere (a CI log) a line appears when the step ends,
//! and every fifteen seconds before that, so a long build never looks dead.

use std::io::{IsTerminal, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::failure::Result;

const REDRAW: Duration = Duration::from_millis(200);
const REPEAT: Duration = Duration::from_secs(15);

/// Writes a line to standard error.
#[expect(clippy::print_stderr, reason = "standard output is kept for results")]
pub(crate) fn say(line: &str) {
    eprintln!("{line}");
}

/// A numbered list of steps.
pub(crate) struct Progress {
    total: usize,
    done: usize,
    passing: bool,
}

/// What a running step can tell while it runs; shown behind the clock.
#[derive(Clone, Default)]
pub(crate) struct Status(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    detail: String,
    ended: bool,
}

impl Status {
    /// Shows what is going on, such as the crate being compiled. The last value stays behind the finished step's time.
    pub(crate) fn show(&self, detail: impl Into<String>) {
        self.change(|state| state.detail = detail.into());
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let (state, changed) = &*self.0;
        change(&mut state.lock().unwrap_or_else(PoisonError::into_inner));
        changed.notify_all();
    }
}

impl Progress {
    /// So many steps, whose lines stay.
    pub(crate) fn new(total: usize) -> Self {
        Self {
            total,
            done: 0,
            passing: false,
        }
    }

    /// So many steps that only prepare something: in a terminal their lines vanish, in a log only slow ones appear.
    pub(crate) fn passing(total: usize) -> Self {
        Self {
            total,
            done: 0,
            passing: true,
        }
    }

    /// Begins a step that shows its own progress.
    pub(crate) fn announce(&mut self, title: &str) {
        self.done += 1;
        say(&format!("[{}/{}] {title}", self.done, self.total));
    }

    /// Does one step and shows how long it takes.
    pub(crate) fn step<T>(&mut self, title: &str, work: impl FnOnce(&Status) -> Result<T>) -> Result<T> {
        self.done += 1;
        let line = Line {
            head: format!("[{}/{}] {title} …", self.done, self.total),
            passing: self.passing,
        };
        let started = Instant::now();
        let status = Status::default();

        std::thread::scope(|scope| {
            let clock = scope.spawn(|| line.tick(&status, started));
            // Inside the step nothing may panic, or the clock would never stop; the guard stops it even so.
            let stop = StopClock(&status);
            let outcome = work(&status);
            drop(stop);
            _ = clock.join();
            line.end(&status, started, outcome.is_ok());
            outcome
        })
    }
}

struct StopClock<'a>(&'a Status);

impl Drop for StopClock<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.ended = true);
    }
}

struct Line {
    head: String,
    passing: bool,
}

impl Line {
    fn tick(&self, status: &Status, started: Instant) {
        let interval = if terminal() { REDRAW } else { REPEAT };
        let (state, changed) = &*status.0;
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = Instant::now();
        while !state.ended {
            let wait = interval.saturating_sub(last.elapsed());
            state = changed
                .wait_timeout(state, wait)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if last.elapsed() >= interval && !state.ended {
                last = Instant::now();
                let line = format!("{} {} {}", self.head, seconds(started), state.detail);
                if terminal() {
                    redraw(&line)
                } else {
                    say(line.trim_end())
                }
            }
        }
    }

    fn end(&self, status: &Status, started: Instant, succeeded: bool) {
        if terminal() {
            redraw("");
        }
        if self.passing && (terminal() || started.elapsed() < REPEAT) {
            return;
        }
        let detail = if succeeded {
            status.0.0.lock().unwrap_or_else(PoisonError::into_inner).detail.clone()
        } else {
            "failed".to_owned()
        };
        say(format!("{} {} {detail}", self.head, seconds(started)).trim_end());
    }
}

/// Whole seconds; short steps in tenths.
fn seconds(since: Instant) -> String {
    let elapsed = since.elapsed();
    if elapsed < Duration::from_secs(10) {
        format!("{:.1}s", elapsed.as_secs_f32())
    } else {
        format!("{}s", elapsed.as_secs())
    }
}

fn terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Replaces the line under the cursor; cut to a width that any terminal has, since a wrapped line cannot be redrawn.
fn redraw(line: &str) {
    let line: String = line.chars().take(79).collect();
    let mut stderr = std::io::stderr();
    _ = write!(stderr, "\r\u{1b}[K{line}").and_then(|()| stderr.flush());
}
