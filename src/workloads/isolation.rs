//! What `isolation` and a default route demand of the other arguments.
//!
//! The tag `VirtualNetwork` is not the address space (service-tags-overview): it also covers peered and on-premises space, and where a
//! default route leads to an appliance or a gateway it may hold 0.0.0.0/0. A deny of the tag is the better for it; an allow is not.

use super::{problem::Stop, rules::End, scene::Scene, shared::Isolation};
use crate::{
    network::Direction,
    requirements::{Condition, Kind, Requirement},
};

const EXPLICIT_SPACES: &str = "ISOLATION-EXPLICIT-ADDRESS-SPACES";

/// Under strict isolation the subnet's own traffic needs a rule, and the rule the subnet's prefixes.
pub(super) fn check(scene: &Scene<'_>) -> Result<(), Stop> {
    let (shared, inputs) = (scene.shared, scene.inputs);
    if shared.isolation == Isolation::Strict && shared.intra_subnet && shared.subnet.is_empty() {
        return Err(inputs.findings().error(
            inputs.path("subnet_address_prefixes"),
            "Missing argument",
            "`isolation` is `strict` and the subnet's own traffic stays open, which needs `subnet_address_prefixes`; or set \
             `intra_subnet_traffic_enabled = false`.",
        ));
    }
    Ok(())
}

/// Refuses to allow what is named `VirtualNetwork` where that may be everything.
pub(super) fn check_allowed(
    scene: &Scene<'_>,
    row: &Requirement,
    direction: Direction,
    (source, destination): (&End, &End),
) -> Result<(), Stop> {
    let (shared, inputs) = (scene.shared, scene.inputs);
    let (other, closed_by_default) = match direction {
        // DenyAllInBound (65500) stands behind every allow.
        Direction::Inbound => (source, true),
        Direction::Outbound => (destination, shared.isolation != Isolation::None),
    };
    let virtual_network = matches!(other, End::Tag(tag) if tag.as_str() == "VirtualNetwork");
    let Some(way) = default_route(scene) else { return Ok(()) };
    if row.kind != Kind::Flow || !virtual_network || !closed_by_default || shared.waived.contains_key(EXPLICIT_SPACES) {
        return Ok(());
    }
    let rule = row.rule.as_ref().map_or(row.id.as_str(), |rule| rule.name.as_str());
    let detail = format!(
        "{way}: with a default route the service tag `VirtualNetwork` may contain 0.0.0.0/0, and the rule `{rule}` would then open \
         everything. List the virtual network's spaces in `virtual_network_address_spaces`, or waive {EXPLICIT_SPACES}."
    );
    Err(inputs.findings().error(
        inputs.path("virtual_network_address_spaces"),
        "Missing argument",
        detail,
    ))
}

/// Azure's AllowVnetInBound (65000) admits `VirtualNetwork`, whatever we list: only a deny closes it.
pub(super) fn warn_of_open_inbound(scene: &Scene<'_>, public_address: bool) {
    let Some(way) = default_route(scene) else { return };
    let (shared, inputs) = (scene.shared, scene.inputs);
    if !public_address || shared.isolation == Isolation::Strict || shared.waived.contains_key(EXPLICIT_SPACES) {
        return;
    }
    let detail = format!(
        "{way}: with a default route the service tag `VirtualNetwork` may contain 0.0.0.0/0, and Azure's own rule AllowVnetInBound (65000) \
         then lets the internet in to public addresses. Set `isolation = \"strict\"`, which denies the tag, or waive {EXPLICIT_SPACES}."
    );
    inputs
        .findings()
        .warning(inputs.path("isolation"), "Default rule may be open", detail);
}

/// What brings the default route, in the words of the arguments.
fn default_route(scene: &Scene<'_>) -> Option<String> {
    if scene.egress.has_appliance() {
        return Some(format!("`egress.type` is `{}`", scene.egress.word()));
    }
    match scene.switches.get("default_route_next_hop_type") {
        Some(Condition::Text(hop)) if hop != "Internet" => Some(format!("`default_route_next_hop_type` is `{hop}`")),
        _ => None,
    }
}
