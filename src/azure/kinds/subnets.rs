//! Subnets.

use crate::azure::{
    client::ArmClient,
    document::{Documents, Kind},
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
    associations: &[
        "networkSecurityGroup",
        "routeTable",
        "natGateway",
        "serviceEndpointPolicies",
    ],
    parent: Some(&super::virtual_networks::KIND),
    parent_associations: &[],
    put_query: "",
};

impl ArmClient {
    /// The subnets of virtual networks, with everything that is associated with them.
    ///
    /// A write waits for the other writers of its virtual network, network security group, route table, NAT gateway and service endpoint
    /// policies, and until the virtual network is not being updated: a competing PUT cancels the other's operation.
    pub fn subnets(&self) -> Documents<'_> {
        Documents::of(self, &KIND)
    }
}
