//! What cannot work, refused with the reason before a rule is made.

use std::collections::BTreeSet;

use super::{
    super::{
        egress::check_next_hop,
        inputs::Inputs,
        operators::refuse_everybody,
        problem::Stop,
        shared::Shared,
        site::{self, GatewayRoute},
    },
    Link, Settings,
    junction_box::JunctionBox,
};
use crate::network::{Family, PortRange, Prefix};

pub(super) fn check(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let refuse = |argument: &str, summary: &str, detail: String| -> Result<(), Stop> {
        Err(inputs.findings().error(inputs.path(argument), summary, detail))
    };
    let link = settings.link.word();
    if shared.edition.as_str() == "2011" && !settings.nodes_dial() {
        let detail = format!(
            "`link_type` is `{link}`: edition `2011` knows only a junction box that every node dials (LIC-NODE-DIALS-IKE). Use a newer \
             edition, or `junction_box.connection = \"node_dials\"`."
        );
        return refuse("link_type", "Not in this edition", detail);
    }
    match (&settings.junction, settings.link) {
        (None, Link::JunctionBox) => {
            let detail =
                "`link_type` is `junction_box`: `junction_box` must say how it is reached (LIC-JUNCTION-MACHINE).";
            return refuse("junction_box", "Missing argument", detail.to_owned());
        }
        (Some(_), link) if link != Link::JunctionBox => {
            let detail = format!(
                "`junction_box` is set and `link_type` is `{}`: the link needs none. Leave it out.",
                link.word()
            );
            return refuse("junction_box", "Argument of another type", detail);
        }
        _ => {}
    }
    if (settings.site.is_known() || settings.site.has_bgp()) && settings.link != Link::Vpn {
        let detail = format!(
            "A site's VPN device is described and `link_type` is `{link}`: it belongs to `vpn_site_to_site`. Leave `gateway_address`, \
             `gateway_fqdn` and `bgp_settings` out."
        );
        return refuse("gateway_address", "Argument of another type", detail);
    }
    match &settings.route {
        GatewayRoute::Explicit if settings.link != Link::Vpn => {
            let detail = format!(
                "`gateway_route` is `explicit` and `link_type` is `{link}`: a route can name a VPN gateway as its next hop and no other link \
                 (LIC-VPN-ROUTE, LIC-EXPRESS-ROUTE-PROPAGATED). Leave it at `propagated`, or route to a firewall."
            );
            return refuse("gateway_route", "No such next hop", detail);
        }
        GatewayRoute::Firewall(_) if settings.nodes_dial() => {
            let detail = "`gateway_route` is `firewall` and nodes dial the junction box: the license traffic is inside their tunnels, where no \
                          route reaches it. Leave it at `propagated`.";
            return refuse("gateway_route", "No such route", detail.to_owned());
        }
        _ => {}
    }
    for server in &settings.servers {
        let path = inputs
            .path("license_servers")
            .key(&server.name)
            .child("address_prefixes");
        refuse_everybody(inputs, shared, path, &server.addresses)?;
    }
    if let GatewayRoute::Firewall(address) = &settings.route {
        check_next_hop(inputs, shared, inputs.path("firewall_private_ip_address"), address)?;
    }
    check_addresses(inputs, shared, settings)?;
    check_junction_box(inputs, shared, settings)
}

/// Neither peering nor VPN translates addresses.
fn check_addresses(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let here: BTreeSet<Prefix> = shared.subnet.union(&shared.virtual_network).copied().collect();
    if matches!(settings.link, Link::Peered | Link::Vpn | Link::ExpressRoute)
        && !shared.waived.contains_key("LIC-NO-OVERLAP")
    {
        for server in &settings.servers {
            if let Some((there, node)) = site::overlap(&server.addresses, &here) {
                let detail = format!(
                    "`{there}` of license server `{}` and `{node}` of the nodes overlap, and the link translates no addresses \
                     (LIC-NO-OVERLAP). If the server is in the nodes' network, set `link_type = \"virtual_network\"`.",
                    server.name
                );
                let path = inputs
                    .path("license_servers")
                    .key(&server.name)
                    .child("address_prefixes");
                return Err(inputs.findings().error(path, "Overlapping address spaces", detail));
            }
        }
    }
    let Some(JunctionBox::PointToSite { pool }) = settings.junction.as_ref().map(|junction| &junction.kind) else {
        return Ok(());
    };
    let servers = settings.servers.iter().flat_map(|server| &server.addresses);
    if let Some(other) = here.iter().chain(servers).find(|other| other.overlaps(pool))
        && !shared.waived.contains_key("LIC-JUNCTION-CLIENT-POOL")
    {
        let detail = format!(
            "`vpn_client_address_pool` `{pool}` overlaps `{other}`: the tunnel's addresses must be of neither end's network \
             (LIC-JUNCTION-CLIENT-POOL). Choose another pool."
        );
        let path = inputs.path("junction_box").child("vpn_client_address_pool");
        return Err(inputs.findings().error(path, "Overlapping address spaces", detail));
    }
    Ok(())
}

