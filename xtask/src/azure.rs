//! Talks to the emulator as a platform team's tools talk to Azure Resource Manager: a token, then plain REST.

use std::time::Duration;

use reqwest::{Certificate, Method, StatusCode};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::emulator::Connection;
use crate::failure::{Failure, Result};

const LOCATION: &str = "westeurope";
const RESOURCE_GROUP: &str = "rg-lockeddown";
const VIRTUAL_NETWORK: &str = "vnet-lockeddown";
const RESOURCES_API: &str = "2024-03-01";
const NETWORK_API: &str = "2025-01-01";
/// How often a write that is still going on is looked at, and for how long.
const POLL: Duration = Duration::from_millis(100);
const POLLS: u32 = 300;

/// What a platform team has: networks, and a hub with a firewall and a way out.
pub(crate) struct LandingZone {
    /// The resource group of the networks.
    pub(crate) resource_group: String,
    /// The virtual networks.
    pub(crate) networks: Vec<String>,
    /// The variable `hub` of the landing zone.
    pub(crate) hub: Value,
}

/// A client of the emulator's Azure Resource Manager.
pub(crate) struct Azure {
    runtime: Runtime,
    client: reqwest::Client,
    endpoint: String,
    subscription: String,
    token: String,
}

/// The ARM id of the platform team's virtual network.
pub(crate) fn virtual_network_id(subscription: &str) -> String {
    let group = resource_group_id(subscription);
    format!("{group}/providers/Microsoft.Network/virtualNetworks/{VIRTUAL_NETWORK}")
}

fn resource_group_id(subscription: &str) -> String {
    format!("/subscriptions/{subscription}/resourceGroups/{RESOURCE_GROUP}")
}

