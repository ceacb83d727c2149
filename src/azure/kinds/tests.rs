use serde_json::json;

use crate::azure::{
    error::ArmError,
    scripted::{Answer, Script, call, id},
    secret::Secret,
};

const GROUP: &str = "firewallPolicies/spoke/ruleCollectionGroups/cyclecloud";
const CONNECTION: &str = "connections/site";

fn found(body: serde_json::Value) -> Answer {
    Answer::json(200, body)
}

fn absent() -> Answer {
    Answer::error(404, "ResourceNotFound", "The Resource was not found.")
}

fn in_state(state: &str) -> Answer {
    found(json!({ "properties": { "provisioningState": state } }))
}

/// Azure changes one group of a policy at a time, also when the other group is in the policy inherited from.
#[tokio::test]
async fn a_rule_collection_group_waits_for_whoever_writes_its_base_policy() {
    let base = id("firewallPolicies/base");
    let policy = || {
        found(json!({ "properties": { "provisioningState": "Succeeded", "basePolicy": { "id": base.to_string() } } }))
    };
    let script = Script::new([
        policy(),
        absent(),
        policy(),
        absent(),
        in_state("Succeeded"),
        in_state("Succeeded"),
    ]);
    let client = script.client();
    let writer = client
        .locks()
        .acquire(&call(), std::slice::from_ref(&base))
        .await
        .unwrap();
    let (groups, group, call) = (client.rule_collection_groups(), id(GROUP), call());
    let creating = groups.create(
        &group,
        json!({ "properties": { "priority": 200, "ruleCollections": [] } }),
        &call,
    );
    let finishing = async {
        while script.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            script.seen().len(),
            2,
            "it does not write while the base policy is being written"
        );
        drop(writer);
    };
    let (result, ()) = tokio::join!(creating, finishing);
    result.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_policy_that_is_being_updated_is_waited_for_and_no_reason_to_give_up() {
    let busy = "FirewallPolicyRuleCollectionGroupUpdateNotAllowedWhenUpdatingOrDeleting";
    let mut answers = vec![in_state("Updating"), in_state("Succeeded"), absent()];
    // More often than any other trouble is tried: a firewall takes minutes.
    answers.extend((0..8).map(|_| Answer::error(409, busy, "")));
    answers.extend([in_state("Succeeded"), in_state("Succeeded")]);
    let script = Script::new(answers);
    let client = script.client();
    client
        .rule_collection_groups()
        .create(&id(GROUP), json!({ "properties": { "priority": 200 } }), &call())
        .await
        .unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn a_peering_tells_the_other_side_and_waits_for_the_writers_of_both_networks() {
    let remote = id("virtualNetworks/remote");
    let script = Script::new([
        in_state("Succeeded"),
        absent(),
        in_state("Succeeded"),
        absent(),
        in_state("Succeeded"),
        in_state("Succeeded"),
    ]);
    let client = script.client();
    let writer = client
        .locks()
        .acquire(&call(), std::slice::from_ref(&remote))
        .await
        .unwrap();
    let (peerings, peering, call) = (
        client.virtual_network_peerings(),
        id("virtualNetworks/hub/virtualNetworkPeerings/p"),
        call(),
    );
    let body = json!({ "properties": { "remoteVirtualNetwork": { "id": remote.to_string() }, "peeringState": "Disconnected" } });
    let creating = peerings.create(&peering, body, &call);
    let finishing = async {
        while script.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        drop(writer);
    };
    let (result, ()) = tokio::join!(creating, finishing);
    result.unwrap();
    let written: Vec<_> = script
        .seen()
        .into_iter()
        .filter(|seen| seen.line.starts_with("PUT"))
        .collect();
    let [written] = written.as_slice() else {
        panic!("{written:?}")
    };
    assert_eq!(
        written.body,
        json!({ "properties": { "remoteVirtualNetwork": { "id": remote.to_string() } } })
    );
}

#[tokio::test]
async fn a_subnet_waits_for_the_writers_of_everything_associated_with_it() {
    let policy = id("serviceEndpointPolicies/batch");
    let script = Script::new([
        in_state("Succeeded"),
        absent(),
        in_state("Succeeded"),
        absent(),
        in_state("Succeeded"),
        in_state("Succeeded"),
    ]);
    let client = script.client();
    let writer = client
        .locks()
        .acquire(&call(), std::slice::from_ref(&policy))
        .await
        .unwrap();
    let (subnets, subnet, call) = (client.subnets(), id("virtualNetworks/hub/subnets/compute"), call());
    let body = json!({ "properties": { "serviceEndpointPolicies": [{ "id": policy.to_string() }] } });
    let creating = subnets.create(&subnet, body, &call);
    let finishing = async {
        while script.seen().len() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        assert_eq!(
            script.seen().len(),
            2,
            "it does not write while the policy is being written"
        );
        drop(writer);
    };
    let (result, ()) = tokio::join!(creating, finishing);
    result.unwrap();
    script.assert_played_out();
}

#[tokio::test]
async fn the_collections_of_others_stay_in_a_classic_firewall() {
    let firewall = |collections: serde_json::Value| {
        found(
            json!({ "etag": "W/1", "properties": { "provisioningState": "Succeeded", "ipGroups": [{}], "networkRuleCollections": collections } }),
        )
    };
    let script = Script::new([
        firewall(json!([{ "name": "theirs" }])),
        in_state("Succeeded"),
        firewall(json!([{ "name": "theirs" }, { "name": "ours" }])),
    ]);
    let splice = |body: &mut serde_json::Value| {
        let collections = body["properties"]["networkRuleCollections"].as_array_mut().unwrap();
        collections.push(json!({ "name": "ours" }));
    };
    let client = script.client();
    client
        .azure_firewalls()
        .update(&id("azureFirewalls/hub"), &call(), splice)
        .await
        .unwrap();
    let seen = script.seen();
    assert_eq!(seen[1].if_match.as_deref(), Some("W/1"));
    assert_eq!(
        seen[1].body,
        json!({ "properties": { "networkRuleCollections": [{ "name": "theirs" }, { "name": "ours" }] } })
    );
}

#[tokio::test]
async fn a_shared_key_goes_to_its_own_endpoint_and_comes_back_nowhere() {
    let echo = || {
        found(json!({ "properties": { "provisioningState": "Succeeded", "sharedKey": "canary", "routingWeight": 10 } }))
    };
    let script = Script::new([echo(), found(json!({ "value": "canary" })), echo()]);
    let client = script.client();
    let key = Secret::new("canary");
    client.set_shared_key(&id(CONNECTION), &key, &call()).await.unwrap();
    assert_eq!(
        script.lines(),
        ["GET /connections/site", "PUT /connections/site/sharedkey"]
    );
    assert_eq!(script.seen()[1].body, json!({ "value": "canary" }));
    let connection = client
        .connections()
        .get(&id(CONNECTION), &call())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(connection.body["properties"]["routingWeight"], 10);
    assert!(!format!("{connection:?}").contains("canary"));
}

#[tokio::test]
async fn a_refused_shared_key_is_not_repeated() {
    for refusal in [
        r#"The value of "sharedKey": "canary" is too short."#,
        r#"Error converting value "canary" to type 'Key'. Path 'value'."#,
    ] {
        let script = Script::new([in_state("Succeeded"), Answer::error(400, "InvalidSharedKey", refusal)]);
        let error = script
            .client()
            .set_shared_key(&id(CONNECTION), &Secret::new("canary"), &call())
            .await
            .unwrap_err();
        assert!(matches!(error, ArmError::Service(_)), "{error:?}");
        assert!(!format!("{error:?} {}", error.to_diagnostic()).contains("canary"));
    }
}

#[test]
fn the_guide_names_the_version_of_every_kind() {
    let guide = include_str!("../../../templates/guides/sovereign-clouds.md.tmpl");
    let client = Script::new([]).client();
    for (name, version) in [
        ("subnets", client.subnets().api_version()),
        ("route tables", client.route_tables().api_version()),
        ("firewalls", client.azure_firewalls().api_version()),
        ("connections", client.connections().api_version()),
        (
            "network security groups",
            client.network_security_groups().api_version(),
        ),
        ("virtual networks", client.virtual_networks().api_version()),
        ("peerings", client.virtual_network_peerings().api_version()),
        (
            "service endpoint policies",
            client.service_endpoint_policies().api_version(),
        ),
        ("firewall policies", client.firewall_policies().api_version()),
        ("rule collection groups", client.rule_collection_groups().api_version()),
        ("IP groups", client.ip_groups().api_version()),
        ("NAT gateways", client.nat_gateways().api_version()),
        (
            "virtual network gateways",
            client.virtual_network_gateways().api_version(),
        ),
        ("local network gateways", client.local_network_gateways().api_version()),
    ] {
        let row = guide
            .lines()
            .find(|line| line.starts_with(&format!("| `{version}` |")))
            .unwrap_or_else(|| panic!("no row of {version}"));
        let kinds = row.trim_end_matches(" |").split(" | ").last().unwrap_or_default();
        assert!(
            kinds.split(", ").any(|kind| kind == name),
            "{name} is of {version}: {kinds}"
        );
    }
}
