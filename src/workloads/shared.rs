//! The arguments every workload has.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Defaults, Surroundings, Workload,
    argument::{Argument, Default, Kind},
    extra_rules,
    inputs::{Inputs, nearest, parsed},
    operators::refuse_everybody,
    problem::Stop,
    rules::Switches,
    tag_routes::SERVICE_TAG_FILE,
};
use crate::{
    network::{Family, Known, Prefix, PrerequisiteStatus, Priority, SecurityRule},
    regions::{self, Cloud, UnknownLocation},
    requirements::{self, Catalogue, Condition, Edition, Requirement, catalogue},
};

/// The shared arguments.
pub static ARGUMENTS: &[Argument] = &[
    Argument::required("location", Kind::Text, "Region of the subnet, in any spelling (`westeurope`, `West Europe`)."),
    Argument::optional(
        "environment",
        Kind::Choice(&["public", "usgovernment", "china"]),
        "Azure cloud: `public`, `usgovernment` or `china`. Defaults to the provider's `environment`.",
    ),
    Argument::optional(
        "edition",
        Kind::Text,
        "Edition of the requirements, which is a dated state of Microsoft's documents: `2011`, `2020-07`, `2022-10` or `2026-08`. Defaults to the \
         provider's `edition`, else the newest; a resource keeps the one it was created with.",
    ),
    Argument::optional(
        "subnet_address_prefixes",
        Kind::TextSet,
        "Prefixes of the subnet: the local side of every rule. Without them the local side is `*`, as the documents have it.",
    ),
    Argument::optional(
        "virtual_network_address_spaces",
        Kind::TextSet,
        "Explicit address spaces in place of the service tag `VirtualNetwork`, which also covers peered and on-premises space and, \
         where a default route exists, may contain 0.0.0.0/0.",
    ),
    Argument::optional(
        "isolation",
        Kind::Choice(&["none", "internet", "strict"]),
        "What is denied after the required flows: `none`; `internet`, as the documents say; `strict` also closes `VirtualNetwork`, both \
         ways.",
    )
    .or(Default::Text("internet")),
    Argument::optional(
        "intra_subnet_traffic_enabled",
        Kind::Flag,
        "With `isolation = \"strict\"`: whether the subnet's own hosts may talk to each other (MPI). Needs `subnet_address_prefixes`.",
    )
    .or(Default::Flag(true)),
    Argument::optional(
        "dns_server_addresses",
        Kind::TextSet,
        "With `isolation = \"strict\"`: addresses of custom DNS servers, opened on port 53 TCP and UDP. Empty means Azure's DNS, which \
         needs no rule.",
    ),
    Argument::optional(
        "extra_rules",
        Kind::ObjectMap(extra_rules::ARGUMENTS),
        "Further security rules by name, in the shape of azurerm's `security_rule`.",
    ),
    Argument::optional(
        "waived_requirements",
        Kind::TextMap,
        "What you do without: the id of a requirement or check, and your reason. A waived requirement gets no rules, is not proven and not warned \
         about; reports show the reason.",
    ),
    Argument::optional(
        "priority_base",
        Kind::Number,
        "First priority of this workload's rules: all of them move together, with the distances between them kept. Without it they stand where the \
         documents have them.",
    ),
    Argument::optional("deny_priority", Kind::Number, "Priority of the last rule of each direction, 4000 to 4096: the deny that closes what no rule before it allowed (`isolation` says of what).").or(Default::Number(4000)),
    Argument::optional("name_prefix", Kind::Text, "Stands before every rule's name.").or(Default::Text("")),
    SERVICE_TAG_FILE,
    Argument::optional(
        "strict",
        Kind::Flag,
        "Whether it is an error, instead of a warning, that rules let pass what no requirement asks for.",
    )
    .or(Default::Flag(false)),
];

/// A check that can be waived like a requirement.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// What a waiver names.
    pub id: &'static str,
    /// What it checks.
    pub description: &'static str,
}

