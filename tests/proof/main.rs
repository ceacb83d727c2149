//! The proof: what must pass, what passes, and why.
mod expansions;
mod flows;
#[path = "../inputs/mod.rs"]
mod inputs;
