//! `egress`: how outbound traffic is let through and leaves the subnet.
//!
//! An NSG sees a packet's original destination and not the next hop. So with a firewall or a forced tunnel behind the default route
//! the NSG needs a hole for everything the appliance decides about; with service tags alone, or with a proxy, it does not.

use std::{collections::BTreeSet, net::IpAddr};

use tfplugin_rs::value::Path;

use super::{
    argument::{Argument, Default, Kind},
    arm_id,
    inputs::{Inputs, parsed},
    operators::is_public,
    problem::Stop,
    shared::{NEXT_HOP_PRIVATE, Shared},
};
use crate::network::{DefaultNextHop, DefaultRoute, Known, PortRange, Prefix};

/// The attributes of `egress`.
pub(super) static ARGUMENTS: &[Argument] = &[
    Argument::optional(
        "type",
        Kind::Choice(&["service_tags", "firewall", "forced_tunnel", "proxy"]),
        "`service_tags`: the NSG alone. `firewall`: a default route to an Azure Firewall, with rule collections for it. `forced_tunnel`: a \
         default route to on-premises. `proxy`: an HTTPS proxy.",
    )
    .or(Default::Text("service_tags")),
    Argument::optional(
        "outbound_method",
        Kind::Choice(&["nat_gateway", "public_ip", "load_balancer", "default"]),
        "How packets leave the subnet: `nat_gateway`, `public_ip`, `load_balancer`, or Azure's `default` outbound access, which new subnets \
         no longer have since 2026-03-31.",
    ),
    Argument::optional(
        "firewall_private_ip_address",
        Kind::Text,
        "Private address of the firewall: the next hop of the default route. Required with `type = \"firewall\"`.",
    ),
    Argument::optional(
        "firewall_sku_tier",
        Kind::Choice(&["Basic", "Standard", "Premium"]),
        "`Basic` has no DNS proxy and so no host names in network rules; `Premium` can match URLs where it inspects TLS.",
    )
    .or(Default::Text("Standard")),
    Argument::optional("firewall_dns_proxy_enabled", Kind::Flag, "Whether the firewall resolves names for its clients.")
        .or(Default::Flag(false)),
    Argument::optional("tls_inspection_enabled", Kind::Flag, "Whether the firewall inspects TLS (`Premium`).").or(Default::Flag(false)),
    Argument::optional(
        "source_ip_group_ids",
        Kind::TextSet,
        "IP groups that stand for the subnet in the firewall's rules, instead of its prefixes.",
    ),
    Argument::optional("collection_priority_base", Kind::Number, "Priority of the first rule collection.").or(Default::Number(1000)),
    Argument::optional(
        "default_route_enabled",
        Kind::Flag,
        "Whether the default route is among `routes`; `false` where virtual WAN or BGP brings it.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "forced_tunnel_source",
        Kind::Choice(&["bgp", "default_site", "route"]),
        "Where the default route of a forced tunnel comes from; `route` puts it among `routes` (VPN gateways only).",
    )
    .or(Default::Text("bgp")),
    Argument::optional(
        "bgp_route_propagation_enabled",
        Kind::Flag,
        "Whether the route table takes over routes that gateways learn. Defaults to `false` with a firewall, else to `true`.",
    ),
    Argument::optional(
        "filtered_internet_ports",
        Kind::TextSet,
        "With `firewall` and `forced_tunnel`: the TCP ports for which the NSG leaves the decision to the appliance. Defaults to `[\"80\", \
         \"443\"]`; for none at all waive ISOLATION-FILTERED-INTERNET.",
    ),
    Argument::optional("proxy_address", Kind::Text, "Address prefix of the HTTPS proxy. Required with `type = \"proxy\"`."),
    Argument::optional("proxy_port", Kind::Number, "Port of the HTTPS proxy. Required with `type = \"proxy\"`."),
    Argument::optional("proxy_bypass_storage", Kind::Flag, "Whether traffic to Azure Storage does not use the proxy.")
        .or(Default::Flag(true)),
];

