//! Azure Resource Manager: a thin client of our own on `azure_core`'s pipeline and `azure_identity`'s credentials.
//!
//! | module | idea |
//! |---|---|
//! | [`settings`], `cloud`, [`secret`] | where Azure is and who we are; plain data, nothing connects |
//! | [`credentials`] | tokens: every credential azurerm knows |
//! | `http`, `tunnel` | proxy and certificate authorities; what a proxy answers |
//! | `connection` | HTTP client, credential and pipeline, built at first use |
//! | [`client`] | GET, PUT and DELETE of one resource, with retries |
//! | [`call`], [`retry`], [`locks`] | how long, how often, and in which order |
//! | `folding`, `reads` | writers in line write together, readers of one moment read together |
//! | `operation` | long-running operations, followed to their end |
//! | `reads` | one GET for all who ask for the same object at once |
//! | [`document`] | read, merge, write with `If-Match`, read again |
//! | `kinds` | what is special to each kind of resource |
//!
//! Bodies stay `serde_json::Value`: a typed model drops the fields its API version does not know, and a PUT replaces the whole
//! resource, so what a model drops would be wiped.
//!
//! This layer knows nothing of Terraform.

pub mod call;
pub mod client;
mod cloud;
mod connection;
pub mod credentials;
pub mod document;
pub mod error;
mod folding;
mod http;
mod kinds;
mod listing;
pub mod locks;
mod meaning;
mod operation;
mod reads;
pub mod resource_id;
pub mod retry;
mod sanitize;
#[cfg(test)]
mod scripted;
pub mod secret;
pub mod settings;
mod tunnel;

pub use call::Call;
pub use client::{ArmClient, Condition, Response};
pub use document::{Document, Documents};
pub use error::{ArmError, ServiceError};
pub use resource_id::{ResourceId, ResourceIdError};
pub use retry::RetryTuning;
pub use secret::Secret;
pub use settings::{ConnectionSettings, SettingsError};
