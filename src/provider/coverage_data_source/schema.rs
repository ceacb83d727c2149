//! What the data source is asked and what it answers.

use tfplugin_rs::{
    schema::{Attribute, Schema},
    value::Type,
};

use crate::provider::{azure_readers, policy, schema, verification_data_source::schema as verification};

pub(super) fn schema() -> Schema {
    let of_workloads = |name: &str| {
        let mut outputs = schema::shared_outputs().into_iter();
        outputs
            .find(|(own, ..)| *own == name)
            .map_or(Type::Dynamic, |(_, ty, _)| ty)
    };
    let texts = || Type::set(Type::String);
    let optional = |description: &str| Attribute::optional(Type::String, description);
    let schema = Schema::new(
        "Holds an existing subnet against the requirements of workloads: what its network security group, route table, service endpoints and \
         firewall satisfy, lack or exceed, and which rules are nobody's. It reads Azure, changes nothing there, and needs the right to read the \
         subnet, its virtual network and what is associated with it (the role Reader).\n\nThe answer has the shape of \
         `lockeddown_verification`, which takes what was read here: `security_rules`, `routes`, `rule_collection_groups`. What cannot be decided is \
         said and never counts as proven: service tags of which nobody knows whether they overlap (`service_tag_file` helps), IP groups that may \
         not be read, appliances of which nobody says what they let pass, ways out that only machines have. Routes that gateways learn, and rules of \
         a virtual network manager, are not read.",
    )
    .attribute("subnet_id", Attribute::required(Type::String, "ARM id of the subnet."))
    .attribute(
        "policies",
        Attribute::required(
            Type::list(policy::ty()),
            "`policy` values of the workloads in the subnet: what is looked for. A policy without `subnet_address_prefixes` is about the whole \
             subnet.",
        ),
    )
    .attribute(
        "network_interface_security_group_id",
        optional("ARM id of a second network security group, at the network interface: both must let a packet pass."),
    )
    .attribute(
        "firewall_id",
        optional(
            "ARM id of the Azure Firewall at the subnet's next hop: its policy with those it inherits from, or the rules of one without a policy.",
        ),
    )
    .attribute(
        "firewall_policy_id",
        optional("ARM id of the firewall's policy, where the firewall itself may not be read. Not with `firewall_id`."),
    )
    .attribute(
        "outbound_method",
        optional(
            "How packets leave where a route leads straight out: `nat_gateway`, `public_ip`, `load_balancer`, `default`, or `none`. Defaults to what \
             the subnet tells: its NAT gateway, or else, for a private subnet, nothing, so that verdicts depend on it.",
        ),
    )
    .attribute(
        "service_tag_file",
        optional(
            "Path of Microsoft's *Service Tags* file of the cloud: the tags of rules, routes, firewall rules, service endpoints and policies are \
             replaced by their addresses, so that more can be decided.",
        ),
    )
    .attribute(
        "source_uri",
        optional("The file that configures the subnet, relative to the root of its repository: a code scanner shows findings there."),
    )
    .attribute("timeouts", azure_readers::timeouts())
    .attribute(
        "requirements",
        Attribute::computed(
            Type::map(Type::object([
                ("status", Type::String),
                ("flows", Type::list(Type::String)),
                ("reason", Type::String),
            ])),
            "Every requirement of the policies by id: `status` is `satisfied`, `lacking`, `depends_on`, `waived`, or `unchecked` for what neither \
             Azure's answer nor the policy's arguments show; the keys of its flows; and the `reason` where it is not satisfied, with a packet \
             where there is one.",
        ),
    );
    let computed = |ty: Type, description: &str| Attribute::computed(ty, description);
    verification::answers(schema)
        .attribute(
            "security_rules",
            computed(
                of_workloads("security_rules"),
                "Rules of the subnet's group by name, in the shape of azurerm's `security_rule`, with the requirements that each carries. Null \
                 without a group.",
            ),
        )
        .attribute(
            "foreign_rules",
            computed(
                of_workloads("security_rules"),
                "Rules of the subnet's group behind which no requirement stands: they let no required flow pass and are in no policy.",
            ),
        )
        .attribute(
            "network_interface_security_rules",
            computed(
                of_workloads("security_rules"),
                "Rules of the group at the network interface by name, in the shape of azurerm's `security_rule`, with the requirements that each \
                 carries. Null without such a group.",
            ),
        )
        .attribute(
            "network_interface_foreign_rules",
            computed(
                of_workloads("security_rules"),
                "Rules of the group at the network interface behind which no requirement stands: they let no required flow pass and are in no policy.",
            ),
        )
        .attribute(
            "routes",
            computed(of_workloads("routes"), "Routes of the subnet's table by name, in the shape of azurerm's `route`."),
        )
        .attribute("foreign_routes", computed(of_workloads("routes"), "Routes of the subnet's table that are in no policy."))
        .attribute(
            "rule_collection_groups",
            computed(
                Type::list(Type::object([
                    ("name", Type::String),
                    ("priority", Type::Number),
                    ("firewall_policy_id", Type::String),
                    ("network_rule_collections", of_workloads("network_rule_collections")),
                    ("application_rule_collections", of_workloads("application_rule_collections")),
                ])),
                "The firewall's rules in the order in which it looks at them: the groups of a base policy first, each by priority. A firewall without \
                 a policy is one group. Null where no firewall is named.",
            ),
        )
        .attribute("service_endpoints", computed(texts(), "Service endpoints of the subnet, by ARM's name."))
        .attribute("missing_service_endpoints", computed(texts(), "Service endpoints that policies ask for and the subnet does not have."))
        .attribute("surplus_service_endpoints", computed(texts(), "Service endpoints that the subnet has and no policy asks for."))
        .attribute(
            "virtual_network_address_spaces",
            computed(texts(), "Address spaces of the virtual network and of those it is connected with."),
        )
}
