//! The link from compute nodes to license servers elsewhere.
//!
//! The document's own link, a beta of Azure Connect, is gone. What it was for has not changed: nodes ask a license manager and its
//! vendor daemon. The link is today a VPN, ExpressRoute or peering; or still a junction box beside the license server.

mod checks;
mod flows;
mod junction_box;
mod scripts;
mod servers;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use self::{
    junction_box::{Junction, JunctionBox, ScriptSettings},
    scripts::Scripts,
    servers::{Named, Server},
};
use super::{
    Demands, Output, Workload,
    argument::{Argument, Kind as Holds},
    egress::Egress,
    inputs::{Inputs, parsed},
    problem::Stop,
    render::render,
    rules::{Band, End, Switches},
    scene::Scene,
    shared::Shared,
    site::{self, GatewayRoute, LocalNetworkGateway},
    template::Values,
};
use crate::{
    network::{Known, PortRange, Prefix, PrerequisiteStatus, Protocol},
    requirements::Condition,
};

pub(super) static WORKLOAD: Workload = Workload {
    name: "license_server_link",
    title: "a license server link",
    description: "What lets compute nodes in Azure use license servers elsewhere: the rules of the nodes' subnet and of the other end, the \
                  site's flows and routes, what programs must be told, and scripts that keep the link up.\n\nThe document of 2011 joins nodes \
                  and a junction box with a beta of Azure Connect, an IPv6 tunnel, and lets every node dial an IPv4 VPN inside it. Azure \
                  Connect is gone. `vpn_site_to_site`, `express_route` and `peered` take its place; `junction_box` remains where the site has \
                  no VPN device. Edition `2011` knows only the latter with `connection = \"node_dials\"`.",
    system: "license",
    managed: super::Managed::Subnet,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: OUTPUTS,
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "link_type",
        Holds::Choice(&[
            "virtual_network",
            "peered",
            "vpn_site_to_site",
            "express_route",
            "junction_box",
        ]),
        "Where the license servers are: in the nodes' `virtual_network`, in a `peered` one, behind `vpn_site_to_site` or `express_route`, or \
         behind a `junction_box`.",
    ),
    Argument::required(
        "license_servers",
        Holds::ObjectMap(servers::ARGUMENTS),
        "License servers by a name that becomes part of their rules' names.",
    ),
    Argument::optional(
        "callback_ports",
        Holds::TextSet,
        "Ports of the nodes that license servers call back. Most never do.",
    ),
    site::GATEWAY_ROUTE,
    site::FIREWALL_PRIVATE_IP_ADDRESS,
    site::GATEWAY_ADDRESS,
    site::GATEWAY_FQDN,
    site::BGP_SETTINGS,
    Argument::optional(
        "junction_box",
        Holds::Object(junction_box::ARGUMENTS),
        "The machine beside the license server that holds the tunnel. Required for `link_type = \"junction_box\"`.",
    ),
    Argument::optional(
        "startup_script",
        Holds::Object(junction_box::SCRIPT),
        "How the scripts are rendered.",
    ),
];

static OUTPUTS: &[Output] = &[
    Output {
        name: "environment_variables",
        ty: || Type::map(Type::map(Type::String)),
        description: "What programs must be told, by platform (`linux`, `windows`) and variable: `LM_LICENSE_FILE` lists every FlexNet manager \
                      as `port@host`.",
    },
    Output {
        name: "startup_scripts",
        ty: || Type::map(Type::String),
        description: "What a node runs at boot, by platform: sets the variables and checks the link by timer; with `node_dials` it dials, too. \
                      No secret is in it.",
    },
    Output {
        name: "junction_box_scripts",
        ty: || Type::map(Type::map(Type::String)),
        description: "What the junction box runs, by platform and purpose: `account`, `forwarding` and, where it dials, `redial`. Empty \
                      without one.",
    },
    Output {
        name: "local_network_gateway",
        ty: site::local_network_gateway_type,
        description: "The site in the arguments of `azurerm_local_network_gateway`; null without `gateway_address` and `gateway_fqdn`.",
    },
    Output {
        name: "on_premises_routes",
        ty: site::on_premises_routes_type,
        description: "Routes that the site needs back to the nodes. Empty while the subnet's prefixes are not given.",
    },
];

