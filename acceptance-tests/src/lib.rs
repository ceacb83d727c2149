//! placeholder
pub mod terraform;
