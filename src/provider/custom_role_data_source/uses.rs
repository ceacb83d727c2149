//! A resource or data source in the way in which it is used, and the actions that this takes.
//!
//! What a use takes follows from what the resources do: each object is read before it is written, a write reads it again and polls its
//! operation, and what a write refers to is joined.

use std::collections::BTreeSet;

use tfplugin_rs::{
    diagnostic::Diagnostics,
    schema::Attribute,
    value::{Path, Type, Value},
};

use crate::{
    requirements,
    workloads::{Managed, WORKLOADS, inputs::nearest},
};

const PREFIX: &str = "lockeddown_";

/// What a resource or data source touches in Azure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// A subnet and what stands around it.
    Subnet,
    /// Firewall rule collections alone.
    Firewall,
    /// What a row of CycleCloud's catalogue says, and what the resource does beyond it.
    Row(&'static str, &'static [&'static str]),
    /// The same, read alone.
    Coverage,
    /// Reads only, with these actions.
    Reads(&'static [&'static str]),
}

const SITE: Reach = Reach::Row("CC-VPN-RBAC", &["connections/sharedKey/write"]);

/// Objects of ours beside the workloads.
const OTHERS: [(&str, Reach); 7] = [
    ("subnet", Reach::Subnet),
    ("firewall_rules", Reach::Firewall),
    (
        "cyclecloud_peering",
        Reach::Row("CC-PEERING-RBAC", &["virtualNetworks/read"]),
    ),
    ("site_to_site_connection", SITE),
    (
        "aml_outbound_dependencies",
        Reach::Reads(&["Microsoft.MachineLearningServices/workspaces/outboundNetworkDependenciesEndpoints/read"]),
    ),
    ("coverage", Reach::Coverage),
    (
        "service_tag",
        Reach::Reads(&["Microsoft.Network/locations/serviceTags/read"]),
    ),
];

/// An argument that says how a resource is used.
pub(super) struct Argument {
    name: &'static str,
    words: &'static [&'static str],
    reach: &'static [Reach],
    description: &'static str,
}

const AROUND: &[Reach] = &[Reach::Subnet];
const WITH_ROUTES: &[Reach] = &[Reach::Subnet, Reach::Coverage];
const EVERYWHERE: &[Reach] = &[Reach::Subnet, Reach::Firewall, Reach::Coverage];

/// The words that say where the policy goes; the first one is the default.
pub(super) const ARGUMENTS: [Argument; 5] = [
    Argument {
        name: "subnet",
        words: &["new", "existing"],
        reach: AROUND,
        description: "Subnet: `new` (the resource makes it: `virtual_network_id`) or `existing` (it is attached to one: `subnet_id`). \
                      Defaults to `new`.",
    },
    Argument {
        name: "network_security_group",
        words: &["own", "existing"],
        reach: AROUND,
        description: "Network security group: `own` or `existing` (`network_security_group_id`). Defaults to `own`.",
    },
    Argument {
        name: "route_table",
        words: &["none", "own", "existing", "kept"],
        reach: WITH_ROUTES,
        description: "Route table: `none`, `own` (there are routes, or a `route_table_name`), `existing` (`route_table_id`) or `kept` (an \
                      existing subnet has one with which the resource has nothing to do). Defaults to `none`.",
    },
    Argument {
        name: "firewall",
        words: &["none", "policy", "rule_collection_group", "classic"],
        reach: EVERYWHERE,
        description: "Firewall rules: `none` (they are only shown), `policy` (a rule collection group of the resource's own: \
                      `firewall_policy_id`), `rule_collection_group` (an existing one) or `classic` (`firewall_id`). Defaults to `none`, and \
                      to `policy` for what has firewall rules alone.",
    },
    Argument {
        name: "connection",
        words: &[VPN, EXPRESS_ROUTE],
        reach: &[SITE],
        description: "Connection: `vpn_site_to_site` (with its local network gateway and shared key) or `express_route` (to a circuit). Defaults to \
                      `vpn_site_to_site`.",
    },
];

const VPN: &str = "vpn_site_to_site";
const EXPRESS_ROUTE: &str = "express_route";

const FLAGS: [(&str, &[Reach], &str, &str); 4] = [
    (
        "nat_gateway",
        AROUND,
        "natGateways/join",
        "Whether the subnet has a NAT gateway, given by `nat_gateway_id` or there before. Defaults to `false`.",
    ),
    (
        "service_endpoint_policies",
        AROUND,
        "serviceEndpointPolicies/join",
        "Whether the subnet has service endpoint policies, given or there before. Defaults to `false`.",
    ),
    (
        "application_security_groups",
        AROUND,
        "applicationSecurityGroups/joinNetworkSecurityRule",
        "Whether rules of the network security group, the resource's or others', name application security groups. Defaults to `false`.",
    ),
    (
        "ip_groups",
        EVERYWHERE,
        "ipGroups/join",
        "Whether rules of the firewall, the resource's or others', name IP groups. Defaults to `false`.",
    ),
];

