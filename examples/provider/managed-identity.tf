# Without `client_id`, the system-assigned identity.
provider "lockeddown" {
  use_msi   = true
  client_id = "20000000-0000-0000-0000-000000000000"
}
