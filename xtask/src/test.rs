//! `cargo xtask test`: what CI runs.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitCode};

use acceptance_tests::python_client;
use acceptance_tests::terraform::Terraform;
use acceptance_tests::terraform::binaries::{self, BINARIES_VARIABLE, cargo};
use acceptance_tests::terraform::install::{ACCEPTANCE, LINE_VARIABLE, NEWEST, OPENTOFU, PINNED, has_functions};

use crate::failure::{Failure, Result};
use crate::programs::quietly;
use crate::progress::{Progress, Status, say};
use crate::skipped::Report;

/// Tests that take minutes look for it, and do all of their work then.
const FULL_VARIABLE: &str = "LOCKEDDOWN_FULL";

/// The test programs that are the acceptance suite's core: managed resources through their whole lives. Every Terraform runs them.
const CORE: [&str; 2] = ["cyclecloud", "resources"];

/// Besides the core, where there are provider functions: what they and data sources say.
const WITH_FUNCTIONS: [&str; 2] = ["functions", "data_sources"];

/// Besides those, on the lines that the acceptance set is about: every option of every resource, there and back. The rest of the set goes
/// through its lines by itself.
const OPTIONS: [&str; 3] = ["--test", "acceptance", "options::"];

/// Runs the checks; the test programs' own output and the tests that were skipped end the run.
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
    let lines: Vec<&str> = if full {
        let tofu = Terraform::install(OPENTOFU).is_ok().then_some(OPENTOFU);
        PINNED.map(|(line, _, _)| line).into_iter().chain(tofu).collect()
    } else {
        ACCEPTANCE.to_vec()
    };

    let mut progress = Progress::new(if full { 12 + lines.len() } else { 9 });
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
    // What a newcomer runs first.
    progress.step("playing the demo", |status| check(&["xtask", "demo"], status))?;
    progress.step("writing the demo's report", |status| {
        let report = binaries::target_directory()?.join("tmp").join("report.html");
        check(&["xtask", "demo", "--report", &report.to_string_lossy()], status)
    })?;
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
    progress.step("installing Microsoft's Python client", |_| {
        python_client::install()
            .map(drop)
            .map_err(|error| Failure::new(error.to_string()))
    })?;
    if full {
        for line in &lines {
            // The newest has its turn with everything else, at the end.
            if *line == NEWEST {
                continue;
            }
            let mut programs = CORE.to_vec();
            if has_functions(line) {
                programs.extend(WITH_FUNCTIONS);
            }
            progress.announce(&format!("under Terraform {line}: {}", programs.join(", ")));
            let programs: Vec<&str> = programs.iter().flat_map(|program| ["--test", program]).collect();
            let acceptance = ["test", "--package", "acceptance-tests"];
            tests(&[&acceptance, &*programs].concat(), Some(line), full)?;
            if ACCEPTANCE.contains(line) {
                tests(&[&acceptance, &OPTIONS[..]].concat(), Some(line), full)?;
            }
        }
        if !lines.contains(&OPENTOFU) {
            say("OpenTofu was not tried: there is no `tofu` on PATH.");
        }
        progress.announce("building the release twice");
        crate::dist::reproduce()?;
        progress.step("checking the dependencies", crate::supply::check)?;
        progress.step("compiling with the oldest Rust", crate::supply::oldest_rust)?;
    }
    // Last, so that the output closes with the test programs' own words.
    progress.announce("testing");
    tests(&["test", "--workspace"], None, full)?.check()?;
    Ok(ExitCode::SUCCESS)
}

fn check(arguments: &[&str], status: &Status) -> Result<()> {
    let mut command = cargo();
    command.args(arguments);
    quietly(command, status)
}

/// Runs tests with their output in view, and says at its end which of them were skipped.
fn tests(arguments: &[&str], terraform: Option<&str>, full: bool) -> Result<Report> {
    let (output, input) = std::io::pipe().map_err(Failure::while_doing("No pipe"))?;
    // One pipe for both streams keeps their order: `cargo` names a program on standard error, and the program writes on
    // standard output.
    let second = input.try_clone().map_err(Failure::while_doing("No pipe"))?;
    let mut command: Command = cargo();
    command
        .args(arguments)
        .args(["--", "--show-output"])
        .env(BINARIES_VARIABLE, binaries::profile_directory()?)
        .stdout(second)
        .stderr(input);
    if let Some(line) = terraform {
        command.env(LINE_VARIABLE, line);
    }
    if full {
        command.env(FULL_VARIABLE, "1");
    }
    let spawned = command.spawn();
    // The command holds the pipe's writing ends; while they live, reading never ends.
    drop(command);
    let mut child = spawned.map_err(Failure::while_doing("`cargo` did not start"))?;

    let mut report = Report::default();
    let mut stdout = std::io::stdout();
    // Not `lines()`: a test program may write what is not UTF-8.
    for line in BufReader::new(output).split(b'\n').map_while(std::result::Result::ok) {
        let line = String::from_utf8_lossy(&line);
        if report.read(line.trim_end()) {
            // Whoever reads this may have gone; the result still counts.
            _ = writeln!(stdout, "{line}");
        }
    }
    let status = child.wait().map_err(Failure::while_doing("`cargo` was lost"))?;
    let skipped = report.text();
    if !skipped.is_empty() {
        say(&format!("skipped tests, and what they lack:\n{skipped}"));
    }
    if status.success() {
        Ok(report)
    } else {
        Err(Failure::new(format!("`cargo {}` failed", arguments.join(" "))))
    }
}
