//! Reading what is to be proven. What cannot be read is an error: less would be proven than was asked.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path as FilePath,
};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    network::{AddressSide, Flow, FlowPeer, NetworkPolicy, Prefix, Route, SecurityRule},
    proof::{
        addresses::AddressSet,
        firewall::{self, Layer},
        model::{Given, Model, WayOut, appliances, learned},
        routes::Hop,
    },
    provider::{
        composition_data_source,
        configuration::Session,
        endpoint_tags,
        given_collections::{self, IpGroups},
        given_flow,
        given_peers::Peers,
        given_routes, given_rules, policy, resolved_tags,
    },
    regions::Cloud,
    report::subnet::Part,
    service_tags,
};

/// What is to be proven.
#[derive(Debug)]
pub(in crate::provider) struct Question {
    pub(in crate::provider) name: String,
    pub(in crate::provider) source_uri: Option<String>,
    pub(in crate::provider) parts: Vec<Part>,
    pub(in crate::provider) rules_by_hand: bool,
    pub(in crate::provider) firewall_by_hand: bool,
    pub(in crate::provider) groups: Vec<Vec<SecurityRule>>,
    pub(in crate::provider) routes: Vec<Route>,
    pub(in crate::provider) learned_default: Option<Hop>,
    pub(in crate::provider) firewall: Option<Vec<Layer>>,
    /// Where the firewall stands; nowhere in particular where nobody says it.
    pub(in crate::provider) firewall_addresses: BTreeSet<String>,
    pub(in crate::provider) endpoint_tags: Vec<String>,
    /// The service endpoints that the subnet has, where somebody looked.
    pub(in crate::provider) service_endpoints: Option<BTreeSet<String>>,
    pub(in crate::provider) required: BTreeMap<String, Flow>,
    pub(in crate::provider) forbidden: BTreeMap<String, Flow>,
    pub(in crate::provider) network: Vec<Prefix>,
    pub(in crate::provider) way_out: WayOut,
    pub(in crate::provider) resolved_tags: BTreeMap<String, AddressSet>,
    pub(in crate::provider) cloud: Cloud,
}

impl Question {
    /// What is to be proven, ready for questions.
    pub(in crate::provider) fn model(&self) -> Model {
        Model::new(&self.given())
    }

    fn given(&self) -> Given<'_> {
        Given {
            groups: self.groups.iter().map(|rules| rules.iter().collect()).collect(),
            routes: self.routes.iter().collect(),
            learned_default: self.learned_default.clone(),
            firewall: self.firewall.clone(),
            firewall_addresses: self.firewall_addresses.clone(),
            endpoint_tags: self.endpoint_tags.clone(),
            way_out: self.way_out,
            network: self.network.clone(),
            subnet: self.subnet(),
            flows: self.required.clone(),
            resolved_tags: self.resolved_tags.clone(),
        }
    }

    /// Replaces the tags that it names anywhere by their addresses. The text is why that is not possible.
    pub(in crate::provider) fn resolve_tags(&mut self, file: &str) -> Result<(), String> {
        let mut tags = self.given().tags();
        for flow in self.forbidden.values() {
            if let FlowPeer::Tag(tag) = &flow.peer {
                tags.insert(tag.as_str().to_owned());
            }
        }
        self.resolved_tags = resolved_tags::of(file, self.cloud, &tags)?;
        Ok(())
    }

    /// The subnet's own prefixes, as far as what is required says them.
    fn subnet(&self) -> Vec<Prefix> {
        let locals = self.required.values().filter_map(|flow| match &flow.local {
            AddressSide::Prefixes(prefixes) => Some(prefixes),
            _ => None,
        });
        let prefixes: BTreeSet<Prefix> = locals.flatten().copied().collect();
        prefixes.into_iter().collect()
    }
}

/// How packets leave, by the word of `outbound_method`.
pub(in crate::provider) fn outbound_method(word: &str) -> Result<WayOut, String> {
    match word {
        "none" => Ok(WayOut::Missing),
        "nat_gateway" | "public_ip" | "load_balancer" | "default" => Ok(WayOut::Given),
        other => Err(format!(
            "`{other}` is none of `nat_gateway`, `public_ip`, `load_balancer`, `default`, `none`"
        )),
    }
}