impl Azure {
    /// Trusts the emulator's certificate authority and gets a token with its client secret.
    pub(crate) fn connect(connection: &Connection) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::while_doing("The runtime did not start"))?;
        let authority = std::fs::read(&connection.ca_bundle)
            .map_err(Failure::while_doing("The emulator's certificate cannot be read"))?;
        let authority = Certificate::from_pem(&authority)
            .map_err(Failure::while_doing("The emulator's certificate cannot be used"))?;
        let client = reqwest::Client::builder()
            .tls_certs_only([authority])
            .no_proxy()
            .build()
            .map_err(Failure::while_doing("No HTTPS client"))?;
        let mut azure = Self {
            runtime,
            client,
            endpoint: connection.endpoint.trim_end_matches('/').to_owned(),
            subscription: connection.subscription_id.clone(),
            token: String::new(),
        };
        azure.token = azure.sign_in(connection)?;
        Ok(azure)
    }

    fn sign_in(&self, connection: &Connection) -> Result<String> {
        let url = format!("{}/{}/oauth2/v2.0/token", self.endpoint, connection.tenant_id);
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope={}/.default",
            connection.client_id, connection.client_secret, self.endpoint
        );
        let request = (self.client.post(url))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(form);
        let (_, answer) = self.send(request)?;
        let token = answer.get("access_token").and_then(Value::as_str);
        token
            .map(str::to_owned)
            .ok_or_else(|| Failure::new(format!("No token from the emulator\n{answer}")))
    }

    /// Creates the resource group and the virtual network, unless they exist: a second PUT of the virtual network would
    /// remove the subnets that others put into it.
    pub(crate) fn create_landing_zone(&self) -> Result<()> {
        let group = resource_group_id(&self.subscription);
        if self.get(&group, RESOURCES_API)?.is_none() {
            self.put(&group, RESOURCES_API, &json!({ "location": LOCATION }))?;
        }
        let network = virtual_network_id(&self.subscription);
        if self.get(&network, NETWORK_API)?.is_none() {
            let spaces = ["10.0.0.0/16", "fd00:db8:deca::/48"];
            let body = json!({
                "location": LOCATION,
                "properties": { "addressSpace": { "addressPrefixes": spaces } },
            });
            self.put(&network, NETWORK_API, &body)?;
        }
        Ok(())
    }

    /// Creates what `examples/landing-zone` finds: three virtual networks, a NAT gateway, and a firewall policy and a VPN gateway in the hub.
    pub(crate) fn create_hub_and_spokes(&self) -> Result<LandingZone> {
        let group = |name: &str| format!("/subscriptions/{}/resourceGroups/{name}", self.subscription);
        let (own, hub) = (group("rg-hpc"), group("rg-hub"));
        for id in [&own, &hub] {
            self.put(id, RESOURCES_API, &json!({ "location": LOCATION }))?;
        }
        let network = format!("{own}/providers/Microsoft.Network");
        let mut networks = Vec::new();
        for (name, space) in [
            ("server", "10.1.0.0/16"),
            ("nodes", "10.2.0.0/16"),
            ("aml", "10.3.0.0/16"),
        ] {
            let id = format!("{network}/virtualNetworks/vnet-{name}");
            let space = json!({ "addressSpace": { "addressPrefixes": [space] } });
            self.put(&id, NETWORK_API, &json!({ "location": LOCATION, "properties": space }))?;
            networks.push(id);
        }
        let nat_gateway = format!("{network}/natGateways/ng-hpc");
        let body = json!({ "location": LOCATION, "sku": { "name": "Standard" }, "properties": {} });
        self.put(&nat_gateway, NETWORK_API, &body)?;
        let policy = format!("{hub}/providers/Microsoft.Network/firewallPolicies/afwp-hub");
        let properties = json!({ "sku": { "tier": "Standard" }, "dnsSettings": { "enableProxy": true } });
        self.put(
            &policy,
            NETWORK_API,
            &json!({ "location": LOCATION, "properties": properties }),
        )?;
        let gateway = format!("{hub}/providers/Microsoft.Network/virtualNetworkGateways/vgw-hub");
        let properties = json!({ "gatewayType": "Vpn", "vpnType": "RouteBased" });
        self.put(
            &gateway,
            NETWORK_API,
            &json!({ "location": LOCATION, "properties": properties }),
        )?;
        Ok(LandingZone {
            resource_group: own,
            networks,
            hub: json!({
                "address_space": "10.0.0.0/16",
                "firewall_policy_id": policy,
                "firewall_private_ip_address": "10.0.255.4",
                "proxy_address": "10.0.9.4/32",
                "nat_gateway_id": nat_gateway,
                "virtual_network_gateway_id": gateway,
            }),
        })
    }

    /// A network resource, or `None` if there is none.
    pub(crate) fn network_resource(&self, id: &str) -> Result<Option<Value>> {
        self.get(id, NETWORK_API)
    }

    /// Deletes a network resource and waits until it is gone.
    pub(crate) fn delete_network_resource(&self, id: &str) -> Result<()> {
        let request = self.request(Method::DELETE, id, NETWORK_API);
        self.expect_success(&format!("DELETE {id}"), request)?;
        self.wait(id, || Ok(self.network_resource(id)?.is_none()))
    }

    /// How many requests the emulator has logged.
    pub(crate) fn requests(&self) -> Result<usize> {
        let (_, log) = self.send(self.client.get(format!("{}/__emulator/requests", self.endpoint)))?;
        Ok(log.as_array().map_or(0, Vec::len))
    }

    /// Makes a network security group and then puts these rules into it, each with a write of its own.
    pub(crate) fn write_rule_by_rule(&self, group: &str, rules: &[Value]) -> Result<()> {
        self.put(group, NETWORK_API, &json!({ "location": LOCATION, "properties": {} }))?;
        for rule in rules {
            let name = rule.get("name").and_then(Value::as_str).unwrap_or_default();
            let body = json!({ "properties": rule.get("properties") });
            self.put(&format!("{group}/securityRules/{name}"), NETWORK_API, &body)?;
        }
        Ok(())
    }

    fn get(&self, id: &str, api: &str) -> Result<Option<Value>> {
        let (status, answer) = self.send(self.request(Method::GET, id, api))?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => Ok(Some(answer)),
            status => Err(refused(&format!("GET {id}"), status, &answer)),
        }
    }

    fn put(&self, id: &str, api: &str, body: &Value) -> Result<()> {
        let request = self.request(Method::PUT, id, api);
        let request = request
            .header("Content-Type", "application/json")
            .body(body.to_string());
        self.expect_success(&format!("PUT {id}"), request)?;
        self.wait(id, || {
            let now = self.get(id, api)?.unwrap_or_default();
            Ok(now.pointer("/properties/provisioningState").and_then(Value::as_str) == Some("Succeeded"))
        })
    }

    fn wait(&self, id: &str, done: impl Fn() -> Result<bool>) -> Result<()> {
        for _ in 0..POLLS {
            if done()? {
                return Ok(());
            }
            std::thread::sleep(POLL);
        }
        Err(Failure::new(format!(
            "The emulator did not finish\n`{id}` was still being written after {:?}.",
            POLL * POLLS
        )))
    }

    fn request(&self, method: Method, id: &str, api: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{id}?api-version={api}", self.endpoint);
        self.client.request(method, url).bearer_auth(&self.token)
    }

    fn expect_success(&self, what: &str, request: reqwest::RequestBuilder) -> Result<()> {
        let (status, answer) = self.send(request)?;
        if status.is_success() {
            Ok(())
        } else {
            Err(refused(what, status, &answer))
        }
    }

    fn send(&self, request: reqwest::RequestBuilder) -> Result<(StatusCode, Value)> {
        let exchange = async {
            let response = request.send().await?;
            Ok((response.status(), response.text().await?))
        };
        let (status, text) = self
            .runtime
            .block_on(exchange)
            .map_err(|error: reqwest::Error| Failure::new(format!("The emulator did not answer\n{error:?}")))?;
        Ok((status, serde_json::from_str(&text).unwrap_or_default()))
    }
}

fn refused(what: &str, status: StatusCode, answer: &Value) -> Failure {
    Failure::new(format!("The emulator refused a request\n{what}: {status} {answer}"))
}
