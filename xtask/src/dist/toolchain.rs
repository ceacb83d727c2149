//! A C compiler and linker that make a static program on any machine with Rust and Python.
//!
//! The TLS library has C in it. `musl-gcc` would need a system package; the PyPI package `ziglang` carries a complete cross
//! compiler, and rustup's own `rust-lld` links.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Platform;
use crate::failure::{Failure, Result};
use crate::progress::Status;

const ZIG: &str = "0.17.0";

/// Environment variables for cargo.
pub(super) type Variables = Vec<(String, String)>;

/// Installs what is missing, and gives the variables that make cargo use it.
pub(super) fn ready(platform: &Platform, home: &Path, status: &Status) -> Result<Variables> {
    status.show("adding the Rust target");
    quiet(
        Command::new("rustup").args(["target", "add", platform.target]),
        "rustup is needed for the static target",
    )?;
    let zig = zig(home, status)?;
    let compiler = wrapper(&zig, platform, home, "cc", "zig cc -target", true)?;
    let archiver = wrapper(&zig, platform, home, "ar", "zig ar", false)?;
    let target = platform.target.replace('-', "_");
    let upper = target.to_uppercase();
    Ok(vec![
        (format!("CC_{target}"), compiler),
        (format!("AR_{target}"), archiver),
        (format!("CARGO_TARGET_{upper}_LINKER"), "rust-lld".to_owned()),
    ])
}

fn zig(home: &Path, status: &Status) -> Result<PathBuf> {
    let installed = home.join(format!("zig-{ZIG}"));
    let program = installed.join("ziglang").join("zig");
    if !program.is_file() {
        status.show("installing a C compiler with pip");
        quiet(
            Command::new("python3")
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-input",
                    "--target",
                ])
                .arg(&installed)
                .arg(format!("ziglang=={ZIG}")),
            "The C compiler cannot be installed",
        )?;
    }
    Ok(program)
}

/// A script that stands in for a compiler: the build scripts of crates pass Rust's name of the target, which zig does not know.
fn wrapper(zig: &Path, platform: &Platform, home: &Path, tool: &str, title: &str, compiles: bool) -> Result<String> {
    let path = home.join(format!("{}-{tool}", platform.c_target));
    let zig = zig.display();
    let script = if compiles {
        format!(
            "#!/bin/sh\n# {title} {target}\nfor argument do\n  shift\n  case $argument in\n    --target=*) ;;\n    *) set -- \"$@\" \"$argument\" ;;\n  esac\ndone\nexec '{zig}' cc -target {target} \"$@\"\n",
            target = platform.c_target,
        )
    } else {
        format!("#!/bin/sh\n# {title}\nexec '{zig}' {tool} \"$@\"\n")
    };
    write_program(&path, &script).map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))?;
    Ok(path.display().to_string())
}

fn write_program(path: &Path, script: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, script)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

fn quiet(command: &mut Command, complaint: &str) -> Result<()> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing(complaint.to_owned()))?;
    if output.status.success() {
        return Ok(());
    }
    let printed = [output.stdout, output.stderr].concat();
    Err(Failure::new(format!(
        "{complaint}\n{}",
        String::from_utf8_lossy(&printed).trim()
    )))
}
