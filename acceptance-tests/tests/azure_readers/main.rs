//! The data sources that read Azure, driven by a real Terraform against the emulator.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod coverage;
mod examples;
mod outbound_dependencies;
#[path = "../resources/place.rs"]
#[expect(dead_code, reason = "the place has more than these stories need")]
mod place;
mod service_tags;

/// An error as it is printed, without what differs from run to run.
fn stable(place: &place::Place, printed: &str) -> String {
    let mut text = printed.replace(place.emulator.subscription_id(), "SUBSCRIPTION");
    // Every request has a correlation id of its own.
    while let Some((before, after)) = text.split_once("correlation id: ") {
        let rest = after.get(36..).unwrap_or_default();
        text = format!("{before}correlation ID{rest}");
    }
    text
}
