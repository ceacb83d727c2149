# The policies that subjects compose: in a group of their own, in a group of others (of a subnet that is made, of one that exists), at a firewall.
locals {
  link = {
    location        = "westeurope"
    link_type       = "peered"
    license_servers = { main = { address_prefixes = ["192.168.5.10"], managers = { solver = { type = "flexnet", vendor_port = 27001 } } } }
  }
  nodes  = { location = "westeurope", role = "node", server_address_prefixes = ["10.0.2.0/28"] }
  shared = { isolation = "none", subnet_address_prefixes = ["10.0.64.0/24"] }
  guest  = { isolation = "none", subnet_address_prefixes = ["10.0.7.0/24"] }
  behind = {
    virtual_network_address_spaces = ["10.0.0.0/16"]
    egress                         = { type = "firewall", firewall_private_ip_address = "10.0.255.4" }
  }

  node            = provider::lockeddown::expand("cyclecloud_subnet", local.nodes)
  licenses        = provider::lockeddown::expand("license_server_link", local.link)
  shared_node     = provider::lockeddown::expand("cyclecloud_subnet", merge(local.nodes, local.shared))
  shared_licenses = provider::lockeddown::expand("license_server_link", merge(local.link, local.shared))
  guest_node      = provider::lockeddown::expand("cyclecloud_subnet", merge(local.nodes, local.guest))
  guest_licenses  = provider::lockeddown::expand("license_server_link", merge(local.link, local.guest))

  training = provider::lockeddown::expand("aml_compute_egress", merge(local.behind, {
    location                = "westeurope"
    subnet_address_prefixes = ["10.0.80.0/24"]
  }))
  served = provider::lockeddown::expand("cyclecloud_subnet", merge(local.nodes, {
    subnet_address_prefixes        = ["10.0.81.0/24"]
    virtual_network_address_spaces = ["10.0.0.0/16"]
    egress                         = { type = "firewall", firewall_private_ip_address = "10.0.255.4", collection_priority_base = 3000 }
  }))
}
