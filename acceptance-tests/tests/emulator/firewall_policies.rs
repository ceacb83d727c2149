//! Firewall policies and their rule collection groups.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Setting;

const POLICY: &str = "firewallPolicies/policy";
const GROUP: &str = "firewallPolicies/policy/ruleCollectionGroups/one";
const OTHER: &str = "firewallPolicies/policy/ruleCollectionGroups/two";
const BUSY: &str = "FirewallPolicyRuleCollectionGroupUpdateNotAllowedWhenUpdatingOrDeleting";

fn policy(properties: Value) -> Value {
    json!({ "location": "westeurope", "properties": properties })
}

fn network_rule(more: &Value) -> Value {
    let mut rule = json!({
        "ruleType": "NetworkRule", "name": "storage", "ipProtocols": ["TCP"], "sourceAddresses": ["10.0.0.0/24"],
        "destinationAddresses": ["Storage.WestEurope"], "destinationPorts": ["443"],
    });
    change(&mut rule, more);
    rule
}

fn application_rule(more: &Value) -> Value {
    let mut rule = json!({
        "ruleType": "ApplicationRule", "name": "hosts", "protocols": [{ "protocolType": "Https", "port": 443 }],
        "sourceAddresses": ["10.0.0.0/24"], "targetFqdns": ["*.azureml.ms"],
    });
    change(&mut rule, more);
    rule
}

fn change(rule: &mut Value, more: &Value) {
    for (name, value) in more.as_object().unwrap() {
        rule[name] = value.clone();
    }
}

fn group(rules: &[Value]) -> Value {
    json!({ "properties": { "priority": 1000, "ruleCollections": [{
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "network", "priority": 1000,
        "action": { "type": "Allow" }, "rules": rules,
    }] } })
}

#[test]
fn a_policy_shows_the_ids_of_its_groups_and_a_write_of_it_leaves_them_alone() {
    let setting = Setting::new();
    setting.emulator.put(&setting.id(POLICY), policy(json!({})));
    let created = setting.put(GROUP, &group(&[network_rule(&json!({}))]));
    assert_eq!((created.status, created.state()), (201, "Updating"), "{}", created.body);
    setting.wait(&created);

    let shown = setting.get(POLICY).body;
    assert_eq!(
        shown["properties"]["ruleCollectionGroups"],
        json!([{ "id": setting.id(GROUP) }])
    );
    assert_eq!(shown["properties"]["sku"]["tier"], "Standard");

    let written = setting.put(POLICY, &policy(json!({ "threatIntelMode": "Deny" })));
    setting.wait(&written);
    let kept = setting.get(GROUP).body;
    let rule = &kept["properties"]["ruleCollections"][0]["rules"][0];
    assert_eq!(rule["destinationAddresses"], json!(["Storage.WestEurope"]));

    setting.wait(
        &setting
            .send(setting.request(Method::DELETE, &setting.id(GROUP)))
            .unwrap(),
    );
    assert_eq!(setting.get(GROUP).status, 404);
    assert_eq!(
        setting.get(POLICY).body["properties"]["ruleCollectionGroups"],
        json!([])
    );
}

#[test]
fn one_group_at_a_time_below_a_policy_and_below_its_base() {
    let setting = Setting::slow();
    let base = setting.id("firewallPolicies/base");
    setting.emulator.put(&base, policy(json!({})));
    for name in ["policy", "sister"] {
        let body = policy(json!({ "basePolicy": { "id": base } }));
        setting
            .emulator
            .put(&setting.id(&format!("firewallPolicies/{name}")), body);
    }
    assert_eq!(setting.put(GROUP, &group(&[])).status, 201);
    assert_eq!(setting.put(OTHER, &group(&[])).code(), BUSY);
    let sister = "firewallPolicies/sister/ruleCollectionGroups/one";
    assert_eq!(setting.put(sister, &group(&[])).code(), BUSY);
    let below_base = "firewallPolicies/base/ruleCollectionGroups/one";
    assert_eq!(setting.put(below_base, &group(&[])).code(), BUSY);
}

