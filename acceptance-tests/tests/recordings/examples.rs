//! The examples in Microsoft's description of the API, sent to the emulator.

use std::path::Path;

use serde_json::{Value, json};

use crate::replay::Player;
use crate::shape;

const FOLDER: &str = "../../shared/openapi/specification/network/resource-manager/Microsoft.Network/stable/2024-01-01";
/// What of these documents the emulator has: the types of a path.
const DOCUMENTS: [(&str, &[&str]); 8] = [
    ("azureFirewall.json", &["azureFirewalls"]),
    (
        "firewallPolicy.json",
        &["firewallPolicies", "firewallPolicies/ruleCollectionGroups"],
    ),
    ("ipGroups.json", &["ipGroups"]),
    (
        "networkSecurityGroup.json",
        &["networkSecurityGroups", "networkSecurityGroups/securityRules"],
    ),
    ("routeTable.json", &["routeTables", "routeTables/routes"]),
    (
        "serviceEndpointPolicy.json",
        &[
            "serviceEndpointPolicies",
            "serviceEndpointPolicies/serviceEndpointPolicyDefinitions",
        ],
    ),
    (
        "virtualNetwork.json",
        &[
            "virtualNetworks",
            "virtualNetworks/subnets",
            "virtualNetworks/virtualNetworkPeerings",
        ],
    ),
    ("virtualNetworkGateway.json", &["connections", "localNetworkGateways"]),
];

