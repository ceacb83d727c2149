//! The two halves of a virtual network peering between a CycleCloud server and its nodes.

use tfplugin_rs::value::{Type, Value};

use super::super::{arm_id, inputs::Inputs, problem::Stop, site::leaf};
use crate::network::Known;

/// What is said of a peering.
#[derive(Clone, Debug)]
pub(super) struct Peering {
    pub(super) server: Option<Known<String>>,
    pub(super) node: Option<Known<String>>,
    pub(super) forwarded_traffic: bool,
    pub(super) gateway_side: String,
    pub(super) remote_side_managed: bool,
}

pub(super) fn read(inputs: &Inputs<'_>) -> Result<Peering, Stop> {
    let server = read_network(inputs, "server_virtual_network_id");
    let node = read_network(inputs, "node_virtual_network_id");
    let forwarded_traffic = inputs.flag("allow_forwarded_traffic");
    let gateway_side = inputs.choice("gateway_side");
    let remote_side_managed = inputs.flag("remote_side_managed");
    Ok(Peering {
        server: server?,
        node: node?,
        forwarded_traffic: forwarded_traffic?,
        gateway_side: gateway_side?,
        remote_side_managed: remote_side_managed?,
    })
}

fn read_network(inputs: &Inputs<'_>, name: &str) -> Result<Option<Known<String>>, Stop> {
    let id = inputs.leaf(name)?;
    arm_id::check(inputs, &inputs.path(name), arm_id::known(id.as_ref()), NETWORK)?;
    Ok(id)
}

const NETWORK: &str = "Microsoft.Network/virtualNetworks";

impl Peering {
    /// Both halves, as the side that owns the nodes and the side that owns the server have them.
    pub(super) fn to_value(&self, name_prefix: &str) -> Value {
        let half =
            |name: &str, own: &Option<Known<String>>, remote: &Option<Known<String>>, side: &str, managed: bool| {
                let part = |choose: fn((&str, &str)) -> String| match own {
                    Some(Known::Is(id)) => Value::from(arm_id::place(id, NETWORK).map(choose)),
                    other => leaf(other.as_ref()),
                };
                Value::object([
                    ("name", Value::from(format!("{name_prefix}{name}"))),
                    ("resource_group_name", part(|(group, _)| group.to_owned())),
                    ("virtual_network_name", part(|(_, name)| name.to_owned())),
                    ("virtual_network_id", leaf(own.as_ref())),
                    ("remote_virtual_network_id", leaf(remote.as_ref())),
                    // Without it the peering exists and carries nothing.
                    ("allow_virtual_network_access", true.into()),
                    ("allow_forwarded_traffic", self.forwarded_traffic.into()),
                    ("allow_gateway_transit", (self.gateway_side == side).into()),
                    (
                        "use_remote_gateways",
                        (self.gateway_side != "none" && self.gateway_side != side).into(),
                    ),
                    ("managed", managed.into()),
                ])
            };
        Value::object([
            (
                "node_to_server",
                half("cyclecloud-node-to-server", &self.node, &self.server, "node", true),
            ),
            (
                "server_to_node",
                half(
                    "cyclecloud-server-to-node",
                    &self.server,
                    &self.node,
                    "server",
                    self.remote_side_managed,
                ),
            ),
        ])
    }
}

/// The type of `peerings`.
pub(super) fn peerings_type() -> Type {
    let text = |name: &'static str| (name, Type::String);
    let flag = |name: &'static str| (name, Type::Bool);
    Type::map(Type::object([
        text("name"),
        text("resource_group_name"),
        text("virtual_network_name"),
        text("virtual_network_id"),
        text("remote_virtual_network_id"),
        flag("allow_virtual_network_access"),
        flag("allow_forwarded_traffic"),
        flag("allow_gateway_transit"),
        flag("use_remote_gateways"),
        flag("managed"),
    ]))
}
