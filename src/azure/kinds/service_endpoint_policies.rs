//! Service endpoint policies.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["subnets"],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The service endpoint policies, with their definitions inside.
    pub fn service_endpoint_policies(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
