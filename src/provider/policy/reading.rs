//! A policy read back from its value, for the objects that take policies.

use std::collections::{BTreeMap, BTreeSet};

use tfplugin_rs::value::Value;

use super::{DEFAULT_ROUTE, FORMAT, OLDEST_FORMAT, Unreadable, WAIVED, flows};
use crate::network::{
    AddressSide, ApplicationProtocol, ApplicationRule, ApplicationRuleCollection, ApplicationRuleDestination,
    DefaultNextHop, DefaultRoute, Description, FirewallSource, FlowDirection, Host, Known, NetworkPolicy, NetworkRule,
    NetworkRuleCollection, NetworkRuleDestination, NextHop, OnPremisesFlow, PortRange, Ports, Prefix, Prerequisite,
    PrerequisiteStatus, Priority, Protocol, Route, RouteDestination, SecurityRule, SecurityRules, ServiceEndpoint,
};

type Read<T> = Result<T, Unreadable>;

/// The FQDN tags of Azure Firewall (azurerm's documentation of `destination_fqdn_tags`).
const FQDN_TAGS: [&str; 8] = [
    "AppServiceEnvironment",
    "AzureBackup",
    "AzureKubernetesService",
    "HDInsight",
    "MicrosoftActiveProtectionService",
    "WindowsDiagnostics",
    "WindowsUpdate",
    "WindowsVirtualDesktop",
];

/// The network policy of a value that [`super::value`] made.
pub(in crate::provider) fn network_policy(policy: &Value) -> Read<NetworkPolicy> {
    let format = At::root(policy).field("format");
    if !(OLDEST_FORMAT..=FORMAT).contains(&format.number()?) {
        return Err(
            format.refused("is of a format that this release does not know: expand the policy with the same release")
        );
    }
    let policy = At::root(policy);
    Ok(NetworkPolicy {
        flows: flows::from_value(policy.value.attribute("flows"))?,
        security_rules: policy.field("security_rules").entries(security_rule)?,
        counterpart_rules: policy
            .field("counterpart_rules")
            .entries(|rules| -> Read<SecurityRules> { rules.entries(security_rule) })?,
        routes: policy.field("routes").entries(route)?,
        default_route: default_route(&policy.field(DEFAULT_ROUTE))?,
        bgp_route_propagation_enabled: policy.field("bgp_route_propagation_enabled").value.as_bool(),
        network_rule_collections: policy
            .field("network_rule_collections")
            .elements(network_rule_collection)?,
        application_rule_collections: policy
            .field("application_rule_collections")
            .elements(application_rule_collection)?,
        service_endpoints: policy
            .field("service_endpoints")
            .elements(|name| {
                ServiceEndpoint::from_name(name.text()?).ok_or_else(|| name.refused("is no service endpoint of ours"))
            })?
            .into_iter()
            .collect(),
        hosts: policy.field("hosts").entries(host)?,
        on_premises_flows: policy.field("on_premises_flows").entries(on_premises_flow)?,
        prerequisites: policy.field("prerequisites").entries(prerequisite)?,
        warnings: policy.field("warnings").elements(|text| Ok(text.text()?.to_owned()))?,
        requirement_ids: policy.field("requirement_ids").words()?,
        waived: policy.field(WAIVED).entries(|reason| match reason.value {
            Value::Unknown(_) => Ok(Known::NotYet),
            _ => Ok(Known::Is(reason.text()?.to_owned())),
        })?,
    })
}

/// Entries by name, and the names of those that no type of ours admits.
pub(in crate::provider) type Readable<T> = (BTreeMap<String, T>, Vec<String>);

/// Security rules of a value in the shape of the output `security_rules`. `None` where there is no map.
pub(in crate::provider) fn security_rules(rules: &Value) -> Option<Readable<SecurityRule>> {
    readable(rules, security_rule)
}

/// Routes of a value in the shape of the output `routes`, likewise.
pub(in crate::provider) fn routes(routes: &Value) -> Option<Readable<Route>> {
    readable(routes, route)
}

