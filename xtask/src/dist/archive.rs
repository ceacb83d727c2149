//! The zip of a platform, byte for byte the same from the same program.

use std::io::Write;
use std::path::{Path, PathBuf};

use acceptance_tests::terraform::binaries::repository;
use zip::{CompressionMethod, DateTime, ZipWriter, write::SimpleFileOptions};

use super::{NAME, Platform, VERSION};
use crate::failure::{Failure, Result};

/// Puts the program, the licence and the README into a zip as the registry names it.
pub(super) fn pack(program: &Path, platform: &Platform, release: &Path) -> Result<PathBuf> {
    let path = release.join(format!("{NAME}_{VERSION}_{}.zip", platform.name));
    let entries = [
        (format!("{NAME}_v{VERSION}"), program.to_owned(), 0o755),
        ("LICENSE".to_owned(), repository().join("LICENSE"), 0o644),
        ("README.md".to_owned(), repository().join("README.md"), 0o644),
    ];
    write(&path, &entries).map_err(Failure::while_doing(format!("`{}` cannot be written", path.display())))?;
    Ok(path)
}

/// Every entry has the same moment, the first one a zip can express: the disk's own times would differ on every machine.
fn write(path: &Path, entries: &[(String, PathBuf, u32)]) -> std::io::Result<()> {
    let mut zip = ZipWriter::new(std::fs::File::create(path)?);
    for (name, source, permissions) in entries {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .last_modified_time(DateTime::default())
            .unix_permissions(*permissions);
        zip.start_file(name.as_str(), options)?;
        zip.write_all(&std::fs::read(source)?)?;
    }
    zip.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_files_make_the_same_bytes() {
        let home = tempfile::tempdir().unwrap();
        let source = home.path().join("program");
        let pack = |name: &str| {
            std::fs::write(&source, "a program").unwrap();
            let zip = home.path().join(name);
            write(&zip, &[("program_v1".to_owned(), source.clone(), 0o755)]).unwrap();
            std::fs::read(zip).unwrap()
        };
        let first = pack("one.zip");
        let hour = std::time::Duration::from_secs(3600);
        std::fs::File::options()
            .write(true)
            .open(&source)
            .unwrap()
            .set_modified(std::time::SystemTime::now() - hour)
            .unwrap();
        assert_eq!(first, pack("two.zip"));
        assert!(String::from_utf8_lossy(&first).contains("program_v1"));
    }
}
