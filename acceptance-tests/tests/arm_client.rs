//! The provider's Azure layer against an Azure that has accidents: whatever happens on the way, the objects end as they should or a
//! clear error says why, and nothing of others is lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

use std::{sync::Arc, time::Duration};

use acceptance_tests::emulator::{Effect, Emulator, Fault, Options};
use lockeddown::azure::{ArmClient, ArmError, Call, ConnectionSettings, ResourceId, RetryTuning, Secret};
use serde_json::{Value, json};

struct World {
    emulator: Emulator,
    client: ArmClient,
    group: String,
}

impl World {
    fn new() -> World {
        World::with(Options::default())
    }

    /// An Azure with a resource group and a virtual network, and a client of it.
    fn with(options: Options) -> World {
        // It brings a runtime of its own, which cannot start on a thread that drives one.
        let emulator = std::thread::spawn(|| Emulator::start(options)).join().unwrap();
        let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
        emulator.put(&group, json!({ "location": "westeurope" }));
        let client = client(settings(&emulator));
        let world = World {
            emulator,
            client,
            group,
        };
        let address_space = json!({ "addressPrefixes": ["10.0.0.0/16"] });
        let network = json!({ "location": "westeurope", "properties": { "addressSpace": address_space } });
        world.emulator.put(&world.text("virtualNetworks/hub"), network);
        world.emulator.clear_requests();
        world
    }

    fn text(&self, path: &str) -> String {
        format!("{}/providers/Microsoft.Network/{path}", self.group)
    }

    fn id(&self, path: &str) -> ResourceId {
        self.text(path).parse().unwrap()
    }

    fn nsg(&self) -> ResourceId {
        self.id("networkSecurityGroups/nsg")
    }

    fn subnet(&self) -> ResourceId {
        self.id("virtualNetworks/hub/subnets/compute")
    }

    async fn create_nsg(&self) -> Result<(), ArmError> {
        let body = json!({ "location": "westeurope", "properties": { "securityRules": [rule("first", 100)] } });
        self.client
            .network_security_groups()
            .create(&self.nsg(), body, &call())
            .await
            .map(drop)
    }

    async fn create_subnet(&self) -> Result<(), ArmError> {
        let body = json!({ "properties": {
            "addressPrefix": "10.0.1.0/24", "networkSecurityGroup": { "id": self.nsg().to_string() }, "defaultOutboundAccess": false } });
        self.client
            .subnets()
            .create(&self.subnet(), body, &call())
            .await
            .map(drop)
    }

