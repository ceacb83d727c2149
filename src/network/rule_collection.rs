//! Rule collections of an Azure Firewall (policy or classic).

use std::{borrow::Cow, collections::BTreeSet};

use super::{Known, Protocol, ServiceTag};

/// A collection of network rules; all of them allow. Evaluated before every application rule (rule-processing).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRuleCollection {
    /// At most 80 characters.
    pub name: String,
    /// 100 to 65000.
    pub priority: i64,
    /// At least one.
    pub rules: Vec<NetworkRule>,
}

/// A network rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRule {
    /// Unique in the collection.
    pub name: String,
    /// What it is for, and its requirement.
    pub description: String,
    /// TCP, UDP, ICMP or any.
    pub protocols: BTreeSet<Protocol>,
    /// Who sends.
    pub source: FirewallSource,
    /// Who receives.
    pub destination: NetworkRuleDestination,
    /// Ports and ranges; `*` for all.
    pub ports: BTreeSet<String>,
    /// The requirements that ask for it.
    pub requirement_ids: BTreeSet<String>,
}

/// The destination of a network rule: exactly one form (azurerm: addresses or service tags, not both).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkRuleDestination {
    /// A service tag; Azure Firewall takes tags as destination only.
    Tag(ServiceTag),
    /// Addresses or prefixes.
    Addresses(BTreeSet<String>),
    /// Host names without wildcards; needs the firewall's DNS proxy.
    Hosts(BTreeSet<Known<String>>),
}

/// The sources of a firewall rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FirewallSource {
    /// Addresses or prefixes.
    Addresses(BTreeSet<String>),
    /// IP groups by ARM id.
    Groups(Known<BTreeSet<String>>),
}

/// A collection of application rules; all of them allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRuleCollection {
    /// At most 80 characters.
    pub name: String,
    /// 100 to 65000.
    pub priority: i64,
    /// At least one.
    pub rules: Vec<ApplicationRule>,
}

/// An application rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplicationRule {
    /// Unique in the collection.
    pub name: String,
    /// What it is for, and its requirement.
    pub description: String,
    /// `Http` or `Https`, each with its port.
    pub protocols: BTreeSet<(ApplicationProtocol, u16)>,
    /// Who sends.
    pub source: FirewallSource,
    /// What may be asked for.
    pub destination: ApplicationRuleDestination,
    /// The requirements that ask for it.
    pub requirement_ids: BTreeSet<String>,
}

/// The protocol of an application rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ApplicationProtocol {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
}

impl ApplicationProtocol {
    /// ARM's word.
    pub fn as_str(self) -> &'static str {
        match self {
            ApplicationProtocol::Http => "Http",
            ApplicationProtocol::Https => "Https",
        }
    }
}

/// What an application rule lets through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApplicationRuleDestination {
    /// Host names; a wildcard only as the leftmost label (`*.x.com`, which is not `x.com`).
    Hosts(BTreeSet<Known<String>>),
    /// A set of hosts that Azure keeps, such as `AzureKubernetesService`.
    HostTag(Cow<'static, str>),
    /// URLs; Premium with TLS inspection only.
    Urls(BTreeSet<String>),
}