/// Examples whose answer shows what their request did not say.
const INCONSISTENT: [&str; 6] = [
    "FirewallPolicyPut",
    "IpGroupsCreate",
    "SubnetCreateWithDelegation",
    "SubnetCreateWithSharingScope",
    // They show subnet names that an earlier example set.
    "VirtualNetworkSubnetPeeringSync",
    "VirtualNetworkV6SubnetPeeringSync",
];
/// Examples of what other documents of Microsoft say is refused, with the code here.
const REFUSED: [(&str, &str); 9] = [
    // A host in a network rule needs a DNS proxy: firewall/fqdn-filtering-network-rules.
    ("AzureFirewallPut", "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy"),
    (
        "AzureFirewallPutWithAdditionalProperties",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithIpGroups",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithMgmtSubnet",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    (
        "AzureFirewallPutWithZones",
        "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
    ),
    // A collection without a priority: firewall-manager/rule-processing.
    (
        "FirewallPolicyRuleCollectionGroupWithHttpHeadersToInsert",
        "FirewallPolicyPriorityOutOfRange",
    ),
    (
        "FirewallPolicyRuleCollectionGroupWithIpGroupsPut",
        "FirewallPolicyPriorityOutOfRange",
    ),
    (
        "FirewallPolicyRuleCollectionGroupWithWebCategoriesPut",
        "FirewallPolicyPriorityOutOfRange",
    ),
    // An address and a name for one gateway: vpn-gateway/vpn-gateway-faq.
    ("LocalNetworkGatewayCreate", "LocalNetworkGatewayFqdnAndIpAddress"),
];
/// What the service adds in the examples and the emulator does not: what other resources or a region bring along, and a default
/// that no recording shows.
const NOT_SHOWN: [&str; 15] = [
    ".flushConnection: bool",
    ".ipConfigurations: list",
    ".purpose: text",
    ".regionalCommunity: text",
    ".resourceNavigationLinks: list",
    ".size: text",
    ".virtualNetworkCommunity: text",
    ".remoteVirtualNetworkEncryption.enabled: bool",
    ".remoteVirtualNetworkEncryption.enforcement: text",
    ".hubIPAddresses.privateIPAddress: text",
    ".hubIPAddresses.publicIPs.addresses[].address: text",
    // The own network's, as far as they are peered.
    ".localAddressSpace.addressPrefixes: list",
    ".localAddressSpace.addressPrefixes[]: text",
    ".localVirtualNetworkAddressSpace.addressPrefixes: list",
    ".localVirtualNetworkAddressSpace.addressPrefixes[]: text",
];

/// An example of a PUT: its file's name, the path and the body.
struct Example {
    name: String,
    path: String,
    content: Value,
    body: Value,
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// With this subscription in all ids; the examples have several.
fn here(text: &str, subscription: &str) -> String {
    let mut parts = text.split("/subscriptions/");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| {
        let rest = part.find('/').and_then(|end| part.get(end..)).unwrap_or_default();
        format!("{text}/subscriptions/{subscription}{rest}")
    })
}

fn examples(folder: &Path, subscription: &str) -> Vec<Example> {
    let mut found = Vec::new();
    for (document, wanted) in DOCUMENTS {
        let description = parsed(&folder.join(document));
        for (template, methods) in description["paths"].as_object().unwrap() {
            let (_, resource) = template.split_once("/Microsoft.Network/").unwrap();
            let types: Vec<_> = resource.split('/').step_by(2).collect();
            if !wanted.contains(&types.join("/").as_str()) {
                continue;
            }
            for example in methods["put"]["x-ms-examples"].as_object().into_iter().flatten() {
                let file = folder.join(example.1["$ref"].as_str().unwrap());
                // Not all of them were kept.
                if !file.exists() {
                    continue;
                }
                let content = parsed(&file);
                let parameters = content["parameters"].as_object().unwrap();
                let text = parameters
                    .iter()
                    .filter_map(|(name, value)| Some((format!("{{{name}}}"), value.as_str()?)));
                let path = text.fold(
                    template.replace("{subscriptionId}", subscription),
                    |path, (name, value)| path.replace(&name, value),
                );
                let body = parameters.values().find(|value| value.is_object()).unwrap();
                found.push(Example {
                    name: file.file_stem().unwrap().to_string_lossy().into_owned(),
                    path,
                    body: serde_json::from_str(&here(&body.to_string(), subscription)).unwrap(),
                    content,
                });
            }
        }
    }
    found
}

/// What has to be there before: the group, what the resource lives in, and what it refers to.
fn prepare(player: &Player, path: &str, body: &Value) {
    let location = body["location"].as_str().unwrap_or("westus");
    let mut ids = Vec::new();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if segments.len() > 8 {
        ids.push((format!("/{}", segments[..8].join("/")), "10.0.0.0/16"));
    }
    let group = format!("/{}", segments[..4].join("/"));
    player.emulator.put(&group, json!({ "location": location }));
    let mut referred = Vec::new();
    references(body, &mut referred);
    ids.extend(referred.into_iter().map(|id| (id, "10.77.0.0/16")));
    for (id, prefix) in ids {
        let segments: Vec<&str> = id.trim_start_matches('/').split('/').collect();
        if segments.len() < 8 || !segments[5].eq_ignore_ascii_case("Microsoft.Network") {
            continue;
        }
        let (group, resource) = (segments[..4].join("/"), format!("/{}", segments[..8].join("/")));
        player
            .emulator
            .put(&format!("/{group}"), json!({ "location": location }));
        let properties = match segments[6] {
            "localNetworkGateways" => json!({ "gatewayIpAddress": "198.51.100.7" }),
            "virtualNetworkGateways" => json!({ "gatewayType": "Vpn" }),
            "virtualNetworks" => json!({ "addressSpace": { "addressPrefixes": [prefix] } }),
            "firewallPolicies"
            | "ipGroups"
            | "natGateways"
            | "networkSecurityGroups"
            | "routeTables"
            | "serviceEndpointPolicies" => json!({}),
            _ => continue,
        };
        let there = player.emulator.get(&resource).is_some();
        if resource.eq_ignore_ascii_case(path) || there {
            continue;
        }
        let body = json!({ "location": location, "properties": properties });
        player.emulator.put(&resource, body);
        if let ["subnets", subnet] = segments[8..] {
            let body = json!({ "properties": { "addressPrefix": "10.77.1.0/24" } });
            player.emulator.put(&format!("{resource}/subnets/{subnet}"), body);
        }
    }
}

/// The ids in a body.
fn references(body: &Value, found: &mut Vec<String>) {
    match body {
        Value::String(text) if text.starts_with("/subscriptions/") => found.push(text.clone()),
        Value::Array(entries) => entries.iter().for_each(|entry| references(entry, found)),
        Value::Object(entries) => entries.values().for_each(|entry| references(entry, found)),
        _ => {}
    }
}

#[test]
fn the_official_examples_are_accepted_and_answered_in_their_shape() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER);
    if !folder.exists() {
        println!("skipped: there is no openapi/specification beside the repository");
        return;
    }
    let (mut accepted, mut differences) = (0, Vec::new());
    for example in examples(&folder, acceptance_tests::emulator::SUBSCRIPTION_ID) {
        let player = Player::new();
        prepare(&player, &example.path, &example.body);
        let answer = player.put(&example.path, &example.body);
        let refused = REFUSED.iter().find(|(name, _)| *name == example.name);
        if let Some((_, code)) = refused {
            assert_eq!(answer.body["error"]["code"], *code, "{}", example.name);
            continue;
        }
        if answer.status != 201 {
            differences.push(format!("{}: {} {}", example.name, answer.status, answer.body));
            continue;
        }
        accepted += 1;
        let wanted = shape::of(&example.content["responses"]["201"]["body"]);
        let got = shape::of(&answer.body);
        let missing: Vec<_> = wanted
            .difference(&got)
            .filter(|path| !NOT_SHOWN.iter().any(|end| path.ends_with(end)))
            .collect();
        if !missing.is_empty() && !INCONSISTENT.contains(&example.name.as_str()) {
            differences.push(format!("{}: {missing:?}", example.name));
        }
    }
    assert!(accepted > 10, "{accepted} were accepted:\n{}", differences.join("\n"));
    assert_eq!(differences, Vec::<String>::new());
}
