//! `cargo xtask demo --report`: the landing zone of the examples, planned without Azure, and what was proven of it as one page.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use lockeddown::report::model::{Report, Standing};
use lockeddown::report::page;
use serde_json::Value;

use super::project::Project;
use crate::failure::{Failure, Result};
use crate::progress::Progress;
use crate::{interrupts, mirror, programs};

/// Where the page goes unless somebody says otherwise.
pub(super) const DEFAULT_PATH: &str = "target/report.html";

/// Plans the landing zone and writes its report.
pub(super) fn write(path: &Path) -> Result<ExitCode> {
    let _held = interrupts::hold()?;
    let mut progress = Progress::new(4);
    let built = progress.step("building the provider", programs::build)?;
    let terraform = progress.step("finding Terraform", programs::find_terraform)?;
    let report = progress.step("planning and proving examples/landing-zone", |status| {
        let project = Project::new(terraform, mirror::make(&built)?)?;
        project.terraform(&["init"])?;
        project.plan()?;
        let report = of(&project.show(&["plan.tfplan"])?, "/planned_values/outputs")?;
        status.show(report.verdict.in_words());
        Ok(report)
    })?;
    progress.step("writing the report", |status| {
        let failed = || Failure::while_doing::<std::io::Error>(format!("`{}` cannot be written", path.display()));
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed())?;
        }
        fs::write(path, page::render(&report)).map_err(failed())?;
        status.show(path.display().to_string());
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The report among the outputs of a state or a plan.
pub(super) fn of(shown: &Value, outputs: &str) -> Result<Report> {
    let json = shown
        .pointer(&format!("{outputs}/report_json/value"))
        .and_then(Value::as_str)
        .ok_or_else(|| Failure::new("There is no report\nThe output `report_json` has no value."))?;
    Report::from_json(json).map_err(Failure::while_doing("The report cannot be read"))
}

/// The verdicts, a line for each subnet.
pub(super) fn table(report: &Report) -> String {
    let width = report
        .subnets
        .iter()
        .map(|subnet| subnet.name.len())
        .max()
        .unwrap_or_default();
    let line = |subnet: &lockeddown::report::model::Subnet| {
        let proven = subnet
            .required_flows
            .iter()
            .filter(|flow| flow.verdict == Standing::Proven)
            .count();
        format!(
            "  {:width$}  {}: {proven} of {} required flows proven, {} exposed\n",
            subnet.name,
            subnet.verdict.in_words(),
            subnet.required_flows.len(),
            subnet.exposure.len()
        )
    };
    report.subnets.iter().map(line).collect()
}
