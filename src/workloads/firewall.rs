//! Rule collections for the firewall in front of a subnet.
//!
//! A service tag becomes a network rule, a host on port 80 or 443 an application rule. Network rules come first and end the
//! search, so a host that a tag covers needs no rule of its own.

use std::collections::BTreeSet;

use super::{egress::Way, problem::Stop, render::TagFlow, rules::protocol_of, scene::Scene};
use crate::{
    network::{
        ApplicationProtocol, ApplicationRule, ApplicationRuleCollection, ApplicationRuleDestination, Description,
        Family, FirewallSource, Known, NetworkPolicy, NetworkRule, NetworkRuleCollection, NetworkRuleDestination,
    },
    requirements::{Kind, Peer, Requirement},
};

/// FQDN tags of Azure Firewall that rows may name.
const HOST_TAGS: [&str; 2] = ["AzureKubernetesService", "HDInsight"];

/// Puts the collections into the policy, if there is a firewall.
pub(super) fn collections(scene: &Scene<'_>, flows: &[TagFlow], policy: &mut NetworkPolicy) -> Result<(), Stop> {
    let Way::Firewall {
        names_in_network_rules,
        urls,
        ..
    } = scene.egress.way
    else {
        return Ok(());
    };
    let source = source(scene)?;
    let mut network = Vec::new();
    for flow in flows
        .iter()
        .filter(|flow| !matches!(flow.tag.as_str(), "VirtualNetwork" | "Internet" | "AzureLoadBalancer"))
    {
        network.push(NetworkRule {
            name: flow.name.clone(),
            description: description(flow.row),
            protocols: BTreeSet::from([protocol_of(flow.row, scene.inputs)?]),
            source: source.clone(),
            destination: NetworkRuleDestination::Tag(flow.tag.clone()),
            ports: ports(flow.row),
            requirement_ids: BTreeSet::from([flow.row.id.clone()]),
        });
    }
    network.extend(private_endpoints(scene, &source)?);
    let mut application = Vec::new();
    let mut reduced = Vec::new();
    let mut inexpressible = Vec::new();
    for row in scene.rows(&[Kind::Flow]).filter(|row| is_its_own(scene, row)) {
        let own = own_rules(scene, row, &source, names_in_network_rules)?;
        network.extend(own.network);
        application.extend(own.application);
        inexpressible.extend(own.inexpressible);
    }
    for row in scene.rows(&[Kind::Host]).filter(|row| scene.starts_here(row)) {
        let Some(peer) = row.peer_in(scene.shared.environment) else {
            continue;
        };
        let (web, other): (Vec<&String>, Vec<&String>) = row
            .ports
            .iter()
            .partition(|port| row.tls || matches!(port.as_str(), "80" | "443"));
        let protocols = web_protocols(&web);
        if let Some(tag) = &peer.fqdn_tag {
            let tag = host_tag(scene, row, tag)?;
            application.push(application_rule(row, &protocols, &source, tag));
            continue;
        }
        let Some(template) = &peer.host else { continue };
        if covered(scene, row, peer.covered_by.as_deref(), flows)? {
            continue;
        }
        let names = scene.values.texts(template, scene.inputs, row)?;
        if names.is_empty() {
            continue;
        }
        if !web.is_empty() && row.protocol.as_deref() != Some("Udp") {
            let destination = match &row.url_path {
                Some(path) if urls => {
                    ApplicationRuleDestination::Urls(names.iter().map(|name| format!("{name}{path}")).collect())
                }
                path => {
                    if path.is_some() {
                        reduced.push(row);
                    }
                    ApplicationRuleDestination::Hosts(names.iter().cloned().map(Known::Is).collect())
                }
            };
            application.push(application_rule(row, &protocols, &source, destination));
        }
        if other.is_empty() {
            continue;
        }
        if names_in_network_rules && names.iter().all(|name| !name.contains('*')) {
            network.push(NetworkRule {
                name: rule_name(row),
                description: description(row),
                protocols: BTreeSet::from([protocol_of(row, scene.inputs)?]),
                source: source.clone(),
                destination: NetworkRuleDestination::Hosts(names.into_iter().map(Known::Is).collect()),
                ports: other.into_iter().cloned().collect(),
                requirement_ids: BTreeSet::from([row.id.clone()]),
            });
        } else {
            inexpressible.push(row);
        }
    }
    warn(
        scene,
        &reduced,
        "URL paths reduced to their hosts",
        "A firewall tells paths apart only with `tls_inspection_enabled` (Premium). The whole host is opened for",
    );
    warn(
        scene,
        &inexpressible,
        "Hosts that no firewall rule can express",
        "Network rules take no wildcards, and host names only with `firewall_dns_proxy_enabled`. Not opened:",
    );
    let base = scene.egress.collection_priority_base;
    let prefix = &scene.shared.name_prefix;
    let [of_networks, of_applications] = collection_names(scene.shared.workload);
    if !network.is_empty() {
        let name = format!("{prefix}{of_networks}");
        policy.network_rule_collections.push(NetworkRuleCollection {
            name,
            priority: base,
            rules: network,
        });
    }
    if !application.is_empty() {
        let name = format!("{prefix}{of_applications}");
        policy.application_rule_collections.push(ApplicationRuleCollection {
            name,
            priority: base + 100,
            rules: application,
        });
    }
    Ok(())
}

