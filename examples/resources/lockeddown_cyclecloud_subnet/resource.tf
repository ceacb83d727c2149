resource "lockeddown_cyclecloud_subnet" "server" {
  name               = "cyclecloud-server"
  virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  location           = "westeurope"
  address_prefixes   = ["10.0.0.0/28"]
  nat_gateway_id     = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/natGateways/ng-hpc"

  role                  = "server"
  node_address_prefixes = ["10.0.1.0/24"]

  # A network security group names no hosts, and no service tag covers these.
  waived_requirements = {
    CC-HOST-RATECARD = "the server runs without prices"
    CC-HOST-WATSON   = "the server runs without error reports"
  }
}
