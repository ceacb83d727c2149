//! Strangers as witnesses: Microsoft's Python client works on the emulator as on Azure, and reads there what our provider wrote;
//! Microsoft's description of the API judges what our provider sends.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test that cannot go on should say where, and one that is skipped should say so"
)]

mod crowds;
mod described;
mod descriptions;
mod landing_zone;
mod life_cycles;
mod planned;
mod setting;
mod what_we_apply;
