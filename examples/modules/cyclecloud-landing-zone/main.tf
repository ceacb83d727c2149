# A CycleCloud installation in one virtual network: the server's subnet and the nodes' subnet, each born locked down.

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
  # The addresses of those who are no workload of this network are written down; the two subnets know each other.
  subnets = {
    server = {
      name                        = "${var.name}-server"
      address_prefixes            = var.server_address_prefixes
      node_address_prefixes       = var.node_address_prefixes
      server_address_prefixes     = null
      web_source_address_prefixes = var.web_source_address_prefixes
      ssh_source_address_prefixes = var.ssh_source_address_prefixes
      # No tag covers the hosts of prices and error reports: the server runs without them.
      waived_requirements = merge(var.egress.type == "service_tags" ? {
        CC-HOST-RATECARD = "the server runs without prices"
        CC-HOST-WATSON   = "the server runs without error reports"
      } : {}, var.waived_requirements)
    }
    node = {
      name                        = "${var.name}-nodes"
      address_prefixes            = var.node_address_prefixes
      node_address_prefixes       = null
      server_address_prefixes     = var.server_address_prefixes
      web_source_address_prefixes = null
      ssh_source_address_prefixes = null
      waived_requirements         = var.waived_requirements
    }
  }
}

resource "lockeddown_cyclecloud_subnet" "this" {
  for_each = local.subnets

  name               = each.value.name
  virtual_network_id = var.virtual_network_id
  location           = var.location
  environment        = var.environment
  edition            = var.edition
  address_prefixes   = each.value.address_prefixes
  nat_gateway_id     = var.nat_gateway_id
  tags               = var.tags

  role                           = each.key
  virtual_network_address_spaces = var.virtual_network_address_spaces
  node_address_prefixes          = each.value.node_address_prefixes
  server_address_prefixes        = each.value.server_address_prefixes
  web_source_address_prefixes    = each.value.web_source_address_prefixes
  ssh_source_address_prefixes    = each.value.ssh_source_address_prefixes
  storage_access                 = var.storage_access
  isolation                      = var.isolation
  waived_requirements            = each.value.waived_requirements
  egress                         = var.egress
  firewall_policy_id             = var.firewall_policy_id
  rule_collection_group_priority = var.firewall_policy_id == null ? null : var.rule_collection_group_priority + (each.key == "node" ? 10 : 0)
}
