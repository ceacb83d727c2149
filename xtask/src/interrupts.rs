//! Ctrl-C belongs to Terraform.
//!
//! The terminal sends SIGINT to the whole foreground group. Terraform answers by stopping in good order: it lets running
//! operations finish and saves the state. This process must outlive that, and the emulator (in a group of its own) too.

use std::process::Command;

use crate::failure::{Failure, Result};

/// Keeps this process alive on Ctrl-C for as long as the value lives. Programs it starts are not affected.
pub(crate) struct Held(#[expect(dead_code, reason = "its threads do the holding")] tokio::runtime::Runtime);

/// From now on Ctrl-C does not end this process.
pub(crate) fn hold() -> Result<Held> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(Failure::while_doing("Signals cannot be handled"))?;
    runtime.spawn(async { while tokio::signal::ctrl_c().await.is_ok() {} });
    Ok(Held(runtime))
}

/// Puts the program to be started out of Ctrl-C's reach.
pub(crate) fn shield(command: &mut Command) -> &mut Command {
    std::os::unix::process::CommandExt::process_group(command, 0)
}
