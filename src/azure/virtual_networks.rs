//! Virtual networks, read only.

use super::{
    call::Call,
    client::ArmClient,
    document::{Document, Documents, Kind},
    error::ArmError,
    resource_id::ResourceId,
};

pub(super) static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[],
    associations: &[],
    parent: None,
};

/// The virtual networks.
#[derive(Clone, Copy, Debug)]
pub struct VirtualNetworks<'a>(Documents<'a>);

impl ArmClient {
    /// The virtual networks.
    pub fn virtual_networks(&self) -> VirtualNetworks<'_> {
        VirtualNetworks(Documents {
            client: self,
            kind: &KIND,
        })
    }
}

impl VirtualNetworks<'_> {
    /// Reads a virtual network; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(&self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        self.0.get(id, call).await
    }
}
