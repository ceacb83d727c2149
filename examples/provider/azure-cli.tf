# Used where nothing else is configured.
provider "lockeddown" {
  tenant_id = "10000000-0000-0000-0000-000000000000"
}
