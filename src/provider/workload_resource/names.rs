//! Which entries among those of others a resource of this name has written, where no state says so.
//!
//! `hpc-` begins the names of `hpc`, of a sibling `hpc-lic` and of what somebody made by hand. What follows tells them apart: a documented name,
//! perhaps behind the user's `name_prefix`. A `name_prefix` with a hyphen could be the rest of a sibling's name, and does not count. A rule says its
//! requirement too.

use tfplugin_rs::value::Value;

use super::source::Source;
use crate::{
    requirements::{Catalogue, Requirement, catalogue, systems},
    workloads::{WORKLOADS, firewall::collection_names},
};

/// The names of one resource.
#[derive(Debug)]
pub(super) struct Names {
    source: Source,
    prefix: String,
}

impl Names {
    /// Those of `source` under a resource's name.
    pub(super) fn of(source: Source, name: &str) -> Names {
        Names {
            source,
            prefix: format!("{}-", name.to_lowercase()),
        }
    }

    /// What all of them begin with.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether the resource has written this security rule.
    pub(super) fn has_rule(&self, name: &str, rule: &Value) -> bool {
        let description = rule.attribute("description").as_str().unwrap_or_default();
        let Some((_, id)) = description.strip_suffix(']').and_then(|text| text.rsplit_once('[')) else {
            return false;
        };
        // Rules of several workloads that say the same are one, with the name of one requirement and the description of another.
        let composed = !matches!(self.source, Source::Workload(_));
        let fits = |row: &Requirement| {
            row.rule
                .as_ref()
                .is_some_and(|rule| self.fits(name, &rule.name, |rest| rest.is_empty() || rest.starts_with('_')))
        };
        self.rows().any(|row| row.id == id) && self.rows().any(|row| (composed || row.id == id) && fits(row))
    }

    /// Whether the resource has written a route of this name: the default route, or that of a requirement.
    pub(super) fn has_route(&self, name: &str) -> bool {
        let of_requirement = |rest: &str| rest.is_empty() || rest.starts_with(['_', '-']);
        self.fits(name, "default", str::is_empty) || self.rows().any(|row| self.fits(name, &row.id, of_requirement))
    }

    /// Whether the resource has written a rule collection of this name.
    pub(super) fn has_collection(&self, name: &str) -> bool {
        let workloads = WORKLOADS.iter().filter(|workload| match self.source {
            Source::Workload(only) => only.name == workload.name,
            Source::Subnet | Source::FirewallRules => true,
        });
        let mut names = workloads.flat_map(|workload| collection_names(workload.name));
        names.any(|own| self.fits(name, &own, str::is_empty))
    }

    /// Whether a name is the prefix, perhaps a `name_prefix`, `base`, and a rest that belongs to it.
    fn fits(&self, name: &str, base: &str, belongs: impl Fn(&str) -> bool) -> bool {
        let name = name.to_lowercase();
        let parts = name
            .strip_prefix(&self.prefix)
            .and_then(|rest| rest.split_once(&base.to_lowercase()));
        parts.is_some_and(|(before, rest)| !before.contains('-') && belongs(rest))
    }

    /// What the source's rules and routes come from, in every edition: an older one may have written them.
    fn rows(&self) -> impl Iterator<Item = &'static Requirement> {
        let drawn_on = move |system: &&'static str| match self.source {
            Source::Workload(workload) => [workload.system, "shared"].contains(system),
            Source::Subnet | Source::FirewallRules => true,
        };
        systems()
            .filter(drawn_on)
            .filter_map(|system| catalogue(system).ok())
            .flat_map(Catalogue::all)
    }
}

/// Whether a collection has a documented name as the owner of a whole rule collection group writes it, with no resource's name in front.
pub(super) fn is_collection_of_an_owner(name: &str) -> bool {
    let mut names = WORKLOADS.iter().flat_map(|workload| collection_names(workload.name));
    names.any(|documented| documented.eq_ignore_ascii_case(name))
}

