//! Azure CycleCloud: the subnets of server, nodes, return proxy, jump host and Azure Bastion.

mod checks;
mod flows;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use super::{
    Demands, Output, Workload,
    argument::{Argument, Default, Kind as Holds},
    arm_id,
    egress::{self, Egress, Way},
    inputs::Inputs,
    operators::read_operators,
    problem::Stop,
    render::render,
    rules::{Band, End, Switches},
    scene::{Guest, Scene},
    shared::Shared,
    site::overlap,
    template::Values,
};
use crate::{
    network::{Known, Prefix, PrerequisiteStatus},
    regions::Cloud,
    requirements::Condition,
};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "cyclecloud_subnet",
    title: "Azure CycleCloud",
    description: "A subnet of an Azure CycleCloud installation in a locked down network: what Microsoft's documents demand of its network \
                  security group, routes, firewall, service endpoints and surroundings, for the server, the cluster nodes and what stands \
                  between them.",
    system: "cyclecloud",
    band: BAND,
    arguments: ARGUMENTS,
    outputs: OUTPUTS,
    managed: super::Managed::Subnet,
    expand,
};

static OUTPUTS: &[Output] = &[
    Output {
        name: "cyclecloud_subnet_id",
        ty: || Type::String,
        description: "The subnet as CycleCloud's templates name it, `resource group/virtual network/subnet`; null in the data source, which \
                      has no subnet.",
    },
    Output {
        name: "cluster_template",
        ty: || Type::String,
        description: "With `connection_mode = \"return_proxy\"`: the part of a cluster template that makes one node the return proxy and keeps \
                      the others private. `$ReturnProxySubnetId` and `$NodeSubnetId` are template parameters. Null in direct mode.",
    },
    Output {
        name: "proxy_settings",
        ty: proxy_settings_type,
        description: "With `egress.type = \"proxy\"`: what CycleCloud's `cycle_server.properties` needs; `jvm_options` is the value to add to \
                      `webServerJvmOptions`. Null otherwise; `host` and `jvm_options` also where `proxy_address` is more than one address.",
    },
];

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "role",
        Holds::Choice(&["server", "node", "return_proxy", "jump_host", "azure_bastion"]),
        "What stands in the subnet: `server` (the CycleCloud VM), `node` (cluster nodes), `return_proxy` (in a subnet of its own; one among the nodes belongs to `node`), `jump_host`, \
         or `azure_bastion` (AzureBastionSubnet, whose rules Azure demands).",
    ),
    Argument::optional(
        "cyclecloud_version",
        Holds::Number,
        "Major version of CycleCloud: 7 or 8. Version 7 also needs AMQP (5672).",
    )
    .or(Default::Number(8)),
    Argument::optional(
        "connection_mode",
        Holds::Choice(&["direct", "return_proxy"]),
        "How nodes reach the server: `direct`, or through a `return_proxy` that the server tunnels to.",
    )
    .or(Default::Text("direct")),
    Argument::optional("node_communication_port", Holds::Number, "Port on which the server listens for nodes.")
        .or(Default::Number(9443)),
    Argument::optional(
        "server_placement",
        Holds::Choice(&["same_virtual_network", "peered", "on_premises"]),
        "Where the server stands: in the `same_virtual_network`, in a `peered` one, or `on_premises`.",
    )
    .or(Default::Text("same_virtual_network")),
    Argument::optional(
        "server_address_prefixes",
        Holds::TextSet,
        "Prefixes of the server. Required for the roles that talk to it: `node` (direct, or with the return proxy in its subnet), `return_proxy` and \
         `jump_host`, the last unless a server on premises comes from `server_public_ip_prefixes`.",
    ),
    Argument::optional(
        "node_address_prefixes",
        Holds::TextSet,
        "Prefixes of the cluster nodes. Required for the server (direct) and for a return proxy, unless `application_security_groups.node_id` \
         is set. For the role `node`, those outside the subnet are the cluster's other subnets, which strict isolation lets in and out.",
    ),
    Argument::optional(
        "return_proxy_address_prefixes",
        Holds::TextSet,
        "Prefixes of the return proxy. Required with `connection_mode = \"return_proxy\"` unless \
         `application_security_groups.return_proxy_id` is set. For the role `node`, those within the subnet's prefixes are let in as in a subnet \
         of their own: by the server's SSH, which needs its prefixes, and by the nodes.",
    ),
    Argument::optional(
        "return_proxy_public_ip_enabled",
        Holds::Flag,
        "Whether the server reaches the return proxy over the internet, from `server_public_ip_prefixes`.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "return_proxy_public_ip_prefixes",
        Holds::TextSet,
        "Public prefixes of the return proxy or the jump host, as far as they are known: what `on_premises_flows` tells the firewall of a server \
         on premises.",
    ),
    Argument::optional("server_public_ip_prefixes", Holds::TextSet, "Public prefixes of a server that is on premises without a VPN."),
    Argument::optional(
        "web_source_address_prefixes",
        Holds::TextSet,
        "Who may open the web interface (443). Empty: nobody beyond what the virtual network already may. Required for `azure_bastion`, whose set \
         of rules Azure refuses without one for them.",
    ),
    Argument::optional(
        "ssh_source_address_prefixes",
        Holds::TextSet,
        "Who may open SSH (22) on the server, the jump host or, from edition 2026-08 on, the nodes. Empty: nobody beyond what the virtual network already may.",
    ),
    Argument::optional(
        "storage_access",
        Holds::Choice(&["service_endpoint", "private_endpoint", "service_tag"]),
        "How the subnet reaches Azure Storage: `service_endpoint` (recommended by the documents), `private_endpoint`, or over its public \
         endpoint by `service_tag`.",
    )
    .or(Default::Text("service_endpoint")),
    Argument::optional(
        "storage_private_endpoint_address_prefixes",
        Holds::TextSet,
        "Addresses of the storage account's private endpoints. Required with `storage_access = \"private_endpoint\"`.",
    ),
    Argument::optional(
        "package_source",
        Holds::Choice(&["image", "mirror", "storage"]),
        "Where nodes get their packages: in the `image`, from a `mirror`, or from `storage`.",
    )
    .or(Default::Text("image")),
    Argument::optional(
        "package_mirror",
        Holds::Object(&[
            Argument::optional("address_prefixes", Holds::TextSet, "Prefixes of the mirror."),
            Argument::optional("port", Holds::Number, "Its port.").or(Default::Number(443)),
        ]),
        "The package mirror. Required with `package_source = \"mirror\"`.",
    ),
    Argument::optional(
        "github_staging_enabled",
        Holds::Flag,
        "Whether the server may fetch cluster projects from GitHub. Needs an `egress` that knows host names: `firewall` or `proxy`.",
    )
    .or(Default::Flag(false)),
    Argument::optional(
        "application_security_groups",
        Holds::Object(&[
            Argument::optional("server_id", Holds::Text, "ARM id of the server's application security group."),
            Argument::optional("node_id", Holds::Text, "ARM id of the nodes' application security group."),
            Argument::optional("return_proxy_id", Holds::Text, "ARM id of the return proxy's application security group."),
        ]),
        "Application security groups instead of prefixes for the flows between server, nodes and return proxy. All must be in the \
         subnet's virtual network.",
    ),
    Argument::optional("egress", Holds::Object(egress::ARGUMENTS), "How outbound traffic is let through and leaves the subnet."),
];

