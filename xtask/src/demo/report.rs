//! `cargo xtask demo --report`: the landing zone of the examples, planned without Azure, and what was proven of it as one page.

use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use acceptance_tests::terraform::{Terraform, binaries};
use serde_json::Value;
use tempfile::TempDir;

use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{interrupts, mirror, programs, terraform};

/// Where the page goes unless somebody says otherwise.
pub(super) const DEFAULT_PATH: &str = "target/report.html";
const EXAMPLE: &str = "landing-zone";
const OUTPUT: &str = "/planned_values/outputs/report_html/value";

/// Plans the landing zone and writes its report.
pub(super) fn write(path: &Path) -> Result<ExitCode> {
    let _held = interrupts::hold()?;
    let mut progress = Progress::new(4);
    let built = progress.step("building the provider", programs::build)?;
    let terraform = progress.step("finding Terraform", programs::find_terraform)?;
    let directory = TempDir::with_prefix("lockeddown-report-").map_err(Failure::while_doing("No temporary directory"))?;
    let configuration = mirror::make(&built)?;
    let project = Project {
        root: directory.path(),
        terraform,
        configuration: &configuration,
    };
    let page = progress.step("planning and proving examples/landing-zone", |_| {
        copy(&binaries::repository().join("examples"), directory.path())?;
        project.terraform(&["init", "-input=false", "-no-color"])?;
        project.terraform(&["plan", "-input=false", "-no-color", "-out=plan.tfplan"])?;
        let plan = project.terraform(&["show", "-json", "plan.tfplan"])?;
        let plan: Value = serde_json::from_str(&plan).map_err(Failure::while_doing("The plan is no JSON"))?;
        let page = plan.pointer(OUTPUT).and_then(Value::as_str);
        page.map(str::to_owned)
            .ok_or_else(|| Failure::new("The plan has no report\nThe output `report_html` is not known at plan."))
    })?;
    progress.step("writing the report", |status| {
        let failed = || Failure::while_doing::<std::io::Error>(format!("`{}` cannot be written", path.display()));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed())?;
        }
        fs::write(path, &page).map_err(failed())?;
        status.show(path.display().to_string());
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

struct Project<'a> {
    root: &'a Path,
    terraform: Terraform,
    configuration: &'a Path,
}

impl Project<'_> {
    /// Runs Terraform in the landing zone, without whatever the caller's shell sets for it or for Azure.
    fn terraform(&self, arguments: &[&str]) -> Result<String> {
        let mut command: Command = terraform::command(&self.terraform, self.configuration);
        for (name, _) in std::env::vars_os() {
            let named = |prefix: &str| name.to_str().is_some_and(|name| name.starts_with(prefix));
            if named("ARM_") || named("TF_") && name != "TF_CLI_CONFIG_FILE" {
                command.env_remove(name);
            }
        }
        let output = command
            .args(arguments)
            .current_dir(self.root.join(EXAMPLE))
            .stdin(Stdio::null())
            .output()
            .map_err(Failure::while_doing("Terraform did not start"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let printed = [output.stdout, output.stderr].concat();
        let printed = String::from_utf8_lossy(&printed);
        Err(Failure::new(format!("`terraform {}` failed\n{printed}", arguments.join(" "))))
    }
}

/// The landing zone and the modules it is made of, where they are to each other as in the repository.
fn copy(examples: &Path, to: &Path) -> Result<()> {
    for folder in [EXAMPLE, "modules/aml-landing-zone", "modules/cyclecloud-landing-zone"] {
        super::copy_files(&examples.join(folder), &to.join(folder))?;
    }
    Ok(())
}
