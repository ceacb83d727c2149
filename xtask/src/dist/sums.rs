//! Checksums of a release, and their signature.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

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

/// Writes `SHA256SUMS` over the zips, the manifest, which the registry wants in it, and the bill of materials.
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
    let listed = gpg(Command::new("gpg").args(["--batch", "--with-colons", "--list-keys", key]))?;
    must_be_accepted(&String::from_utf8_lossy(&listed.stdout), key)?;
    let signature = signature_of(sums);
    let output = gpg(Command::new("gpg")
        .args(["--batch", "--yes", "--local-user", key, "--detach-sign", "--output"])
        .arg(&signature)
        .arg(sums))?;
    if output.status.success() {
        return Ok(());
    }
    // The file may not be there at all.
    _ = std::fs::remove_file(signature);
    Err(Failure::new(format!(
        "The checksums cannot be signed\n{}",
        String::from_utf8_lossy(&output.stderr).trim()
    )))
}

fn gpg(command: &mut Command) -> Result<Output> {
    let output = command.stdin(Stdio::null()).output();
    output.map_err(Failure::while_doing("`gpg` did not start"))
}

/// Beside the sums, under their whole name: no part of it is an extension.
fn signature_of(sums: &Path) -> PathBuf {
    let mut name = sums.as_os_str().to_owned();
    name.push(".sig");
    PathBuf::from(name)
}

/// OpenPGP's numbers of the algorithms that the registry takes.
const RSA: &str = "1";
const DSA: &str = "17";

/// Refuses a key, primary or not, of which the registry would refuse the signature, from what `gpg` lists of it with colons.
fn must_be_accepted(listed: &str, key: &str) -> Result<()> {
    // Kind of record, validity, length, algorithm, …; the twelfth field says what the key is for.
    let signing = listed.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let (kind, validity) = (*fields.first()?, *fields.get(1)?);
        let usable = matches!(kind, "pub" | "sub") && !matches!(validity, "r" | "e" | "i" | "d");
        (usable && fields.get(11)?.contains('s')).then_some(*fields.get(3)?)
    });
    let mut found = signing.peekable();
    if found.peek().is_none() {
        return Err(Failure::new(format!(
            "No signing key\n`gpg` has no key `{key}` that signs."
        )));
    }
    match found.find(|algorithm| !matches!(*algorithm, RSA | DSA)) {
        None => Ok(()),
        Some(algorithm) => Err(Failure::new(format!(
            "The registry would refuse the signature\nIt takes RSA and DSA keys, and `{key}` signs with OpenPGP's algorithm {algorithm}. Give \
             an RSA key."
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(algorithm: u8, capabilities: &str) -> String {
        format!(
            "tru::1:1700000000:0:3:1:5\npub:u:4096:{algorithm}:34365D9472D7468F:1700000000:::u:::{capabilities}:::::::0:\nfpr:::::::::ABCD:\nuid:u::::1700000000::X::A::::::::::0:\n"
        )
    }

    #[test]
    fn a_key_whose_signature_the_registry_would_refuse_is_refused() {
        for accepted in [1, 17] {
            must_be_accepted(&listed(accepted, "scESC"), "key").unwrap();
        }
        let error = must_be_accepted(&listed(22, "scSC"), "key").unwrap_err().to_string();
        assert!(error.contains("algorithm 22"), "{error}");
        let elliptic_subkey = listed(1, "cSC") + "sub:u:256:22:34365D9472D74690:1700000000::::::s:::::ed25519::\n";
        assert!(must_be_accepted(&elliptic_subkey, "key").is_err());
        let encrypting_subkey = listed(1, "scESC") + "sub:u:256:18:34365D9472D74690:1700000000::::::e:::::cv25519::\n";
        must_be_accepted(&encrypting_subkey, "key").unwrap();
        let revoked_subkey = listed(1, "scSC") + "sub:r:256:22:34365D9472D74690:1700000000::::::s:::::ed25519::\n";
        must_be_accepted(&revoked_subkey, "key").unwrap();
    }

    #[test]
    fn a_key_that_is_not_there_is_named() {
        let error = must_be_accepted("", "ABCD").unwrap_err().to_string();
        assert!(error.contains("no key `ABCD`"), "{error}");
    }

    #[test]
    fn the_signature_has_the_whole_name_of_what_it_signs() {
        let sums = Path::new("release/terraform-provider-lockeddown_0.1.0_SHA256SUMS");
        let signature = signature_of(sums);
        assert_eq!(
            signature,
            Path::new("release/terraform-provider-lockeddown_0.1.0_SHA256SUMS.sig")
        );
    }

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
