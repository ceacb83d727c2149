//! Microsoft's own Python client (`azure-mgmt-network`), in a virtual environment below cargo's target directory.
//!
//! It knows nothing of this repository. What it makes of the emulator's answers tells whether they are Azure's, and what it reads
//! after an apply is what any other tool would read.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::emulator::Emulator;
use crate::terraform::binaries::{self, BinaryError};

/// The client and everything it needs, by version.
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// Why there is no Python client.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The build directory is unknown.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// The target directory cannot be written.
    #[error("The Python client cannot be installed\n`{}`: {error}", path.display())]
    Directory {
        /// What could not be made, renamed or removed.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// There is no `python3`.
    #[error("No Python\n`python3` did not start ({0}). Install Python 3 with venv and pip.")]
    NoPython(std::io::Error),
    /// `venv` or pip refused; holds what they printed.
    #[error(
        "The Python client cannot be installed\n`{command}` failed:\n{output}\nInstall Python's venv module (Debian and Ubuntu: \
         `apt install python3-venv`), and check that pip can reach its package index (a proxy or a mirror?)."
    )]
    Refused {
        /// What was tried.
        command: String,
        /// Everything it printed.
        output: String,
    },
}

/// The environment's own `python`, after an installation if there has to be one.
///
/// # Errors
/// No Python, no way to the package index, or the target directory cannot be written.
pub fn install() -> Result<PathBuf, InstallError> {
    // Tests of one process that ask at the same moment wait for one installation.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

    let home = binaries::target_directory()?.join("python-client");
    let python = home.join("bin").join("python");
    let receipt = home.join("requirements.txt");
    if std::fs::read_to_string(&receipt).is_ok_and(|installed| installed == REQUIREMENTS) && python.exists() {
        return Ok(python);
    }
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| InstallError::Directory { path, error }
    };
    if home.exists() {
        std::fs::remove_dir_all(&home).map_err(at(&home))?;
    }
    let mut venv = Command::new("python3");
    run(venv.args(["-m", "venv"]).arg(&home))?;
    let wanted = home.join("wanted.txt");
    std::fs::write(&wanted, REQUIREMENTS).map_err(at(&wanted))?;
    let mut pip = Command::new(&python);
    run(pip
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
        ])
        .arg("--requirement")
        .arg(&wanted))?;
    // Last, so that half an installation is never taken for one.
    std::fs::rename(&wanted, &receipt).map_err(at(&receipt))?;
    Ok(python)
}

fn run(command: &mut Command) -> Result<(), InstallError> {
    let output = command.stdin(Stdio::null()).output().map_err(InstallError::NoPython)?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(InstallError::Refused {
        command: format!("{command:?}"),
        output: String::from_utf8_lossy(&printed).trim().to_owned(),
    })
}

/// The client's command line (see `python/azure_client.py`), told where the emulator is.
///
/// # Errors
/// As [`install`].
pub fn command(emulator: &Emulator, arguments: &[&str]) -> Result<Command, InstallError> {
    let mut command = Command::new(install()?);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/azure_client.py"))
        .args(arguments)
        .envs(emulator.environment())
        // No proxy can reach this machine.
        .env("NO_PROXY", "localhost")
        .env("no_proxy", "localhost")
        // Otherwise it would write beside its sources.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null());
    Ok(command)
}

/// Runs the client to its end. Gives what it printed.
///
/// # Panics
/// With everything it printed, if it is not content.
#[track_caller]
pub fn output(emulator: &Emulator, arguments: &[&str]) -> String {
    let run = command(emulator, arguments).map(|mut command| command.output());
    match run {
        Ok(Ok(Output { status, stdout, .. })) if status.success() => String::from_utf8_lossy(&stdout).into_owned(),
        Ok(Ok(output)) => fail(format!(
            "The Python client is not content: {}\n{}\n{}",
            arguments.join(" "),
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )),
        Ok(Err(error)) => fail(InstallError::NoPython(error)),
        Err(error) => fail(error),
    }
}

/// Ends the test: the one place where this module panics.
#[track_caller]
#[expect(clippy::panic, reason = "a client that is not content is a failed test")]
fn fail(message: impl std::fmt::Display) -> ! {
    panic!("{message}")
}
