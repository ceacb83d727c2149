# The step maps `SYSTEM_ACCESSTOKEN: $(System.AccessToken)`.
provider "lockeddown" {
  use_oidc                           = true
  tenant_id                          = "10000000-0000-0000-0000-000000000000"
  client_id                          = "20000000-0000-0000-0000-000000000000"
  ado_pipeline_service_connection_id = "30000000-0000-0000-0000-000000000000"
}