/// The checks that can be waived.
pub static CHECKS: &[Check] = &[
    Check {
        id: LOCATION_KNOWN,
        description: "The location is one this release of the provider knows.",
    },
    Check {
        id: ADMIN_SOURCE_CLOSED,
        description: "Administrators' ports are not open to the whole internet.",
    },
    Check {
        id: EXPOSURE_INTENDED,
        description: "Rules let nothing pass that no requirement asks for.",
    },
    Check {
        id: PEERS_CLOSED,
        description: "The prefixes at either end of a rule are not the whole internet.",
    },
    Check {
        id: SERVER_PLACEMENT,
        description: "A server in another network has no addresses of this one.",
    },
    Check {
        id: ARGUMENT_IN_EDITION,
        description: "Every argument that is set has an effect, in the chosen edition and beside the other arguments.",
    },
    Check {
        id: ADDRESS_FAMILIES,
        description: "Both ends of every rule have the same address families.",
    },
    Check {
        id: SERVICE_TAG_FEATURES,
        description: "Service tags in routes and firewall rules are announced for that.",
    },
    Check {
        id: SERVICE_TAG_KNOWN,
        description: "The regional service tags are ones this release of the provider knows.",
    },
    Check {
        id: NEXT_HOP_PRIVATE,
        description: "The appliance that routes lead to has a private address.",
    },
    Check {
        id: STORAGE_ACCOUNT_NAMED,
        description: "The workspace's default storage account is named, so that hosts need no wildcard.",
    },
    Check {
        id: POLICY_REACHES,
        description: "The storage that a service endpoint policy is to filter is in the subnet's region or its pair.",
    },
    Check {
        id: HOSTS_NAMED,
        description: "Workspace, storage accounts and container registry are named, so that hosts need no wildcard.",
    },
];

/// The waiver of whoever opens more than the requirements ask for, and means it.
pub const EXPOSURE_INTENDED: &str = "CHECK-EXPOSURE-INTENDED";
pub(super) const LOCATION_KNOWN: &str = "CHECK-LOCATION-KNOWN";
pub(super) const ADMIN_SOURCE_CLOSED: &str = "CHECK-ADMIN-SOURCE-CLOSED";
pub(super) const PEERS_CLOSED: &str = "CHECK-PEERS-CLOSED";
pub(super) const SERVER_PLACEMENT: &str = "CHECK-SERVER-PLACEMENT";
pub(super) const ARGUMENT_IN_EDITION: &str = "CHECK-ARGUMENT-IN-EDITION";
pub(super) const ADDRESS_FAMILIES: &str = "CHECK-ADDRESS-FAMILIES";
pub(super) const HOSTS_NAMED: &str = "CHECK-HOSTS-NAMED";
pub(super) const SERVICE_TAG_FEATURES: &str = "CHECK-SERVICE-TAG-FEATURES";
pub(super) const SERVICE_TAG_KNOWN: &str = "CHECK-SERVICE-TAG-KNOWN";
pub(super) const NEXT_HOP_PRIVATE: &str = "CHECK-NEXT-HOP-PRIVATE";
pub(super) const POLICY_REACHES: &str = "CHECK-POLICY-REACHES-STORAGE";
pub(super) const STORAGE_ACCOUNT_NAMED: &str = "CHECK-STORAGE-ACCOUNT-NAMED";

/// What a user does without, each with the reason, which may be known only after apply.
pub(super) type Waivers = BTreeMap<String, Known<String>>;

/// What is denied after the required flows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Isolation {
    None,
    Internet,
    Strict,
}

/// How small a subnet may be, and which requirement says so.
#[derive(Clone, Copy, Debug)]
pub(super) struct SubnetSize {
    pub(super) requirement: &'static str,
    /// The longest IPv4 mask.
    pub(super) longest_ipv4: u8,
}

/// The shared arguments, read.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    /// The workload's name.
    pub(super) workload: &'static str,
    pub(super) edition: Edition,
    pub(super) environment: Cloud,
    pub(super) catalogue: &'static Catalogue,
    /// What `isolation` and `egress` demand of every workload.
    pub(super) isolation_rows: &'static Catalogue,
    /// The local side of every rule; empty is `*`.
    pub(super) local: BTreeSet<Prefix>,
    /// The subnet's prefixes as far as they are known, for what is said to others about it.
    pub(super) subnet: BTreeSet<Prefix>,
    /// `resource group/virtual network/subnet`, where there is a subnet.
    pub(super) subnet_path: Option<Known<String>>,
    /// Whether packets have a way out of the subnet, as far as the surroundings tell.
    pub(super) way_out: PrerequisiteStatus,
    pub(super) virtual_network: BTreeSet<Prefix>,
    pub(super) isolation: Isolation,
    pub(super) isolation_word: String,
    pub(super) intra_subnet: bool,
    pub(super) dns_servers: BTreeSet<Prefix>,
    pub(super) extra_rules: BTreeMap<String, SecurityRule>,
    pub(super) waived: Waivers,
    pub(super) priority_base: Option<i64>,
    pub(super) deny_priority: i64,
    pub(super) name_prefix: String,
}

