//! Azure Databricks beside Azure Machine Learning: the two subnets of a workspace in your own virtual network.
//!
//! Databricks makes and keeps the rules it needs on the subnets delegated to it. They are shown (`managed_security_rules`) and never
//! written: what is written is the deny of the internet behind them, and the user's own rules.

mod checks;

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::{Type, Value};

use super::{
    Demands, Output, Workload,
    argument::{Argument, Default, Kind as Holds},
    arm_id,
    egress::Egress,
    inputs::Inputs,
    problem::Stop,
    render::render,
    rule_value::{security_rule, security_rules},
    rules::{Band, Draft, End, RuleSet, Switches, malformed, ports_of, protocol_of, requirements},
    scene::Scene,
    shared::Shared,
    template::Values,
};
use crate::{
    network::{Access, Direction, Known, Prefix, SecurityRules, ServiceTag},
    requirements::{Condition, Kind},
};

/// The workload.
pub(super) static WORKLOAD: Workload = Workload {
    name: "aml_databricks_network",
    title: "Azure Databricks beside Azure Machine Learning",
    description: "The two subnets of an Azure Databricks workspace in your own virtual network (VNet injection), as Azure Machine Learning's \
                  documents want them. Databricks writes the rules it needs itself, on the subnets delegated to it: they are in \
                  `managed_security_rules`, to be read and never to be written. `security_rules` holds what stands behind them.",
    system: "aml_databricks",
    managed: super::Managed::No,
    band: BAND,
    arguments: ARGUMENTS,
    outputs: OUTPUTS,
    expand,
};

static ARGUMENTS: &[Argument] = &[
    Argument::required(
        "public_subnet_address_prefixes",
        Holds::TextSet,
        "Prefixes of the public (host) subnet, in place of `subnet_address_prefixes`.",
    ),
    Argument::required(
        "private_subnet_address_prefixes",
        Holds::TextSet,
        "Prefixes of the private (container) subnet.",
    ),
    Argument::optional("public_subnet_name", Holds::Text, "Name of the public subnet.")
        .or(Default::Text("databricks-public")),
    Argument::optional("private_subnet_name", Holds::Text, "Name of the private subnet.")
        .or(Default::Text("databricks-private")),
    Argument::optional(
        "default_subnet_name",
        Holds::Text,
        "Name of the virtual network's own subnet, which the editions before `2026-08` ask for as well.",
    )
    .or(Default::Text("default")),
    Argument::optional("virtual_network_id", Holds::Text, "ARM id of the virtual network."),
    Argument::optional(
        "no_public_ip",
        Holds::Flag,
        "Whether the workers have no public addresses (secure cluster connectivity).",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "network_security_group_rules_required",
        Holds::Choice(&["AllRules", "NoAzureDatabricksRules", "NoAzureServiceRules"]),
        "Which rules Databricks writes: `AllRules`; `NoAzureDatabricksRules`, where a private link carries the control plane; \
         `NoAzureServiceRules`, where private links carry everything.",
    )
    .or(Default::Text("AllRules")),
    Argument::optional(
        "workspace_subscription_id",
        Holds::Text,
        "Subscription of the Azure Machine Learning workspace, which the virtual network must be in.",
    ),
    Argument::optional(
        "workspace_location",
        Holds::Text,
        "Region of the Azure Machine Learning workspace, which `location` must be.",
    ),
    Argument::optional(
        "storage_virtual_network_id",
        Holds::Text,
        "ARM id of the virtual network that the workspace's storage accounts are open to, where they are closed to the internet.",
    ),
    Argument::optional(
        "maximum_node_count",
        Holds::Number,
        "Nodes of all clusters at their largest; each takes an address of both subnets.",
    ),
];

static OUTPUTS: &[Output] = &[
    Output {
        name: "subnets",
        ty: subnets_type,
        description: "The subnets to create, `public` and `private`: `name`, `address_prefixes`, `delegation` (the service), `security_rules` and \
                      `service_endpoints`.",
    },
    Output {
        name: "managed_security_rules",
        ty: managed_type,
        description: "Rules that Databricks writes into the network security groups of the delegated subnets. For reading: writing them would \
                      fight with Azure.",
    },
    Output {
        name: "custom_parameters",
        ty: parameters_type,
        description: "What `custom_parameters` of azurerm's `azurerm_databricks_workspace` needs of it.",
    },
];

