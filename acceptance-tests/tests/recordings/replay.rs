//! Sends a recording's requests to an emulator and compares the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use acceptance_tests::emulator::{Emulator, Options};
use reqwest::{Certificate, Method};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::cassette::{Cassette, Interaction};
use crate::shape;

/// Headers that a client acts on. What a front end or the recorder adds or removes is not compared.
const HEADERS: [&str; 7] = [
    "azure-asyncnotification",
    "azure-asyncoperation",
    "cache-control",
    "etag",
    "expires",
    "location",
    "pragma",
];

/// Types that the emulator does not have because the provider has no business with them.
const FOREIGN: [&str; 6] = [
    "/publicipaddresses",
    "/providers/microsoft.resources/",
    "/checkipaddressavailability",
    "/availabledelegations",
    "/virtualnetworkavailableendpointservices",
    "/usages",
];

/// Gateways are there so that connections have something to connect: of them only statuses and headers are compared.
const BEYOND: &str = "/virtualnetworkgateways/";
/// What a gateway leaves in its subnet, and in the peerings of its network.
const OF_GATEWAYS: [&str; 2] = [".ipConfigurations", ".remoteGateways"];

/// What api-versions after the recorded one removed from answers.
const GONE: &str = "properties.enableVmProtection: bool";

/// What api-versions after the recorded one (2020-05-01) added to answers.
const SINCE: [&str; 7] = [
    "connectionMode: text",
    "peerCompleteVnets: bool",
    "peeringSyncLevel: text",
    "remoteVirtualNetworkAddressSpace.addressPrefixes: list",
    "remoteVirtualNetworkAddressSpace.addressPrefixes[]: text",
    "privateEndpointNetworkPolicies: text",
    "privateLinkServiceNetworkPolicies: text",
];

pub(crate) struct Outcome {
    pub(crate) compared: usize,
    pub(crate) differences: Vec<String>,
}

pub(crate) struct Player {
    pub(crate) emulator: Emulator,
    runtime: Runtime,
    http: reqwest::Client,
    token: String,
    /// The emulator's operations by the ids of the recorded ones.
    operations: BTreeMap<String, String>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: BTreeSet<String>,
    pub(crate) body: Value,
    operation: Option<String>,
}

pub(crate) fn replay(cassette: &Cassette) -> Outcome {
    let mut player = Player::new();
    let groups = player.create_groups(cassette);
    let mut outcome = Outcome {
        compared: 0,
        differences: Vec::new(),
    };
    for interaction in &cassette.interactions {
        let Some(answer) = player.play(interaction) else {
            continue;
        };
        outcome.compared += 1;
        let found = differences(interaction, &answer, &groups);
        if !found.is_empty() {
            let path = interaction.request.uri.split('?').next().unwrap_or_default();
            let path = path.rsplit_once("/providers/").map_or(path, |(_, path)| path);
            let method = &interaction.request.method;
            outcome
                .differences
                .push(format!("{method} {path}\n    {}", found.join("\n    ")));
        }
    }
    outcome
}

fn differences(interaction: &Interaction, answer: &Answer, groups: &BTreeSet<String>) -> Vec<String> {
    let recorded = &interaction.response;
    let mut found = Vec::new();
    if (recorded.status.code, answer.status) == (204, 202) {
        // Azure may delete at once; one virtual network was, another one was not.
        return found;
    }
    if recorded.status.code != answer.status {
        found.push(format!(
            "status {} instead of {}: {}",
            answer.status, recorded.status.code, answer.body
        ));
        return found;
    }
    let headers: BTreeSet<String> = (recorded.headers.keys())
        .map(|name| name.to_ascii_lowercase())
        .filter(|name| HEADERS.contains(&name.as_str()))
        .collect();
    // Of nine recorded creations of a virtual network, two were not announced.
    let creates_network = answer.status == 201 && interaction.request.uri.contains("/virtualNetworks/");
    for name in headers.symmetric_difference(&answer.headers) {
        if creates_network && name == "azure-asyncnotification" {
            continue;
        }
        let which = if headers.contains(name) { "missing" } else { "too many" };
        found.push(format!("header {name}: {which}"));
    }
    if interaction.request.uri.to_ascii_lowercase().contains(BEYOND) {
        return found;
    }
    let mut body: Value = serde_json::from_str(&recorded.body.string).unwrap_or_default();
    if let Some(listed) = body.get_mut("value").and_then(Value::as_array_mut) {
        // A list of the whole subscription also showed what other tests were doing in it.
        listed.retain(|entry| groups.contains(&group_of(entry.get("id").and_then(Value::as_str).unwrap_or_default())));
    }
    let (wanted, got) = (shape::of(&body), shape::of(&answer.body));
    found.extend(
        wanted
            .difference(&got)
            .filter(|path| !path.ends_with(GONE) && !OF_GATEWAYS.iter().any(|part| path.contains(part)))
            .map(|path| format!("missing: {path}")),
    );
    found.extend(
        got.difference(&wanted)
            .filter(|path| !SINCE.iter().any(|added| path.ends_with(added)))
            .map(|path| format!("not recorded: {path}")),
    );
    found
}

impl Player {
    pub(crate) fn new() -> Self {
        let emulator = Emulator::start(Options {
            // An operation is over when somebody looks: the recorded clients waited that long.
            operation_duration: Duration::ZERO,
            ..Options::default()
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let authority = Certificate::from_pem(&std::fs::read(emulator.ca_bundle()).unwrap()).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([authority])
            .no_proxy()
            .build()
            .unwrap();
        let mut player = Self {
            emulator,
            runtime,
            http,
            token: String::new(),
            operations: BTreeMap::new(),
        };
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            player.emulator.endpoint(),
            player.emulator.tenant_id()
        );
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=x%2F.default",
            player.emulator.client_id(),
            player.emulator.client_secret()
        );
        let token = player.send(player.http.post(url).body(form));
        player.token = token.body.get("access_token").unwrap().as_str().unwrap().to_owned();
        player
    }