impl Shared {
    pub(super) fn read(inputs: &Inputs<'_>, workload: &Workload, surroundings: &Surroundings) -> Result<Shared, Stop> {
        let defaults = surroundings.defaults;
        let environment = read_environment(inputs, defaults);
        let edition = read_edition(inputs, defaults);
        let rows = |system| {
            catalogue(system).map_err(|error| {
                inputs
                    .findings()
                    .error(inputs.path("edition"), "Unusable catalogue", format!("{error}."))
            })
        };
        let (catalogue, isolation_rows) = (rows(workload.system), rows("shared"));
        let waived = read_waivers(inputs, workload);
        let location = match (environment, &waived) {
            (Ok(environment), Ok(waived)) => check_location(inputs, environment, waived),
            _ => Err(Stop),
        };
        let local = inputs.prefixes("subnet_address_prefixes");
        let subnet = read_subnet(inputs, surroundings);
        let virtual_network = inputs.prefixes("virtual_network_address_spaces");
        let isolation = inputs.choice("isolation");
        let intra_subnet = inputs.flag("intra_subnet_traffic_enabled");
        let dns_servers = inputs.prefixes("dns_server_addresses");
        let extra_rules = extra_rules::read(inputs);
        let priority_base = inputs.number("priority_base");
        let deny_priority = read_deny_priority(inputs);
        let name_prefix = inputs.text("name_prefix");
        location?;
        let isolation_word = isolation?;
        let shared = Shared {
            workload: workload.name,
            edition: edition?,
            environment: environment?,
            catalogue: catalogue?,
            isolation_rows: isolation_rows?,
            subnet: local.clone()?.into_iter().chain(subnet?).collect(),
            local: local?,
            subnet_path: surroundings.subnet_path.clone(),
            way_out: surroundings.way_out,
            virtual_network: virtual_network?,
            isolation: match isolation_word.as_str() {
                "none" => Isolation::None,
                "strict" => Isolation::Strict,
                _ => Isolation::Internet,
            },
            isolation_word,
            intra_subnet: intra_subnet?,
            dns_servers: dns_servers?,
            extra_rules: extra_rules?,
            waived: waived?,
            priority_base: priority_base?,
            deny_priority: deny_priority?,
            name_prefix: name_prefix?.unwrap_or_default(),
        };
        shared.has_requirements(inputs, workload)?;
        shared.check_prefixes(inputs, surroundings)?;
        extra_rules::check_tags(inputs, &shared)?;
        shared.warn_of_other_editions(inputs, workload);
        Ok(shared)
    }

    /// A switch that no row of the edition depends on does nothing, and whoever set it believes that it does.
    fn warn_of_other_editions(&self, inputs: &Inputs<'_>, workload: &Workload) {
        if self.waived.contains_key(ARGUMENT_IN_EDITION) {
            return;
        }
        for argument in workload
            .arguments
            .iter()
            .filter(|argument| inputs.is_set(argument.name))
        {
            let speaks = |row: &&Requirement| row.when.contains_key(argument.name);
            let editions = Edition::all().filter(|edition| self.catalogue.of_edition(*edition).any(|row| speaks(&row)));
            let editions: Vec<Edition> = editions.collect();
            if editions.is_empty() || editions.contains(&self.edition) {
                continue;
            }
            let editions: Vec<String> = editions.iter().map(|edition| format!("`{edition}`")).collect();
            let detail = format!(
                "`{}` is set, and in edition `{}` no requirement depends on it: it does nothing there, only in {}. Leave it out, or waive \
                 {ARGUMENT_IN_EDITION} with a reason.",
                argument.name,
                self.edition,
                editions.join(" and ")
            );
            let path = inputs.path(argument.name);
            inputs.findings().warning(path, "Argument of another edition", detail);
        }
    }

