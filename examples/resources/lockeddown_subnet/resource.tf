# Cluster nodes that use license servers on premises: two workloads in one subnet, with one network security group.
data "lockeddown_cyclecloud_subnet" "node" {
  role                    = "node"
  location                = "westeurope"
  subnet_address_prefixes = ["10.0.64.0/24"]
  server_address_prefixes = ["10.0.0.0/28"]
}

data "lockeddown_license_server_link" "licenses" {
  link_type               = "vpn_site_to_site"
  location                = "westeurope"
  subnet_address_prefixes = ["10.0.64.0/24"]
  gateway_address         = "203.0.113.4"
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

resource "lockeddown_subnet" "nodes" {
  name               = "nodes"
  virtual_network_id = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg-hpc/providers/Microsoft.Network/virtualNetworks/vnet-hpc"
  location           = "westeurope"
  address_prefixes   = ["10.0.64.0/24"]

  policies = [
    data.lockeddown_cyclecloud_subnet.node.policy,
    data.lockeddown_license_server_link.licenses.policy,
  ]
}