/// Whether a route's name is one that some resource of this provider gives its routes among those of others.
pub(super) fn is_route_of_some_resource(name: &str) -> bool {
    let name = name.to_lowercase();
    let of_requirement = |row: &Requirement| {
        let id = format!("-{}", row.id.to_lowercase());
        let rest = name.split_once(&id).map(|(_, rest)| rest);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '-']))
    };
    name.ends_with("-default")
        || systems()
            .filter_map(|system| catalogue(system).ok())
            .flat_map(Catalogue::all)
            .any(of_requirement)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workload: &str, name: &str) -> Names {
        let workload = WORKLOADS.iter().find(|known| known.name == workload).unwrap();
        Names::of(Source::Workload(workload), name)
    }

    fn says(id: &str) -> Value {
        Value::object([("description", Value::from(format!("What it is for [{id}]")))])
    }

    #[test]
    fn a_rule_is_known_by_its_documented_name_and_its_requirement() {
        let hpc = of("cyclecloud_subnet", "HPC");
        let storage = says("CC-NODE-STORAGE");
        for ours in [
            "hpc-AllowAzureStorageFromNodes",
            "hpc-AllowAzureStorageFromNodes_ipv6",
            "HPC-Allowazurestoragefromnodes",
            "hpc-team_AllowAzureStorageFromNodes",
        ] {
            assert!(hpc.has_rule(ours, &storage), "{ours}");
        }
        for (theirs, rule) in [
            ("hpc-foo", Value::object([("description", Value::Null)])),
            ("hpc-foo", storage.clone()),
            ("hpc-2-AllowAzureStorageFromNodes", storage.clone()),
            ("hpc-AllowAzureStorageFromNodes", says("CC-NODE-SERVER-HTTPS")),
            (
                "hpc-AllowAzureStorageFromNodes",
                Value::object([("description", Value::Null)]),
            ),
            ("hpc-AllowAzureStorageFromNodesToo", storage.clone()),
            ("hpc-lic-license_manager_main_solver", says("LIC-MANAGER")),
            ("hpc-license_manager_main_solver", says("LIC-MANAGER")),
            ("hpcAllowAzureStorageFromNodes", storage.clone()),
        ] {
            assert!(!hpc.has_rule(theirs, &rule), "{theirs}");
        }
        let link = of("license_server_link", "hpc-lic");
        assert!(link.has_rule("hpc-lic-license_manager_main_solver-2", &says("LIC-MANAGER")));
        assert!(hpc.has_rule("hpc-BlockVirtualNetworkInbound", &says("ISOLATION-STRICT-IN")));
    }

    #[test]
    fn routes_and_collections_are_known_by_their_names() {
        let ml = of("aml_compute_egress", "ml");
        assert!(ml.has_route("ml-default"));
        assert!(!ml.has_route("ml-2-default") && !ml.has_route("ml-defaults") && !ml.has_route("ml-away"));
        assert!(of("license_server_link", "lic").has_route("lic-LIC-FIREWALL-ROUTE-192.168.5.10_32"));
        assert!(ml.has_collection("ml-nrc-aml-compute-egress") && ml.has_collection("ml-team_arc-aml-compute-egress"));
        for theirs in [
            "ml-2-nrc-aml-compute-egress",
            "ml-nrc-aml-compute",
            "ml-nrc-cyclecloud-subnet",
            "ml-own",
        ] {
            assert!(!ml.has_collection(theirs), "{theirs}");
        }
    }

    #[test]
    fn what_is_composed_may_have_the_name_of_one_requirement_and_the_words_of_another() {
        let nodes = Names::of(Source::Subnet, "nodes");
        assert!(nodes.has_rule("nodes-BlockNodeOutbound", &says("AML-DENY-INTERNET")));
        assert!(nodes.has_rule("nodes-license_vendor_main_solver", &says("LIC-VENDOR")));
        assert!(!nodes.has_rule("nodes-own", &says("LIC-VENDOR")));
        assert!(nodes.has_collection("nodes-arc-aml-compute-egress"));
    }
}
