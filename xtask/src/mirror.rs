//! Hands Terraform the freshly built provider through a filesystem mirror, the way an offline site would.
//!
//! `dev_overrides` would be shorter, but Terraform then warns in every command, and `init` of Terraform 1.8 still asks the
//! registry. With a mirror `init` and everything after it look as they do for a released provider.

use std::path::{Path, PathBuf};

use acceptance_tests::terraform::binaries::{PROVIDER, target_directory};

use crate::failure::{Failure, Result};

/// Terraform and OpenTofu expand `lockeddown/lockeddown` to their own registry's host.
const HOSTS: [&str; 2] = ["registry.terraform.io", "registry.opentofu.org"];
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Makes the mirror for the provider in `programs`, and gives the CLI configuration file that points to it.
pub(crate) fn make(programs: &Path) -> Result<PathBuf> {
    let home = target_directory()?.join("mirror");
    for host in HOSTS {
        let package = home
            .join(host)
            .join("lockeddown/lockeddown")
            .join(VERSION)
            .join(this_platform());
        std::fs::create_dir_all(&package)
            .map_err(Failure::while_doing(format!("`{}` cannot be made", package.display())))?;
        let name = format!("{PROVIDER}_v{VERSION}");
        place(&programs.join(PROVIDER), &package.join(&name))
            .map_err(Failure::while_doing(format!("`{name}` cannot be put into the mirror")))?;
    }
    let file = home.join("cli.tfrc");
    std::fs::write(&file, cli_configuration(&home))
        .map_err(Failure::while_doing(format!("`{}` cannot be written", file.display())))?;
    Ok(file)
}

/// A link takes the place of the old one in one step, so a Terraform that runs at this moment finds a whole program.
fn place(program: &Path, at: &Path) -> std::io::Result<()> {
    let fresh = at.with_extension(std::process::id().to_string());
    if std::fs::hard_link(program, &fresh).is_err() {
        std::fs::copy(program, &fresh)?;
    }
    std::fs::rename(&fresh, at)?;
    // Renaming one link of a file onto another does nothing and leaves both.
    if fresh.exists() {
        std::fs::remove_file(&fresh)
    } else {
        Ok(())
    }
}

/// A CLI configuration that takes the provider from a mirror and from nowhere else.
pub(crate) fn cli_configuration(mirror: &Path) -> String {
    let mirror = serde_json::Value::String(mirror.display().to_string());
    format!(
        r#"disable_checkpoint = true
provider_installation {{
  filesystem_mirror {{
    path    = {mirror}
    include = ["lockeddown/lockeddown"]
  }}
  direct {{
    exclude = ["lockeddown/lockeddown"]
  }}
}}
"#
    )
}

/// Terraform's name for this machine, such as `linux_amd64`.
pub(crate) fn this_platform() -> String {
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    };
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{system}_{machine}")
}

/// Whether `init` has installed the provider in this working directory.
pub(crate) fn is_installed(directory: &Path) -> bool {
    HOSTS.iter().any(|host| {
        directory
            .join(".terraform/providers")
            .join(host)
            .join("lockeddown/lockeddown")
            .is_dir()
    })
}

/// Removes the provider's checksum from the dependency lock file. Every build has another one, and Terraform refuses a
/// program that does not match; an entry without checksums accepts any build of the same version.
pub(crate) fn forget_checksum(directory: &Path) -> Result<()> {
    let path = directory.join(".terraform.lock.hcl");
    let Ok(lock) = std::fs::read_to_string(&path) else {
        return Ok(());
    };
    let kept = without_checksum(&lock);
    if kept == lock {
        return Ok(());
    }
    std::fs::write(&path, kept).map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))
}

fn without_checksum(lock: &str) -> String {
    let (mut ours, mut hashes) = (false, false);
    let mut kept = String::with_capacity(lock.len());
    for line in lock.split_inclusive('\n') {
        match line.trim() {
            text if text.starts_with("provider ") => ours = text.contains("/lockeddown/lockeddown\""),
            text if ours && text.starts_with("hashes") => hashes = true,
            _ => {}
        }
        if !hashes {
            kept.push_str(line);
        }
        hashes &= line.trim() != "]";
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_checksum_leaves_the_lock_file() {
        let lock = r#"
provider "registry.terraform.io/hashicorp/azurerm" {
  version = "4.0.0"
  hashes = [
    "h1:kept",
  ]
}

provider "registry.terraform.io/lockeddown/lockeddown" {
  version = "0.1.0"
  hashes = [
    "h1:dropped",
  ]
}
"#;
        let kept = without_checksum(lock);
        assert_eq!(kept, lock.replace("  hashes = [\n    \"h1:dropped\",\n  ]\n", ""));
        assert_eq!(without_checksum(&kept), kept);
    }
}
