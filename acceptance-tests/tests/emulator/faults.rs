//! Every misfortune on the list happens as described, as often as asked, and to nobody else.

use acceptance_tests::emulator::{Effect, Fault};
use reqwest::Method;
use serde_json::json;

use crate::client::{Setting, nsg, rule};

const GROUP: &str = "networkSecurityGroups/nsg";

#[test]
fn refusals_come_in_their_order_and_end() {
    let setting = Setting::new();
    setting.emulator.fault(
        Fault::refuse(409, "AnotherOperationInProgress", "Busy.")
            .on("PUT", GROUP)
            .times(2),
    );
    setting.emulator.fault(
        Fault::refuse(429, "TooManyRequests", "Slow down.")
            .on("put", "nsg")
            .retry_after(7),
    );
    let codes: Vec<u16> = (0..4).map(|_| setting.put(GROUP, &nsg(&[])).status).collect();
    assert_eq!(codes, [409, 409, 429, 201]);
    assert_eq!(setting.emulator.faults_left().len(), 0);
    let log = setting.emulator.requests().puts_on(GROUP);
    assert_eq!(
        log.iter().map(|request| request.effect).collect::<Vec<_>>(),
        [false, false, false, true]
    );
    assert!(
        log.lines()[2].ends_with("networkSecurityGroups/nsg -> 429 TooManyRequests"),
        "{:?}",
        log.lines()
    );
}

#[test]
fn a_fault_can_let_some_pass_first() {
    let setting = Setting::new();
    setting.emulator.fault(
        Fault::refuse(500, "InternalServerError", "")
            .on("GET", "securityGroups/*")
            .after(9),
    );
    setting.emulator.fault(
        Fault::refuse(503, "ServerTimeout", "")
            .on("GET", "networkSecurityGroups/*")
            .after(1),
    );
    setting.done(GROUP, &nsg(&[]));
    let statuses: Vec<u16> = (0..3).map(|_| setting.get(GROUP).status).collect();
    assert_eq!(statuses, [200, 503, 200]);
}

#[test]
fn a_lost_request_and_a_lost_answer_look_alike() {
    for (effect, written) in [(Effect::ResetBefore, false), (Effect::ResetAfter, true)] {
        let setting = Setting::new();
        setting.emulator.fault(Fault::new("PUT", GROUP, effect));
        assert!(setting.try_put(GROUP, &nsg(&[])).is_err());
        assert_eq!(setting.emulator.get(&setting.id(GROUP)).is_some(), written);
        let logged = &setting.emulator.requests()[0];
        assert_eq!((logged.status, logged.effect), (None, written));
        assert_eq!(setting.put(GROUP, &nsg(&[])).status, if written { 200 } else { 201 });
    }
}

#[test]
fn an_answer_breaks_off() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    setting.emulator.fault(Fault::new("GET", GROUP, Effect::Truncate));
    assert!(setting.send(setting.request(Method::GET, &setting.id(GROUP))).is_err());
    assert_eq!(setting.get(GROUP).status, 200);
}

#[test]
fn an_operation_fails_late() {
    let setting = Setting::new();
    setting
        .emulator
        .fault(Fault::fail_operation("InternalServerError", "An error occurred.").on("PUT", GROUP));
    let accepted = setting.put(GROUP, &nsg(&[rule("one", &json!({}))]));
    assert_eq!(accepted.status, 201);
    assert_eq!(
        setting.wait(&accepted),
        json!({ "status": "Failed", "error": { "code": "InternalServerError", "message": "An error occurred.", "details": [] } })
    );
    assert_eq!(setting.get(GROUP).state(), "Failed");
    let subnet = json!({ "properties": {
        "addressPrefix": "10.0.0.0/28", "networkSecurityGroup": { "id": setting.id(GROUP) },
    }});
    let refused = setting.put("virtualNetworks/vnet/subnets/one", &subnet);
    assert_eq!(refused.code(), "ReferencedResourceNotProvisioned");
    setting.done(GROUP, &nsg(&[]));
    assert_eq!(setting.get(GROUP).state(), "Succeeded");

    setting
        .emulator
        .fault(Fault::fail_operation("InternalServerError", "").on("DELETE", GROUP));
    let deleted = setting.delete(GROUP);
    assert_eq!(setting.wait(&deleted)["status"], "Failed");
    assert_eq!(setting.get(GROUP).state(), "Failed", "it is still there");
}

