//! A client that knows HTTP and nothing else, and the setting of every test: a resource group with a virtual network.

use acceptance_tests::emulator::{Emulator, Options};
use reqwest::{Certificate, Method};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("no error")
    }

    pub(crate) fn etag(&self) -> &str {
        self.body["etag"].as_str().unwrap()
    }

    pub(crate) fn state(&self) -> &str {
        self.body["properties"]["provisioningState"].as_str().unwrap()
    }
}

pub(crate) struct Setting {
    pub(crate) emulator: Emulator,
    runtime: Runtime,
    http: reqwest::Client,
    pub(crate) token: String,
    pub(crate) group: String,
}

impl Setting {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    /// Nothing that is started here ends by itself.
    pub(crate) fn slow() -> Self {
        Self::with(Options {
            operation_duration: std::time::Duration::MAX,
            ..Options::default()
        })
    }

    pub(crate) fn with(options: Options) -> Self {
        Self::around(Emulator::start(options))
    }

    pub(crate) fn around(emulator: Emulator) -> Self {
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
        let group = format!("/subscriptions/{}/resourceGroups/rg", emulator.subscription_id());
        emulator.put(&group, json!({ "location": "westeurope" }));
        let mut setting = Self {
            emulator,
            runtime,
            http,
            token: String::new(),
            group,
        };
        let spaces = ["10.0.0.0/16", "fd00:db8:deca::/48"];
        setting.emulator.put(
            &setting.id("virtualNetworks/vnet"),
            json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": spaces } } }),
        );
        let token = setting.sign_in(&[("client_secret", setting.emulator.client_secret())]);
        setting.token = token.body["access_token"].as_str().unwrap().to_owned();
        setting.emulator.clear_requests();
        setting
    }

    /// The id of a network resource in the group.
    pub(crate) fn id(&self, resource: &str) -> String {
        format!("{}/providers/Microsoft.Network/{resource}", self.group)
    }

    /// The client credentials grant, with these fields instead of or besides the usual ones.
    pub(crate) fn sign_in(&self, more: &[(&str, &str)]) -> Reply {
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", self.emulator.client_id()),
            ("scope", "https%3A%2F%2Flocalhost%2F.default"),
        ];
        fields.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
        fields.extend(more);
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let url = format!(
            "{}/{}/oauth2/v2.0/token",
            self.emulator.endpoint(),
            self.emulator.tenant_id()
        );
        self.send(self.http.post(url).body(fields.join("&"))).unwrap()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let url = match path.strip_prefix("https:") {
            Some(_) => path.to_owned(),
            None => format!("{}{path}?api-version=2025-01-01", self.emulator.endpoint()),
        };
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// Without token and version.
    pub(crate) fn bare(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.emulator.endpoint()))
    }

    pub(crate) fn send(&self, request: reqwest::RequestBuilder) -> Result<Reply, reqwest::Error> {
        self.runtime.block_on(async {
            let response = request.send().await?;
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            let text = response.text().await?;
            let body = serde_json::from_str(&text).unwrap_or_default();
            Ok(Reply { status, headers, body })
        })
    }

    pub(crate) fn try_put(&self, resource: &str, body: &Value) -> Result<Reply, reqwest::Error> {
        self.send(self.request(Method::PUT, &self.id(resource)).body(body.to_string()))
    }

    pub(crate) fn put(&self, resource: &str, body: &Value) -> Reply {
        self.try_put(resource, body).unwrap()
    }

    pub(crate) fn put_if_match(&self, resource: &str, body: &Value, etag: &str) -> Reply {
        let request = self.request(Method::PUT, &self.id(resource)).header("If-Match", etag);
        self.send(request.body(body.to_string())).unwrap()
    }

    pub(crate) fn get(&self, resource: &str) -> Reply {
        self.send(self.request(Method::GET, &self.id(resource))).unwrap()
    }

    pub(crate) fn delete(&self, resource: &str) -> Reply {
        self.send(self.request(Method::DELETE, &self.id(resource))).unwrap()
    }

    /// Follows `Azure-AsyncOperation` to its end and gives the last body.
    pub(crate) fn wait(&self, reply: &Reply) -> Value {
        let url = reply.header("azure-asyncoperation").expect("an operation").to_owned();
        loop {
            let poll = self.send(self.request(Method::GET, &url)).unwrap();
            assert_eq!(poll.status, 200);
            if poll.body["status"] != "InProgress" {
                return poll.body;
            }
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// A PUT that must succeed, followed to its end.
    pub(crate) fn done(&self, resource: &str, body: &Value) {
        let reply = self.put(resource, body);
        assert!(reply.status == 200 || reply.status == 201, "{}", reply.body);
        assert_eq!(self.wait(&reply)["status"], "Succeeded");
    }
}

pub(crate) fn nsg(rules: &[Value]) -> Value {
    json!({ "location": "westeurope", "properties": { "securityRules": rules } })
}

/// A rule that Azure accepts, with these properties instead; `null` removes one.
pub(crate) fn rule(name: &str, changes: &Value) -> Value {
    let mut rule = json!({ "name": name, "properties": {
        "priority": 100, "direction": "Outbound", "access": "Allow", "protocol": "Tcp",
        "sourceAddressPrefix": "10.0.0.0/28", "sourcePortRange": "*",
        "destinationAddressPrefix": "Storage.WestEurope", "destinationPortRange": "443",
    }});
    let properties = rule["properties"].as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(properties.remove(name)),
            value => drop(properties.insert(name.clone(), value.clone())),
        }
    }
    rule
}

pub(crate) fn subnet(properties: Value) -> Value {
    json!({ "properties": properties })
}
