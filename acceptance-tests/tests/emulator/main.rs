//! The emulator, looked at by a plain HTTPS client: does it behave as Azure is known to?
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod client;
mod concurrency;
mod connections;
mod control;
mod etags;
mod faults;
mod firewall_policies;
mod firewalls;
mod landing_zone;
mod lifecycle;
mod limits;
mod refusals;
mod roles;
mod shapes;
mod signing_in;
