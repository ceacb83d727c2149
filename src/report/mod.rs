//! The report: what was proven, for auditors, reviewers and code scanners.
//!
//! [`subnet::describe`] puts a proof and the requirements behind it into one value, a [`model::Subnet`]; [`model::Report`] is one or several of
//! them. Every form is made from that value alone: [`json`](model::Report::to_json), [`markdown`], [`mermaid`], [`sarif`] and [`page`] (HTML). So
//! a report that was stored as JSON gives the same page as one that was just made, and no form says more than another.
//!
//! Everything is a pure function without a clock: the same configuration gives the same bytes.

mod arrows;
mod drawing;
pub mod markdown;
mod matrix;
pub mod mermaid;
pub mod model;
pub mod page;
mod rendering;
pub mod sarif;
pub mod subnet;
