//! The arguments and outputs that a resource has beyond its data source: where the policy goes.

use tfplugin_rs::{
    schema::Attribute,
    value::{Type, Value},
};

use crate::{
    provider::managed::{SAME_BUT_FOR_CASE, timeouts},
    workloads::{
        argument::{Argument, Kind},
        rule_value::security_rule,
    },
};

/// The prefixes of a subnet that the resource creates.
pub(super) static ADDRESS_PREFIXES: Argument =
    Argument::required("address_prefixes", Kind::TextSet, "Address prefixes of the subnet.");

/// Rules of these names belong to Azure itself and are none of our business.
const AZURES_OWN_RULES: &str = "Microsoft.Databricks-workspaces_UseOnly_";

/// What a resource can be attached to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// A subnet with its network security group and route table, and a firewall.
    Subnet,
    /// Firewall rule collections only.
    Firewall,
}

impl Reach {
    /// What a resource of that reach does, in Markdown.
    pub(super) fn description(self) -> &'static str {
        match self {
            Reach::Subnet => {
                "This resource applies it: to a subnet that it creates, locked down from its first request on (`virtual_network_id`), or to one \
                 that exists (`subnet_id`). The rules go into a network security group of its own, which it keeps exactly as the documents \
                 demand (a rule that is changed, removed or added behind its back shows in the next plan and is put right), or into one of \
                 others, where it owns the rules whose names begin with its own and touches nothing else. Routes and the firewall's rule \
                 collections likewise."
            }
            Reach::Firewall => {
                "This resource applies it at an Azure Firewall: in a rule collection group of its own (`firewall_policy_id`), which it keeps \
                 exactly as the documents demand, or among the collections of others (`rule_collection_group_id`, `firewall_id`), where it \
                 owns those whose names begin with its own and touches nothing else."
            }
        }
    }
}

/// The arguments.
pub(super) fn arguments(reach: Reach) -> Vec<(&'static str, Attribute)> {
    let mut arguments = match reach {
        Reach::Subnet => subnet(),
        Reach::Firewall => vec![(
            "name",
            Attribute::required(
                Type::String,
                "Name of this set of rules: it becomes part of the rule collection group's name, or stands before the collections' names in a \
                 group or firewall of others.",
            )
            .replaces()
            .equivalent_when(SAME_BUT_FOR_CASE),
        )],
    };
    arguments.extend(firewall(reach));
    arguments.push(timeouts::argument());
    arguments
}

fn subnet() -> Vec<(&'static str, Attribute)> {
    let text = |description: &str| Attribute::optional(Type::String, description).equivalent_when(SAME_BUT_FOR_CASE);
    let computed =
        |description: &str| Attribute::optional_computed(Type::String, description).equivalent_when(SAME_BUT_FOR_CASE);
    let flag = |default: bool, description: &str| Attribute::optional(Type::Bool, description).default_value(default);
    let texts = |description: &str| Attribute::optional(Type::set(Type::String), description);
    vec![
        (
            "name",
            Attribute::required(
                Type::String,
                "With `virtual_network_id` the name of the subnet that is created. With `subnet_id` the name of this workload, which stands \
                 before its rules', routes' and collections' names wherever it shares their group, table or firewall with others.",
            )
            .replaces()
            .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "virtual_network_id",
            text("ARM id of the virtual network in which the subnet is created. Either this or `subnet_id`.").replaces(),
        ),
        (
            "address_prefixes",
            texts(
                "Address prefixes of the subnet that is created: one IPv4 prefix, one IPv6 /64, or both. Required with `virtual_network_id`.",
            ),
        ),
        (
            "subnet_id",
            computed(
                "ARM id of an existing subnet that is locked down. Either this or `virtual_network_id`; then the id of the subnet that was \
                 created.",
            ),
        ),
        (
            "network_security_group_id",
            computed(
                "ARM id of an existing network security group into which the rules go, beside those of others (which stay untouched). Without \
                 it the resource creates a group of its own and keeps it exactly as the documents demand.",
            ),
        ),
        (
            "network_security_group_name",
            computed(
                "Name of the network security group that is created. Defaults to `nsg-` and the subnet's name. Conflicts with \
                 `network_security_group_id`.",
            ),
        ),
        (
            "route_table_id",
            computed(
                "ARM id of an existing route table that the subnet gets and into which routes go, beside those of others. Without it the \
                 resource creates a table of its own where there are routes.",
            ),
        ),
        (
            "route_table_name",
            computed(
                "Name of the route table that is created, then also without routes. Defaults to `rt-` and the subnet's name where there are \
                 routes. Conflicts with `route_table_id`.",
            ),
        ),
        (
            "resource_group_name",
            computed("Resource group of the network security group and route table that are created. Defaults to the virtual network's."),
        ),
        (
            "replace_existing_associations",
            flag(
                false,
                "With `subnet_id`: whether a network security group or route table that the subnet has already gives way. It is put back when \
                 the resource is destroyed. Otherwise such a group or table is an error: of the apply, before the resource's first write, since a plan \
                 does not read Azure.",
            ),
        ),
        (
            "manage_service_endpoints",
            flag(
                true,
                "With `subnet_id`: whether service endpoints are added to those the subnet has. `false` where `azurerm_subnet` owns them; those that were \
                 added before then stay.",
            ),
        ),
        (
            "nat_gateway_id",
            text("ARM id of a NAT gateway that the subnet gets in its first request. With `virtual_network_id` only."),
        ),
        (
            "service_endpoint_policy_ids",
            texts("ARM ids of service endpoint policies that the subnet gets in its first request. With `virtual_network_id` only."),
        ),
        (
            "delegation",
            Attribute::optional(
                Type::String,
                "Service to which the subnet is delegated in its first request, such as `Microsoft.Databricks/workspaces`. With \
                 `virtual_network_id` only.",
            ),
        ),
        (
            "private_endpoint_network_policies",
            Attribute::optional(
                Type::String,
                "Whether private endpoints in the subnet heed its group and routes: `Disabled`, `Enabled`, `NetworkSecurityGroupEnabled` or \
                 `RouteTableEnabled`. With `virtual_network_id` only.",
            ),
        ),
        (
            "default_outbound_access_enabled",
            Attribute::optional_computed(
                Type::Bool,
                "Whether Azure gives the subnet its default outbound access. Always sent, because the default has changed. Defaults to \
                 `false`. With `virtual_network_id` only.",
            ),
        ),
        (
            "ignored_rule_name_prefixes",
            texts(
                "Rules whose names begin so belong to Azure itself (Databricks, AKS, just-in-time access, Policy): they are kept and are no \
                 drift. Defaults to `[\"Microsoft.Databricks-workspaces_UseOnly_\"]`.",
            )
            .default_value(Value::string_set([AZURES_OWN_RULES])),
        ),
        (
            "ignored_route_name_prefixes",
            texts("Routes whose names begin so belong to Azure itself: they are kept and are no drift. Defaults to `[]`.")
                .default_value(Value::string_set::<String>([])),
        ),
        (
            "tags",
            Attribute::optional(
                Type::map(Type::String),
                "Tags of the network security group and route table that are created.",
            ),
        ),
    ]
}

