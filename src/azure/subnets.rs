//! Subnets.

use serde_json::Value;

use super::{
    call::Call,
    client::ArmClient,
    document::{Document, Documents, Kind},
    error::ArmError,
    resource_id::ResourceId,
    virtual_networks,
};

/// A PUT replaces the subnet whole, so the newest version is the one that reads everything there is to keep.
static KIND: Kind = Kind {
    api_version: "2025-07-01",
    computed: &[
        "interfaceEndpoints",
        "ipConfigurationProfiles",
        "ipConfigurations",
        "privateEndpoints",
        "purpose",
        "resourceNavigationLinks",
        "serviceAssociationLinks",
    ],
    associations: &["networkSecurityGroup", "routeTable"],
    parent: Some(&virtual_networks::KIND),
};

/// The subnets of virtual networks, with everything that is associated with them.
///
/// A write waits for the other writers of its virtual network, network security group and route table, and until the virtual network
/// is not being updated: a competing PUT cancels the other's operation.
#[derive(Clone, Copy, Debug)]
pub struct Subnets<'a>(Documents<'a>);

impl ArmClient {
    /// The subnets.
    pub fn subnets(&self) -> Subnets<'_> {
        Subnets(Documents {
            client: self,
            kind: &KIND,
        })
    }
}

impl Subnets<'_> {
    /// Reads a subnet; `None` if it, its virtual network or its resource group does not exist.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(&self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        self.0.get(id, call).await
    }

    /// Creates a subnet with everything in `body`.
    ///
    /// # Errors
    /// [`ArmError::AlreadyExists`] if it exists; see [`ArmError`].
    pub async fn create(&self, id: &ResourceId, body: Value, call: &Call) -> Result<Document, ArmError> {
        self.0.create(id, body, call).await
    }

    /// Changes a subnet; `merge` changes its own parts of the body and may be called several times. Nothing is written if nothing changes.
    ///
    /// # Errors
    /// [`ArmError::NotFound`] if it does not exist; see [`ArmError`].
    pub async fn update(
        &self,
        id: &ResourceId,
        call: &Call,
        merge: impl FnMut(&mut Value) + Send,
    ) -> Result<Document, ArmError> {
        self.0.update(id, call, merge).await
    }

    /// Deletes a subnet; one that does not exist is fine.
    ///
    /// # Errors
    /// See [`ArmError`]; a subnet with something in it cannot be deleted.
    pub async fn delete(&self, id: &ResourceId, call: &Call) -> Result<(), ArmError> {
        self.0.delete(id, call).await
    }
}
