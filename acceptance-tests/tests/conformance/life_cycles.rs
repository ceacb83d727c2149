//! `azure-mgmt-network` creates, reads, lists, changes, tags and deletes one resource of every kind. It demands that every answer fits
//! its models to the last property and enumeration, that a header and a body agree, that nothing but the change changes, and that
//! what is gone is gone.

use acceptance_tests::emulator::{Emulator, Options};
use acceptance_tests::python_client;
use serde_json::json;

fn lives_and_dies(kind: &str) {
    let emulator = Emulator::start(Options::default());
    let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
    emulator.put(&group, json!({ "location": "westeurope" }));
    python_client::output(&emulator, &["life-cycle", kind]);
    assert_eq!(emulator.ids(), [group], "the client deleted what it made");
}

#[test]
fn network_security_group() {
    lives_and_dies("network_security_group");
}

#[test]
fn security_rule() {
    lives_and_dies("security_rule");
}

#[test]
fn virtual_network() {
    lives_and_dies("virtual_network");
}

#[test]
fn subnet() {
    lives_and_dies("subnet");
}

#[test]
fn route_table() {
    lives_and_dies("route_table");
}

#[test]
fn route() {
    lives_and_dies("route");
}
