# The pod's webhook sets AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE.
provider "lockeddown" {
  use_aks_workload_identity = true
}
