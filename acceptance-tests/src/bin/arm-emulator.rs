//! `arm-emulator [--state-dir DIR] [--port N]`: the emulator for programs in other languages and for people.
//!
//! Prints one line of JSON with everything a client needs, then serves until its standard input closes or it is told to end.

use std::process::ExitCode;
use std::time::Duration;

use acceptance_tests::emulator::{Conflicts, Emulator, Options, Quota};
use serde_json::json;
use tokio::sync::oneshot;

const USAGE: &str = "\
Usage: arm-emulator [OPTION]...

An Azure Resource Manager in memory, on https://localhost. Prints one line of JSON (endpoint, ca_bundle, tenant_id,
subscription_id, client_id, client_secret) and serves until its standard input closes, Ctrl-C or SIGTERM.

  --state-dir DIR           keep the resources there from one run to the next, and the certificate authority (default: nothing is kept)
  --port N                  listen on this port (default: a free one)
  --operation-ms N          how long the operation of a write takes (default: 20)
  --retry-after SECONDS     the Retry-After of writes and polls (default: 1)
  --deny-subnets-without-nsg
  --deny-subnets-without-route-table
                            refuse such subnets, as the policies of many landing zones do
  --busy-as-429             say 429 RetryableError where something is busy, not 409 AnotherOperationInProgress
  --ignore-if-match-on-subnets
  --ignore-if-match-on-collection-groups
                            write whatever the etag is; nobody knows what Azure does
  --hide-after-create N     the first N reads of everything new answer 404
  --versions-alike          every api-version knows every property
  --api-versions LIST       have only these api-versions of Microsoft.Network, such as 2018-11-01,2020-11-01
  --writes-per-minute N     refuse what is more, with 429 and Retry-After";

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program")]
fn main() -> ExitCode {
    let options = match options(std::env::args().skip(1)) {
        Ok(Some(options)) => options,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{problem}");
            ExitCode::FAILURE
        }
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the line that says where to connect is the program's result"
)]
fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // Whoever reads the line may end the program at once: listen to signals before it is printed.
        let told_to_end = told_to_end()?;
        let input_closed = input_closed();
        let emulator = Emulator::try_start(options)?;
        let connection = json!({
            "endpoint": emulator.endpoint(),
            "ca_bundle": emulator.ca_bundle(),
            "tenant_id": emulator.tenant_id(),
            "subscription_id": emulator.subscription_id(),
            "client_id": emulator.client_id(),
            "client_secret": emulator.client_secret(),
        });
        println!("{connection}");
        tokio::select! {
            _ = input_closed => {}
            () = told_to_end => {}
        }
        Ok(())
    })
}

/// The options of the command line; `None` if it asks for help.
fn options(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, String> {
    let mut options = Options {
        retry_after: Some(1),
        ..Options::default()
    };
    while let Some(argument) = arguments.next() {
        let (name, inline) = match argument.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (argument, None),
        };
        let mut value = || {
            inline
                .clone()
                .or_else(|| arguments.next())
                .ok_or_else(|| format!("`{name}` needs a value."))
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(None),
            "--state-dir" => options.state_directory = Some(value()?.into()),
            "--port" => options.port = number(&name, &value()?)?,
            "--operation-ms" => options.operation_duration = Duration::from_millis(number(&name, &value()?)?),
            "--retry-after" => options.retry_after = Some(number(&name, &value()?)?),
            "--deny-subnets-without-nsg" => options.deny_subnets_without_nsg = true,
            "--deny-subnets-without-route-table" => options.deny_subnets_without_route_table = true,
            "--busy-as-429" => options.conflicts = Conflicts::RetryableError,
            "--ignore-if-match-on-subnets" => options.subnets_honour_if_match = false,
            "--ignore-if-match-on-collection-groups" => options.collection_groups_honour_if_match = false,
            "--hide-after-create" => options.hide_after_create = number(&name, &value()?)?,
            "--versions-alike" => options.versions_differ = false,
            "--api-versions" => options.api_versions = Some(value()?.split(',').map(str::to_owned).collect()),
            "--writes-per-minute" => {
                options.quota = Some(Quota {
                    writes: number(&name, &value()?)?,
                    window: Duration::from_secs(60),
                    ..Quota::default()
                });
            }
            unknown => return Err(format!("Unknown argument `{unknown}`.")),
        }
    }
    Ok(Some(options))
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("`{name}` needs a number, not `{text}`."))
}

/// Reads standard input to its end, on a thread that nobody waits for: a blocking read cannot be told to stop.
fn input_closed() -> oneshot::Receiver<()> {
    let (closed, input_closed) = oneshot::channel();
    std::thread::spawn(move || {
        _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        _ = closed.send(());
    });
    input_closed
}

/// Ends with the first signal that asks the program to end.
#[cfg(unix)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with the first signal that asks the program to end.
#[cfg(windows)]
fn told_to_end() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
    })
}
