//! The programs of this repository that tests and `xtask` start: the provider, the emulator, the Terraform shim.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Names a directory with programs that are built already. `cargo xtask test` sets it, so that the test programs do not
/// each ask cargo again; it can also name another profile's directory to test that build.
pub const BINARIES_VARIABLE: &str = "LOCKEDDOWN_BINARIES";

/// The provider's program name, as Terraform looks for it in a `dev_overrides` directory.
pub const PROVIDER: &str = "terraform-provider-lockeddown";

/// Why a program of this repository cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// The path of the running program says nothing about the build directory.
    #[error(
        "Unknown build directory\nThe running program's own path cannot be read ({0}), so the programs built next to it cannot be found."
    )]
    UnknownDirectory(String),
    /// `cargo` is not there.
    #[error("`cargo` did not start\n{0}\nInstall Rust, or put `cargo` on PATH.")]
    Cargo(std::io::Error),
    /// The code does not compile; holds cargo's own output.
    #[error("The build failed\n{0}")]
    Build(String),
}

/// The repository's root directory.
pub fn repository() -> &'static Path {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest.parent().unwrap_or(manifest)
}

/// `cargo` itself: the one that started this program, else the one on `PATH`.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    command.current_dir(repository());
    command
}

/// The command that builds every program [`directory`] must hold.
pub fn build_command() -> Command {
    let mut command = cargo();
    command.args(["build", "--workspace", "--bins"]);
    command
}

static BUILT: OnceLock<Result<(), String>> = OnceLock::new();

/// For a caller that has just run [`build_command`] itself: [`directory`] need not do it again.
pub fn assume_built() {
    _ = BUILT.set(Ok(()));
}

/// The directory with the programs, freshly built (once per process) unless [`BINARIES_VARIABLE`] names it.
pub fn directory() -> Result<PathBuf, BinaryError> {
    if let Some(prebuilt) = std::env::var_os(BINARIES_VARIABLE) {
        return Ok(PathBuf::from(prebuilt));
    }
    let built = BUILT.get_or_init(|| {
        let output = build_command()
            .arg("--quiet")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    });
    match built {
        Ok(()) => profile_directory(),
        Err(message) => Err(BinaryError::Build(message.clone())),
    }
}

/// Where cargo puts the programs of the profile that the running program belongs to, such as `target/debug`.
pub fn profile_directory() -> Result<PathBuf, BinaryError> {
    let program = std::env::current_exe().map_err(|error| BinaryError::UnknownDirectory(error.to_string()))?;
    let directory = program.parent().unwrap_or(Path::new("."));
    // Test programs lie in `deps`, one level below the others.
    let directory = if directory.ends_with("deps") {
        directory.parent().unwrap_or(directory)
    } else {
        directory
    };
    Ok(directory.to_owned())
}

/// Cargo's target directory, where downloads that belong to the build are kept too.
pub fn target_directory() -> Result<PathBuf, BinaryError> {
    let profile = profile_directory()?;
    Ok(profile.parent().map(Path::to_owned).unwrap_or(profile))
}
