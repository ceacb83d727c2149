//! The provider block: azurerm's names for what it shares with azurerm, azapi's for endpoints, and `edition`.
//!
//! Configuring never connects and never fails for want of credentials: whoever only expands needs none. A value that is not known
//! yet (an id made in the same plan) is normal, and what depends on it says so when it is needed.

use std::{path::PathBuf, sync::Arc};

use tfplugin_rs::{
    diagnostic::Diagnostics,
    schema::{Attribute, Schema},
    value::{Path, Type, Value},
};

use super::env;
use crate::{
    azure::{ArmClient, ConnectionSettings, Secret},
    regions::Cloud,
    requirements::Edition,
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

struct Setting {
    name: &'static str,
    variable: &'static str,
    description: &'static str,
    sensitive: bool,
}

const fn setting(name: &'static str, variable: &'static str, description: &'static str) -> Setting {
    Setting {
        name,
        variable,
        description,
        sensitive: false,
    }
}

static SETTINGS: &[Setting] = &[
    setting(
        "subscription_id",
        env::SUBSCRIPTION_ID,
        "Subscription, where an id does not name one.",
    ),
    setting("tenant_id", env::TENANT_ID, "Microsoft Entra tenant."),
    setting(
        "client_id",
        env::CLIENT_ID,
        "Application (client) id of the service principal.",
    ),
    Setting {
        name: "client_secret",
        variable: env::CLIENT_SECRET,
        description: "Secret of the service principal. Prefer the environment variable.",
        sensitive: true,
    },
    setting(
        "environment",
        env::ENVIRONMENT,
        "Azure cloud: `public`, `usgovernment` or `china`. Defaults to `public`.",
    ),
    setting(
        "edition",
        env::EDITION,
        "Requirements edition for everything that does not name its own: `2011`, `2020-07`, `2022-10` or `2026-08`. Defaults to the newest.",
    ),
    setting(
        "resource_manager_endpoint",
        env::RESOURCE_MANAGER_ENDPOINT,
        "Base URL of Azure Resource Manager, for clouds of your own.",
    ),
    setting(
        "resource_manager_audience",
        env::RESOURCE_MANAGER_AUDIENCE,
        "Audience of the tokens for Azure Resource Manager, for clouds of your own.",
    ),
    setting(
        "active_directory_authority_host",
        env::ACTIVE_DIRECTORY_AUTHORITY_HOST,
        "Base URL that issues tokens, for clouds of your own.",
    ),
    setting(
        "ca_bundle",
        env::CA_BUNDLE,
        "File with further certificate authorities in PEM, for networks that inspect TLS.",
    ),
];

/// The schema of the provider block.
pub fn schema() -> Schema {
    let attributes = SETTINGS.iter().map(|setting| {
        let description = format!("{} Can be set with `{}`.", setting.description, setting.variable);
        let attribute = Attribute::optional(Type::String, description);
        (
            setting.name,
            if setting.sensitive {
                attribute.sensitive()
            } else {
                attribute
            },
        )
    });
    Schema::new(
        "Documented network requirements of locked-down Azure workloads, expanded into rules and applied. Data sources and functions \
         need none of these settings; resources need a credential.",
    )
    .attributes(attributes)
}

/// Checks the provider block as far as it is known.
pub fn validate(config: &Value, environment: &Environment, diagnostics: &mut Diagnostics) {
    let read = Read { config, environment };
    if let Given::Value(text) = read.get("environment")
        && let Err(error) = cloud(&text)
    {
        diagnostics.error_at(
            Path::attribute("environment"),
            "Unknown environment",
            format!("{error}."),
        );
    }
    if let Given::Value(text) = read.get("edition")
        && let Err(error) = text.parse::<Edition>()
    {
        diagnostics.error_at(Path::attribute("edition"), "Unknown edition", format!("{error}."));
    }
    for name in ["resource_manager_endpoint", "active_directory_authority_host"] {
        if let Given::Value(text) = read.get(name)
            && !text.starts_with("https://")
        {
            let detail =
                format!("`{name}` is `{text}`: tokens are only sent over TLS, so it must begin with `https://`.");
            diagnostics.error_at(Path::attribute(name), "Not an HTTPS address", detail);
        }
    }
}

/// Makes a session of the provider block and the environment.
pub fn session(config: &Value, environment: &Environment, diagnostics: &mut Diagnostics) -> Option<Session> {
    validate(config, environment, diagnostics);
    if diagnostics.has_errors() {
        return None;
    }
    let read = Read { config, environment };
    let unknown = SETTINGS
        .iter()
        .map(|setting| setting.name)
        .filter(|name| read.get(name) == Given::NotYet)
        .collect();
    let cloud = read.value("environment").and_then(|text| cloud(&text).ok());
    let connection = ConnectionSettings {
        subscription_id: read.value("subscription_id"),
        tenant_id: read.value("tenant_id"),
        client_id: read.value("client_id"),
        client_secret: read.value("client_secret").map(Secret::new),
        environment: cloud.unwrap_or(Cloud::Public),
        resource_manager_endpoint: read.value("resource_manager_endpoint"),
        resource_manager_audience: read.value("resource_manager_audience"),
        active_directory_authority_host: read.value("active_directory_authority_host"),
        ca_bundle: read.value("ca_bundle").map(PathBuf::from),
    };
    let undetermined = ["environment", "edition"]
        .iter()
        .any(|name| read.get(name) == Given::NotYet);
    Some(Session {
        defaults: Defaults {
            edition: read.value("edition").and_then(|text| text.parse().ok()),
            environment: cloud,
        },
        undetermined,
        unknown,
        client: ArmClient::new(connection),
    })
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

#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Value(String),
    Nothing,
    NotYet,
}

struct Read<'a> {
    config: &'a Value,
    environment: &'a Environment,
}

impl Read<'_> {
    /// The argument, else its environment variable. An empty text is nothing, as in azurerm.
    fn get(&self, name: &str) -> Given {
        match self.config.attribute(name) {
            Value::Unknown(_) => Given::NotYet,
            Value::String(text) if !text.is_empty() => Given::Value(text.clone()),
            _ => {
                let variable = SETTINGS
                    .iter()
                    .find(|setting| setting.name == name)
                    .map(|setting| setting.variable);
                let value = variable
                    .and_then(|variable| (self.environment)(variable))
                    .filter(|text| !text.is_empty());
                value.map_or(Given::Nothing, Given::Value)
            }
        }
    }

    fn value(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Given::Value(text) => Some(text),
            Given::Nothing | Given::NotYet => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(entries: &[(&'static str, Value)]) -> Value {
        let mut block = Value::object(SETTINGS.iter().map(|setting| (setting.name, Value::Null)));
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
    fn every_setting_has_its_variable() {
        for setting in SETTINGS {
            assert_eq!(setting.variable, format!("ARM_{}", setting.name.to_uppercase()));
        }
    }
}
