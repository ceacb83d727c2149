//! The configuration that Terraform writes for an imported resource: only what the resource would not plan by itself.

use tfplugin_rs::{provider::Plan, value::Value};

use super::{WorkloadResource, demand::Shared, own_objects, targets};

/// What follows from the rest while nobody says otherwise.
const BY_ITSELF: [&str; 7] = [
    "resource_group_name",
    "network_security_group_name",
    "route_table_name",
    "rule_collection_group_name",
    "rule_collection_group_priority",
    "isolation",
    "default_outbound_access_enabled",
];

/// Leaves out of `config`, which says all that `state` does, what goes without saying or cannot be said beside it.
pub(super) fn refine(resource: &WorkloadResource, state: &Value, config: &mut Value) {
    let mut leave_out = |name: &str| own_objects::put(config, name, Value::Null);
    // It is the provider's.
    leave_out("environment");
    if targets::is_born(state) {
        leave_out("subnet_id");
    }
    for thing in ["network_security_group", "route_table", "rule_collection_group"] {
        if !state.attribute(&format!("{thing}_name")).is_null() {
            leave_out(&format!("{thing}_id"));
        }
    }
    let mut bare = config.clone();
    BY_ITSELF
        .iter()
        .for_each(|name| own_objects::put(&mut bare, name, Value::Null));
    let mut planned = bare.clone();
    own_objects::put(&mut planned, "routes", state.attribute("routes").clone());
    let mut alone = Plan {
        prior: None,
        planned,
        config: bare,
        requires_replace: Vec::new(),
        private: Vec::new(),
    };
    let shared = Shared::of(&alone.config);
    own_objects::plan_names(resource, &mut alone, shared);
    own_objects::plan_table_name(&mut alone.planned);
    for name in BY_ITSELF {
        if alone.planned.attribute(name) == state.attribute(name) {
            own_objects::put(config, name, Value::Null);
        }
    }
}
