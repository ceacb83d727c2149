"""One resource of each kind: what is there before it, how it is made, changed, listed."""

import os
from dataclasses import dataclass, field
from typing import Any, Callable

GROUP = "rg"
LOCATION = "westeurope"


@dataclass
class Kind:
    # The client's group of operations.
    operations: str
    # The arguments that name the resource, its own name last.
    names: tuple[str, ...]
    body: dict[str, Any]
    # Changes the model that GET gave.
    change: Callable[[Any], None]
    # Methods that list it, with their arguments.
    lists: list[tuple[str, tuple[str, ...]]]
    # What it needs: operations, arguments, body; deleted in the opposite order at the end.
    before: list[tuple[str, tuple[str, ...], dict[str, Any]]] = field(default_factory=list)
    # It has tags, and a PATCH for them.
    tags: bool = False
    set_tags: Callable[..., Any] = lambda operations, *arguments: operations.update_tags(*arguments)
    # Properties that GET never shows.
    secrets: tuple[str, ...] = ()


def rule(priority: int, **more: Any) -> dict[str, Any]:
    return {
        "properties": {
            "priority": priority,
            "direction": "Inbound",
            "access": "Allow",
            "protocol": "Tcp",
            "sourceAddressPrefix": "VirtualNetwork",
            "sourcePortRange": "*",
            "destinationAddressPrefix": "10.0.0.0/24",
            "destinationPortRange": "443",
            **more,
        }
    }


def set_property(path: str, value: Any) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        *parents, last = path.split(".")
        for parent in parents:
            model = model[int(parent) if parent.isdecimal() else parent]
        model[last] = value

    return change


