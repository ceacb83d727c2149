//! What the data source is asked and what it answers.

use tfplugin_rs::{
    schema::{Attribute, Nesting, Schema, Shape},
    value::Type,
};

use crate::provider::policy;

pub(super) fn schema() -> Schema {
    let schema = Schema::new(
        "Proves security rules: whether everything passes that must, nothing that must not, and what else is open. The rules may be \
         anybody's, in the shape of azurerm's `security_rule`; what must pass comes from workloads' `policy` values, from `required_flows`, or \
         both. It computes only: no credentials, no connection. A wrong configuration is no error here but an answer, made for `check` blocks \
         and `precondition`s.\n\nAzure's default rules are part of every rule set. Service tags are names: what nobody declared of two of them \
         makes the verdict `depends_on`, unless `service_tag_file` says their addresses.",
    )
    .attribute(
        "policies",
        Attribute::optional(
            Type::list(policy::ty()),
            "`policy` values of workloads: what must pass. Their rules and routes are proven where `security_rules` and `routes` are not set, \
             their firewall rule collections where `rule_collection_groups` is not set. Several policies are of one subnet and stand together as \
             in `lockeddown_composition`: what cannot be in one network security group, route table or rule collection group is an error.",
        ),
    )
    .attribute(
        "security_rules",
        Attribute::optional(
            Type::Dynamic,
            "Rules of the subnet's network security group in the shape of azurerm's `security_rule`, as a map or a list; or a `policy`. Rules that Azure \
             refuses, such as two of one priority in one direction, are an error.",
        ),
    )
    .attribute(
        "network_interface_security_rules",
        Attribute::optional(
            Type::Dynamic,
            "Rules of a second group at the network interface, in the same shape: both groups must let a packet pass.",
        ),
    )
    .attribute(
        "routes",
        Attribute::optional(
            Type::Dynamic,
            "Routes of the subnet's table in the shape of azurerm's `route`, as a map or a list. Routes that Azure refuses, such as two for one \
             prefix, are an error.",
        ),
    )
    .attribute(
        "rule_collection_groups",
        Attribute::optional(
            Type::Dynamic,
            "The firewall's rules instead of those of the policies, in the order in which it looks at them: a list of objects with \
             `network_rule_collections` and `application_rule_collections` in the shape of azurerm's blocks, such as `lockeddown_coverage` reads.",
        ),
    )
    .attribute("required_flows", Attribute::optional(flows(), "Further flows that must pass, by name; the names of the policies' own flows are taken."))
    .attribute("forbidden_flows", Attribute::optional(flows(), "Flows of which no packet may pass, by name."))
    .attribute(
        "virtual_network_address_spaces",
        Attribute::optional(
            Type::set(Type::String),
            "Address spaces of the virtual network: what the tag `VirtualNetwork` surely holds, and what its system routes reach.",
        ),
    )
    .attribute(
        "outbound_method",
        Attribute::optional(
            Type::String,
            "How packets leave where a route leads straight out: `nat_gateway`, `public_ip`, `load_balancer`, `default`, or `none`: a private \
             subnet, which reaches nothing. Not set means that it is not asked.",
        ),
    )
    .attribute(
        "service_tag_file",
        Attribute::optional(
            Type::String,
            "Path of Microsoft's *Service Tags* file of the cloud: with it the tags of rules, routes, firewall rules, service endpoints and flows \
             are addresses, and nothing depends on whether two of them overlap.",
        ),
    );
    answers(schema)
}

/// What a proof answers.
pub(in crate::provider) fn answers(schema: Schema) -> Schema {
    schema
    .attribute(
        "name",
        Attribute::optional(
            Type::String,
            "What reports call the subnet; unique in a report. Defaults to the names of its workloads.",
        ),
    )
    .attribute(
        "source_uri",
        Attribute::optional(
            Type::String,
            "The file that configures the subnet, relative to the root of its repository: a code scanner shows findings there.",
        ),
    )
    .attribute(
        "verdict",
        Attribute::computed(Type::String, "`proven`, `refuted`, or `depends_on` where something that nobody declared decides."),
    )
    .attribute(
        "violations",
        Attribute::computed(
            Type::list(finding()),
            "Required flows that do not pass, forbidden ones that do, and what policies demand to be denied and nothing denies (`flow` is then the \
             requirement's id), each with a packet, the reason and a remedy.",
        ),
    )
    .attribute(
        "depends_on_conditions",
        Attribute::computed(
            Type::list(finding()),
            "Required flows that do not pass and forbidden ones that do, if something holds that nobody declared: each with a packet, the \
             conditions, the reason and a remedy.",
        ),
    )
    .attribute(
        "exposure",
        Attribute::computed(
            Type::list(open()),
            "What rules let pass that no required flow asks for: the rule and a packet.",
        ),
    )
    .attribute(
        "baseline",
        Attribute::computed(Type::list(open()), "What only Azure's default rules let pass, such as traffic within the virtual network."),
    )
    .attribute(
        "lint",
        Attribute::computed(
            Type::list(Type::object([("kind", Type::String), ("rule", Type::String), ("message", Type::String)])),
            "Rules that do not do what they seem to: `shadowed` (rules before it decide about all of its packets), `redundant` (rules behind it say \
             the same), `allow_without_deny` (Azure's default rules let the same packets pass, so an allow list restricts nothing), `conflicting` (a \
             deny before it takes part of what it allows), `unknown_service_tag`.",
        ),
    )
    .attribute(
        "report_json",
        Attribute::computed(
            Type::String,
            "All of this with every requirement, what it became and whether it is met, as JSON of a stable format: a report of one subnet. \
             `lockeddown_verification_report` makes Markdown, a diagram, SARIF and a page of one or several.",
        ),
    )
}

fn flows() -> Shape {
    let text = |description: &str| Attribute::optional(Type::String, description);
    Shape::nested(
        Nesting::Map,
        [
            (
                "direction",
                text("`Outbound`, which is the default, or `Inbound`, seen from the subnet."),
            ),
            (
                "protocol",
                text("`Tcp`, which is the default, `Udp`, `Icmp`, `Esp`, `Ah` or `*`."),
            ),
            (
                "local",
                text(
                    "The subnet's end: a prefix. Defaults to `*`: all of the subnet, as far as a policy says its prefixes.",
                ),
            ),
            (
                "peer",
                Attribute::required(
                    Type::String,
                    "The other end: a prefix, a service tag, a host that one of the policies names, or `*`.",
                ),
            ),
            ("port", text("Port or range of whoever accepts. Defaults to `*`.")),
            ("source_port", text("Port or range of whoever opens. Defaults to `*`.")),
        ],
    )
}

pub(super) fn finding() -> Type {
    Type::object([
        ("flow", Type::String),
        ("requirement_ids", Type::set(Type::String)),
        ("packet", Type::String),
        ("reason", Type::String),
        ("remedy", Type::String),
        ("conditions", Type::list(Type::String)),
    ])
}

fn open() -> Type {
    Type::object([
        ("rule", Type::String),
        ("packet", Type::String),
        ("conditions", Type::list(Type::String)),
    ])
}
