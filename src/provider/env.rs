//! The name of every environment variable the provider reads: azurerm's, azapi's for endpoints, and our own in the same manner.

/// `subscription_id`.
pub const SUBSCRIPTION_ID: &str = "ARM_SUBSCRIPTION_ID";
/// `tenant_id`.
pub const TENANT_ID: &str = "ARM_TENANT_ID";
/// `client_id`.
pub const CLIENT_ID: &str = "ARM_CLIENT_ID";
/// `client_secret`.
pub const CLIENT_SECRET: &str = "ARM_CLIENT_SECRET";
/// `environment`.
pub const ENVIRONMENT: &str = "ARM_ENVIRONMENT";
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