    /// The names of the rules that are really there.
    fn rules(&self) -> Vec<String> {
        let body = self.emulator.get(&self.nsg().to_string()).unwrap();
        let rules = body
            .pointer("/properties/securityRules")
            .and_then(Value::as_array)
            .unwrap();
        let mut names: Vec<String> = rules
            .iter()
            .map(|rule| rule["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        names
    }

    fn lines(&self) -> Vec<String> {
        let requests = self
            .emulator
            .requests()
            .only(|request| request.path.starts_with("/subscriptions/"));
        requests
            .lines()
            .into_iter()
            .filter(|line| !line.contains("/operations/"))
            .collect()
    }
}

fn settings(emulator: &Emulator) -> ConnectionSettings {
    ConnectionSettings {
        subscription_id: Some(emulator.subscription_id().to_owned()),
        tenant_id: Some(emulator.tenant_id().to_owned()),
        client_id: Some(emulator.client_id().to_owned()),
        client_secret: Some(Secret::new(emulator.client_secret())),
        resource_manager_endpoint: Some(emulator.endpoint().to_owned()),
        active_directory_authority_host: Some(emulator.endpoint().to_owned()),
        ca_bundle: Some(emulator.ca_bundle().to_owned()),
        ..ConnectionSettings::default()
    }
}

/// A client that decides as always and hardly waits.
fn client(settings: ConnectionSettings) -> ArmClient {
    let tuning = RetryTuning {
        first_delay: Duration::from_millis(5),
        longest_delay: Duration::from_millis(40),
        longest_retry_after: Duration::from_millis(40),
        poll_interval: Duration::from_millis(5),
        merge_rounds: 100,
        ..RetryTuning::default()
    };
    ArmClient::with_tuning(settings, tuning)
}

fn call() -> Call {
    Call::new(Duration::from_secs(60), Default::default())
}

fn rule(name: &str, priority: u32) -> Value {
    json!({ "name": name, "properties": {
        "priority": priority, "direction": "Outbound", "access": "Allow", "protocol": "Tcp",
        "sourcePortRange": "*", "destinationPortRange": "443", "sourceAddressPrefix": "*", "destinationAddressPrefix": "Storage" } })
}

fn rules_of(body: &mut Value) -> &mut Vec<Value> {
    body.pointer_mut("/properties/securityRules")
        .and_then(Value::as_array_mut)
        .unwrap()
}

/// Adds a rule to whatever rules there are.
fn adding(name: &str, priority: u32) -> impl FnMut(&mut Value) + Send + use<> {
    let added = rule(name, priority);
    move |body| {
        let rules = rules_of(body);
        if !rules.iter().any(|rule| rule["name"] == added["name"]) {
            rules.push(added.clone());
        }
    }
}

#[tokio::test]
async fn group_and_subnet_come_to_be_with_one_write_each_and_go_again() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.create_subnet().await.unwrap();
    let writes = world.emulator.requests().writes();
    assert_eq!(writes.len(), 2, "{:#?}", world.lines());
    let associated = world.emulator.get(&world.subnet().to_string()).unwrap();
    assert_eq!(
        associated["properties"]["networkSecurityGroup"]["id"],
        json!(world.nsg().to_string())
    );

    world.client.subnets().delete(&world.subnet(), &call()).await.unwrap();
    world
        .client
        .network_security_groups()
        .delete(&world.nsg(), &call())
        .await
        .unwrap();
    assert_eq!(world.emulator.get(&world.nsg().to_string()), None);
    assert_eq!(
        world.client.subnets().get(&world.subnet(), &call()).await.unwrap(),
        None
    );
    world
        .client
        .network_security_groups()
        .delete(&world.nsg(), &call())
        .await
        .unwrap();
}

#[tokio::test]
async fn an_update_reads_writes_and_reads_and_one_that_changes_nothing_only_reads() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.emulator.clear_requests();
    let groups = world.client.network_security_groups();
    groups
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    let (get, put) = (
        format!("GET {} -> 200", world.nsg()),
        format!("PUT {} -> 200", world.nsg()),
    );
    assert_eq!(world.lines(), [&get, &put, &get].map(String::clone));

    world.emulator.clear_requests();
    groups
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    assert_eq!(world.lines(), [get]);
}

#[tokio::test]
async fn fields_nobody_here_knows_survive_an_update() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    let nsg = world.nsg().to_string();
    world.emulator.edit(&nsg, |body| {
        body["properties"]["notInventedYet"] = json!({ "kept": [1, 2] })
    });
    world
        .client
        .network_security_groups()
        .update(&world.nsg(), &call(), adding("second", 101))
        .await
        .unwrap();
    let body = world.emulator.get(&nsg).unwrap();
    assert_eq!(body["properties"]["notInventedYet"], json!({ "kept": [1, 2] }));
}