    /// The groups were made before the recording began. Gives their names in lower case.
    fn create_groups(&self, cassette: &Cassette) -> BTreeSet<String> {
        let mut groups = BTreeSet::new();
        for interaction in &cassette.interactions {
            let name = group_of(&interaction.request.uri);
            if name.is_empty() || groups.contains(&name) {
                continue;
            }
            let body: Value = serde_json::from_str(&interaction.response.body.string).unwrap_or_default();
            let location = body.get("location").and_then(Value::as_str).unwrap_or("westus");
            let id = format!(
                "/subscriptions/{}/resourceGroups/{name}",
                self.emulator.subscription_id()
            );
            self.emulator
                .put(&id, json!({ "location": location, "tags": { "product": "azurecli" } }));
            groups.insert(name);
        }
        groups
    }

    /// Plays one request; `None` where the recording and the emulator have nothing to compare.
    fn play(&mut self, interaction: &Interaction) -> Option<Answer> {
        let uri = &interaction.request.uri;
        let lower = uri.to_ascii_lowercase();
        if lower.contains("/deployments/") && interaction.request.method == "PUT" {
            self.deploy(interaction);
        }
        if FOREIGN.iter().any(|foreign| lower.contains(foreign)) {
            return None;
        }
        // An accident at Azure, after which the client asked again.
        if interaction.response.status.code >= 500 {
            return None;
        }
        let poll = lower.contains("/operations/") || lower.contains("/operationresults/");
        let url = if poll {
            if interaction.response.body.string.contains("InProgress") || interaction.response.status.code == 202 {
                return None;
            }
            // Of an operation on something foreign there is none here.
            self.operations.get(last_segment(uri))?.clone()
        } else {
            format!("{}{}", self.emulator.endpoint(), self.here(uri))
        };
        let method = Method::from_bytes(interaction.request.method.as_bytes()).unwrap();
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if let Some(body) = interaction.request.json() {
            request = request
                .body(self.here(&body))
                .header("content-type", "application/json");
        }
        let answer = self.send(request);
        let recorded = (interaction.response.headers.iter())
            .find(|(name, _)| name.eq_ignore_ascii_case("azure-asyncoperation"))
            .and_then(|(_, values)| values.first());
        if let (Some(recorded), Some(here)) = (recorded, &answer.operation) {
            self.operations.insert(last_segment(recorded).to_owned(), here.clone());
        }
        Some(answer)
    }

    /// Does what a recorded deployment did: the recorder's client made its connections that way.
    fn deploy(&self, interaction: &Interaction) {
        let body = interaction
            .request
            .json()
            .map(|body| self.here(&body))
            .unwrap_or_default();
        let deployment: Value = serde_json::from_str(&body.replace("\\'", "'")).unwrap();
        let (group, _) = interaction.request.uri.split_once("/providers/").unwrap();
        for resource in deployment["properties"]["template"]["resources"].as_array().unwrap() {
            let mut properties = resource["properties"].clone();
            properties["sharedKey"] = deployment["properties"]["parameters"]["sharedKey"]["value"].clone();
            let body = json!({ "location": resource["location"], "tags": resource["tags"], "properties": properties });
            let (kind, name) = (resource["type"].as_str().unwrap(), resource["name"].as_str().unwrap());
            self.emulator
                .put(&self.here(&format!("{group}/providers/{kind}/{name}")), body);
        }
    }

    /// A request of the version that Microsoft's examples are of; `query` is what stands behind the version.
    pub(crate) fn ask(&self, method: &str, path: &str, query: &str, body: Option<&Value>) -> Answer {
        let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
        let url = format!("{}{path}?api-version=2024-01-01{query}", self.emulator.endpoint());
        let request = self.http.request(method, url).bearer_auth(&self.token);
        self.send(match body {
            Some(body) => request
                .body(body.to_string())
                .header("content-type", "application/json"),
            None => request,
        })
    }

    /// A recorded URL or body, for the emulator's subscription.
    fn here(&self, text: &str) -> String {
        text.trim_start_matches("https://management.azure.com")
            .replace("00000000-0000-0000-0000-000000000000", self.emulator.subscription_id())
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.runtime.block_on(async {
            let response = request.send().await.expect("the emulator answers");
            let status = response.status().as_u16();
            let headers = response.headers().clone();
            let operation = headers
                .get("azure-asyncoperation")
                .map(|value| value.to_str().unwrap().to_owned());
            let text = response.text().await.unwrap();
            Answer {
                status,
                headers: headers
                    .keys()
                    .map(|name| name.as_str().to_owned())
                    .filter(|name| HEADERS.contains(&name.as_str()))
                    .collect(),
                body: serde_json::from_str(&text).unwrap_or_default(),
                operation,
            }
        })
    }
}

/// The lower-case name of the resource group in a URL or id; empty if there is none.
fn group_of(url: &str) -> String {
    let lower = url.to_ascii_lowercase();
    let name = lower.split_once("/resourcegroups/").map(|(_, rest)| rest);
    let name = name.and_then(|rest| rest.split(['/', '?']).next());
    name.unwrap_or_default().to_owned()
}

fn last_segment(url: &str) -> &str {
    let path = url.split('?').next().unwrap_or_default();
    path.rsplit('/').next().unwrap_or_default()
}
