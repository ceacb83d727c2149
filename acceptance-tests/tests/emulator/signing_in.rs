//! Tokens, versions and the other things every request needs.

use reqwest::Method;
use serde_json::json;

use crate::client::Setting;

#[test]
fn a_wrong_secret_is_refused_in_entras_words() {
    let setting = Setting::new();
    let refused = setting.sign_in(&[("client_secret", "wrong")]);
    assert_eq!(
        (refused.status, &refused.body["error"]),
        (401, &json!("invalid_client"))
    );
    assert_eq!(refused.body["error_codes"], json!([7_000_215]));
    let text = refused.body["error_description"].as_str().unwrap();
    assert!(
        text.starts_with("AADSTS7000215: Invalid client secret provided."),
        "{text}"
    );

    let nothing = setting.sign_in(&[]);
    assert_eq!(nothing.body["error_codes"], json!([7_000_218]));
    let stranger = setting.sign_in(&[("client_id", "somebody"), ("client_secret", "any")]);
    assert_eq!(stranger.body["error_codes"], json!([700_016]));
    let assertion_type = (
        "client_assertion_type",
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    );
    let sign_in = |assertion: &str| setting.sign_in(&[("client_assertion", assertion), assertion_type]);
    assert_eq!(sign_in("a.jwt.signed").body["error_codes"], json!([50_027]));
    let minute = std::time::Duration::from_secs(60);
    let token = setting.emulator.identity_token(minute);
    assert_eq!(sign_in(&token).status, 200);
    let untyped = setting.sign_in(&[("client_assertion", &token)]);
    assert_eq!(untyped.body["error_codes"], json!([50_027]));
    let stale = setting.emulator.identity_token(std::time::Duration::ZERO);
    assert_eq!(sign_in(&stale).body["error_codes"], json!([700_024]));
}

#[test]
fn every_request_needs_a_token_and_a_version() {
    let setting = Setting::new();
    let path = setting.id("networkSecurityGroups/nsg");
    let version = "?api-version=2025-01-01";

    let anonymous = setting
        .send(setting.bare(Method::GET, &format!("{path}{version}")))
        .unwrap();
    assert_eq!((anonymous.status, anonymous.code()), (401, "AuthenticationFailed"));
    assert!(
        anonymous
            .header("www-authenticate")
            .unwrap()
            .starts_with("Bearer authorization_uri=")
    );

    let unversioned = setting.bare(Method::GET, &path).bearer_auth(&setting.token);
    assert_eq!(setting.send(unversioned).unwrap().code(), "MissingApiVersionParameter");
    for (version, code) in [
        ("2020-05-01", "ResourceNotFound"),
        ("2031-12-31-preview", "ResourceNotFound"),
        ("2025-01-02", "InvalidResourceType"),
        ("1", "InvalidApiVersionParameter"),
        ("2025-1-1", "InvalidApiVersionParameter"),
    ] {
        let request = setting.bare(Method::GET, &format!("{path}?api-version={version}"));
        assert_eq!(
            setting.send(request.bearer_auth(&setting.token)).unwrap().code(),
            code,
            "{version}"
        );
    }

    setting.emulator.revoke_tokens();
    let expired = setting.get("networkSecurityGroups/nsg");
    assert_eq!((expired.status, expired.code()), (401, "InvalidAuthenticationToken"));
}

#[test]
fn clients_of_custom_clouds_find_their_way() {
    let setting = Setting::new();
    let endpoint = setting.emulator.endpoint();
    let get = |path: &str| setting.send(setting.bare(Method::GET, path)).unwrap().body;
    let cloud = get("/metadata/endpoints?api-version=2022-09-01");
    assert_eq!(cloud["resourceManager"], endpoint);
    assert_eq!(cloud["authentication"]["loginEndpoint"], endpoint);
    assert!(cloud["suffixes"]["storage"].is_string());
    let tenant = setting.emulator.tenant_id();
    let open_id = get(&format!("/{tenant}/v2.0/.well-known/openid-configuration"));
    assert_eq!(
        open_id["token_endpoint"],
        format!("{endpoint}/{tenant}/oauth2/v2.0/token")
    );
    let subscriptions = setting.send(setting.request(Method::GET, "/subscriptions")).unwrap();
    assert_eq!(
        subscriptions.body["value"][0]["subscriptionId"],
        setting.emulator.subscription_id()
    );
}

#[test]
fn another_subscription_is_not_there() {
    let setting = Setting::new();
    let other = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg";
    let reply = setting.send(setting.request(Method::GET, other)).unwrap();
    assert_eq!((reply.status, reply.code()), (404, "SubscriptionNotFound"));
}

#[test]
fn the_log_has_no_secret_and_no_token() {
    let setting = Setting::new();
    setting.sign_in(&[("client_secret", setting.emulator.client_secret())]);
    setting.get("networkSecurityGroups/nsg");
    let log = format!("{:?}", setting.emulator.requests());
    assert_eq!(setting.emulator.requests().len(), 2);
    assert!(!log.contains(setting.emulator.client_secret()) && !log.contains(&setting.token));
}
