//! Etags move when Azure's do, and conditions on them are kept.

use acceptance_tests::emulator::Options;
use reqwest::Method;
use serde_json::json;

use crate::client::{Setting, nsg, rule, subnet};

const GROUP: &str = "networkSecurityGroups/nsg";
const RULE: &str = "networkSecurityGroups/nsg/securityRules/one";

#[test]
fn an_etag_moves_with_the_write_and_again_when_its_operation_ends() {
    let setting = Setting::new();
    let created = setting.put(GROUP, &nsg(&[rule("one", &json!({}))]));
    setting.wait(&created);
    let read = setting.get(GROUP);
    assert_eq!(read.header("etag"), Some(read.etag()));
    assert_ne!(created.etag(), read.etag());
    assert_eq!(setting.get(GROUP).etag(), read.etag(), "reading moves nothing");

    // Children share their parent's etag, and a write of a child is one of its parent.
    assert_eq!(setting.get(RULE).etag(), read.etag());
    setting.wait(&setting.put(RULE, &rule("one", &json!({ "priority": 200 }))));
    let after = setting.get(GROUP);
    assert_ne!(after.etag(), read.etag());
    assert_eq!(setting.get(RULE).etag(), after.etag());
}

#[test]
fn if_match_is_kept_everywhere() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[rule("one", &json!({}))]));
    let stale = setting.get(GROUP).etag().to_owned();
    setting
        .emulator
        .edit(&setting.id(GROUP), |group| group["tags"] = json!({ "by": "another" }));
    let fresh = setting.get(GROUP).etag().to_owned();
    let body = nsg(&[]);
    let refused = setting.put_if_match(GROUP, &body, &stale);
    assert_eq!(refused.status, 412);
    assert_eq!(
        refused.body,
        json!({ "error": {
            "code": "PreconditionFailed",
            "message": "Precondition failed.",
            "details": [{
                "code": "PreconditionFailedEtagMismatch",
                "message": format!("Etag provided in if-match header {stale} does not match etag {fresh} of resource {} in NRP data store.", setting.id(GROUP)),
            }],
        }})
    );
    assert_eq!(setting.put_if_match(RULE, &rule("one", &json!({})), &stale).status, 412);
    let delete = setting
        .request(Method::DELETE, &setting.id(GROUP))
        .header("If-Match", &stale);
    assert_eq!(setting.send(delete).unwrap().status, 412);
    assert_eq!(
        setting.put_if_match("networkSecurityGroups/none", &body, &fresh).status,
        412
    );
    assert_eq!(setting.put_if_match(GROUP, &body, &fresh).status, 200);
    assert_eq!(setting.put_if_match(GROUP, &body, "*").status, 200);

    let create = setting
        .request(Method::PUT, &setting.id(GROUP))
        .header("If-None-Match", "*");
    assert_eq!(setting.send(create.body(body.to_string())).unwrap().status, 412);
}

#[test]
fn subnets_can_be_made_to_ignore_if_match() {
    let path = "virtualNetworks/vnet/subnets/one";
    let body = subnet(json!({ "addressPrefix": "10.0.0.0/28" }));
    for (honoured, status) in [(true, 412), (false, 200)] {
        let setting = Setting::with(Options {
            subnets_honour_if_match: honoured,
            ..Options::default()
        });
        setting.done(path, &body);
        assert_eq!(setting.put_if_match(path, &body, "W/\"stale\"").status, status);
    }
}
