//! Network security groups.

use serde_json::Value;

use super::{
    call::Call,
    client::ArmClient,
    document::{Document, Documents, Kind},
    error::ArmError,
    resource_id::ResourceId,
};

/// Nothing writable was added to groups and rules since; azurerm uses it in all clouds.
static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &["defaultSecurityRules", "networkInterfaces", "subnets", "flowLogs"],
    associations: &[],
    parent: None,
};

/// The network security groups, with their rules inside: a group and all its rules are one write.
#[derive(Clone, Copy, Debug)]
pub struct NetworkSecurityGroups<'a>(Documents<'a>);

impl ArmClient {
    /// The network security groups.
    pub fn network_security_groups(&self) -> NetworkSecurityGroups<'_> {
        NetworkSecurityGroups(Documents {
            client: self,
            kind: &KIND,
        })
    }
}

impl NetworkSecurityGroups<'_> {
    /// Reads a group; `None` if it does not exist.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn get(&self, id: &ResourceId, call: &Call) -> Result<Option<Document>, ArmError> {
        self.0.get(id, call).await
    }

    /// Creates a group with all rules in `body`.
    ///
    /// # Errors
    /// [`ArmError::AlreadyExists`] if it exists; see [`ArmError`].
    pub async fn create(&self, id: &ResourceId, body: Value, call: &Call) -> Result<Document, ArmError> {
        self.0.create(id, body, call).await
    }

    /// Changes a group; `merge` changes its own parts of the body and may be called several times. Nothing is written if nothing changes.
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

    /// Deletes a group; one that does not exist is fine.
    ///
    /// # Errors
    /// See [`ArmError`]; a group in use cannot be deleted.
    pub async fn delete(&self, id: &ResourceId, call: &Call) -> Result<(), ArmError> {
        self.0.delete(id, call).await
    }
}