/// Reads the configuration.
pub(in crate::provider) fn read(config: &Value, session: &Session, diagnostics: &mut Diagnostics) -> Option<Question> {
    let mut refuse = |path: Path, reason: String| {
        diagnostics.error_at(path, "Cannot be proven", format!("{reason}."));
    };
    let at = Path::attribute;
    let policies = config.attribute("policies").as_list().unwrap_or_default();
    let mut parts: Vec<Part> = Vec::new();
    let mut required = BTreeMap::new();
    let mut endpoint_tags = Vec::new();
    let is_given = |name: &str| !config.attribute(name).is_null();
    let (rules_given, routes_given, collections_given) = (
        is_given("security_rules"),
        is_given("routes"),
        is_given("rule_collection_groups"),
    );
    for (position, value) in policies.iter().enumerate() {
        let read = match policy::network_policy(value) {
            Ok(read) => read,
            Err(error) => {
                refuse(at("policies").index(position), error.to_string());
                continue;
            }
        };
        endpoint_tags.extend(reached_by_endpoints(value, &read));
        let flows = read.flows.iter();
        required.extend(flows.map(|(key, flow)| (format!("{position}/{key}"), flow.clone())));
        let head = policy::Head::of(value);
        parts.push(Part {
            workload: value.attribute("workload").as_str().unwrap_or_default().to_owned(),
            edition: head.edition,
            environment: head.environment,
            location: head.location,
            policy: read,
        });
    }
    for (what, said) in [
        (
            "environment",
            parts.iter().map(|part| &part.environment).collect::<BTreeSet<_>>(),
        ),
        ("location", parts.iter().map(|part| &part.location).collect()),
    ] {
        let said: Vec<&String> = said.into_iter().filter(|text| !text.is_empty()).collect();
        if let [one, other, ..] = said.as_slice() {
            let reason = format!("one policy has `{what}` `{one}`, another `{other}`: a subnet is in one place");
            refuse(at("policies"), reason);
        }
    }
    // What is given apart need not fit together.
    let mut standing: Vec<(String, NetworkPolicy)> = parts
        .iter()
        .map(|part| {
            let mut policy = part.policy.clone();
            policy.counterpart_rules.clear();
            if rules_given {
                policy.security_rules.clear();
            }
            if routes_given {
                policy.routes.clear();
                policy.bgp_route_propagation_enabled = None;
            }
            if collections_given {
                policy.network_rule_collections.clear();
                policy.application_rule_collections.clear();
            }
            (part.workload.clone(), policy)
        })
        .collect();
    let together = match standing.len() {
        0 | 1 => standing.pop().map(|(_, policy)| policy).unwrap_or_default(),
        _ => match composition_data_source::compose_named(standing) {
            Ok(composition) => composition.policy,
            Err(conflicts) => {
                for conflict in conflicts {
                    refuse(at("policies"), conflict.to_string());
                }
                NetworkPolicy::default()
            }
        },
    };
    let collections = firewall::of_policy(&together);
    let learned_default = together.default_route.and_then(learned);
    let mut rules: Vec<SecurityRule> = together.security_rules.into_values().collect();
    let mut routes: Vec<Route> = together.routes.into_values().collect();
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
    let cloud = policies
        .iter()
        .find_map(|policy| policy.attribute("environment").as_str()?.parse().ok());
    let cloud = cloud.unwrap_or_else(|| session.environment());
    let mut peers = Peers::of_cloud(Some(cloud));
    for part in &parts {
        peers.add_policy(&part.policy);
    }
    peers.add_rules(groups.iter().flatten());
    // A file that cannot be read is said where its addresses are needed.
    if let Some(Ok(file)) = config
        .attribute("service_tag_file")
        .as_str()
        .map(|path| service_tags::file(FilePath::new(path)))
    {
        peers.add_tags(file.tags().map(|tag| tag.name()));
    }
    let keys: BTreeSet<String> = required.keys().cloned().collect();
    let mut forbidden = BTreeMap::new();
    for (name, into) in [("required_flows", &mut required), ("forbidden_flows", &mut forbidden)] {
        for (key, flow) in config.attribute(name).as_map().into_iter().flatten() {
            match given_flow::read(flow, &peers) {
                Ok(_) if name == "required_flows" && keys.contains(key) => refuse(
                    at(name).key(key),
                    format!(
                        "`{key}` is what a policy calls a flow of its own, which this one would take the place of: choose another name"
                    ),
                ),
                Ok(flow) => {
                    into.insert(key.clone(), flow);
                }
                Err(reason) => refuse(at(name).key(key), reason),
            }
        }
    }
    // Rules alone have exposure and lint to say.
    let arguments = [
        "required_flows",
        "forbidden_flows",
        "security_rules",
        "network_interface_security_rules",
        "routes",
        "rule_collection_groups",
    ];
    if policies.is_empty() && !arguments.into_iter().any(is_given) {
        let reason = "there is nothing to prove, and nothing would be proven: give `policies`, `required_flows` or `forbidden_flows`";
        refuse(at("policies"), reason.to_owned());
    }
    let subnet = given_flow::own_prefixes(parts.iter().map(|part| &part.policy));
    for flow in required.values_mut().chain(forbidden.values_mut()) {
        given_flow::stand_at(flow, &subnet);
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
        Some(word) => outbound_method(word).unwrap_or_else(|reason| {
            refuse(at("outbound_method"), reason);
            WayOut::NotSaid
        }),
    };
    let firewall = match config.attribute("rule_collection_groups") {
        Value::Null => (!collections.is_empty()).then(|| vec![collections]),
        given => match given_collections::read(given, &IpGroups::new()) {
            Ok(layers) => Some(layers),
            Err(reason) => {
                diagnostics.error_at(at("rule_collection_groups"), "Cannot be proven", format!("{reason}."));
                None
            }
        },
    };
    let mut question = Question {
        name: name(config, &parts),
        source_uri: config.attribute("source_uri").as_str().map(str::to_owned),
        firewall_addresses: appliances(parts.iter().flat_map(|part| part.policy.routes.values())),
        parts,
        rules_by_hand: rules_given,
        firewall_by_hand: collections_given,
        groups,
        routes,
        learned_default,
        firewall,
        endpoint_tags,
        service_endpoints: None,
        required,
        forbidden,
        network,
        way_out,
        resolved_tags: BTreeMap::new(),
        cloud,
    };
    if let Some(path) = config.attribute("service_tag_file").as_str()
        && let Err(reason) = question.resolve_tags(path)
    {
        diagnostics.error_at(at("service_tag_file"), "Cannot be proven", format!("{reason}."));
    }
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
