//! Writes that meet.

use acceptance_tests::emulator::{Conflicts, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Reply, Setting, nsg, rule, subnet};

const GROUP: &str = "networkSecurityGroups/nsg";
const ONE: &str = "virtualNetworks/vnet/subnets/one";
const TWO: &str = "virtualNetworks/vnet/subnets/two";

fn first() -> Value {
    subnet(json!({ "addressPrefix": "10.0.0.0/28" }))
}

fn second() -> Value {
    subnet(json!({ "addressPrefix": "10.0.1.0/28" }))
}

fn status(setting: &Setting, reply: &Reply) -> Value {
    let url = reply.header("azure-asyncoperation").unwrap();
    setting.send(setting.request(Method::GET, url)).unwrap().body
}

#[test]
fn a_second_put_takes_the_place_of_the_first() {
    let setting = Setting::slow();
    let loser = setting.put(&format!("{GROUP}/securityRules/one"), &rule("one", &json!({})));
    assert_eq!(loser.code(), "ParentResourceNotFound");
    setting.emulator.put(&setting.id(GROUP), nsg(&[]));
    let path = format!("{GROUP}/securityRules/one");
    let loser = setting.put(&path, &rule("one", &json!({})));
    let winner = setting.put(&path, &rule("one", &json!({ "priority": 200 })));
    assert_eq!(winner.status, 200);
    let ended = status(&setting, &loser);
    assert_eq!(
        (&ended["status"], &ended["error"]["code"]),
        (&json!("Canceled"), &json!("Canceled"))
    );
    let detail = &ended["error"]["details"][0];
    assert_eq!(detail["code"], "CanceledAndSupersededDueToAnotherOperation");
    let text = detail["message"].as_str().unwrap();
    assert!(
        text.contains("was canceled and superseded by operation PutSecurityRuleOperation ("),
        "{text}"
    );
    assert_eq!(status(&setting, &winner)["status"], "InProgress");
    assert_eq!(setting.get(&path).body["properties"]["priority"], 200);
}

#[test]
fn siblings_and_parents_wait_for_each_other() {
    let setting = Setting::slow();
    let running = setting.put(ONE, &first());
    let refused = setting.put(TWO, &second());
    assert_eq!((refused.status, refused.code()), (409, "AnotherOperationInProgress"));
    let text = refused.body["error"]["message"].as_str().unwrap();
    assert!(text.contains(running.header("azure-asyncoperation").unwrap()), "{text}");
    let network =
        json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } });
    assert_eq!(
        setting.put("virtualNetworks/vnet", &network).code(),
        "AnotherOperationInProgress"
    );
    assert_eq!(
        setting.delete("virtualNetworks/vnet").code(),
        "AnotherOperationInProgress"
    );
    assert_eq!(setting.get(TWO).status, 404);
    assert!(
        setting
            .emulator
            .requests()
            .on("*", "*")
            .iter()
            .all(|request| request.effect == (request.path.ends_with("one")))
    );
}

#[test]
fn busy_can_also_be_429() {
    let setting = Setting::with(Options {
        conflicts: Conflicts::RetryableError,
        operation_duration: std::time::Duration::MAX,
        retry_after: Some(3),
        ..Options::default()
    });
    setting.put(ONE, &first());
    let refused = setting.put(TWO, &second());
    assert_eq!((refused.status, refused.code()), (429, "RetryableError"));
    assert_eq!(refused.header("retry-after"), Some("3"));
    let detail = &refused.body["error"]["details"][0];
    assert_eq!(detail["code"], "RetryableErrorDueToAnotherOperation");
    let text = detail["message"].as_str().unwrap();
    assert!(
        text.starts_with("Operation PutSubnetOperation is updating resource "),
        "{text}"
    );
}

#[test]
fn a_subnet_and_its_group_keep_each_other_busy() {
    let setting = Setting::slow();
    setting.emulator.put(&setting.id(GROUP), nsg(&[]));
    let guarded =
        |prefix: &str| subnet(json!({ "addressPrefix": prefix, "networkSecurityGroup": { "id": setting.id(GROUP) } }));
    setting.put(GROUP, &nsg(&[]));
    let refused = setting.put(ONE, &guarded("10.0.0.0/28"));
    assert_eq!(
        (refused.status, refused.code()),
        (400, "ReferencedResourceNotProvisioned")
    );
    let text = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        text.contains("is not in Succeeded state. Resource is in Updating state"),
        "{text}"
    );

    // A foreign write takes the running one's place and ends at once.
    setting.emulator.put(&setting.id(GROUP), nsg(&[]));
    assert_eq!(setting.put(ONE, &guarded("10.0.0.0/28")).status, 201);
    assert_eq!(setting.put(GROUP, &nsg(&[])).code(), "AnotherOperationInProgress");
}

#[test]
fn a_deletion_is_not_taken_back() {
    let setting = Setting::slow();
    setting.emulator.put(&setting.id(ONE), first());
    let deleting = setting.delete(ONE);
    assert_eq!(setting.put(ONE, &first()).code(), "AnotherOperationInProgress");
    let again = setting.delete(ONE);
    assert_eq!(again.status, 202);
    assert_eq!(
        again.header("azure-asyncoperation"),
        deleting.header("azure-asyncoperation")
    );
}

#[test]
fn a_deletion_takes_the_place_of_a_put() {
    let setting = Setting::slow();
    let put = setting.put(ONE, &first());
    assert_eq!(setting.delete(ONE).status, 202);
    assert_eq!(status(&setting, &put)["status"], "Canceled");
}
