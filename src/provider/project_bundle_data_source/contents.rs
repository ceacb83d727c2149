//! What belongs into the bundle: the fetched blobs and the built project, checked against what the project says of itself.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The folder as document 000 leaves it behind, read and found whole.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contents {
    /// The project's name: `slurm`.
    pub(super) project: String,
    /// The release: `3.0.8`.
    pub(super) version: String,
    /// Where each file lies, by its name in the archive, without `./`.
    pub(super) files: BTreeMap<String, PathBuf>,
}

/// Why there is no bundle.
#[derive(Debug, thiserror::Error)]
pub(super) enum ContentsError {
    /// A folder or file cannot be read.
    #[error("`{}` cannot be read: {error}.", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// There is no `project.ini`.
    #[error(
        "`{}` has no `project.ini`, so nothing was fetched into it. Run `cyclecloud project fetch RELEASE_URL .` there \
         (CC-STAGING-FETCH).", .0.display()
    )]
    NotFetched(PathBuf),
    /// `project.ini` lacks a name or version, or has one that cannot be a folder's.
    #[error("`{}` has no usable `{field}`: {found}.", path.display())]
    Field {
        /// The file.
        path: PathBuf,
        /// `name` or `version`.
        field: &'static str,
        /// What there is instead.
        found: String,
    },
    /// The folder holds another project or release.
    #[error("`{}` holds {field} `{found}`, but `{wanted}` is wanted. Fetch the release anew in an empty folder.", path.display())]
    Other {
        /// The folder.
        path: PathBuf,
        /// `project` or `version`.
        field: &'static str,
        /// What the folder has.
        found: String,
        /// What the configuration says.
        wanted: String,
    },
    /// Blobs that the project names are not there.
    #[error(
        "{} missing below `{}`, though `project.ini` names {}. Fetch the release again (CC-STAGING-FETCH).",
        listed(names), directory.display(), if names.len() == 1 { "it" } else { "them" }
    )]
    MissingBlobs {
        /// The folder of blobs.
        directory: PathBuf,
        /// Their names.
        names: Vec<String>,
    },
    /// The project was not built.
    #[error(
        "There is neither `{}` nor `{}`: the project was fetched but not built. Run `cyclecloud project build` in `{}` (CC-STAGING-FETCH).",
        build.display(), moved.display(), build.parent().and_then(Path::parent).unwrap_or(build).display()
    )]
    NotBuilt {
        /// Where the build leaves it.
        build: PathBuf,
        /// Where the document moves it.
        moved: PathBuf,
    },
    /// Something that is neither a file nor a folder.
    #[error("`{}` is neither a file nor a folder. A bundle is unpacked by root, so links are not followed: put the file itself there.", .0.display())]
    NotAFile(PathBuf),
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!("{} {}", names.join(", "), if names.len() == 1 { "is" } else { "are" })
}

impl Contents {
    /// Reads the folder. Where `project` and `version` are given the folder must hold just these.
    pub(super) fn read(
        directory: &Path,
        project: Option<&str>,
        version: Option<&str>,
    ) -> Result<Contents, ContentsError> {
        let path = directory.join("project.ini");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound && directory.is_dir() => {
                return Err(ContentsError::NotFetched(directory.to_owned()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = directory.to_owned();
                return Err(ContentsError::Unreadable { path, error });
            }
            Err(error) => return Err(ContentsError::Unreadable { path, error }),
        };
        let ini = Ini::parse(&text);
        let own_name = ini.name_in("project", "name", &path, "name")?;
        let own_version = ini.name_in("project", "version", &path, "version")?;
        for (field, found, wanted) in [("project", &own_name, project), ("version", &own_version, version)] {
            if let Some(wanted) = wanted.filter(|wanted| wanted != found) {
                return Err(ContentsError::Other {
                    path: directory.to_owned(),
                    field,
                    found: found.clone(),
                    wanted: wanted.to_owned(),
                });
            }
        }

        let mut files = BTreeMap::new();
        let blobs = directory.join("blobs");
        let missing: Vec<String> = ini
            .blobs()
            .into_iter()
            .filter(|name| !blobs.join(name).is_file())
            .collect();
        if !missing.is_empty() {
            return Err(ContentsError::MissingBlobs {
                directory: blobs,
                names: missing,
            });
        }
        if blobs.is_dir() {
            collect(&blobs, "blobs", &mut files)?;
        }
        let (build, moved) = (directory.join("build").join(&own_name), directory.join(&own_version));
        let built = [&build, &moved].into_iter().find(|folder| folder.is_dir());
        let built = built.ok_or_else(|| ContentsError::NotBuilt {
            build: build.clone(),
            moved: moved.clone(),
        })?;
        let before = files.len();
        collect(built, &own_version, &mut files)?;
        if files.len() == before {
            return Err(ContentsError::NotBuilt { build, moved });
        }
        Ok(Contents {
            project: own_name,
            version: own_version,
            files,
        })
    }

    /// What to run on the CycleCloud server, in the document's order.
    pub(super) fn server_commands(&self) -> Vec<String> {
        let Contents { project, version, .. } = self;
        vec![
            format!("sudo mkdir -p /opt/cycle_server/work/staging/projects/{project}"),
            format!("sudo tar xzf /tmp/{project}-{version}.tgz -C /opt/cycle_server/work/staging/projects/{project}"),
            "sudo chown -R cycle_server:cycle_server /opt/cycle_server/work/staging".to_owned(),
        ]
    }
}

/// Every file below a folder, under its name in the archive.
fn collect(folder: &Path, name: &str, files: &mut BTreeMap<String, PathBuf>) -> Result<(), ContentsError> {
    let unreadable = |error| ContentsError::Unreadable {
        path: folder.to_owned(),
        error,
    };
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(unreadable)?);
        let name = format!("{name}/{}", entry.file_name().to_string_lossy());
        if kind.is_dir() {
            collect(&path, &name, files)?;
        } else if kind.is_file() {
            files.insert(name, path);
        } else {
            return Err(ContentsError::NotAFile(path));
        }
    }
    Ok(())
}

