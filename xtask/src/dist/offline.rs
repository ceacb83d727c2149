//! The layout of a filesystem mirror for sites without internet access, tried with `terraform init`.

use std::path::Path;

use super::{NAME, Platform, VERSION, fresh};
use crate::failure::{Failure, Result};
use crate::mirror::{cli_configuration, this_platform};
use crate::programs::find_terraform;
use crate::progress::Status;

/// The registry's own host: `source = "lockeddown/lockeddown"` is short for it.
const ADDRESS: &str = "registry.terraform.io/lockeddown/lockeddown";

const CONFIGURATION: &str = r#"terraform {
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

data "lockeddown_region" "here" {
  location = "westeurope"
}
"#;

/// Copies the zips to where Terraform looks for them in a mirror (its packed layout), and installs the provider from there.
pub(super) fn make_and_try(release: &Path, platforms: &[Platform], mirror: &Path, status: &Status) -> Result<()> {
    let packages = fresh(mirror)?.join(ADDRESS);
    std::fs::create_dir_all(&packages)
        .map_err(Failure::while_doing(format!("`{}` cannot be made", packages.display())))?;
    for platform in platforms {
        let name = format!("{NAME}_{VERSION}_{}.zip", platform.name);
        std::fs::copy(release.join(&name), packages.join(&name))
            .map_err(Failure::while_doing(format!("`{name}` cannot be put into the mirror")))?;
    }
    if platforms.iter().any(|platform| platform.name == this_platform()) {
        try_it(mirror, status)
    } else {
        status.show("made, not tried: none of its platforms is this machine's");
        Ok(())
    }
}

fn try_it(mirror: &Path, status: &Status) -> Result<()> {
    crate::programs::build(status)?;
    let terraform = find_terraform(status)?;
    let directory = tempfile::tempdir().map_err(Failure::while_doing("No temporary directory"))?;
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        std::fs::write(&path, text).map_err(Failure::while_doing(format!("`{name}` cannot be written")))?;
        Ok::<_, Failure>(path)
    };
    write("main.tf", CONFIGURATION)?;
    let settings = write("cli.tfrc", &cli_configuration(mirror))?;
    for arguments in [&["init", "-input=false", "-no-color"][..], &["validate", "-no-color"]] {
        let output = terraform
            .command()
            .args(arguments)
            .current_dir(directory.path())
            .env("TF_CLI_CONFIG_FILE", &settings)
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        if !output.status.success() {
            let printed = [output.stdout, output.stderr].concat();
            return Err(Failure::new(format!(
                "The mirror does not serve Terraform\n`terraform {}`:\n{}",
                arguments.join(" "),
                String::from_utf8_lossy(&printed).trim()
            )));
        }
    }
    status.show(format!("Terraform {}", terraform.version_number()));
    Ok(())
}