#[test]
fn an_operation_gets_lost_but_its_work_is_done() {
    let setting = Setting::new();
    setting.emulator.fault(Fault::new("PUT", GROUP, Effect::LoseOperation));
    let accepted = setting.put(GROUP, &nsg(&[]));
    let poll = setting.request(Method::GET, accepted.header("azure-asyncoperation").unwrap());
    assert_eq!(setting.send(poll).unwrap().status, 404);
    while setting.get(GROUP).state() != "Succeeded" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[test]
fn an_operation_never_ends() {
    let setting = Setting::with(acceptance_tests::emulator::Options {
        operation_duration: std::time::Duration::ZERO,
        ..Default::default()
    });
    setting.emulator.fault(Fault::new("PUT", GROUP, Effect::NeverFinish));
    let accepted = setting.put(GROUP, &nsg(&[]));
    for _ in 0..3 {
        let poll = setting.request(Method::GET, accepted.header("azure-asyncoperation").unwrap());
        assert_eq!(setting.send(poll).unwrap().body["status"], "InProgress");
    }
}

#[test]
fn a_new_resource_hides_for_a_while() {
    let setting = Setting::new();
    setting
        .emulator
        .fault(Fault::new("PUT", GROUP, Effect::HideAfterCreate(2)));
    setting.done(GROUP, &nsg(&[]));
    let statuses: Vec<u16> = (0..3).map(|_| setting.get(GROUP).status).collect();
    assert_eq!(statuses, [404, 404, 200]);
}

#[test]
fn somebody_else_writes_in_between() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    let etag = setting.get(GROUP).etag().to_owned();
    let id = format!("{}/securityRules/foreign", setting.id(GROUP));
    let foreign = Fault::foreign(move |azure| drop(azure.put(&id, rule("foreign", &json!({ "priority": 300 })))));
    setting.emulator.fault(foreign.on("PUT", GROUP));
    assert_eq!(setting.put_if_match(GROUP, &nsg(&[]), &etag).status, 412);
    let group = setting.get(GROUP);
    assert_eq!(group.body["properties"]["securityRules"][0]["name"], "foreign");
    assert_eq!(group.state(), "Succeeded", "the foreign write has ended");
    let logged = &setting.emulator.requests().puts_on(GROUP)[1];
    assert_eq!((logged.status, logged.effect), (Some(412), false));
}

#[test]
fn an_edit_keeps_every_spelling_and_unknown_property() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[rule("one", &json!({}))]));
    let etag = setting.get(GROUP).etag().to_owned();
    setting.emulator.edit(&setting.id(GROUP), |group| {
        group["properties"]["securityRules"][0]["properties"]["protocol"] = json!("TCP");
        group["properties"]["securityRules"][0]["properties"]["fromTheFuture"] = json!(true);
        group["properties"]["flushConnection"] = json!(true);
    });
    let group = setting.get(GROUP);
    assert_ne!(group.etag(), etag);
    assert_eq!(group.body["properties"]["flushConnection"], true);
    let edited = &group.body["properties"]["securityRules"][0]["properties"];
    assert_eq!(
        (&edited["protocol"], &edited["fromTheFuture"]),
        (&json!("TCP"), &json!(true))
    );
    // A client that sends back what it has read is understood.
    setting.done(GROUP, &group.body);
    assert_eq!(
        setting.get(GROUP).body["properties"]["securityRules"][0]["properties"]["fromTheFuture"],
        true
    );
}
