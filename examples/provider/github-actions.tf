# With `permissions: { id-token: write }` the runner sets the address and the token that this needs.
provider "lockeddown" {
  use_oidc  = true
  tenant_id = "10000000-0000-0000-0000-000000000000"
  client_id = "20000000-0000-0000-0000-000000000000"
}