/// The attributes of one use.
pub(super) fn attributes() -> Vec<(&'static str, Attribute)> {
    let kinds: Vec<String> = kinds().map(|(kind, _)| format!("`{PREFIX}{kind}`")).collect();
    let kind = format!("Resource or data source: {}.", kinds.join(", "));
    let mut attributes = vec![("type", Attribute::required(Type::String, kind))];
    let words = ARGUMENTS.iter();
    attributes.extend(words.map(|argument| (argument.name, Attribute::optional(Type::String, argument.description))));
    let flags = FLAGS.iter();
    attributes.extend(flags.map(|(name, _, _, description)| (*name, Attribute::optional(Type::Bool, *description))));
    attributes
}

fn kinds() -> impl Iterator<Item = (&'static str, Reach)> {
    let workloads = WORKLOADS.iter().filter_map(|workload| match workload.managed {
        Managed::No => None,
        Managed::Subnet => Some((workload.name, Reach::Subnet)),
        Managed::Firewall => Some((workload.name, Reach::Firewall)),
    });
    workloads.chain(OTHERS)
}

/// One use, as far as the configuration tells.
#[derive(Debug)]
pub(super) struct Use {
    kind: &'static str,
    reach: Reach,
    subnet: &'static str,
    group: &'static str,
    table: &'static str,
    firewall: &'static str,
    connection: &'static str,
    links: Vec<&'static str>,
}

impl Use {
    /// Reads one. `None` after an error at `path`, or while something is not known yet.
    pub(super) fn read(used: &Value, path: &Path, diagnostics: &mut Diagnostics) -> Option<Use> {
        let text = used.attribute("type").as_str()?;
        let known = kinds().find(|(kind, _)| text.strip_prefix(PREFIX) == Some(kind));
        let Some((kind, reach)) = known else {
            let names: Vec<String> = kinds().map(|(kind, _)| format!("{PREFIX}{kind}")).collect();
            let hint = nearest(text, names.iter().map(String::as_str));
            let hint = hint.map_or_else(
                || "Known are the managed resources, and the data sources that read Azure.".to_owned(),
                |name| format!("Did you mean `{name}`?"),
            );
            let detail = format!("`{text}` is nothing of this provider that needs a role. {hint}");
            diagnostics.error_at(path.child("type"), "Unknown resource", detail);
            return None;
        };
        let words = ARGUMENTS
            .each_ref()
            .map(|argument| word(argument, used, reach, path, diagnostics));
        let [subnet, group, table, firewall, connection] = words;
        let links = FLAGS.iter().map(|(name, reaches, link, _)| {
            let on = used.attribute(name).as_bool()?;
            if on && !reaches.contains(&reach) {
                refuse(name, text, path, diagnostics);
                return None;
            }
            Some(on.then_some(*link))
        });
        let links = links.map(|link| link.flatten()).collect::<Vec<_>>();
        let (subnet, group, table, firewall, connection) = (subnet?, group?, table?, firewall?, connection?);
        if subnet == "new" && table == "kept" {
            let detail = "A subnet that the resource makes has no route table of others that could be kept: `none`, `own` or `existing`.";
            diagnostics.error_at(path.child("route_table"), "No table to keep", detail);
            return None;
        }
        if reach == Reach::Firewall && firewall == "none" {
            let detail = format!("`{text}` has firewall rules alone: `policy`, `rule_collection_group` or `classic`.");
            diagnostics.error_at(path.child("firewall"), "Nowhere to put the rules", detail);
            return None;
        }
        Some(Use {
            kind,
            reach,
            subnet,
            group,
            table,
            firewall,
            connection,
            links: links.into_iter().flatten().collect(),
        })
    }

    /// The full type name.
    pub(super) fn kind(&self) -> String {
        format!("{PREFIX}{}", self.kind)
    }

