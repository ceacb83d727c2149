//! The proof: what must pass, what passes, and why.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod differential;
mod expansions;
mod flows;
mod functions;
#[path = "../inputs/mod.rs"]
mod inputs;
mod mutation;
mod oracle;
mod sound;
mod verification;
mod wrong;
