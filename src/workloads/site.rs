//! The far end of a link that leaves Azure: its gateway, and the routes there and back.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    ops::RangeInclusive,
};

use tfplugin_rs::value::{Type, Value};

use super::{
    argument::{Argument, Default, Kind as Holds},
    egress::not_an_address,
    inputs::Inputs,
    problem::Stop,
    rules::{ports_of, protocol_of},
    shared::Shared,
};
use crate::{
    network::{FlowDirection, Known, NextHop, OnPremisesFlow, Ports, Prefix, Route, RouteDestination},
    requirements::Requirement,
};

pub(super) const GATEWAY_ADDRESS: Argument = Argument::optional(
    "gateway_address",
    Holds::Text,
    "Public address of the site's VPN device. Conflicts with `gateway_fqdn`.",
);
pub(super) const GATEWAY_FQDN: Argument = Argument::optional(
    "gateway_fqdn",
    Holds::Text,
    "Public name of the site's VPN device. Conflicts with `gateway_address`.",
);
pub(super) const BGP_SETTINGS: Argument = Argument::optional(
    "bgp_settings",
    Holds::Object(&[
        Argument::required("asn", Holds::Number, "Autonomous system number of the site."),
        Argument::required("bgp_peering_address", Holds::Text, "Address of the site's BGP speaker."),
        Argument::optional("peer_weight", Holds::Number, "Weight of the routes learned there."),
    ]),
    "BGP speaker of the site, where routes are learned instead of listed.",
);
pub(super) const GATEWAY_ROUTE: Argument = Argument::optional(
    "gateway_route",
    Holds::Choice(&["propagated", "explicit", "firewall"]),
    "How packets find the link: `propagated` by the gateway or peering itself; `explicit` routes to the VPN gateway, where route \
     propagation is off; `firewall` routes to an appliance in between.",
)
.or(Default::Text("propagated"));
pub(super) const FIREWALL_PRIVATE_IP_ADDRESS: Argument = Argument::optional(
    "firewall_private_ip_address",
    Holds::Text,
    "Private address of the appliance. Required with `gateway_route = \"firewall\"`.",
);

/// The site's VPN device, as a local network gateway describes it.
#[derive(Clone, Debug)]
pub(super) struct LocalNetworkGateway {
    pub(super) address: Option<Known<String>>,
    pub(super) fqdn: Option<Known<String>>,
    bgp: Option<Value>,
}

impl LocalNetworkGateway {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<LocalNetworkGateway, Stop> {
        let address = inputs.leaf("gateway_address");
        let fqdn = inputs.leaf("gateway_fqdn");
        let bgp = inputs.object("bgp_settings", read_bgp);
        let (address, fqdn) = (address?, fqdn?);
        // What is not known yet may still turn out to be null.
        if let (Some(Known::Is(_)), Some(Known::Is(_))) = (&address, &fqdn) {
            return Err(inputs.findings().error(
                inputs.path("gateway_fqdn"),
                "Two gateways",
                "`gateway_address` and `gateway_fqdn` are both set: a local network gateway has one of them. Keep the address unless it changes.",
            ));
        }
        if let Some(Known::Is(text)) = &address
            && text.parse::<IpAddr>().is_err()
        {
            let detail = not_an_address(text, "the device has one here, and a name belongs in `gateway_fqdn`");
            return Err(inputs
                .findings()
                .error(inputs.path("gateway_address"), "Invalid address", detail));
        }
        if let Some(Known::Is(text)) = &fqdn
            && !is_host_name(text)
        {
            let detail =
                format!("`{text}` is no host name such as `vpn.example.com`. An address belongs in `gateway_address`.");
            return Err(inputs
                .findings()
                .error(inputs.path("gateway_fqdn"), "Invalid host name", detail));
        }
        Ok(LocalNetworkGateway {
            address,
            fqdn,
            bgp: bgp?,
        })
    }

    /// Whether the site's device is named at all.
    pub(super) fn is_given(&self) -> bool {
        self.address.is_some() || self.fqdn.is_some()
    }

    /// Whether the site's device is surely named: what is not known yet may still turn out to be null.
    pub(super) fn is_known(&self) -> bool {
        let known = |leaf: &Option<Known<String>>| matches!(leaf, Some(Known::Is(_)));
        known(&self.address) || known(&self.fqdn)
    }

    pub(super) fn has_bgp(&self) -> bool {
        self.bgp.is_some()
    }

    /// The arguments of `azurerm_local_network_gateway` for a site of these address spaces.
    pub(super) fn to_value(&self, address_space: &BTreeSet<Prefix>) -> Value {
        Value::object([
            ("gateway_address", leaf(self.address.as_ref())),
            ("gateway_fqdn", leaf(self.fqdn.as_ref())),
            ("address_space", texts(address_space)),
            ("bgp_settings", self.bgp.clone().unwrap_or(Value::Null)),
        ])
    }