#[test]
fn groups_that_azure_refuses() {
    let setting = Setting::new();
    setting.emulator.put(&setting.id(POLICY), policy(json!({})));
    let network = |more: Value| group(&[network_rule(&more)]);
    let application = |more: Value| group(&[application_rule(&more)]);
    let mut low = group(&[]);
    low["properties"]["priority"] = json!(99);
    let mut two = group(&[]);
    let collection = two["properties"]["ruleCollections"][0].clone();
    two["properties"]["ruleCollections"] = json!([collection, collection]);
    let mut same_priority = two.clone();
    same_priority["properties"]["ruleCollections"][1]["name"] = json!("another");
    let rows = [
        ("priority", low, "FirewallPolicyPriorityOutOfRange"),
        ("two of a name", two, "FirewallPolicyDuplicateName"),
        (
            "two of a priority",
            same_priority,
            "FirewallPolicyRuleCollectionPriorityConflict",
        ),
        (
            "two rules of a name",
            group(&[network_rule(&json!({})), network_rule(&json!({}))]),
            "FirewallPolicyDuplicateName",
        ),
        (
            "mixed types",
            group(&[network_rule(&json!({})), application_rule(&json!({}))]),
            "FirewallPolicyMixedRuleTypes",
        ),
        (
            "protocol",
            network(json!({ "ipProtocols": ["Tcp"] })),
            "FirewallPolicyRuleInvalidProtocol",
        ),
        (
            "no source",
            network(json!({ "sourceAddresses": [] })),
            "FirewallPolicyRuleInvalidSource",
        ),
        (
            "tag as source",
            network(json!({ "sourceAddresses": ["Storage"] })),
            "FirewallPolicyRuleInvalidAddress",
        ),
        (
            "IPv6",
            network(json!({ "sourceAddresses": ["fd00::/64"] })),
            "FirewallPolicyRuleInvalidAddress",
        ),
        (
            "platform tag",
            network(json!({ "destinationAddresses": ["VirtualNetwork"] })),
            "FirewallPolicyRuleInvalidAddress",
        ),
        (
            "no port",
            network(json!({ "destinationPorts": [] })),
            "FirewallPolicyRuleInvalidPort",
        ),
        (
            "port",
            network(json!({ "destinationPorts": ["70000"] })),
            "FirewallPolicyRuleInvalidPort",
        ),
        (
            "host without a DNS proxy",
            network(json!({ "destinationAddresses": [], "destinationFqdns": ["a.example.com"] })),
            "FirewallPolicyNetworkRuleFqdnNeedsDnsProxy",
        ),
        (
            "address and host",
            network(json!({ "destinationFqdns": ["a.example.com"] })),
            "FirewallPolicyRuleInvalidDestination",
        ),
        (
            "application protocol",
            application(json!({ "protocols": [{ "protocolType": "Tcp", "port": 443 }] })),
            "FirewallPolicyRuleInvalidApplicationProtocol",
        ),
        (
            "wildcard",
            application(json!({ "targetFqdns": ["*azureml.ms"] })),
            "FirewallPolicyRuleInvalidFqdn",
        ),
        (
            "wildcard inside",
            application(json!({ "targetFqdns": ["a.*.ms"] })),
            "FirewallPolicyRuleInvalidFqdn",
        ),
        (
            "URL on Standard",
            application(json!({ "targetFqdns": [], "targetUrls": ["example.com/a"], "terminateTLS": true })),
            "FirewallPolicyPremiumFeature",
        ),
    ];
    for (what, body, code) in rows {
        let reply = setting.put(GROUP, &body);
        assert_eq!(reply.code(), code, "{what}: {}", reply.body);
        assert_eq!(setting.get(GROUP).status, 404, "{what}");
    }
    let proxied = policy(json!({ "dnsSettings": { "enableProxy": true } }));
    setting.wait(&setting.put(POLICY, &proxied));
    let body = network(json!({ "destinationAddresses": [], "destinationFqdns": ["a.example.com"] }));
    assert_eq!(setting.put(GROUP, &body).status, 201);
}

#[test]
fn a_group_needs_its_policy() {
    let setting = Setting::new();
    assert_eq!(setting.put(GROUP, &group(&[])).code(), "ParentResourceNotFound");
}
