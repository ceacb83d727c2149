//! Checks of the arguments of a resource that can be made on the configuration alone.
//!
//! What is not known yet may turn out to be null: it is neither set nor missing. Terraform asks again with every plan, and once more during apply.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use super::{arguments::Reach, host_subnet};
use crate::{
    network::RuleName,
    provider::managed::{id, tags, timeouts},
};

/// Argument, kinds below the provider, shape.
const IDS: [(&str, &[&str], &str); 7] = [
    ("virtual_network_id", &["virtualNetworks"], "virtualNetworks/…"),
    (
        "subnet_id",
        &["virtualNetworks", "subnets"],
        "virtualNetworks/…/subnets/…",
    ),
    (
        "network_security_group_id",
        &["networkSecurityGroups"],
        "networkSecurityGroups/…",
    ),
    ("route_table_id", &["routeTables"], "routeTables/…"),
    ("nat_gateway_id", &["natGateways"], "natGateways/…"),
    ("firewall_policy_id", &["firewallPolicies"], "firewallPolicies/…"),
    ("firewall_id", &["azureFirewalls"], "azureFirewalls/…"),
];

/// What cannot be set together, and why.
const CONFLICTS: [(&str, &str, &str); 6] = [
    (
        "virtual_network_id",
        "subnet_id",
        "the resource either creates a subnet or is attached to one",
    ),
    (
        "network_security_group_name",
        "network_security_group_id",
        "the group is either created or there already",
    ),
    (
        "route_table_name",
        "route_table_id",
        "the table is either created or there already",
    ),
    (
        "rule_collection_group_id",
        "firewall_policy_id",
        "the collections go into one place",
    ),
    ("firewall_id", "firewall_policy_id", "the collections go into one place"),
    (
        "firewall_id",
        "rule_collection_group_id",
        "the collections go into one place",
    ),
];

/// What only a subnet of our own can be given: on one of somebody else's, that somebody decides.
const BORN_ONLY: [&str; 5] = [
    "nat_gateway_id",
    "service_endpoint_policy_ids",
    "delegation",
    "private_endpoint_network_policies",
    "default_outbound_access_enabled",
];

const PRIVATE_ENDPOINT_POLICIES: [&str; 4] = [
    "Disabled",
    "Enabled",
    "NetworkSecurityGroupEnabled",
    "RouteTableEnabled",
];

/// Checks the arguments that are known.
pub(super) fn arguments(reach: Reach, config: &Value, diagnostics: &mut Diagnostics) {
    names(config, diagnostics);
    ids(config, diagnostics);
    for (one, other, why) in CONFLICTS {
        if is_set(config, one) && is_set(config, other) {
            let detail = format!("`{one}` and `{other}` are both set, but {why}. Keep one of them.");
            diagnostics.error_at(Path::attribute(other), "Conflicting arguments", detail);
        }
    }
    match reach {
        Reach::Subnet => subnet(config, diagnostics),
        Reach::Firewall => firewall_only(config, diagnostics),
    }
    rule_collection_group(config, diagnostics);
    prefixes_of_others(config, diagnostics);
    tags::validate(config.attribute("tags"), diagnostics);
    timeouts::validate(config, diagnostics);
}

/// Whether an argument surely says something.
fn is_set(config: &Value, argument: &str) -> bool {
    let value = config.attribute(argument);
    !value.is_null() && !value.is_unknown()
}

fn names(config: &Value, diagnostics: &mut Diagnostics) {
    for argument in [
        "name",
        "network_security_group_name",
        "route_table_name",
        "rule_collection_group_name",
    ] {
        if let Some(name) = config.attribute(argument).as_str()
            && let Err(error) = name.parse::<RuleName>()
        {
            diagnostics.error_at(Path::attribute(argument), "Invalid name", format!("{error}."));
        }
    }
}

