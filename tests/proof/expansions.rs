//! Every workload, option set, edition and cloud that can be expanded.

use lockeddown::{
    network::NetworkPolicy,
    regions::Cloud,
    requirements::Edition,
    workloads::{Defaults, Surroundings, WORKLOADS},
};

use crate::inputs::inputs_of;

/// Visits each with its name.
pub(crate) fn every_expansion(mut visit: impl FnMut(&str, &NetworkPolicy)) {
    for workload in WORKLOADS {
        for (label, values) in inputs_of(workload.name) {
            for edition in Edition::all() {
                for (cloud, location) in [
                    (Cloud::Public, "westeurope"),
                    (Cloud::UsGovernment, "usgovvirginia"),
                    (Cloud::China, "chinaeast2"),
                ] {
                    let mut values = values.clone();
                    values.set_attribute("location", location.into());
                    if !values.attribute("workspace_location").is_null() {
                        values.set_attribute("workspace_location", location.into());
                    }
                    let defaults = Defaults {
                        edition: Some(edition),
                        environment: Some(cloud),
                    };
                    let outcome = workload.expand(&values, &Surroundings::none(defaults));
                    if let Some(expanded) = outcome.expanded {
                        visit(
                            &format!("{} / {label} / {edition} / {cloud}", workload.name),
                            &expanded.policy,
                        );
                    }
                }
            }
        }
    }
}
