//! Firewalls with collections of their own, IP groups, and service endpoint policies.

use serde_json::{Value, json};

use crate::client::{Setting, subnet};

const FIREWALL: &str = "azureFirewalls/hub";
const ADDRESSES: &str = "ipGroups/nodes";
const POLICY: &str = "serviceEndpointPolicies/storage";

fn resource(properties: Value) -> Value {
    json!({ "location": "westeurope", "properties": properties })
}

fn network_rule(changes: &Value) -> Value {
    let mut rule = json!({ "name": "https", "protocols": ["TCP"], "sourceAddresses": ["10.0.0.0/24"],
        "destinationAddresses": ["AzureMonitor"], "destinationPorts": ["443"] });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(rule.as_object_mut().unwrap().remove(name)),
            value => rule[name] = value.clone(),
        }
    }
    rule
}

fn collection(name: &str, priority: u32, rule: Value) -> Value {
    json!({ "name": name, "properties": { "priority": priority, "action": { "type": "Allow" }, "rules": [rule] } })
}

fn classic(collections: &[Value]) -> Value {
    resource(json!({ "networkRuleCollections": collections }))
}

#[test]
fn collections_of_a_classic_firewall_have_ids_and_only_a_put_of_the_firewall_changes_them() {
    let setting = Setting::new();
    let body = classic(&[collection("monitor", 200, network_rule(&json!({})))]);
    let created = setting.put(FIREWALL, &body);
    assert_eq!((created.status, created.state()), (201, "Updating"));
    setting.wait(&created);
    let shown = setting.get(FIREWALL).body;
    let first = &shown["properties"]["networkRuleCollections"][0];
    assert_eq!(
        first["id"],
        format!("{}/networkRuleCollections/monitor", setting.id(FIREWALL))
    );
    assert_eq!(first["properties"]["provisioningState"], "Succeeded");
    assert_eq!(shown["properties"]["ipGroups"], json!([]));
    let child = setting.put(&format!("{FIREWALL}/networkRuleCollections/monitor"), first);
    assert_eq!(child.status, 404, "a collection has no address of its own");
    setting.done(FIREWALL, &classic(&[]));
    assert_eq!(
        setting.get(FIREWALL).body["properties"]["networkRuleCollections"],
        json!([])
    );
}

#[test]
fn classic_firewalls_that_azure_refuses() {
    let setting = Setting::new();
    setting.done("firewallPolicies/policy", &resource(json!({})));
    let one = |changes: Value| classic(&[collection("a", 100, network_rule(&changes))]);
    let fine = collection("a", 100, network_rule(&json!({})));
    let with = |name: &str, value: Value| {
        let mut body = classic(std::slice::from_ref(&fine));
        body["properties"][name] = value;
        body
    };
    let in_subnet = |name: &str| {
        let id = setting.id(&format!("virtualNetworks/vnet/subnets/{name}"));
        with(
            "ipConfigurations",
            json!([{ "name": "one", "properties": { "subnet": { "id": id } } }]),
        )
    };
    let policy = json!({ "id": setting.id("firewallPolicies/policy") });
    for (body, code) in [
        (
            one(json!({ "protocols": ["SCTP"] })),
            "FirewallPolicyRuleInvalidProtocol",
        ),
        (
            one(json!({ "destinationPorts": null })),
            "FirewallPolicyRuleInvalidPort",
        ),
        (
            one(json!({ "sourceAddresses": ["Storage"] })),
            "FirewallPolicyRuleInvalidAddress",
        ),
        (
            one(json!({ "sourceAddresses": null, "sourceIpGroups": [setting.id(ADDRESSES)] })),
            "InvalidResourceReference",
        ),
        (
            classic(&[fine.clone(), collection("A", 200, network_rule(&json!({})))]),
            "AzureFirewallRuleCollectionInvalidName",
        ),
        (
            classic(&[fine.clone(), collection("b", 100, network_rule(&json!({})))]),
            "AzureFirewallRuleCollectionPriorityConflict",
        ),
        (
            classic(&[collection("a", 99, network_rule(&json!({})))]),
            "AzureFirewallRuleCollectionInvalidPriority",
        ),
        (
            with("firewallPolicy", policy),
            "AzureFirewallPolicyAndRuleCollectionsConflict",
        ),
        (
            with("sku", json!({ "name": "AZFW_VNet", "tier": "Gold" })),
            "InvalidRequestFormat",
        ),
        (in_subnet("one"), "AzureFirewallInvalidSubnet"),
        (in_subnet("AzureFirewallSubnet"), "InvalidResourceReference"),
    ] {
        assert_eq!(setting.put(FIREWALL, &body).code(), code, "{body}");
    }
    setting.done(
        "virtualNetworks/vnet/subnets/AzureFirewallSubnet",
        &subnet(json!({ "addressPrefix": "10.0.9.0/26" })),
    );
    setting.done(FIREWALL, &in_subnet("AzureFirewallSubnet"));
}

