//! What the program is made of: licences, sources and known vulnerabilities of its dependencies, and the oldest Rust it promises.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use acceptance_tests::terraform::binaries::{cargo, repository, target_directory};

use crate::failure::{Failure, Result};
use crate::programs::quietly;
use crate::progress::{Status, say};

const DENY: &str = "0.20.2";
/// As in `Cargo.toml`, which says it to cargo; a `rustup` toolchain has this name.
const OLDEST_RUST: &str = env!("CARGO_PKG_RUST_VERSION");

/// Runs `cargo deny` over what `deny.toml` says. The advisories need a database from the internet; without it the rest still counts.
pub(crate) fn check(status: &Status) -> Result<()> {
    let deny = installed(status)?;
    status.show("licences, bans, sources");
    let mut command = cargo_deny(&deny);
    command.args(["licenses", "bans", "sources"]);
    quietly(command, status)?;
    status.show("advisories");
    let mut command = cargo_deny(&deny);
    let output = command
        .arg("advisories")
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing("`cargo deny` did not start"))?;
    let printed = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        Ok(())
    } else if printed.contains("failed to fetch advisory database") {
        say("skipped: advisories, since their database cannot be reached from here");
        Ok(())
    } else {
        Err(Failure::new(format!(
            "A dependency has an advisory\n{}",
            printed.trim()
        )))
    }
}

/// Checks that everything compiles with the oldest Rust that `Cargo.toml` promises.
pub(crate) fn oldest_rust(status: &Status) -> Result<()> {
    let toolchain = Command::new("rustup")
        .args(["toolchain", "install", OLDEST_RUST, "--profile", "minimal"])
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing("`rustup` did not start"))?;
    if !toolchain.status.success() {
        return Err(Failure::new(format!(
            "Rust {OLDEST_RUST} cannot be installed\n{}",
            String::from_utf8_lossy(&toolchain.stderr).trim()
        )));
    }
    let mut command = Command::new("rustup");
    command
        .current_dir(repository())
        .args([
            "run",
            OLDEST_RUST,
            "cargo",
            "check",
            "--workspace",
            "--all-targets",
            "--target-dir",
        ])
        .arg(target_directory()?.join("oldest-rust"))
        // The cargo that runs this program would hand its own compiler down.
        .env_remove("CARGO")
        .env_remove("RUSTUP_TOOLCHAIN");
    quietly(command, status)
}

fn cargo_deny(program: &PathBuf) -> Command {
    let mut command = Command::new(program);
    command.current_dir(repository()).arg("check");
    command
}

fn installed(status: &Status) -> Result<PathBuf> {
    let root = target_directory()?.join("tools");
    let program = root.join("bin").join("cargo-deny");
    if !program.is_file() {
        let mut command = cargo();
        command
            .args(["install", "cargo-deny", "--version", DENY, "--locked", "--root"])
            .arg(&root);
        quietly(command, status)?;
    }
    Ok(program)
}
