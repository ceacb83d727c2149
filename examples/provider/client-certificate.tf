variable "client_certificate_password" {
  type      = string
  sensitive = true
}

provider "lockeddown" {
  tenant_id                   = "10000000-0000-0000-0000-000000000000"
  client_id                   = "20000000-0000-0000-0000-000000000000"
  client_certificate_path     = "/run/secrets/lockeddown.pfx"
  client_certificate_password = var.client_certificate_password
}