#[test]
fn an_ip_group_shows_who_refers_to_it_and_stays_as_long() {
    let setting = Setting::new();
    let wrong = setting.put(ADDRESSES, &resource(json!({ "ipAddresses": ["fd00::/8"] })));
    assert_eq!(wrong.code(), "IpGroupInvalidAddress");
    let addresses = json!({ "ipAddresses": ["10.0.0.0/24", "10.1.0.4", "10.1.1.1-10.1.1.9"] });
    setting.done(ADDRESSES, &resource(addresses));
    let shown = setting.get(ADDRESSES).body;
    assert_eq!(
        (
            &shown["properties"]["firewalls"],
            &shown["properties"]["firewallPolicies"]
        ),
        (&json!([]), &json!([]))
    );

    setting.done("firewallPolicies/policy", &resource(json!({})));
    let id = setting.id(ADDRESSES);
    let rule = json!({ "ruleType": "NetworkRule", "name": "https", "ipProtocols": ["TCP"], "sourceIpGroups": [id],
        "destinationAddresses": ["AzureMonitor"], "destinationPorts": ["443"] });
    let collections = json!([{ "name": "a", "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "priority": 100,
        "action": { "type": "Allow" }, "rules": [rule] }]);
    let group = json!({ "properties": { "priority": 200, "ruleCollections": collections } });
    setting.done("firewallPolicies/policy/ruleCollectionGroups/group", &group);
    let rule = network_rule(&json!({ "sourceAddresses": null, "sourceIpGroups": [id] }));
    setting.done(FIREWALL, &classic(&[collection("a", 100, rule)]));

    let shown = setting.get(ADDRESSES).body;
    let referring = |name: &str| json!([{ "id": setting.id(name) }]);
    assert_eq!(shown["properties"]["firewalls"], referring(FIREWALL));
    assert_eq!(
        shown["properties"]["firewallPolicies"],
        referring("firewallPolicies/policy")
    );
    assert_eq!(
        setting.get(FIREWALL).body["properties"]["ipGroups"],
        referring(ADDRESSES)
    );
    assert_eq!(setting.delete(ADDRESSES).code(), "InUseIpGroupCannotBeDeleted");
}

#[test]
fn a_service_endpoint_policy_is_used_by_subnets_and_names_accounts_or_services() {
    let setting = Setting::new();
    let definition = |service: &str, resource: &str| {
        let properties = json!({ "service": service, "serviceResources": [resource] });
        json!({ "location": "westeurope", "properties": {
            "serviceEndpointPolicyDefinitions": [{ "name": "one", "properties": properties }] } })
    };
    let account = format!("{}/providers/Microsoft.Storage/storageAccounts/data", setting.group);
    for (service, resource) in [
        ("Microsoft.Sql", account.as_str()),
        ("Microsoft.Storage", "/services/Azure"),
        ("Microsoft.Storage", &setting.id("networkSecurityGroups/nsg")),
        ("Global", "/services/Azure/Moon"),
        ("Global", &account),
    ] {
        let refused = setting.put(POLICY, &definition(service, resource));
        assert_eq!(
            refused.code(),
            "InvalidServiceEndpointPolicyDefinition",
            "{service} {resource}"
        );
    }
    setting.done(POLICY, &definition("Microsoft.Storage", &account));
    let updated = setting.put(POLICY, &definition("Global", "/services/Azure/Batch"));
    assert_eq!(
        (updated.status, updated.state()),
        (200, "Succeeded"),
        "an update has ended when it is announced"
    );
    assert_eq!(setting.get(POLICY).etag(), updated.etag());

    let id = setting.id(POLICY);
    let with_policy = subnet(
        json!({ "addressPrefix": "10.0.1.0/28", "serviceEndpoints": [{ "service": "Microsoft.Storage" }],
        "serviceEndpointPolicies": [{ "id": id }] }),
    );
    let path = "virtualNetworks/vnet/subnets/one";
    setting.done(path, &with_policy);
    let users = &setting.get(POLICY).body["properties"]["subnets"];
    assert_eq!(*users, json!([{ "id": setting.id(path) }]));
    assert_eq!(
        setting.delete(POLICY).code(),
        "InUseServiceEndpointPolicyCannotBeDeleted"
    );
    let gone = setting.put(path, &subnet(json!({ "addressPrefix": "10.0.1.0/28" })));
    setting.wait(&gone);
    setting.wait(&setting.delete(POLICY));
    assert_eq!(setting.put(path, &with_policy).code(), "InvalidResourceReference");
}
