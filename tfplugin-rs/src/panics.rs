//! What the user sees of a defect in the provider.
//!
//! A panic ends one call, not the process: [`catch`] turns it into an error for the call to report. Beside that, the process says
//! on standard error what happened, in the form in which Terraform recognises a crash and repeats it to the user.

use std::{
    any::Any,
    backtrace::Backtrace,
    io::Write,
    panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind},
    pin::pin,
    task::Poll,
};

/// Terraform shows some hundred lines of a crash.
const BACKTRACE_LINES: usize = 80;

/// The message of a panic that was caught.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PanicMessage(pub String);

/// Runs `future`; a panic in it becomes an error. What it left half done is lost with it, so it should own what it changes, or
/// share it through locks and channels that survive a panic.
pub async fn catch<T>(future: impl Future<Output = T>) -> Result<T, PanicMessage> {
    let mut future = pin!(future);
    std::future::poll_fn(|cx| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
        Err(payload) => Poll::Ready(Err(PanicMessage(message(payload.as_ref()).to_owned()))),
    })
    .await
}

/// From now on every panic is reported on standard error as Terraform expects it.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        let report = report(info, &Backtrace::force_capture().to_string());
        // There is nobody left to tell.
        let _unheard = std::io::stderr().lock().write_all(report.as_bytes());
    }));
}

/// `panic: ` at the start of a line begins a crash for Terraform; it goes on for as long as lines are not JSON.
fn report(info: &PanicHookInfo<'_>, backtrace: &str) -> String {
    let mut report = format!("panic: {}\n", message(info.payload()));
    if let Some(location) = info.location() {
        report.push_str(&format!(
            "\nin thread `{}` at {location}\n",
            std::thread::current().name().unwrap_or("?")
        ));
    }
    // A stripped binary knows no names.
    for line in backtrace
        .lines()
        .filter(|line| !line.contains("<unknown>"))
        .take(BACKTRACE_LINES)
    {
        report.push_str(line);
        report.push('\n');
    }
    report
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&'static str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("the provider panicked without a message")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_error_and_a_value_stays_a_value() {
        assert_eq!(catch(async { 7 }).await, Ok(7));
        let number = 8;
        let caught = catch(async {
            tokio::task::yield_now().await;
            if number == 8 {
                panic!("broke at {number}");
            }
        });
        assert_eq!(caught.await, Err(PanicMessage("broke at 8".to_owned())));
    }
}
