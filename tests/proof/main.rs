//! The proof: what must pass, what passes, and why.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod answered;
mod differential;
mod expansions;
mod flows;
mod functions;
#[path = "../inputs/goldens.rs"]
mod goldens;
#[path = "../inputs/mod.rs"]
mod inputs;
mod mutants;
mod mutation;
mod oracle;
mod paths;
mod published;
mod second_opinion;
mod sound;
mod summaries;
#[path = "../inputs/tables.rs"]
mod tables;
mod universe;
mod verification;
mod wrong;
mod z3;
