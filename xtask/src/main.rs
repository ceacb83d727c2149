//! `cargo xtask`: one entry point for everything a person or CI does with this repository.
//!
//! | module | command or part |
//! |---|---|
//! | [`demo`], [`rules_table`] | `demo`: the whole story against the emulator |
//! | [`test`], [`skipped`] | `test`: what CI runs, and which tests were skipped |
//! | [`terraform`] | `terraform`: any Terraform command with the freshly built provider |
//! | [`emulator`] | `emulator`: the ARM emulator in the foreground |
//! | [`docs`], [`guides`] | `docs`: the reference pages from the schemas, the guides from their templates |
//! | [`fixtures`] | `fixtures`: the states of this version, for later ones to plan empty |
//! | [`supply`] | licences, sources and advisories of the dependencies, the oldest Rust |
//! | [`dist`] | `dist`: the files of a release |
//! | [`bench`], [`handshake`] | `bench`: the numbers of `SPECIFICATION.md` |
//! | [`programs`], [`mirror`], [`azure`] | building the programs, handing Terraform the provider, talking to the emulator |
//! | [`progress`], [`failure`], [`interrupts`] | steps with their time, errors, Ctrl-C |
//!
//! Needs Rust, and Python 3 with pip where no Terraform is on `PATH`; nothing else. Runs on Unix: the pinned Terraform is a
//! shared library, and interrupting it relies on process groups.

mod azure;
mod bench;
mod demo;
mod dist;
mod docs;
mod emulator;
mod failure;
mod fixtures;
mod guides;
mod handshake;
mod interrupts;
mod mirror;
mod programs;
mod progress;
mod rules_table;
mod skipped;
mod supply;
mod terraform;
mod test;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo                              build the provider, start an ARM emulator, plan, prove and apply a landing zone, repair a drift,
                                    destroy. No Azure account, no other tools.
  demo --report [PATH]              plan the landing zone of the examples, without Azure, and write what was proven of it as one
                                    HTML page: `target/report.html`, or PATH.
  test [--full]                     what CI runs on every change: format, lints, unit and acceptance tests.
                                    --full repeats the acceptance tests under every Terraform version there is (1.6 and OpenTofu: their core), builds the
                                    release twice, checks the dependencies, compiles with the oldest Rust, and checks
                                    the proof against Z3.
  terraform [--emulator] [--] ARGS  any Terraform command with the freshly built provider as `lockeddown/lockeddown`.
                                    --emulator also starts the emulator with a resource group and a virtual network,
                                    and sets the provider's environment and TF_VAR_virtual_network_id.
  emulator [ARGS]                   the ARM emulator alone, until Ctrl-C; ARGS go to `arm-emulator`.
  docs [--check]                    `docs` from the schemas, examples, templates and README; --check only compares.
  fixtures                          writes the states that this version leaves behind below `acceptance-tests/fixtures`:
                                    later versions must plan them empty.
  dist [--platform NAME] [--sign KEY] [--twice]
                                    the files of a release in `target/dist`: static program, zip, manifest, checksums,
                                    bill of materials, and a mirror for sites without internet access.
                                    --twice first builds it in two places and compares.
  bench                             start-up time, memory, plan times and size of the release build.

Terraform or OpenTofu 1.8 or newer is taken from PATH; without one, Terraform 1.15 is installed below `target` with pip.
";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let command = arguments.next().unwrap_or_default();
    let rest: Vec<String> = arguments.collect();
    if rest
        .first()
        .is_some_and(|first| ["--help", "-h"].contains(&first.as_str()))
    {
        return say_usage();
    }
    let outcome = match command.as_str() {
        "demo" => demo::run(&rest),
        "test" => test::run(&rest),
        "terraform" => terraform::run(&rest),
        "emulator" => emulator::run(&rest),
        "bench" => bench::run(&rest),
        "dist" => dist::run(&rest),
        "docs" => docs::run(&rest),
        "fixtures" => fixtures::run(&rest),
        "" | "--help" | "-h" | "help" => return say_usage(),
        unknown => Err(failure::Failure::new(format!(
            "Unknown command\n`{unknown}` is not a command.\n\n{USAGE}"
        ))),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            progress::say(&format!("\nError: {failure}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "the help is what was asked for")]
fn say_usage() -> ExitCode {
    print!("{USAGE}");
    ExitCode::SUCCESS
}
