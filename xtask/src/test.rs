//! `cargo xtask test`: what CI runs.

use std::process::{Command, ExitCode};

use acceptance_tests::terraform::Terraform;
use acceptance_tests::terraform::binaries::{self, BINARIES_VARIABLE, cargo};
use acceptance_tests::terraform::install::{LINE_VARIABLE, PINNED, SUPPORTED};

use crate::failure::{Failure, Result};
use crate::programs::quietly;
use crate::progress::{Progress, Status};

/// Runs the checks; the test programs' own output ends the run.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let full = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        [] => false,
        ["--full"] => true,
        [unknown, ..] => {
            return Err(Failure::new(format!(
                "Unknown argument\n`test` takes `--full` only; `{unknown}` was given."
            )));
        }
    };
    let all = PINNED.map(|(line, _, _)| line);
    let lines: &[&str] = if full { &all } else { &SUPPORTED };

    let mut progress = Progress::new(if full { 6 + lines.len() } else { 6 });
    progress.step("checking the format", |status| {
        check(&["fmt", "--all", "--check"], status)
    })?;
    progress.step("looking for lints", |status| {
        check(
            &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
            status,
        )
    })?;
    // Everything at once: the test run after it then compiles nothing but documentation tests.
    progress.step("building programs and tests", |status| {
        check(&["build", "--workspace", "--all-targets"], status)
    })?;
    binaries::assume_built();
    progress.step("comparing the documentation with the schemas", |_| {
        crate::docs::run(&["--check".to_owned()]).map(drop)
    })?;
    progress.step("installing Terraform", |status| {
        lines.iter().try_for_each(|line| {
            status.show(*line);
            Terraform::install(line).map(drop)
        })?;
        status.show(lines.join(", "));
        Ok(())
    })?;
    if full {
        for line in lines {
            progress.announce(&format!("acceptance tests under Terraform {line}"));
            tests(&["test", "--package", "acceptance-tests"], Some(line))?;
        }
    }
    // Last, so that the output closes with the test programs' own words.
    progress.announce("testing");
    tests(&["test", "--workspace"], None)?;
    Ok(ExitCode::SUCCESS)
}

fn check(arguments: &[&str], status: &Status) -> Result<()> {
    let mut command = cargo();
    command.args(arguments);
    quietly(command, status)
}

/// Runs tests with their output in view.
fn tests(arguments: &[&str], terraform: Option<&str>) -> Result<()> {
    let mut command: Command = cargo();
    command
        .args(arguments)
        .env(BINARIES_VARIABLE, binaries::profile_directory()?);
    if let Some(line) = terraform {
        command.env(LINE_VARIABLE, line);
    }
    let status = command
        .status()
        .map_err(Failure::while_doing("`cargo` did not start"))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(format!("`cargo {}` failed", arguments.join(" "))))
    }
}
