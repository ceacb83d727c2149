//! Network security groups.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

/// Nothing writable was added to groups and rules since; azurerm uses it in all clouds.
static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs"],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The network security groups, with their rules inside: a group and all its rules are one write.
    pub fn network_security_groups(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
