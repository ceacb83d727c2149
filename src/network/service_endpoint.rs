//! Service endpoints of a subnet.

use std::fmt;

/// A virtual network service endpoint, by the name ARM uses. Its locations are filled in by Azure and never sent (sending them
/// causes permanent drift, azure-requirements 4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ServiceEndpoint {
    /// Azure Storage in the region of the VNet and its pair.
    Storage,
    /// Azure Key Vault.
    KeyVault,
    /// Azure Container Registry (preview).
    ContainerRegistry,
}

impl ServiceEndpoint {
    /// ARM's name.
    pub fn as_str(self) -> &'static str {
        match self {
            ServiceEndpoint::Storage => "Microsoft.Storage",
            ServiceEndpoint::KeyVault => "Microsoft.KeyVault",
            ServiceEndpoint::ContainerRegistry => "Microsoft.ContainerRegistry",
        }
    }

    /// The endpoint of that name.
    pub fn from_name(name: &str) -> Option<ServiceEndpoint> {
        [
            ServiceEndpoint::Storage,
            ServiceEndpoint::KeyVault,
            ServiceEndpoint::ContainerRegistry,
        ]
        .into_iter()
        .find(|endpoint| endpoint.as_str().eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for ServiceEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
