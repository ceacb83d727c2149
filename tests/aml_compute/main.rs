//! Azure Machine Learning's managed compute, both ways, held against tables transcribed by hand from the documents.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on should say where"
)]

mod egress;
mod ingress;
mod properties;
#[path = "../inputs/refusals.rs"]
mod refusal;
mod table;
