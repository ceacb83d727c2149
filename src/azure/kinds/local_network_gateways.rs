//! Local network gateways: the far end of a VPN connection.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The local network gateways.
    pub fn local_network_gateways(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
