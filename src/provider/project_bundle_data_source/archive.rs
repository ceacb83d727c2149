//! The tarball: the same bytes from the same files, on every machine.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    path::Path,
};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::{Compression, GzBuilder};

use super::contents::Contents;

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) sha256: Vec<u8>,
    pub(super) size: u64,
}

/// Writes the archive to `output`, or leaves a file there that has these bytes already.
pub(super) fn write(contents: &Contents, output: &Path) -> io::Result<Written> {
    let directory = output.parent().filter(|parent| !parent.as_os_str().is_empty());
    if let Some(directory) = directory {
        fs::create_dir_all(directory)?;
    }
    // Beside the output, so that it can be renamed: whoever reads the output finds a whole file.
    let mut draft = output.as_os_str().to_owned();
    draft.push(format!(".{}.new", std::process::id()));
    let draft = Path::new(&draft);
    let written = pack(contents, draft).and_then(|()| sum(draft)).and_then(|fresh| {
        let same = sum(output).is_ok_and(|present| present == fresh);
        if same {
            fs::remove_file(draft)?
        } else {
            fs::rename(draft, output)?
        }
        Ok(fresh)
    });
    if written.is_err() {
        _ = fs::remove_file(draft);
    }
    written
}

fn pack(contents: &Contents, path: &Path) -> io::Result<()> {
    // Neither the time nor the system's name in the header.
    let gzip = GzBuilder::new().mtime(0).operating_system(255);
    let mut archive = tar::Builder::new(gzip.write(BufWriter::new(File::create(path)?), Compression::default()));
    for (name, source) in &contents.files {
        let file = File::open(source)?;
        let metadata = file.metadata()?;
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_size(metadata.len());
        header.set_mode(if is_executable(&metadata) { 0o755 } else { 0o644 });
        // Owner and time of this machine mean nothing on the server, which gives everything to `cycle_server`.
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        archive.append_data(&mut header, name, BufReader::new(file))?;
    }
    archive.into_inner()?.finish()?.flush()
}

#[cfg(unix)]
fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &fs::Metadata) -> bool {
    // Windows keeps no such bit; a script of the project that cannot be run would be worse than a text that can.
    true
}

fn sum(path: &Path) -> io::Result<Written> {
    let mut file = File::open(path)?;
    let (mut context, mut size, mut buffer) = (Context::new(&SHA256), 0, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(bytes) = buffer.get(..read).filter(|bytes| !bytes.is_empty()) else {
            break;
        };
        context.update(bytes);
        size += u64::try_from(read).unwrap_or_default();
    }
    Ok(Written {
        sha256: context.finish().as_ref().to_vec(),
        size,
    })
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::*;

    fn contents(home: &Path) -> Contents {
        let file = |name: &str, text: &str| {
            let path = home.join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let files: BTreeMap<String, PathBuf> = [
            ("blobs/b.rpm".to_owned(), file("b", "blob")),
            (format!("3.0.8/{}run.sh", "deep/".repeat(40)), file("a", "#!/bin/sh")),
        ]
        .into();
        Contents {
            project: "slurm".to_owned(),
            version: "3.0.8".to_owned(),
            files,
        }
    }

    #[test]
    fn the_same_files_give_the_same_bytes_whatever_their_times_and_owners() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = write(&contents(one.path()), &one.path().join("out/one.tgz")).unwrap();
        let second = contents(two.path());
        File::options()
            .write(true)
            .open(two.path().join("a"))
            .unwrap()
            .set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_eq!(first, write(&second, &two.path().join("two.tgz")).unwrap());
        fs::write(two.path().join("a"), "#!/bin/bash").unwrap();
        assert_ne!(first, write(&second, &two.path().join("two.tgz")).unwrap());
    }

    #[test]
    fn tar_itself_reads_it() {
        let home = tempfile::tempdir().unwrap();
        let output = home.path().join("one.tgz");
        write(&contents(home.path()), &output).unwrap();
        let listed = std::process::Command::new("tar")
            .arg("tzf")
            .arg(&output)
            .output()
            .unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        assert!(
            listed.contains("blobs/b.rpm") && listed.contains("deep/run.sh"),
            "{listed}"
        );
    }

    #[test]
    fn a_file_with_these_bytes_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let output = home.path().join("one.tgz");
        write(&contents(home.path()), &output).unwrap();
        let before = fs::metadata(&output).unwrap().modified().unwrap();
        write(&contents(home.path()), &output).unwrap();
        assert_eq!(fs::metadata(&output).unwrap().modified().unwrap(), before);
        let left: Vec<_> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }
}
