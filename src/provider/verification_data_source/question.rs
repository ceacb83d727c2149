//! Reading what is to be proven. What cannot be read is an error: less would be proven than was asked.

use std::{collections::BTreeMap, path::Path as FilePath};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    network::{Access, Flow, FlowPeer, NetworkPolicy, Prefix, Route, SecurityRule},
    proof::{
        addresses::{self, AddressSet},
        firewall::{Collection, Layer},
        model::WayOut,
    },
    provider::{configuration::Session, endpoint_tags, given_flow, given_routes, given_rules, policy},
    regions::Cloud,
    report::subnet::Part,
    service_tags,
};

/// What is to be proven.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) name: String,
    pub(super) source_uri: Option<String>,
    pub(super) parts: Vec<Part>,
    pub(super) rules_by_hand: bool,
    pub(super) groups: Vec<Vec<SecurityRule>>,
    pub(super) routes: Vec<Route>,
    pub(super) firewall: Option<Vec<Layer>>,
    pub(super) endpoint_tags: Vec<String>,
    pub(super) required: BTreeMap<String, Flow>,
    pub(super) forbidden: BTreeMap<String, Flow>,
    pub(super) network: Vec<Prefix>,
    pub(super) way_out: WayOut,
    pub(super) resolved_tags: BTreeMap<String, AddressSet>,
    pub(super) cloud: Cloud,
}

/// Reads the configuration.
pub(super) fn read(config: &Value, session: &Session, diagnostics: &mut Diagnostics) -> Option<Question> {
    let mut refuse = |path: Path, reason: String| {
        diagnostics.error_at(path, "Cannot be proven", format!("{reason}."));
    };
    let at = Path::attribute;
    let policies = config.attribute("policies").as_list().unwrap_or_default();
    let mut parts: Vec<Part> = Vec::new();
    let mut required = BTreeMap::new();
    let (mut rules, mut routes) = (Vec::new(), Vec::new());
    let (mut collections, mut endpoint_tags) = (Layer::new(), Vec::new());
    let (rules_given, routes_given) = (
        !config.attribute("security_rules").is_null(),
        !config.attribute("routes").is_null(),
    );
    for (position, value) in policies.iter().enumerate() {
        let path = || at("policies").index(position);
        let read = match policy::network_policy(value) {
            Ok(read) => read,
            Err(error) => {
                refuse(path(), error.to_string());
                continue;
            }
        };
        endpoint_tags.extend(reached_by_endpoints(value, &read));
        let said = read.clone();
        collections.extend(
            read.network_rule_collections
                .into_iter()
                .map(|collection| Collection::Network(Access::Allow, collection)),
        );
        collections.extend(
            read.application_rule_collections
                .into_iter()
                .map(|collection| Collection::Application(Access::Allow, collection)),
        );
        required.extend(
            read.flows
                .into_iter()
                .map(|(key, flow)| (format!("{position}/{key}"), flow)),
        );
        if !rules_given {
            rules.extend(read.security_rules.into_values());
        }
        if !routes_given {
            routes.extend(read.routes.into_values());
        }
        let head = policy::Head::of(value);
        parts.push(Part {
            workload: value.attribute("workload").as_str().unwrap_or_default().to_owned(),
            edition: head.edition,
            environment: head.environment,
            location: head.location,
            policy: said,
        });
    }
    if policies.len() == 1 {
        required = required
            .into_iter()
            .map(|(key, flow)| (key.trim_start_matches("0/").to_owned(), flow))
            .collect();
    }
    if rules_given {
        match given_rules::read(config.attribute("security_rules")) {
            Ok(read) => rules = read,
            Err(reason) => refuse(at("security_rules"), reason),
        }
    }
    if routes_given {
        match given_routes::read(config.attribute("routes")) {
            Ok(read) => routes = read,
            Err(reason) => refuse(at("routes"), reason),
        }
    }
    let mut groups = vec![rules];
    if !config.attribute("network_interface_security_rules").is_null() {
        match given_rules::read(config.attribute("network_interface_security_rules")) {
            Ok(read) => groups.push(read),
            Err(reason) => refuse(at("network_interface_security_rules"), reason),
        }
    }
    let mut forbidden = BTreeMap::new();
    for (name, into) in [("required_flows", &mut required), ("forbidden_flows", &mut forbidden)] {
        for (key, flow) in config.attribute(name).as_map().into_iter().flatten() {
            match given_flow::read(flow) {
                Ok(flow) => {
                    into.insert(key.clone(), flow);
                }
                Err(reason) => refuse(at(name).key(key), reason),
            }
        }
    }
    let mut network = Vec::new();
    for text in given_rules::words(config.attribute("virtual_network_address_spaces")).unwrap_or_default() {
        match given_rules::prefix(&text) {
            Some(prefix) => network.push(prefix),
            None => refuse(
                at("virtual_network_address_spaces"),
                format!("`{text}` is not an address prefix"),
            ),
        }
    }
    let way_out = match config.attribute("outbound_method").as_str() {
        None => WayOut::NotSaid,
        Some("none") => WayOut::Missing,
        Some("nat_gateway" | "public_ip" | "load_balancer" | "default") => WayOut::Given,
        Some(other) => {
            let reason = format!("`{other}` is none of `nat_gateway`, `public_ip`, `load_balancer`, `default`, `none`");
            refuse(at("outbound_method"), reason);
            WayOut::NotSaid
        }
    };
    let resolved_tags = match config.attribute("service_tag_file").as_str() {
        None => BTreeMap::new(),
        Some(path) => match tags_in_use(path, &groups, &required, &forbidden) {
            Ok(tags) => tags,
            Err(reason) => {
                refuse(at("service_tag_file"), reason);
                BTreeMap::new()
            }
        },
    };
    let cloud = policies
        .iter()
        .find_map(|policy| policy.attribute("environment").as_str()?.parse().ok());
    let question = Question {
        name: name(config, &parts),
        source_uri: config.attribute("source_uri").as_str().map(str::to_owned),
        parts,
        rules_by_hand: rules_given,
        groups,
        routes,
        firewall: (!collections.is_empty()).then(|| vec![collections]),
        endpoint_tags,
        required,
        forbidden,
        network,
        way_out,
        resolved_tags,
        cloud: cloud.unwrap_or_else(|| session.environment()),
    };
    (!diagnostics.has_errors()).then_some(question)
}

