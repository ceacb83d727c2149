//! Every dependency that a manifest names is used by that crate's code.

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
