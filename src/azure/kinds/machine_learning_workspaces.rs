//! Azure Machine Learning workspaces.

use serde_json::Value;

use crate::azure::{call::Call, client::ArmClient, error::ArmError, resource_id::ResourceId};

impl ArmClient {
    /// The hosts that the computes of a workspace talk to, by category: `value[].properties.{category, endpoints[].{domainName,
    /// endpointDetails[].port}}`.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn outbound_network_dependencies(&self, workspace: &ResourceId, call: &Call) -> Result<Value, ArmError> {
        let mut path = workspace.path();
        path.push("outboundNetworkDependenciesEndpoints");
        self.read_all(&path, "2024-04-01", "value", call).await
    }
}