fn firewall(reach: Reach) -> Vec<(&'static str, Attribute)> {
    let text = |description: &str| Attribute::optional(Type::String, description).equivalent_when(SAME_BUT_FOR_CASE);
    let computed =
        |description: &str| Attribute::optional_computed(Type::String, description).equivalent_when(SAME_BUT_FOR_CASE);
    vec![
        (
            "firewall_policy_id",
            text(match reach {
                Reach::Subnet => {
                    "ARM id of the firewall policy in which a rule collection group of the resource's own holds the collections. Without this, \
                     `rule_collection_group_id` and `firewall_id` the collections are only shown."
                }
                Reach::Firewall => {
                    "ARM id of the firewall policy in which a rule collection group of the resource's own holds the collections. One of this, \
                     `rule_collection_group_id` and `firewall_id` is required."
                }
            }),
        ),
        (
            "rule_collection_group_name",
            computed("Name of the rule collection group that is created. With `firewall_policy_id` only."),
        ),
        (
            "rule_collection_group_priority",
            Attribute::optional_computed(
                Type::Number,
                "Priority of the rule collection group that is created, 100 to 65000. Defaults to `1000`.",
            ),
        ),
        (
            "rule_collection_group_id",
            computed(
                "ARM id of an existing rule collection group into which the collections go, beside those of others.",
            ),
        ),
        (
            "firewall_id",
            text(
                "ARM id of an Azure Firewall without a policy, into which the collections go, beside those of others.",
            ),
        ),
    ]
}

/// What only the resource computes.
pub(super) fn outputs(reach: Reach) -> Vec<(&'static str, Attribute)> {
    let text = |description: &str| Attribute::computed(Type::String, description);
    match reach {
        Reach::Firewall => vec![("id", text("ARM id of the rule collection group or firewall."))],
        Reach::Subnet => vec![
            (
                "id",
                text("ARM id of the subnet; followed by `|` and `name` where the resource is attached to it."),
            ),
            (
                "associated_network_security_group_id",
                text("ARM id of the network security group that the subnet has."),
            ),
            (
                "associated_route_table_id",
                text("ARM id of the route table that the subnet has."),
            ),
            (
                "previous_network_security_group_id",
                text(
                    "With `subnet_id`: the network security group that the subnet had before and gets back if it still exists.",
                ),
            ),
            (
                "previous_route_table_id",
                text("With `subnet_id`: the route table that the subnet had before and gets back if it still exists."),
            ),
            (
                "foreign_rules",
                Attribute::computed(
                    Type::map(security_rule()),
                    "Rules in the network security group of the resource's own that are not its own and are kept (`ignored_rule_name_prefixes`), as last \
                     read.",
                ),
            ),
        ],
    }
}