/// What can happen to a write and still must end well.
fn accidents(path: &str) -> Vec<(&'static str, Fault)> {
    let happens = |effect: Effect| Fault::new("PUT", path, effect);
    let refused = |status, code| Fault::refuse(status, code, "…").on("PUT", path);
    vec![
        ("somebody else was faster", refused(412, "PreconditionFailed")),
        ("busy twice", refused(409, "AnotherOperationInProgress").times(2)),
        ("throttled", refused(429, "TooManyRequests").retry_after(1)),
        ("overloaded", refused(503, "ServerTimeout")),
        ("reset before the write", happens(Effect::ResetBefore)),
        ("reset after the write", happens(Effect::ResetAfter)),
        ("half an answer", happens(Effect::Truncate)),
        ("slow", happens(Effect::Delay(200))),
        ("operation without address", happens(Effect::LoseOperation)),
        (
            "operation fails for another one",
            Fault::fail_operation("AnotherOperationInProgress", "…").on("PUT", path),
        ),
        ("read too early", happens(Effect::HideAfterCreate(2))),
        ("poll lost", Fault::new("GET", "operations/*", Effect::ResetBefore)),
        (
            "poll refused",
            Fault::refuse(502, "BadGateway", "…").on("GET", "operations/*").times(2),
        ),
        (
            "read refused",
            Fault::refuse(500, "InternalServerError", "…").on("GET", path),
        ),
        (
            "authority ill",
            Fault::refuse(503, "Unavailable", "…").on("POST", "oauth2/v2.0/token"),
        ),
    ]
}

