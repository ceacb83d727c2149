//! A resource's life: accepted, worked on, there, deleted, gone.

use reqwest::Method;
use serde_json::json;

use crate::client::{Setting, nsg, rule, subnet};

const GROUP: &str = "networkSecurityGroups/nsg";
const SUBNET: &str = "virtualNetworks/vnet/subnets/one";

#[test]
fn a_put_is_accepted_then_done() {
    let setting = Setting::new();
    let created = setting.put(GROUP, &nsg(&[]));
    assert_eq!((created.status, created.state()), (201, "Updating"));
    assert_eq!(created.header("azure-asyncnotification"), Some("Enabled"));
    assert_eq!(created.header("retry-after"), Some("0"));
    assert!(created.header("location").is_none() && created.header("etag").is_none());
    let url = created.header("azure-asyncoperation").unwrap();
    assert!(url.starts_with(setting.emulator.endpoint()), "{url}");
    assert!(
        url.contains("/providers/Microsoft.Network/locations/westeurope/operations/"),
        "{url}"
    );
    assert!(url.ends_with("?api-version=2025-01-01"), "{url}");
    for header in [
        "x-ms-request-id",
        "x-ms-correlation-request-id",
        "x-ms-ratelimit-remaining-subscription-writes",
    ] {
        assert!(created.header(header).is_some(), "{header}");
    }
    assert_eq!(setting.wait(&created), json!({ "status": "Succeeded" }));

    let read = setting.get(GROUP);
    assert_eq!((read.status, read.state()), (200, "Succeeded"));
    assert_eq!(setting.put(GROUP, &nsg(&[])).status, 200);
}

#[test]
fn work_in_progress_shows() {
    let setting = Setting::slow();
    let created = setting.put(GROUP, &nsg(&[rule("one", &json!({}))]));
    let poll = setting.request(Method::GET, created.header("azure-asyncoperation").unwrap());
    let poll = setting.send(poll).unwrap();
    assert_eq!(poll.body, json!({ "status": "InProgress" }));
    assert_eq!(poll.header("retry-after"), Some("0"));
    let read = setting.get(GROUP);
    assert_eq!(read.state(), "Updating");
    assert_eq!(
        read.body["properties"]["securityRules"][0]["properties"]["provisioningState"],
        "Updating"
    );
    assert_eq!(
        read.body["properties"]["defaultSecurityRules"][5]["properties"]["provisioningState"],
        "Updating"
    );

    let deleting = setting.delete("virtualNetworks/vnet");
    assert_eq!(setting.get("virtualNetworks/vnet").state(), "Deleting");
    let poll = setting.request(Method::GET, deleting.header("location").unwrap());
    let poll = setting.send(poll).unwrap();
    assert_eq!((poll.status, poll.header("location").is_some()), (202, true));
}

#[test]
fn a_delete_is_followed_either_way_and_a_second_one_finds_nothing() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    let deleted = setting.delete(GROUP);
    assert_eq!(deleted.status, 202);
    assert_eq!(setting.wait(&deleted), json!({ "status": "Succeeded" }));
    let location = deleted.header("location").unwrap();
    assert!(location.contains("/operationResults/"), "{location}");
    let result = setting.send(setting.request(Method::GET, location)).unwrap();
    assert_eq!(result.status, 204);

    assert_eq!(setting.delete(GROUP).status, 204);
    let read = setting.get(GROUP);
    assert_eq!(read.status, 404);
    assert_eq!(
        read.body,
        json!({ "error": {
            "code": "ResourceNotFound",
            "message": "The Resource 'Microsoft.Network/networkSecurityGroups/nsg' under resource group 'rg' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix",
        }})
    );
    assert_eq!(read.header("x-ms-failure-cause"), Some("gateway"));
}

#[test]
fn children_come_and_go_by_themselves() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[rule("one", &json!({}))]));
    let path = format!("{GROUP}/securityRules/two");
    let created = setting.put(&path, &rule("two", &json!({ "priority": 200 })));
    assert_eq!((created.status, created.header("azure-asyncnotification")), (201, None));
    setting.wait(&created);
    let names = |reply: &crate::client::Reply| -> Vec<String> {
        let rules = reply.body["properties"]["securityRules"].as_array().unwrap();
        rules
            .iter()
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(names(&setting.get(GROUP)), ["one", "two"]);
    let list = setting.get(&format!("{GROUP}/securityRules"));
    assert_eq!(list.body["value"].as_array().unwrap().len(), 2);

    setting.wait(&setting.delete(&format!("{GROUP}/securityRules/ONE")));
    assert_eq!(names(&setting.get(GROUP)), ["two"]);
    assert_eq!(setting.delete(&format!("{GROUP}/securityRules/one")).status, 204);
    assert_eq!(setting.get(&format!("{GROUP}/securityRules/one")).code(), "NotFound");

    let parentless = "networkSecurityGroups/none/securityRules/one";
    let refused = setting.put(parentless, &rule("one", &json!({})));
    assert_eq!((refused.status, refused.code()), (404, "ParentResourceNotFound"));
    assert_eq!(setting.delete(parentless).code(), "ParentResourceNotFound");
}

#[test]
fn case_is_ignored_and_the_first_spelling_stays() {
    let setting = Setting::new();
    setting.done("networkSecurityGroups/MyGroup", &nsg(&[]));
    let shouted = setting.id("networkSecurityGroups/MyGroup").to_uppercase();
    let shouted = shouted.replace(
        &setting.emulator.subscription_id().to_uppercase(),
        setting.emulator.subscription_id(),
    );
    let read = setting.send(setting.request(Method::GET, &shouted)).unwrap();
    assert_eq!(read.body["id"], setting.id("networkSecurityGroups/MyGroup"));
    assert_eq!(
        setting.put("NETWORKSECURITYGROUPS/mygroup", &nsg(&[])).body["name"],
        "MyGroup"
    );
    assert_eq!(setting.emulator.ids().len(), 3, "{:?}", setting.emulator.ids());
}

