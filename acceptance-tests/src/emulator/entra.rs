//! Microsoft Entra ID as far as a service principal needs it, and what clients read before they sign in.

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::request::{Request, form};

const LIFETIME: u32 = 3_599;

/// Answers a request of the authority or of cloud discovery; `None` if it is neither.
pub(super) fn answer(azure: &mut Azure, request: &Request) -> Option<Answer> {
    let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["metadata", "endpoints"]) => Some(Answer::json(200, cloud(&azure.endpoint))),
        ("GET", ["common", "discovery", "instance"]) => Some(Answer::json(200, instances(&azure.endpoint))),
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            Some(Answer::json(200, open_id(&azure.endpoint, tenant)))
        }
        ("POST", [tenant, "oauth2", "v2.0", "token"]) => Some(token(azure, tenant, request)),
        _ => None,
    }
}

/// The client credentials grant, with a secret or with a federated assertion (which is taken on trust).
fn token(azure: &mut Azure, tenant: &str, request: &Request) -> Answer {
    let fields = form(&String::from_utf8_lossy(&request.body));
    let field = |name: &str| {
        let found = fields.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    };
    let client = field("client_id").unwrap_or_default();
    if uuid::Uuid::parse_str(tenant).is_err() {
        let text =
            format!("AADSTS90002: Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID.");
        return denied(400, "invalid_request", 90_002, &text);
    }
    if field("grant_type") != Some("client_credentials") {
        return denied(
            400,
            "unsupported_grant_type",
            70_003,
            "AADSTS70003: The app requested an unsupported grant type.",
        );
    }
    if !client.eq_ignore_ascii_case(&azure.credentials.client_id) {
        let text =
            format!("AADSTS700016: Application with identifier '{client}' was not found in the directory '{tenant}'.");
        return denied(400, "unauthorized_client", 700_016, &text);
    }
    match (field("client_secret"), field("client_assertion")) {
        (Some(secret), _) if secret != azure.credentials.client_secret => {
            let text = format!(
                "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '{client}'."
            );
            denied(401, "invalid_client", 7_000_215, &text)
        }
        (None, None) => {
            let text = "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            denied(401, "invalid_client", 7_000_218, text)
        }
        _ => {
            let token = format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple());
            azure.tokens.insert(token.clone());
            Answer::json(
                200,
                json!({ "token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token }),
            )
        }
    }
}

fn denied(status: u16, error: &str, code: u32, text: &str) -> Answer {
    let (trace, correlation) = (super::new_guid(), super::new_guid());
    let description = format!("{text} Trace ID: {trace} Correlation ID: {correlation}");
    Answer::json(
        status,
        json!({
            "error": error,
            "error_description": description,
            "error_codes": [code],
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={code}"),
        }),
    )
}

fn open_id(endpoint: &str, tenant: &str) -> Value {
    json!({
        "token_endpoint": format!("{endpoint}/{tenant}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{endpoint}/{tenant}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{endpoint}/{tenant}/oauth2/v2.0/devicecode"),
        "issuer": format!("{endpoint}/{tenant}/v2.0"),
    })
}

fn instances(endpoint: &str) -> Value {
    json!({
        "tenant_discovery_endpoint": format!("{endpoint}/common/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [],
    })
}

/// Clients of custom clouds read this; the Azure CLI stops at a missing member, `suffixes` above all.
fn cloud(endpoint: &str) -> Value {
    json!({
        "name": "ArmEmulator",
        "portal": endpoint,
        "authentication": {
            "loginEndpoint": endpoint,
            "audiences": [endpoint],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": endpoint,
        "graph": endpoint,
        "graphAudience": endpoint,
        "gallery": endpoint,
        "batch": endpoint,
        "media": endpoint,
        "sqlManagement": endpoint,
        "activeDirectoryDataLake": endpoint,
        "microsoftGraphResourceId": endpoint,
        "suffixes": {
            "acrLoginServer": "azurecr.emulator.invalid",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.emulator.invalid",
            "azureDataLakeStoreFileSystem": "azuredatalakestore.emulator.invalid",
            "keyVaultDns": "vault.emulator.invalid",
            "sqlServerHostname": "database.emulator.invalid",
            "storage": "core.emulator.invalid",
        },
    })
}
