//! `cargo xtask dist`: what the Terraform Registry, HCP Terraform and an air-gapped site need of a release.
//!
//! | module | part |
//! |---|---|
//! | [`toolchain`] | a C compiler and linker that make a static program on any machine |
//! | [`program`] | the release build, and the proof that it needs no library of the machine it runs on |
//! | [`archive`] | the zip, byte for byte the same from the same program |
//! | [`bill`] | the bill of materials (CycloneDX) |
//! | [`sums`] | checksums and their signature |
//! | [`offline`] | the layout for a filesystem mirror, tried with `terraform init` |

mod archive;
mod bill;
mod offline;
mod program;
mod sums;
mod toolchain;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use acceptance_tests::terraform::binaries::{repository, target_directory};

use crate::failure::{Failure, Result};
use crate::progress::{Progress, say};

/// The version of everything released together.
const VERSION: &str = env!("CARGO_PKG_VERSION");
const NAME: &str = "terraform-provider-lockeddown";

/// A platform a release is made for.
#[derive(Clone, Copy, Debug)]
struct Platform {
    /// Terraform's name for it.
    name: &'static str,
    /// Rust's.
    target: &'static str,
    /// The C compiler's.
    c_target: &'static str,
}

/// HCP Terraform runs the first.
const PLATFORMS: [Platform; 2] = [
    Platform {
        name: "linux_amd64",
        target: "x86_64-unknown-linux-musl",
        c_target: "x86_64-linux-musl",
    },
    Platform {
        name: "linux_arm64",
        target: "aarch64-unknown-linux-musl",
        c_target: "aarch64-linux-musl",
    },
];

/// What was asked for.
#[derive(Debug, Default, PartialEq)]
struct Request {
    platforms: Vec<String>,
    signing_key: Option<String>,
    twice: bool,
}

impl Request {
    fn parse(arguments: &[String]) -> Result<Request> {
        let mut request = Request::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .cloned()
                    .ok_or_else(|| Failure::new(format!("Missing value\n`{argument}` needs one.")))
            };
            match argument.as_str() {
                "--platform" => request.platforms.push(value()?),
                "--twice" => request.twice = true,
                "--sign" => request.signing_key = Some(value()?),
                unknown => {
                    return Err(Failure::new(format!(
                        "Unknown argument\n`dist` takes `--platform NAME`, `--sign KEY` and `--twice`; `{unknown}` was given."
                    )));
                }
            }
        }
        Ok(request)
    }

    fn platforms(&self) -> Result<Vec<Platform>> {
        if self.platforms.is_empty() {
            return Ok(PLATFORMS.into_iter().take(1).collect());
        }
        self.platforms.iter().map(|name| platform(name)).collect()
    }
}

fn platform(name: &str) -> Result<Platform> {
    PLATFORMS
        .into_iter()
        .find(|platform| platform.name == name)
        .ok_or_else(|| {
            let known = PLATFORMS.map(|platform| format!("`{}`", platform.name)).join(", ");
            Failure::new(format!(
                "Unknown platform\n`{name}` cannot be built here. Available: {known}."
            ))
        })
}

/// Builds, checks and packs a release into `target/dist`.
pub(crate) fn run(arguments: &[String]) -> Result<ExitCode> {
    let request = Request::parse(arguments)?;
    if request.twice {
        reproduce()?;
    }
    let platforms = request.platforms()?;
    let home = target_directory()?.join("dist");
    let release = fresh(&home.join("release"))?;

    let mut progress = Progress::new(2 * platforms.len() + 4);
    let mut files = Vec::new();
    for platform in &platforms {
        let title = format!("building {}", platform.name);
        let built = progress.step(&title, |status| program::build(platform, &home.join("build"), status))?;
        files.push(progress.step("checking and packing it", |status| {
            program::must_be_static(&built)?;
            let packed = archive::pack(&built, platform, &release)?;
            status.show(packed.display().to_string());
            Ok(packed)
        })?);
    }
    files.push(progress.step("writing the manifest", |_| manifest(&release))?);
    files.push(progress.step("writing the bill of materials", |_| bill::write(&platforms, &release))?);
    progress.step("writing checksums", |status| {
        let sums = sums::write(&files, &release)?;
        match &request.signing_key {
            Some(key) => sums::sign(&sums, key),
            None => {
                status.show("not signed: `--sign KEY` makes the signature that the registry wants");
                Ok(())
            }
        }
    })?;
    progress.step("trying the offline mirror with `terraform init`", |status| {
        offline::make_and_try(&release, &platforms, &home.join("mirror"), status)
    })?;
    say(&format!("\n{}", release.display()));
    Ok(ExitCode::SUCCESS)
}

/// Builds the first platform twice, far apart on the disk, and compares the programs.
pub(crate) fn reproduce() -> Result<()> {
    let [platform, ..] = PLATFORMS;
    let home = target_directory()?.join("dist");
    let mut progress = Progress::new(2);
    let first = progress.step("building the release", |status| {
        program::build(&platform, &home.join("build"), status)
    })?;
    let second = progress.step("building it again elsewhere", |status| {
        program::build(&platform, &fresh(&home.join("another/place"))?, status)
    })?;
    let (one, two) = (sums::of(&first)?, sums::of(&second)?);
    if one == two {
        Ok(())
    } else {
        Err(Failure::new(format!(
            "The release cannot be reproduced\nTwo builds of the same source differ: `{one}` and `{two}`."
        )))
    }
}

fn manifest(release: &Path) -> Result<PathBuf> {
    let source = repository().join("terraform-registry-manifest.json");
    let path = release.join(format!("{NAME}_{VERSION}_manifest.json"));
    std::fs::copy(&source, &path).map_err(Failure::while_doing(format!("`{}` cannot be copied", source.display())))?;
    Ok(path)
}

/// An empty directory: a file of an older run must not end up in a release.
fn fresh(directory: &Path) -> Result<PathBuf> {
    let unusable = || format!("`{}` cannot be made anew", directory.display());
    if directory.exists() {
        std::fs::remove_dir_all(directory).map_err(Failure::while_doing(unusable()))?;
    }
    std::fs::create_dir_all(directory).map_err(Failure::while_doing(unusable()))?;
    Ok(directory.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Request> {
        Request::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn without_arguments_the_platform_of_hcp_terraform_is_built() {
        let names: Vec<_> = parse(&[]).unwrap().platforms().unwrap();
        assert_eq!(
            names.iter().map(|platform| platform.name).collect::<Vec<_>>(),
            ["linux_amd64"]
        );
    }

    #[test]
    fn a_platform_that_cannot_be_built_here_is_refused_with_those_that_can() {
        let error = parse(&["--platform", "windows_amd64"])
            .unwrap()
            .platforms()
            .unwrap_err();
        assert_eq!(
            error.to_string(),
            "Unknown platform\n`windows_amd64` cannot be built here. Available: `linux_amd64`, `linux_arm64`."
        );
    }

    #[test]
    fn an_argument_without_its_value_is_named() {
        let error = parse(&["--sign"]).unwrap_err();
        assert!(error.to_string().contains("`--sign` needs one"), "{error}");
    }
}