    /// The actions.
    pub(super) fn actions(&self, diagnostics: &mut Diagnostics) -> Option<BTreeSet<String>> {
        let mut actions = BTreeSet::new();
        let mut add = |kind: &str, verbs: &[&str]| {
            actions.extend(verbs.iter().map(|verb| format!("Microsoft.Network/{kind}/{verb}")));
        };
        match self.reach {
            Reach::Reads(reads) => {
                return Some(reads.iter().map(|action| (*action).to_owned()).collect());
            }
            Reach::Row(id, more) => {
                let catalogue = requirements::catalogue("cyclecloud").ok();
                let row = catalogue.and_then(|catalogue| catalogue.all().find(|row| row.id == id));
                let Some(row) = row else {
                    let detail = format!("The catalogue has no row `{id}`. This is a defect of the provider.");
                    diagnostics.error("Missing requirement", detail);
                    return None;
                };
                add("locations/operations", &["read"]);
                actions.extend(more.iter().map(|action| format!("Microsoft.Network/{action}")));
                actions.extend(row.actions.iter().cloned());
                if self.connection == EXPRESS_ROUTE {
                    // The circuit stands where a VPN has the site's gateway, and no key is given.
                    actions.retain(|action| {
                        !["/localNetworkGateways/", "/sharedKey/"]
                            .iter()
                            .any(|part| action.contains(part))
                    });
                    actions.insert("Microsoft.Network/expressRouteCircuits/join/action".to_owned());
                }
                return Some(actions);
            }
            Reach::Subnet => {
                add("virtualNetworks", &["read"]);
                add("virtualNetworks/subnets", &["read", "write"]);
                add("networkSecurityGroups", &["read", "write", "join/action"]);
                if self.subnet == "new" {
                    add("virtualNetworks/subnets", &["delete"]);
                }
                if self.group == "own" {
                    add("networkSecurityGroups", &["delete"]);
                }
                match self.table {
                    "own" => add("routeTables", &["read", "write", "delete", "join/action"]),
                    "existing" => add("routeTables", &["read", "write", "join/action"]),
                    "kept" => add("routeTables", &["join/action"]),
                    _ => {}
                }
            }
            Reach::Firewall => {}
            Reach::Coverage => {
                add("virtualNetworks", &["read"]);
                add("virtualNetworks/subnets", &["read"]);
                add("networkSecurityGroups", &["read"]);
                if self.table != "none" {
                    add("routeTables", &["read"]);
                }
                match self.firewall {
                    "none" => {}
                    "classic" => add("azureFirewalls", &["read"]),
                    _ => {
                        add("firewallPolicies", &["read"]);
                        add("firewallPolicies/ruleCollectionGroups", &["read"]);
                    }
                }
                if !self.links.is_empty() {
                    add("ipGroups", &["read"]);
                }
                return Some(actions);
            }
        }
        match self.firewall {
            // The policy is read too: its groups are written one after the other, when it is idle.
            "policy" => {
                add("firewallPolicies", &["read"]);
                add("firewallPolicies/ruleCollectionGroups", &["read", "write", "delete"]);
            }
            "rule_collection_group" => {
                add("firewallPolicies", &["read"]);
                add("firewallPolicies/ruleCollectionGroups", &["read", "write"]);
            }
            // The firewall is written as a whole, with its subnet and its addresses.
            "classic" => {
                add("azureFirewalls", &["read", "write"]);
                add("virtualNetworks/subnets", &["join/action"]);
                add("publicIPAddresses", &["join/action"]);
            }
            _ => {}
        }
        for link in &self.links {
            add(link, &["action"]);
        }
        add("locations/operations", &["read"]);
        Some(actions)
    }
}

/// The word of an argument, the default where it is not given. `None` after an error, or while it is not known.
fn word(
    argument: &Argument,
    used: &Value,
    reach: Reach,
    path: &Path,
    diagnostics: &mut Diagnostics,
) -> Option<&'static str> {
    let value = used.attribute(argument.name);
    let default = match (argument.name, reach) {
        ("firewall", Reach::Firewall) => "policy",
        _ => argument.words.first()?,
    };
    if value.is_null() {
        return Some(default);
    }
    let text = value.as_str()?;
    if !argument.reach.contains(&reach) {
        refuse(
            argument.name,
            used.attribute("type").as_str().unwrap_or_default(),
            path,
            diagnostics,
        );
        return None;
    }
    let found = argument.words.iter().find(|word| **word == text);
    if found.is_none() {
        let words: Vec<String> = argument.words.iter().map(|word| format!("`{word}`")).collect();
        let detail = format!("`{}` is `{text}`; it may be {}.", argument.name, words.join(", "));
        diagnostics.error_at(path.child(argument.name), "Unknown word", detail);
    }
    found.copied()
}

fn refuse(argument: &str, kind: &str, path: &Path, diagnostics: &mut Diagnostics) {
    let detail = format!("`{argument}` says nothing about `{kind}`, which has no such thing. Leave it out.");
    diagnostics.error_at(path.child(argument), "Not for this resource", detail);
}