    /// The device as the source of a flow, as far as the configuration says.
    pub(super) fn addresses(&self) -> Known<BTreeSet<String>> {
        let given: Vec<&Known<String>> = self.address.iter().chain(&self.fqdn).collect();
        if given.contains(&&Known::NotYet) {
            return Known::NotYet;
        }
        Known::Is(given.into_iter().filter_map(Known::get).cloned().collect())
    }
}

/// A name in the domain name system, and no address.
pub(super) fn is_host_name(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label) && text.parse::<IpAddr>().is_err()
}

fn read_bgp(bgp: &Inputs<'_>) -> Result<Value, Stop> {
    let asn = read_within(bgp, "asn", 1..=4_294_967_295);
    let weight = read_within(bgp, "peer_weight", 0..=100);
    let address = bgp.leaf("bgp_peering_address");
    let (asn, weight, address) = (asn?, weight?, address?);
    let Some(asn) = asn else {
        let detail = "`asn` must be set: without its number the site's autonomous system is not known.";
        return Err(bgp.findings().error(bgp.path("asn"), "Missing argument", detail));
    };
    if let Some(Known::Is(text)) = &address
        && text.parse::<IpAddr>().is_err()
    {
        let detail = not_an_address(text, "the site's BGP speaker has one");
        return Err(bgp
            .findings()
            .error(bgp.path("bgp_peering_address"), "Invalid address", detail));
    }
    Ok(Value::object([
        ("asn", Value::from(asn)),
        ("bgp_peering_address", leaf(address.as_ref())),
        ("peer_weight", weight.into()),
    ]))
}

/// azurerm's limits for `bgp_settings`.
fn read_within(bgp: &Inputs<'_>, name: &str, limits: RangeInclusive<i64>) -> Result<Option<i64>, Stop> {
    match bgp.number(name)? {
        Some(number) if !limits.contains(&number) => {
            let detail = format!(
                "`{name}` is `{number}`: {} to {} are possible.",
                limits.start(),
                limits.end()
            );
            Err(bgp.findings().error(bgp.path(name), "Out of range", detail))
        }
        number => Ok(number),
    }
}

/// The type of [`LocalNetworkGateway::to_value`].
pub(super) fn local_network_gateway_type() -> Type {
    let bgp = Type::object([
        ("asn", Type::Number),
        ("bgp_peering_address", Type::String),
        ("peer_weight", Type::Number),
    ]);
    Type::object([
        ("gateway_address", Type::String),
        ("gateway_fqdn", Type::String),
        ("address_space", Type::set(Type::String)),
        ("bgp_settings", bgp),
    ])
}

/// How packets find the link.
#[derive(Clone, Debug)]
pub(super) enum GatewayRoute {
    Propagated,
    Explicit,
    Firewall(Known<String>),
}

impl GatewayRoute {
    pub(super) fn read(inputs: &Inputs<'_>) -> Result<GatewayRoute, Stop> {
        let way = inputs.choice("gateway_route");
        let address = inputs.leaf("firewall_private_ip_address")?;
        let way = way?;
        if way != "firewall" && matches!(address, Some(Known::Is(_))) {
            let detail = format!(
                "`firewall_private_ip_address` is set and `gateway_route` is `{way}`, which routes to no appliance. Leave it out, or set \
                 `gateway_route = \"firewall\"`."
            );
            return Err(inputs.findings().error(
                inputs.path("firewall_private_ip_address"),
                "Argument of another route",
                detail,
            ));
        }
        match way.as_str() {
            "explicit" => Ok(GatewayRoute::Explicit),
            "firewall" => {
                let address = address.ok_or_else(|| {
                    inputs.findings().error(
                        inputs.path("firewall_private_ip_address"),
                        "Missing argument",
                        "`gateway_route` is `firewall`: the routes need `firewall_private_ip_address`.",
                    )
                })?;
                if let Known::Is(text) = &address
                    && text.parse::<IpAddr>().is_err()
                {
                    let detail = not_an_address(text, "the next hop of a route is one");
                    return Err(inputs.findings().error(
                        inputs.path("firewall_private_ip_address"),
                        "Invalid address",
                        detail,
                    ));
                }
                Ok(GatewayRoute::Firewall(address))
            }
            _ => Ok(GatewayRoute::Propagated),
        }
    }

    pub(super) fn word(&self) -> &'static str {
        match self {
            GatewayRoute::Propagated => "propagated",
            GatewayRoute::Explicit => "explicit",
            GatewayRoute::Firewall(_) => "firewall",
        }
    }
}

