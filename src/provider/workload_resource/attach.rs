//! Where a workload's policy goes: the arguments a resource has beyond its data source, and reading them.

use std::collections::BTreeMap;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    schema::{Attribute, Equivalence, Nesting, Shape},
    value::{Path, Type, Value},
};

use crate::{
    azure::ResourceId,
    network::RuleName,
    regions::normalize_location,
    workloads::{
        argument::{Argument, Kind},
        rule_value::security_rule,
    },
};

/// The prefixes of a subnet that the resource creates.
pub(super) static ADDRESS_PREFIXES: Argument =
    Argument::required("address_prefixes", Kind::TextSet, "Address prefixes of the subnet.");

/// Rules of these names belong to Azure itself and are none of our business.
const AZURES_OWN_RULES: &str = "Microsoft.Databricks-workspaces_UseOnly_";

/// Azure's limit of tags on a resource, less those of the owner mark.
const MOST_TAGS: usize = 19;

const OPERATIONS: [&str; 4] = ["create", "read", "update", "delete"];

/// Two ARM ids, or names, that differ in letter case only.
pub(super) const SAME_BUT_FOR_CASE: Equivalence =
    |one, other| one.as_str().map(str::to_lowercase) == other.as_str().map(str::to_lowercase);

/// Two spellings of a location.
pub(super) const SAME_LOCATION: Equivalence =
    |one, other| one.as_str().map(normalize_location) == other.as_str().map(normalize_location);

/// The arguments.
pub(super) fn arguments() -> Vec<(&'static str, Attribute)> {
    let text = || Type::String;
    let timeouts = OPERATIONS.map(|operation| {
        let default = if operation == "read" { "5m" } else { "30m" };
        let description = format!("How long {operation} may take, as in `45m` or `1h30m`. Defaults to `{default}`.");
        (operation, Attribute::optional(text(), description))
    });
    vec![
        ("name", Attribute::required(text(), "Name of the subnet.").replaces()),
        (
            "virtual_network_id",
            Attribute::required(text(), "ARM id of the virtual network the subnet is created in.")
                .replaces()
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "address_prefixes",
            Attribute::required(Type::set(Type::String), "Address prefixes of the subnet: one IPv4 prefix, one IPv6 /64, or both."),
        ),
        (
            "network_security_group_name",
            Attribute::optional_computed(text(), "Name of the network security group that is created. Defaults to `nsg-` and the subnet's name.")
                .replaces()
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "resource_group_name",
            Attribute::optional_computed(text(), "Resource group of the network security group. Defaults to the virtual network's.")
                .replaces()
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "route_table_id",
            Attribute::optional(text(), "ARM id of a route table that the subnet gets in its first request.")
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "nat_gateway_id",
            Attribute::optional(text(), "ARM id of a NAT gateway that the subnet gets in its first request.")
                .equivalent_when(SAME_BUT_FOR_CASE),
        ),
        (
            "default_outbound_access_enabled",
            Attribute::optional(
                Type::Bool,
                "Whether Azure gives the subnet its default outbound access. Always sent, because the default has changed. Defaults to \
                 `false`.",
            )
            .default_value(false),
        ),
        (
            "ignored_rule_name_prefixes",
            Attribute::optional(
                Type::set(Type::String),
                "Rules whose names begin so belong to Azure itself (Databricks, AKS, just-in-time access, Policy): they are kept and are no \
                 drift. Defaults to `[\"Microsoft.Databricks-workspaces_UseOnly_\"]`.",
            )
            .default_value(Value::string_set([AZURES_OWN_RULES])),
        ),
        (
            "tags",
            Attribute::optional(Type::map(Type::String), "Tags of the network security group."),
        ),
        (
            "timeouts",
            Attribute::optional(Shape::nested(Nesting::Single, timeouts), "How long operations may take."),
        ),
    ]
}

/// What only the resource computes.
pub(super) fn outputs() -> Vec<(&'static str, Attribute)> {
    vec![
        ("id", Attribute::computed(Type::String, "ARM id of the subnet.")),
        ("subnet_id", Attribute::computed(Type::String, "ARM id of the subnet.")),
        (
            "network_security_group_id",
            Attribute::computed(Type::String, "ARM id of the network security group."),
        ),
        (
            "foreign_rules",
            Attribute::computed(
                Type::map(security_rule()),
                "Rules in the network security group that are not ours and are kept (`ignored_rule_name_prefixes`), as last read.",
            ),
        ),
    ]
}

/// The ARM objects of one resource, as far as the configuration tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Targets {
    pub(super) virtual_network: ResourceId,
    pub(super) subnet: ResourceId,
    pub(super) network_security_group: ResourceId,
}

impl Targets {
    /// The targets of a plan or state; `None` while a part is not known.
    pub(super) fn of(object: &Value) -> Option<Targets> {
        let virtual_network: ResourceId = object.attribute("virtual_network_id").as_str()?.parse().ok()?;
        let name = object.attribute("name").as_str()?;
        let subnet = virtual_network.child("subnets", name);
        let group_name = match object.attribute("network_security_group_name") {
            Value::String(name) => name.clone(),
            Value::Unknown(_) => return None,
            _ => default_group_name(name),
        };
        let resource_group = match object.attribute("resource_group_name") {
            Value::String(name) => name.clone(),
            Value::Unknown(_) => return None,
            _ => virtual_network.resource_group().to_owned(),
        };
        let network_security_group =
            virtual_network.in_resource_group(&resource_group, "networkSecurityGroups", &group_name);
        Some(Targets {
            virtual_network,
            subnet,
            network_security_group,
        })
    }
}

