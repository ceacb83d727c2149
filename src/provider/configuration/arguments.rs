//! The arguments of the provider block, each with its variables, and how a value is found.

use tfplugin_rs::{
    schema::{Attribute, Schema},
    value::{Type, Value},
};

use super::{super::env, Environment};

/// One argument.
pub(super) struct Argument {
    pub(super) name: &'static str,
    /// The first that is set counts.
    pub(super) variables: &'static [&'static str],
    description: &'static str,
    shape: Shape,
    sensitive: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Text,
    Flag,
    List,
}

const fn text(name: &'static str, variables: &'static [&'static str], description: &'static str) -> Argument {
    Argument {
        name,
        variables,
        description,
        shape: Shape::Text,
        sensitive: false,
    }
}

const fn secret(name: &'static str, variables: &'static [&'static str], description: &'static str) -> Argument {
    Argument {
        sensitive: true,
        ..text(name, variables, description)
    }
}

const fn flag(name: &'static str, variables: &'static [&'static str], description: &'static str) -> Argument {
    Argument {
        shape: Shape::Flag,
        ..text(name, variables, description)
    }
}

/// Every argument.
pub(super) static ARGUMENTS: &[Argument] = &[
    text(
        "subscription_id",
        &[env::SUBSCRIPTION_ID],
        "Subscription, where an id does not name one.",
    ),
    text("tenant_id", &[env::TENANT_ID], "Microsoft Entra tenant."),
    Argument {
        shape: Shape::List,
        ..text(
            "auxiliary_tenant_ids",
            &[env::AUXILIARY_TENANT_IDS],
            "Other tenants, at most three, whose resources a request may refer to, such as the network at the other end of a \
             peering. The service principal must be known there; a managed identity cannot be. In the environment, separated by \
             semicolons.",
        )
    },
    text(
        "client_id",
        &[env::CLIENT_ID],
        "Application (client) id of the service principal, or of a user-assigned managed identity.",
    ),
    text(
        "client_id_file_path",
        &[env::CLIENT_ID_FILE_PATH],
        "File with the client id; HCP Terraform writes one for each of several configurations.",
    ),
    secret(
        "client_secret",
        &[env::CLIENT_SECRET],
        "Secret of the service principal. Prefer the environment variable.",
    ),
    text(
        "client_secret_file_path",
        &[env::CLIENT_SECRET_FILE_PATH],
        "File with the secret of the service principal.",
    ),
    secret(
        "client_certificate",
        &[env::CLIENT_CERTIFICATE],
        "Certificate of the service principal with its RSA key: a PFX (PKCS#12) file in Base64.",
    ),
    text(
        "client_certificate_path",
        &[env::CLIENT_CERTIFICATE_PATH],
        "File with the certificate of the service principal and its RSA key: PFX (PKCS#12, encrypted with AES, 3DES or RC2), or PEM \
         with an unencrypted key.",
    ),
    secret(
        "client_certificate_password",
        &[env::CLIENT_CERTIFICATE_PASSWORD],
        "Password of the PFX.",
    ),
    flag(
        "use_oidc",
        &[env::USE_OIDC],
        "Whether a token of another issuer stands for the service principal (workload identity federation). Defaults to `false`.",
    ),
    secret(
        "oidc_token",
        &[env::OIDC_TOKEN],
        "The other issuer's token. With `use_oidc` and no other source, `TFC_WORKLOAD_IDENTITY_TOKEN` of an HCP Terraform run is \
         taken.",
    ),
    text(
        "oidc_token_file_path",
        &[env::OIDC_TOKEN_FILE_PATH],
        "File with the other issuer's token, read again for every token request.",
    ),
    text(
        "oidc_request_url",
        &[
            env::OIDC_REQUEST_URL,
            env::GITHUB_REQUEST_URL,
            env::PIPELINES_REQUEST_URL,
        ],
        "Where a pipeline asks for its token.",
    ),
    secret(
        "oidc_request_token",
        &[
            env::OIDC_REQUEST_TOKEN,
            env::GITHUB_REQUEST_TOKEN,
            env::PIPELINES_ACCESS_TOKEN,
        ],
        "What authorises the pipeline to ask for its token.",
    ),
    text(
        "ado_pipeline_service_connection_id",
        &[
            env::ADO_PIPELINE_SERVICE_CONNECTION_ID,
            env::OIDC_AZURE_SERVICE_CONNECTION_ID,
            env::PIPELINES_SERVICE_CONNECTION_ID,
        ],
        "Azure Pipelines: id of the service connection to act as.",
    ),
    flag(
        "use_aks_workload_identity",
        &[env::USE_AKS_WORKLOAD_IDENTITY],
        "Whether the workload identity of this Kubernetes pod is used: `AZURE_CLIENT_ID`, `AZURE_TENANT_ID` and \
         `AZURE_FEDERATED_TOKEN_FILE`, where the arguments do not say otherwise. Defaults to `false`.",
    ),
    flag(
        "use_msi",
        &[env::USE_MSI],
        "Whether the managed identity of this machine is used. Its requests never go through a proxy. Defaults to `false`.",
    ),
    text(
        "msi_endpoint",
        &[env::MSI_ENDPOINT],
        "Where this machine gives tokens. Defaults to `IDENTITY_ENDPOINT` (App Service, Functions, Container Apps), else to the \
         metadata service of virtual machines.",
    ),
    text(
        "msi_api_version",
        &[env::MSI_API_VERSION],
        "API version of the endpoint that gives managed identities their tokens (`msi_endpoint`).",
    ),
    flag(
        "use_cli",
        &[env::USE_CLI],
        "Whether, with nothing else configured, whoever is signed in with the Azure CLI is used. Defaults to `true`.",
    ),
    text(
        "environment",
        &[env::ENVIRONMENT],
        "Azure cloud: `public`, `usgovernment` or `china`. Defaults to `public`.",
    ),
    text(
        "metadata_host",
        &[env::METADATA_HOST, env::METADATA_HOSTNAME],
        "Host (and port) of the Azure Resource Manager of a cloud of your own; its addresses are read from there. `environment` \
         still says whose service tags and regions count.",
    ),
    text(
        "edition",
        &[env::EDITION],
        "Requirements edition for everything that does not name its own: `2011`, `2020-07`, `2022-10` or `2026-08`. Defaults to the newest.",
    ),
    text(
        "resource_manager_endpoint",
        &[env::RESOURCE_MANAGER_ENDPOINT],
        "Base URL of Azure Resource Manager, for clouds of your own.",
    ),
    text(
        "resource_manager_audience",
        &[env::RESOURCE_MANAGER_AUDIENCE],
        "Audience of the tokens for Azure Resource Manager, for clouds of your own.",
    ),
    text(
        "active_directory_authority_host",
        &[env::ACTIVE_DIRECTORY_AUTHORITY_HOST],
        "Base URL that issues tokens, for clouds of your own.",
    ),
    text(
        "ca_bundle",
        &[env::CA_BUNDLE],
        "File with further certificate authorities in PEM, for networks that inspect TLS.",
    ),
    secret(
        "proxy_url",
        &[
            env::PROXY_URL,
            env::HTTPS_PROXY,
            env::HTTPS_PROXY_LOWER,
            env::ALL_PROXY,
            env::ALL_PROXY_LOWER,
        ],
        "HTTP proxy for all requests but those for managed identities: `http://host:port`, or `http://user:password@host:port`.",
    ),
    text(
        "no_proxy",
        &[env::ARM_NO_PROXY, env::NO_PROXY, env::NO_PROXY_LOWER],
        "Hosts, domains and address prefixes that are reached without the proxy, separated by commas.",
    ),
];

/// Arguments of which the block gives at most one; what it gives replaces the other's variable too.
pub(super) const PAIRS: [(&str, &str); 4] = [
    ("client_id", "client_id_file_path"),
    ("client_secret", "client_secret_file_path"),
    ("client_certificate", "client_certificate_path"),
    ("oidc_token", "oidc_token_file_path"),
];

/// The schema of the provider block.
pub(super) fn schema() -> Schema {
    let attributes = ARGUMENTS.iter().map(|argument| {
        let variables: Vec<String> = argument
            .variables
            .iter()
            .map(|variable| format!("`{variable}`"))
            .collect();
        let variables = match variables.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        };
        let description = format!("{} Can be set with {variables}.", argument.description);
        let ty = match argument.shape {
            Shape::Text => Type::String,
            Shape::Flag => Type::Bool,
            Shape::List => Type::list(Type::String),
        };
        let attribute = Attribute::optional(ty, description);
        let attribute = if argument.sensitive {
            attribute.sensitive()
        } else {
            attribute
        };
        (argument.name, attribute)
    });
    Schema::new(
        "Documented network requirements of locked-down Azure workloads, expanded into rules and applied. Resources, and the data \
         sources that read Azure (`lockeddown_coverage`, `lockeddown_aml_outbound_dependencies`, and `lockeddown_service_tag` with `source = \"api\"`), \
         need a credential. Everything else needs none.",
    )
    .attributes(attributes)
}

/// What there is for an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// A value, and the variable it comes from, if it does.
    Value(T, Option<&'static str>),
    Nothing,
    NotYet,
}

/// The block and the environment.
pub(super) struct Read<'a> {
    pub(super) config: &'a Value,
    pub(super) environment: &'a Environment,
}

impl Read<'_> {
    /// The argument, else its variables. An empty text is nothing, as in azurerm.
    pub(super) fn get(&self, name: &str) -> Given<String> {
        match self.config.attribute(name) {
            Value::Unknown(_) => Given::NotYet,
            Value::String(text) if !text.is_empty() => Given::Value(text.clone(), None),
            _ if self.is_replaced(name) => Given::Nothing,
            _ => self.variable_of(name),
        }
    }

    /// The same for `true` and `false`.
    pub(super) fn get_flag(&self, name: &str) -> Given<Result<bool, String>> {
        match self.config.attribute(name) {
            Value::Unknown(_) => Given::NotYet,
            Value::Bool(value) => Given::Value(Ok(*value), None),
            _ => match self.variable_of(name) {
                Given::Value(text, variable) => Given::Value(flag_of(&text).ok_or(text), variable),
                Given::NotYet => Given::NotYet,
                Given::Nothing => Given::Nothing,
            },
        }
    }

    /// The same for several texts.
    pub(super) fn get_list(&self, name: &str) -> Given<Vec<String>> {
        match self.config.attribute(name) {
            Value::Unknown(_) => Given::NotYet,
            Value::List(entries) if entries.iter().any(Value::is_unknown) => Given::NotYet,
            Value::List(entries) => {
                let texts = entries.iter().filter_map(|entry| match entry {
                    Value::String(text) => Some(text.clone()),
                    _ => None,
                });
                Given::Value(texts.collect(), None)
            }
            _ => match self.variable_of(name) {
                Given::Value(text, variable) => {
                    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
                    Given::Value(parts.map(str::to_owned).collect(), variable)
                }
                Given::NotYet => Given::NotYet,
                Given::Nothing => Given::Nothing,
            },
        }
    }

    /// Whether an argument is not known yet.
    pub(super) fn is_unknown(&self, name: &str) -> bool {
        self.get_list(name) == Given::NotYet
    }

    /// The value, if there is one and it is known.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        match self.get(name) {
            Given::Value(text, _) => Some(text),
            Given::Nothing | Given::NotYet => None,
        }
    }

    /// An environment variable that belongs to no argument.
    pub(super) fn variable(&self, variable: &str) -> Option<String> {
        (self.environment)(variable).filter(|text| !text.is_empty())
    }

    /// Whether the block gives the argument itself.
    pub(super) fn is_in_block(&self, name: &str) -> bool {
        match self.config.attribute(name) {
            Value::Null => false,
            Value::String(text) => !text.is_empty(),
            _ => true,
        }
    }

    fn is_replaced(&self, name: &str) -> bool {
        PAIRS
            .iter()
            .any(|(one, other)| (*one == name && self.is_in_block(other)) || (*other == name && self.is_in_block(one)))
    }

    fn variable_of(&self, name: &str) -> Given<String> {
        let argument = ARGUMENTS.iter().find(|argument| argument.name == name);
        let variables = argument.map(|argument| argument.variables).unwrap_or_default();
        let found = variables
            .iter()
            .find_map(|variable| Some((self.variable(variable)?, *variable)));
        found.map_or(Given::Nothing, |(text, variable)| Given::Value(text, Some(variable)))
    }
}

/// What Go takes for a truth value, and so azurerm.
fn flag_of(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}
