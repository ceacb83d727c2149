# Service tags only: the NSG of a subnet with clusters and instances.
data "lockeddown_aml_compute_egress" "nsg" {
  location                     = "westeurope"
  subnet_address_prefixes      = ["10.0.1.0/24"]
  default_storage_account_name = "examplestorage"

  egress = {
    outbound_method = "nat_gateway"
  }
}

# Behind an Azure Firewall, with the package repositories that training uses.
data "lockeddown_aml_compute_egress" "firewall" {
  location                       = "westeurope"
  subnet_address_prefixes        = ["10.0.1.0/24"]
  virtual_network_address_spaces = ["10.0.0.0/16"]
  default_storage_account_name   = "examplestorage"
  python_packages                = ["pypi", "pytorch"]
  extra_hosts                    = ["*.example.com"]

  egress = {
    type                        = "firewall"
    firewall_private_ip_address = "10.1.0.4"
  }
}

output "security_rules" {
  value = data.lockeddown_aml_compute_egress.nsg.security_rules
}

output "routes" {
  value = data.lockeddown_aml_compute_egress.firewall.routes
}

output "network_rule_collections" {
  value = data.lockeddown_aml_compute_egress.firewall.network_rule_collections
}

output "application_rule_collections" {
  value = data.lockeddown_aml_compute_egress.firewall.application_rule_collections
}
