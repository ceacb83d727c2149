//! A role is kept: what it does not list is refused, on the request's own scope and on those that a body links to.

use std::collections::BTreeSet;

use serde_json::json;

use crate::client::{Setting, nsg, subnet};

const SUBNET: &str = "virtualNetworks/vnet/subnets/cc";
const WRITE: &str = "Microsoft.Network/virtualNetworks/subnets/write";
const JOIN: &str = "Microsoft.Network/networkSecurityGroups/join/action";

fn locked_down(setting: &Setting) -> serde_json::Value {
    let group = setting.id("networkSecurityGroups/nsg");
    subnet(json!({ "addressPrefix": "10.0.0.0/28", "networkSecurityGroup": { "id": group } }))
}

#[test]
fn what_is_not_allowed_is_refused_with_the_action_and_its_scope() {
    let setting = Setting::new();
    setting.done("networkSecurityGroups/nsg", &nsg(&[]));
    setting.emulator.restrict_to(["Microsoft.Network/*/read"]);
    assert_eq!(setting.get(SUBNET).status, 404, "reading is allowed");
    let refused = setting.put(SUBNET, &locked_down(&setting));
    let (client, scope) = (setting.emulator.client_id(), setting.id(SUBNET));
    assert_eq!(
        (refused.status, refused.code(), refused.header("x-ms-failure-cause")),
        (403, "AuthorizationFailed", Some("gateway"))
    );
    assert_eq!(
        refused.body["error"]["message"],
        format!(
            "The client '{client}' with object id '{client}' does not have authorization to perform action '{WRITE}' over scope '{scope}' \
             or the scope is invalid. If access was recently granted, please refresh your credentials."
        )
    );

    setting.emulator.restrict_to([WRITE]);
    let refused = setting.put(SUBNET, &locked_down(&setting));
    assert_eq!((refused.status, refused.code()), (403, "LinkedAuthorizationFailed"));
    let group = setting.id("networkSecurityGroups/nsg");
    assert_eq!(
        refused.body["error"]["message"],
        format!(
            "The client '{client}' with object id '{client}' has permission to perform action '{WRITE}' on scope '{scope}'; however, it does \
             not have permission to perform action '{JOIN}' on the linked scope(s) '{group}' or the linked scope(s) are invalid."
        )
    );
    assert!(setting.emulator.get(&scope).is_none(), "nothing was written");
}

#[test]
fn the_log_says_which_actions_suffice() {
    let setting = Setting::new();
    setting.done("networkSecurityGroups/nsg", &nsg(&[]));
    setting.emulator.clear_requests();
    setting.done(SUBNET, &locked_down(&setting));
    let actions = setting.emulator.requests().actions();
    let polling = "Microsoft.Network/locations/operations/read";
    assert_eq!(actions, BTreeSet::from([WRITE, JOIN, polling].map(str::to_owned)));

    setting.emulator.restrict_to(actions);
    setting.done(SUBNET, &locked_down(&setting));
    assert_eq!(setting.get(SUBNET).status, 403);
    setting.emulator.lift_restrictions();
    assert_eq!(setting.get(SUBNET).status, 200);
}
