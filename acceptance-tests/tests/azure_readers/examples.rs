//! Every example of a data source that reads Azure, where the emulator has what it reads.

use std::{fs, path::Path};

use serde_json::json;

use crate::place::Place;

const NOWHERE: &str = "00000000-0000-0000-0000-000000000000";

#[test]
fn every_example_is_read_and_plans_empty_afterwards() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/data-sources");
    let place = Place::new();
    furnish(&place);
    let mut found = 0;
    for name in lockeddown::provider::AZURE_READERS {
        for file in fs::read_dir(folder.join(name)).unwrap() {
            let configuration = fs::read_to_string(file.unwrap().path()).unwrap();
            // The example that reads a file is planned where there is no network.
            if configuration.contains("\"service_tag_file\"") {
                continue;
            }
            place
                .workspace
                .step(&configuration.replace(NOWHERE, place.emulator.subscription_id()));
            found += 1;
        }
    }
    assert!(
        found >= lockeddown::provider::AZURE_READERS.len(),
        "only {found} examples"
    );
    assert!(place.emulator.requests().writes().lines().is_empty(), "readers write");
}

fn furnish(place: &Place) {
    let group = format!(
        "/subscriptions/{}/resourceGroups/rg-hpc",
        place.emulator.subscription_id()
    );
    place.emulator.put(&group, json!({ "location": "westeurope" }));
    let network = format!("{group}/providers/Microsoft.Network/virtualNetworks/vnet-hpc");
    place.emulator.put(
        &network,
        json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } }),
    );
    place.emulator.put(
        &format!("{network}/subnets/existing"),
        json!({ "properties": { "addressPrefix": "10.0.32.0/24" } }),
    );
    place.emulator.azure(|azure| {
        azure.publish_outbound_dependencies(
            &format!("{group}/providers/Microsoft.MachineLearningServices/workspaces/mlw-training"),
            json!([{ "properties": { "category": "Azure Active Directory", "endpoints": [
                { "domainName": "login.microsoftonline.com", "endpointDetails": [{ "port": 443 }] }] } }]),
        );
        azure.publish_service_tags(crate::service_tags::publication());
    });
    place.emulator.clear_requests();
}
