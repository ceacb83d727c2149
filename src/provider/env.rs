//! The name of every environment variable the provider reads: azurerm's, azapi's for endpoints, those that pipelines and platforms
//! set, and our own in azurerm's manner.

/// `subscription_id`.
pub const SUBSCRIPTION_ID: &str = "ARM_SUBSCRIPTION_ID";
/// `tenant_id`.
pub const TENANT_ID: &str = "ARM_TENANT_ID";
/// `auxiliary_tenant_ids`, separated by semicolons.
pub const AUXILIARY_TENANT_IDS: &str = "ARM_AUXILIARY_TENANT_IDS";
/// `client_id`.
pub const CLIENT_ID: &str = "ARM_CLIENT_ID";
/// `client_id_file_path`.
pub const CLIENT_ID_FILE_PATH: &str = "ARM_CLIENT_ID_FILE_PATH";
/// `client_secret`.
pub const CLIENT_SECRET: &str = "ARM_CLIENT_SECRET";
/// `client_secret_file_path`.
pub const CLIENT_SECRET_FILE_PATH: &str = "ARM_CLIENT_SECRET_FILE_PATH";
/// `client_certificate`.
pub const CLIENT_CERTIFICATE: &str = "ARM_CLIENT_CERTIFICATE";
/// `client_certificate_path`.
pub const CLIENT_CERTIFICATE_PATH: &str = "ARM_CLIENT_CERTIFICATE_PATH";
/// `client_certificate_password`.
pub const CLIENT_CERTIFICATE_PASSWORD: &str = "ARM_CLIENT_CERTIFICATE_PASSWORD";
/// `use_oidc`.
pub const USE_OIDC: &str = "ARM_USE_OIDC";
/// `oidc_token`.
pub const OIDC_TOKEN: &str = "ARM_OIDC_TOKEN";
/// `oidc_token_file_path`.
pub const OIDC_TOKEN_FILE_PATH: &str = "ARM_OIDC_TOKEN_FILE_PATH";
/// `oidc_request_url`.
pub const OIDC_REQUEST_URL: &str = "ARM_OIDC_REQUEST_URL";
/// `oidc_request_url`, as GitHub Actions sets it.
pub const GITHUB_REQUEST_URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
/// `oidc_request_url`, as Azure Pipelines sets it.
pub const PIPELINES_REQUEST_URL: &str = "SYSTEM_OIDCREQUESTURI";
/// `oidc_request_token`.
pub const OIDC_REQUEST_TOKEN: &str = "ARM_OIDC_REQUEST_TOKEN";
/// `oidc_request_token`, as GitHub Actions sets it.
pub const GITHUB_REQUEST_TOKEN: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
/// `oidc_request_token`, as a step of Azure Pipelines maps it.
pub const PIPELINES_ACCESS_TOKEN: &str = "SYSTEM_ACCESSTOKEN";
/// `ado_pipeline_service_connection_id`.
pub const ADO_PIPELINE_SERVICE_CONNECTION_ID: &str = "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID";
/// `ado_pipeline_service_connection_id`, azurerm's other name.
pub const OIDC_AZURE_SERVICE_CONNECTION_ID: &str = "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID";
/// `ado_pipeline_service_connection_id`, as the tasks of Azure Pipelines set it.
pub const PIPELINES_SERVICE_CONNECTION_ID: &str = "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID";
/// `use_aks_workload_identity`.
pub const USE_AKS_WORKLOAD_IDENTITY: &str = "ARM_USE_AKS_WORKLOAD_IDENTITY";
/// `use_msi`.
pub const USE_MSI: &str = "ARM_USE_MSI";
/// `msi_endpoint`.
pub const MSI_ENDPOINT: &str = "ARM_MSI_ENDPOINT";
/// `msi_api_version`.
pub const MSI_API_VERSION: &str = "ARM_MSI_API_VERSION";
/// `use_cli`.
pub const USE_CLI: &str = "ARM_USE_CLI";
/// `environment`.
pub const ENVIRONMENT: &str = "ARM_ENVIRONMENT";
/// `metadata_host`.
pub const METADATA_HOST: &str = "ARM_METADATA_HOST";
/// `metadata_host`, azurerm's name.
pub const METADATA_HOSTNAME: &str = "ARM_METADATA_HOSTNAME";
/// `edition`.
pub const EDITION: &str = "ARM_EDITION";
/// `resource_manager_endpoint`.
pub const RESOURCE_MANAGER_ENDPOINT: &str = "ARM_RESOURCE_MANAGER_ENDPOINT";
/// `resource_manager_audience`.
pub const RESOURCE_MANAGER_AUDIENCE: &str = "ARM_RESOURCE_MANAGER_AUDIENCE";
/// `active_directory_authority_host`.
pub const ACTIVE_DIRECTORY_AUTHORITY_HOST: &str = "ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST";
/// `ca_bundle`.
pub const CA_BUNDLE: &str = "ARM_CA_BUNDLE";
/// `proxy_url`.
pub const PROXY_URL: &str = "ARM_PROXY_URL";
/// `proxy_url`, as everybody reads it: <https://pkg.go.dev/golang.org/x/net/http/httpproxy>.
pub const HTTPS_PROXY: &str = "HTTPS_PROXY";
/// The same in lower case.
pub const HTTPS_PROXY_LOWER: &str = "https_proxy";
/// `proxy_url` for every protocol.
pub const ALL_PROXY: &str = "ALL_PROXY";
/// The same in lower case.
pub const ALL_PROXY_LOWER: &str = "all_proxy";
/// `no_proxy`.
pub const ARM_NO_PROXY: &str = "ARM_NO_PROXY";
/// `no_proxy`, as everybody reads it.
pub const NO_PROXY: &str = "NO_PROXY";
/// The same in lower case.
pub const NO_PROXY_LOWER: &str = "no_proxy";

/// Client id of a pod's workload identity.
pub const AZURE_CLIENT_ID: &str = "AZURE_CLIENT_ID";
/// Tenant of a pod's workload identity.
pub const AZURE_TENANT_ID: &str = "AZURE_TENANT_ID";
/// File with the token of a pod's service account.
pub const AZURE_FEDERATED_TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Endpoint of the managed identity on App Service, Functions and Container Apps.
pub const IDENTITY_ENDPOINT: &str = "IDENTITY_ENDPOINT";
/// What that endpoint wants to see.
pub const IDENTITY_HEADER: &str = "IDENTITY_HEADER";
/// Token of an HCP Terraform run, where a run asks for one itself.
pub const TFC_WORKLOAD_IDENTITY_TOKEN: &str = "TFC_WORKLOAD_IDENTITY_TOKEN";
