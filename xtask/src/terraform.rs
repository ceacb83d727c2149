//! `cargo xtask terraform`: any Terraform command with the freshly built provider.
//!
//! Standard output carries Terraform's own output and nothing else, so it can be piped. The working directory is the
//! caller's. A working directory that was never initialised is initialised first (on standard error), and a rebuilt
//! provider is accepted although its checksum moved.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};

use acceptance_tests::terraform::Terraform;

use crate::failure::{Failure, Result};
use crate::progress::{self, Progress};
use crate::{azure, emulator, interrupts, mirror, programs};

/// Commands that start the provider, and so need an initialised working directory.
const NEED_PROVIDER: [&str; 12] = [
    "apply",
    "console",
    "destroy",
    "graph",
    "import",
    "plan",
    "providers",
    "query",
    "refresh",
    "show",
    "test",
    "validate",
];

/// Runs `[--emulator] [--] ARGS…`.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let with_emulator = arguments.first().is_some_and(|first| first == "--emulator");
    let arguments = arguments.get(usize::from(with_emulator)..).unwrap_or_default();
    let arguments = arguments.strip_prefix(&["--".to_owned()]).unwrap_or(arguments);

    let _held = interrupts::hold()?;
    let mut progress = Progress::passing(if with_emulator { 3 } else { 2 });
    let built = progress.step("building the provider", programs::build)?;
    let terraform = progress.step("finding Terraform", programs::find_terraform)?;
    let configuration = mirror::make(&built)?;
    let running = if with_emulator {
        Some(progress.step("starting the emulator", |_| {
            emulator::start_with_landing_zone(&emulator::state_directory()?)
        })?)
    } else {
        None
    };

    let command = || {
        let mut command = command(&terraform, &configuration);
        if let Some(emulator) = &running {
            emulator.configure(&mut command);
            command.env(
                "TF_VAR_virtual_network_id",
                azure::virtual_network_id(&emulator.connection.subscription_id),
            );
        }
        command
    };
    let directory = working_directory(arguments);
    mirror::forget_checksum(&directory)?;
    if needs_init(arguments, &directory) {
        let code = initialise(command(), &directory)?;
        if code != ExitCode::SUCCESS {
            return Ok(code);
        }
    }
    let status = command()
        .args(arguments)
        .status()
        .map_err(Failure::while_doing("Terraform did not start"))?;
    Ok(exit_code(status))
}

/// A Terraform command that finds the provider in the mirror.
pub(crate) fn command(terraform: &Terraform, configuration: &Path) -> Command {
    let mut command = terraform.command();
    command
        .env("TF_CLI_CONFIG_FILE", configuration)
        .env("CHECKPOINT_DISABLE", "1");
    command
}

fn initialise(mut command: Command, directory: &Path) -> Result<ExitCode> {
    progress::say("The working directory is not initialised: running `terraform init` first.");
    let output = command
        .args(["init", "-input=false"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing("Terraform did not start"))?;
    if !output.status.success() {
        progress::say(&String::from_utf8_lossy(&[output.stdout, output.stderr].concat()));
    }
    mirror::forget_checksum(directory)?;
    Ok(exit_code(output.status))
}

fn needs_init(arguments: &[String], directory: &Path) -> bool {
    let subcommand = arguments.iter().find(|argument| !argument.starts_with('-'));
    subcommand.is_some_and(|name| NEED_PROVIDER.contains(&name.as_str()))
        && has_configuration(directory)
        && !mirror::is_installed(directory)
}

fn has_configuration(directory: &Path) -> bool {
    let files = std::fs::read_dir(directory).into_iter().flatten().flatten();
    files
        .into_iter()
        .any(|file| file.path().extension().is_some_and(|extension| extension == "tf"))
}

/// Terraform's own `-chdir=…`, else the current directory.
fn working_directory(arguments: &[String]) -> PathBuf {
    let chosen = arguments.iter().find_map(|argument| argument.strip_prefix("-chdir="));
    PathBuf::from(chosen.unwrap_or("."))
}

/// Terraform's own exit code, so that `-detailed-exitcode` works. A Terraform ended by a signal counts as failed.
fn exit_code(status: ExitStatus) -> ExitCode {
    status
        .code()
        .and_then(|code| u8::try_from(code).ok())
        .map_or(ExitCode::FAILURE, ExitCode::from)
}
