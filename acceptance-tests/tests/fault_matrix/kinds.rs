//! What the provider writes.

use lockeddown::azure::{ArmClient, Documents};
use serde_json::{Value, json};

/// A kind's group of operations.
type Operations = fn(&ArmClient) -> Documents<'_>;
/// Given what makes an id of a path in the group, and which of the two it is.
type Body = fn(&dyn Fn(&str) -> String, &str) -> Value;

/// A kind of resource and one of it.
pub(crate) struct Kind {
    pub(crate) documents: Operations,
    pub(crate) path: &'static str,
    /// Another one, which nobody here may touch.
    pub(crate) neighbour: &'static str,
    pub(crate) body: Body,
    /// What an update changes, and what somebody else changes at the same time; JSON pointers and values.
    pub(crate) ours: (&'static str, Value),
    pub(crate) theirs: (&'static str, Value),
}

/// What they need, in the order in which it can be made.
pub(crate) fn ground(id: &dyn Fn(&str) -> String) -> Vec<(&'static str, Value)> {
    let network = |prefix: &str| json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": [prefix] } } });
    let gateway = json!({ "location": "westeurope", "properties": { "gatewayType": "Vpn", "vpnType": "RouteBased" } });
    let site = json!({ "location": "westeurope", "properties": {
        "gatewayIpAddress": "198.51.100.7", "localNetworkAddressSpace": { "addressPrefixes": ["192.168.0.0/16"] } } });
    let base = json!({ "location": "westeurope", "properties": { "sku": { "tier": "Standard" } } });
    let policy = json!({ "location": "westeurope", "properties": {
        "sku": { "tier": "Standard" }, "basePolicy": { "id": id("firewallPolicies/base") } } });
    vec![
        ("virtualNetworks/hub", network("10.0.0.0/16")),
        ("virtualNetworks/near", network("10.1.0.0/16")),
        ("virtualNetworks/far", network("10.2.0.0/16")),
        ("virtualNetworkGateways/gateway", gateway),
        ("localNetworkGateways/site", site),
        ("firewallPolicies/base", base),
        ("firewallPolicies/policy", policy),
    ]
}

fn tagged(properties: Value, name: &str) -> Value {
    json!({ "location": "westeurope", "tags": { "which": name }, "properties": properties })
}

fn network_rules(name: &str, priority: u32) -> Value {
    json!([{ "name": name, "properties": {
        "priority": priority, "action": { "type": "Allow" }, "rules": [{
            "name": "https", "protocols": ["TCP"], "sourceAddresses": ["10.0.0.0/24"],
            "destinationAddresses": ["AzureMonitor"], "destinationPorts": ["443"] }] } }])
}

fn policy_rules(name: &str) -> Value {
    json!([{ "name": name, "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 100,
        "action": { "type": "Allow" }, "rules": [{
            "ruleType": "NetworkRule", "name": "https", "ipProtocols": ["TCP"], "sourceAddresses": ["10.0.0.0/24"],
            "destinationAddresses": ["AzureMonitor"], "destinationPorts": ["443"] }] }])
}

pub(crate) fn kinds() -> Vec<Kind> {
    let foreign_tags = || ("/tags", json!({ "foreign": "yes" }));
    vec![
        Kind {
            documents: ArmClient::network_security_groups,
            path: "networkSecurityGroups/ours",
            neighbour: "networkSecurityGroups/neighbour",
            body: |_, name| tagged(json!({}), name),
            ours: (
                "/properties/securityRules",
                json!([{ "name": "added", "properties": {
                    "priority": 100, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
                    "destinationPortRange": "443", "sourceAddressPrefix": "*", "destinationAddressPrefix": "Storage" } }]),
            ),
            theirs: foreign_tags(),
        },
        Kind {
            documents: ArmClient::route_tables,
            path: "routeTables/ours",
            neighbour: "routeTables/neighbour",
            body: |_, name| tagged(json!({}), name),
            ours: (
                "/properties/routes",
                json!([{ "name": "added", "properties": { "addressPrefix": "AzureMonitor", "nextHopType": "Internet" } }]),
            ),
            theirs: foreign_tags(),
        },
        Kind {
            documents: ArmClient::virtual_networks,
            path: "virtualNetworks/ours",
            neighbour: "virtualNetworks/neighbour",
            body: |_, name| tagged(json!({ "addressSpace": { "addressPrefixes": ["10.9.0.0/16"] } }), name),
            ours: ("/properties/dhcpOptions", json!({ "dnsServers": ["10.0.0.4"] })),
            theirs: foreign_tags(),
        },
        Kind {
            documents: ArmClient::subnets,
            path: "virtualNetworks/hub/subnets/ours",
            neighbour: "virtualNetworks/hub/subnets/neighbour",
            body: |_, name| {
                let number = if name == "ours" { 1 } else { 2 };
                json!({ "properties": { "addressPrefix": format!("10.0.{number}.0/24") } })
            },
            ours: (
                "/properties/serviceEndpoints",
                json!([{ "service": "Microsoft.Storage" }]),
            ),
            theirs: ("/properties/privateEndpointNetworkPolicies", json!("Enabled")),
        },
        Kind {
            documents: ArmClient::virtual_network_peerings,
            path: "virtualNetworks/hub/virtualNetworkPeerings/ours",
            neighbour: "virtualNetworks/hub/virtualNetworkPeerings/neighbour",
            body: |id, name| {
                let remote = if name == "ours" { "near" } else { "far" };
                let remote = id(&format!("virtualNetworks/{remote}"));
                json!({ "properties": { "remoteVirtualNetwork": { "id": remote }, "allowVirtualNetworkAccess": true } })
            },
            ours: ("/properties/allowForwardedTraffic", json!(true)),
            theirs: ("/properties/allowGatewayTransit", json!(true)),
        },
        Kind {
            documents: ArmClient::service_endpoint_policies,
            path: "serviceEndpointPolicies/ours",
            neighbour: "serviceEndpointPolicies/neighbour",
            body: |_, name| tagged(json!({}), name),
            ours: (
                "/properties/serviceEndpointPolicyDefinitions",
                json!([{ "name": "added", "properties": {
                    "service": "Global", "serviceResources": ["/services/Azure/MachineLearning"] } }]),
            ),
            theirs: foreign_tags(),
        },
        Kind {
            documents: ArmClient::rule_collection_groups,
            path: "firewallPolicies/policy/ruleCollectionGroups/ours",
            neighbour: "firewallPolicies/policy/ruleCollectionGroups/neighbour",
            body: |_, name| {
                let priority = if name == "ours" { 200 } else { 300 };
                json!({ "properties": { "priority": priority, "ruleCollections": policy_rules("first") } })
            },
            ours: ("/properties/ruleCollections", policy_rules("changed")),
            theirs: ("/properties/priority", json!(250)),
        },
        Kind {
            documents: ArmClient::azure_firewalls,
            path: "azureFirewalls/ours",
            neighbour: "azureFirewalls/neighbour",
            body: |_, name| tagged(json!({ "networkRuleCollections": network_rules("first", 100) }), name),
            ours: ("/properties/networkRuleCollections", network_rules("changed", 200)),
            theirs: ("/properties/threatIntelMode", json!("Deny")),
        },
        Kind {
            documents: ArmClient::local_network_gateways,
            path: "localNetworkGateways/ours",
            neighbour: "localNetworkGateways/neighbour",
            body: |_, name| {
                let space = json!({ "addressPrefixes": ["172.16.0.0/16"] });
                let address = if name == "ours" { "198.51.100.8" } else { "198.51.100.9" };
                tagged(
                    json!({ "gatewayIpAddress": address, "localNetworkAddressSpace": space }),
                    name,
                )
            },
            ours: (
                "/properties/localNetworkAddressSpace",
                json!({ "addressPrefixes": ["172.16.0.0/16", "172.17.0.0/16"] }),
            ),
            theirs: foreign_tags(),
        },
        Kind {
            documents: ArmClient::connections,
            path: "connections/ours",
            neighbour: "connections/neighbour",
            body: |id, name| {
                tagged(
                    json!({
                        "connectionType": "IPsec",
                        "virtualNetworkGateway1": { "id": id("virtualNetworkGateways/gateway") },
                        "localNetworkGateway2": { "id": id("localNetworkGateways/site") },
                    }),
                    name,
                )
            },
            ours: ("/properties/routingWeight", json!(10)),
            theirs: foreign_tags(),
        },
    ]
}
