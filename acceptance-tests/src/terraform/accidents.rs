//! Accidents that befall processes.

use std::process::Command;

use super::{binaries::PROVIDER, fail};

/// SIGKILL to the provider processes that a running Terraform (its process id) has started. Gives how many there were.
#[track_caller]
pub fn kill_providers_below(terraform: u32) -> usize {
    let children = Command::new("ps")
        .args(["-o", "pid=,args=", "--ppid", &terraform.to_string()])
        .output()
        .unwrap_or_else(|error| fail(format!("`ps` did not start: {error}")));
    let listing = String::from_utf8_lossy(&children.stdout).into_owned();
    let mut killed = 0;
    for provider in listing.lines().filter(|line| line.contains(PROVIDER)) {
        let Some(pid) = provider.split_whitespace().next() else {
            continue;
        };
        let outcome = Command::new("kill").args(["-9", pid]).status();
        // One that has just ended by itself is as good as killed.
        killed += usize::from(outcome.is_ok());
    }
    killed
}
