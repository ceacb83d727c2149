//! The provider block: azurerm's names for what it shares with azurerm, azapi's for endpoints, and `edition`.
//!
//! Configuring never connects and never fails for want of credentials: whoever only expands needs none. A value that is not known
//! yet (an id made in the same plan) is normal, and what depends on it says so when it is needed.

mod arguments;
mod validation;

use std::{path::PathBuf, sync::Arc};

use tfplugin_rs::{diagnostic::Diagnostics, schema::Schema, value::Value};

use self::arguments::{ARGUMENTS, Given, Read};
use super::env;
use crate::{
    azure::{ArmClient, ConnectionSettings, Secret, credentials::AppServiceIdentity},
    regions::Cloud,
    workloads::Defaults,
};

/// Reads an environment variable; replaced in tests.
pub type Environment = dyn Fn(&str) -> Option<String> + Send + Sync;

/// What the objects of the provider share. Terraform may configure it more than once.
pub struct Settings {
    session: std::sync::RwLock<Arc<Session>>,
}

/// One configuration.
#[derive(Clone, Debug)]
pub struct Session {
    /// Edition and cloud for what does not say its own.
    pub defaults: Defaults,
    /// Whether edition or cloud depend on something that is not known yet.
    pub undetermined: bool,
    /// The arguments whose values are not known yet.
    pub unknown: Vec<&'static str>,
    /// The way to Azure; connects when first used.
    pub client: ArmClient,
}

impl Session {
    /// The cloud of the provider.
    pub fn environment(&self) -> Cloud {
        self.defaults.environment.unwrap_or(Cloud::Public)
    }
}

impl Default for Settings {
    fn default() -> Self {
        let session = Session {
            defaults: Defaults::default(),
            undetermined: false,
            unknown: Vec::new(),
            client: ArmClient::new(ConnectionSettings::default()),
        };
        Settings {
            session: std::sync::RwLock::new(Arc::new(session)),
        }
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Settings").finish_non_exhaustive()
    }
}

