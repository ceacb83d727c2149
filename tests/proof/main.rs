//! The proof: what must pass, what passes, and why.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod differential;
mod expansions;
mod flows;
#[path = "../inputs/mod.rs"]
mod inputs;
mod oracle;
mod sound;