fn readable<T>(entries: &Value, read: impl Fn(&At<'_>) -> Read<T>) -> Option<Readable<T>> {
    let (mut readable, mut unreadable) = (BTreeMap::new(), Vec::new());
    for (name, entry) in entries.as_map()? {
        match read(&At::root(entry)) {
            Ok(entry) => {
                readable.insert(name.clone(), entry);
            }
            Err(_) => unreadable.push(name.clone()),
        }
    }
    Some((readable, unreadable))
}

fn security_rule(rule: &At<'_>) -> Read<SecurityRule> {
    let (priority, description) = (rule.field("priority"), rule.field("description"));
    Ok(SecurityRule {
        name: rule.field("name").parsed()?,
        // A rule made by hand has none.
        description: match description.value {
            Value::Null => Description::text(""),
            _ => Description::text(description.text()?),
        },
        priority: Priority::try_from(priority.number()?).map_err(|_| priority.refused("is no priority"))?,
        direction: rule.field("direction").parsed()?,
        access: rule.field("access").parsed()?,
        protocol: rule.field("protocol").parsed()?,
        source: side(rule, "source")?,
        source_ports: ports(rule, "source")?,
        destination: side(rule, "destination")?,
        destination_ports: ports(rule, "destination")?,
        requirement_ids: rule.field("requirement_ids").words()?,
    })
}

fn side(rule: &At<'_>, name: &str) -> Read<AddressSide> {
    let groups = rule.field(&format!("{name}_application_security_group_ids"));
    if groups.value.is_unknown() {
        return Ok(AddressSide::Groups(Known::NotYet));
    }
    if !groups.value.is_null() {
        return Ok(AddressSide::Groups(Known::Is(groups.words()?)));
    }
    let one = rule.field(&format!("{name}_address_prefix"));
    match one.value.as_str() {
        Some("*") => Ok(AddressSide::Any),
        Some(text) => match text.parse::<Prefix>() {
            Ok(prefix) => Ok(AddressSide::Prefixes(BTreeSet::from([prefix]))),
            Err(_) => Ok(AddressSide::Tag(one.parsed()?)),
        },
        None => {
            let prefixes = rule
                .field(&format!("{name}_address_prefixes"))
                .elements(At::parsed::<Prefix>)?;
            Ok(AddressSide::Prefixes(prefixes.into_iter().collect()))
        }
    }
}

fn ports(rule: &At<'_>, name: &str) -> Read<Ports> {
    let one = rule.field(&format!("{name}_port_range"));
    match one.value.as_str() {
        Some("*") => Ok(Ports::Any),
        Some(_) => Ok(Ports::Ranges(BTreeSet::from([one.parsed::<PortRange>()?]))),
        None => {
            let ranges = rule
                .field(&format!("{name}_port_ranges"))
                .elements(At::parsed::<PortRange>)?;
            Ok(Ports::Ranges(ranges.into_iter().collect()))
        }
    }
}

fn route(route: &At<'_>) -> Read<Route> {
    let destination = route.field("address_prefix");
    let hop = route.field("next_hop_type");
    let address = route.field("next_hop_in_ip_address");
    Ok(Route {
        name: route.field("name").parsed()?,
        destination: match destination.text()?.parse::<Prefix>() {
            Ok(prefix) => RouteDestination::Prefix(prefix),
            Err(_) => RouteDestination::Tag(destination.parsed()?),
        },
        next_hop: match hop.text()? {
            "VirtualNetworkGateway" => NextHop::VirtualNetworkGateway,
            "VnetLocal" => NextHop::VnetLocal,
            "Internet" => NextHop::Internet,
            "None" => NextHop::None,
            "VirtualAppliance" if address.value.is_unknown() => NextHop::VirtualAppliance(Known::NotYet),
            "VirtualAppliance" => NextHop::VirtualAppliance(Known::Is(address.text()?.to_owned())),
            _ => return Err(hop.refused("is no next hop")),
        },
        requirement_ids: route.field("requirement_ids").words()?,
    })
}

fn default_route(route: &At<'_>) -> Read<Option<DefaultRoute>> {
    if route.value.is_null() {
        return Ok(None);
    }
    let hop = route.field("next_hop_type");
    Ok(Some(DefaultRoute {
        next_hop: DefaultNextHop::from_word(hop.text()?)
            .ok_or_else(|| hop.refused("is no next hop of a default route"))?,
        learned: route.field("learned").value.as_bool() == Some(true),
    }))
}

fn network_rule_collection(collection: &At<'_>) -> Read<NetworkRuleCollection> {
    Ok(NetworkRuleCollection {
        name: collection.field("name").text()?.to_owned(),
        priority: collection.field("priority").number()?,
        rules: collection.field("rule").elements(network_rule)?,
    })
}

fn network_rule(rule: &At<'_>) -> Read<NetworkRule> {
    let (addresses, hosts) = (rule.field("destination_addresses"), rule.field("destination_fqdns"));
    let protocols = rule.field("protocols").elements(|protocol| match protocol.text()? {
        "Any" => Ok(Protocol::Any),
        _ => protocol.parsed(),
    })?;
    let destination = if addresses.value.is_null() {
        NetworkRuleDestination::Hosts(known_hosts(&hosts)?)
    } else {
        let words = addresses.words()?;
        let is_tag = |text: &String| text.parse::<Prefix>().is_err() && text != "*";
        match words.first().filter(|text| words.len() == 1 && is_tag(text)) {
            Some(tag) => NetworkRuleDestination::Tag(tag.parse().map_err(|_| addresses.refused("is no service tag"))?),
            None => NetworkRuleDestination::Addresses(words),
        }
    };
    Ok(NetworkRule {
        name: rule.field("name").text()?.to_owned(),
        description: rule.field("description").text()?.to_owned(),
        protocols: protocols.into_iter().collect(),
        source: firewall_source(rule)?,
        destination,
        ports: rule.field("destination_ports").words()?,
        requirement_ids: rule.field("requirement_ids").words()?,
    })
}

fn application_rule_collection(collection: &At<'_>) -> Read<ApplicationRuleCollection> {
    Ok(ApplicationRuleCollection {
        name: collection.field("name").text()?.to_owned(),
        priority: collection.field("priority").number()?,
        rules: collection.field("rule").elements(application_rule)?,
    })
}

fn application_rule(rule: &At<'_>) -> Read<ApplicationRule> {
    let (hosts, tags, urls) = (
        rule.field("destination_fqdns"),
        rule.field("destination_fqdn_tags"),
        rule.field("destination_urls"),
    );
    let destination = if !urls.value.is_null() {
        ApplicationRuleDestination::Urls(urls.words()?)
    } else if !tags.value.is_null() {
        let words = tags.words()?;
        let known = FQDN_TAGS.into_iter().find(|tag| words.contains(*tag));
        ApplicationRuleDestination::HostTag(
            known
                .ok_or_else(|| tags.refused("is no FQDN tag of Azure Firewall"))?
                .into(),
        )
    } else {
        ApplicationRuleDestination::Hosts(known_hosts(&hosts)?)
    };
    let protocols = rule.field("protocols").elements(|protocol| {
        let (kind, port) = (protocol.field("type"), protocol.field("port"));
        let kind = match kind.text()? {
            "Http" => ApplicationProtocol::Http,
            "Https" => ApplicationProtocol::Https,
            _ => return Err(kind.refused("is no protocol of an application rule")),
        };
        Ok((
            kind,
            u16::try_from(port.number()?).map_err(|_| port.refused("is no port"))?,
        ))
    })?;
    Ok(ApplicationRule {
        name: rule.field("name").text()?.to_owned(),
        description: rule.field("description").text()?.to_owned(),
        protocols: protocols.into_iter().collect(),
        source: firewall_source(rule)?,
        destination,
        requirement_ids: rule.field("requirement_ids").words()?,
    })
}

fn firewall_source(rule: &At<'_>) -> Read<FirewallSource> {
    let groups = rule.field("source_ip_groups");
    if groups.value.is_unknown() {
        return Ok(FirewallSource::Groups(Known::NotYet));
    }
    if groups.value.is_null() {
        return Ok(FirewallSource::Addresses(rule.field("source_addresses").words()?));
    }
    Ok(FirewallSource::Groups(Known::Is(groups.words()?)))
}

fn known_hosts(hosts: &At<'_>) -> Read<BTreeSet<Known<String>>> {
    if hosts.value.is_unknown() {
        return Ok(BTreeSet::from([Known::NotYet]));
    }
    Ok(hosts.words()?.into_iter().map(Known::Is).collect())
}

fn host(host: &At<'_>) -> Read<Host> {
    Ok(Host {
        host: host.field("host").text()?.to_owned(),
        protocol: host.field("protocol").parsed()?,
        ports: host.field("ports").words()?,
        initiator: host.field("initiator").text()?.to_owned(),
        websocket: host.field("websocket").value.as_bool() == Some(true),
        service_tag: host.field("service_tag").value.as_str().map(str::to_owned),
        requirement_ids: host.field("requirement_ids").words()?,
    })
}

fn on_premises_flow(flow: &At<'_>) -> Read<OnPremisesFlow> {
    let direction = flow.field("direction");
    let directions = [FlowDirection::ToOnPremises, FlowDirection::FromOnPremises];
    let word = direction.text()?;
    let source = flow.field("source");
    Ok(OnPremisesFlow {
        source: match source.value.is_unknown() {
            true => Known::NotYet,
            false => Known::Is(source.words()?),
        },
        destination: flow.field("destination").words()?,
        protocol: flow.field("protocol").parsed()?,
        ports: flow.field("ports").words()?,
        direction: directions
            .into_iter()
            .find(|direction| direction.as_str() == word)
            .ok_or_else(|| direction.refused("is no direction"))?,
        requirement_ids: flow.field("requirement_ids").words()?,
    })
}

fn prerequisite(prerequisite: &At<'_>) -> Read<Prerequisite> {
    let status = prerequisite.field("status");
    let all = [
        PrerequisiteStatus::Satisfied,
        PrerequisiteStatus::NotSatisfied,
        PrerequisiteStatus::Unknown,
    ];
    let word = status.text()?;
    Ok(Prerequisite {
        summary: prerequisite.field("summary").text()?.to_owned(),
        status: all
            .into_iter()
            .find(|status| status.as_str() == word)
            .ok_or_else(|| status.refused("is no status"))?,
        remedy: prerequisite.field("remedy").text()?.to_owned(),
        citation: prerequisite.field("citation").text()?.to_owned(),
    })
}

/// A value and where in the policy it is.
struct At<'v> {
    place: String,
    value: &'v Value,
}

