# ARM_CLIENT_SECRET holds the secret; a file can too.
provider "lockeddown" {
  subscription_id         = "00000000-0000-0000-0000-000000000000"
  tenant_id               = "10000000-0000-0000-0000-000000000000"
  client_id               = "20000000-0000-0000-0000-000000000000"
  client_secret_file_path = "/run/secrets/lockeddown"
}
