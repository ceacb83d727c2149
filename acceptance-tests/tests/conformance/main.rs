//! Strangers as witnesses: Microsoft's Python client works on the emulator as on Azure, and reads there what our provider wrote.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on should say where"
)]

mod life_cycles;
mod what_we_apply;