fn ids(config: &Value, diagnostics: &mut Diagnostics) {
    let group = (
        "rule_collection_group_id",
        &["firewallPolicies", "ruleCollectionGroups"] as &[&str],
        "firewallPolicies/…/ruleCollectionGroups/…",
    );
    for (argument, kinds, shape) in IDS.into_iter().chain([group]) {
        if let Some(text) = config.attribute(argument).as_str() {
            id::validate(Path::attribute(argument), argument, text, (kinds, shape), diagnostics);
        }
    }
    for text in config
        .attribute("service_endpoint_policy_ids")
        .as_list()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        let argument = "service_endpoint_policy_ids";
        let expected = (&["serviceEndpointPolicies"] as &[&str], "serviceEndpointPolicies/…");
        id::validate(Path::attribute(argument), argument, text, expected, diagnostics);
    }
}

fn subnet(config: &Value, diagnostics: &mut Diagnostics) {
    let set = |argument: &str| is_set(config, argument);
    let missing = |argument: &str| config.attribute(argument).is_null();
    let mut demand = |argument: &str, detail: &str| {
        diagnostics.error_at(Path::attribute(argument), "Missing argument", detail);
    };
    if missing("virtual_network_id") && missing("subnet_id") {
        demand(
            "virtual_network_id",
            "Set `virtual_network_id` for a subnet that the resource creates, or `subnet_id` for one that exists.",
        );
        return;
    }
    if set("virtual_network_id") || missing("subnet_id") {
        if missing("address_prefixes") {
            demand(
                "address_prefixes",
                "A subnet that the resource creates needs `address_prefixes`.",
            );
        } else if config
            .attribute("address_prefixes")
            .as_list()
            .is_some_and(<[Value]>::is_empty)
        {
            let detail = "`address_prefixes` is empty: a subnet has an IPv4 prefix, an IPv6 /64, or both.";
            diagnostics.error_at(Path::attribute("address_prefixes"), "Missing address prefix", detail);
        }
        host_subnet::refuse_rules_about_others(config, diagnostics);
        if config.attribute("manage_service_endpoints").as_bool() == Some(false) {
            let detail = "A subnet that the resource creates has no other owner of its service endpoints: leave `manage_service_endpoints` out.";
            diagnostics.error_at(
                Path::attribute("manage_service_endpoints"),
                "Only for an existing subnet",
                detail,
            );
        }
    } else if set("subnet_id") || missing("virtual_network_id") {
        if set("address_prefixes") {
            let detail = "`address_prefixes` are those of a subnet that the resource creates. Say with `subnet_address_prefixes` what the rules \
                          are about in an existing one.";
            diagnostics.error_at(Path::attribute("address_prefixes"), "Only for a new subnet", detail);
        }
        for argument in BORN_ONLY.into_iter().filter(|argument| set(argument)) {
            let detail = format!(
                "`{argument}` is given to a subnet when it is created. The subnet of `subnet_id` exists and is managed elsewhere: set it there."
            );
            diagnostics.error_at(Path::attribute(argument), "Only for a new subnet", detail);
        }
        let shares = set("network_security_group_id");
        // Policies say themselves what they are about.
        let says = config
            .as_map()
            .is_some_and(|config| config.contains_key("subnet_address_prefixes"));
        if shares && says && missing("subnet_address_prefixes") {
            let detail = "Rules in a network security group of others must be about this subnet only: set `subnet_address_prefixes`.";
            diagnostics.error_at(Path::attribute("subnet_address_prefixes"), "Missing argument", detail);
        }
    }
    if let Some(policy) = config.attribute("private_endpoint_network_policies").as_str()
        && !PRIVATE_ENDPOINT_POLICIES.contains(&policy)
    {
        let detail = format!(
            "`private_endpoint_network_policies` is `{policy}`: it must be one of `{}`.",
            PRIVATE_ENDPOINT_POLICIES.join("`, `")
        );
        diagnostics.error_at(
            Path::attribute("private_endpoint_network_policies"),
            "Unknown choice",
            detail,
        );
    }
}

