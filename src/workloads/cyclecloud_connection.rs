//! The connection between a CycleCloud server and its nodes: peering, site-to-site VPN or ExpressRoute.
//!
//! A connection is no subnet. What it demands stands in other people's objects: two peerings, a local network gateway, the NSGs at its
//! ends (`counterpart_rules`), the site's firewall (`on_premises_flows`). So it denies nothing, whatever `isolation` says.

mod checks;
mod flows;
mod peering;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use super::{
    Demands, Output, Workload,
    argument::{Argument, Default, Kind as Holds},
    arm_id,
    egress::Egress,
    inputs::Inputs,
    problem::Stop,
    render::render,
    rules::{Band, Switches},
    scene::Scene,
    shared::{Isolation, Shared},
    site::{self, LocalNetworkGateway},
    template::Values,
};
use crate::{
    network::{Known, NetworkPolicy, Prefix, PrerequisiteStatus},
    requirements::{Condition, Requirement},
};

pub(super) static WORKLOAD: Workload = Workload {
    name: "cyclecloud_connection",
    title: "a CycleCloud connection",
    description: "What joins a CycleCloud server to nodes elsewhere: virtual network peering, a site-to-site VPN or ExpressRoute. Feeds \
                  azurerm's peering, local network gateway and gateway connection, the rules of both ends (`counterpart_rules`) and the \
                  firewall of the server's site (`on_premises_flows`).\n\nA connection has no subnet and no network security group of its own: \
                  it denies nothing, and `isolation` decides nothing here.",
    system: "cyclecloud",
    managed: super::Managed::No,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: OUTPUTS,
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "type",
        Holds::Choice(&["virtual_network_peering", "vpn_site_to_site", "express_route"]),
        "`virtual_network_peering` joins two virtual networks; `vpn_site_to_site` and `express_route` join a server on premises.",
    ),
    Argument::required(
        "server_address_spaces",
        Holds::TextSet,
        "Address spaces of the server's virtual network or site. They must not overlap the nodes'.",
    ),
    Argument::required(
        "node_address_spaces",
        Holds::TextSet,
        "Address spaces of the nodes' virtual network.",
    ),
    Argument::optional(
        "server_virtual_network_id",
        Holds::Text,
        "ARM id of the server's virtual network. Required for a peering.",
    ),
    Argument::optional(
        "node_virtual_network_id",
        Holds::Text,
        "ARM id of the nodes' virtual network. Required for a peering.",
    ),
    Argument::optional(
        "allow_forwarded_traffic",
        Holds::Flag,
        "Whether both peerings accept what an appliance or gateway forwards. A firewall in between needs it.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "gateway_side",
        Holds::Choice(&["none", "server", "node"]),
        "Whose virtual network gateway both sides use: that side allows transit, the other uses the remote gateway.",
    )
    .or(Default::Text("none")),
    Argument::optional(
        "remote_side_managed",
        Holds::Flag,
        "Whether the server's half of the peering is made here too; `false` where the hub's team owns it and is handed the values.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "virtual_network_gateway_id",
        Holds::Text,
        "ARM id of the nodes' VPN or ExpressRoute gateway.",
    ),
    Argument::optional(
        "express_route_circuit_id",
        Holds::Text,
        "ARM id of the ExpressRoute circuit.",
    ),
    site::GATEWAY_ADDRESS,
    site::GATEWAY_FQDN,
    site::BGP_SETTINGS,
    site::GATEWAY_ROUTE,
    site::FIREWALL_PRIVATE_IP_ADDRESS,
    Argument::optional(
        "connection_mode",
        Holds::Choice(&["direct", "return_proxy"]),
        "`direct`: nodes reach the server. `return_proxy`: the server opens a tunnel to one node, through which the others reach it.",
    )
    .or(Default::Text("direct")),
    Argument::optional(
        "return_proxy_address_prefixes",
        Holds::TextSet,
        "Prefixes of the return proxy. Without them it may be any address of the nodes.",
    ),
    Argument::optional(
        "cyclecloud_version",
        Holds::Number,
        "7 or 8; version 7 adds its message broker on 5672.",
    )
    .or(Default::Number(8)),
    Argument::optional(
        "node_communication_port",
        Holds::Number,
        "The server's port for its nodes.",
    )
    .or(Default::Number(9443)),
];

static OUTPUTS: &[Output] = &[
    Output {
        name: "peerings",
        ty: peering::peerings_type,
        description: "Both halves of the peering, `node_to_server` and `server_to_node`, with every argument of \
                      `azurerm_virtual_network_peering`; `managed` says whether it is made here. Empty for other types.",
    },
    Output {
        name: "local_network_gateway",
        ty: site::local_network_gateway_type,
        description: "The server's site in the arguments of `azurerm_local_network_gateway`; null but for a site-to-site VPN.",
    },
    Output {
        name: "connection",
        ty: connection_type,
        description: "The gateway connection in the arguments of `azurerm_virtual_network_gateway_connection`, without its shared key; null \
                      for a peering.",
    },
    Output {
        name: "server_routes",
        ty: site::routes_type,
        description: "Routes on the server's side of a firewall, back to the nodes: of the server's subnet, or of GatewaySubnet.",
    },
    Output {
        name: "on_premises_routes",
        ty: site::on_premises_routes_type,
        description: "Routes that the server's site needs back to the nodes.",
    },
];

