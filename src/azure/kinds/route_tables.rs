//! Route tables.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static KIND: Kind = Kind {
    api_version: "2025-07-01",
    computed: &["subnets"],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The route tables, with their routes inside: a table and all its routes are one write.
    pub fn route_tables(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