/// `project.ini`: sections of `key = value`; a value may go on in indented lines.
struct Ini(BTreeMap<(String, String), String>);

impl Ini {
    fn parse(text: &str) -> Ini {
        let (mut values, mut section, mut last) = (BTreeMap::new(), String::new(), None);
        for line in text.lines() {
            let content = line.trim();
            if content.is_empty() || content.starts_with(['#', ';']) {
                continue;
            }
            if let Some(name) = content.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                // `[blobs]` may have a name behind it (`[blobs optional]`), which counts like any other.
                (section, last) = (name.trim().to_lowercase(), None);
            } else if line.starts_with([' ', '\t'])
                && !content.contains('=')
                && let Some(value) = last.as_ref().and_then(|key| values.get_mut(key))
            {
                let value: &mut String = value;
                value.push(' ');
                value.push_str(content);
            } else if let Some((key, value)) = content.split_once('=') {
                let key = (section.clone(), key.trim().to_lowercase());
                values.insert(key.clone(), value.trim().to_owned());
                last = Some(key);
            }
        }
        Ini(values)
    }

    /// A value that becomes part of a path and of a command of root.
    fn name_in(&self, section: &str, key: &str, path: &Path, field: &'static str) -> Result<String, ContentsError> {
        let wrong = |found: String| ContentsError::Field {
            path: path.to_owned(),
            field,
            found,
        };
        let value = self.0.get(&(section.to_owned(), key.to_owned()));
        let value = value.ok_or_else(|| wrong(format!("section `[{section}]` does not have one")))?;
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if value.is_empty() || value.starts_with(['.', '-']) || !value.chars().all(plain) {
            return Err(wrong(format!(
                "`{value}` has other characters than letters, digits, `.`, `_` and `-`"
            )));
        }
        Ok(value.clone())
    }

    fn blobs(&self) -> Vec<String> {
        let lists = self
            .0
            .iter()
            .filter(|((section, key), _)| section.starts_with("blobs") && key == "files");
        let names = lists.flat_map(|(_, names)| names.split([',', ' ', '\t']));
        names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INI: &str =
        "[project]\nname = slurm\nversion = 3.0.8\ntype = scheduler\n\n[blobs]\nFiles = slurm.tgz,\n  munge.rpm\n";

    fn folder(files: &[&str]) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("project.ini"), INI).unwrap();
        for file in files {
            let path = home.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        home
    }

    fn error(home: &tempfile::TempDir, project: Option<&str>, version: Option<&str>) -> String {
        let error = Contents::read(home.path(), project, version).unwrap_err().to_string();
        error.replace(&home.path().display().to_string(), "FOLDER")
    }

    #[test]
    fn the_blobs_and_the_build_under_the_version_and_nothing_else() {
        let home = folder(&[
            "blobs/slurm.tgz",
            "blobs/munge.rpm",
            "build/slurm/default/run.sh",
            "templates/slurm.txt",
            "README.md",
        ]);
        let contents = Contents::read(home.path(), Some("slurm"), Some("3.0.8")).unwrap();
        let names: Vec<&str> = contents.files.keys().map(String::as_str).collect();
        assert_eq!(names, ["3.0.8/default/run.sh", "blobs/munge.rpm", "blobs/slurm.tgz"]);
        assert_eq!(
            contents.server_commands()[1],
            "sudo tar xzf /tmp/slurm-3.0.8.tgz -C /opt/cycle_server/work/staging/projects/slurm"
        );
    }

    #[test]
    fn a_build_moved_as_the_document_moves_it_is_found_too() {
        let home = folder(&["blobs/slurm.tgz", "blobs/munge.rpm", "3.0.8/default/run.sh"]);
        let contents = Contents::read(home.path(), None, None).unwrap();
        assert!(contents.files.contains_key("3.0.8/default/run.sh"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        let home = folder(&["blobs/slurm.tgz"]);
        insta::assert_snapshot!(error(&home, None, None), @"`munge.rpm` is missing below `FOLDER/blobs`, though `project.ini` names it. Fetch the release again (CC-STAGING-FETCH).");
        insta::assert_snapshot!(error(&home, Some("pbspro"), None), @"`FOLDER` holds project `slurm`, but `pbspro` is wanted. Fetch the release anew in an empty folder.");
        insta::assert_snapshot!(error(&home, None, Some("3.0.9")), @"`FOLDER` holds version `3.0.8`, but `3.0.9` is wanted. Fetch the release anew in an empty folder.");
        let home = folder(&["blobs/slurm.tgz", "blobs/munge.rpm"]);
        insta::assert_snapshot!(error(&home, None, None), @"There is neither `FOLDER/build/slurm` nor `FOLDER/3.0.8`: the project was fetched but not built. Run `cyclecloud project build` in `FOLDER` (CC-STAGING-FETCH).");
        fs::write(
            home.path().join("project.ini"),
            "[project]\nname = slurm; rm -rf /\nversion = 1\n",
        )
        .unwrap();
        insta::assert_snapshot!(error(&home, None, None), @"`FOLDER/project.ini` has no usable `name`: `slurm; rm -rf /` has other characters than letters, digits, `.`, `_` and `-`.");
        fs::remove_file(home.path().join("project.ini")).unwrap();
        insta::assert_snapshot!(error(&home, None, None), @"`FOLDER` has no `project.ini`, so nothing was fetched into it. Run `cyclecloud project fetch RELEASE_URL .` there (CC-STAGING-FETCH).");
    }
}
