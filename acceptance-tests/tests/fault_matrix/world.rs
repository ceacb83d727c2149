//! An Azure with the neighbours, and a client of it.

use std::time::Duration;

use acceptance_tests::emulator::{Emulator, Options};
use lockeddown::azure::{ArmClient, ArmError, Call, ConnectionSettings, ResourceId, RetryTuning, Secret};
use serde_json::{Value, json};

use crate::kinds::{Kind, ground, kinds};

pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct World {
    pub(crate) emulator: Emulator,
    pub(crate) client: ArmClient,
    /// How long a piece of work may take.
    pub(crate) patience: Duration,
    group: String,
}

impl World {
    pub(crate) fn new() -> World {
        let options = Options {
            operation_duration: Duration::from_millis(5),
            ..Options::default()
        };
        // It brings a runtime of its own, which cannot start on a thread that drives one.
        let emulator = std::thread::spawn(|| Emulator::start(options)).join().unwrap();
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
            patience: PATIENCE,
            emulator,
            group,
        };
        for (path, body) in ground(&|path| world.id(path)) {
            world.emulator.put(&world.id(path), body);
        }
        for kind in kinds() {
            world
                .emulator
                .put(&world.id(kind.neighbour), world.body(&kind, "neighbour"));
        }
        world
    }

    pub(crate) fn id(&self, path: &str) -> String {
        format!("{}/providers/Microsoft.Network/{path}", self.group)
    }

    pub(crate) fn body(&self, kind: &Kind, name: &str) -> Value {
        (kind.body)(&|path| self.id(path), name)
    }

    /// As it was at the beginning, with ours or without.
    pub(crate) fn reset(&self, kind: &Kind, there: bool) {
        self.emulator.clear_faults();
        self.emulator.remove(&self.id(kind.path));
        if there {
            self.emulator.put(&self.id(kind.path), self.body(kind, "ours"));
        }
    }

    pub(crate) async fn create(&self, kind: &Kind) -> Result<(), ArmError> {
        let (id, body) = (self.resource(kind), self.body(kind, "ours"));
        let created = (kind.documents)(&self.client).create(&id, body, &self.call()).await;
        created.map(drop)
    }

    pub(crate) async fn read(&self, kind: &Kind) -> Result<Option<Value>, ArmError> {
        let read = (kind.documents)(&self.client)
            .get(&self.resource(kind), &self.call())
            .await;
        Ok(read?.map(|document| document.body))
    }

    pub(crate) async fn update(&self, kind: &Kind) -> Result<(), ArmError> {
        let id = self.resource(kind);
        let updated = (kind.documents)(&self.client)
            .update(&id, &self.call(), |body| set(body, &kind.ours))
            .await;
        updated.map(drop)
    }

    pub(crate) async fn delete(&self, kind: &Kind) -> Result<(), ArmError> {
        (kind.documents)(&self.client)
            .delete(&self.resource(kind), &self.call())
            .await
    }

    pub(crate) async fn perform(&self, kind: &Kind, verb: &str) -> Result<(), ArmError> {
        match verb {
            "create" => self.create(kind).await,
            "read" => self.read(kind).await.map(drop),
            "update" => self.update(kind).await,
            _ => self.delete(kind).await,
        }
    }

    fn call(&self) -> Call {
        Call::new(self.patience, Default::default())
    }

    pub(crate) fn resource(&self, kind: &Kind) -> ResourceId {
        self.id(kind.path).parse().unwrap()
    }

    pub(crate) fn shown(&self, kind: &Kind) -> Option<Value> {
        self.emulator.get(&self.id(kind.path))
    }

    /// Nothing but what was there before, and perhaps ours, once.
    pub(crate) fn assert_order(&self, kind: &Kind, expected: bool, what: &str) {
        let mut wanted = vec![self.group.clone()];
        let ground = ground(&|path| self.id(path));
        wanted.extend(ground.iter().map(|(path, _)| self.id(path)));
        wanted.extend(kinds().iter().map(|kind| self.id(kind.neighbour)));
        wanted.extend(expected.then(|| self.id(kind.path)));
        wanted.sort_unstable_by_key(|id| id.to_lowercase());
        let mut found = self.emulator.ids();
        found.retain(|id| !id.starts_with(&format!("{}/", self.id(kind.path))));
        assert_eq!(found, wanted, "{what}");
        let neighbour = self.emulator.get(&self.id(kind.neighbour)).unwrap();
        contains(&neighbour, &self.body(kind, "neighbour"), what);
        assert!(
            self.emulator.faults_left().is_empty(),
            "{what}: the accident did not happen"
        );
    }
}

pub(crate) fn call() -> Call {
    Call::new(PATIENCE, Default::default())
}

/// Everything wanted is there, and nothing is there twice.
pub(crate) fn contains(found: &Value, wanted: &Value, what: &str) {
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

pub(crate) fn set(body: &mut Value, (pointer, value): &(&'static str, Value)) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    body.pointer_mut(parent).unwrap()[name] = value.clone();
}
