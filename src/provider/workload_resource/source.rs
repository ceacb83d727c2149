//! Where a resource's policy comes from: one workload's expansion, or the policies of several.

use std::collections::BTreeMap;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    schema::{Attribute, Presence},
    value::{Path, Type, Value},
};

use super::{super::managed::SAME_LOCATION, arguments::Reach};
use crate::{
    network::NetworkPolicy,
    provider::{composition_data_source as composition, expansion, outputs, policy, schema},
    regions::normalize_location,
    workloads::{Defaults, Managed, Surroundings, Workload},
};

/// The argument that holds the policies.
const POLICIES: &str = "policies";

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::provider) enum Source {
    /// A workload, from its own arguments.
    Workload(&'static Workload),
    /// The policies of several workloads, in a subnet's place.
    Subnet,
    /// The policies of several workloads, at a firewall only.
    FirewallRules,
}

/// What a source demands.
#[derive(Clone, Debug)]
pub(super) struct Demanded {
    /// The policy.
    pub(super) policy: NetworkPolicy,
    /// Outputs beyond the shared ones.
    pub(super) outputs: BTreeMap<String, Value>,
    /// The edition it was expanded in, where the source expands.
    pub(super) edition: Option<String>,
}

impl Demanded {
    /// Every output, by name.
    pub(super) fn shown(&self) -> impl Iterator<Item = (String, Value)> {
        let own = self.outputs.iter().map(|(name, value)| (name.clone(), value.clone()));
        outputs::shared(&self.policy).into_iter().chain(own)
    }
}

impl Source {
    /// The name of the resource without the provider's prefix.
    pub(super) fn name(self) -> &'static str {
        match self {
            Source::Workload(workload) => workload.name,
            Source::Subnet => "subnet",
            Source::FirewallRules => "firewall_rules",
        }
    }

    /// What it is, in Markdown.
    pub(super) fn description(self) -> &'static str {
        match self {
            Source::Workload(workload) => workload.description,
            Source::Subnet => {
                "A subnet for one or more workloads: their policies, from the output `policy` of each one's data source or from the function \
                 `expand`, are composed into one rule set. Every rule keeps the name and priority that its workload alone gives it; what cannot \
                 stand together is an error that proposes a free place. The normal way when ingress, egress and a license link share a subnet, \
                 which has one network security group and one route table."
            }
            Source::FirewallRules => {
                "The firewall rules of one or more workloads: the rule collections of their policies, from the output `policy` of each one's \
                 data source or from the function `expand`, composed. They may be of different subnets, whose rules and routes are not touched."
            }
        }
    }

    /// What it can be attached to.
    pub(super) fn reach(self) -> Reach {
        match self {
            Source::Workload(workload) if workload.managed == Managed::Firewall => Reach::Firewall,
            Source::Workload(_) | Source::Subnet => Reach::Subnet,
            Source::FirewallRules => Reach::Firewall,
        }
    }

    /// Its arguments.
    pub(super) fn arguments(self) -> Vec<(String, Attribute)> {
        let Source::Workload(workload) = self else {
            let description = match self.reach() {
                Reach::Subnet => {
                    "The output `policy` of each workload's data source, or of the function `expand`, all for the same place. With a network \
                     security group of others each must be expanded with `subnet_address_prefixes`."
                }
                Reach::Firewall => {
                    "The output `policy` of each workload's data source, or of the function `expand`. They may be of different subnets and regions \
                     of one cloud."
                }
            };
            let mut arguments = vec![(
                POLICIES.to_owned(),
                Attribute::required(Type::list(policy::ty()), description),
            )];
            if self.reach() == Reach::Subnet {
                let location = Attribute::required(
                    Type::String,
                    "Region of the subnet, in any spelling, as in the policies.",
                );
                arguments.push((
                    "location".to_owned(),
                    location.replaces().equivalent_when(SAME_LOCATION),
                ));
            }
            return arguments;
        };
        schema::arguments(workload)
            .map(|argument| adapted(self.reach(), argument))
            .collect()
    }

    /// The policies as far as they matter where they go. A firewall stands before subnets of many places: rules, routes and flows of one of them are
    /// nothing to the others, and rules that only allow close nothing.
    fn placed(self, values: &Value) -> Value {
        let mut values = values.clone();
        let Value::List(mut policies) = values.attribute(POLICIES).clone() else {
            return values;
        };
        if self.reach() == Reach::Firewall {
            let location = policies.first().map(|policy| policy.attribute("location").clone());
            for policy in &mut policies {
                for map in ["security_rules", "counterpart_rules", "routes", "flows"] {
                    policy.set_attribute(map, Value::object::<String>([]));
                }
                for said_of_a_subnet in ["bgp_route_propagation_enabled", "default_route"] {
                    policy.set_attribute(said_of_a_subnet, Value::Null);
                }
                policy.set_attribute("location", location.clone().unwrap_or(Value::Null));
            }
            values.set_attribute(POLICIES, Value::List(policies));
        }
        values
    }

    /// Everything it computes.
    pub(super) fn outputs(self) -> Vec<(String, Attribute)> {
        if let Source::Workload(workload) = self {
            return schema::outputs(workload).collect();
        }
        let shared = schema::shared_outputs().into_iter();
        shared
            .map(|(name, ty, description)| {
                let description = match (self.reach(), name) {
                    (Reach::Firewall, "security_rules" | "counterpart_rules" | "routes") => {
                        "Always empty: this resource is about the firewall's rules alone."
                    }
                    (Reach::Firewall, "bgp_route_propagation_enabled") => {
                        "Always null: this resource is about the firewall's rules alone."
                    }
                    _ => description,
                };
                (name.to_owned(), Attribute::computed(ty, description))
            })
            .collect()
    }

    /// Checks a configuration before the provider is configured.
    pub(super) fn validate(self, values: &Value, surroundings: &Surroundings, diagnostics: &mut Diagnostics) {
        match self {
            Source::Workload(workload) => expansion::validate(workload, values, surroundings, diagnostics),
            _ if values.attribute(POLICIES).is_wholly_known() => {
                composition::composed(&self.placed(values), diagnostics);
            }
            _ => {}
        }
    }

    /// Expands or composes. `None` after an error, or while something that decides is not known yet.
    pub(super) fn demand(
        self,
        values: &Value,
        surroundings: &Surroundings,
        diagnostics: &mut Diagnostics,
    ) -> Option<Demanded> {
        let Source::Workload(workload) = self else {
            return composed(&self.placed(values), surroundings.defaults, diagnostics);
        };
        let values = expansion::workload_values(workload, values, surroundings);
        let (outcome, _) = expansion::expand(workload, &values, surroundings);
        expansion::report(outcome.problems, diagnostics);
        let expanded = outcome.expanded?;
        Some(Demanded {
            edition: Some(expanded.edition.as_str().to_owned()),
            policy: expanded.policy,
            outputs: expanded.outputs,
        })
    }
}