/// 1300-1499; the IPv6 twin of a rule stands 100 behind it.
const BAND: Band = Band {
    start: 1300,
    end: 1499,
    ipv6_offset: 100,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    VirtualNetwork,
    Peered,
    Vpn,
    ExpressRoute,
    JunctionBox,
}

impl Link {
    fn word(self) -> &'static str {
        match self {
            Link::VirtualNetwork => "virtual_network",
            Link::Peered => "peered",
            Link::Vpn => "vpn_site_to_site",
            Link::ExpressRoute => "express_route",
            Link::JunctionBox => "junction_box",
        }
    }
}

struct Settings {
    link: Link,
    servers: Vec<Server>,
    callback_ports: BTreeSet<PortRange>,
    route: GatewayRoute,
    site: LocalNetworkGateway,
    junction: Option<Junction>,
    script: ScriptSettings,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs)?;
    checks::check(inputs, shared, &settings)?;
    let reached = settings.reached();
    let mut prefixes = shared.prefixes();
    let mut roles = BTreeMap::new();
    if matches!(settings.route, GatewayRoute::Explicit) {
        prefixes.insert("license_servers", reached.clone());
    }
    if let Some(junction) = settings.junction.as_ref().filter(|_| settings.nodes_dial()) {
        roles.insert("junction_box", End::Prefixes(junction.addresses.clone()));
    }
    let scene = Scene {
        inputs,
        shared,
        egress: &Egress::service_tags(),
        switches: settings.switches(shared),
        band: BAND,
        own: &["license_client"],
        guest: None,
        kin: None,
        roles,
        prefixes,
        values: Values::default(),
        holds: settings.prerequisites(shared),
    };
    let mut policy = render(&scene)?;
    let rendered = std::mem::take(&mut policy.security_rules);
    policy.security_rules = settings.add_license_rules(inputs, shared, rendered)?;
    policy.flows.extend(settings.required_flows(inputs, shared)?);
    policy.counterpart_rules = settings.counterpart_rules(inputs, shared)?;
    policy.on_premises_flows = settings.on_premises_flows(inputs, shared)?;
    if let GatewayRoute::Firewall(address) = &settings.route
        && !shared.waived.contains_key(FIREWALL_ROUTE)
    {
        let routes = site::appliance_routes(inputs, shared, FIREWALL_ROUTE, &reached, address)?;
        policy.routes.extend(routes);
    }
    let mut ids = BTreeSet::new();
    ids.extend(
        policy
            .security_rules
            .values()
            .flat_map(|rule| &rule.requirement_ids)
            .cloned(),
    );
    ids.extend(
        policy
            .on_premises_flows
            .values()
            .flat_map(|flow| &flow.requirement_ids)
            .cloned(),
    );
    ids.extend(policy.routes.values().flat_map(|route| &route.requirement_ids).cloned());
    policy.requirement_ids.extend(ids);
    settings.warn_of_udp_on_windows(inputs);
    let outputs = settings.outputs(inputs, shared)?;
    Ok((policy, outputs))
}

fn read(inputs: &Inputs<'_>) -> Result<Settings, Stop> {
    let link = inputs.choice("link_type");
    let servers = servers::read(inputs);
    let callback_ports = inputs.texts("callback_ports").and_then(|ports| {
        let parse = |text: &String| parsed(inputs, "callback_ports", "Invalid port", text);
        ports.iter().map(parse).collect::<Result<BTreeSet<PortRange>, Stop>>()
    });
    let route = GatewayRoute::read(inputs);
    let site = LocalNetworkGateway::read(inputs);
    let junction = junction_box::read(inputs);
    let script = junction_box::read_script(inputs);
    Ok(Settings {
        link: match link?.as_str() {
            "virtual_network" => Link::VirtualNetwork,
            "peered" => Link::Peered,
            "vpn_site_to_site" => Link::Vpn,
            "express_route" => Link::ExpressRoute,
            _ => Link::JunctionBox,
        },
        servers: servers?,
        callback_ports: callback_ports?,
        route: route?,
        site: site?,
        junction: junction?,
        script: script?,
    })
}

