//! Terraform schemas from a workload's declarations.

use std::sync::LazyLock;

use tfplugin_rs::{
    schema::{Attribute, Nesting, Schema, Shape},
    value::{Type, Value},
};

use super::{expansion::proven, policy};
use crate::workloads::{
    Workload,
    argument::{Argument, Default, Kind},
    rule_value::security_rule,
};

/// The schema of a workload's data source.
pub(super) fn data_source(workload: &Workload) -> Schema {
    let description = format!(
        "{}\n\nThis data source only computes: it needs no credentials and opens no connection. Its outputs fit `azurerm`, `azapi` and the \
         Azure Verified Modules.",
        workload.description
    );
    Schema::new(description)
        .attributes(arguments(workload))
        .attributes(outputs(workload))
        .attribute("policy", Attribute::computed(policy::ty(), policy::DESCRIPTION))
        .attribute("proof", Attribute::computed(proven::ty(), proven::DESCRIPTION))
}

/// Every argument of a workload, with its default.
pub(super) fn arguments(workload: &Workload) -> impl Iterator<Item = (String, Attribute)> {
    workload
        .all_arguments()
        .into_iter()
        .map(|argument| (argument.name.to_owned(), attribute(argument)))
}

fn attribute(argument: &Argument) -> Attribute {
    let shape = shape(argument.kind);
    if argument.required {
        return Attribute::required(shape, argument.description);
    }
    // `edition` and `environment` come from elsewhere when they are not set, and are shown.
    if matches!(argument.name, "edition" | "environment") {
        return Attribute::optional_computed(shape, argument.description);
    }
    let attribute = Attribute::optional(shape, described(argument));
    match default(argument.default) {
        Some(value) => attribute.default_value(value),
        None => attribute,
    }
}

fn described(argument: &Argument) -> String {
    let default = match argument.default {
        Default::Nothing | Default::Text("") => return argument.description.to_owned(),
        Default::Text(text) => format!("`{text}`"),
        Default::Flag(truth) => format!("`{truth}`"),
        Default::Number(number) => format!("`{number}`"),
    };
    format!("{} Defaults to {default}.", argument.description)
}

fn default(default: Default) -> Option<Value> {
    match default {
        Default::Nothing => None,
        Default::Text(text) => Some(text.into()),
        Default::Flag(truth) => Some(truth.into()),
        Default::Number(number) => Some(number.into()),
    }
}

fn shape(kind: Kind) -> Shape {
    let nested = |nesting, arguments: &'static [Argument]| {
        Shape::nested(
            nesting,
            arguments.iter().map(|argument| (argument.name, attribute(argument))),
        )
    };
    match kind {
        Kind::Text | Kind::Choice(_) => Type::String.into(),
        Kind::Flag => Type::Bool.into(),
        Kind::Number => Type::Number.into(),
        Kind::TextSet => Type::set(Type::String).into(),
        Kind::TextMap => Type::map(Type::String).into(),
        Kind::Object(arguments) => nested(Nesting::Single, arguments),
        Kind::ObjectMap(arguments) => nested(Nesting::Map, arguments),
    }
}

fn collection(rule: Type) -> Type {
    Type::object([
        ("name", Type::String),
        ("priority", Type::Number),
        ("action", Type::String),
        ("rule", Type::list(rule)),
    ])
}

fn network_rule() -> Type {
    let texts = |name: &'static str| (name, Type::set(Type::String));
    Type::object([
        ("name", Type::String),
        ("description", Type::String),
        texts("protocols"),
        texts("source_addresses"),
        texts("source_ip_groups"),
        texts("destination_addresses"),
        texts("destination_fqdns"),
        texts("destination_ip_groups"),
        texts("destination_ports"),
        texts("requirement_ids"),
    ])
}