/// The attributes that only some types have, with those types.
const BELONGS_TO: &[(&str, &[&str])] = &[
    ("firewall_private_ip_address", &["firewall"]),
    ("firewall_sku_tier", &["firewall"]),
    ("firewall_dns_proxy_enabled", &["firewall"]),
    ("tls_inspection_enabled", &["firewall"]),
    ("source_ip_group_ids", &["firewall"]),
    ("collection_priority_base", &["firewall"]),
    ("default_route_enabled", &["firewall"]),
    ("forced_tunnel_source", &["forced_tunnel"]),
    ("bgp_route_propagation_enabled", &["firewall", "forced_tunnel"]),
    ("filtered_internet_ports", &["firewall", "forced_tunnel"]),
    ("proxy_address", &["proxy"]),
    ("proxy_port", &["proxy"]),
    ("proxy_bypass_storage", &["proxy"]),
];

/// `egress`, read and checked.
#[derive(Clone, Debug)]
pub(super) struct Egress {
    /// Whether somebody said it: what holds without `egress` says nothing of the subnet's default route.
    is_given: bool,
    pub(super) way: Way,
    pub(super) outbound_method: Option<String>,
    pub(super) source_ip_groups: BTreeSet<String>,
    pub(super) collection_priority_base: i64,
    pub(super) default_route_enabled: bool,
    pub(super) bgp_route_propagation: Option<bool>,
    pub(super) filtered_ports: BTreeSet<PortRange>,
}

/// How outbound traffic is let through.
#[derive(Clone, Debug)]
pub(super) enum Way {
    ServiceTags,
    Firewall {
        address: Option<Known<String>>,
        names_in_network_rules: bool,
        urls: bool,
    },
    ForcedTunnel {
        by_route: bool,
    },
    Proxy {
        address: Prefix,
        port: u16,
        bypass_storage: bool,
    },
}

impl Egress {
    /// What holds without `egress`.
    pub(super) fn service_tags() -> Egress {
        Egress {
            is_given: false,
            way: Way::ServiceTags,
            outbound_method: None,
            source_ip_groups: BTreeSet::new(),
            collection_priority_base: 1000,
            default_route_enabled: true,
            bgp_route_propagation: None,
            filtered_ports: BTreeSet::new(),
        }
    }

    /// Reads the argument `egress`.
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<Egress, Stop> {
        Ok(inputs.object("egress", read)?.unwrap_or_else(Egress::service_tags))
    }

    /// The word of `type`.
    pub(super) fn word(&self) -> &'static str {
        match self.way {
            Way::ServiceTags => "service_tags",
            Way::Firewall { .. } => "firewall",
            Way::ForcedTunnel { .. } => "forced_tunnel",
            Way::Proxy { .. } => "proxy",
        }
    }

    /// Whether the default route leads IPv4 alone: 0.0.0.0/0 is no route of an IPv6 packet, and Azure Firewall takes none.
    pub(super) fn leads_ipv4_only(&self) -> bool {
        matches!(self.way, Way::Firewall { .. } | Way::ForcedTunnel { by_route: true })
    }

    /// Whether the default route to the appliance is somebody else's to bring.
    pub(super) fn learns_default_route(&self) -> bool {
        match self.way {
            Way::Firewall { .. } => !self.default_route_enabled,
            Way::ForcedTunnel { by_route } => !by_route,
            Way::ServiceTags | Way::Proxy { .. } => false,
        }
    }

    /// Where the subnet's default route leads, as far as this says it: to a proxy packets go by any.
    pub(super) fn default_route(&self) -> Option<DefaultRoute> {
        let next_hop = match self.way {
            Way::Firewall { .. } => DefaultNextHop::VirtualAppliance,
            Way::ForcedTunnel { .. } => DefaultNextHop::VirtualNetworkGateway,
            Way::ServiceTags if self.is_given => DefaultNextHop::Internet,
            Way::ServiceTags | Way::Proxy { .. } => return None,
        };
        let learned = self.learns_default_route();
        Some(DefaultRoute { next_hop, learned })
    }

    /// Whether an appliance behind a default route decides about what the NSG lets through.
    pub(super) fn has_appliance(&self) -> bool {
        matches!(self.way, Way::Firewall { .. } | Way::ForcedTunnel { .. })
    }
}

