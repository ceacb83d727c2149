# A subnet in which Azure Machine Learning trains: what compute must accept and what it must reach, as one rule set, one route table and one list
# for the firewall. The module computes, and creates nothing: hand its outputs to azurerm, azapi or an Azure Verified Module.

terraform {
  required_version = ">= 1.8"
  required_providers {
    lockeddown = {
      source  = "lockeddown/lockeddown"
      version = ">= 0.1.0"
    }
  }
}

locals {
  # Where an appliance stands behind the default route, answers to Azure Machine Learning's own calls have to go around it.
  next_hops = {
    service_tags  = "Internet"
    proxy         = "Internet"
    firewall      = "VirtualAppliance"
    forced_tunnel = "VirtualNetworkGateway"
  }
}

data "lockeddown_aml_compute_ingress" "this" {
  location                       = var.location
  environment                    = var.environment
  edition                        = var.edition
  workspace_location             = var.workspace_location
  subnet_address_prefixes        = var.subnet_address_prefixes
  virtual_network_address_spaces = var.virtual_network_address_spaces
  compute_types                  = var.compute_types
  node_public_ip_enabled         = var.node_public_ip_enabled
  ssh_source_address_prefixes    = var.ssh_source_address_prefixes
  maximum_node_count             = var.maximum_node_count
  default_route_next_hop_type    = local.next_hops[var.egress.type]
  isolation                      = var.isolation
  waived_requirements            = var.waived_requirements
}

data "lockeddown_aml_compute_egress" "this" {
  location                          = var.location
  environment                       = var.environment
  edition                           = var.edition
  workspace_location                = var.workspace_location
  subnet_address_prefixes           = var.subnet_address_prefixes
  virtual_network_address_spaces    = var.virtual_network_address_spaces
  compute_types                     = var.compute_types
  node_public_ip_enabled            = var.node_public_ip_enabled
  default_storage_account_name      = var.default_storage_account_name
  additional_storage_account_names  = var.additional_storage_account_names
  storage_access                    = var.storage_access
  private_endpoint_address_prefixes = var.private_endpoint_address_prefixes
  python_packages                   = var.python_packages
  extra_hosts                       = var.extra_hosts
  isolation                         = var.isolation
  waived_requirements               = var.waived_requirements
  egress                            = var.egress
}

# Both on one subnet: every rule keeps the name and priority that its own requirement gives it.
data "lockeddown_composition" "this" {
  policies = [
    data.lockeddown_aml_compute_ingress.this.policy,
    data.lockeddown_aml_compute_egress.this.policy,
  ]
}
