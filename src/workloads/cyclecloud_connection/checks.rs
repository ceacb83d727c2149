//! What cannot work, refused with the reason before anything is expanded.

use super::{
    super::{egress::check_next_hop, inputs::Inputs, operators::refuse_everybody, problem::Stop, shared::Shared, site},
    FIREWALL, Link, Settings, find,
};
use crate::network::{Known, Prefix};

pub(super) fn check(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let refuse = |argument: &str, summary: &str, detail: String| -> Result<(), Stop> {
        Err(inputs.findings().error(inputs.path(argument), summary, detail))
    };
    if !matches!(settings.version, 7 | 8) {
        let detail = format!(
            "`cyclecloud_version` is `{}`: the documents describe 7 and 8.",
            settings.version
        );
        return refuse("cyclecloud_version", "Unknown CycleCloud version", detail);
    }
    if let Some((server, node)) = site::overlap(&settings.servers, &settings.nodes)
        && !shared.waived.contains_key("CC-CONNECTION-NO-OVERLAP")
    {
        let detail = format!(
            "`{server}` of the server and `{node}` of the nodes overlap, and neither peering nor VPN translates addresses \
             (CC-CONNECTION-NO-OVERLAP). Choose other address spaces."
        );
        return refuse("server_address_spaces", "Overlapping address spaces", detail);
    }
    for (argument, prefixes) in [
        ("server_address_spaces", &settings.servers),
        ("node_address_spaces", &settings.nodes),
        ("return_proxy_address_prefixes", &settings.proxies),
    ] {
        refuse_everybody(inputs, shared, inputs.path(argument), prefixes)?;
    }
    check_proxies(inputs, settings)?;
    if !shared.extra_rules.is_empty() {
        let detail = "`extra_rules` are rules of a network security group, and a connection has none. Put them into the workloads of its two \
                      ends.";
        return refuse("extra_rules", "No network security group", detail.to_owned());
    }
    if let (Some(Known::Is(server)), Some(Known::Is(node))) = (&settings.peering.server, &settings.peering.node)
        && server.eq_ignore_ascii_case(node)
    {
        let detail = format!(
            "`{server}` is also `node_virtual_network_id`: a virtual network is not peered with itself (CC-PEERING-BOTH-WAYS). Server and \
             nodes of one network need no connection; `lockeddown_cyclecloud_subnet` has their rules."
        );
        return refuse("server_virtual_network_id", "One network", detail);
    }
    if let site::GatewayRoute::Firewall(address) = &settings.route {
        check_next_hop(inputs, shared, inputs.path("firewall_private_ip_address"), address)?;
    }
    check_fits(inputs, settings)?;
    if settings.kind == Link::Peering {
        for (argument, id) in [
            ("server_virtual_network_id", &settings.peering.server),
            ("node_virtual_network_id", &settings.peering.node),
        ] {
            if id.is_none() {
                let detail = format!(
                    "`type` is `virtual_network_peering`: both halves need `{argument}` (CC-PEERING-BOTH-WAYS)."
                );
                return refuse(argument, "Missing argument", detail);
            }
        }
    }
    if settings.kind == Link::Vpn && !settings.site.is_given() {
        let detail = "`type` is `vpn_site_to_site`: the local network gateway needs `gateway_address` or `gateway_fqdn` of the site's VPN \
                      device (CC-VPN-SITE-TO-SITE).";
        return refuse("gateway_address", "Missing argument", detail.to_owned());
    }
    match &settings.route {
        site::GatewayRoute::Explicit if settings.kind != Link::Vpn => {
            let detail = format!(
                "`gateway_route` is `explicit` and `type` is `{}`: a route can name a VPN gateway as its next hop, but neither a peering nor \
                 an ExpressRoute gateway (CC-VPN-ROUTE, CC-EXPRESS-ROUTE). Leave it at `propagated`, or route to a firewall.",
                settings.kind.word()
            );
            refuse("gateway_route", "No such next hop", detail)
        }
        site::GatewayRoute::Firewall(_) if find(shared, FIREWALL).is_none() => {
            let detail = format!(
                "`gateway_route` is `firewall`, which edition `{}` does not describe ({FIREWALL}). Use a newer edition.",
                shared.edition
            );
            refuse("gateway_route", "Not in this edition", detail)
        }
        site::GatewayRoute::Firewall(_) if settings.kind == Link::Peering && !settings.peering.forwarded_traffic => {
            let detail = "`gateway_route` is `firewall` and `allow_forwarded_traffic` is `false`: a peering then drops what the firewall \
                          forwards (CC-PEERING-FORWARDED-TRAFFIC). Set `allow_forwarded_traffic = true`.";
            refuse(
                "allow_forwarded_traffic",
                "Forwarded traffic dropped",
                detail.to_owned(),
            )
        }
        _ => Ok(()),
    }
}

