//! Route tables, read only.

use super::{
    call::Call,
    client::ArmClient,
    document::{Document, Documents, Kind},
    error::ArmError,
    resource_id::ResourceId,
};

static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[],
    associations: &[],
    parent: None,
};

/// The route tables.
#[derive(Clone, Copy, Debug)]
pub struct RouteTables<'a>(Documents<'a>);

impl ArmClient {
    /// The route tables.
    pub fn route_tables(&self) -> RouteTables<'_> {
        RouteTables(Documents {
            client: self,
            kind: &KIND,
        })
    }
}

impl RouteTables<'_> {
    /// Reads a route table; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(&self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        self.0.get(id, call).await
    }
}
