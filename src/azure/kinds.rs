//! One file per kind of resource: the API version that knows every field there is to keep, what Azure computes, and whose writers must wait.
//!
//! What can be done with the objects of a kind is the same for all: [`Documents`](super::Documents).

mod azure_firewalls;
mod firewall_policies;
mod ip_groups;
mod local_network_gateways;
mod machine_learning_workspaces;
mod nat_gateways;
mod network_security_groups;
mod route_tables;
mod service_endpoint_policies;
mod service_tags;
mod subnets;
mod virtual_network_gateways;
mod virtual_network_peerings;
mod virtual_networks;

#[cfg(test)]
mod tests;
