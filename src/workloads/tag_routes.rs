//! Routes to service tags: by tag, or by the address prefixes that Microsoft's file lists for it; and what a route table holds.

use std::{collections::BTreeMap, path::Path};

use ipnet::IpNet;

use super::{
    argument::{Argument, Default, Kind},
    inputs::Inputs,
    problem::Stop,
    scene::Scene,
};
use crate::{
    network::{Family, NetworkPolicy, Prefix, RouteDestination, ServiceTag, limits::RouteTableLimits},
    requirements::{Condition, Requirement},
    service_tags,
};

pub(super) const ROUTE_TARGETS: Argument = Argument::optional(
    "route_targets",
    Kind::Choice(&["service_tag", "address_prefix"]),
    "What routes to Azure's services name: the `service_tag`, or each `address_prefix` that `service_tag_file` lists for it.",
)
.or(Default::Text("service_tag"));

pub(super) const SERVICE_TAG_FILE: Argument = Argument::optional(
    "service_tag_file",
    Kind::Text,
    "Path of Microsoft's *Service Tags* file for the cloud, read during the plan. The proof then knows the addresses behind service tags, and \
     nothing depends on whether two of them overlap. Required with `route_targets = \"address_prefix\"`, where a workload has that.",
);

pub(super) const ROUTE_TABLE_LIMITS: Argument = Argument::optional(
    "route_table_limits",
    Kind::Object(&[
        Argument::optional(
            "routes",
            Kind::Number,
            "Routes per table. Defaults to 1000, Azure's limit since spring 2026; 400 before.",
        ),
        Argument::optional(
            "service_tag_routes",
            Kind::Number,
            "Routes per table whose prefix is a service tag. Defaults to 25.",
        ),
    ]),
    "What a route table of your subscription holds, where that differs from Azure's published limits.",
);

/// Whether the routes of this workload are to name addresses.
pub(super) fn by_address(scene: &Scene<'_>) -> bool {
    scene.switches.get(ROUTE_TARGETS.name) == Some(&Condition::Text("address_prefix".to_owned()))
}

/// The addresses behind a tag, in the fewest prefixes. IPv6 only where the subnet has it.
pub(super) fn prefixes_of(scene: &Scene<'_>, row: &Requirement, tag: &ServiceTag) -> Result<Vec<Prefix>, Stop> {
    let (inputs, shared) = (scene.inputs, scene.shared);
    let name = SERVICE_TAG_FILE.name;
    let refused = |summary: &str, detail: String| Err(inputs.findings().error(inputs.path(name), summary, detail));
    let Some(path) = inputs.text(name)? else {
        let detail = format!(
            "`route_targets` is `address_prefix`: {} needs the addresses of `{tag}`, which Microsoft's *Service Tags* file lists. Set `{name}`, or \
             `route_targets = \"service_tag\"`.",
            row.id
        );
        return refused("Missing argument", detail);
    };
    let file = match service_tags::file(Path::new(&path)) {
        Ok(file) => file,
        Err(error) => {
            let detail = format!(
                "{error}. Microsoft publishes the file as *Azure IP Ranges and Service Tags*; {} needs it.",
                row.id
            );
            return refused("Unusable service tag file", detail);
        }
    };
    if file.cloud() != shared.environment {
        let detail = format!(
            "`{path}` is the file of the cloud `{}`, and `environment` is `{}`: download that cloud's file.",
            file.cloud(),
            shared.environment
        );
        return refused("File of another cloud", detail);
    }
    let listed = file.tag(tag.as_str(), None).and_then(|tag| tag.prefixes());
    let listed = match listed {
        Ok(listed) => listed,
        Err(error) => {
            let detail = format!(
                "{} needs a tag's addresses: {error}. Use a newer file, or waive the requirement: waived_requirements = {{ \"{}\" = \
                 \"why\" }}.",
                row.id, row.id
            );
            return refused("Tag without addresses", detail);
        }
    };
    let ipv6 = shared.subnet.iter().any(|prefix| prefix.family() == Family::V6);
    let wanted: Vec<IpNet> = listed
        .into_iter()
        .filter(|net| ipv6 || matches!(net, IpNet::V4(_)))
        .collect();
    Ok(service_tags::aggregate(&wanted).into_iter().map(Prefix::from).collect())
}

/// Refuses more routes than a table holds, and says who needs how many.
pub(super) fn check_limits(scene: &Scene<'_>, policy: &NetworkPolicy) -> Result<(), Stop> {
    let limits = read_limits(scene.inputs)?;
    let tags = |destination: &RouteDestination| matches!(destination, RouteDestination::Tag(_));
    check(scene, policy, limits.routes, "routes", |_| true)?;
    check(scene, policy, limits.service_tag_routes, "routes to service tags", tags)
}

fn check(
    scene: &Scene<'_>,
    policy: &NetworkPolicy,
    limit: usize,
    what: &str,
    counts: impl Fn(&RouteDestination) -> bool,
) -> Result<(), Stop> {
    let mut needed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut total = 0;
    for route in policy.routes.values().filter(|route| counts(&route.destination)) {
        total += 1;
        for id in &route.requirement_ids {
            *needed.entry(id).or_default() += 1;
        }
    }
    if total <= limit {
        return Ok(());
    }
    let needed: Vec<String> = needed.iter().map(|(id, count)| format!("{id} needs {count}")).collect();
    let detail = format!(
        "A route table holds {limit} {what}, and these are {total}: {}. Set `route_targets = \"service_tag\"`, waive what you do without, or raise \
         `{}` if your subscription's limit is higher.",
        needed.join(", "),
        ROUTE_TABLE_LIMITS.name
    );
    let inputs = scene.inputs;
    Err(inputs
        .findings()
        .error(inputs.path(ROUTE_TARGETS.name), "Too many routes", detail))
}

struct Limits {
    routes: usize,
    service_tag_routes: usize,
}

fn read_limits(inputs: &Inputs<'_>) -> Result<Limits, Stop> {
    let newest = RouteTableLimits::newest();
    let published = Limits {
        routes: newest.routes,
        service_tag_routes: newest.service_tag_routes,
    };
    let given = inputs.object(ROUTE_TABLE_LIMITS.name, |given| {
        let routes = read_limit(given, "routes", published.routes);
        let service_tag_routes = read_limit(given, "service_tag_routes", published.service_tag_routes);
        Ok(Limits {
            routes: routes?,
            service_tag_routes: service_tag_routes?,
        })
    })?;
    Ok(given.unwrap_or(published))
}

fn read_limit(inputs: &Inputs<'_>, name: &str, published: usize) -> Result<usize, Stop> {
    let Some(number) = inputs.number(name)? else {
        return Ok(published);
    };
    usize::try_from(number).map_err(|_| {
        let detail = format!("`{name}` is `{number}`: a number of routes is not negative.");
        inputs.findings().error(inputs.path(name), "Invalid limit", detail)
    })
}
