//! What people and services forbid in a landing zone: locks, policies, intent policies, quotas; and what an old version does not know.

use std::time::Duration;

use acceptance_tests::emulator::{LockLevel, Options, Quota};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Reply, Setting, nsg, subnet};

const SUBNET: &str = "virtualNetworks/vnet/subnets/one";
const GROUP: &str = "networkSecurityGroups/nsg";

fn with_group(setting: &Setting) -> Value {
    let group = json!({ "id": setting.id(GROUP) });
    subnet(json!({ "addressPrefix": "10.0.1.0/28", "networkSecurityGroup": group }))
}

fn plain() -> Value {
    subnet(json!({ "addressPrefix": "10.0.1.0/28" }))
}

#[test]
fn a_subnet_without_a_route_table_is_denied_where_that_is_the_policy() {
    let setting = Setting::with(Options {
        deny_subnets_without_route_table: true,
        ..Options::default()
    });
    let refused = setting.put(SUBNET, &plain());
    assert_eq!((refused.status, refused.code()), (403, "RequestDisallowedByPolicy"));
    let info = &refused.body["error"]["additionalInfo"][0]["info"];
    assert_eq!(
        info["policyDefinitionDisplayName"],
        "Subnets should have a User Defined Route"
    );
    let table = json!({ "location": "westeurope", "properties": {} });
    setting.done("routeTables/rt", &table);
    let dressed = json!({ "addressPrefix": "10.0.1.0/28", "routeTable": { "id": setting.id("routeTables/rt") } });
    setting.done(SUBNET, &subnet(dressed));
}

#[test]
fn the_group_of_a_subnet_with_an_intent_policy_cannot_be_taken_away() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    setting.done(SUBNET, &with_group(&setting));
    setting.emulator.apply_intent_policy(&setting.id(SUBNET));
    let refused = setting.put(SUBNET, &plain());
    assert_eq!(
        (refused.status, refused.code()),
        (400, "NetworkSecurityGroupCannotBeRemovedDueToNipOnSubnet")
    );
    // Everything else can be changed, another group included.
    setting.done("networkSecurityGroups/other", &nsg(&[]));
    let mut other = with_group(&setting);
    other["properties"]["networkSecurityGroup"]["id"] = json!(setting.id("networkSecurityGroups/other"));
    setting.done(SUBNET, &other);
}

fn lock(setting: &Setting, method: Method, scope: &str, level: &str) -> Reply {
    let path = format!("{scope}/providers/Microsoft.Authorization/locks/keep");
    let request = setting.request(method, &path);
    setting
        .send(request.body(json!({ "properties": { "level": level } }).to_string()))
        .unwrap()
}

#[test]
fn locks_are_made_and_removed_as_by_any_client() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    assert_eq!(lock(&setting, Method::PUT, &setting.group, "CanNotDelete").status, 201);
    let shown = lock(&setting, Method::GET, &setting.group, "").body;
    assert_eq!(shown["properties"]["level"], "CanNotDelete");
    let refused = setting.delete(GROUP);
    assert_eq!((refused.status, refused.code()), (409, "ScopeLocked"));
    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("cannot perform delete operation") && message.contains(&setting.group));
    assert_eq!(setting.get(GROUP).status, 200);
    setting.done(GROUP, &nsg(&[]));

    assert_eq!(lock(&setting, Method::DELETE, &setting.group, "").status, 200);
    assert_eq!(setting.delete(GROUP).status, 202);
    assert_eq!(lock(&setting, Method::GET, &setting.group, "").code(), "LockNotFound");
    assert_eq!(
        lock(&setting, Method::PUT, &setting.group, "None").code(),
        "LockPropertiesInvalid"
    );
}

#[test]
fn a_read_only_lock_forbids_writes_below_and_deletions_above() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    setting.emulator.lock(&setting.id(GROUP), LockLevel::ReadOnly);
    assert_eq!(setting.put(GROUP, &nsg(&[])).code(), "ScopeLocked");
    let rule = setting.put(&format!("{GROUP}/securityRules/r"), &json!({ "properties": {} }));
    assert_eq!(rule.code(), "ScopeLocked");
    let group = setting.send(setting.request(Method::DELETE, &setting.group)).unwrap();
    assert_eq!(group.code(), "ScopeLocked", "a locked resource keeps its group");
    // A name that begins the same is another one.
    setting.done("networkSecurityGroups/nsg2", &nsg(&[]));
    setting.emulator.unlock(&setting.id(GROUP));
    setting.done(GROUP, &nsg(&[]));
}

