//! `lockeddown_cyclecloud_subnet`, driven by a real Terraform against the emulator.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod drift;
mod faults;
mod import;
mod lifecycle;
mod refusals;
mod setting;