/// What the collections of network and of application rules are called behind the user's `name_prefix`.
pub(crate) fn collection_names(workload: &str) -> [String; 2] {
    ["nrc", "arc"].map(|kind| format!("{kind}-{}", workload.replace('_', "-")))
}

/// Whether the flow is the firewall's alone: a row without a slot never becomes a security rule.
pub(super) fn is_its_own(scene: &Scene<'_>, row: &Requirement) -> bool {
    row.kind == Kind::Flow && row.rule.is_none() && scene.starts_here(row)
}

/// What one requirement becomes.
#[derive(Default)]
struct Rules {
    network: Vec<NetworkRule>,
    application: Vec<ApplicationRule>,
    inexpressible: Option<&'static Requirement>,
}

/// The rules of a flow that is the firewall's alone: to an FQDN tag, a service tag, or what an argument names.
fn own_rules(
    scene: &Scene<'_>,
    row: &'static Requirement,
    source: &FirewallSource,
    names_in_network_rules: bool,
) -> Result<Rules, Stop> {
    let mut rules = Rules::default();
    let Some(peer) = row.peer_in(scene.shared.environment) else {
        return Ok(rules);
    };
    let all: Vec<&String> = row.ports.iter().collect();
    if let Some(tag) = &peer.fqdn_tag {
        let tag = host_tag(scene, row, tag)?;
        rules
            .application
            .push(application_rule(row, &web_protocols(&all), source, tag));
    }
    let mut destinations = Vec::new();
    if let Some(template) = &peer.service_tag {
        let tags = scene.values.tags(template, scene.shared, scene.inputs, row)?;
        destinations.extend(
            tags.into_iter()
                .map(|(place, tag)| (place.suffix, NetworkRuleDestination::Tag(tag))),
        );
    }
    let argument = peer.argument.as_deref().unwrap_or_default();
    if let Some(prefixes) = scene.prefixes.get(argument).filter(|prefixes| !prefixes.is_empty()) {
        let addresses = prefixes.iter().map(ToString::to_string).collect();
        destinations.push((String::new(), NetworkRuleDestination::Addresses(addresses)));
    }
    if let Some(names) = scene.values.0.get(argument).filter(|names| !names.is_empty()) {
        let names: BTreeSet<_> = names.iter().cloned().map(Known::Is).collect();
        let web = row.ports.iter().all(|port| matches!(port.as_str(), "80" | "443"));
        if web && row.protocol.as_deref() == Some("Tcp") {
            let hosts = ApplicationRuleDestination::Hosts(names);
            rules
                .application
                .push(application_rule(row, &web_protocols(&all), source, hosts));
        } else if names_in_network_rules {
            destinations.push(("_by_name".to_owned(), NetworkRuleDestination::Hosts(names)));
        } else {
            rules.inexpressible = Some(row);
        }
    }
    for (suffix, destination) in destinations {
        rules.network.push(NetworkRule {
            name: format!("{}{suffix}", rule_name(row)),
            description: description(row),
            protocols: BTreeSet::from([protocol_of(row, scene.inputs)?]),
            source: source.clone(),
            destination,
            ports: ports(row),
            requirement_ids: BTreeSet::from([row.id.clone()]),
        });
    }
    Ok(rules)
}

fn host_tag(scene: &Scene<'_>, row: &Requirement, tag: &str) -> Result<ApplicationRuleDestination, Stop> {
    let known = HOST_TAGS.into_iter().find(|known| *known == tag);
    known
        .map(|tag| ApplicationRuleDestination::HostTag(tag.into()))
        .ok_or_else(|| super::rules::malformed(row, scene.inputs))
}

