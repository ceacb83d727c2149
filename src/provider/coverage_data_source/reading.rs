//! Everything in Azure that decides about a subnet's packets, as it stands there.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;
use tfplugin_rs::{
    diagnostic::Diagnostics,
    value::{Path, Value},
};

use crate::{
    azure::{ArmClient, ArmError, Call, Document, ResourceId},
    network::Prefix,
    provider::{
        azure_readers,
        configuration::Session,
        given_collections::IpGroups,
        given_rules,
        workload_resource::forms::{Entries, ROUTES, RULES, collection},
    },
};

const NETWORK: &str = "Microsoft.Network";

/// Policies inherit from one another; more than these are a circle.
const MOST_POLICIES: usize = 8;

/// The objects that a configuration names.
#[derive(Debug)]
pub(super) struct Ids {
    subnet: ResourceId,
    interface_group: Option<ResourceId>,
    firewall: Option<ResourceId>,
    policy: Option<ResourceId>,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The subnet's name.
    pub(super) name: String,
    /// The subnet.
    pub(super) subnet: Json,
    /// The virtual network.
    pub(super) network: Json,
    /// The rules of the subnet's group; `None` where it has none.
    pub(super) rules: Option<Entries>,
    /// The rules of the group at the network interface.
    pub(super) interface_rules: Option<Entries>,
    /// The routes of the subnet's table; none where it has none.
    pub(super) routes: Entries,
    /// The firewall's rule collection groups in the order in which it looks at them; `None` where no firewall is named.
    pub(super) groups: Option<Vec<Value>>,
    /// Addresses of the IP groups that the firewall's rules name.
    pub(super) ip_groups: IpGroups,
    /// The firewall's private addresses, where it is named itself.
    pub(super) firewall_addresses: BTreeSet<String>,
}

/// Why something was not read.
#[derive(Debug)]
pub(super) enum Setback {
    /// Azure refuses.
    Refused(&'static str, &'static str, Box<ArmError>),
    /// It does not exist.
    Missing(&'static str, &'static str, Box<ResourceId>),
    /// An id in Azure's answer is none.
    Unreadable(&'static str, String),
}

impl Setback {
    pub(super) fn report(&self, diagnostics: &mut Diagnostics) {
        match self {
            Setback::Refused(what, argument, error) => azure_readers::not_read(what, argument, error, diagnostics),
            Setback::Missing(what, argument, id) => {
                let detail = format!(
                    "`{id}` does not exist. Correct `{argument}`, or let this data source depend on what makes the object."
                );
                diagnostics.error_at(Path::attribute(*argument), format!("{what} not found"), detail);
            }
            Setback::Unreadable(argument, text) => {
                let detail = format!("Azure's answer refers to `{text}`, which is no ARM id.");
                diagnostics.error_at(Path::attribute(*argument), "Reference not understood", detail);
            }
        }
    }
}

/// The ids of a configuration; `None` while one is not known, or after an error.
pub(super) fn ids(config: &Value, diagnostics: &mut Diagnostics) -> Option<Ids> {
    let mut id = |argument: &str, kinds: &[&str]| azure_readers::id(config, argument, (NETWORK, kinds), diagnostics);
    let subnet = id("subnet_id", &["virtualNetworks", "subnets"]);
    let interface_group = id("network_interface_security_group_id", &["networkSecurityGroups"]);
    let firewall = id("firewall_id", &["azureFirewalls"]);
    let policy = id("firewall_policy_id", &["firewallPolicies"]);
    // What is not known yet may turn out to be null.
    let set = |name: &str| config.attribute(name).as_str().is_some();
    if set("firewall_id") && set("firewall_policy_id") {
        let detail = "`firewall_id` and `firewall_policy_id` are both set, but a firewall with a policy has no rules beside it. Keep `firewall_id`: \
                      its policy is found.";
        diagnostics.error_at(Path::attribute("firewall_policy_id"), "Conflicting arguments", detail);
    }
    if diagnostics.has_errors() {
        return None;
    }
    Some(Ids {
        subnet: subnet?,
        interface_group,
        firewall,
        policy,
    })
}

/// Reads all of it.
pub(super) async fn look(session: &Session, ids: &Ids, call: &Call) -> Result<Seen, Setback> {
    let client = &session.client;
    let subnet = found(
        "Subnet",
        "subnet_id",
        &ids.subnet,
        client.subnets().get(&ids.subnet, call).await,
    )?;
    let (group, table) = (
        reference(&subnet, "networkSecurityGroup", "subnet_id")?,
        reference(&subnet, "routeTable", "subnet_id")?,
    );
    let network = ids.subnet.parent().unwrap_or_else(|| ids.subnet.clone());
    let (network, rules, interface_rules, routes, firewall) = tokio::join!(
        async {
            let document = client.virtual_networks().get(&network, call).await;
            found("Virtual network", "subnet_id", &network, document)
        },
        rules(client, group.as_ref(), "subnet_id", call),
        rules(
            client,
            ids.interface_group.as_ref(),
            "network_interface_security_group_id",
            call
        ),
        async {
            let Some(id) = &table else { return Ok(Entries::new()) };
            let table = found(
                "Route table",
                "subnet_id",
                id,
                client.route_tables().get(id, call).await,
            )?;
            Ok::<Entries, Setback>(ROUTES.split(&table, &Entries::new(), |_| true).1)
        },
        firewall(client, ids, call),
    );
    let firewall = firewall?;
    let ip_groups = ip_groups(
        client,
        firewall.groups.as_deref().unwrap_or_default(),
        firewall.argument,
        call,
    )
    .await?;
    Ok(Seen {
        name: ids.subnet.name().to_owned(),
        network: network?,
        rules: rules?,
        interface_rules: interface_rules?,
        routes: routes?,
        groups: firewall.groups,
        firewall_addresses: firewall.addresses,
        ip_groups,
        subnet,
    })
}

impl Seen {
    /// The subnet's prefixes.
    pub(super) fn prefixes(&self) -> Vec<Prefix> {
        prefixes(&self.subnet, "/properties/addressPrefix")
            .into_iter()
            .chain(prefixes(&self.subnet, "/properties/addressPrefixes"))
            .collect()
    }

