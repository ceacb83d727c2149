//! The ARM objects of a resource, one after the other: what is written first, and what a state says of each.

use tfplugin_rs::value::Value;

use super::targets;

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The network security group.
    Group,
    /// The route table.
    Table,
    /// The rule collections at the firewall.
    Firewall,
    /// The subnet.
    Subnet,
}

impl Part {
    /// In the order in which they are written: the subnet is born with everything that locks it down, so it comes last. On destroy it
    /// goes first.
    pub(super) const ALL: [Part; 4] = [Part::Group, Part::Table, Part::Firewall, Part::Subnet];

    /// The name for people.
    pub(super) fn title(self) -> &'static str {
        match self {
            Part::Group => "Network security group",
            Part::Table => "Route table",
            Part::Firewall => "Firewall rules",
            Part::Subnet => "Subnet",
        }
    }

    /// The attributes that say what was written: after a failure the state holds the new ones of the parts that were reached and the
    /// old ones of the others.
    fn attributes(self) -> &'static [&'static str] {
        match self {
            Part::Group => &[
                "security_rules",
                "network_security_group_id",
                "network_security_group_name",
                "resource_group_name",
            ],
            Part::Table => &[
                "routes",
                "route_table_id",
                "route_table_name",
                "bgp_route_propagation_enabled",
            ],
            Part::Firewall => &[
                "network_rule_collections",
                "application_rule_collections",
                "firewall_policy_id",
                "firewall_id",
                "rule_collection_group_id",
                "rule_collection_group_name",
                "rule_collection_group_priority",
            ],
            Part::Subnet => &[
                "subnet_id",
                "service_endpoints",
                "associated_network_security_group_id",
                "associated_route_table_id",
                "previous_network_security_group_id",
                "previous_route_table_id",
            ],
        }
    }

    /// Puts into `state` what `planned` says of this part.
    pub(super) fn reach(self, state: &mut Value, planned: &Value) {
        for name in self.attributes() {
            if planned
                .as_map()
                .is_some_and(|attributes| attributes.contains_key(*name))
            {
                state.set_attribute(*name, planned.attribute(name).clone());
            }
        }
    }

    /// Puts into `state` that this part does not exist. What somebody else made keeps its id.
    pub(super) fn forget(self, state: &mut Value) {
        let nothing = Value::object::<String>([]);
        let none = Value::List(Vec::new());
        match self {
            Part::Group => {
                replace(state, "security_rules", nothing);
                forget_own(state, "network_security_group");
            }
            Part::Table => {
                replace(state, "routes", nothing);
                forget_own(state, "route_table");
            }
            Part::Firewall => {
                replace(state, "network_rule_collections", none.clone());
                replace(state, "application_rule_collections", none);
                forget_own(state, "rule_collection_group");
            }
            Part::Subnet => {
                replace(state, "service_endpoints", none);
                // What the subnet had before stays: it is true already, and an apply that goes on from here could not tell it from what
                // this one would have done.
                for name in ["associated_network_security_group_id", "associated_route_table_id"] {
                    replace(state, name, Value::Null);
                }
                if targets::is_born(state) {
                    replace(state, "subnet_id", Value::Null);
                }
            }
        }
    }

    /// After a write whose outcome is not known the state claims the old entries and the new ones: the next refresh sees which of them
    /// exist, and none is left behind.
    pub(super) fn claim(self, state: &mut Value, planned: &Value) {
        let old: Vec<(&str, Value)> = self
            .attributes()
            .iter()
            .map(|name| (*name, state.attribute(name).clone()))
            .collect();
        self.reach(state, planned);
        for (name, old) in old {
            let united = match (name, old, state.attribute(name)) {
                ("security_rules" | "routes", Value::Map(mut old), Value::Map(new)) => {
                    old.extend(new.clone());
                    Value::Map(old)
                }
                ("network_rule_collections" | "application_rule_collections", Value::List(old), Value::List(new)) => {
                    let mut united = new.clone();
                    let is_new = |collection: &Value| {
                        new.iter()
                            .all(|new| new.attribute("name") != collection.attribute("name"))
                    };
                    united.extend(old.into_iter().filter(is_new));
                    Value::List(united)
                }
                _ => continue,
            };
            state.set_attribute(name, united);
        }
    }
}

fn replace(state: &mut Value, name: &str, value: Value) {
    if state.as_map().is_some_and(|attributes| attributes.contains_key(name)) {
        state.set_attribute(name, value);
    }
}

/// An object of the resource's own has a name; its id says whether it exists.
fn forget_own(state: &mut Value, thing: &str) {
    if !state.attribute(&format!("{thing}_name")).is_null() {
        replace(state, &format!("{thing}_id"), Value::Null);
    }
}
