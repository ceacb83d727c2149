//! The setting of every story: an Azure, a workspace that knows where it is and nothing else, and a list of what must not be seen.

use std::path::PathBuf;

use acceptance_tests::{
    emulator::{Emulator, Options, Proxy},
    terraform::{Outcome, Workspace},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256};
use serde_json::json;

pub(crate) struct Setting {
    pub(crate) emulator: Emulator,
    workspace: Option<Workspace>,
    network: String,
    canaries: Vec<String>,
}

impl Setting {
    pub(crate) fn new() -> Setting {
        Setting::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Setting {
        let emulator = Emulator::start(options);
        let group = format!("/subscriptions/{}/resourceGroups/rg-hpc", emulator.subscription_id());
        let network = format!("{group}/providers/Microsoft.Network/virtualNetworks/vnet-hpc");
        emulator.put(&group, json!({ "location": "westeurope" }));
        emulator.put(
            &network,
            json!({ "location": "westeurope", "properties": { "addressSpace": { "addressPrefixes": ["10.0.0.0/16"] } } }),
        );
        emulator.clear_requests();
        let workspace = Workspace::new();
        let canaries = vec![emulator.client_secret().to_owned()];
        let mut setting = Setting {
            emulator,
            workspace: Some(workspace),
            network,
            canaries,
        };
        for (name, value) in setting.emulator.environment() {
            let secret_or_id = ["ARM_CLIENT_SECRET", "ARM_CLIENT_ID", "ARM_TENANT_ID"];
            if !secret_or_id.contains(&name) {
                setting.env(name, &value);
            }
        }
        setting.env("ARM_USE_CLI", "false");
        setting.env("TF_LOG", "TRACE");
        let log = setting.path("terraform.log").display().to_string();
        setting.env("TF_LOG_PATH", &log);
        setting.configure("");
        setting
    }

    /// Tenant and client id in the environment.
    pub(crate) fn principal(mut self) -> Setting {
        let (tenant, client) = (
            self.emulator.tenant_id().to_owned(),
            self.emulator.client_id().to_owned(),
        );
        self.env("ARM_TENANT_ID", &tenant);
        self.env("ARM_CLIENT_ID", &client);
        self
    }

    /// Tenant, client id and secret in the environment.
    pub(crate) fn with_secret(self) -> Setting {
        let mut setting = self.principal();
        let secret = setting.emulator.client_secret().to_owned();
        setting.env("ARM_CLIENT_SECRET", &secret);
        setting
    }

    pub(crate) fn env(&mut self, name: &str, value: &str) {
        let workspace = self.workspace.take().unwrap();
        self.workspace = Some(workspace.env(name, value));
    }

    /// An environment variable that must not be seen.
    pub(crate) fn secret_env(&mut self, name: &str, value: &str) {
        self.canary(value);
        self.env(name, value);
    }

    /// Only a proxy with a password leads out from now on.
    pub(crate) fn behind_a_proxy(&mut self) -> Proxy {
        let proxy = Proxy::start("canary", "canary-of-the-proxy");
        let address = format!("http://canary:canary-of-the-proxy@{}", proxy.address());
        self.secret_env("HTTPS_PROXY", &address);
        self.canary("canary-of-the-proxy");
        proxy
    }

    /// Applies, and demands that nothing went past the proxy.
    #[track_caller]
    pub(crate) fn applies_through(&mut self, proxy: &Proxy) {
        self.applies();
        let connects = format!(
            "CONNECT {} -> 200",
            self.emulator.endpoint().trim_start_matches("https://")
        );
        let requests = proxy.requests();
        // One for the tokens and one for Azure; the emulator is both.
        assert!(
            requests.len() >= 2 && requests.iter().all(|request| *request == connects),
            "{requests:?}"
        );
    }

    /// A text that must not be seen.
    pub(crate) fn canary(&mut self, secret: &str) {
        self.canaries.push(secret.to_owned());
    }

    pub(crate) fn workspace(&self) -> &Workspace {
        self.workspace.as_ref().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.workspace().path().join(name)
    }

    /// A file that must not be seen, and its path.
    pub(crate) fn secret_file(&mut self, name: &str, content: &str) -> String {
        self.canary(content.trim());
        self.workspace().write_file(name, content);
        self.path(name).display().to_string()
    }

    /// The provider block with these arguments, and one subnet.
    pub(crate) fn configure(&self, arguments: &str) {
        self.workspace().write(&format!(
            r#"
            terraform {{
              required_providers {{
                lockeddown = {{ source = "lockeddown/lockeddown" }}
              }}
            }}

            provider "lockeddown" {{
              {arguments}
            }}

            resource "lockeddown_cyclecloud_subnet" "server" {{
              name                  = "server"
              virtual_network_id    = "{}"
              location              = "westeurope"
              address_prefixes      = ["10.0.0.0/28"]
              role                  = "server"
              node_address_prefixes = ["10.0.1.0/24"]
              waived_requirements   = {{ CC-HOST-RATECARD = "test", CC-HOST-WATSON = "test" }}
            }}
            "#,
            self.network
        ));
    }

    /// Applies, and demands that the subnet is there and that nobody saw a secret.
    #[track_caller]
    pub(crate) fn applies(&mut self) {
        self.workspace().apply();
        let subnet = format!("{}/subnets/server", self.network);
        assert!(
            self.emulator.get(&subnet).is_some(),
            "{:#?}",
            self.emulator.requests().lines()
        );
        self.keeps_its_secrets(&[]);
    }

    /// Applies in vain, demands that nobody saw a secret, and gives the errors.
    #[track_caller]
    pub(crate) fn fails(&mut self) -> String {
        let outcome = self
            .workspace()
            .run(&["apply", "-json", "-auto-approve", "-input=false"]);
        assert!(!outcome.success, "{outcome}");
        let errors = outcome.errors();
        self.keeps_its_secrets(&[&outcome]);
        errors
    }

    /// What Terraform and the provider logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.path("terraform.log")).unwrap_or_default()
    }