const FIREWALL_ROUTE: &str = "LIC-FIREWALL-ROUTE";

impl Settings {
    fn nodes_dial(&self) -> bool {
        let kind = self.junction.as_ref().map(|junction| &junction.kind);
        matches!(kind, Some(JunctionBox::NodeDials { .. }))
    }

    /// What nodes address in place of a license server: with point to site the junction box, which forwards.
    fn seen_by_nodes(&self, server: &BTreeSet<Prefix>) -> BTreeSet<Prefix> {
        match self.junction.as_ref().map(|junction| &junction.kind) {
            Some(JunctionBox::PointToSite { pool }) => BTreeSet::from([*pool]),
            _ => server.clone(),
        }
    }

    fn addresses(&self) -> BTreeSet<Prefix> {
        self.servers
            .iter()
            .flat_map(|server| server.addresses.clone())
            .collect()
    }

    /// Everything that must be routed to the link.
    fn reached(&self) -> BTreeSet<Prefix> {
        self.seen_by_nodes(&self.addresses())
    }

    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let mut switches = shared.switches();
        switches.extend([
            ("link_type", text(self.link.word())),
            ("gateway_route", text(self.route.word())),
            ("callback_ports_given", Condition::Bool(!self.callback_ports.is_empty())),
        ]);
        if let Some(junction) = &self.junction {
            let connection = if self.nodes_dial() {
                "node_dials"
            } else {
                "point_to_site"
            };
            let protocol = if junction.openvpn { "openvpn" } else { "ikev2" };
            switches.insert("junction_box_connection", text(connection));
            switches.insert("junction_box_tunnel_protocol", text(protocol));
        }
        switches
    }

    fn prerequisites(&self, shared: &Shared) -> BTreeMap<&'static str, PrerequisiteStatus> {
        use PrerequisiteStatus::{NotSatisfied, Satisfied, Unknown};
        let known = !shared.subnet.is_empty() || !shared.virtual_network.is_empty();
        let checked = if known { Satisfied } else { Unknown };
        let mut holds = BTreeMap::from([
            ("LIC-SERVER-PORTS", Satisfied),
            // There is no choice: `tunnel_protocol` knows only encrypting ones, and not SSTP.
            ("LIC-JUNCTION-NO-SSTP", Satisfied),
            ("LIC-TUNNEL-ENCRYPTED", Satisfied),
            ("LIC-NO-OVERLAP", checked),
            ("LIC-JUNCTION-CLIENT-POOL", checked),
        ]);
        if self.nodes_dial() {
            // The pool is the junction box's own then, and nobody says which.
            holds.remove("LIC-JUNCTION-CLIENT-POOL");
        }
        for gone in [
            "LIC-CONNECT-ENDPOINT",
            "LIC-CONNECT-GROUP",
            "LIC-CONNECT-NODES",
            "LIC-CONNECT-IPV6",
        ] {
            holds.insert(gone, NotSatisfied);
        }
        holds
    }

    fn outputs(&self, inputs: &Inputs<'_>, shared: &Shared) -> Result<BTreeMap<String, Value>, Stop> {
        let local_network_gateway = if self.site.is_given() {
            self.site.to_value(&self.addresses())
        } else {
            Value::Null
        };
        let link = match self.link {
            Link::VirtualNetwork | Link::Peered => None,
            Link::Vpn => Some("vpn_device"),
            Link::ExpressRoute => Some("express_route"),
            Link::JunctionBox => Some("junction_box"),
        };
        let back = match link {
            Some(link) => site::on_premises_routes(&shared.subnet, link, "LIC-SITE-RETURN-ROUTE"),
            None => Value::object::<String>([]),
        };
        let mut outputs = BTreeMap::from([
            ("local_network_gateway".to_owned(), local_network_gateway),
            ("on_premises_routes".to_owned(), back),
        ]);
        outputs.extend(self.told_to_nodes(inputs, shared)?);
        Ok(outputs)
    }

    /// Variables and scripts; unknown while a host name or the credential's URI is.
    fn told_to_nodes(&self, inputs: &Inputs<'_>, shared: &Shared) -> Result<BTreeMap<String, Value>, Stop> {
        let hosts: Vec<Known<Named<'_>>> = self
            .servers
            .iter()
            .map(|server| Ok(self.host(inputs, server)?.map(|host| Named { server, host })))
            .collect::<Result<_, Stop>>()?;
        let credential = self.script.credential.clone().unwrap_or(Known::Is(String::new()));
        let named: Option<Vec<Named<'_>>> = hosts
            .into_iter()
            .map(|host| match host {
                Known::Is(named) => Some(named),
                Known::NotYet => None,
            })
            .collect();
        let flexnet = self
            .servers
            .iter()
            .flat_map(|server| &server.managers)
            .any(|manager| manager.flexnet);
        let by_platform = |value: &dyn Fn(&str) -> Value| {
            let platforms = self.script.platforms.iter();
            Value::object(platforms.map(|platform| (platform.clone(), value(platform))))
        };
        let separator = |platform: &str| if platform == "linux" { ":" } else { ";" };
        let environment = by_platform(&|platform| match &named {
            Some(named) => servers::variables(servers::license_file(named, separator(platform)).as_deref()),
            None if flexnet => Value::object([("LM_LICENSE_FILE", Value::unknown_not_null())]),
            None => servers::variables(None),
        });
        let (startup, junction_box) = match (&named, &credential) {
            (Some(named), Known::Is(credential)) => {
                let scripts = Scripts {
                    settings: &self.script,
                    servers: named,
                    junction: self.junction.as_ref(),
                    credential,
                    cloud: shared.environment,
                };
                (scripts.startup(), scripts.junction_box())
            }
            _ => (by_platform(&|_| Value::unknown_not_null()), Value::unknown_not_null()),
        };
        Ok(BTreeMap::from([
            ("environment_variables".to_owned(), environment),
            ("startup_scripts".to_owned(), startup),
            ("junction_box_scripts".to_owned(), junction_box),
        ]))
    }

    /// Windows forwards with its port proxy, which knows only TCP.
    fn warn_of_udp_on_windows(&self, inputs: &Inputs<'_>) {
        let mut managers = self.servers.iter().flat_map(|server| &server.managers);
        let Some(manager) = managers.find(|manager| manager.protocol == Protocol::Udp) else {
            return;
        };
        if self.junction.is_none() || self.nodes_dial() {
            return;
        }
        let detail = format!(
            "Manager `{}` uses UDP, which the Windows form of `junction_box_scripts` cannot forward (LIC-JUNCTION-FORWARDING). Use a Linux \
             junction box for it.",
            manager.name
        );
        inputs.findings().warning(
            inputs.path("license_servers"),
            "UDP behind a Windows junction box",
            detail,
        );
    }

    /// The name by which nodes reach a server.
    fn host(&self, inputs: &Inputs<'_>, server: &Server) -> Result<Known<String>, Stop> {
        if let Some(hostname) = &server.hostname {
            return Ok(hostname.clone());
        }
        let seen = self.seen_by_nodes(&server.addresses);
        // `port@host` lists are parted by colons: an IPv6 address cannot stand in one.
        let address = servers::single_address(&seen).filter(|address| !address.contains(':'));
        address.map(Known::Is).ok_or_else(|| {
            let detail = format!(
                "Nodes cannot tell license server `{}` from its addresses alone: programs need one name for it (LIC-SERVER-NAME). Set \
                 `hostname`, and let it resolve on the nodes to the address they reach.",
                server.name
            );
            let path = inputs.path("license_servers").key(&server.name).child("hostname");
            inputs.findings().error(path, "Missing argument", detail)
        })
    }
}