fn firewall_only(config: &Value, diagnostics: &mut Diagnostics) {
    let places = ["firewall_policy_id", "rule_collection_group_id", "firewall_id"];
    if places.iter().all(|place| config.attribute(place).is_null()) {
        let detail = "Set `firewall_policy_id` for a rule collection group that the resource creates, `rule_collection_group_id` for one that \
                      exists, or `firewall_id` for a firewall without a policy.";
        diagnostics.error_at(Path::attribute("firewall_policy_id"), "Missing argument", detail);
    }
}

fn rule_collection_group(config: &Value, diagnostics: &mut Diagnostics) {
    for argument in ["rule_collection_group_name", "rule_collection_group_priority"] {
        if is_set(config, argument) && config.attribute("firewall_policy_id").is_null() {
            let detail = format!(
                "`{argument}` is that of a group the resource creates, for which `firewall_policy_id` must be set."
            );
            diagnostics.error_at(Path::attribute(argument), "Missing argument", detail);
        }
    }
    let priority = config.attribute("rule_collection_group_priority").as_number();
    if let Some(priority) = priority
        && !priority
            .to_i64()
            .is_some_and(|priority| (100..=65_000).contains(&priority))
    {
        let detail =
            format!("`rule_collection_group_priority` is `{priority}`: rule collection groups stand at 100 to 65000.");
        diagnostics.error_at(
            Path::attribute("rule_collection_group_priority"),
            "Priority out of range",
            detail,
        );
    }
}

