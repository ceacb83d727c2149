//! Dependencies between the layers point one way.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

use std::{fs, path::Path};

/// A layer and what its files may not mention.
const FORBIDDEN: &[(&str, &[&str])] = &[
    (
        "src/network",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "crate::workloads",
            "crate::requirements",
            "reqwest",
        ],
    ),
    (
        "src/regions",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "crate::workloads",
            "crate::requirements",
            "reqwest",
        ],
    ),
    (
        "src/service_tags",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "crate::workloads",
            "reqwest",
        ],
    ),
    (
        "src/requirements",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "crate::workloads",
            "reqwest",
        ],
    ),
    (
        "src/workloads",
        &[
            "tfplugin_rs::provider",
            "tfplugin_rs::schema",
            "tfplugin_rs::diagnostic",
            "tfplugin_rs::proto",
            "crate::azure",
            "crate::provider",
            "crate::proof",
            "crate::report",
            "reqwest",
            "azure_core",
            "tokio",
        ],
    ),
    (
        "src/proof",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "crate::workloads",
            "crate::requirements",
            "crate::report",
            "reqwest",
        ],
    ),
    (
        "src/report",
        &[
            "tfplugin_rs",
            "crate::azure",
            "crate::provider",
            "reqwest",
            "tokio",
            "std::time",
        ],
    ),
    (
        "src/azure",
        &[
            "tfplugin_rs",
            "crate::provider",
            "crate::workloads",
            "crate::requirements",
            "crate::proof",
            "crate::report",
        ],
    ),
    (
        "src/provider",
        &["tfplugin_rs::proto", "azure_core", "azure_identity", "reqwest"],
    ),
    ("tfplugin-rs/src", &["azure", "Azure", "lockeddown::"]),
    ("acceptance-tests/src/emulator", &["lockeddown::", "tfplugin_rs"]),
];

fn source_files(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            source_files(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path, &fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn dependencies_point_one_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    for (layer, forbidden) in FORBIDDEN {
        source_files(&root.join(layer), &mut |path, text| {
            for (number, line) in text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim_start().starts_with("//"))
            {
                for word in forbidden.iter().filter(|word| line.contains(*word)) {
                    found.push(format!("{}:{}: {word}", path.display(), number + 1));
                }
            }
        });
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Where in `src/provider` the way to Azure is used: the data sources of `AZURE_READERS`, and the resources.
const WAYS_TO_AZURE: &[&str] = &[
    "src/provider/aml_outbound_dependencies_data_source.rs",
    "src/provider/coverage_data_source",
    "src/provider/service_tag_data_source/discovery.rs",
    "src/provider/peering_resource",
    "src/provider/site_connection_resource",
    "src/provider/workload_resource",
];

#[test]
fn only_what_is_declared_reaches_for_azure() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    source_files(&root.join("src/provider"), &mut |path, text| {
        let place = path.strip_prefix(root).unwrap();
        let uses = text.contains("session.client") || text.contains(".client.");
        if uses && !WAYS_TO_AZURE.iter().any(|way| place.starts_with(way)) {
            found.push(place.display().to_string());
        }
    });
    assert!(found.is_empty(), "not declared: {}", found.join(", "));
    for reader in lockeddown::provider::AZURE_READERS {
        let module = format!("src/provider/{}_data_source", reader.trim_start_matches("lockeddown_"));
        assert!(
            WAYS_TO_AZURE.iter().any(|way| way.starts_with(&module)),
            "`{reader}` is declared and reads nothing"
        );
    }
}