const SUBNETS_SEPARATE: &str = "CC-SUBNETS-SEPARATE";

/// 100-399; the IPv6 twin of a rule stands 150 behind it.
const BAND: Band = Band {
    start: 100,
    end: 399,
    ipv6_offset: 150,
};

struct Settings {
    role: String,
    version: i64,
    connection_mode: String,
    server_placement: String,
    servers: BTreeSet<Prefix>,
    nodes: BTreeSet<Prefix>,
    proxies: BTreeSet<Prefix>,
    proxy_public_ip: bool,
    server_public_ips: BTreeSet<Prefix>,
    proxy_public_ips: BTreeSet<Prefix>,
    web: Option<End>,
    ssh: Option<End>,
    storage_access: String,
    storage_endpoints: BTreeSet<Prefix>,
    package_source: String,
    mirror: BTreeSet<Prefix>,
    github_staging: bool,
    groups: BTreeMap<&'static str, Known<String>>,
    egress: Egress,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs, shared)?;
    checks::check(inputs, shared, &settings)?;
    let own = [settings.role.as_str()];
    let scene = Scene {
        inputs,
        shared,
        egress: &settings.egress,
        switches: settings.switches(shared),
        band: BAND,
        own: &own,
        guest: settings.guest(shared),
        kin: settings.kin(shared),
        roles: settings.roles(),
        prefixes: settings.prefixes(shared),
        values: Values::default(),
        holds: settings.prerequisites(shared),
    };
    let mut policy = render(&scene)?;
    checks::warn_of_one_subnet(inputs, shared, &settings, &policy);
    policy.on_premises_flows = flows::on_premises_flows(inputs, shared, &settings)?;
    Ok((policy, settings.outputs(shared)))
}