#[test]
fn what_is_left_of_the_quota_is_told_and_what_is_too_much_is_refused() {
    let with_window = |window: Duration| {
        Setting::with(Options {
            quota: Some(Quota {
                writes: 2,
                window,
                ..Quota::default()
            }),
            ..Options::default()
        })
    };
    let setting = with_window(Duration::from_secs(3_600));
    let left_of_writes = "x-ms-ratelimit-remaining-subscription-writes";
    assert_eq!(setting.put(GROUP, &nsg(&[])).header(left_of_writes), Some("1"));
    assert_eq!(setting.put(GROUP, &nsg(&[])).header(left_of_writes), Some("0"));
    let refused = setting.put(GROUP, &nsg(&[]));
    assert_eq!((refused.status, refused.code()), (429, "SubscriptionRequestsThrottled"));
    assert!(refused.header("retry-after").is_some());
    let read = setting.get(GROUP);
    assert_eq!(read.status, 200, "reads are counted apart");
    let left = read.header("x-ms-ratelimit-remaining-subscription-reads");
    assert_eq!(left, Some("11999"));
    // With the end of the window everything is free again.
    let setting = with_window(Duration::ZERO);
    for _ in 0..3 {
        assert_eq!(setting.put(GROUP, &nsg(&[])).header(left_of_writes), Some("1"));
    }
}

#[test]
fn everything_new_can_be_hidden_from_its_first_readers() {
    let setting = Setting::with(Options {
        hide_after_create: 1,
        ..Options::default()
    });
    for resource in [GROUP, "routeTables/rt"] {
        let created = setting.put(resource, &json!({ "location": "westeurope", "properties": {} }));
        assert_eq!(created.status, 201);
        assert_eq!(setting.get(resource).code(), "ResourceNotFound");
        assert_eq!(setting.get(resource).status, 200);
    }
}

#[test]
fn rule_collection_groups_can_be_made_to_ignore_if_match() {
    let path = "firewallPolicies/policy/ruleCollectionGroups/group";
    let body = json!({ "properties": { "priority": 200, "ruleCollections": [] } });
    for (honoured, status) in [(true, 412), (false, 200)] {
        let setting = Setting::with(Options {
            collection_groups_honour_if_match: honoured,
            ..Options::default()
        });
        setting.done("firewallPolicies/policy", &nsg(&[]));
        setting.done(path, &body);
        assert_eq!(setting.put_if_match(path, &body, "W/\"stale\"").status, status);
    }
}

/// A request of this version.
fn of_version(setting: &Setting, version: &str, method: Method, body: &Value) -> Reply {
    let path = format!("{}?api-version={version}", setting.id(SUBNET));
    let request = setting.bare(method, &path).bearer_auth(&setting.token);
    setting.send(request.body(body.to_string())).unwrap()
}

#[test]
fn an_old_version_neither_shows_nor_keeps_what_it_does_not_know() {
    for (differ, kept) in [(true, None), (false, Some(&json!(false)))] {
        let setting = Setting::with(Options {
            versions_differ: differ,
            ..Options::default()
        });
        let private = json!({ "addressPrefix": "10.0.1.0/28", "defaultOutboundAccess": false });
        setting.done(SUBNET, &subnet(private));
        let old = of_version(&setting, "2020-05-01", Method::GET, &json!({})).body;
        assert_eq!(old["properties"].get("defaultOutboundAccess"), kept);
        let new = setting.get(SUBNET).body;
        assert_eq!(
            new["properties"]["defaultOutboundAccess"], false,
            "a look changes nothing"
        );
        // Even if it is sent along.
        let written = of_version(&setting, "2020-05-01", Method::PUT, &new);
        assert_eq!(written.status, 200);
        setting.wait(&written);
        assert_eq!(
            setting.get(SUBNET).body["properties"].get("defaultOutboundAccess"),
            kept
        );
    }
}