    /// The subnet's own side, too, is a network: rules within the subnet, and those to its virtual network, are as wide as it is.
    fn check_prefixes(&self, inputs: &Inputs<'_>, surroundings: &Surroundings) -> Result<(), Stop> {
        for (argument, prefixes) in [
            ("subnet_address_prefixes", &self.local),
            ("virtual_network_address_spaces", &self.virtual_network),
            ("dns_server_addresses", &self.dns_servers),
        ] {
            refuse_everybody(inputs, self, inputs.path(argument), prefixes)?;
        }
        match surroundings.subnet_argument {
            Some(argument) => refuse_everybody(inputs, self, inputs.path(argument.name), &self.subnet),
            None => Ok(()),
        }
    }

    /// The same for the NSG of somebody else: without this workload's extra rules and denies.
    pub(super) fn without_own_rules(&self) -> Shared {
        Shared {
            isolation: Isolation::None,
            extra_rules: BTreeMap::new(),
            ..self.clone()
        }
    }

    /// The same where nothing may be denied, whatever `isolation` says.
    pub(super) fn without_denies(&self) -> Shared {
        Shared {
            isolation: Isolation::None,
            isolation_word: "none".to_owned(),
            ..self.clone()
        }
    }

    /// The settings that every workload's conditions speak of.
    pub(super) fn switches(&self) -> Switches {
        Switches::from([
            ("isolation", Condition::Text(self.isolation_word.clone())),
            ("environment", Condition::Text(self.environment.as_str().to_owned())),
            ("intra_subnet_traffic_enabled", Condition::Bool(self.intra_subnet)),
            (
                "dns_server_addresses_given",
                Condition::Bool(!self.dns_servers.is_empty()),
            ),
        ])
    }

    /// The prefixes that every workload's rows speak of.
    pub(super) fn prefixes(&self) -> BTreeMap<&'static str, BTreeSet<Prefix>> {
        BTreeMap::from([
            ("subnet_address_prefixes", self.subnet.clone()),
            ("dns_server_addresses", self.dns_servers.clone()),
        ])
    }

    /// Refuses a subnet that is too small for what stands in it.
    pub(super) fn check_subnet_size(&self, inputs: &Inputs<'_>, size: SubnetSize) -> Result<(), Stop> {
        let too_small = self.subnet.iter().find(|prefix| match prefix.family() {
            Family::V4 => prefix.length() > size.longest_ipv4,
            // Azure's IPv6 subnets are exactly /64.
            Family::V6 => prefix.length() != 64,
        });
        let Some(prefix) = too_small.filter(|_| !self.waived.contains_key(size.requirement)) else {
            return Ok(());
        };
        let argument = if self.local.contains(prefix) {
            "subnet_address_prefixes"
        } else {
            "address_prefixes"
        };
        let demand = match prefix.family() {
            Family::V4 => format!(
                "{} demands /{} or shorter, because Azure reserves five addresses of each subnet",
                size.requirement, size.longest_ipv4
            ),
            Family::V6 => "the IPv6 prefix of a subnet is exactly a /64".to_owned(),
        };
        let detail = format!("`{prefix}` does not fit: {demand}.");
        Err(inputs
            .findings()
            .error(inputs.path(argument), "Subnet of the wrong size", detail))
    }

    /// An edition older than a system has nothing to expand: better an error than an empty rule set.
    fn has_requirements(&self, inputs: &Inputs<'_>, workload: &Workload) -> Result<(), Stop> {
        if self.catalogue.of_edition(self.edition).next().is_some() {
            return Ok(());
        }
        let first = self.catalogue.all().map(|requirement| requirement.from).min();
        let first = first.map_or_else(String::new, |first| format!(" Use `{first}` or newer."));
        Err(inputs.findings().error(
            inputs.path("edition"),
            "Edition without requirements",
            format!(
                "Edition `{}` has no requirements of {}.{first}",
                self.edition, workload.title
            ),
        ))
    }
}

fn read_subnet(inputs: &Inputs<'_>, surroundings: &Surroundings) -> Result<BTreeSet<Prefix>, Stop> {
    match surroundings.subnet_argument {
        Some(argument) => inputs.prefixes(argument.name),
        None => Ok(BTreeSet::new()),
    }
}

fn read_environment(inputs: &Inputs<'_>, defaults: Defaults) -> Result<Cloud, Stop> {
    let text = inputs.text("environment")?;
    match text {
        Some(text) => parsed(inputs, "environment", "Unknown environment", &text),
        None => Ok(defaults.environment.unwrap_or(Cloud::Public)),
    }
}

