# The CycleCloud server stands on premises, its nodes in Azure.
data "lockeddown_cyclecloud_connection" "site" {
  type                       = "vpn_site_to_site"
  location                   = "westeurope"
  server_address_spaces      = ["192.168.0.0/16"]
  node_address_spaces        = ["10.0.0.0/16"]
  gateway_address            = "203.0.113.4"
  virtual_network_gateway_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworkGateways/vgw-hpc"
}

variable "shared_key" {
  type      = string
  sensitive = true
  ephemeral = true
}

resource "lockeddown_site_to_site_connection" "site" {
  name                  = "cyclecloud-site"
  location              = "westeurope"
  connection            = data.lockeddown_cyclecloud_connection.site.connection
  local_network_gateway = data.lockeddown_cyclecloud_connection.site.local_network_gateway
  shared_key_wo         = var.shared_key
  shared_key_wo_version = 1 # raise it with every new key
}