/// 400-499; the documents' slots 110-119 move to 410-419, the IPv6 twin of a rule stands 50 behind it.
const BAND: Band = Band {
    start: 400,
    end: 499,
    ipv6_offset: 50,
};

struct Settings {
    kind: Link,
    servers: BTreeSet<Prefix>,
    nodes: BTreeSet<Prefix>,
    peering: peering::Peering,
    gateway: Option<Known<String>>,
    circuit: Option<Known<String>>,
    site: LocalNetworkGateway,
    route: site::GatewayRoute,
    connection_mode: String,
    proxies: BTreeSet<Prefix>,
    version: i64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Link {
    Peering,
    Vpn,
    ExpressRoute,
}

impl Link {
    fn word(self) -> &'static str {
        match self {
            Link::Peering => "virtual_network_peering",
            Link::Vpn => "vpn_site_to_site",
            Link::ExpressRoute => "express_route",
        }
    }
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs)?;
    checks::check(inputs, shared, &settings)?;
    let shared = &Shared {
        isolation: Isolation::None,
        isolation_word: "none".to_owned(),
        ..shared.clone()
    };
    let mut prefixes = shared.prefixes();
    prefixes.insert("server_address_spaces", settings.servers.clone());
    let scene = Scene {
        inputs,
        shared,
        egress: &Egress::service_tags(),
        switches: settings.switches(shared),
        band: BAND,
        own: &[],
        guest: None,
        kin: None,
        roles: BTreeMap::new(),
        prefixes,
        values: Values::default(),
        holds: settings.prerequisites(),
    };
    let mut policy = render(&scene)?;
    keep_what_speaks_of_the_connection(&mut policy, shared);
    policy.counterpart_rules = flows::counterpart_rules(inputs, shared, &settings)?;
    policy.on_premises_flows = flows::on_premises_flows(inputs, shared, &settings)?;
    let server_routes = firewall_routes(inputs, shared, &settings, &mut policy)?;
    let mentioned: BTreeSet<String> = policy
        .counterpart_rules
        .values()
        .flat_map(BTreeMap::values)
        .flat_map(|rule| rule.requirement_ids.clone())
        .chain(
            policy
                .on_premises_flows
                .values()
                .flat_map(|flow| flow.requirement_ids.clone()),
        )
        .collect();
    policy.requirement_ids.extend(mentioned);
    Ok((policy, settings.outputs(server_routes, &shared.name_prefix)))
}

fn read(inputs: &Inputs<'_>) -> Result<Settings, Stop> {
    let kind = inputs.choice("type");
    let servers = some_prefixes(inputs, "server_address_spaces");
    let nodes = some_prefixes(inputs, "node_address_spaces");
    let peering = peering::read(inputs);
    let id = |name: &str, kind: &str| {
        let id = inputs.leaf(name)?;
        arm_id::check(inputs, &inputs.path(name), arm_id::known(id.as_ref()), kind)?;
        Ok(id)
    };
    let gateway = id("virtual_network_gateway_id", "Microsoft.Network/virtualNetworkGateways");
    let circuit = id("express_route_circuit_id", "Microsoft.Network/expressRouteCircuits");
    let site = LocalNetworkGateway::read(inputs);
    let route = site::GatewayRoute::read(inputs);
    let connection_mode = inputs.choice("connection_mode");
    let proxies = inputs.prefixes("return_proxy_address_prefixes");
    let version = inputs.number("cyclecloud_version");
    Ok(Settings {
        kind: match kind?.as_str() {
            "vpn_site_to_site" => Link::Vpn,
            "express_route" => Link::ExpressRoute,
            _ => Link::Peering,
        },
        servers: servers?,
        nodes: nodes?,
        peering: peering?,
        gateway: gateway?,
        circuit: circuit?,
        site: site?,
        route: route?,
        connection_mode: connection_mode?,
        proxies: proxies?,
        version: version?.unwrap_or(8),
    })
}

fn some_prefixes(inputs: &Inputs<'_>, name: &str) -> Result<BTreeSet<Prefix>, Stop> {
    let prefixes = inputs.prefixes(name)?;
    if prefixes.is_empty() {
        let detail = format!("`{name}` is empty: without address spaces there is nothing to connect.");
        return Err(inputs.findings().error(inputs.path(name), "Missing argument", detail));
    }
    Ok(prefixes)
}

/// The requirement of a firewall between the two, and of its routes.
const FIREWALL: &str = "CC-CONNECTION-FIREWALL";