fn application_rule() -> Type {
    let texts = |name: &'static str| (name, Type::set(Type::String));
    Type::object([
        ("name", Type::String),
        ("description", Type::String),
        (
            "protocols",
            Type::list(Type::object([("type", Type::String), ("port", Type::Number)])),
        ),
        texts("source_addresses"),
        texts("source_ip_groups"),
        texts("destination_addresses"),
        texts("destination_fqdns"),
        texts("destination_fqdn_tags"),
        texts("destination_urls"),
        ("terminate_tls", Type::Bool),
        texts("web_categories"),
        texts("requirement_ids"),
    ])
}

/// What every workload computes: name, type, meaning.
pub(super) fn shared_outputs() -> Vec<SharedOutput> {
    static SHARED: LazyLock<Vec<SharedOutput>> = LazyLock::new(make_shared_outputs);
    SHARED.clone()
}

type SharedOutput = (&'static str, Type, &'static str);

fn make_shared_outputs() -> Vec<SharedOutput> {
    let rules = Type::map(security_rule());
    let texts = || Type::set(Type::String);
    vec![
        (
            "security_rules",
            rules.clone(),
            "Rules of the subnet's network security group by name, with every attribute of azurerm's `security_rule` block (null where \
             unused) and the `requirement_ids` behind each.",
        ),
        (
            "counterpart_rules",
            Type::map(rules),
            "Rules that the network security group at the other end needs, by role (`node`, `return_proxy`, …) and name. Empty while the \
             subnet's prefixes are not given.",
        ),
        (
            "routes",
            Type::map(Type::object([
                ("name", Type::String),
                ("address_prefix", Type::String),
                ("next_hop_type", Type::String),
                ("next_hop_in_ip_address", Type::String),
                ("requirement_ids", texts()),
            ])),
            "Routes of the subnet's route table by name, with every attribute of azurerm's `route` block.",
        ),
        (
            "bgp_route_propagation_enabled",
            Type::Bool,
            "Whether the route table takes over routes that gateways learn; null where it does not matter.",
        ),
        (
            "network_rule_collections",
            Type::list(collection(network_rule())),
            "Network rules of the firewall in front of the subnet, in the shape of azurerm's `network_rule_collection`.",
        ),
        (
            "application_rule_collections",
            Type::list(collection(application_rule())),
            "Application rules of the firewall in front of the subnet, in the shape of azurerm's `application_rule_collection`.",
        ),
        (
            "service_endpoints",
            texts(),
            "Service endpoints of the subnet, by ARM's name.",
        ),
        (
            "hosts",
            Type::map(Type::object([
                ("host", Type::String),
                ("protocol", Type::String),
                ("ports", texts()),
                ("initiator", Type::String),
                ("websocket", Type::Bool),
                ("service_tag", Type::String),
                ("requirement_ids", texts()),
            ])),
            "Hosts that must be reachable, by name, with who opens the connection (`initiator`: `server`, `node`, `compute`, or `client` for people's \
             browsers, which gets no rule here) and the service tag that covers each (null where none does).",
        ),
        (
            "on_premises_flows",
            Type::map(Type::object([
                ("source", texts()),
                ("destination", texts()),
                ("protocol", Type::String),
                ("ports", texts()),
                ("direction", Type::String),
                ("requirement_ids", texts()),
            ])),
            "Flows that a firewall on premises must let pass.",
        ),
        (
            "prerequisites",
            Type::map(Type::object([
                ("summary", Type::String),
                ("status", Type::String),
                ("remedy", Type::String),
                ("citation", Type::String),
            ])),
            "What must hold outside the reach of any rule, by requirement id; `status` is `satisfied`, `not_satisfied` or `unknown`.",
        ),
        (
            "warnings",
            Type::list(Type::String),
            "What is worth knowing and can be waived.",
        ),
        ("requirement_ids", texts(), "Every requirement that took part."),
    ]
}

/// Everything a workload computes.
pub(super) fn outputs(workload: &Workload) -> impl Iterator<Item = (String, Attribute)> {
    let own = workload
        .outputs
        .iter()
        .map(|output| (output.name, (output.ty)(), output.description));
    let all: Vec<_> = shared_outputs().into_iter().chain(own).collect();
    all.into_iter()
        .map(|(name, ty, description)| (name.to_owned(), Attribute::computed(ty, description)))
}
