//! One file per workload: typed inputs to a [`NetworkPolicy`], by a pure function.
//!
//! A workload is data: its arguments, its outputs beyond the shared ones, and the function that expands it. Terraform's data source,
//! resource and function for it are made from that; nothing in this module knows them. Values come in Terraform's three states,
//! because an expansion has to answer before everything is known.

mod aml_attached_compute_ingress;
mod aml_compute;
mod aml_compute_egress;
mod aml_compute_ingress;
mod aml_databricks_network;
mod aml_kubernetes_egress;
pub mod argument;
mod arm_id;
pub mod composition;
mod cyclecloud_connection;
mod cyclecloud_subnet;
mod egress;
mod extra_rules;
pub(crate) mod firewall;
mod idle;
pub mod inputs;
mod isolation;
mod license_server_link;
mod operators;
mod problem;
mod render;
mod required_flows;
pub mod rule_value;
mod rules;
mod scene;
mod shared;
mod site;
mod tag_features;
mod tag_routes;
mod template;

use std::collections::BTreeMap;

use tfplugin_rs::value::{Path, Type, Value};

use self::{
    argument::Argument,
    inputs::Inputs,
    problem::{Findings, Stop},
    rules::Band,
    shared::Shared,
};
pub use self::{
    problem::{Problem, Severity},
    shared::{ARGUMENTS as SHARED_ARGUMENTS, CHECKS, Check, EXPOSURE_INTENDED},
};
use crate::{
    network::{Known, NetworkPolicy, PrerequisiteStatus},
    regions::Cloud,
    requirements::Edition,
};

/// A documented workload.
#[derive(Debug)]
pub struct Workload {
    /// The name of its Terraform objects without the provider's prefix.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// What it is, in Markdown.
    pub description: &'static str,
    /// The system of the catalogue it draws on.
    pub system: &'static str,
    /// The priorities it may use.
    band: Band,
    /// Its arguments beyond the shared ones.
    pub arguments: &'static [Argument],
    /// Its outputs beyond the shared ones.
    pub outputs: &'static [Output],
    /// Whether there is a resource of it beside the data source.
    pub managed: Managed,
    expand: fn(&Inputs<'_>, &Shared) -> Result<Demands, Stop>,
}

/// What a resource of a workload writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Managed {
    /// There is none.
    No,
    /// A subnet and what stands around it.
    Subnet,
    /// Firewall rules only.
    Firewall,
}

/// What a workload's function says: the policy, and the workload's own outputs by name.
type Demands = (NetworkPolicy, BTreeMap<String, Value>);

/// An output that only one workload has.
#[derive(Debug)]
pub struct Output {
    /// Its name.
    pub name: &'static str,
    /// Its type.
    pub ty: fn() -> Type,
    /// What it means, in Markdown.
    pub description: &'static str,
}

/// Every workload.
pub static WORKLOADS: &[&Workload] = &[
    &cyclecloud_subnet::WORKLOAD,
    &cyclecloud_connection::WORKLOAD,
    &license_server_link::WORKLOAD,
    &aml_attached_compute_ingress::WORKLOAD,
    &aml_kubernetes_egress::WORKLOAD,
    &aml_databricks_network::WORKLOAD,
    &aml_compute_ingress::WORKLOAD,
    &aml_compute_egress::WORKLOAD,
];

/// What holds where the inputs say nothing: the provider's configuration, or what a resource has in state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// The requirements edition; the newest where this is `None` too.
    pub edition: Option<Edition>,
    /// The cloud; the public one where this is `None` too.
    pub environment: Option<Cloud>,
}

/// What the object being planned says of the subnet beyond the workload's own arguments.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// What holds where the inputs say nothing.
    pub defaults: Defaults,
    /// The argument beside the workload's that holds the subnet's prefixes; a resource has one, a data source does not.
    pub subnet_argument: Option<&'static Argument>,
    /// `resource group/virtual network/subnet`, where there is a subnet.
    pub subnet_path: Option<Known<String>>,
    /// Whether packets have a way out of the subnet.
    pub way_out: PrerequisiteStatus,
}

/// An expanded workload.
#[derive(Clone, Debug, PartialEq)]
pub struct Expanded {
    /// The edition it was expanded in.
    pub edition: Edition,
    /// The cloud it was expanded for.
    pub environment: Cloud,
    /// What the network must give.
    pub policy: NetworkPolicy,
    /// The workload's own outputs, by name.
    pub outputs: BTreeMap<String, Value>,
}

/// What came of an expansion.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The policy; `None` after an error, or while something that decides which rules there are is not known.
    pub expanded: Option<Expanded>,
    /// Errors and warnings.
    pub problems: Vec<Problem>,
    /// The inputs whose values were missing.
    pub unknown: Vec<Path>,
}

impl Surroundings {
    /// Nothing beyond the arguments: a data source or the function `expand`.
    pub fn none(defaults: Defaults) -> Surroundings {
        Surroundings {
            defaults,
            subnet_argument: None,
            subnet_path: None,
            way_out: PrerequisiteStatus::Unknown,
        }
    }
}

impl Outcome {
    /// Whether an error was reported.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

impl Workload {
    /// The workload of that name.
    pub fn find(name: &str) -> Option<&'static Workload> {
        WORKLOADS.iter().find(|workload| workload.name == name).copied()
    }

    /// How many priorities its rules take, the denies aside.
    pub fn band_width(&self) -> i64 {
        self.band.end - self.band.start + 1
    }

    /// Every argument, the shared ones first.
    pub fn all_arguments(&self) -> Vec<&'static Argument> {
        shared::ARGUMENTS.iter().chain(self.arguments).collect()
    }

    /// Expands the workload. `values` is an object; arguments it lacks are not set. Pure: the same inputs give the same outcome.
    pub fn expand(&self, values: &Value, surroundings: &Surroundings) -> Outcome {
        let mut arguments = self.all_arguments();
        arguments.extend(surroundings.subnet_argument);
        let findings = Findings::default();
        let root = Path::root();
        let inputs = Inputs::new(values, &arguments, &findings, &root);
        let expanded = self
            .expand_inputs(&inputs, surroundings)
            .ok()
            .filter(|_| !findings.has_errors());
        let (mut problems, unknown) = findings.into_parts();
        // What is refused needs no advice beside it: that may be another one.
        let refused: Vec<Path> = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .map(|problem| problem.path.clone())
            .collect();
        problems.retain(|problem| problem.severity == Severity::Error || !refused.contains(&problem.path));
        Outcome {
            expanded,
            problems,
            unknown,
        }
    }

    fn expand_inputs(&self, inputs: &Inputs<'_>, surroundings: &Surroundings) -> Result<Expanded, Stop> {
        let shared = Shared::read(inputs, self, surroundings);
        inputs.refuse_unknown_names()?;
        let shared = shared?;
        let (mut policy, outputs) = (self.expand)(inputs, &shared)?;
        idle::warn(self, inputs, surroundings, &shared, (&policy, &outputs));
        policy.warnings = inputs.findings().warnings();
        policy.waived.clone_from(&shared.waived);
        Ok(Expanded {
            edition: shared.edition,
            environment: shared.environment,
            policy,
            outputs,
        })
    }
}
