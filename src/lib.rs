//! lockeddown
pub mod azure;