fn subnets_type() -> Type {
    Type::map(Type::object([
        ("name", Type::String),
        ("address_prefixes", Type::set(Type::String)),
        ("delegation", Type::String),
        ("security_rules", Type::map(security_rule())),
        ("service_endpoints", Type::set(Type::String)),
    ]))
}

fn managed_type() -> Type {
    Type::map(security_rule())
}

fn parameters_type() -> Type {
    Type::object([
        ("virtual_network_id", Type::String),
        ("public_subnet_name", Type::String),
        ("private_subnet_name", Type::String),
        ("no_public_ip", Type::Bool),
    ])
}

/// The service both subnets are delegated to, in ARM's spelling.
const DELEGATION: &str = "Microsoft.Databricks/workspaces";

/// Azure's own rules stand at 100 to 104. Ours are denies at the tail, so nothing of ours ever stands here.
const BAND: Band = Band {
    start: 100,
    end: 199,
    ipv6_offset: 50,
};

struct Settings {
    public: Subnet,
    private: Subnet,
    default_subnet: String,
    virtual_network: Option<Known<String>>,
    storage_network: Option<Known<String>>,
    workspace_subscription: Option<Known<String>>,
    workspace_location: Option<Known<String>>,
    no_public_ip: bool,
    rules_required: String,
    maximum_nodes: Option<i64>,
}

struct Subnet {
    /// The argument of its prefixes.
    argument: &'static str,
    name: String,
    prefixes: BTreeSet<Prefix>,
}

fn expand(inputs: &Inputs<'_>, shared: &Shared) -> Result<Demands, Stop> {
    let settings = read(inputs)?;
    checks::shared_arguments(inputs, shared)?;
    checks::subnets(inputs, shared, &settings)?;
    let holds = checks::placement(inputs, shared, &settings)?;
    let switches = settings.switches(shared);
    let egress = Egress::service_tags();
    let written = |prefixes: BTreeSet<Prefix>| {
        let shared = beside_azures_rules(shared, &switches, prefixes);
        render(&Scene {
            inputs,
            shared: &shared,
            egress: &egress,
            switches: switches.clone(),
            band: BAND,
            own: &["worker"],
            guest: None,
            kin: None,
            roles: BTreeMap::new(),
            prefixes: shared.prefixes(),
            values: Values::default(),
            holds: holds.clone(),
        })
    };
    let both = settings.public.prefixes.union(&settings.private.prefixes).copied();
    let mut policy = written(both.collect())?;
    let mut subnets = BTreeMap::new();
    for (role, subnet) in [("public", &settings.public), ("private", &settings.private)] {
        let rules = written(subnet.prefixes.clone())?.security_rules;
        subnets.insert(role, subnet.value(&rules));
    }
    let managed = managed_rules(inputs, shared, &switches)?;
    checks::extra_rules(inputs, shared, &managed)?;
    let ids = managed.values().flat_map(|rule| rule.requirement_ids.clone());
    policy.requirement_ids.extend(ids);
    let outputs = BTreeMap::from([
        ("subnets".to_owned(), Value::object(subnets)),
        ("managed_security_rules".to_owned(), security_rules(&managed)),
        ("custom_parameters".to_owned(), settings.parameters()),
    ]);
    Ok((policy, outputs))
}

fn read(inputs: &Inputs<'_>) -> Result<Settings, Stop> {
    let public = read_subnet(inputs, "public_subnet_address_prefixes", "public_subnet_name");
    let private = read_subnet(inputs, "private_subnet_address_prefixes", "private_subnet_name");
    let default_subnet = inputs.text("default_subnet_name");
    let network = |name: &str| {
        let id = inputs.leaf(name)?;
        let kind = "Microsoft.Network/virtualNetworks";
        arm_id::check(inputs, &inputs.path(name), arm_id::known(id.as_ref()), kind)?;
        Ok(id)
    };
    let virtual_network = network("virtual_network_id");
    let storage_network = network("storage_virtual_network_id");
    let workspace_subscription = inputs.leaf("workspace_subscription_id");
    let workspace_location = inputs.leaf("workspace_location");
    let no_public_ip = inputs.flag("no_public_ip");
    let rules_required = inputs.choice("network_security_group_rules_required");
    let maximum_nodes = inputs.number("maximum_node_count");
    Ok(Settings {
        public: public?,
        private: private?,
        default_subnet: default_subnet?.unwrap_or_default(),
        virtual_network: virtual_network?,
        storage_network: storage_network?,
        workspace_subscription: workspace_subscription?,
        workspace_location: workspace_location?,
        no_public_ip: no_public_ip?,
        rules_required: rules_required?,
        maximum_nodes: maximum_nodes?,
    })
}

