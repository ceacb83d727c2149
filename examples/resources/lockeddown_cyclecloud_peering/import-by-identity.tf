import {
  to = lockeddown_cyclecloud_peering.hub
  identity = {
    node_to_server = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc/virtualNetworkPeerings/cyclecloud-node-to-server"
    server_to_node = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hub/virtualNetworkPeerings/cyclecloud-server-to-node"
  }
}
