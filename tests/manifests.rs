//! Every dependency that a manifest names is used by that crate's code, and what workflows take from others cannot move.

use std::{fs, path::Path};

/// Crates that only generated code names.
const GENERATED: [&str; 3] = ["prost", "prost-types", "tonic-prost"];

#[test]
fn no_manifest_names_a_dependency_that_its_code_does_not_use() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = 0;
    for crate_directory in [".", "tfplugin-rs", "acceptance-tests", "xtask"] {
        let home = root.join(crate_directory);
        let manifest: toml::Table = fs::read_to_string(home.join("Cargo.toml")).unwrap().parse().unwrap();
        let mut source = String::new();
        for place in ["src", "tests", "benches", "build.rs"] {
            read(&home.join(place), &mut source);
        }
        for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
            for name in manifest
                .get(section)
                .and_then(toml::Value::as_table)
                .into_iter()
                .flat_map(toml::Table::keys)
            {
                seen += 1;
                let used = GENERATED.contains(&name.as_str()) || source.contains(&name.replace('-', "_"));
                assert!(
                    used,
                    "`{crate_directory}/Cargo.toml` names `{name}` below `{section}`, and no code uses it"
                );
            }
        }
    }
    assert!(
        seen > 40,
        "only {seen} dependencies were found: the manifests are not read as they should be"
    );
}

fn read(place: &Path, source: &mut String) {
    if place.is_file() {
        source.push_str(&fs::read_to_string(place).unwrap_or_default());
    }
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        read(&entry.path(), source);
    }
}

/// A tag of somebody's action can be moved to other code, which would run with the rights of a release.
#[test]
fn workflows_name_actions_by_commit_and_releases_their_compiler_by_number() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| fs::read_to_string(root.join(".github/workflows").join(name)).unwrap();
    let (release, test) = (read("release.yml"), read("test.yml"));
    let mut seen = 0;
    for line in release.lines().chain(test.lines()) {
        let Some((_, action)) = line.split_once("uses: ") else {
            continue;
        };
        if action.starts_with("./") {
            continue;
        }
        let pinned = action
            .split_once('@')
            .and_then(|(_, commit)| commit.split_once(" # v"))
            .is_some_and(|(commit, _)| commit.len() == 40 && commit.chars().all(|c| c.is_ascii_hexdigit()));
        assert!(pinned, "`{action}` names no commit with its version behind it");
        seen += 1;
    }
    assert!(seen > 10, "only {seen} actions were found");
    let number = |text: &str| -> Vec<u32> { text.split('.').filter_map(|part| part.parse().ok()).collect() };
    let (_, named) = release.split_once("RUST_RELEASE: \"").unwrap();
    let (built_with, _) = named.split_once('"').unwrap();
    assert_eq!(number(built_with).len(), 3, "`{built_with}` is a number of three parts");
    assert!(
        number(built_with) >= number(env!("CARGO_PKG_RUST_VERSION")),
        "{built_with}"
    );
}
