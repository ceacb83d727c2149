//! Every accident × create, read, update, delete × every kind that the provider writes. It ends in the right state or in an error that
//! says what happened; nothing is lost, nothing is there twice, and what others did meanwhile stays.
//!
//! A kind is a row in [`kinds`], an accident a row in [`passing`] or [`lasting`].
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::time::Duration;

use acceptance_tests::emulator::{Effect, Emulator, Failed, Fault, ForeignWrite, Options, Refused};
use lockeddown::azure::{ArmClient, ArmError, Call, ConnectionSettings, Documents, ResourceId, RetryTuning, Secret};
use serde_json::{Value, json};

/// A kind of resource and one of it.
struct Kind {
    documents: fn(&ArmClient) -> Documents<'_>,
    path: &'static str,
    /// Another one, which nobody here may touch.
    neighbour: &'static str,
    body: fn(&str) -> Value,
    /// What an update changes, and what somebody else changes at the same time; JSON pointers and values.
    ours: (&'static str, Value),
    theirs: (&'static str, Value),
}

fn kinds() -> Vec<Kind> {
    let tags = |name: &str| json!({ "location": "westeurope", "tags": { "kind": name }, "properties": {} });
    vec![
        Kind {
            documents: ArmClient::network_security_groups,
            path: "networkSecurityGroups/ours",
            neighbour: "networkSecurityGroups/neighbour",
            body: tags,
            ours: (
                "/properties/securityRules",
                json!([{ "name": "added", "properties": {
                    "priority": 100, "direction": "Outbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
                    "destinationPortRange": "443", "sourceAddressPrefix": "*", "destinationAddressPrefix": "Storage" } }]),
            ),
            theirs: ("/tags", json!({ "foreign": "yes" })),
        },
        Kind {
            documents: ArmClient::route_tables,
            path: "routeTables/ours",
            neighbour: "routeTables/neighbour",
            body: tags,
            ours: (
                "/properties/routes",
                json!([{ "name": "added", "properties": { "addressPrefix": "AzureMonitor", "nextHopType": "Internet" } }]),
            ),
            theirs: ("/tags", json!({ "foreign": "yes" })),
        },
        Kind {
            documents: ArmClient::subnets,
            path: "virtualNetworks/hub/subnets/ours",
            neighbour: "virtualNetworks/hub/subnets/neighbour",
            body: |name| {
                let number = if name == "ours" { 1 } else { 2 };
                json!({ "properties": { "addressPrefix": format!("10.0.{number}.0/24") } })
            },
            ours: (
                "/properties/serviceEndpoints",
                json!([{ "service": "Microsoft.Storage" }]),
            ),
            theirs: ("/properties/privateEndpointNetworkPolicies", json!("Enabled")),
        },
    ]
}

/// What passes: whoever asks again, or looks, gets through.
fn passing(verb: &str) -> Vec<(&'static str, u32, Effect)> {
    let mut accidents = vec![
        ("busy", 2, refused(409, "AnotherOperationInProgress")),
        ("busy in other words", 2, refused(429, "RetryableError")),
        ("throttled", 1, refused(429, "TooManyRequests")),
        ("ill", 1, refused(500, "InternalServerError")),
        ("bad gateway", 1, refused(502, "BadGateway")),
        ("overloaded", 2, refused(503, "ServerTimeout")),
        ("gateway timed out", 1, refused(504, "GatewayTimeout")),
        ("reset before it happens", 1, Effect::ResetBefore),
        ("reset after it has happened", 1, Effect::ResetAfter),
        ("slow", 1, Effect::Delay(100)),
    ];
    if verb != "DELETE" {
        // The answer to a deletion has no body that could break off.
        accidents.push(("half an answer", 1, Effect::Truncate));
    }
    if verb != "GET" {
        accidents.push(("operation without address", 1, Effect::LoseOperation));
        let busy = Effect::FailOperation(failed("AnotherOperationInProgress"));
        accidents.push(("operation gives way to another one", 1, busy));
    }
    if verb == "PUT" {
        accidents.push(("somebody else was faster", 1, refused(412, "PreconditionFailed")));
    }
    accidents
}

/// What stays: only a person can help.
fn lasting(verb: &str) -> Vec<(&'static str, Effect)> {
    let mut accidents = vec![
        ("AuthorizationFailed", refused(403, "AuthorizationFailed")),
        ("RequestDisallowedByPolicy", refused(403, "RequestDisallowedByPolicy")),
        ("InvalidSomething", refused(400, "InvalidSomething")),
    ];
    if verb != "GET" {
        accidents.push(("ScopeLocked", refused(409, "ScopeLocked")));
    }
    accidents
}

fn refused(status: u16, code: &str) -> Effect {
    Effect::Refuse(Refused {
        status,
        code: code.to_owned(),
        message: "As scripted.".to_owned(),
        retry_after: None,
    })
}

fn failed(code: &str) -> Failed {
    Failed {
        code: code.to_owned(),
        message: "As scripted.".to_owned(),
    }
}

/// An Azure with the neighbours, and a client of it.
struct World {
    emulator: Emulator,
    client: ArmClient,
    group: String,
}

impl World {
    fn new() -> World {
        // It brings a runtime of its own, which cannot start on a thread that drives one.
        let emulator = std::thread::spawn(|| Emulator::start(Options::default()))
            .join()
            .unwrap();
        let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
        emulator.put(&group, json!({ "location": "westeurope" }));
        let settings = ConnectionSettings {
            subscription_id: Some(emulator.subscription_id().to_owned()),
            tenant_id: Some(emulator.tenant_id().to_owned()),
            client_id: Some(emulator.client_id().to_owned()),
            client_secret: Some(Secret::new(emulator.client_secret())),
            resource_manager_endpoint: Some(emulator.endpoint().to_owned()),
            active_directory_authority_host: Some(emulator.endpoint().to_owned()),
            ca_bundle: Some(emulator.ca_bundle().to_owned()),
            ..ConnectionSettings::default()
        };
        let tuning = RetryTuning {
            first_delay: Duration::from_millis(5),
            longest_delay: Duration::from_millis(20),
            longest_retry_after: Duration::from_millis(20),
            poll_interval: Duration::from_millis(5),
            ..RetryTuning::default()
        };
        let world = World {
            client: ArmClient::with_tuning(settings, tuning),
            emulator,
            group,
        };
        let space = json!({ "addressPrefixes": ["10.0.0.0/16"] });
        let network = json!({ "location": "westeurope", "properties": { "addressSpace": space } });
        world.emulator.put(&world.id("virtualNetworks/hub"), network);
        for kind in kinds() {
            world.emulator.put(&world.id(kind.neighbour), (kind.body)("neighbour"));
        }
        world
    }

    fn id(&self, path: &str) -> String {
        format!("{}/providers/Microsoft.Network/{path}", self.group)
    }

    async fn create(&self, kind: &Kind) -> Result<(), ArmError> {
        let (id, body) = (self.resource(kind), (kind.body)("ours"));
        let created = (kind.documents)(&self.client).create(&id, body, &call()).await;
        created.map(drop)
    }

    async fn read(&self, kind: &Kind) -> Result<Option<Value>, ArmError> {
        let read = (kind.documents)(&self.client).get(&self.resource(kind), &call()).await;
        Ok(read?.map(|document| document.body))
    }

    async fn update(&self, kind: &Kind) -> Result<(), ArmError> {
        let id = self.resource(kind);
        let updated = (kind.documents)(&self.client)
            .update(&id, &call(), |body| set(body, &kind.ours))
            .await;
        updated.map(drop)
    }

    async fn delete(&self, kind: &Kind) -> Result<(), ArmError> {
        (kind.documents)(&self.client)
            .delete(&self.resource(kind), &call())
            .await
    }

    async fn perform(&self, kind: &Kind, verb: &str) -> Result<(), ArmError> {
        match verb {
            "create" => self.create(kind).await,
            "read" => self.read(kind).await.map(drop),
            "update" => self.update(kind).await,
            _ => self.delete(kind).await,
        }
    }

    fn resource(&self, kind: &Kind) -> ResourceId {
        self.id(kind.path).parse().unwrap()
    }

    fn shown(&self, kind: &Kind) -> Option<Value> {
        self.emulator.get(&self.id(kind.path))
    }

    /// Nothing but what was there before, and perhaps ours, once.
    fn assert_order(&self, kind: &Kind, expected: bool, what: &str) {
        let mut wanted = vec![self.group.clone(), self.id("virtualNetworks/hub")];
        wanted.extend(kinds().iter().map(|kind| self.id(kind.neighbour)));
        wanted.extend(expected.then(|| self.id(kind.path)));
        wanted.sort_unstable_by_key(|id| id.to_lowercase());
        let mut found = self.emulator.ids();
        found.retain(|id| !id.starts_with(&format!("{}/", self.id(kind.path))));
        assert_eq!(found, wanted, "{what}");
        let neighbour = self.emulator.get(&self.id(kind.neighbour)).unwrap();
        contains(&neighbour, &(kind.body)("neighbour"), what);
        assert!(
            self.emulator.faults_left().is_empty(),
            "{what}: the accident did not happen"
        );
    }
}

fn call() -> Call {
    Call::new(Duration::from_secs(30), Default::default())
}

/// Everything wanted is there, and nothing is there twice.
fn contains(found: &Value, wanted: &Value, what: &str) {
    match (found, wanted) {
        (Value::Object(found), Value::Object(wanted)) => {
            for (name, wanted) in wanted {
                contains(
                    found.get(name).unwrap_or(&Value::Null),
                    wanted,
                    &format!("{what} .{name}"),
                );
            }
        }
        (Value::Array(found), Value::Array(wanted)) => {
            assert_eq!(found.len(), wanted.len(), "{what}: {found:?}");
            found
                .iter()
                .zip(wanted)
                .for_each(|(found, wanted)| contains(found, wanted, what));
        }
        _ => assert_eq!(found, wanted, "{what}"),
    }
}

fn set(body: &mut Value, (pointer, value): &(&'static str, Value)) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value.clone();
}

#[tokio::test]
async fn a_create_survives_what_passes() {
    for kind in kinds() {
        for (accident, times, effect) in passing("PUT") {
            let (world, what) = (World::new(), format!("create {}: {accident}", kind.path));
            world.emulator.fault(Fault::new("PUT", kind.path, effect).times(times));
            let created = world.create(&kind).await;
            created.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, true, &what);
            let shown = world.shown(&kind).unwrap();
            contains(&shown, &(kind.body)("ours"), &what);
            assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{what}");
        }
    }
}

#[tokio::test]
async fn a_read_survives_what_passes() {
    for kind in kinds() {
        for (accident, times, effect) in passing("GET") {
            let (world, what) = (World::new(), format!("read {}: {accident}", kind.path));
            world.emulator.put(&world.id(kind.path), (kind.body)("ours"));
            world.emulator.fault(Fault::new("GET", kind.path, effect).times(times));
            let read = world.read(&kind).await;
            let read = read.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert_eq!(read, world.shown(&kind), "{what}");
            world.assert_order(&kind, true, &what);
        }
    }
}

#[tokio::test]
async fn an_update_survives_what_passes_and_undoes_nothing_of_others() {
    for kind in kinds() {
        for (accident, times, effect) in passing("PUT") {
            let (world, what) = (World::new(), format!("update {}: {accident}", kind.path));
            let id = world.id(kind.path);
            world.emulator.put(&id, (kind.body)("ours"));
            let theirs = kind.theirs.clone();
            let foreign = Fault::foreign(move |azure| azure.edit(&id, |body| set(body, &theirs)));
            // Between our read and our write.
            world.emulator.fault(foreign.on("PUT", kind.path));
            world.emulator.fault(Fault::new("PUT", kind.path, effect).times(times));
            let updated = world.update(&kind).await;
            updated.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, true, &what);
            let shown = world.shown(&kind).unwrap();
            for (pointer, wanted) in [&kind.ours, &kind.theirs] {
                contains(shown.pointer(pointer).unwrap_or(&Value::Null), wanted, &what);
            }
        }
    }
}

#[tokio::test]
async fn a_delete_survives_what_passes() {
    for kind in kinds() {
        for (accident, times, effect) in passing("DELETE") {
            let (world, what) = (World::new(), format!("delete {}: {accident}", kind.path));
            world.emulator.put(&world.id(kind.path), (kind.body)("ours"));
            world
                .emulator
                .fault(Fault::new("DELETE", kind.path, effect).times(times));
            let deleted = world.delete(&kind).await;
            deleted.unwrap_or_else(|error| panic!("{what}: {error:?}"));
            world.assert_order(&kind, false, &what);
        }
    }
}

#[tokio::test]
async fn what_stays_is_told_by_its_code_and_changes_nothing() {
    for kind in kinds() {
        for verb in ["create", "read", "update", "delete"] {
            let method = match verb {
                "read" => "GET",
                "delete" => "DELETE",
                _ => "PUT",
            };
            for (code, effect) in lasting(method) {
                let (world, what) = (World::new(), format!("{verb} {}: {code}", kind.path));
                if verb != "create" {
                    world.emulator.put(&world.id(kind.path), (kind.body)("ours"));
                }
                let before = world.shown(&kind);
                world.emulator.fault(Fault::new(method, kind.path, effect));
                let error = world.perform(&kind, verb).await.err();
                let error = error.unwrap_or_else(|| panic!("{what}: no error"));
                let text = error.to_diagnostic();
                assert!(text.contains(code) && text.contains(kind.path), "{what}: {text}");
                assert!(!error.may_have_written(), "{what}: {text}");
                assert_eq!(world.shown(&kind), before, "{what}");
                world.assert_order(&kind, verb != "create", &what);
            }
        }
    }
}

#[tokio::test]
async fn an_operation_that_fails_is_told_and_the_next_attempt_repairs_it() {
    for kind in kinds() {
        for verb in ["create", "update", "delete"] {
            let (world, what) = (World::new(), format!("{verb} {} whose operation fails", kind.path));
            if verb != "create" {
                world.emulator.put(&world.id(kind.path), (kind.body)("ours"));
            }
            let method = if verb == "delete" { "DELETE" } else { "PUT" };
            let ill = Effect::FailOperation(failed("NrpFailure"));
            world.emulator.fault(Fault::new(method, kind.path, ill));
            let error = world.perform(&kind, verb).await.err();
            let error = error.unwrap_or_else(|| panic!("{what}: no error"));
            assert!(error.may_have_written(), "{what}: {error:?}");
            assert!(error.to_diagnostic().contains("NrpFailure"), "{what}: {error:?}");
            world.assert_order(&kind, true, &what);

            if verb == "delete" {
                world.delete(&kind).await.unwrap();
                world.assert_order(&kind, false, &what);
            } else {
                let updated = world.update(&kind).await;
                updated.unwrap_or_else(|error| panic!("{what}, again: {error:?}"));
                let shown = world.shown(&kind).unwrap();
                contains(shown.pointer(kind.ours.0).unwrap_or(&Value::Null), &kind.ours.1, &what);
                assert_eq!(shown["properties"]["provisioningState"], "Succeeded", "{what}");
            }
        }
    }
}

/// The last thing a client may do is to undo a removal by somebody else.
#[tokio::test]
async fn an_update_of_what_somebody_removed_meanwhile_does_not_bring_it_back() {
    for kind in kinds() {
        let (world, what) = (World::new(), format!("update {} while it goes", kind.path));
        let id = world.id(kind.path);
        world.emulator.put(&id, (kind.body)("ours"));
        let gone = Effect::Foreign(ForeignWrite::Remove { id });
        world.emulator.fault(Fault::new("PUT", kind.path, gone));
        let error = world.update(&kind).await.err();
        let error = error.unwrap_or_else(|| panic!("{what}: no error"));
        assert!(error.to_diagnostic().contains(kind.path), "{what}: {error:?}");
        world.assert_order(&kind, false, &what);
    }
}
