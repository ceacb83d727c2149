//! Every snapshot belongs to a test. One whose test is gone, or has another name now, is compared with nothing and still reads like a promise.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{
    fs,
    path::{Path, PathBuf},
};

use acceptance_tests::terraform::binaries;

fn snapshots(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            snapshots(&path, found);
        } else if name.ends_with(".snap") || name.ends_with(".snap.new") {
            found.push(path);
        }
    }
}

/// All that is written in Rust beside the folder of a snapshot, or below.
fn beside(folder: &Path, text: &mut String) {
    for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            beside(&path, text);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            text.push_str(&fs::read_to_string(path).unwrap());
        }
    }
}

/// Why a snapshot is nobody's. Its name ends with the test's, perhaps with a number, or with a name of its own, whose last word a test may have put
/// there.
fn complaint(snapshot: &Path) -> Option<String> {
    let mut sources = String::new();
    beside(snapshot.ancestors().nth(2)?, &mut sources);
    let name = snapshot.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let name = name.rsplit("__").next().unwrap_or_default();
    let name = match name.rsplit_once('-') {
        Some((rest, number)) if number.parse::<u32>().is_ok() => rest,
        _ => name,
    };
    let but_its_last_word = name.rsplit_once('_').map_or(name, |(rest, _)| rest);
    let is_there = sources.contains(name) || sources.contains(&format!("{but_its_last_word}_{{"));
    (!is_there).then(|| format!("nothing says `{name}`"))
}

#[test]
fn every_snapshot_belongs_to_a_test() {
    let root = binaries::repository();
    let mut found = Vec::new();
    snapshots(root, &mut found);
    assert!(found.len() > 50, "there are many: {}", found.len());
    let complaints: Vec<String> = found
        .iter()
        .filter_map(|snapshot| match complaint(snapshot) {
            _ if snapshot.extension().is_some_and(|extension| extension == "new") => {
                Some(format!("{}: not accepted", snapshot.display()))
            }
            complaint => complaint.map(|why| format!("{}: {why}", snapshot.display())),
        })
        .collect();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