impl<'v> At<'v> {
    fn root(value: &'v Value) -> At<'v> {
        At {
            place: String::new(),
            value,
        }
    }

    fn refused(&self, reason: &str) -> Unreadable {
        Unreadable::new(&self.place, reason)
    }

    fn field(&self, name: &str) -> At<'v> {
        let place = if self.place.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.place)
        };
        At {
            place,
            value: self.value.attribute(name),
        }
    }

    fn entries<T>(&self, read: impl Fn(&At<'v>) -> Read<T>) -> Read<BTreeMap<String, T>> {
        let entries = self.value.as_map().ok_or_else(|| self.refused("is not a map"))?;
        let entry = |(key, value): (&String, &'v Value)| {
            let at = At {
                place: format!("{}[\"{key}\"]", self.place),
                value,
            };
            Ok((key.clone(), read(&at)?))
        };
        entries.iter().map(entry).collect()
    }

    fn elements<T>(&self, read: impl Fn(&At<'v>) -> Read<T>) -> Read<Vec<T>> {
        let Value::List(elements) = self.value else {
            return Err(self.refused("is not a list or set"));
        };
        let element = |(index, value): (usize, &'v Value)| {
            let at = At {
                place: format!("{}[{index}]", self.place),
                value,
            };
            read(&at)
        };
        elements.iter().enumerate().map(element).collect()
    }

    fn words(&self) -> Read<BTreeSet<String>> {
        if self.value.is_null() {
            return Ok(BTreeSet::new());
        }
        Ok(self.elements(|word| Ok(word.text()?.to_owned()))?.into_iter().collect())
    }

    fn text(&self) -> Read<&'v str> {
        self.value.as_str().ok_or_else(|| self.refused("is not a text"))
    }

    fn number(&self) -> Read<i64> {
        let number = self.value.as_number().and_then(|number| number.to_i64());
        number.ok_or_else(|| self.refused("is not a whole number"))
    }

    fn parsed<T: std::str::FromStr>(&self) -> Read<T> {
        self.text()?.parse().map_err(|_| self.refused("cannot be read"))
    }
}
