# A landing zone that is already there: networks, subnets, network security groups, route tables and the firewall's rules belong to a platform team
# and are managed elsewhere. This configuration adds what CycleCloud, Azure Machine Learning and license servers need, among the rules of others
# where they share a group, table or rule collection group, and takes exactly that away again when it is destroyed.
#
# `terraform plan` and `terraform test` need no Azure account.

terraform {
  required_version = ">= 1.8"
  required_providers {
    lockeddown = {
      source = "lockeddown/lockeddown"
    }
  }
}

locals {
  through_the_firewall = {
    type                        = "firewall"
    firewall_private_ip_address = var.firewall.private_ip_address
    firewall_dns_proxy_enabled  = true
  }
}

# The server's rules stand in the group that all subnets of the spoke share, its routes in their table, its collections in the platform team's
# rule collection group. Each of its names begins with `cyclecloud-`.
resource "lockeddown_cyclecloud_subnet" "server" {
  name                      = "cyclecloud"
  subnet_id                 = var.server_subnet.id
  network_security_group_id = var.server_subnet.network_security_group_id
  route_table_id            = var.server_subnet.route_table_id
  rule_collection_group_id  = var.firewall.rule_collection_group_id
  location                  = var.location

  role                           = "server"
  subnet_address_prefixes        = var.server_subnet.address_prefixes
  virtual_network_address_spaces = var.address_spaces
  node_address_prefixes          = var.node_subnet.address_prefixes
  web_source_address_prefixes    = var.administrators
  egress                         = local.through_the_firewall

  # Among the rules of others nothing is denied unasked.
  isolation = "internet"
}

# Nodes need two things of one subnet: their server, and license servers on premises. Two resources in one group, each with rules of its own.
resource "lockeddown_cyclecloud_subnet" "nodes" {
  name                      = "nodes"
  subnet_id                 = var.node_subnet.id
  network_security_group_id = var.node_subnet.network_security_group_id
  location                  = var.location

  role                           = "node"
  subnet_address_prefixes        = var.node_subnet.address_prefixes
  virtual_network_address_spaces = var.address_spaces
  server_address_prefixes        = var.server_subnet.address_prefixes
  isolation                      = "internet"
}

resource "lockeddown_license_server_link" "licenses" {
  name                      = "licenses"
  subnet_id                 = var.node_subnet.id
  network_security_group_id = var.node_subnet.network_security_group_id
  location                  = var.location
  subnet_address_prefixes   = var.node_subnet.address_prefixes

  link_type       = "vpn_site_to_site"
  gateway_address = "203.0.113.4"

  # A deny of its own, so that the one of the nodes may go without opening anything.
  isolation     = "internet"
  deny_priority = 4010

  license_servers = {
    main = {
      address_prefixes = ["192.168.5.10"]
      hostname         = "license.example.org"
      managers = {
        solver = { type = "flexnet", port = 27000, vendor_port = 27001 }
      }
    }
  }
}

# The subnet exists, its group and table do not: the resource makes them, keeps them exactly as the requirements demand, and gives the subnet back
# as it was.
resource "lockeddown_aml_compute_egress" "training" {
  name                          = "training"
  subnet_id                     = var.training_subnet.id
  location                      = var.location
  replace_existing_associations = true

  subnet_address_prefixes        = var.training_subnet.address_prefixes
  virtual_network_address_spaces = var.address_spaces
  default_storage_account_name   = "examplestorage"
  rule_collection_group_id       = var.firewall.rule_collection_group_id

  # In one rule collection group every collection needs a priority of its own: the server's begin at 1000.
  egress = merge(local.through_the_firewall, { collection_priority_base = 2000 })
}