fn proxy_settings_type() -> Type {
    Type::object([
        ("host", Type::String),
        ("port", Type::Number),
        ("jvm_options", Type::String),
    ])
}

fn read(inputs: &Inputs<'_>, shared: &Shared) -> Result<Settings, Stop> {
    let role = inputs.choice("role");
    let version = read_version(inputs);
    let connection_mode = inputs.choice("connection_mode");
    let server_placement = inputs.choice("server_placement");
    let servers = inputs.prefixes("server_address_prefixes");
    let nodes = inputs.prefixes("node_address_prefixes");
    let proxies = inputs.prefixes("return_proxy_address_prefixes");
    let proxy_public_ip = inputs.flag("return_proxy_public_ip_enabled");
    let server_public_ips = inputs.prefixes("server_public_ip_prefixes");
    let proxy_public_ips = inputs.prefixes("return_proxy_public_ip_prefixes");
    let web = read_operators(inputs, shared, "web_source_address_prefixes", "CC-SERVER-WEB");
    let ssh = read_operators(inputs, shared, "ssh_source_address_prefixes", "CC-SERVER-SSH");
    let storage_access = inputs.choice("storage_access");
    let storage_endpoints = inputs.prefixes("storage_private_endpoint_address_prefixes");
    let package_source = inputs.choice("package_source");
    let mirror = inputs.object("package_mirror", |mirror| mirror.prefixes("address_prefixes"));
    let github_staging = inputs.flag("github_staging_enabled");
    let groups = inputs.object("application_security_groups", read_groups);
    let egress = Egress::read(inputs);
    let connection_mode = connection_mode?;
    Ok(Settings {
        role: role?,
        version: version?,
        // Without a proxy there is no public address of one.
        proxy_public_ip: proxy_public_ip? && connection_mode == "return_proxy",
        connection_mode,
        server_placement: server_placement?,
        servers: servers?,
        nodes: nodes?,
        proxies: proxies?,
        server_public_ips: server_public_ips?,
        proxy_public_ips: proxy_public_ips?,
        web: web?,
        ssh: ssh?,
        storage_access: storage_access?,
        storage_endpoints: storage_endpoints?,
        package_source: package_source?,
        mirror: mirror?.unwrap_or_default(),
        github_staging: github_staging?,
        groups: groups?.unwrap_or_default(),
        egress: egress?,
    })
}

