//! Peerings of virtual networks.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
};

/// `syncRemoteAddressSpace` brings a peering back in step whose other side changed its address space; azurerm always sends it.
static KIND: Kind = Kind {
    api_version: "2025-01-01",
    computed: &[
        "remoteAddressSpace",
        "remoteVirtualNetworkAddressSpace",
        "peeringState",
        "peeringSyncLevel",
        "remoteBgpCommunities",
        "remoteVirtualNetworkEncryption",
    ],
    associations: &["remoteVirtualNetwork"],
    parent: Some(&super::virtual_networks::KIND),
    parent_associations: &[],
    put_query: "&syncRemoteAddressSpace=true",
};

impl ArmClient {
    /// The peerings, each below its own virtual network. A write waits for the writers of both networks, and also tells the other side of
    /// changed address spaces.
    pub fn virtual_network_peerings(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
