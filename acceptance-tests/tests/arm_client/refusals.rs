//! What does not end well is told, with what to do about it.

use acceptance_tests::emulator::{Fault, Proxy};

use super::*;

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

#[tokio::test]
async fn what_a_proxy_answers_is_said_and_decides_about_another_attempt() {
    let world = World::new();
    for (status, said, remedy, attempts) in [
        (
            407,
            "status 407 (Proxy Authentication Required)",
            "user and password",
            1,
        ),
        (403, "status 403 (Forbidden)", "lets this host through", 1),
        (502, "status 502 (Bad Gateway)", "reaches this host", 5),
        (503, "status 503 (Service Unavailable)", "reaches this host", 5),
        (504, "status 504 (Gateway Timeout)", "reaches this host", 5),
    ] {
        let proxy = Proxy::start("user", "canary-of-the-proxy");
        proxy.refuse(status, 100);
        let settings = ConnectionSettings {
            proxy_url: Some(Secret::new(format!(
                "http://user:canary-of-the-proxy@{}",
                proxy.address()
            ))),
            ..settings(&world.emulator)
        };
        let error = client(settings)
            .network_security_groups()
            .get(&world.nsg(), &call())
            .await
            .unwrap_err();
        let (text, debug) = (error.to_diagnostic(), format!("{error:?}"));
        assert!(text.contains(said) && text.contains(remedy), "{status}: {text}");
        assert!(!text.contains("canary") && !debug.contains("canary"), "{debug}");
        // The HTTP client keeps to itself what it was answered, but for 407: then the proxy is asked by hand.
        let asked = if status == 407 { attempts } else { 2 * attempts };
        assert_eq!(proxy.requests().len(), asked, "{status}");
    }
    assert!(world.emulator.requests().is_empty());
}

#[tokio::test]
async fn a_cloud_that_lags_behind_is_told_with_what_it_has() {
    let world = World::with(Options {
        api_versions: Some(vec!["2018-11-01".to_owned(), "2020-11-01".to_owned()]),
        ..Options::default()
    });
    for (error, code) in [
        // A network that is there has a location, and a group that is not has none.
        (
            world
                .client
                .virtual_networks()
                .get(&world.id("virtualNetworks/hub"), &call())
                .await
                .unwrap_err(),
            "NoRegisteredProviderFound",
        ),
        (world.create_nsg().await.unwrap_err(), "InvalidResourceType"),
    ] {
        let text = error.to_diagnostic();
        assert!(
            text.contains(code)
                && text.contains("api-version `2025-01-01`")
                && text.contains("newest that it has is `2020-11-01`"),
            "{text}"
        );
        assert!(!error.may_have_written(), "{error:?}");
    }
    assert_eq!(
        world.emulator.requests().len(),
        3,
        "one for the token, and no second attempt"
    );
}