/// Private endpoints may stand behind the firewall too: then it sees their addresses, which no tag covers.
fn private_endpoints(scene: &Scene<'_>, source: &FirewallSource) -> Result<Vec<NetworkRule>, Stop> {
    let argument = "private_endpoint_address_prefixes";
    let Some(prefixes) = scene.prefixes.get(argument).filter(|prefixes| !prefixes.is_empty()) else {
        return Ok(Vec::new());
    };
    let addresses: BTreeSet<String> = prefixes.iter().map(ToString::to_string).collect();
    let mut rules = Vec::new();
    for row in scene.rows(&[Kind::Flow]).filter(|row| scene.starts_here(row)) {
        let peer = row.peer_in(scene.shared.environment);
        let to_them = |peer: &Peer| {
            [&peer.argument, &peer.peered]
                .into_iter()
                .flatten()
                .any(|named| named == argument)
        };
        if let Some(rule) = &row.rule
            && peer.is_some_and(to_them)
        {
            rules.push(NetworkRule {
                name: rule.name.clone(),
                description: description(row),
                protocols: BTreeSet::from([protocol_of(row, scene.inputs)?]),
                source: source.clone(),
                destination: NetworkRuleDestination::Addresses(addresses.clone()),
                ports: ports(row),
                requirement_ids: BTreeSet::from([row.id.clone()]),
            });
        }
    }
    Ok(rules)
}

/// Whether a network rule to a tag lets the host pass already.
fn covered(scene: &Scene<'_>, row: &Requirement, template: Option<&str>, flows: &[TagFlow]) -> Result<bool, Stop> {
    let Some(template) = template else { return Ok(false) };
    let tags = scene.values.tags(template, scene.shared, scene.inputs, row)?;
    let opened = |tag: &str| {
        flows.iter().any(|flow| {
            flow.tag.as_str() == tag
                && (flow.row.ports.is_empty() || row.ports.iter().all(|port| flow.row.ports.contains(port)))
        })
    };
    Ok(tags.iter().all(|(_, tag)| opened(tag.as_str())))
}

fn source(scene: &Scene<'_>) -> Result<FirewallSource, Stop> {
    if !scene.egress.source_ip_groups.is_empty() {
        return Ok(FirewallSource::Groups(Known::Is(scene.egress.source_ip_groups.clone())));
    }
    let path = scene.inputs.path("subnet_address_prefixes");
    let refused = |summary, detail| Err(scene.inputs.findings().error(path.clone(), summary, detail));
    if scene.shared.subnet.is_empty() {
        return refused(
            "Missing argument",
            "The firewall's rules need to know who sends: set `subnet_address_prefixes`, or `egress.source_ip_group_ids`.",
        );
    }
    // 0.0.0.0/0 leads no IPv6 packet to the firewall, and Azure Firewall takes none.
    let ipv4 = scene
        .shared
        .subnet
        .iter()
        .filter(|prefix| prefix.family() == Family::V4);
    let ipv4: BTreeSet<String> = ipv4.map(ToString::to_string).collect();
    if ipv4.is_empty() {
        return refused(
            "IPv4 needed",
            "`subnet_address_prefixes` has IPv6 prefixes only, and Azure Firewall takes no IPv6 packets: add the subnet's IPv4 prefix.",
        );
    }
    Ok(FirewallSource::Addresses(ipv4))
}

fn web_protocols(ports: &[&String]) -> BTreeSet<(ApplicationProtocol, u16)> {
    let protocol = |port: &&String| match port.as_str() {
        "80" => Some((ApplicationProtocol::Http, 80)),
        port => Some((ApplicationProtocol::Https, port.parse().ok()?)),
    };
    ports.iter().filter_map(protocol).collect()
}

fn application_rule(
    row: &Requirement,
    protocols: &BTreeSet<(ApplicationProtocol, u16)>,
    source: &FirewallSource,
    destination: ApplicationRuleDestination,
) -> ApplicationRule {
    ApplicationRule {
        name: rule_name(row),
        description: description(row),
        protocols: protocols.clone(),
        source: source.clone(),
        destination,
        requirement_ids: BTreeSet::from([row.id.clone()]),
    }
}

fn rule_name(row: &Requirement) -> String {
    row.id.to_lowercase()
}

fn description(row: &Requirement) -> String {
    Description::of(&row.purpose, &row.id).as_str().to_owned()
}

fn ports(row: &Requirement) -> BTreeSet<String> {
    if row.ports.is_empty() {
        BTreeSet::from(["*".to_owned()])
    } else {
        row.ports.iter().cloned().collect()
    }
}

fn warn(scene: &Scene<'_>, rows: &[&'static Requirement], summary: &str, text: &str) {
    if rows.is_empty() {
        return;
    }
    let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
    let detail = format!("{text} {}.", ids.join(", "));
    scene
        .inputs
        .findings()
        .warning(scene.inputs.path("egress"), summary, detail);
}
