//! Service tag files: what they answer and refuse, the laws of prefix lists, Microsoft's publications where they are at hand, and the
//! data source.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]
#![expect(clippy::print_stdout, reason = "a test that is skipped should say so")]

mod data_source;
mod file;
mod prefixes;
mod publications;

use std::path::{Path, PathBuf};

use ipnet::IpNet;

/// A publication in miniature: tags of the whole cloud and regional ones, one with an alias, one without network features.
pub(crate) const SMALL: &str = r#"{
    "changeNumber": 7,
    "cloud": "Public",
    "values": [
        {"name": "Storage", "id": "Storage", "properties": {"region": "", "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"],
            "addressPrefixes": ["20.38.0.0/25", "20.38.0.128/25", "2603:1000::/48"]}},
        {"name": "Storage.WestEurope", "id": "Storage.WestEurope", "properties": {"region": "westeurope",
            "networkFeatures": ["API", "NSG", "UDR", "FW"], "addressPrefixes": ["20.38.0.128/25"]}},
        {"name": "AzureCloud", "id": "AzureCloud", "properties": {"region": "", "networkFeatures": ["API", "NSG"],
            "addressPrefixes": ["51.120.0.0/16"]}},
        {"name": "AzureCloud.norwaye", "id": "AzureCloud.norwaye", "properties": {"region": "norwaye",
            "networkFeatures": ["API", "NSG"], "addressPrefixes": ["51.120.0.0/17"]}},
        {"name": "AzureActiveDirectory", "id": "AzureActiveDirectory", "properties": {"region": "",
            "networkFeatures": ["API", "NSG", "UDR", "FW", "VSE"], "addressPrefixes": ["13.64.151.161\/32"]}},
        {"name": "AzureKeyVault", "id": "AzureKeyVault", "properties": {"region": "", "networkFeatures": null,
            "addressPrefixes": ["13.66.0.1/33"]}}
    ]
}"#;

pub(crate) fn nets(texts: &[&str]) -> Vec<IpNet> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// A file of its own for each test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.json", std::process::id()))
}
