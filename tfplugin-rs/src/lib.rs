//! Terraform plugin protocol 6 for providers written in Rust.
//!
//! A provider implements the traits of [`provider`] and hands itself to [`serve::run`]:
//!
//! | module | what it knows |
//! |---|---|
//! | [`value`] | Terraform's values: known, null, unknown; decimal numbers; msgpack, JSON and serde |
//! | [`schema`] | attributes, their descriptions and how they behave in a plan |
//! | [`identity`] | the shape of what tells one remote object from all others |
//! | [`provider`] | the traits: provider, resource, data source, function |
//! | [`plan`] | what a schema alone decides of a plan |
//! | [`service`] | the protocol's calls, answered by means of the traits |
//! | [`serve`] | the process: handshake, mutual TLS, signals, reattach mode |
//! | [`logging`], [`panics`] | what Terraform shows of a provider's log and of its crash |
//! | [`proto`] | the generated wire messages |
#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod identity;
pub mod logging;
pub mod panics;
pub mod plan;
pub mod proto;
pub mod provider;
pub mod schema;
pub mod serve;
pub mod service;
mod transport;
pub mod value;