fn read_subnet(inputs: &Inputs<'_>, argument: &'static str, name: &str) -> Result<Subnet, Stop> {
    let (prefixes, name) = (inputs.prefixes(argument), inputs.text(name));
    let prefixes = prefixes?;
    if prefixes.is_empty() {
        let detail = format!("`{argument}` must be set: ADB-TWO-SUBNETS asks for a public and a private subnet.");
        return Err(inputs
            .findings()
            .error(inputs.path(argument), "Missing argument", detail));
    }
    Ok(Subnet {
        argument,
        name: name?.unwrap_or_default(),
        prefixes,
    })
}

/// The surroundings of the rules that are written: one of the subnets or both, and without what Azure writes itself.
fn beside_azures_rules(shared: &Shared, switches: &Switches, prefixes: BTreeSet<Prefix>) -> Shared {
    let mut beside = Shared {
        local: prefixes.clone(),
        subnet: prefixes,
        ..shared.clone()
    };
    let azures = requirements(shared, switches, &[Kind::Flow]).map(|row| (row.id.clone(), Known::Is(String::new())));
    beside.waived.extend(azures);
    beside
}

/// The rules Databricks writes, with Azure's names and priorities: nothing of the user's moves them.
fn managed_rules(inputs: &Inputs<'_>, shared: &Shared, switches: &Switches) -> Result<SecurityRules, Stop> {
    let azures = Shared {
        name_prefix: String::new(),
        priority_base: None,
        ..shared.without_own_rules()
    };
    let network: ServiceTag = "VirtualNetwork".parse().map_err(|_| Stop)?;
    let near = End::Tag(network);
    let mut rules = RuleSet::new(&azures, inputs, BAND);
    for row in requirements(&azures, switches, &[Kind::Flow]).filter(|row| row.initiator.as_deref() == Some("worker")) {
        let peer = row.peer_in(azures.environment);
        let tag = peer.and_then(|peer| peer.service_tag.as_deref()?.parse().ok());
        let (Some(tag), Some(rule)) = (tag, &row.rule) else {
            return Err(malformed(row, inputs));
        };
        let far = End::Tag(tag);
        let (source, destination) = match row.direction {
            Direction::Inbound => (far, near.clone()),
            Direction::Outbound => (near.clone(), far),
        };
        rules.add(Draft {
            requirement_id: &row.id,
            purpose: &row.purpose,
            name: &rule.name,
            priority: rule.priority,
            direction: row.direction,
            access: Access::Allow,
            protocol: protocol_of(row, inputs)?,
            source,
            destination,
            ports: ports_of(row, inputs)?,
        })?;
    }
    rules.finish()
}

impl Subnet {
    fn value(&self, rules: &SecurityRules) -> Value {
        Value::object([
            ("name", Value::from(self.name.as_str())),
            (
                "address_prefixes",
                Value::string_set(self.prefixes.iter().map(ToString::to_string)),
            ),
            ("delegation", DELEGATION.into()),
            ("security_rules", security_rules(rules)),
            // No document asks for one; Databricks reaches storage by its tag.
            ("service_endpoints", Value::string_set(Vec::<String>::new())),
        ])
    }
}

impl Settings {
    fn switches(&self, shared: &Shared) -> Switches {
        let mut switches = shared.switches();
        switches.extend([
            ("no_public_ip", Condition::Bool(self.no_public_ip)),
            (
                "network_security_group_rules_required",
                Condition::Text(self.rules_required.clone()),
            ),
        ]);
        switches
    }

    fn parameters(&self) -> Value {
        let network = match &self.virtual_network {
            Some(Known::Is(id)) => id.as_str().into(),
            Some(Known::NotYet) => Value::UNKNOWN,
            None => Value::Null,
        };
        Value::object([
            ("virtual_network_id", network),
            ("public_subnet_name", self.public.name.as_str().into()),
            ("private_subnet_name", self.private.name.as_str().into()),
            ("no_public_ip", self.no_public_ip.into()),
        ])
    }
}