/// Routes that send each prefix to an appliance.
pub(super) fn appliance_routes(
    inputs: &Inputs<'_>,
    shared: &Shared,
    requirement: &str,
    prefixes: &BTreeSet<Prefix>,
    appliance: &Known<String>,
) -> Result<BTreeMap<String, Route>, Stop> {
    let route = |prefix: &Prefix| {
        let name = format!("{}{requirement}-{}", shared.name_prefix, in_a_name(prefix));
        let route = Route {
            name: name.parse().map_err(|error| {
                inputs
                    .findings()
                    .error(inputs.path("name_prefix"), "Invalid route name", format!("{error}."))
            })?,
            destination: RouteDestination::Prefix(*prefix),
            next_hop: NextHop::VirtualAppliance(appliance.clone()),
            requirement_ids: BTreeSet::from([requirement.to_owned()]),
        };
        Ok((name, route))
    };
    prefixes.iter().map(route).collect()
}

/// A row as a flow through the firewall of the site.
pub(super) fn on_premises_flow(
    row: &Requirement,
    inputs: &Inputs<'_>,
    direction: FlowDirection,
    source: Known<BTreeSet<String>>,
    destination: BTreeSet<String>,
) -> Result<OnPremisesFlow, Stop> {
    Ok(OnPremisesFlow {
        source,
        destination,
        protocol: protocol_of(row, inputs)?,
        ports: match ports_of(row, inputs)? {
            Ports::Any => BTreeSet::new(),
            Ports::Ranges(ranges) => ranges.iter().map(ToString::to_string).collect(),
        },
        direction,
        requirement_ids: BTreeSet::from([row.id.clone()]),
    })
}

/// Routes in the shape of the shared output `routes`.
pub(super) fn routes_value(routes: &BTreeMap<String, Route>) -> Value {
    Value::object(routes.iter().map(|(name, route)| {
        let address = match &route.next_hop {
            NextHop::VirtualAppliance(address) => leaf(Some(address)),
            _ => Value::Null,
        };
        let value = Value::object([
            ("name", Value::from(route.name.as_str())),
            ("address_prefix", route.destination.to_string().into()),
            ("next_hop_type", route.next_hop.as_str().into()),
            ("next_hop_in_ip_address", address),
            (
                "requirement_ids",
                Value::string_set(route.requirement_ids.iter().cloned()),
            ),
        ]);
        (name.clone(), value)
    }))
}

/// The type of [`routes_value`].
pub(super) fn routes_type() -> Type {
    Type::map(Type::object([
        ("name", Type::String),
        ("address_prefix", Type::String),
        ("next_hop_type", Type::String),
        ("next_hop_in_ip_address", Type::String),
        ("requirement_ids", Type::set(Type::String)),
    ]))
}

/// What the site routes back into the link, by name: without it requests arrive there and answers do not come back.
pub(super) fn on_premises_routes(prefixes: &BTreeSet<Prefix>, next_hop: &str, requirement: &str) -> Value {
    Value::object(prefixes.iter().map(|prefix| {
        let route = Value::object([
            ("address_prefix", Value::from(prefix.to_string())),
            ("next_hop", next_hop.into()),
            ("requirement_ids", Value::string_set([requirement])),
        ]);
        (in_a_name(prefix), route)
    }))
}

/// The type of [`on_premises_routes`].
pub(super) fn on_premises_routes_type() -> Type {
    Type::map(Type::object([
        ("address_prefix", Type::String),
        ("next_hop", Type::String),
        ("requirement_ids", Type::set(Type::String)),
    ]))
}

/// The first two prefixes that have an address in common.
pub(super) fn overlap<'p>(here: &'p BTreeSet<Prefix>, there: &'p BTreeSet<Prefix>) -> Option<(&'p Prefix, &'p Prefix)> {
    here.iter()
        .flat_map(|one| there.iter().map(move |other| (one, other)))
        .find(|(one, other)| one.overlaps(other))
}

/// A leaf of an output that may not be known before apply.
pub(super) fn leaf(text: Option<&Known<String>>) -> Value {
    match text {
        Some(Known::Is(text)) => text.as_str().into(),
        // Even null is possible: the argument may be optional.
        Some(Known::NotYet) => Value::UNKNOWN,
        None => Value::Null,
    }
}

pub(super) fn texts(prefixes: &BTreeSet<Prefix>) -> Value {
    Value::string_set(prefixes.iter().map(ToString::to_string))
}

fn in_a_name(prefix: &Prefix) -> String {
    prefix.to_string().replace(['/', ':'], "_")
}
