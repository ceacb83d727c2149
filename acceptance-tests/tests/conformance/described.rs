//! Microsoft's description of the API as a second witness: it must find fault with what is wrong, with nothing in Microsoft's own
//! examples, and with nothing that the provider sends.

use std::collections::BTreeSet;

use acceptance_tests::emulator::Emulator;
use serde_json::{Value, json};

use crate::descriptions::{Descriptions, Way};
use crate::setting;

const RULE: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/networkSecurityGroups/nsg/securityRules/r";
const COLLECTIONS: &str =
    "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/firewallPolicies/p/ruleCollectionGroups/g";

fn problems_of_put(descriptions: &Descriptions, path: &str, body: &Value) -> Vec<String> {
    let operation = descriptions.operation("PUT", path).unwrap();
    let (_, schema) = descriptions.body(&operation).unwrap();
    descriptions.problems(schema, Way::Request, body)
}

#[test]
fn the_official_examples_fit() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let (mut bodies, mut found) = (0, Vec::new());
    // Gateways themselves are none of the provider's business; their examples are full of `null`.
    let ours = |path: &str| !path.contains("/virtualNetworkGateways/");
    for operation in descriptions.operations().filter(|operation| ours(operation.path)) {
        for (name, example) in descriptions.examples(&operation) {
            let sent = descriptions.body(&operation).and_then(|(parameter, schema)| {
                let body = example["parameters"].get(parameter)?;
                Some((schema, Way::Request, body))
            });
            let answers = example["responses"].as_object().into_iter().flatten();
            let answered = answers.filter_map(|(status, answer)| {
                let body = answer.get("body").filter(|body| !body.is_null())?;
                Some((descriptions.answer(&operation, status)?, Way::Response, body))
            });
            for (schema, way, body) in sent.into_iter().chain(answered) {
                bodies += 1;
                let problems = descriptions.problems(schema, way, body);
                found.extend(problems.iter().map(|problem| format!("{name}: {problem}")));
            }
        }
    }
    assert!(bodies > 200, "{bodies} bodies only");
    // A mistake of Microsoft's own.
    let known = "AzureFirewallPutWithAdditionalProperties.json: .properties.ipGroups is read-only";
    assert_eq!(found, [known]);
}

#[test]
fn mistakes_in_a_rule_are_found() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let good = json!({ "properties": {
        "protocol": "Tcp", "access": "Allow", "direction": "Inbound", "priority": 100, "sourceAddressPrefix": "*",
        "destinationAddressPrefix": "*", "sourcePortRange": "*", "destinationPortRange": "443" } });
    assert_eq!(problems_of_put(&descriptions, RULE, &good), Vec::<String>::new());
    for (name, value, problem) in [
        ("destinationPortRangez", json!("1"), "no such property"),
        ("provisioningState", json!("Succeeded"), "read-only"),
        ("priority", json!("1"), "is no \"integer\""),
        ("sourceAddressPrefixes", json!("*"), "is no \"array\""),
    ] {
        let mut bad = good.clone();
        bad["properties"][name] = value;
        let found = problems_of_put(&descriptions, RULE, &bad);
        assert!(
            matches!(found.as_slice(), [one] if one.contains(problem)),
            "{name}: {found:?}"
        );
    }
}

#[test]
fn mistakes_inside_of_variants_are_found() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let good = json!({ "properties": { "priority": 100, "ruleCollections": [{
        "ruleCollectionType": "FirewallPolicyFilterRuleCollection", "name": "a", "priority": 100, "action": { "type": "Allow" },
        "rules": [{ "ruleType": "NetworkRule", "name": "r", "ipProtocols": ["TCP"], "sourceAddresses": ["*"],
            "destinationAddresses": ["1.1.1.1"], "destinationPorts": ["443"] }] }] } });
    assert_eq!(problems_of_put(&descriptions, COLLECTIONS, &good), Vec::<String>::new());
    for (pointer, name, value, problem) in [
        (
            "/properties/ruleCollections/0/rules/0",
            "destinationPort",
            json!(["443"]),
            "no such property",
        ),
        (
            "/properties/ruleCollections/0/rules/0",
            "ruleType",
            json!("NetworkRulez"),
            "no variant `NetworkRulez`",
        ),
        ("/properties/ruleCollections/0", "priority", json!(99), "outside"),
        ("/properties", "priority", json!(65_001), "outside"),
    ] {
        let mut bad = good.clone();
        bad.pointer_mut(pointer).unwrap()[name] = value;
        let found = problems_of_put(&descriptions, COLLECTIONS, &bad);
        assert!(found.iter().any(|one| one.contains(problem)), "{name}: {found:?}");
    }
}

/// What is wrong with what the provider sent, and which kinds it was about.
fn problems_of_writes(descriptions: &Descriptions, emulator: &Emulator) -> (BTreeSet<String>, Vec<String>) {
    let requests = emulator.requests();
    let written = requests
        .iter()
        .filter(|request| request.method == "PUT" && matches!(request.status, Some(200 | 201)));
    let (mut kinds, mut found) = (BTreeSet::new(), Vec::new());
    for request in written {
        let (_, path) = request.path.split_once("/Microsoft.Network/").unwrap();
        kinds.insert(path.split('/').step_by(2).collect::<Vec<_>>().join("/"));
        let operation = descriptions.operation("PUT", &request.path).unwrap();
        let (_, schema) = descriptions.body(&operation).unwrap();
        // An update sends back what it read, and what Azure shows may be read-only.
        let way = if request.status == Some(201) {
            Way::Request
        } else {
            Way::Response
        };
        let problems = descriptions.problems(schema, way, request.body.as_ref().unwrap());
        found.extend(problems.iter().map(|problem| format!("{}: {problem}", request.path)));
    }
    (kinds, found)
}

#[test]
fn what_the_provider_writes_is_as_described() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let (emulator, workspace) = setting::landing_zone();
    let configuration = setting::everything(&emulator);
    emulator.clear_requests();
    workspace.step(&configuration);
    let (kinds, found) = problems_of_writes(&descriptions, &emulator);
    assert_eq!(found, Vec::<String>::new());
    let expected = [
        "azureFirewalls",
        "firewallPolicies/ruleCollectionGroups",
        "networkSecurityGroups",
        "routeTables",
        "virtualNetworks/subnets",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
}

#[test]
fn peerings_and_connections_are_as_described() {
    let Some(descriptions) = Descriptions::at_hand() else {
        return;
    };
    let (emulator, workspace) = setting::landing_zone();
    let configuration = setting::connected(&emulator);
    emulator.clear_requests();
    workspace.step(&configuration);
    let (kinds, found) = problems_of_writes(&descriptions, &emulator);
    // Recorded traffic names gateways by their ids alone, whatever the description demands.
    let demanded = ["localNetworkGateway2", "virtualNetworkGateway1"];
    let known = demanded.map(|gateway| {
        let connection = setting::id(&emulator, "connections/site");
        format!("{connection}: .properties.{gateway}.properties is required")
    });
    assert_eq!(found, known);
    let expected = [
        "connections",
        "localNetworkGateways",
        "virtualNetworks/virtualNetworkPeerings",
    ];
    assert_eq!(kinds, expected.map(str::to_owned).into());
}
