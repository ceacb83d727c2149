//! What identifies a resource to Terraform (1.12 and newer): the parts of its import id, by name.
//!
//! They follow from the configuration alone, so a plan knows them before anything exists, and what a failed create has left is
//! identified too.

use tfplugin_rs::{
    diagnostic::Diagnostics,
    identity::IdentitySchema,
    value::{Type, Value},
};

use super::{
    arguments::Reach,
    targets::{self, FirewallTarget, Held, SubnetTarget, Target},
};

/// The arguments that say which rule collection group or firewall it is.
pub(super) const FIREWALL_ARGUMENTS: [&str; 5] = [
    "name",
    "firewall_policy_id",
    "rule_collection_group_name",
    "rule_collection_group_id",
    "firewall_id",
];

/// The shape of the identities.
pub(super) fn schema(reach: Reach) -> IdentitySchema {
    match reach {
        Reach::Subnet => IdentitySchema::new()
            .required("subnet_id", Type::String, "ARM id of the subnet.")
            .optional(
                "name",
                Type::String,
                "The resource's `name` where it is attached to the subnet (`subnet_id`); left out where it made the subnet \
                 (`virtual_network_id`).",
            ),
        Reach::Firewall => IdentitySchema::new()
            .optional(
                "rule_collection_group_id",
                Type::String,
                "ARM id of the rule collection group. Either this or `firewall_id`.",
            )
            .optional(
                "firewall_id",
                Type::String,
                "ARM id of the Azure Firewall without a policy. Either this or `rule_collection_group_id`.",
            )
            .optional(
                "name",
                Type::String,
                "The resource's `name` where its collections stand among those of others; left out where it made the rule collection \
                 group (`firewall_policy_id`).",
            ),
    }
}

/// The identity of a plan or state.
pub(super) fn of(reach: Reach, object: &Value) -> Value {
    let name = || object.attribute("name").clone();
    match reach {
        Reach::Subnet => {
            let (subnet, name) = match targets::subnet(object) {
                Target::Is(SubnetTarget { id, born: true }) => (id.to_string().into(), Value::Null),
                Target::Is(SubnetTarget { id, born: false }) => (id.to_string().into(), name()),
                Target::NotYet => (Value::unknown_not_null(), Value::UNKNOWN),
                Target::Absent => return Value::Null,
            };
            Value::object([("subnet_id", subnet), ("name", name)])
        }
        Reach::Firewall => {
            let own =
                targets::own_rule_collection_group(object).map(|id| FirewallTarget::Group(Held { id, own: true }));
            let target = if own == Target::Absent {
                targets::firewall(object)
            } else {
                own
            };
            let (group, firewall, name) = match target {
                Target::Is(FirewallTarget::Group(Held { id, own })) => (
                    id.to_string().into(),
                    Value::Null,
                    if own { Value::Null } else { name() },
                ),
                Target::Is(FirewallTarget::Classic(id)) => (Value::Null, id.to_string().into(), name()),
                Target::NotYet => (Value::UNKNOWN, Value::UNKNOWN, Value::UNKNOWN),
                Target::Absent => return Value::Null,
            };
            Value::object([
                ("rule_collection_group_id", group),
                ("firewall_id", firewall),
                ("name", name),
            ])
        }
    }
}

/// The import id that says the same.
pub(super) fn import_id(reach: Reach, identity: &Value, diagnostics: &mut Diagnostics) -> Option<String> {
    let part = |name: &str| identity.attribute(name).as_str().filter(|text| !text.is_empty());
    let target = match reach {
        Reach::Subnet => part("subnet_id").unwrap_or_default(),
        Reach::Firewall => match (part("rule_collection_group_id"), part("firewall_id")) {
            (Some(target), None) | (None, Some(target)) => target,
            (group, _) => {
                let given = if group.is_some() { "both" } else { "neither" };
                let detail = format!(
                    "Of `rule_collection_group_id` and `firewall_id` {given} is given: the identity needs the one where the rule collections \
                     stand."
                );
                diagnostics.error("Invalid identity", detail);
                return None;
            }
        },
    };
    Some(match part("name") {
        Some(name) => format!("{target}|{name}"),
        None => target.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const NETWORK: &str =
        "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.Network";

    fn object(attributes: &[(&str, &str)]) -> Value {
        Value::object(attributes.iter().map(|(name, value)| (*name, Value::from(*value))))
    }

    fn id_of(reach: Reach, attributes: &[(&str, &str)]) -> String {
        let mut diagnostics = Diagnostics::default();
        import_id(reach, &of(reach, &object(attributes)), &mut diagnostics).unwrap()
    }

    #[test]
    fn an_identity_says_what_the_import_id_says() {
        let at = |path: &str| format!("{NETWORK}/{path}");
        let (network, subnet) = (at("virtualNetworks/vnet"), at("virtualNetworks/vnet/subnets/cc"));
        let (policy, group) = (
            at("firewallPolicies/hub"),
            at("firewallPolicies/hub/ruleCollectionGroups/rcg"),
        );
        let classic = at("azureFirewalls/hub");
        let born = [("virtual_network_id", network.as_str()), ("name", "cc")];
        assert_eq!(id_of(Reach::Subnet, &born), subnet);
        let attached = [("subnet_id", subnet.as_str()), ("name", "x")];
        assert_eq!(id_of(Reach::Subnet, &attached), format!("{subnet}|x"));
        let own = [
            ("firewall_policy_id", policy.as_str()),
            ("rule_collection_group_name", "rcg"),
            ("name", "x"),
        ];
        assert_eq!(id_of(Reach::Firewall, &own), group);
        let shared = [("rule_collection_group_id", group.as_str()), ("name", "x")];
        assert_eq!(id_of(Reach::Firewall, &shared), format!("{group}|x"));
        let at_a_firewall = [("firewall_id", classic.as_str()), ("name", "x")];
        assert_eq!(id_of(Reach::Firewall, &at_a_firewall), format!("{classic}|x"));
    }

    #[test]
    fn a_place_that_is_not_known_yet_identifies_nothing_yet() {
        let network = Value::object([("virtual_network_id", Value::UNKNOWN), ("name", "cc".into())]);
        assert!(!of(Reach::Subnet, &network).is_wholly_known());
        assert_eq!(of(Reach::Subnet, &object(&[("name", "cc")])), Value::Null);
    }

    #[test]
    fn the_place_of_collections_is_one() {
        for (given, said) in [
            (&[] as &[(&str, &str)], "neither"),
            (&[("rule_collection_group_id", "a"), ("firewall_id", "b")], "both"),
        ] {
            let mut diagnostics = Diagnostics::default();
            assert_eq!(import_id(Reach::Firewall, &object(given), &mut diagnostics), None);
            assert!(format!("{diagnostics:?}").contains(said), "{diagnostics:?}");
        }
    }
}
