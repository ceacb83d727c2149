//! What holds of every managed workload, driven by a real Terraform against the emulator: born and attached, alone and among others.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod additive;
mod attached;
mod commands;
mod composed;
mod examples;
mod firewalls;
mod identities;
mod misfortune;
mod moved;
mod neighbours;
mod peering;
mod place;
mod relied_on;
mod roles;
mod site_connection;
mod site_key;
mod tables;
mod traffic;
mod unknowns;