impl Settings {
    /// The configuration in force.
    pub fn session(&self) -> Arc<Session> {
        // A panic while the lock was held cannot have left half a session: it is replaced whole.
        Arc::clone(&self.session.read().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    /// Puts a new configuration in force.
    pub fn replace(&self, session: Session) {
        *self.session.write().unwrap_or_else(std::sync::PoisonError::into_inner) = Arc::new(session);
    }
}

/// The schema of the provider block.
pub fn schema() -> Schema {
    arguments::schema()
}

/// Checks the provider block as far as it is known.
pub fn validate(config: &Value, environment: &Environment, diagnostics: &mut Diagnostics) {
    validation::validate(&Read { config, environment }, diagnostics);
}

/// Makes a session of the provider block and the environment.
pub fn session(config: &Value, environment: &Environment, diagnostics: &mut Diagnostics) -> Option<Session> {
    validate(config, environment, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    let read = Read { config, environment };
    let unknown: Vec<&'static str> = ARGUMENTS
        .iter()
        .map(|argument| argument.name)
        .filter(|name| read.is_unknown(name))
        .collect();
    let cloud = read.value("environment").and_then(|text| cloud(&text).ok());
    let undetermined = ["environment", "edition"].iter().any(|name| unknown.contains(name));
    Some(Session {
        defaults: Defaults {
            edition: read.value("edition").and_then(|text| text.parse().ok()),
            environment: cloud,
        },
        undetermined,
        client: ArmClient::new(connection(&read, cloud.unwrap_or(Cloud::Public), &unknown)),
        unknown,
    })
}

fn connection(read: &Read<'_>, environment: Cloud, unknown: &[&'static str]) -> ConnectionSettings {
    let text = |name| read.value(name);
    let path = |name| read.value(name).map(PathBuf::from);
    let secret = |name| read.value(name).map(Secret::new);
    let flag = |name, default| match read.get_flag(name) {
        Given::Value(Ok(value), _) => value,
        _ => default,
    };
    let mut settings = ConnectionSettings {
        unknown: unknown.iter().copied().filter(|name| *name != "edition").collect(),
        subscription_id: text("subscription_id"),
        tenant_id: text("tenant_id"),
        auxiliary_tenant_ids: match read.get_list("auxiliary_tenant_ids") {
            Given::Value(tenants, _) => tenants,
            Given::Nothing | Given::NotYet => Vec::new(),
        },
        client_id: text("client_id"),
        client_id_file_path: path("client_id_file_path"),
        client_secret: secret("client_secret"),
        client_secret_file_path: path("client_secret_file_path"),
        client_certificate: secret("client_certificate"),
        client_certificate_path: path("client_certificate_path"),
        client_certificate_password: secret("client_certificate_password"),
        use_oidc: flag("use_oidc", false),
        oidc_token: secret("oidc_token"),
        oidc_token_file_path: path("oidc_token_file_path"),
        oidc_request_url: text("oidc_request_url"),
        oidc_request_token: secret("oidc_request_token"),
        ado_pipeline_service_connection_id: text("ado_pipeline_service_connection_id"),
        use_aks_workload_identity: flag("use_aks_workload_identity", false),
        use_msi: flag("use_msi", false),
        msi_endpoint: text("msi_endpoint"),
        msi_api_version: text("msi_api_version"),
        app_service_identity: None,
        use_cli: flag("use_cli", true),
        environment,
        metadata_host: text("metadata_host"),
        resource_manager_endpoint: text("resource_manager_endpoint"),
        resource_manager_audience: text("resource_manager_audience"),
        active_directory_authority_host: text("active_directory_authority_host"),
        ca_bundle: path("ca_bundle"),
        proxy_url: secret("proxy_url"),
        no_proxy: text("no_proxy"),
    };
    platform(read, &mut settings);
    settings
}

/// What platforms tell in variables of their own, where the arguments say nothing.
fn platform(read: &Read<'_>, settings: &mut ConnectionSettings) {
    if settings.use_aks_workload_identity {
        if settings.client_id_file_path.is_none() {
            settings.client_id = settings
                .client_id
                .take()
                .or_else(|| read.variable(env::AZURE_CLIENT_ID));
        }
        settings.tenant_id = settings
            .tenant_id
            .take()
            .or_else(|| read.variable(env::AZURE_TENANT_ID));
        if settings.oidc_token.is_none() && settings.oidc_token_file_path.is_none() {
            settings.oidc_token_file_path = read.variable(env::AZURE_FEDERATED_TOKEN_FILE).map(PathBuf::from);
        }
    }
    let has_token =
        settings.oidc_token.is_some() || settings.oidc_token_file_path.is_some() || settings.oidc_request_url.is_some();
    if settings.use_oidc && !has_token {
        settings.oidc_token = read.variable(env::TFC_WORKLOAD_IDENTITY_TOKEN).map(Secret::new);
    }
    let endpoint = read.variable(env::IDENTITY_ENDPOINT);
    let header = read.variable(env::IDENTITY_HEADER).map(Secret::new);
    settings.app_service_identity = endpoint
        .zip(header)
        .map(|(endpoint, header)| AppServiceIdentity { endpoint, header });
}

/// azurerm also accepts the names of the SDKs (`AzureUSGovernmentCloud`).
fn cloud(text: &str) -> Result<Cloud, crate::regions::UnknownCloud> {
    match text.to_ascii_lowercase().as_str() {
        "azurecloud" | "azurepubliccloud" => Ok(Cloud::Public),
        "azureusgovernment" | "azureusgovernmentcloud" | "usgov" => Ok(Cloud::UsGovernment),
        "azurechinacloud" => Ok(Cloud::China),
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(entries: &[(&'static str, Value)]) -> Value {
        let mut block = Value::object(ARGUMENTS.iter().map(|setting| (setting.name, Value::Null)));
        for (name, value) in entries {
            block.set_attribute(*name, value.clone());
        }
        block
    }

    fn configured(entries: &[(&'static str, Value)], variables: &'static [(&str, &str)]) -> (Option<Session>, String) {
        let environment = move |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let mut diagnostics = Diagnostics::default();
        let session = session(&block(entries), &environment, &mut diagnostics);
        (
            session,
            diagnostics
                .iter()
                .map(|diagnostic| format!("{}\n", diagnostic.detail))
                .collect(),
        )
    }

    #[test]
    fn without_anything_it_succeeds() {
        let (session, problems) = configured(&[], &[]);
        assert_eq!(problems, "");
        assert_eq!(session.unwrap().environment(), Cloud::Public);
    }

    #[test]
    fn the_block_comes_before_the_environment() {
        let variables = &[
            ("ARM_ENVIRONMENT", "china"),
            ("ARM_EDITION", "2020-07"),
            ("ARM_CLIENT_SECRET", "s3cret"),
        ];
        let session = configured(&[("environment", "usgovernment".into())], variables)
            .0
            .unwrap();
        assert_eq!(session.environment(), Cloud::UsGovernment);
        assert_eq!(session.defaults.edition.unwrap().as_str(), "2020-07");
        assert!(!format!("{session:?}").contains("s3cret"));
    }

    #[test]
    fn unknown_values_are_normal_and_said_to_be_missing() {
        let session = configured(&[("client_secret", Value::UNKNOWN), ("edition", Value::UNKNOWN)], &[])
            .0
            .unwrap();
        assert_eq!(session.unknown, ["client_secret", "edition"]);
        assert!(session.undetermined);
    }

    #[test]
    fn what_is_not_known_yet_contradicts_nothing() {
        let pair = |file| [("client_secret", "s3cret".into()), ("client_secret_file_path", file)];
        assert_eq!(configured(&pair(Value::UNKNOWN), &[]).1, "");
        let (session, problems) = configured(&pair("file".into()), &[]);
        assert!(session.is_none() && problems.contains("in two ways"), "{problems}");
    }

    #[test]
    fn what_cannot_be_right_is_refused() {
        for (name, value) in [
            ("environment", "mars"),
            ("edition", "1999"),
            ("resource_manager_endpoint", "http://localhost"),
            ("active_directory_authority_host", "login.example"),
        ] {
            let (session, problems) = configured(&[(name, value.into())], &[]);
            assert!(
                session.is_none() && problems.contains(&format!("`{value}`")),
                "{name}: {problems}"
            );
        }
    }

    #[test]
    fn every_argument_has_a_variable_of_its_name() {
        for argument in ARGUMENTS {
            let own = format!("ARM_{}", argument.name.to_uppercase());
            assert_eq!(argument.variables.first(), Some(&own.as_str()));
        }
    }
}
