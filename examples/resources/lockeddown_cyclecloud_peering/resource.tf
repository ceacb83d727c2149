# Nodes in a spoke, the CycleCloud server in the hub, whose gateway both use.
data "lockeddown_cyclecloud_connection" "hub" {
  type                      = "virtual_network_peering"
  location                  = "westeurope"
  node_virtual_network_id   = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  node_address_spaces       = ["10.0.0.0/16"]
  server_virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hub"
  server_address_spaces     = ["10.1.0.0/16"]
  gateway_side              = "server"

  # false where the hub's team makes its half of the peering itself.
  remote_side_managed = true
}

resource "lockeddown_cyclecloud_peering" "hub" {
  peerings = data.lockeddown_cyclecloud_connection.hub.peerings
}
