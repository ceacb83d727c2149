//! Policies: what they ask for, and several of them together.

use tfplugin_rs::value::Value;

use super::{answers, dynamic, firewall::behind, flow, read, rule, server_policy};

#[tokio::test]
async fn an_expansion_proves_itself() {
    let policies = Value::List(vec![server_policy().await]);
    let state = read("lockeddown_verification", &[("policies", policies)])
        .await
        .unwrap();
    insta::assert_snapshot!("an_expansion", answers(&state));
}

#[tokio::test]
async fn without_a_way_out_or_behind_a_tunnel_nothing_leaves() {
    let policies = || async { Value::List(vec![server_policy().await]) };
    let entries = [("policies", policies().await), ("outbound_method", "none".into())];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("refuted"));
    let route = Value::object([
        ("address_prefix", Value::from("0.0.0.0/0")),
        ("next_hop_type", "VirtualNetworkGateway".into()),
    ]);
    let routes = Value::object([("default", route)]);
    let state = read(
        "lockeddown_verification",
        &[("policies", policies().await), ("routes", dynamic(routes))],
    )
    .await
    .unwrap();
    assert_eq!(state.attribute("verdict").as_str(), Some("depends_on"));
}

/// A document that demands a deny is not kept by a group that denies nothing, whatever passes.
#[tokio::test]
async fn a_deny_that_nobody_keeps_is_a_violation() {
    let policy = server_policy().await;
    let rules = policy.attribute("security_rules").as_map().unwrap();
    let allows = rules
        .iter()
        .filter(|(_, rule)| rule.attribute("access").as_str() == Some("Allow"));
    let allows = Value::object(
        allows
            .map(|(name, rule)| (name.as_str(), rule.clone()))
            .collect::<Vec<_>>(),
    );
    let entries = [
        ("policies", Value::List(vec![policy])),
        ("security_rules", dynamic(allows)),
    ];
    let state = read("lockeddown_verification", &entries).await.unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("refuted"),
        "{}",
        answers(&state)
    );
    let [violation] = state.attribute("violations").as_list().unwrap() else {
        panic!("{}", answers(&state))
    };
    assert_eq!(violation.attribute("flow").as_str(), Some("CC-DENY-INTERNET"));
    let [exposure] = state.attribute("exposure").as_list().unwrap() else {
        panic!("{}", answers(&state))
    };
    assert_eq!(exposure.attribute("rule").as_str(), Some("AllowInternetOutBound"));
}

#[tokio::test]
async fn nothing_is_not_proven() {
    let refused = read("lockeddown_verification", &[]).await.unwrap_err();
    assert!(refused.contains("nothing to prove"), "{refused}");
}

/// A route to the private space around the subnet takes what it sends to itself, too, unless the virtual network's space is narrower.
#[tokio::test]
async fn a_route_around_the_subnet_depends_on_the_space_around_it() {
    let route = Value::object([
        ("address_prefix", Value::from("10.0.0.0/16")),
        ("next_hop_type", "None".into()),
    ]);
    let routes = dynamic(Value::object([("dropped", route)]));
    let itself = Value::object([(
        "itself",
        flow(&[("peer", "10.0.0.0/24"), ("port", "22"), ("local", "10.0.0.0/24")]),
    )]);
    let verdict = async |spaces: &[&str]| {
        let mut entries = vec![("routes", routes.clone()), ("required_flows", itself.clone())];
        if !spaces.is_empty() {
            let spaces = Value::string_set(spaces.iter().copied());
            entries.push(("virtual_network_address_spaces", spaces));
        }
        let state = read("lockeddown_verification", &entries).await.unwrap();
        (
            state.attribute("verdict").as_str().unwrap_or_default().to_owned(),
            answers(&state),
        )
    };
    let (unsaid, told) = verdict(&[]).await;
    assert_eq!(unsaid, "depends_on", "{told}");
    assert!(told.contains("is not narrower than `10.0.0.0/16`"), "{told}");
    assert_eq!(verdict(&["10.0.0.0/16"]).await.0, "refuted");
    assert_eq!(verdict(&["10.0.0.0/20"]).await.0, "proven");
}

