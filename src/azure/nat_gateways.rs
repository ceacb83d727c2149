//! NAT gateways, read only.

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

/// The NAT gateways.
#[derive(Clone, Copy, Debug)]
pub struct NatGateways<'a>(Documents<'a>);

impl ArmClient {
    /// The NAT gateways.
    pub fn nat_gateways(&self) -> NatGateways<'_> {
        NatGateways(Documents {
            client: self,
            kind: &KIND,
        })
    }
}

impl NatGateways<'_> {
    /// Reads a NAT gateway; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(&self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        self.0.get(id, call).await
    }
}