NETWORK = (
    "virtual_networks",
    (GROUP, "vnet"),
    {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
)
SECURITY_GROUP = ("network_security_groups", (GROUP, "nsg"), {"location": LOCATION, "properties": {}})
SPOKE = (
    "virtual_networks",
    (GROUP, "spoke"),
    {"location": LOCATION, "properties": {"addressSpace": {"addressPrefixes": ["10.1.0.0/16"]}}},
)
ROUTE_TABLE = ("route_tables", (GROUP, "rt"), {"location": LOCATION, "properties": {}})


FIREWALL_POLICY = (
    "firewall_policies",
    (GROUP, "policy"),
    {"location": LOCATION, "properties": {"sku": {"tier": "Standard"}}},
)
ENDPOINT_POLICY = ("service_endpoint_policies", (GROUP, "storage"), {"location": LOCATION, "properties": {}})
GATEWAY = (
    "virtual_network_gateways",
    (GROUP, "gateway"),
    {"location": LOCATION, "properties": {"gatewayType": "Vpn", "vpnType": "RouteBased"}},
)
SITE = (
    "local_network_gateways",
    (GROUP, "site"),
    {
        "location": LOCATION,
        "properties": {
            "gatewayIpAddress": "198.51.100.7",
            "localNetworkAddressSpace": {"addressPrefixes": ["192.168.0.0/16"]},
        },
    },
)


def update_tags(operations: Any, *arguments: Any) -> Any:
    return operations.begin_update_tags(*arguments).result()


def id_of(kind: str, name: str) -> str:
    subscription = os.environ["ARM_SUBSCRIPTION_ID"]
    return f"/subscriptions/{subscription}/resourceGroups/{GROUP}/providers/Microsoft.Network/{kind}/{name}"


KINDS = {
    "network_security_group": Kind(
        operations="network_security_groups",
        names=(GROUP, "nsg"),
        body={"location": LOCATION, "properties": {"securityRules": [{"name": "first", **rule(100)}]}},
        change=set_property("properties.securityRules.0.properties.access", "Deny"),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
    ),
    "security_rule": Kind(
        operations="security_rules",
        names=(GROUP, "nsg", "https"),
        before=[SECURITY_GROUP],
        body=rule(100),
        change=set_property("properties.access", "Deny"),
        lists=[("list", (GROUP, "nsg"))],
    ),
    "virtual_network": Kind(
        operations="virtual_networks",
        names=(GROUP, "vnet"),
        body=NETWORK[2],
        change=set_property("properties.addressSpace.addressPrefixes", ["10.0.0.0/16", "10.1.0.0/16"]),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
    ),
    "subnet": Kind(
        operations="subnets",
        names=(GROUP, "vnet", "compute"),
        before=[NETWORK, SECURITY_GROUP, ROUTE_TABLE, ENDPOINT_POLICY],
        body={
            "properties": {
                "addressPrefix": "10.0.1.0/24",
                "networkSecurityGroup": {"id": id_of("networkSecurityGroups", "nsg")},
                "routeTable": {"id": id_of("routeTables", "rt")},
                "serviceEndpoints": [{"service": "Microsoft.Storage"}, {"service": "Microsoft.KeyVault"}],
                "serviceEndpointPolicies": [{"id": id_of("serviceEndpointPolicies", "storage")}],
                "delegations": [
                    {"name": "netapp", "properties": {"serviceName": "Microsoft.NetApp/volumes"}},
                ],
                "defaultOutboundAccess": False,
            }
        },
        change=set_property("properties.privateEndpointNetworkPolicies", "Enabled"),
        lists=[("list", (GROUP, "vnet"))],
    ),
    "route_table": Kind(
        operations="route_tables",
        names=(GROUP, "rt"),
        body={
            "location": LOCATION,
            "properties": {
                "disableBgpRoutePropagation": True,
                "routes": [{"name": "tag", "properties": {"addressPrefix": "AzureMonitor", "nextHopType": "Internet"}}],
            },
        },
        change=set_property("properties.disableBgpRoutePropagation", False),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
    ),
    "route": Kind(
        operations="routes",
        names=(GROUP, "rt", "default"),
        before=[ROUTE_TABLE],
        body={
            "properties": {
                "addressPrefix": "0.0.0.0/0",
                "nextHopType": "VirtualAppliance",
                "nextHopIpAddress": "10.0.2.4",
            }
        },
        change=set_property("properties.nextHopIpAddress", "10.0.2.5"),
        lists=[("list", (GROUP, "rt"))],
    ),
    "nat_gateway": Kind(
        operations="nat_gateways",
        names=(GROUP, "nat"),
        body={"location": LOCATION, "sku": {"name": "Standard"}, "properties": {"idleTimeoutInMinutes": 4}},
        change=set_property("properties.idleTimeoutInMinutes", 10),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
    ),
    "virtual_network_peering": Kind(
        operations="virtual_network_peerings",
        names=(GROUP, "vnet", "to-spoke"),
        before=[NETWORK, SPOKE],
        body={
            "properties": {
                "remoteVirtualNetwork": {"id": id_of("virtualNetworks", "spoke")},
                "allowVirtualNetworkAccess": True,
            }
        },
        change=set_property("properties.allowForwardedTraffic", True),
        lists=[("list", (GROUP, "vnet"))],
    ),
    "service_endpoint_policy": Kind(
        operations="service_endpoint_policies",
        names=(GROUP, "storage"),
        body={
            "location": LOCATION,
            "properties": {
                "serviceEndpointPolicyDefinitions": [
                    {
                        "name": "learning",
                        "properties": {
                            "service": "Global",
                            "serviceResources": ["/services/Azure/MachineLearning"],
                        },
                    }
                ]
            },
        },
        change=set_property(
            "properties.serviceEndpointPolicyDefinitions.0.properties.serviceResources", ["/services/Azure/Batch"]
        ),
        lists=[("list_by_resource_group", (GROUP,)), ("list", ())],
        tags=True,
    ),
    "service_endpoint_policy_definition": Kind(
        operations="service_endpoint_policy_definitions",
        names=(GROUP, "storage", "group"),
        before=[ENDPOINT_POLICY],
        body={
            "properties": {
                "service": "Microsoft.Storage",
                "serviceResources": [id_of("x", "x").split("/providers/")[0]],
            }
        },
        change=set_property("properties.description", "The accounts of the group"),
        lists=[("list_by_resource_group", (GROUP, "storage"))],
    ),
    "ip_group": Kind(
        operations="ip_groups",
        names=(GROUP, "nodes"),
        body={"location": LOCATION, "properties": {"ipAddresses": ["10.0.0.0/24", "10.1.0.4"]}},
        change=set_property("properties.ipAddresses", ["10.0.0.0/24"]),
        lists=[("list_by_resource_group", (GROUP,)), ("list", ())],
        tags=True,
        set_tags=lambda operations, *arguments: operations.update_groups(*arguments),
    ),
    "firewall_policy": Kind(
        operations="firewall_policies",
        names=FIREWALL_POLICY[1],
        body=FIREWALL_POLICY[2],
        change=set_property("properties.threatIntelMode", "Deny"),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
    ),
    "rule_collection_group": Kind(
        operations="firewall_policy_rule_collection_groups",
        names=(GROUP, "policy", "group"),
        before=[FIREWALL_POLICY],
        body={
            "properties": {
                "priority": 200,
                "ruleCollections": [
                    {
                        "name": "monitor",
                        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                        "priority": 100,
                        "action": {"type": "Allow"},
                        "rules": [
                            {
                                "ruleType": "NetworkRule",
                                "name": "https",
                                "ipProtocols": ["TCP"],
                                "sourceAddresses": ["10.0.0.0/24"],
                                "destinationAddresses": ["AzureMonitor"],
                                "destinationPorts": ["443"],
                            }
                        ],
                    },
                    {
                        "name": "hosts",
                        "ruleCollectionType": "FirewallPolicyFilterRuleCollection",
                        "priority": 110,
                        "action": {"type": "Allow"},
                        "rules": [
                            {
                                "ruleType": "ApplicationRule",
                                "name": "packages",
                                "protocols": [{"protocolType": "Https", "port": 443}],
                                "sourceAddresses": ["10.0.0.0/24"],
                                "targetFqdns": ["*.example.com"],
                            }
                        ],
                    },
                ],
            }
        },
        change=set_property("properties.priority", 300),
        lists=[("list", (GROUP, "policy"))],
    ),
    "azure_firewall": Kind(
        operations="azure_firewalls",
        names=(GROUP, "firewall"),
        body={
            "location": LOCATION,
            "properties": {
                "sku": {"name": "AZFW_VNet", "tier": "Standard"},
                "networkRuleCollections": [
                    {
                        "name": "monitor",
                        "properties": {
                            "priority": 200,
                            "action": {"type": "Allow"},
                            "rules": [
                                {
                                    "name": "https",
                                    "protocols": ["TCP"],
                                    "sourceAddresses": ["10.0.0.0/24"],
                                    "destinationAddresses": ["AzureMonitor"],
                                    "destinationPorts": ["443"],
                                }
                            ],
                        },
                    }
                ],
            },
        },
        change=set_property("properties.networkRuleCollections.0.properties.priority", 300),
        lists=[("list", (GROUP,)), ("list_all", ())],
        tags=True,
        set_tags=update_tags,
    ),
    "virtual_network_gateway": Kind(
        operations="virtual_network_gateways",
        names=GATEWAY[1],
        body=GATEWAY[2],
        change=set_property("properties.vpnGatewayGeneration", "Generation2"),
        lists=[("list", (GROUP,))],
        tags=True,
        set_tags=update_tags,
    ),
    "local_network_gateway": Kind(
        operations="local_network_gateways",
        names=SITE[1],
        body=SITE[2],
        change=set_property("properties.gatewayIpAddress", "198.51.100.8"),
        lists=[("list", (GROUP,))],
        tags=True,
    ),
    "connection": Kind(
        operations="virtual_network_gateway_connections",
        names=(GROUP, "connection"),
        before=[GATEWAY, SITE],
        body={
            "location": LOCATION,
            "properties": {
                "connectionType": "IPsec",
                "virtualNetworkGateway1": {"id": id_of("virtualNetworkGateways", "gateway")},
                "localNetworkGateway2": {"id": id_of("localNetworkGateways", "site")},
            },
        },
        change=set_property("properties.routingWeight", 10),
        lists=[("list", (GROUP,))],
        tags=True,
        set_tags=update_tags,
    ),
}

# Children by their number, of which a parent has room for many.
SMALL = {
    "security_rules": lambda number: rule(number, destinationAddressPrefix="*"),
    "subnets": lambda number: {"properties": {"addressPrefix": f"10.0.{number}.0/24"}},
    "firewall_policy_rule_collection_groups": lambda number: {
        "properties": {"priority": 100 + number, "ruleCollections": []}
    },
}
