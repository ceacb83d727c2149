//! The other ends that a flow as people write it may name: service tags that exist, and hosts that a policy knows.
//!
//! A name that is neither is an error: a proof about a misspelled tag would be one about nothing.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    network::{
        AddressSide, ApplicationRuleDestination, FlowPeer, NetworkPolicy, NetworkRuleDestination, Passage,
        SecurityRule, ServiceTag,
    },
    regions::Cloud,
    service_tags::known,
};

/// What names mean.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers {
    /// The clouds whose tags count; all of them where nobody says which.
    clouds: Vec<Cloud>,
    /// Tags that somebody names who may know more than this release, in lower case.
    named: BTreeSet<String>,
    /// Hosts by their name in lower case.
    hosts: BTreeMap<String, Host>,
}

/// A host that a policy knows.
#[derive(Clone, Debug, Default)]
struct Host {
    covered_by: Option<ServiceTag>,
    by_proxy: bool,
}

impl Peers {
    /// The names of one cloud, or of any.
    pub(super) fn of_cloud(cloud: Option<Cloud>) -> Peers {
        Peers {
            clouds: cloud.map_or_else(|| Cloud::ALL.to_vec(), |cloud| vec![cloud]),
            ..Peers::default()
        }
    }

    /// Adds the hosts of a policy's flows and firewall rules.
    pub(super) fn add_policy(&mut self, policy: &NetworkPolicy) {
        let rules = policy.application_rule_collections.iter().flat_map(|one| &one.rules);
        let of_applications = rules.filter_map(|rule| match &rule.destination {
            ApplicationRuleDestination::Hosts(hosts) => Some(hosts),
            _ => None,
        });
        let rules = policy.network_rule_collections.iter().flat_map(|one| &one.rules);
        let of_networks = rules.filter_map(|rule| match &rule.destination {
            NetworkRuleDestination::Hosts(hosts) => Some(hosts),
            _ => None,
        });
        for host in of_applications
            .chain(of_networks)
            .flatten()
            .filter_map(|host| host.get())
        {
            self.hosts.entry(host.to_lowercase()).or_default();
        }
        for flow in policy.flows.values() {
            if let FlowPeer::Host { name, covered_by } = &flow.peer {
                let host = self.hosts.entry(name.to_lowercase()).or_default();
                host.by_proxy |= flow.passage == Passage::Proxy;
                host.covered_by = host.covered_by.take().or_else(|| covered_by.clone());
            }
        }
    }

    /// Adds the tags of rules. Of one that this release does not know a verification says so, at the rule.
    pub(super) fn add_rules<'r>(&mut self, rules: impl IntoIterator<Item = &'r SecurityRule>) {
        for side in rules.into_iter().flat_map(|rule| [&rule.source, &rule.destination]) {
            if let AddressSide::Tag(tag) = side {
                self.named.insert(tag.as_str().to_lowercase());
            }
        }
    }

    /// Adds tags, such as those of a service tag file.
    pub(super) fn add_tags<'t>(&mut self, tags: impl IntoIterator<Item = &'t str>) {
        self.named.extend(tags.into_iter().map(str::to_lowercase));
    }

    /// What a name that is no address means, or why it means nothing.
    pub(super) fn find(&self, name: &str) -> Result<FlowPeer, String> {
        let is_tag = self.named.contains(&name.to_lowercase())
            || self.clouds.iter().any(|cloud| known::exists_in_any_case(name, *cloud));
        if let Some(tag) = is_tag.then(|| name.parse().ok()).flatten() {
            return Ok(FlowPeer::Tag(tag));
        }
        if let Some(host) = self.host(name) {
            if host.by_proxy {
                return Err(format!(
                    "is `{name}`, which the policy reaches through its proxy: ask about the proxy's address instead"
                ));
            }
            return Ok(FlowPeer::Host {
                name: name.to_owned(),
                covered_by: host.covered_by.clone(),
            });
        }
        let near = self.clouds.iter().find_map(|cloud| known::nearest(name, *cloud));
        let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
        let shown: String = name.chars().take(80).collect();
        Err(format!(
            "is `{shown}`, which is no service tag{} as far as this release knows{near}, and no host that a policy names: write a tag, such a host, \
             or address prefixes",
            match self.clouds.as_slice() {
                [cloud] => format!(" of the cloud `{cloud}`"),
                _ => String::new(),
            }
        ))
    }

    /// The host of that name, or the names below `*.` among which it is.
    fn host(&self, name: &str) -> Option<&Host> {
        let name = name.to_lowercase();
        let below = |pattern: &str| {
            let end = pattern.strip_prefix('*').filter(|end| end.starts_with('.'));
            end.is_some_and(|end| name.ends_with(end) && name.len() > end.len())
        };
        let pattern = || {
            self.hosts
                .iter()
                .find(|(pattern, _)| below(pattern))
                .map(|(_, host)| host)
        };
        self.hosts.get(&name).or_else(pattern)
    }
}
