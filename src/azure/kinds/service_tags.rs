//! The service-tag discovery API.

use serde_json::Value;

use crate::azure::{call::Call, client::ArmClient, error::ArmError};

impl ArmClient {
    /// Microsoft's service tags with their prefixes, in the shape of its downloadable file: `changeNumber`, `cloud`, `values`.
    /// `location` is any region; it chooses who answers, and filters nothing.
    ///
    /// # Errors
    /// See [`ArmError`].
    pub async fn service_tags(&self, subscription_id: &str, location: &str, call: &Call) -> Result<Value, ArmError> {
        let path = [
            "subscriptions",
            subscription_id,
            "providers",
            "Microsoft.Network",
            "locations",
            location,
            "serviceTags",
        ];
        self.read_all(&path, "2025-01-01", "values", call).await
    }
}
