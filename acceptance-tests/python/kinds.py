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
ROUTE_TABLE = ("route_tables", (GROUP, "rt"), {"location": LOCATION, "properties": {}})


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
        before=[NETWORK, SECURITY_GROUP, ROUTE_TABLE],
        body={
            "properties": {
                "addressPrefix": "10.0.1.0/24",
                "networkSecurityGroup": {"id": id_of("networkSecurityGroups", "nsg")},
                "routeTable": {"id": id_of("routeTables", "rt")},
                "serviceEndpoints": [{"service": "Microsoft.Storage"}, {"service": "Microsoft.KeyVault"}],
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
}

# Children by their number, of which a parent has room for many.
SMALL = {
    "security_rules": lambda number: rule(number, destinationAddressPrefix="*"),
    "subnets": lambda number: {"properties": {"addressPrefix": f"10.0.{number}.0/24"}},
}