    /// The spaces of the virtual network and of the networks it is connected with.
    pub(super) fn spaces(&self) -> Vec<Prefix> {
        let mut spaces = prefixes(&self.network, "/properties/addressSpace/addressPrefixes");
        for peering in array(self.network.pointer("/properties/virtualNetworkPeerings")) {
            let says = |field: &str| peering.pointer(&format!("/properties/{field}"));
            let connected = says("peeringState").and_then(Json::as_str) == Some("Connected");
            if connected && says("allowVirtualNetworkAccess").and_then(Json::as_bool) != Some(false) {
                spaces.extend(prefixes(peering, "/properties/remoteAddressSpace/addressPrefixes"));
                spaces.extend(prefixes(
                    peering,
                    "/properties/remoteVirtualNetworkAddressSpace/addressPrefixes",
                ));
            }
        }
        spaces.sort();
        spaces.dedup();
        spaces
    }

    /// The subnet's service endpoints with the locations each reaches.
    pub(super) fn service_endpoints(&self) -> BTreeMap<String, Vec<String>> {
        let endpoints = array(self.subnet.pointer("/properties/serviceEndpoints")).iter();
        endpoints
            .filter_map(|endpoint| {
                let locations = array(endpoint.get("locations")).iter().filter_map(Json::as_str);
                let service = endpoint.get("service")?.as_str()?.to_owned();
                Some((service, locations.map(str::to_owned).collect()))
            })
            .collect()
    }
}

/// The rules of a group; `None` where there is no group.
async fn rules(
    client: &ArmClient,
    id: Option<&ResourceId>,
    argument: &'static str,
    call: &Call,
) -> Result<Option<Entries>, Setback> {
    let Some(id) = id else { return Ok(None) };
    let group = client.network_security_groups().get(id, call).await;
    let group = found("Network security group", argument, id, group)?;
    Ok(Some(RULES.split(&group, &Entries::new(), |_| true).1))
}

/// A firewall's rules, and where it stands.
#[derive(Default)]
struct Firewall {
    groups: Option<Vec<Value>>,
    addresses: BTreeSet<String>,
    argument: &'static str,
}

/// The firewall's rules: its policy's, those of the policies it inherits from first, or its own.
async fn firewall(client: &ArmClient, ids: &Ids, call: &Call) -> Result<Firewall, Setback> {
    const FIREWALL: &str = "firewall_id";
    let mut found_at = Firewall {
        argument: "firewall_policy_id",
        ..Firewall::default()
    };
    let mut policy = ids.policy.clone();
    if let Some(id) = &ids.firewall {
        let firewall = found("Firewall", FIREWALL, id, client.azure_firewalls().get(id, call).await)?;
        found_at.argument = FIREWALL;
        found_at.addresses = private_addresses(&firewall);
        policy = reference(&firewall, "firewallPolicy", FIREWALL)?;
        if policy.is_none() {
            found_at.groups = Some(vec![classic(id.name(), &firewall)]);
        }
    }
    let (mut chain, mut next) = (Vec::new(), policy);
    while let Some(id) = next.filter(|_| chain.len() < MOST_POLICIES) {
        let policy = client.firewall_policies().get(&id, call).await;
        let policy = found("Firewall policy", found_at.argument, &id, policy)?;
        next = reference(&policy, "basePolicy", found_at.argument)?;
        chain.push((id, policy));
    }
    for (id, policy) in chain.into_iter().rev() {
        let mut groups = Vec::new();
        for reference in array(policy.pointer("/properties/ruleCollectionGroups")) {
            let text = reference.get("id").and_then(Json::as_str).unwrap_or_default();
            let group_id: ResourceId = text
                .parse()
                .map_err(|_| Setback::Unreadable(found_at.argument, text.to_owned()))?;
            let group = client.rule_collection_groups().get(&group_id, call).await;
            let group = found("Rule collection group", found_at.argument, &group_id, group)?;
            let priority = group.pointer("/properties/priority").and_then(Json::as_i64);
            groups.push((priority, of_policy(group_id.name(), &id, priority, &group)));
        }
        groups.sort_by_key(|(priority, _)| *priority);
        let groups = groups.into_iter().map(|(_, group)| group);
        found_at.groups.get_or_insert_default().extend(groups);
    }
    Ok(found_at)
}

/// Where a firewall stands: in a virtual network, or in a virtual hub.
fn private_addresses(firewall: &Json) -> BTreeSet<String> {
    let configurations = array(firewall.pointer("/properties/ipConfigurations")).iter();
    let in_network = configurations.filter_map(|one| one.pointer("/properties/privateIPAddress"));
    let in_hub = firewall.pointer("/properties/hubIPAddresses/privateIPAddress");
    in_network
        .chain(in_hub)
        .filter_map(Json::as_str)
        .map(str::to_owned)
        .collect()
}

/// A rule collection group of a policy. What translates addresses is about what arrives at the firewall's public ones.
fn of_policy(name: &str, policy: &ResourceId, priority: Option<i64>, group: &Json) -> Value {
    let filters = |collection: &&Json| {
        let kind = collection.get("ruleCollectionType").and_then(Json::as_str);
        kind != Some("FirewallPolicyNatRuleCollection")
    };
    let collections = collection::GROUP.entries(group);
    let collections = collections.iter().filter(filters).map(collection::GROUP.from_arm);
    rule_collection_group(name, Some(policy), priority, collections)
}

/// The rules of a firewall without a policy, as the one group they are.
pub(super) fn classic(name: &str, firewall: &Json) -> Value {
    let lists = [&collection::CLASSIC_NETWORK, &collection::CLASSIC_APPLICATION];
    let collections = lists.into_iter().flat_map(|form| {
        let entries = form.entries(firewall);
        entries.iter().map(form.from_arm).collect::<Vec<Value>>()
    });
    rule_collection_group(name, None, None, collections)
}

fn rule_collection_group(
    name: &str,
    policy: Option<&ResourceId>,
    priority: Option<i64>,
    collections: impl Iterator<Item = Value>,
) -> Value {
    let mut group = Value::object([
        ("name", Value::from(name)),
        ("priority", priority.into()),
        ("firewall_policy_id", policy.map(ToString::to_string).into()),
    ]);
    let named = collections.filter_map(|one| Some((one.attribute("name").as_str()?.to_owned(), one)));
    collection::show(named.collect(), &mut group);
    group
}

/// The addresses of the IP groups that rules name. One that does not exist any more or may not be read stays a name, on which the verdict
/// depends.
async fn ip_groups(
    client: &ArmClient,
    groups: &[Value],
    argument: &'static str,
    call: &Call,
) -> Result<IpGroups, Setback> {
    let mut opened = IpGroups::new();
    for text in ip_groups_in(groups) {
        let Ok(id) = text.parse::<ResourceId>() else {
            return Err(Setback::Unreadable(argument, text));
        };
        let group = match client.ip_groups().get(&id, call).await {
            Ok(Some(group)) => group.body,
            Ok(None) => continue,
            Err(error) if error.service().is_some_and(|error| error.status() == Some(403)) => continue,
            Err(error) => return Err(Setback::Refused("IP group", argument, Box::new(error))),
        };
        let addresses = array(group.pointer("/properties/ipAddresses"))
            .iter()
            .filter_map(Json::as_str);
        opened.insert(text.to_lowercase(), addresses.map(str::to_owned).collect());
    }
    Ok(opened)
}

fn ip_groups_in(groups: &[Value]) -> BTreeSet<String> {
    let collections = groups.iter().flat_map(|group| {
        let lists = ["network_rule_collections", "application_rule_collections"];
        lists
            .map(|list| group.attribute(list).as_list().unwrap_or_default())
            .into_iter()
            .flatten()
    });
    let rules = collections.flat_map(|collection| collection.attribute("rule").as_list().into_iter().flatten());
    let sides = ["source_ip_groups", "destination_ip_groups"];
    let ids = rules.flat_map(|rule| sides.map(|side| given_rules::words(rule.attribute(side)).unwrap_or_default()));
    ids.flatten().collect()
}

fn found(
    what: &'static str,
    argument: &'static str,
    id: &ResourceId,
    result: Result<Option<Document>, ArmError>,
) -> Result<Json, Setback> {
    match result {
        Ok(Some(document)) => Ok(document.body),
        Ok(None) => Err(Setback::Missing(what, argument, Box::new(id.clone()))),
        Err(error) => Err(Setback::Refused(what, argument, Box::new(error))),
    }
}

/// The object that `properties.<field>.id` refers to.
fn reference(body: &Json, field: &str, argument: &'static str) -> Result<Option<ResourceId>, Setback> {
    let id = body.pointer(&format!("/properties/{field}/id")).and_then(Json::as_str);
    let Some(text) = id else { return Ok(None) };
    let id = text
        .parse()
        .map_err(|_| Setback::Unreadable(argument, text.to_owned()))?;
    Ok(Some(id))
}

fn array(json: Option<&Json>) -> &[Json] {
    json.and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// A prefix, or a list of them.
fn prefixes(body: &Json, pointer: &str) -> Vec<Prefix> {
    let texts = match body.pointer(pointer) {
        Some(Json::String(text)) => vec![text.as_str()],
        list => array(list).iter().filter_map(Json::as_str).collect(),
    };
    texts.into_iter().filter_map(given_rules::prefix).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        network::Access,
        proof::firewall::Collection,
        provider::given_collections::{self, IpGroups},
    };

    #[test]
    fn a_firewall_stands_in_a_network_or_in_a_hub() {
        let in_network =
            json!({ "properties": { "ipConfigurations": [{ "properties": { "privateIPAddress": "10.0.255.4" } }] } });
        let in_hub = json!({ "properties": { "hubIPAddresses": { "privateIPAddress": "10.9.0.132" } } });
        assert_eq!(
            private_addresses(&in_network),
            BTreeSet::from(["10.0.255.4".to_owned()])
        );
        assert_eq!(private_addresses(&in_hub), BTreeSet::from(["10.9.0.132".to_owned()]));
    }

    #[test]
    fn a_firewall_without_a_policy_is_one_group_whose_ip_groups_are_opened() {
        let ip_group = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/ipGroups/spokes";
        let firewall = json!({ "properties": {
            "networkRuleCollections": [{ "name": "never", "properties": { "priority": 100, "action": { "type": "Deny" }, "rules": [{
                "name": "never", "protocols": ["TCP"], "sourceIpGroups": [ip_group], "destinationAddresses": ["Sql"], "destinationPorts": ["1433"] }] } }],
            "applicationRuleCollections": [{ "name": "hosts", "properties": { "priority": 200, "action": { "type": "Allow" }, "rules": [{
                "name": "hosts", "protocols": [{ "protocolType": "Https", "port": 443 }], "sourceAddresses": ["*"],
                "targetFqdns": ["*.example.com"], "fqdnTags": ["WindowsUpdate"] }] } }]
        } });
        let group = classic("afw", &firewall);
        assert_eq!(
            ip_groups_in(std::slice::from_ref(&group)),
            BTreeSet::from([ip_group.to_owned()])
        );
        let opened = IpGroups::from([(ip_group.to_lowercase(), BTreeSet::from(["10.0.0.0/8".to_owned()]))]);
        let layers = given_collections::read(&Value::List(vec![group]), &opened).unwrap();
        let [
            Collection::Network(Access::Deny, network),
            Collection::Application(Access::Allow, application),
        ] = layers[0].as_slice()
        else {
            panic!("{layers:?}");
        };
        let source = crate::network::FirewallSource::Addresses(BTreeSet::from(["10.0.0.0/8".to_owned()]));
        assert_eq!(network.rules[0].source, source);
        assert_eq!(application.rules.len(), 2, "hosts and tags are two rules of ours");
    }
}