fn find(shared: &Shared, id: &str) -> Option<&'static Requirement> {
    shared.catalogue.of_edition(shared.edition).find(|row| row.id == id)
}

/// The catalogue of CycleCloud is shared with its subnets, whose unconditional prerequisites are not the connection's.
fn keep_what_speaks_of_the_connection(policy: &mut NetworkPolicy, shared: &Shared) {
    let speaks = |id: &String| {
        find(shared, id).is_some_and(|row| row.when.contains_key("type") || row.when.contains_key("gateway_route"))
    };
    policy.prerequisites.retain(|id, _| speaks(id));
    policy.requirement_ids.retain(speaks);
}

/// Over a firewall both directions must be routed, or it sees half a connection and drops it. The nodes' routes join the policy, the
/// server's side gets its own.
fn firewall_routes(
    inputs: &Inputs<'_>,
    shared: &Shared,
    settings: &Settings,
    policy: &mut NetworkPolicy,
) -> Result<Value, Stop> {
    let site::GatewayRoute::Firewall(address) = &settings.route else {
        return Ok(site::routes_value(&BTreeMap::new()));
    };
    if shared.waived.contains_key(FIREWALL) {
        return Ok(site::routes_value(&BTreeMap::new()));
    }
    let routes = |prefixes| site::appliance_routes(inputs, shared, FIREWALL, prefixes, address);
    policy.routes.extend(routes(&settings.servers)?);
    Ok(site::routes_value(&routes(&settings.nodes)?))
}

fn connection_type() -> Type {
    Type::object([
        ("type", Type::String),
        ("virtual_network_gateway_id", Type::String),
        ("express_route_circuit_id", Type::String),
        ("connection_protocol", Type::String),
        ("bgp_enabled", Type::Bool),
    ])
}

impl Settings {
    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let mut switches = shared.switches();
        switches.extend([
            ("type", text(self.kind.word())),
            ("gateway_side", text(&self.peering.gateway_side)),
            ("gateway_route", text(self.route.word())),
            ("connection_mode", text(&self.connection_mode)),
            ("cyclecloud_version", Condition::Number(self.version)),
        ]);
        switches
    }

    fn addresses(&self, role: &str) -> &BTreeSet<Prefix> {
        match role {
            "server" => &self.servers,
            "return_proxy" if !self.proxies.is_empty() => &self.proxies,
            _ => &self.nodes,
        }
    }

    fn prerequisites(&self) -> BTreeMap<&'static str, PrerequisiteStatus> {
        use PrerequisiteStatus::{Satisfied, Unknown};
        let when = |holds: bool| if holds { Satisfied } else { Unknown };
        BTreeMap::from([
            ("CC-CONNECTION-NO-OVERLAP", Satisfied),
            ("CC-PEERING-BOTH-WAYS", when(self.peering.remote_side_managed)),
            ("CC-PEERING-FORWARDED-TRAFFIC", when(self.peering.forwarded_traffic)),
            ("CC-PEERING-GATEWAY-TRANSIT", when(self.peering.gateway_side != "none")),
        ])
    }

    fn outputs(&self, server_routes: Value, name_prefix: &str) -> BTreeMap<String, Value> {
        let nothing = || Value::object::<String>([]);
        let peerings = match self.kind {
            Link::Peering => self.peering.to_value(name_prefix),
            Link::Vpn | Link::ExpressRoute => nothing(),
        };
        let on_premises_routes = match self.kind {
            Link::Peering => nothing(),
            Link::Vpn => site::on_premises_routes(&self.nodes, "vpn_device", "CC-VPN-SITE-ROUTES"),
            Link::ExpressRoute => site::on_premises_routes(&self.nodes, "express_route", "CC-VPN-SITE-ROUTES"),
        };
        let local_network_gateway = match self.kind {
            Link::Vpn => self.site.to_value(&self.servers),
            Link::Peering | Link::ExpressRoute => Value::Null,
        };
        BTreeMap::from([
            ("peerings".to_owned(), peerings),
            ("local_network_gateway".to_owned(), local_network_gateway),
            ("connection".to_owned(), self.connection()),
            ("server_routes".to_owned(), server_routes),
            ("on_premises_routes".to_owned(), on_premises_routes),
        ])
    }

    fn connection(&self) -> Value {
        let (kind, protocol) = match self.kind {
            Link::Peering => return Value::Null,
            Link::Vpn => ("IPsec", Value::from("IKEv2")),
            Link::ExpressRoute => ("ExpressRoute", Value::Null),
        };
        Value::object([
            ("type", Value::from(kind)),
            ("virtual_network_gateway_id", site::leaf(self.gateway.as_ref())),
            ("express_route_circuit_id", site::leaf(self.circuit.as_ref())),
            ("connection_protocol", protocol),
            ("bgp_enabled", self.site.has_bgp().into()),
        ])
    }
}