/// A policy whose allow of the storage is a deny under another name.
fn denying(policy: &Value) -> Value {
    let Some(rules) = policy.attribute("security_rules").as_map() else {
        panic!("a policy has rules")
    };
    let mut deny = rules["AllowAzureStorage"].clone();
    deny.set_attribute("name", "DenyStorage".into());
    deny.set_attribute("access", "Deny".into());
    let mut policy = policy.clone();
    policy.set_attribute("security_rules", Value::object([("DenyStorage", deny)]));
    policy
}

/// What cannot be in one group or table has no verdict, whichever of the policies comes first.
#[tokio::test]
async fn policies_that_cannot_stand_together_are_an_error_in_any_order() {
    let server = server_policy().await;
    let conflicts = [
        (server.clone(), denying(&server), "priority"),
        (behind("10.9.0.4").await, behind("10.66.6.6").await, "10.66.6.6"),
    ];
    for (one, other, word) in &conflicts {
        for pair in [vec![one.clone(), other.clone()], vec![other.clone(), one.clone()]] {
            let refused = read("lockeddown_verification", &[("policies", Value::List(pair))])
                .await
                .unwrap_err();
            assert!(refused.starts_with("policies: ") && refused.contains(word), "{refused}");
        }
    }
    let mut elsewhere = server.clone();
    elsewhere.set_attribute("location", "northeurope".into());
    let pair = Value::List(vec![server.clone(), elsewhere]);
    let refused = read("lockeddown_verification", &[("policies", pair)])
        .await
        .unwrap_err();
    assert!(refused.contains("a subnet is in one place"), "{refused}");
    // Their rules do not matter where others are given.
    let [(one, other, _), _] = conflicts;
    let entries = [
        ("policies", Value::List(vec![one, other])),
        (
            "security_rules",
            dynamic(Value::object([("AllowAll", rule("Allow", 100, "*", "*"))])),
        ),
    ];
    read("lockeddown_verification", &entries).await.unwrap();
    // The same twice is there once.
    let twice = Value::List(vec![server.clone(), server]);
    let state = read("lockeddown_verification", &[("policies", twice)]).await.unwrap();
    assert_eq!(
        state.attribute("verdict").as_str(),
        Some("proven"),
        "{}",
        answers(&state)
    );
}

#[tokio::test]
async fn a_flow_of_ones_own_takes_no_name_of_a_policys() {
    let required = Value::object([("CC-SERVER-ARM", flow(&[("peer", "AzureMonitor"), ("port", "443")]))]);
    let entries = [
        ("policies", Value::List(vec![server_policy().await])),
        ("required_flows", required),
    ];
    let refused = read("lockeddown_verification", &entries).await.unwrap_err();
    assert!(
        refused.starts_with("required_flows[\"CC-SERVER-ARM\"]: ") && refused.contains("another name"),
        "{refused}"
    );
}

/// `*` is the subnet of the policies, however much of the network is known around it.
#[tokio::test]
async fn the_whole_subnet_is_that_of_the_policies() {
    for spaces in [None, Some(["10.0.0.0/16"])] {
        for (peer, port, verdict) in [("Internet", "25", "proven"), ("AzureMonitor", "443", "refuted")] {
            let forbidden = Value::object([("mail", flow(&[("peer", peer), ("port", port)]))]);
            let entries = [
                ("policies", Value::List(vec![server_policy().await])),
                ("forbidden_flows", forbidden),
                (
                    "virtual_network_address_spaces",
                    spaces.map_or(Value::Null, Value::string_set),
                ),
            ];
            let state = read("lockeddown_verification", &entries).await.unwrap();
            assert_eq!(
                state.attribute("verdict").as_str(),
                Some(verdict),
                "{spaces:?} {}",
                answers(&state)
            );
        }
    }
}