#[tokio::test]
async fn a_create_ends_well_whatever_happens_on_the_way() {
    for (what, fault) in accidents("networkSecurityGroups/nsg") {
        let world = World::new();
        world.emulator.fault(fault);
        world
            .create_nsg()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.rules(), ["first"], "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn an_update_ends_well_whatever_happens_on_the_way_and_undoes_nothing_of_others() {
    for (what, fault) in accidents("networkSecurityGroups/nsg") {
        if what == "read too early" {
            continue;
        }
        let world = World::new();
        world.create_nsg().await.unwrap();
        let nsg = world.nsg().to_string();
        let foreign = Fault::foreign(move |azure| azure.edit(&nsg, |body| rules_of(body).push(rule("foreign", 200))));
        world.emulator.fault(foreign.on("PUT", "networkSecurityGroups/nsg"));
        world.emulator.fault(fault);
        let client = client(settings(&world.emulator));
        let result = client
            .network_security_groups()
            .update(&world.nsg(), &call(), adding("second", 101))
            .await;
        result.unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.rules(), ["first", "foreign", "second"], "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_subnet_is_born_well_whatever_happens_on_the_way() {
    for (what, fault) in accidents("subnets/compute") {
        if what == "authority ill" {
            continue;
        }
        let world = World::new();
        world.create_nsg().await.unwrap();
        world.emulator.fault(fault);
        world
            .create_subnet()
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        let subnet = world.emulator.get(&world.subnet().to_string()).unwrap();
        assert_eq!(subnet["properties"]["addressPrefix"], json!("10.0.1.0/24"), "{what}");
        assert!(world.emulator.faults_left().is_empty(), "{what}");
    }
}

#[tokio::test]
async fn a_delete_ends_well_whatever_happens_on_the_way() {
    let happens = |effect| Fault::new("DELETE", "nsg", effect);
    let refused = |status, code| Fault::refuse(status, code, "…").on("DELETE", "nsg");
    for fault in [
        happens(Effect::ResetBefore),
        happens(Effect::ResetAfter),
        happens(Effect::LoseOperation),
        refused(409, "AnotherOperationInProgress"),
        refused(429, "RetryableError"),
        refused(503, "ServerTimeout"),
        refused(400, "InUseNetworkSecurityGroupCannotBeDeleted"),
    ] {
        let world = World::new();
        world.create_nsg().await.unwrap();
        let what = format!("{fault:?}");
        world.emulator.fault(fault);
        let result = world
            .client
            .network_security_groups()
            .delete(&world.nsg(), &call())
            .await;
        result.unwrap_or_else(|error| panic!("{what}: {error:?}\n{:#?}", world.lines()));
        assert_eq!(world.emulator.get(&world.nsg().to_string()), None, "{what}");
    }
}

#[tokio::test]
async fn a_failed_operation_says_why_and_the_next_write_repairs_it() {
    let world = World::new();
    world
        .emulator
        .fault(Fault::fail_operation("NrpFailure", "The backend is ill.").on("PUT", "nsg"));
    let error = world.create_nsg().await.unwrap_err();
    assert!(error.may_have_written(), "{error:?}");
    assert!(
        error.to_diagnostic().contains("NrpFailure: The backend is ill."),
        "{}",
        error.to_diagnostic()
    );

    world
        .client
        .network_security_groups()
        .update(&world.nsg(), &call(), |_| {})
        .await
        .unwrap();
    let body = world.emulator.get(&world.nsg().to_string()).unwrap();
    assert_eq!(body["properties"]["provisioningState"], json!("Succeeded"));
}

#[tokio::test]
async fn an_operation_that_never_ends_is_given_up_when_the_time_is_over() {
    let world = World::new();
    world.emulator.fault(Fault::new("PUT", "nsg", Effect::NeverFinish));
    let call = Call::new(Duration::from_millis(700), Default::default());
    let body = json!({ "location": "westeurope" });
    let error = world
        .client
        .network_security_groups()
        .create(&world.nsg(), body, &call)
        .await
        .unwrap_err();
    assert!(
        error.may_have_written() && error.to_string().contains("did not end within"),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_create_leaves_what_exists_alone() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    let before = world.emulator.get(&world.nsg().to_string());
    let error = world.create_nsg().await.unwrap_err();
    assert!(matches!(error, ArmError::AlreadyExists { .. }), "{error:?}");
    assert_eq!(world.emulator.get(&world.nsg().to_string()), before);
}

#[tokio::test]
async fn refusals_are_told_with_code_and_remedy_at_once() {
    let world = World::with(Options {
        deny_subnets_without_nsg: true,
        ..Options::default()
    });
    let body = json!({ "properties": { "addressPrefix": "10.0.1.0/24" } });
    let error = world
        .client
        .subnets()
        .create(&world.subnet(), body, &call())
        .await
        .unwrap_err();
    let text = error.to_diagnostic();
    assert!(
        text.contains("RequestDisallowedByPolicy") && text.contains("Azure Policy `"),
        "{text}"
    );
    assert!(!error.may_have_written());

    let clash =
        json!({ "location": "westeurope", "properties": { "securityRules": [rule("a", 100), rule("b", 100)] } });
    let error = world
        .client
        .network_security_groups()
        .create(&world.nsg(), clash, &call())
        .await
        .unwrap_err();
    assert_eq!(error.service().unwrap().code(), "SecurityRuleConflict", "{error:?}");
    assert_eq!(world.emulator.requests().puts_on("nsg").len(), 1, "no second attempt");
}

#[tokio::test]
async fn a_revoked_token_is_renewed_on_the_way() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.emulator.revoke_tokens();
    world
        .client
        .network_security_groups()
        .get(&world.nsg(), &call())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(world.emulator.requests().on("POST", "oauth2/v2.0/token").len(), 2);
}

#[tokio::test]
async fn what_keeps_us_from_azure_is_said_down_to_the_root() {
    let world = World::new();
    let good = settings(&world.emulator);
    let cases = [
        (
            ConnectionSettings {
                ca_bundle: None,
                ..good.clone()
            },
            "invalid peer certificate: UnknownIssuer",
            "`ca_bundle`",
        ),
        (
            ConnectionSettings {
                client_secret: Some(Secret::new("canary-wrong")),
                ..good.clone()
            },
            "AADSTS7000215",
            "Check tenant",
        ),
        (
            ConnectionSettings {
                client_secret: None,
                ..good.clone()
            },
            "`client_secret` is missing",
            "`ARM_CLIENT_SECRET`",
        ),
        (
            ConnectionSettings {
                active_directory_authority_host: Some("https://localhost:1".into()),
                ..good.clone()
            },
            "Connection refused",
            "`HTTPS_PROXY`",
        ),
    ];
    for (settings, cause, remedy) in cases {
        let error = client(settings)
            .network_security_groups()
            .get(&world.nsg(), &call())
            .await
            .unwrap_err();
        let (text, debug) = (error.to_diagnostic(), format!("{error:?}"));
        assert!(text.contains(cause) && text.contains(remedy), "{text}");
        assert!(
            !debug.contains("canary") && !debug.contains(world.emulator.client_secret()),
            "{debug}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_writers_of_one_group_in_two_processes_and_a_stranger_lose_nothing() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    // Locks hold within a client; two clients are two processes.
    let clients = [world.client.clone(), client(settings(&world.emulator))];
    let nsg = Arc::new(world.nsg());
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..20 {
        let (client, nsg) = (clients[number % 2].clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let priority = 200 + u32::try_from(number).unwrap();
            client
                .network_security_groups()
                .update(&nsg, &call(), adding(&format!("rule-{number:02}"), priority))
                .await
        });
    }
    for number in 0..3 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let rule = rule(&format!("stranger-{number}"), 300 + number);
        world.emulator.edit(&nsg.to_string(), |body| rules_of(body).push(rule));
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let mut expected: Vec<String> = (0..20).map(|number| format!("rule-{number:02}")).collect();
    expected.extend((0..3).map(|number| format!("stranger-{number}")));
    expected.insert(0, "first".to_owned());
    assert_eq!(world.rules(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_subnets_of_one_network_by_two_processes_all_come_to_be() {
    let world = World::with(Options {
        subnets_honour_if_match: false,
        ..Options::default()
    });
    world.create_nsg().await.unwrap();
    let clients = [world.client.clone(), client(settings(&world.emulator))];
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..10 {
        let subnet = world.id(&format!("virtualNetworks/hub/subnets/s{number}"));
        let (client, nsg) = (clients[number % 2].clone(), world.nsg());
        writers.spawn(async move {
            let body = json!({ "properties": {
                "addressPrefix": format!("10.0.{number}.0/24"), "networkSecurityGroup": { "id": nsg.to_string() } } });
            client.subnets().create(&subnet, body, &call()).await
        });
    }
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let subnets = world
        .emulator
        .ids()
        .into_iter()
        .filter(|id| id.contains("/subnets/s"))
        .count();
    assert_eq!(subnets, 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_in_line_is_written_by_who_is_in_front_and_one_bad_rule_spoils_only_itself() {
    let world = World::new();
    world.create_nsg().await.unwrap();
    world.emulator.clear_requests();
    let nsg = Arc::new(world.nsg());
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..10_u32 {
        let (client, nsg) = (world.client.clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let change = adding(&format!("rule-{number}"), 200 + number);
            client.network_security_groups().update(&nsg, &call(), change).await
        });
    }
    while let Some(written) = writers.join_next().await {
        let document = written.unwrap().unwrap();
        assert!(document.body["properties"]["securityRules"].as_array().unwrap().len() > 1);
    }
    assert_eq!(world.rules().len(), 11);
    let path = "networkSecurityGroups/*";
    let puts = world.emulator.requests().puts_on(path).len();
    assert!(puts < 5, "ten changes took {puts} writes");

    // The eleventh priority is taken: Azure refuses the common body.
    let mut writers = tokio::task::JoinSet::new();
    for number in 10..15_u32 {
        let (client, nsg) = (world.client.clone(), Arc::clone(&nsg));
        writers.spawn(async move {
            let priority = if number == 12 { 200 } else { 200 + number };
            let change = adding(&format!("rule-{number}"), priority);
            (
                number,
                client.network_security_groups().update(&nsg, &call(), change).await,
            )
        });
    }
    while let Some(written) = writers.join_next().await {
        let (number, result) = written.unwrap();
        match result {
            Ok(_) => assert_ne!(number, 12),
            Err(error) => {
                assert_eq!(number, 12, "{error}");
                assert!(error.to_string().contains("conflicts with rule"), "{error}");
            }
        }
    }
    let rules = world.rules();
    assert_eq!(rules.len(), 15);
    assert!(!rules.contains(&"rule-12".to_owned()));
}
