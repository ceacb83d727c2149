# Cluster nodes of CycleCloud and compute of Azure Machine Learning in one subnet, with a license server on premises.
locals {
  subnet = {
    location                       = "westeurope"
    subnet_address_prefixes        = ["10.0.1.0/24"]
    virtual_network_address_spaces = ["10.0.0.0/16"]
  }
}

data "lockeddown_cyclecloud_subnet" "nodes" {
  role                           = "node"
  location                       = local.subnet.location
  subnet_address_prefixes        = local.subnet.subnet_address_prefixes
  virtual_network_address_spaces = local.subnet.virtual_network_address_spaces
  server_address_prefixes        = ["10.0.0.0/28"]
}

data "lockeddown_aml_compute_egress" "compute" {
  location                       = local.subnet.location
  subnet_address_prefixes        = local.subnet.subnet_address_prefixes
  virtual_network_address_spaces = local.subnet.virtual_network_address_spaces
  default_storage_account_name   = "mlstorage"
  egress                         = { type = "service_tags", outbound_method = "nat_gateway" }
}

data "lockeddown_license_server_link" "licenses" {
  link_type                      = "vpn_site_to_site"
  location                       = local.subnet.location
  subnet_address_prefixes        = local.subnet.subnet_address_prefixes
  virtual_network_address_spaces = local.subnet.virtual_network_address_spaces
  license_servers = {
    main = {
      address_prefixes = ["192.168.5.10"]
      managers         = { ansys = { type = "flexnet", port = 1055, vendor_port = 1056 } }
    }
  }
}

data "lockeddown_composition" "subnet" {
  policies = [
    data.lockeddown_cyclecloud_subnet.nodes.policy,
    data.lockeddown_aml_compute_egress.compute.policy,
    data.lockeddown_license_server_link.licenses.policy,
  ]
}

output "security_rules" {
  value = data.lockeddown_composition.subnet.security_rules
}

output "contributors" {
  value = data.lockeddown_composition.subnet.contributors
}