pub(super) fn read(egress: &Inputs<'_>) -> Result<Egress, Stop> {
    let kind = egress.choice("type");
    let outbound_method = egress.optional_choice("outbound_method");
    let address = egress.leaf("firewall_private_ip_address");
    let sku = egress.choice("firewall_sku_tier");
    let dns_proxy = egress.flag("firewall_dns_proxy_enabled");
    let tls = egress.flag("tls_inspection_enabled");
    let source_ip_groups = read_ip_groups(egress);
    let base = read_collection_priority(egress);
    let default_route = egress.flag("default_route_enabled");
    let tunnel = egress.choice("forced_tunnel_source");
    let bgp = egress.optional_flag("bgp_route_propagation_enabled");
    let ports = read_filtered_ports(egress);
    let proxy = read_proxy(egress);
    let bypass_storage = egress.flag("proxy_bypass_storage");
    let (kind, default_route, sku, dns_proxy, tls) = (kind?, default_route?, sku?, dns_proxy?, tls?);
    refuse_foreign_attributes(egress, &kind)?;
    let way = match kind.as_str() {
        "firewall" => {
            check_firewall(egress, &sku, dns_proxy, tls)?;
            let address = address?;
            if address.is_none() && default_route {
                return Err(egress.findings().error(
                    egress.path("firewall_private_ip_address"),
                    "Missing argument",
                    "`egress.type` is `firewall`: the default route needs `firewall_private_ip_address`, or set `default_route_enabled = false` \
                     where virtual WAN or BGP brings the route.",
                ));
            }
            check_address(egress, address.as_ref())?;
            Way::Firewall {
                address,
                names_in_network_rules: dns_proxy,
                urls: tls,
            }
        }
        "forced_tunnel" => Way::ForcedTunnel {
            by_route: tunnel? == "route",
        },
        "proxy" => {
            let (address, port) = proxy?;
            Way::Proxy {
                address,
                port,
                bypass_storage: bypass_storage?,
            }
        }
        _ => Way::ServiceTags,
    };
    Ok(Egress {
        is_given: true,
        way,
        outbound_method: outbound_method?,
        source_ip_groups: source_ip_groups?,
        collection_priority_base: base?,
        default_route_enabled: default_route,
        bgp_route_propagation: bgp?,
        filtered_ports: ports?,
    })
}

/// An attribute of another type would be ignored, and who wrote it believes that it holds.
fn refuse_foreign_attributes(egress: &Inputs<'_>, kind: &str) -> Result<(), Stop> {
    let mut refused = Ok(());
    for (name, types) in BELONGS_TO.iter().filter(|(_, types)| !types.contains(&kind)) {
        if egress.is_set(name) {
            let types: Vec<String> = types.iter().map(|word| format!("`{word}`")).collect();
            let detail = format!(
                "`{name}` belongs to `type` {}, and `type` is `{kind}`, which does not use it. Leave it out, or change the type.",
                types.join(" and ")
            );
            refused = Err(egress
                .findings()
                .error(egress.path(name), "Attribute of another type", detail));
        }
    }
    refused
}

/// The next hop of a route stands in another subnet than the one routed (virtual-networks-udr-overview): within it, the appliance's own
/// packets would be sent back to it.
pub(super) fn check_next_hop(
    inputs: &Inputs<'_>,
    shared: &Shared,
    path: Path,
    hop: &Known<String>,
) -> Result<(), Stop> {
    let Known::Is(text) = hop else { return Ok(()) };
    let Ok(address) = text.parse::<Prefix>() else {
        return Ok(());
    };
    let Some(own) = shared.subnet.iter().find(|prefix| prefix.contains(&address)) else {
        warn_of_public_hop(inputs, shared, path, (text, address));
        return Ok(());
    };
    let detail = format!(
        "`{text}` is in the subnet itself (`{own}`): the appliance that routes lead to stands in another subnet, or its own packets would come \
         back to it. Name the firewall's private address, in AzureFirewallSubnet."
    );
    Err(inputs.findings().error(path, "Next hop in the routed subnet", detail))
}

/// Azure delivers what a route sends to an appliance within the network, at its private address (virtual-networks-udr-overview). Networks may use
/// public ranges of their own, so this is no error.
fn warn_of_public_hop(inputs: &Inputs<'_>, shared: &Shared, path: Path, (text, address): (&str, Prefix)) {
    let own = shared.virtual_network.iter().any(|space| space.contains(&address));
    if own || !is_public(&address) || shared.waived.contains_key(NEXT_HOP_PRIVATE) {
        return;
    }
    let detail = format!(
        "`{text}` is a public address: packets reach the appliance that routes lead to at its private one alone, and all that leaves the subnet \
         would be lost. Name the private address, in AzureFirewallSubnet; if your networks use that range as private, name the space in \
         `virtual_network_address_spaces` where it is this network's, else waive {NEXT_HOP_PRIVATE} with a reason."
    );
    inputs
        .findings()
        .warning(path, "Next hop with a public address", detail);
}

