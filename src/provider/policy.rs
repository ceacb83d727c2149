//! A network policy as one value: what the data sources call `policy` and the function `expand` returns.
//!
//! One fixed type for all workloads, so that policies of several fit into one list, and what takes policies need not know where they
//! come from.

mod flows;
mod reading;

use std::sync::LazyLock;

use tfplugin_rs::value::{Type, Value};

pub(super) use self::reading::{network_policy, routes, security_rules};
use super::{outputs, schema};
use crate::{
    network::{Known, NetworkPolicy},
    regions,
    workloads::{Expanded, Workload},
};

/// Raised when the type changes in a way that a consumer of stored policies must know.
const FORMAT: i64 = 4;

/// The oldest format that is still read: what it does not have yet, nobody said.
const OLDEST_FORMAT: i64 = 2;

/// Requirements and checks that the user does without: an argument of every workload, which reports show.
const WAIVED: &str = "waived_requirements";

/// Where the default route leads, since format 3.
const DEFAULT_ROUTE: &str = "default_route";

/// What the value is, in Markdown.
pub(super) const DESCRIPTION: &str = "What every workload computes, as one value of one type for all workloads, so that policies fit into \
                                      one list: `format` (4), `workload`, `edition`, `environment`, `location`, the outputs that all \
                                      workloads have, `waived_requirements` with their reasons, `default_route` (where the subnet's default \
                                      route leads, and whether a gateway or a virtual WAN brings it; null where the arguments do not say), \
                                      and `flows`: what must pass, by requirement, which the policy is proven against. The function `expand` \
                                      returns the same.";

/// The type of every policy.
pub(super) fn ty() -> Type {
    // Made once and shared: every workload's schema has it, and every command of Terraform begins with the schemas.
    static TYPE: LazyLock<Type> = LazyLock::new(make_type);
    TYPE.clone()
}

fn make_type() -> Type {
    let named = [
        ("format", Type::Number),
        ("workload", Type::String),
        ("edition", Type::String),
        ("environment", Type::String),
        ("location", Type::String),
    ];
    let shared = schema::shared_outputs().into_iter().map(|(name, ty, _)| (name, ty));
    let default_route = Type::object([("next_hop_type", Type::String), ("learned", Type::Bool)]);
    let own = [
        ("flows", flows::ty()),
        (WAIVED, Type::map(Type::String)),
        (DEFAULT_ROUTE, default_route),
    ];
    Type::object(named.into_iter().chain(own).chain(shared))
}

/// The policy of an expanded workload. The location takes Azure Resource Manager's spelling; it may not be known.
pub(super) fn value(workload: &Workload, location: &Value, expanded: &Expanded) -> Value {
    let mut policy = Value::object(outputs::shared(&expanded.policy));
    head(&mut policy, workload.name, location);
    own(&mut policy, &expanded.policy);
    policy.set_attribute("edition", expanded.edition.as_str().into());
    policy.set_attribute("environment", expanded.environment.as_str().into());
    policy
}

/// The policy while something that decides which rules there are is not known: nothing is, beside what was asked for.
pub(super) fn not_known_yet(workload: &Workload, location: &Value) -> Value {
    let Type::Object(attributes) = ty() else {
        return Value::UNKNOWN;
    };
    let mut policy = Value::object(attributes.keys().map(|name| (name.clone(), Value::UNKNOWN)));
    head(&mut policy, workload.name, location);
    policy
}

/// Where a policy holds, and in which edition.
#[derive(Clone, Debug)]
pub(super) struct Head {
    /// The cloud.
    pub(super) environment: String,
    /// The region in Azure Resource Manager's spelling.
    pub(super) location: String,
    /// The edition; `None` where several are together.
    pub(super) edition: Option<String>,
}

impl Head {
    /// Of a policy's value.
    pub(super) fn of(policy: &Value) -> Head {
        let text = |name: &str| policy.attribute(name).as_str().map(str::to_owned);
        Head {
            environment: text("environment").unwrap_or_default(),
            location: text("location").unwrap_or_default(),
            edition: text("edition"),
        }
    }
}

/// The policy of several workloads together.
pub(super) fn composed(together: &Head, policy: &NetworkPolicy) -> Value {
    let mut value = Value::object(outputs::shared(policy));
    head(&mut value, "composition", &together.location.as_str().into());
    own(&mut value, policy);
    value.set_attribute("edition", together.edition.clone().into());
    value.set_attribute("environment", together.environment.as_str().into());
    value
}

/// What only the value has, and no output beside it.
fn own(value: &mut Value, policy: &NetworkPolicy) {
    let waived = policy.waived.iter();
    let waived = waived.map(|(id, reason)| match reason {
        Known::Is(reason) => (id.clone(), reason.as_str().into()),
        Known::NotYet => (id.clone(), Value::unknown_not_null()),
    });
    let default_route = policy.default_route.map(|route| {
        Value::object([
            ("next_hop_type", Value::from(route.next_hop.as_str())),
            ("learned", route.learned.into()),
        ])
    });
    value.set_attribute("flows", flows::to_value(&policy.flows));
    value.set_attribute(DEFAULT_ROUTE, default_route.unwrap_or(Value::Null));
    value.set_attribute(WAIVED, Value::object(waived));
}

fn head(policy: &mut Value, workload: &str, location: &Value) {
    let location = match location.as_str() {
        Some(location) => regions::normalize_location(location).into(),
        None => location.clone(),
    };
    policy.set_attribute("format", FORMAT.into());
    policy.set_attribute("workload", workload.into());
    policy.set_attribute("location", location);
}

/// A policy that none of our objects made, or one of a format that this release does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{place}` of the policy {reason}")]
pub(super) struct Unreadable {
    place: String,
    reason: String,
}

impl Unreadable {
    fn new(place: &str, reason: &str) -> Unreadable {
        Unreadable {
            place: place.to_owned(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workloads::{Defaults, Surroundings};

    /// States and files of older releases hold policies.
    #[test]
    fn a_policy_of_an_older_format_is_read_and_one_of_an_unknown_one_is_not() {
        let inputs = Value::object([
            ("location", Value::from("westeurope")),
            ("node_public_ip_enabled", true.into()),
            ("default_route_next_hop_type", "VirtualAppliance".into()),
        ]);
        let workload = Workload::find("aml_compute_ingress").unwrap();
        let outcome = workload.expand(&inputs, &Surroundings::none(Defaults::default()));
        let expanded = outcome.expanded.unwrap();
        let mut value = value(workload, &"westeurope".into(), &expanded);
        assert_eq!(network_policy(&value).unwrap(), expanded.policy);
        assert!(expanded.policy.default_route.is_some());
        value.set_attribute("format", OLDEST_FORMAT.into());
        value.set_attribute(DEFAULT_ROUTE, Value::Null);
        assert_eq!(network_policy(&value).unwrap().default_route, None);
        for format in [OLDEST_FORMAT - 1, FORMAT + 1] {
            value.set_attribute("format", format.into());
            let refused = network_policy(&value).unwrap_err().to_string();
            assert!(
                refused.starts_with("`format` of the policy is of a format"),
                "{refused}"
            );
        }
    }
}
