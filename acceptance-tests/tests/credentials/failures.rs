//! What a user reads when it does not work: which credential was tried, why, and what to do.

use std::time::{Duration, Instant};

use crate::setting::{Setting, certificate};

#[track_caller]
fn says(setting: &mut Setting, words: &[&str]) {
    let error = setting.fails();
    for word in words {
        assert!(error.contains(word), "`{word}` is missing in:\n{error}");
    }
}

#[test]
fn a_wrong_secret() {
    let mut setting = Setting::new().principal();
    setting.secret_env("ARM_CLIENT_SECRET", "canary-wrong-secret");
    says(
        &mut setting,
        &[
            "No token for Azure Resource Manager",
            "client secret",
            "AADSTS7000215",
            "whether the secret has expired",
        ],
    );
}

#[test]
fn a_certificate_that_is_not_the_applications() {
    let mut setting = Setting::new().principal();
    let (certificate, key) = certificate(2099);
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    let path = setting.secret_file("client.pem", &pem);
    setting.env("ARM_CLIENT_CERTIFICATE_PATH", &path);
    says(
        &mut setting,
        &[
            "client certificate",
            "AADSTS700027",
            "exactly this certificate is registered",
        ],
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_refused_before_anything_is_sent() {
    let mut setting = Setting::new().principal();
    let (certificate, key) = certificate(2021);
    let expired = format!("{}{}", certificate.pem(), key.serialize_pem());
    let path = setting.secret_file("client.pem", &expired);
    setting.env("ARM_CLIENT_CERTIFICATE_PATH", &path);
    says(&mut setting, &["`client_certificate_path`", "expired on", "2021"]);
    setting.workspace().write_file("client.pem", "canary of no certificate");
    setting.canary("canary of no certificate");
    says(
        &mut setting,
        &["`client_certificate_path`", "neither PEM nor a PKCS#12"],
    );
    assert_eq!(setting.emulator.requests().lines(), Vec::<String>::new());
}

#[test]
fn an_authority_whose_certificate_is_not_trusted_is_said_at_once() {
    let mut setting = Setting::new().with_secret();
    setting.env("ARM_CA_BUNDLE", "");
    let since = Instant::now();
    says(&mut setting, &["client secret", "UnknownIssuer", "`ca_bundle`"]);
    // Not a matter of speed: the SDK's own retries would take 80 seconds.
    assert!(since.elapsed() < Duration::from_secs(60));
}

#[test]
fn an_authority_whose_name_does_not_resolve() {
    let mut setting = Setting::new().with_secret();
    setting.env("ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST", "https://authority.invalid");
    says(
        &mut setting,
        &["client secret", "authority.invalid", "dns error", "`HTTPS_PROXY`"],
    );
}

#[test]
fn tokens_of_others_that_have_ended_or_are_unknown() {
    let mut setting = Setting::new().principal();
    setting.env("ARM_USE_OIDC", "true");
    let ended = setting.emulator.identity_token(Duration::ZERO);
    setting.secret_env("ARM_OIDC_TOKEN", &ended);
    says(
        &mut setting,
        &["OpenID Connect token", "AADSTS700024", "federated credential"],
    );
    setting.secret_env("ARM_OIDC_TOKEN", "canary-of-nobody");
    says(&mut setting, &["AADSTS50027"]);
}

#[test]
fn a_token_file_that_is_not_there() {
    let mut setting = Setting::new();
    let (tenant, client) = (
        setting.emulator.tenant_id().to_owned(),
        setting.emulator.client_id().to_owned(),
    );
    setting.env("AZURE_TENANT_ID", &tenant);
    setting.env("AZURE_CLIENT_ID", &client);
    setting.env("AZURE_FEDERATED_TOKEN_FILE", "/var/run/secrets/none");
    setting.env("ARM_USE_AKS_WORKLOAD_IDENTITY", "1");
    says(
        &mut setting,
        &["AKS workload identity", "`/var/run/secrets/none`", "service account"],
    );
}

#[test]
fn pipelines_that_may_not_ask() {
    let mut setting = Setting::new().principal();
    let (url, _) = setting.emulator.github_run();
    setting.env("ARM_USE_OIDC", "true");
    setting.env("ARM_OIDC_REQUEST_URL", &url);
    setting.secret_env("ARM_OIDC_REQUEST_TOKEN", "canary-of-another-run");
    says(
        &mut setting,
        &["token of the pipeline", "status 401", "id-token: write"],
    );
    let (url, token) = setting.emulator.pipelines_job("connection-1");
    setting.env("ARM_OIDC_REQUEST_URL", &url);
    setting.secret_env("ARM_OIDC_REQUEST_TOKEN", &token);
    setting.env("ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID", "connection-2");
    says(
        &mut setting,
        &["Azure Pipelines", "status 401", "`ado_pipeline_service_connection_id`"],
    );
}

#[test]
fn an_identity_that_this_machine_does_not_have() {
    let mut setting = Setting::new();
    let machine = setting.emulator.metadata_service();
    setting.env("ARM_USE_MSI", "true");
    setting.env("ARM_MSI_ENDPOINT", &machine.virtual_machine());
    setting.env("ARM_CLIENT_ID", "00000000-0000-0000-0000-00000000aaaa");
    says(
        &mut setting,
        &["managed identity", "Identity not found", "assigned to it"],
    );
    assert_eq!(machine.granted(), 0);
}

#[test]
fn the_azure_cli_where_there_is_none() {
    let mut setting = Setting::new();
    setting.env("ARM_USE_CLI", "true");
    setting.workspace().write_file("bin/empty", "");
    let path = setting.path("bin").display().to_string();
    setting.env("PATH", &path);
    says(
        &mut setting,
        &["Azure CLI", "az not found on PATH", "`az login`", "`ARM_CLIENT_ID`"],
    );
}

#[test]
fn nothing_at_all() {
    let mut setting = Setting::new();
    says(
        &mut setting,
        &[
            "`tenant_id`, `client_id`, `client_secret` are missing",
            "`ARM_TENANT_ID`",
        ],
    );
}
