//! Microsoft Entra ID as far as a service principal needs it, the issuers it trusts, and what clients read before they sign in.

mod assertion;
mod authority;

use std::time::Duration;

use serde_json::{Value, json};

use super::answer::Answer;
use super::azure::Azure;
use super::request::{Request, form};

pub(super) use authority::Authority;

/// What identity tokens of other issuers must be for.
pub(super) const AUDIENCE: &str = "api://AzureADTokenExchange";

/// Pipelines give tokens for minutes.
const IDENTITY_TOKEN_LIFETIME: Duration = Duration::from_secs(300);

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

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
        ("GET", ["oidc", "github"]) => Some(github(azure, request)),
        ("POST", ["oidc", "pipelines"]) => Some(pipelines(azure, request)),
        _ => None,
    }
}

/// The address where GitHub Actions give their runs identity tokens.
fn github(azure: &mut Azure, request: &Request) -> Answer {
    let bearer = bearer(request);
    let known = azure.authority.pipelines.iter();
    if !{ known }.any(|pipeline| pipeline.service_connection.is_none() && Some(pipeline.bearer.as_str()) == bearer) {
        return Answer::json(401, json!({ "message": "Unauthorized" }));
    }
    let audience = request.parameter("audience").unwrap_or("https://github.com/owner");
    let token = azure.authority.issue_identity_token(audience, IDENTITY_TOKEN_LIFETIME);
    Answer::json(200, json!({ "count": 1, "value": token }))
}

/// The address where Azure Pipelines give a job the identity token of a service connection.
fn pipelines(azure: &mut Azure, request: &Request) -> Answer {
    let bearer = bearer(request);
    let mut known = azure.authority.pipelines.iter();
    let known = known.any(|pipeline| {
        pipeline.service_connection.as_deref() == request.parameter("serviceConnectionId")
            && Some(pipeline.bearer.as_str()) == bearer
    });
    // Unless the client forbids it, whoever is not signed in is sent to a page where people sign in.
    match (known, request.header("x-tfs-fedauthredirect")) {
        (false, Some("Suppress")) => return Answer::json(401, json!({ "message": "TF400813" })),
        (false, _) => return Answer::json(302, json!({})),
        (true, _) if request.parameter("api-version").is_none() => return Answer::json(400, json!({})),
        (true, _) => {}
    }
    let token = azure.authority.issue_identity_token(AUDIENCE, IDENTITY_TOKEN_LIFETIME);
    Answer::json(200, json!({ "oidcToken": token }))
}

fn bearer(request: &Request) -> Option<&str> {
    request.header("authorization")?.strip_prefix("Bearer ")
}

/// The client credentials grant, with a secret or with an assertion.
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
    if !field("scope").is_none_or(|scope| scope.ends_with("/.default")) {
        let text = "AADSTS1002012: The provided value for scope is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.";
        return denied(400, "invalid_scope", 1_002_012, text);
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
        (None, Some(_)) if field("client_assertion_type") != Some(ASSERTION_TYPE) => {
            let text = "AADSTS50027: The request's client_assertion_type is none that is supported.";
            denied(401, "invalid_client", 50_027, text)
        }
        (None, Some(assertion)) => {
            let endpoint = format!("{}/{tenant}/oauth2/v2.0/token", azure.endpoint);
            match azure.authority.trust.check(assertion, client, &endpoint) {
                Ok(()) => granted(azure, tenant),
                Err((code, text)) => denied(401, "invalid_client", code, &text),
            }
        }
        (None, None) => {
            let text = "AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
            denied(401, "invalid_client", 7_000_218, text)
        }
        (Some(_), _) => granted(azure, tenant),
    }
}

fn granted(azure: &mut Azure, tenant: &str) -> Answer {
    let (token, lifetime, _) = azure.authority.issue(tenant);
    Answer::json(
        200,
        json!({ "token_type": "Bearer", "expires_in": lifetime, "ext_expires_in": lifetime, "access_token": token }),
    )
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
