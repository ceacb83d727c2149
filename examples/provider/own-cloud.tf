provider "lockeddown" {
  metadata_host = "management.local.azurestack.external"
  ca_bundle     = "/etc/ssl/certs/stamp.pem"
}