/// `resource group/virtual network/subnet`: how CycleCloud's templates name a subnet. `None` while a part is not known.
pub(super) fn subnet_path(object: &Value) -> Option<String> {
    let network: ResourceId = object.attribute("virtual_network_id").as_str()?.parse().ok()?;
    let name = object.attribute("name").as_str()?;
    Some(format!("{}/{}/{name}", network.resource_group(), network.name()))
}

/// The name a network security group gets when nobody names it.
pub(super) fn default_group_name(subnet: &str) -> String {
    format!("nsg-{subnet}")
}

/// Checks the arguments that are known.
pub(super) fn validate(config: &Value, diagnostics: &mut Diagnostics) {
    for argument in ["name", "network_security_group_name"] {
        if let Some(name) = config.attribute(argument).as_str()
            && let Err(error) = name.parse::<RuleName>()
        {
            diagnostics.error_at(Path::attribute(argument), "Invalid name", format!("{error}."));
        }
    }
    let kinds = [
        (
            "virtual_network_id",
            "virtualNetworks",
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/virtualNetworks/…",
        ),
        (
            "route_table_id",
            "routeTables",
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/routeTables/…",
        ),
        (
            "nat_gateway_id",
            "natGateways",
            "/subscriptions/…/resourceGroups/…/providers/Microsoft.Network/natGateways/…",
        ),
    ];
    for (argument, kind, shape) in kinds {
        let Some(text) = config.attribute(argument).as_str() else {
            continue;
        };
        let fits = text
            .parse::<ResourceId>()
            .is_ok_and(|id| id.is_kind("Microsoft.Network", &[kind]));
        if !fits {
            let detail = format!("`{argument}` is `{text}`: an ARM id of the form `{shape}` is expected.");
            diagnostics.error_at(Path::attribute(argument), "Not the id of such a resource", detail);
        }
    }
    if config
        .attribute("address_prefixes")
        .as_list()
        .is_some_and(<[Value]>::is_empty)
    {
        let detail = "`address_prefixes` is empty: a subnet has an IPv4 prefix, an IPv6 /64, or both.";
        diagnostics.error_at(Path::attribute("address_prefixes"), "Missing address prefix", detail);
    }
    validate_tags(config.attribute("tags"), diagnostics);
    for operation in OPERATIONS {
        let path = Path::attribute("timeouts").child(operation);
        if let Some(text) = config.at(&path).and_then(Value::as_str)
            && duration(text).is_none()
        {
            let detail = format!("`{text}` is not a duration such as `45m` or `1h30m`.");
            diagnostics.error_at(path, "Invalid timeout", detail);
        }
    }
}

fn validate_tags(tags: &Value, diagnostics: &mut Diagnostics) {
    let Some(tags) = tags.as_map() else { return };
    if tags.len() > MOST_TAGS {
        let detail = format!(
            "There are {} tags: Azure allows 50 on a resource, of which up to 31 mark the owner, so {MOST_TAGS} are left.",
            tags.len()
        );
        diagnostics.error_at(Path::attribute("tags"), "Too many tags", detail);
    }
    for (name, value) in tags {
        let path = Path::attribute("tags").key(name);
        if name.is_empty() || name.chars().count() > 512 || name.contains(['<', '>', '%', '&', '\\', '?', '/']) {
            let detail = format!("`{name}` cannot be a tag's name: 1 to 512 characters, none of `<>%&\\?/`.");
            diagnostics.error_at(path, "Invalid tag", detail);
        } else if super::owner::is_ours(name) {
            let detail =
                format!("`{name}` is one of the tags by which the provider marks what it owns. Choose another name.");
            diagnostics.error_at(path, "Reserved tag", detail);
        } else if value.as_str().is_some_and(|text| text.chars().count() > 256) {
            diagnostics.error_at(
                path,
                "Invalid tag",
                format!("The value of `{name}` is longer than 256 characters."),
            );
        }
    }
}

/// How long an operation may take.
pub(super) fn timeout(object: &Value, operation: &str) -> std::time::Duration {
    let default = if operation == "read" { 5 * 60 } else { 30 * 60 };
    let configured = object
        .attribute("timeouts")
        .attribute(operation)
        .as_str()
        .and_then(duration);
    configured.unwrap_or(std::time::Duration::from_secs(default))
}

/// Go's notation, which Terraform users know: `1h30m`, `45m`, `90s`.
fn duration(text: &str) -> Option<std::time::Duration> {
    let mut seconds = 0_u64;
    let mut digits = String::new();
    for c in text.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        let unit = match c {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
        digits.clear();
    }
    (digits.is_empty() && seconds > 0).then(|| std::time::Duration::from_secs(seconds))
}

/// The user's tags of a plan or state.
pub(super) fn user_tags(object: &Value) -> BTreeMap<String, String> {
    let entries = object.attribute("tags").as_map().into_iter().flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_in_go() {
        assert_eq!(duration("1h30m"), Some(std::time::Duration::from_secs(5400)));
        assert_eq!(duration("90s"), Some(std::time::Duration::from_secs(90)));
        for refused in ["", "5", "m", "1d", "-1m", "0s"] {
            assert_eq!(duration(refused), None, "{refused}");
        }
    }
}
