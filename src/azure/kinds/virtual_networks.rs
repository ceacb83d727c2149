//! Virtual networks.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

pub(super) static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The virtual networks; only read, since a write of the whole would race with every subnet of it.
    pub fn virtual_networks(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
