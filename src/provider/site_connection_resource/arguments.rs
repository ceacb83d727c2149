//! The schema. Names are those of `azurerm_virtual_network_gateway_connection` and `azurerm_local_network_gateway`, and the two objects those of
//! the data sources' outputs.

use tfplugin_rs::{
    schema::{Attribute, Nesting, Schema, Shape},
    value::Type,
};

use crate::provider::managed::{SAME_BUT_FOR_CASE, SAME_LOCATION, timeouts};

const DESCRIPTION: &str = "The connection of a virtual network gateway to a site: a VPN with the local network gateway that describes the site's \
     device and address spaces, or an ExpressRoute circuit. `lockeddown_cyclecloud_connection` works out both objects, and \
     `lockeddown_license_server_link` the local network gateway of a license server's site.\n\nThe gateway itself is not made here: that takes half an \
     hour and is the network team's. Connection and local network gateway carry the provider's owner tag: what an interrupted apply left is \
     taken over, what others made never is. Whatever else is set on the connection, IPsec policies for instance, stays as it is.\n\nThe shared key is \
     write-only (Terraform 1.11): it never enters a plan, the state or a log, and goes to Azure through an endpoint of its own. Azure's key is \
     never read, so a key that was changed there shows in no plan: raise `shared_key_wo_version` to set it again, also after an import \
     where it is in doubt.";

/// The schema of the resource.
pub(super) fn schema() -> Schema {
    Schema::new(DESCRIPTION).attributes(arguments()).attributes(outputs())
}

fn arguments() -> Vec<(&'static str, Attribute)> {
    vec![
        (
            "name",
            Attribute::required(Type::String, "Name of the connection.")
                .replaces()
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "location",
            Attribute::required(Type::String, "Region of the virtual network gateway, in any spelling.")
                .replaces()
                .equivalent_when(SAME_LOCATION),
        ),
        (
            "resource_group_name",
            Attribute::optional_computed(
                Type::String,
                "Resource group of what is created. Defaults to that of the virtual network gateway.",
            )
            .replaces()
            .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "connection",
            Attribute::required(
                Shape::nested(Nesting::Single, connection()),
                "The connection: the output `connection` of `lockeddown_cyclecloud_connection`, or the same written by hand.",
            ),
        ),
        (
            "local_network_gateway",
            Attribute::optional(
                Shape::nested(Nesting::Single, local_network_gateway()),
                "The site: the output `local_network_gateway` of `lockeddown_cyclecloud_connection` or `lockeddown_license_server_link`, or the \
                 same written by hand. Required for a VPN.",
            ),
        ),
        (
            "local_network_gateway_name",
            Attribute::optional_computed(
                Type::String,
                "Name of the local network gateway that is created. Defaults to `lgw-` and `name`.",
            )
            .replaces()
            .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "shared_key_wo",
            Attribute::optional(
                Type::String,
                "Shared key of the VPN: 1 to 128 printable ASCII characters. Write-only: take it from an ephemeral resource or variable. Without it \
                 Azure makes a key, which the site's device must be told.",
            )
            .write_only()
            .sensitive(),
        ),
        (
            "shared_key_wo_version",
            Attribute::optional(
                Type::Number,
                "Any number. The key is set when the connection is created and whenever this changes. Required with `shared_key_wo`.",
            ),
        ),
        (
            "tags",
            Attribute::optional(
                Type::map(Type::String),
                "Tags of the connection and the local network gateway.",
            ),
        ),
        timeouts::argument(),
    ]
}

fn connection() -> Vec<(&'static str, Attribute)> {
    vec![
        (
            "type",
            Attribute::required(
                Type::String,
                "`IPsec` for a VPN, `ExpressRoute` for a circuit. Another one replaces the connection.",
            ),
        ),
        (
            "virtual_network_gateway_id",
            Attribute::required(
                Type::String,
                "ARM id of the virtual network gateway. Another one replaces the connection.",
            )
            .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "express_route_circuit_id",
            Attribute::optional(
                Type::String,
                "ARM id of the circuit. Required for `ExpressRoute`. Another one replaces the connection.",
            )
            .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "connection_protocol",
            Attribute::optional_computed(
                Type::String,
                "`IKEv2` or `IKEv1`, for a VPN. Another one replaces the connection. Defaults to `IKEv2`.",
            ),
        ),
        (
            "bgp_enabled",
            Attribute::optional(
                Type::Bool,
                "Whether routes are learned by BGP, which needs `bgp_settings` of the site. Defaults to `false`.",
            )
            .default_value(false),
        ),
    ]
}

fn local_network_gateway() -> Vec<(&'static str, Attribute)> {
    let bgp = [
        (
            "asn",
            Attribute::required(Type::Number, "Autonomous system number of the site."),
        ),
        (
            "bgp_peering_address",
            Attribute::required(Type::String, "Address of the site's BGP speaker."),
        ),
        (
            "peer_weight",
            Attribute::optional(Type::Number, "Weight of the routes learned there."),
        ),
    ];
    vec![
        (
            "gateway_address",
            Attribute::optional(
                Type::String,
                "Public IPv4 address of the site's VPN device. Either this or `gateway_fqdn`.",
            ),
        ),
        (
            "gateway_fqdn",
            Attribute::optional(Type::String, "Public name of the site's VPN device.")
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "address_space",
            Attribute::optional(
                Type::set(Type::String),
                "Address spaces of the site, which Azure routes into the connection. May be left out where BGP tells them.",
            ),
        ),
        (
            "bgp_settings",
            Attribute::optional(Shape::nested(Nesting::Single, bgp), "BGP speaker of the site."),
        ),
    ]
}

fn outputs() -> Vec<(&'static str, Attribute)> {
    let text = |description: &str| Attribute::computed(Type::String, description);
    vec![
        ("id", text("ARM id of the connection; also the id to import by.")),
        (
            "connection_id",
            text(
                "ARM id of the connection while it exists and carries the owner tag: null says that the next apply makes or marks it.",
            ),
        ),
        (
            "local_network_gateway_id",
            text("ARM id of the local network gateway, likewise. Null for ExpressRoute."),
        ),
    ]
}
