//! The proof: what must pass does, what else passes, and why.
//!
//! A [`model::Model`] is what stands around one subnet: security groups, routes, a firewall, the way out, and the flows that must pass.
//! Plain functions ask it: [`required::allows`], [`exposure::exposure`], [`exposure::baseline`],
//! [`lint::lint`], [`explain::why`], [`diff::newly_allowed`]. Every answer comes with a packet and
//! with the rules and requirements involved.
//!
//! Ports, protocols and addresses are exact ([`intervals`]). Service tags, hosts and groups are names ([`atoms`]) of which some things
//! are declared; what nobody declared makes an answer *depend* on it, and what depends is never called proven. Everything here is a
//! pure function of its inputs: no clock, no file, no network.

pub mod addresses;
pub mod atoms;
pub mod denied;
pub mod diff;
pub mod explain;
pub mod exposure;
pub mod firewall;
pub mod forbidden;
pub mod intervals;
pub mod lint;
pub mod message;
pub mod model;
mod nearly;
pub mod nsg;
pub mod order;
pub mod packet;
pub mod path;
pub mod region;
pub mod required;
pub mod routes;
pub mod verdict;
