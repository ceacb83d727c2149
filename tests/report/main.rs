//! The report in all its forms, of real expansions: proven, refuted, dependent, waived.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod forms;
mod landing_zone;
mod matrix;
