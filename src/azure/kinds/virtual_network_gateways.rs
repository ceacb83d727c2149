//! Gateways of virtual networks and their connections.

use serde_json::json;

use crate::azure::{
    call::Call,
    client::ArmClient,
    document::{Documents, Kind},
    error::ArmError,
    resource_id::ResourceId,
    secret::Secret,
};

static GATEWAY: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[],
    associations: &[],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

static CONNECTION: Kind = Kind {
    api_version: "2025-07-01",
    computed: &[
        "connectionStatus",
        "tunnelConnectionStatus",
        "egressBytesTransferred",
        "ingressBytesTransferred",
        // Answers echo it in clear. It has an endpoint of its own, so that no body that is read and written back ever holds it.
        "sharedKey",
    ],
    associations: &["localNetworkGateway2", "virtualNetworkGateway1"],
    parent: None,
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The virtual network gateways; only read: making one takes half an hour and is another's business.
    pub fn virtual_network_gateways(&self) -> Documents<'_> {
        Documents::of(self, &GATEWAY)
    }

    /// The connections of virtual network gateways, without their shared keys.
    pub fn connections(&self) -> Documents<'_> {
        Documents::of(self, &CONNECTION)
    }

    /// Sets the shared key of a connection that exists.
    ///
    /// # Errors
    /// See [`ArmError`]; none of them repeats the key.
    pub async fn set_shared_key(&self, connection: &ResourceId, key: &Secret, call: &Call) -> Result<(), ArmError> {
        let body = json!({ "value": key.expose() });
        Documents::of(self, &CONNECTION)
            .put_below(connection, "sharedkey", &body, key, call)
            .await
    }
}