fn read_edition(inputs: &Inputs<'_>, defaults: Defaults) -> Result<Edition, Stop> {
    let text = inputs.text("edition")?;
    match text {
        Some(text) => parsed(inputs, "edition", "Unknown edition", &text),
        None => Ok(defaults.edition.unwrap_or_else(Edition::newest)),
    }
}

fn check_location(inputs: &Inputs<'_>, cloud: Cloud, waived: &Waivers) -> Result<(), Stop> {
    // The location decides no rule yet, so a location known only after apply is checked then.
    let Some(crate::network::Known::Is(location)) = inputs.leaf("location")? else {
        return Ok(());
    };
    check_place(inputs, "location", &location, cloud, waived)
}

/// Refuses a location that the cloud does not have.
pub(super) fn check_place(
    inputs: &Inputs<'_>,
    argument: &str,
    location: &str,
    cloud: Cloud,
    waived: &Waivers,
) -> Result<(), Stop> {
    let detail = match regions::find(location, cloud) {
        Ok(_) => return Ok(()),
        Err(_) if waived.contains_key(LOCATION_KNOWN) => return Ok(()),
        Err(ref error @ UnknownLocation::Elsewhere { home, .. }) => {
            format!(
                "{error}. Choose a location of `{cloud}`, or, where `{home}` is meant, correct `environment`: for a resource that is the provider's."
            )
        }
        Err(error @ UnknownLocation::Nowhere { .. }) => format!(
            "{error} If Azure has it and this release does not know it yet, waive the check: waived_requirements = {{ \
             \"{LOCATION_KNOWN}\" = \"new region\" }}."
        ),
    };
    Err(inputs
        .findings()
        .error(inputs.path(argument), "Unknown location", detail))
}

fn read_deny_priority(inputs: &Inputs<'_>) -> Result<i64, Stop> {
    let priority = inputs.number("deny_priority")?.unwrap_or(4000);
    if (4000..=4096).contains(&priority) && Priority::try_from(priority).is_ok() {
        return Ok(priority);
    }
    Err(inputs.findings().error(
        inputs.path("deny_priority"),
        "Priority out of range",
        format!("`deny_priority` is `{priority}`: the deny that closes the rest stands between 4000 and 4096, behind every allow rule."),
    ))
}

fn read_waivers(inputs: &Inputs<'_>, workload: &Workload) -> Result<Waivers, Stop> {
    let waived = inputs.text_map("waived_requirements")?;
    let mut refused = None;
    let blank = |reason: &Known<String>| matches!(reason, Known::Is(reason) if reason.trim().is_empty());
    for id in waived.iter().filter(|(_, reason)| blank(reason)).map(|(id, _)| id) {
        let detail = format!(
            "`{id}` is waived and the reason is empty: reports show it to whoever asks later why this was done without. Write why, in a few words."
        );
        let path = inputs.path("waived_requirements").key(id);
        refused = Some(inputs.findings().error(path, "Waiver without a reason", detail));
    }
    for id in waived.keys().filter(|id| !is_waivable(id, workload)) {
        let known = known_ids();
        let suggestion = nearest(id, known.iter().copied());
        let suggestion = suggestion.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
        refused = Some(inputs.findings().error(
            inputs.path("waived_requirements").key(id),
            "Unknown requirement",
            format!("`{id}` is neither a requirement of the catalogue nor a check.{suggestion}"),
        ));
    }
    refused.map_or(Ok(waived), Err)
}

/// The workload's own rows first: the other files of the catalogue are only read for an id that is none of them.
fn is_waivable(id: &str, workload: &Workload) -> bool {
    let stands_in = |system: &str| catalogue(system).is_ok_and(|catalogue| catalogue.all().any(|row| row.id == id));
    CHECKS.iter().any(|check| check.id == id) || stands_in(workload.system) || requirements::systems().any(stands_in)
}

fn known_ids() -> Vec<&'static str> {
    let rows = requirements::systems()
        .filter_map(|system| catalogue(system).ok())
        .flat_map(Catalogue::all);
    CHECKS
        .iter()
        .map(|check| check.id)
        .chain(rows.map(|row| row.id.as_str()))
        .collect()
}
