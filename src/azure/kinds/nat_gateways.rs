//! NAT gateways.

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
    /// The NAT gateways; only read.
    pub fn nat_gateways(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