/// What a junction box can forward, and with what nodes dial it.
fn check_junction_box(inputs: &Inputs<'_>, shared: &Shared, settings: &Settings) -> Result<(), Stop> {
    let Some(junction) = &settings.junction else {
        return Ok(());
    };
    let argument = |name: &str| inputs.path("junction_box").child(name);
    refuse_everybody(inputs, shared, argument("address_prefixes"), &junction.addresses)?;
    if let JunctionBox::PointToSite { pool } = &junction.kind {
        refuse_everybody(
            inputs,
            shared,
            argument("vpn_client_address_pool"),
            &BTreeSet::from([*pool]),
        )?;
        if pool.family() == Family::V6 {
            let detail = format!(
                "`{pool}` is IPv6: the junction box forwards IPv4 (LIC-SERVER-OPERATIONAL). Choose an IPv4 pool."
            );
            return Err(inputs
                .findings()
                .error(argument("vpn_client_address_pool"), "IPv4 needed", detail));
        }
    }
    for server in &settings.servers {
        if let Some(address) = server.addresses.iter().find(|address| address.family() == Family::V6) {
            let detail = format!(
                "`{address}` of license server `{}` is IPv6: the junction box forwards IPv4 (LIC-SERVER-OPERATIONAL). Name the server's IPv4 \
                 address.",
                server.name
            );
            let path = inputs
                .path("license_servers")
                .key(&server.name)
                .child("address_prefixes");
            return Err(inputs.findings().error(path, "IPv4 needed", detail));
        }
    }
    if settings.nodes_dial() {
        if settings.script.credential.is_none() {
            let path = inputs.path("startup_script").child("credential_reference");
            let detail = "Nodes dial the junction box: the script needs `startup_script.credential_reference`, the URI of the Key Vault secret \
                          with which they do (LIC-JUNCTION-SHARED-KEY).";
            return Err(inputs.findings().error(path, "Missing argument", detail));
        }
        return Ok(());
    }
    let mut forwarded: Vec<(PortRange, &str)> = Vec::new();
    for server in &settings.servers {
        let path = inputs.path("license_servers").key(&server.name);
        if server.single_address().is_none() {
            let detail = format!(
                "License server `{}` has more than one address: the junction box forwards each port to one (LIC-JUNCTION-FORWARDING). Name \
                 the one it uses.",
                server.name
            );
            let path = path.child("address_prefixes");
            return Err(inputs.findings().error(path, "One address needed", detail));
        }
        for (manager, range) in server
            .managers
            .iter()
            .flat_map(|manager| manager.ports().into_iter().map(move |range| (manager, range)))
        {
            let shared_port = |(other, name): &&(PortRange, &str)| {
                *name != server.name && other.first() <= range.last() && range.first() <= other.last()
            };
            if let Some((_, other)) = forwarded.iter().find(shared_port) {
                let detail = format!(
                    "License servers `{other}` and `{}` both use port `{range}`: the junction box can forward a port to one server only \
                     (LIC-JUNCTION-FORWARDING). Give one of them another port.",
                    server.name
                );
                return Err(inputs.findings().error(path, "Port used twice", detail));
            }
            let may = |allowed: &PortRange| allowed.first() <= range.first() && range.last() <= allowed.last();
            if !junction.forwarded.is_empty() && !junction.forwarded.iter().any(may) {
                let detail = format!(
                    "`forwarded_ports` lacks `{range}` of manager `{}` (LIC-JUNCTION-FORWARDING). Add it, or leave `forwarded_ports` out.",
                    manager.name
                );
                let path = inputs.path("junction_box").child("forwarded_ports");
                return Err(inputs.findings().error(path, "Port not forwarded", detail));
            }
            forwarded.push((range, server.name.as_str()));
        }
    }
    Ok(())
}
