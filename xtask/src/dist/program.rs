//! The release build, and the proof that it needs no library of the machine it runs on.

use std::path::{Path, PathBuf};

use acceptance_tests::terraform::binaries::{cargo, repository};
use object::read::elf::{ElfFile64, FileHeader, ProgramHeader};

use super::{NAME, Platform, toolchain};
use crate::failure::{Failure, Result};
use crate::programs::quietly;
use crate::progress::Status;

/// Builds the provider for a platform, below `directory`.
pub(super) fn build(platform: &Platform, directory: &Path, status: &Status) -> Result<PathBuf> {
    let home = directory
        .ancestors()
        .find(|path| path.ends_with("dist"))
        .unwrap_or(directory);
    std::fs::create_dir_all(home).map_err(Failure::while_doing(format!("`{}` cannot be made", home.display())))?;
    let variables = toolchain::ready(platform, home, status)?;
    let mut command = cargo();
    command
        .args([
            "build",
            "--release",
            "--locked",
            "--package",
            "lockeddown",
            "--bin",
            NAME,
            "--target",
        ])
        .arg(platform.target)
        .arg("--target-dir")
        .arg(directory)
        .env("RUSTFLAGS", flags(directory))
        // C files carry the paths they were compiled from as well.
        .env(
            "CFLAGS",
            format!("-ffile-prefix-map={}=/build -g0", directory.display()),
        )
        .envs(variables);
    quietly(command, status)?;
    Ok(directory.join(platform.target).join("release").join(NAME))
}

/// Where the source and the build stand must not show in the program, or no two machines build the same. Of several that fit, rustc takes
/// the last: the build's directory is often below the source's.
fn flags(directory: &Path) -> String {
    let registry = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let places = [
        (registry.as_deref(), "/cargo"),
        (Some(repository()), "/source"),
        (Some(directory), "/build"),
    ];
    let flags = places
        .iter()
        .filter_map(|(place, name)| Some(format!("--remap-path-prefix={}={name}", (*place)?.display())));
    flags.collect::<Vec<_>>().join(" ")
}

/// Fails if the program names an interpreter or a shared library: HCP Terraform's workers promise none.
pub(super) fn must_be_static(program: &Path) -> Result<()> {
    let bytes =
        std::fs::read(program).map_err(Failure::while_doing(format!("`{}` cannot be read", program.display())))?;
    let needs = dynamic_needs(&bytes).map_err(Failure::while_doing(format!(
        "`{}` is not a program for Linux",
        program.display()
    )))?;
    if needs.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "The release is not static\n`{}` needs {}.",
        program.display(),
        needs.join(", ")
    )))
}

/// What a program wants of the machine at start: an interpreter, and shared libraries.
fn dynamic_needs(program: &[u8]) -> object::Result<Vec<String>> {
    let file = ElfFile64::<object::Endianness>::parse(program)?;
    let (endian, data) = (file.endian(), file.data());
    let mut needs = Vec::new();
    for segment in file.elf_header().program_headers(endian, data)? {
        if let Some(interpreter) = segment.interpreter(endian, data)? {
            needs.push(format!("the interpreter `{}`", String::from_utf8_lossy(interpreter)));
        }
    }
    needs.extend(libraries(&file)?);
    Ok(needs)
}

fn libraries(file: &ElfFile64<'_, object::Endianness>) -> object::Result<Vec<String>> {
    use object::elf::{DT_NEEDED, SHT_DYNAMIC};
    use object::read::elf::{Dyn, SectionHeader};
    let (endian, data) = (file.endian(), file.data());
    let sections = file.elf_header().sections(endian, data)?;
    let mut names = Vec::new();
    for section in sections.iter().filter(|section| section.sh_type(endian) == SHT_DYNAMIC) {
        let Some((entries, strings)) = section.dynamic(endian, data)? else {
            continue;
        };
        let strings = sections.strings(endian, data, strings)?;
        for entry in entries
            .iter()
            .filter(|entry| entry.d_tag(endian) == u64::from(DT_NEEDED))
        {
            names.push(format!(
                "the library `{}`",
                String::from_utf8_lossy(entry.string(endian, strings)?)
            ));
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_of_the_system_is_not_taken_for_static() {
        // The test program itself is linked against the C library of this machine.
        let this = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let needs = dynamic_needs(&this).unwrap();
        assert!(needs.iter().any(|need| need.contains("interpreter")), "{needs:?}");
        assert!(needs.iter().any(|need| need.contains("libc.so")), "{needs:?}");
    }

    #[test]
    fn something_else_than_a_program_is_refused() {
        assert!(dynamic_needs(b"#!/bin/sh\n").is_err());
    }
}