/// Arguments of a workload that mean something else, or more, for a resource.
fn adapted(reach: Reach, (name, mut attribute): (String, Attribute)) -> (String, Attribute) {
    match name.as_str() {
        "location" if reach == Reach::Subnet => attribute = attribute.replaces().equivalent_when(SAME_LOCATION),
        "location" => attribute = attribute.equivalent_when(SAME_LOCATION),
        // The default depends on whether the network security group is shared.
        "isolation" => {
            attribute.default = None;
            attribute.presence = Presence::OptionalComputed;
            attribute.description = attribute.description.replace(
                "Defaults to `internet`.",
                "Defaults to `internet`, and to `none` in a network security group of others.",
            );
        }
        _ => {}
    }
    (name, attribute)
}

fn composed(values: &Value, defaults: Defaults, diagnostics: &mut Diagnostics) -> Option<Demanded> {
    if !values.attribute(POLICIES).is_wholly_known() {
        return None;
    }
    let (head, composition) = composition::composed(values, diagnostics)?;
    let path = Path::attribute(POLICIES);
    if let Some(cloud) = defaults.environment.filter(|cloud| cloud.as_str() != head.environment) {
        let detail = format!(
            "The policies are expanded for `{}`, but the provider is configured for `{}`, where the objects would be made.",
            head.environment,
            cloud.as_str()
        );
        diagnostics.error_at(path, "Another cloud than the provider's", detail);
        return None;
    }
    let location = values.attribute("location").as_str();
    if let Some(location) = location.filter(|location| normalize_location(location) != head.location) {
        let detail = format!(
            "`location` is `{location}`, but the policies are expanded for `{0}`, whose service tags and endpoints their rules name. Set \
             `location = \"{0}\"`, or expand the policies for `{location}`.",
            head.location
        );
        diagnostics.error_at(Path::attribute("location"), "Another region than the policies'", detail);
        return None;
    }
    composition::prove(&composition.policy, diagnostics);
    Some(Demanded {
        policy: composition.policy,
        outputs: BTreeMap::new(),
        edition: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_a_firewall_route_tables_of_different_subnets_are_no_conflict() {
        let subnet = |propagates: bool| {
            Value::object([
                ("location", Value::from("westeurope")),
                ("bgp_route_propagation_enabled", propagates.into()),
                ("default_route", Value::object([("learned", Value::from(propagates))])),
            ])
        };
        let values = Value::object([(POLICIES, Value::List(vec![subnet(true), subnet(false)]))]);
        let says = |source: Source| {
            let placed = source.placed(&values);
            let Value::List(policies) = placed.attribute(POLICIES) else {
                panic!("{placed:?}")
            };
            let says = policies.iter().map(|policy| {
                let learned = policy.attribute("default_route").attribute("learned").as_bool();
                let propagates = policy.attribute("bgp_route_propagation_enabled").as_bool();
                assert_eq!(learned, propagates, "all of it is said of one subnet");
                propagates
            });
            says.collect::<Vec<_>>()
        };
        assert_eq!(says(Source::FirewallRules), [None, None]);
        assert_eq!(
            says(Source::Subnet),
            [Some(true), Some(false)],
            "one subnet has one table"
        );
    }
}
