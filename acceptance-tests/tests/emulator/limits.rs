//! How much Azure takes; the limits of rules and routes are among what each kind refuses.

use serde_json::{Value, json};

use crate::client::{Setting, nsg, rule};

#[test]
fn addresses_of_a_network_security_group() {
    let setting = Setting::new();
    let addresses = |count: u32| -> Vec<String> {
        let address = |number: u32| std::net::Ipv4Addr::from(0x0a00_0000 + number).to_string();
        (0..count).map(address).collect()
    };
    let rules = |count: u32| {
        let many = json!({ "sourceAddressPrefix": null, "sourceAddressPrefixes": addresses(count) });
        nsg(&[rule("many", &many), rule("one", &json!({ "priority": 200 }))])
    };
    let refused = setting.put("networkSecurityGroups/nsg", &rules(4_000));
    assert_eq!(refused.code(), "NetworkSecurityGroupAddressesLimitReached");
    setting.done("networkSecurityGroups/nsg", &rules(3_999));
}

#[test]
fn subnets_of_a_virtual_network() {
    let setting = Setting::new();
    let subnets: Vec<Value> = (0..3_001_u32)
        .map(|number| {
            let address = std::net::Ipv4Addr::from(0x0a10_0000 + number * 16);
            json!({ "name": format!("s{number}"), "properties": { "addressPrefix": format!("{address}/28") } })
        })
        .collect();
    let space = json!({ "addressPrefixes": ["10.16.0.0/12"] });
    let body = json!({ "location": "westeurope", "properties": { "addressSpace": space, "subnets": subnets } });
    let refused = setting.put("virtualNetworks/big", &body);
    assert_eq!(refused.code(), "VirtualNetworkLimitReached");
}

#[test]
fn the_size_of_a_rule_collection_group() {
    let setting = Setting::new();
    setting.done("firewallPolicies/policy", &nsg(&[]));
    let body =
        json!({ "properties": { "priority": 200, "ruleCollections": [], "description": "x".repeat(2_000_000) } });
    let refused = setting.put("firewallPolicies/policy/ruleCollectionGroups/big", &body);
    assert_eq!(refused.code(), "FirewallPolicyRuleCollectionGroupSizeLimitReached");
}
