//! Recorded traffic of Azure, replayed through the emulator: the same requests must get answers of the same shape.
//!
//! The recordings are the Azure CLI's own live tests, kept beside the repository. Values are Azure's; statuses, the headers that
//! clients act on, and the structure of bodies are what an emulator has to match.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where, and one that is skipped should say so"
)]

mod cassette;
#[expect(
    dead_code,
    reason = "only answers are judged here; the conformance tests judge requests"
)]
#[path = "../conformance/descriptions.rs"]
mod descriptions;
mod examples;
mod replay;
mod shape;

use std::path::Path;

/// Replays a recording; what the emulator answers differently fails the test.
fn replays(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/arm-recordings/azure-cli");
    let path = folder.join(format!("{name}.yaml"));
    if !path.exists() {
        println!("skipped: there is no recording {name} beside the repository");
        return;
    }
    let outcome = replay::replay(&cassette::read(&path));
    assert!(outcome.compared > 0, "nothing was compared");
    assert!(
        outcome.differences.is_empty(),
        "{} of {} answers differ:\n{}",
        outcome.differences.len(),
        outcome.compared,
        outcome.differences.join("\n")
    );
}

#[test]
fn network_security_groups_and_rules() {
    replays("test_network_nsg");
}

#[test]
fn rules_with_many_prefixes_and_ports() {
    replays("test_network_extended_nsg");
}

#[test]
fn route_tables_and_routes() {
    replays("test_network_route_table_operation");
}

#[test]
fn virtual_networks() {
    replays("test_network_vnet");
}

#[test]
fn virtual_networks_with_a_subnet_and_its_security_group() {
    replays("test_network_vnet_with_subnet_nsg");
}

#[test]
fn subnets() {
    replays("test_network_subnet_set");
}

#[test]
fn delegated_subnets() {
    replays("test_network_subnet_delegation");
}

#[test]
fn service_endpoints_of_subnets() {
    replays("test_network_subnet_endpoint_service");
}

#[test]
fn service_endpoint_policies_and_subnets_with_one() {
    replays("test_network_service_endpoints");
}

#[test]
fn local_network_gateways() {
    replays("test_network_local_gateway");
}

#[test]
fn peerings_of_virtual_networks() {
    replays("test_network_vnet_peering");
}

#[test]
fn connections_of_gateways() {
    replays("test_network_vpn_connection_ipsec");
}

/// Every recording that lies beside the repository is replayed, but for one: of the usages of a region nothing here has an idea.
#[test]
fn no_recording_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/arm-recordings/azure-cli");
    let Ok(files) = std::fs::read_dir(&folder) else {
        println!("skipped: there are no recordings beside the repository");
        return;
    };
    let source = include_str!("main.rs");
    for file in files {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let recording = path.extension().is_some_and(|extension| extension == "yaml");
        let replayed = source.contains(&format!("replays(\"{name}\")"));
        assert!(
            !recording || replayed || name == "test_network_usage_list",
            "{name} is not replayed"
        );
    }
}
