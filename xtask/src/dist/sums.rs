//! Checksums of a release, and their signature.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sha2::{Digest, Sha256};

use super::{NAME, VERSION};
use crate::failure::{Failure, Result};

/// The SHA-256 of a file in hexadecimal.
pub(super) fn of(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).map_err(Failure::while_doing(format!("`{}` cannot be read", file.display())))?;
    Ok(hexadecimal(&bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes `SHA256SUMS` over the zips and the manifest.
pub(super) fn write(files: &[PathBuf], release: &Path) -> Result<PathBuf> {
    let mut lines = String::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        lines.push_str(&format!("{}  {name}\n", of(file)?));
    }
    let path = release.join(format!("{NAME}_{VERSION}_SHA256SUMS"));
    std::fs::write(&path, lines).map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))?;
    Ok(path)
}

/// A detached binary signature, as the registry wants it; it refuses an armoured one, and keys other than RSA and DSA.
pub(super) fn sign(sums: &Path, key: &str) -> Result<()> {
    let signature = sums.with_extension("sig");
    let output = Command::new("gpg")
        .args(["--batch", "--yes", "--local-user", key, "--detach-sign", "--output"])
        .arg(format!("{}.sig", sums.display()))
        .arg(sums)
        .stdin(Stdio::null())
        .output()
        .map_err(Failure::while_doing("`gpg` did not start"))?;
    if output.status.success() {
        return Ok(());
    }
    _ = std::fs::remove_file(signature);
    Err(Failure::new(format!(
        "The checksums cannot be signed\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sum_is_what_sha256sum_prints() {
        assert_eq!(
            hexadecimal(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }

    #[test]
    fn a_line_per_file_in_the_form_that_sha256sum_checks() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("a.zip");
        std::fs::write(&file, "abc").unwrap();
        let sums = write(&[file], home.path()).unwrap();
        assert_eq!(
            std::fs::read_to_string(sums).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  a.zip\n"
        );
    }
}
