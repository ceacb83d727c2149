# The server in its spoke, applied as one resource: subnet, group, routes, and its own rule collection group in the hub's firewall policy.
resource "lockeddown_cyclecloud_subnet" "server" {
  name               = "cyclecloud-server"
  virtual_network_id = local.network["server"]
  location           = var.location
  address_prefixes   = [local.server_subnet]

  role                           = "server"
  server_placement               = "peered"
  virtual_network_address_spaces = [local.server_spoke]
  node_address_prefixes          = [local.node_subnet]
  web_source_address_prefixes    = var.administrators

  egress                         = local.through_the_firewall
  firewall_policy_id             = var.hub.firewall_policy_id
  rule_collection_group_priority = 1000
}

# What joins the two spokes.
data "lockeddown_cyclecloud_connection" "spokes" {
  type                      = "virtual_network_peering"
  location                  = var.location
  server_address_spaces     = [local.server_spoke]
  node_address_spaces       = [local.node_spoke]
  server_virtual_network_id = local.network["server"]
  node_virtual_network_id   = local.network["nodes"]
  allow_forwarded_traffic   = true
}

# Both halves of it.
resource "lockeddown_cyclecloud_peering" "spokes" {
  peerings = data.lockeddown_cyclecloud_connection.spokes.peerings
}

# Nodes need two things of one subnet: their server, and license servers on premises.
data "lockeddown_cyclecloud_subnet" "node" {
  role                           = "node"
  location                       = var.location
  server_placement               = "peered"
  subnet_address_prefixes        = [local.node_subnet]
  virtual_network_address_spaces = [local.node_spoke]
  server_address_prefixes        = [local.server_subnet]
  egress                         = local.through_the_firewall
}

data "lockeddown_license_server_link" "licenses" {
  link_type                      = "vpn_site_to_site"
  location                       = var.location
  subnet_address_prefixes        = [local.node_subnet]
  virtual_network_address_spaces = [local.node_spoke]
  gateway_address                = "203.0.113.4"
  gateway_route                  = "firewall"
  firewall_private_ip_address    = var.hub.firewall_private_ip_address

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

# The tunnel to the site of the license servers. Azure makes its key, which the site's device must be told; `shared_key_wo` gives it one.
resource "lockeddown_site_to_site_connection" "licenses" {
  name                  = "cn-licenses"
  location              = var.location
  connection            = { type = "IPsec", virtual_network_gateway_id = var.hub.virtual_network_gateway_id }
  local_network_gateway = data.lockeddown_license_server_link.licenses.local_network_gateway
}

resource "lockeddown_subnet" "nodes" {
  name               = "cyclecloud-nodes"
  virtual_network_id = local.network["nodes"]
  location           = var.location
  address_prefixes   = [local.node_subnet]

  policies = [
    data.lockeddown_cyclecloud_subnet.node.policy,
    data.lockeddown_license_server_link.licenses.policy,
  ]

  firewall_policy_id             = var.hub.firewall_policy_id
  rule_collection_group_priority = 1100
}
