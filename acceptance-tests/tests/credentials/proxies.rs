//! Networks from which only a proxy leads out.

use acceptance_tests::emulator::Proxy;

use crate::setting::Setting;

const USER: &str = "canary@corp";
const PASSWORD: &str = "canary/of the proxy";

/// The proxy's address with user and password, percent-encoded.
fn address(proxy: &Proxy, password: &str) -> String {
    let password = password.replace('/', "%2F").replace(' ', "%20");
    format!("http://{}:{password}@{}", USER.replace('@', "%40"), proxy.address())
}

fn connects(setting: &Setting) -> String {
    format!(
        "CONNECT {} -> 200",
        setting.emulator.endpoint().trim_start_matches("https://")
    )
}

#[test]
fn the_environments_proxy_is_used_for_tokens_and_for_azure() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().with_secret();
    setting.secret_env("HTTPS_PROXY", &address(&proxy, PASSWORD));
    setting.canary(PASSWORD);
    setting.applies();
    let requests = proxy.requests();
    assert!(
        !requests.is_empty() && requests.iter().all(|request| *request == connects(&setting)),
        "{requests:?}"
    );
}

#[test]
fn the_providers_proxy_comes_before_the_environments() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().with_secret();
    setting.env("HTTPS_PROXY", "http://127.0.0.1:1");
    let address = address(&proxy, PASSWORD);
    setting.canary(&address);
    setting.configure(&format!("proxy_url = \"{address}\""));
    setting.applies();
    assert!(proxy.requests().contains(&connects(&setting)));
}

#[test]
fn what_no_proxy_names_is_reached_without_it() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().with_secret();
    setting.secret_env("HTTPS_PROXY", &address(&proxy, PASSWORD));
    setting.configure("no_proxy = \"example.com,localhost\"");
    setting.applies();
    assert_eq!(proxy.requests(), Vec::<String>::new());
}

#[test]
fn a_pipelines_token_comes_through_the_proxy() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().principal();
    let (url, token) = setting.emulator.github_run();
    setting.env("ARM_USE_OIDC", "true");
    setting.env("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
    setting.secret_env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &token);
    setting.secret_env("https_proxy", &address(&proxy, PASSWORD));
    setting.applies();
    assert!(proxy.requests().contains(&connects(&setting)));
}

#[test]
fn a_managed_identity_never_goes_through_the_proxy() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new();
    let machine = setting.emulator.metadata_service();
    let address = address(&proxy, PASSWORD);
    for variable in ["HTTPS_PROXY", "HTTP_PROXY", "http_proxy", "ALL_PROXY"] {
        setting.secret_env(variable, &address);
    }
    setting.env("ARM_USE_MSI", "true");
    setting.env("ARM_MSI_ENDPOINT", &machine.virtual_machine());
    setting.applies();
    assert!(machine.granted() > 0);
    let requests = proxy.requests();
    assert!(
        !requests.is_empty() && requests.iter().all(|request| *request == connects(&setting)),
        "Azure is reached through the proxy, and nothing else: {requests:?}"
    );
}

#[test]
fn a_proxy_that_refuses_is_said_to_at_once() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().with_secret();
    setting.secret_env("HTTPS_PROXY", &address(&proxy, "canary-wrong"));
    setting.canary("canary-wrong");
    let error = setting.fails();
    assert!(
        error.contains("client secret")
            && error.contains("the proxy answers with status 407 (Proxy Authentication Required)")
            && error.contains("`proxy_url`"),
        "{error}"
    );
    assert!(
        !setting.log().contains("trying again"),
        "another attempt would end the same"
    );
}

#[test]
fn a_proxy_that_forbids_is_said_to_at_once() {
    let proxy = Proxy::start(USER, PASSWORD);
    proxy.refuse(403, 100);
    let mut setting = Setting::new().with_secret();
    setting.secret_env("HTTPS_PROXY", &address(&proxy, PASSWORD));
    let error = setting.fails();
    assert!(
        error.contains("client secret") && error.contains("status 403 (Forbidden)") && error.contains("`proxy_url`"),
        "{error}"
    );
    assert!(
        !setting.log().contains("trying again"),
        "another attempt would end the same"
    );
}

#[test]
fn a_proxy_that_could_not_connect_for_a_moment_is_asked_again() {
    let proxy = Proxy::start(USER, PASSWORD);
    let mut setting = Setting::new().with_secret();
    setting.secret_env("HTTPS_PROXY", &address(&proxy, PASSWORD));
    setting.canary(PASSWORD);
    // The first for the token, and what it was then asked by hand.
    proxy.refuse(503, 2);
    setting.applies();
    assert!(
        setting
            .log()
            .contains("the proxy answers with status 503 (Service Unavailable)")
    );
    let requests = proxy.requests();
    assert_eq!(requests.iter().filter(|request| request.ends_with("503")).count(), 2);
    assert!(requests.contains(&connects(&setting)), "{requests:?}");
}
