//! Terraform plugin protocol 6 for providers written in Rust.
pub mod proto;
pub mod serve;
pub mod logging;
pub mod panics;
mod transport;
