//! IP groups.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["firewalls", "firewallPolicies"],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The IP groups; only read: a firewall in front of them fails when they are written beside its policy.
    pub fn ip_groups(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