fn check_firewall(egress: &Inputs<'_>, sku: &str, dns_proxy: bool, tls: bool) -> Result<(), Stop> {
    if dns_proxy && sku == "Basic" {
        return Err(egress.findings().error(
            egress.path("firewall_dns_proxy_enabled"),
            "Not in this SKU",
            "`firewall_sku_tier` is `Basic`, which has no DNS proxy (fqdn-filtering-network-rules). Use `Standard`, or leave it off.",
        ));
    }
    if tls && sku != "Premium" {
        return Err(egress.findings().error(
            egress.path("tls_inspection_enabled"),
            "Not in this SKU",
            format!("`firewall_sku_tier` is `{sku}`; only `Premium` inspects TLS."),
        ));
    }
    Ok(())
}

fn check_address(egress: &Inputs<'_>, address: Option<&Known<String>>) -> Result<(), Stop> {
    let Some(Known::Is(text)) = address else { return Ok(()) };
    let detail = match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => return Ok(()),
        Ok(IpAddr::V6(_)) => {
            format!("`{text}` is an IPv6 address: the default route 0.0.0.0/0 leads to an IPv4 address.")
        }
        Err(_) => not_an_address(text, "the next hop of a route is one"),
    };
    Err(egress
        .findings()
        .error(egress.path("firewall_private_ip_address"), "Invalid address", detail))
}

/// Says that text is no address, and which one is meant where only a mask is too much.
pub(super) fn not_an_address(text: &str, why: &str) -> String {
    let bare = text.split_once('/').map_or(text, |(bare, _)| bare);
    match bare.parse::<IpAddr>() {
        Ok(_) if bare != text => format!("`{text}` is a prefix and not an IP address: {why}. Write `{bare}`."),
        _ => format!("`{text}` is not an IP address: {why}."),
    }
}

fn read_ip_groups(egress: &Inputs<'_>) -> Result<BTreeSet<String>, Stop> {
    let name = "source_ip_group_ids";
    let ids = egress.texts(name)?;
    arm_id::check(
        egress,
        &egress.path(name),
        ids.iter().map(String::as_str),
        "Microsoft.Network/ipGroups",
    )?;
    Ok(ids)
}

fn read_collection_priority(egress: &Inputs<'_>) -> Result<i64, Stop> {
    match egress.number("collection_priority_base")?.unwrap_or(1000) {
        base @ 100..=64_900 => Ok(base),
        other => {
            let detail = format!("`collection_priority_base` is `{other}`: rule collections stand at 100 to 65000.");
            Err(egress
                .findings()
                .error(egress.path("collection_priority_base"), "Priority out of range", detail))
        }
    }
}

fn read_filtered_ports(egress: &Inputs<'_>) -> Result<BTreeSet<PortRange>, Stop> {
    let Some(ports) = egress.optional_texts("filtered_internet_ports")? else {
        return Ok(BTreeSet::from([PortRange::single(80), PortRange::single(443)]));
    };
    ports
        .iter()
        .map(|port| parsed(egress, "filtered_internet_ports", "Invalid port", port))
        .collect()
}

fn read_proxy(egress: &Inputs<'_>) -> Result<(Prefix, u16), Stop> {
    let address = egress.text("proxy_address");
    let port = egress.number("proxy_port");
    let (Some(address), Some(port)) = (address?, port?) else {
        let detail =
            "`egress.type` is `proxy`: the NSG has to let the proxy's `proxy_address` and `proxy_port` through.";
        // Reported only where it is needed: the caller drops the answer for other types.
        return match egress.choice("type")?.as_str() {
            "proxy" => Err(egress
                .findings()
                .error(egress.path("proxy_address"), "Missing argument", detail)),
            _ => Err(Stop),
        };
    };
    let address = parsed(egress, "proxy_address", "Invalid address prefix", &address)?;
    match u16::try_from(port) {
        Ok(port @ 1..) => Ok((address, port)),
        _ => Err(egress.findings().error(
            egress.path("proxy_port"),
            "Invalid port",
            format!("`{port}` is not a port (1 to 65535)."),
        )),
    }
}
