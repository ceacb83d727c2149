//! Azure's networking vocabulary as validated types.
//!
//! A value that exists here is one that Azure accepts: a [`Priority`] cannot be 99, a [`Prefix`] has no host bits, a security
//! rule's plural fields cannot hold a service tag. What the limits are and where they come from stands with each type.

mod address;
mod flow;
mod known;
pub mod limits;
mod name;
mod policy;
mod port;
mod priority;
mod route;
mod rule_collection;
mod security_rule;
mod service_endpoint;
mod service_tag;
mod stable_hash;

pub use address::{AddressSide, Family, Prefix, PrefixError};
pub use flow::{Flow, FlowPeer, Passage};
pub use known::Known;
pub use name::{Description, NameError, RuleName};
pub use policy::{FlowDirection, Host, NetworkPolicy, OnPremisesFlow, Prerequisite, PrerequisiteStatus, SecurityRules};
pub use port::{PortError, PortRange, Ports};
pub use priority::{Priority, PriorityError};
pub use route::{DefaultNextHop, DefaultRoute, NextHop, Route, RouteDestination};
pub use rule_collection::{
    ApplicationProtocol, ApplicationRule, ApplicationRuleCollection, ApplicationRuleDestination, FirewallSource,
    NetworkRule, NetworkRuleCollection, NetworkRuleDestination,
};
pub use security_rule::{Access, Direction, Protocol, SecurityRule, UnknownWord};
pub use service_endpoint::ServiceEndpoint;
pub use service_tag::{ServiceTag, ServiceTagError};
pub use stable_hash::stable_hash;
