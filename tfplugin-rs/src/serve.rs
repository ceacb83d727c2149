//! The whole `main` of a provider.
//!
//! ```no_run
//! use tfplugin_rs::{proto::tfplugin6::provider_server::Provider, serve};
//!
//! struct Nothing;
//!
//! // Every method that is not written answers UNIMPLEMENTED.
//! impl Provider for Nothing {}
//!
//! fn main() -> std::process::ExitCode {
//!     let options = serve::ServeOptions {
//!         address: "registry.terraform.io/example/nothing",
//!         binary: "terraform-provider-nothing",
//!         version: env!("CARGO_PKG_VERSION"),
//!         log_targets: &["terraform_provider_nothing"],
//!     };
//!     serve::run(options, std::env::args(), || Nothing)
//! }
//! ```

use std::{
    error::Error,
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
};

use tokio::runtime::Builder;
use tokio_rustls::TlsAcceptor;

use crate::{
    logging, panics,
    proto::tfplugin6::provider_server::Provider,
    transport::{
        self, StartError,
        handshake::{self, Host, Place},
        lifecycle::{Lifecycle, Mode, Signals},
        listener::{Endpoint, Listener},
        tls,
    },
};

/// What the library has to know of a provider.
#[derive(Clone, Copy, Debug)]
pub struct ServeOptions {
    /// The address in full, as `registry.terraform.io/lockeddown/lockeddown`.
    pub address: &'static str,
    /// The name of the program, as `terraform-provider-lockeddown`.
    pub binary: &'static str,
    /// The version, without a `v`.
    pub version: &'static str,
    /// The crates whose [`tracing`] events are logged below a warning; others are not, see [`logging`].
    pub log_targets: &'static [&'static str],
}

/// Runs a provider until its host is done with it. `args` are those of the process, its name first.
///
/// Started by a plugin host, it shakes hands, calls `make` and serves. Every problem before that is one line on standard output,
/// which the host repeats to the user. Started by a person, it explains itself; `--debug` serves any number of hosts without TLS
/// until it is interrupted, and `--version` and `--help` do the usual.
pub fn run<P: Provider>(
    options: ServeOptions,
    mut args: impl Iterator<Item = String>,
    make: impl FnOnce() -> P,
) -> ExitCode {
    match args.nth(1).as_deref() {
        // One dash as well: that is how programs in Go, and so the tools made for providers, spell flags.
        Some("--version" | "-version") => say(io::stdout(), format_args!("{} v{}", options.binary, options.version)),
        Some("--help" | "-help" | "-h") => say(io::stdout(), help(&options)),
        Some("--debug" | "-debug") => match debug(&options, make) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(io::stderr(), format_args!("{} cannot start: {error}", options.binary)),
        },
        Some(other) => fail(
            io::stderr(),
            format_args!("`{other}` is no option of {}.\n\n{}", options.binary, help(&options)),
        ),
        None if handshake::started_by_host() => match plugin(&options, make) {
            Ok(()) => ExitCode::SUCCESS,
            // The host shows the first line of standard output where it expected a handshake, and nothing of standard error.
            Err(error) => fail(io::stdout(), format_args!("{} cannot start: {error}", options.binary)),
        },
        None => fail(io::stderr(), help(&options)),
    }
}

fn help(options: &ServeOptions) -> String {
    let ServeOptions {
        address,
        binary,
        version,
        ..
    } = options;
    let source = address.strip_prefix("registry.terraform.io/").unwrap_or(address);
    format!(
        "{binary} v{version} is a provider for Terraform, which starts it by itself. \
         To use it, name it in a configuration and run `terraform init`:\n\n    \
         terraform {{\n      required_providers {{\n        {name} = {{\n          source = \"{source}\"\n        }}\n      }}\n    }}\n\n\
         Options:\n  \
         --debug    serve until interrupted; prints the variable by which Terraform attaches to it\n  \
         --version  print the version\n  \
         --help     print this",
        name = name(address),
    )
}

/// The last part of the address.
fn name(address: &str) -> &str {
    address.rsplit('/').next().unwrap_or(address)
}

fn say(mut out: impl Write, text: impl Display) -> ExitCode {
    match writeln!(out, "{text}").and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

fn fail(out: impl Write, text: impl Display) -> ExitCode {
    say(out, text);
    ExitCode::FAILURE
}

/// Serves the host that started the process.
fn plugin<P: Provider>(options: &ServeOptions, make: impl FnOnce() -> P) -> Result<(), StartError> {
    let host = Host::from_environment()?;
    let (tls, certificate) = host.client_certificate.clone().map(tls::mutual).transpose()?.unzip();
    start(options, Mode::Plugin, &host.place, tls, make, |endpoint| {
        say_line(&handshake::line(endpoint, certificate.as_ref(), &host))
    })
}

/// Serves any host that attaches.
fn debug<P: Provider>(options: &ServeOptions, make: impl FnOnce() -> P) -> Result<(), StartError> {
    start(options, Mode::Debug, &Place::anywhere(), None, make, |endpoint| {
        say(
            io::stderr(),
            format_args!(
                "{} serves until interrupted (Ctrl-C). Set this for Terraform:",
                options.binary
            ),
        );
        say_line(&handshake::reattach(options.address, endpoint))
    })
}

fn start<P: Provider>(
    options: &ServeOptions,
    mode: Mode,
    place: &Place,
    tls: Option<TlsAcceptor>,
    make: impl FnOnce() -> P,
    announce: impl FnOnce(&Endpoint) -> Result<(), StartError>,
) -> Result<(), StartError> {
    panics::install();
    logging::init(logging::level(name(options.address)), options.log_targets);

    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(StartError::Runtime)?;
    let in_runtime = runtime.enter();
    let mut signals = Signals::handle()?;
    let (listener, endpoint) = Listener::bind(place)?;
    announce(&endpoint)?;
    // The host makes its connection meanwhile.
    let provider = make();
    drop(in_runtime);

    let lifecycle = Lifecycle::default();
    runtime.block_on(async {
        tokio::select! {
            served = transport::serve(provider, listener, tls, lifecycle.clone()) => {
                if let Err(error) = served {
                    tracing::error!(error = &error as &dyn Error, "the server failed");
                }
            }
            () = lifecycle.end(mode, &mut signals) => {}
        }
    });
    // Tasks still run and must not be waited for; the socket's file goes with the endpoint.
    drop(endpoint);
    runtime.shutdown_background();
    Ok(())
}

fn say_line(line: &str) -> Result<(), StartError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")
        .and_then(|()| out.flush())
        .map_err(StartError::Announce)
}