#[test]
fn a_put_replaces_the_whole_object() {
    let setting = Setting::new();
    let endpoint = json!([{ "service": "Microsoft.Storage" }]);
    setting.done(
        SUBNET,
        &subnet(json!({ "addressPrefix": "10.0.0.0/28", "serviceEndpoints": endpoint })),
    );
    assert!(setting.get(SUBNET).body["properties"]["serviceEndpoints"].is_array());
    setting.done(SUBNET, &subnet(json!({ "addressPrefix": "10.0.0.0/28" })));
    assert!(setting.get(SUBNET).body["properties"].get("serviceEndpoints").is_none());

    let mut tagged = nsg(&[rule("one", &json!({}))]);
    tagged["tags"] = json!({ "owner": "me" });
    setting.done(GROUP, &tagged);
    assert_eq!(setting.get(GROUP).body["tags"], json!({ "owner": "me" }));
    setting.done(GROUP, &json!({ "location": "westeurope" }));
    let read = setting.get(GROUP);
    assert!(read.body.get("tags").is_none());
    assert_eq!(read.body["properties"]["securityRules"], json!([]));
}

#[test]
fn a_patch_changes_tags_only() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[rule("one", &json!({}))]));
    let patch = setting
        .request(Method::PATCH, &setting.id(GROUP))
        .body(json!({ "tags": { "a": "b" } }).to_string());
    let patched = setting.send(patch).unwrap();
    assert_eq!((patched.status, &patched.body["tags"]), (200, &json!({ "a": "b" })));
    assert_eq!(patched.body["properties"]["securityRules"].as_array().unwrap().len(), 1);
    let patch = setting.request(Method::PATCH, &setting.id(SUBNET)).body("{}");
    assert_eq!(setting.send(patch).unwrap().status, 405);
}

#[test]
fn what_is_in_use_stays() {
    let setting = Setting::new();
    let location = json!({ "location": "westeurope", "properties": {} });
    for resource in [GROUP, "routeTables/rt", "natGateways/nat"] {
        setting.done(resource, &location);
    }
    let refer = |resource: &str| json!({ "id": setting.id(resource) });
    setting.done(
        SUBNET,
        &subnet(json!({
            "addressPrefix": "10.0.0.0/28", "networkSecurityGroup": refer(GROUP),
            "routeTable": refer("routeTables/rt"), "natGateway": refer("natGateways/nat"),
        })),
    );
    for (resource, code) in [
        (GROUP, "InUseNetworkSecurityGroupCannotBeDeleted"),
        ("routeTables/rt", "InUseRouteTableCannotBeDeleted"),
        ("natGateways/nat", "InUseNatGatewayCannotBeDeleted"),
    ] {
        assert_eq!(
            setting.get(resource).body["properties"]["subnets"],
            json!([{ "id": setting.id(SUBNET) }])
        );
        let refused = setting.delete(resource);
        assert_eq!((refused.status, refused.code()), (400, code));
    }

    setting
        .emulator
        .occupy_subnet(&setting.id(SUBNET), "/nic/ipConfigurations/one");
    assert_eq!(
        setting.get(SUBNET).body["properties"]["ipConfigurations"],
        json!([{ "id": "/nic/ipConfigurations/one" }])
    );
    assert_eq!(setting.delete(SUBNET).code(), "InUseSubnetCannotBeDeleted");
    assert_eq!(
        setting.delete("virtualNetworks/vnet").code(),
        "InUseSubnetCannotBeDeleted"
    );
    let moved = setting.put(SUBNET, &subnet(json!({ "addressPrefix": "10.0.1.0/28" })));
    assert_eq!(moved.code(), "InUsePrefixCannotBeDeleted");
    let network = json!({ "location": "westeurope", "properties": {
        "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] }, "subnets": [],
    }});
    assert_eq!(
        setting.put("virtualNetworks/vnet", &network).code(),
        "InUseSubnetCannotBeDeleted"
    );

    setting.emulator.vacate_subnet(&setting.id(SUBNET));
    setting.wait(&setting.delete(SUBNET));
    assert!(setting.get(GROUP).body["properties"].get("subnets").is_none());
    assert_eq!(setting.delete(GROUP).status, 202);
}

#[test]
fn a_resource_group_takes_its_content_along() {
    let setting = Setting::new();
    setting.done(GROUP, &nsg(&[]));
    let group = setting.group.clone();
    let on_group = |method| setting.send(setting.request(method, &group)).unwrap();
    assert_eq!(on_group(Method::GET).body["location"], "westeurope");
    assert_eq!(on_group(Method::HEAD).status, 204);
    let resources = setting
        .send(setting.request(Method::GET, &format!("{group}/resources")))
        .unwrap();
    assert_eq!(resources.body["value"].as_array().unwrap().len(), 2);
    let deleted = on_group(Method::DELETE);
    assert_eq!(deleted.status, 202);
    let polled = setting
        .send(setting.request(Method::GET, deleted.header("location").unwrap()))
        .unwrap();
    assert!(polled.status == 202 || polled.status == 204);
    assert_eq!(on_group(Method::GET).code(), "ResourceGroupNotFound");
    assert_eq!(setting.get(GROUP).code(), "ResourceGroupNotFound");
    assert_eq!(setting.emulator.ids(), Vec::<String>::new());
}
