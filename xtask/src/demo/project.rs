//! A copy of the landing zone in a directory of its own, and what its Terraform commands need.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use acceptance_tests::terraform::{Terraform, binaries};
use serde_json::Value;
use tempfile::TempDir;

use crate::emulator::Emulator;
use crate::failure::{Failure, Result};
use crate::terraform;

/// The example, and the modules it is made of, below the folder of the examples.
const EXAMPLE: &str = "landing-zone";
const MODULES: [&str; 2] = ["modules/aml-landing-zone", "modules/cyclecloud-landing-zone"];

/// The example and its surroundings. Everything goes away when it is dropped.
pub(super) struct Project {
    directory: TempDir,
    terraform: Terraform,
    cli_configuration: PathBuf,
    variables: Vec<(String, String)>,
    emulator: Option<Emulator>,
}

impl Project {
    /// A copy of the example, without an Azure.
    pub(super) fn new(terraform: Terraform, cli_configuration: PathBuf) -> Result<Project> {
        let directory =
            TempDir::with_prefix("lockeddown-demo-").map_err(Failure::while_doing("No temporary directory"))?;
        let examples = binaries::repository().join("examples");
        for folder in MODULES.into_iter().chain([EXAMPLE]) {
            copy_files(&examples.join(folder), &directory.path().join(folder))?;
        }
        Ok(Project {
            directory,
            terraform,
            cli_configuration,
            variables: Vec::new(),
            emulator: None,
        })
    }

    /// Where everything of it lies.
    pub(super) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The Azure that its commands talk to.
    pub(super) fn connect(&mut self, emulator: Emulator) {
        self.emulator = Some(emulator);
    }

    /// Sets a variable of the configuration.
    pub(super) fn set(&mut self, name: &str, value: &str) {
        self.variables.push((format!("TF_VAR_{name}"), value.to_owned()));
    }

    /// Runs Terraform to its end and gives its standard output.
    pub(super) fn terraform(&self, arguments: &[&str]) -> Result<String> {
        let (code, output) = self.finished(arguments)?;
        if code == Some(0) {
            Ok(output)
        } else {
            Err(Failure::new(format!(
                "`terraform {}` failed\n{output}",
                arguments.join(" ")
            )))
        }
    }

    /// Plans into `plan.tfplan`, and gives the changes as Terraform prints them; empty if there are none.
    pub(super) fn plan(&self) -> Result<String> {
        let (code, output) = self.finished(&["plan", "-detailed-exitcode", "-out=plan.tfplan"])?;
        match code {
            Some(0) => Ok(String::new()),
            Some(2) => Ok(changes_only(&output)),
            _ => Err(Failure::new(format!("`terraform plan` failed\n{output}"))),
        }
    }

    /// The state, or a plan, as JSON.
    pub(super) fn show(&self, what: &[&str]) -> Result<Value> {
        let shown = self.terraform(&[&["show", "-json"], what].concat())?;
        serde_json::from_str(&shown).map_err(Failure::while_doing("`terraform show -json` gave no JSON"))
    }

    fn finished(&self, arguments: &[&str]) -> Result<(Option<i32>, String)> {
        let mut command: Command = terraform::command(&self.terraform, &self.cli_configuration);
        for (name, _) in std::env::vars_os() {
            // The demo is the same for everybody, whatever variables and options their shell sets for Terraform and Azure.
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("ARM_") || name.starts_with("TF_") && name != "TF_CLI_CONFIG_FILE")
            {
                command.env_remove(name);
            }
        }
        if let Some(emulator) = &self.emulator {
            emulator.configure(&mut command);
        }
        let (subcommand, options) = arguments.split_first().unwrap_or((&"version", &[]));
        command.arg(subcommand).arg("-no-color");
        if ["init", "plan", "apply", "destroy"].contains(subcommand) {
            command.arg("-input=false");
        }
        let output = command
            .args(options)
            .current_dir(self.directory().join(EXAMPLE))
            .env("TF_IN_AUTOMATION", "1")
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        let code = output.status.code();
        let printed = if matches!(code, Some(0 | 2)) {
            output.stdout
        } else {
            [output.stdout, output.stderr].concat()
        };
        Ok((code, String::from_utf8_lossy(&printed).into_owned()))
    }
}

/// The elements of a list in a JSON document; none where there is no such list.
pub(super) fn list<'a>(document: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    document
        .pointer(pointer)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

/// What Terraform is going to do, up to its `Plan:` line: without the note on drift and the legend before it, and without
/// the advice after it.
fn changes_only(plan: &str) -> String {
    let actions = plan
        .split_once("will perform the following actions:")
        .map_or(plan, |(_, actions)| actions);
    let end = actions.find("\nPlan: ").map_or(actions.len(), |start| {
        let rest = actions.get(start + 1..).unwrap_or_default();
        start + 1 + rest.find('\n').unwrap_or(rest.len())
    });
    actions.get(..end).unwrap_or(actions).trim_matches('\n').to_owned()
}

fn copy_files(from: &Path, to: &Path) -> Result<()> {
    let failed = |path: &Path| Failure::while_doing::<std::io::Error>(format!("`{}` cannot be copied", path.display()));
    std::fs::create_dir_all(to).map_err(failed(to))?;
    for entry in std::fs::read_dir(from).map_err(failed(from))? {
        let path = entry.map_err(failed(from))?.path();
        if path.extension().is_some_and(|extension| extension == "tf")
            && let Some(name) = path.file_name()
        {
            std::fs::copy(&path, to.join(name)).map_err(failed(&path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_excerpt_of_a_plan_has_the_changes_and_the_summary() {
        let plan = "Note: a drift\n\n  # one has changed\n\nTerraform will perform the following actions:\n\n  # one will be created\n  + one\n\nPlan: 1 to add.\n\nSaved.";
        assert_eq!(
            changes_only(plan),
            "  # one will be created\n  + one\n\nPlan: 1 to add."
        );
    }
}
