# A virtual machine with a public address behind a firewall, limited to what the document lists.
data "lockeddown_aml_attached_compute_ingress" "trainer" {
  compute_type            = "virtual_machine"
  location                = "westeurope"
  subnet_address_prefixes = ["10.3.0.0/24"]
  public_ip_enabled       = true

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.0.9.4"
  }
}

output "security_rules" {
  value = data.lockeddown_aml_attached_compute_ingress.trainer.security_rules
}

output "routes" {
  value = data.lockeddown_aml_attached_compute_ingress.trainer.routes
}