fn read_groups(groups: &Inputs<'_>) -> Result<BTreeMap<&'static str, Known<String>>, Stop> {
    let mut by_role = BTreeMap::new();
    for (role, argument) in [
        ("server", "server_id"),
        ("node", "node_id"),
        ("return_proxy", "return_proxy_id"),
    ] {
        if let Some(id) = groups.leaf(argument)? {
            let kind = "Microsoft.Network/applicationSecurityGroups";
            arm_id::check(groups, &groups.path(argument), arm_id::known(Some(&id)), kind)?;
            by_role.insert(role, id);
        }
    }
    Ok(by_role)
}

fn read_version(inputs: &Inputs<'_>) -> Result<i64, Stop> {
    match inputs.number("cyclecloud_version")?.unwrap_or(8) {
        version @ (7 | 8) => Ok(version),
        other => {
            let detail = format!("`cyclecloud_version` is `{other}`: the documents describe 7 and 8.");
            Err(inputs
                .findings()
                .error(inputs.path("cyclecloud_version"), "Unknown CycleCloud version", detail))
        }
    }
}

impl Settings {
    fn reaches_storage(&self) -> bool {
        matches!(self.role.as_str(), "server" | "node" | "return_proxy")
    }

    fn egress_word(&self) -> &'static str {
        match self.egress.way {
            Way::ServiceTags => "service_tags",
            Way::Firewall { .. } => "firewall",
            Way::ForcedTunnel { .. } => "forced_tunnel",
            Way::Proxy { .. } => "proxy",
        }
    }

    fn switches(&self, shared: &Shared) -> Switches {
        let text = |text: &str| Condition::Text(text.to_owned());
        let bypass = matches!(
            self.egress.way,
            Way::Proxy {
                bypass_storage: true,
                ..
            }
        );
        let mut switches = shared.switches();
        switches.extend([
            ("role", text(&self.role)),
            ("cyclecloud_version", Condition::Number(self.version)),
            ("connection_mode", text(&self.connection_mode)),
            ("server_placement", text(&self.server_placement)),
            ("return_proxy_in_subnet", Condition::Bool(self.has_proxy(shared))),
            ("return_proxy_public_ip_enabled", Condition::Bool(self.proxy_public_ip)),
            ("storage_access", text(&self.storage_access)),
            ("package_source", text(&self.package_source)),
            ("github_staging_enabled", Condition::Bool(self.github_staging)),
            ("egress_type", text(self.egress_word())),
            ("egress_proxy_bypass_storage", Condition::Bool(bypass)),
        ]);
        switches
    }

    /// The return proxies that stand in the nodes' subnet.
    fn proxies_here(&self, shared: &Shared) -> BTreeSet<Prefix> {
        if self.role != "node" || self.connection_mode != "return_proxy" {
            return BTreeSet::new();
        }
        let here = |proxy: &&Prefix| shared.subnet.iter().any(|own| own.contains(proxy));
        self.proxies.iter().filter(here).copied().collect()
    }

    /// Whether a return proxy stands in the subnet, alone or among the nodes.
    fn has_proxy(&self, shared: &Shared) -> bool {
        self.role == "return_proxy" || !self.proxies_here(shared).is_empty()
    }

    /// Where server and nodes stand in one subnet, as far as the arguments say it: a prefix of the other role, and what of this one's it overlaps.
    /// With the argument that says it.
    fn shares_subnet(&self, shared: &Shared) -> Option<(&'static str, Prefix, Prefix)> {
        let (own, argument, other) = match self.role.as_str() {
            "server" => (&self.servers, "node_address_prefixes", &self.nodes),
            "node" => (&self.nodes, "server_address_prefixes", &self.servers),
            _ => return None,
        };
        let own: BTreeSet<Prefix> = own.union(&shared.subnet).copied().collect();
        overlap(other, &own).map(|(other, own)| (argument, *other, *own))
    }

    fn guest(&self, shared: &Shared) -> Option<Guest<'static>> {
        let here = self.proxies_here(shared);
        if here.is_empty() {
            return None;
        }
        let of_group = |role: &str| {
            self.groups
                .get(role)
                .cloned()
                .map(|id| End::Groups(id.map(|id| BTreeSet::from([id]))))
        };
        let nodes = || End::Prefixes(self.nodes.union(&shared.subnet).copied().collect());
        Some(Guest {
            role: "return_proxy",
            only_here: here.len() == self.proxies.len(),
            at: of_group("return_proxy").unwrap_or(End::Prefixes(here)),
            callers: of_group("node").unwrap_or_else(nodes),
        })
    }

    /// Nodes in other subnets than this one of theirs.
    fn kin(&self, shared: &Shared) -> Option<End> {
        let here = |prefix: &&Prefix| shared.subnet.iter().any(|own| own.contains(prefix));
        let elsewhere: BTreeSet<Prefix> = self.nodes.iter().filter(|prefix| !here(prefix)).copied().collect();
        (self.role == "node" && !elsewhere.is_empty()).then_some(End::Prefixes(elsewhere))
    }

    /// Who is who, as far as it is known.
    fn roles(&self) -> BTreeMap<&'static str, End> {
        let mut roles = BTreeMap::new();
        for (role, prefixes) in [
            ("server", &self.servers),
            ("node", &self.nodes),
            ("return_proxy", &self.proxies),
        ] {
            // Where the subnet's own prefixes are given again, they are the subnet's; only a group replaces its local side. The role's other
            // subnets are its kin.
            if !prefixes.is_empty() && role != self.role {
                roles.insert(role, End::Prefixes(prefixes.clone()));
            }
        }
        for (role, id) in &self.groups {
            roles.insert(role, End::Groups(id.clone().map(|id| BTreeSet::from([id]))));
        }
        roles.extend(self.web.clone().map(|web| ("client", web)));
        roles.extend(self.ssh.clone().map(|ssh| ("operator", ssh)));
        roles
    }

    fn prefixes(&self, shared: &Shared) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        let proxy = match self.egress.way {
            Way::Proxy { address, .. } => BTreeSet::from([address]),
            _ => BTreeSet::new(),
        };
        let people = |end: &Option<End>| match end {
            Some(End::Prefixes(prefixes)) => prefixes.clone(),
            _ => BTreeSet::new(),
        };
        let mut prefixes = shared.prefixes();
        prefixes.extend([
            ("server_public_ip_prefixes", self.server_public_ips.clone()),
            (
                "storage_private_endpoint_address_prefixes",
                self.storage_endpoints.clone(),
            ),
            ("package_mirror_address_prefixes", self.mirror.clone()),
            ("egress_proxy_address", proxy),
            ("ssh_source_address_prefixes", people(&self.ssh)),
            ("web_source_address_prefixes", people(&self.web)),
        ]);
        prefixes
    }

    fn outputs(&self, shared: &Shared) -> BTreeMap<String, Value> {
        let path = match &shared.subnet_path {
            Some(Known::Is(path)) => path.as_str().into(),
            Some(Known::NotYet) => Value::unknown_not_null(),
            None => Value::Null,
        };
        BTreeMap::from([
            ("cyclecloud_subnet_id".to_owned(), path),
            ("cluster_template".to_owned(), self.cluster_template().into()),
            (
                "proxy_settings".to_owned(),
                self.proxy_settings(shared).unwrap_or(Value::Null),
            ),
        ])
    }

    /// "Azure CycleCloud and Cluster Connectivity", "Proxy Node", with the attributes of today's return-proxy page. A proxy that is told to
    /// have no public address fails (CC-PROXY-NO-STRICT), so without one the template says nothing of it.
    fn cluster_template(&self) -> Option<String> {
        let public = match self.proxy_public_ip {
            true => "\n    [[[network-interface eth0]]]\n    AssociatePublicIpAddress = true\n",
            false => "",
        };
        (self.connection_mode == "return_proxy").then(|| {
            format!(
                "[cluster locked_down]\n\n  [[node proxy]]\n  IsReturnProxy = true\n  SubnetId = $ReturnProxySubnetId\n{public}\n  \
                 [[node defaults]]\n  SubnetId = $NodeSubnetId\n\n    [[[network-interface eth0]]]\n    AssociatePublicIpAddress = \
                 false\n"
            )
        })
    }

    /// "Using a web proxy": the Java options of the server.
    fn proxy_settings(&self, shared: &Shared) -> Option<Value> {
        let Way::Proxy {
            address,
            port,
            bypass_storage,
        } = &self.egress.way
        else {
            return None;
        };
        let prefix = address.to_string();
        let host = prefix.strip_suffix("/32").or_else(|| prefix.strip_suffix("/128"));
        let Some(host) = host else {
            // Several machines: which of them to use, and by what name, is their owner's to say.
            return Some(Value::object([
                ("host", Value::Null),
                ("port", i64::from(*port).into()),
                ("jvm_options", Value::Null),
            ]));
        };
        let mut options = format!("-Dhttps.proxyHost={host} -Dhttps.proxyPort={port}");
        if *bypass_storage {
            let storage = match shared.environment {
                Cloud::Public => "*.core.windows.net",
                Cloud::UsGovernment => "*.core.usgovcloudapi.net",
                Cloud::China => "*.core.chinacloudapi.cn",
            };
            options.push_str(&format!(" -Dhttp.nonProxyHosts={storage}"));
        }
        Some(Value::object([
            ("host", Value::from(host)),
            ("port", i64::from(*port).into()),
            ("jvm_options", options.into()),
        ]))
    }

    fn prerequisites(&self, shared: &Shared) -> BTreeMap<&'static str, PrerequisiteStatus> {
        let mut holds = BTreeMap::new();
        if !shared.subnet.is_empty() {
            for id in ["CC-SERVER-SUBNET-SIZE", "CC-NODE-SUBNET-SIZE", "CC-BASTION-SUBNET"] {
                holds.insert(id, PrerequisiteStatus::Satisfied);
            }
        }
        if self.shares_subnet(shared).is_some() {
            holds.insert(SUBNETS_SEPARATE, PrerequisiteStatus::NotSatisfied);
        }
        holds
    }
}
