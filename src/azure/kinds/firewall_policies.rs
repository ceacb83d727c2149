//! Firewall policies and their rule collection groups.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static POLICY: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["childPolicies", "firewalls", "ruleCollectionGroups", "size"],
    associations: &["basePolicy"],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

/// Azure changes one group of a policy at a time, and none while the policy it inherits from is changed.
static RULE_COLLECTION_GROUP: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["size"],
    associations: &[],
    parent: Some(&POLICY),
    parent_associations: &["basePolicy"],
    put_query: "",
};

impl ArmClient {
    /// The firewall policies; only read.
    pub fn firewall_policies(&self) -> Documents<'_> {
        Documents::of(self, &POLICY)
    }

    /// The rule collection groups of firewall policies, with all their collections and rules: a group is one write.
    pub fn rule_collection_groups(&self) -> Documents<'_> {
        Documents::of(self, &RULE_COLLECTION_GROUP)
    }
}
