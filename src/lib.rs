//! lockeddown
#![forbid(unsafe_code)]
// pub mod azure;
pub mod network;
pub mod regions;
pub mod requirements;
pub mod workloads;
