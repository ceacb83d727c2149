//! The provider's Azure layer against an Azure that has accidents: whatever happens on the way, the objects end as they should or a
//! clear error says why, and nothing of others is lost.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot go on fails"
)]

mod accidents;
mod crowds;
mod refusals;
mod writes;

use std::time::Duration;

use acceptance_tests::emulator::{Emulator, Options};
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