/// What reports call the subnet: what the configuration says, else its workloads.
fn name(config: &Value, parts: &[Part]) -> String {
    if let Some(name) = config.attribute("name").as_str() {
        return name.to_owned();
    }
    let mut workloads: Vec<&str> = parts.iter().map(|part| part.workload.as_str()).collect();
    workloads.sort_unstable();
    workloads.dedup();
    match workloads.as_slice() {
        [] => "subnet".to_owned(),
        workloads => workloads.join(" + "),
    }
}

/// The tags that a policy's service endpoints reach past every route: those of its region and the region's pair.
fn reached_by_endpoints(value: &Value, policy: &NetworkPolicy) -> Vec<String> {
    let text = |name: &str| value.attribute(name).as_str().unwrap_or_default();
    let Ok(cloud) = text("environment").parse::<Cloud>() else {
        return Vec::new();
    };
    endpoint_tags::of_policy(&policy.service_endpoints, text("location"), cloud)
}

/// The addresses of the tags that rules and flows name. A tag that the file does not have stays a name.
fn tags_in_use(
    path: &str,
    groups: &[Vec<SecurityRule>],
    required: &BTreeMap<String, Flow>,
    forbidden: &BTreeMap<String, Flow>,
) -> Result<BTreeMap<String, AddressSet>, String> {
    let file = service_tags::file(FilePath::new(path)).map_err(|error| error.to_string())?;
    let sides = groups
        .iter()
        .flatten()
        .flat_map(|rule| [&rule.source, &rule.destination]);
    let of_rules = sides.filter_map(|side| match side {
        crate::network::AddressSide::Tag(tag) => Some(tag.as_str()),
        _ => None,
    });
    let of_flows = required
        .values()
        .chain(forbidden.values())
        .filter_map(|flow| match &flow.peer {
            FlowPeer::Tag(tag) => Some(tag.as_str()),
            _ => None,
        });
    let mut resolved = BTreeMap::new();
    for tag in of_rules.chain(of_flows) {
        if resolved.contains_key(tag) {
            continue;
        }
        let Ok(entry) = file.tag(tag, None) else { continue };
        let prefixes = entry.prefixes().map_err(|error| error.to_string())?;
        let prefixes: Vec<Prefix> = prefixes.into_iter().map(Prefix::from).collect();
        resolved.insert(tag.to_owned(), addresses::of_prefixes(&prefixes));
    }
    Ok(resolved)
}
