//! Every workload, option set, edition and cloud that can be expanded.

use lockeddown::{
    network::NetworkPolicy,
    regions::Cloud,
    requirements::Edition,
    workloads::{Defaults, Surroundings, WORKLOADS, Workload},
};
use tfplugin_rs::value::Value;

use crate::{
    goldens::{arguments_of, goldens},
    inputs::inputs_of,
};

/// Visits each with its name: the option sets of the tests of every workload, and those of the golden tables.
pub(crate) fn every_expansion(mut visit: impl FnMut(&str, &NetworkPolicy)) {
    for workload in WORKLOADS {
        for (label, values) in inputs_of(workload.name) {
            of_option_set(workload, label, &values, &mut visit);
        }
    }
    for (workload, table, values) in goldens() {
        of_option_set(
            Workload::find(&workload).unwrap(),
            &format!("{GOLDEN}{table}"),
            &values,
            &mut visit,
        );
    }
}

/// How the names of the golden tables' option sets begin.
pub(crate) const GOLDEN: &str = "golden ";

fn of_option_set(workload: &Workload, label: &str, values: &Value, visit: &mut impl FnMut(&str, &NetworkPolicy)) {
    for edition in Edition::all() {
        for (cloud, location) in [
            (Cloud::Public, "westeurope"),
            (Cloud::UsGovernment, "usgovvirginia"),
            (Cloud::China, "chinaeast2"),
        ] {
            let mut values = values.clone();
            values.set_attribute("location", location.into());
            for name in ["edition", "environment"] {
                values.set_attribute(name, Value::Null);
            }
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
