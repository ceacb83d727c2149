//! `natGateways`, as far as a subnet needs them.

use serde_json::json;

use super::{Kind, Write, refers_to_nothing, shows_nothing_more};
use crate::emulator::refusal::Refusal;
use crate::emulator::resource::Resource;

pub(super) static KIND: Kind = Kind {
    segment: "natGateways",
    label: "NatGateway",
    children: &[],
    read_only: &["subnets"],
    used_by_subnets: Some(("natGateway", in_use)),
    complete,
    check,
    show: shows_nothing_more,
    references: refers_to_nothing,
};

fn in_use(gateway: &Resource, users: &[String]) -> Refusal {
    Refusal::bad(
        "InUseNatGatewayCannotBeDeleted",
        format!(
            "Nat gateway {} is in use by {} and cannot be deleted.",
            gateway.id,
            users.join(", ")
        ),
    )
}

fn check(write: &Write<'_>) -> Result<(), Refusal> {
    let sku = write
        .new
        .top
        .get("sku")
        .and_then(|sku| sku.get("name"))
        .and_then(|name| name.as_str());
    match sku {
        None | Some("Standard" | "StandardV2") => Ok(()),
        Some(other) => Err(Refusal::unreadable(format!(
            "Error converting value \"{other}\". Path 'sku.name'."
        ))),
    }
}

fn complete(gateway: &mut Resource) {
    gateway
        .top
        .entry("sku")
        .or_insert_with(|| json!({ "name": "Standard", "tier": "Regional" }));
    gateway
        .properties
        .entry("idleTimeoutInMinutes")
        .or_insert_with(|| json!(4));
}
