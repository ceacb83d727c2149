provider "lockeddown" {
  metadata_host = "management.stamp.corp.example"
  ca_bundle     = "/etc/ssl/certs/stamp.pem"
}
