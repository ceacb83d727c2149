//! The control endpoint and the program, for clients in other languages.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};

use acceptance_tests::emulator::{Emulator, LockLevel, Options};
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Reply, Setting, nsg, rule};

const GROUP: &str = "networkSecurityGroups/nsg";

fn control(setting: &Setting, method: Method, path: &str, body: &Value) -> Reply {
    let request = setting.bare(method, &format!("/__emulator/{path}"));
    setting.send(request.body(body.to_string())).unwrap()
}

#[test]
fn everything_a_rust_test_does_can_be_done_over_http() {
    let setting = Setting::new();
    let resource = format!("resource?id={}", setting.id(GROUP));
    let put = control(&setting, Method::PUT, &resource, &nsg(&[rule("one", &json!({}))]));
    assert_eq!((put.status, put.state()), (200, "Succeeded"));
    let refused = control(&setting, Method::PUT, &resource, &nsg(&[rule("one!", &json!({}))]));
    assert_eq!(refused.code(), "InvalidResourceName");
    control(
        &setting,
        Method::PATCH,
        &resource,
        &json!({ "tags": { "by": "another" } }),
    );
    assert_eq!(
        control(&setting, Method::GET, &resource, &Value::Null).body["tags"]["by"],
        "another"
    );

    let faults = json!([
        { "method": "GET", "path": GROUP, "effect": { "refuse": { "status": 503, "code": "ServerTimeout", "retry_after": 1 } } },
        { "method": "GET", "path": GROUP, "skip": 1, "times": 1, "effect": "reset_before" },
        { "path": GROUP, "effect": { "foreign": { "merge": { "id": setting.id(GROUP), "patch": { "tags": null } } } } },
        { "path": "never", "effect": { "delay": 10 } },
        { "path": "never", "effect": { "hide_after_create": 2 } },
    ]);
    assert_eq!(control(&setting, Method::POST, "faults", &faults).status, 204);
    let busy = setting.get(GROUP);
    assert_eq!((busy.status, busy.header("retry-after")), (503, Some("1")));
    assert!(
        setting.get(GROUP).body.get("tags").is_none(),
        "the second fault let this one pass to the third"
    );
    assert!(setting.send(setting.request(Method::GET, &setting.id(GROUP))).is_err());
    let wrong = control(
        &setting,
        Method::POST,
        "faults",
        &json!({ "path": "x", "effect": "explode" }),
    );
    assert_eq!(wrong.status, 400);
    control(&setting, Method::DELETE, "faults", &Value::Null);
    assert!(setting.emulator.faults_left().is_empty());

    let log = control(&setting, Method::GET, "requests", &Value::Null).body;
    let log: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|request| request["status"].clone())
        .collect();
    assert_eq!(
        log,
        [json!(503), json!(200), Value::Null],
        "the control endpoint is not in the log"
    );
    control(&setting, Method::DELETE, "requests", &Value::Null);
    assert!(setting.emulator.requests().is_empty());

    control(&setting, Method::DELETE, &resource, &Value::Null);
    let ids = control(&setting, Method::GET, "resources", &Value::Null).body;
    assert_eq!(ids, json!([setting.group, setting.id("virtualNetworks/vnet")]));
    let subnet = setting.id("virtualNetworks/vnet/subnets/one");
    setting
        .emulator
        .put(&subnet, json!({ "properties": { "addressPrefix": "10.0.0.0/28" } }));
    control(
        &setting,
        Method::PUT,
        &format!("occupants?id={subnet}"),
        &json!(["/nic"]),
    );
    assert_eq!(
        setting.delete("virtualNetworks/vnet/subnets/one").code(),
        "InUseSubnetCannotBeDeleted"
    );
}

#[test]
fn what_exists_survives_a_restart_and_what_was_going_on_has_ended() {
    let directory = tempfile::tempdir().unwrap();
    let start = || {
        Emulator::start(Options {
            state_directory: Some(directory.path().to_owned()),
            operation_duration: std::time::Duration::MAX,
            ..Options::default()
        })
    };
    let setting = Setting::around(start());
    let (kept, going) = (setting.id(GROUP), setting.id("networkSecurityGroups/going"));
    setting.emulator.put(&going, nsg(&[]));
    setting.delete("networkSecurityGroups/going");
    setting.put(GROUP, &nsg(&[rule("one", &json!({}))]));
    let space = json!({ "addressSpace": { "addressPrefixes": ["10.9.0.0/16"] } });
    let hub = json!({ "location": "westeurope", "properties": space });
    setting.emulator.put(&setting.id("virtualNetworks/hub"), hub);
    let peering = setting.id("virtualNetworks/vnet/virtualNetworkPeerings/to-hub");
    let remote = json!({ "remoteVirtualNetwork": { "id": setting.id("virtualNetworks/hub") } });
    setting.emulator.put(&peering, json!({ "properties": remote }));
    setting.emulator.lock(&setting.group, LockLevel::CanNotDelete);
    let before = setting.get(GROUP).body;
    let secret = setting.emulator.client_secret().to_owned();
    drop(setting);
    let kept_text = std::fs::read_to_string(directory.path().join("state.json")).unwrap();
    assert!(!kept_text.contains(&secret));

    let again = start();
    let mut after = again.get(&kept).unwrap();
    assert_eq!(after["properties"]["provisioningState"], "Succeeded");
    assert!(again.get(&going).is_none());
    assert_eq!(again.get(&peering).unwrap()["properties"]["peeringState"], "Initiated");
    let settled = before.to_string().replace("Updating", "Succeeded");
    let settled = settled.replace(&before["etag"].to_string(), &after["etag"].to_string());
    assert_eq!(after.take(), serde_json::from_str::<Value>(&settled).unwrap());
    assert_eq!(Setting::around(again).delete(GROUP).code(), "ScopeLocked");
}

fn program(directory: &std::path::Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_arm-emulator"))
        .arg("--state-dir")
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn the_program_says_where_it_listens_and_ends_with_its_input() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = program(directory.path());
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let connection: Value = serde_json::from_str(&line).unwrap();
    assert!(
        connection["endpoint"]
            .as_str()
            .unwrap()
            .starts_with("https://localhost:")
    );
    assert!(std::path::Path::new(connection["ca_bundle"].as_str().unwrap()).exists());
    for name in ["tenant_id", "subscription_id", "client_id", "client_secret"] {
        assert!(connection[name].is_string(), "{name}");
    }
    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "");
}

#[cfg(unix)]
#[test]
fn the_program_ends_when_it_is_told_to() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = program(directory.path());
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let killed = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success() && child.wait().unwrap().success());
}

#[test]
fn a_mistake_on_the_command_line_is_explained() {
    for arguments in [&["--port", "many"][..], &["--moon"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_arm-emulator"))
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(
            text.starts_with('`') || text.starts_with("Unknown argument `--moon`"),
            "{text}"
        );
    }
}
