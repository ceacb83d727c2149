//! What the provider only reads: documents of others, and lists that come in pages.

use std::{future::Future, pin::Pin};

use acceptance_tests::emulator::Fault;
use lockeddown::azure::{ArmClient, ArmError, Documents, ResourceId};
use serde_json::{Value, json};

use crate::accidents::{lasting, passing};
use crate::world::{World, call};

type Reading<'w> = Pin<Box<dyn Future<Output = Result<Value, ArmError>> + 'w>>;

const WORKSPACE: &str = "Microsoft.MachineLearningServices/workspaces/ws";
const LOCATION: &str = "westeurope";

/// A reading, and the path that an accident happens to.
struct Row {
    path: &'static str,
    read: for<'w> fn(&'w World) -> Reading<'w>,
}

fn document<'w>(world: &'w World, documents: fn(&ArmClient) -> Documents<'_>, path: &'static str) -> Reading<'w> {
    Box::pin(async move {
        let id: ResourceId = world.id(path).parse().unwrap();
        let found = documents(&world.client).get(&id, &call()).await?;
        Ok(found.unwrap().body)
    })
}

fn workspace(world: &World) -> String {
    world.id("x").replace("Microsoft.Network/x", WORKSPACE)
}

fn rows() -> Vec<Row> {
    vec![
        Row {
            path: "virtualNetworks/hub",
            read: |world| document(world, ArmClient::virtual_networks, "virtualNetworks/hub"),
        },
        Row {
            path: "firewallPolicies/base",
            read: |world| document(world, ArmClient::firewall_policies, "firewallPolicies/base"),
        },
        Row {
            path: "virtualNetworkGateways/gateway",
            read: |world| {
                document(
                    world,
                    ArmClient::virtual_network_gateways,
                    "virtualNetworkGateways/gateway",
                )
            },
        },
        Row {
            path: "ipGroups/clients",
            read: |world| document(world, ArmClient::ip_groups, "ipGroups/clients"),
        },
        Row {
            path: "natGateways/out",
            read: |world| document(world, ArmClient::nat_gateways, "natGateways/out"),
        },
        Row {
            path: "serviceTags",
            read: |world| {
                Box::pin(async move {
                    let subscription = world.emulator.subscription_id();
                    world.client.service_tags(subscription, LOCATION, &call()).await
                })
            },
        },
        Row {
            path: "outboundNetworkDependenciesEndpoints",
            read: |world| {
                Box::pin(async move {
                    let id = workspace(world).parse().unwrap();
                    world.client.outbound_network_dependencies(&id, &call()).await
                })
            },
        },
    ]
}

fn furnished() -> World {
    let world = World::new();
    let clients = json!({ "ipAddresses": ["10.0.1.0/24"] });
    let out = json!({ "location": LOCATION, "sku": { "name": "Standard" }, "properties": {} });
    world.emulator.put(
        &world.id("ipGroups/clients"),
        json!({ "location": LOCATION, "properties": clients }),
    );
    world.emulator.put(&world.id("natGateways/out"), out);
    world.emulator.azure(|azure| {
        azure.publish_service_tags(json!({ "changeNumber": "7", "cloud": "Public", "values": [] }));
        azure.publish_outbound_dependencies(&workspace(&world), json!([{ "category": "Azure", "properties": {} }]));
    });
    world
}

#[tokio::test]
async fn a_reading_survives_what_passes() {
    let world = furnished();
    for row in rows() {
        let calm = (row.read)(&world).await;
        let calm = calm.unwrap_or_else(|error| panic!("{}: {error:?}", row.path));
        for (accident, fault) in passing("read", row.path) {
            let what = format!("read {}: {accident}", row.path);
            world.emulator.fault(fault);
            let read = (row.read)(&world).await;
            assert_eq!(read.unwrap_or_else(|error| panic!("{what}: {error:?}")), calm, "{what}");
            assert!(
                world.emulator.faults_left().is_empty(),
                "{what}: the accident did not happen"
            );
        }
    }
}

#[tokio::test]
async fn what_stays_is_told_by_its_code() {
    let world = furnished();
    for row in rows() {
        for (code, effect) in lasting("read") {
            world.emulator.fault(Fault::new("GET", row.path, effect));
            let error = (row.read)(&world).await.err();
            let error = error.unwrap_or_else(|| panic!("read {}: no error after {code}", row.path));
            let text = error.to_diagnostic();
            assert!(text.contains(code) && text.contains(row.path), "{text}");
        }
    }
}