fn prefixes_of_others(config: &Value, diagnostics: &mut Diagnostics) {
    for argument in ["ignored_rule_name_prefixes", "ignored_route_name_prefixes"] {
        let prefixes = config.attribute(argument).as_list().into_iter().flatten();
        if prefixes.filter_map(Value::as_str).any(str::is_empty) {
            let detail = format!(
                "`{argument}` contains the empty text, with which every name begins: nothing would be watched any more."
            );
            diagnostics.error_at(Path::attribute(argument), "Empty prefix", detail);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str =
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network";

    fn said(reach: Reach, given: &[(&str, Value)]) -> Vec<String> {
        let mut diagnostics = Diagnostics::default();
        arguments(reach, &Value::object(given.iter().cloned()), &mut diagnostics);
        diagnostics
            .iter()
            .map(|diagnostic| diagnostic.summary.clone())
            .collect()
    }

    fn id(path: &str) -> Value {
        format!("{NETWORK}/{path}").into()
    }

    fn attached(more: &[(&'static str, Value)]) -> Vec<String> {
        let mut given = vec![
            ("name", "cc".into()),
            ("subnet_id", id("virtualNetworks/vnet/subnets/cc")),
        ];
        given.extend(more.iter().cloned());
        said(Reach::Subnet, &given)
    }

    fn born(more: &[(&'static str, Value)]) -> Vec<String> {
        let mut given = vec![
            ("name", "cc".into()),
            ("virtual_network_id", id("virtualNetworks/vnet")),
        ];
        given.extend(more.iter().cloned());
        said(Reach::Subnet, &given)
    }

    fn prefixes() -> Value {
        Value::string_set(["10.0.0.0/24"])
    }

    #[test]
    fn what_is_not_known_yet_contradicts_nothing() {
        for (one, other, _) in CONFLICTS {
            for (one, other) in [(one, other), (other, one)] {
                let decided = said(Reach::Firewall, &[(one, "said".into()), (other, "said".into())]);
                assert!(decided.contains(&"Conflicting arguments".to_owned()), "{decided:?}");
                let undecided = said(Reach::Firewall, &[(one, "said".into()), (other, Value::UNKNOWN)]);
                assert!(
                    !undecided.contains(&"Conflicting arguments".to_owned()),
                    "{one}, {other}: {undecided:?}"
                );
            }
        }
        assert_eq!(
            attached(&[
                ("network_security_group_name", Value::UNKNOWN),
                ("network_security_group_id", Value::UNKNOWN),
                ("subnet_address_prefixes", Value::Null),
                ("rule_collection_group_name", Value::UNKNOWN),
                ("rule_collection_group_priority", Value::UNKNOWN),
            ]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn what_may_be_given_to_a_new_subnet_only_is_refused_when_it_is_surely_given() {
        for argument in BORN_ONLY.into_iter().chain(["address_prefixes"]) {
            assert_eq!(
                attached(&[(argument, Value::UNKNOWN)]),
                Vec::<String>::new(),
                "{argument}"
            );
        }
        assert_eq!(
            attached(&[("nat_gateway_id", id("natGateways/nat"))]),
            ["Only for a new subnet"]
        );
        // An unknown subnet beside no network is one that exists, or an error in any case.
        assert_eq!(
            said(
                Reach::Subnet,
                &[("subnet_id", Value::UNKNOWN), ("address_prefixes", prefixes())]
            ),
            ["Only for a new subnet"]
        );
    }

    #[test]
    fn which_kind_of_subnet_it_is_may_be_open() {
        let open = ("virtual_network_id", Value::UNKNOWN);
        let undecided = said(Reach::Subnet, &[open.clone(), ("subnet_id", Value::UNKNOWN)]);
        assert_eq!(undecided, Vec::<String>::new());
        assert_eq!(said(Reach::Subnet, &[open]), ["Missing argument"]);
        assert_eq!(born(&[]), ["Missing argument"]);
        assert_eq!(born(&[("address_prefixes", Value::UNKNOWN)]), Vec::<String>::new());
        assert_eq!(said(Reach::Subnet, &[]), ["Missing argument"]);
        assert_eq!(said(Reach::Firewall, &[]), ["Missing argument"]);
    }

    #[test]
    fn rules_about_other_addresses_than_a_new_subnets_are_refused_once_both_are_known() {
        let said = |own: &[&str], given: &[&str]| {
            born(&[
                ("address_prefixes", Value::string_set(own.iter().copied())),
                ("subnet_address_prefixes", Value::string_set(given.iter().copied())),
            ])
        };
        let both = ["10.0.42.0/24", "fd00:db8:0:42::/64"];
        for (own, given) in [
            (&both[..1], &["10.0.42.0/24"][..]),
            (&both[..1], &["10.0.42.128/25"]),
            (&both[..1], &["10.0.0.0/16"]),
            (&both, &["fd00:db8:0:42::/64"]),
            (&both, &["10.0.42.0/24", "fd00:db8::/48"]),
        ] {
            assert_eq!(said(own, given), Vec::<String>::new(), "{own:?} {given:?}");
        }
        for (own, given) in [
            (&both[..1], &["10.0.43.0/24"][..]),
            (&both[..1], &["10.0.42.0/24", "fd00:db8:0:42::/64"]),
            (&both, &["10.0.42.0/24", "fd00:db8:0:43::/64"]),
        ] {
            assert_eq!(said(own, given), ["Not the subnet's prefix"], "{own:?} {given:?}");
        }
        let undecided = born(&[
            ("address_prefixes", Value::UNKNOWN),
            ("subnet_address_prefixes", Value::string_set(["10.0.43.0/24"])),
        ]);
        assert_eq!(undecided, Vec::<String>::new());
    }

    #[test]
    fn a_group_that_is_made_needs_a_policy_to_be_made_in() {
        let named = ("rule_collection_group_name", Value::from("rcg"));
        let made = [("address_prefixes", prefixes()), named.clone()];
        assert_eq!(born(&made), ["Missing argument"]);
        let undecided = [made.as_slice(), &[("firewall_policy_id", Value::UNKNOWN)]].concat();
        assert_eq!(born(&undecided), Vec::<String>::new());
    }
}
