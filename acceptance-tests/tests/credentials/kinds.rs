//! Every kind of credential obtains a token and writes with it.

use std::time::Duration;

use acceptance_tests::emulator::{Emulator, Fault};
use base64::{Engine, engine::general_purpose::STANDARD};
use p12_keystore::{KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};

use crate::setting::{Setting, certificate};

const HOUR: Duration = Duration::from_secs(3600);
const PASSWORD: &str = "canary-of-the-pfx-password";

/// A certificate of the application as PEM and as PFX in Base64.
fn registered(emulator: &Emulator) -> (String, String) {
    let (certificate, key) = certificate(2099);
    emulator.register_certificate(certificate.der(), key.public_key_raw());
    let pem = format!("{}{}", certificate.pem(), key.serialize_pem());
    let chain = PrivateKeyChain::new(
        "id",
        PrivateKey::from_der(&key.serialize_der()).unwrap(),
        [p12_keystore::Certificate::from_der(certificate.der()).unwrap()],
    );
    let mut store = KeyStore::new();
    store.add_entry("client", KeyStoreEntry::PrivateKeyChain(chain));
    (pem, STANDARD.encode(store.writer(PASSWORD).write().unwrap()))
}

#[test]
fn client_secret_in_the_environment() {
    Setting::new().with_secret().applies();
}

#[test]
fn client_secret_in_the_provider_block() {
    let mut setting = Setting::new();
    let emulator = &setting.emulator;
    setting.configure(&format!(
        "tenant_id = \"{}\"\nclient_id = \"{}\"\nclient_secret = \"{}\"",
        emulator.tenant_id(),
        emulator.client_id(),
        emulator.client_secret()
    ));
    setting.applies();
}

#[test]
fn client_id_and_secret_in_files() {
    let mut setting = Setting::new();
    let tenant = setting.emulator.tenant_id().to_owned();
    let (id, secret) = (
        setting.emulator.client_id().to_owned(),
        setting.emulator.client_secret().to_owned(),
    );
    setting.workspace().write_file("id", &id);
    let secret = setting.secret_file("secret", &format!("{secret}\n"));
    // The block's file counts, whatever the environment says.
    setting.secret_env("ARM_CLIENT_SECRET", "canary-of-another-secret");
    setting.configure(&format!(
        "tenant_id = \"{tenant}\"\nclient_id_file_path = \"{}\"\nclient_secret_file_path = \"{secret}\"",
        setting.path("id").display()
    ));
    setting.applies();
}

