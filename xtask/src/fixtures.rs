//! `cargo xtask fixtures`: the states of this version, which later ones must plan empty.

use std::process::ExitCode;

use acceptance_tests::{
    fixtures,
    terraform::{Terraform, install::NEWEST},
};

use crate::{
    failure::{Failure, Result},
    progress::{Progress, say},
};

/// Applies every case against the emulator and keeps what is left.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    if let Some(unknown) = arguments.first() {
        return Err(Failure::new(format!(
            "Unknown argument\n`fixtures` takes none; `{unknown}` was given."
        )));
    }
    let mut progress = Progress::new(2);
    progress.step("building", |status| crate::programs::build(status).map(drop))?;
    let version = env!("CARGO_PKG_VERSION");
    progress.announce(&format!("applying the cases of {version}"));
    let terraform = Terraform::install(NEWEST)?;
    let written = fixtures::write(version, &terraform).map_err(Failure::while_doing("The states cannot be written"))?;
    for case in written {
        say(&format!("wrote {}", case.display()));
    }
    Ok(ExitCode::SUCCESS)
}