/// The return proxy is one of the nodes: elsewhere its rules would open addresses of neither end.
fn check_proxies(inputs: &Inputs<'_>, settings: &Settings) -> Result<(), Stop> {
    let argument = "return_proxy_address_prefixes";
    let outside = |proxy: &&Prefix| !settings.nodes.iter().any(|nodes| nodes.contains(proxy));
    let (summary, detail) = match settings.proxies.iter().find(outside) {
        _ if settings.proxies.is_empty() => return Ok(()),
        _ if settings.connection_mode != "return_proxy" => (
            "Argument of another mode",
            format!(
                "`{argument}` is set and `connection_mode` is `direct`, which has no return proxy. Leave it out, or change the mode."
            ),
        ),
        None => return Ok(()),
        Some(proxy) => (
            "Return proxy elsewhere",
            format!(
                "`{proxy}` is in none of `node_address_spaces`: the return proxy is a node of the cluster (CC-SERVER-PROXY-SSH). Correct one \
                 of them."
            ),
        ),
    };
    Err(inputs.findings().error(inputs.path(argument), summary, detail))
}

/// What is not known yet may still turn out to be null.
fn is_set(leaf: &Option<Known<String>>) -> bool {
    matches!(leaf, Some(Known::Is(_)))
}

/// An argument of another type of connection would be ignored, and whoever set it expects otherwise.
fn check_fits(inputs: &Inputs<'_>, settings: &Settings) -> Result<(), Stop> {
    let peering = &settings.peering;
    let given = [
        (
            "gateway_side",
            peering.gateway_side != "none",
            [Link::Peering].as_slice(),
        ),
        ("allow_forwarded_traffic", peering.forwarded_traffic, &[Link::Peering]),
        ("remote_side_managed", !peering.remote_side_managed, &[Link::Peering]),
        ("server_virtual_network_id", is_set(&peering.server), &[Link::Peering]),
        ("gateway_address", is_set(&settings.site.address), &[Link::Vpn]),
        ("gateway_fqdn", is_set(&settings.site.fqdn), &[Link::Vpn]),
        ("bgp_settings", settings.site.has_bgp(), &[Link::Vpn]),
        (
            "virtual_network_gateway_id",
            is_set(&settings.gateway),
            &[Link::Vpn, Link::ExpressRoute],
        ),
        (
            "express_route_circuit_id",
            is_set(&settings.circuit),
            &[Link::ExpressRoute],
        ),
    ];
    let mut fits = Ok(());
    for (argument, _, kinds) in given
        .iter()
        .filter(|(_, given, kinds)| *given && !kinds.contains(&settings.kind))
    {
        let words: Vec<String> = kinds.iter().map(|kind| format!("`{}`", kind.word())).collect();
        let detail = format!(
            "`{argument}` is set and `type` is `{}`: it belongs to {}. Leave it out.",
            settings.kind.word(),
            words.join(" and ")
        );
        fits = Err(inputs
            .findings()
            .error(inputs.path(argument), "Argument of another type", detail));
    }
    fits
}
