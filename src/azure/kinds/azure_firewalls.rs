//! Azure Firewalls with rules of their own (classic).

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static KIND: Kind = Kind {
    api_version: "2025-07-01",
    computed: &["ipGroups", "threatIntelWhitelist"],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The firewalls. Classic collections are part of the firewall: whoever changes one writes the whole firewall, so a merge may touch its own
    /// collections only.
    pub fn azure_firewalls(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