    /// Fails if a secret or a token is in the log, in what Terraform printed, in the state or in what was planned.
    #[track_caller]
    fn keeps_its_secrets(&mut self, outcomes: &[&Outcome]) {
        let read = |name: &str| std::fs::read_to_string(self.path(name)).unwrap_or_default();
        let log = self.log();
        assert!(
            log.contains("credential selected") || outcomes.len() == 1,
            "no provider log at TRACE"
        );
        let mut places = vec![("the log", log), ("the state", read("terraform.tfstate"))];
        let state: serde_json::Value = serde_json::from_str(&read("terraform.tfstate")).unwrap_or_default();
        let instances = state["resources"].as_array().into_iter().flatten();
        for instance in instances.flat_map(|resource| resource["instances"].as_array().into_iter().flatten()) {
            let private = STANDARD
                .decode(instance["private"].as_str().unwrap_or_default())
                .unwrap();
            places.push(("the private data", String::from_utf8_lossy(&private).into_owned()));
        }
        if self.path("plan.tfplan").exists() {
            let shown = self
                .workspace()
                .run(&["show", "-json", "plan.tfplan"])
                .expect_success()
                .stdout;
            let plan: serde_json::Value = serde_json::from_str(&shown).unwrap();
            // The configuration is shown as it was written; the rest is ours.
            for part in [
                "planned_values",
                "resource_changes",
                "resource_drift",
                "prior_state",
                "output_changes",
            ] {
                places.push(("the plan", plan[part].to_string()));
            }
        }
        for outcome in outcomes {
            places.push(("the output", format!("{}{}", outcome.stdout, outcome.stderr)));
        }
        let tokens = self.emulator.tokens();
        for secret in self.canaries.iter().chain(&tokens) {
            for (place, text) in &places {
                if let Some(line) = text.lines().find(|line| line.contains(secret.as_str())) {
                    panic!(
                        "a secret (`{}…`) is in {place}:\n{line}",
                        secret.get(..8).unwrap_or(secret)
                    );
                }
            }
        }
    }

    pub(crate) fn token_requests(&self) -> usize {
        self.emulator.requests().on("POST", "oauth2/v2.0/token").len()
    }
}

/// A self-signed certificate with an RSA key, until `year`.
pub(crate) fn certificate(year: i32) -> (rcgen::Certificate, KeyPair) {
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).unwrap();
    let mut parameters = CertificateParams::new(Vec::new()).unwrap();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "lockeddown acceptance test");
    parameters.not_before = rcgen::date_time_ymd(2020, 1, 1);
    parameters.not_after = rcgen::date_time_ymd(year, 1, 1);
    (parameters.self_signed(&key).unwrap(), key)
}
