//! Each file is read and indexed once per process, as long as it does not change.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::{FileError, ServiceTagFile};

struct Kept {
    modified: Option<SystemTime>,
    length: u64,
    file: Arc<ServiceTagFile>,
}

static FILES: Mutex<BTreeMap<PathBuf, Kept>> = Mutex::new(BTreeMap::new());

/// The service tag file at `path`, relative to the working directory. Read again only when its length or its time of modification
/// is another than before.
pub fn file(path: &Path) -> Result<Arc<ServiceTagFile>, FileError> {
    let unreadable = |error: std::io::Error| FileError::Unreadable {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    // Held while reading: whoever else wants the same file waits for it instead of reading it too. A panic in between cannot have
    // left half an entry.
    let mut files = FILES.lock().unwrap_or_else(PoisonError::into_inner);
    let metadata = fs::metadata(path).map_err(unreadable)?;
    let (modified, length) = (metadata.modified().ok(), metadata.len());
    if let Some(kept) = files.get(path)
        && (kept.modified, kept.length) == (modified, length)
    {
        return Ok(Arc::clone(&kept.file));
    }
    let bytes = fs::read(path).map_err(unreadable)?;
    let file = ServiceTagFile::parse(&bytes);
    let file = Arc::new(file.map_err(|reason| FileError::Malformed {
        path: path.to_owned(),
        reason,
    })?);
    files.insert(
        path.to_owned(),
        Kept {
            modified,
            length,
            file: Arc::clone(&file),
        },
    );
    Ok(file)
}