#[test]
fn client_certificate_in_the_environment() {
    let mut setting = Setting::new().principal();
    let (_, pfx) = registered(&setting.emulator);
    setting.secret_env("ARM_CLIENT_CERTIFICATE", &pfx);
    setting.secret_env("ARM_CLIENT_CERTIFICATE_PASSWORD", PASSWORD);
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn client_certificate_in_a_pem_file() {
    let mut setting = Setting::new().principal();
    let (pem, _) = registered(&setting.emulator);
    for line in pem.lines().filter(|line| !line.starts_with('-')) {
        setting.canary(line);
    }
    setting.workspace().write_file("client.pem", &pem);
    setting.configure(&format!(
        "client_certificate_path = \"{}\"",
        setting.path("client.pem").display()
    ));
    setting.applies();
}

#[test]
fn client_certificate_in_the_provider_block() {
    let mut setting = Setting::new().principal();
    let (_, pfx) = registered(&setting.emulator);
    setting.canary(&pfx);
    setting.canary(PASSWORD);
    setting.configure(&format!(
        "client_certificate = \"{pfx}\"\nclient_certificate_password = \"{PASSWORD}\""
    ));
    setting.applies();
}

#[test]
fn token_in_the_provider_block() {
    let mut setting = Setting::new().principal();
    let token = setting.emulator.identity_token(HOUR);
    setting.canary(&token);
    setting.configure(&format!("use_oidc = true\noidc_token = \"{token}\""));
    setting.applies();
}

#[test]
fn a_pipelines_token_in_the_provider_block() {
    let mut setting = Setting::new().principal();
    let (url, token) = setting.emulator.github_run();
    setting.canary(&token);
    setting.configure(&format!(
        "use_oidc = true\noidc_request_url = \"{url}\"\noidc_request_token = \"{token}\""
    ));
    setting.applies();
}

#[test]
fn an_issuer_that_is_ill_for_a_moment_is_asked_again() {
    let mut setting = Setting::new().principal();
    let (url, token) = setting.emulator.github_run();
    setting.canary(&token);
    setting.emulator.fault(
        Fault::refuse(503, "Unavailable", "Later.")
            .on("GET", "oidc/github")
            .times(2),
    );
    setting.configure(&format!(
        "use_oidc = true\noidc_request_url = \"{url}\"\noidc_request_token = \"{token}\""
    ));
    setting.applies();
}

#[test]
fn token_of_hcp_terraform_for_one_configuration() {
    let mut setting = Setting::new().principal();
    let token = setting.emulator.identity_token(HOUR);
    setting.env("ARM_USE_OIDC", "true");
    setting.secret_env("ARM_OIDC_TOKEN", &token);
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn token_that_a_run_of_hcp_terraform_asked_for_itself() {
    let mut setting = Setting::new().principal();
    let token = setting.emulator.identity_token(HOUR);
    setting.env("ARM_USE_OIDC", "true");
    setting.secret_env("TFC_WORKLOAD_IDENTITY_TOKEN", &token);
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn files_of_hcp_terraform_for_one_of_several_configurations() {
    let mut setting = Setting::new();
    let (tenant, client) = (
        setting.emulator.tenant_id().to_owned(),
        setting.emulator.client_id().to_owned(),
    );
    let token = setting.emulator.identity_token(HOUR);
    let token = setting.secret_file("token", &token);
    setting.workspace().write_file("id", &client);
    // The default configuration's variables are another alias's.
    setting.env("ARM_CLIENT_ID", "00000000-0000-0000-0000-00000000aaaa");
    setting.secret_env("ARM_OIDC_TOKEN", "canary-token-of-the-default-configuration");
    setting.env("ARM_TENANT_ID", &tenant);
    setting.env(
        "TF_VAR_tfc_azure_dynamic_credentials",
        &format!(
            r#"{{ default = {{ client_id_file_path = "none", oidc_token_file_path = "none" }}, aliases = {{ HPC = {{ client_id_file_path = "{}", oidc_token_file_path = "{token}" }} }} }}"#,
            setting.path("id").display()
        ),
    );
    setting.workspace().write_file(
        "variables.tf",
        r#"
        variable "tfc_azure_dynamic_credentials" {
          type = object({
            default = object({ client_id_file_path = string, oidc_token_file_path = string })
            aliases = map(object({ client_id_file_path = string, oidc_token_file_path = string }))
          })
        }
        "#,
    );
    setting.configure(
        r#"
        use_oidc             = true
        client_id_file_path  = var.tfc_azure_dynamic_credentials.aliases["HPC"].client_id_file_path
        oidc_token_file_path = var.tfc_azure_dynamic_credentials.aliases["HPC"].oidc_token_file_path
        "#,
    );
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn github_actions() {
    let mut setting = Setting::new().principal();
    let (url, token) = setting.emulator.github_run();
    setting.env("ARM_USE_OIDC", "true");
    setting.env("ACTIONS_ID_TOKEN_REQUEST_URL", &url);
    setting.secret_env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", &token);
    setting.applies();
}

#[test]
fn azure_pipelines() {
    let mut setting = Setting::new().principal();
    let (url, token) = setting.emulator.pipelines_job("connection-1");
    setting.env("ARM_USE_OIDC", "true");
    setting.env("SYSTEM_OIDCREQUESTURI", &url);
    setting.secret_env("SYSTEM_ACCESSTOKEN", &token);
    setting.configure("ado_pipeline_service_connection_id = \"connection-1\"");
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn aks_workload_identity() {
    let mut setting = Setting::new();
    let (tenant, client) = (
        setting.emulator.tenant_id().to_owned(),
        setting.emulator.client_id().to_owned(),
    );
    let token = setting.emulator.identity_token(HOUR);
    let token = setting.secret_file("token", &token);
    setting.env("AZURE_TENANT_ID", &tenant);
    setting.env("AZURE_CLIENT_ID", &client);
    setting.env("AZURE_FEDERATED_TOKEN_FILE", &token);
    setting.configure("use_aks_workload_identity = true");
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
}

#[test]
fn managed_identity_of_a_virtual_machine() {
    let mut setting = Setting::new();
    let machine = setting.emulator.metadata_service();
    setting.env("ARM_USE_MSI", "true");
    setting.env("ARM_MSI_ENDPOINT", &machine.virtual_machine());
    setting.applies();
    assert!(machine.granted() > 0);
}

#[test]
fn managed_identity_of_app_service() {
    let mut setting = Setting::new();
    let client = setting.emulator.client_id().to_owned();
    let machine = setting.emulator.metadata_service();
    let (endpoint, header) = machine.app_service();
    setting.env("IDENTITY_ENDPOINT", &endpoint);
    setting.secret_env("IDENTITY_HEADER", &header);
    setting.env("ARM_CLIENT_ID", &client);
    setting.configure("use_msi = true");
    setting.applies();
    assert!(machine.granted() > 0);
}

#[cfg(unix)]
#[test]
fn azure_cli() {
    use std::os::unix::fs::PermissionsExt;

    let mut setting = Setting::new();
    let token = setting.emulator.token();
    setting.canary(&token);
    let script = format!(
        "#!/bin/sh\nprintf '{{\"accessToken\":\"{token}\",\"expires_on\":4102444800,\"tokenType\":\"Bearer\"}}'\n"
    );
    setting.workspace().write_file("bin/az", &script);
    let az = setting.path("bin/az");
    std::fs::set_permissions(&az, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        setting.path("bin").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    setting.env("PATH", &path);
    setting.env("ARM_USE_CLI", "");
    setting.applies();
}

#[test]
fn auxiliary_tenants_come_along() {
    let mut setting = Setting::new().with_secret();
    let tenants = [
        "aaaaaaaa-0000-4000-8000-000000000001",
        "aaaaaaaa-0000-4000-8000-000000000002",
    ];
    setting.env("ARM_AUXILIARY_TENANT_IDS", &tenants.join(";"));
    let proxy = setting.behind_a_proxy();
    setting.applies_through(&proxy);
    assert_eq!(setting.emulator.auxiliary_tenants(), tenants);
}
